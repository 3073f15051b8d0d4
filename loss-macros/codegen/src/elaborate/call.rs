//! Calls of the language's own functions.

mod foreign;

use crate::codes::Code;
use crate::diagnostic::{counted, suggest};
use crate::elaborate::demands::Norm;
use crate::elaborate::formula::Elaborator;
use crate::elaborate::frame::{Frame, Scope, Value};
use crate::expr::{AxisId, AxisSet, Binary, Comparison, Constant, Expr, ExprId, Reducer, Type, Unary};
use crate::formula::ast::{Ast, AstKind, Call};
use crate::model::{Label, Spec};
use crate::resolve::functions::{FUNCTIONS, Function, function};
use crate::source::{Span, Spanned};

/// The axes and the condition before a call's arguments.
#[derive(Clone, Copy)]
struct Over {
    axes: AxisSet,
    filter: Option<ExprId>,
}

impl<'a> Elaborator<'a> {
    /// Types a call.
    pub(super) fn call(&mut self, frame: &mut Frame<'a>, scope: &Scope<'a>, call: &Call, span: Span) -> Option<ExprId> {
        let name = call.name.value.as_str();
        if let Some(place) = frame.spec.lets.iter().position(|entry| entry.name.value == name) {
            return self.local_call(frame, scope, place, call, span);
        }
        if let Some(function) = function(name) {
            return self.built_in(frame, scope, function, call, span);
        }
        // A claim may call the very spec that it is made of.
        let itself = (name == self.root.name).then_some(self.root);
        if let Some(callee) = itself.or_else(|| self.library.specs.get(name)) {
            return self.inline(frame, scope, callee, call, span);
        }
        let local = frame.spec.lets.iter().filter(|entry| entry.arguments.is_some());
        let known = FUNCTIONS
            .iter()
            .map(|(name, _)| *name)
            .chain(local.map(|entry| entry.name.value.as_str()))
            .chain(self.library.specs.keys().map(String::as_str));
        let help = match (foreign::ours(name), suggest(name, known)) {
            (Some(ours), _) => format!("write `{ours}`"),
            (None, Some(near)) => format!("did you mean `{near}`?"),
            (None, None) => "neither the language, nor this spec, nor another spec has it".to_owned(),
        };
        self.error(frame, Code::UnknownFunction, call.name.span, format!("unknown function `{name}`"), help);
        // For the mistakes in them.
        for argument in &call.arguments {
            self.value(frame, scope, argument);
        }
        None
    }

    fn built_in(
        &mut self,
        frame: &mut Frame<'a>,
        scope: &Scope<'a>,
        function: Function,
        call: &Call,
        span: Span,
    ) -> Option<ExprId> {
        let name = call.name.value.as_str();
        if let Some((argument, _)) = call.named.first() {
            let message = format!("`{name}` takes no argument by name");
            self.error(frame, Code::WrongArity, argument.span, message, "only calls of other specs name arguments");
            return None;
        }
        match function {
            Function::Unary(unary) => {
                self.without_axes(frame, call)?;
                let [x] = self.arguments(frame, call, span)?;
                let x = self.real(frame, scope, x)?;
                Some(self.graph.add(Expr::Unary(unary, x)))
            }
            Function::Binary(binary) => self.of_two(frame, scope, binary, call, span),
            Function::Either(binary, _) if call.axes.is_empty() => self.of_two(frame, scope, binary, call, span),
            Function::Either(_, reducer) | Function::Reduce(reducer) => {
                let over = self.over(frame, scope, call, span);
                let [x] = self.arguments(frame, call, span)?;
                let wanted = match reducer {
                    Reducer::Any | Reducer::All => Type::Condition,
                    Reducer::Sum
                    | Reducer::Mean
                    | Reducer::Max
                    | Reducer::Min
                    | Reducer::Logsumexp
                    | Reducer::SimplexThreshold
                    | Reducer::Norm
                    | Reducer::Shift
                    | Reducer::Expectation => Type::Real,
                };
                let value = self.expr(frame, scope, x);
                let value = self.expect(frame, value?, wanted, x.span)?;
                self.reduce(frame, scope, reducer, over?, (value, &[x]), None)
            }
            Function::Norm => {
                let over = self.over(frame, scope, call, span);
                let [x, p] = self.arguments(frame, call, span)?;
                let (value, order) = (self.real(frame, scope, x), self.real(frame, scope, p));
                let (value, order) = (value?, order?);
                let varies = self.graph.axes(order);
                if !varies.is_empty() {
                    let message = "the order of a norm varies from place to place";
                    self.error(frame, Code::AxesDoNotFit, p.span, message, "use a number or a parameter");
                    return None;
                }
                let norm = self.reduce(frame, scope, Reducer::Norm, over?, (value, &[x]), Some(order))?;
                // What a called loss writes is checked where that one is.
                if frame.blame.is_none() {
                    self.norms.push(Norm { value: norm, order: (order, p.span) });
                }
                Some(norm)
            }
            Function::Dot => {
                let over = self.over(frame, scope, call, span);
                let [x, y] = self.arguments(frame, call, span)?;
                let (left, right) = (self.real(frame, scope, x), self.real(frame, scope, y));
                let product = Expr::Binary(Binary::Multiply, left?, right?);
                let product = self.graph.add(product);
                self.reduce(frame, scope, Reducer::Sum, over?, (product, &[x, y]), None)
            }
            Function::Softmax | Function::LogSoftmax => {
                let over = self.over(frame, scope, call, span);
                let [x] = self.arguments(frame, call, span)?;
                let value = self.real(frame, scope, x)?;
                let total = self.reduce(frame, scope, Reducer::Logsumexp, over?, (value, &[x]), None)?;
                let logarithm = self.graph.add(Expr::Binary(Binary::Subtract, value, total));
                Some(match function {
                    Function::Softmax => self.graph.add(Expr::Unary(Unary::Exp, logarithm)),
                    Function::LogSoftmax
                    | Function::Unary(_)
                    | Function::Binary(_)
                    | Function::Either(..)
                    | Function::Reduce(_)
                    | Function::Norm
                    | Function::Dot
                    | Function::OneHot
                    | Function::Size
                    | Function::Index
                    | Function::Given => logarithm,
                })
            }
            Function::OneHot => {
                let axis = self.one_axis(frame, call, span);
                let [i] = self.arguments(frame, call, span)?;
                let index = self.expr(frame, scope, i);
                let (axis, index) = (axis?, index?);
                if !self.same_type(self.graph.ty(index), Type::Index(axis)) {
                    self.expect(frame, index, Type::Index(axis), i.span)?;
                }
                let here = self.graph.add(Expr::Index(axis));
                let hit = self.graph.add(Expr::Compare(Comparison::Equal, here, index));
                let one = self.graph.add(Expr::Constant(Constant::integer(1)));
                let zero = self.graph.add(Expr::Constant(Constant::integer(0)));
                Some(self.graph.add(Expr::If(hit, one, zero)))
            }
            Function::Size => {
                let axis = self.one_axis(frame, call, span)?;
                let [] = self.arguments(frame, call, span)?;
                Some(self.graph.add(Expr::Size(axis)))
            }
            Function::Index => {
                let axis = self.one_axis(frame, call, span)?;
                let [] = self.arguments(frame, call, span)?;
                Some(self.graph.add(Expr::Index(axis)))
            }
            Function::Given => {
                self.without_axes(frame, call)?;
                let [x] = self.arguments(frame, call, span)?;
                self.given(frame, scope, x)
            }
        }
    }

    fn of_two(
        &mut self,
        frame: &mut Frame<'a>,
        scope: &Scope<'a>,
        binary: Binary,
        call: &Call,
        span: Span,
    ) -> Option<ExprId> {
        self.without_axes(frame, call)?;
        let [x, y] = self.arguments(frame, call, span)?;
        let (x, y) = (self.real(frame, scope, x), self.real(frame, scope, y));
        Some(self.graph.add(Expr::Binary(binary, x?, y?)))
    }

    /// Whether there is something: static for what may be absent, per row for a label with `ignore`, per entry of a list.
    fn given(&mut self, frame: &mut Frame<'a>, scope: &Scope<'a>, x: &Ast) -> Option<ExprId> {
        let is_thing = |name: &str| {
            frame.spec.inputs.iter().any(|input| input.name == name)
                || frame.spec.params.iter().any(|param| param.name == name)
                || scope.arguments.iter().any(|(argument, ..)| *argument == name)
        };
        match &x.kind {
            AstKind::Name(name) if is_thing(name) => {}
            AstKind::Name(_)
            | AstKind::Number(_)
            | AstKind::Boolean(_)
            | AstKind::Unary(..)
            | AstKind::Binary(..)
            | AstKind::If(..)
            | AstKind::Pick(..)
            | AstKind::Call(_) => {
                let message = "`given` asks for an input or a parameter by its name";
                self.error(frame, Code::TypeMismatch, x.span, message, "write `given(target)`");
                return None;
            }
        }
        let id = match self.value(frame, scope, x) {
            Value::Expr(id) => id,
            Value::Absent => return Some(self.graph.add(Expr::Boolean(false))),
            Value::Choice(..) | Value::Word(_) => return Some(self.graph.add(Expr::Boolean(true))),
            Value::Broken => return None,
        };
        if let Expr::Input(input) = self.graph.expr(id) {
            let declared = &self.root.inputs[usize::from(input.0)];
            let by_entry = matches!(declared.label, Label::IndexList(_));
            if by_entry || declared.ignore.is_some() {
                let axes = declared.axes.iter().copied().collect();
                return Some(self.graph.intern(Expr::Given(input), Type::Condition, axes));
            }
        }
        Some(self.graph.add(Expr::Boolean(true)))
    }

    fn reduce(
        &mut self,
        frame: &Frame<'a>,
        scope: &Scope<'a>,
        reducer: Reducer,
        over: Over,
        (value, written): (ExprId, &[&Ast]),
        order: Option<ExprId>,
    ) -> Option<ExprId> {
        let chosen = over.filter.map_or(AxisSet::EMPTY, |filter| self.graph.axes(filter));
        let carried = self.graph.axes(value).union(chosen);
        // A default that stands in for an absent table is the same at every place of the axis.
        let stands_in = || written.iter().any(|ast| frame.reads_stand_in(scope, ast));
        if let Some(axis) = over.axes.without(carried).iter().next()
            && !stands_in()
        {
            let message = format!("what is reduced does not vary along `{}`", self.axis_name(axis));
            let help = self.has_axes(carried);
            let span = written.iter().map(|ast| ast.span).reduce(Span::to).unwrap_or_default();
            self.error(frame, Code::AxisNotCarried, span, message, help);
            return None;
        }
        Some(self.graph.add(Expr::Reduce { reducer, axes: over.axes, filter: over.filter, value, order }))
    }

    /// The axes that an expression has, for messages.
    pub(super) fn has_axes(&self, axes: AxisSet) -> String {
        if axes.is_empty() {
            return "it is one number, with no axis".to_owned();
        }
        let names: Vec<&str> = axes.iter().map(|axis| self.axis_name(axis)).collect();
        format!("its axes are `{}`", names.join("`, `"))
    }

    fn over(&mut self, frame: &mut Frame<'a>, scope: &Scope<'a>, call: &Call, span: Span) -> Option<Over> {
        if call.axes.is_empty() {
            let name = &call.name.value;
            let message = format!("`{name}` needs an axis");
            let help = match example_axis(frame.spec) {
                Some(axis) => format!("say over which one: `{name}({axis}, ...)`"),
                None => format!("it reduces an axis beside the rows: `axes: [N, C]`, and `{name}(C, ...)`"),
            };
            self.error(frame, Code::WrongArity, span, message, help);
            return None;
        }
        let mut axes = Some(AxisSet::EMPTY);
        for name in &call.axes {
            let axis = self.axis(frame, name);
            if let (Some(set), Some(axis)) = (axes, axis)
                && set.contains(axis)
            {
                let message = format!("the axis `{}` stands here twice", name.value);
                self.error(frame, Code::AxesDoNotFit, name.span, message, "name each axis once");
                axes = None;
            }
            axes = axes.and_then(|set| axis.map(|axis| set.union(AxisSet::of(axis))));
        }
        let filter = match &call.filter {
            Some(filter) => Some(self.condition(frame, scope, filter)?),
            None => None,
        };
        Some(Over { axes: axes?, filter })
    }

    fn one_axis(&mut self, frame: &mut Frame<'a>, call: &Call, span: Span) -> Option<AxisId> {
        match (call.axes.as_slice(), &call.filter) {
            ([axis], None) => self.axis(frame, axis),
            ([] | [_, ..], _) => {
                let name = &call.name.value;
                let message = format!("`{name}` takes one axis and no `where`");
                let axis = example_axis(frame.spec).unwrap_or("N");
                self.error(frame, Code::WrongArity, span, message, format!("write `{name}({axis})`"));
                None
            }
        }
    }

    fn without_axes(&mut self, frame: &Frame<'a>, call: &Call) -> Option<()> {
        let Some(axis) = call.axes.first() else {
            return Some(());
        };
        let message = format!("`{}` is no reduction", call.name.value);
        self.error(frame, Code::WrongArity, axis.span, message, "leave out the axis: it works place by place");
        None
    }

    /// An axis by its name in the frame's spec.
    pub(super) fn axis(&mut self, frame: &Frame<'a>, name: &Spanned<String>) -> Option<AxisId> {
        let axes = &frame.spec.axes;
        if let Some(place) = axes.iter().position(|axis| axis.name == name.value) {
            if frame.axes[place].is_none() {
                let message = format!("the axis `{}` is none of this spec's", name.value);
                let help = format!("say which axis takes its place: `{} = ...`", name.value);
                self.error(frame, Code::UnknownAxis, name.span, message, help);
            }
            return frame.axes[place];
        }
        let help = match suggest(&name.value, axes.iter().map(|axis| axis.name.as_str())) {
            Some(near) => format!("did you mean `{near}`?"),
            None => {
                let names: Vec<&str> = axes.iter().map(|axis| axis.name.as_str()).collect();
                format!("the axes here are `{}`", names.join("`, `"))
            }
        };
        self.error(frame, Code::UnknownAxis, name.span, format!("unknown axis `{}`", name.value), help);
        None
    }

    fn arguments<'c, const COUNT: usize>(
        &mut self,
        frame: &Frame<'a>,
        call: &'c Call,
        span: Span,
    ) -> Option<[&'c Ast; COUNT]> {
        let all: Vec<&Ast> = call.arguments.iter().collect();
        match <[&Ast; COUNT]>::try_from(all) {
            Ok(arguments) => Some(arguments),
            Err(found) => {
                let name = &call.name.value;
                let message = format!("`{name}` takes {}, found {}", counted(COUNT, "argument"), found.len());
                let axis = example_axis(frame.spec).unwrap_or("C");
                let help = match function(name) {
                    Some(Function::Either(..)) => format!("write `{name}(x, y)`, or `{name}({axis}, x)` over an axis"),
                    Some(Function::Unary(_) | Function::Given) => format!("write `{name}(x)`"),
                    Some(Function::Binary(_)) => format!("write `{name}(x, y)`"),
                    Some(Function::Reduce(_) | Function::Softmax | Function::LogSoftmax) => {
                        format!("write `{name}({axis}, x)`")
                    }
                    Some(Function::Norm) => format!("write `{name}({axis}, x, 2)`"),
                    Some(Function::Dot) => format!("write `{name}({axis}, x, y)`"),
                    Some(Function::OneHot) => format!("write `{name}({axis}, target)`"),
                    Some(Function::Size | Function::Index) | None => format!("write `{name}({axis})`"),
                };
                self.error(frame, Code::WrongArity, span, message, help);
                None
            }
        }
    }
}

/// The axis that a call most likely means: the last one, but never the rows.
fn example_axis(spec: &Spec) -> Option<&str> {
    spec.axes.iter().skip(1).next_back().map(|axis| axis.name.as_str())
}
