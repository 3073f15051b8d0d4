//! A loss made of interpreted plans: what the registry holds, but for its kernels.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use loss_codegen::compile::Compiled;
use loss_codegen::expr::{Graph, ParamId};
use loss_codegen::model::Spec;
use loss_codegen::plan::curvature::Bend;
use loss_codegen::plan::shared::{self, Contributions as Given};
use loss_codegen::plan::{Plan, Program};
use loss_codegen::schedule::Schedule;
use loss_runtime::Loss;
use loss_runtime::info::LossInfo;
use loss_runtime::job::{Job, Outputs};
use loss_runtime::registry::{
    Contributions, Curvatures, Kernel, Over, Product, Shared, SharedGradient, Variant, VariantKey, VariantReduction,
};

use crate::oracle::Oracle;
use crate::oracle::data::Data;

use super::driver::Work;
use super::slots::{Driver, Lease, SLOTS, Slotted};

/// A plan, ready to be interpreted, and what picks it.
#[derive(Clone, Debug)]
pub(crate) struct WorkPlan {
    key: loss_codegen::model::VariantKey,
    zero: Vec<ParamId>,
    axes: u8,
    /// The loss.
    pub(crate) loss: WorkProgram,
    /// Per entry of `Spec::reductions`: the summand, and the divisor's summand.
    pub(crate) reductions: Vec<(Option<WorkProgram>, Option<Work>)>,
    /// Per input: 0 where its condition does not hold.
    input_domains: Vec<Option<Work>>,
}

/// The two kernels of a formula that is summed.
#[derive(Clone, Debug)]
pub(crate) struct WorkProgram {
    pub(crate) forward: Work,
    pub(crate) fused: Work,
    /// The curvature, and the declared one.
    pub(crate) exact: Option<Work>,
    pub(crate) step: Option<Work>,
    /// The Hessian-vector products, by input.
    pub(crate) products: Vec<(usize, Work)>,
    /// The gradients of what all rows share.
    pub(crate) shared: Vec<(Shared, Given, Work)>,
}

impl WorkProgram {
    /// A formula's kernels as they are.
    pub(crate) fn new(graph: &Arc<Graph>, program: &Program) -> Self {
        let work = |schedule| Work { graph: Arc::clone(graph), schedule, slip: None };
        let bend = |bend: &Bend| work(Schedule::Elementwise(bend.kernel.clone()));
        let curvature = program.curvature.as_ref();
        Self {
            forward: work(program.forward.clone()),
            fused: work(program.fused.clone()),
            exact: curvature.map(|curvature| bend(&curvature.exact)),
            step: curvature.and_then(|curvature| curvature.step.as_ref()).map(bend),
            products: (program.products.iter())
                .map(|product| (usize::from(product.of.0), work(product.kernel.clone())))
                .collect(),
            shared: (program.shared.iter())
                .map(|gradient| {
                    let of = match gradient.of {
                        shared::Shared::Param(param) => Shared::Param(usize::from(param.0)),
                        shared::Shared::Input(input) => Shared::Input(usize::from(input.0)),
                    };
                    (of, gradient.contributions, work(gradient.kernel.clone()))
                })
                .collect(),
        }
    }
}

impl WorkPlan {
    /// A plan as it is.
    pub(crate) fn new(plan: &Plan) -> Self {
        let graph = Arc::new(plan.graph.clone());
        let work = |schedule: &Schedule| Work { graph: Arc::clone(&graph), schedule: schedule.clone(), slip: None };
        let reductions = plan.reductions.iter().map(|reduction| {
            let of = reduction.of.as_ref().map(|program| WorkProgram::new(&graph, program));
            (of, reduction.over.as_ref().map(work))
        });
        Self {
            key: plan.key.clone(),
            zero: plan.zero.clone(),
            axes: plan.axes.0,
            loss: WorkProgram::new(&graph, &plan.loss),
            reductions: reductions.collect(),
            input_domains: plan.input_domains.iter().map(|domain| domain.as_ref().map(work)).collect(),
        }
    }

    /// How many kernels it takes.
    fn kernels(&self) -> usize {
        let programs = self.reductions.iter().filter_map(|(of, _)| of.as_ref()).chain([&self.loss]);
        let of_programs: usize = programs.map(|program| 4 + program.products.len() + program.shared.len()).sum();
        of_programs + self.reductions.len() + self.input_domains.len()
    }

    /// Whether a call's key picks this plan; those with weights switched off are asked first.
    fn fits(&self, spec: &Spec, key: &VariantKey<'_>) -> bool {
        let mut inputs = spec.inputs.iter().zip(&self.key.inputs_present).enumerate();
        let inputs =
            inputs.all(|(at, (input, present))| !input.may_be_absent() || *present == (key.present & (1 << at) != 0));
        let mut params = spec.params.iter().enumerate();
        inputs
            && params.all(|(at, param)| {
                let value = key.params[at];
                let present = !param.optional || self.key.params_present[at] != value.is_nan();
                let fixed = self.key.statics[at].as_ref().is_none_or(|fixed| param.encode(fixed) == value);
                let zero = !self.zero.contains(&ParamId(at as u8)) || value == 0.0;
                present && fixed && zero
            })
    }
}

/// A loss whose kernels are interpreted plans.
pub(crate) struct Interpreted {
    info: &'static LossInfo,
    compiled: &'static Compiled,
    conditions: Conditions,
    plans: Mutex<Vec<Arc<WorkPlan>>>,
    f32: Made<f32>,
    f64: Made<f64>,
}

/// What answers whether parameters and inputs are admitted.
enum Conditions {
    /// A compiled loss, of which this is another version.
    Of(&'static dyn Loss),
    /// The spec; what it has answered about a parameter, given all, by their bits.
    Own(Mutex<HashMap<(usize, Vec<u64>), bool>>),
}

/// The variants made so far, by plan, and what they borrow.
struct Made<T: Slotted> {
    variants: Mutex<Vec<(usize, &'static Variant<T>)>>,
    leases: Mutex<Vec<Lease<T>>>,
}

impl<T: Slotted> Default for Made<T> {
    fn default() -> Self {
        Self { variants: Mutex::default(), leases: Mutex::default() }
    }
}

impl<T: Slotted> Made<T> {
    fn give_back(&self) {
        // What a check that panicked left locked keeps what it has.
        if let Ok(mut leases) = self.leases.lock() {
            leases.clear();
        }
    }
}

impl fmt::Debug for Interpreted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Interpreted({})", self.info.name)
    }
}

impl Interpreted {
    /// A loss that answers as a spec's plans do, in place of `original`. `info` describes it.
    pub(crate) fn new(
        original: &'static dyn Loss,
        info: &'static LossInfo,
        compiled: &'static Compiled,
        plans: Vec<Arc<WorkPlan>>,
    ) -> Self {
        Self::with(Conditions::Of(original), info, compiled, plans)
    }

    /// A loss that has no kernels, answered for by its spec alone; none if it would need more kernels than there can be.
    pub(crate) fn of_spec(
        info: &'static LossInfo,
        compiled: &'static Compiled,
        plans: Vec<Arc<WorkPlan>>,
    ) -> Option<Self> {
        let kernels: usize = plans.iter().map(|plan| plan.kernels()).sum();
        (kernels <= SLOTS).then(|| Self::with(Conditions::Own(Mutex::default()), info, compiled, plans))
    }

    fn with(
        conditions: Conditions,
        info: &'static LossInfo,
        compiled: &'static Compiled,
        plans: Vec<Arc<WorkPlan>>,
    ) -> Self {
        let (f32, f64) = (Made::default(), Made::default());
        Self { info, compiled, conditions, plans: Mutex::new(plans), f32, f64 }
    }

    /// Gives back what its kernels borrow; it answers no more.
    pub(crate) fn retire(&self) {
        self.f32.give_back();
        self.f64.give_back();
        // The loss itself is never freed; what is large about it is.
        if let Ok(mut plans) = self.plans.lock() {
            plans.clear();
        }
    }

    fn variant<T: Slotted>(&self, made: &Made<T>, key: &VariantKey<'_>) -> &'static Variant<T> {
        let compiled_one = match &self.conditions {
            Conditions::Of(original) => Some(T::variant(*original, key)),
            Conditions::Own(_) => None,
        };
        let instead = || compiled_one.unwrap_or_else(nothing);
        let Ok(plans) = self.plans.lock() else { return instead() };
        let Some(at) = plans.iter().position(|plan| plan.fits(&self.compiled.spec, key)) else { return instead() };
        let Ok(mut variants) = made.variants.lock() else { return instead() };
        if let Some((_, known)) = variants.iter().find(|(known, _)| *known == at) {
            return known;
        }
        let plan = &plans[at];
        let lent = |work: &Work| {
            let driver: Arc<dyn Driver<T>> = Arc::new(work.clone());
            let lease = Lease::new(driver);
            let functions = (lease.run, lease.check);
            if let Ok(mut leases) = made.leases.lock() {
                leases.push(lease);
            }
            functions
        };
        let lease = |work: &Work| lent(work).0;
        let kernel = |program: &WorkProgram| Kernel {
            forward: lease(&program.forward),
            fused: lease(&program.fused),
            // Plans are run row by row, whatever they read.
            of_places: false,
            lines: None,
            curvatures: Curvatures {
                exact: program.exact.as_ref().map(lease),
                step: program.step.as_ref().or(program.exact.as_ref()).map(lease),
            },
            products: Vec::leak(
                program.products.iter().map(|(of, work)| Product { of: *of, run: lease(work) }).collect(),
            ),
            shared: Vec::leak(
                (program.shared.iter())
                    .map(|(of, given, work)| {
                        let contributions = match given {
                            Given::Summed => Contributions::Summed(lease(work)),
                            Given::PerRow => Contributions::PerRow(lease(work)),
                            Given::PerElement => Contributions::PerElement(lease(work)),
                        };
                        SharedGradient { of: *of, contributions }
                    })
                    .collect(),
            ),
        };
        let reductions: Vec<VariantReduction<T>> = (plan.reductions.iter())
            .map(|(of, over)| VariantReduction {
                of: of.as_ref().map(kernel),
                over: over.as_ref().map(|over| Over::Sum(lease(over))),
            })
            .collect();
        // The runtime holds kernels for ever, so these are given away for ever; they are small.
        let variant = Box::leak(Box::new(Variant {
            axes: plan.axes,
            loss: kernel(&plan.loss),
            reductions: Vec::leak(reductions),
            input_domains: match compiled_one {
                Some(original) => original.input_domains,
                None => Vec::leak(
                    plan.input_domains.iter().map(|domain| domain.as_ref().map(|work| lent(work).1)).collect(),
                ),
            },
            accumulate_f64: self.compiled.spec.accumulate_f64,
        }));
        variants.push((at, variant));
        variant
    }
}

impl Loss for Interpreted {
    fn info(&self) -> &'static LossInfo {
        self.info
    }

    fn param_in_domain(&self, index: usize, params: &[f64]) -> bool {
        match &self.conditions {
            Conditions::Of(original) => original.param_in_domain(index, params),
            Conditions::Own(answers) => {
                let asked = (index, params.iter().map(|value| value.to_bits()).collect());
                let Ok(mut answers) = answers.lock() else { return true };
                *answers.entry(asked).or_insert_with(|| admits(self.compiled, index, params))
            }
        }
    }

    fn variant_f32(&self, key: &VariantKey<'_>) -> &'static Variant<f32> {
        self.variant(&self.f32, key)
    }

    fn variant_f64(&self, key: &VariantKey<'_>) -> &'static Variant<f64> {
        self.variant(&self.f64, key)
    }
}

/// Whether a parameter meets its declared condition, given all. It is that of the first variant, as in compiled losses.
fn admits(compiled: &Compiled, index: usize, params: &[f64]) -> bool {
    let spec = &compiled.spec;
    let Some(variant) = compiled.variants.first() else { return true };
    let Some(domain) = variant.param_domains[index] else { return true };
    let mut data = Data::new(spec, vec![1; spec.axes.len()]);
    let given =
        (0u8..).zip(params).zip(&spec.params).filter(|((_, value), param)| !value.is_nan() && !param.is_static());
    for ((at, value), _) in given {
        data = data.with_param(ParamId(at), *value);
    }
    Oracle::new(spec, variant, &data).map_or(true, |oracle| oracle.condition(domain, &[]) != Ok(Some(false)))
}

/// What a call gets that no plan fits: NaN, once the loss has been given up.
fn nothing<T: Slotted>() -> &'static Variant<T> {
    fn none<T: Slotted>(_: &Job<'_, T>, _: &mut Outputs<'_, T>) -> f64 {
        f64::NAN
    }
    let kernel = Kernel {
        forward: none::<T>,
        fused: none::<T>,
        of_places: false,
        lines: None,
        curvatures: Curvatures::NONE,
        products: &[],
        shared: &[],
    };
    let (reductions, input_domains) = (&[], &[]);
    Box::leak(Box::new(Variant { axes: 1, loss: kernel, reductions, input_domains, accumulate_f64: false }))
}
