//! Arithmetic on extended reals at one working precision: IEEE's rules for NaN and infinity, a zero without sign, and a bound of the
//! error of everything else.

use std::cell::RefCell;
use std::cmp::Ordering;
use std::collections::{BTreeMap, VecDeque};
use std::f64::consts::LN_2;
use std::rc::Rc;

use dashu_float::round::mode::HalfEven;
use dashu_float::{ConstCache, Context};

use super::ball::{Ball, Undecided};
use super::gamma::Stirling;
use super::radius::Radius;
use super::real::Real;

/// The result of an operation, or the wish for more precision.
pub type Decided<T = Real> = Result<T, Undecided>;

/// The operations, at a working precision, with the constants they share.
pub struct Arithmetic {
    precision: usize,
    pub(super) shared: Rc<Shared>,
    pub(super) stirling: RefCell<Stirling>,
}

/// Finite numbers of `2^LARGE` or more, or `2^-LARGE` or less, are kept by their logarithm.
const LARGE: i64 = 1 << 50;
/// Exponentials of arguments from `2^STEEP` are kept by their logarithm.
const STEEP: i64 = 40;

/// What all arithmetic of one precision on a thread knows: finding it takes longer than using it.
#[derive(Default)]
pub(super) struct Shared {
    /// The constants that the functions need.
    pub(super) constants: RefCell<ConstCache>,
    exponentials: RefCell<Recent>,
    logarithms: RefCell<Recent>,
}

impl Shared {
    fn of(precision: usize) -> Rc<Self> {
        thread_local! {
            static KNOWN: RefCell<BTreeMap<usize, Rc<Shared>>> = RefCell::default();
        }
        KNOWN.with_borrow_mut(|known| Rc::clone(known.entry(precision).or_default()))
    }
}

/// The answers that a function gave last. A row is looked at again and again with one of its numbers moved, and the few factors of a formula
/// meet every number of it.
#[derive(Default)]
struct Recent(VecDeque<(Ball, Ball)>);

impl Recent {
    /// So many that looking through them takes no time beside finding one.
    const MOST: usize = 128;

    /// The answer for this argument: a known one, or that of the function.
    fn get(memory: &RefCell<Self>, argument: &Ball, find: impl FnOnce() -> Decided<Ball>) -> Decided<Ball> {
        let is_it = |known: &Ball| known.radius == argument.radius && known.middle == argument.middle;
        if let Some((_, answer)) = memory.borrow().0.iter().find(|(known, _)| is_it(known)) {
            return Ok(answer.clone());
        }
        let answer = find()?;
        let mut memory = memory.borrow_mut();
        memory.0.truncate(Self::MOST - 1);
        memory.0.push_front((argument.clone(), answer.clone()));
        Ok(answer)
    }
}

impl Arithmetic {
    /// Arithmetic to that many bits.
    pub fn new(precision: usize) -> Self {
        Arithmetic { precision, shared: Shared::of(precision), stirling: RefCell::new(Stirling::default()) }
    }

    /// How many bits.
    pub fn precision(&self) -> usize {
        self.precision
    }

    pub(super) fn context(&self) -> Context<HalfEven> {
        Context::new(self.precision)
    }

    /// The ratio of a circle's circumference to its diameter.
    pub fn pi(&self) -> Ball {
        let pi = self.shared.constants.borrow_mut().pi::<2, HalfEven>(self.precision);
        Ball::rounded(Ok(pi), self.precision)
    }

    /// A finite number in the representation that suits its size.
    fn settle(&self, ball: Ball) -> Decided {
        match ball.top() {
            Some(top) if top.abs() > LARGE => {
                let (negative, log) = self.logarithm_of_size(&Real::Finite(ball))?;
                Ok(Real::Extreme { negative, log })
            }
            Some(_) | None => Ok(Real::Finite(ball)),
        }
    }

    /// Whether a number that is not zero is negative, and the logarithm of its size.
    fn logarithm_of_size(&self, x: &Real) -> Decided<(bool, Ball)> {
        match x {
            Real::Extreme { negative, log } => Ok((*negative, log.clone())),
            Real::Finite(ball) => match ball.sign()? {
                Ordering::Equal => Err(Undecided),
                Ordering::Less => Ok((true, self.logarithm(&ball.negated())?)),
                Ordering::Greater => Ok((false, self.logarithm(ball)?)),
            },
            Real::Nan | Real::Infinity { .. } => Err(Undecided),
        }
    }

    /// The logarithm of a positive factor of an extreme number.
    fn logarithm(&self, factor: &Ball) -> Decided<Ball> {
        Recent::get(&self.shared.logarithms, factor, || self.ln_ball(factor))
    }

    /// `±exp(log)`
    pub(super) fn exponential(&self, negative: bool, log: Ball) -> Decided {
        if log.top().is_some_and(|top| top > STEEP) {
            return Ok(Real::Extreme { negative, log });
        }
        let ball = Recent::get(&self.shared.exponentials, &log, || self.exp_ball(&log))?;
        Ok(Real::Finite(if negative { ball.negated() } else { ball }))
    }

    /// A tiny number as a ball around zero.
    ///
    /// # Errors
    /// It is not tiny.
    pub(super) fn near_zero(&self, log: &Ball) -> Decided<Ball> {
        match log.sign()? {
            Ordering::Less => Ok(Ball::around_zero(exponential_bound(log))),
            Ordering::Equal | Ordering::Greater => Err(Undecided),
        }
    }

    /// `x + y`
    ///
    /// # Errors
    /// More precision is needed.
    pub fn add(&self, x: &Real, y: &Real) -> Decided {
        match (x, y) {
            (Real::Nan, _) | (_, Real::Nan) => Ok(Real::Nan),
            (Real::Infinity { negative: a }, Real::Infinity { negative: b }) if a != b => Ok(Real::Nan),
            (Real::Infinity { .. }, _) => Ok(x.clone()),
            (_, Real::Infinity { .. }) => Ok(y.clone()),
            (Real::Finite(a), Real::Finite(b)) => self.settle(a.plus(b, self.precision)),
            (Real::Extreme { .. }, other) | (other, Real::Extreme { .. }) if other.is_zero() => {
                Ok(if x.is_zero() { y.clone() } else { x.clone() })
            }
            (Real::Extreme { .. }, Real::Finite(_) | Real::Extreme { .. })
            | (Real::Finite(_), Real::Extreme { .. }) => match self.add_extreme(x, y) {
                // Numbers that are tiny are balls around zero beside what they are too near to.
                Err(Undecided) => Ok(Real::Finite(self.ball(x)?.plus(&self.ball(y)?, self.precision))),
                known => known,
            },
        }
    }

    /// A finite number that is not huge, as a ball.
    pub(super) fn ball(&self, x: &Real) -> Decided<Ball> {
        match x {
            Real::Finite(ball) => Ok(ball.clone()),
            Real::Extreme { log, .. } => self.near_zero(log),
            Real::Nan | Real::Infinity { .. } => Err(Undecided),
        }
    }

    /// A sum with an extreme number in it and no zero: the smaller summand is an error of the larger one, unless they are close.
    fn add_extreme(&self, x: &Real, y: &Real) -> Decided {
        if let (Real::Finite(ball), Real::Extreme { negative, log })
        | (Real::Extreme { negative, log }, Real::Finite(ball)) = (x, y)
            && let Some((order, gap)) = far_apart(ball, log)
        {
            let error = exponential_bound(&Ball::from_f64(-gap)).shifted(1);
            return Ok(match order {
                Ordering::Greater => Real::Finite(ball.clone().widened(ball.size().times(error))),
                Ordering::Less | Ordering::Equal => {
                    Real::Extreme { negative: *negative, log: log.clone().widened(error) }
                }
            });
        }
        // A ball around zero has no logarithm; beside a huge number it is an error of that.
        let (_, a) = self.logarithm_of_size_or_more(x)?;
        let (_, b) = self.logarithm_of_size_or_more(y)?;
        let (large, small, gap) = match a.order(&b) {
            Ok(Ordering::Greater) => (x, y, a.plus(&b.negated(), self.precision)),
            Ok(Ordering::Less) => (y, x, b.plus(&a.negated(), self.precision)),
            Ok(Ordering::Equal) | Err(Undecided) => (x, y, Ball::zero()),
        };
        if gap.top().is_some_and(|top| top > 20) && gap.sign()? == Ordering::Greater {
            // |small / large| <= exp(-gap), and |log(1 + t)| <= 2 |t|.
            let error = exponential_bound(&gap.negated()).shifted(1);
            return Ok(match large {
                Real::Finite(ball) => Real::Finite(ball.clone().widened(ball.size().times(error))),
                Real::Extreme { negative, log } => {
                    Real::Extreme { negative: *negative, log: log.clone().widened(error) }
                }
                Real::Nan | Real::Infinity { .. } => Real::Nan,
            });
        }
        let ratio = self.divide(small, large)?;
        // Two logarithms that are not known well enough to tell them apart: their difference says nothing.
        if let Real::Extreme { .. } = ratio {
            return Err(Undecided);
        }
        self.multiply(large, &self.add(&Real::one(), &ratio)?)
    }

    /// Like `logarithm_of_size`, but of the largest number in a ball around zero.
    fn logarithm_of_size_or_more(&self, x: &Real) -> Decided<(bool, Ball)> {
        match (x, x.sign()) {
            (Real::Finite(ball), Err(Undecided)) => {
                let top = ball.size().top().unwrap_or(0);
                Ok((false, self.ln_ball(&Ball::power_of_two(top))?))
            }
            _ => self.logarithm_of_size(x),
        }
    }

    /// `x - y`
    ///
    /// # Errors
    /// More precision is needed.
    pub fn subtract(&self, x: &Real, y: &Real) -> Decided {
        self.add(x, &y.negated())
    }

    /// `x * y`
    ///
    /// # Errors
    /// More precision is needed.
    pub fn multiply(&self, x: &Real, y: &Real) -> Decided {
        match (x, y) {
            (Real::Nan, _) | (_, Real::Nan) => Ok(Real::Nan),
            (Real::Finite(a), Real::Finite(b)) => self.settle(a.times(b, self.precision)),
            (Real::Infinity { .. }, _) | (_, Real::Infinity { .. }) => Ok(match (x.sign()?, y.sign()?) {
                (Some(a), Some(b)) if a != Ordering::Equal && b != Ordering::Equal => {
                    Real::Infinity { negative: a != b }
                }
                (Some(_) | None, Some(_) | None) => Real::Nan,
            }),
            (Real::Extreme { .. }, other) | (other, Real::Extreme { .. }) => {
                if other.is_zero() || x.is_zero() {
                    return Ok(Real::zero());
                }
                match (self.logarithm_of_size(x), self.logarithm_of_size(y)) {
                    (Ok((a_negative, a)), Ok((b_negative, b))) => {
                        self.exponential(a_negative != b_negative, a.plus(&b, self.precision))
                    }
                    // What may be 0 has no logarithm.
                    _ => Ok(Real::Finite(self.ball(x)?.times(&self.ball(y)?, self.precision))),
                }
            }
        }
    }

    /// `x / y`; by a zero, which has no sign, the infinity of the dividend's sign.
    ///
    /// # Errors
    /// More precision is needed.
    pub fn divide(&self, x: &Real, y: &Real) -> Decided {
        if x.is_nan() || y.is_nan() || (x.is_infinite() && y.is_infinite()) {
            return Ok(Real::Nan);
        }
        if y.is_zero() {
            return Ok(match x.sign()? {
                None | Some(Ordering::Equal) => Real::Nan,
                Some(Ordering::Less) => Real::NEGATIVE_INFINITY,
                Some(Ordering::Greater) => Real::INFINITY,
            });
        }
        match (x, y) {
            (Real::Infinity { negative }, _) => Ok(Real::Infinity { negative: negative ^ y.is_negative()? }),
            (_, Real::Infinity { .. }) => Ok(Real::zero()),
            (Real::Finite(a), Real::Finite(b)) => self.settle(a.over(b, self.precision)?),
            (zero, _) if zero.is_zero() => Ok(Real::zero()),
            (
                Real::Nan | Real::Finite(_) | Real::Extreme { .. },
                Real::Nan | Real::Finite(_) | Real::Extreme { .. },
            ) => {
                let (a_negative, a) = self.logarithm_of_size(x)?;
                let (b_negative, b) = self.logarithm_of_size(y)?;
                self.exponential(a_negative != b_negative, a.plus(&b.negated(), self.precision))
            }
        }
    }

    /// The order of two numbers; nothing if one is NaN.
    ///
    /// # Errors
    /// The precision does not tell them apart, and they are not known exactly.
    pub fn compare(&self, x: &Real, y: &Real) -> Decided<Option<Ordering>> {
        match (x, y) {
            (Real::Nan, _) | (_, Real::Nan) => Ok(None),
            (Real::Finite(a), Real::Finite(b)) => a.order(b).map(Some),
            (Real::Infinity { negative: a }, Real::Infinity { negative: b }) => Ok(Some(b.cmp(a))),
            (Real::Infinity { .. }, _) => x.sign(),
            (_, Real::Infinity { .. }) => Ok(y.sign()?.map(Ordering::reverse)),
            (Real::Extreme { .. }, _) | (_, Real::Extreme { .. }) => {
                let (a, b) = (x.sign()?, y.sign()?);
                if a != b {
                    return Ok(a.zip(b).map(|(a, b)| a.cmp(&b)));
                }
                let (negative, a) = self.logarithm_of_size(x)?;
                let (_, b) = self.logarithm_of_size(y)?;
                let order = a.order(&b)?;
                Ok(Some(if negative { order.reverse() } else { order }))
            }
        }
    }

    /// Half of x, exactly.
    ///
    /// # Errors
    /// More precision is needed.
    pub fn half(&self, x: &Real) -> Decided {
        self.multiply(x, &Real::power_of_two(-1))
    }
}

/// Whether a number's size is far above `exp(log)` or far below it, and by at least how much their logarithms differ; nothing where they
/// are not far apart, or where only the number's own logarithm would tell. That takes long to find, and is hardly ever wanted.
fn far_apart(number: &Ball, log: &Ball) -> Option<(Ordering, f64)> {
    let middle = Radius::below(&number.middle);
    if number.radius > middle.shifted(-1) {
        return None;
    }
    // Powers of two below and above every size in the ball. Each has a spare one, which is more than the rounding of its product with log 2.
    let (least, most) = (middle.top()? - 3, number.size().top()? + 1);
    let width = match log.radius.top() {
        None => 0.0,
        Some(top) if top <= 1000 => 2f64.powi(top.max(-1000) as i32),
        Some(_) => return None,
    };
    let log = log.to_f64();
    // Far more than a float this large is off by.
    let unsure = width + log.abs() * 1e-9;
    let above = least as f64 * LN_2 - log - unsure;
    let below = log - most as f64 * LN_2 - unsure;
    if above > FAR_APART {
        Some((Ordering::Greater, above))
    } else if below > FAR_APART {
        Some((Ordering::Less, below))
    } else {
        None
    }
}

/// Numbers whose logarithms differ by so much are one an error of the other.
const FAR_APART: f64 = (1 << 21) as f64;

/// At least `exp(x)` for every number in the ball.
pub(super) fn exponential_bound(x: &Ball) -> Radius {
    const FAR: f64 = (1i64 << 60) as f64;
    let width = x.radius.top().map_or(0.0, |top| 2f64.powi(top.clamp(-1000, 1000) as i32));
    let end = x.to_f64() + width;
    // log2(e) lies between the two factors, by more than the rounding of `end`.
    let exponent = (end * if end > 0.0 { 1.5 } else { 1.25 }).clamp(-FAR, FAR);
    Radius::power_of_two(exponent.ceil() as i64)
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use super::super::ball::Ball;
    use super::super::radius::Radius;
    use super::super::real::Real;
    use super::{Arithmetic, far_apart};

    fn order(number: &Ball, log: &Ball) -> Option<Ordering> {
        far_apart(number, log).map(|(order, _)| order)
    }

    #[test]
    fn numbers_far_apart_are_told_apart_without_their_logarithms() {
        let one_and_a_half = Ball::from_f64(1.5);
        for (log, expected) in [
            (1e300, Some(Ordering::Less)),
            (3e6, Some(Ordering::Less)),
            (2e6, None),
            (-2e6, None),
            (-3e6, Some(Ordering::Greater)),
            (-1e300, Some(Ordering::Greater)),
        ] {
            assert_eq!(order(&one_and_a_half, &Ball::from_f64(log)), expected, "1.5 and exp({log})");
        }
        let tiny = Ball::power_of_two(-(1 << 40));
        assert_eq!(order(&tiny, &Ball::from_f64(-1e9)), Some(Ordering::Less));
        assert_eq!(order(&tiny, &Ball::from_f64(-1e13)), Some(Ordering::Greater));
        // The bound of their distance is none but below what it is.
        let (_, gap) = far_apart(&one_and_a_half, &Ball::from_f64(-1e7)).expect("far apart");
        assert!((9.9e6..=1e7 + 0.41).contains(&gap), "{gap}");
    }

    #[test]
    fn what_is_hardly_known_is_not_told_apart() {
        let one_and_a_half = Ball::from_f64(1.5);
        // The number may be 0; the other may have any size.
        assert_eq!(order(&Ball::around_zero(Radius::power_of_two(-10)), &Ball::from_f64(-1e13)), None);
        for width in [45, 1001, 1 << 61] {
            let wide = Ball::from_f64(-1e13).widened(Radius::power_of_two(width));
            assert_eq!(order(&one_and_a_half, &wide), None, "2^{width}");
        }
        assert!(order(&one_and_a_half, &Ball::from_f64(-1e13).widened(Radius::power_of_two(40))).is_some());
    }

    #[test]
    fn a_sum_with_what_is_far_away_is_the_larger_one_and_less_certain() {
        let arithmetic = Arithmetic::new(192);
        let one_and_a_half = Real::Finite(Ball::from_f64(1.5));
        let tiny = Real::Extreme { negative: true, log: Ball::from_f64(-5e13) };
        let Ok(Real::Finite(sum)) = arithmetic.add(&one_and_a_half, &tiny) else {
            panic!("1.5 less next to nothing is finite")
        };
        assert!(sum.to_f64() == 1.5 && !sum.is_exact() && sum.is_known_to(1000));
        let huge = Real::Extreme { negative: true, log: Ball::from_f64(5e13) };
        let Ok(Real::Extreme { negative: true, log }) = arithmetic.add(&one_and_a_half, &huge) else {
            panic!("-exp(5e13) and 1.5 are as large as ever")
        };
        assert!(log.to_f64() == 5e13 && !log.is_exact() && log.is_known_to(1000));
    }

    #[test]
    fn what_is_remembered_is_of_the_argument_and_the_precision() {
        let radius = |log: &Ball, precision: usize| {
            let Ok(Real::Finite(ball)) = Arithmetic::new(precision).exponential(false, log.clone()) else {
                panic!("a number of this size is finite")
            };
            ball.radius
        };
        let third = Ball::one().over(&Ball::integer(3), 600).expect("3 is not 0");
        let vague = third.clone().widened(Radius::power_of_two(-20));
        let known = radius(&third, 192);
        assert!(radius(&vague, 192) > Radius::power_of_two(-21) && known < Radius::power_of_two(-180));
        assert!(radius(&third, 512) < Radius::power_of_two(-500));
        // Again, and after more than are remembered.
        for turn in 0..2 {
            for number in 0..200 {
                let log = Ball::from_f64(f64::from(number) * 0.37);
                let Ok(Real::Finite(ball)) = Arithmetic::new(192).exponential(false, log.clone()) else {
                    panic!("exp({number} * 0.37) is finite")
                };
                let expected = log.to_f64().exp();
                assert!((ball.to_f64() / expected - 1.0).abs() < 1e-14, "exp of {number} * 0.37 in turn {turn}");
            }
        }
        assert_eq!(radius(&third, 192), known);
    }

    #[test]
    fn a_sum_of_extremes_that_nothing_tells_apart_is_undecided() {
        let arithmetic = Arithmetic::new(192);
        let log = Ball::power_of_two(120);
        let other = log.plus(&Ball::power_of_two(99), 192);
        let extreme = |log: Ball| Real::Extreme { negative: false, log: log.widened(Radius::power_of_two(100)) };
        assert!(arithmetic.add(&extreme(log.clone()), &extreme(other.clone())).is_err());
        // Both of them are 0 in every format, and so is their sum.
        let Ok(Real::Finite(sum)) = arithmetic.add(&extreme(log.negated()), &extreme(other.negated()).negated()) else {
            panic!("two tiny numbers have a tiny difference")
        };
        assert!(sum.is_within(1 << 40) && sum.sign().is_err());
        let about_zero = Real::Finite(Ball::around_zero(Radius::power_of_two(3)));
        let Ok(Real::Finite(product)) = arithmetic.multiply(&about_zero, &extreme(log.negated())) else {
            panic!("next to nothing of a number is next to nothing")
        };
        assert!(product.is_within(1 << 40) && product.sign().is_err());
        assert!(arithmetic.multiply(&about_zero, &extreme(log)).is_err());
    }
}
