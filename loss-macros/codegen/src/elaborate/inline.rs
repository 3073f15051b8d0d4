//! Calls of local functions and of other specs: expanded in place, with their own names.

use crate::codes::Code;
use crate::diagnostic::{counted, suggest};
use crate::elaborate::demands::Called;
use crate::elaborate::formula::Elaborator;
use crate::elaborate::frame::{Frame, Scope, Value, absent_param, label_type, static_value};
use crate::expr::{AxisId, Expr, ExprId, Type};
use crate::formula::ast::{Ast, AstKind, Call, NamedArgument};
use crate::model::{Input, Param, ParamKind, ParamValue, Spec};
use crate::resolve::params;
use crate::source::Span;

impl<'a> Elaborator<'a> {
    /// Expands a local function.
    pub(super) fn local_call(
        &mut self,
        frame: &mut Frame<'a>,
        scope: &Scope<'a>,
        place: usize,
        call: &Call,
        span: Span,
    ) -> Option<ExprId> {
        let entry = &frame.spec.lets[place];
        let name = &entry.name.value;
        if place >= scope.lets {
            let (message, help) = if place == scope.lets {
                (format!("`{name}` calls itself"), "a definition is made of what stands above it")
            } else {
                (format!("`{name}` is defined further down"), "a definition sees those above it: move it up")
            };
            self.error(frame, Code::ChainBothWays, call.name.span, message, help);
            return None;
        }
        let Some(arguments) = &entry.arguments else {
            let message = format!("`{name}` is no function");
            self.error(frame, Code::WrongArity, span, message, format!("write `{name}` without parentheses"));
            return None;
        };
        if arguments.len() != call.arguments.len()
            || !call.axes.is_empty()
            || call.filter.is_some()
            || !call.named.is_empty()
        {
            let message = format!("`{name}` takes {}, by position", counted(arguments.len(), "argument"));
            self.error(frame, Code::WrongArity, span, message, format!("write `{name}({})`", arguments.join(", ")));
            return None;
        }
        let mut bound = Vec::new();
        for (argument, ast) in arguments.iter().zip(&call.arguments) {
            let value = self.value(frame, scope, ast);
            bound.push((argument.as_str(), value, frame.reads_stand_in(scope, ast)));
        }
        if bound.iter().any(|(_, value, _)| *value == Value::Broken) {
            return None;
        }
        let inner = Scope { lets: place, arguments: bound };
        self.formula(frame, &inner, &entry.body)
    }

    /// Expands the loss of another spec.
    pub(super) fn inline(
        &mut self,
        frame: &mut Frame<'a>,
        scope: &Scope<'a>,
        callee: &'a Spec,
        call: &Call,
        span: Span,
    ) -> Option<ExprId> {
        if self.calls.contains(&callee.name.as_str()) {
            let circle = [self.calls.as_slice(), &[&callee.name]].concat().join("` -> `");
            let help = format!("the calls go `{circle}`: one of them must do without");
            self.error(frame, Code::CycleOfSpecs, span, "the specs call each other in a circle", help);
            return None;
        }
        if !call.axes.is_empty() || call.filter.is_some() {
            let help = format!("reduce what it gives: `sum(C, {}(...))`", callee.name);
            self.error(frame, Code::WrongArity, span, format!("the loss `{}` is no reduction", callee.name), help);
            return None;
        }
        let axes = self.callee_axes(frame, callee, call);
        let arguments = self.match_arguments(frame, callee, call)?;
        self.missing_inputs(frame, callee, &arguments, span);
        let mut inner = Frame {
            spec: callee,
            inputs: Vec::new(),
            stand_in: Vec::new(),
            params: Vec::new(),
            lets: vec![None; callee.lets.len()],
            axes: axes?,
            blame: Some(frame.blame.unwrap_or(span)),
            loss: None,
            extra: Vec::new(),
        };
        for (input, ast) in callee.inputs.iter().zip(&arguments.inputs) {
            self.bind_input(frame, scope, &mut inner, input, *ast, span);
        }
        for (param, ast) in callee.params.iter().zip(&arguments.params) {
            let value = self.bind_param(frame, scope, param, *ast, &callee.name, span);
            inner.params.push(value);
        }
        if inner.inputs.iter().chain(&inner.params).any(|value| *value == Value::Broken) {
            return None;
        }
        self.calls.push(&callee.name);
        let loss = self.real_formula(&mut inner, &Scope::whole(callee), &callee.loss);
        self.calls.pop();
        // What a called loss calls in its turn is its own matter.
        if let (Some(loss), None) = (loss, frame.blame) {
            let places = |arguments: &[Option<&Ast>]| arguments.iter().map(|ast| ast.map(|ast| ast.span)).collect();
            let (inputs, params) = (places(&arguments.inputs), places(&arguments.params));
            let all = arguments.inputs.iter().chain(&arguments.params).flatten();
            let constants = all.filter(|ast| is_number(ast)).map(|ast| ast.span).collect();
            self.called.push(Called { frame: inner, loss, inputs, params, constants });
        }
        loss
    }

    fn callee_axes(&mut self, frame: &Frame<'a>, callee: &Spec, call: &Call) -> Option<Vec<Option<AxisId>>> {
        let by_name =
            |name: &str| frame.spec.axes.iter().position(|axis| axis.name == name).and_then(|place| frame.axes[place]);
        let mut axes: Vec<Option<AxisId>> = callee.axes.iter().map(|axis| by_name(&axis.name)).collect();
        let mut sound = true;
        for (name, argument) in &call.named {
            let NamedArgument::Axis(here) = argument else {
                continue;
            };
            let target = self.axis(frame, here);
            match callee.axes.iter().position(|axis| axis.name == name.value) {
                Some(place) => axes[place] = target,
                None => {
                    let message = format!("`{}` has no axis `{}`", callee.name, name.value);
                    let names: Vec<&str> = callee.axes.iter().map(|axis| axis.name.as_str()).collect();
                    let help = format!("its axes are `{}`", names.join("`, `"));
                    self.error(frame, Code::UnknownAxis, name.span, message, help);
                    sound = false;
                }
            }
            sound &= target.is_some();
        }
        sound.then_some(axes)
    }

    fn match_arguments<'c>(&mut self, frame: &Frame<'a>, callee: &Spec, call: &'c Call) -> Option<Arguments<'c>> {
        let mut found = Arguments { inputs: vec![None; callee.inputs.len()], params: vec![None; callee.params.len()] };
        let mut sound = true;
        for (place, ast) in call.arguments.iter().enumerate() {
            match found.inputs.get_mut(place) {
                Some(slot) => *slot = Some(ast),
                None => {
                    let message = format!("`{}` has {} inputs", callee.name, callee.inputs.len());
                    let help = "parameters are given by name: `delta = 2`";
                    self.error(frame, Code::WrongArity, ast.span, message, help);
                    return None;
                }
            }
        }
        for (name, argument) in &call.named {
            let NamedArgument::Formula(ast) = argument else {
                continue;
            };
            let input = callee.inputs.iter().position(|input| input.name == name.value);
            let param = callee.params.iter().position(|param| param.name == name.value);
            let slot = match (input, param) {
                (Some(place), _) => &mut found.inputs[place],
                (None, Some(place)) => &mut found.params[place],
                (None, None) => {
                    let inputs = callee.inputs.iter().map(|input| input.name.as_str());
                    let params = callee.params.iter().map(|param| param.name.as_str());
                    let all: Vec<&str> = inputs.chain(params).collect();
                    let help = match suggest(&name.value, all.iter().copied()) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!("it takes `{}`", all.join("`, `")),
                    };
                    let message = format!("`{}` has no input or parameter `{}`", callee.name, name.value);
                    self.error(frame, Code::UnknownName, name.span, message, help);
                    sound = false;
                    continue;
                }
            };
            if slot.replace(ast).is_some() {
                let message = format!("`{}` is given twice", name.value);
                self.error(frame, Code::WrongArity, name.span, message, "give each argument once");
                sound = false;
            }
        }
        sound.then_some(found)
    }

    fn missing_inputs(&mut self, frame: &Frame<'a>, callee: &Spec, arguments: &Arguments<'_>, span: Span) {
        let given = callee.inputs.iter().zip(&arguments.inputs);
        let missing = given.filter(|(input, ast)| ast.is_none() && !input.may_be_absent());
        let missing: Vec<&str> = missing.map(|(input, _)| input.name.as_str()).collect();
        let (what, them) = match missing.len() {
            0 => return,
            1 => ("input", "it"),
            _ => ("inputs", "them"),
        };
        let message = format!("`{}` needs its {what} `{}`", callee.name, missing.join("`, `"));
        self.error(frame, Code::WrongArity, span, message, format!("give {them}, by position or by name"));
    }

    fn bind_input(
        &mut self,
        frame: &mut Frame<'a>,
        scope: &Scope<'a>,
        inner: &mut Frame<'a>,
        input: &'a Input,
        ast: Option<&Ast>,
        span: Span,
    ) {
        let value = match ast {
            Some(ast) => self.value(frame, scope, ast),
            None => Value::Absent,
        };
        match (value, ast) {
            (Value::Absent, _) if input.may_be_absent() => inner.push_absent_input(input, &mut self.graph),
            (Value::Absent, None) => {
                inner.inputs.push(Value::Broken);
                inner.stand_in.push(false);
            }
            (value, Some(ast)) => {
                let stand_in = frame.reads_stand_in(scope, ast);
                let typed = self.expression(frame, value, ast).and_then(|id| {
                    let wanted = match label_type(input.label) {
                        // A label of an axis that this spec lacks fits nothing here.
                        Type::Index(axis) => match inner.axes[usize::from(axis.0)] {
                            Some(axis) => Type::Index(axis),
                            None => {
                                let name = &inner.spec.axes[usize::from(axis.0)].name;
                                let message = format!("`{}` is labelled by the axis `{name}`", input.name);
                                let help = format!("say which axis takes its place: `{name} = ...`");
                                self.error(frame, Code::UnknownAxis, span, message, help);
                                return None;
                            }
                        },
                        plain @ (Type::Real | Type::Condition | Type::Group) => plain,
                    };
                    if self.same_type(self.graph.ty(id), wanted) {
                        Some(id)
                    } else {
                        self.expect(frame, id, wanted, ast.span)
                    }
                });
                inner.inputs.push(typed.map_or(Value::Broken, Value::Expr));
                inner.stand_in.push(stand_in);
            }
            (Value::Expr(_) | Value::Choice(..) | Value::Word(_) | Value::Broken, None) => {
                inner.inputs.push(Value::Broken);
                inner.stand_in.push(false);
            }
        }
    }

    fn bind_param(
        &mut self,
        frame: &mut Frame<'a>,
        scope: &Scope<'a>,
        param: &'a Param,
        ast: Option<&Ast>,
        callee: &str,
        span: Span,
    ) -> Value<'a> {
        let Some(ast) = ast else {
            if param.default.is_none() && !param.optional {
                let message = format!("`{callee}` needs its parameter `{}`", param.name);
                let help = format!("give it by name: `{} = ...`", param.name);
                self.error(frame, Code::WrongArity, span, message, help);
                return Value::Broken;
            }
            return absent_param(param, &mut self.graph);
        };
        // A word of the called spec's choice is no name here.
        if let (ParamKind::Choice(words), AstKind::Name(name)) = (&param.kind, &ast.kind)
            && words.contains(name)
            && frame.spec.params.iter().all(|own| own.name != *name)
        {
            return static_value(&ParamValue::Word(name.clone()), &param.kind, &mut self.graph);
        }
        let value = self.value(frame, scope, ast);
        if value == Value::Absent && param.optional {
            return Value::Absent;
        }
        let setting = match (&param.kind, &value) {
            (_, Value::Broken) => return Value::Broken,
            (ParamKind::Real | ParamKind::Integer, _) => {
                let id = self.expression(frame, value, ast);
                let real = id.and_then(|id| self.expect(frame, id, Type::Real, ast.span));
                return real.map_or(Value::Broken, Value::Expr);
            }
            (ParamKind::Choice(words), Value::Choice(word, _)) => {
                words.iter().any(|known| known == word).then(|| ParamValue::Word((*word).to_owned()))
            }
            (ParamKind::Switch, Value::Expr(id)) => self.boolean(*id).map(ParamValue::Switch),
            (ParamKind::StaticInteger(values), Value::Expr(id)) => match self.graph.expr(*id) {
                Expr::Constant(constant) => constant
                    .as_integer()
                    .filter(|integer| values.iter().any(|&value| i128::from(value) == *integer))
                    .map(|_| ParamValue::Number(constant)),
                Expr::Boolean(_)
                | Expr::Input(_)
                | Expr::Param(_)
                | Expr::Size(_)
                | Expr::Index(_)
                | Expr::Upstream
                | Expr::Indicator(_)
                | Expr::Unary(..)
                | Expr::Binary(..)
                | Expr::Compare(..)
                | Expr::And(..)
                | Expr::Or(..)
                | Expr::Not(_)
                | Expr::If(..)
                | Expr::Pick { .. }
                | Expr::Reduce { .. }
                | Expr::Given(_) => None,
            },
            (
                ParamKind::Choice(_) | ParamKind::Switch | ParamKind::StaticInteger(_),
                Value::Expr(_) | Value::Choice(..) | Value::Word(_) | Value::Absent,
            ) => None,
        };
        match setting {
            Some(setting) => static_value(&setting, &param.kind, &mut self.graph),
            None => {
                let message = format!("`{}` of `{callee}` is static: it needs a constant", param.name);
                let help = format!("it takes {}, or a static parameter of that kind", params::takes(&param.kind));
                self.error(frame, Code::StaticArgument, ast.span, message, help);
                Value::Broken
            }
        }
    }
}

/// The arguments of a call, in the order of the called spec.
struct Arguments<'c> {
    inputs: Vec<Option<&'c Ast>>,
    params: Vec<Option<&'c Ast>>,
}

/// Whether an argument is a number, perhaps with a sign.
fn is_number(ast: &Ast) -> bool {
    match &ast.kind {
        AstKind::Number(_) => true,
        AstKind::Unary(_, x) => is_number(x),
        AstKind::Boolean(_)
        | AstKind::Name(_)
        | AstKind::Binary(..)
        | AstKind::If(..)
        | AstKind::Pick(..)
        | AstKind::Call(_) => false,
    }
}
