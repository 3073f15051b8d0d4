//! Tokens to tree, by the grammar of the language. A syntax error is the first one; a tree is bounded in depth and size, so
//! that whoever walks it by recursion is safe.

use crate::codes::Code;
use crate::diagnostic::Diagnostic;
use crate::formula::ast::{Ast, AstKind, BinaryOperator, UnaryOperator};
use crate::formula::error::{self, END, OPERAND};
use crate::formula::lexer::{KEYWORDS, Lexeme, Token, lex};
use crate::formula::text::FormulaText;
use crate::formula::value_first;
use crate::source::Span;

/// How deep the parts of a formula may nest.
pub const MOST_LEVELS: usize = 100;
/// How many parts a formula may have.
pub const MOST_PARTS: usize = 10_000;

/// The tree of a formula.
///
/// # Errors
/// The first thing that is wrong with the text.
pub fn parse(text: &FormulaText) -> Result<Ast, Diagnostic> {
    let (lexemes, not_a_token) = lex(text);
    let mut parser = Parser { text, lexemes, next: 0, depth: 0 };
    let parsed = parser.whole();
    match (parsed, not_a_token) {
        // The tokens end where the bad character stands, so an error at their end is a consequence of it.
        (Err(error), Some(not_a_token)) if parser.peek() == Token::End && error.code != Code::MixedChain => {
            Err(not_a_token)
        }
        (Err(error), _) => Err(error),
        (Ok(_), Some(not_a_token)) => Err(not_a_token),
        (Ok(tree), None) => Ok(*tree.ast),
    }
}

/// How tall a tree is and how many nodes it has.
#[derive(Clone, Copy)]
pub(super) struct Weight {
    levels: usize,
    parts: usize,
}

/// A part of the formula.
pub(super) struct Tree {
    pub(super) ast: Box<Ast>,
    pub(super) weight: Weight,
}

pub(super) type Parsed = Result<Tree, Diagnostic>;

pub(super) struct Parser<'a> {
    text: &'a FormulaText,
    lexemes: Vec<Lexeme>,
    next: usize,
    depth: usize,
}

/// How tightly an operator binds; a higher level binds more tightly.
const OR: u8 = 1;
const NOT: u8 = 3;
const COMPARISON: u8 = 4;
const SUM: u8 = 5;

fn binary(token: Token) -> Option<(BinaryOperator, u8)> {
    Some(match token {
        Token::Or => (BinaryOperator::Or, OR),
        Token::And => (BinaryOperator::And, 2),
        Token::Less => (BinaryOperator::Less, COMPARISON),
        Token::LessEqual => (BinaryOperator::LessEqual, COMPARISON),
        Token::Greater => (BinaryOperator::Greater, COMPARISON),
        Token::GreaterEqual => (BinaryOperator::GreaterEqual, COMPARISON),
        Token::EqualEqual => (BinaryOperator::Equal, COMPARISON),
        Token::NotEqual => (BinaryOperator::NotEqual, COMPARISON),
        Token::Plus => (BinaryOperator::Add, SUM),
        Token::Minus => (BinaryOperator::Subtract, SUM),
        Token::Star => (BinaryOperator::Multiply, 6),
        Token::Slash => (BinaryOperator::Divide, 6),
        Token::Number
        | Token::Name
        | Token::Axis
        | Token::If
        | Token::Then
        | Token::Else
        | Token::Not
        | Token::Where
        | Token::True
        | Token::False
        | Token::Caret
        | Token::LeftParen
        | Token::RightParen
        | Token::LeftBracket
        | Token::RightBracket
        | Token::Comma
        | Token::Equal
        | Token::End => return None,
    })
}

/// Which way a comparison points; `None` for `==` and `!=`.
fn direction(token: Token) -> Option<bool> {
    match binary(token)?.0 {
        BinaryOperator::Less | BinaryOperator::LessEqual => Some(true),
        BinaryOperator::Greater | BinaryOperator::GreaterEqual => Some(false),
        BinaryOperator::Equal
        | BinaryOperator::NotEqual
        | BinaryOperator::And
        | BinaryOperator::Or
        | BinaryOperator::Add
        | BinaryOperator::Subtract
        | BinaryOperator::Multiply
        | BinaryOperator::Divide
        | BinaryOperator::Power => None,
    }
}

impl Parser<'_> {
    fn whole(&mut self) -> Parsed {
        if self.text.as_str().trim().is_empty() {
            let end = self.text.as_str().len();
            return Err(Diagnostic::error(Code::EmptyFormula, self.text.span(0, end), "the formula is empty"));
        }
        let tree = self.formula()?;
        if self.peek() == Token::End { Ok(tree) } else { Err(self.unexpected(END)) }
    }

    pub(super) fn formula(&mut self) -> Parsed {
        self.deeper(|parser| if parser.peek() == Token::If { parser.conditional() } else { parser.operators(OR) })
    }

    /// What may follow `where`.
    pub(super) fn disjunction(&mut self) -> Parsed {
        self.deeper(|parser| parser.operators(OR))
    }

    fn conditional(&mut self) -> Parsed {
        let word = self.advance();
        let condition = self.deeper(|parser| parser.operators(OR))?;
        if !self.eat(Token::Then) {
            return Err(self.unexpected("`then`"));
        }
        let value = self.formula()?;
        if !self.eat(Token::Else) {
            if self.peek() == Token::End || self.peek() == Token::RightParen {
                return Err(Diagnostic::error(Code::MissingElse, self.span(word), "this `if` has no `else`")
                    .with_help("add `else` and the value otherwise"));
            }
            return Err(self.unexpected("`else`"));
        }
        let otherwise = self.formula()?;
        let span = self.span(word).to(otherwise.ast.span);
        let below = [condition.weight, value.weight, otherwise.weight];
        let kind = AstKind::If(condition.ast, value.ast, otherwise.ast);
        self.node(kind, span, &below)
    }

    /// Operators of this level or a tighter one.
    fn operators(&mut self, least: u8) -> Parsed {
        let mut left = if least <= NOT && self.peek() == Token::Not {
            let word = self.advance();
            let operand = self.deeper(|parser| parser.operators(NOT))?;
            self.unary_node(UnaryOperator::Not, word, operand)?
        } else {
            self.unary()?
        };
        while let Some((operator, level)) = binary(self.peek()).filter(|(_, level)| *level >= least) {
            if level == COMPARISON {
                left = self.comparison(left)?;
            } else {
                self.advance();
                let right = self.operators(level + 1)?;
                left = self.binary_node(operator, left, right)?;
            }
        }
        Ok(left)
    }

    /// `left < b <= c`, from the first sign on.
    fn comparison(&mut self, mut left: Tree) -> Parsed {
        let mut before: Option<Lexeme> = None;
        let mut chain: Option<Tree> = None;
        while let Some((operator, COMPARISON)) = binary(self.peek()) {
            let sign = self.advance();
            if let Some(before) = before
                && (direction(sign.token).is_none() || direction(sign.token) != direction(before.token))
            {
                let span = self.span(before).to(self.span(sign));
                return Err(Diagnostic::error(
                    Code::MixedChain,
                    span,
                    "this chain of comparisons does not point one way",
                )
                .with_help("join two comparisons with `and`"));
            }
            before = Some(sign);
            let right = self.operators(SUM)?;
            let goes_on = binary(self.peek()).is_some_and(|(_, level)| level == COMPARISON);
            let middle = goes_on.then(|| Tree { ast: right.ast.clone(), weight: right.weight });
            let link = self.binary_node(operator, left, right)?;
            let links = match chain {
                None => link,
                Some(chain) => self.binary_node(BinaryOperator::And, chain, link)?,
            };
            match middle {
                None => return Ok(links),
                Some(middle) => (left, chain) = (middle, Some(links)),
            }
        }
        Ok(left)
    }

    fn unary(&mut self) -> Parsed {
        if self.peek() != Token::Minus {
            return self.power();
        }
        let sign = self.advance();
        let operand = self.deeper(Self::unary)?;
        self.unary_node(UnaryOperator::Negate, sign, operand)
    }

    fn power(&mut self) -> Parsed {
        let base = self.postfix()?;
        if !self.eat(Token::Caret) {
            return Ok(base);
        }
        let exponent = self.deeper(Self::unary)?;
        self.binary_node(BinaryOperator::Power, base, exponent)
    }

    fn postfix(&mut self) -> Parsed {
        let mut value = self.primary()?;
        while self.peek() == Token::LeftBracket {
            let open = self.advance();
            let index = self.formula()?;
            let close = self.close(open, Token::RightBracket)?;
            let span = value.ast.span.to(self.span(close));
            let below = [value.weight, index.weight];
            value = self.node(AstKind::Pick(value.ast, index.ast), span, &below)?;
        }
        Ok(value)
    }

    fn primary(&mut self) -> Parsed {
        let lexeme = self.lexeme();
        let word = self.word(lexeme).to_owned();
        let kind = match lexeme.token {
            Token::Number => AstKind::Number(word),
            Token::True => AstKind::Boolean(true),
            Token::False => AstKind::Boolean(false),
            Token::Name => AstKind::Name(word),
            Token::LeftParen => {
                self.advance();
                let mut inner = self.formula()?;
                let close = self.close(lexeme, Token::RightParen)?;
                // The brackets belong to the place, so that a caret below `(a + b) * c` begins at the bracket.
                inner.ast.span = self.span(lexeme).to(self.span(close));
                return Ok(inner);
            }
            Token::Axis
            | Token::If
            | Token::Then
            | Token::Else
            | Token::And
            | Token::Or
            | Token::Not
            | Token::Where
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
            | Token::NotEqual
            | Token::Equal
            | Token::End => return Err(self.unexpected(OPERAND)),
        };
        self.advance();
        if lexeme.token == Token::Name && self.peek() == Token::LeftParen {
            return self.call(lexeme);
        }
        let span = self.span(lexeme);
        self.node(kind, span, &[])
    }

    /// The bracket that closes `open`.
    pub(super) fn close(&mut self, open: Lexeme, wanted: Token) -> Result<Lexeme, Diagnostic> {
        if self.peek() == wanted {
            return Ok(self.advance());
        }
        let (opened, closed) = if wanted == Token::RightBracket { ("[", "]") } else { ("(", ")") };
        if self.peek() == Token::End {
            let message = format!("this `{opened}` is never closed");
            return Err(Diagnostic::error(Code::Unclosed, self.span(open), message));
        }
        Err(self.unexpected(&format!("an operator or `{closed}`")))
    }

    pub(super) fn unexpected(&self, wanted: &str) -> Diagnostic {
        let found = self.lexeme();
        let word = self.word(found);
        // A word of the language where only a value can stand was meant as a name.
        if wanted == OPERAND
            && KEYWORDS.iter().any(|(keyword, _)| *keyword == word)
            && !matches!(found.token, Token::If | Token::Not)
        {
            let message = format!("expected a value, found the word `{word}`");
            return Diagnostic::error(Code::ReservedWord, self.span(found), message)
                .with_help("the words of the language cannot be names");
        }
        let error = error::unexpected(self.text, found, wanted);
        if found.token == Token::If && wanted != OPERAND {
            return error.with_help(value_first::help(self.text, &self.lexemes, self.next));
        }
        error
    }

    /// Runs a rule that may come back to itself, within the limit of nesting.
    fn deeper(&mut self, rule: impl FnOnce(&mut Self) -> Parsed) -> Parsed {
        if self.depth == MOST_LEVELS {
            return Err(self.too_large(self.span(self.lexeme()), "the formula is nested too deeply"));
        }
        self.depth += 1;
        let parsed = rule(self);
        self.depth -= 1;
        parsed
    }

    fn too_large(&self, span: Span, message: &str) -> Diagnostic {
        Diagnostic::error(Code::FormulaTooLarge, span, message).with_help("name parts of it under `let`")
    }

    pub(super) fn node(&self, kind: AstKind, span: Span, below: &[Weight]) -> Parsed {
        let weight = Weight {
            levels: 1 + below.iter().map(|weight| weight.levels).max().unwrap_or(0),
            parts: 1 + below.iter().map(|weight| weight.parts).sum::<usize>(),
        };
        if weight.levels > MOST_LEVELS {
            // Brackets that nest too deeply have stopped the parser before.
            let message = format!("the formula is too long: more than {MOST_LEVELS} operators in a row");
            return Err(self.too_large(span, &message));
        }
        if weight.parts > MOST_PARTS {
            return Err(self.too_large(span, "the formula has too many parts"));
        }
        Ok(Tree { ast: Box::new(Ast { kind, span }), weight })
    }

    fn unary_node(&self, operator: UnaryOperator, sign: Lexeme, operand: Tree) -> Parsed {
        let span = self.span(sign).to(operand.ast.span);
        self.node(AstKind::Unary(operator, operand.ast), span, &[operand.weight])
    }

    fn binary_node(&self, operator: BinaryOperator, left: Tree, right: Tree) -> Parsed {
        let span = left.ast.span.to(right.ast.span);
        let below = [left.weight, right.weight];
        self.node(AstKind::Binary(operator, left.ast, right.ast), span, &below)
    }

    pub(super) fn lexeme(&self) -> Lexeme {
        self.lexemes[self.next]
    }

    pub(super) fn peek(&self) -> Token {
        self.lexeme().token
    }

    pub(super) fn peek_at(&self, ahead: usize) -> Token {
        self.lexemes.get(self.next + ahead).map_or(Token::End, |lexeme| lexeme.token)
    }

    /// The next token; the last one, `End`, is never left behind.
    pub(super) fn advance(&mut self) -> Lexeme {
        let lexeme = self.lexeme();
        if lexeme.token != Token::End {
            self.next += 1;
        }
        lexeme
    }

    pub(super) fn eat(&mut self, token: Token) -> bool {
        let found = self.peek() == token;
        if found {
            self.advance();
        }
        found
    }

    pub(super) fn word(&self, lexeme: Lexeme) -> &str {
        &self.text.as_str()[lexeme.start..lexeme.end]
    }

    pub(super) fn span(&self, lexeme: Lexeme) -> Span {
        self.text.span(lexeme.start, lexeme.end)
    }
}
