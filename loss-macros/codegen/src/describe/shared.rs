//! Formulas in which what recurs is written once, under a name.

use std::collections::{HashMap, HashSet};

use super::{Case, cases, describe};
use crate::expr::{ExprId, Graph, Type};
use crate::model::Spec;

/// Numbers whose text is no longer than this are repeated rather than named.
const SHORT: usize = 12;
/// The same for conditions, which say more by their parts.
const SHORT_CONDITION: usize = 40;

/// Names for nodes: those that a spec gives, and more.
pub(crate) struct Names<'s> {
    spec: &'s Spec,
    graph: &'s Graph,
    of: HashMap<ExprId, String>,
    taken: HashSet<String>,
}

impl<'s> Names<'s> {
    /// The names that the spec gives.
    pub(crate) fn new(spec: &'s Spec, graph: &'s Graph, given: &HashMap<ExprId, String>) -> Self {
        let inputs = spec.inputs.iter().map(|input| &input.name);
        let params = spec.params.iter().map(|param| &param.name);
        let lets = spec.lets.iter().map(|definition| &definition.name.value);
        let axes = spec.axes.iter().map(|axis| &axis.name);
        let taken = inputs.chain(params).chain(lets).chain(axes).cloned().collect();
        let mut names = Names { spec, graph, of: HashMap::new(), taken };
        given.iter().for_each(|(&id, name)| names.give(id, name));
        names
    }

    /// Names a node, unless it has a name or is one.
    pub(crate) fn give(&mut self, id: ExprId, name: &str) {
        if !self.is_leaf(id) {
            self.of.entry(id).or_insert_with(|| name.to_owned());
        }
    }

    fn is_leaf(&self, id: ExprId) -> bool {
        self.graph.expr(id).operands().next().is_none()
    }

    /// Whether a node is written in one word.
    pub(crate) fn is_word(&self, id: ExprId) -> bool {
        self.is_leaf(id) || self.of.contains_key(&id)
    }

    /// The name of a node; without one it gets `stem` and a number.
    pub(crate) fn number(&mut self, id: ExprId, stem: &str) -> String {
        if let Some(name) = self.of.get(&id) {
            return name.clone();
        }
        let name = (1..).map(|number| format!("{stem}{number}")).find(|name| !self.taken.contains(name));
        let name = name.unwrap_or_default();
        self.taken.insert(name.clone());
        self.of.insert(id, name.clone());
        name
    }

    /// A node by its name, or else by its parts.
    pub(crate) fn mention(&self, id: ExprId) -> String {
        self.of.get(&id).cloned().unwrap_or_else(|| self.formula(id))
    }

    /// A node by its parts.
    pub(crate) fn formula(&self, id: ExprId) -> String {
        describe(self.spec, self.graph, &self.of, id)
    }

    /// A node by its parts, a case each.
    pub(crate) fn cases(&self, id: ExprId) -> Vec<Case> {
        cases(self.spec, self.graph, &self.of, id)
    }

    /// Names whatever occurs more than once under the roots and is long; operands come before their users.
    pub(crate) fn share(&mut self, roots: &[ExprId], stem: &str) -> Vec<ExprId> {
        let nodes = self.written_out(roots);
        let mut uses: HashMap<ExprId, usize> = HashMap::new();
        for &id in &nodes {
            self.graph.expr(id).operands().for_each(|operand| *uses.entry(operand).or_default() += 1);
        }
        let mut shared = Vec::new();
        for id in nodes {
            let recurs = uses.get(&id).is_some_and(|&count| count > 1) && !self.is_word(id);
            let short = if self.graph.ty(id) == Type::Condition { SHORT_CONDITION } else { SHORT };
            if recurs && self.formula(id).chars().count() > short {
                self.number(id, stem);
                shared.push(id);
            }
        }
        shared
    }

    /// The nodes that are written out under the roots, operands first: nothing below a name that is not a root.
    fn written_out(&self, roots: &[ExprId]) -> Vec<ExprId> {
        let mut seen: HashSet<ExprId> = HashSet::new();
        let mut stack = roots.to_vec();
        while let Some(id) = stack.pop() {
            if seen.insert(id) {
                stack.extend(self.graph.expr(id).operands().filter(|operand| !self.of.contains_key(operand)));
            }
        }
        let mut nodes: Vec<ExprId> = seen.into_iter().collect();
        nodes.sort_unstable();
        nodes
    }
}
