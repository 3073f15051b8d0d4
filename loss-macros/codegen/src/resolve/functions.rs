//! The functions that formulas may call, by name, and the words that no spec may take for itself.

use crate::expr::{Binary, Reducer, Unary};

/// What a function name means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Function {
    /// A function of one real.
    Unary(Unary),
    /// A function of two reals.
    Binary(Binary),
    /// A function of two reals, or a reduction where axes stand before the argument: `max`, `min`.
    Either(Binary, Reducer),
    /// A reduction of one operand.
    Reduce(Reducer),
    /// `norm(A, x, p)`
    Norm,
    /// `dot(A, x, y)`
    Dot,
    /// `softmax(A, x)`
    Softmax,
    /// `log_softmax(A, x)`
    LogSoftmax,
    /// `one_hot(A, i)`
    OneHot,
    /// `size(A)`
    Size,
    /// `index(A)`
    Index,
    /// `given(x)`
    Given,
}

/// Every function, in the order in which the language lists them.
pub(crate) const FUNCTIONS: &[(&str, Function)] = &[
    ("abs", Function::Unary(Unary::Abs)),
    ("sign", Function::Unary(Unary::Sign)),
    ("relu", Function::Unary(Unary::Relu)),
    ("max", Function::Either(Binary::Max, Reducer::Max)),
    ("min", Function::Either(Binary::Min, Reducer::Min)),
    ("sqrt", Function::Unary(Unary::Sqrt)),
    ("exp", Function::Unary(Unary::Exp)),
    ("expm1", Function::Unary(Unary::Expm1)),
    ("sin", Function::Unary(Unary::Sin)),
    ("cos", Function::Unary(Unary::Cos)),
    ("tan", Function::Unary(Unary::Tan)),
    ("sinh", Function::Unary(Unary::Sinh)),
    ("cosh", Function::Unary(Unary::Cosh)),
    ("tanh", Function::Unary(Unary::Tanh)),
    ("atan", Function::Unary(Unary::Atan)),
    ("acos", Function::Unary(Unary::Acos)),
    ("log", Function::Unary(Unary::Log)),
    ("log1p", Function::Unary(Unary::Log1p)),
    ("sigmoid", Function::Unary(Unary::Sigmoid)),
    ("softplus", Function::Unary(Unary::Softplus)),
    ("logaddexp", Function::Binary(Binary::Logaddexp)),
    ("lgamma", Function::Unary(Unary::Lgamma)),
    ("erf", Function::Unary(Unary::Erf)),
    ("log_normal_cdf", Function::Unary(Unary::LogNormalCdf)),
    ("weigh", Function::Binary(Binary::Weigh)),
    ("detach", Function::Unary(Unary::Detach)),
    ("straight_through", Function::Binary(Binary::StraightThrough)),
    ("given", Function::Given),
    ("sum", Function::Reduce(Reducer::Sum)),
    ("dot", Function::Dot),
    ("mean", Function::Reduce(Reducer::Mean)),
    ("logsumexp", Function::Reduce(Reducer::Logsumexp)),
    ("norm", Function::Norm),
    ("simplex_threshold", Function::Reduce(Reducer::SimplexThreshold)),
    ("any", Function::Reduce(Reducer::Any)),
    ("all", Function::Reduce(Reducer::All)),
    ("softmax", Function::Softmax),
    ("log_softmax", Function::LogSoftmax),
    ("size", Function::Size),
    ("index", Function::Index),
    ("one_hot", Function::OneHot),
];

/// The function of a name.
pub(crate) fn function(name: &str) -> Option<Function> {
    FUNCTIONS.iter().find(|(known, _)| *known == name).map(|(_, function)| *function)
}

const WORDS: &[&str] =
    &["if", "then", "else", "and", "or", "not", "where", "true", "false", "pi", "inf", "nan", "loss"];

// Names become identifiers of the generated code.
const RUST_KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn", "enum",
    "extern", "final", "fn", "for", "gen", "impl", "in", "let", "loop", "macro", "match", "mod", "move", "mut",
    "override", "priv", "pub", "ref", "return", "self", "static", "struct", "super", "trait", "try", "type", "typeof",
    "unsafe", "unsized", "use", "virtual", "while", "yield",
];

// Every generated type has methods and arguments of these names.
const METHODS: &[&str] = &[
    "backward",
    "call",
    "curvature",
    "curvature_into",
    "direction",
    "elements",
    "execution",
    "forward",
    "forward_backward",
    "forward_backward_into",
    "forward_into",
    "grad",
    "grad_hess_into",
    "gradients",
    "hess",
    "hessian_vector_into",
    "new",
    "partial",
    "product",
    "reduction",
    "upstream",
];

// A loss is a module and a type of the crate, beside these modules and functions, and types of these names.
const CRATE: &[&str] = &[
    "array",
    "call",
    "call_constants",
    "curvature",
    "curvature_info",
    "curvatures",
    "definition",
    "drive",
    "element",
    "elementwise",
    "err",
    "error",
    "execution",
    "export",
    "info",
    "job",
    "kernel",
    "labels",
    "lane",
    "layout",
    "losses",
    "math",
    "none",
    "ok",
    "option",
    "outcome",
    "partial",
    "reduction",
    "registry",
    "request",
    "result",
    "row_wise",
    "run",
    "self",
    "shape",
    "shape_of_none",
    "some",
    "string",
    "sum",
    "tensor",
    "uniform",
    "upstream",
    "variant",
    "variant_key",
    "vec",
    "want",
];

/// Why no loss may have this name; `None` if one may.
pub(crate) fn reserved_for_losses(name: &str) -> Option<&'static str> {
    reserved(name).or_else(|| CRATE.contains(&name).then_some("the crate has a module, function or type of that name"))
}

/// Why no input and no parameter may have this name; `None` if one may.
pub(crate) fn reserved_for_arguments(name: &str) -> Option<&'static str> {
    METHODS.contains(&name).then_some("the generated type has a method or an argument of that name")
}

/// Why a spec may not give this name to an input, parameter or definition; `None` if it may.
pub(crate) fn reserved(name: &str) -> Option<&'static str> {
    if function(name).is_some() {
        Some("it is a function")
    } else if WORDS.contains(&name) {
        Some("the formula language uses it")
    } else if RUST_KEYWORDS.contains(&name) {
        Some("it is a keyword of Rust")
    } else {
        None
    }
}
