//! `value if condition else otherwise`, as other languages write it, in the order that formulas have.

use crate::formula::lexer::{Lexeme, Token};
use crate::formula::text::FormulaText;

/// What to write instead, for an `if` at a place of the tokens that follows a value.
pub(super) fn help(text: &FormulaText, lexemes: &[Lexeme], at: usize) -> String {
    let written = parts(lexemes, at).map(|[value, condition, otherwise]| {
        let word = |lexemes: &[Lexeme]| match (lexemes.first(), lexemes.last()) {
            (Some(first), Some(last)) => text.as_str()[first.start..last.end].to_owned(),
            (None, _) | (_, None) => "…".to_owned(),
        };
        format!("if {} then {} else {}", word(condition), word(value), word(otherwise))
    });
    let order = written.as_deref().unwrap_or("if condition then value else otherwise");
    format!("the condition comes first: `{order}`")
}

/// The tokens of the value, the condition and the value otherwise; none where they are not plainly there.
fn parts(lexemes: &[Lexeme], at: usize) -> Option<[&[Lexeme]; 3]> {
    let before = &lexemes[..at];
    let begin = outside(before.iter().rev(), Token::RightParen, Token::RightBracket).map_or(0, |back| at - back);
    let after = &lexemes[at + 1..];
    let word = outside(after.iter(), Token::LeftParen, Token::LeftBracket)?;
    let (condition, rest) = after.split_at(word);
    let (Token::Else, rest) = (rest.first()?.token, &rest[1..]) else { return None };
    let end = outside(rest.iter(), Token::LeftParen, Token::LeftBracket)?;
    let is_whole = matches!(rest[end].token, Token::End | Token::RightParen | Token::RightBracket | Token::Comma);
    let parts = [&before[begin..], condition, &rest[..end]];
    (is_whole && parts.iter().all(|part| !part.is_empty())).then_some(parts)
}

/// How many tokens stand before the first that ends a value, brackets that open here and close again left aside.
fn outside<'l>(lexemes: impl Iterator<Item = &'l Lexeme>, round: Token, square: Token) -> Option<usize> {
    let mut depth = 0_usize;
    for (place, lexeme) in lexemes.enumerate() {
        match lexeme.token {
            token if token == round || token == square => depth += 1,
            Token::LeftParen | Token::RightParen | Token::LeftBracket | Token::RightBracket if depth > 0 => depth -= 1,
            Token::LeftParen
            | Token::RightParen
            | Token::LeftBracket
            | Token::RightBracket
            | Token::Comma
            | Token::Equal
            | Token::If
            | Token::Then
            | Token::Else
            | Token::Where
                if depth == 0 =>
            {
                return Some(place);
            }
            Token::End => return Some(place),
            Token::LeftParen
            | Token::RightParen
            | Token::LeftBracket
            | Token::RightBracket
            | Token::Comma
            | Token::Equal
            | Token::If
            | Token::Then
            | Token::Else
            | Token::Where
            | Token::Number
            | Token::Name
            | Token::Axis
            | Token::And
            | Token::Or
            | Token::Not
            | Token::True
            | Token::False
            | Token::Plus
            | Token::Minus
            | Token::Star
            | Token::Slash
            | Token::Caret
            | Token::Less
            | Token::LessEqual
            | Token::Greater
            | Token::GreaterEqual
            | Token::EqualEqual
            | Token::NotEqual => {}
        }
    }
    None
}
