//! Parameters that the numbers' type cannot hold.
#![cfg(all(feature = "classification", feature = "regression"))]

use loss_runtime::{CrossEntropy, Error, Huber};

fn answer(label_smoothing: f64) -> Result<(f32, Vec<f32>), Error> {
    // An impossible class: a weight of 0 removes it, and any other does not.
    let logits = [0.5_f32, f32::NEG_INFINITY, 1.0];
    let loss = CrossEntropy::new().label_smoothing(label_smoothing);
    let mut gradient = [0.0_f32; 3];
    let value = loss.forward_backward((&logits, [1, 3]), &[0_u8], &mut gradient)?;
    Ok((value, gradient.to_vec()))
}

#[test]
fn conditions_hold_of_what_parameters_become() {
    let [x, y] = [[0.5_f32], [0.25]];
    for delta in [1e-60, 1e60] {
        let refused = Huber::new().delta(delta).forward(&x, &y).expect_err("0 and infinity are not admitted");
        assert!(matches!(refused, Error::Param { name: "delta", value, .. } if value == delta), "{refused}");
    }
    assert!(Huber::new().delta(1e-60).forward(&[0.5], &[0.25]).is_ok(), "a double holds it");
}

#[test]
fn a_parameter_that_is_rounded_to_0_is_0() {
    let [off, tiny, small] = [0.0, 1e-60, 1e-30].map(|smoothing| answer(smoothing).expect("it is admitted"));
    assert!(off.0.is_finite());
    assert_eq!(tiny, off);
    assert_eq!(small.0, f32::INFINITY);
}
