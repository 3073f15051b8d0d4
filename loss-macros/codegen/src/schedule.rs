//! From lowered formulas to passes: which value is computed where. Knows nothing of Rust.
//!
//! A node is *uniform* (the same everywhere), per *row*, or per *element* (it varies along the second axis). A reduction over the second
//! axis needs one pass over the row; its *level* is the number of passes that must have gone before it. Reductions of one level share a
//! pass. Between two passes stands a join, which computes the row's values that wait for the one and are needed by the other.

use std::collections::{HashMap, HashSet};

use crate::expr::{AxisId, AxisSet, Binary, Expr, ExprId, Graph, InputId, Reducer, Type, Unary};
use crate::rewrite::reachable;

/// The place of the curvature among what a kernel writes beside the value: the one after those of all inputs that a loss may have.
pub const CURVATURE: InputId = InputId(8);

/// The direction of a Hessian-vector product among what a kernel reads, and the product among what it writes: a kernel has one or a
/// curvature, and both lie in memory as the input does that they are of.
pub const DIRECTION: InputId = CURVATURE;

/// What a row contributes to the gradient of what all rows share, among what a kernel writes: it writes nothing else.
pub const CONTRIBUTION: InputId = CURVATURE;

/// What a kernel computes: the lowered roots.
#[derive(Clone, Debug)]
pub struct Roots {
    /// The value at one place.
    pub value: ExprId,
    /// The cotangents it computes beside the value.
    pub gradients: Vec<Gradient>,
    /// The axes of the loss, along which the value is wanted even if it does not vary along all of them.
    pub axes: AxisSet,
}

/// A cotangent that a kernel writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gradient {
    /// Of which input, or [`CURVATURE`], [`DIRECTION`] or [`CONTRIBUTION`].
    pub input: InputId,
    /// Along which axes that input varies.
    pub axes: AxisSet,
    /// What it is.
    pub cotangent: ExprId,
}

/// A kernel, ready to be emitted.
#[derive(Clone, Debug)]
pub enum Schedule {
    /// Nothing but the values at one's own place.
    Elementwise(Elementwise),
    /// Reductions over the second axis first.
    RowWise(RowWise),
}

/// See the runtime's trait of this name.
#[derive(Clone, Debug)]
pub struct Elementwise {
    /// The values that are the same at every place.
    pub uniforms: Vec<ExprId>,
    /// The inputs it reads.
    pub inputs: Vec<InputId>,
    /// The value.
    pub value: ExprId,
    /// The gradients.
    pub gradients: Vec<Gradient>,
}

/// See the runtime's trait of this name.
#[derive(Clone, Debug)]
pub struct RowWise {
    /// The values that are the same at every place.
    pub uniforms: Vec<ExprId>,
    /// The inputs along rows and the second axis.
    pub elements: Vec<InputId>,
    /// The values along rows that come from outside: inputs, and inputs picked by labels.
    pub rows: Vec<ExprId>,
    /// The inputs along the second axis alone.
    pub shared: Vec<InputId>,
    /// The reductions of each pass.
    pub passes: Vec<Vec<ExprId>>,
    /// The row's own values that one stage leaves for a later one, and the level at which each is known.
    pub carried: Vec<(ExprId, usize)>,
    /// The element value that a pass stores for the last stage, where the first gradient along both axes will be: pass and node.
    pub spill: Option<(usize, ExprId)>,
    /// Whether nothing that this gradient needs reads the values of its input after that pass.
    pub spill_replaces: bool,
    /// The value.
    pub value: ExprId,
    /// Whether the value is wanted at every element.
    pub value_per_element: bool,
    /// The gradients along both axes.
    pub element_gradients: Vec<Gradient>,
    /// The gradients along rows.
    pub row_gradients: Vec<Gradient>,
}

/// Where a node is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rate {
    /// Once a call.
    Uniform,
    /// Once a row.
    Row,
    /// At every element.
    Element,
}

/// Why a formula cannot be scheduled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotSchedulable {
    /// It varies along, or reduces over, more than one axis beside the rows.
    TwoAxes,
    /// It reduces over the rows.
    ReducesRows,
    /// It picks by something other than a label, or picks a cotangent.
    Pick,
    /// A reduction without a kernel.
    Reduction,
}

/// Plans one kernel.
///
/// # Errors
/// The formula needs a kernel that there is not yet.
pub fn schedule(graph: &Graph, roots: &Roots) -> Result<Schedule, NotSchedulable> {
    let outputs: Vec<ExprId> =
        std::iter::once(roots.value).chain(roots.gradients.iter().map(|gradient| gradient.cotangent)).collect();
    let nodes = reachable(graph, outputs.iter().copied());
    check(graph, &nodes, roots.axes)?;
    let plan = Plan::new(graph, &nodes);
    let uniforms = plan.uniform_slots(&nodes, &outputs);
    if plan.is_elementwise(&nodes, roots) {
        return Ok(Schedule::Elementwise(Elementwise {
            uniforms,
            inputs: inputs(graph, &nodes, |_| true),
            value: roots.value,
            gradients: roots.gradients.clone(),
        }));
    }
    Ok(Schedule::RowWise(plan.row_wise(&nodes, roots, uniforms)))
}

fn check(graph: &Graph, nodes: &[ExprId], axes: AxisSet) -> Result<(), NotSchedulable> {
    let mut second = axes.without(AxisSet::of(AxisId::ROWS));
    for &id in nodes {
        second = second.union(graph.axes(id).without(AxisSet::of(AxisId::ROWS)));
        match graph.expr(id) {
            Expr::Reduce { axes, .. } if axes.contains(AxisId::ROWS) => return Err(NotSchedulable::ReducesRows),
            Expr::Reduce { reducer, axes, .. } => {
                second = second.union(axes);
                match reducer {
                    Reducer::Sum | Reducer::Max | Reducer::Min | Reducer::Shift => {}
                    Reducer::Mean
                    | Reducer::Logsumexp
                    | Reducer::Any
                    | Reducer::All
                    | Reducer::SimplexThreshold
                    | Reducer::Norm
                    | Reducer::Expectation => return Err(NotSchedulable::Reduction),
                }
            }
            Expr::Pick { value, index, .. } => match (graph.expr(value), graph.expr(index)) {
                (Expr::Input(_), Expr::Input(_)) => {}
                _ => return Err(NotSchedulable::Pick),
            },
            Expr::Size(AxisId::ROWS) | Expr::Index(AxisId::ROWS) => return Err(NotSchedulable::ReducesRows),
            _ => {}
        }
    }
    if second.iter().count() > 1 { Err(NotSchedulable::TwoAxes) } else { Ok(()) }
}

/// The distinct inputs among the nodes whose axes satisfy a test, in the order of the spec.
fn inputs(graph: &Graph, nodes: &[ExprId], of_axes: impl Fn(AxisSet) -> bool) -> Vec<InputId> {
    // Labels reach a kernel as row values or through their comparisons, so all inputs are alike here.
    let mut found: Vec<InputId> = nodes
        .iter()
        .filter_map(|&id| match graph.expr(id) {
            Expr::Input(input) if of_axes(graph.axes(id)) => Some(input),
            _ => None,
        })
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

struct Plan<'g> {
    graph: &'g Graph,
    rates: HashMap<ExprId, Rate>,
    /// How many passes must have gone before a node can be computed.
    levels: HashMap<ExprId, usize>,
}

impl<'g> Plan<'g> {
    fn new(graph: &'g Graph, nodes: &[ExprId]) -> Self {
        let mut plan = Plan { graph, rates: HashMap::new(), levels: HashMap::new() };
        for &id in nodes {
            let expr = graph.expr(id);
            let operands_uniform = expr.operands().all(|operand| plan.rates[&operand] == Rate::Uniform);
            let rate = match expr {
                Expr::Input(_) | Expr::Upstream | Expr::Reduce { .. } | Expr::Pick { .. } => plan.rate_by_axes(id),
                _ if operands_uniform && graph.axes(id).is_empty() => Rate::Uniform,
                _ => plan.rate_by_axes(id),
            };
            plan.rates.insert(id, rate);
            let before = expr.operands().map(|operand| plan.levels[&operand]).max().unwrap_or(0);
            let level = if matches!(expr, Expr::Reduce { .. }) { before + 1 } else { before };
            plan.levels.insert(id, level);
        }
        plan
    }

    fn rate_by_axes(&self, id: ExprId) -> Rate {
        if self.graph.axes(id).without(AxisSet::of(AxisId::ROWS)).is_empty() { Rate::Row } else { Rate::Element }
    }

    fn is_elementwise(&self, nodes: &[ExprId], roots: &Roots) -> bool {
        let no_row_work = nodes
            .iter()
            .all(|&id| !matches!(self.graph.expr(id), Expr::Reduce { .. } | Expr::Pick { .. } | Expr::Index(_)));
        // A gradient that does not vary along every axis of the loss would have to be summed.
        no_row_work && roots.gradients.iter().all(|gradient| gradient.axes == roots.axes)
    }

    /// The uniform values that anything else reads, plain constants aside.
    fn uniform_slots(&self, nodes: &[ExprId], outputs: &[ExprId]) -> Vec<ExprId> {
        let mut read: HashSet<ExprId> = outputs.iter().copied().collect();
        for &id in nodes {
            let uniform_node = self.rates[&id] == Rate::Uniform && self.graph.ty(id) == Type::Real;
            if !uniform_node {
                read.extend(self.graph.expr(id).operands());
            }
        }
        nodes
            .iter()
            .copied()
            .filter(|id| read.contains(id) && self.rates[id] == Rate::Uniform && self.graph.ty(*id) == Type::Real)
            .filter(|&id| self.graph.constant(id).is_none())
            .collect()
    }

    fn row_wise(&self, nodes: &[ExprId], roots: &Roots, uniforms: Vec<ExprId>) -> RowWise {
        let rows_only = AxisSet::of(AxisId::ROWS);
        let is_element_input = |axes: AxisSet| axes.contains(AxisId::ROWS) && axes != rows_only;
        let is_shared = |axes: AxisSet| !axes.is_empty() && !axes.contains(AxisId::ROWS);
        let wanted_per_element = roots.axes != rows_only;
        let mut passes: Vec<Vec<ExprId>> = Vec::new();
        for &id in nodes {
            if matches!(self.graph.expr(id), Expr::Reduce { .. }) {
                let pass = self.levels[&id] - 1;
                passes.resize(passes.len().max(pass + 1), Vec::new());
                passes[pass].push(id);
            }
        }
        let (row_gradients, element_gradients) =
            roots.gradients.iter().copied().partition(|gradient: &Gradient| gradient.axes == rows_only);
        let mut plan = RowWise {
            uniforms,
            elements: inputs(self.graph, nodes, is_element_input)
                .into_iter()
                .filter(|input| !self.only_gathered(nodes, *input))
                .collect(),
            rows: self.row_leaves(nodes),
            shared: inputs(self.graph, nodes, is_shared)
                .into_iter()
                .filter(|input| !self.only_gathered(nodes, *input))
                .collect(),
            passes,
            carried: Vec::new(),
            spill: None,
            spill_replaces: false,
            value: roots.value,
            value_per_element: wanted_per_element,
            element_gradients,
            row_gradients,
        };
        plan.spill = self.spill(&plan);
        plan.spill_replaces = plan.spill.is_some_and(|(pass, id)| !self.reads_after(&plan, pass, id));
        plan.carried = self.carried(nodes, &plan);
        plan
    }

    /// An input that only labels read has no place among the elements.
    fn only_gathered(&self, nodes: &[ExprId], input: InputId) -> bool {
        let is_it = |id: ExprId| self.graph.expr(id) == Expr::Input(input);
        !nodes.iter().any(|&user| {
            !matches!(self.graph.expr(user), Expr::Pick { .. }) && self.graph.expr(user).operands().any(is_it)
        })
    }

    /// Row values from outside. A label that only serves to gather is not one.
    fn row_leaves(&self, nodes: &[ExprId]) -> Vec<ExprId> {
        let rows_only = AxisSet::of(AxisId::ROWS);
        nodes
            .iter()
            .copied()
            .filter(|&id| match self.graph.expr(id) {
                Expr::Pick { .. } => true,
                Expr::Input(input) => {
                    let axes = self.graph.axes(id);
                    (axes == rows_only || axes.is_empty()) && !self.only_gathered(nodes, input)
                }
                _ => false,
            })
            .collect()
    }

    /// The costliest element value that a pass and the last stage both compute, the latter for the first gradient, whose buffer keeps it.
    fn spill(&self, plan: &RowWise) -> Option<(usize, ExprId)> {
        let keeper = plan.element_gradients.first().filter(|_| !plan.value_per_element)?;
        let last: HashSet<ExprId> = self.element_work(std::iter::once(keeper.cotangent));
        let mut best: Option<(usize, usize, ExprId)> = None;
        for (pass, reductions) in plan.passes.iter().enumerate() {
            let work = self.element_work(reductions.iter().copied().flat_map(|id| self.graph.expr(id).operands()));
            for &id in work.intersection(&last) {
                if self.graph.ty(id) != Type::Real || self.rates[&id] != Rate::Element {
                    continue;
                }
                let cost = self.cost(id);
                // Ties go to the outermost node, which holds the other.
                if cost >= 8 && best.is_none_or(|(most, _, held)| (cost, id) > (most, held)) {
                    best = Some((cost, pass, id));
                }
            }
        }
        best.map(|(_, pass, id)| (pass, self.one_further(pass, id, &last)))
    }

    /// What the last stage makes of a value before it does anything else with it, if the pass can do that at little cost: mostly a selection, as where
    /// the exponential of a difference is 1 because nothing is there to be subtracted. Then the last stage need not read what that depends on.
    fn one_further(&self, pass: usize, id: ExprId, last: &HashSet<ExprId>) -> ExprId {
        const LITTLE: usize = 3;
        let is_affordable = |user: ExprId| {
            self.graph.ty(user) == Type::Real && self.levels[&user] <= pass && self.cost(user) <= self.cost(id) + LITTLE
        };
        let users: Vec<ExprId> = last
            .iter()
            .copied()
            .filter(|&user| self.graph.expr(user).operands().into_iter().any(|x| x == id))
            .collect();
        match users[..] {
            [user] if is_affordable(user) => user,
            _ => id,
        }
    }

    /// Whether anything that the first gradient needs after a pass that spills reads the input in whose gradient's place the spilled value is kept.
    fn reads_after(&self, plan: &RowWise, pass: usize, spilled: ExprId) -> bool {
        let Some(keeper) = plan.element_gradients.first() else { return true };
        let later = plan.passes.iter().skip(pass + 1).flatten();
        let mut nodes = self.element_work(later.flat_map(|&id| self.graph.expr(id).operands()));
        nodes.extend(self.element_work_beside(std::iter::once(keeper.cotangent), Some(spilled)));
        nodes.iter().any(|&id| matches!(self.graph.expr(id), Expr::Input(input) if input == keeper.input))
    }

    /// The element nodes computed for some roots, reductions being known.
    fn element_work(&self, roots: impl Iterator<Item = ExprId>) -> HashSet<ExprId> {
        self.element_work_beside(roots, None)
    }

    /// The same where one node is known too.
    fn element_work_beside(&self, roots: impl Iterator<Item = ExprId>, known: Option<ExprId>) -> HashSet<ExprId> {
        let mut seen = HashSet::new();
        let mut stack: Vec<ExprId> = roots.collect();
        while let Some(id) = stack.pop() {
            if self.rates[&id] == Rate::Element && Some(id) != known && seen.insert(id) {
                stack.extend(self.graph.expr(id).operands());
            }
        }
        seen
    }

    /// About how many vector operations a node costs, its element operands included.
    fn cost(&self, id: ExprId) -> usize {
        self.element_work(std::iter::once(id))
            .into_iter()
            .map(|node| match self.graph.expr(node) {
                Expr::Unary(Unary::Negate | Unary::Abs | Unary::PowerOfTwo, _) => 1,
                Expr::Unary(Unary::Sqrt, _) | Expr::Binary(Binary::Divide, ..) => 4,
                Expr::Unary(..) | Expr::Binary(Binary::Power, ..) => 12,
                Expr::Binary(..) | Expr::If(..) | Expr::Compare(..) | Expr::Indicator(_) => 1,
                Expr::Constant(_)
                | Expr::Boolean(_)
                | Expr::Input(_)
                | Expr::Param(_)
                | Expr::Size(_)
                | Expr::Index(_)
                | Expr::Upstream
                | Expr::And(..)
                | Expr::Or(..)
                | Expr::Not(_)
                | Expr::Pick { .. }
                | Expr::Reduce { .. }
                | Expr::Given(_) => 0,
            })
            .sum()
    }

    /// The row values that a later stage reads: an element stage, the last row stage, or a later join.
    fn carried(&self, nodes: &[ExprId], plan: &RowWise) -> Vec<(ExprId, usize)> {
        let is_row_real = |id: ExprId| self.rates[&id] == Rate::Row && self.graph.ty(id) != Type::Condition;
        let mut carried = HashSet::new();
        for &user in nodes {
            let operands: Vec<ExprId> = self.graph.expr(user).operands().collect();
            match self.rates[&user] {
                Rate::Uniform => {}
                Rate::Element => self.carry_row_operands(&operands, None, &mut carried),
                Rate::Row => self.carry_row_operands(&operands, Some(self.levels[&user]), &mut carried),
            }
        }
        // The outputs: what varies along rows only is written by the row stage, or read by the element stage.
        let outputs = std::iter::once(plan.value)
            .chain(plan.row_gradients.iter().chain(&plan.element_gradients).map(|gradient| gradient.cotangent));
        for id in outputs {
            if is_row_real(id) {
                carried.insert(id);
            }
        }
        let mut all: Vec<(ExprId, usize)> = carried.into_iter().map(|id| (id, self.levels[&id])).collect();
        all.sort_unstable_by_key(|&(id, level)| (level, id));
        all
    }

    /// Row values among the operands that are known before `level` (all of them, if there is none). A condition is not carried, what it
    /// compares is.
    fn carry_row_operands(&self, operands: &[ExprId], level: Option<usize>, carried: &mut HashSet<ExprId>) {
        for &id in operands {
            if self.rates[&id] != Rate::Row || level.is_some_and(|level| self.levels[&id] >= level) {
                continue;
            }
            if self.graph.ty(id) == Type::Condition && !matches!(self.graph.expr(id), Expr::Input(_)) {
                let inner: Vec<ExprId> = self.graph.expr(id).operands().collect();
                self.carry_row_operands(&inner, None, carried);
            } else {
                carried.insert(id);
            }
        }
    }
}
