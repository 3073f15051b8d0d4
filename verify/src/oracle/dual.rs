//! Dual numbers: a value, and its derivative with respect to each element it depends on. An element that is absent has a derivative
//! of zero that nothing can turn into anything else; one that is present may be zero and meet an infinity.

use std::collections::BTreeMap;

use super::arithmetic::{Arithmetic, Decided};
use super::data::Element;
use super::real::Real;

/// The derivatives of a value.
pub type Tangents = BTreeMap<Element, Real>;

/// What an expression denotes at a place.
#[derive(Clone, Debug)]
pub enum Datum {
    /// A real number.
    Real(Real),
    /// A condition; nothing if unordered.
    Condition(Option<bool>),
    /// A place on an axis, or a group.
    Integer(i64),
}

/// A value and its derivatives.
#[derive(Clone, Debug)]
pub struct Dual {
    /// The value.
    pub value: Datum,
    /// The derivatives.
    pub tangents: Tangents,
}

impl Dual {
    /// A real number.
    pub fn real(value: Real, tangents: Tangents) -> Self {
        Dual { value: Datum::Real(value), tangents }
    }

    /// A real number that depends on nothing.
    pub fn constant(value: Real) -> Self {
        Self::real(value, Tangents::new())
    }

    /// A condition.
    pub fn condition(value: Option<bool>) -> Self {
        Dual { value: Datum::Condition(value), tangents: Tangents::new() }
    }

    /// An index.
    pub fn integer(value: i64) -> Self {
        Dual { value: Datum::Integer(value), tangents: Tangents::new() }
    }
}

/// NaN for every element that any of these depend on.
pub fn poison<'a>(all: impl IntoIterator<Item = &'a Tangents>) -> Tangents {
    all.into_iter().flat_map(|tangents| tangents.keys().map(|&element| (element, Real::Nan))).collect()
}

/// `-t`
pub fn negate(tangents: &Tangents) -> Tangents {
    tangents.iter().map(|(&element, t)| (element, t.negated())).collect()
}

impl Arithmetic {
    /// Adds derivatives to others.
    pub(super) fn accumulate(&self, into: &mut Tangents, more: Tangents) -> Decided<()> {
        if into.is_empty() {
            *into = more;
            return Ok(());
        }
        for (element, t) in more {
            match into.get_mut(&element) {
                Some(sum) => *sum = self.add(sum, &t)?,
                None => {
                    into.insert(element, t);
                }
            }
        }
        Ok(())
    }

    /// `t + u`
    pub(super) fn united(&self, mut t: Tangents, u: Tangents) -> Decided<Tangents> {
        self.accumulate(&mut t, u)?;
        Ok(t)
    }

    /// `factor * t`
    pub(super) fn scaled(&self, factor: &Real, tangents: &Tangents) -> Decided<Tangents> {
        tangents.iter().map(|(&element, t)| Ok((element, self.multiply(factor, t)?))).collect()
    }

    /// `t / divisor`
    pub(super) fn quotients(&self, tangents: &Tangents, divisor: &Real) -> Decided<Tangents> {
        tangents.iter().map(|(&element, t)| Ok((element, self.divide(t, divisor)?))).collect()
    }
}
