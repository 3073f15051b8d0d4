//! Conditions on a piece: which case holds there, and into which parts to split where the piece does not say.

use loss_codegen::expr::{AxisId, Comparison, Expr, ExprId, Type};

use super::atoms::{Place, Where};
use super::certificate::Inequality;
use super::piece::Fact;
use super::polynomial::Polynomial;
use super::quotient::Quotient;
use super::reader::{Reader, Reading, Side, Stop, TRY, Value};

impl Reader<'_> {
    /// Tells the piece that a condition holds, as far as that is made of inequalities.
    pub(super) fn assume(&mut self, condition: ExprId, place: &Place) -> Reading<()> {
        let graph = &self.variant.graph;
        // Of anything else less is known than holds, which no proof minds.
        if let Expr::And(left, right) = graph.expr(condition) {
            self.assume(left, place)?;
            self.assume(right, place)?;
        } else if let Expr::Compare(comparison, left, right) = graph.expr(condition)
            && graph.ty(left) == Type::Real
        {
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
        }
        Ok(())
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

    pub(super) fn condition_at(&mut self, id: ExprId, place: &Place) -> Reading<Option<bool>> {
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
            (
                Value::Nan | Value::Infinite { .. } | Value::Undefined,
                Value::Nan | Value::Infinite { .. } | Value::Undefined,
            )
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
        let graph = &self.variant.graph;
        let ((Expr::Index(_), Expr::Input(label)) | (Expr::Input(label), Expr::Index(_))) =
            (graph.expr(x), graph.expr(y))
        else {
            return unreadable;
        };
        match place.iter().find(|(other, _)| *other == axis) {
            Some((_, Where::Labelled(other))) if *other == label && !self.elsewhere => Ok(Some(is_equal)),
            Some((_, Where::Labelled(other))) if *other == label => Ok(Some(!is_equal)),
            Some((_, Where::Each(_))) if self.elsewhere => Ok(Some(!is_equal)),
            Some((_, Where::Each(_))) => Err(Stop::Labelled(axis, label)),
            Some((_, Where::Labelled(_))) | None => unreadable,
        }
    }
}
