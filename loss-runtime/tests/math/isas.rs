//! Every instruction set gives the bits of every other.

use loss_runtime::lane::{Isa, Real};

use crate::functions::{Function, apply};
use crate::points;

/// Compares all bits but a NaN's.
fn same_on_every_isa<T: Real>(count: usize) {
    let mut input = points::special::<T>();
    input.extend(points::steps::<T>());
    input.extend(points::spread::<T>(count));
    let best = Isa::detect();
    for &function in Function::ALL {
        let expected = apply(best, function, &input);
        for isa in Isa::available() {
            let actual = apply(isa, function, &input);
            for ((x, a), e) in input.iter().zip(&actual).zip(&expected) {
                assert!(
                    a.bits() == e.bits() || (a.is_nan() && e.is_nan()),
                    "{function:?} of {x:?} (bits {:#x}): {best} gives {e:?} ({:#x}), {isa} {a:?} ({:#x})",
                    x.bits(),
                    e.bits(),
                    a.bits(),
                );
            }
        }
    }
}

#[test]
fn f32_functions_have_the_same_bits_on_every_isa() {
    same_on_every_isa::<f32>(3_000);
}

#[test]
fn f64_functions_have_the_same_bits_on_every_isa() {
    same_on_every_isa::<f64>(3_000);
}

#[test]
fn the_best_isa_is_among_the_available_ones() {
    assert_eq!(Isa::available().last(), Some(Isa::detect()));
    assert_eq!(
        Isa::available().any(|isa| isa == Isa::Scalar),
        cfg!(feature = "scalar") || Isa::detect() == Isa::Scalar
    );
}

#[test]
fn instruction_sets_are_named_in_lower_case() {
    for (isa, name) in [
        (Isa::Scalar, "scalar"),
        (Isa::Sse2, "sse2"),
        (Isa::Avx2, "avx2"),
        (Isa::Avx512, "avx512"),
        (Isa::Neon, "neon"),
        (Isa::Wasm, "wasm"),
    ] {
        assert_eq!((isa.name(), isa.to_string().as_str()), (name, name));
    }
}
