//! Names and numbers as people write them, and the indices below them.

use std::collections::BTreeMap;

use crate::formula::ast::{Ast, AstKind};

use crate::markup::Escaped;

use super::piece::{Level, Piece, fraction};

/// Along which axes what is named varies, rows left out.
pub(super) struct Axes<'r>(BTreeMap<&'r str, Vec<&'r str>>);

impl<'r> Axes<'r> {
    pub(super) fn new(axes: impl IntoIterator<Item = (&'r str, Vec<&'r str>)>) -> Self {
        Self(axes.into_iter().collect())
    }

    /// The indices of a name: those of the axes that something runs along here.
    pub(super) fn subscripts(&self, name: &str, scope: &Scope) -> Vec<String> {
        // A gradient varies as its input does.
        let name = name.strip_prefix("grad_").filter(|input| self.0.contains_key(input)).unwrap_or(name);
        let along = self.0.get(name).map_or(&[][..], Vec::as_slice);
        along.iter().filter_map(|axis| scope.index(axis)).collect()
    }

    /// The indices of a name of which one place is picked: on its first axis.
    pub(super) fn picked(&self, name: &str, index: &str, scope: &Scope) -> Vec<String> {
        let along = self.0.get(name).map_or(&[][..], Vec::as_slice);
        let rest = along.iter().skip(1).filter_map(|axis| scope.index(axis));
        std::iter::once(index.to_owned()).chain(rest).collect()
    }
}

/// The axes that something runs along, and how many indices of each there are.
#[derive(Clone, Default)]
pub(super) struct Scope(Vec<(String, usize)>);

impl Scope {
    /// What varies along these axes has an index for each.
    pub(super) fn along(axes: &[String]) -> Self {
        Self(axes.iter().map(|axis| (axis.clone(), 0)).collect())
    }

    /// The index on an axis.
    pub(super) fn index(&self, axis: &str) -> Option<String> {
        let (_, primes) = self.0.iter().rev().find(|(known, _)| known == axis)?;
        Some(symbol(axis, *primes))
    }

    /// The scope of what is summed along an axis. Its index is not one that is in use.
    pub(super) fn within(&self, axis: &str) -> Self {
        let primes = self.0.iter().filter(|(known, _)| known == axis).map(|(_, primes)| primes + 1).max().unwrap_or(0);
        let mut inner = self.0.clone();
        inner.push((axis.to_owned(), primes));
        Self(inner)
    }
}

/// The letter for a place on an axis.
fn symbol(axis: &str, primes: usize) -> String {
    let letter = format!("<mi>{}</mi>", Escaped(axis.to_lowercase()));
    match primes {
        0 => letter,
        primes => format!("<mrow>{letter}<mo>{}</mo></mrow>", "′".repeat(primes)),
    }
}

/// A name with its indices. The name of a gradient becomes a derivative.
pub(super) fn named(name: &str, indices: &[String]) -> String {
    match name.strip_prefix("grad_") {
        Some(input) => {
            let input = identifier(input, indices);
            format!("<mfrac><mrow><mi>∂</mi><mi>loss</mi></mrow><mrow><mi>∂</mi>{input}</mrow></mfrac>")
        }
        None => identifier(name, indices),
    }
}

/// An identifier with its indices: Greek where it is the name of a letter, a number at its end below it.
pub(super) fn identifier(name: &str, indices: &[String]) -> String {
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = &name[stem.len()..];
    let (stem, digits) = if stem.is_empty() || stem.ends_with('_') { (name, "") } else { (stem, digits) };
    let number = (!digits.is_empty()).then(|| format!("<mn>{digits}</mn>"));
    let below: Vec<String> = number.into_iter().chain(indices.iter().cloned()).collect();
    let letter = letter(stem).map_or_else(|| Escaped(stem).to_string(), str::to_owned);
    let letter = format!("<mi>{letter}</mi>");
    match below.as_slice() {
        [] => letter,
        below => format!("<msub>{letter}<mrow>{}</mrow></msub>", below.join("<mo>,</mo>")),
    }
}

/// The letter that a name spells out.
fn letter(name: &str) -> Option<&'static str> {
    const LETTERS: [(&str, &str); 22] = [
        ("alpha", "α"),
        ("beta", "β"),
        ("gamma", "γ"),
        ("delta", "δ"),
        ("eps", "ε"),
        ("epsilon", "ε"),
        ("zeta", "ζ"),
        ("eta", "η"),
        ("theta", "θ"),
        ("kappa", "κ"),
        ("lambda", "λ"),
        ("mu", "μ"),
        ("nu", "ν"),
        ("xi", "ξ"),
        ("pi", "π"),
        ("rho", "ρ"),
        ("sigma", "σ"),
        ("tau", "τ"),
        ("phi", "φ"),
        ("psi", "ψ"),
        ("omega", "ω"),
        ("inf", "∞"),
    ];
    LETTERS.iter().find(|(word, _)| *word == name).map(|(_, letter)| *letter)
}

/// A number: a half as a fraction, a power of ten as one.
pub(super) fn number(digits: &str) -> Piece {
    if is_half_text(digits) {
        return fraction("<mn>1</mn>", "<mn>2</mn>");
    }
    match digits.split_once(['e', 'E']) {
        None => Piece::atom(format!("<mn>{}</mn>", Escaped(digits))),
        Some((factor, exponent)) => {
            let exponent = exponent.trim_start_matches('+').replace('-', "−");
            let power = format!("<msup><mn>10</mn><mn>{}</mn></msup>", Escaped(exponent));
            match factor {
                "1" | "1.0" => Piece::new(power, Level::Power),
                factor => {
                    let factor = Escaped(factor);
                    Piece::new(format!("<mrow><mn>{factor}</mn><mo>⋅</mo>{power}</mrow>"), Level::Product)
                }
            }
        }
    }
}

/// Whether a formula is one half, written as a number.
pub(super) fn is_half(ast: &Ast) -> bool {
    matches!(&ast.kind, AstKind::Number(digits) if is_half_text(digits))
}

fn is_half_text(digits: &str) -> bool {
    digits == "0.5" || digits == ".5"
}
