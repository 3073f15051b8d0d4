//! Hessian-vector products, as callers ask for them.
#![expect(clippy::unwrap_used, reason = "a call that is refused where it must not be, or the reverse, ends the test")]

use loss_runtime::{
    Call, CosineEmbedding, CrossEntropy, CrossEntropySoft, Error, HessianProduct, LOSSES, Labels, Loss, Reduction,
    Request, Shape, Tensor, Upstream, Want, run,
};

fn loss(name: &str) -> &'static dyn Loss {
    LOSSES.iter().copied().find(|loss| loss.info().name == name).unwrap()
}

/// The product of one row under `none`.
fn of_row(logits: &[f64], direction: &[f64]) -> Vec<f64> {
    let mut product = vec![f64::NAN; logits.len()];
    let logits = (logits, [1, logits.len()]);
    let none = CrossEntropy::new().reduction(Reduction::None);
    none.hessian_vector_into(logits, &[0_i64], Upstream::One, direction, &mut product).unwrap();
    product
}

#[test]
fn the_hessian_of_a_softmax_is_the_covariance_of_its_classes() {
    assert_eq!(of_row(&[0.0, 0.0], &[1.0, 0.0]), [0.25, -0.25]);
    assert_eq!(of_row(&[0.0, 0.0, f64::NEG_INFINITY], &[1.0, 0.0, 5.0]), [0.25, -0.25, 0.0]);
    // Along a shift of all classes nothing changes, however large it is.
    assert_eq!(of_row(&[0.3, -1.2, 2.5], &[1e10; 3]), [0.0; 3]);
    // What a sure class lacks to 1 keeps its digits.
    let share = (-50.0_f64).exp();
    let found = of_row(&[50.0, 0.0], &[1.0, 0.0]);
    assert!((found[0] / share - 1.0).abs() < 1e-15 && (found[1] / share + 1.0).abs() < 1e-15, "{found:?}");
}

#[test]
fn products_are_scaled_by_weights_upstream_and_divisor_as_gradients_are() {
    let (logits, direction) = (([0.0, 0.0, 0.0, 0.0, 7.0, 1.0], [3, 2]), [1.0, 0.0, 2.0, 0.0, f64::NAN, f64::NAN]);
    let (logits, weight) = ((&logits.0, logits.1), [1.0, 3.0]);
    let mut product = [f64::NAN; 6];
    let mean = CrossEntropy::new().weight(&weight);
    mean.hessian_vector_into(logits, &[0_i64, 1, -100], 2.0, &direction, &mut product).unwrap();
    // Weights 1 and 3 over a divisor of 4; the last row is left out, and its direction is not read.
    assert_eq!(product, [0.125, -0.125, 0.75, -0.75, 0.0, 0.0]);
    assert!(product[4].is_sign_positive() && product[5].is_sign_positive());
    let mut each = [f64::NAN; 6];
    let none = CrossEntropy::new().weight(&weight).reduction(Reduction::None);
    none.hessian_vector_into(logits, &[0_i64, 1, -100], &[0.5, 0.25, 1.0], &direction, &mut each).unwrap();
    assert_eq!(each, [0.125, -0.125, 0.375, -0.375, 0.0, 0.0]);
}

#[test]
fn a_label_in_shares_bends_as_a_class_does() {
    let (logits, direction) = (([0.4_f32, -1.0, 2.0], [1, 3]), [0.5_f32, 1.5, -1.0]);
    let (mut by_class, mut by_shares) = ([f32::NAN; 3], [f32::NAN; 3]);
    let logits = (&logits.0, logits.1);
    CrossEntropy::new().hessian_vector_into(logits, &[2_i64], 1.0, &direction, &mut by_class).unwrap();
    let target = ([0.2_f32, 0.3, 0.5], [1, 3]);
    let soft = CrossEntropySoft::new();
    soft.hessian_vector_into(logits, (&target.0, target.1), 1.0, &direction, &mut by_shares).unwrap();
    for (a, b) in by_class.iter().zip(by_shares) {
        assert!((a - b).abs() <= 4.0 * f32::EPSILON * a.abs(), "{by_class:?} {by_shares:?}");
    }
}

#[test]
fn both_vectors_of_a_cosine_have_products() {
    // At right angles the Hessian of 1 - cosine in a unit vector is that vector and the other one, multiplied both ways.
    let (one, other, direction) = ([1.0, 0.0], [0.0, 1.0], [1.0, 3.0]);
    let cosine = CosineEmbedding::new().eps(0.0).reduction(Reduction::Sum);
    let vectors = ((&one, [1, 2]), (&other, [1, 2]));
    let mut product = [f64::NAN; 2];
    cosine.hessian_vector_input1_into(vectors.0, vectors.1, &[1_i64], 1.0, &direction, &mut product).unwrap();
    assert_eq!(product, [3.0, 1.0]);
    cosine.hessian_vector_input2_into(vectors.0, vectors.1, &[1_i64], 1.0, &direction, &mut product).unwrap();
    assert_eq!(product, [3.0, 1.0]);
}

#[test]
fn directions_lie_as_the_input_does_and_gaps_are_left_alone() {
    let logits = [0.0, 0.0, 9.0, 0.0, 0.0, 9.0];
    let strided = Tensor { data: &logits, shape: Shape::new(&[2, 2]).unwrap(), row_stride: Some(3) };
    let mut product = [-7.0; 6];
    let sum = CrossEntropy::new().reduction(Reduction::Sum);
    sum.hessian_vector_into(strided, &[0_i64, 0], 1.0, &[1.0, 0.0, 5.0, 0.0, 2.0, 5.0], &mut product).unwrap();
    assert_eq!(product, [0.25, -0.25, -7.0, -0.5, 0.5, -7.0]);
}

#[test]
fn a_call_that_cannot_be_answered_names_what_is_wrong_and_writes_nothing() {
    let (logits, labels) = ((&[0.0, 1.0, 2.0, 3.0], [2, 2]), [0_i64, 1]);
    let mut product = [f64::NAN; 4];
    let refused = CrossEntropy::new().hessian_vector_into(logits, &labels, 1.0, &[1.0; 3], &mut product);
    assert_eq!(refused, Err(Error::DirectionLength { input: "input", expected: 4, found: 3 }));
    assert_eq!(refused.unwrap_err().to_string(), "the direction has 3 values; `input`, along which it leads, has 4");
    let refused = CrossEntropy::new().hessian_vector_into(logits, &labels, 1.0, &[1.0; 4], &mut product[..3]);
    assert_eq!(refused, Err(Error::OutputLength { output: "product", expected: 4, found: 3 }));
    let refused = CrossEntropy::new().hessian_vector_into(logits, &[-100, -100], 1.0, &[1.0; 4], &mut product);
    assert_eq!(refused, Err(Error::ZeroDivisor { reduction: "mean" }));
    let none = CrossEntropy::new().reduction(Reduction::None);
    let refused = none.hessian_vector_into(logits, &labels, &[1.0], &[1.0; 4], &mut product);
    assert_eq!(refused, Err(Error::Upstream { expected: 2, found: 1 }));
    let mut call = Call::default();
    call.inputs[0] = Some(Tensor::from((&[1.0, 2.0], [2])).into());
    call.inputs[1] = Some(Tensor::from((&[1.0, 2.0], [2])).into());
    let wanted = HessianProduct { input: 0, direction: &[1.0; 2], product: &mut product[..2] };
    let request = Request { product: Some(wanted), want: Want::Nothing, ..Request::default() };
    let refused = run(loss("mse"), &call, request).unwrap_err();
    assert_eq!(refused, Error::NoHessianProduct { loss: "mse", input: "input" });
    assert_eq!(refused.to_string(), "the loss `mse` has no Hessian-vector products in `input`");
    let mut call = Call::default();
    call.inputs[0] = Some(Tensor::from((&[1.0, 2.0], [1, 2])).into());
    call.inputs[1] = Some(Labels::from(&[0_i64]).into());
    let wanted = HessianProduct { input: 1, direction: &[1.0; 2], product: &mut product[..2] };
    let request = Request { product: Some(wanted), want: Want::Nothing, ..Request::default() };
    let refused = run(loss("cross_entropy"), &call, request).unwrap_err();
    assert_eq!(refused, Error::NoHessianProduct { loss: "cross_entropy", input: "target" });
    assert!(product.iter().all(|number| number.is_nan()));
}

#[cfg(feature = "half")]
#[test]
fn narrow_numbers_are_widened_and_products_rounded_once() {
    use half::bf16;
    let narrow = |numbers: &[f32]| -> Vec<bf16> { numbers.iter().map(|&number| bf16::from_f32(number)).collect() };
    let wide = |numbers: &[bf16]| -> Vec<f32> { numbers.iter().map(|number| number.to_f32()).collect() };
    let (logits, direction) = (narrow(&[0.3, -1.1, 2.7, 0.0, 0.9, -4.0]), narrow(&[1.0, 0.3, -0.7, 2.0, 0.1, 0.6]));
    let mut product = vec![bf16::ZERO; 6];
    let loss = || CrossEntropy::new().reduction(Reduction::Sum);
    loss().hessian_vector_into((&logits, [2, 3]), &[0_i64, 2], 1.0, &direction, &mut product).unwrap();
    let mut expected = vec![f32::NAN; 6];
    let (logits, direction) = (wide(&logits), wide(&direction));
    let loss = CrossEntropy::new().reduction(Reduction::Sum);
    loss.hessian_vector_into((&logits, [2, 3]), &[0_i64, 2], 1.0, &direction, &mut expected).unwrap();
    assert_eq!(product, narrow(&expected));
}
