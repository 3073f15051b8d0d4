//! Formulas in the file: scalars, cases, heads of definitions, limits.

use crate::codes::Code;
use crate::diagnostic::Diagnostic;
use crate::document::{Case, Formula};
use crate::formula::ast::{Ast, AstKind};
use crate::formula::lexer::is_axis;
use crate::formula::parser::{MOST_LEVELS, parse};
use crate::formula::text::FormulaText;
use crate::source::Spanned;
use crate::yaml::keys;
use crate::yaml::node::{Node, NodeKind, Scalar, Style};
use crate::yaml::reader::Reader;

/// The name of a definition, and its arguments if it is a local function.
pub(super) type Head = (Spanned<String>, Option<Vec<Spanned<String>>>);

impl Reader {
    /// One scalar as a formula.
    pub(super) fn ast(&mut self, node: &Node, what: &str) -> Option<Ast> {
        let NodeKind::Scalar(scalar) = &node.kind else {
            self.wrong_kind(node, what, "a formula").help("quote a formula that holds `, [ ] { }` or `: `");
            return None;
        };
        self.scalar_ast(scalar, what)
    }

    fn scalar_ast(&mut self, scalar: &Scalar, what: &str) -> Option<Ast> {
        if let Some(comment) = scalar.comment {
            let message = format!("this comment cuts the formula of `{what}` short");
            self.diagnostics
                .error(Code::CommentCutsFormula, comment, message)
                .help("quote the formula, or give the comment a line of its own");
            return None;
        }
        self.parsed(&scalar.text)
    }

    fn parsed(&mut self, text: &FormulaText) -> Option<Ast> {
        parse(text).map_err(|error| self.diagnostics.push(error)).ok()
    }

    /// A scalar or `{ cases: [...] }`.
    pub(super) fn formula(&mut self, node: &Node, what: &str) -> Option<Formula> {
        match &node.kind {
            NodeKind::Scalar(scalar) if scalar.style == Style::Block && scalar.as_str().starts_with("cases:") => {
                let message = format!("the `|` behind `{what}` makes a text of its `cases`");
                let span = scalar.text.span(0, "cases:".len());
                self.diagnostics.error(Code::BadCases, span, message).help("leave out the `|`: cases are a list");
                None
            }
            NodeKind::Scalar(scalar) => self.scalar_ast(scalar, what).map(Formula::Scalar),
            NodeKind::Map(entries) => {
                if let Some((key, _)) = entries.iter().find(|(key, _)| key.as_str() == "extern") {
                    let message = "kernels that are written by hand are not supported yet";
                    self.diagnostics
                        .error(Code::UnsupportedExtern, key.span, message)
                        .help("the form is reserved; write a formula, or `{ cases: [ … ] }`");
                    return None;
                }
                let fields = self.fields(node, what, keys::CASES)?;
                let cases = fields.require(self, "cases")?;
                self.cases(cases).map(Formula::Cases)
            }
            NodeKind::List(_) => {
                self.wrong_kind(node, what, "a formula").help("write one formula, or `{ cases: [ … ] }`");
                None
            }
        }
    }

    fn cases(&mut self, node: &Node) -> Option<Vec<Case>> {
        let items = self.items(node, "cases");
        let Some((last, earlier)) = items.split_last() else {
            if matches!(node.kind, NodeKind::List(_)) {
                self.diagnostics.error(Code::BadCases, node.span, "there are no cases");
            }
            return None;
        };
        // Cases become a chain of `if`, which must not nest deeper than a formula may.
        if items.len() > MOST_LEVELS {
            let message = format!("more than {MOST_LEVELS} cases");
            self.diagnostics.error(Code::FormulaTooLarge, node.span, message).help("name parts of them under `let`");
            return None;
        }
        let mut cases: Vec<Option<Case>> = earlier.iter().map(|item| self.case(item, false)).collect();
        cases.push(self.case(last, true));
        cases.into_iter().collect()
    }

    fn case(&mut self, node: &Node, is_last: bool) -> Option<Case> {
        let fields = self.fields(node, "cases", keys::CASE)?;
        let span = node.span;
        let help = "write `{ when: …, value: … }` or, as the last case, `{ otherwise: … }`";
        let Some(otherwise) = fields.get("otherwise") else {
            let when = fields.required_ast(self, "when");
            let value = fields.required_ast(self, "value");
            if is_last {
                self.diagnostics
                    .error(Code::MissingOtherwise, span, "the last case is no `otherwise`")
                    .help("add `{ otherwise: … }`: a formula has a value at every place");
                return None;
            }
            return Some(Case { when: Some(when?), value: value?, span });
        };
        if fields.get("when").or(fields.get("value")).is_some() {
            self.diagnostics.error(Code::BadCases, span, "a case is `otherwise` or has a `when`, not both").help(help);
            return None;
        }
        if !is_last {
            let message = "`otherwise` stands before the last case";
            self.diagnostics.error(Code::BadCases, span, message).help("what follows it is never reached");
            return None;
        }
        let value = self.ast(otherwise, "otherwise")?;
        Some(Case { when: None, value, span })
    }

    /// The key of a `let`: `name` or `name(a, b)`.
    pub(super) fn head(&mut self, key: &Scalar) -> Option<Head> {
        if !key.as_str().contains('(') {
            return Some((key.spanned(), None));
        }
        let bad = |message: &str| {
            Diagnostic::error(Code::BadDefinition, key.span, message).with_help("write `name` or `name(a, b)`")
        };
        match self.parsed(&key.text)?.kind {
            AstKind::Call(call) if call.axes.is_empty() && call.filter.is_none() && call.named.is_empty() => {
                let mut arguments: Vec<Spanned<String>> = Vec::new();
                for argument in call.arguments {
                    let AstKind::Name(value) = argument.kind else {
                        self.diagnostics.push(bad("the arguments of a definition are names"));
                        return None;
                    };
                    if arguments.iter().any(|earlier| earlier.value == value) {
                        self.diagnostics.push(bad(&format!("the argument `{value}` stands twice")));
                        return None;
                    }
                    arguments.push(Spanned { value, span: argument.span });
                }
                if arguments.is_empty() {
                    self.diagnostics.push(bad("a definition without arguments has no brackets"));
                    return None;
                }
                Some((call.name, Some(arguments)))
            }
            AstKind::Call(_)
            | AstKind::Number(_)
            | AstKind::Boolean(_)
            | AstKind::Name(_)
            | AstKind::Unary(..)
            | AstKind::Binary(..)
            | AstKind::If(..)
            | AstKind::Pick(..) => {
                self.diagnostics.push(bad("this is no head of a definition"));
                None
            }
        }
    }

    /// `"beta -> 0"`
    pub(super) fn limit(&mut self, node: &Node, what: &str) -> Option<(Spanned<String>, Ast)> {
        let scalar = self.scalar(node, what, "text such as `\"beta -> 0\"`")?;
        let bad = |message: &str| {
            Diagnostic::error(Code::BadLimit, scalar.span, message).with_help("write `\"name -> value\"`")
        };
        let text = scalar.as_str();
        let Some(arrow) = text.find("->") else {
            self.diagnostics.push(bad("a limit has an arrow `->`"));
            return None;
        };
        let (before, after) = (scalar.text.trimmed(0, arrow), scalar.text.trimmed(arrow + 2, text.len()));
        let name = self.parsed(&before)?;
        let AstKind::Name(value) = name.kind else {
            self.diagnostics.push(bad("a limit moves one name"));
            return None;
        };
        Some((Spanned { value, span: name.span }, self.parsed(&after)?))
    }

    /// A formula, or an axis that stands alone; the latter becomes a name.
    pub(super) fn ast_or_axis(&mut self, node: &Node, what: &str) -> Option<Ast> {
        match &node.kind {
            NodeKind::Scalar(scalar) if is_axis(scalar.as_str()) && scalar.comment.is_none() => {
                Some(Ast { kind: AstKind::Name(scalar.as_str().to_owned()), span: scalar.span })
            }
            NodeKind::Scalar(_) | NodeKind::List(_) | NodeKind::Map(_) => self.ast(node, what),
        }
    }
}
