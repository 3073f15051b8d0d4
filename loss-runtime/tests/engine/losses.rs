//! Losses around the kernels, as the compiler would declare them.

use loss_runtime::call::MAX_INPUTS;
use loss_runtime::drive::{elementwise_forward, elementwise_fused, first_violation, line_forward, line_fused};
use loss_runtime::info::{
    AxisInfo, Divisor, Guide, InputInfo, Label, LossInfo, ParamInfo, ParamKind, Position, ReductionInfo,
};
use loss_runtime::job::Line;
use loss_runtime::registry::{Curvatures, Kernel, LineRuns, Loss, Over, Variant, VariantKey, VariantReduction};

use super::kernels::{NotNegative, Signed, Smooth, Spread, TELL, Triple, WeightedSquare};

/// A loss with one variant.
pub(crate) struct Toy {
    pub(crate) info: &'static LossInfo,
    pub(crate) f32: &'static Variant<f32>,
    pub(crate) f64: &'static Variant<f64>,
}

impl Loss for Toy {
    fn info(&self) -> &'static LossInfo {
        self.info
    }
    fn param_in_domain(&self, index: usize, params: &[f64]) -> bool {
        self.info.params[index].domain.is_none() || params[index] > 0.0 && params[index].is_finite()
    }
    fn variant_f32(&self, _: &VariantKey<'_>) -> &'static Variant<f32> {
        self.f32
    }
    fn variant_f64(&self, _: &VariantKey<'_>) -> &'static Variant<f64> {
        self.f64
    }
}

impl Toy {
    /// The same code under another declaration.
    pub(crate) fn declared(&self, info: LossInfo) -> Self {
        Self { info: Box::leak(Box::new(info)), f32: self.f32, f64: self.f64 }
    }

    /// The same, with values along these axes.
    pub(crate) fn along(self, axes: u8) -> Self {
        fn along<T: Copy>(variant: &'static Variant<T>, axes: u8) -> &'static Variant<T> {
            let loss = Kernel { lines: None, ..variant.loss };
            let Variant { reductions, input_domains, accumulate_f64, .. } = *variant;
            Box::leak(Box::new(Variant { axes, loss, reductions, input_domains, accumulate_f64 }))
        }
        Self { f32: along(self.f32, axes), f64: along(self.f64, axes), ..self }
    }
}

macro_rules! toy {
    ($(#[$doc:meta])* $name:ident, $info:ident, $variant:ident) => {
        $(#[$doc])*
        pub(crate) static $name: Toy = {
            static F32: Variant<f32> = $variant!(f32);
            static F64: Variant<f64> = $variant!(f64);
            Toy { info: &$info, f32: &F32, f64: &F64 }
        };
    };
}

pub(crate) use toy;

pub(crate) const ROWS: AxisInfo = AxisInfo { name: "N", meaning: None, position: Position::Rows };
pub(crate) const MEAN: ReductionInfo =
    ReductionInfo { name: "mean", divisor: Divisor::Elements, divisor_text: "elements" };
const SAMPLES: ReductionInfo = ReductionInfo { name: "batchmean", divisor: Divisor::Samples, divisor_text: "samples" };
const fn divided(name: &'static str) -> ReductionInfo {
    ReductionInfo { name, divisor: Divisor::Sum, divisor_text: "a sum" }
}
const NO_REDUCTION: VariantReduction<f32> = VariantReduction { of: None, over: None };
const NO_REDUCTION_F64: VariantReduction<f64> = VariantReduction { of: None, over: None };

pub(crate) const fn input(name: &'static str, axes: &'static [usize], gradient: bool) -> InputInfo {
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

pub(crate) const fn info(
    name: &'static str,
    axes: &'static [AxisInfo],
    inputs: &'static [InputInfo],
    params: &'static [ParamInfo],
    reductions: &'static [ReductionInfo],
) -> LossInfo {
    assert!(inputs.len() <= MAX_INPUTS);
    LossInfo {
        name,
        summary: "",
        reference: &[],
        pytorch: None,
        guide: Guide { meaning: None, task: None, use_when: None, aliases: &[] },
        formula: "",
        axes,
        inputs,
        params,
        reductions,
        default_reduction: "mean",
        layout: 0,
        properties: &[],
        curvature: None,
        hessian_products: &[],
    }
}

pub(crate) const fn number(
    name: &'static str,
    kind: ParamKind,
    default: f64,
    domain: Option<&'static str>,
) -> ParamInfo {
    ParamInfo { name, kind, default: Some(default), domain, optional: false, gradient: false, meaning: None }
}

macro_rules! elementwise {
    ($float:ty, $kernel:ident, $i:literal, $u:literal, $g:literal, $lines:expr) => {
        Kernel {
            forward: elementwise_forward::<$float, $kernel, $i, $u, $g>,
            fused: elementwise_fused::<$float, $kernel, $i, $u, $g>,
            of_places: true,
            lines: $lines,
            curvatures: Curvatures::NONE,
            products: &[],
            shared: &[],
        }
    };
}
macro_rules! none {
    (f32) => {
        NO_REDUCTION
    };
    (f64) => {
        NO_REDUCTION_F64
    };
}

macro_rules! smooth {
    ($float:ident) => {
        Variant {
            axes: 1,
            loss: elementwise!($float, Smooth, 2, 1, 2, {
                Some(LineRuns {
                    forward: line_forward::<$float, Smooth, 2, 1, 2>,
                    fused: line_fused::<$float, Smooth, 2, 1, 2>,
                })
            }),
            reductions: &[none!($float), none!($float)],
            input_domains: &[None, None],
            accumulate_f64: false,
        }
    };
}
macro_rules! smooth_wide {
    ($float:ident) => {
        Variant { accumulate_f64: true, ..smooth!($float) }
    };
}
macro_rules! told {
    ($float:ident) => {
        Variant {
            loss: Kernel {
                lines: Some(LineRuns { forward: told_at_once::<$float>, fused: told_at_once::<$float> }),
                ..elementwise!($float, Smooth, 2, 1, 2, None)
            },
            ..smooth!($float)
        }
    };
}
/// What [`TOLD`] gives where a call is answered at once: not what the kernel gives.
pub(crate) const AT_ONCE: f64 = 4242.0;
fn told_at_once<T>(_: &mut Line<'_, '_, T>) -> f64 {
    AT_ONCE
}
static SMOOTH_INFO: LossInfo = info(
    "smooth",
    &[ROWS],
    &[input("input", &[0], true), input("target", &[0], true)],
    &[number("beta", ParamKind::Real, 1.0, Some("0 < beta < inf"))],
    &[MEAN, SAMPLES],
);
toy!(/** Elementwise, no second axis. */ SMOOTH, SMOOTH_INFO, smooth);
toy!(/** The same, but that it tells when a call is answered at once. */ TOLD, SMOOTH_INFO, told);
macro_rules! told_in_mean {
    ($float:ident) => {
        Variant {
            reductions: &[
                VariantReduction {
                    of: Some(Kernel {
                        lines: Some(LineRuns { forward: told_at_once::<$float>, fused: told_at_once::<$float> }),
                        ..elementwise!($float, WeightedSquare, 2, 0, 2, None)
                    }),
                    over: None,
                },
                VariantReduction { of: None, over: Some(Over::Places) },
                VariantReduction {
                    of: None,
                    over: Some(Over::Sum(elementwise_forward::<$float, WeightedSquare, 2, 0, 2>)),
                },
                none!($float),
            ],
            ..told!($float)
        }
    };
}
static TOLD_IN_MEAN_INFO: LossInfo = LossInfo {
    reductions: &[MEAN, divided("counted"), divided("summed"), divided("unknown")],
    ..info("told_in_mean", &[ROWS], &[input("input", &[0], true), input("target", &[0], true)], SMOOTH_INFO.params, &[])
};
toy!(/** The same, with a mean that sums `target * input^2`, and divisors that are sums. */ TOLD_IN_MEAN, TOLD_IN_MEAN_INFO, told_in_mean);
toy!(/** The same, summed in `f64`. */ SMOOTH_WIDE, SMOOTH_INFO, smooth_wide);

macro_rules! weighted {
    ($float:ident) => {
        Variant {
            axes: 3,
            loss: elementwise!($float, WeightedSquare, 2, 0, 2, None),
            reductions: &[none!($float)],
            input_domains: &[None, Some(first_violation::<$float, NotNegative, 1, 0>)],
            accumulate_f64: false,
        }
    };
}
pub(crate) const LAST: AxisInfo = AxisInfo { name: "C", meaning: None, position: Position::Last };
pub(crate) const SECOND: AxisInfo = AxisInfo { name: "C", meaning: None, position: Position::Second };
const WEIGHT: InputInfo = InputInfo { broadcast: &[1], domain: Some("weight >= 0"), ..input("weight", &[0, 1], true) };
static WEIGHTED_INFO: LossInfo =
    info("weighted", &[ROWS, LAST], &[input("input", &[0, 1], true), WEIGHT], &[], &[MEAN]);
toy!(/** Elementwise with a second axis, along which the weight may be broadcast. */ WEIGHTED_SQUARE, WEIGHTED_INFO, weighted);
static WEIGHTED_SECOND_INFO: LossInfo = info(
    "weighted_second",
    &[ROWS, SECOND],
    &[input("input", &[0, 1], true), InputInfo { broadcast: &[0, 1], ..WEIGHT }],
    &[],
    &[MEAN],
);
toy!(/** The same in the second dimension; the weight may be broadcast along both. */ WEIGHTED_SECOND, WEIGHTED_SECOND_INFO, weighted);

macro_rules! weighted_dropping {
    ($float:ident) => {
        Variant {
            input_domains: &[None, Some(first_violation::<$float, NotNegative, 1, 0>), None],
            ..weighted!($float)
        }
    };
}
static WEIGHTED_DROPPING_INFO: LossInfo = info(
    "weighted_dropping",
    &[ROWS, SECOND],
    &[input("input", &[0, 1], true), InputInfo { broadcast: &[0, 1], gradient: false, ..WEIGHT }, SIGN],
    IGNORE,
    &[MEAN],
);
toy!(/** The same with a label that may drop a row. */ WEIGHTED_DROPPING, WEIGHTED_DROPPING_INFO, weighted_dropping);

macro_rules! spread {
    ($float:ident) => {
        Variant {
            axes: 3,
            loss: elementwise!($float, Spread, 2, 1, 1, {
                Some(LineRuns {
                    forward: line_forward::<$float, Spread, 2, 1, 1>,
                    fused: line_fused::<$float, Spread, 2, 1, 1>,
                })
            }),
            reductions: &[none!($float), none!($float)],
            input_domains: &[None, None],
            accumulate_f64: false,
        }
    };
}
const SHARE: InputInfo = InputInfo { label: Label::Probability, ..input("share", &[0, 1], false) };
static SPREAD_LAST_INFO: LossInfo =
    info("spread_last", &[ROWS, LAST], &[input("input", &[0, 1], true), SHARE], &[], &[MEAN, SAMPLES]);
toy!(/** Elementwise with a second axis, whose extent it reads, and a label. */ SPREAD_LAST, SPREAD_LAST_INFO, spread);
static SPREAD_SECOND_INFO: LossInfo =
    info("spread_second", &[ROWS, SECOND], &[input("input", &[0, 1], true), SHARE], &[], &[MEAN, SAMPLES]);
toy!(/** The same in the second dimension. */ SPREAD_SECOND, SPREAD_SECOND_INFO, spread);

macro_rules! proportions {
    ($float:ident) => {
        Variant { loss: elementwise!($float, Spread, 2, 1, 1, None), ..spread!($float) }
    };
}
const PROPORTIONS_INPUT: InputInfo = InputInfo { label: Label::Simplex, ..input("share", &[0, 1], false) };
static PROPORTIONS_INFO: LossInfo =
    info("proportions", &[ROWS, SECOND], &[input("input", &[0, 1], true), PROPORTIONS_INPUT], &[], &[MEAN, SAMPLES]);
toy!(/** The same, with rows of probabilities. */ PROPORTIONS, PROPORTIONS_INFO, proportions);

macro_rules! signed {
    ($float:ident) => {
        Variant {
            axes: 1,
            loss: elementwise!($float, Signed, 2, 0, 1, None),
            reductions: &[none!($float)],
            input_domains: &[None, None],
            accumulate_f64: false,
        }
    };
}
const SIGN: InputInfo = InputInfo { label: Label::Sign, ignore: Some(0), ..input("target", &[0], false) };
const IGNORE: &[ParamInfo] = &[number("ignore", ParamKind::Integer, 7.0, None)];
static SIGNED_INFO: LossInfo = info("signed", &[ROWS], &[input("input", &[0], true), SIGN], IGNORE, &[MEAN]);
toy!(/** Elementwise with a label that may drop a row. */ SIGNED, SIGNED_INFO, signed);
static FLAGGED_INFO: LossInfo = info(
    "flagged",
    &[ROWS],
    &[input("input", &[0], true), InputInfo { label: Label::Flag, ignore: Some(0), ..input("flag", &[0], false) }],
    SIGNED_INFO.params,
    &[MEAN],
);
toy!(/** The same with a condition. */ FLAGGED, FLAGGED_INFO, signed);

macro_rules! triple {
    ($float:ident) => {
        Variant {
            axes: 1,
            loss: elementwise!($float, Triple, 3, 0, 3, None),
            reductions: &[none!($float)],
            input_domains: &[None, None, None],
            accumulate_f64: false,
        }
    };
}
static TRIPLE_INFO: LossInfo =
    info("triple", &[ROWS], &[input("x", &[0], true), input("y", &[0], true), input("z", &[0], true)], &[], &[MEAN]);
toy!(/** Elementwise with three gradients. */ TRIPLE, TRIPLE_INFO, triple);
const TELLS: &[ParamInfo] = &[number("tell", ParamKind::Real, TELL, None)];
static TRIPLE_TELLS_INFO: LossInfo = LossInfo { params: TELLS, ..TRIPLE_INFO };
toy!(/** The same, but that it tells of its pieces. */ TRIPLE_TELLS, TRIPLE_TELLS_INFO, triple);

mod rows;

pub(crate) use rows::{
    DOT, DOT_BROADCAST, ENTROPY, LOG_SOFTMAX, LOG_SOFTMAX_DROPPING, LOG_SOFTMAX_TELLS, MIDRANGE, SHARES_ENTROPY,
};
