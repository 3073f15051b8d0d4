//! Step 1: parameters have their kind, a number, and meet their conditions.

use crate::call::MAX_PARAMS;
use crate::error::Error;
use crate::info::{ParamInfo, ParamKind};
use crate::registry::{Element, Loss};

/// Fills in the values, with defaults where none is given; NaN where an optional one is absent.
pub(super) fn check<T: Element>(
    loss: &dyn Loss,
    given: &[f64; MAX_PARAMS],
    values: &mut [f64; MAX_PARAMS],
) -> Result<(), Error> {
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
    for (index, param) in declared.iter().enumerate() {
        let value = values[index];
        if value.is_nan() {
            continue;
        }
        let rounded = T::from_f64(value).to_f64();
        // A number that the compute type cannot hold becomes infinite or 0, and that is what the kernel will see.
        let lost = rounded.is_infinite() != value.is_infinite() || (rounded == 0.0) != (value == 0.0);
        let admitted = loss.param_in_domain(index, &values[..declared.len()])
            && (!lost || {
                let mut seen = *values;
                seen[index] = rounded;
                loss.param_in_domain(index, &seen[..declared.len()])
            });
        if !admitted {
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
