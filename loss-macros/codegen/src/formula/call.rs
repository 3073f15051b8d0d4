//! The grammar of a call: axes and their condition, arguments by position, arguments by name.

use crate::codes::Code;
use crate::diagnostic::Diagnostic;
use crate::formula::ast::{AstKind, Call, NamedArgument};
use crate::formula::error::AXIS;
use crate::formula::lexer::{Lexeme, Token};
use crate::formula::parser::{Parsed, Parser, Weight};
use crate::source::Spanned;

impl Parser<'_> {
    /// A call, from its `(` on.
    pub(super) fn call(&mut self, name: Lexeme) -> Parsed {
        let open = self.advance();
        let mut call =
            Call { name: self.spanned(name), axes: Vec::new(), filter: None, arguments: Vec::new(), named: Vec::new() };
        let mut below = Vec::new();
        self.axes(&mut call, &mut below)?;
        let mut first = call.axes.is_empty();
        let close = loop {
            if self.peek() == Token::RightParen || self.peek() == Token::End {
                break self.close(open, Token::RightParen)?;
            }
            if !first && !self.eat(Token::Comma) {
                return Err(self.unexpected("`,` or `)`"));
            }
            first = false;
            self.argument(&mut call, &mut below)?;
        };
        let span = call.name.span.to(self.span(close));
        self.node(AstKind::Call(Box::new(call)), span, &below)
    }

    /// `A, B where condition`, if that is what the call begins with.
    fn axes(&mut self, call: &mut Call, below: &mut Vec<Weight>) -> Result<(), Diagnostic> {
        if self.peek() != Token::Axis || self.peek_at(1) == Token::Equal {
            return Ok(());
        }
        loop {
            let axis = self.advance();
            call.axes.push(self.spanned(axis));
            if self.peek() != Token::Comma || self.peek_at(1) != Token::Axis || self.peek_at(2) == Token::Equal {
                break;
            }
            self.advance();
        }
        if self.eat(Token::Where) {
            let filter = self.disjunction()?;
            below.push(filter.weight);
            call.filter = Some(*filter.ast);
        }
        Ok(())
    }

    fn argument(&mut self, call: &mut Call, below: &mut Vec<Weight>) -> Result<(), Diagnostic> {
        let lexeme = self.lexeme();
        if matches!(lexeme.token, Token::Name | Token::Axis) && self.peek_at(1) == Token::Equal {
            return self.named_argument(call, below);
        }
        if lexeme.token == Token::Axis && matches!(self.peek_at(1), Token::Comma | Token::RightParen | Token::Where) {
            let message = format!("the axis `{}` stands behind the arguments", self.word(lexeme));
            return Err(Diagnostic::error(Code::BadArgument, self.span(lexeme), message)
                .with_help("axes come first: `sum(N, C where c, e)`"));
        }
        let value = self.formula()?;
        if !call.named.is_empty() {
            return Err(Diagnostic::error(
                Code::BadArgument,
                value.ast.span,
                "an argument by position behind one by name",
            )
            .with_help("arguments by name come last"));
        }
        below.push(value.weight);
        call.arguments.push(*value.ast);
        Ok(())
    }

    fn named_argument(&mut self, call: &mut Call, below: &mut Vec<Weight>) -> Result<(), Diagnostic> {
        let lexeme = self.advance();
        self.advance();
        let name = self.spanned(lexeme);
        if call.named.iter().any(|(earlier, _)| earlier.value == name.value) {
            let message = format!("the argument `{}` is given twice", name.value);
            return Err(Diagnostic::error(Code::BadArgument, name.span, message));
        }
        if lexeme.token == Token::Axis {
            if self.peek() != Token::Axis {
                return Err(self.unexpected(AXIS));
            }
            let axis = self.advance();
            call.named.push((name, NamedArgument::Axis(self.spanned(axis))));
        } else {
            let value = self.formula()?;
            below.push(value.weight);
            call.named.push((name, NamedArgument::Formula(*value.ast)));
        }
        Ok(())
    }

    fn spanned(&self, lexeme: Lexeme) -> Spanned<String> {
        Spanned { value: self.word(lexeme).to_owned(), span: self.span(lexeme) }
    }
}
