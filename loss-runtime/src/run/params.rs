//! Step 1: parameters have their kind, a number, and meet their conditions.

use crate::call::MAX_PARAMS;
use crate::error::Error;
use crate::info::{ParamInfo, ParamKind};
use crate::registry::{Element, Loss};

/// Fills in the values, with defaults where none is given; NaN where an optional one is absent. A number that the compute type cannot hold
/// becomes infinite or 0, which is what kernels see and are chosen for; conditions must hold before and after.
pub(super) fn check<T: Element>(loss: &dyn Loss, given: &[f64], values: &mut [f64; MAX_PARAMS]) -> Result<(), Error> {
    let declared = loss.info().params;
    if declared.len() > MAX_PARAMS {
        return Err(Error::Unsupported { what: "more than 16 parameters" });
    }
    for ((value, given), param) in values.iter_mut().zip(given).zip(declared) {
        *value = if given.is_nan() { param.default.unwrap_or(f64::NAN) } else { *given };
        if value.is_nan() && !param.optional {
            return Err(Error::MissingParam { name: param.name });
        }
        if !value.is_nan() {
            check_kind(param, *value)?;
        }
    }
    check_conditions(loss, declared, values, values)?;
    if values[..declared.len()].iter().any(|&value| is_lost::<T>(value)) {
        let mut seen = *values;
        for value in seen.iter_mut().filter(|value| is_lost::<T>(**value)) {
            *value = T::from_f64(*value).to_f64();
        }
        check_conditions(loss, declared, &seen, values)?;
        *values = seen;
    }
    Ok(())
}

/// Whether the compute type makes an infinity or a 0 of a number.
fn is_lost<T: Element>(value: f64) -> bool {
    let rounded = T::from_f64(value).to_f64();
    rounded.is_infinite() != value.is_infinite() || (rounded == 0.0) != (value == 0.0)
}

/// Asks every condition; a refusal names the number as it was given.
fn check_conditions(
    loss: &dyn Loss,
    declared: &[ParamInfo],
    values: &[f64; MAX_PARAMS],
    given: &[f64; MAX_PARAMS],
) -> Result<(), Error> {
    for (index, (param, &value)) in declared.iter().zip(given).enumerate() {
        if !value.is_nan() && !loss.param_in_domain(index, &values[..declared.len()]) {
            return Err(Error::Param { name: param.name, value, allowed: param.domain.unwrap_or("a finite number") });
        }
    }
    Ok(())
}

fn check_kind(param: &ParamInfo, value: f64) -> Result<(), Error> {
    let whole = value % 1.0 == 0.0;
    let (admitted, allowed) = match param.kind {
        ParamKind::Real => (true, "a number"),
        ParamKind::Integer => (whole, "a whole number"),
        ParamKind::OneOf(values) => (values.iter().any(|one| *one as f64 == value), "one of the listed integers"),
        ParamKind::Switch => (value == 0.0 || value == 1.0, "0 or 1"),
        ParamKind::Choice(words) => {
            (whole && 0.0 <= value && value < words.len() as f64, "the place of one of the listed words")
        }
    };
    if admitted { Ok(()) } else { Err(Error::Param { name: param.name, value, allowed }) }
}
