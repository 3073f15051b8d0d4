//! The file as data, one to one: keys, scalars and formula trees with their places. Knows nothing of what names mean.

use crate::formula::ast::{Ast, AstKind};
use crate::source::{Span, Spanned};

/// A whole spec file.
#[derive(Clone, Debug)]
pub struct Document {
    /// `name`
    pub name: Spanned<String>,
    /// `summary`
    pub summary: Spanned<String>,
    /// `meaning`, `task`, `use_when`, `aliases`
    pub guide: GuideEntry,
    /// `reference`
    pub reference: Vec<Spanned<String>>,
    /// `pytorch`
    pub pytorch: Option<PyTorch>,
    /// `axes`, in file order.
    pub axes: Vec<(Spanned<String>, AxisEntry)>,
    /// `inputs`, in file order.
    pub inputs: Vec<(Spanned<String>, InputEntry)>,
    /// `params`, in file order.
    pub params: Vec<(Spanned<String>, ParamEntry)>,
    /// `let`, in file order.
    pub lets: Vec<LetEntry>,
    /// `loss`
    pub loss: Formula,
    /// `reduction`
    pub reduction: ReductionEntry,
    /// `curvature`
    pub curvature: Option<CurvatureEntry>,
    /// `hessian_products`
    pub hessian_products: Vec<Spanned<String>>,
    /// `knots`
    pub knots: Vec<KnotEntry>,
    /// `surrogates`
    pub surrogates: Vec<SurrogateEntry>,
    /// `properties`, in file order.
    pub properties: Vec<(Spanned<String>, PropertyEntry)>,
    /// `relations`
    pub relations: Vec<RelationEntry>,
    /// `examples`
    pub examples: Vec<ExampleEntry>,
    /// `differs_from_pytorch`
    pub differences: Vec<DifferenceEntry>,
    /// `accumulate`
    pub accumulate: Option<Spanned<String>>,
}

/// The keys that lead people to the loss.
#[derive(Clone, Debug, Default)]
pub struct GuideEntry {
    /// `meaning`
    pub meaning: Option<Spanned<String>>,
    /// `task`
    pub task: Option<Spanned<String>>,
    /// `use_when`
    pub use_when: Option<Spanned<String>>,
    /// `aliases`, in file order.
    pub aliases: Vec<(Spanned<String>, Vec<Spanned<String>>)>,
}

/// `pytorch: { function, when? }`
#[derive(Clone, Debug)]
pub struct PyTorch {
    /// The `torch.nn.functional` name.
    pub function: Spanned<String>,
    /// Prose: which calls of that function this spec answers.
    pub when: Option<Spanned<String>>,
}

/// A formula: one scalar, or cases.
#[derive(Clone, Debug)]
pub enum Formula {
    /// A scalar, parsed.
    Scalar(Ast),
    /// `{ cases: [...] }`; the last case's condition is `None` (`otherwise`).
    Cases(Vec<Case>),
}

impl Formula {
    /// The formula as one tree: cases become a chain of `if`. Without any case, which the reader refuses, it is `nan`.
    pub fn to_ast(&self) -> Ast {
        let cases = match self {
            Formula::Scalar(ast) => return ast.clone(),
            Formula::Cases(cases) => cases,
        };
        let Some((last, earlier)) = cases.split_last() else {
            return Ast { kind: AstKind::Name("nan".to_owned()), span: Span::default() };
        };
        earlier.iter().rev().fold(last.value.clone(), |otherwise, case| match &case.when {
            // An `otherwise` that is not the last case hides what follows it.
            None => case.value.clone(),
            Some(when) => Ast {
                kind: AstKind::If(Box::new(when.clone()), Box::new(case.value.clone()), Box::new(otherwise)),
                span: case.span,
            },
        })
    }
}

/// One entry of `cases`.
#[derive(Clone, Debug)]
pub struct Case {
    /// `when`; `None` for `otherwise`.
    pub when: Option<Ast>,
    /// `value` (or what stands after `otherwise`).
    pub value: Ast,
    /// The entry's place.
    pub span: Span,
}

/// An entry of `axes`.
#[derive(Clone, Debug, Default)]
pub struct AxisEntry {
    /// `meaning`
    pub meaning: Option<Spanned<String>>,
    /// `position`: `1`, `last` or `rest`.
    pub position: Option<Spanned<String>>,
    /// `like`
    pub like: Option<Spanned<String>>,
    /// `size`
    pub size: Option<Ast>,
}

/// An entry of `inputs`.
#[derive(Clone, Debug)]
pub struct InputEntry {
    /// `from`: the input of another loss that says what this entry does not.
    pub from: Option<Spanned<String>>,
    /// `axes`; `None` where the entry leaves them to the one that it is `from`.
    pub axes: Option<Vec<Spanned<String>>>,
    /// `label`, e.g. `class_index(C)`.
    pub label: Option<Spanned<String>>,
    /// `gradient`
    pub gradient: bool,
    /// `domain`
    pub domain: Option<Ast>,
    /// `ignore`
    pub ignore: Option<Spanned<String>>,
    /// `default`: a number or boolean by its source text.
    pub default: Option<Spanned<String>>,
    /// `optional`
    pub optional: bool,
    /// `broadcast`
    pub broadcast: Vec<Spanned<String>>,
    /// `meaning`
    pub meaning: Option<Spanned<String>>,
}

/// An entry of `params`.
#[derive(Clone, Debug)]
pub struct ParamEntry {
    /// `from`: the parameter of another loss that says what this entry does not.
    pub from: Option<Spanned<String>>,
    /// `kind`: `real`, `integer`, `switch`, `choice`.
    pub kind: Option<Spanned<String>>,
    /// `default`, by its source text.
    pub default: Option<Spanned<String>>,
    /// `values`
    pub values: Vec<Spanned<String>>,
    /// `domain`
    pub domain: Option<Ast>,
    /// `gradient`; the place of its value where it is `true`.
    pub gradient: Option<Span>,
    /// `optional`
    pub optional: bool,
    /// `meaning`
    pub meaning: Option<Spanned<String>>,
}

/// An entry of `let`: `name: formula` or `name(a, b): formula`.
#[derive(Clone, Debug)]
pub struct LetEntry {
    /// The name.
    pub name: Spanned<String>,
    /// The arguments of a local function; `None` for a plain definition.
    pub arguments: Option<Vec<Spanned<String>>>,
    /// The body.
    pub body: Formula,
}

/// `reduction`
#[derive(Clone, Debug)]
pub struct ReductionEntry {
    /// `default`
    pub default: Spanned<String>,
    /// The other keys: name and divisor.
    pub named: Vec<(Spanned<String>, DivisorEntry)>,
}

/// How a named reduction divides.
#[derive(Clone, Debug)]
pub enum DivisorEntry {
    /// `elements` or `samples`.
    Word(Spanned<String>),
    /// `{ of?, over }`
    Ratio {
        /// The summand instead of `loss`.
        of: Option<Formula>,
        /// What is summed for the divisor.
        over: Formula,
    },
}

/// `curvature`
#[derive(Clone, Debug)]
pub struct CurvatureEntry {
    /// `of`
    pub of: Spanned<String>,
    /// `terms`
    pub terms: Vec<(Spanned<String>, CurvatureTerm)>,
    /// `step`
    pub step: Option<Spanned<String>>,
}

/// An entry of `curvature.terms`.
#[derive(Clone, Debug)]
pub struct CurvatureTerm {
    /// `claim`
    pub claim: Spanned<String>,
    /// `value`
    pub value: Option<Formula>,
    /// `when`
    pub when: Option<Ast>,
}

/// An entry of `knots`.
#[derive(Clone, Debug)]
pub struct KnotEntry {
    /// `at`
    pub at: Ast,
    /// `when`
    pub when: Option<Ast>,
    /// `smooth`: `jump`, `C0`, `C1`, `C2`.
    pub smooth: Spanned<String>,
    /// `gradient`
    pub gradient: Vec<(Spanned<String>, Ast)>,
    /// `because`
    pub because: Option<Spanned<String>>,
    /// The loss that declares it, where a loss that is made of that one takes it over.
    pub carried_from: Option<String>,
}

/// An entry of `surrogates`.
#[derive(Clone, Debug)]
pub struct SurrogateEntry {
    /// `of`
    pub of: Spanned<String>,
    /// `because`
    pub because: Spanned<String>,
}

/// The value of a property.
#[derive(Clone, Debug)]
pub enum PropertyEntry {
    /// `true`, a condition, or a word: one formula.
    Formula(Ast),
    /// `[ a, b ]`: names or formulas.
    List(Vec<Ast>),
    /// `{ input: formula }`
    Map(Vec<(Spanned<String>, Ast)>),
}

/// An entry of `relations`.
#[derive(Clone, Debug)]
pub struct RelationEntry {
    /// `equals`
    pub equals: Ast,
    /// `when`
    pub when: Option<Ast>,
    /// `limit`: the parameter, and what it goes to.
    pub limit: Option<(Spanned<String>, Ast)>,
    /// `with`: free variables and their domains.
    pub with: Vec<(Spanned<String>, Ast)>,
    /// `up_to`
    pub up_to: Option<Spanned<String>>,
    /// `because`
    pub because: Option<Spanned<String>>,
}

/// Numbers, words and nested lists, as examples hold them.
#[derive(Clone, Debug, PartialEq)]
pub enum Data {
    /// A number (`nan`, `inf`, `-inf` included), by its source text.
    Number(Spanned<String>),
    /// `true` or `false`.
    Boolean(Spanned<bool>),
    /// Any other word.
    Word(Spanned<String>),
    /// A list.
    List(Vec<Data>, Span),
}

/// What an example or a difference expects.
#[derive(Clone, Debug, Default)]
pub struct Expectation {
    /// `none`, `sum`, `mean`, …: the value under that reduction.
    pub values: Vec<(Spanned<String>, Data)>,
    /// `gradient`: of `none` with upstream 1, by input and parameter.
    pub gradient: Vec<(Spanned<String>, Data)>,
    /// `error`: reduction and error code.
    pub error: Vec<(Spanned<String>, Spanned<String>)>,
}

/// An entry of `examples`.
#[derive(Clone, Debug)]
pub struct ExampleEntry {
    /// `given`: inputs and params.
    pub given: Vec<(Spanned<String>, Data)>,
    /// `expect`
    pub expect: Expectation,
    /// `source`
    pub source: Spanned<String>,
    /// `tolerance`, by its source text.
    pub tolerance: Option<Spanned<String>>,
}

impl ExampleEntry {
    /// What is given for an input or a parameter.
    pub(crate) fn data_of(&self, name: &str) -> Option<&Data> {
        self.given.iter().find(|(given, _)| given.value == name).map(|(_, data)| data)
    }
}

/// An entry of `differs_from_pytorch`.
#[derive(Clone, Debug)]
pub struct DifferenceEntry {
    /// `what`
    pub what: Spanned<String>,
    /// A call that shows it.
    pub shown: Option<ShownDifference>,
    /// `ours`
    pub ours: Expectation,
    /// `because`
    pub because: Spanned<String>,
    /// `recorded`: the ids of PyTorch's recorded answers that differ for this reason.
    pub recorded: Vec<Spanned<String>>,
}

/// The call that shows a difference, and PyTorch's answer to it.
#[derive(Clone, Debug)]
pub struct ShownDifference {
    /// `given`
    pub given: Vec<(Spanned<String>, Data)>,
    /// `theirs`
    pub theirs: Expectation,
}
