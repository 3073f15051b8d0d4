//! [`Lane`] for the vectors of `fearless_simd`, as wide as each instruction set has them, and what a kernel gets to see: as many of those side by
//! side as make 16 `f32`, or 8 `f64`.

use fearless_simd::prelude::{Bytes, ExtractToken, Select, Simd, SimdBase, SimdFloat, SimdMask};
use fearless_simd::{
    f32x4, f32x8, f32x16, f64x2, f64x4, f64x8, mask32x4, mask32x8, mask32x16, mask64x2, mask64x4, mask64x8, u32x4,
    u32x8, u32x16, u64x2, u64x4, u64x8,
};

use super::Lane;
use super::pair::Pair;
use crate::math;

/// Functions that are inlined where they are short.
macro_rules! functions {
    ($float:ident; $($function:ident)*) => {
        $(#[inline(always)]
        fn $function(self) -> Self {
            if const { S::FUSED } { math::$function::$float(self) } else { emulated::$function::$float(self) }
        })*
    };
}

macro_rules! lane {
    ($vector:ident, $mask:ident, $integers:ident, $float:ident, $bits:ident, $lanes:literal, $mul_add:ident) => {
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
                match from.first_chunk() {
                    Some(lanes) => Self::load_array_ref(token, lanes),
                    None => too_short(),
                }
            }
            #[inline(always)]
            fn store(self, to: &mut [$float]) {
                match to.first_chunk_mut() {
                    Some(lanes) => self.store_array(lanes),
                    None => too_short(),
                }
            }
            #[inline(always)]
            fn interleave(self, other: Self) -> (Self, Self) {
                SimdBase::interleave(self, other)
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
                if const { S::FUSED } {
                    ExtractToken::token(&self).$mul_add(self, b, c)
                } else {
                    emulated::mul_add(self, b, c)
                }
            }

            #[inline(always)]
            fn max_ignoring_nan(self, other: Self) -> Self {
                if const { S::PREFERS_SECOND } {
                    SimdBase::max(other, self)
                } else {
                    Lane::select(other.gt(self), other, self)
                }
            }
            #[inline(always)]
            fn min_ignoring_nan(self, other: Self) -> Self {
                if const { S::PREFERS_SECOND } {
                    SimdBase::min(other, self)
                } else {
                    Lane::select(other.lt(self), other, self)
                }
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
            functions! { $float; exp exp_nonpositive expm1 log log1p log1p_unit tanh }
        }
    };
}

lane! { f32x4, mask32x4, u32x4, f32, u32, 4, mul_add_precise_f32x4 }
lane! { f32x8, mask32x8, u32x8, f32, u32, 8, mul_add_precise_f32x8 }
lane! { f32x16, mask32x16, u32x16, f32, u32, 16, mul_add_precise_f32x16 }
lane! { f64x2, mask64x2, u64x2, f64, u64, 2, mul_add_precise_f64x2 }
lane! { f64x4, mask64x4, u64x4, f64, u64, 4, mul_add_precise_f64x4 }
lane! { f64x8, mask64x8, u64x8, f64, u64, 8, mul_add_precise_f64x8 }

/// Where a slice has fewer numbers than a vector.
#[cold]
#[inline(never)]
fn too_short() -> ! {
    panic!("a slice is shorter than a vector");
}

/// An instruction set, as the type of its token.
pub(super) trait Set: Simd {
    /// Whether it multiplies and adds in one instruction. Known before code is made, so that the other way is not made at all.
    const FUSED: bool;
    /// Whether its `max(a, b)` and `min(a, b)` are `b` where either is NaN and where both are equal, as x86's instructions.
    /// `tests/lanes.rs` holds it to that.
    const PREFERS_SECOND: bool;
    /// 16 `f32`.
    ///
    /// Of the widths that there are, the instruction set's own: a wider vector of `fearless_simd` is taken apart and put together in every
    /// operation, and all that has to be compiled away again.
    type F32: Lane<Scalar = f32, Token = Self>;
    /// 8 `f64`.
    type F64: Lane<Scalar = f64, Token = Self>;
}

/// Four vectors side by side.
type Quad<L> = Pair<Pair<L>>;

macro_rules! set {
    ($set:path, fused: $fused:literal, prefers_second: $prefers_second:literal, $f32:ty, $f64:ty) => {
        impl Set for $set {
            const FUSED: bool = $fused;
            const PREFERS_SECOND: bool = $prefers_second;
            type F32 = $f32;
            type F64 = $f64;
        }
    };
}

#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
set! { fearless_simd::x86::Avx512, fused: true, prefers_second: true, f32x16<Self>, f64x8<Self> }
#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
set! { fearless_simd::x86::Avx2, fused: true, prefers_second: true, Pair<f32x8<Self>>, Pair<f64x4<Self>> }
#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
set! { fearless_simd::x86::Sse2, fused: false, prefers_second: true, Quad<f32x4<Self>>, Quad<f64x2<Self>> }
#[cfg(target_arch = "aarch64")]
set! { fearless_simd::aarch64::Neon, fused: true, prefers_second: false, Quad<f32x4<Self>>, Quad<f64x2<Self>> }
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
set! { fearless_simd::wasm32::WasmSimd128, fused: false, prefers_second: false, Quad<f32x4<Self>>, Quad<f64x2<Self>> }
#[cfg(any(
    feature = "scalar",
    not(any(
        all(target_arch = "aarch64", target_feature = "neon"),
        all(any(target_arch = "x86", target_arch = "x86_64"), target_feature = "sse2", target_feature = "fxsr"),
        all(target_arch = "wasm32", target_feature = "simd128")
    ))
))]
set! { fearless_simd::Fallback, fused: false, prefers_second: false, f32x16<Self>, f64x8<Self> }

/// What is a call where there is no fused multiply-add: emulating one takes hundreds of instructions, and a function has many.
mod emulated {
    use fearless_simd::prelude::{Simd, SimdFloat};

    /// The bits of a fused multiply-add.
    #[inline(never)]
    pub(super) fn mul_add<S: Simd, V: SimdFloat<S>>(a: V, b: V, c: V) -> V {
        a.mul_add_precise(b, c)
    }

    macro_rules! functions {
        ($($function:ident)*) => {
            $(pub(super) mod $function {
                use crate::lane::Lane;

                /// The function, out of line.
                #[inline(never)]
                pub(in super::super) fn f32<L: Lane<Scalar = f32>>(x: L) -> L {
                    crate::math::$function::f32(x)
                }

                /// The function, out of line.
                #[inline(never)]
                pub(in super::super) fn f64<L: Lane<Scalar = f64>>(x: L) -> L {
                    crate::math::$function::f64(x)
                }
            })*
        };
    }
    functions!(exp exp_nonpositive expm1 log log1p log1p_unit tanh);
}
