//! The bits of the vector functions. They are the same on every machine, and a caller's results are made of them: a change that is meant is
//! told in the changelog, under "Numerics", and its hash recorded here.

use loss_runtime::lane::{Isa, Real};

use crate::functions::{Function, apply};
use crate::points;

/// The hashes of a function's results of `f32` and of `f64`.
const RECORDED: [(Function, u64, u64); 9] = [
    (Function::Exp, 0xd000_384c_730f_8e42, 0xbe8f_063a_89b8_7530),
    (Function::ExpNonpositive, 0x2adc_12df_b9b6_5db3, 0x51af_873f_4e7c_811f),
    (Function::Expm1, 0x5ba6_f73f_b565_113e, 0xd907_846a_d0cc_3daf),
    (Function::Log, 0xabf3_c7f8_29f0_9897, 0x81d7_8426_a6c4_d005),
    (Function::Log1p, 0xed34_f66e_55b0_8850, 0xab0b_04f6_45d2_f641),
    (Function::Log1pUnit, 0x7e08_ceef_06fa_efc4, 0x946a_f960_bc14_5202),
    (Function::Tanh, 0xb7d8_7381_eeb1_c912, 0x4ea1_4204_d2ae_0a73),
    (Function::Sigmoid, 0x77f3_a524_5dfc_a2c5, 0xf503_1978_8f54_f121),
    (Function::Softplus, 0x0410_b85b_f796_67aa, 0x084e_177b_c1a9_2659),
];

/// FNV-1a over the bits of all results, NaNs all alike.
fn hash<T: Real>(function: Function) -> u64 {
    let mut input = points::special::<T>();
    input.extend(points::random::<T>(40_000));
    input.retain(|x| function.admits(x.to_f64()));
    let results = apply(Isa::detect(), function, &input);
    let bits = results.iter().map(|y| if y.is_nan() { u64::MAX } else { y.bits() });
    bits.fold(0xcbf2_9ce4_8422_2325, |hash, bits| (hash ^ bits).wrapping_mul(0x100_0000_01b3))
}

#[test]
fn no_bit_of_a_vector_function_changes_unnoticed() {
    let found: Vec<_> =
        Function::ALL.iter().map(|&function| (function, hash::<f32>(function), hash::<f64>(function))).collect();
    let lines: String = found
        .iter()
        .map(|(function, f32, f64)| format!("    (Function::{function:?}, {f32:#x}, {f64:#x}),\n"))
        .collect();
    assert!(found == RECORDED, "the hashes are now\n{lines}");
}
