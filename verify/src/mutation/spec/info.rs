//! What a mutated spec changes in the description of a loss.

use loss_codegen::model::{self, ParamValue, Spec};
use loss_runtime::info::{Divisor, InputInfo, LossInfo, ParamInfo, ReductionInfo};

/// The description of a loss with a mutated spec, as far as mutants change it: defaults, ignored labels, divisors.
pub(super) fn of(original: &LossInfo, spec: &Spec) -> LossInfo {
    let inputs = original.inputs.iter().zip(&spec.inputs).map(|(info, input)| InputInfo {
        ignore: input.ignore.map(|param| usize::from(param.0)),
        default: input.default.as_ref().map(number),
        ..*info
    });
    let params = original.params.iter().zip(&spec.params).map(|(info, param)| ParamInfo {
        default: param.default.as_ref().map(|default| param.encode(default)),
        ..*info
    });
    let reductions = original.reductions.iter().zip(&spec.reductions).map(|(info, reduction)| ReductionInfo {
        divisor: match reduction.over {
            model::Divisor::Elements => Divisor::Elements,
            model::Divisor::Samples => Divisor::Samples,
            model::Divisor::Sum(_) => Divisor::Sum,
        },
        ..*info
    });
    LossInfo {
        inputs: Vec::leak(inputs.collect()),
        params: Vec::leak(params.collect()),
        reductions: Vec::leak(reductions.collect()),
        default_reduction: String::leak(spec.default_reduction.clone()),
        ..*original
    }
}

fn number(value: &ParamValue) -> f64 {
    match value {
        ParamValue::Number(number) => number.to_f64(),
        ParamValue::Switch(on) => f64::from(u8::from(*on)),
        ParamValue::Word(_) => f64::NAN,
    }
}

/// Whether two specs describe a loss alike, formulas aside.
pub(super) fn is_same(ours: &Spec, theirs: &Spec) -> bool {
    let divisor = |divisor: &model::Divisor| match divisor {
        model::Divisor::Elements => 0,
        model::Divisor::Samples => 1,
        model::Divisor::Sum(_) => 2,
    };
    let inputs = ours.inputs.iter().zip(&theirs.inputs);
    let params = ours.params.iter().zip(&theirs.params);
    let reductions = ours.reductions.iter().zip(&theirs.reductions);
    ours.default_reduction == theirs.default_reduction
        && inputs.into_iter().all(|(ours, theirs)| ours.ignore == theirs.ignore && ours.default == theirs.default)
        && params.into_iter().all(|(ours, theirs)| ours.default == theirs.default)
        && reductions.into_iter().all(|(ours, theirs)| divisor(&ours.over) == divisor(&theirs.over))
}
