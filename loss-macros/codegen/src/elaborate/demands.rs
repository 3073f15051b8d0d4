//! What called losses ask of their arguments: the labels and domains of their inputs and parameters, as conditions in the caller's graph;
//! and what a norm asks of its order.

use crate::elaborate::fold;
use crate::elaborate::formula::Elaborator;
use crate::elaborate::frame::{Frame, Scope, Value};
use crate::expr::{AxisId, AxisSet, Comparison, Constant, Expr, ExprId, Graph, Reducer, Type};
use crate::formula::print::print;
use crate::model::Label;
use crate::source::Span;

/// What a call asks of one argument.
#[derive(Clone, Debug)]
pub(crate) struct Demand {
    /// The value of the call: what is not evaluated asks for nothing.
    pub(crate) call: ExprId,
    /// What must hold where it is.
    pub(crate) condition: ExprId,
    /// The argument.
    pub(crate) place: Span,
    /// The loss or function, and what of it.
    pub(crate) of: (String, String),
    /// The condition in words.
    pub(crate) words: String,
    /// What to do about it.
    pub(crate) way_out: String,
}

/// A norm of the spec that is elaborated.
pub(super) struct Norm {
    /// Its value.
    pub(super) value: ExprId,
    /// Its order, and where that stands.
    pub(super) order: (ExprId, Span),
}

/// A call of a loss by the spec that is elaborated.
pub(super) struct Called<'a> {
    pub(super) frame: Frame<'a>,
    pub(super) loss: ExprId,
    /// Where each input's argument stands, and each parameter's; `None` for one that is left out.
    pub(super) inputs: Vec<Option<Span>>,
    pub(super) params: Vec<Option<Span>>,
    /// Which of these places hold nothing but a number.
    pub(super) constants: Vec<Span>,
}

impl<'a> Elaborator<'a> {
    /// The conditions of all calls so far.
    pub(super) fn demands(&mut self) -> Vec<Demand> {
        // What is wrong in a domain has been said of the spec that declares it.
        let diagnostics = std::mem::take(&mut self.diagnostics);
        let mut demands = Vec::new();
        for mut called in std::mem::take(&mut self.called) {
            let spec = called.frame.spec;
            let mut ask = |condition: ExprId, place: Span, name: &str, words: String| {
                let of = (spec.name.clone(), name.to_owned());
                let way_out = if called.constants.contains(&place) {
                    "give it another number".to_owned()
                } else {
                    format!("declare as narrow a label or domain, such as `from: {}.{name}`", spec.name)
                };
                demands.push(Demand { call: called.loss, condition, place, of, words, way_out });
            };
            for (place, input) in spec.inputs.iter().enumerate() {
                let (Some(span), Value::Expr(id)) = (called.inputs[place], called.frame.inputs[place].clone()) else {
                    continue;
                };
                if let Some((condition, words)) = held(&mut self.graph, input.label, id) {
                    ask(condition, span, &input.name, words.replace('_', &input.name));
                }
                if let Some(domain) = &input.domain
                    && let Some(condition) = self.condition(&mut called.frame, &Scope::whole(spec), domain)
                {
                    ask(condition, span, &input.name, print(domain));
                }
            }
            for (place, param) in spec.params.iter().enumerate() {
                if let (Some(span), Some(domain)) = (called.params[place], &param.domain)
                    && let Some(condition) = self.condition(&mut called.frame, &Scope::whole(spec), domain)
                {
                    ask(condition, span, &param.name, print(domain));
                }
            }
        }
        self.diagnostics = diagnostics;
        let norms = std::mem::take(&mut self.norms);
        demands.extend(norms.into_iter().map(|norm| self.order(&norm)));
        demands
    }

    /// Below 1 there is no norm: such a sum of powers is not convex, and its kernels were not made for it.
    fn order(&mut self, norm: &Norm) -> Demand {
        let (order, place) = norm.order;
        let one = self.graph.add(Expr::Constant(Constant::integer(1)));
        let is_fixed = fold::exact(&self.graph, order).is_some();
        let condition = match fold::comparison(&self.graph, Comparison::GreaterEqual, order, one) {
            Some(truth) => self.graph.add(Expr::Boolean(truth)),
            None => self.graph.add(Expr::Compare(Comparison::GreaterEqual, order, one)),
        };
        Demand {
            call: norm.value,
            condition,
            place,
            of: ("norm".to_owned(), "p".to_owned()),
            words: "1 <= p <= inf".to_owned(),
            way_out: if is_fixed {
                "write an order from 1 on, such as 2"
            } else {
                "narrow the domain of what it is made of"
            }
            .to_owned(),
        }
    }
}

/// What a label asks of a number, and in words that have `_` for it; none where the type says it all.
fn held(graph: &mut Graph, label: Label, x: ExprId) -> Option<(ExprId, &'static str)> {
    let number = |graph: &mut Graph, value: i128| graph.add(Expr::Constant(Constant::integer(value)));
    let compare = |graph: &mut Graph, comparison, x, y| graph.add(Expr::Compare(comparison, x, y));
    let zero = number(graph, 0);
    let one = number(graph, 1);
    let either = |graph: &mut Graph, low: ExprId, high: ExprId| {
        let low = compare(graph, Comparison::Equal, x, low);
        let high = compare(graph, Comparison::Equal, x, high);
        graph.add(Expr::Or(low, high))
    };
    let within = |graph: &mut Graph| {
        let low = compare(graph, Comparison::GreaterEqual, x, zero);
        let high = compare(graph, Comparison::LessEqual, x, one);
        graph.add(Expr::And(low, high))
    };
    if graph.ty(x) != Type::Real {
        return None;
    }
    match label {
        Label::Real | Label::Flag | Label::ClassIndex(_) | Label::IndexList(_) | Label::Group => None,
        Label::Nonnegative | Label::Count => Some((compare(graph, Comparison::GreaterEqual, x, zero), "_ >= 0")),
        Label::Positive => Some((compare(graph, Comparison::Greater, x, zero), "_ > 0")),
        Label::Probability => Some((within(graph), "0 <= _ <= 1")),
        Label::Binary | Label::MultiHot(_) => Some((either(graph, zero, one), "_ == 0 or _ == 1")),
        Label::Sign => {
            let minus = number(graph, -1);
            Some((either(graph, one, minus), "_ == 1 or _ == -1"))
        }
        Label::Simplex(_) => {
            let axis = graph.axes(x).iter().last().filter(|axis| *axis != AxisId::ROWS)?;
            let each = within(graph);
            let axes = AxisSet::of(axis);
            let sum = graph.add(Expr::Reduce { reducer: Reducer::Sum, axes, filter: None, value: x, order: None });
            // As far from 1 as a call admits.
            let low = graph.add(Expr::Constant(Constant::decimal(999, -3)));
            let high = graph.add(Expr::Constant(Constant::decimal(1001, -3)));
            let low = compare(graph, Comparison::GreaterEqual, sum, low);
            let high = compare(graph, Comparison::LessEqual, sum, high);
            let whole = graph.add(Expr::And(low, high));
            Some((graph.add(Expr::And(each, whole)), "_ is a row of probabilities"))
        }
    }
}
