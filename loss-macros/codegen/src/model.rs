//! A spec with everything resolved that does not depend on a variant: axes, labels, parameters, divisors. Immutable; made by
//! `resolve`, read by everything after it.

use std::sync::Arc;

use crate::document::{
    CurvatureEntry, DifferenceEntry, ExampleEntry, Formula, KnotEntry, PropertyEntry, RelationEntry, SurrogateEntry,
};
use crate::expr::{AxisId, AxisSet, Constant, ExprId, Graph, InputId, ParamId};
use crate::formula::ast::Ast;
use crate::guide::Guide;
use crate::source::{SourceFile, Spanned};

/// A resolved spec.
#[derive(Clone, Debug)]
pub struct Spec {
    /// The file that it was read from.
    pub file: Arc<SourceFile>,
    /// The loss's name, in snake case.
    pub name: String,
    /// One sentence.
    pub summary: String,
    /// What leads people to it.
    pub guide: Guide,
    /// Papers and documented APIs.
    pub reference: Vec<String>,
    /// The `torch.nn.functional` name that answers the same question, and for which calls.
    pub pytorch: Option<(String, Option<String>)>,
    /// The axes; the first is always the row axis `N`.
    pub axes: Vec<Axis>,
    /// The inputs, in call order.
    pub inputs: Vec<Input>,
    /// The parameters, in call order.
    pub params: Vec<Param>,
    /// The definitions under `let`, in order.
    pub lets: Vec<Let>,
    /// The loss of one place.
    pub loss: Formula,
    /// Every named reduction but `none` and `sum`.
    pub reductions: Vec<Reduction>,
    /// The default reduction: `none`, `sum` or one of `reductions`.
    pub default_reduction: String,
    /// The input that gives the layout: the first with the most axes.
    pub layout: InputId,
    /// Whether the sums of this spec accumulate in `f64`.
    pub accumulate_f64: bool,
    /// What is declared of the second derivative.
    pub curvature: Option<CurvatureEntry>,
    /// The inputs in which there are Hessian-vector products.
    pub hessian_products: Vec<InputId>,
    /// Where the formula is not smooth.
    pub knots: Vec<KnotEntry>,
    /// Where the gradient is not the derivative.
    pub surrogates: Vec<SurrogateEntry>,
    /// The declared properties.
    pub properties: Vec<(Spanned<String>, PropertyEntry)>,
    /// The declared relations.
    pub relations: Vec<RelationEntry>,
    /// The pinned numbers.
    pub examples: Vec<ExampleEntry>,
    /// The declared differences from PyTorch.
    pub differences: Vec<DifferenceEntry>,
}

impl Spec {
    /// The input that second derivatives are of: the one that the spec names, or else the first one with a gradient.
    pub fn prediction(&self) -> Option<InputId> {
        let place = match &self.curvature {
            Some(curvature) => self.inputs.iter().position(|input| input.name == curvature.of.value),
            None => self.inputs.iter().position(Input::has_row_gradients),
        };
        place.map(|place| InputId(place as u8))
    }
}

/// An axis.
#[derive(Clone, Debug)]
pub struct Axis {
    /// The name: `N`, `C`, ….
    pub name: String,
    /// What its places are.
    pub meaning: Option<String>,
    /// Where it lies in the caller's array.
    pub position: Position,
    /// The axis whose places it shares.
    pub like: Option<AxisId>,
    /// The axis whose extent it must have.
    pub size: Option<AxisId>,
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
    /// All dimensions after the named ones.
    Rest,
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
    /// 0 or 1 for each place of an axis
    MultiHot(AxisId),
    /// 1 or -1
    Sign,
    /// A condition.
    Flag,
    /// Whole, >= 0
    Count,
    /// A row of probabilities.
    Simplex(AxisId),
    /// A place on the axis, or the ignored value.
    ClassIndex(AxisId),
    /// Places on the axis up to the first -1.
    IndexList(AxisId),
    /// Equal or not equal.
    Group,
}

impl Label {
    /// The axis that it names.
    pub fn axis(self) -> Option<AxisId> {
        match self {
            Label::MultiHot(axis) | Label::Simplex(axis) | Label::ClassIndex(axis) | Label::IndexList(axis) => {
                Some(axis)
            }
            Label::Real
            | Label::Nonnegative
            | Label::Positive
            | Label::Probability
            | Label::Binary
            | Label::Sign
            | Label::Flag
            | Label::Count
            | Label::Group => None,
        }
    }

    /// Whether callers hand it in as labels, checked before anything is computed and never NaN, rather than as numbers of the compute
    /// type.
    pub fn is_discrete(self) -> bool {
        match self {
            Label::Real | Label::Nonnegative | Label::Positive | Label::Probability | Label::Simplex(_) => false,
            Label::Binary
            | Label::MultiHot(_)
            | Label::Sign
            | Label::Flag
            | Label::Count
            | Label::ClassIndex(_)
            | Label::IndexList(_)
            | Label::Group => true,
        }
    }

    /// Whether it says of each number alone, whatever lies beside it, if it is admitted.
    pub fn is_of_each_number(self) -> bool {
        match self {
            Label::Real
            | Label::Nonnegative
            | Label::Positive
            | Label::Probability
            | Label::Binary
            | Label::MultiHot(_)
            | Label::Sign
            | Label::Flag
            | Label::Count => true,
            Label::Simplex(_) | Label::ClassIndex(_) | Label::IndexList(_) | Label::Group => false,
        }
    }
}

/// An input.
#[derive(Clone, Debug)]
pub struct Input {
    /// The name.
    pub name: String,
    /// The axes, in the order of the caller's array.
    pub axes: Vec<AxisId>,
    /// What it holds.
    pub label: Label,
    /// Whether the loss has a gradient with respect to it.
    pub gradient: bool,
    /// A condition every value must meet.
    pub domain: Option<Ast>,
    /// The parameter whose value marks rows to drop.
    pub ignore: Option<ParamId>,
    /// The value of an absent input.
    pub default: Option<ParamValue>,
    /// May be absent, with no default.
    pub optional: bool,
    /// Axes that may be absent or have extent 1.
    pub broadcast: AxisSet,
    /// What its numbers are.
    pub meaning: Option<String>,
}

impl Input {
    /// Whether a call may leave it out.
    pub fn may_be_absent(&self) -> bool {
        self.optional || self.default.is_some()
    }

    /// Whether all rows read the same numbers: its gradient is a sum over them.
    pub fn is_shared(&self) -> bool {
        !self.axes.contains(&AxisId::ROWS)
    }

    /// Whether every row has a gradient of its own with respect to it.
    pub fn has_row_gradients(&self) -> bool {
        self.gradient && !self.is_shared()
    }
}

/// The kind of a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParamKind {
    /// A real number; bound when called.
    Real,
    /// An integer; bound when called.
    Integer,
    /// An integer out of a list; static.
    StaticInteger(Vec<i64>),
    /// true or false; static.
    Switch,
    /// One of these words; static.
    Choice(Vec<String>),
}

/// A value of a parameter, or of an absent input.
#[derive(Clone, Debug, PartialEq)]
pub enum ParamValue {
    /// A number.
    Number(Constant),
    /// A switch.
    Switch(bool),
    /// A word of a choice.
    Word(String),
}

/// A parameter.
#[derive(Clone, Debug)]
pub struct Param {
    /// The name.
    pub name: String,
    /// The kind.
    pub kind: ParamKind,
    /// The default; none: required, or optional.
    pub default: Option<ParamValue>,
    /// A condition its value must meet.
    pub domain: Option<Ast>,
    /// The domain's source text, for messages.
    pub domain_text: Option<String>,
    /// Whether the reduced loss has a gradient with respect to it.
    pub gradient: bool,
    /// May be absent, with no default.
    pub optional: bool,
    /// What it does.
    pub meaning: Option<String>,
}

impl Param {
    /// Whether its value is fixed before typing.
    pub fn is_static(&self) -> bool {
        match self.kind {
            ParamKind::Real | ParamKind::Integer => false,
            ParamKind::StaticInteger(_) | ParamKind::Switch | ParamKind::Choice(_) => true,
        }
    }

    /// A value as a call carries it: switches as 0 and 1, words by their place in the list, NaN for a word that is not in it.
    pub fn encode(&self, value: &ParamValue) -> f64 {
        match (&self.kind, value) {
            (_, ParamValue::Number(number)) => number.to_f64(),
            (_, ParamValue::Switch(on)) => f64::from(u8::from(*on)),
            (ParamKind::Choice(words), ParamValue::Word(word)) => {
                words.iter().position(|candidate| candidate == word).map_or(f64::NAN, |place| place as f64)
            }
            (
                ParamKind::Real | ParamKind::Integer | ParamKind::StaticInteger(_) | ParamKind::Switch,
                ParamValue::Word(_),
            ) => f64::NAN,
        }
    }
}

/// A definition.
#[derive(Clone, Debug)]
pub struct Let {
    /// The name.
    pub name: Spanned<String>,
    /// The arguments of a local function.
    pub arguments: Option<Vec<String>>,
    /// The body.
    pub body: Formula,
}

/// A named reduction: `sum of / sum over`.
#[derive(Clone, Debug)]
pub struct Reduction {
    /// The name.
    pub name: String,
    /// The summand instead of the loss.
    pub of: Option<Formula>,
    /// The divisor.
    pub over: Divisor,
}

/// What a reduction divides by.
#[derive(Clone, Debug)]
pub enum Divisor {
    /// The number of elements of rows not dropped.
    Elements,
    /// The extent of the first dimension.
    Samples,
    /// The sum of a formula over those elements.
    Sum(Formula),
}

/// What is fixed before typing: static parameters and which optional things are present.
#[derive(Clone, Debug, PartialEq)]
pub struct VariantKey {
    /// The value of each static parameter; `None` for the others.
    pub statics: Vec<Option<ParamValue>>,
    /// Whether each parameter is present (only optional ones can be absent).
    pub params_present: Vec<bool>,
    /// Whether each input is present.
    pub inputs_present: Vec<bool>,
}

/// One variant of a spec, as a typed graph of the formulas as written.
#[derive(Clone, Debug)]
pub struct Variant {
    /// What was fixed.
    pub key: VariantKey,
    /// The graph that holds all of the below.
    pub graph: Graph,
    /// The loss of one place.
    pub loss: ExprId,
    /// The plain definitions of the spec that this variant types (an untaken branch may leave one out).
    pub lets: Vec<(String, ExprId)>,
    /// Per entry of `Spec::reductions`: the summand instead of the loss, and the divisor's summand.
    pub reductions: Vec<VariantReduction>,
    /// Per input: the condition its values must meet; `None` if there is none or it is always true here.
    pub input_domains: Vec<Option<ExprId>>,
    /// Per parameter: likewise.
    pub param_domains: Vec<Option<ExprId>>,
    /// What is declared to be the second derivative; where none of it is, that is the derivative of the gradient.
    pub exact: Vec<DeclaredCurvature>,
    /// The declared curvature that a step of Newton's divides by, if it is not the exact one here.
    pub step: Option<DeclaredCurvature>,
}

/// A declared curvature in a variant.
#[derive(Clone, Copy, Debug)]
pub struct DeclaredCurvature {
    /// Where it is declared; `None` is everywhere. Elsewhere the exact one takes its place.
    pub when: Option<ExprId>,
    /// The curvature.
    pub value: ExprId,
}

/// A reduction's formulas in a variant.
#[derive(Clone, Copy, Debug)]
pub struct VariantReduction {
    /// The summand instead of the loss.
    pub of: Option<ExprId>,
    /// The divisor's summand.
    pub over: Option<ExprId>,
}
