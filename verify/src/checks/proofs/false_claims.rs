//! Claims that have been made of losses in good faith and are false. Each is made of a spec here, beside the strongest true one of its
//! kind, and must be refuted with a point.

use super::tests::{ABSOLUTE, CUBE, HUBER, LOG_COSH, QUANTILE, REAL, SIGN, knot, property, proves, refutes};

/// A band of errors that cost nothing, and squares beyond it.
const INSENSITIVE: &str = "params:\n  epsilon: { default: 0.5, domain: \"0 < epsilon < inf\" }\nlet:\n  \
                           r: input - target\nloss: relu(abs(r) - epsilon)^2\n";
const ZERO_ONE: &str = "loss:\n  cases:\n    - { when: \"target * input < 0\", value: 1 }\n    - { otherwise: 0 }\n";
/// Distance-weighted discrimination with the power 1.
const DISCRIMINATION: &str = "let:\n  a: target * input\nloss:\n  cases:\n    \
                              - { when: a <= 0.5, value: 1 - a }\n    - { otherwise: 0.25 / a }\n";
const ROOT_OF_CUBE: &str = "loss: abs(input - target)^1.5\n";

/// The tangent at 0 needs `m r^2 / 2` beside it, which a line outgrows nowhere.
#[test]
fn log_cosh_is_strongly_convex_with_no_constant() {
    for constant in ["0.5", "1e-3", "1e-6"] {
        let claim = format!("strongly_convex_in: {{ input: {constant} }}");
        refutes(REAL, &property(LOG_COSH, &claim), "the declared curvature");
    }
}

#[test]
fn the_cube_of_the_error_is_flat_at_0_and_so_not_strongly_convex() {
    for constant in ["1", "0.1", "0.01"] {
        let claim = format!("strongly_convex_in: {{ input: {constant} }}");
        refutes(REAL, &property(CUBE, &claim), "the declared curvature");
    }
}

/// Two derivatives at 0 would bound how fast the first one changes beside it.
#[test]
fn a_power_of_less_than_2_has_no_second_derivative_at_0() {
    for bound in ["1", "100"] {
        let claim = format!("smooth_in: {{ input: {bound} }}");
        refutes(REAL, &property(ROOT_OF_CUBE, &claim), "the gradient changes by");
    }
}

#[test]
fn huber_has_no_second_derivative_at_either_knot() {
    for at in ["r == delta", "r == -delta"] {
        proves(REAL, &knot(HUBER, at, "C1"));
        refutes(REAL, &knot(HUBER, at, "C2"), "the second derivative with respect to input is");
    }
}

/// What is strictly convex has its least value at one point alone; strongly convex is more than that.
#[test]
fn a_loss_with_a_band_of_zeros_is_neither_strictly_nor_strongly_convex() {
    proves(REAL, &property(INSENSITIVE, "convex_in: [ input ]"));
    proves(REAL, &property(INSENSITIVE, "zero_iff: abs(r) <= epsilon"));
    refutes(REAL, &property(INSENSITIVE, "zero_iff: r == 0"), "the loss is 0");
    for constant in ["1", "0.01"] {
        let claim = format!("strongly_convex_in: {{ input: {constant} }}");
        refutes(REAL, &property(INSENSITIVE, &claim), "the declared curvature");
    }
}

#[test]
fn a_count_of_errors_is_lipschitz_with_no_constant() {
    proves(SIGN, &property(ZERO_ONE, "bounded: [ 0, 1 ]"));
    for constant in ["1", "1000"] {
        let claim = format!("lipschitz_in: {{ input: {constant} }}");
        refutes(SIGN, &property(ZERO_ONE, &claim), "the loss changes by");
    }
}

#[test]
fn weighted_discrimination_has_one_derivative_where_its_parts_meet() {
    proves(SIGN, &knot(DISCRIMINATION, "a == 0.5", "C1"));
    refutes(SIGN, &knot(DISCRIMINATION, "a == 0.5", "C2"), "the second derivative with respect to input is");
}

#[test]
fn the_gradient_of_a_quantile_loss_jumps() {
    for loss in [QUANTILE, ABSOLUTE] {
        refutes(REAL, &property(loss, "smooth_in: { input: 1000 }"), "the gradient changes by");
    }
}
