//! Branch and bound in exact fractions: a polynomial in unknowns that all have bounds is looked at box by box, each split in two until
//! interval arithmetic tells its sign. It shows what certificates of low degree do not, and nothing that is tight.

use std::collections::BTreeMap;

use dashu_base::Signed;
use dashu_ratio::RBig;

use super::certificate::Inequality;
use super::polynomial::{Polynomial, Unknown};

/// So many boxes are looked at.
const MOST_BOXES: usize = 600;

/// Lower and upper bound.
type Interval = (RBig, RBig);
type Bounds = BTreeMap<Unknown, Interval>;

/// Whether an inequality holds by the bounds that others give its unknowns.
pub(super) fn holds(inequality: &Inequality, known: &[Inequality]) -> bool {
    let unknowns = inequality.polynomial.unknowns();
    let bounds: Option<Bounds> = unknowns.into_iter().map(|unknown| Some((unknown, bounds(unknown, known)?))).collect();
    let Some(bounds) = bounds else { return false };
    let mut open = vec![bounds];
    for _ in 0..MOST_BOXES {
        let Some(next) = open.pop() else { return true };
        let (low, high) = range(&inequality.polynomial, &next);
        if low.is_positive() && !low.is_zero() || !inequality.strict && low.is_zero() {
            continue;
        }
        if high.is_negative() && !high.is_zero() {
            return false;
        }
        open.extend(halves(next));
    }
    open.is_empty()
}

/// The bounds of an unknown, if it has both.
fn bounds(unknown: Unknown, known: &[Inequality]) -> Option<Interval> {
    let (mut low, mut high): (Option<RBig>, Option<RBig>) = (None, None);
    for inequality in known {
        let Some((other, at)) = inequality.polynomial.solved(&|_| true) else { continue };
        let Some(at) = at.as_constant().filter(|_| other == unknown) else { continue };
        if inequality.polynomial.derivative(unknown).as_constant().is_some_and(|slope| slope.is_negative()) {
            high = Some(high.map_or(at.clone(), |high| high.min(at)));
        } else {
            low = Some(low.map_or(at.clone(), |low| low.max(at)));
        }
    }
    Some((low?, high?))
}

/// The box, cut through its longest side.
fn halves(bounds: Bounds) -> Vec<Bounds> {
    let longest = bounds.iter().max_by_key(|(_, (low, high))| high - low);
    let Some((&unknown, (low, high))) = longest else { return Vec::new() };
    let middle = (low + high) / RBig::from(2);
    let (low, high) = (low.clone(), high.clone());
    [(low, middle.clone()), (middle, high)]
        .into_iter()
        .map(|half| {
            let mut part = bounds.clone();
            part.insert(unknown, half);
            part
        })
        .collect()
}

/// Bounds of a polynomial on a box, term by term.
fn range(polynomial: &Polynomial, bounds: &Bounds) -> Interval {
    let mut sum = (RBig::ZERO, RBig::ZERO);
    for (monomial, coefficient) in polynomial.terms() {
        let mut product = (coefficient.clone(), coefficient.clone());
        for (unknown, exponent) in monomial.factors() {
            if let Some(interval) = bounds.get(unknown) {
                product = times(&product, &power(interval, *exponent));
            }
        }
        sum = (sum.0 + product.0, sum.1 + product.1);
    }
    sum
}

fn times(a: &Interval, b: &Interval) -> Interval {
    let ends = [&a.0 * &b.0, &a.0 * &b.1, &a.1 * &b.0, &a.1 * &b.1];
    let low = ends.iter().min().cloned().unwrap_or_default();
    let high = ends.into_iter().max().unwrap_or_default();
    (low, high)
}

fn power((low, high): &Interval, exponent: u32) -> Interval {
    let [a, b] = [low, high].map(|end| end.pow(exponent as isize));
    if exponent % 2 == 1 || !low.is_negative() {
        return (a, b);
    }
    if high.is_negative() {
        return (b, a);
    }
    (RBig::ZERO, a.max(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// s (1 - s) (1 - 2 s), at most 0.0963 within 0 and 1.
    fn bend() -> Polynomial {
        let s = Polynomial::unknown(Unknown(0));
        let rest = |times: i64| Polynomial::one().minus(&s.scaled(&RBig::from(times)));
        s.times(&rest(1)).times(&rest(2))
    }

    fn within(low: i64, high: i64) -> Vec<Inequality> {
        let s = Polynomial::unknown(Unknown(0));
        vec![
            Inequality::positive(s.minus(&Polynomial::integer(low))),
            Inequality::positive(Polynomial::integer(high).minus(&s)),
        ]
    }

    fn below(thousandths: i64) -> Inequality {
        let bound = RBig::from(thousandths) / RBig::from(1000);
        Inequality::positive(Polynomial::constant(bound).minus(&bend()))
    }

    #[test]
    fn a_bound_that_is_not_tight_is_shown() {
        assert!(holds(&below(97), &within(0, 1)));
        assert!(!holds(&below(96), &within(0, 1)), "it is 0.0962 at 0.2113");
        assert!(!holds(&below(97), &within(0, 2)), "it is far above to the right of 1");
        assert!(!holds(&below(97), &within(0, 1)[..1]), "no upper bound");
    }

    #[test]
    fn even_powers_are_not_negative() {
        let square = Polynomial::unknown(Unknown(0)).power(2);
        assert!(holds(&Inequality::nonnegative(square.clone()), &within(-3, 2)));
        assert!(!holds(&Inequality::positive(square), &within(-3, 2)));
    }
}
