//! Second derivatives: which kernel runs, and where what it writes goes.

use loss_runtime::call::{Call, Curvature, HessianProduct, Reduction, Request, Upstream, Want};
use loss_runtime::drive::{elementwise_forward, elementwise_fused};
use loss_runtime::info::{CurvatureInfo, InputInfo, LossInfo};
use loss_runtime::kernel::{CURVATURE, CallConstants, DIRECTION, Elementwise};
use loss_runtime::lane::Lane;
use loss_runtime::registry::{Curvatures, Kernel, Product, Variant, VariantReduction};
use loss_runtime::{Error, Tensor, TensorMut, run, run_in_place};

use crate::kernels::WeightedSquare;
use crate::losses::{LAST, MEAN, ROWS, Toy, info, input, toy};

/// What the kernel of the curvature writes as the gradient: not what the loss's own does.
const TOLD: f64 = 4242.0;

/// The second derivative of `w * x^2`, and a gradient that tells who wrote it.
struct Bent;

impl Elementwise<2, 0, 2> for Bent {
    const INPUTS: [usize; 2] = [0, 1];
    const GRADIENTS: [usize; 2] = [0, CURVATURE];
    fn uniforms(_: &CallConstants<'_>) -> [f64; 0] {
        []
    }
    #[inline(always)]
    fn value<L: Lane>(token: L::Token, _: &[L; 0], _: &[L; 2]) -> L {
        L::splat(token, 0.0)
    }
    #[inline(always)]
    fn fused<L: Lane>(token: L::Token, _: &[L; 0], x: &[L; 2], upstream: L) -> (L, [L; 2]) {
        (L::splat(token, 0.0), [L::splat(token, TOLD), upstream * (x[1] + x[1])])
    }
}

/// A number times the direction, for an input each.
struct Turned<const BY: usize>;

impl<const BY: usize> Elementwise<1, 0, 1> for Turned<BY> {
    const INPUTS: [usize; 1] = [DIRECTION];
    const GRADIENTS: [usize; 1] = [DIRECTION];
    fn uniforms(_: &CallConstants<'_>) -> [f64; 0] {
        []
    }
    #[inline(always)]
    fn value<L: Lane>(token: L::Token, _: &[L; 0], _: &[L; 1]) -> L {
        L::splat(token, 0.0)
    }
    #[inline(always)]
    fn fused<L: Lane>(token: L::Token, _: &[L; 0], x: &[L; 1], upstream: L) -> (L, [L; 1]) {
        (L::splat(token, 0.0), [upstream * L::splat(token, BY as f64) * x[0]])
    }
}

macro_rules! bent {
    ($float:ident) => {
        Variant {
            axes: 3,
            loss: Kernel {
                forward: elementwise_forward::<$float, WeightedSquare, 2, 0, 2>,
                fused: elementwise_fused::<$float, WeightedSquare, 2, 0, 2>,
                of_places: true,
                lines: None,
                curvatures: Curvatures { exact: Some(elementwise_fused::<$float, Bent, 2, 0, 2>), step: None },
                products: &[
                    Product { of: 0, run: elementwise_fused::<$float, Turned<2>, 1, 0, 1> },
                    Product { of: 1, run: elementwise_fused::<$float, Turned<3>, 1, 0, 1> },
                ],
                shared: &[],
            },
            reductions: &[VariantReduction { of: None, over: None }],
            input_domains: &[],
            accumulate_f64: false,
        }
    };
}
const WEIGHT: InputInfo = InputInfo { broadcast: &[1], ..input("weight", &[0, 1], true) };
static BENT_INFO: LossInfo = LossInfo {
    curvature: Some(CurvatureInfo { input: 0, step: None }),
    hessian_products: &[0, 1],
    ..info("bent", &[ROWS, LAST], &[input("input", &[0, 1], true), WEIGHT], &[], &[MEAN])
};
toy!(/** `w * x^2` with second derivatives. */ BENT, BENT_INFO, bent);

const X: [f64; 6] = [1.0, -2.0, 0.5, 3.0, 0.0, 4.0];
const W: [f64; 6] = [1.0, 2.0, 0.25, 0.0, 5.0, 1.5];

fn call<'a, T>(x: &'a [T; 6], w: &'a [T; 6]) -> Call<'a, T> {
    let mut call = Call::default();
    call.inputs[0] = Some(Tensor::from((x, [3, 2])).into());
    call.inputs[1] = Some(Tensor::from((w, [3, 2])).into());
    call
}

#[test]
fn a_curvature_and_the_gradient_of_its_input_alone_are_one_reading() {
    for (want, values, own, other) in [
        (Want::Nothing, false, true, false),
        (Want::Nothing, false, false, false),
        (Want::Nothing, false, false, true),
        (Want::Nothing, false, true, true),
        (Want::Nothing, true, true, false),
        (Want::Nothing, true, false, false),
        (Want::Value, false, true, false),
        (Want::Value, false, false, false),
        (Want::Partial, false, true, false),
        (Want::Value, true, true, true),
    ] {
        let (mut curvature, mut elements, mut of_x, mut of_w) = ([7.0; 6], [7.0; 6], [7.0; 6], [7.0; 6]);
        let mut request = Request { upstream: Upstream::Scalar(3.0), want, ..Request::value(Reduction::MEAN) };
        request.curvature = Some((Curvature::Exact, &mut curvature));
        request.elements = values.then_some(&mut elements);
        request.gradients[0] = own.then_some(&mut of_x);
        request.gradients[1] = other.then_some(&mut of_w);
        let outcome = run(&BENT, &call(&X, &W), request).unwrap();
        let what = format!("{want:?}, {values}, {own}, {other}");
        let sum = 1.0 + 8.0 + 0.0625 + 24.0;
        let is_one = own && !other && !values && want == Want::Nothing;
        for at in 0..6 {
            let (x, w) = (X[at], W[at]);
            assert_eq!(curvature[at], w, "{what}: curvature"); // 2 w * 3 / 6
            let slope = if is_one { TOLD } else { x * w };
            assert_eq!(of_x[at], if own { slope } else { 7.0 }, "{what}: gradient");
            assert_eq!(of_w[at], if other { x * x / 2.0 } else { 7.0 }, "{what}: gradient of the weight");
            assert_eq!(elements[at], if values { w * x * x } else { 7.0 }, "{what}: values");
        }
        assert_eq!(outcome.value, (want == Want::Value).then_some(sum / 6.0), "{what}");
        assert_eq!(outcome.partial.sum, if want == Want::Nothing { 0.0 } else { sum }, "{what}");
    }
}

#[test]
fn a_reduction_without_a_second_derivative_says_so() {
    let mut curvature = [7.0; 6];
    let request = Request { curvature: Some((Curvature::Step, &mut curvature)), ..Request::value(Reduction::Sum) };
    let error = Error::Unsupported { what: "the second derivative of this reduction" };
    assert_eq!(run(&BENT, &call(&X, &W), request), Err(error));
    assert_eq!(curvature, [7.0; 6]);
}

#[test]
fn a_product_lies_as_its_input_does() {
    let direction = [1.0, -1.0, 2.0, 0.5, 8.0, 3.0];
    for (input, by) in [(0, 2.0), (1, 3.0)] {
        let (mut product, mut of_x) = ([7.0; 6], [7.0; 6]);
        let mut request = Request { upstream: Upstream::Scalar(3.0), ..Request::value(Reduction::MEAN) };
        request.product = Some(HessianProduct { input, direction: &direction, product: &mut product });
        request.gradients[0] = Some(&mut of_x);
        run(&BENT, &call(&X, &W), request).unwrap();
        assert_eq!(product, direction.map(|d| d * by / 2.0));
        assert_eq!(of_x, std::array::from_fn(|at| X[at] * W[at]));
    }
    // Of a weight that is the same for all places of a row, a sum over them.
    let (direction, mut product) = ([1.0, -2.0, 0.5], [7.0; 3]);
    let mut call = call(&X, &W);
    call.inputs[1] = Some(Tensor::from(&[1.0, 2.0, 3.0]).into());
    let wanted = HessianProduct { input: 1, direction: &direction, product: &mut product };
    run(&BENT, &call, Request { product: Some(wanted), ..Request::value(Reduction::Sum) }).unwrap();
    assert_eq!(product, [6.0, -12.0, 3.0]);
    // There is none of what is absent, or of a place where there is no input.
    for (input, name) in [(2, ""), (usize::MAX, "")] {
        let wanted = HessianProduct { input, direction: &direction, product: &mut product };
        let refused = run(&BENT, &call, Request { product: Some(wanted), ..Request::value(Reduction::Sum) });
        assert_eq!(refused, Err(Error::NoHessianProduct { loss: "bent", input: name }));
    }
}

#[cfg(feature = "half")]
#[test]
fn in_half_precision_a_product_is_rounded_and_one_that_is_a_sum_refused() {
    use half::f16;
    let (x, w) = (X.map(f16::from_f64), W.map(f16::from_f64));
    let direction = [1.0, -1.0, 2.0, 0.5, 8.0, 3.0].map(f16::from_f64);
    for input in [0, 1] {
        let mut product = [f16::ONE; 6];
        let wanted = HessianProduct { input, direction: &direction, product: &mut product };
        run(&BENT, &call(&x, &w), Request { product: Some(wanted), ..Request::value(Reduction::Sum) }).unwrap();
        assert_eq!(product.map(f16::to_f64), direction.map(|d| d.to_f64() * [2.0, 3.0][input]));
    }
    let mut call = call(&x, &w);
    call.inputs[1] = Some(Tensor::from(&[f16::ONE; 3]).into());
    let mut product = [f16::ONE; 3];
    let wanted = HessianProduct { input: 1, direction: &direction[..3], product: &mut product };
    let refused = run(&BENT, &call, Request { product: Some(wanted), ..Request::value(Reduction::Sum) });
    assert!(matches!(refused, Err(Error::Unsupported { .. })), "{refused:?}");
    assert_eq!(product, [f16::ONE; 3]);
}

#[test]
fn second_derivatives_do_not_go_with_a_gradient_in_place() {
    let mut call = call(&X, &W);
    call.inputs[0] = None;
    for which in 0..2 {
        let (mut place, mut other) = (X, [7.0; 6]);
        let mut request = Request::value(Reduction::Sum);
        if which == 0 {
            request.curvature = Some((Curvature::Exact, &mut other));
        } else {
            request.product = Some(HessianProduct { input: 0, direction: &W, product: &mut other });
        }
        let refused = run_in_place(&BENT, &call, request, 0, TensorMut::from((&mut place, [3, 2])));
        assert!(matches!(refused, Err(Error::Unsupported { .. })), "{refused:?}");
        assert_eq!((place, other), (X, [7.0; 6]));
    }
}
