//! A variant's way from its formulas as written to the schedules of its kernels.

pub mod curvature;
pub mod product;
pub mod shared;

use std::collections::{BTreeSet, HashMap};

use crate::differentiate::{NotDifferentiable, differentiate};
use crate::expr::{AxisId, AxisSet, Binary, Expr, ExprId, Graph, InputId, ParamId};
use crate::lower::lower;
use crate::model::{Spec, Variant, VariantKey};
use crate::rewrite::{reachable, rebuild, rewrite};
use crate::schedule::{Gradient, NotSchedulable, Roots, Schedule, schedule};
use crate::stabilize::{Stabilization, stabilize};
use curvature::Curvature;
use product::HessianProduct;
use shared::{Shared, SharedGradient};

/// The kernels of one variant.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What was fixed before typing.
    pub key: VariantKey,
    /// Parameters that are 0 in this plan: each loop that such a weight would switch off is compiled without it.
    pub zero: Vec<ParamId>,
    /// The graph that holds all nodes below.
    pub graph: Graph,
    /// The spec's own names for lowered nodes.
    pub names: HashMap<ExprId, String>,
    /// The spec's own names for nodes before lowering.
    pub stable_names: HashMap<ExprId, String>,
    /// The axes of the loss.
    pub axes: AxisSet,
    /// The loss.
    pub loss: Program,
    /// Per entry of `Spec::reductions`.
    pub reductions: Vec<ReductionPlan>,
    /// Per input: the check of its domain, a kernel that is 0 where the condition is false.
    pub input_domains: Vec<Option<Schedule>>,
    /// What was rewritten for accuracy.
    pub stabilizations: Vec<Stabilization>,
}

/// A formula that is summed: its kernels, and its derivative for people to read.
#[derive(Clone, Debug)]
pub struct Program {
    /// The value alone.
    pub forward: Schedule,
    /// Value and gradients.
    pub fused: Schedule,
    /// The value in its stable form.
    pub stable: ExprId,
    /// The cotangents before lowering.
    pub derivatives: Vec<(InputId, ExprId)>,
    /// The second derivative in the prediction, where there are kernels for it.
    pub curvature: Option<Curvature>,
    /// The Hessian-vector products that the spec asks for.
    pub products: Vec<HessianProduct>,
    /// The gradients with respect to what all rows share.
    pub shared: Vec<SharedGradient>,
}

/// The kernels of a named reduction.
#[derive(Clone, Debug)]
pub struct ReductionPlan {
    /// The summand instead of the loss.
    pub of: Option<Program>,
    /// The divisor's summand.
    pub over: Option<Schedule>,
}

/// Why a variant has no kernels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotPlanned {
    /// See the type.
    Derivative(NotDifferentiable),
    /// See the type.
    Schedule(NotSchedulable),
    /// The condition on this input's values is one on a whole row.
    RowDomain(InputId),
    /// The gradient in this input has no derivative that lanes can compute.
    HessianProduct(InputId),
}

impl From<NotDifferentiable> for NotPlanned {
    fn from(reason: NotDifferentiable) -> Self {
        NotPlanned::Derivative(reason)
    }
}

impl From<NotSchedulable> for NotPlanned {
    fn from(reason: NotSchedulable) -> Self {
        NotPlanned::Schedule(reason)
    }
}

/// The parameters whose value 0 deserves kernels of its own: those that weigh something by themselves. One with a gradient has none: what its
/// weight removes is what its gradient is.
pub fn switching_params(spec: &Spec, variant: &Variant) -> Vec<ParamId> {
    let found: BTreeSet<ParamId> = reachable(&variant.graph, [variant.loss])
        .into_iter()
        .filter_map(|id| match variant.graph.expr(id) {
            Expr::Binary(Binary::Weigh, weight, _) => match variant.graph.expr(weight) {
                Expr::Param(param) if !spec.params[usize::from(param.0)].gradient => Some(param),
                _ => None,
            },
            _ => None,
        })
        .collect();
    found.into_iter().collect()
}

/// Plans the kernels of a variant in which the given ones of its [`switching_params`] are 0, and the others are not.
///
/// # Errors
/// The variant needs a derivative or a kernel that there is not yet.
pub fn plan(spec: &Spec, variant: &Variant, zero: &[ParamId]) -> Result<Plan, NotPlanned> {
    let mut graph = with_labels(spec, variant);
    // Where such a parameter is 0, another plan is chosen.
    for param in switching_params(spec, variant).into_iter().filter(|param| !zero.contains(param)) {
        graph.declare_never_zero(param);
    }
    let mut simplified = HashMap::new();
    let roots = all_roots(variant);
    rewrite(&mut graph, &roots, &mut simplified, &mut |graph, id, expr| match expr {
        Expr::Param(param) if zero.contains(&param) => graph.zero(),
        _ => rebuild(graph, id, expr),
    });
    let ordered: Vec<ExprId> = roots.iter().map(|root| simplified[root]).collect();
    let (stable, stabilizations) = stabilize(&mut graph, &ordered);
    let stable_of: HashMap<ExprId, ExprId> = roots.iter().copied().zip(stable).collect();

    let mut maker = Maker { spec, variant, graph, stable_of, axes: variant.graph.axes(variant.loss) };
    let loss = maker.program(variant.loss)?;
    let mut reductions = Vec::new();
    for reduction in &variant.reductions {
        reductions.push(ReductionPlan {
            of: reduction.of.map(|of| maker.program(of)).transpose()?,
            over: reduction.over.map(|over| maker.forward(over, maker.axes)).transpose()?,
        });
    }
    let mut input_domains = Vec::new();
    for (place, domain) in variant.input_domains.iter().enumerate() {
        let axes = domain.map(|condition| maker.graph.axes(condition)).unwrap_or_default();
        let schedule = domain.map(|condition| maker.forward(condition, axes)).transpose()?;
        if matches!(schedule, Some(Schedule::RowWise(_))) {
            return Err(NotPlanned::RowDomain(InputId(place as u8)));
        }
        input_domains.push(schedule);
    }
    let (names, stable_names) = maker.names();
    Ok(Plan {
        key: variant.key.clone(),
        zero: zero.to_vec(),
        axes: maker.axes,
        graph: maker.graph,
        names,
        stable_names,
        loss,
        reductions,
        input_domains,
        stabilizations,
    })
}

/// A variant's graph, in which is known what labels admit.
pub(crate) fn with_labels(spec: &Spec, variant: &Variant) -> Graph {
    let mut graph = variant.graph.clone();
    for (place, input) in spec.inputs.iter().enumerate() {
        if input.label.is_discrete() {
            graph.declare_never_nan(InputId(place as u8));
        }
    }
    graph
}

fn all_roots(variant: &Variant) -> Vec<ExprId> {
    let reductions = variant.reductions.iter().flat_map(|reduction| [reduction.of, reduction.over]).flatten();
    std::iter::once(variant.loss)
        .chain(variant.lets.iter().map(|(_, id)| *id))
        .chain(reductions)
        .chain(variant.input_domains.iter().copied().flatten())
        .chain(variant.exact.iter().chain(&variant.step).flat_map(|given| given.when.into_iter().chain([given.value])))
        .collect()
}

struct Maker<'v> {
    spec: &'v Spec,
    variant: &'v Variant,
    graph: Graph,
    /// From a node as written to its stable form.
    stable_of: HashMap<ExprId, ExprId>,
    axes: AxisSet,
}

impl Maker<'_> {
    fn program(&mut self, written: ExprId) -> Result<Program, NotPlanned> {
        let stable = self.stable_of[&written];
        let inputs: Vec<InputId> = (0..self.spec.inputs.len())
            .filter(|&place| self.spec.inputs[place].has_row_gradients() && self.variant.key.inputs_present[place])
            .map(|place| InputId(place as u8))
            .collect();
        let cotangents = differentiate(&mut self.graph, stable, &inputs)?;
        let roots: Vec<ExprId> = std::iter::once(stable).chain(cotangents.iter().copied()).collect();
        let lowered = lower(&mut self.graph, &roots);
        let gradients = inputs
            .iter()
            .zip(&lowered[1..])
            .map(|(&input, &cotangent)| Gradient { input, axes: self.input_axes(input), cotangent })
            .collect();
        let forward = Roots { value: lowered[0], gradients: Vec::new(), axes: self.axes };
        let fused = Roots { value: lowered[0], gradients, axes: self.axes };
        let derivatives: Vec<(InputId, ExprId)> = inputs.into_iter().zip(cotangents).collect();
        let (forward, fused) = (schedule(&self.graph, &forward)?, schedule(&self.graph, &fused)?);
        let curvature = self.curvature(written, &fused, &derivatives)?;
        let products = self.products(&derivatives)?;
        let mut gradients = Vec::new();
        for of in shared::shared(self.spec, &self.variant.key) {
            let own_axes = match of {
                Shared::Param(_) => AxisSet::EMPTY,
                Shared::Input(input) => self.input_axes(input),
            };
            gradients.push(shared::plan(&mut self.graph, stable, self.axes, (of, own_axes))?);
        }
        Ok(Program { forward, fused, stable, derivatives, curvature, products, shared: gradients })
    }

    fn forward(&mut self, written: ExprId, axes: AxisSet) -> Result<Schedule, NotPlanned> {
        let lowered = lower(&mut self.graph, &[self.stable_of[&written]]);
        Ok(schedule(&self.graph, &Roots { value: lowered[0], gradients: Vec::new(), axes })?)
    }

    fn input_axes(&self, input: InputId) -> AxisSet {
        self.spec.inputs[usize::from(input.0)].axes.iter().copied().collect::<AxisSet>()
    }

    /// The nodes that the spec has a name for, lowered and before. Of two names for one node the first wins.
    fn names(&mut self) -> (HashMap<ExprId, String>, HashMap<ExprId, String>) {
        let (mut names, mut stable_names) = (HashMap::new(), HashMap::new());
        for (name, written) in &self.variant.lets {
            let stable = self.stable_of[written];
            stable_names.entry(stable).or_insert_with(|| name.clone());
            // A definition over the whole batch has no lowered form; it has failed already where it is used.
            if self.graph.axes(stable).contains(AxisId::ROWS) {
                let lowered = lower(&mut self.graph, &[stable]);
                names.entry(lowered[0]).or_insert_with(|| name.clone());
            }
        }
        (names, stable_names)
    }
}
