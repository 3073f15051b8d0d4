//! Labels as their text writes them: `sign`, `class_index(C)`, ….

use crate::expr::AxisId;
use crate::model::Label;

/// What a label's text says, before its axis is looked up.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Form {
    /// A label that stands alone.
    Plain(Label),
    /// A label of the places on an axis.
    Along(fn(AxisId) -> Label),
}

/// Every label and its form.
pub(crate) const LABELS: &[(&str, Form)] = &[
    ("real", Form::Plain(Label::Real)),
    ("nonnegative", Form::Plain(Label::Nonnegative)),
    ("positive", Form::Plain(Label::Positive)),
    ("probability", Form::Plain(Label::Probability)),
    ("binary", Form::Plain(Label::Binary)),
    ("multi_hot", Form::Along(Label::MultiHot)),
    ("sign", Form::Plain(Label::Sign)),
    ("flag", Form::Plain(Label::Flag)),
    ("count", Form::Plain(Label::Count)),
    ("simplex", Form::Along(Label::Simplex)),
    ("class_index", Form::Along(Label::ClassIndex)),
    ("index_list", Form::Along(Label::IndexList)),
    ("group", Form::Plain(Label::Group)),
];

/// `word` or `word(Axis)`: the word, and the axis if one is named. `None` if the text has another shape.
pub(crate) fn split(text: &str) -> Option<(&str, Option<&str>)> {
    let text = text.trim();
    match text.split_once('(') {
        None => Some((text, None)),
        Some((word, rest)) => {
            let axis = rest.strip_suffix(')')?.trim();
            is_axis_name(axis).then_some((word.trim_end(), Some(axis)))
        }
    }
}

/// Whether a name is spelled as axes are.
pub(crate) fn is_axis_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_uppercase()) && name.chars().all(|c| c.is_ascii_alphanumeric())
}

/// The word of a label, and the axis that it names.
pub(crate) fn text(label: Label) -> Option<(&'static str, Option<AxisId>)> {
    let axis = label.axis();
    let is_it = |form: &Form| match form {
        Form::Plain(plain) => *plain == label,
        Form::Along(along) => axis.is_some_and(|axis| along(axis) == label),
    };
    LABELS.iter().find(|(_, form)| is_it(form)).map(|(word, _)| (*word, axis))
}
