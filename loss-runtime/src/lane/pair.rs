//! Two vectors side by side as one of twice as many lanes.

use core::ops::{Add, BitAnd, BitOr, Div, Mul, Neg, Not, Sub};

use super::Lane;

/// The lanes of the first vector, then those of the second.
#[derive(Clone, Copy)]
pub(super) struct Pair<L>(L, L);

/// Its masks.
#[derive(Clone, Copy)]
pub(super) struct PairMask<M>(M, M);

/// Operators whose both sides are of the type.
macro_rules! operators {
    ($type:ident<$inner:ident: $bound:path>; $($trait:ident $method:ident;)*) => {
        $(impl<$inner: $bound + $trait<Output = $inner>> $trait for $type<$inner> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Self(self.0.$method(other.0), self.1.$method(other.1))
            }
        })*
    };
}

operators! { Pair<L: Lane>; Add add; Sub sub; Mul mul; Div div; }
operators! { PairMask<M: Copy>; BitAnd bitand; BitOr bitor; }

impl<L: Lane> Neg for Pair<L> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        Self(-self.0, -self.1)
    }
}

impl<M: Copy + Not<Output = M>> Not for PairMask<M> {
    type Output = Self;
    #[inline(always)]
    fn not(self) -> Self {
        Self(!self.0, !self.1)
    }
}

/// Methods that give a vector.
macro_rules! vectors {
    ($($method:ident($($operand:ident),*) $([$($plain:ident: $type:ty),*])?;)*) => {
        $(#[inline(always)]
        fn $method(self $(, $operand: Self)* $($(, $plain: $type)*)?) -> Self {
            Self(self.0.$method($($operand.0,)* $($($plain,)*)?), self.1.$method($($operand.1,)* $($($plain,)*)?))
        })*
    };
}

/// Comparisons.
macro_rules! comparisons {
    ($($method:ident)*) => {
        $(#[inline(always)]
        fn $method(self, other: Self) -> Self::Mask {
            PairMask(self.0.$method(other.0), self.1.$method(other.1))
        })*
    };
}

impl<L: Lane> Lane for Pair<L> {
    type Scalar = L::Scalar;
    type Token = L::Token;
    type Mask = PairMask<L::Mask>;
    const LANES: usize = 2 * L::LANES;

    #[inline(always)]
    fn splat(token: L::Token, value: f64) -> Self {
        let half = L::splat(token, value);
        Self(half, half)
    }
    #[inline(always)]
    fn from_scalar(token: L::Token, value: L::Scalar) -> Self {
        let half = L::from_scalar(token, value);
        Self(half, half)
    }
    #[inline(always)]
    fn token(self) -> L::Token {
        self.0.token()
    }
    #[inline(always)]
    fn load(token: L::Token, from: &[L::Scalar]) -> Self {
        let from = &from[..Self::LANES];
        Self(L::load(token, from), L::load(token, &from[L::LANES..]))
    }
    #[inline(always)]
    fn store(self, to: &mut [L::Scalar]) {
        let to = &mut to[..Self::LANES];
        self.0.store(to);
        self.1.store(&mut to[L::LANES..]);
    }
    #[inline(always)]
    fn interleave(self, other: Self) -> (Self, Self) {
        let (a, b) = self.0.interleave(other.0);
        let (c, d) = self.1.interleave(other.1);
        (Self(a, b), Self(c, d))
    }

    comparisons! { lt le gt ge eq ne }
    #[inline(always)]
    fn select(mask: Self::Mask, a: Self, b: Self) -> Self {
        Self(L::select(mask.0, a.0, b.0), L::select(mask.1, a.1, b.1))
    }
    #[inline(always)]
    fn mask_any(mask: Self::Mask) -> bool {
        L::mask_any(mask.0 | mask.1)
    }
    #[inline(always)]
    fn mask_all(mask: Self::Mask) -> bool {
        L::mask_all(mask.0 & mask.1)
    }
    #[inline(always)]
    fn mask_from_bools(token: L::Token, lanes: &[bool]) -> Self::Mask {
        let (low, high) = lanes.split_at(L::LANES.min(lanes.len()));
        PairMask(L::mask_from_bools(token, low), L::mask_from_bools(token, high))
    }
    #[inline(always)]
    fn first_lanes(token: L::Token, n: usize) -> Self::Mask {
        PairMask(L::first_lanes(token, n), L::first_lanes(token, n.saturating_sub(L::LANES)))
    }

    #[inline(always)]
    fn splat_bits(token: L::Token, bits: u64) -> Self {
        let half = L::splat_bits(token, bits);
        Self(half, half)
    }

    vectors! {
        abs();
        sqrt();
        mul_add(b, c);
        max_ignoring_nan(other);
        min_ignoring_nan(other);
        shl_bits()[by: u32];
        shr_bits()[by: u32];
        add_bits(other);
        sub_bits(other);
        and_bits(other);
        or_bits(other);
        exp();
        exp_nonpositive();
        expm1();
        log();
        log1p();
        log1p_unit();
        tanh();
    }
}
