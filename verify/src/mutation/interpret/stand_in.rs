//! A loss made of interpreted plans: what the registry holds, but for its kernels.

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
use loss_runtime::registry::{
    Contributions, Curvatures, Kernel, Over, Product, Shared, SharedGradient, Variant, VariantKey, VariantReduction,
};

use crate::mutation::slots::{Driver, Lease, Slotted};

use super::driver::Work;

/// A plan, ready to be interpreted, and what picks it.
#[derive(Clone, Debug)]
pub(in crate::mutation) struct WorkPlan {
    key: loss_codegen::model::VariantKey,
    zero: Vec<ParamId>,
    axes: u8,
    /// The loss.
    pub(in crate::mutation) loss: WorkProgram,
    /// Per entry of `Spec::reductions`: the summand, and the divisor's summand.
    pub(in crate::mutation) reductions: Vec<(Option<WorkProgram>, Option<Work>)>,
}

/// The two kernels of a formula that is summed.
#[derive(Clone, Debug)]
pub(in crate::mutation) struct WorkProgram {
    pub(in crate::mutation) forward: Work,
    pub(in crate::mutation) fused: Work,
    /// The curvature, and the declared one.
    pub(in crate::mutation) exact: Option<Work>,
    pub(in crate::mutation) step: Option<Work>,
    /// The Hessian-vector products, by input.
    pub(in crate::mutation) products: Vec<(usize, Work)>,
    /// The gradients of what all rows share.
    pub(in crate::mutation) shared: Vec<(Shared, Given, Work)>,
}

impl WorkProgram {
    /// A formula's kernels as they are.
    pub(in crate::mutation) fn new(graph: &Arc<Graph>, program: &Program) -> Self {
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
    pub(in crate::mutation) fn new(plan: &Plan) -> Self {
        let graph = Arc::new(plan.graph.clone());
        let reductions = plan.reductions.iter().map(|reduction| {
            let of = reduction.of.as_ref().map(|program| WorkProgram::new(&graph, program));
            let over = reduction.over.clone();
            (of, over.map(|schedule| Work { graph: Arc::clone(&graph), schedule, slip: None }))
        });
        Self {
            key: plan.key.clone(),
            zero: plan.zero.clone(),
            axes: plan.axes.0,
            loss: WorkProgram::new(&graph, &plan.loss),
            reductions: reductions.collect(),
        }
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

/// A loss whose kernels are interpreted plans. Everything else is the original's.
pub(in crate::mutation) struct Interpreted {
    original: &'static dyn Loss,
    info: &'static LossInfo,
    spec: &'static Spec,
    plans: Mutex<Vec<Arc<WorkPlan>>>,
    f32: Made<f32>,
    f64: Made<f64>,
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
    pub(in crate::mutation) fn new(
        original: &'static dyn Loss,
        info: &'static LossInfo,
        compiled: &'static Compiled,
        plans: Vec<Arc<WorkPlan>>,
    ) -> Self {
        Self {
            original,
            info,
            spec: &compiled.spec,
            plans: Mutex::new(plans),
            f32: Made::default(),
            f64: Made::default(),
        }
    }

    /// Gives back what its kernels borrow; it answers no more.
    pub(in crate::mutation) fn retire(&self) {
        self.f32.give_back();
        self.f64.give_back();
        // The loss itself is never freed; what is large about it is.
        if let Ok(mut plans) = self.plans.lock() {
            plans.clear();
        }
    }

    fn variant<T: Slotted>(
        &self,
        made: &Made<T>,
        key: &VariantKey<'_>,
        original: &'static Variant<T>,
    ) -> &'static Variant<T> {
        let Ok(plans) = self.plans.lock() else { return original };
        let Some(at) = plans.iter().position(|plan| plan.fits(self.spec, key)) else { return original };
        let Ok(mut variants) = made.variants.lock() else { return original };
        if let Some((_, known)) = variants.iter().find(|(known, _)| *known == at) {
            return known;
        }
        let plan = &plans[at];
        let lease = |work: &Work| {
            let driver: Arc<dyn Driver<T>> = Arc::new(work.clone());
            let lease = Lease::new(driver);
            let run = lease.run;
            if let Ok(mut leases) = made.leases.lock() {
                leases.push(lease);
            }
            run
        };
        let kernel = |program: &WorkProgram| Kernel {
            forward: lease(&program.forward),
            fused: lease(&program.fused),
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
            input_domains: original.input_domains,
            accumulate_f64: original.accumulate_f64,
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
        self.original.param_in_domain(index, params)
    }

    fn variant_f32(&self, key: &VariantKey<'_>) -> &'static Variant<f32> {
        self.variant(&self.f32, key, self.original.variant_f32(key))
    }

    fn variant_f64(&self, key: &VariantKey<'_>) -> &'static Variant<f64> {
        self.variant(&self.f64, key, self.original.variant_f64(key))
    }
}
