//! How accurate kernels are held to be, with the reasons. What a single check needs beside that stands at its head; all else is compared
//! bit for bit.

use loss_runtime::Element;

/// Whether two numbers are no further apart than is allowed. NaN is NaN; an infinity is near nothing but itself, and an allowance that is
/// infinite, because a number that it is a share of is, allows nothing.
pub(super) fn within(a: f64, b: f64, apart: f64) -> bool {
    a == b || (a.is_nan() && b.is_nan()) || (apart.is_finite() && (a - b).abs() <= apart)
}

/// How far a sum may be from the exact sum of its rounded terms, as a share of the sum of their sizes.
///
/// A sum adds the terms before they are rounded (half an epsilon each), over at most 8192 / 64 additions in a lane, and in `f64` from
/// there on. Errors of roundings add up to at most 128 halves; they do so in a random walk, of which 16 is far beyond.
pub(super) fn sum<T: Element>() -> f64 {
    (0.5 + 16.0 * 0.5 + 0.5) * T::EPSILON.to_f64()
}

/// How far a gradient for an upstream gradient that is no power of two may be from the product, in units in the last place.
///
/// The upstream gradient enters at the start of the chain of products: each of a few later roundings falls differently.
pub(super) const LINEAR_ULPS: f64 = 8.0;

/// How far an answer in `f64` may be from PyTorch's, as a share of it. Both round on the way, neither by the same steps.
pub(super) const GOLDEN_F64: f64 = 1e-12;

/// How far an answer in `f32` may be from PyTorch's in `f64`, in units in the last place.
pub(super) const GOLDEN_F32_ULPS: f64 = 8.0;

/// The share of the largest input or output by which a recorded answer may be off where its terms cancel: a few roundings of numbers
/// of that size.
pub(super) const GOLDEN_CANCELLATION_EPSILONS: f64 = 8.0;

/// How far a value or a gradient may be from the exact one, in units in the last place, or, where it is ill conditioned, in the moves of
/// the exact one that a unit in the last place of every number that goes in makes. A chain of at most six roundings.
pub(super) const ORACLE_ULPS: f64 = 4.0;

/// How far a derivative may be from a difference quotient of the exact values, as a share of it: both are compared as `f64`, and the
/// quotient of a step of 1e-40 misses the derivative by less than that.
pub(super) const QUOTIENT: f64 = f64::EPSILON * 16.0;

/// What a quotient may be off where the derivative is 0: the step itself.
pub(super) const QUOTIENT_STEP: f64 = 1e-38;

/// A quotient of one side at an end of the domain that is steeper than this may be that of an infinite derivative.
pub(super) const STEEP: f64 = 64.0;

/// How far the derivative that is extrapolated from a kernel's values may be from the kernel's gradient, as a share of it: what is left
/// of the method's error where the steps are an eighth of the numbers and less.
pub(super) const EXTRAPOLATED: f64 = 1e-7;

/// How many units in the last place of each value, and of what it moves by when what goes in moves by such a unit, a difference may be off.
pub(super) const EXTRAPOLATED_ULPS: f64 = 8.0;

/// How far two variants of one loss may be apart where they compute the same formula, in epsilons of the larger numbers in it. Each is
/// within [`ORACLE_ULPS`] of the truth.
pub(super) const VARIANT_EPSILONS: f64 = 2.0 * ORACLE_ULPS;

/// What the values of `none` and their gradients are meant to stay within, in units in the last place, where each is of its own
/// numbers alone and the table of errors says nothing. Beyond it an error is measured by the condition of the result: each rounding but
/// the last costs up to one unit, so that a product of three rounded factors may be off by more.
pub(super) const POINTWISE_GOAL: f64 = 2.0;

/// The same where they are of whole rows.
pub(super) const ROW_GOAL: f64 = ORACLE_ULPS;

/// How far the sum of very many `f32` may be from the exact one, as a share of the sum of their sizes: half of that is its own rounding.
pub(super) const LARGE_SUM: f64 = 1e-7;

/// How far a value or a gradient may be from that of another loss's kernel, of which a relation says that it is the same, as a share of
/// one, of it, and of the largest number that goes into either: the arguments of one are rounded on the way.
pub(super) const OTHER_KERNEL: f64 = 64.0 * f64::EPSILON;

/// How far apart the two sides of a relation may be, as a share of them: both are exact but for their rounding to `f64`.
pub(super) const RELATION: f64 = 1e-14;

/// How far apart the two sides of a limit may be so near to it, as a share of one plus their size.
pub(super) const LIMIT: f64 = 1e-9;

/// How far rounding may carry what a property says, as a share of the numbers that meet. What is read of the kernels is compared after
/// sums and products of its own, and beside points that are rounded themselves.
pub(super) const PROPERTY: f64 = 1e-10;

/// What rounding may add to a difference from an asymptote, as a share of the numbers in it.
pub(super) const ASYMPTOTE: f64 = 64.0 * f64::EPSILON;

/// How far apart what a loss reads its inputs through may be where it is to be the same, as a share of the inputs: a rounding of the sum
/// of two.
pub(super) const READING: f64 = 1e-14;

/// How far apart two one-sided derivatives may be, as a share of one plus their size: they are exact but for the step of 1e-40.
pub(super) const KNOT_SIDES: f64 = 1e-12;

/// Likewise for second derivatives, taken over a step of 2^-30 from gradients rounded to `f64`.
pub(super) const KNOT_SECOND_SIDES: f64 = 1e-5;

/// How far a drawn number may be from the truth, as a share of one plus its size: far less than a drawing shows, and far more than any
/// ill-conditioned place costs. Another check counts units in the last place.
pub(super) const DRAWN: f64 = 1e-9;

/// How well the place of a knot in a drawing is known.
pub(super) const DRAWN_KNOT: f64 = 1e-9;

#[cfg(test)]
mod tests {
    use super::within;

    #[test]
    fn an_infinity_is_near_itself_alone() {
        let inf = f64::INFINITY;
        assert!(within(1.0, 1.5, 0.5) && !within(1.0, 1.75, 0.5) && within(0.0, -0.0, 0.0));
        assert!(within(inf, inf, 0.0) && within(f64::NAN, f64::NAN, 0.0));
        for apart in [0.0, 1.0, inf, f64::NAN] {
            assert!(!within(inf, 5.0, apart) && !within(5.0, inf, apart) && !within(inf, -inf, apart), "{apart}");
            assert!(!within(f64::NAN, 5.0, apart) && !within(5.0, f64::NAN, apart), "{apart}");
        }
        assert!(!within(1.0, 2.0, inf) && !within(1.0, 2.0, f64::NAN));
    }
}
