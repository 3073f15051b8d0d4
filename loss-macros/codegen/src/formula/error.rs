//! What is wrong with a formula's text, and what to write instead.

use crate::codes::Code;
use crate::diagnostic::Diagnostic;
use crate::formula::lexer::{Lexeme, Token, word};
use crate::formula::text::FormulaText;

/// Operators of other languages, and ours. Longer ones first.
const FOREIGN: [(&str, &str); 16] = [
    ("===", "write `==`"),
    ("!==", "write `!=`"),
    ("**", "a power is written `x^y`"),
    ("&&", "write `and`"),
    ("||", "write `or`"),
    ("=<", "write `<=`"),
    ("=>", "write `>=`"),
    ("<>", "write `!=`"),
    ("->", "an arrow stands in `limit` only"),
    ("//", "a division is written `x / y`"),
    ("&", "write `and`"),
    ("|", "write `or`; an absolute value is `abs(x)`"),
    ("~", "write `not`"),
    ("%", "there is no remainder and no percentage"),
    ("?", "write `if condition then value else otherwise`"),
    (":", "write `if condition then value else otherwise`"),
];

/// Characters that look like ASCII, or that a paper uses, and what to write.
const LOOKALIKES: [(&str, &str); 22] = [
    ("−–—‐‑", "-"),
    ("×·∙⋅∗", "*"),
    ("÷∕⁄", "/"),
    ("≤⩽", "<="),
    ("≥⩾", ">="),
    ("≠", "!="),
    ("≡", "=="),
    ("∧", "and"),
    ("∨", "or"),
    ("¬", "not"),
    ("√", "sqrt(x)"),
    ("∞", "inf"),
    ("π", "pi"),
    ("Σ∑", "sum(C, x)"),
    ("²", "^2"),
    ("³", "^3"),
    ("½", "0.5"),
    ("α", "alpha"),
    ("β", "beta"),
    ("δ", "delta"),
    ("ε", "eps"),
    ("τ", "tau"),
];

pub(super) fn bad_name(text: &FormulaText, at: usize, length: usize) -> Diagnostic {
    let name = &text.as_str()[at..at + length];
    let diagnostic = Diagnostic::error(Code::BadName, text.span(at, at + length), format!("`{name}` is no name"));
    let mut better = String::new();
    for letter in name.trim_start_matches('_').chars() {
        if letter.is_ascii_uppercase() && !better.is_empty() && !better.ends_with('_') {
            better.push('_');
        }
        better.push(letter.to_ascii_lowercase());
    }
    if better.starts_with(|c: char| c.is_ascii_lowercase()) {
        diagnostic.with_help(format!("names have small letters, digits and `_`: `{better}`"))
    } else {
        diagnostic.with_help("a name begins with a small letter")
    }
}

pub(super) fn bad_axis_name(text: &FormulaText, at: usize, length: usize) -> Diagnostic {
    let name = &text.as_str()[at..at + length];
    Diagnostic::error(Code::BadName, text.span(at, at + length), format!("`{name}` is no name"))
        .with_help("an axis has letters and digits only, and other names begin with a small letter")
}

pub(super) fn foreign_operator(text: &FormulaText, at: usize) -> Option<Diagnostic> {
    let rest = &text.as_str()[at..];
    let (operator, help) = FOREIGN
        .iter()
        .find(|(operator, _)| rest.starts_with(operator))
        .copied()
        .or_else(|| (rest.starts_with('!') && !rest.starts_with("!=")).then_some(("!", "write `not`")))?;
    let span = text.span(at, at + operator.len());
    Some(Diagnostic::error(Code::UnexpectedCharacter, span, format!("`{operator}` is no operator")).with_help(help))
}

pub(super) fn unexpected_character(text: &FormulaText, at: usize) -> Diagnostic {
    let rest = &text.as_str()[at..];
    let Some(character) = rest.chars().next() else {
        return Diagnostic::error(Code::EmptyFormula, text.span(at, at), "the formula ends here");
    };
    let span = text.span(at, at + character.len_utf8());
    if character == '.' && rest[1..].starts_with(|c: char| c.is_ascii_digit()) {
        let length = 1 + word(&rest[1..]);
        let number = &rest[..length];
        return Diagnostic::error(Code::BadNumber, text.span(at, at + length), "a number begins with a digit")
            .with_help(format!("write `0{number}`"));
    }
    if !character.is_ascii() {
        let shown = if character.is_whitespace() || character.is_control() {
            format!("U+{:04X}", u32::from(character))
        } else {
            character.to_string()
        };
        let diagnostic = Diagnostic::error(Code::NotAscii, span, format!("`{shown}` is not an ASCII character"));
        return match LOOKALIKES.iter().find(|(signs, _)| signs.contains(character)) {
            Some((_, ascii)) => diagnostic.with_help(format!("write `{ascii}`")),
            None if character.is_whitespace() => diagnostic.with_help("write a plain space"),
            None => diagnostic.with_help("formulas are written in ASCII; spell the name out"),
        };
    }
    let shown = character.escape_default();
    let diagnostic = Diagnostic::error(Code::UnexpectedCharacter, span, format!("unexpected character `{shown}`"));
    match character {
        '\'' | '"' => diagnostic.with_help("the words of a choice are written without quotes"),
        '{' | '}' => diagnostic.with_help("group with `(` and `)`"),
        '.' => diagnostic.with_help("there are no fields and no methods"),
        '#' => diagnostic.with_help("a comment stands on a line of its own, outside the formula"),
        _ => diagnostic,
    }
}

pub(super) fn no_digits_after_point(text: &FormulaText, at: usize, length: usize) -> Diagnostic {
    let number = &text.as_str()[at..at + length];
    Diagnostic::error(Code::BadNumber, text.span(at, at + length), "no digits after the point")
        .with_help(format!("write `{number}0`"))
}

pub(super) fn second_point(text: &FormulaText, at: usize, length: usize) -> Diagnostic {
    Diagnostic::error(Code::BadNumber, text.span(at, at + length + 1), "a point too many in this number")
        .with_help("a number is digits, a point, digits, and an exponent such as `e-8`")
}

pub(super) fn number_runs_into_name(text: &FormulaText, at: usize, length: usize, name: usize) -> Diagnostic {
    let (number, name) = (&text.as_str()[at..at + length], &text.as_str()[at + length..at + length + name]);
    let span = text.span(at, at + length + name.len());
    let diagnostic = Diagnostic::error(Code::BadNumber, span, format!("the number `{number}` runs into `{name}`"));
    if name == "e" || name == "E" {
        diagnostic.with_help("an exponent has digits: `1e-8`")
    } else if name.starts_with('_') {
        diagnostic.with_help("write the digits without `_`")
    } else {
        diagnostic.with_help(format!("a product needs its sign: `{number} * {name}`"))
    }
}

/// Something stands where `wanted` should.
pub(super) fn unexpected(text: &FormulaText, found: Lexeme, wanted: &str) -> Diagnostic {
    let span = text.span(found.start, found.end);
    let word = &text.as_str()[found.start..found.end];
    let plain = |message: String| Diagnostic::error(Code::UnexpectedInFormula, span, message);
    let here = || plain(format!("expected {wanted}, found `{word}`"));
    match found.token {
        Token::End => plain(format!("the formula ends where {wanted} is expected")),
        Token::Equal => Diagnostic::error(Code::EqualsSign, span, "`=` only names an argument of a call")
            .with_help("write `==` to compare"),
        Token::Axis => Diagnostic::error(Code::AxisAsValue, span, format!("the axis `{word}` is no value"))
            .with_help(format!("`size({word})` is its extent, `index({word})` the place on it")),
        Token::Then | Token::Else => {
            here().with_help("`if … then … else …`; within another operation it stands in `( )`")
        }
        Token::If => here().with_help("within another operation an `if` stands in `( )`"),
        Token::Not => here().with_help("within another operation a `not` stands in `( )`"),
        Token::Where => here().with_help("`where` follows the axes of a reduction: `sum(C where x > 0, x)`"),
        Token::RightParen if wanted == END => here().with_help("no `(` is open here"),
        Token::RightBracket if wanted == END => here().with_help("no `[` is open here"),
        Token::LeftBracket if wanted == OPERAND => {
            here().with_help("`[ ]` picks a place, `x[i]`; an interval is a condition: `0 <= x < inf`")
        }
        Token::Name | Token::Number | Token::LeftParen | Token::True | Token::False if wanted != AXIS => {
            here().with_help("is an operator missing before it?")
        }
        Token::Name
        | Token::Number
        | Token::LeftParen
        | Token::True
        | Token::False
        | Token::And
        | Token::Or
        | Token::Plus
        | Token::Minus
        | Token::Star
        | Token::Slash
        | Token::Caret
        | Token::RightParen
        | Token::LeftBracket
        | Token::RightBracket
        | Token::Comma
        | Token::Less
        | Token::LessEqual
        | Token::Greater
        | Token::GreaterEqual
        | Token::EqualEqual
        | Token::NotEqual => here(),
    }
}

/// What [`unexpected`] calls the end of a formula.
pub(super) const END: &str = "an operator or the end";
/// What [`unexpected`] calls the axis behind the name of one.
pub(super) const AXIS: &str = "an axis";
/// What [`unexpected`] calls the beginning of a value.
pub(super) const OPERAND: &str = "a value";
