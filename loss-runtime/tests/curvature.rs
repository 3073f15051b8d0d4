//! Second derivatives, as callers ask for them.
#![expect(clippy::unwrap_used, reason = "a call that is refused where it must not be, or the reverse, ends the test")]

use loss_runtime::{
    BceWithLogits, Call, Curvature, Error, Execution, Huber, KlDiv, L1, LOSSES, Labels, Loss, Mse, Reduction, Request,
    Shape, SmoothL1, Tensor, Upstream, Want, run,
};

fn loss(name: &str) -> &'static dyn Loss {
    LOSSES.iter().copied().find(|loss| loss.info().name == name).unwrap()
}

#[test]
fn the_curvature_of_a_square_is_two_over_the_divisor() {
    let (input, target, weight) = ([1.0, -2.0, 3.0, 0.5], [0.0; 4], [1.0, 2.0, 0.0, 5.0]);
    let mut curvature = [f64::NAN; 4];
    let sum = Mse::new().reduction(Reduction::Sum);
    sum.curvature_into(&input, &target, &mut curvature).unwrap();
    assert_eq!(curvature, [2.0; 4]);
    Mse::new().weight(&weight).curvature_into(&input, &target, &mut curvature).unwrap();
    assert_eq!(curvature, [0.25, 0.5, 0.0, 1.25]);
}

#[test]
fn the_curvature_of_a_logistic_loss_does_not_cancel() {
    let (input, target) = ([0.0, 40.0, -40.0, 800.0], [0.0, 1.0, 1.0, 0.0]);
    let mut curvature = [f64::NAN; 4];
    BceWithLogits::new().reduction(Reduction::None).curvature_into(&input, &target, &mut curvature).unwrap();
    assert_eq!(curvature[0], 0.25);
    let tail = (-40.0_f64).exp() / (1.0 + (-40.0_f64).exp()).powi(2);
    assert!((curvature[1] / tail - 1.0).abs() < 1e-15 && (curvature[2] / tail - 1.0).abs() < 1e-15);
    assert_eq!(curvature[3], 0.0);
}

#[test]
fn a_step_divides_by_the_declared_curvature() {
    let (input, target) = ([0.5, 1.0, 4.0, -8.0], [0.0; 4]);
    let (mut grad, mut hess, mut exact) = ([f64::NAN; 4], [f64::NAN; 4], [f64::NAN; 4]);
    let huber = Huber::new().reduction(Reduction::None);
    huber.grad_hess_into(&input, &target, &mut grad, &mut hess).unwrap();
    huber.curvature_into(&input, &target, &mut exact).unwrap();
    assert_eq!((grad, hess, exact), ([0.5, 1.0, 1.0, -1.0], [1.0, 1.0, 0.25, 0.125], [1.0, 1.0, 0.0, 0.0]));
    let smooth = SmoothL1::new().beta(2.0).reduction(Reduction::None);
    smooth.grad_hess_into(&input, &target, &mut grad, &mut hess).unwrap();
    assert_eq!((grad, hess), ([0.25, 0.5, 1.0, -1.0], [0.5, 0.5, 0.25, 0.125]));
    // At a knot the case that holds decides: `a < beta`.
    let mut knot = [f64::NAN];
    smooth.curvature_into(&[2.0], &[0.0], &mut knot).unwrap();
    assert_eq!(knot, [0.0]);
    let l1 = L1::new().reduction(Reduction::None);
    l1.grad_hess_into(&input, &target, &mut grad, &mut hess).unwrap();
    assert_eq!((grad, hess), ([1.0, 1.0, 1.0, -1.0], [1.0; 4]));
}

#[test]
fn what_is_linear_has_none() {
    let mut curvature = [f32::NAN; 2];
    KlDiv::new().curvature_into(&[-1.0, -2.0], &[0.5, 0.5], &mut curvature).unwrap();
    assert_eq!(curvature, [0.0; 2]);
}

#[test]
fn curvatures_lie_as_the_prediction_does_and_gaps_are_left_alone() {
    let input = [1.0_f32, 2.0, 9.0, 3.0, 4.0, 9.0];
    let strided = Tensor { data: &input, shape: Shape::new(&[2, 2]).unwrap(), row_stride: Some(3) };
    let target = [0.0_f32; 4];
    let mut curvature = [-7.0_f32; 6];
    let mut grad = [-7.0_f32; 6];
    let mse = Mse::new().reduction(Reduction::Sum);
    mse.grad_hess_into(strided, (&target, [2, 2]), &mut grad, &mut curvature).unwrap();
    assert_eq!(curvature, [2.0, 2.0, -7.0, 2.0, 2.0, -7.0]);
    assert_eq!(grad, [2.0, 4.0, -7.0, 6.0, 8.0, -7.0]);
}

#[test]
fn an_upstream_gradient_scales_it_as_it_scales_gradients() {
    let (input, target) = ([1.0_f64, 2.0], [0.0_f64, 0.0]);
    let mut call = Call::default();
    call.inputs[0] = Some(Tensor::from(&input).into());
    call.inputs[1] = Some(Tensor::from(&target).into());
    let mut curvature = [f64::NAN; 2];
    let request = Request {
        upstream: Upstream::Each(&[3.0, -0.5]),
        curvature: Some((Curvature::Exact, &mut curvature)),
        want: Want::Nothing,
        ..Request::default()
    };
    run(loss("mse"), &call, request).unwrap();
    assert_eq!(curvature, [6.0, -1.0]);
}

#[test]
fn a_call_that_cannot_be_answered_writes_nothing() {
    let mut curvature = [f64::NAN; 3];
    let refused = Mse::new().curvature_into(&[1.0, 2.0], &[0.0, 0.0], &mut curvature);
    assert_eq!(refused, Err(Error::OutputLength { output: "curvature", expected: 2, found: 3 }));
    let nothing: [f64; 0] = [];
    let empty = Mse::new().curvature_into(&nothing, &nothing, &mut []);
    assert_eq!(empty, Err(Error::ZeroDivisor { reduction: "mean" }));
    let mut call = Call::default();
    call.inputs[0] = Some(Tensor::from((&[1.0, 2.0], [1, 2])).into());
    call.inputs[1] = Some(Labels::from(&[0_i64]).into());
    let request =
        Request { curvature: Some((Curvature::Exact, &mut curvature)), want: Want::Nothing, ..Request::default() };
    let refused = run(loss("cross_entropy"), &call, request);
    assert_eq!(refused.unwrap_err(), Error::NoCurvature { loss: "cross_entropy" });
    assert!(curvature.iter().all(|number| number.is_nan()));
}

#[test]
fn no_bit_depends_on_the_number_of_threads() {
    let input: Vec<f32> = (0..(1 << 19) + 5).map(|place| (place % 1013) as f32 / 101.3 - 5.0).collect();
    let target = vec![1.0_f32; input.len()];
    let find = |threads| {
        let (mut grad, mut hess) = (vec![f32::NAN; input.len()], vec![f32::NAN; input.len()]);
        let execution = Execution { isa: None, threads };
        let loss = BceWithLogits::new().reduction(Reduction::Sum).execution(execution);
        loss.grad_hess_into(&input, &target, &mut grad, &mut hess).unwrap();
        (grad, hess)
    };
    let (one, all) = (find(Some(1)), find(None));
    assert!(one == all && one.1.iter().all(|number| *number > 0.0));
}
