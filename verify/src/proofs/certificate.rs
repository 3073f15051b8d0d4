//! That some inequalities cannot hold together, shown by a certificate: a sum of products of them, and of squares, with factors that
//! are not negative, which is 0 although one of its summands is above 0 (Krivine's and Stengle's Positivstellensatz, with products of
//! a few factors and squares of differences, so that finding one is a linear program; exact fractions throughout).
//!
//! Everything that is proved of polynomials comes down to this: a claim holds wherever its opposite contradicts what is known.

use std::collections::{BTreeMap, BTreeSet};

use dashu_base::Signed;
use dashu_ratio::RBig;

use super::polynomial::{Monomial, Polynomial, Unknown};
use super::simplex::{Column, combination};

/// `polynomial >= 0` or, if strict, `polynomial > 0`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Inequality {
    /// What is compared with 0.
    pub(super) polynomial: Polynomial,
    /// Whether it is not 0.
    pub(super) strict: bool,
}

impl Inequality {
    /// `polynomial > 0`
    pub(super) fn positive(polynomial: Polynomial) -> Self {
        Inequality { polynomial: polynomial.primitive(), strict: true }
    }

    /// `polynomial >= 0`
    pub(super) fn nonnegative(polynomial: Polynomial) -> Self {
        Inequality { polynomial: polynomial.primitive(), strict: false }
    }

    /// What holds where this does not.
    pub(super) fn opposite(&self) -> Self {
        Inequality { polynomial: self.polynomial.negated(), strict: !self.strict }
    }

    /// Whether it holds, if it has no unknowns.
    pub(super) fn verdict(&self) -> Option<bool> {
        let number = self.polynomial.as_constant()?;
        Some(if self.strict { number.is_positive() && !number.is_zero() } else { !number.is_negative() })
    }
}

/// How hard to look: of how many inequalities a product may be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Depth {
    /// Sums alone: enough where all is linear.
    Sums,
    /// Products of two.
    Pairs,
    /// Products of three.
    Triples,
    /// Products of four.
    Quadruples,
}

impl Depth {
    const ALL: [Depth; 4] = [Depth::Sums, Depth::Pairs, Depth::Triples, Depth::Quadruples];

    fn factors(self) -> usize {
        match self {
            Depth::Sums => 1,
            Depth::Pairs => 2,
            Depth::Triples => 3,
            Depth::Quadruples => 4,
        }
    }
}

/// So many products are tried together at most.
const MOST_PRODUCTS: usize = 700;

/// Whether inequalities cannot hold together, at one depth after the other; `goal` are those that are asked about.
pub(super) fn contradict(goal: &[Inequality], known: &[Inequality], deepest: Depth) -> Option<Depth> {
    if goal.iter().chain(known).any(|inequality| inequality.verdict() == Some(false)) {
        return Some(Depth::Sums);
    }
    let distinct: BTreeSet<&Inequality> =
        goal.iter().chain(known).filter(|inequality| inequality.verdict().is_none()).collect();
    let distinct: Vec<&Inequality> = distinct.into_iter().collect();
    let mut before = 0;
    for depth in Depth::ALL.into_iter().filter(|&depth| depth <= deepest) {
        if depth == Depth::Triples && certified(&focused(goal, &distinct)) {
            return Some(depth);
        }
        let products = products(&distinct, depth);
        // What did not grow shows nothing new.
        if products.len() == before || products.len() > MOST_PRODUCTS && depth > Depth::Pairs {
            return None;
        }
        before = products.len();
        if certified(&products) {
            return Some(depth);
        }
    }
    None
}

/// The goal, and products of many whose terms all divide terms of the goal: few, and mostly those that matter.
fn focused(goal: &[Inequality], known: &[&Inequality]) -> Vec<Inequality> {
    /// Of so many inequalities.
    const FACTORS: usize = 5;
    let terms: Vec<&Monomial> = goal.iter().flat_map(|one| one.polynomial.terms().map(|(term, _)| term)).collect();
    let fits =
        |polynomial: &Polynomial| polynomial.terms().all(|(term, _)| terms.iter().any(|goal| term.divides(goal)));
    let squares = bases(known).into_iter().enumerate().flat_map(|(place, base)| {
        let others: Vec<Polynomial> = bases(known).into_iter().skip(place + 1).collect();
        let sums = others.into_iter().flat_map({
            let base = base.clone();
            move |other| [base.minus(&other), base.plus(&other)]
        });
        sums.chain([base.clone()]).map(|one| Inequality::nonnegative(one.power(2))).collect::<Vec<_>>()
    });
    let mut latest: Vec<(usize, Inequality)> = vec![(0, Inequality::positive(Polynomial::one()))];
    latest.extend(squares.filter(|square| fits(&square.polynomial)).map(|square| (0, square)));
    let mut all: BTreeSet<Inequality> = latest.iter().map(|(_, product)| product.clone()).collect();
    for _ in 0..FACTORS {
        let mut next = Vec::new();
        for (first, product) in &latest {
            for (place, factor) in known.iter().enumerate().skip(*first) {
                let polynomial = product.polynomial.times(&factor.polynomial).primitive();
                if fits(&polynomial) {
                    next.push((place, Inequality { polynomial, strict: product.strict && factor.strict }));
                }
            }
            if next.len() > MOST_PRODUCTS {
                break;
            }
        }
        all.extend(next.iter().map(|(_, product)| product.clone()));
        latest = next;
    }
    all.extend(goal.iter().cloned());
    all.into_iter().collect()
}

/// Products of up to so many of the inequalities, with 1 and, beyond single ones, squares of unknowns and of differences.
fn products(inequalities: &[&Inequality], depth: Depth) -> Vec<Inequality> {
    let mut all: BTreeSet<Inequality> = BTreeSet::new();
    let mut latest: Vec<(usize, Inequality)> = vec![(0, Inequality::positive(Polynomial::one()))];
    all.insert(latest[0].1.clone());
    for _ in 0..depth.factors() {
        let mut next = Vec::new();
        for (first, product) in &latest {
            for (place, factor) in inequalities.iter().enumerate().skip(*first) {
                let polynomial = product.polynomial.times(&factor.polynomial).primitive();
                next.push((place, Inequality { polynomial, strict: product.strict && factor.strict }));
            }
            if next.len() > 4 * MOST_PRODUCTS {
                break;
            }
        }
        all.extend(next.iter().map(|(_, product)| product.clone()));
        latest = next;
    }
    if depth > Depth::Sums {
        let bases = bases(inequalities);
        for (place, base) in bases.iter().enumerate() {
            all.insert(Inequality::nonnegative(base.power(2)));
            for other in &bases[place + 1..] {
                let squares = [base.minus(other).power(2), base.plus(other).power(2)];
                all.extend(squares.into_iter().map(Inequality::nonnegative));
            }
        }
    }
    all.into_iter().filter(|product| !product.polynomial.is_zero() || product.strict).collect()
}

/// What squares are made of: the unknowns and the linear ones of the inequalities.
fn bases(inequalities: &[&Inequality]) -> Vec<Polynomial> {
    /// Squares of more would be too many.
    const MOST: usize = 12;
    let unknowns: BTreeSet<Unknown> = inequalities.iter().flat_map(|one| one.polynomial.unknowns()).collect();
    let linear = inequalities.iter().map(|one| one.polynomial.clone()).filter(|one| one.degree() == 1);
    let all: BTreeSet<Polynomial> = unknowns.into_iter().map(Polynomial::unknown).chain(linear).collect();
    all.into_iter().take(MOST).collect()
}

/// Whether a sum of the products with factors that are not negative is 0, though a strict one takes part.
fn certified(products: &[Inequality]) -> bool {
    let mut places: BTreeMap<&Monomial, usize> = BTreeMap::new();
    for product in products {
        for (monomial, _) in product.polynomial.terms() {
            let next = places.len();
            places.entry(monomial).or_insert(next);
        }
    }
    let last = places.len();
    let columns: Vec<Column> = products
        .iter()
        .map(|product| {
            let mut column: Column =
                product.polynomial.terms().map(|(monomial, number)| (places[monomial], number.clone())).collect();
            if product.strict {
                column.insert(last, RBig::ONE);
            }
            column
        })
        .collect();
    combination(&columns, last + 1).is_some_and(|factors| is_certificate(products, &factors))
}

/// The proof itself, multiplied out: whatever found the factors need not be trusted.
fn is_certificate(products: &[Inequality], factors: &BTreeMap<usize, RBig>) -> bool {
    let mut sum = Polynomial::zero();
    let mut above = false;
    for (&place, factor) in factors {
        if factor.is_negative() {
            return false;
        }
        sum = sum.plus(&products[place].polynomial.scaled(factor));
        above |= products[place].strict && !factor.is_zero();
    }
    sum.is_zero() && above
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unknown(place: u32) -> Polynomial {
        Polynomial::unknown(Unknown(place))
    }

    #[test]
    fn linear_inequalities_that_exclude_each_other() {
        let (x, y) = (unknown(0), unknown(1));
        let chain = [
            Inequality::positive(x.minus(&y)),
            Inequality::nonnegative(y.minus(&Polynomial::one())),
            Inequality::nonnegative(Polynomial::one().minus(&x)),
        ];
        assert_eq!(contradict(&[], &chain, Depth::Quadruples), Some(Depth::Sums));
        let weak = [Inequality::nonnegative(x.minus(&y)), chain[1].clone(), chain[2].clone()];
        assert_eq!(contradict(&[], &weak, Depth::Quadruples), None, "x = y = 1");
    }

    #[test]
    fn products_show_what_sums_do_not() {
        // x > 0, y > 0, x y <= 0
        let (x, y) = (unknown(0), unknown(1));
        let product = x.times(&y).negated();
        let all = [Inequality::positive(x), Inequality::positive(y.clone()), Inequality::nonnegative(product)];
        assert_eq!(contradict(&[], &all, Depth::Sums), None);
        assert_eq!(contradict(&[], &all, Depth::Pairs), Some(Depth::Pairs));
        let weaker = [Inequality::nonnegative(y), all[0].clone(), all[2].clone()];
        assert_eq!(contradict(&[], &weaker, Depth::Triples), None, "y = 0");
    }

    #[test]
    fn squares_are_not_negative() {
        // s (1 - s) > 1/4 within 0 <= s <= 1
        let s = unknown(0);
        let rest = Polynomial::one().minus(&s);
        let bound = |denominator: u8| Polynomial::constant(RBig::from_parts(1.into(), denominator.into()));
        let above = |denominator| Inequality::positive(s.times(&rest).minus(&bound(denominator)));
        let domain = [Inequality::nonnegative(s.clone()), Inequality::nonnegative(rest.clone())];
        let all = |denominator| [domain[0].clone(), domain[1].clone(), above(denominator)];
        assert_eq!(contradict(&[], &all(4), Depth::Pairs), Some(Depth::Pairs));
        assert_eq!(contradict(&[], &all(5), Depth::Pairs), None, "s = 1/2 is above 1/5");
    }

    #[test]
    fn long_products_are_found_where_they_fit_the_goal() {
        // a, b, c, d, e >= 0 and a b c d e < 0
        let factors: Vec<Polynomial> = (0..5).map(unknown).collect();
        let product = factors.iter().fold(Polynomial::one(), |product, factor| product.times(factor));
        let known: Vec<Inequality> = factors.into_iter().map(Inequality::nonnegative).collect();
        let goal = [Inequality::positive(product.negated())];
        assert_eq!(contradict(&goal, &known, Depth::Triples), Some(Depth::Triples));
        assert_eq!(contradict(&goal, &known[1..], Depth::Triples), None, "the first may be below 0");
    }

    #[test]
    fn a_wrong_certificate_is_none() {
        let products = [Inequality::positive(unknown(0)), Inequality::nonnegative(unknown(0).negated())];
        let factors = |second: i64| BTreeMap::from([(0, RBig::ONE), (1, RBig::from(second))]);
        assert!(is_certificate(&products, &factors(1)));
        assert!(!is_certificate(&products, &factors(2)));
        assert!(!is_certificate(&products[1..], &BTreeMap::new()));
    }
}
