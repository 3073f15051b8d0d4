//! One trait for everything a formula does to a vector of numbers.
//!
//! A kernel is written once, generic over [`Lane`]. It is instantiated with vectors of 16 `f32` or 8 `f64` for every instruction set
//! (`simd`), of narrower ones side by side where those are not so wide (`pair`), and [`Real::dispatch`] chooses one at run time
//! (`isa`). Every operation gives the same bits on every instruction set (which NaN a NaN is, is the one exception): multiply-add is
//! always fused, and the larger of two is what a comparison and a selection give.

mod isa;
mod out_of_line;
mod pair;
mod real;
mod simd;
pub(crate) mod transpose;

pub use isa::{Isa, LaneTask};
pub(crate) use real::Format;
pub use real::Real;

/// The most lanes a vector has.
pub(crate) const MAX_LANES: usize = 16;

/// Copies as many numbers as both slices have, fewer than 32: by powers of two, each a copy of a length known to the compiler, because a loop, or a
/// call, takes longer than all of what is done with a vector's last few lanes.
#[inline(always)]
fn copy_few<T: Copy>(from: &[T], to: &mut [T]) {
    let count = from.len().min(to.len());
    let mut at = 0;
    macro_rules! copy {
        ($($length:literal)*) => {
            $(if count & $length != 0 {
                to[at..at + $length].copy_from_slice(&from[at..at + $length]);
                at += $length;
            })*
        };
    }
    copy!(16 8 4 2 1);
    debug_assert_eq!(at, count, "copied by powers of two");
}

/// A fixed-size vector of [`Real`]s: the same number of lanes, and the same bits, on every instruction set.
///
/// Every method must be called from code that [`Real::dispatch`] entered, inlined all the way (`#[inline(always)]`); elsewhere it is
/// right but slow.
#[expect(
    clippy::redundant_closure,
    reason = "a function item passed to `map` goes through a shim without target features"
)]
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
    /// How many numbers: 16 of `f32`, 8 of `f64`. Fewer only in the parts that such a vector is made of.
    const LANES: usize;

    // Making one, and taking it apart.

    /// `value` in every lane. Generated code passes its constants as `f64` (already rounded where `Scalar` is `f32`).
    fn splat(token: Self::Token, value: f64) -> Self;
    /// `value` in every lane.
    fn from_scalar(token: Self::Token, value: Self::Scalar) -> Self;
    /// The proof this vector carries.
    fn token(self) -> Self::Token;
    /// The first [`Lane::LANES`] numbers of a slice.
    ///
    /// # Panics
    /// If the slice is shorter.
    fn load(token: Self::Token, from: &[Self::Scalar]) -> Self;
    /// Writes the numbers to the first [`Lane::LANES`] places of a slice.
    ///
    /// # Panics
    /// If the slice is shorter.
    fn store(self, to: &mut [Self::Scalar]);
    /// The lanes of both, by turns: the first halves in one vector, the second halves in the other.
    fn interleave(self, other: Self) -> (Self, Self);

    // Arithmetic.

    /// The absolute value.
    fn abs(self) -> Self;
    /// The square root, correctly rounded.
    fn sqrt(self) -> Self;
    /// `self * b + c`, rounded once.
    fn mul_add(self, b: Self, c: Self) -> Self;

    /// The larger one; `self` where either is NaN, and where they are equal.
    fn max_ignoring_nan(self, other: Self) -> Self;
    /// The smaller one; `self` where either is NaN, and where they are equal.
    fn min_ignoring_nan(self, other: Self) -> Self;

    // Comparisons: IEEE, all but `ne` are false on NaN.

    /// `self < other`
    fn lt(self, other: Self) -> Self::Mask;
    /// `self <= other`
    fn le(self, other: Self) -> Self::Mask;
    /// `self > other`
    fn gt(self, other: Self) -> Self::Mask;
    /// `self >= other`
    fn ge(self, other: Self) -> Self::Mask;
    /// `self == other`
    fn eq(self, other: Self) -> Self::Mask;
    /// `self != other`
    fn ne(self, other: Self) -> Self::Mask;
    /// Lanes from `a` where the mask is set, from `b` where it is not.
    fn select(mask: Self::Mask, a: Self, b: Self) -> Self;
    /// Whether any lane is set.
    fn mask_any(mask: Self::Mask) -> bool;
    /// Whether all lanes are set.
    fn mask_all(mask: Self::Mask) -> bool;
    /// The lanes whose place in the slice holds `true`; lanes beyond it are not set.
    fn mask_from_bools(token: Self::Token, lanes: &[bool]) -> Self::Mask;
    /// The first `n` lanes.
    fn first_lanes(token: Self::Token, n: usize) -> Self::Mask;

    // Bit patterns, as unsigned integers as wide as the number, wrapping.

    /// The number with this bit pattern (its low bits, where `Scalar` is narrower) in every lane.
    fn splat_bits(token: Self::Token, bits: u64) -> Self;
    /// The bit pattern shifted left.
    fn shl_bits(self, by: u32) -> Self;
    /// The bit pattern shifted right, zeros coming in.
    fn shr_bits(self, by: u32) -> Self;
    /// The sum of the bit patterns.
    fn add_bits(self, other: Self) -> Self;
    /// The difference of the bit patterns.
    fn sub_bits(self, other: Self) -> Self;
    /// The bits that both have.
    fn and_bits(self, other: Self) -> Self;
    /// The bits that either has.
    fn or_bits(self, other: Self) -> Self;

    // Functions with a vector form.

    /// e^x.
    ///
    /// # Accuracy
    /// See `math::exp`; below 1 ULP, subnormal results included.
    fn exp(self) -> Self;
    /// e^x, with the bits of [`exp`](Self::exp), for x <= 0 and NaN alone: of other numbers it means nothing. See `math::exp_nonpositive`.
    fn exp_nonpositive(self) -> Self;
    /// e^x - 1. See `math::expm1`.
    fn expm1(self) -> Self;
    /// The natural logarithm; `log(0) = -inf`, below 0 NaN. See `math::log`.
    fn log(self) -> Self;
    /// log(1 + x). See `math::log1p`.
    fn log1p(self) -> Self;
    /// log(1 + x) for 0 <= x <= 1 and NaN alone: of other numbers it means nothing. See `math::log1p_unit`.
    fn log1p_unit(self) -> Self;
    /// The hyperbolic tangent. See `math::tanh`.
    fn tanh(self) -> Self;

    // Provided: lanes one by one.

    /// The first numbers of a slice, at most [`Lane::LANES`], and `fill` in the lanes that it is too short for.
    #[inline(always)]
    fn load_partial(token: Self::Token, from: &[Self::Scalar], fill: Self::Scalar) -> Self {
        let mut lanes = [fill; MAX_LANES];
        copy_few(from, &mut lanes[..Self::LANES]);
        Self::load(token, &lanes)
    }
    /// Writes the first lanes to a slice, as many as it has room for.
    #[inline(always)]
    fn store_partial(self, to: &mut [Self::Scalar]) {
        let mut lanes = [Self::Scalar::ZERO; MAX_LANES];
        self.store(&mut lanes);
        copy_few(&lanes[..Self::LANES], to);
    }
    /// Writes the numbers, widened, to the first [`Lane::LANES`] places of a slice, or as many as it has room for.
    #[inline(always)]
    fn store_f64(self, to: &mut [f64]) {
        let mut lanes = [Self::Scalar::ZERO; MAX_LANES];
        self.store(&mut lanes);
        for (value, lane) in to.iter_mut().zip(&lanes[..Self::LANES]) {
            *value = lane.to_f64();
        }
    }
    /// 0, 1, 2, …
    #[inline(always)]
    fn iota(token: Self::Token) -> Self {
        let mut lanes = [Self::Scalar::ZERO; MAX_LANES];
        for (i, lane) in lanes.iter_mut().enumerate() {
            *lane = Self::Scalar::from_f64(i as f64);
        }
        Self::load(token, &lanes)
    }
    /// `f` of each lane, one after the other. Pass a closure: a function *item* goes through a shim without target features.
    #[inline(always)]
    fn map(self, f: impl Fn(Self::Scalar) -> Self::Scalar) -> Self {
        let mut lanes = [Self::Scalar::ZERO; MAX_LANES];
        self.store(&mut lanes);
        for lane in &mut lanes[..Self::LANES] {
            *lane = f(*lane);
        }
        Self::load(self.token(), &lanes)
    }

    // Provided: what follows from other operations.

    /// Where it is NaN.
    #[inline(always)]
    fn is_nan(self) -> Self::Mask {
        self.ne(self)
    }
    /// The larger one; NaN where either is NaN.
    #[inline(always)]
    fn max_propagating_nan(self, other: Self) -> Self {
        Self::select(other.is_nan(), other, self.max_ignoring_nan(other))
    }
    /// The smaller one; NaN where either is NaN.
    #[inline(always)]
    fn min_propagating_nan(self, other: Self) -> Self {
        Self::select(other.is_nan(), other, self.min_ignoring_nan(other))
    }
    /// The greatest power of two that is at most the absolute value: dividing by it, or by its reciprocal, rounds nothing but what falls
    /// below the normal numbers. Both are normal numbers, so that of what is smaller or larger, NaN too, it is the least or the greatest
    /// of these.
    #[inline(always)]
    fn power_of_two(self) -> Self {
        let bias = Self::Scalar::BIAS;
        let of_exponent = |field: u64| Self::splat_bits(self.token(), field << Self::Scalar::FRACTION_BITS);
        let power = self.and_bits(of_exponent(2 * bias + 1));
        power.max_ignoring_nan(of_exponent(1)).min_ignoring_nan(of_exponent(2 * bias - 1))
    }
    /// The quotient by a number whose [`reciprocal`](crate::uniform::reciprocal) is known.
    #[inline(always)]
    fn by_reciprocal(self, [scale, head, tail]: [Self; 3]) -> Self {
        let scaled = self * scale;
        scaled.mul_add(head, scaled * tail)
    }
    /// x^n by squaring, and so within about |n|/2 + 1 ULP; x^0 = 1, also of NaN.
    ///
    /// A negative power is a power of 1/x: x^|n| could overflow where x^n is a subnormal number.
    #[inline(always)]
    fn powi(self, n: i32) -> Self {
        let one = Self::splat(self.token(), 1.0);
        let mut square = if n.is_negative() { one / self } else { self };
        let mut power = one;
        let mut left = n.unsigned_abs();
        loop {
            if left & 1 == 1 {
                power = power * square;
            }
            left >>= 1;
            if left == 0 {
                return power;
            }
            square = square * square;
        }
    }
    /// 1 / (1 + e^-x). See `math::sigmoid`.
    #[inline(always)]
    fn sigmoid(self) -> Self {
        crate::math::sigmoid::sigmoid(self)
    }
    /// log(1 + e^x). See `math::sigmoid`.
    #[inline(always)]
    fn softplus(self) -> Self {
        crate::math::sigmoid::softplus(self)
    }

    // Functions computed lane by lane, see `math::scalar`.

    /// The sine.
    #[inline(always)]
    fn sin(self) -> Self {
        self.map(|x| Real::sin(x))
    }
    /// The cosine.
    #[inline(always)]
    fn cos(self) -> Self {
        self.map(|x| Real::cos(x))
    }
    /// The tangent.
    #[inline(always)]
    fn tan(self) -> Self {
        self.map(|x| Real::tan(x))
    }
    /// The hyperbolic sine.
    #[inline(always)]
    fn sinh(self) -> Self {
        self.map(|x| Real::sinh(x))
    }
    /// The hyperbolic cosine.
    #[inline(always)]
    fn cosh(self) -> Self {
        self.map(|x| Real::cosh(x))
    }
    /// The inverse tangent.
    #[inline(always)]
    fn atan(self) -> Self {
        self.map(|x| Real::atan(x))
    }
    /// The inverse cosine.
    #[inline(always)]
    fn acos(self) -> Self {
        self.map(|x| Real::acos(x))
    }
    /// The logarithm of the gamma function, for x >= 0.
    #[inline(always)]
    fn lgamma(self) -> Self {
        self.map(|x| Real::lgamma(x))
    }
    /// The derivative of [`Lane::lgamma`].
    #[inline(always)]
    fn digamma(self) -> Self {
        self.map(|x| Real::digamma(x))
    }
    /// The error function.
    #[inline(always)]
    fn erf(self) -> Self {
        self.map(|x| Real::erf(x))
    }
    /// The logarithm of the normal distribution function.
    #[inline(always)]
    fn log_normal_cdf(self) -> Self {
        self.map(|x| Real::log_normal_cdf(x))
    }
    /// x^p for x >= 0.
    #[inline(always)]
    fn pow(self, p: Self) -> Self {
        let mut lanes = [Self::Scalar::ZERO; MAX_LANES];
        let mut powers = [Self::Scalar::ZERO; MAX_LANES];
        self.store(&mut lanes);
        p.store(&mut powers);
        for i in 0..Self::LANES {
            lanes[i] = Real::pow(lanes[i], powers[i]);
        }
        Self::load(self.token(), &lanes)
    }
}
