//! The functions that are computed one number at a time: known values, and the edges of the spec language.

use loss_runtime::lane::Real;
use loss_runtime::uniform;

/// (name, function, argument, result, ULP). The results are those of mpmath at 60 digits, rounded.
type Row = (&'static str, fn(f64) -> f64, f64, f64, u64);

const KNOWN: &[Row] = &[
    ("digamma", Real::digamma, 1e-05, -100000.57719921567, 3),
    ("digamma", Real::digamma, 0.3, -3.502524222200133, 3),
    ("digamma", Real::digamma, 1.2, -0.2890398965921884, 3),
    ("digamma", Real::digamma, 1.45, -0.011316422586445888, 3),
    ("digamma", Real::digamma, 1.4616321449683622, -9.241265521729427e-17, 3),
    ("digamma", Real::digamma, 1.4616321449683625, 1.2245374622004068e-16, 3),
    ("digamma", Real::digamma, 1.5, 0.03648997397857652, 3),
    ("digamma", Real::digamma, 1.6, 0.12604745277347632, 3),
    ("digamma", Real::digamma, 1.67, 0.18447498126732956, 3),
    ("digamma", Real::digamma, 3.5, 1.103156640645243, 3),
    ("digamma", Real::digamma, 100.0, 4.600161852738087, 3),
    ("digamma", Real::digamma, 10000000000.0, 23.025850929890456, 3),
    ("lgamma", Real::lgamma, 1e-05, 11.512919692895826, 1),
    ("lgamma", Real::lgamma, 0.5, 0.5723649429247001, 1),
    ("lgamma", Real::lgamma, 1.3, -0.10817480950786047, 1),
    ("lgamma", Real::lgamma, 2.7, 0.4348205536551047, 1),
    ("lgamma", Real::lgamma, 100.0, 359.1342053695754, 1),
    ("log_normal_cdf", Real::log_normal_cdf, -1000.0, -500007.82669481216, 5),
    ("log_normal_cdf", Real::log_normal_cdf, -38.0, -726.5572160188201, 5),
    // Half a unit is what the square loses here, and no more than a tenth is lost elsewhere.
    ("log_normal_cdf", Real::log_normal_cdf, -34.808, -610.2680414395201, 0),
    ("log_normal_cdf", Real::log_normal_cdf, -22.35, -253.78900684452083, 0),
    ("log_normal_cdf", Real::log_normal_cdf, -10.0, -53.23128515051247, 5),
    ("log_normal_cdf", Real::log_normal_cdf, -1.0, -1.8410216450092636, 5),
    ("log_normal_cdf", Real::log_normal_cdf, -1e-09, -0.6931471813578298, 5),
    ("log_normal_cdf", Real::log_normal_cdf, 0.5, -0.3689464152886564, 5),
    ("log_normal_cdf", Real::log_normal_cdf, 3.0, -0.0013508099647481938, 5),
    ("log_normal_cdf", Real::log_normal_cdf, 8.0, -6.220960574271786e-16, 5),
    ("log_normal_cdf", Real::log_normal_cdf, 24.6738, -1.0221240479058237e-134, 5),
    ("log_normal_cdf", Real::log_normal_cdf, 37.0, -5.725571222524577e-300, 5),
    ("log_normal_cdf", Real::log_normal_cdf, 38.2, -1.40804e-319, 5),
    ("erf", Real::erf, 0.3, 0.3286267594591274, 1),
    ("erf", Real::erf, -1.2, -0.9103139782296353, 1),
    ("erf", Real::erf, 4.0, 0.9999999845827421, 1),
    ("tan", Real::tan, 1.5, 14.101419947171719, 1),
    ("tan", Real::tan, -0.2, -0.2027100355086725, 1),
    ("sinh", Real::sinh, 0.3, 0.3045202934471426, 1),
    ("sinh", Real::sinh, -9.0, -4051.54190208279, 1),
    ("cosh", Real::cosh, 0.3, 1.0453385141288605, 1),
    ("cosh", Real::cosh, 9.0, 4051.542025492594, 1),
    ("atan", Real::atan, 0.5, 0.4636476090008061, 1),
    ("atan", Real::atan, -20.0, -1.5208379310729538, 1),
    ("acos", Real::acos, -0.9, 2.6905658417935308, 1),
    ("acos", Real::acos, 0.4, 1.1592794807274085, 1),
    ("sin", Real::sin, 2.0, 0.9092974268256817, 1),
    ("sin", Real::sin, 100000.0, 0.03574879797201651, 1),
    ("cos", Real::cos, 2.0, -0.4161468365471424, 1),
    ("cos", Real::cos, 100000.0, -0.9993608074382124, 1),
];

#[test]
fn functions_of_one_number_have_known_values() {
    for &(name, function, x, expected, ulps) in KNOWN {
        let actual = function(x);
        let distance = actual.to_bits().abs_diff(expected.to_bits());
        assert!(
            actual.to_bits() == expected.to_bits() || distance <= ulps,
            "{name} of {x:e} (bits {:#x}): expected {expected:e} ({:#x}), got {actual:e} ({:#x}), {distance} ulp",
            x.to_bits(),
            expected.to_bits(),
            actual.to_bits(),
        );
    }
}

#[test]
fn what_generated_code_needs_once_a_call_is_the_same_functions() {
    macro_rules! same {
        ($($name:ident)*) => {
            $(for x in [0.0, 0.3, 0.75, 1.0] {
                let (found, expected): (f64, f64) = (uniform::$name(x), Real::$name(x));
                assert_eq!(found.to_bits(), expected.to_bits(), "{} of {x}", stringify!($name));
            })*
        };
    }
    same!(abs exp expm1 log log1p sin cos tan sinh cosh tanh atan acos lgamma digamma erf log_normal_cdf);
    assert_eq!((uniform::abs(-1.5), uniform::sqrt(6.25), uniform::pow(4.0, 1.5)), (1.5, 2.5, 8.0));
    assert!(uniform::pow(-2.0, 2.0).is_nan());
}

fn edges<T: Real>() {
    let of = |f: fn(T) -> T, x: f64| f(T::from_f64(x)).to_f64();
    let pow = |x: f64, p: f64| T::from_f64(x).pow(T::from_f64(p)).to_f64();
    let inf = f64::INFINITY;
    assert_eq!(of(T::lgamma, 0.0), inf);
    assert_eq!(of(T::lgamma, inf), inf);
    assert_eq!(of(T::digamma, 0.0), -inf);
    assert_eq!(of(T::digamma, inf), inf);
    assert_eq!(of(T::log_normal_cdf, -inf), -inf);
    assert_eq!(of(T::log_normal_cdf, inf), 0.0);
    assert_eq!(of(T::erf, inf), 1.0);
    assert_eq!(of(T::sinh, -inf), -inf);
    assert_eq!(of(T::cosh, -inf), inf);
    assert_eq!(of(T::acos, 1.0), 0.0);
    assert_eq!(pow(0.0, 2.5), 0.0);
    assert_eq!(pow(0.0, 0.0), 1.0);
    assert_eq!(pow(-0.0, -1.0), inf);
    assert_eq!(pow(4.0, 0.5), 2.0);
    for nan in [
        of(T::lgamma, -0.5),
        of(T::digamma, -0.5),
        of(T::acos, 1.5),
        of(T::sin, inf),
        of(T::tan, f64::NAN),
        of(T::atan, f64::NAN),
        of(T::log_normal_cdf, f64::NAN),
        of(T::digamma, f64::NAN),
        pow(-2.0, 2.0),
        pow(f64::NAN, 0.0),
        pow(1.0, f64::NAN),
    ] {
        assert!(nan.is_nan(), "expected NaN, got {nan}");
    }
}

#[test]
fn f32_functions_of_one_number_keep_the_promises_at_their_edges() {
    edges::<f32>();
}

#[test]
fn f64_functions_of_one_number_keep_the_promises_at_their_edges() {
    edges::<f64>();
}
