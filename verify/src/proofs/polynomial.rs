//! Polynomials in any number of unknowns with exact rational coefficients, in one canonical form: equal polynomials are equal values.

use std::collections::BTreeMap;

use dashu_base::{Abs, Inverse, Signed};
use dashu_ratio::RBig;

/// An unknown: its place in the table of atoms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Unknown(pub(super) u32);

/// A product of powers of unknowns, by ascending unknown, no power 0.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Monomial(Vec<(Unknown, u32)>);

impl Monomial {
    /// The factors.
    pub(super) fn factors(&self) -> &[(Unknown, u32)] {
        &self.0
    }

    /// The sum of the powers.
    pub(super) fn degree(&self) -> u32 {
        self.0.iter().map(|(_, power)| power).sum()
    }

    /// The power of an unknown.
    pub(super) fn power(&self, unknown: Unknown) -> u32 {
        self.0.iter().find(|(factor, _)| *factor == unknown).map_or(0, |(_, power)| *power)
    }

    fn of(powers: BTreeMap<Unknown, u32>) -> Self {
        Monomial(powers.into_iter().filter(|(_, power)| *power > 0).collect())
    }

    fn times(&self, other: &Self) -> Self {
        let mut powers: BTreeMap<Unknown, u32> = self.0.iter().copied().collect();
        for (unknown, power) in &other.0 {
            *powers.entry(*unknown).or_default() += power;
        }
        Self::of(powers)
    }

    /// Whether this divides another.
    pub(super) fn divides(&self, other: &Self) -> bool {
        self.0.iter().all(|(unknown, power)| *power <= other.power(*unknown))
    }

    /// This over a monomial that divides it.
    fn over(&self, divisor: &Self) -> Self {
        let powers = self.0.iter().map(|(unknown, power)| (*unknown, power - divisor.power(*unknown).min(*power)));
        Self::of(powers.collect())
    }

    /// What divides both.
    fn common(&self, other: &Self) -> Self {
        Self::of(self.0.iter().map(|(unknown, power)| (*unknown, *power.min(&other.power(*unknown)))).collect())
    }
}

/// A polynomial.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Polynomial {
    terms: BTreeMap<Monomial, RBig>,
}

impl Polynomial {
    /// 0
    pub(super) fn zero() -> Self {
        Self::default()
    }

    /// 1
    pub(super) fn one() -> Self {
        Self::constant(RBig::ONE)
    }

    /// A number.
    pub(super) fn constant(number: RBig) -> Self {
        Self::term(Monomial::default(), number)
    }

    /// A whole number.
    pub(super) fn integer(number: i64) -> Self {
        Self::constant(RBig::from(number))
    }

    /// An unknown.
    pub(super) fn unknown(unknown: Unknown) -> Self {
        Self::term(Monomial(vec![(unknown, 1)]), RBig::ONE)
    }

    /// A multiple of a monomial.
    pub(super) fn term(monomial: Monomial, coefficient: RBig) -> Self {
        let mut terms = BTreeMap::new();
        if !coefficient.is_zero() {
            terms.insert(monomial, coefficient);
        }
        Polynomial { terms }
    }

    /// The terms.
    pub(super) fn terms(&self) -> impl Iterator<Item = (&Monomial, &RBig)> {
        self.terms.iter()
    }

    /// Whether it is 0.
    pub(super) fn is_zero(&self) -> bool {
        self.terms.is_empty()
    }

    /// The number that it is, if it has no unknowns.
    pub(super) fn as_constant(&self) -> Option<RBig> {
        match self.terms.len() {
            0 => Some(RBig::ZERO),
            1 => self.terms.get(&Monomial::default()).cloned(),
            _ => None,
        }
    }

    /// The unknown that it is, if it is nothing else.
    pub(super) fn as_unknown(&self) -> Option<Unknown> {
        let (monomial, coefficient) = self.terms.first_key_value()?;
        match monomial.factors() {
            [(unknown, 1)] if self.terms.len() == 1 && coefficient.is_one() => Some(*unknown),
            _ => None,
        }
    }

    /// The largest degree of a term.
    pub(super) fn degree(&self) -> u32 {
        self.terms.keys().map(Monomial::degree).max().unwrap_or(0)
    }

    /// The unknowns, each once.
    pub(super) fn unknowns(&self) -> Vec<Unknown> {
        let mut all: Vec<Unknown> =
            self.terms.keys().flat_map(|monomial| monomial.factors().iter().map(|(unknown, _)| *unknown)).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    fn add_term(&mut self, monomial: Monomial, coefficient: RBig) {
        let sum = match self.terms.remove(&monomial) {
            Some(known) => known + coefficient,
            None => coefficient,
        };
        if !sum.is_zero() {
            self.terms.insert(monomial, sum);
        }
    }

    /// `self + other`
    pub(super) fn plus(&self, other: &Self) -> Self {
        let mut sum = self.clone();
        for (monomial, coefficient) in &other.terms {
            sum.add_term(monomial.clone(), coefficient.clone());
        }
        sum
    }

    /// `-self`
    pub(super) fn negated(&self) -> Self {
        self.scaled(&RBig::NEG_ONE)
    }

    /// `self - other`
    pub(super) fn minus(&self, other: &Self) -> Self {
        self.plus(&other.negated())
    }

    /// `number * self`
    pub(super) fn scaled(&self, number: &RBig) -> Self {
        if number.is_zero() {
            return Self::zero();
        }
        Polynomial { terms: self.terms.iter().map(|(monomial, c)| (monomial.clone(), c * number)).collect() }
    }

    /// `self * other`
    pub(super) fn times(&self, other: &Self) -> Self {
        let mut product = Self::zero();
        for (left, a) in &self.terms {
            for (right, b) in &other.terms {
                product.add_term(left.times(right), a * b);
            }
        }
        product
    }

    /// `self^n`
    pub(super) fn power(&self, n: u32) -> Self {
        (0..n).fold(Self::one(), |power, _| power.times(self))
    }

    /// The derivative with respect to an unknown.
    pub(super) fn derivative(&self, unknown: Unknown) -> Self {
        let mut derivative = Self::zero();
        for (monomial, coefficient) in &self.terms {
            let power = monomial.power(unknown);
            if power > 0 {
                let less = monomial.over(&Monomial(vec![(unknown, 1)]));
                derivative.add_term(less, coefficient * RBig::from(power));
            }
        }
        derivative
    }

    /// This with polynomials in place of unknowns.
    pub(super) fn substituted(&self, with: &dyn Fn(Unknown) -> Option<Polynomial>) -> Self {
        let mut result = Self::zero();
        for (monomial, coefficient) in &self.terms {
            let mut term = Self::constant(coefficient.clone());
            for (unknown, power) in monomial.factors() {
                let factor = with(*unknown).unwrap_or_else(|| Self::unknown(*unknown));
                term = term.times(&factor.power(*power));
            }
            result = result.plus(&term);
        }
        result
    }

    /// The same up to a positive factor: the first coefficient is 1 or -1.
    pub(super) fn primitive(&self) -> Self {
        match self.terms.first_key_value() {
            Some((_, coefficient)) => self.scaled(&coefficient.clone().abs().inv()),
            None => self.clone(),
        }
    }

    /// Whether the first coefficient is below 0: of a polynomial and its negative, this holds for one.
    pub(super) fn leads_negative(&self) -> bool {
        self.terms.last_key_value().is_some_and(|(_, coefficient)| coefficient.is_negative())
    }

    /// The largest monomial that divides every term.
    pub(super) fn content(&self) -> Monomial {
        let mut terms = self.terms.keys();
        let Some(first) = terms.next() else { return Monomial::default() };
        terms.fold(first.clone(), |common, monomial| common.common(monomial))
    }

    /// What divides every term of both.
    pub(super) fn common_content(&self, other: &Self) -> Monomial {
        if self.is_zero() { other.content() } else { self.content().common(&other.content()) }
    }

    /// This over a monomial that divides every term.
    pub(super) fn over(&self, divisor: &Monomial) -> Self {
        let terms = self.terms.iter().map(|(monomial, coefficient)| (monomial.over(divisor), coefficient.clone()));
        Polynomial { terms: terms.collect() }
    }

    /// An unknown that stands in one term alone, by itself, and what it is where the polynomial is 0. Later unknowns first: they are
    /// those of formulas, the earlier ones those of inputs.
    pub(super) fn solved(&self, may: &dyn Fn(Unknown) -> bool) -> Option<(Unknown, Self)> {
        let (unknown, coefficient) = self.terms.iter().rev().find_map(|(monomial, coefficient)| {
            let [(unknown, 1)] = monomial.factors() else { return None };
            let alone = self.terms.keys().filter(|monomial| monomial.power(*unknown) > 0).count() == 1;
            (alone && may(*unknown)).then_some((*unknown, coefficient))
        })?;
        let rest = self.minus(&Self::unknown(unknown).scaled(coefficient));
        Some((unknown, rest.scaled(&-coefficient.clone().inv())))
    }

    /// The value at a point; none where the point lacks an unknown.
    pub(super) fn at(&self, point: &dyn Fn(Unknown) -> Option<RBig>) -> Option<RBig> {
        self.substituted(&|unknown| point(unknown).map(Self::constant)).as_constant()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn x() -> Polynomial {
        Polynomial::unknown(Unknown(0))
    }

    fn y() -> Polynomial {
        Polynomial::unknown(Unknown(1))
    }

    #[test]
    fn the_form_is_canonical() {
        let product = x().plus(&y()).times(&x().minus(&y()));
        assert_eq!(product, x().power(2).minus(&y().power(2)));
        assert!(product.minus(&product).is_zero());
        assert_ne!(product, x().power(2));
    }

    #[test]
    fn derivatives_and_values_are_exact() {
        let p = x().power(3).scaled(&RBig::from_parts(1.into(), 3u8.into())).plus(&x().times(&y()));
        assert_eq!(p.derivative(Unknown(0)), x().power(2).plus(&y()));
        let at = |unknown: Unknown| Some(RBig::from(3 + i64::from(unknown.0)));
        assert_eq!(p.at(&at), Some(RBig::from(21)));
        assert_eq!(p.at(&|_| None), None);
    }

    #[test]
    fn a_linear_unknown_can_be_solved_for() {
        let p = x().times(&y()).plus(&x()).minus(&Polynomial::integer(2));
        assert_eq!(p.solved(&|_| true), None, "x is not alone, y not by itself");
        let q = y().scaled(&RBig::from(2)).minus(&x().power(2));
        assert_eq!(
            q.solved(&|_| true),
            Some((Unknown(1), x().power(2).scaled(&RBig::from_parts(1.into(), 2u8.into()))))
        );
        assert_eq!(q.solved(&|unknown| unknown != Unknown(1)), None);
    }

    #[test]
    fn content_is_what_divides_all() {
        let p = x().power(2).times(&y()).plus(&x().times(&y().power(2)));
        assert_eq!(p.over(&p.content()), x().plus(&y()));
    }
}
