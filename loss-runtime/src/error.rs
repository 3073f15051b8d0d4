//! What can be wrong with a call, as data: no allocation, no text until someone asks for it.

use core::fmt;

use crate::info::{Label, ReductionInfo};
use crate::lane::Isa;

/// Why a call was refused. Nothing has been written to any output.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Error {
    /// A parameter's value is not admitted.
    Param {
        /// The parameter.
        name: &'static str,
        /// The value given.
        value: f64,
        /// What is allowed.
        allowed: &'static str,
    },
    /// A parameter without a default was not given.
    MissingParam {
        /// The parameter.
        name: &'static str,
    },
    /// No reduction of that name.
    UnknownReduction {
        /// The name given.
        name: Word,
        /// The named ones that there are, beside `none` and `sum`.
        available: &'static [ReductionInfo],
    },
    /// An input that may not be absent is absent.
    MissingInput {
        /// The input.
        name: &'static str,
    },
    /// An input's values have a type that its kind does not admit.
    InputType {
        /// The input.
        input: &'static str,
        /// The type given.
        given: &'static str,
        /// What the input holds.
        label: Label,
    },
    /// An input has the wrong number of dimensions.
    Dimensions {
        /// The input.
        input: &'static str,
        /// How many are expected; more, where other inputs decide.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// A dimension of an input has the wrong extent.
    Shape {
        /// The input.
        input: &'static str,
        /// The dimension, from 0.
        axis: usize,
        /// The extent expected.
        expected: usize,
        /// The extent found.
        found: usize,
    },
    /// A dimension that must not be empty is.
    EmptyAxis {
        /// The input.
        input: &'static str,
        /// The axis.
        axis: &'static str,
    },
    /// An input's slice does not have the length that its shape asks for.
    Length {
        /// The input.
        input: &'static str,
        /// The length expected; with a row stride, the least one.
        expected: usize,
        /// The length found.
        found: usize,
    },
    /// The distance between rows is shorter than a row.
    RowStride {
        /// The input.
        input: &'static str,
        /// The least distance.
        least: usize,
        /// The distance given.
        found: usize,
    },
    /// A value is not one of what the input holds.
    Label {
        /// The input.
        input: &'static str,
        /// The row; 0 for an input that all rows share.
        row: usize,
        /// The place on the second axis, if the input has it.
        column: Option<usize>,
        /// The value.
        value: f64,
        /// What the input holds.
        label: Label,
        /// The extent of the second axis: class indices lie below it.
        extent: usize,
    },
    /// A row of probabilities does not sum to 1.
    RowSum {
        /// The input.
        input: &'static str,
        /// The row.
        row: usize,
        /// The sum.
        sum: f64,
    },
    /// A value breaks the input's declared condition.
    Domain {
        /// The input.
        input: &'static str,
        /// The place in the input's slice.
        index: usize,
        /// The value.
        value: f64,
        /// The condition.
        domain: &'static str,
    },
    /// One value was asked for, and the reduction is `none`.
    NotReduced,
    /// The reduction divides by a sum that is 0: nothing there, all rows dropped, or weights that are all 0.
    ZeroDivisor {
        /// The reduction.
        reduction: &'static str,
    },
    /// An output's slice has the wrong length.
    OutputLength {
        /// `elements`, `curvature`, `product`, or the input whose gradient it is.
        output: &'static str,
        /// The length expected; with a row stride, the least one.
        expected: usize,
        /// The length found.
        found: usize,
    },
    /// A gradient was asked for with respect to an input that has none, or is absent.
    NoGradient {
        /// The input.
        input: &'static str,
    },
    /// A gradient was asked for with respect to a parameter that has none, or is absent.
    NoParamGradient {
        /// The parameter.
        param: &'static str,
    },
    /// A second derivative was asked for, and the loss has no kernels for one.
    NoCurvature {
        /// The loss.
        loss: &'static str,
    },
    /// A Hessian-vector product was asked for in an input, or of a reduction, that the loss has no kernels for.
    NoHessianProduct {
        /// The loss.
        loss: &'static str,
        /// The input.
        input: &'static str,
    },
    /// The direction of a Hessian-vector product has not the length of its input's slice.
    DirectionLength {
        /// The input.
        input: &'static str,
        /// The least number of values that would do.
        expected: usize,
        /// The number of values in the slice.
        found: usize,
    },
    /// The upstream gradient does not have the shape of the value.
    Upstream {
        /// How many numbers the value has.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// The call names an instruction set that this machine does not have, or that this build was not compiled for.
    Isa {
        /// The instruction set.
        isa: Isa,
    },
    /// A right call that the kernels cannot do.
    Unsupported {
        /// What they cannot do.
        what: &'static str,
    },
}

impl Error {
    /// The kind, in one word: `param`, `input`, `shape`, `label`, `domain`, `zero_divisor`, `output` or `unsupported`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Param { .. } | Self::MissingParam { .. } | Self::UnknownReduction { .. } => "param",
            Self::MissingInput { .. } | Self::InputType { .. } => "input",
            Self::Dimensions { .. }
            | Self::Shape { .. }
            | Self::EmptyAxis { .. }
            | Self::Length { .. }
            | Self::RowStride { .. } => "shape",
            Self::Label { .. } | Self::RowSum { .. } => "label",
            Self::Domain { .. } => "domain",
            Self::ZeroDivisor { .. } => "zero_divisor",
            Self::OutputLength { .. }
            | Self::NoGradient { .. }
            | Self::NoParamGradient { .. }
            | Self::NoCurvature { .. }
            | Self::NoHessianProduct { .. }
            | Self::DirectionLength { .. }
            | Self::Upstream { .. }
            | Self::NotReduced => "output",
            Self::Isa { .. } | Self::Unsupported { .. } => "unsupported",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Param { name, value, allowed } => {
                write!(f, "parameter `{name}` is {}; allowed: {allowed}", Short(value))
            }
            Self::MissingParam { name } => {
                write!(f, "parameter `{name}` has no default and was not given")
            }
            Self::UnknownReduction { name, available } => {
                write!(f, "there is no reduction `{name}`; there are `none`, `sum`")?;
                available.iter().try_for_each(|reduction| write!(f, ", `{}`", reduction.name))
            }
            Self::MissingInput { name } => write!(f, "input `{name}` was not given"),
            Self::InputType { input, given, label } => {
                write!(f, "input `{input}` is given as {given}; it holds {}: {}", describe(label), types(label))
            }
            Self::Dimensions { input, expected, found } => {
                write!(f, "input `{input}` has {found} dimensions; expected {expected}")
            }
            Self::Shape { input, axis, expected, found } => {
                write!(f, "dimension {axis} of input `{input}` has extent {found}; expected {expected}")
            }
            Self::EmptyAxis { input, axis } => {
                write!(f, "axis `{axis}` of input `{input}` has extent 0; at least 1 is needed")
            }
            Self::Length { input, expected, found } => {
                write!(f, "input `{input}` has {found} values; its shape asks for {expected}")
            }
            Self::RowStride { input, least, found } => {
                write!(f, "the row stride of input `{input}` is {found}; at least {least} is needed")
            }
            Self::Label { input, row, column, value, label, extent } => {
                write!(f, "input `{input}`, row {row}")?;
                if let Some(column) = column {
                    write!(f, ", place {column}")?;
                }
                write!(f, ": {} is not {}", Short(value), describe(label))?;
                if label == Label::ClassIndex {
                    write!(f, ", 0 to {}", extent.saturating_sub(1))?;
                }
                Ok(())
            }
            Self::RowSum { input, row, sum } => {
                write!(
                    f,
                    "input `{input}`, row {row}: the probabilities sum to {}; allowed: 1 within 0.001",
                    Short(sum)
                )
            }
            Self::Domain { input, index, value, domain } => {
                write!(f, "input `{input}`, value {index}: {} breaks the condition {domain}", Short(value))
            }
            Self::NotReduced => f.write_str("the reduction `none` has many values; ask for them with a buffer"),
            Self::ZeroDivisor { reduction } => {
                write!(f, "reduction `{reduction}` divides by 0: there is nothing to reduce")
            }
            Self::OutputLength { output, expected, found } => {
                write!(f, "output `{output}` has room for {found} values; expected {expected}")
            }
            Self::NoGradient { input } => {
                write!(f, "there is no gradient with respect to input `{input}`")
            }
            Self::NoParamGradient { param } => {
                write!(f, "there is no gradient with respect to parameter `{param}`")
            }
            Self::NoCurvature { loss } => {
                write!(f, "the loss `{loss}` has no second derivative of each place by itself")
            }
            Self::NoHessianProduct { loss, input } => {
                write!(f, "the loss `{loss}` has no Hessian-vector products in `{input}`")
            }
            Self::DirectionLength { input, expected, found } => {
                write!(f, "the direction has {found} values; `{input}`, along which it leads, has {expected}")
            }
            Self::Upstream { expected, found } => {
                write!(f, "the upstream gradient has {found} values; the loss has {expected}")
            }
            Self::Isa { isa } => {
                write!(f, "instruction set `{isa}` is not available: this machine or this build lacks it; there are")?;
                Isa::available()
                    .enumerate()
                    .try_for_each(|(place, isa)| write!(f, "{} `{isa}`", if place == 0 { "" } else { "," }))
            }
            Self::Unsupported { what } => write!(f, "not supported: {what}"),
        }
    }
}

impl core::error::Error for Error {}

/// The beginning of a word that a caller gave: enough to recognise it, and no allocation.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Word {
    bytes: [u8; Word::LONGEST],
    len: u8,
    is_cut: bool,
}

impl Word {
    const LONGEST: usize = 32;
}

impl From<&str> for Word {
    fn from(word: &str) -> Self {
        let len = (0..=word.len().min(Self::LONGEST)).rfind(|&len| word.is_char_boundary(len)).unwrap_or(0);
        let mut bytes = [0; Self::LONGEST];
        bytes[..len].copy_from_slice(&word.as_bytes()[..len]);
        Self { bytes, len: len as u8, is_cut: len < word.len() }
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(core::str::from_utf8(&self.bytes[..self.len.into()]).unwrap_or_default())?;
        f.write_str(if self.is_cut { "…" } else { "" })
    }
}

impl fmt::Debug for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

/// A number in as few characters as read well: one far from 1 with its exponent.
struct Short(f64);

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = self.0.abs();
        if size.is_finite() && size != 0.0 && !(1e-5..1e16).contains(&size) {
            write!(f, "{:e}", self.0)
        } else {
            write!(f, "{}", self.0)
        }
    }
}

/// One value, in words.
fn describe(label: Label) -> &'static str {
    match label {
        Label::Real => "a number",
        Label::Nonnegative => "a number >= 0",
        Label::Positive => "a number > 0",
        Label::Probability | Label::Simplex => "a probability, 0 to 1",
        Label::Binary | Label::MultiHot | Label::Flag => "0 or 1",
        Label::Sign => "1 or -1",
        Label::Count => "a whole number >= 0",
        Label::ClassIndex => "a class index",
        Label::Group => "a group",
    }
}

/// The Rust types that hold it.
fn types(label: Label) -> &'static str {
    match label {
        Label::Real | Label::Nonnegative | Label::Positive | Label::Probability | Label::Simplex => {
            "floats, and the compute type where it has a gradient"
        }
        Label::Binary | Label::MultiHot | Label::Flag => "floats, integers or bool",
        Label::Sign => "floats or signed integers",
        Label::Count => "floats or integers",
        Label::ClassIndex | Label::Group => "integers",
    }
}
