//! Bounds of the gradients and of the bends of whole rows. A gradient over a row is what rises less what falls; each part is bounded by
//! what it adds up to, its mass. A logsumexp raises its places by shares that add up to 1, a picked place is raised alone. The length of a
//! gradient is then at most the root of the sum of the squares of both masses: no part is longer than its mass, and where both parts
//! meet, one takes from the other.

use loss_codegen::expr::{AxisId, Binary, Expr, ExprId, InputId, Reducer, Unary};

use super::atoms::{Atom, Place};
use super::certificate::Inequality;
use super::polynomial::Polynomial;
use super::properties::certificate;
use super::prover::{Judgement, Open, Prover};
use super::quotient::Quotient;
use super::reader::{Reader, Reading, Stop};
use super::reductions::{each, labelled, next_depth};

/// At most what the slopes above 0 add up to, and the sizes of those below.
#[derive(Clone, Debug)]
struct Masses {
    up: Quotient,
    down: Quotient,
}

impl Masses {
    fn none() -> Self {
        Masses { up: Quotient::integer(0), down: Quotient::integer(0) }
    }

    fn turned(self) -> Self {
        Masses { up: self.down, down: self.up }
    }

    fn with(&self, other: &Self) -> Self {
        Masses { up: self.up.plus(&other.up), down: self.down.plus(&other.down) }
    }

    fn map(self, mut f: impl FnMut(&Quotient) -> Reading<Quotient>) -> Reading<Self> {
        Ok(Masses { up: f(&self.up)?, down: f(&self.down)? })
    }

    /// At most what the sizes of all slopes add up to.
    fn sum(&self) -> Quotient {
        self.up.plus(&self.down)
    }

    /// At most the square of the gradient's length.
    fn square(&self) -> Quotient {
        self.up.power(2).plus(&self.down.power(2))
    }
}

const UNREADABLE: Stop = Stop::Unreadable("no rule for the gradient of a whole row");

impl Prover<'_> {
    /// The sizes of the gradient add up to no more than a bound.
    pub(super) fn sizes_within(&self, input: InputId, bound: ExprId) -> Result<String, Open> {
        let pieces = self.everywhere(&|reader| {
            let Some(bound) = reader.bound(bound)? else { return Ok(Judgement::Silent) };
            let sum = reader.masses(self, self.variant.loss, input, &Place::new())?.sum();
            Ok(reader.shows(&Inequality::nonnegative(bound.minus(&sum).above), "no certificate of the bound"))
        })?;
        Ok(format!("its slopes add up to no more: {}", certificate(pieces)))
    }

    /// The gradient is no longer than a bound.
    pub(super) fn length_within(&self, input: InputId, bound: ExprId) -> Result<String, Open> {
        let pieces = self.everywhere(&|reader| {
            let Some(bound) = reader.bound(bound)? else { return Ok(Judgement::Silent) };
            let square = reader.masses(self, self.variant.loss, input, &Place::new())?.square();
            let gap = reader.without_squared_roots(&bound.power(2).minus(&square).above);
            let first = reader.shows(&Inequality::nonnegative(bound.above), "no certificate that the bound is one");
            Ok(first.and(|| reader.shows(&Inequality::nonnegative(gap), "no certificate of the bound")))
        })?;
        Ok(format!("by what its slopes add up to: {}", certificate(pieces)))
    }

    /// The gradient changes by no more than a bound times the step.
    pub(super) fn bend_within(&self, input: InputId, bound: ExprId) -> Result<String, Open> {
        let pieces = self.everywhere(&|reader| {
            let Some(bound) = reader.bound(bound)? else { return Ok(Judgement::Silent) };
            let bend = reader.bend(self, self.variant.loss, input, &Place::new())?;
            Ok(reader.shows(&Inequality::nonnegative(bound.minus(&bend).above), "no certificate of the bound"))
        })?;
        Ok(format!("by how much its parts bend: {}", certificate(pieces)))
    }
}

impl Reader<'_> {
    fn masses(&mut self, prover: &Prover<'_>, id: ExprId, input: InputId, place: &Place) -> Reading<Masses> {
        if !prover.depends(id, input) {
            return Ok(Masses::none());
        }
        match self.variant.graph.expr(id) {
            Expr::Input(_) => Ok(Masses { up: Quotient::integer(1), ..Masses::none() }),
            Expr::Unary(function, x) => {
                let masses = self.masses(prover, x, input, place)?;
                match function {
                    Unary::Negate => Ok(masses.turned()),
                    // Slopes between 0 and 1.
                    Unary::Relu | Unary::Softplus | Unary::Tanh | Unary::Atan => Ok(masses),
                    _ => Err(UNREADABLE),
                }
            }
            Expr::Binary(function, x, y) => match function {
                Binary::Add => Ok(self.masses(prover, x, input, place)?.with(&self.masses(prover, y, input, place)?)),
                Binary::Subtract => {
                    let less = self.masses(prover, y, input, place)?.turned();
                    Ok(self.masses(prover, x, input, place)?.with(&less))
                }
                Binary::Multiply | Binary::Weigh | Binary::Divide => {
                    let (varying, factor) = split(prover, function, (x, y), input)?;
                    let masses = self.masses(prover, varying, input, place)?;
                    let (size, is_up) = self.factor(function, factor, place)?;
                    let scaled = masses.map(|mass| Ok(mass.times(&size)))?;
                    Ok(if is_up { scaled } else { scaled.turned() })
                }
                _ => Err(UNREADABLE),
            },
            Expr::If(condition, yes, no) if !prover.depends(condition, input) => {
                let holds = self.condition_at(condition, place)?.ok_or(UNREADABLE)?;
                self.masses(prover, if holds { yes } else { no }, input, place)
            }
            Expr::Pick { value, axis, index } => {
                let there = self.picked(place, axis, index)?;
                self.masses(prover, value, input, &there)
            }
            Expr::Reduce { reducer, axes, filter: None, value, order: None } => {
                let mut axes = axes.iter();
                let (Some(axis), None) = (axes.next(), axes.next()) else { return Err(UNREADABLE) };
                let depth = next_depth(place);
                let own = each(place, axis, depth);
                let masses = self.within(false, |reader| reader.masses(prover, value, input, &own))?;
                match reducer {
                    Reducer::Sum | Reducer::Mean => masses.map(|mass| self.total(reducer, axis, depth, mass)),
                    // A mean of the gradients at all places, with shares that add up to 1.
                    Reducer::Logsumexp if !self.varies(&masses.sum(), depth) => Ok(masses),
                    _ => Err(UNREADABLE),
                }
            }
            _ => Err(UNREADABLE),
        }
    }

    /// At most the length of the second derivative, as a matrix.
    fn bend(&mut self, prover: &Prover<'_>, id: ExprId, input: InputId, place: &Place) -> Reading<Quotient> {
        if !prover.depends(id, input) {
            return Ok(Quotient::integer(0));
        }
        match self.variant.graph.expr(id) {
            Expr::Input(_) => Ok(Quotient::integer(0)),
            Expr::Unary(function, x) => {
                let bend = self.bend(prover, x, input, place)?;
                match function {
                    Unary::Negate => Ok(bend),
                    // A slope within 1, and a bend within a quarter, or 1.
                    Unary::Softplus | Unary::LogCosh => {
                        let quarter = if function == Unary::Softplus { 4 } else { 1 };
                        let square = self.masses(prover, x, input, place)?.square();
                        Ok(bend.plus(&square.over_positive(&Quotient::integer(quarter))))
                    }
                    _ => Err(UNREADABLE),
                }
            }
            Expr::Binary(function, x, y) => match function {
                Binary::Add | Binary::Subtract => {
                    Ok(self.bend(prover, x, input, place)?.plus(&self.bend(prover, y, input, place)?))
                }
                Binary::Multiply | Binary::Weigh | Binary::Divide => {
                    let (varying, factor) = split(prover, function, (x, y), input)?;
                    let bend = self.bend(prover, varying, input, place)?;
                    Ok(bend.times(&self.factor(function, factor, place)?.0))
                }
                _ => Err(UNREADABLE),
            },
            Expr::If(condition, yes, no) if !prover.depends(condition, input) => {
                let holds = self.condition_at(condition, place)?.ok_or(UNREADABLE)?;
                self.bend(prover, if holds { yes } else { no }, input, place)
            }
            Expr::Pick { value, axis, index } => {
                let there = self.picked(place, axis, index)?;
                self.bend(prover, value, input, &there)
            }
            Expr::Reduce { reducer, axes, filter: None, value, order: None } => {
                let mut axes = axes.iter();
                let (Some(axis), None) = (axes.next(), axes.next()) else { return Err(UNREADABLE) };
                let depth = next_depth(place);
                let own = each(place, axis, depth);
                let bend = self.within(false, |reader| reader.bend(prover, value, input, &own))?;
                match reducer {
                    Reducer::Sum | Reducer::Mean => self.total(reducer, axis, depth, &bend),
                    // The matrix of the shares p is diag(p) - p p', no longer than 1/2, where each place moves its own argument alone.
                    Reducer::Logsumexp if bend.is_zero() && prover.is_pointwise_at(value, input) => {
                        let slope = self.within(false, |reader| reader.masses(prover, value, input, &own))?.sum();
                        if self.varies(&slope, depth) {
                            return Err(UNREADABLE);
                        }
                        Ok(slope.power(2).over_positive(&Quotient::integer(2)))
                    }
                    _ => Err(UNREADABLE),
                }
            }
            _ => Err(UNREADABLE),
        }
    }

    /// The size of a factor, or of what a divisor makes, and whether it is not below 0.
    fn factor(&mut self, function: Binary, factor: ExprId, place: &Place) -> Reading<(Quotient, bool)> {
        let value = self.at(factor, place)?.finite().ok_or(UNREADABLE)?;
        let value = if function == Binary::Divide {
            self.divided(&Quotient::integer(1), &value)?.finite().ok_or(UNREADABLE)?
        } else {
            value
        };
        let is_up = self.is_nonnegative(&value.above)?;
        Ok((if is_up { value } else { value.negated() }, is_up))
    }

    /// The sum or the mean of a bound over all places.
    fn total(&mut self, reducer: Reducer, axis: AxisId, depth: u8, bound: &Quotient) -> Reading<Quotient> {
        let sum = self.summed(axis, depth, bound)?;
        if reducer != Reducer::Mean {
            return Ok(sum);
        }
        let size = self.introduced(Atom::Size(axis))?;
        Ok(sum.over_positive(&Quotient::of(size)))
    }

    fn picked(&self, place: &Place, axis: AxisId, index: ExprId) -> Reading<Place> {
        let Expr::Input(label) = self.variant.graph.expr(index) else { return Err(UNREADABLE) };
        Ok(labelled(place, axis, label))
    }

    /// Whether a bound is not the same at all places of a reduction so deep.
    fn varies(&self, bound: &Quotient, depth: u8) -> bool {
        let bits = self.atoms.polynomial_depths(&bound.above) | self.atoms.polynomial_depths(&bound.below);
        bits & (1 << depth) != 0
    }

    /// A polynomial with the square of each root replaced by what it is the root of, where that is a polynomial.
    fn without_squared_roots(&self, polynomial: &Polynomial) -> Polynomial {
        let mut sum = Polynomial::zero();
        for (monomial, coefficient) in polynomial.terms() {
            let mut term = Polynomial::constant(coefficient.clone());
            for (unknown, power) in monomial.factors() {
                let own = Polynomial::unknown(*unknown);
                term = match self.atoms.atom(*unknown) {
                    Atom::Function(Unary::Sqrt, x) if x.as_polynomial().is_some() => {
                        term.times(&x.above.power(power / 2)).times(&own.power(power % 2))
                    }
                    _ => term.times(&own.power(*power)),
                };
            }
            sum = sum.plus(&term);
        }
        sum
    }
}

/// Which of two is the one that varies, and which the factor that does not.
fn split(prover: &Prover<'_>, function: Binary, (x, y): (ExprId, ExprId), input: InputId) -> Reading<(ExprId, ExprId)> {
    let (varying, factor) = match function {
        Binary::Weigh => (y, x),
        Binary::Multiply if prover.depends(y, input) => (y, x),
        _ => (x, y),
    };
    if prover.depends(factor, input) { Err(UNREADABLE) } else { Ok((varying, factor)) }
}
