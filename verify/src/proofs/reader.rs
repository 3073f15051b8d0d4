//! Reads an expression of a variant's graph on a piece: as a quotient of polynomials in the atoms, without cases. Where the piece does
//! not say which case holds, the reading stops and says into which pieces to split.

use std::collections::HashMap;

use dashu_ratio::RBig;
use loss_codegen::expr::{AxisId, AxisSet, Binary, Comparison, Constant, Expr, ExprId, InputId, ParamId, Type, Unary};
use loss_codegen::model::{Label, Spec, Variant};

use super::atoms::{Atom, Atoms, Place, Where};
use super::certificate::{Depth, Inequality};
use super::piece::{Fact, Piece};
use super::polynomial::Polynomial;
use super::quotient::Quotient;

/// How hard a reading tries to tell which case holds before it splits.
const TRY: Depth = Depth::Pairs;

/// Why a reading stopped.
#[derive(Clone, Debug)]
pub(super) enum Stop {
    /// It goes on in each of these parts of the piece.
    Split(Vec<Fact>),
    /// A comparison of a place with a label, within a reduction.
    Labelled(AxisId, InputId),
    /// It has no value here, so that no claim speaks of it.
    Valueless,
    /// It cannot be read.
    Unreadable(&'static str),
}

/// A reading, or why there is none.
pub(super) type Reading<T> = Result<T, Stop>;

/// What a real expression is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    /// A number.
    Finite(Quotient),
    /// An infinity.
    Infinite {
        /// Whether it is the negative one.
        negative: bool,
    },
    /// None, for sure.
    Nan,
    /// One of which nothing is known.
    Undefined,
}

impl Value {
    /// The number.
    pub(super) fn finite(self) -> Option<Quotient> {
        match self {
            Value::Finite(quotient) => Some(quotient),
            Value::Nan | Value::Infinite { .. } | Value::Undefined => None,
        }
    }
}

/// How an expression is read in place of what it is: `scale * own + offset`.
#[derive(Clone, Debug)]
pub(super) struct Change {
    /// The factor.
    pub(super) scale: Polynomial,
    /// The summand.
    pub(super) offset: Polynomial,
}

/// Expressions that are read as something else.
pub(super) type Changes = HashMap<ExprId, Change>;

/// Where a step leads, for the cases on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// Nowhere: cases are those of the point itself.
    Here,
    /// Cases are those right above the point.
    Above,
    /// Cases are those right below the point.
    Below,
}

/// Reads expressions on a piece.
pub(super) struct Reader<'a> {
    pub(super) spec: &'a Spec,
    pub(super) variant: &'a Variant,
    pub(super) atoms: &'a mut Atoms,
    pub(super) piece: &'a mut Piece,
    side: Side,
    changes: Changes,
    memo: HashMap<(ExprId, Place, bool), Value>,
    /// How deep in reductions.
    depth: u8,
    /// At the place of a reduction: that it is not the labelled one.
    elsewhere: bool,
}

impl<'a> Reader<'a> {
    /// A reader of what is written.
    pub(super) fn new(spec: &'a Spec, variant: &'a Variant, atoms: &'a mut Atoms, piece: &'a mut Piece) -> Self {
        Reader {
            spec,
            variant,
            atoms,
            piece,
            side: Side::Here,
            changes: Changes::new(),
            memo: HashMap::new(),
            depth: 0,
            elsewhere: false,
        }
    }

    /// From now on, some expressions are something else, and cases are those of a side.
    pub(super) fn turn(&mut self, changes: Changes, side: Side) {
        self.changes = changes;
        self.side = side;
        self.memo.clear();
    }

    /// A real expression at the place of the loss.
    pub(super) fn real(&mut self, id: ExprId) -> Reading<Value> {
        self.at(id, &Place::new())
    }

    /// A condition at the place of the loss; none if it is unordered or unknown.
    pub(super) fn condition(&mut self, id: ExprId) -> Reading<Option<bool>> {
        self.condition_at(id, &Place::new())
    }

    /// The polynomial of an atom, with what is known of it told to the piece.
    pub(super) fn introduced(&mut self, atom: Atom) -> Reading<Polynomial> {
        let unknown = self.atoms.unknown(atom.clone());
        if self.piece.introduces(unknown) {
            self.introduce(&atom)?;
        }
        Ok(self.piece.simplified(&Polynomial::unknown(unknown)))
    }

    fn introduce(&mut self, atom: &Atom) -> Reading<()> {
        let unknown = self.atoms.unknown(atom.clone());
        let x = Polynomial::unknown(unknown);
        let one = Polynomial::one();
        let over = |p: Polynomial| Fact::Holds(Inequality::positive(p));
        let least = |p: Polynomial| Fact::Holds(Inequality::nonnegative(p));
        match atom {
            Atom::Input(input, place) => {
                let split = |values: [i64; 2]| {
                    Stop::Split(values.map(|value| Fact::Zero(x.minus(&Polynomial::integer(value)))).to_vec())
                };
                match self.spec.inputs[usize::from(input.0)].label {
                    Label::Nonnegative | Label::Count => self.learn(least(x.clone())),
                    Label::Positive => self.learn(over(x.clone())),
                    Label::Probability | Label::Simplex(_) => {
                        self.learn(least(x.clone()));
                        self.learn(least(one.minus(&x)));
                    }
                    Label::Binary | Label::MultiHot(_) if self.depth == 0 => return Err(split([0, 1])),
                    Label::Sign if self.depth == 0 => return Err(split([1, -1])),
                    Label::Binary | Label::MultiHot(_) => self.learn(Fact::Zero(x.power(2).minus(&x))),
                    Label::Sign => self.learn(Fact::Zero(x.power(2).minus(&one))),
                    Label::Real | Label::Flag | Label::ClassIndex(_) | Label::IndexList(_) | Label::Group => {}
                }
                if let Some(domain) = self.variant.input_domains[usize::from(input.0)] {
                    self.assume(domain, place)?;
                }
            }
            Atom::Param(param) => {
                if let Some(Some(domain)) = self.variant.param_domains.get(usize::from(param.0)) {
                    self.assume(*domain, &Place::new())?;
                }
            }
            Atom::Size(_) => self.learn(least(x.minus(&one))),
            Atom::Function(function, argument) => {
                for fact in super::atoms::function_facts(*function, unknown, argument) {
                    self.learn(Fact::Holds(fact));
                }
            }
            Atom::Other(_) | Atom::Step | Atom::Power(..) | Atom::Reduced(..) => {}
        }
        Ok(())
    }

    /// Tells the piece that a condition holds, as far as that is made of inequalities.
    pub(super) fn assume(&mut self, condition: ExprId, place: &Place) -> Reading<()> {
        match self.variant.graph.expr(condition) {
            Expr::And(left, right) => {
                self.assume(left, place)?;
                self.assume(right, place)
            }
            Expr::Compare(comparison, left, right) if self.variant.graph.ty(left) == Type::Real => {
                let (left, right) = (self.at(left, place)?, self.at(right, place)?);
                let (Value::Finite(left), Value::Finite(right)) = (left, right) else { return Ok(()) };
                let gap = left.minus(&right).above;
                match comparison {
                    Comparison::Less => self.learn(Fact::Holds(Inequality::positive(gap.negated()))),
                    Comparison::LessEqual => self.learn(Fact::Holds(Inequality::nonnegative(gap.negated()))),
                    Comparison::Greater => self.learn(Fact::Holds(Inequality::positive(gap))),
                    Comparison::GreaterEqual => self.learn(Fact::Holds(Inequality::nonnegative(gap))),
                    Comparison::Equal => self.learn(Fact::Zero(gap)),
                    Comparison::NotEqual => {}
                }
                Ok(())
            }
            // Less is known than holds, which no proof minds.
            _ => Ok(()),
        }
    }

    /// Tells the piece a fact.
    pub(super) fn learn(&mut self, fact: Fact) {
        let Reader { piece, atoms, .. } = self;
        piece.learn(fact, &|unknown| atoms.is_given(unknown));
        self.memo.clear();
    }

    /// Whether `polynomial > 0`; stops where both are possible.
    pub(super) fn is_positive(&mut self, polynomial: &Polynomial) -> Reading<bool> {
        self.decide(Inequality::positive(polynomial.clone()))
    }

    /// Whether `polynomial >= 0`; stops where both are possible.
    pub(super) fn is_nonnegative(&mut self, polynomial: &Polynomial) -> Reading<bool> {
        self.decide(Inequality::nonnegative(polynomial.clone()))
    }

    /// Whether `polynomial == 0`; stops where both are possible.
    pub(super) fn is_zero(&mut self, polynomial: &Polynomial) -> Reading<bool> {
        if polynomial.is_zero() {
            return Ok(true);
        }
        if self.side != Side::Here && self.atoms.polynomial_moves(polynomial) {
            return Ok(!self.is_positive(polynomial)? && self.is_nonnegative(polynomial)?);
        }
        if self.atoms.polynomial_moves(polynomial) {
            let still = self.stilled(polynomial)?;
            return self.is_zero(&still);
        }
        let [above, below] = [polynomial.clone(), polynomial.negated()].map(Inequality::positive);
        let [not_above, not_below] = [&above, &below].map(Inequality::opposite);
        let (mut can_be_above, mut can_be_below) = (true, true);
        if self.piece.implies(&not_above, TRY) {
            can_be_above = false;
        } else if self.piece.implies(&above, TRY) {
            return Ok(false);
        }
        if self.piece.implies(&not_below, TRY) {
            can_be_below = false;
        } else if self.piece.implies(&below, TRY) {
            return Ok(false);
        }
        let mut parts = vec![Fact::Zero(polynomial.clone())];
        parts.extend(can_be_above.then(|| Fact::Holds(above)));
        parts.extend(can_be_below.then(|| Fact::Holds(below)));
        if parts.len() == 1 { Ok(true) } else { Err(Stop::Split(parts)) }
    }

    fn decide(&mut self, question: Inequality) -> Reading<bool> {
        if self.side != Side::Here && self.atoms.polynomial_moves(&question.polynomial) {
            return self.decide_beside(&question);
        }
        let question = if self.atoms.polynomial_moves(&question.polynomial) {
            Inequality { polynomial: self.stilled(&question.polynomial)?, ..question }
        } else {
            question
        };
        if self.piece.implies(&question, TRY) {
            return Ok(true);
        }
        let opposite = question.opposite();
        if self.piece.implies(&opposite, TRY) {
            return Ok(false);
        }
        if self.depth > 0 && self.atoms.polynomial_depths(&question.polynomial) != 0 {
            return Err(Stop::Unreadable("cases that differ from place to place within a reduction"));
        }
        Err(Stop::Split(vec![Fact::Holds(question), Fact::Holds(opposite)]))
    }

    /// Right beside a point, the first derivative that is not 0 decides.
    fn decide_beside(&mut self, question: &Inequality) -> Reading<bool> {
        /// Beyond this, all that matters here is 0.
        const MOST: u32 = 4;
        let mut derivative = Quotient::of(question.polynomial.clone());
        for order in 0..=MOST {
            let here = self.stilled_quotient(&derivative)?.above;
            let odd = self.side == Side::Below && order % 2 == 1;
            let here = if odd { here.negated() } else { here };
            if self.is_zero(&here)? {
                derivative = self.derivative(&derivative)?;
                if derivative.is_zero() {
                    return Ok(!question.strict);
                }
                continue;
            }
            return self.is_positive(&here);
        }
        Err(Stop::Unreadable("a tie that many derivatives do not end"))
    }

    /// A real expression at a place.
    pub(super) fn at(&mut self, id: ExprId, place: &Place) -> Reading<Value> {
        let axes = self.variant.graph.axes(id);
        let place: Place = place.iter().filter(|(axis, _)| axes.contains(*axis)).copied().collect();
        let key = (id, place, self.elsewhere);
        if let Some(known) = self.memo.get(&key) {
            return Ok(known.clone());
        }
        let mut value = self.read(id, &key.1)?;
        if let Some(change) = self.changes.get(&id).cloned() {
            value = match value {
                Value::Finite(own) => {
                    let scale = Quotient::of(self.piece.simplified(&change.scale));
                    let offset = Quotient::of(self.piece.simplified(&change.offset));
                    Value::Finite(own.times(&scale).plus(&offset))
                }
                Value::Nan => Value::Nan,
                Value::Infinite { .. } | Value::Undefined => Value::Undefined,
            };
        }
        self.memo.insert(key, value.clone());
        Ok(value)
    }

    fn read(&mut self, id: ExprId, place: &Place) -> Reading<Value> {
        match self.variant.graph.expr(id) {
            Expr::Constant(constant) => Ok(number(constant)),
            Expr::Input(input) => {
                self.introduced(Atom::Input(input, place.clone())).map(|p| Value::Finite(Quotient::of(p)))
            }
            Expr::Param(param) => self.atom(Atom::Param(param)),
            Expr::Size(axis) => self.atom(Atom::Size(axis)),
            Expr::Unary(function, x) => {
                let x = self.at(x, place)?;
                self.unary(function, x)
            }
            Expr::Binary(function, x, y) => self.binary(function, x, y, place),
            Expr::If(condition, yes, no) => match self.condition_at(condition, place)? {
                Some(true) => self.at(yes, place),
                Some(false) => self.at(no, place),
                None => Ok(Value::Undefined),
            },
            Expr::Pick { value, axis, index } => match self.variant.graph.expr(index) {
                Expr::Input(label) => {
                    let mut there: Place = place.iter().filter(|(other, _)| *other != axis).copied().collect();
                    there.push((axis, Where::Labelled(label)));
                    there.sort_unstable();
                    // The labelled place is itself, wherever the reading stands.
                    let elsewhere = std::mem::replace(&mut self.elsewhere, false);
                    let value = self.at(value, &there);
                    self.elsewhere = elsewhere;
                    value
                }
                _ => Err(Stop::Unreadable("a place that is no label")),
            },
            Expr::Reduce { reducer, axes, filter, value, order } => match single(axes) {
                Some(axis) if order.is_none() => self.reduce(reducer, axis, filter, value, place),
                Some(_) | None => Err(Stop::Unreadable("a norm, or a reduction over several axes")),
            },
            Expr::Boolean(_)
            | Expr::Index(_)
            | Expr::Upstream
            | Expr::Compare(..)
            | Expr::And(..)
            | Expr::Or(..)
            | Expr::Not(_)
            | Expr::Indicator(_)
            | Expr::Given(_) => Err(Stop::Unreadable("no number")),
        }
    }

    /// The value of an atom.
    pub(super) fn atom(&mut self, atom: Atom) -> Reading<Value> {
        self.introduced(atom).map(|polynomial| Value::Finite(Quotient::of(polynomial)))
    }

    fn condition_at(&mut self, id: ExprId, place: &Place) -> Reading<Option<bool>> {
        match self.variant.graph.expr(id) {
            Expr::Boolean(value) => Ok(Some(value)),
            // Dropped rows have no loss of which anything could be said.
            Expr::Given(_) => Ok(Some(true)),
            Expr::Not(x) => Ok(self.condition_at(x, place)?.map(|value| !value)),
            Expr::And(x, y) => match self.condition_at(x, place)? {
                Some(false) => Ok(Some(false)),
                Some(true) => self.condition_at(y, place),
                None => Ok(self.condition_at(y, place)?.filter(|value| !value)),
            },
            Expr::Or(x, y) => match self.condition_at(x, place)? {
                Some(true) => Ok(Some(true)),
                Some(false) => self.condition_at(y, place),
                None => Ok(self.condition_at(y, place)?.filter(|value| *value)),
            },
            Expr::If(condition, yes, no) => match self.condition_at(condition, place)? {
                Some(true) => self.condition_at(yes, place),
                Some(false) => self.condition_at(no, place),
                None => Ok(None),
            },
            Expr::Compare(comparison, x, y) => match self.variant.graph.ty(x) {
                Type::Real => {
                    let (x, y) = (self.at(x, place)?, self.at(y, place)?);
                    self.compare(comparison, x, y)
                }
                Type::Index(axis) => self.compare_places(comparison, axis, x, y, place),
                Type::Group | Type::Condition => Err(Stop::Unreadable("a comparison of groups")),
            },
            Expr::Input(_)
            | Expr::Constant(_)
            | Expr::Param(_)
            | Expr::Size(_)
            | Expr::Index(_)
            | Expr::Upstream
            | Expr::Unary(..)
            | Expr::Binary(..)
            | Expr::Indicator(_)
            | Expr::Pick { .. }
            | Expr::Reduce { .. } => Err(Stop::Unreadable("a condition that is read or reduced")),
        }
    }

    fn compare(&mut self, comparison: Comparison, x: Value, y: Value) -> Reading<Option<bool>> {
        let (x, y) = match (x, y) {
            (Value::Finite(x), Value::Finite(y)) => (x, y),
            (Value::Finite(_), Value::Infinite { negative }) => {
                return Ok(Some(match comparison {
                    Comparison::Less | Comparison::LessEqual => !negative,
                    Comparison::Greater | Comparison::GreaterEqual => negative,
                    Comparison::Equal => false,
                    Comparison::NotEqual => true,
                }));
            }
            (Value::Infinite { negative }, Value::Finite(_)) => {
                return Ok(Some(match comparison {
                    Comparison::Less | Comparison::LessEqual => negative,
                    Comparison::Greater | Comparison::GreaterEqual => !negative,
                    Comparison::Equal => false,
                    Comparison::NotEqual => true,
                }));
            }
            (Value::Nan | Value::Infinite { .. } | Value::Undefined, Value::Nan | Value::Infinite { .. } | Value::Undefined)
            | (Value::Nan | Value::Undefined, Value::Finite(_))
            | (Value::Finite(_), Value::Nan | Value::Undefined) => return Ok(None),
        };
        let gap = x.minus(&y).above;
        Ok(Some(match comparison {
            Comparison::Less => !self.is_nonnegative(&gap)?,
            Comparison::LessEqual => !self.is_positive(&gap)?,
            Comparison::Greater => self.is_positive(&gap)?,
            Comparison::GreaterEqual => self.is_nonnegative(&gap)?,
            Comparison::Equal => self.is_zero(&gap)?,
            Comparison::NotEqual => !self.is_zero(&gap)?,
        }))
    }

    /// Whether this place is the one that a label names.
    fn compare_places(
        &mut self,
        comparison: Comparison,
        axis: AxisId,
        x: ExprId,
        y: ExprId,
        place: &Place,
    ) -> Reading<Option<bool>> {
        let unreadable = Err(Stop::Unreadable("a comparison of places"));
        let is_equal = match comparison {
            Comparison::Equal => true,
            Comparison::NotEqual => false,
            Comparison::Less | Comparison::LessEqual | Comparison::Greater | Comparison::GreaterEqual => {
                return unreadable;
            }
        };
        let label = match (self.variant.graph.expr(x), self.variant.graph.expr(y)) {
            (Expr::Index(_), Expr::Input(label)) | (Expr::Input(label), Expr::Index(_)) => label,
            _ => return unreadable,
        };
        match place.iter().find(|(other, _)| *other == axis) {
            Some((_, Where::Labelled(other))) if *other == label && !self.elsewhere => Ok(Some(is_equal)),
            Some((_, Where::Labelled(other))) if *other == label => Ok(Some(!is_equal)),
            Some((_, Where::Each(_))) if self.elsewhere => Ok(Some(!is_equal)),
            Some((_, Where::Each(_))) => Err(Stop::Labelled(axis, label)),
            Some((_, Where::Labelled(_))) | None => unreadable,
        }
    }

    fn binary(&mut self, function: Binary, x: ExprId, y: ExprId, place: &Place) -> Reading<Value> {
        if function == Binary::Weigh {
            return self.weigh(x, y, place);
        }
        let exponent = self.variant.graph.constant(y);
        let x = self.at(x, place)?;
        if function == Binary::StraightThrough {
            return Err(Stop::Unreadable("a gradient that is not the derivative"));
        }
        let y = self.at(y, place)?;
        let (x, y) = match (x, y) {
            (Value::Finite(x), Value::Finite(y)) => (x, y),
            (Value::Nan, _) | (_, Value::Nan) => return Ok(Value::Nan),
            (Value::Infinite { .. } | Value::Undefined, _) | (_, Value::Infinite { .. } | Value::Undefined) => {
                return Ok(Value::Undefined);
            }
        };
        Ok(Value::Finite(match function {
            Binary::Add => x.plus(&y),
            Binary::Subtract => x.minus(&y),
            Binary::Multiply => x.times(&y),
            Binary::Divide => return self.divided(&x, &y),
            Binary::Power => return self.power(&x, &y, exponent),
            Binary::Max => if self.is_nonnegative(&x.minus(&y).above)? { x } else { y },
            Binary::Min => if self.is_nonnegative(&x.minus(&y).above)? { y } else { x },
            // log(exp(x) + exp(y)) = x + softplus(y - x)
            Binary::Logaddexp => match self.unary(Unary::Softplus, Value::Finite(y.minus(&x)))? {
                Value::Finite(rest) => x.plus(&rest),
                Value::Nan | Value::Infinite { .. } | Value::Undefined => return Ok(Value::Undefined),
            },
            Binary::Weigh
            | Binary::StraightThrough
            | Binary::Share
            | Binary::ShareOfOthers
            | Binary::Excess
            | Binary::Others => return Err(Stop::Unreadable("part of a derivative")),
        }))
    }

    /// `x / y`. What is 0 by 0 is no number.
    pub(super) fn divided(&mut self, x: &Quotient, y: &Quotient) -> Reading<Value> {
        if self.is_positive(&y.above)? {
            return Ok(Value::Finite(x.over_positive(y)));
        }
        if self.is_nonnegative(&y.above)? {
            let bounds = [x.above.clone(), x.above.negated()].map(Inequality::nonnegative);
            let is_zero = bounds.iter().all(|bound| self.piece.implies(bound, TRY));
            return Ok(if is_zero { Value::Nan } else { Value::Undefined });
        }
        Ok(Value::Finite(x.negated().over_positive(&y.negated())))
    }

    fn power(&mut self, x: &Quotient, y: &Quotient, exponent: Option<Constant>) -> Reading<Value> {
        let whole = exponent.and_then(Constant::as_integer).or_else(|| {
            let number = y.as_constant()?;
            (number.denominator() == &dashu_int::UBig::ONE).then(|| i128::try_from(number.numerator().clone()).ok())?
        });
        /// Higher powers are kept as they are.
        const HIGHEST: i128 = 12;
        match whole {
            Some(n) if (0..=HIGHEST).contains(&n) => Ok(Value::Finite(x.power(n as u32))),
            Some(n) if (-HIGHEST..0).contains(&n) => {
                let power = x.power(n.unsigned_abs() as u32);
                self.divided(&Quotient::integer(1), &power)
            }
            Some(_) | None => {
                if !self.is_positive(&x.above)? {
                    return Ok(Value::Undefined);
                }
                let atom = Atom::Power(x.clone(), y.clone());
                let power = self.introduced(atom)?;
                self.learn(Fact::Holds(Inequality::positive(power.clone())));
                Ok(Value::Finite(Quotient::of(power)))
            }
        }
    }

    /// A weight of 0 removes what has no value.
    fn weigh(&mut self, w: ExprId, e: ExprId, place: &Place) -> Reading<Value> {
        let Value::Finite(w) = self.at(w, place)? else { return Ok(Value::Undefined) };
        match self.at(e, place) {
            Ok(Value::Finite(e)) => Ok(Value::Finite(w.times(&e))),
            Ok(value @ (Value::Nan | Value::Infinite { .. } | Value::Undefined)) => {
                if self.is_zero(&w.above)? {
                    return Ok(Value::Finite(Quotient::integer(0)));
                }
                Ok(if value == Value::Nan { Value::Nan } else { Value::Undefined })
            }
            Err(stop) => Err(stop),
        }
    }

    /// Reads within a reduction over an axis, nested one deeper.
    pub(super) fn within<T>(&mut self, elsewhere: bool, read: impl FnOnce(&mut Self) -> Reading<T>) -> Reading<T> {
        let before = std::mem::replace(&mut self.elsewhere, elsewhere);
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        self.elsewhere = before;
        match result {
            Err(Stop::Split(_)) => Err(Stop::Unreadable("cases within a reduction")),
            other => other,
        }
    }
}

/// The axis, if there is one alone.
fn single(axes: AxisSet) -> Option<AxisId> {
    let mut axes = axes.iter();
    axes.next().filter(|_| axes.next().is_none())
}

/// A constant, exactly.
fn number(constant: Constant) -> Value {
    match constant {
        Constant::Decimal { digits, exponent } => {
            let power = RBig::from(10).pow(exponent.unsigned_abs() as isize);
            let digits = RBig::from(digits);
            Value::Finite(Quotient::constant(if exponent < 0 { digits / power } else { digits * power }))
        }
        Constant::Infinity => Value::Infinite { negative: false },
        Constant::NegativeInfinity => Value::Infinite { negative: true },
        Constant::Pi | Constant::Nan => Value::Undefined,
    }
}

/// A free variable of a claim: a parameter that no spec has.
pub(super) fn free_variable(spec: &Spec, place: usize) -> ParamId {
    ParamId((spec.params.len() + place) as u8)
}
