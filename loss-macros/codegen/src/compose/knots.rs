//! Knots that a loss takes over from the one that it calls.
//!
//! Where a loss is another one times a factor, of arguments that are linear in what is learned, it bends where the other bends and as it does. A
//! loss of any other making may smooth a knot or sharpen it, so it says itself what it has; and one that declares knots declares all of them.

use std::collections::BTreeMap;

use crate::document::KnotEntry;
use crate::elaborate::Library;
use crate::formula::ast::{Ast, AstKind, BinaryOperator, Call, NamedArgument, UnaryOperator};
use crate::model::{ParamKind, ParamValue, Spec};
use crate::resolve::evaluate::named_constant;
use crate::source::Span;

/// The knots of the loss that a spec is a multiple of, in the spec's own names. None where it has knots of its own.
pub(super) fn carried(spec: &Spec, library: &Library) -> Vec<KnotEntry> {
    of(spec, library, &mut vec![spec.name.as_str()])
}

fn of<'l>(spec: &'l Spec, library: &'l Library, on_the_way: &mut Vec<&'l str>) -> Vec<KnotEntry> {
    if !spec.knots.is_empty() {
        return Vec::new();
    }
    let loss = spec.loss.to_ast();
    let Some((call, span)) = Scope { spec, library, lets: spec.lets.len() }.whole_call(&loss) else {
        return Vec::new();
    };
    let Some(callee) = library.specs.get(&call.name.value) else { return Vec::new() };
    if on_the_way.contains(&callee.name.as_str()) {
        return Vec::new();
    }
    on_the_way.push(&callee.name);
    let through = of(callee, library, on_the_way);
    on_the_way.pop();
    let binding = Binding::new(callee, &call);
    callee.knots.iter().chain(&through).filter_map(|knot| binding.knot(knot, span)).collect()
}

/// What the names of a formula stand for.
#[derive(Clone, Copy)]
struct Scope<'s> {
    spec: &'s Spec,
    library: &'s Library,
    /// How many of the definitions: those above.
    lets: usize,
}

impl Scope<'_> {
    /// The call of a loss that a formula is a multiple of, up to what does not move with what is learned.
    fn whole_call(self, ast: &Ast) -> Option<(Call, Span)> {
        match &ast.kind {
            AstKind::Name(name) => {
                let (body, above) = self.definition(name)?;
                above.whole_call(&body)
            }
            AstKind::Call(call) if self.library.specs.contains_key(&call.name.value) => {
                let moves: Vec<&Ast> = ast.parts().into_iter().filter(|part| !self.is_fixed(part)).collect();
                let is_linear = !moves.is_empty() && moves.iter().all(|argument| self.is_linear(argument));
                is_linear.then(|| (call.as_ref().clone(), ast.span))
            }
            AstKind::Call(call) => match (call.name.value.as_str(), call.arguments.as_slice()) {
                ("weigh", [weight, value]) if self.is_fixed(weight) => self.whole_call(value),
                _ => None,
            },
            AstKind::Unary(UnaryOperator::Negate, x) => self.whole_call(x),
            AstKind::Binary(operator, x, y) => match (operator, self.is_fixed(x), self.is_fixed(y)) {
                (BinaryOperator::Multiply | BinaryOperator::Add | BinaryOperator::Subtract, true, false) => {
                    self.whole_call(y)
                }
                (
                    BinaryOperator::Multiply | BinaryOperator::Divide | BinaryOperator::Add | BinaryOperator::Subtract,
                    false,
                    true,
                ) => self.whole_call(x),
                _ => None,
            },
            AstKind::Unary(UnaryOperator::Not, _)
            | AstKind::Number(_)
            | AstKind::Boolean(_)
            | AstKind::If(..)
            | AstKind::Pick(..) => None,
        }
    }

    /// A definition, and what it sees.
    fn definition(self, name: &str) -> Option<(Ast, Self)> {
        let above = &self.spec.lets[..self.lets];
        let place = above.iter().position(|entry| entry.name.value == name && entry.arguments.is_none())?;
        Some((above[place].body.to_ast(), Self { lets: place, ..self }))
    }

    /// Whether a formula reads nothing that has a gradient.
    fn is_fixed(self, ast: &Ast) -> bool {
        let reads_no_gradient = match &ast.kind {
            AstKind::Name(name) => {
                let learns = self.spec.inputs.iter().any(|input| input.name == *name && input.gradient);
                !learns && self.definition(name).is_none_or(|(body, above)| above.is_fixed(&body))
            }
            // What stands in a definition with arguments may read anything.
            AstKind::Call(call) => self.spec.lets.iter().all(|entry| entry.name.value != call.name.value),
            AstKind::Number(_)
            | AstKind::Boolean(_)
            | AstKind::Unary(..)
            | AstKind::Binary(..)
            | AstKind::If(..)
            | AstKind::Pick(..) => true,
        };
        reads_no_gradient && ast.parts().into_iter().all(|part| self.is_fixed(part))
    }

    /// Whether a formula is linear in what has a gradient, up to what does not move with it.
    fn is_linear(self, ast: &Ast) -> bool {
        if self.is_fixed(ast) {
            return true;
        }
        match &ast.kind {
            AstKind::Name(name) => self.definition(name).is_none_or(|(body, above)| above.is_linear(&body)),
            AstKind::Unary(UnaryOperator::Negate, x) => self.is_linear(x),
            AstKind::Binary(BinaryOperator::Add | BinaryOperator::Subtract, x, y) => {
                self.is_linear(x) && self.is_linear(y)
            }
            AstKind::Binary(BinaryOperator::Multiply, x, y) => {
                self.is_fixed(x) && self.is_linear(y) || self.is_linear(x) && self.is_fixed(y)
            }
            AstKind::Binary(BinaryOperator::Divide, x, y) => self.is_linear(x) && self.is_fixed(y),
            AstKind::Pick(x, i) => self.is_linear(x) && self.is_fixed(i),
            AstKind::Number(_)
            | AstKind::Boolean(_)
            | AstKind::Unary(UnaryOperator::Not, _)
            | AstKind::Binary(
                BinaryOperator::Power
                | BinaryOperator::Less
                | BinaryOperator::LessEqual
                | BinaryOperator::Greater
                | BinaryOperator::GreaterEqual
                | BinaryOperator::Equal
                | BinaryOperator::NotEqual
                | BinaryOperator::And
                | BinaryOperator::Or,
                ..,
            )
            | AstKind::If(..)
            | AstKind::Call(_) => false,
        }
    }
}

/// What the names of a called loss stand for at a call.
struct Binding<'c> {
    callee: &'c Spec,
    names: BTreeMap<&'c str, Ast>,
    axes: BTreeMap<&'c str, &'c str>,
}

/// What a formula of the called loss sees beside its inputs and parameters.
struct Within<'w> {
    /// The arguments of the function whose body it is.
    local: BTreeMap<&'w str, Ast>,
    /// How many of the definitions: those above.
    lets: usize,
}

impl<'c> Binding<'c> {
    fn new(callee: &'c Spec, call: &'c Call) -> Self {
        let span = call.name.span;
        let mut names: BTreeMap<&str, Ast> = BTreeMap::new();
        let mut axes = BTreeMap::new();
        let inputs = callee.inputs.iter().map(|input| (input.name.as_str(), input.default.as_ref()));
        let params = callee.params.iter().map(|param| (param.name.as_str(), param.default.as_ref()));
        for (name, default) in inputs.chain(params) {
            names.extend(default.map(|value| (name, literal(value, span))));
        }
        names.extend(callee.inputs.iter().zip(&call.arguments).map(|(input, ast)| (input.name.as_str(), ast.clone())));
        for (name, argument) in &call.named {
            match argument {
                NamedArgument::Formula(ast) => {
                    names.insert(&name.value, ast.clone());
                }
                NamedArgument::Axis(axis) => {
                    axes.insert(name.value.as_str(), axis.value.as_str());
                }
            }
        }
        let mut binding = Self { callee, names, axes };
        for (lets, entry) in callee.lets.iter().enumerate().filter(|(_, entry)| entry.arguments.is_none()) {
            let body = binding.formula(&entry.body.to_ast(), &Within { local: BTreeMap::new(), lets });
            binding.names.extend(body.map(|body| (entry.name.value.as_str(), body)));
        }
        binding
    }

    /// A knot in the caller's names; none if it reads what the caller does without.
    fn knot(&self, knot: &KnotEntry, span: Span) -> Option<KnotEntry> {
        let within = Within { local: BTreeMap::new(), lets: self.callee.lets.len() };
        let formula = |ast: &Ast| self.formula(ast, &within).map(|ast| ast.placed_at(span));
        if knot.when.as_ref().and_then(formula).is_some_and(|when| matches!(when.kind, AstKind::Boolean(false))) {
            return None;
        }
        Some(KnotEntry {
            at: formula(&knot.at)?,
            when: match &knot.when {
                Some(when) => Some(formula(when)?).filter(|when| !matches!(when.kind, AstKind::Boolean(true))),
                None => None,
            },
            smooth: knot.smooth.clone(),
            // The one that follows from the call: there is nothing to choose.
            gradient: Vec::new(),
            because: None,
            carried_from: Some(knot.carried_from.clone().unwrap_or_else(|| self.callee.name.clone())),
        })
    }

    /// A formula of the called loss in the caller's names.
    fn formula(&self, ast: &Ast, within: &Within<'_>) -> Option<Ast> {
        let mut is_whole = true;
        let replaced = ast.replacing(&mut |part| match &part.kind {
            AstKind::Name(name) => {
                let found = within.local.get(name.as_str()).or_else(|| self.names.get(name.as_str())).cloned();
                is_whole &= found.is_some() || self.is_word(name);
                found
            }
            AstKind::Call(call) => {
                let above = &self.callee.lets[..within.lets];
                let function = above.iter().position(|entry| entry.name.value == call.name.value);
                let arguments = function.and_then(|lets| Some((lets, above[lets].arguments.as_ref()?)));
                let inner = match arguments {
                    Some((lets, names)) => {
                        let values = call.arguments.iter().map(|argument| self.formula(argument, within));
                        let values: Option<Vec<Ast>> = values.collect();
                        values.and_then(|values| {
                            let local = names.iter().map(String::as_str).zip(values).collect();
                            self.formula(&above[lets].body.to_ast(), &Within { local, lets })
                        })
                    }
                    None => return self.renamed(call, part.span, within, &mut is_whole),
                };
                is_whole &= inner.is_some();
                Some(inner.unwrap_or_else(|| part.clone()))
            }
            AstKind::Binary(operator @ (BinaryOperator::Equal | BinaryOperator::NotEqual), x, y) => {
                // Two words of a choice are no formula of the caller's.
                let words = [x, y].map(|side| match &self.formula(side, within)?.kind {
                    AstKind::Name(name) if self.is_word(name) => Some(name.clone()),
                    _ => None,
                });
                match words {
                    [Some(x), Some(y)] => {
                        let holds = (x == y) == (*operator == BinaryOperator::Equal);
                        Some(Ast { kind: AstKind::Boolean(holds), span: part.span })
                    }
                    _ => None,
                }
            }
            AstKind::Number(_)
            | AstKind::Boolean(_)
            | AstKind::Unary(..)
            | AstKind::Binary(..)
            | AstKind::If(..)
            | AstKind::Pick(..) => None,
        });
        is_whole.then_some(replaced)
    }

    /// A call of a function with the caller's axes.
    fn renamed(&self, call: &Call, span: Span, within: &Within<'_>, is_whole: &mut bool) -> Option<Ast> {
        if call.axes.iter().all(|axis| !self.axes.contains_key(axis.value.as_str())) {
            return None;
        }
        let mut whole = |ast: &Ast| {
            let found = self.formula(ast, within);
            *is_whole &= found.is_some();
            found.unwrap_or_else(|| ast.clone())
        };
        let mut call = call.clone();
        for axis in &mut call.axes {
            if let Some(here) = self.axes.get(axis.value.as_str()) {
                axis.value = (*here).to_owned();
            }
        }
        call.filter = call.filter.as_ref().map(&mut whole);
        call.arguments = call.arguments.iter().map(&mut whole).collect();
        Some(Ast { kind: AstKind::Call(Box::new(call)), span })
    }

    /// Whether a name is a word of some choice of the called loss, or one of the language.
    fn is_word(&self, name: &str) -> bool {
        let is_in = |kind: &ParamKind| match kind {
            ParamKind::Choice(words) => words.iter().any(|word| word == name),
            ParamKind::Real | ParamKind::Integer | ParamKind::StaticInteger(_) | ParamKind::Switch => false,
        };
        named_constant(name).is_some() || self.callee.params.iter().any(|param| is_in(&param.kind))
    }
}

fn literal(value: &ParamValue, span: Span) -> Ast {
    let size = |text: &str| match named_constant(text) {
        Some(_) => AstKind::Name(text.to_owned()),
        None => AstKind::Number(text.to_owned()),
    };
    let kind = match value {
        ParamValue::Number(number) => {
            let text = number.to_string();
            match text.strip_prefix('-') {
                Some(text) => AstKind::Unary(UnaryOperator::Negate, Box::new(Ast { kind: size(text), span })),
                None => size(&text),
            }
        }
        ParamValue::Switch(on) => AstKind::Boolean(*on),
        ParamValue::Word(word) => AstKind::Name(word.clone()),
    };
    Ast { kind, span }
}
