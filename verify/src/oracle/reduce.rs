//! Reductions over the places that are chosen.

use std::cmp::Ordering;

use loss_codegen::expr::{AxisSet, ExprId, Reducer};

use super::arithmetic::{Arithmetic, Decided};
use super::data::Malformed;
use super::dual::{Datum, Dual, Tangents, poison};
use super::evaluate::{Attempt, Evaluator, Place};
use super::functions::RealDual;
use super::real::Real;

impl Evaluator<'_> {
    pub(super) fn reduce(
        &self,
        reducer: Reducer,
        axes: AxisSet,
        filter: Option<ExprId>,
        value: ExprId,
        order: Option<ExprId>,
        place: &Place,
    ) -> Attempt<Dual> {
        let mut chosen = Vec::new();
        let mut unordered = false;
        for there in self.places(axes, place) {
            let choice = filter.map_or(Ok(Some(true)), |filter| self.condition(filter, &there))?;
            unordered |= choice.is_none();
            if choice != Some(false) {
                chosen.push(there);
            }
        }
        if let Reducer::Any | Reducer::All = reducer {
            return if unordered { Ok(Dual::condition(None)) } else { self.quantify(reducer, value, &chosen) };
        }
        if unordered {
            let tangents = chosen.iter().map(|there| Ok(self.real(value, there)?.1));
            return Ok(Dual::real(Real::Nan, poison(&tangents.collect::<Attempt<Vec<_>>>()?)));
        }
        let duals = chosen.iter().map(|there| self.real(value, there)).collect::<Attempt<Vec<_>>>()?;
        let order = order.map(|order| self.real(order, place)).transpose()?.map(|(order, _)| order);
        let (value, tangents) = self.arithmetic.reduced(reducer, duals, order.as_ref())?.ok_or(Malformed::Type)?;
        Ok(Dual::real(value, tangents))
    }

    /// Kleene's `any` and `all`.
    fn quantify(&self, reducer: Reducer, value: ExprId, chosen: &[Place]) -> Attempt<Dual> {
        let ruling = reducer == Reducer::Any;
        let mut result = Some(!ruling);
        for there in chosen {
            match self.at(value, there)?.value {
                Datum::Condition(Some(value)) if value == ruling => return Ok(Dual::condition(Some(ruling))),
                Datum::Condition(Some(_)) => {}
                Datum::Condition(None) => result = None,
                Datum::Real(_) | Datum::Integer(_) => return Err(Malformed::Type.into()),
            }
        }
        Ok(Dual::condition(result))
    }
}

/// NaN, with NaN for every derivative.
fn nan(all: &[RealDual]) -> RealDual {
    (Real::Nan, poison(all.iter().map(|(_, tangents)| tangents)))
}

impl Arithmetic {
    /// A reduction of real numbers; nothing for one of conditions, or a norm without an order.
    fn reduced(&self, reducer: Reducer, all: Vec<RealDual>, order: Option<&Real>) -> Decided<Option<RealDual>> {
        let some_nan = all.iter().any(|(value, _)| value.is_nan());
        match reducer {
            Reducer::Any | Reducer::All | Reducer::Shift | Reducer::Expectation => Ok(None),
            Reducer::Sum => self.total(all).map(Some),
            Reducer::Mean => {
                let count = all.len();
                let (sum, tangents) = self.total(all)?;
                let count = Real::integer(count as i128);
                Ok(Some((self.divide(&sum, &count)?, self.quotients(&tangents, &count)?)))
            }
            Reducer::Max | Reducer::Min | Reducer::Logsumexp | Reducer::SimplexThreshold | Reducer::Norm
                if some_nan =>
            {
                Ok(Some(nan(&all)))
            }
            Reducer::Max => self.extremum(Ordering::Greater, &all).map(Some),
            Reducer::Min => self.extremum(Ordering::Less, &all).map(Some),
            Reducer::Logsumexp => self.logsumexp(&all).map(Some),
            Reducer::SimplexThreshold => self.simplex_threshold(&all).map(Some),
            Reducer::Norm => order.map(|order| self.norm(&all, order)).transpose(),
        }
    }

    fn total(&self, all: Vec<RealDual>) -> Decided<RealDual> {
        let (mut sum, mut tangents) = (Real::zero(), Tangents::new());
        for (value, t) in all {
            sum = self.add(&sum, &value)?;
            self.accumulate(&mut tangents, t)?;
        }
        Ok((sum, tangents))
    }

    /// The largest (smallest) value, and the places that attain it.
    fn attained<'a>(&self, wanted: Ordering, all: &'a [RealDual]) -> Decided<(Real, Vec<&'a RealDual>)> {
        let nothing = Real::Infinity { negative: wanted == Ordering::Greater };
        let mut best = (nothing, Vec::new());
        for dual in all {
            match self.compare(&dual.0, &best.0)? {
                Some(Ordering::Equal) => best.1.push(dual),
                Some(order) if order == wanted => best = (dual.0.clone(), vec![dual]),
                Some(_) | None => {}
            }
        }
        Ok(best)
    }

    /// Shares evenly among some places.
    fn evenly(&self, places: &[&RealDual]) -> Decided<Tangents> {
        let mut tangents = Tangents::new();
        for (_, t) in places {
            self.accumulate(&mut tangents, t.clone())?;
        }
        if places.len() < 2 { Ok(tangents) } else { self.scaled(&self.share(places.len())?, &tangents) }
    }

    fn extremum(&self, wanted: Ordering, all: &[RealDual]) -> Decided<RealDual> {
        let (value, attained) = self.attained(wanted, all)?;
        Ok((value, self.evenly(&attained)?))
    }

    /// The shift need not be the largest value, only close to it: a tie that the precision does not decide costs nothing.
    fn logsumexp(&self, all: &[RealDual]) -> Decided<RealDual> {
        let mut shift = &Real::NEGATIVE_INFINITY;
        for (value, _) in all {
            if self.compare(value, shift).unwrap_or(None) == Some(Ordering::Greater) {
                shift = value;
            }
        }
        if shift.is_infinite() {
            return self.extremum(Ordering::Greater, all);
        }
        let mut weights = Vec::with_capacity(all.len());
        let mut sum = Real::zero();
        for (value, _) in all {
            let weight = self.exp(&self.subtract(value, shift)?)?;
            sum = self.add(&sum, &weight)?;
            weights.push(weight);
        }
        let mut tangents = Tangents::new();
        for (weight, (_, t)) in weights.iter().zip(all) {
            if !t.is_empty() {
                let weight = self.divide(weight, &sum)?;
                self.accumulate(&mut tangents, self.scaled(&weight, t)?)?;
            }
        }
        Ok((self.add(shift, &self.ln(&sum)?)?, tangents))
    }

    /// `(sum abs(x)^p)^(1/p)`; its derivative is `sign(x) (abs(x) / norm)^(p - 1) Dx`, summed.
    fn norm(&self, all: &[RealDual], p: &Real) -> Decided<RealDual> {
        if p.is_nan() {
            return Ok(nan(all));
        }
        let sizes: Vec<RealDual> = (all.iter())
            .map(|(value, t)| {
                let slope = self.unary(loss_codegen::expr::Unary::Sign, value)?;
                Ok((value.abs()?, self.scaled(&slope, t)?))
            })
            .collect::<Decided<_>>()?;
        if sizes.iter().all(|(size, _)| size.is_zero()) {
            return Ok((Real::zero(), Tangents::new()));
        }
        if p.is_infinite() {
            return self.extremum(Ordering::Greater, &sizes);
        }
        let mut sum = Real::zero();
        for (size, _) in &sizes {
            sum = self.add(&sum, &self.power_real(size, p)?)?;
        }
        let value = self.power_real(&sum, &self.divide(&Real::one(), p)?)?;
        let less = self.subtract(p, &Real::one())?;
        let mut tangents = Tangents::new();
        for (size, t) in &sizes {
            if t.is_empty() {
                continue;
            }
            let slope = if less.is_zero() { Real::one() } else { self.power_real(&self.divide(size, &value)?, &less)? };
            self.accumulate(&mut tangents, self.scaled(&slope, t)?)?;
        }
        Ok((value, tangents))
    }

    /// The t with `sum(relu(x - t)) = 1`: with the k largest values above it, `(their sum - 1) / k`.
    fn simplex_threshold(&self, all: &[RealDual]) -> Decided<RealDual> {
        let mut rest: Vec<&RealDual> = all.iter().collect();
        let (mut sum, mut above) = (Real::zero(), Vec::new());
        while !rest.is_empty() {
            let mut largest = 0;
            for at in 1..rest.len() {
                if self.compare(&rest[at].0, &rest[largest].0)? == Some(Ordering::Greater) {
                    largest = at;
                }
            }
            let next = rest.swap_remove(largest);
            if next.0.is_infinite() {
                break;
            }
            let more = self.add(&sum, &next.0)?;
            let count = Real::integer(above.len() as i128 + 1);
            let bound = self.add(&Real::one(), &self.multiply(&count, &next.0)?)?;
            if self.compare(&bound, &more)? != Some(Ordering::Greater) {
                break;
            }
            sum = more;
            above.push(next);
        }
        if above.is_empty() || all.iter().any(|(value, _)| matches!(value, Real::Infinity { negative: false })) {
            // No threshold leaves a sum of 1 above it.
            return Ok(nan(all));
        }
        let value = self.divide(&self.subtract(&sum, &Real::one())?, &Real::integer(above.len() as i128))?;
        Ok((value, self.evenly(&above)?))
    }
}
