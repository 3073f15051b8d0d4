//! A piece: a part of the domain of a formula, given by equations and inequalities, on which it is one expression without cases.

use std::collections::{BTreeMap, BTreeSet};

use super::branch;
use super::certificate::{Depth, Inequality, contradict};
use super::polynomial::{Polynomial, Unknown};

/// What a piece may be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fact {
    /// An inequality.
    Holds(Inequality),
    /// A polynomial is 0.
    Zero(Polynomial),
}

/// What is known on a piece.
#[derive(Clone, Debug, Default)]
pub(super) struct Piece {
    inequalities: Vec<Inequality>,
    /// What unknowns are, by equations.
    solved: BTreeMap<Unknown, Polynomial>,
    /// Unknowns whose facts have been told.
    introduced: BTreeSet<Unknown>,
    /// What has been found to follow.
    followed: BTreeSet<Inequality>,
}

impl Piece {
    /// Whether the facts of an unknown have been told; from now on they are.
    pub(super) fn introduces(&mut self, unknown: Unknown) -> bool {
        self.introduced.insert(unknown)
    }

    /// The unknowns that have been met.
    pub(super) fn unknowns(&self) -> impl Iterator<Item = Unknown> {
        self.introduced.iter().copied()
    }

    /// Whether an equation says what an unknown is.
    pub(super) fn is_solved(&self, unknown: Unknown) -> bool {
        self.solved.contains_key(&unknown)
    }

    /// What unknowns are, by equations.
    pub(super) fn solutions(&self) -> impl Iterator<Item = (Unknown, &Polynomial)> {
        self.solved.iter().map(|(unknown, value)| (*unknown, value))
    }

    /// What is known, as inequalities.
    pub(super) fn inequalities(&self) -> &[Inequality] {
        &self.inequalities
    }

    /// Takes a fact in. `may_solve` says which unknowns an equation may be solved for.
    pub(super) fn learn(&mut self, fact: Fact, may_solve: &dyn Fn(Unknown) -> bool) {
        match fact {
            Fact::Holds(inequality) => {
                // What is neither above nor below 0 is 0.
                let other = Inequality::nonnegative(self.simplified(&inequality.polynomial.negated()));
                if !inequality.strict && self.knows(&other) {
                    return self.learn(Fact::Zero(inequality.polynomial), may_solve);
                }
                self.push(inequality);
            }
            Fact::Zero(polynomial) => {
                let polynomial = self.simplified(&polynomial);
                match polynomial.solved(may_solve) {
                    Some((unknown, value)) => self.solve(unknown, value),
                    None if polynomial.is_zero() => {}
                    None => {
                        self.inequalities.retain(|known| known.strict || known.polynomial != polynomial.primitive());
                        self.push(Inequality::nonnegative(polynomial.negated()));
                        self.push(Inequality::nonnegative(polynomial));
                    }
                }
            }
        }
    }

    fn solve(&mut self, unknown: Unknown, value: Polynomial) {
        let with = |other: Unknown| (other == unknown).then(|| value.clone());
        for known in self.solved.values_mut() {
            *known = known.substituted(&with);
        }
        self.solved.insert(unknown, value);
        for inequality in std::mem::take(&mut self.inequalities) {
            self.push(inequality);
        }
    }

    fn push(&mut self, inequality: Inequality) {
        let polynomial = self.simplified(&inequality.polynomial).primitive();
        for inequality in self.factored(Inequality { polynomial, ..inequality }) {
            if inequality.verdict() != Some(true) && !self.inequalities.contains(&inequality) {
                self.inequalities.push(inequality);
            }
        }
    }

    /// Of a product above 0 with a factor that is not below 0, both are above 0.
    fn factored(&self, inequality: Inequality) -> Vec<Inequality> {
        let mut rest = inequality.polynomial.clone();
        let mut all = Vec::new();
        for (unknown, power) in rest.content().factors() {
            let factor = Polynomial::unknown(*unknown);
            let is_above = self.knows(&Inequality::positive(factor.clone()));
            let is_not_below = is_above || power % 2 == 0 || self.knows(&Inequality::nonnegative(factor.clone()));
            if inequality.strict && is_not_below || is_above {
                let divisor = factor.power(*power);
                rest = rest.over(&divisor.content());
                if power % 2 == 1 {
                    all.push(Inequality::positive(factor));
                }
            }
        }
        all.push(Inequality { polynomial: rest.primitive(), ..inequality });
        all
    }

    fn knows(&self, inequality: &Inequality) -> bool {
        let implied =
            |known: &Inequality| known.polynomial == inequality.polynomial && (known.strict || !inequality.strict);
        self.inequalities.iter().any(implied)
    }

    /// A polynomial with the solutions of the equations put in.
    pub(super) fn simplified(&self, polynomial: &Polynomial) -> Polynomial {
        if self.solved.is_empty() {
            return polynomial.clone();
        }
        polynomial.substituted(&|unknown| self.solved.get(&unknown).cloned())
    }

    /// Whether an inequality holds on the whole piece, by a proof of at most this depth.
    pub(super) fn implies(&mut self, inequality: &Inequality, deepest: Depth) -> bool {
        let polynomial = self.simplified(&inequality.polynomial).primitive();
        let inequality = Inequality { polynomial, strict: inequality.strict };
        if let Some(verdict) = inequality.verdict() {
            return verdict;
        }
        if self.knows(&inequality) || self.followed.contains(&inequality) {
            return true;
        }
        let follows = self.excludes(inequality.opposite(), deepest)
            || deepest == Depth::Quadruples && branch::holds(&inequality, &self.inequalities);
        if follows {
            self.followed.insert(inequality);
        }
        follows
    }

    /// Whether the piece has no point, by a proof of at most this depth.
    pub(super) fn is_empty(&self, deepest: Depth) -> bool {
        contradict(&[], &self.inequalities, deepest).is_some()
    }

    /// Whether an inequality holds nowhere on the piece.
    fn excludes(&self, inequality: Inequality, deepest: Depth) -> bool {
        let goal = self.factored(inequality);
        let mut all = Vec::new();
        let mut unknowns: BTreeSet<Unknown> = goal.iter().flat_map(|one| one.polynomial.unknowns()).collect();
        let mut rest: Vec<&Inequality> = self.inequalities.iter().collect();
        // What shares no unknown with the question, however far around, says nothing about it.
        loop {
            let (near, far): (Vec<&Inequality>, Vec<&Inequality>) =
                rest.into_iter().partition(|one| one.polynomial.unknowns().iter().any(|one| unknowns.contains(one)));
            if near.is_empty() {
                break;
            }
            unknowns.extend(near.iter().flat_map(|one| one.polynomial.unknowns()));
            all.extend(near.into_iter().cloned());
            rest = far;
        }
        contradict(&goal, &all, deepest).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unknown(place: u32) -> Polynomial {
        Polynomial::unknown(Unknown(place))
    }

    #[test]
    fn an_equation_is_put_in_everywhere() {
        let mut piece = Piece::default();
        piece.learn(Fact::Holds(Inequality::positive(unknown(0).minus(&unknown(1)))), &|_| true);
        piece.learn(Fact::Zero(unknown(1).minus(&Polynomial::integer(2))), &|_| true);
        assert!(piece.implies(&Inequality::positive(unknown(0).minus(&unknown(1))), Depth::Sums));
        assert!(piece.implies(&Inequality::positive(unknown(0)), Depth::Sums));
        assert!(!piece.implies(&Inequality::positive(unknown(0).minus(&Polynomial::integer(3))), Depth::Pairs));
        piece.learn(Fact::Zero(unknown(0)), &|_| true);
        assert!(piece.is_empty(Depth::Sums));
    }

    #[test]
    fn factors_of_known_sign_are_split_off() {
        // w >= 0 and w (a - b) > 0 give a > b.
        let mut piece = Piece::default();
        piece.learn(Fact::Holds(Inequality::nonnegative(unknown(0))), &|_| true);
        let product = unknown(0).times(&unknown(1).minus(&unknown(2)));
        piece.learn(Fact::Holds(Inequality::positive(product)), &|_| true);
        assert!(piece.implies(&Inequality::positive(unknown(1).minus(&unknown(2))), Depth::Sums));
        assert!(piece.implies(&Inequality::positive(unknown(0)), Depth::Sums));
    }
    #[test]
    fn factors_of_unknown_sign_are_left_alone() {
        // a b > 0 says nothing of a, and a^2 b > 0 says that b > 0.
        let mut piece = Piece::default();
        piece.learn(Fact::Holds(Inequality::positive(unknown(0).times(&unknown(1)))), &|_| true);
        assert!(!piece.implies(&Inequality::nonnegative(unknown(0)), Depth::Pairs));
        piece.learn(Fact::Holds(Inequality::positive(unknown(2).power(2).times(&unknown(3)))), &|_| true);
        assert!(piece.implies(&Inequality::positive(unknown(3)), Depth::Sums));
        assert!(!piece.implies(&Inequality::nonnegative(unknown(2)), Depth::Pairs));
    }
}
