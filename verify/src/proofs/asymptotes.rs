//! What a loss comes to far away: the input is the inverse of a step that vanishes, and what is left of the difference from the declared
//! formula is a power of it, or a function's rest that falls faster than any power.

use loss_codegen::expr::{ExprId, InputId, Unary};
use loss_codegen::property::Direction;

use super::atoms::Atom;
use super::polynomial::{Monomial, Polynomial, Unknown};
use super::properties::counted;
use super::prover::{Judgement, Open, Prover};
use super::quotient::Quotient;
use super::reader::{Change, Changes, Reader, Reading, Side, Stop};

/// A power of the step, and what it is multiplied by.
type Leading = (u32, Polynomial);

impl Prover<'_> {
    /// The loss less the formula goes to 0.
    pub(super) fn asymptote(&self, input: InputId, direction: Direction, goal: ExprId) -> Result<String, Open> {
        self.pointwise(input)?;
        let sign = match direction {
            Direction::Up => 1,
            Direction::Down => -1,
        };
        let pieces = self.everywhere(&|reader| {
            let step = reader.introduced(Atom::Step)?;
            let far = Change::Moved {
                scale: Polynomial::zero(),
                offset: Quotient { above: Polynomial::integer(sign), below: step },
            };
            let changes: Changes = self.nodes(input).into_iter().map(|id| (id, far.clone())).collect();
            reader.turn(changes, Side::Above);
            let loss = reader.finite(self.variant.loss)?;
            let goal = reader.present(goal)?;
            Ok(if reader.vanishes(&loss.minus(&goal))? {
                Judgement::Holds
            } else {
                Judgement::Open("what is left does not vanish".to_owned())
            })
        })?;
        Ok(format!("what is left vanishes with the inverse of the input, on each of {}", counted(pieces)))
    }
}

impl Reader<'_> {
    /// Whether a quotient goes to 0 as the step does.
    fn vanishes(&mut self, quotient: &Quotient) -> Reading<bool> {
        let step = self.atoms.unknown(Atom::Step);
        let (above, below) = (self.far(&quotient.above)?, self.far(&quotient.below)?);
        let whole = above.over_positive(&below);
        let is_rest = |reader: &Self, monomial: &Monomial| {
            monomial.factors().iter().any(|(unknown, _)| *unknown != step && reader.atoms.moves(*unknown))
        };
        if whole.is_zero() {
            return Ok(true);
        }
        if whole.below.terms().any(|(monomial, _)| is_rest(self, monomial)) {
            return Err(Stop::Unreadable("a divisor with a function that goes to its limit"));
        }
        let (least, coefficient) = leading(&whole.below, step);
        if !self.is_positive(&coefficient)? {
            return Err(Stop::Unreadable("a divisor that may vanish"));
        }
        // A rest falls faster than any power of the step, so that no power that stands beside it matters.
        let powers: Vec<u32> = whole
            .above
            .terms()
            .filter(|(monomial, _)| !is_rest(self, monomial))
            .map(|(monomial, _)| monomial.power(step))
            .collect();
        Ok(powers.into_iter().all(|power| power > least))
    }

    /// A polynomial with each function replaced by what it comes to, and the function's own unknown in the place of the rest.
    fn far(&mut self, polynomial: &Polynomial) -> Reading<Quotient> {
        let mut sum = Quotient::integer(0);
        for (monomial, coefficient) in polynomial.terms() {
            let mut term = Quotient::constant(coefficient.clone());
            for (unknown, power) in monomial.factors() {
                let factor = self.far_unknown(*unknown)?;
                term = term.times(&factor.power(*power));
            }
            sum = sum.plus(&term);
        }
        Ok(sum)
    }

    fn far_unknown(&mut self, unknown: Unknown) -> Reading<Quotient> {
        let own = Quotient::of(Polynomial::unknown(unknown));
        if !self.atoms.moves(unknown) {
            return Ok(own);
        }
        let (function, x) = match self.atoms.atom(unknown).clone() {
            Atom::Step => return Ok(own),
            Atom::Function(function, x) => (function, x),
            Atom::Input(..) | Atom::Param(_) | Atom::Size(_) | Atom::Other(_) | Atom::Power(..) | Atom::Reduced(..) => {
                return Err(Stop::Unreadable("a power or a reduction that moves"));
            }
        };
        let is_up = self.goes_up(&x)?;
        let one = Quotient::integer(1);
        Ok(match (function, is_up) {
            // softplus(x) = x + softplus(-x)
            (Unary::Softplus, true) => self.far_quotient(&x)?.plus(&own),
            (Unary::Sigmoid | Unary::Tanh | Unary::Erf, true) => one.minus(&own),
            (Unary::Softplus | Unary::Sigmoid | Unary::Exp, false) => own,
            (Unary::Expm1, false) | (Unary::Tanh | Unary::Erf, false) => own.minus(&one),
            _ => return Err(Stop::Unreadable("a function of which it is not known what it comes to")),
        })
    }

    fn far_quotient(&mut self, quotient: &Quotient) -> Reading<Quotient> {
        let (above, below) = (self.far(&quotient.above)?, self.far(&quotient.below)?);
        Ok(above.over_positive(&below))
    }

    /// Whether an argument grows beyond all bounds, or falls below all.
    fn goes_up(&mut self, x: &Quotient) -> Reading<bool> {
        let step = self.atoms.unknown(Atom::Step);
        let moves_otherwise = |reader: &Self, part: &Polynomial| {
            part.unknowns().into_iter().any(|unknown| unknown != step && reader.atoms.moves(unknown))
        };
        if moves_otherwise(self, &x.above) || moves_otherwise(self, &x.below) {
            return Err(Stop::Unreadable("a function of a function that moves"));
        }
        let ((above, size), (below, divisor)) = (leading(&x.above, step), leading(&x.below, step));
        if above >= below || !self.is_positive(&divisor)? {
            return Err(Stop::Unreadable("a function of what goes to a number"));
        }
        if self.is_positive(&size)? {
            return Ok(true);
        }
        if self.is_positive(&size.negated())? {
            Ok(false)
        } else {
            Err(Stop::Unreadable("a function of what may stay"))
        }
    }
}

/// The least power of the step, and what stands before it.
fn leading(polynomial: &Polynomial, step: Unknown) -> Leading {
    let least = polynomial.terms().map(|(monomial, _)| monomial.power(step)).min().unwrap_or(0);
    let mut coefficient = Polynomial::zero();
    let divisor = Polynomial::unknown(step).power(least).content();
    for (monomial, number) in polynomial.terms().filter(|(monomial, _)| monomial.power(step) == least) {
        let term = Polynomial::term(monomial.clone(), number.clone()).over(&divisor);
        coefficient = coefficient.plus(&term);
    }
    (least, coefficient)
}
