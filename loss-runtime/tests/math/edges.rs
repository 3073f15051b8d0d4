//! What the spec language promises at the ends of the domains.

use loss_runtime::lane::{Isa, Real};

use crate::functions::{Function, apply};

fn edges<T: Real>() {
    let (inf, nan) = (f64::INFINITY, f64::NAN);
    let tiny = T::from_bits(1).to_f64();
    let table: [(Function, &[(f64, f64)]); 8] = [
        (
            Function::Exp,
            &[(-inf, 0.0), (inf, inf), (0.0, 1.0), (-0.0, 1.0), (1e4, inf), (-1e4, 0.0), (nan, nan), (-nan, nan)],
        ),
        (
            Function::ExpNonpositive,
            &[(-inf, 0.0), (0.0, 1.0), (-0.0, 1.0), (-tiny, 1.0), (-1e4, 0.0), (nan, nan), (-nan, nan)],
        ),
        (
            Function::Expm1,
            &[(-inf, -1.0), (inf, inf), (0.0, 0.0), (-0.0, -0.0), (1e4, inf), (-1e4, -1.0), (nan, nan), (tiny, tiny)],
        ),
        (
            Function::Log,
            &[
                (0.0, -inf),
                (-0.0, -inf),
                (inf, inf),
                (-inf, nan),
                (-1.0, nan),
                (-tiny, nan),
                (nan, nan),
                (-nan, nan),
                (1.0, 0.0),
            ],
        ),
        (
            Function::Log1p,
            &[
                (-1.0, -inf),
                (inf, inf),
                (-inf, nan),
                (-1.5, nan),
                (0.0, 0.0),
                (-0.0, -0.0),
                (nan, nan),
                (-nan, nan),
                (-tiny, -tiny),
            ],
        ),
        (Function::Tanh, &[(-inf, -1.0), (inf, 1.0), (0.0, 0.0), (30.0, 1.0), (-30.0, -1.0), (nan, nan), (tiny, tiny)]),
        (Function::Sigmoid, &[(-inf, 0.0), (inf, 1.0), (0.0, 0.5), (-1e4, 0.0), (1e4, 1.0), (nan, nan)]),
        (Function::Softplus, &[(-inf, 0.0), (inf, inf), (-1e4, 0.0), (1e4, 1e4), (nan, nan), (-nan, nan)]),
    ];
    for (function, rows) in table {
        for &(x, expected) in rows {
            for isa in Isa::available() {
                let y = apply(isa, function, &[T::from_f64(x)])[0].to_f64();
                let same = y.to_bits() == expected.to_bits() || (y.is_nan() && expected.is_nan());
                assert!(same, "{function:?} of {x} ({}) on {isa}: expected {expected}, got {y}", T::NAME);
            }
        }
    }
}

#[test]
fn f32_functions_keep_the_promises_at_their_edges() {
    edges::<f32>();
}

#[test]
fn f64_functions_keep_the_promises_at_their_edges() {
    edges::<f64>();
}
