//! Elementary functions. A kernel of the float crate gives the value at the midpoint; a bound of the derivative over the ball gives
//! the rest of the radius. Everything else is composed of those kernels in forms that keep small results.

use std::cmp::Ordering;

use dashu_float::round::mode::HalfEven;
use dashu_float::{Context, Repr};

use super::arithmetic::{Arithmetic, Decided, exponential_bound};
use super::ball::{Ball, Undecided};
use super::radius::Radius;
use super::real::Real;

fn one_radius() -> Radius {
    Radius::power_of_two(0)
}

/// The ball's radius, if it is at most one: the bounds below hold for small steps only.
fn small_step(x: &Ball) -> Decided<Radius> {
    if x.radius <= one_radius() { Ok(x.radius) } else { Err(Undecided) }
}

impl Arithmetic {
    /// `exp(x)`: `|exp(x + d) - exp(x)| <= 2 |d| exp(x)` for `|d| <= 1`.
    pub(super) fn exp_ball(&self, x: &Ball) -> Decided<Ball> {
        self.exp_ball_to(x, self.precision())
    }

    /// The same to another precision.
    pub(super) fn exp_ball_to(&self, x: &Ball, precision: usize) -> Decided<Ball> {
        let step = small_step(x)?;
        let context = Context::<HalfEven>::new(precision);
        let value = context.exp(&x.middle, Some(&mut self.shared.constants.borrow_mut()));
        let value = Ball::rounded(value, precision);
        let error = value.size().times(step).shifted(1);
        Ok(value.widened(error))
    }

    /// `exp(x) - 1`, with the same bound.
    fn expm1_ball(&self, x: &Ball) -> Decided<Ball> {
        let step = small_step(x)?;
        let value = self.context().exp_m1(&x.middle, Some(&mut self.shared.constants.borrow_mut()));
        let value = Ball::rounded(value, self.precision());
        let error = value.size().plus(one_radius()).times(step).shifted(1);
        Ok(value.widened(error))
    }

    /// `log(x)` of a positive ball: `|log(x + d) - log(x)| <= 2 |d| / x` for `|d| <= x / 2`.
    pub(super) fn ln_ball(&self, x: &Ball) -> Decided<Ball> {
        let size = Radius::below(&x.middle);
        if x.sign()? != Ordering::Greater || x.radius > size.shifted(-1) {
            return Err(Undecided);
        }
        let value = self.context().ln(&x.middle, Some(&mut self.shared.constants.borrow_mut()));
        Ok(Ball::rounded(value, self.precision()).widened(x.radius.over(size).shifted(1)))
    }

    /// `log(1 + x)` of a ball above -1, with the same bound about `1 + x`.
    fn ln1p_ball(&self, x: &Ball) -> Decided<Ball> {
        let shifted = x.plus(&Ball::one(), self.precision());
        let size = Radius::below(&shifted.middle).shifted(-1);
        if shifted.sign()? != Ordering::Greater || x.radius > size {
            return Err(Undecided);
        }
        let value = self.context().ln_1p(&x.middle, Some(&mut self.shared.constants.borrow_mut()));
        Ok(Ball::rounded(value, self.precision()).widened(x.radius.over(size).shifted(1)))
    }

    /// `sqrt(x)` of a positive ball: `|sqrt(x + d) - sqrt(x)| <= |d| / sqrt(x)`.
    pub(super) fn sqrt_ball(&self, x: &Ball) -> Decided<Ball> {
        let value = Ball::rounded(self.context().sqrt(&x.middle), self.precision());
        let error = x.radius.over(Radius::below(&value.middle).shifted(-1));
        Ok(value.widened(error))
    }

    /// `exp(x)`
    ///
    /// # Errors
    /// More precision is needed.
    pub fn exp(&self, x: &Real) -> Decided {
        match x {
            Real::Nan => Ok(Real::Nan),
            Real::Infinity { negative: true } => Ok(Real::zero()),
            Real::Infinity { negative: false } => Ok(Real::INFINITY),
            Real::Finite(ball) => self.exponential(false, ball.clone()),
            Real::Extreme { negative, log } => match (log.sign()?, negative) {
                (Ordering::Less, _) => Ok(Real::Finite(Ball::one().widened(exponential_bound(log).shifted(1)))),
                (_, true) => Ok(Real::Finite(Ball::around_zero(Radius::power_of_two(-(1 << 60))))),
                // An exponential of an exponential: its logarithm has no place in a float either.
                (_, false) => Err(Undecided),
            },
        }
    }

    /// `exp(x) - 1`
    ///
    /// # Errors
    /// More precision is needed.
    pub fn expm1(&self, x: &Real) -> Decided {
        match x {
            Real::Nan => Ok(Real::Nan),
            Real::Infinity { negative: true } => Ok(Real::integer(-1)),
            Real::Infinity { negative: false } => Ok(Real::INFINITY),
            Real::Finite(ball) if ball.top().is_none_or(|top| top <= 12) => Ok(Real::Finite(self.expm1_ball(ball)?)),
            Real::Finite(_) => self.subtract(&self.exp(x)?, &Real::one()),
            Real::Extreme { negative, log } => match log.sign()? {
                // x (1 + t), |t| <= |x|
                Ordering::Less => Ok(Real::Extreme {
                    negative: *negative,
                    log: log.clone().widened(exponential_bound(log).shifted(1)),
                }),
                Ordering::Equal | Ordering::Greater => self.subtract(&self.exp(x)?, &Real::one()),
            },
        }
    }

    /// `log(x)`: of 0 `-inf`, below NaN.
    ///
    /// # Errors
    /// More precision is needed.
    pub fn ln(&self, x: &Real) -> Decided {
        match (x, x.sign()?) {
            (_, None | Some(Ordering::Less)) => Ok(Real::Nan),
            (_, Some(Ordering::Equal)) => Ok(Real::NEGATIVE_INFINITY),
            (Real::Finite(ball), _) => Ok(Real::Finite(self.ln_ball(ball)?)),
            (Real::Extreme { log, .. }, _) => Ok(Real::Finite(log.clone())),
            (Real::Nan | Real::Infinity { .. }, _) => Ok(x.clone()),
        }
    }

    /// `log(1 + x)`: of -1 `-inf`, below NaN.
    ///
    /// # Errors
    /// More precision is needed.
    pub fn ln1p(&self, x: &Real) -> Decided {
        match x {
            Real::Finite(ball) => match ball.order(&Ball::integer(-1))? {
                Ordering::Less => Ok(Real::Nan),
                Ordering::Equal => Ok(Real::NEGATIVE_INFINITY),
                Ordering::Greater => Ok(Real::Finite(self.ln1p_ball(ball)?)),
            },
            Real::Extreme { negative, log } if log.sign()? == Ordering::Less => {
                Ok(Real::Extreme { negative: *negative, log: log.clone().widened(exponential_bound(log).shifted(1)) })
            }
            Real::Nan | Real::Infinity { .. } | Real::Extreme { .. } => self.ln(&self.add(&Real::one(), x)?),
        }
    }

    /// `sqrt(x)`: below 0 NaN.
    ///
    /// # Errors
    /// More precision is needed.
    pub fn sqrt(&self, x: &Real) -> Decided {
        match (x, x.sign()?) {
            (_, None | Some(Ordering::Less)) => Ok(Real::Nan),
            (_, Some(Ordering::Equal)) => Ok(Real::zero()),
            (Real::Finite(ball), _) => Ok(Real::Finite(self.sqrt_ball(ball)?)),
            (Real::Extreme { log, .. }, _) => self.exponential(false, log.shifted(-1)),
            (Real::Nan | Real::Infinity { .. }, _) => Ok(x.clone()),
        }
    }

    /// The ball of a finite number: a tiny one is around zero, and a huge one leaves the function undecided.
    pub(super) fn ball_of(&self, x: &Real) -> Decided<Option<Ball>> {
        match x {
            Real::Nan | Real::Infinity { .. } => Ok(None),
            Real::Finite(ball) => Ok(Some(ball.clone())),
            Real::Extreme { log, .. } => self.near_zero(log).map(Some),
        }
    }

    /// `sin(x)`; NaN at the infinities.
    ///
    /// # Errors
    /// More precision is needed.
    pub fn sin(&self, x: &Real) -> Decided {
        let Some(ball) = self.ball_of(x)? else { return Ok(Real::Nan) };
        let value = self.context().sin(&ball.middle, Some(&mut self.shared.constants.borrow_mut()));
        Ok(Real::Finite(Ball::rounded(value, self.precision()).widened(ball.radius)))
    }

    /// `cos(x)`; NaN at the infinities.
    ///
    /// # Errors
    /// More precision is needed.
    pub fn cos(&self, x: &Real) -> Decided {
        let Some(ball) = self.ball_of(x)? else { return Ok(Real::Nan) };
        let value = self.context().cos(&ball.middle, Some(&mut self.shared.constants.borrow_mut()));
        Ok(Real::Finite(Ball::rounded(value, self.precision()).widened(ball.radius)))
    }

    /// `tan(x)`; NaN at the infinities.
    ///
    /// # Errors
    /// More precision is needed.
    pub fn tan(&self, x: &Real) -> Decided {
        self.divide(&self.sin(x)?, &self.cos(x)?)
    }

    /// `atan(x)`
    ///
    /// # Errors
    /// More precision is needed.
    pub fn atan(&self, x: &Real) -> Decided {
        let right_angle = |negative: bool| {
            let angle = self.pi().shifted(-1);
            if negative { angle.negated() } else { angle }
        };
        match x {
            Real::Nan => Ok(Real::Nan),
            Real::Infinity { negative } => Ok(Real::Finite(right_angle(*negative))),
            Real::Extreme { negative, log } if log.sign()? == Ordering::Greater => {
                // pi/2 - atan(x) < 1/x
                Ok(Real::Finite(right_angle(*negative).widened(exponential_bound(&log.negated()))))
            }
            Real::Finite(_) | Real::Extreme { .. } => {
                let Some(ball) = self.ball_of(x)? else { return Ok(Real::Nan) };
                let value = self.context().atan(&ball.middle, Some(&mut self.shared.constants.borrow_mut()));
                Ok(Real::Finite(Ball::rounded(value, self.precision()).widened(ball.radius)))
            }
        }
    }

    /// `acos(x)`: outside -1..1 NaN. With `q = 1 - |x|`, `|acos(x + d) - acos(x)| <= 2 |d| / sqrt(q)` for `|d| <= q / 2`.
    ///
    /// # Errors
    /// More precision is needed.
    pub fn acos(&self, x: &Real) -> Decided {
        if x.is_nan() || x.is_infinite() {
            return Ok(Real::Nan);
        }
        let Some(ball) = self.ball_of(x)? else { return Ok(Real::Nan) };
        let size = if super::ball::sign_of(&ball.middle) == Ordering::Less { ball.negated() } else { ball.clone() };
        let room = Ball::one().plus(&size.negated(), self.precision());
        if room.sign()? == Ordering::Less {
            return Ok(Real::Nan);
        }
        if !ball.is_exact() && ball.radius > Radius::below(&room.middle).shifted(-1) {
            return Err(Undecided);
        }
        let value = self.context().acos(&ball.middle, Some(&mut self.shared.constants.borrow_mut()));
        let mut value = Ball::rounded(value, self.precision());
        if !ball.is_exact() {
            let root = Ball::rounded(self.context().sqrt(&room.middle), self.precision());
            value = value.widened(ball.radius.over(Radius::below(&root.middle)).shifted(2));
        }
        Ok(Real::Finite(value))
    }

    /// `abs(x)` and whether x was negative, by the midpoint: for functions that are smooth across zero, either sign will do.
    pub(super) fn folded(&self, x: &Real) -> (Real, bool) {
        let negative = match x {
            Real::Nan => false,
            Real::Infinity { negative } | Real::Extreme { negative, .. } => *negative,
            Real::Finite(ball) => super::ball::sign_of(&ball.middle) == Ordering::Less,
        };
        (if negative { x.negated() } else { x.clone() }, negative)
    }

    /// `sinh(x)`, from `u = exp(|x|) - 1` as `(u + u / (u + 1)) / 2`.
    ///
    /// # Errors
    /// More precision is needed.
    pub fn sinh(&self, x: &Real) -> Decided {
        if x.is_infinite() {
            return Ok(x.clone());
        }
        let (size, negative) = self.folded(x);
        let u = self.expm1(&size)?;
        let v = self.divide(&u, &self.add(&u, &Real::one())?)?;
        let value = self.half(&self.add(&u, &v)?)?;
        Ok(if negative { value.negated() } else { value })
    }

    /// `cosh(x)`
    ///
    /// # Errors
    /// More precision is needed.
    pub fn cosh(&self, x: &Real) -> Decided {
        if x.is_infinite() {
            return Ok(Real::INFINITY);
        }
        let e = self.exp(&self.folded(x).0)?;
        self.half(&self.add(&e, &self.divide(&Real::one(), &e)?)?)
    }

    /// `tanh(x)`, from `u = exp(-2 |x|) - 1` as `-u / (u + 2)`.
    ///
    /// # Errors
    /// More precision is needed.
    pub fn tanh(&self, x: &Real) -> Decided {
        let (size, negative) = self.folded(x);
        let u = self.expm1(&self.multiply(&Real::integer(-2), &size)?)?;
        let value = self.divide(&u, &self.add(&u, &Real::integer(2))?)?;
        Ok(if negative { value } else { value.negated() })
    }

    /// `1 / (1 + exp(-x))`
    ///
    /// # Errors
    /// More precision is needed.
    pub fn sigmoid(&self, x: &Real) -> Decided {
        let e = self.exp(&x.negated())?;
        self.divide(&Real::one(), &self.add(&Real::one(), &e)?)
    }

    /// `log(1 + exp(x))`, from `exp(-|x|)`.
    ///
    /// # Errors
    /// More precision is needed.
    pub fn softplus(&self, x: &Real) -> Decided {
        let (size, negative) = self.folded(x);
        let tail = self.ln1p(&self.exp(&size.negated())?)?;
        if negative { Ok(tail) } else { self.add(x, &tail) }
    }

    /// `log(exp(x) + exp(y))`
    ///
    /// # Errors
    /// More precision is needed.
    pub fn logaddexp(&self, x: &Real, y: &Real) -> Decided {
        if x.is_nan() || y.is_nan() {
            return Ok(Real::Nan);
        }
        match (x, y) {
            (Real::Infinity { negative: false }, _) | (_, Real::Infinity { negative: true }) => Ok(x.clone()),
            (_, Real::Infinity { negative: false }) | (Real::Infinity { negative: true }, _) => Ok(y.clone()),
            (
                Real::Nan | Real::Finite(_) | Real::Extreme { .. },
                Real::Nan | Real::Finite(_) | Real::Extreme { .. },
            ) => {
                let (gap, y_is_larger) = self.folded(&self.subtract(x, y)?);
                let tail = self.ln1p(&self.exp(&gap.negated())?)?;
                self.add(if y_is_larger { y } else { x }, &tail)
            }
        }
    }

    /// `log(cosh(x))`: `log1p(2 sinh(x/2)^2)` near zero, `|x| + log1p((exp(-2|x|) - 1) / 2)` beyond.
    ///
    /// # Errors
    /// More precision is needed.
    pub fn log_cosh(&self, x: &Real) -> Decided {
        if x.is_infinite() {
            return Ok(Real::INFINITY);
        }
        let (size, _) = self.folded(x);
        let near = match &size {
            Real::Finite(ball) => ball.middle <= Repr::one(),
            Real::Extreme { log, .. } => log.sign()? == Ordering::Less,
            Real::Nan | Real::Infinity { .. } => false,
        };
        if near {
            let s = self.sinh(&self.half(&size)?)?;
            let square = self.multiply(&s, &s)?;
            self.ln1p(&self.multiply(&Real::integer(2), &square)?)
        } else {
            let u = self.expm1(&self.multiply(&Real::integer(-2), &size)?)?;
            self.add(&size, &self.ln1p(&self.half(&u)?)?)
        }
    }
}
