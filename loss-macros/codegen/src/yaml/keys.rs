//! Every key of a spec, what it takes, and what it says: the reader knows no other key, and the schema for editors is made of the same list.

use crate::guide::Task;
use crate::property::{self, Property};
use crate::resolve::label::{Form, LABELS};

/// A key of a map.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// The key.
    pub name: &'static str,
    /// What stands behind it.
    pub takes: Takes,
    /// Whether it must be there.
    pub needed: Needed,
    /// What it says, in a sentence.
    pub says: &'static str,
    /// A value as YAML.
    pub example: &'static str,
}

/// When a key must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needed {
    /// It may be left out.
    Never,
    /// It may not.
    Always,
    /// Only where this one is left out.
    Without(&'static str),
}

impl Needed {
    /// The key whose absence makes it needed.
    pub fn instead_of(self) -> Option<&'static str> {
        match self {
            Self::Without(other) => Some(other),
            Self::Never | Self::Always => None,
        }
    }
}

/// What stands behind a key.
#[derive(Clone, Copy, Debug)]
pub enum Takes {
    /// Words for people.
    Text,
    /// A name that begins with a small letter.
    Name,
    /// A loss, or what it reads: `loss.name`.
    Origin,
    /// The name of an axis.
    Axis,
    /// One of these words.
    Words(&'static [&'static str]),
    /// A label: its word, and the axis in brackets where it has one.
    Label,
    /// `true` or `false`.
    Flag,
    /// A number, which may be `nan`, `inf` or `-inf`.
    Number,
    /// A number, `true`, `false` or a word.
    Value,
    /// A formula on one line or in a `|` block.
    Formula,
    /// `name -> value`
    Limit,
    /// Numbers, words and nested lists of them.
    Data,
    /// A list.
    List(&'static Takes),
    /// A map with these keys.
    Map(&'static [Key]),
    /// A map with free keys.
    Each(&'static Takes),
    /// A map with free keys, of which these have a meaning of their own.
    EachBut(&'static [Key], &'static Takes),
    /// The properties: see [`known_properties`].
    Properties,
    /// One or the other.
    Either(&'static Takes, &'static Takes),
}

const fn key(name: &'static str, takes: Takes, says: &'static str, example: &'static str) -> Key {
    Key { name, takes, needed: Needed::Never, says, example }
}

const fn required(name: &'static str, takes: Takes, says: &'static str, example: &'static str) -> Key {
    Key { name, takes, needed: Needed::Always, says, example }
}

/// A key that must be there where another one is not.
const fn without(other: &'static str, key: Key) -> Key {
    Key { needed: Needed::Without(other), ..key }
}

/// One formula, or cases.
const FORMULA: Takes = Takes::Either(&Takes::Formula, &Takes::Map(CASES));

/// A whole file, in the order of the language.
pub const SPEC: &[Key] = &[
    required("name", Takes::Name, "The loss's name: the file's stem.", "smooth_l1"),
    required("summary", Takes::Text, "What the loss is, in one sentence.", "The absolute difference."),
    key(
        "meaning",
        Takes::Text,
        "What the loss means, in a few sentences.",
        "Small errors count by their square, large ones by their size.",
    ),
    key("task", Takes::Words(&Task::WORDS), "What it is for.", "regression"),
    key("use_when", Takes::Text, "When to take it rather than another.", "a few observations are far off"),
    required(
        "reference",
        Takes::List(&Takes::Text),
        "Papers, and documented APIs with their version.",
        "[ \"Huber, 1964\" ]",
    ),
    key(
        "pytorch",
        Takes::Map(PYTORCH),
        "The function of `torch.nn.functional` that answers the same question.",
        "{ function: l1_loss }",
    ),
    key(
        "aliases",
        Takes::Each(&Takes::List(&Takes::Text)),
        "What libraries call it, by library; the documentation is found by these names.",
        "{ torch: [ HuberLoss ], keras: [ Huber, huber ] }",
    ),
    key("axes", Takes::Each(&Takes::Map(AXIS)), "What differs from the defaults of axes.", "{ C: { position: last } }"),
    required(
        "inputs",
        Takes::Each(&Takes::Map(INPUT)),
        "The arrays of a call, in its order; the first one with the most axes gives the layout.",
        "{ input: { axes: [N], gradient: true } }",
    ),
    key(
        "params",
        Takes::Each(&Takes::Map(PARAM)),
        "Numbers that hold for the whole call, in its order.",
        "{ beta: { default: 1.0 } }",
    ),
    key("let", Takes::Each(&FORMULA), "Definitions, each reading only what stands above it.", "{ r: input - target }"),
    required(
        "loss",
        FORMULA,
        "The loss of one place; its axes are those of the unreduced result.",
        "abs(input - target)",
    ),
    required(
        "reduction",
        Takes::EachBut(REDUCTION, &DIVISOR),
        "How a batch becomes one number. `none` and `sum` always exist.",
        "{ default: mean, mean: elements }",
    ),
    key(
        "curvature",
        Takes::Map(CURVATURE),
        "Second derivatives and bounds of them, for one input.",
        "{ of: input, terms: { exact: { claim: exact } } }",
    ),
    key(
        "hessian_products",
        Takes::List(&Takes::Name),
        "The inputs in which there are Hessian-vector products.",
        "[ input ]",
    ),
    key(
        "knots",
        Takes::List(&Takes::Map(KNOT)),
        "Where the formula is not smooth, and what is chosen there.",
        "[ { at: r == 0, smooth: C0 } ]",
    ),
    key(
        "surrogates",
        Takes::List(&Takes::Map(SURROGATE)),
        "Where the gradient is on purpose not the derivative.",
        "[ { of: v, because: it should learn to rise } ]",
    ),
    key(
        "properties",
        Takes::Properties,
        "What is known of the loss; the audit holds the kernels to it.",
        "{ nonnegative: true }",
    ),
    key(
        "relations",
        Takes::List(&Takes::Map(RELATION)),
        "Formulas that equal this loss, other losses among them.",
        "[ { equals: \"l1(target, input)\" } ]",
    ),
    key(
        "examples",
        Takes::List(&Takes::Map(EXAMPLE)),
        "Numbers worked out by hand or by another library.",
        "[ { given: { input: [1.0], target: [0.0] }, expect: { none: [1.0] }, source: by hand } ]",
    ),
    key(
        "differs_from_pytorch",
        Takes::List(&Takes::Map(DIFFERENCE)),
        "Where PyTorch answers otherwise, and why.",
        "[]",
    ),
    key(
        "accumulate",
        Takes::Words(&["f64"]),
        "The sums of this loss are in double precision whatever the type of the data.",
        "f64",
    ),
];

pub(super) const PYTORCH: &[Key] = &[
    required("function", Takes::Text, "The name in `torch.nn.functional`.", "l1_loss"),
    key("when", Takes::Text, "Which of its calls, in words, where two specs share one function.", "target is integer"),
];

pub(super) const AXIS: &[Key] = &[
    key("meaning", Takes::Text, "What its places are.", "classes"),
    key(
        "position",
        Takes::Words(&["1", "last", "rest"]),
        "Where it lies in the caller's array: the second dimension, the last, or all that follow the named ones.",
        "last",
    ),
    key("like", Takes::Axis, "The axis whose places it shares.", "N"),
    key("size", Takes::Formula, "The extent it must have.", "size(C)"),
];

pub(super) const INPUT: &[Key] = &[
    key(
        "from",
        Takes::Origin,
        "An input of another loss, which says what this entry does not; of the same name, or `loss.input`.",
        "cross_entropy.target",
    ),
    key(
        "axes",
        Takes::List(&Takes::Axis),
        "The axes it varies along; without `N`, all rows share it. Needed without `from`.",
        "[N, C]",
    ),
    key("label", Takes::Label, "What it holds; `real` if missing.", "class_index(C)"),
    key("gradient", Takes::Flag, "Whether the loss has a gradient with respect to it; false if missing.", "true"),
    key("domain", Takes::Formula, "A condition that its values meet.", "\"0 <= weight < inf\""),
    key("ignore", Takes::Name, "The integer parameter whose value marks rows to drop.", "ignore_index"),
    key("default", Takes::Value, "Its value where it is absent.", "1"),
    key("optional", Takes::Flag, "It may be absent and has no value then: read it under `given`.", "true"),
    key("broadcast", Takes::List(&Takes::Axis), "Axes that it may lack or have once.", "[C]"),
    key("meaning", Takes::Text, "Words for the documentation.", "logits"),
];

pub(super) const PARAM: &[Key] = &[
    key(
        "from",
        Takes::Origin,
        "A parameter of another loss, which says what this entry does not; of the same name, or `loss.parameter`.",
        "huber.delta",
    ),
    key(
        "kind",
        Takes::Words(&["real", "integer", "switch", "choice"]),
        "`real` if missing. A switch, a choice and an integer with `values` select code; the others are numbers of the call.",
        "switch",
    ),
    key("default", Takes::Value, "Its value where none is given; required without.", "1.0"),
    key("values", Takes::List(&Takes::Value), "The words of a choice, or the integers that are admitted.", "[1, 2]"),
    key("domain", Takes::Formula, "A condition that it meets.", "\"0 < beta < inf\""),
    key("gradient", Takes::Flag, "Whether the reduced loss has a gradient with respect to it.", "true"),
    key("optional", Takes::Flag, "It may be absent: read it under `given`.", "true"),
    key("meaning", Takes::Text, "Words for the documentation.", "the error at which quadratic turns into linear"),
];

pub(super) const CASES: &[Key] = &[required(
    "cases",
    Takes::List(&Takes::Map(CASE)),
    "The first case that holds is taken.",
    "[ { when: \"r >= 0\", value: r }, { otherwise: -r } ]",
)];

pub(super) const CASE: &[Key] = &[
    key("when", Takes::Formula, "The condition of this case.", "\"r >= 0\""),
    key("value", Takes::Formula, "The value in this case.", "r"),
    key("otherwise", Takes::Formula, "The value where no other case holds; the last case, and no other.", "0"),
];

const REDUCTION: &[Key] = &[required("default", Takes::Name, "The reduction of a call that names none.", "mean")];

/// How a named reduction divides.
const DIVISOR: Takes = Takes::Either(&Takes::Words(&["elements", "samples"]), &Takes::Map(RATIO));

pub(super) const RATIO: &[Key] = &[
    key("of", FORMULA, "What is summed instead of the loss.", "loss / length"),
    required("over", FORMULA, "What is summed for the divisor.", "weight"),
];

pub(super) const CURVATURE: &[Key] = &[
    required("of", Takes::Name, "The input.", "input"),
    required(
        "terms",
        Takes::Each(&Takes::Map(TERM)),
        "The entries, by names of your choice.",
        "{ exact: { claim: exact } }",
    ),
    key("step", Takes::Name, "The entry that a step of Newton's divides by; the exact one if left out.", "upper"),
];

pub(super) const TERM: &[Key] = &[
    required(
        "claim",
        Takes::Words(&["exact", "dominates", "majorizes", "positive"]),
        "What is claimed of the value.",
        "majorizes",
    ),
    key("value", FORMULA, "The value; an exact one may leave it out.", "0.25"),
    key("when", Takes::Formula, "Where it is claimed.", "beta > 0"),
];

pub(super) const KNOT: &[Key] = &[
    required("at", Takes::Formula, "The surface, as an equation.", "r == 0"),
    key("when", Takes::Formula, "For which parameters, labels or places.", "beta > 0"),
    required(
        "smooth",
        Takes::Words(&["jump", "C0", "C1", "C2"]),
        "How the formula crosses it: with a jump, a kink, or so many continuous derivatives.",
        "C0",
    ),
    key("gradient", Takes::Each(&Takes::Formula), "At C0, the subgradient there.", "{ input: 0 }"),
    key("because", Takes::Text, "Why this one.", "an exact hit should not move"),
];

pub(super) const SURROGATE: &[Key] = &[
    required("of", Takes::Name, "The definition that holds the `straight_through`.", "v"),
    required(
        "because",
        Takes::Text,
        "Why the gradient is another's.",
        "a variance below the floor should still learn to rise",
    ),
];

pub(super) const RELATION: &[Key] = &[
    required(
        "equals",
        Takes::Formula,
        "A formula over this spec's names that may call any spec.",
        "\"l1(input, target)\"",
    ),
    key("when", Takes::Formula, "Where it is claimed.", "beta == 0"),
    key("limit", Takes::Limit, "That it is claimed in the limit only.", "\"beta -> 0\""),
    key("with", Takes::Each(&Takes::Formula), "Free variables, and what they range over.", "{ k: \"k > 0\" }"),
    key("up_to", Takes::Name, "An input that alone the difference may depend on.", "target"),
    key("because", Takes::Text, "Why it holds.", "an error has no direction"),
];

pub(super) const EXAMPLE: &[Key] = &[
    required("given", Takes::Each(&Takes::Data), "Inputs and parameters.", "{ input: [1.0], target: [0.0] }"),
    required(
        "expect",
        Takes::EachBut(EXPECTATION, &Takes::Data),
        "What comes out.",
        "{ none: [1.0], gradient: { input: [1.0] } }",
    ),
    required("source", Takes::Text, "How you know.", "by hand"),
    key(
        "tolerance",
        Takes::Number,
        "A share of the expected number; without one, four units in its last place.",
        "1e-14",
    ),
];

const EXPECTATION: &[Key] = &[
    key(
        "gradient",
        Takes::Each(&Takes::Data),
        "The gradients of the unreduced loss, by input and parameter.",
        "{ input: [1.0] }",
    ),
    key("error", Takes::Each(&Takes::Name), "Error codes, by reduction.", "{ mean: zero_divisor }"),
];

pub(super) const DIFFERENCE: &[Key] = &[
    required("what", Takes::Text, "What differs.", "the mean of no elements"),
    without("recorded", key("given", Takes::Each(&Takes::Data), "A call that shows it.", "{ input: [], target: [] }")),
    required("ours", Takes::EachBut(EXPECTATION, &Takes::Data), "Our answer.", "{ error: { mean: zero_divisor } }"),
    without("recorded", key("theirs", Takes::EachBut(EXPECTATION, &Takes::Data), "PyTorch's answer.", "{ mean: nan }")),
    required("because", Takes::Text, "Why ours.", "the mean of nothing is an error"),
    key(
        "recorded",
        Takes::List(&Takes::Text),
        "PyTorch's recorded answers that differ for this reason.",
        "[ public-L1Loss-0014 ]",
    ),
];

/// The names of the labels, and whether an axis belongs to each.
pub fn labels() -> impl Iterator<Item = (&'static str, bool)> {
    LABELS.iter().map(|(name, form)| (*name, matches!(form, Form::Along(_))))
}

/// The properties and what each takes.
pub fn known_properties() -> impl Iterator<Item = (&'static str, Takes)> {
    Property::ALL.iter().map(|property| {
        let takes = match property.takes() {
            property::Takes::Flag | property::Takes::Condition => Takes::Formula,
            property::Takes::Bounds => Takes::List(&Takes::Formula),
            property::Takes::Names | property::Takes::Inputs | property::Takes::Pair => Takes::List(&Takes::Name),
            property::Takes::Axes => Takes::List(&Takes::Axis),
            property::Takes::Numbers | property::Takes::Conditions | property::Takes::Rays | property::Takes::Links => {
                Takes::Each(&Takes::Formula)
            }
            property::Takes::InputAxes => Takes::Each(&Takes::Axis),
        };
        (property.name(), takes)
    })
}
