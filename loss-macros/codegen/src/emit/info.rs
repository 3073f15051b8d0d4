//! A spec's description as the runtime's static data.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use crate::document::{Formula, PropertyEntry};
use crate::expr::InputId;
use crate::formula::print::print;
use crate::guide::Task;
use crate::model::{Divisor, Input, Label, Param, ParamKind, ParamValue, Position, Spec};

pub(super) fn info(spec: &Spec, prediction: Option<InputId>) -> TokenStream {
    let Spec { name, summary, .. } = spec;
    let reference = &spec.reference;
    let pytorch = match &spec.pytorch {
        Some((function, when)) => {
            let when = text(when.as_deref());
            quote!(Some((#function, #when)))
        }
        None => quote!(None),
    };
    let guide = guide(spec);
    let formula = formula_text(spec);
    let axes = spec.axes.iter().map(|axis| {
        let (name, meaning) = (&axis.name, text(axis.meaning.as_deref()));
        let position = match axis.position {
            Position::Rows => quote!(Position::Rows),
            Position::Second => quote!(Position::Second),
            Position::Last | Position::Rest => quote!(Position::Last),
        };
        quote!(AxisInfo { name: #name, meaning: #meaning, position: #position })
    });
    let inputs = spec.inputs.iter().map(input);
    let params = spec.params.iter().map(param);
    let reductions = spec.reductions.iter().map(|reduction| {
        let name = &reduction.name;
        let (divisor, over) = match &reduction.over {
            Divisor::Elements => (quote!(Divisor::Elements), "the number of elements".to_owned()),
            Divisor::Samples => (quote!(Divisor::Samples), "the extent of the first dimension".to_owned()),
            Divisor::Sum(formula) => (quote!(Divisor::Sum), format!("the sum of {}", print(&formula.to_ast()))),
        };
        let over = match &reduction.of {
            Some(of) => format!("{over}; summed is {}", print(&of.to_ast())),
            None => over,
        };
        quote!(ReductionInfo { name: #name, divisor: #divisor, divisor_text: #over })
    });
    let default_reduction = &spec.default_reduction;
    let layout = Literal::usize_unsuffixed(spec.layout.0.into());
    let properties = spec.properties.iter().map(|(name, entry)| property_text(&name.value, entry));
    let curvature = match prediction {
        Some(input) => {
            let input = Literal::usize_unsuffixed(input.0.into());
            let step = text(step_text(spec).as_deref());
            quote!(Some(CurvatureInfo { input: #input, step: #step }))
        }
        None => quote!(None),
    };
    let hessian_products = spec.hessian_products.iter().map(|input| Literal::usize_unsuffixed(input.0.into()));
    quote! {
        LossInfo {
            name: #name,
            summary: #summary,
            reference: &[#(#reference),*],
            pytorch: #pytorch,
            guide: #guide,
            formula: #formula,
            axes: &[#(#axes),*],
            inputs: &[#(#inputs),*],
            params: &[#(#params),*],
            reductions: &[#(#reductions),*],
            default_reduction: #default_reduction,
            layout: #layout,
            properties: &[#(#properties),*],
            curvature: #curvature,
            hessian_products: &[#(#hessian_products),*],
        }
    }
}

fn guide(spec: &Spec) -> TokenStream {
    let guide = &spec.guide;
    let (meaning, use_when) = (text(guide.meaning.as_deref()), text(guide.use_when.as_deref()));
    let task = text(guide.task.map(Task::word));
    let aliases = guide.aliases.iter().map(|(library, names)| quote!((#library, &[#(#names),*])));
    quote!(Guide { meaning: #meaning, task: #task, use_when: #use_when, aliases: &[#(#aliases),*] })
}

/// What `curvature.step` gives, if it is not the second derivative itself: `1 / beta where beta > 0`.
pub(crate) fn step_text(spec: &Spec) -> Option<String> {
    let curvature = spec.curvature.as_ref()?;
    let step = curvature.step.as_ref()?;
    let (_, term) = curvature.terms.iter().find(|(name, _)| name.value == step.value)?;
    let value = term.value.as_ref().filter(|_| term.claim.value != "exact")?;
    let value = print(&value.to_ast());
    Some(match &term.when {
        Some(when) => format!("{value} where {}", print(when)),
        None => value,
    })
}

/// The definitions, one a line, then the loss.
pub fn formula_text(spec: &Spec) -> String {
    let mut lines = Vec::new();
    for definition in &spec.lets {
        let arguments = definition.arguments.as_ref().map_or(String::new(), |names| format!("({})", names.join(", ")));
        lines.push(described(&format!("{}{arguments}", definition.name.value), &definition.body));
    }
    lines.push(described("loss", &spec.loss));
    lines.join("\n")
}

/// `name = formula`, cases one a line.
fn described(name: &str, formula: &Formula) -> String {
    match formula {
        Formula::Scalar(ast) => format!("{name} = {}", print(ast)),
        Formula::Cases(cases) => {
            let mut text = format!("{name} =");
            for case in cases {
                text.push_str(&match &case.when {
                    Some(when) => format!("\n    {}  if {}", print(&case.value), print(when)),
                    None => format!("\n    {}  otherwise", print(&case.value)),
                });
            }
            text
        }
    }
}

fn text(value: Option<&str>) -> TokenStream {
    match value {
        Some(value) => quote!(Some(#value)),
        None => quote!(None),
    }
}

pub(super) fn number(value: f64) -> TokenStream {
    if value.is_nan() {
        return quote!(f64::NAN);
    }
    let magnitude = if value.is_infinite() {
        quote!(f64::INFINITY)
    } else {
        let literal = Literal::f64_unsuffixed(value.abs());
        quote!(#literal)
    };
    if value < 0.0 { quote!(-#magnitude) } else { magnitude }
}

fn input(input: &Input) -> TokenStream {
    let name = &input.name;
    let axes = input.axes.iter().map(|axis| Literal::usize_unsuffixed(axis.0.into()));
    let label = match input.label {
        Label::Real => quote!(Real),
        Label::Nonnegative => quote!(Nonnegative),
        Label::Positive => quote!(Positive),
        Label::Probability => quote!(Probability),
        Label::Binary => quote!(Binary),
        Label::MultiHot(_) => quote!(MultiHot),
        Label::Sign => quote!(Sign),
        Label::Flag => quote!(Flag),
        Label::Count => quote!(Count),
        Label::Simplex(_) => quote!(Simplex),
        Label::ClassIndex(_) | Label::IndexList(_) => quote!(ClassIndex),
        Label::Group => quote!(Group),
    };
    let gradient = input.gradient;
    let domain = text(input.domain.as_ref().map(print).as_deref());
    let ignore = match input.ignore {
        Some(param) => {
            let place = Literal::usize_unsuffixed(param.0.into());
            quote!(Some(#place))
        }
        None => quote!(None),
    };
    let optional = input.may_be_absent();
    let default = match &input.default {
        Some(ParamValue::Number(constant)) => {
            let value = number(constant.to_f64());
            quote!(Some(#value))
        }
        Some(ParamValue::Switch(on)) => {
            let value = number(f64::from(u8::from(*on)));
            quote!(Some(#value))
        }
        Some(ParamValue::Word(_)) | None => quote!(None),
    };
    let broadcast = input.broadcast.iter().map(|axis| Literal::usize_unsuffixed(axis.0.into()));
    let meaning = text(input.meaning.as_deref());
    quote! {
        InputInfo {
            name: #name,
            axes: &[#(#axes),*],
            label: Label::#label,
            gradient: #gradient,
            domain: #domain,
            ignore: #ignore,
            optional: #optional,
            default: #default,
            broadcast: &[#(#broadcast),*],
            meaning: #meaning,
        }
    }
}

fn param(param: &Param) -> TokenStream {
    let name = &param.name;
    let kind = match &param.kind {
        ParamKind::Real => quote!(ParamKind::Real),
        ParamKind::Integer => quote!(ParamKind::Integer),
        ParamKind::StaticInteger(values) => {
            let values = values.iter().map(|&value| Literal::i64_unsuffixed(value));
            quote!(ParamKind::OneOf(&[#(#values),*]))
        }
        ParamKind::Switch => quote!(ParamKind::Switch),
        ParamKind::Choice(words) => quote!(ParamKind::Choice(&[#(#words),*])),
    };
    let default = match &param.default {
        Some(value) => {
            let value = number(param.encode(value));
            quote!(Some(#value))
        }
        None => quote!(None),
    };
    let domain = text(param.domain.as_ref().map(print).as_deref());
    let (optional, gradient) = (param.optional, param.gradient);
    let meaning = text(param.meaning.as_deref());
    quote! {
        ParamInfo {
            name: #name,
            kind: #kind,
            default: #default,
            domain: #domain,
            optional: #optional,
            gradient: #gradient,
            meaning: #meaning,
        }
    }
}

/// A property as text: `convex_in: [input, target]`.
pub(crate) fn property_text(name: &str, entry: &PropertyEntry) -> String {
    match entry {
        PropertyEntry::Formula(ast) => match print(ast).as_str() {
            "true" => name.to_owned(),
            condition => format!("{name}: {condition}"),
        },
        PropertyEntry::List(items) => {
            format!("{name}: [{}]", items.iter().map(print).collect::<Vec<_>>().join(", "))
        }
        PropertyEntry::Map(entries) => {
            let entries: Vec<String> =
                entries.iter().map(|(key, ast)| format!("{}: {}", key.value, print(ast))).collect();
            format!("{name}: {{ {} }}", entries.join(", "))
        }
    }
}
