//! Formulas under their names, and below them what they share.

use std::collections::HashMap;

use super::{Case, Names};
use crate::expr::{AxisSet, ExprId, Graph};
use crate::model::Spec;

/// A formula under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    /// The name.
    pub name: String,
    /// The axes along which it varies.
    pub axes: AxisSet,
    /// One for each branch of the selections that it begins with; just one, if it begins with none.
    pub cases: Vec<Case>,
}

/// Formulas in which what recurs is written once, under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definitions {
    /// The formulas.
    pub formulas: Vec<Definition>,
    /// What recurs in them; each is defined by those before it.
    pub shared: Vec<Definition>,
}

/// The texts of some nodes, each under its name. `given` are the names of other nodes.
pub fn definitions(
    spec: &Spec,
    graph: &Graph,
    given: &HashMap<ExprId, String>,
    roots: &[(String, ExprId)],
) -> Definitions {
    let mut names = Names::new(spec, graph, given);
    roots.iter().for_each(|(name, id)| names.give(*id, name));
    let ids: Vec<ExprId> = roots.iter().map(|(_, id)| *id).collect();
    let shared = names.share(&ids, "t");
    let define =
        |name: &str, id: ExprId| Definition { name: name.to_owned(), axes: graph.axes(id), cases: names.cases(id) };
    let formulas = roots.iter().enumerate().map(|(place, (name, id))| {
        let mut definition = define(name, *id);
        if let Some(earlier) = ids[..place].iter().position(|earlier| earlier == id) {
            definition.cases = vec![Case { when: None, value: roots[earlier].0.clone() }];
        }
        definition
    });
    Definitions {
        formulas: formulas.collect(),
        shared: shared.into_iter().map(|id| define(&names.mention(id), id)).collect(),
    }
}
