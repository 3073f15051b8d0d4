//! A spec as the runtime describes a loss. What is there for people alone is left out.

use loss_codegen::compile::Compiled;
use loss_codegen::expr::AxisId;
use loss_codegen::formula::print::print;
use loss_codegen::model::{self, Input, Param, ParamValue};
use loss_runtime::info::{
    AxisInfo, CurvatureInfo, Divisor, Guide, InputInfo, Label, LossInfo, ParamInfo, ParamKind, Position, ReductionInfo,
};

/// The description of a loss that is made of this spec. It is never freed, as no loss is.
pub(crate) fn describe(compiled: &Compiled) -> &'static LossInfo {
    let spec = &compiled.spec;
    let is_curved = compiled.plans.iter().all(|plan| plan.loss.curvature.is_some());
    let curvature = spec.prediction().filter(|_| is_curved);
    Box::leak(Box::new(LossInfo {
        name: kept(&spec.name),
        summary: kept(&spec.summary),
        reference: &[],
        pytorch: spec.pytorch.as_ref().map(|(function, when)| (kept(function), when.as_deref().map(kept))),
        guide: Guide { meaning: None, task: None, use_when: None, aliases: &[] },
        formula: "",
        axes: list(spec.axes.iter().map(|axis| AxisInfo {
            name: kept(&axis.name),
            meaning: None,
            position: match axis.position {
                model::Position::Rows => Position::Rows,
                model::Position::Second => Position::Second,
                model::Position::Last | model::Position::Rest => Position::Last,
            },
        })),
        inputs: list(spec.inputs.iter().map(input)),
        params: list(spec.params.iter().map(param)),
        reductions: list(spec.reductions.iter().map(|reduction| ReductionInfo {
            name: kept(&reduction.name),
            divisor: match reduction.over {
                model::Divisor::Elements => Divisor::Elements,
                model::Divisor::Samples => Divisor::Samples,
                model::Divisor::Sum(_) => Divisor::Sum,
            },
            divisor_text: "",
        })),
        default_reduction: kept(&spec.default_reduction),
        layout: usize::from(spec.layout.0),
        properties: &[],
        curvature: curvature.map(|input| CurvatureInfo { input: usize::from(input.0), step: None }),
        hessian_products: list(spec.hessian_products.iter().map(|input| usize::from(input.0))),
    }))
}

fn input(input: &Input) -> InputInfo {
    InputInfo {
        name: kept(&input.name),
        axes: axes(input.axes.iter().copied()),
        label: match input.label {
            model::Label::Real => Label::Real,
            model::Label::Nonnegative => Label::Nonnegative,
            model::Label::Positive => Label::Positive,
            model::Label::Probability => Label::Probability,
            model::Label::Binary => Label::Binary,
            model::Label::MultiHot(_) => Label::MultiHot,
            model::Label::Sign => Label::Sign,
            model::Label::Flag => Label::Flag,
            model::Label::Count => Label::Count,
            model::Label::Simplex(_) => Label::Simplex,
            model::Label::ClassIndex(_) | model::Label::IndexList(_) => Label::ClassIndex,
            model::Label::Group => Label::Group,
        },
        gradient: input.gradient,
        domain: input.domain.as_ref().map(|domain| kept(&print(domain))),
        ignore: input.ignore.map(|param| usize::from(param.0)),
        optional: input.may_be_absent(),
        default: input.default.as_ref().and_then(|default| match default {
            ParamValue::Number(number) => Some(number.to_f64()),
            ParamValue::Switch(on) => Some(f64::from(u8::from(*on))),
            ParamValue::Word(_) => None,
        }),
        broadcast: axes(input.broadcast.iter()),
        meaning: None,
    }
}

fn param(param: &Param) -> ParamInfo {
    ParamInfo {
        name: kept(&param.name),
        kind: match &param.kind {
            model::ParamKind::Real => ParamKind::Real,
            model::ParamKind::Integer => ParamKind::Integer,
            model::ParamKind::StaticInteger(values) => ParamKind::OneOf(list(values.iter().copied())),
            model::ParamKind::Switch => ParamKind::Switch,
            model::ParamKind::Choice(words) => ParamKind::Choice(list(words.iter().map(|word| kept(word)))),
        },
        default: param.default.as_ref().map(|default| param.encode(default)),
        domain: param.domain.as_ref().map(|domain| kept(&print(domain))),
        optional: param.optional,
        gradient: param.gradient,
        meaning: None,
    }
}

fn axes(axes: impl Iterator<Item = AxisId>) -> &'static [usize] {
    list(axes.map(|axis| usize::from(axis.0)))
}

fn kept(text: &str) -> &'static str {
    String::leak(text.to_owned())
}

fn list<T>(items: impl Iterator<Item = T>) -> &'static [T] {
    Vec::leak(items.collect())
}

#[cfg(test)]
mod tests {
    use loss_codegen::compile::compile;
    use loss_codegen::source::SourceFile;
    use loss_runtime::info::{InputInfo, LossInfo, ParamInfo};

    use super::describe;
    use crate::registry::losses;

    #[test]
    fn a_spec_is_described_as_its_compiled_loss_is() {
        let source = |spec: &loss_runtime::SpecFile| SourceFile { path: spec.path.into(), text: spec.text.into() };
        let sources: Vec<SourceFile> = loss_runtime::SPECS.iter().map(source).collect();
        let all = compile(&sources).expect("the library's specs compile");
        assert_eq!(all.len(), losses().losses.len());
        for (compiled, loss) in all.iter().zip(losses().losses) {
            let (ours, theirs) = (describe(compiled), loss.info());
            // All that a call depends on: meanings and texts are for people.
            let text = |info: &LossInfo| {
                let curvature = info.curvature.map(|curvature| curvature.input);
                let reductions: Vec<_> = info.reductions.iter().map(|one| (one.name, one.divisor)).collect();
                let axes: Vec<_> = info.axes.iter().map(|axis| (axis.name, axis.position)).collect();
                let inputs: Vec<String> = (info.inputs.iter())
                    .map(|input| {
                        let InputInfo { name, axes, label, gradient, domain, ignore, .. } = input;
                        let InputInfo { optional, default, broadcast, .. } = input;
                        format!("{name} {axes:?} {label:?} {gradient} {domain:?} {ignore:?} {optional} {default:?} {broadcast:?}")
                    })
                    .collect();
                let params: Vec<String> = (info.params.iter())
                    .map(|param| {
                        let ParamInfo { name, kind, default, domain, optional, gradient, .. } = param;
                        format!("{name} {kind:?} {default:?} {domain:?} {optional} {gradient}")
                    })
                    .collect();
                format!(
                    "{} {:?} {axes:?} {inputs:?} {params:?} {reductions:?} {} {} {curvature:?} {:?}",
                    info.name, info.pytorch, info.default_reduction, info.layout, info.hessian_products
                )
            };
            assert_eq!(text(ours), text(theirs));
        }
    }
}
