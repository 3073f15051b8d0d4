//! Losses of the registry with a fault put in between: their names and their specs, and kernels that do something else.

use loss_runtime::info::{InputInfo, LossInfo};
use loss_runtime::job::{Job, Outputs};
use loss_runtime::kernel::{CURVATURE, DIRECTION};
use loss_runtime::registry::{Curvatures, Kernel, Product, Run, Variant, VariantKey};
use loss_runtime::{Element, Loss};

use crate::registry::losses;

/// What is wrong.
pub(crate) enum Fault {
    /// The kernels take an input for absent.
    InputDropped(&'static str),
    /// Where a parameter is 0, the kernels are those of another loss.
    OtherWhereZero(&'static str, &'static str),
    /// An absent input is said to be this.
    WrongDefault(&'static str, f64),
    /// The second derivative and the curvature that is declared for steps change places.
    CurvaturesSwapped,
    /// The curvature of a place is its number.
    CurvatureCounts,
    /// Every Hessian is the identity, whatever comes in from outside.
    HessianIsIdentity,
    /// The Hessian-vector product of a place is its number.
    HessianProductCounts,
}

struct Faulty {
    loss: &'static dyn Loss,
    info: &'static LossInfo,
    /// The bits of inputs that are hidden from the kernels.
    hidden: u32,
    other: Option<(usize, &'static dyn Loss)>,
    curvatures: Bends,
    products: Products,
}

/// Which curvatures the kernels give.
#[derive(Clone, Copy, PartialEq)]
enum Bends {
    Right,
    Swapped,
    Counting,
}

/// Which Hessian-vector products the kernels give.
#[derive(Clone, Copy, PartialEq)]
enum Products {
    Right,
    Identity,
    Counting,
}

/// A loss of the registry.
pub(crate) fn named(name: &str) -> &'static dyn Loss {
    losses().losses.iter().copied().find(|loss| loss.info().name == name).expect("there is such a loss")
}

/// A loss of the registry with a fault.
pub(crate) fn faulty(name: &str, fault: &Fault) -> &'static dyn Loss {
    let loss = named(name);
    let info = loss.info();
    let input = |name: &str| info.inputs.iter().position(|input| input.name == name).expect("there is such an input");
    let mut faulty = Faulty { loss, info, hidden: 0, other: None, curvatures: Bends::Right, products: Products::Right };
    match *fault {
        Fault::InputDropped(name) => faulty.hidden = 1 << input(name),
        Fault::OtherWhereZero(param, other) => {
            let param = info.params.iter().position(|known| known.name == param).expect("there is such a parameter");
            faulty.other = Some((param, named(other)));
        }
        Fault::CurvaturesSwapped => faulty.curvatures = Bends::Swapped,
        Fault::CurvatureCounts => faulty.curvatures = Bends::Counting,
        Fault::HessianIsIdentity => faulty.products = Products::Identity,
        Fault::HessianProductCounts => faulty.products = Products::Counting,
        Fault::WrongDefault(name, default) => {
            let place = input(name);
            let inputs = info
                .inputs
                .iter()
                .enumerate()
                .map(|(at, own)| InputInfo { default: if at == place { Some(default) } else { own.default }, ..*own });
            let inputs: &'static [InputInfo] = Box::leak(inputs.collect());
            faulty.info = Box::leak(Box::new(LossInfo { inputs, ..*info }));
        }
    }
    Box::leak(Box::new(faulty))
}

impl Faulty {
    fn seen<'k>(&self, key: &VariantKey<'k>) -> (&'static dyn Loss, VariantKey<'k>) {
        let key = VariantKey { present: key.present & !self.hidden, ..*key };
        match self.other {
            Some((param, other)) if key.params[param] == 0.0 => (other, key),
            Some(_) | None => (self.loss, key),
        }
    }
}

impl Bends {
    fn of<T: Element>(self, variant: &'static Variant<T>) -> &'static Variant<T> {
        let Curvatures { exact, step } = variant.loss.curvatures;
        let curvatures = match self {
            Self::Right => return variant,
            Self::Swapped => Curvatures { exact: step, step: exact },
            Self::Counting => Curvatures { exact: Some(count), step: Some(count) },
        };
        let loss = Kernel { curvatures, ..variant.loss };
        Box::leak(Box::new(Variant { loss, ..*variant }))
    }
}

impl Products {
    fn of<T: Element>(self, variant: &'static Variant<T>) -> &'static Variant<T> {
        let run: Run<T> = match self {
            Self::Right => return variant,
            Self::Identity => copy,
            Self::Counting => count,
        };
        let products = Vec::leak(variant.loss.products.iter().map(|product| Product { run, ..*product }).collect());
        let loss = Kernel { products, ..variant.loss };
        Box::leak(Box::new(Variant { loss, ..*variant }))
    }
}

/// Writes the direction.
fn copy<T: Element>(job: &Job<'_, T>, outputs: &mut Outputs<'_, T>) -> f64 {
    let [outers, extent, inners] = job.extents();
    for outer in 0..outers {
        for place in (0..extent).flat_map(|along| (0..inners).map(move |inner| [outer, along, inner])) {
            let at = job.offset(DIRECTION, place);
            if let Some(product) = outputs.gradient(DIRECTION) {
                product[at] = T::from_f64(job.number(DIRECTION, at));
            }
        }
    }
    0.0
}

/// Writes 0, 1, 2 and so on.
fn count<T: Element>(_: &Job<'_, T>, outputs: &mut Outputs<'_, T>) -> f64 {
    for (place, number) in outputs.gradient(CURVATURE).into_iter().flatten().enumerate() {
        *number = T::from_f64(place as f64);
    }
    0.0
}

impl Loss for Faulty {
    fn info(&self) -> &'static LossInfo {
        self.info
    }
    fn param_in_domain(&self, index: usize, params: &[f64]) -> bool {
        self.loss.param_in_domain(index, params)
    }
    fn variant_f32(&self, key: &VariantKey<'_>) -> &'static Variant<f32> {
        let (loss, key) = self.seen(key);
        self.products.of(self.curvatures.of(loss.variant_f32(&key)))
    }
    fn variant_f64(&self, key: &VariantKey<'_>) -> &'static Variant<f64> {
        let (loss, key) = self.seen(key);
        self.products.of(self.curvatures.of(loss.variant_f64(&key)))
    }
}
