//! What a name in a formula stands for.

use crate::codes::Code;
use crate::diagnostic::suggest;
use crate::elaborate::formula::Elaborator;
use crate::elaborate::frame::{Frame, Scope, Value};
use crate::expr::Expr;
use crate::model::{Param, ParamKind, Spec};
use crate::resolve::evaluate::named_constant;
use crate::source::Span;

impl<'a> Elaborator<'a> {
    /// Looks a name up: local arguments first, then what claims add, then the spec's own names, then the language's.
    pub(super) fn name(&mut self, frame: &mut Frame<'a>, scope: &Scope<'a>, name: &str, span: Span) -> Value<'a> {
        if let Some((_, value, _)) = scope.arguments.iter().find(|(argument, ..)| *argument == name) {
            return value.clone();
        }
        if let Some((_, id)) = frame.extra.iter().find(|(extra, _)| extra == name) {
            return Value::Expr(*id);
        }
        let spec = frame.spec;
        if let Some(place) = spec.inputs.iter().position(|input| input.name == name) {
            return frame.inputs[place].clone();
        }
        if let Some(place) = spec.params.iter().position(|param| param.name == name) {
            return frame.params[place].clone();
        }
        if let Some(place) = spec.lets.iter().position(|entry| entry.name.value == name) {
            return self.definition(frame, scope, place, span);
        }
        if let ("loss", Some(loss)) = (name, frame.loss) {
            return loss.map_or(Value::Broken, Value::Expr);
        }
        if let Some(constant) = named_constant(name) {
            return Value::Expr(self.graph.add(Expr::Constant(constant)));
        }
        if choice_of(spec, name).is_some() {
            return Value::Word(name.to_owned());
        }
        let help = self.nearest(frame, scope, name);
        self.error(frame, Code::UnknownName, span, format!("unknown name `{name}` in formula"), help);
        Value::Broken
    }

    /// Whether a name stands for anything.
    pub(super) fn is_name(&self, frame: &Frame<'a>, scope: &Scope<'a>, name: &str) -> bool {
        let spec = frame.spec;
        scope.arguments.iter().any(|(argument, ..)| *argument == name)
            || frame.extra.iter().any(|(extra, _)| extra == name)
            || spec.inputs.iter().any(|input| input.name == name)
            || spec.params.iter().any(|param| param.name == name)
            || spec.lets.iter().any(|entry| entry.name.value == name)
            || (name == "loss" && frame.loss.is_some())
            || named_constant(name).is_some()
            || choice_of(spec, name).is_some()
    }

    fn definition(&mut self, frame: &mut Frame<'a>, scope: &Scope<'a>, place: usize, span: Span) -> Value<'a> {
        let entry = &frame.spec.lets[place];
        let name = &entry.name.value;
        if place >= scope.lets {
            let (message, help) = if place == scope.lets {
                (format!("`{name}` reads itself"), "a definition is made of what stands above it")
            } else {
                (format!("`{name}` is defined further down"), "a definition sees those above it: move it up")
            };
            self.error(frame, Code::ChainBothWays, span, message, help);
            return Value::Broken;
        }
        if let Some(arguments) = &entry.arguments {
            let help = format!("call it: `{name}({})`", arguments.join(", "));
            self.error(frame, Code::WrongArity, span, format!("`{name}` is a function"), help);
            return Value::Broken;
        }
        if let Some(typed) = frame.lets[place] {
            return typed.map_or(Value::Broken, Value::Expr);
        }
        let inner = Scope { lets: place, arguments: Vec::new() };
        let typed = self.formula(frame, &inner, &entry.body);
        frame.lets[place] = Some(typed);
        typed.map_or(Value::Broken, Value::Expr)
    }

    fn nearest(&self, frame: &Frame<'a>, scope: &Scope<'a>, name: &str) -> String {
        let mut known: Vec<(&str, &str)> = scope.arguments.iter().map(|(name, ..)| (*name, "argument")).collect();
        known.extend(frame.extra.iter().map(|(name, _)| (name.as_str(), "variable")));
        known.extend(frame.spec.inputs.iter().map(|input| (input.name.as_str(), "input")));
        known.extend(frame.spec.params.iter().map(|param| (param.name.as_str(), "parameter")));
        let lets = frame.spec.lets.iter().take(scope.lets);
        known.extend(lets.map(|entry| (entry.name.value.as_str(), "definition")));
        match suggest(name, known.iter().map(|(name, _)| *name)) {
            Some(near) => {
                let what = known.iter().find(|(name, _)| *name == near).map_or("name", |(_, what)| what);
                format!("did you mean the {what} `{near}`?")
            }
            None => {
                let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
                format!("the names here are `{}`", names.join("`, `"))
            }
        }
    }
}

/// The choice that has this word.
pub(super) fn choice_of<'s>(spec: &'s Spec, word: &str) -> Option<&'s Param> {
    spec.params.iter().find(|param| match &param.kind {
        ParamKind::Choice(words) => words.iter().any(|known| known == word),
        ParamKind::Real | ParamKind::Integer | ParamKind::StaticInteger(_) | ParamKind::Switch => false,
    })
}
