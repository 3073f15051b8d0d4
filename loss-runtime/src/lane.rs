//! One trait for everything a formula does to a vector of numbers.

/// A float type that losses are computed in: `f32` or `f64`.
pub trait Real: Copy + Send + Sync + PartialOrd + core::fmt::Debug + 'static {}

/// A fixed-size vector of [`Real`]s: the same number of lanes, and the same bits, on every instruction set.
pub trait Lane:
    Copy
    + Send
    + Sync
    + core::ops::Add<Output = Self>
    + core::ops::Sub<Output = Self>
    + core::ops::Mul<Output = Self>
    + core::ops::Div<Output = Self>
    + core::ops::Neg<Output = Self>
{
    /// What it holds.
    type Scalar: Real;
    /// The proof that the instruction set is there.
    type Token: Copy + Send + Sync;
    /// The result of a comparison.
    type Mask: Copy
        + core::ops::BitAnd<Output = Self::Mask>
        + core::ops::BitOr<Output = Self::Mask>
        + core::ops::Not<Output = Self::Mask>;
    /// How many numbers: 16 of `f32`, 8 of `f64`.
    const LANES: usize;

    /// `value` in every lane. Generated code passes its constants as `f64` (already rounded where `Scalar` is `f32`).
    fn splat(token: Self::Token, value: f64) -> Self;
}
