//! Losses made by hand for the tests: right ones, and ones with a single fault that a check must find.

#[cfg(test)]
pub(crate) mod faulty;
mod kernels;

use loss_runtime::drive::{elementwise_forward, elementwise_fused, row_wise};
use loss_runtime::info::{
    AxisInfo, Divisor, Guide, InputInfo, Label, LossInfo, ParamInfo, ParamKind, Position, ReductionInfo,
};
use loss_runtime::registry::{Curvatures, Kernel, Variant, VariantKey, VariantReduction};
use loss_runtime::{Element, Loss};

use crate::registry::Registry;

use kernels::{Bent, Doubled, Picked, Signed, Skewed, Soft, TwoFaced, Unsteady};

/// A loss with one variant.
struct Specimen {
    info: &'static LossInfo,
    f32: &'static Variant<f32>,
    f64: &'static Variant<f64>,
}

impl Loss for Specimen {
    fn info(&self) -> &'static LossInfo {
        self.info
    }
    fn param_in_domain(&self, index: usize, params: &[f64]) -> bool {
        self.info.params[index].domain.is_none() || (params[index] >= 0.0 && params[index].is_finite())
    }
    fn variant_f32(&self, _: &VariantKey<'_>) -> &'static Variant<f32> {
        self.f32
    }
    fn variant_f64(&self, _: &VariantKey<'_>) -> &'static Variant<f64> {
        self.f64
    }
}

const ROWS: AxisInfo = AxisInfo { name: "N", meaning: None, position: Position::Rows };
const CLASSES: AxisInfo = AxisInfo { name: "C", meaning: None, position: Position::Second };
const MEAN: ReductionInfo = ReductionInfo { name: "mean", divisor: Divisor::Elements, divisor_text: "elements" };

const fn input(name: &'static str, axes: &'static [usize], gradient: bool) -> InputInfo {
    InputInfo {
        name,
        axes,
        label: Label::Real,
        gradient,
        domain: None,
        ignore: None,
        optional: false,
        default: None,
        broadcast: &[],
        meaning: None,
    }
}

const PAIR: &[InputInfo] = &[input("input", &[0], true), input("target", &[0], true)];

const fn pointwise(name: &'static str, function: &'static str) -> LossInfo {
    LossInfo {
        name,
        summary: "A loss made by hand.",
        reference: &["by hand"],
        pytorch: Some((function, None)),
        guide: Guide { meaning: None, task: None, use_when: None, aliases: &[] },
        formula: "r = input - target\nif abs(r) < beta then 0.5 * r * (r / beta) else abs(r) - 0.5 * beta",
        axes: &[ROWS],
        inputs: PAIR,
        params: &[ParamInfo {
            name: "beta",
            kind: ParamKind::Real,
            default: Some(1.0),
            domain: Some("0 <= beta < inf"),
            optional: false,
            gradient: false,
            meaning: None,
        }],
        reductions: &[MEAN],
        default_reduction: "mean",
        layout: 0,
        properties: &[],
        curvature: None,
        hessian_products: &[],
    }
}

macro_rules! pointwise_loss {
    ($name:ident, $info:expr, $kernel:ident, $of:expr) => {
        pub(crate) static $name: &(dyn Loss + 'static) = {
            const fn variant<T: Element>() -> Variant<T> {
                Variant {
                    axes: 1,
                    loss: Kernel {
                        forward: elementwise_forward::<T, $kernel, 2, 1, 2>,
                        fused: elementwise_fused::<T, $kernel, 2, 1, 2>,
                        of_places: true,
                        lines: None,
                        curvatures: Curvatures::NONE,
                        products: &[],
                        shared: &[],
                    },
                    reductions: const { &[VariantReduction { of: $of, over: None }] },
                    input_domains: &[None, None],
                    accumulate_f64: false,
                }
            }
            static INFO: LossInfo = $info;
            static F32: Variant<f32> = variant();
            static F64: Variant<f64> = variant();
            &Specimen { info: &INFO, f32: &F32, f64: &F64 }
        };
    };
}

pointwise_loss!(BENT, pointwise("bent", "smooth_l1_loss"), Bent, None);
pointwise_loss!(SKEWED, pointwise("skewed", "smooth_l1_loss"), Skewed, None);
pointwise_loss!(TWO_FACED, pointwise("two_faced", "two_faced_loss"), TwoFaced, None);
pointwise_loss!(UNSTEADY, pointwise("unsteady", "unsteady_loss"), Unsteady, None);
pointwise_loss!(
    WRONG_MEAN,
    pointwise("wrong_mean", "wrong_mean_loss"),
    Bent,
    Some(Kernel {
        forward: elementwise_forward::<T, Doubled, 2, 1, 2>,
        fused: elementwise_fused::<T, Doubled, 2, 1, 2>,
        of_places: true,
        lines: None,
        curvatures: Curvatures::NONE,
        products: &[],
        shared: &[],
    })
);

/// A loss of signs, with no parameters.
pub(crate) static SIGNED: &(dyn Loss + 'static) = {
    const fn variant<T: Element>() -> Variant<T> {
        Variant {
            axes: 1,
            loss: Kernel {
                forward: elementwise_forward::<T, Signed, 2, 0, 1>,
                fused: elementwise_fused::<T, Signed, 2, 0, 1>,
                of_places: true,
                lines: None,
                curvatures: Curvatures::NONE,
                products: &[],
                shared: &[],
            },
            reductions: const { &[VariantReduction { of: None, over: None }] },
            input_domains: &[None, None],
            accumulate_f64: false,
        }
    }
    static INFO: LossInfo = LossInfo {
        inputs: &[input("input", &[0], true), InputInfo { label: Label::Sign, ..input("target", &[0], false) }],
        params: &[],
        ..pointwise("signed", "signed_loss")
    };
    static F32: Variant<f32> = variant();
    static F64: Variant<f64> = variant();
    &Specimen { info: &INFO, f32: &F32, f64: &F64 }
};

const IGNORE: ParamInfo = ParamInfo {
    name: "ignore_index",
    kind: ParamKind::Integer,
    default: Some(-100.0),
    domain: None,
    optional: false,
    gradient: false,
    meaning: None,
};

/// A loss of a row and a class index, of which one value is ignored. It shares its PyTorch function with [`SOFT`].
pub(crate) static PICKED: &(dyn Loss + 'static) = {
    const fn variant<T: Element>() -> Variant<T> {
        Variant {
            axes: 1,
            loss: Kernel {
                forward: row_wise::<T, Picked, 1, 2, 0, 0, 1, 4, 1, 0>,
                fused: row_wise::<T, Picked, 1, 2, 0, 0, 1, 4, 1, 0>,
                of_places: false,
                lines: None,
                curvatures: Curvatures::NONE,
                products: &[],
                shared: &[],
            },
            reductions: const { &[VariantReduction { of: None, over: None }] },
            input_domains: &[None, None],
            accumulate_f64: false,
        }
    }
    static INFO: LossInfo = LossInfo {
        axes: &[ROWS, CLASSES],
        inputs: &[
            input("input", &[0, 1], true),
            InputInfo { label: Label::ClassIndex, ignore: Some(0), ..input("target", &[0], false) },
        ],
        params: &[IGNORE],
        ..pointwise("picked", "choice")
    };
    static F32: Variant<f32> = variant();
    static F64: Variant<f64> = variant();
    &Specimen { info: &INFO, f32: &F32, f64: &F64 }
};

/// A loss of a row and a row of probabilities.
pub(crate) static SOFT: &(dyn Loss + 'static) = {
    const fn variant<T: Element>() -> Variant<T> {
        Variant {
            axes: 3,
            loss: Kernel {
                forward: elementwise_forward::<T, Soft, 2, 0, 2>,
                fused: elementwise_fused::<T, Soft, 2, 0, 2>,
                of_places: true,
                lines: None,
                curvatures: Curvatures::NONE,
                products: &[],
                shared: &[],
            },
            reductions: const { &[VariantReduction { of: None, over: None }] },
            input_domains: &[None, None],
            accumulate_f64: false,
        }
    }
    static INFO: LossInfo = LossInfo {
        axes: &[ROWS, CLASSES],
        inputs: &[input("input", &[0, 1], true), InputInfo { label: Label::Simplex, ..input("target", &[0, 1], true) }],
        params: &[],
        ..pointwise("soft_choice", "choice")
    };
    static F32: Variant<f32> = variant();
    static F64: Variant<f64> = variant();
    &Specimen { info: &INFO, f32: &F32, f64: &F64 }
};

/// The right ones, as a registry.
pub(crate) static LOSSES: &[&(dyn Loss + 'static)] = &[BENT, SIGNED, PICKED, SOFT];
pub(crate) static REGISTRY: Registry = Registry::new(LOSSES, &[]);
