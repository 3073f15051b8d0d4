//! The logarithm of the gamma function and its first two derivatives, for x > 0: Stirling's series far out, reached by the
//! recurrence `gamma(x + 1) = x gamma(x)`. For real x > 0 the series' error is below its first omitted term, and of that term's sign
//! (Abramowitz and Stegun, 6.1.42, 6.3.18, 6.4.12).

use std::cmp::Ordering;

use dashu_float::Repr;
use dashu_int::{IBig, UBig};

use super::arithmetic::{Arithmetic, Decided, exponential_bound};
use super::ball::{Ball, Undecided, fraction};
use super::radius::Radius;
use super::real::Real;

/// The Bernoulli numbers `B(2), B(4), …` known so far.
#[derive(Default)]
pub(super) struct Stirling {
    bernoulli: Vec<(IBig, UBig)>,
}

impl Stirling {
    /// `B(2k)` for `k >= 1`, to `precision` bits.
    fn bernoulli(&mut self, k: usize, precision: usize) -> Ball {
        if k > self.bernoulli.len() {
            self.bernoulli = bernoulli_numbers((2 * k).max(32));
        }
        let (numerator, denominator) = &self.bernoulli[k - 1];
        fraction(numerator.clone(), denominator, precision)
    }
}

/// `B(2k)` for k = 1..=count, from the tangent numbers (Brent and Harvey, Fast computation of Bernoulli, tangent and secant
/// numbers, 2011): integers throughout.
fn bernoulli_numbers(count: usize) -> Vec<(IBig, UBig)> {
    let mut tangent = vec![UBig::ONE; count + 1];
    for k in 2..=count {
        tangent[k] = &tangent[k - 1] * UBig::from(k - 1);
    }
    for k in 2..=count {
        for j in k..=count {
            tangent[j] = &tangent[j - 1] * UBig::from(j - k) + &tangent[j] * UBig::from(j - k + 2);
        }
    }
    (1..=count)
        .map(|k| {
            let power = UBig::ONE << (2 * k);
            let numerator = IBig::from(&tangent[k] * UBig::from(2 * k));
            let signed = if k % 2 == 1 { numerator } else { -numerator };
            (signed, &power * (&power - UBig::ONE))
        })
        .collect()
}

/// Which derivative of `log(gamma)`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    Lgamma,
    Digamma,
    Trigamma,
}

impl Arithmetic {
    /// `log(gamma(x))`: of 0 `inf`, below NaN.
    ///
    /// # Errors
    /// More precision is needed.
    pub fn lgamma(&self, x: &Real) -> Decided {
        match x {
            Real::Finite(ball) if ball.is_one() || ball.as_integer() == Some(2) => Ok(Real::zero()),
            // log(gamma(x)) = -log(x) + O(x)
            Real::Extreme { negative: false, log } if log.sign()? == Ordering::Less => {
                Ok(Real::Finite(log.negated().widened(exponential_bound(log).shifted(1))))
            }
            Real::Nan | Real::Infinity { .. } | Real::Finite(_) | Real::Extreme { .. } => {
                self.gamma_family(x, Order::Lgamma)
            }
        }
    }

    /// The derivative of `lgamma`: at 0 `-inf`.
    ///
    /// # Errors
    /// More precision is needed.
    pub fn digamma(&self, x: &Real) -> Decided {
        self.gamma_family(x, Order::Digamma)
    }

    /// The derivative of `digamma`: at 0 `inf`.
    ///
    /// # Errors
    /// More precision is needed.
    pub fn trigamma(&self, x: &Real) -> Decided {
        self.gamma_family(x, Order::Trigamma)
    }

    fn gamma_family(&self, x: &Real, order: Order) -> Decided {
        match (x.sign()?, x) {
            (None | Some(Ordering::Less), _) => Ok(Real::Nan),
            (Some(Ordering::Equal), _) => {
                Ok(if order == Order::Digamma { Real::NEGATIVE_INFINITY } else { Real::INFINITY })
            }
            (Some(Ordering::Greater), Real::Finite(ball)) => {
                let size = Radius::below(&ball.middle);
                if ball.radius > size.shifted(-1) {
                    return Err(Undecided);
                }
                let value = match order {
                    Order::Lgamma => self.lgamma_at(&ball.middle)?,
                    Order::Digamma => self.digamma_at(&ball.middle)?,
                    Order::Trigamma => self.trigamma_at(&ball.middle)?,
                };
                Ok(Real::Finite(value.widened(ball.radius.times(slope(ball, order)))))
            }
            (Some(Ordering::Greater), Real::Infinity { .. }) => {
                Ok(if order == Order::Trigamma { Real::zero() } else { Real::INFINITY })
            }
            (Some(Ordering::Greater), Real::Nan | Real::Extreme { .. }) => Err(Undecided),
        }
    }

    /// How many steps of the recurrence lead from x to where Stirling's series reaches the precision.
    fn steps(&self, x: &Repr<2>) -> usize {
        let far = self.precision() / 5 + 4;
        match super::ball::top(x) {
            Some(top) if top > 24 => 0,
            Some(_) | None => far.saturating_sub(Ball::exact(x.clone()).to_f64() as usize),
        }
    }

    /// The sum of `coefficient(k) * B(2k) / x^(2k + shift)`, k >= 1, with the first omitted term as its error.
    fn stirling_series(&self, x: &Ball, shift: i64, coefficient: impl Fn(i128) -> (i128, i128)) -> Decided<Ball> {
        let p = self.precision();
        let square = x.times(x, p);
        let mut power = match shift {
            -1 => Ball::one().over(x, p)?,
            0 => Ball::one().over(&square, p)?,
            _ => Ball::one().over(&square.times(x, p), p)?,
        };
        let small = Radius::power_of_two(-(p as i64)).times(power.size());
        let mut sum = Ball::zero();
        let mut last: Option<Radius> = None;
        for k in 1.. {
            let bernoulli = self.stirling.borrow_mut().bernoulli(k, p);
            let (numerator, denominator) = coefficient(k as i128);
            let factor = Ball::integer(numerator).over(&Ball::integer(denominator), p)?;
            let term = bernoulli.times(&factor, p).times(&power, p);
            // The series is asymptotic: past its least term it would only grow.
            if term.size() < small || last.is_some_and(|last| term.size() > last) {
                return Ok(sum.widened(term.size()));
            }
            last = Some(term.size());
            sum = sum.plus(&term, p);
            power = power.over(&square, p)?;
        }
        Err(Undecided)
    }

    fn lgamma_at(&self, x: &Repr<2>) -> Decided<Ball> {
        let p = self.precision();
        let (mut x, steps) = (Ball::exact(x.clone()), self.steps(x));
        let mut product = Ball::one();
        for _ in 0..steps {
            product = product.times(&x, p);
            x = x.plus(&Ball::one(), p);
        }
        let half = Ball::power_of_two(-1);
        let tail = self.stirling_series(&x, -1, |k| (1, 2 * k * (2 * k - 1)))?;
        let main = x.plus(&half.negated(), p).times(&self.ln_ball(&x)?, p).plus(&x.negated(), p);
        let constant = self.ln_ball(&self.pi().shifted(1))?.shifted(-1);
        let far = main.plus(&constant, p).plus(&tail, p);
        Ok(far.plus(&self.ln_ball(&product)?.negated(), p))
    }

    fn digamma_at(&self, x: &Repr<2>) -> Decided<Ball> {
        let p = self.precision();
        let (mut x, steps) = (Ball::exact(x.clone()), self.steps(x));
        let mut sum = Ball::zero();
        for _ in 0..steps {
            sum = sum.plus(&Ball::one().over(&x, p)?, p);
            x = x.plus(&Ball::one(), p);
        }
        let tail = self.stirling_series(&x, 0, |k| (1, 2 * k))?;
        let far = self.ln_ball(&x)?.plus(&Ball::one().over(&x.shifted(1), p)?.negated(), p);
        Ok(far.plus(&tail.negated(), p).plus(&sum.negated(), p))
    }

    fn trigamma_at(&self, x: &Repr<2>) -> Decided<Ball> {
        let p = self.precision();
        let (mut x, steps) = (Ball::exact(x.clone()), self.steps(x));
        let mut sum = Ball::zero();
        for _ in 0..steps {
            sum = sum.plus(&Ball::one().over(&x.times(&x, p), p)?, p);
            x = x.plus(&Ball::one(), p);
        }
        let tail = self.stirling_series(&x, 1, |_| (1, 1))?;
        let inverse = Ball::one().over(&x, p)?;
        let far = inverse.plus(&inverse.times(&inverse, p).shifted(-1), p);
        Ok(far.plus(&tail, p).plus(&sum, p))
    }
}

/// A bound of the derivative from half to twice the midpoint x > 0: `|digamma(y)| <= |log(y)| + 1/y`,
/// `trigamma(y) <= 1/y + 1/y^2`, and one more derivative for the last.
fn slope(x: &Ball, order: Order) -> Radius {
    let inverse = Radius::power_of_two(0).over(Radius::below(&x.middle).shifted(-1));
    match order {
        Order::Lgamma => {
            let log = Ball::integer(i128::from(x.top().unwrap_or(0).abs()) + 2).size();
            log.plus(inverse)
        }
        Order::Digamma => inverse.plus(inverse.times(inverse)),
        Order::Trigamma => {
            let square = inverse.times(inverse);
            square.plus(square.times(inverse).shifted(1))
        }
    }
}
