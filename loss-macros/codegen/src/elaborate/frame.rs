//! What names stand for while a formula is typed: the spec's own names in a [`Frame`], local arguments in a [`Scope`].

use crate::document::Formula;
use crate::expr::{AxisId, AxisSet, Expr, ExprId, Graph, InputId, ParamId, Type};
use crate::formula::ast::{Ast, AstKind, NamedArgument};
use crate::model::{Input, Label, Param, ParamKind, ParamValue, Spec, VariantKey};
use crate::source::Span;

/// What a name stands for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value<'a> {
    /// An expression.
    Expr(ExprId),
    /// The value of a choice, and the words that it could be.
    Choice(&'a str, &'a [String]),
    /// A bare word of some choice.
    Word(String),
    /// An optional input or parameter that this variant does without.
    Absent,
    /// Something whose error is reported already.
    Broken,
}

/// The names of one spec: of the one that is elaborated, or of one that it calls.
pub(super) struct Frame<'a> {
    pub(super) spec: &'a Spec,
    pub(super) inputs: Vec<Value<'a>>,
    /// Whether a default (a single number) stands in for the input.
    pub(super) stand_in: Vec<bool>,
    pub(super) params: Vec<Value<'a>>,
    /// Plain definitions typed so far; `Some(None)` is one with an error.
    pub(super) lets: Vec<Option<Option<ExprId>>>,
    /// The axis of the elaborated spec behind each axis of this one.
    pub(super) axes: Vec<Option<AxisId>>,
    /// In a called spec: the call, which is where its errors are shown.
    pub(super) blame: Option<Span>,
    /// What `loss` means, where it means something.
    pub(super) loss: Option<Option<ExprId>>,
    /// Further names, of claims.
    pub(super) extra: Vec<(String, ExprId)>,
}

/// What a formula sees beside the frame's inputs and parameters.
#[derive(Clone, Debug)]
pub(super) struct Scope<'a> {
    /// How many of the definitions: those above.
    pub(super) lets: usize,
    /// The arguments of the local function whose body this is, with whether a default stands in for them.
    pub(super) arguments: Vec<(&'a str, Value<'a>, bool)>,
}

impl Scope<'_> {
    /// The scope of the loss: all definitions.
    pub(super) fn whole(spec: &Spec) -> Self {
        Scope { lets: spec.lets.len(), arguments: Vec::new() }
    }
}

impl<'a> Frame<'a> {
    /// The frame of the spec whose variant is elaborated.
    pub(super) fn root(spec: &'a Spec, key: &VariantKey, graph: &mut Graph) -> Self {
        let is_present = |list: &[bool], place: usize| list.get(place).copied().unwrap_or(true);
        let mut frame = Frame {
            spec,
            inputs: Vec::new(),
            stand_in: Vec::new(),
            params: Vec::new(),
            lets: vec![None; spec.lets.len()],
            axes: (0..spec.axes.len()).map(|place| Some(AxisId(place as u8))).collect(),
            blame: None,
            loss: None,
            extra: Vec::new(),
        };
        for (place, input) in spec.inputs.iter().enumerate() {
            if is_present(&key.inputs_present, place) {
                let axes: AxisSet = input.axes.iter().copied().collect();
                let id = graph.intern(Expr::Input(InputId(place as u8)), label_type(input.label), axes);
                frame.inputs.push(Value::Expr(id));
                frame.stand_in.push(false);
            } else {
                frame.push_absent_input(input, graph);
            }
        }
        for (place, param) in spec.params.iter().enumerate() {
            let value = if !is_present(&key.params_present, place) {
                Value::Absent
            } else if param.is_static() {
                match key.statics.get(place).and_then(Option::as_ref) {
                    Some(value) => static_value(value, &param.kind, graph),
                    None => Value::Absent,
                }
            } else {
                Value::Expr(graph.add(Expr::Param(ParamId(place as u8))))
            };
            frame.params.push(value);
        }
        frame
    }

    /// Adds an input that is not there: its default, or nothing.
    pub(super) fn push_absent_input(&mut self, input: &'a Input, graph: &mut Graph) {
        self.stand_in.push(input.default.is_some());
        self.inputs.push(match &input.default {
            Some(default) => default_value(default, graph),
            None => Value::Absent,
        });
    }

    /// The plain definitions typed so far.
    pub(super) fn plain_lets(&self) -> Vec<(String, ExprId)> {
        self.spec
            .lets
            .iter()
            .zip(&self.lets)
            .filter_map(|(entry, typed)| Some((entry.name.value.clone(), (*typed)??)))
            .collect()
    }

    /// Whether a formula reads an input for which a default stands in: such a value is the same at every place of any axis.
    pub(super) fn reads_stand_in(&self, scope: &Scope<'a>, ast: &Ast) -> bool {
        match &ast.kind {
            AstKind::Number(_) | AstKind::Boolean(_) => false,
            AstKind::Name(name) => self.name_reads_stand_in(scope, name),
            AstKind::Unary(_, x) => self.reads_stand_in(scope, x),
            AstKind::Binary(_, x, y) | AstKind::Pick(x, y) => {
                self.reads_stand_in(scope, x) || self.reads_stand_in(scope, y)
            }
            AstKind::If(c, x, y) => [c, x, y].into_iter().any(|part| self.reads_stand_in(scope, part)),
            AstKind::Call(call) => {
                self.name_reads_stand_in(scope, &call.name.value)
                    || call.filter.iter().chain(&call.arguments).any(|part| self.reads_stand_in(scope, part))
                    || call.named.iter().any(|(_, argument)| match argument {
                        NamedArgument::Formula(part) => self.reads_stand_in(scope, part),
                        NamedArgument::Axis(_) => false,
                    })
            }
        }
    }

    fn name_reads_stand_in(&self, scope: &Scope<'a>, name: &str) -> bool {
        if let Some((_, _, stand_in)) = scope.arguments.iter().find(|(argument, ..)| *argument == name) {
            return *stand_in;
        }
        if let Some(place) = self.spec.inputs.iter().position(|input| input.name == name) {
            return self.stand_in[place];
        }
        let Some(place) = self.spec.lets[..scope.lets].iter().position(|entry| entry.name.value == name) else {
            return false;
        };
        let inner = Scope { lets: place, arguments: Vec::new() };
        match &self.spec.lets[place].body {
            Formula::Scalar(ast) => self.reads_stand_in(&inner, ast),
            Formula::Cases(cases) => cases
                .iter()
                .any(|case| case.when.iter().chain([&case.value]).any(|part| self.reads_stand_in(&inner, part))),
        }
    }
}

/// The value that a static parameter's setting gives its name.
pub(super) fn static_value<'a>(value: &ParamValue, kind: &'a ParamKind, graph: &mut Graph) -> Value<'a> {
    match value {
        ParamValue::Number(number) => Value::Expr(graph.add(Expr::Constant(*number))),
        ParamValue::Switch(value) => Value::Expr(graph.add(Expr::Boolean(*value))),
        ParamValue::Word(word) => match kind {
            // The word that lives as long as the spec.
            ParamKind::Choice(words) => match words.iter().find(|known| *known == word) {
                Some(known) => Value::Choice(known, words),
                None => Value::Broken,
            },
            ParamKind::Real | ParamKind::Integer | ParamKind::StaticInteger(_) | ParamKind::Switch => Value::Broken,
        },
    }
}

/// The value of a parameter that a call leaves out.
pub(super) fn absent_param<'a>(param: &'a Param, graph: &mut Graph) -> Value<'a> {
    match &param.default {
        Some(default) => static_value(default, &param.kind, graph),
        None => Value::Absent,
    }
}

fn default_value<'a>(value: &ParamValue, graph: &mut Graph) -> Value<'a> {
    match value {
        ParamValue::Number(number) => Value::Expr(graph.add(Expr::Constant(*number))),
        ParamValue::Switch(value) => Value::Expr(graph.add(Expr::Boolean(*value))),
        ParamValue::Word(_) => Value::Broken,
    }
}

/// The type of the values of an input.
pub(crate) fn label_type(label: Label) -> Type {
    match label {
        Label::Real
        | Label::Nonnegative
        | Label::Positive
        | Label::Probability
        | Label::Binary
        | Label::MultiHot(_)
        | Label::Sign
        | Label::Count
        | Label::Simplex(_) => Type::Real,
        Label::Flag => Type::Condition,
        Label::ClassIndex(axis) | Label::IndexList(axis) => Type::Index(axis),
        Label::Group => Type::Group,
    }
}
