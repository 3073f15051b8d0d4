//! Formula text to tokens.

use crate::diagnostic::Diagnostic;
use crate::formula::error;
use crate::formula::text::FormulaText;

/// The kinds of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Token {
    Number,
    Name,
    Axis,
    If,
    Then,
    Else,
    And,
    Or,
    Not,
    Where,
    True,
    False,
    Plus,
    Minus,
    Star,
    Slash,
    Caret,
    LeftParen,
    RightParen,
    LeftBracket,
    RightBracket,
    Comma,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    EqualEqual,
    NotEqual,
    Equal,
    End,
}

/// A token and the range of text that it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lexeme {
    /// The kind.
    pub token: Token,
    /// Its first byte in the text.
    pub start: usize,
    /// One past its last byte in the text.
    pub end: usize,
}

/// The words of the language.
pub const KEYWORDS: [(&str, Token); 9] = [
    ("if", Token::If),
    ("then", Token::Then),
    ("else", Token::Else),
    ("and", Token::And),
    ("or", Token::Or),
    ("not", Token::Not),
    ("where", Token::Where),
    ("true", Token::True),
    ("false", Token::False),
];

/// Longer ones first: the first that fits is taken.
const SYMBOLS: [(&str, Token); 17] = [
    ("<=", Token::LessEqual),
    (">=", Token::GreaterEqual),
    ("==", Token::EqualEqual),
    ("!=", Token::NotEqual),
    ("+", Token::Plus),
    ("-", Token::Minus),
    ("*", Token::Star),
    ("/", Token::Slash),
    ("^", Token::Caret),
    ("(", Token::LeftParen),
    (")", Token::RightParen),
    ("[", Token::LeftBracket),
    ("]", Token::RightBracket),
    (",", Token::Comma),
    ("<", Token::Less),
    (">", Token::Greater),
    ("=", Token::Equal),
];

/// The tokens up to the end or to the first thing that is none, and what is wrong there. The last token is always `End`.
pub fn lex(text: &FormulaText) -> (Vec<Lexeme>, Option<Diagnostic>) {
    let mut lexemes = Vec::new();
    let mut at = 0;
    loop {
        let rest = &text.as_str()[at..];
        at += rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
        let found = token(text, at);
        let (token, end, error) = match found {
            Ok((token, length)) => (token, at + length, None),
            Err(error) => (Token::End, at, Some(error)),
        };
        lexemes.push(Lexeme {
            token,
            start: at,
            end,
        });
        if token == Token::End {
            return (lexemes, error);
        }
        at = end;
    }
}

/// The token at a place, and its length.
fn token(text: &FormulaText, at: usize) -> Result<(Token, usize), Diagnostic> {
    let rest = &text.as_str()[at..];
    match rest.bytes().next() {
        None => Ok((Token::End, 0)),
        Some(b'0'..=b'9') => number(text, at),
        Some(b'a'..=b'z') => {
            let length = word(rest);
            let name = &rest[..length];
            if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
                return Err(error::bad_name(text, at, length));
            }
            let keyword = KEYWORDS.iter().find(|(word, _)| *word == name);
            Ok((keyword.map_or(Token::Name, |(_, token)| *token), length))
        }
        Some(b'A'..=b'Z') => {
            let length = word(rest);
            if rest[..length].contains('_') {
                return Err(error::bad_axis_name(text, at, length));
            }
            Ok((Token::Axis, length))
        }
        Some(b'_') => Err(error::bad_name(text, at, word(rest))),
        Some(_) => {
            if let Some(error) = error::foreign_operator(text, at) {
                return Err(error);
            }
            let symbol = SYMBOLS.iter().find(|(symbol, _)| rest.starts_with(symbol));
            match symbol {
                Some((symbol, token)) => Ok((*token, symbol.len())),
                None => Err(error::unexpected_character(text, at)),
            }
        }
    }
}

fn number(text: &FormulaText, at: usize) -> Result<(Token, usize), Diagnostic> {
    let rest = &text.as_str()[at..];
    let mut length = digits(rest);
    if rest[length..].starts_with('.') {
        let decimals = digits(&rest[length + 1..]);
        if decimals == 0 {
            return Err(error::no_digits_after_point(text, at, length + 1));
        }
        length += 1 + decimals;
    }
    let tail = &rest[length..];
    if tail.starts_with(['e', 'E']) {
        let sign = usize::from(tail[1..].starts_with(['+', '-']));
        let exponent = digits(&tail[1 + sign..]);
        if exponent > 0 {
            length += 1 + sign + exponent;
        }
    }
    let tail = &rest[length..];
    if tail.starts_with('.') {
        return Err(error::second_point(text, at, length));
    }
    let word = word(tail);
    if word > 0 {
        return Err(error::number_runs_into_name(text, at, length, word));
    }
    Ok((Token::Number, length))
}

/// How many digits the text begins with.
fn digits(text: &str) -> usize {
    text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len()
}

/// How many letters, digits and `_` the text begins with.
pub(super) fn word(text: &str) -> usize {
    text.len()
        - text
            .trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_')
            .len()
}

/// Whether the text is one number as a formula writes it: no sign, digits on both sides of the point.
pub fn is_number(text: &str) -> bool {
    let text = FormulaText::plain(text, 0);
    text.as_str().starts_with(|c: char| c.is_ascii_digit())
        && number(&text, 0).is_ok_and(|(_, length)| length == text.as_str().len())
}

/// Whether the text is one name: a small letter, then small letters, digits and `_`.
pub fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
}

/// Whether the text is the name of an axis: a capital letter, then letters and digits.
pub fn is_axis(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_uppercase())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}
