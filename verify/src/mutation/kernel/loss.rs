//! A real loss with a fault at the registry's boundary.

use std::fmt;
use std::sync::{Arc, Mutex};

use loss_runtime::Loss;
use loss_runtime::info::{Divisor, LossInfo, ReductionInfo};
use loss_runtime::registry::{Contributions, Kernel, Over, Run, SharedGradient, Variant, VariantKey, VariantReduction};

use crate::interpret::{Driver, Lease, Slotted};

use super::driver::{FaultyRun, Role};
use super::fault::Fault;

/// A loss that is another but for a fault.
pub(super) struct Faulty {
    original: &'static dyn Loss,
    info: &'static LossInfo,
    fault: Fault,
    f32: Made<f32>,
    f64: Made<f64>,
}

/// The variants made so far, by the original's place in memory, and what they borrow.
struct Made<T: Slotted>(Mutex<(Variants<T>, Vec<Lease<T>>)>);

type Variants<T> = Vec<(usize, &'static Variant<T>)>;

impl fmt::Debug for Faulty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Faulty({}, {:?})", self.info.name, self.fault)
    }
}

impl Faulty {
    /// A loss with a fault.
    pub(super) fn new(original: &'static dyn Loss, fault: Fault) -> Self {
        let info =
            if let Fault::AnotherDivisor(at) = fault { another_divisor(original.info(), at) } else { original.info() };
        Self { original, info, fault, f32: Made(Mutex::default()), f64: Made(Mutex::default()) }
    }

    /// Gives back what its kernels borrow; it answers no more.
    pub(super) fn retire(&self) {
        if let Ok(mut made) = self.f32.0.lock() {
            made.1.clear();
        }
        if let Ok(mut made) = self.f64.0.lock() {
            made.1.clear();
        }
    }

    /// The variant that is run, which may be another than is asked for.
    fn chosen<T: Slotted>(&self, key: &VariantKey<'_>) -> &'static Variant<T> {
        let mut params = key.params.to_vec();
        let mut present = key.present;
        match self.fault {
            Fault::InputUnread(input) => present &= !(1 << input),
            Fault::SwitchFrozen(param) => params[param] = self.info.params[param].default.unwrap_or(f64::NAN),
            // All the variants that are asked for.
            _ => {}
        }
        T::variant(self.original, &VariantKey { params: &params, present })
    }

    fn variant<T: Slotted>(&self, made: &Made<T>, key: &VariantKey<'_>) -> &'static Variant<T> {
        let original = self.chosen::<T>(key);
        let Ok(mut made) = made.0.lock() else { return original };
        let (variants, leases) = &mut *made;
        let address = std::ptr::from_ref(original).addr();
        if let Some((_, known)) = variants.iter().find(|(known, _)| *known == address) {
            return known;
        }
        let mut wrapped = |run: Run<T>, role: Role<T>| {
            let driver: Arc<dyn Driver<T>> = Arc::new(FaultyRun { run, role, fault: self.fault, info: self.info });
            leases.push(Lease::new(driver));
            leases.last().map_or(run, |lease| lease.run)
        };
        let mut kernel = |kernel: &Kernel<T>| Kernel {
            forward: wrapped(kernel.forward, Role::Forward(kernel.forward)),
            fused: wrapped(kernel.fused, Role::Fused(kernel.forward)),
            of_places: kernel.of_places,
            // A call that is answered at once would go round the fault.
            lines: None,
            curvatures: kernel.curvatures,
            products: kernel.products,
            shared: Vec::leak(kernel.shared.iter().map(|shared| contributing(shared, &mut wrapped)).collect()),
        };
        let loss = kernel(&original.loss);
        let summands: Vec<Option<Kernel<T>>> =
            original.reductions.iter().map(|reduction| reduction.of.as_ref().map(&mut kernel)).collect();
        let reductions = original.reductions.iter().zip(summands).map(|(reduction, of)| VariantReduction {
            of,
            over: reduction.over.map(|over| match over {
                Over::Places => Over::Places,
                Over::Sum(run) => Over::Sum(wrapped(run, Role::Divisor)),
            }),
        });
        let reductions = Vec::leak(reductions.collect());
        let mut input_domains = original.input_domains.to_vec();
        if let Fault::InputUnchecked(input) = self.fault
            && let Some(domain) = input_domains.get_mut(input)
        {
            *domain = None;
        }
        // The runtime holds kernels for ever, so these are given away for ever; they are small.
        let variant = Box::leak(Box::new(Variant {
            axes: original.axes,
            loss,
            reductions,
            input_domains: Vec::leak(input_domains),
            accumulate_f64: original.accumulate_f64,
        }));
        variants.push((address, variant));
        variant
    }
}

/// The code of a gradient of what all rows share, with what it sums from another kernel.
fn contributing<T>(
    shared: &SharedGradient<T>,
    wrapped: &mut impl FnMut(Run<T>, Role<T>) -> Run<T>,
) -> SharedGradient<T> {
    let mut other = |run: Run<T>| wrapped(run, Role::Contribution(shared.of));
    let contributions = match shared.contributions {
        Contributions::Summed(run) => Contributions::Summed(other(run)),
        Contributions::PerRow(run) => Contributions::PerRow(other(run)),
        Contributions::PerElement(run) => Contributions::PerElement(other(run)),
    };
    SharedGradient { of: shared.of, contributions }
}

/// A description in which one reduction divides by elements for samples, or the reverse.
fn another_divisor(info: &LossInfo, at: usize) -> &'static LossInfo {
    let reductions = info.reductions.iter().enumerate().map(|(place, reduction)| ReductionInfo {
        divisor: match reduction.divisor {
            Divisor::Elements if place == at => Divisor::Samples,
            Divisor::Samples if place == at => Divisor::Elements,
            other => other,
        },
        ..*reduction
    });
    Box::leak(Box::new(LossInfo { reductions: Vec::leak(reductions.collect()), ..*info }))
}

impl Loss for Faulty {
    fn info(&self) -> &'static LossInfo {
        self.info
    }

    fn param_in_domain(&self, index: usize, params: &[f64]) -> bool {
        self.fault == Fault::ParamUnchecked(index) || self.original.param_in_domain(index, params)
    }

    fn variant_f32(&self, key: &VariantKey<'_>) -> &'static Variant<f32> {
        self.variant(&self.f32, key)
    }

    fn variant_f64(&self, key: &VariantKey<'_>) -> &'static Variant<f64> {
        self.variant(&self.f64, key)
    }
}
