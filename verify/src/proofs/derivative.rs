//! Derivatives of what is read, with respect to a step of the argument, and what is read where the step is 0.

use loss_codegen::expr::Unary;

use super::atoms::Atom;
use super::certificate::{Depth, Inequality};
use super::piece::Fact;
use super::polynomial::{Polynomial, Unknown};
use super::quotient::Quotient;
use super::reader::{Reader, Reading, Stop, Value};

impl Reader<'_> {
    /// A polynomial where the step is 0.
    pub(super) fn stilled(&mut self, polynomial: &Polynomial) -> Reading<Polynomial> {
        let quotient = self.stilled_quotient(&Quotient::of(polynomial.clone()))?;
        Ok(quotient.above)
    }

    /// A quotient where the step is 0.
    pub(super) fn stilled_quotient(&mut self, quotient: &Quotient) -> Reading<Quotient> {
        let mut still = Vec::new();
        for polynomial in [&quotient.above, &quotient.below] {
            let mut sum = Quotient::integer(0);
            for (monomial, coefficient) in polynomial.terms() {
                let mut term = Quotient::constant(coefficient.clone());
                for (unknown, power) in monomial.factors() {
                    let factor = self.stilled_unknown(*unknown)?;
                    term = term.times(&factor.power(*power));
                }
                sum = sum.plus(&term);
            }
            still.push(sum);
        }
        let [above, below] = &still[..] else { return Err(Stop::Unreadable("no quotient")) };
        self.divided(above, below)?.finite().ok_or(Stop::Unreadable("a divisor that is 0 at the point itself"))
    }

    fn stilled_unknown(&mut self, unknown: Unknown) -> Reading<Quotient> {
        if !self.atoms.moves(unknown) {
            return Ok(Quotient::of(self.piece.simplified(&Polynomial::unknown(unknown))));
        }
        match self.atoms.atom(unknown).clone() {
            Atom::Step => Ok(Quotient::integer(0)),
            Atom::Function(function, x) => {
                let still = self.stilled_quotient(&x)?;
                let value = self.known(function, &still)?;
                if let Some(other) = partner(function)
                    && self.atoms.has(&Atom::Function(other, x))
                {
                    self.partner(function, &value, &still)?;
                }
                Ok(value)
            }
            Atom::Power(..) | Atom::Reduced(..) | Atom::Input(..) | Atom::Param(_) | Atom::Size(_) | Atom::Other(_) => {
                Err(Stop::Unreadable("a step within a reduction or a power"))
            }
        }
    }

    /// The derivative with respect to the step.
    pub(super) fn derivative(&mut self, quotient: &Quotient) -> Reading<Quotient> {
        let above = self.polynomial_derivative(&quotient.above)?;
        let below = self.polynomial_derivative(&quotient.below)?;
        let own = Quotient::of(quotient.below.clone());
        let square = own.power(2);
        let numerator = above.times(&own).minus(&below.times(&Quotient::of(quotient.above.clone())));
        Ok(numerator.over_positive(&square))
    }

    fn polynomial_derivative(&mut self, polynomial: &Polynomial) -> Reading<Quotient> {
        let mut sum = Quotient::integer(0);
        for unknown in polynomial.unknowns() {
            if self.atoms.moves(unknown) {
                let outer = Quotient::of(polynomial.derivative(unknown));
                sum = sum.plus(&outer.times(&self.unknown_derivative(unknown)?));
            }
        }
        Ok(sum)
    }

    fn unknown_derivative(&mut self, unknown: Unknown) -> Reading<Quotient> {
        let (function, x) = match self.atoms.atom(unknown).clone() {
            Atom::Step => return Ok(Quotient::integer(1)),
            Atom::Function(function, x) => (function, x),
            Atom::Power(..) | Atom::Reduced(..) | Atom::Input(..) | Atom::Param(_) | Atom::Size(_) | Atom::Other(_) => {
                return Err(Stop::Unreadable("a derivative of a reduction or a power"));
            }
        };
        let inner = self.derivative(&x)?;
        let (y, one) = (Quotient::of(Polynomial::unknown(unknown)), Quotient::integer(1));
        let outer = match function {
            Unary::Exp => y,
            Unary::Expm1 => y.plus(&one),
            Unary::Log => one.over_positive(&x),
            Unary::Log1p => one.over_positive(&x.plus(&one)),
            Unary::Softplus => self.known(Unary::Sigmoid, &x)?,
            Unary::Sigmoid => y.times(&one.minus(&y)),
            Unary::Tanh => one.minus(&y.power(2)),
            Unary::Sinh | Unary::Cosh | Unary::Sin => self.partner(function, &y, &x)?,
            Unary::Cos => self.partner(function, &y, &x)?.negated(),
            Unary::LogCosh => self.known(Unary::Tanh, &x)?,
            Unary::Atan => one.over_positive(&x.power(2).plus(&one)),
            Unary::Sqrt => {
                if !self.piece.implies(&Inequality::positive(x.above.clone()), Depth::Pairs) {
                    return Err(Stop::Unreadable("the slope of a root at 0"));
                }
                one.over_positive(&y.plus(&y))
            }
            Unary::Negate
            | Unary::Abs
            | Unary::Sign
            | Unary::Relu
            | Unary::Tan
            | Unary::Acos
            | Unary::Lgamma
            | Unary::Digamma
            | Unary::Erf
            | Unary::LogNormalCdf
            | Unary::Detach
            | Unary::Weighed
            | Unary::PowerOfTwo => return Err(Stop::Unreadable("a function whose derivative proofs do not know")),
        };
        Ok(outer.times(&inner))
    }

    /// The other function of a pair whose squares make 1, cos and sin or cosh and sinh; that they do is told.
    fn partner(&mut self, function: Unary, own: &Quotient, x: &Quotient) -> Reading<Quotient> {
        let Some(other) = partner(function) else { return Err(Stop::Unreadable("a function without a partner")) };
        let other = self.known(other, x)?;
        let (own_square, other_square) = (own.power(2), other.power(2));
        let squares = if function == Unary::Cosh {
            own_square.minus(&other_square)
        } else if function == Unary::Sinh {
            other_square.minus(&own_square)
        } else {
            own_square.plus(&other_square)
        };
        let gap = squares.minus(&Quotient::integer(1)).above;
        self.learn(Fact::Holds(Inequality::nonnegative(gap.clone())));
        self.learn(Fact::Holds(Inequality::nonnegative(gap.negated())));
        Ok(other)
    }

    fn known(&mut self, function: Unary, x: &Quotient) -> Reading<Quotient> {
        let value = self.unary(function, Value::Finite(x.clone()))?;
        value.finite().ok_or(Stop::Unreadable("a value that is infinite"))
    }
}

/// The function whose square makes 1 with that of this one.
fn partner(function: Unary) -> Option<Unary> {
    [(Unary::Sin, Unary::Cos), (Unary::Cos, Unary::Sin), (Unary::Sinh, Unary::Cosh), (Unary::Cosh, Unary::Sinh)]
        .into_iter()
        .find_map(|(own, other)| (own == function).then_some(other))
}
