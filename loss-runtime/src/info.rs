//! What a loss is, as data that tools can read: generated from its spec.

/// Everything about a loss but its code.
#[derive(Debug)]
pub struct LossInfo {
    /// The name, in snake case.
    pub name: &'static str,
    /// One sentence.
    pub summary: &'static str,
    /// Papers and documented APIs.
    pub reference: &'static [&'static str],
    /// The `torch.nn.functional` name that answers the same question, and for which calls.
    pub pytorch: Option<(&'static str, Option<&'static str>)>,
    /// What leads people to it.
    pub guide: Guide,
    /// The formula, as text: definitions, one a line, then the loss.
    pub formula: &'static str,
    /// The axes; the first is always the row axis `N`.
    pub axes: &'static [AxisInfo],
    /// The inputs, in call order.
    pub inputs: &'static [InputInfo],
    /// The parameters, in call order.
    pub params: &'static [ParamInfo],
    /// The named reductions beside `none` and `sum`.
    pub reductions: &'static [ReductionInfo],
    /// The default reduction.
    pub default_reduction: &'static str,
    /// The input that gives the layout.
    pub layout: usize,
    /// The declared properties, as text.
    pub properties: &'static [&'static str],
    /// Its second derivative, where every call has kernels for it.
    pub curvature: Option<CurvatureInfo>,
    /// The inputs in which there are Hessian-vector products, by their place in `LossInfo::inputs`.
    pub hessian_products: &'static [usize],
}

/// A second derivative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CurvatureInfo {
    /// The input that it is of, by its place in `LossInfo::inputs`.
    pub input: usize,
    /// What [`Curvature::Step`](crate::call::Curvature::Step) gives, as text; `None` if that is the second derivative.
    pub step: Option<&'static str>,
}

/// What leads people to a loss. All of it may be missing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Guide {
    /// What it means, in a few sentences.
    pub meaning: Option<&'static str>,
    /// What it is for: `regression`, `classification`, `ranking`, `embedding` or `distributions`.
    pub task: Option<&'static str>,
    /// When to take it rather than another.
    pub use_when: Option<&'static str>,
    /// What libraries call it: the library, and its names there.
    pub aliases: &'static [(&'static str, &'static [&'static str])],
}

/// An axis.
#[derive(Debug)]
pub struct AxisInfo {
    /// The name.
    pub name: &'static str,
    /// What its places are.
    pub meaning: Option<&'static str>,
    /// Where it lies in the caller's array.
    pub position: Position,
}

/// Where an axis lies in the caller's array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// The row axis: every dimension that no other axis claims.
    Rows,
    /// The second dimension.
    Second,
    /// The last dimension.
    Last,
}

/// What an input holds, and what is checked of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Label {
    /// Any number.
    Real,
    /// x >= 0
    Nonnegative,
    /// x > 0
    Positive,
    /// 0 <= x <= 1
    Probability,
    /// 0 or 1
    Binary,
    /// 0 or 1 for each place of the second axis
    MultiHot,
    /// 1 or -1
    Sign,
    /// A condition: 0 or 1, false or true.
    Flag,
    /// Whole, >= 0
    Count,
    /// Rows of probabilities that sum to 1 within 1e-3.
    Simplex,
    /// A place on the second axis, or the ignored value.
    ClassIndex,
    /// Equal or not equal.
    Group,
}

/// An input.
#[derive(Debug)]
pub struct InputInfo {
    /// The name.
    pub name: &'static str,
    /// Its axes by their place in `LossInfo::axes`, in the order of the caller's array.
    pub axes: &'static [usize],
    /// What it holds.
    pub label: Label,
    /// Whether the loss has a gradient with respect to it.
    pub gradient: bool,
    /// The condition its values must meet, as text.
    pub domain: Option<&'static str>,
    /// The parameter whose value marks rows to drop, by its place in `LossInfo::params`.
    pub ignore: Option<usize>,
    /// May be absent.
    pub optional: bool,
    /// The value that stands in for it when it is absent, if there is one.
    pub default: Option<f64>,
    /// Axes (by their place in `LossInfo::axes`) that may be absent or have extent 1.
    pub broadcast: &'static [usize],
    /// What its numbers are.
    pub meaning: Option<&'static str>,
}

impl InputInfo {
    /// A required input of which nothing more is declared.
    #[cfg(test)]
    pub(crate) const fn plain(name: &'static str, axes: &'static [usize], label: Label) -> Self {
        Self {
            name,
            axes,
            label,
            gradient: false,
            domain: None,
            ignore: None,
            optional: false,
            default: None,
            broadcast: &[],
            meaning: None,
        }
    }

    /// Whether all rows read the same numbers. Their gradient is then a sum over rows, and not what any row has of its own.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        !self.axes.contains(&0)
    }

    /// Whether every row has a gradient of its own with respect to it.
    #[must_use]
    pub fn has_row_gradients(&self) -> bool {
        self.gradient && !self.is_shared()
    }
}

/// A parameter.
#[derive(Debug)]
pub struct ParamInfo {
    /// The name.
    pub name: &'static str,
    /// Its kind.
    pub kind: ParamKind,
    /// The default, encoded as a number: switches as 0 and 1, choices by their place in the list.
    pub default: Option<f64>,
    /// The condition its value must meet, as text.
    pub domain: Option<&'static str>,
    /// May be absent, with no default.
    pub optional: bool,
    /// Whether the reduced loss has a gradient with respect to it.
    pub gradient: bool,
    /// What it does.
    pub meaning: Option<&'static str>,
}

/// The kind of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParamKind {
    /// A real number.
    Real,
    /// An integer.
    Integer,
    /// One of these integers.
    OneOf(&'static [i64]),
    /// true or false.
    Switch,
    /// One of these words.
    Choice(&'static [&'static str]),
}

/// A named reduction.
#[derive(Debug, PartialEq, Eq)]
pub struct ReductionInfo {
    /// The name.
    pub name: &'static str,
    /// What it divides by.
    pub divisor: Divisor,
    /// What it divides by, as text.
    pub divisor_text: &'static str,
}

/// What a reduction divides by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Divisor {
    /// The number of elements of rows not dropped.
    Elements,
    /// The extent of the first dimension.
    Samples,
    /// The sum of a formula over those elements.
    Sum,
}
