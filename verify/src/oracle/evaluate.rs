//! Evaluates expressions at places, with their derivatives, at one precision. Each expression is evaluated once for each place
//! along its own axes; branches and places that are not selected are not evaluated at all. Where it is values alone that are asked for, a choice
//! between two numbers that no precision decides may be a ball that holds both.

use std::cell::RefCell;
use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use loss_codegen::expr::{AxisId, AxisSet, Binary, Comparison, Constant, Expr, ExprId, Graph, InputId, Type, Unary};
use loss_codegen::model::{Label, Spec};

use super::arithmetic::{Arithmetic, Decided};
use super::ball::{Ball, Undecided};
use super::data::{Data, Element, InputData, Malformed, Number, Values};
use super::dual::{Datum, Dual, Tangents, poison};
use super::functions::RealDual;
use super::real::Real;

/// Why there is no value yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Interruption {
    /// Another attempt with more precision may succeed.
    Undecided,
    /// No precision helps.
    Malformed(Malformed),
}

impl From<Undecided> for Interruption {
    fn from(_: Undecided) -> Self {
        Interruption::Undecided
    }
}

impl From<Malformed> for Interruption {
    fn from(malformed: Malformed) -> Self {
        Interruption::Malformed(malformed)
    }
}

/// The result of an attempt at one precision.
pub(super) type Attempt<T> = Result<T, Interruption>;

/// A place: an index for each axis of the spec. Axes that do not matter are at 0.
pub(super) type Place = [usize; 8];

/// What is asked: an expression's graph and the data it reads.
#[derive(Clone, Copy)]
pub(super) struct Question<'a> {
    pub(super) spec: &'a Spec,
    pub(super) graph: &'a Graph,
    pub(super) data: &'a Data,
}

/// Evaluations at one precision, remembered.
pub(super) struct Evaluator<'a> {
    pub(super) question: Question<'a>,
    pub(super) arithmetic: Arithmetic,
    /// The inputs to differentiate with respect to.
    wrt: BTreeSet<InputId>,
    /// Elements whose values are not the data's.
    moved: HashMap<Element, Real>,
    /// What decides the cases in its stead.
    decided_by: Option<Box<Evaluator<'a>>>,
    memo: RefCell<HashMap<(ExprId, Place), Rc<Dual>>>,
}

/// So many results are remembered before they are dropped between two questions.
const REMEMBERED: usize = 200_000;

impl<'a> Evaluator<'a> {
    pub(super) fn new(question: Question<'a>, precision: usize, wrt: BTreeSet<InputId>) -> Self {
        let arithmetic = Arithmetic::new(precision);
        Evaluator { question, arithmetic, wrt, moved: HashMap::new(), decided_by: None, memo: RefCell::default() }
    }

    /// The same with an element's value replaced.
    pub(super) fn with_moved(mut self, element: Element, value: Real) -> Self {
        self.moved.insert(element, value);
        self
    }

    /// The same with every case decided as another evaluator decides it.
    pub(super) fn decided_as(mut self, other: Self) -> Self {
        self.decided_by = Some(Box::new(other));
        self
    }

    /// Forgets results if there are too many; to be called between two questions.
    pub(super) fn tidy(&self) {
        if self.memo.borrow().len() > REMEMBERED {
            self.memo.borrow_mut().clear();
        }
    }

    /// An expression at a place.
    pub(super) fn at(&self, id: ExprId, place: &Place) -> Attempt<Rc<Dual>> {
        let mut own = [0; 8];
        for axis in self.question.graph.axes(id).iter() {
            own[usize::from(axis.0)] = place[usize::from(axis.0)];
        }
        if let Some(known) = self.memo.borrow().get(&(id, own)) {
            return Ok(Rc::clone(known));
        }
        let dual = Rc::new(self.evaluate(id, place)?);
        self.memo.borrow_mut().insert((id, own), Rc::clone(&dual));
        Ok(dual)
    }

    /// A real expression at a place.
    pub(super) fn real(&self, id: ExprId, place: &Place) -> Attempt<RealDual> {
        let dual = self.at(id, place)?;
        match &dual.value {
            Datum::Real(value) => Ok((value.clone(), dual.tangents.clone())),
            Datum::Condition(_) | Datum::Integer(_) => Err(Malformed::Type.into()),
        }
    }

    /// A condition at a place.
    pub(super) fn condition(&self, id: ExprId, place: &Place) -> Attempt<Option<bool>> {
        match self.at(id, place)?.value {
            Datum::Condition(value) => Ok(value),
            Datum::Real(_) | Datum::Integer(_) => Err(Malformed::Type.into()),
        }
    }

    fn integer(&self, id: ExprId, place: &Place) -> Attempt<i64> {
        match self.at(id, place)?.value {
            Datum::Integer(value) => Ok(value),
            Datum::Real(_) | Datum::Condition(_) => Err(Malformed::Type.into()),
        }
    }

    fn evaluate(&self, id: ExprId, place: &Place) -> Attempt<Dual> {
        let (graph, data) = (self.question.graph, self.question.data);
        if let Some(here) = &self.decided_by
            && let Some(decided) = self.decided(here, id, place)?
        {
            return Ok(decided);
        }
        match graph.expr(id) {
            Expr::Constant(constant) => Ok(Dual::constant(self.arithmetic.constant(constant)?)),
            Expr::Boolean(value) => Ok(Dual::condition(Some(value))),
            Expr::Input(input) => self.input(input, place),
            Expr::Param(param) => {
                let value = data.params.get(usize::from(param.0)).copied().flatten();
                let own = match value.ok_or(Malformed::MissingParam(param))? {
                    Number::Constant(constant) => self.arithmetic.constant(constant)?,
                    Number::Float(value) => Real::from_f64(value),
                };
                let element = Element::of_param(param);
                let value = self.moved.get(&element).cloned().unwrap_or(own);
                let mut tangents = Tangents::new();
                if self.wrt.contains(&element.input) {
                    tangents.insert(element, Real::one());
                }
                Ok(Dual::real(value, tangents))
            }
            Expr::Size(axis) => Ok(Dual::constant(Real::integer(data.extent(axis) as i128))),
            Expr::Index(axis) => Ok(Dual::integer(place[usize::from(axis.0)] as i64)),
            Expr::Upstream | Expr::Indicator(_) => Err(Malformed::Derivative.into()),
            Expr::Unary(Unary::Detach, x) => Ok(Dual::constant(self.real(x, place)?.0)),
            Expr::Unary(function, x) => {
                let (x, t) = self.real(x, place)?;
                let value = self.arithmetic.unary(function, &x)?;
                let tangents = self.arithmetic.unary_tangents(function, &x, &value, &t)?;
                Ok(Dual::real(value, tangents))
            }
            Expr::Binary(function, x, y) => self.binary(function, x, y, place),
            Expr::Compare(comparison, x, y) => {
                let order = match graph.ty(x) {
                    Type::Real => {
                        let (x, y) = (self.real(x, place)?.0, self.real(y, place)?.0);
                        self.arithmetic.compare(&x, &y)?
                    }
                    Type::Index(_) | Type::Group => Some(self.integer(x, place)?.cmp(&self.integer(y, place)?)),
                    Type::Condition => return Err(Malformed::Type.into()),
                };
                Ok(Dual::condition(order.map(|order| holds(comparison, order))))
            }
            Expr::And(x, y) => self.connective(false, x, y, place),
            Expr::Or(x, y) => self.connective(true, x, y, place),
            Expr::Not(x) => Ok(Dual::condition(self.condition(x, place)?.map(|value| !value))),
            Expr::If(condition, yes, no) => match self.condition(condition, place) {
                Err(Interruption::Undecided) if self.wrt.is_empty() && graph.ty(id) == Type::Real => {
                    self.either(condition, (yes, no), place)
                }
                decided => self.branch(id, decided?, (yes, no), place),
            },
            Expr::Pick { value, axis, index } => {
                let index = self.integer(index, place)?;
                let mut there = *place;
                there[usize::from(axis.0)] = usize::try_from(index)
                    .ok()
                    .filter(|&index| index < data.extent(axis))
                    .ok_or(Malformed::Pick { axis, index })?;
                self.at(value, &there).map(|dual| (*dual).clone())
            }
            Expr::Reduce { reducer, axes, filter, value, order } => {
                self.reduce(reducer, axes, filter, value, order, place)
            }
            Expr::Given(input) => Ok(Dual::condition(Some(self.is_given(input, place)?))),
        }
    }

    fn binary(&self, function: Binary, x: ExprId, y: ExprId, place: &Place) -> Attempt<Dual> {
        match function {
            Binary::Weigh => return self.weigh(x, y, place),
            // Only derivatives and stable forms have these.
            Binary::Share | Binary::ShareOfOthers | Binary::Excess | Binary::Others | Binary::Deviation => {
                return Err(Malformed::Derivative.into());
            }
            Binary::StraightThrough => return Ok(Dual::real(self.real(x, place)?.0, self.real(y, place)?.1)),
            Binary::Power if self.is_static(y) => {
                if let (Real::Finite(exponent), _) = self.real(y, place)?
                    && let Some(n) = exponent.as_integer()
                {
                    let (x, t) = self.real(x, place)?;
                    let (value, tangents) = self.arithmetic.power_static(&x, &t, n)?;
                    return Ok(Dual::real(value, tangents));
                }
            }
            Binary::Add
            | Binary::Subtract
            | Binary::Multiply
            | Binary::Divide
            | Binary::Power
            | Binary::Max
            | Binary::Min
            | Binary::Logaddexp => {}
        }
        let (value, tangents) = self.arithmetic.binary(function, self.real(x, place)?, self.real(y, place)?)?;
        Ok(Dual::real(value, tangents))
    }

    /// Whether an expression is made of literals alone.
    fn is_static(&self, id: ExprId) -> bool {
        let graph = self.question.graph;
        match graph.expr(id) {
            Expr::Constant(_) => true,
            Expr::Unary(_, x) => self.is_static(x),
            Expr::Binary(_, x, y) => self.is_static(x) && self.is_static(y),
            Expr::Boolean(_)
            | Expr::Input(_)
            | Expr::Param(_)
            | Expr::Size(_)
            | Expr::Index(_)
            | Expr::Upstream
            | Expr::Compare(..)
            | Expr::And(..)
            | Expr::Or(..)
            | Expr::Not(_)
            | Expr::If(..)
            | Expr::Indicator(_)
            | Expr::Pick { .. }
            | Expr::Reduce { .. }
            | Expr::Given(_) => false,
        }
    }

    /// What a decided condition chooses; NaN where it is unordered.
    fn branch(&self, id: ExprId, holds: Option<bool>, (yes, no): (ExprId, ExprId), place: &Place) -> Attempt<Dual> {
        match holds {
            Some(true) => self.at(yes, place).map(|dual| (*dual).clone()),
            Some(false) => self.at(no, place).map(|dual| (*dual).clone()),
            None => match self.question.graph.ty(id) {
                Type::Real => {
                    let (yes, no) = (self.at(yes, place)?, self.at(no, place)?);
                    Ok(Dual::real(Real::Nan, poison([&yes.tangents, &no.tangents])))
                }
                Type::Condition => Ok(Dual::condition(None)),
                Type::Index(_) | Type::Group => Err(Malformed::Type.into()),
            },
        }
    }

    /// A number that is one of two, no matter which: where they meet, a formula may choose by numbers that are equal but not known exactly. That
    /// they are numbers must be known, for what is unordered chooses neither.
    fn either(&self, condition: ExprId, (yes, no): (ExprId, ExprId), place: &Place) -> Attempt<Dual> {
        let ball = |id: ExprId| match self.real(id, place) {
            Ok((x, _)) => Ok(self.arithmetic.ball(&x)?),
            Err(Interruption::Undecided | Interruption::Malformed(_)) => Err(Interruption::Undecided),
        };
        let Expr::Compare(_, x, y) = self.question.graph.expr(condition) else { return Err(Interruption::Undecided) };
        if self.question.graph.ty(x) != Type::Real {
            return Err(Interruption::Undecided);
        }
        ball(x)?;
        ball(y)?;
        let one = ball(yes)?.or(&ball(no)?, self.arithmetic.precision());
        Ok(Dual::constant(Real::Finite(one)))
    }

    /// `weigh(w, e)`, its derivative `weigh(Dw, e) + weigh(w, De)`: e is not even evaluated where nothing would read it.
    fn weigh(&self, w: ExprId, e: ExprId, place: &Place) -> Attempt<Dual> {
        let (w, tw) = self.real(w, place)?;
        if w.is_zero() && tw.values().all(Real::is_zero) {
            return Ok(Dual::constant(Real::zero()));
        }
        let (e, te) = self.real(e, place)?;
        let arithmetic = &self.arithmetic;
        let mut tangents = Tangents::new();
        for (element, d) in tw {
            // What is weighed by zero is not there.
            if !d.is_zero() {
                tangents.insert(element, arithmetic.weigh(&d, || Ok(e.clone()))?);
            }
        }
        if !w.is_zero() {
            let mut weighed = Tangents::new();
            for (element, d) in te {
                weighed.insert(element, arithmetic.weigh(&w, || Ok(d))?);
            }
            tangents = arithmetic.united(tangents, weighed)?;
        }
        Ok(Dual::real(arithmetic.weigh(&w, || Ok(e))?, tangents))
    }

    /// Kleene's `or` (whose ruling value is true) and `and` (false).
    fn connective(&self, ruling: bool, x: ExprId, y: ExprId, place: &Place) -> Attempt<Dual> {
        let x = self.condition(x, place)?;
        if x == Some(ruling) {
            return Ok(Dual::condition(x));
        }
        let y = self.condition(y, place)?;
        Ok(Dual::condition(if y == Some(ruling) || x.is_some() { y } else { None }))
    }

    fn input(&self, input: InputId, place: &Place) -> Attempt<Dual> {
        let (data, at) = self.locate(input, place)?;
        match &data.values {
            Values::Real(values) => {
                let element = Element { input, place: at };
                let value = self.moved.get(&element).cloned().unwrap_or_else(|| Real::from_f64(values[at]));
                let mut tangents = Tangents::new();
                if self.wrt.contains(&input) {
                    tangents.insert(element, Real::one());
                }
                Ok(Dual::real(value, tangents))
            }
            Values::Condition(values) => Ok(Dual::condition(Some(values[at]))),
            Values::Integer(values) => Ok(Dual::integer(match self.label(input) {
                Label::IndexList(_) if !entry_is_given(data, values, at, self.question.data) => -1,
                _ => values[at],
            })),
        }
    }

    fn label(&self, input: InputId) -> Label {
        self.question.spec.inputs[usize::from(input.0)].label
    }

    /// An input's data, and the place in it.
    pub(super) fn locate(&self, input: InputId, place: &Place) -> Attempt<(&'a InputData, usize)> {
        let data = self.question.data;
        let values = data.inputs.get(usize::from(input.0)).and_then(Option::as_ref);
        let values = values.ok_or(Malformed::MissingInput(input))?;
        let at = values.axes.iter().fold(0, |at, &axis| at * data.extent(axis) + place[usize::from(axis.0)]);
        Ok((values, at))
    }

    /// Whether a label names a class in this row, or an index list has an entry at this place.
    pub(super) fn is_given(&self, input: InputId, place: &Place) -> Attempt<bool> {
        let (data, at) = self.locate(input, place)?;
        match &data.values {
            Values::Real(_) | Values::Condition(_) => Ok(true),
            Values::Integer(values) => match self.label(input) {
                Label::IndexList(_) => Ok(entry_is_given(data, values, at, self.question.data)),
                _ => {
                    let ignore = self.question.spec.inputs[usize::from(input.0)].ignore;
                    let Some(ignore) = ignore else { return Ok(true) };
                    let ignored = self.question.data.params.get(usize::from(ignore.0)).copied().flatten();
                    let ignored = match ignored.ok_or(Malformed::MissingParam(ignore))? {
                        Number::Constant(constant) => self.arithmetic.constant(constant)?,
                        Number::Float(value) => Real::from_f64(value),
                    };
                    let label = Real::integer(i128::from(values[at]));
                    Ok(self.arithmetic.compare(&ignored, &label)? != Some(Ordering::Equal))
                }
            },
        }
    }

    /// The places of `axes`, the others as they are.
    pub(super) fn places(&self, axes: AxisSet, place: &Place) -> Vec<Place> {
        let mut places = vec![*place];
        for axis in axes.iter() {
            let extent = self.question.data.extent(axis);
            places = (places.into_iter())
                .flat_map(|place| {
                    (0..extent).map(move |index| {
                        let mut place = place;
                        place[usize::from(axis.0)] = index;
                        place
                    })
                })
                .collect();
        }
        places
    }
}

/// Whether no entry up to this one ends the list. The list's own axis is the last.
fn entry_is_given(data: &InputData, values: &[i64], at: usize, call: &Data) -> bool {
    let length = data.axes.last().map_or(1, |&axis: &AxisId| call.extent(axis));
    let start = at - at % length;
    values[start..=at].iter().all(|&value| value != -1)
}

fn holds(comparison: Comparison, order: Ordering) -> bool {
    match comparison {
        Comparison::Less => order == Ordering::Less,
        Comparison::LessEqual => order != Ordering::Greater,
        Comparison::Greater => order == Ordering::Greater,
        Comparison::GreaterEqual => order != Ordering::Less,
        Comparison::Equal => order == Ordering::Equal,
        Comparison::NotEqual => order != Ordering::Equal,
    }
}

impl Arithmetic {
    /// A constant: an exact decimal is exact here too if it is a binary fraction, or else as good as the precision.
    ///
    /// # Errors
    /// More precision is needed.
    pub fn constant(&self, constant: Constant) -> Decided {
        match constant {
            Constant::Pi => Ok(Real::Finite(self.pi())),
            Constant::Infinity => Ok(Real::INFINITY),
            Constant::NegativeInfinity => Ok(Real::NEGATIVE_INFINITY),
            Constant::Nan => Ok(Real::Nan),
            Constant::Decimal { digits, exponent } => {
                let digits = Real::Finite(Ball::integer(digits));
                let power = self.power_integer(&Real::integer(10), i128::from(exponent.unsigned_abs()))?;
                if exponent < 0 { self.divide(&digits, &power) } else { self.multiply(&digits, &power) }
            }
        }
    }
}
