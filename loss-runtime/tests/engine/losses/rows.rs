//! Those that reduce over the second axis.

use loss_runtime::drive::row_wise;
use loss_runtime::info::{Divisor, InputInfo, Label, LossInfo, ParamInfo, ParamKind, ReductionInfo};
use loss_runtime::registry::{Curvatures, Kernel, Over, Variant, VariantReduction};

use super::{MEAN, NO_REDUCTION, NO_REDUCTION_F64, ROWS, SAMPLES, SECOND, TELLS, Toy, info, input, number};
use crate::kernels::{LogSoftmax, Midrange, ScaledDot, SharesEntropy, SoftmaxEntropy, WeightOfLabel};

const WEIGHTED: ReductionInfo = ReductionInfo { name: "mean", divisor: Divisor::Sum, divisor_text: "weight[target]" };

macro_rules! row_wise {
    ($float:ty, $($kernel:tt),*) => {
        Kernel {
            forward: row_wise::<$float, $($kernel),*>,
            fused: row_wise::<$float, $($kernel),*>,
            of_places: false,
            lines: None,
            curvatures: Curvatures::NONE,
            products: &[],
            shared: &[],
        }
    };
}

macro_rules! entropy {
    ($float:ident) => {
        Variant {
            axes: 1,
            loss: row_wise!($float, SoftmaxEntropy, 1, 3, 0, 0, 2, 7, 1, 0),
            reductions: &[
                VariantReduction {
                    of: None,
                    over: Some(Over::Sum(row_wise::<$float, WeightOfLabel, 0, 1, 0, 0, 0, 1, 0, 0>)),
                },
                none!($float),
            ],
            input_domains: &[None, None, None],
            accumulate_f64: false,
        }
    };
}
const CLASS: InputInfo = InputInfo { label: Label::ClassIndex, ignore: Some(0), ..input("target", &[0], false) };
const TABLE: InputInfo = InputInfo { label: Label::Nonnegative, ..input("weight", &[1], false) };
const IGNORE_INDEX: &[ParamInfo] = &[number("ignore_index", ParamKind::Integer, -100.0, None)];
static ENTROPY_INFO: LossInfo = info(
    "entropy",
    &[ROWS, SECOND],
    &[input("input", &[0, 1], true), CLASS, TABLE],
    IGNORE_INDEX,
    &[WEIGHTED, SAMPLES],
);
toy!(/** Two passes, a label, a gathered weight, a divisor that is a sum. */ ENTROPY, ENTROPY_INFO, entropy);

macro_rules! dot {
    ($float:ident) => {
        Variant {
            axes: 1,
            loss: row_wise!($float, ScaledDot, 2, 1, 1, 0, 1, 3, 2, 1),
            reductions: &[none!($float)],
            input_domains: &[None, None, None, None],
            accumulate_f64: false,
        }
    };
}
static DOT_INFO: LossInfo = info(
    "dot",
    &[ROWS, SECOND],
    &[input("x", &[0, 1], true), input("y", &[0, 1], true), input("t", &[0], true), input("s", &[1], false)],
    &[],
    &[MEAN],
);
toy!(/** One pass; gradients along both axes and along rows. */ DOT, DOT_INFO, dot);
static DOT_BROADCAST_INFO: LossInfo = info(
    "dot_broadcast",
    &[ROWS, SECOND],
    &[
        input("x", &[0, 1], true),
        InputInfo { broadcast: &[0, 1], ..input("y", &[0, 1], true) },
        input("t", &[0], true),
        input("s", &[1], false),
    ],
    &[],
    &[MEAN],
);
toy!(/** The same; one of the vectors may be broadcast. */ DOT_BROADCAST, DOT_BROADCAST_INFO, dot);

macro_rules! log_softmax {
    ($float:ident) => {
        Variant {
            axes: 3,
            loss: row_wise!($float, LogSoftmax, 1, 0, 0, 0, 2, 3, 1, 0),
            reductions: &[none!($float)],
            input_domains: &[None],
            accumulate_f64: false,
        }
    };
}
static LOG_SOFTMAX_INFO: LossInfo =
    info("log_softmax", &[ROWS, SECOND], &[input("input", &[0, 1], true)], &[], &[MEAN]);
toy!(/** A value for every place, after two passes. */ LOG_SOFTMAX, LOG_SOFTMAX_INFO, log_softmax);
static LOG_SOFTMAX_TELLS_INFO: LossInfo = LossInfo { params: TELLS, ..LOG_SOFTMAX_INFO };
toy!(/** The same, but that it tells of its pieces. */ LOG_SOFTMAX_TELLS, LOG_SOFTMAX_TELLS_INFO, log_softmax);

macro_rules! log_softmax_dropping {
    ($float:ident) => {
        Variant {
            reductions: &[
                VariantReduction {
                    of: None,
                    over: Some(Over::Sum(row_wise::<$float, WeightOfLabel, 0, 1, 0, 0, 0, 1, 0, 0>)),
                },
                VariantReduction { of: Some(row_wise!($float, SoftmaxEntropy, 1, 3, 0, 0, 2, 7, 1, 0)), over: None },
            ],
            input_domains: &[None, None, None, None],
            ..log_softmax!($float)
        }
    };
}
static LOG_SOFTMAX_DROPPING_INFO: LossInfo = LossInfo {
    layout: 3,
    ..info(
        "log_softmax_dropping",
        &[ROWS, SECOND],
        &[InputInfo { broadcast: &[1], ..input("input", &[0, 1], true) }, CLASS, TABLE, input("unread", &[0, 1], true)],
        IGNORE_INDEX,
        &[WEIGHTED, ReductionInfo { name: "entropy", ..MEAN }],
    )
};
toy!(
    /** The same of an input that may be broadcast, with a label that may drop a row, an input on which nothing depends, and reductions that do
    not vary along the second axis: a divisor and a summand. */
    LOG_SOFTMAX_DROPPING,
    LOG_SOFTMAX_DROPPING_INFO,
    log_softmax_dropping
);

macro_rules! shares_entropy {
    ($float:ident) => {
        Variant {
            axes: 1,
            loss: row_wise!($float, SharesEntropy, 2, 0, 0, 0, 3, 5, 2, 0),
            reductions: &[none!($float)],
            input_domains: &[None, None],
            accumulate_f64: false,
        }
    };
}
static SHARES_ENTROPY_INFO: LossInfo = info(
    "shares_entropy",
    &[ROWS, SECOND],
    &[input("input", &[0, 1], true), input("share", &[0, 1], true)],
    &[],
    &[MEAN],
);
toy!(/** Two gradients, for the first of which a pass spills. */ SHARES_ENTROPY, SHARES_ENTROPY_INFO, shares_entropy);

macro_rules! midrange {
    ($float:ident) => {
        Variant { axes: 1, loss: row_wise!($float, Midrange, 1, 0, 0, 0, 2, 2, 0, 0), ..log_softmax!($float) }
    };
}
static MIDRANGE_INFO: LossInfo = info("midrange", &[ROWS, SECOND], &[input("input", &[0, 1], false)], &[], &[MEAN]);
toy!(/** Extremes of both kinds. */ MIDRANGE, MIDRANGE_INFO, midrange);
