//! The error function and the logarithm of the normal distribution: a series of positive terms near zero, a continued fraction far
//! out, whose successive convergents enclose the value.

use std::cmp::Ordering;

use dashu_float::Repr;

use super::arithmetic::{Arithmetic, Decided, exponential_bound};
use super::ball::{Ball, Undecided, sign_of};
use super::radius::Radius;
use super::real::Real;

impl Arithmetic {
    /// `sqrt(pi)`
    fn root_of_pi(&self) -> Decided<Ball> {
        self.sqrt_ball(&self.pi())
    }

    /// `erf(x)`
    ///
    /// # Errors
    /// More precision is needed.
    pub fn erf(&self, x: &Real) -> Decided {
        let (_, negative) = self.folded(x);
        let one = |negative: bool| if negative { Ball::integer(-1) } else { Ball::one() };
        match x {
            Real::Nan => Ok(Real::Nan),
            Real::Infinity { negative } => Ok(Real::Finite(one(*negative))),
            Real::Extreme { log, .. } if log.sign()? == Ordering::Greater => {
                Ok(Real::Finite(one(negative).widened(Radius::power_of_two(-(1 << 60)))))
            }
            Real::Finite(_) | Real::Extreme { .. } => {
                let Some(ball) = self.ball_of(x)? else { return Ok(Real::Nan) };
                let p = self.precision();
                let size = if negative { ball.negated() } else { ball.clone() };
                let middle = Ball::exact(size.middle);
                let value = if self.series_suits(&middle) {
                    self.erf_series(&middle, p)?
                } else if middle.top().is_some_and(|top| top > 20) {
                    // 1 - erf(x) < exp(-x^2)
                    Ball::one().widened(exponential_bound(&negative_square(&middle, p)))
                } else {
                    let tail = self.fraction_at(&middle)?.times(&self.exp_ball(&negative_square(&middle, p))?, p);
                    Ball::one().plus(&tail.negated(), p)
                };
                let value = if negative { value.negated() } else { value };
                // 2 / sqrt(pi) < 2
                Ok(Real::Finite(value.widened(ball.radius.shifted(1))))
            }
        }
    }

    /// Whether the series costs less than the fraction: it needs about `x^2` terms and bits.
    fn series_suits(&self, x: &Ball) -> bool {
        let x = x.to_f64();
        x * x < self.precision() as f64 / 4.0
    }

    /// `erf(x)` of an exact x >= 0: `2/sqrt(pi) exp(-x^2) x sum (2 x^2)^k / (2k + 1)!!`.
    fn erf_series(&self, x: &Ball, precision: usize) -> Decided<Ball> {
        let p = precision + 16;
        let square = x.times(x, p).shifted(1);
        let (mut term, mut sum) = (Ball::one(), Ball::one());
        for k in 1i128.. {
            term = term.times(&square, p).over(&Ball::integer(2 * k + 1), p)?;
            sum = sum.plus(&term, p);
            let ratio = square.size().over(Ball::integer(2 * k + 3).size());
            if ratio < Radius::power_of_two(-1) && term.size() < Radius::power_of_two(-(p as i64)) {
                // What follows is below a geometric series of ratio 1/2.
                sum = sum.widened(term.size());
                break;
            }
        }
        let pi =
            Ball::rounded(Ok(self.shared.constants.borrow_mut().pi::<2, dashu_float::round::mode::HalfEven>(p)), p);
        let root = Ball::rounded(dashu_float::Context::new(p).sqrt(&pi.middle), p);
        let root = root.widened(pi.radius);
        let scale = self.exp_ball_to(&negative_square(x, p), p)?.times(&x.shifted(1), p).over(&root, p)?;
        Ok(scale.times(&sum, p))
    }

    /// `exp(x^2) (1 - erf(x))` of an exact x >= 0.
    fn scaled_complement_at(&self, x: &Ball) -> Decided<Ball> {
        if !self.series_suits(x) {
            return self.fraction_at(x);
        }
        // The complement has about 1.45 x^2 bits fewer than the error function, and x^2 is below a quarter of the precision.
        let p = self.precision() * 3 / 2 + 16;
        let complement = Ball::one().plus(&self.erf_series(x, p)?.negated(), p);
        let square = negative_square(x, p).negated();
        Ok(complement.times(&self.exp_ball_to(&square, p)?, self.precision()))
    }

    /// The same by the fraction `1/(x + (1/2)/(x + 1/(x + (3/2)/(x + …)))) / sqrt(pi)`, for large x.
    fn fraction_at(&self, x: &Ball) -> Decided<Ball> {
        let p = self.precision();
        let (mut a, mut b) = (Ball::zero(), Ball::one());
        let (mut c, mut d) = (Ball::one(), x.clone());
        let mut before: Option<Ball> = None;
        for k in 1i128..100_000 {
            let half = Ball::integer(k).shifted(-1);
            let next = x.times(&c, p).plus(&half.times(&a, p), p);
            (a, c) = (c, next);
            let next = x.times(&d, p).plus(&half.times(&b, p), p);
            (b, d) = (d, next);
            if k % 8 < 2 {
                let convergent = c.over(&d, p)?;
                if let (Some(before), 1) = (&before, k % 8) {
                    let gap = convergent.plus(&before.negated(), p).size();
                    if gap <= convergent.size().shifted(8 - p as i64) {
                        return convergent.widened(gap).over(&self.root_of_pi()?, p);
                    }
                }
                before = Some(convergent);
            }
        }
        Err(Undecided)
    }

    /// `exp(x^2) (1 - erf(x))` of a ball about a number >= 0. Its slope is at most 4 above -1/2, and at most `4 / x^2` above
    /// half of an x >= 1.
    fn scaled_complement(&self, x: &Ball) -> Decided<Ball> {
        let value = self.scaled_complement_at(&Ball::exact(x.middle.clone()))?;
        if x.is_exact() {
            return Ok(value);
        }
        if x.radius > Radius::power_of_two(-1) {
            return Err(Undecided);
        }
        let mut error = x.radius.shifted(2);
        if x.middle >= Repr::one() {
            let size = Radius::below(&x.middle);
            error = error.over(size.times(size).shifted(-1));
        }
        Ok(value.widened(error))
    }

    /// The logarithm of the standard normal distribution function.
    ///
    /// # Errors
    /// More precision is needed.
    pub fn log_normal_cdf(&self, x: &Real) -> Decided {
        let p = self.precision();
        match x {
            Real::Nan => Ok(Real::Nan),
            Real::Infinity { negative } => Ok(if *negative { Real::NEGATIVE_INFINITY } else { Real::zero() }),
            Real::Extreme { negative: false, log } if log.sign()? == Ordering::Greater => {
                Ok(Real::Finite(Ball::around_zero(Radius::power_of_two(-(1 << 60)))))
            }
            Real::Finite(_) | Real::Extreme { .. } => {
                let Some(ball) = self.ball_of(x)? else { return Ok(Real::Nan) };
                let (z, below) = self.over_root_two(&ball)?;
                let scaled = Real::Finite(self.scaled_complement(&z)?.shifted(-1));
                let exponent = Real::Finite(ball.times(&ball, p).shifted(-1).negated());
                if below {
                    self.add(&exponent, &self.ln(&scaled)?)
                } else {
                    self.ln1p(&self.multiply(&scaled, &self.exp(&exponent)?)?.negated())
                }
            }
        }
    }

    /// The derivative of `log_normal_cdf`: the normal density over the distribution.
    ///
    /// # Errors
    /// More precision is needed.
    pub fn log_normal_cdf_slope(&self, x: &Real) -> Decided {
        match x {
            Real::Nan => Ok(Real::Nan),
            Real::Infinity { negative } => Ok(if *negative { Real::INFINITY } else { Real::zero() }),
            Real::Finite(_) | Real::Extreme { .. } => {
                let p = self.precision();
                let Some(ball) = self.ball_of(x)? else { return Ok(Real::Nan) };
                let (z, below) = self.over_root_two(&ball)?;
                if below {
                    let root = self.sqrt_ball(&Ball::integer(2).over(&self.pi(), p)?)?;
                    return self.divide(&Real::Finite(root), &Real::Finite(self.scaled_complement(&z)?));
                }
                let exponent = Real::Finite(ball.times(&ball, p).shifted(-1).negated());
                let density = self.exp(&self.subtract(&exponent, &self.log_normal_cdf(x)?)?)?;
                self.divide(&density, &Real::Finite(self.sqrt_ball(&self.pi().shifted(1))?))
            }
        }
    }

    /// `|x| / sqrt(2)`, and whether x is negative, by the midpoint.
    fn over_root_two(&self, x: &Ball) -> Decided<(Ball, bool)> {
        let below = sign_of(&x.middle) == Ordering::Less;
        let size = if below { x.negated() } else { x.clone() };
        let root = self.sqrt_ball(&Ball::integer(2))?;
        Ok((size.over(&root, self.precision())?, below))
    }
}

/// `-x^2`
fn negative_square(x: &Ball, precision: usize) -> Ball {
    x.times(x, precision).negated()
}
