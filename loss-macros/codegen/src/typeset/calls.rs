//! Functions and reductions.

use crate::formula::ast::{Ast, Call, NamedArgument};

use crate::markup::Escaped;

use super::Typesetter;
use super::names::{Scope, identifier};
use super::piece::{Level, Piece, brackets, exponential, fraction, root};

impl Typesetter<'_> {
    pub(super) fn call(&self, call: &Call, scope: &Scope) -> Piece {
        let known = if self.own.contains(call.name.value.as_str()) {
            None
        } else if call.axes.is_empty() {
            self.function(call, scope)
        } else {
            self.reduction(call, scope)
        };
        known.unwrap_or_else(|| self.other(call, scope))
    }

    /// A function that has a notation of its own.
    fn function(&self, call: &Call, scope: &Scope) -> Option<Piece> {
        let set = |ast: &Ast| self.formula(ast, scope);
        let argument = |place: usize| call.arguments.get(place).map(set);
        let first = argument(0)?;
        let infix = |x: &Piece, sign: &str, y: &Piece| {
            let (x, y) = (x.at_least(Level::Sum), y.at_least(Level::Series));
            Piece::new(format!("<mrow>{x}<mo>{sign}</mo>{y}</mrow>"), Level::Sum)
        };
        let one = || Piece::atom("<mn>1</mn>".to_owned());
        Some(match (call.name.value.as_str(), call.arguments.len()) {
            ("abs", 1) => Piece::atom(brackets("|", &first.markup, "|")),
            ("sqrt", 1) => root(&first.markup),
            ("exp", 1) => exponential(&first.markup),
            ("expm1", 1) => infix(&exponential(&first.markup), "−", &one()),
            ("log1p", 1) => applied("log", &infix(&one(), "+", &first)),
            ("relu", 1) => several("max", &["<mn>0</mn>".to_owned(), first.markup]),
            ("sign", 1) => applied("sgn", &first),
            ("sigmoid", 1) => applied("σ", &first),
            ("softplus", 1) => applied("log", &infix(&one(), "+", &exponential(&first.markup))),
            ("log_cosh", 1) => applied("log", &applied("cosh", &first)),
            ("lgamma", 1) => applied("log", &applied("Γ", &first)),
            ("digamma", 1) => applied("ψ", &first),
            ("log_normal_cdf", 1) => applied("log", &applied("Φ", &first)),
            // What is held fixed, and what only says how a number is computed, is the number itself.
            ("detach" | "weighed", 1) => first,
            ("indicator", 1) => Piece::atom(brackets("[", &first.markup, "]")),
            ("weigh", 2) => {
                let (weight, value) = (first.at_least(Level::Product), argument(1)?.at_least(Level::Fraction));
                Piece::new(format!("<mrow>{weight}<mo>⋅</mo>{value}</mrow>"), Level::Product)
            }
            ("logaddexp", 2) => {
                let sum = infix(&exponential(&first.markup), "+", &exponential(&argument(1)?.markup));
                applied("log", &sum)
            }
            ("share", 2) => exponential(&infix(&first, "−", &argument(1)?).markup),
            ("share_of_others", 2) => infix(&one(), "−", &exponential(&infix(&first, "−", &argument(1)?).markup)),
            ("excess", 2) => infix(&first, "−", &argument(1)?),
            ("others", 2) => infix(&argument(1)?, "−", &first),
            _ => return None,
        })
    }

    /// What runs along axes and has a notation of its own.
    fn reduction(&self, call: &Call, scope: &Scope) -> Option<Piece> {
        let name = call.name.value.as_str();
        let [axis] = call.axes.as_slice() else { return None };
        let inner = scope.within(&axis.value);
        let index = inner.index(&axis.value)?;
        let places = format!("<mrow><mo>|</mo><mi>{}</mi><mo>|</mo></mrow>", Escaped(&axis.value));
        let set = |place: usize| call.arguments.get(place).map(|argument| self.formula(argument, &inner));
        let below = match &call.filter {
            None => index,
            Some(filter) => format!("<mrow>{index}<mo>:</mo>{}</mrow>", self.formula(filter, &inner).markup),
        };
        let sum = |summand: &Piece| {
            let summand = summand.at_least(Level::Series);
            Piece::new(format!("<mrow><munder><mo>∑</mo>{below}</munder>{summand}</mrow>"), Level::Series)
        };
        let limit = |word: &str, of: &Piece| {
            let of = of.at_least(Level::Product);
            Piece::new(
                format!("<mrow><munder><mi>{word}</mi>{below}</munder><mo>&#x2061;</mo>{of}</mrow>"),
                Level::Series,
            )
        };
        Some(match (name, call.arguments.len()) {
            ("index", 0) => Piece::atom(scope.index(&axis.value)?),
            ("size", 0) => Piece::atom(places),
            ("sum", 1) => sum(&set(0)?),
            ("mean", 1) if call.filter.is_none() => {
                let over = fraction("<mn>1</mn>", &places).markup;
                Piece::new(format!("<mrow>{over}{}</mrow>", sum(&set(0)?).markup), Level::Series)
            }
            ("mean", 1) => limit("mean", &set(0)?),
            ("logsumexp", 1) => applied("log", &sum(&exponential(&set(0)?.markup))),
            ("dot", 2) => {
                let (x, y) = (set(0)?.at_least(Level::Product), set(1)?.at_least(Level::Fraction));
                sum(&Piece::new(format!("<mrow>{x}<mo>⋅</mo>{y}</mrow>"), Level::Product))
            }
            ("max" | "largest", 1) => limit("max", &set(0)?),
            ("min", 1) => limit("min", &set(0)?),
            ("any", 1) => limit("∃", &set(0)?),
            ("all", 1) => limit("∀", &set(0)?),
            ("one_hot", 1) => {
                let here = scope.index(&axis.value)?;
                let label = self.formula(call.arguments.first()?, scope).at_least(Level::Sum);
                Piece::atom(brackets("[", &format!("<mrow>{here}<mo>=</mo>{label}</mrow>"), "]"))
            }
            _ => return None,
        })
    }

    /// Any other function, by its name: the axes below it, all that it is called with behind it.
    fn other(&self, call: &Call, scope: &Scope) -> Piece {
        let indices: Vec<String> = (call.axes.iter())
            .map(|axis| scope.index(&axis.value).unwrap_or_else(|| identifier(&axis.value, &[])))
            .collect();
        let mut arguments: Vec<String> =
            call.arguments.iter().map(|argument| self.formula(argument, scope).markup).collect();
        arguments.extend(
            call.filter
                .iter()
                .map(|filter| format!("<mtext>where&#xa0;</mtext>{}", self.formula(filter, scope).markup)),
        );
        for (name, argument) in &call.named {
            let value = match argument {
                NamedArgument::Formula(formula) => self.formula(formula, scope).markup,
                NamedArgument::Axis(axis) => identifier(&axis.value, &[]),
            };
            arguments.push(format!("<mrow>{}<mo>=</mo>{value}</mrow>", identifier(&name.value, &[])));
        }
        let name = match indices.as_slice() {
            [] => format!("<mi>{}</mi>", Escaped(&call.name.value)),
            indices => {
                format!(
                    "<msub><mi>{}</mi><mrow>{}</mrow></msub>",
                    Escaped(&call.name.value),
                    indices.join("<mo>,</mo>")
                )
            }
        };
        Piece::atom(format!(
            "<mrow>{name}<mo>&#x2061;</mo>{}</mrow>",
            brackets("(", &arguments.join("<mo>,</mo>"), ")")
        ))
    }
}

/// A function of one argument; one that is a single thing needs no brackets.
fn applied(name: &str, argument: &Piece) -> Piece {
    let argument = brackets("(", &argument.markup, ")");
    Piece::new(format!("<mrow><mi>{name}</mi><mo>&#x2061;</mo>{argument}</mrow>"), Level::Atom)
}

/// A function of several arguments.
fn several(name: &str, arguments: &[String]) -> Piece {
    let arguments = brackets("(", &arguments.join("<mo>,</mo>"), ")");
    Piece::atom(format!("<mrow><mi>{name}</mi><mo>&#x2061;</mo>{arguments}</mrow>"))
}
