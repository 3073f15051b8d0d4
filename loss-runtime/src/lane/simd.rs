//! [`Lane`] for the vectors of `fearless_simd`, on every instruction set it knows.

use fearless_simd::prelude::{Bytes, ExtractToken, Select, Simd, SimdBase, SimdFloat, SimdMask};
use fearless_simd::{f32x16, f64x8, mask32x16, mask64x8, u32x16, u64x8};

use super::{Lane, Real};
use crate::math;

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

macro_rules! lane {
    ($vector:ident, $mask:ident, $integers:ident, $float:ident, $bits:ident, $lanes:literal; $($function:ident = $module:ident;)*) => {
        impl<S: Set> Lane for $vector<S> {
            type Scalar = $float;
            type Token = S;
            type Mask = $mask<S>;
            const LANES: usize = $lanes;

            #[inline(always)]
            fn splat(token: S, value: f64) -> Self {
                <Self as SimdBase<S>>::splat(token, value as $float)
            }
            #[inline(always)]
            fn from_scalar(token: S, value: $float) -> Self {
                <Self as SimdBase<S>>::splat(token, value)
            }
            #[inline(always)]
            fn token(self) -> S {
                ExtractToken::token(&self)
            }
            #[inline(always)]
            fn load(token: S, from: &[$float]) -> Self {
                Self::from_slice(token, from)
            }
            #[inline(always)]
            fn store(self, to: &mut [$float]) {
                self.store_slice(to);
            }
            #[inline(always)]
            fn load_partial(token: S, from: &[$float], fill: $float) -> Self {
                let mut lanes = [fill; $lanes];
                copy_few(from, &mut lanes);
                Self::load_array(token, lanes)
            }
            #[inline(always)]
            fn store_partial(self, to: &mut [$float]) {
                copy_few(&self.to_array(), to);
            }
            #[inline(always)]
            fn store_f64(self, to: &mut [f64]) {
                let lanes = self.to_array();
                for (value, lane) in to.iter_mut().zip(&lanes) {
                    *value = f64::from(*lane);
                }
            }
            #[inline(always)]
            fn interleave(self, other: Self) -> (Self, Self) {
                SimdBase::interleave(self, other)
            }
            #[inline(always)]
            fn iota(token: S) -> Self {
                let mut lanes = [0.0; $lanes];
                let mut i = 0;
                while i < $lanes {
                    lanes[i] = i as $float;
                    i += 1;
                }
                Self::load_array(token, lanes)
            }
            #[inline(always)]
            fn tree_sum(self) -> f64 {
                const HALF: usize = $lanes / 2;
                let lanes = self.to_array();
                let mut sums = [0.0; HALF];
                for i in 0..HALF {
                    sums[i] = f64::from(lanes[i]) + f64::from(lanes[i + HALF]);
                }
                let mut width = HALF;
                while width > 1 {
                    width /= 2;
                    for i in 0..width {
                        sums[i] += sums[i + width];
                    }
                }
                sums[0]
            }
            #[inline(always)]
            fn map(self, f: impl Fn($float) -> $float) -> Self {
                let token = ExtractToken::token(&self);
                let mut lanes = self.to_array();
                for lane in &mut lanes {
                    *lane = f(*lane);
                }
                Self::load_array(token, lanes)
            }

            #[inline(always)]
            fn abs(self) -> Self {
                SimdBase::abs(self)
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                SimdFloat::sqrt(self)
            }
            #[inline(always)]
            fn mul_add(self, b: Self, c: Self) -> Self {
                if const { S::FUSED } { self.mul_add_precise(b, c) } else { emulated::$float(self, b, c) }
            }

            #[inline(always)]
            fn lt(self, other: Self) -> Self::Mask {
                self.simd_lt(other)
            }
            #[inline(always)]
            fn le(self, other: Self) -> Self::Mask {
                self.simd_le(other)
            }
            #[inline(always)]
            fn gt(self, other: Self) -> Self::Mask {
                self.simd_gt(other)
            }
            #[inline(always)]
            fn ge(self, other: Self) -> Self::Mask {
                self.simd_ge(other)
            }
            #[inline(always)]
            fn eq(self, other: Self) -> Self::Mask {
                self.simd_eq(other)
            }
            #[inline(always)]
            fn ne(self, other: Self) -> Self::Mask {
                self.simd_ne(other)
            }
            #[inline(always)]
            fn select(mask: Self::Mask, a: Self, b: Self) -> Self {
                Select::select(mask, a, b)
            }
            #[inline(always)]
            fn mask_any(mask: Self::Mask) -> bool {
                mask.any_true()
            }
            #[inline(always)]
            fn mask_all(mask: Self::Mask) -> bool {
                mask.all_true()
            }
            #[inline(always)]
            fn mask_from_bools(token: S, lanes: &[bool]) -> Self::Mask {
                let mut bits = 0;
                for (i, lane) in lanes.iter().take($lanes).enumerate() {
                    bits |= u64::from(*lane) << i;
                }
                Self::Mask::from_bitmask(token, bits)
            }
            #[inline(always)]
            fn first_lanes(token: S, n: usize) -> Self::Mask {
                Self::Mask::from_bitmask(token, (1 << n.min($lanes)) - 1)
            }

            #[inline(always)]
            fn splat_bits(token: S, bits: u64) -> Self {
                <Self as SimdBase<S>>::splat(token, $float::from_bits(bits as $bits))
            }
            #[inline(always)]
            fn shl_bits(self, by: u32) -> Self {
                (self.bitcast::<$integers<S>>() << by).bitcast()
            }
            #[inline(always)]
            fn shr_bits(self, by: u32) -> Self {
                (self.bitcast::<$integers<S>>() >> by).bitcast()
            }
            #[inline(always)]
            fn add_bits(self, other: Self) -> Self {
                (self.bitcast::<$integers<S>>() + other.bitcast::<$integers<S>>()).bitcast()
            }
            #[inline(always)]
            fn sub_bits(self, other: Self) -> Self {
                (self.bitcast::<$integers<S>>() - other.bitcast::<$integers<S>>()).bitcast()
            }
            #[inline(always)]
            fn and_bits(self, other: Self) -> Self {
                (self.bitcast::<$integers<S>>() & other.bitcast::<$integers<S>>()).bitcast()
            }
            #[inline(always)]
            fn or_bits(self, other: Self) -> Self {
                (self.bitcast::<$integers<S>>() | other.bitcast::<$integers<S>>()).bitcast()
            }
            $(
                #[inline(always)]
                fn $function(self) -> Self {
                    if const { S::FUSED } { math::$module::$float(self) } else { emulated::$module::$float(self) }
                }
            )*
            #[inline(always)]
            fn pow(self, p: Self) -> Self {
                let token = ExtractToken::token(&self);
                let mut lanes = self.to_array();
                let powers = p.to_array();
                for (lane, power) in lanes.iter_mut().zip(&powers) {
                    *lane = Real::pow(*lane, *power);
                }
                Self::load_array(token, lanes)
            }
        }
    };
}

lane! { f32x16, mask32x16, u32x16, f32, u32, 16; exp = exp; expm1 = expm1; log = log; log1p = log1p; log1p_unit = log1p_unit; tanh = tanh; }
lane! { f64x8, mask64x8, u64x8, f64, u64, 8; exp = exp; expm1 = expm1; log = log; log1p = log1p; log1p_unit = log1p_unit; tanh = tanh; }

/// An instruction set, as the type of its token.
pub(super) trait Set: Simd {
    /// Whether it multiplies and adds in one instruction. Known before code is made, so that the other way is not made at all.
    const FUSED: bool;
}

#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
mod x86 {
    use fearless_simd::x86::{Avx2, Avx512, Sse2};

    impl super::Set for Avx512 {
        const FUSED: bool = true;
    }
    impl super::Set for Avx2 {
        const FUSED: bool = true;
    }
    impl super::Set for Sse2 {
        const FUSED: bool = false;
    }
}
#[cfg(target_arch = "aarch64")]
impl Set for fearless_simd::aarch64::Neon {
    const FUSED: bool = true;
}
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
impl Set for fearless_simd::wasm32::WasmSimd128 {
    const FUSED: bool = false;
}
#[cfg(any(
    feature = "scalar",
    not(any(
        all(target_arch = "aarch64", target_feature = "neon"),
        all(any(target_arch = "x86", target_arch = "x86_64"), target_feature = "sse2", target_feature = "fxsr"),
        all(target_arch = "wasm32", target_feature = "simd128")
    ))
))]
impl Set for fearless_simd::Fallback {
    const FUSED: bool = false;
}

/// What is a call where there is no fused multiply-add: emulating one takes hundreds of instructions, and a function has many.
mod emulated {
    use fearless_simd::prelude::{Simd, SimdFloat};
    use fearless_simd::{f32x16, f64x8};

    /// The bits of a fused multiply-add.
    #[inline(never)]
    pub(super) fn f32<S: Simd>(a: f32x16<S>, b: f32x16<S>, c: f32x16<S>) -> f32x16<S> {
        a.mul_add_precise(b, c)
    }

    /// The bits of a fused multiply-add.
    #[inline(never)]
    pub(super) fn f64<S: Simd>(a: f64x8<S>, b: f64x8<S>, c: f64x8<S>) -> f64x8<S> {
        a.mul_add_precise(b, c)
    }

    macro_rules! functions {
        ($($module:ident)*) => {
            $(pub(super) mod $module {
                use super::super::Set;
                use fearless_simd::{f32x16, f64x8};

                /// The function, out of line.
                #[inline(never)]
                pub(in super::super) fn f32<S: Set>(x: f32x16<S>) -> f32x16<S> {
                    crate::math::$module::f32(x)
                }

                /// The function, out of line.
                #[inline(never)]
                pub(in super::super) fn f64<S: Set>(x: f64x8<S>) -> f64x8<S> {
                    crate::math::$module::f64(x)
                }
            })*
        };
    }
    functions!(exp expm1 log log1p log1p_unit tanh);
}
