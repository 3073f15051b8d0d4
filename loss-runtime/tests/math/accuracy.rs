//! The error of every vector function.

use dashu_float::FBig;
use dashu_float::round::mode::HalfEven;
use loss_runtime::lane::{Isa, Real};

use crate::functions::{Function, apply};
use crate::points;

type Exact = FBig<HalfEven, 2>;

/// The distance between neighbours of type `T` at a result.
fn ulp<T: Real>(result: f64) -> f64 {
    let magnitude = result.abs().max(T::MIN_POSITIVE.to_f64()).min(T::MAX.to_f64());
    let power = f64::from_bits(magnitude.to_bits() & (0x7ff << 52));
    power * T::EPSILON.to_f64()
}

/// Whether two results are the same as far as the number of units between them cannot tell: infinite, NaN or zero.
fn same_limit<T: Real>(actual: T, expected: f64) -> Option<bool> {
    let rounded = T::from_f64(expected);
    if expected.is_nan() || actual.is_nan() {
        return Some(expected.is_nan() && actual.is_nan());
    }
    if !rounded.is_finite() || !actual.is_finite() {
        return Some(rounded == actual);
    }
    None
}

/// Says all about a result that is not what it should be.
fn wrong<T: Real>(function: Function, x: T, actual: T, expected: f64, error: f64) -> String {
    format!(
        "{function:?} of {x:?} (bits {:#x}): expected {expected:e} (nearest {:#x}), got {actual:?} (bits {:#x}), {error:.3} ulp",
        x.bits(),
        T::from_f64(expected).bits(),
        actual.bits(),
    )
}

#[test]
fn f32_functions_are_within_their_bounds() {
    let mut input = points::special::<f32>();
    input.extend(points::steps::<f32>());
    input.extend(points::spread::<f32>(50_000));
    for &function in Function::ALL {
        let output = apply(Isa::detect(), function, &input);
        for (&x, &y) in input.iter().zip(&output).filter(|(x, _)| function.admits(f64::from(**x))) {
            let expected = function.reference(f64::from(x));
            if let Some(same) = same_limit(y, expected) {
                assert!(same, "{}", wrong(function, x, y, expected, f64::INFINITY));
                continue;
            }
            let error = (f64::from(y) - expected).abs() / ulp::<f32>(expected);
            assert!(error <= function.bounds().f32, "{}", wrong(function, x, y, expected, error));
        }
    }
}

#[test]
fn f64_functions_are_near_correctly_rounded_ones() {
    let mut input = points::special::<f64>();
    input.extend(points::steps::<f64>());
    input.extend(points::spread::<f64>(20_000));
    for &function in Function::ALL {
        // The reference is rounded too, and where it is composed it has two more roundings.
        let slack = if matches!(function, Function::Sigmoid | Function::Softplus) { 1.5 } else { 0.5 };
        let output = apply(Isa::detect(), function, &input);
        for (&x, &y) in input.iter().zip(&output).filter(|(x, _)| function.admits(**x)) {
            let expected = function.reference(x);
            if let Some(same) = same_limit(y, expected) {
                assert!(same, "{}", wrong(function, x, y, expected, f64::INFINITY));
                continue;
            }
            let error = (y - expected).abs() / ulp::<f64>(expected);
            assert!(error <= function.bounds().f64 + slack, "{}", wrong(function, x, y, expected, error));
        }
    }
}

/// The result with more digits than any `f64` can hold.
fn exact(function: Function, x: f64) -> Exact {
    let x = Exact::try_from(x).expect("a finite number").with_precision(300).value();
    let one = Exact::try_from(1.0).expect("a finite number").with_precision(300).value();
    match function {
        Function::Exp | Function::ExpNonpositive => x.exp(),
        Function::Expm1 => x.exp_m1(),
        Function::Log => x.ln(),
        Function::Log1p | Function::Log1pUnit => x.ln_1p(),
        Function::Tanh => {
            let e = (&x + &x).exp_m1();
            &e / (&e + one + Exact::try_from(1.0).expect("a finite number"))
        }
        Function::Sigmoid => &one / (&one + (-x).exp()),
        Function::Softplus => x.exp().ln_1p(),
    }
}

#[test]
fn f64_functions_are_within_their_bounds() {
    let input: Vec<f64> = points::spread::<f64>(150)
        .into_iter()
        .filter(|x| x.abs() > 1e-25 && x.abs() < 700.0)
        .flat_map(|x| [x, 0.05 * x, 1.0 + 0.4 * x / (1.0 + x.abs())])
        .collect();
    assert!(input.len() > 800, "only {} points", input.len());
    for &function in Function::ALL {
        let output = apply(Isa::detect(), function, &input);
        for (&x, &y) in input.iter().zip(&output) {
            let in_domain = match function {
                Function::Log => x > 0.0,
                Function::Log1p => x > -1.0,
                Function::ExpNonpositive | Function::Log1pUnit => function.admits(x),
                Function::Exp | Function::Expm1 | Function::Tanh | Function::Sigmoid | Function::Softplus => true,
            };
            if !in_domain {
                continue;
            }
            let exact = exact(function, x);
            let expected = exact.to_f64().value();
            let error = (Exact::try_from(y).expect("a finite number").with_precision(300).value() - exact)
                .to_f64()
                .value()
                .abs()
                / ulp::<f64>(expected);
            assert!(error <= function.bounds().f64, "{}", wrong(function, x, y, expected, error));
        }
    }
}

fn of_what_is_not_positive<T: Real>() {
    let mut input = points::special::<T>();
    input.extend(points::steps::<T>());
    input.extend(points::spread::<T>(20_000));
    input.retain(|x| Function::ExpNonpositive.admits(x.to_f64()));
    for isa in Isa::available() {
        let general = apply(isa, Function::Exp, &input);
        for ((x, own), general) in input.iter().zip(apply(isa, Function::ExpNonpositive, &input)).zip(general) {
            assert!(
                own.bits() == general.bits() || (own.is_nan() && general.is_nan()),
                "e^{x:?} (bits {:#x}) on {isa}: {own:?} instead of {general:?}",
                x.bits(),
            );
        }
    }
}

#[test]
fn of_what_is_not_positive_the_exponential_has_the_bits_of_the_general_one() {
    of_what_is_not_positive::<f32>();
    of_what_is_not_positive::<f64>();
}
