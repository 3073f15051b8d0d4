//! A vector each of whose operations is a call.
//!
//! Where an operation is long code, as of plain numbers, or a multiply-add that has to be emulated, kernels with all of it inlined take
//! longer to compile than all other instruction sets together; calls are compiled once. The bits are those of the vector within.

use core::ops::{Add, BitAnd, BitOr, Div, Mul, Neg, Not, Sub};

use super::Lane;

/// The vector `L`, out of line.
#[derive(Clone, Copy)]
pub(super) struct OutOfLine<L>(L);

/// Its masks.
#[derive(Clone, Copy)]
pub(super) struct OutOfLineMask<M>(M);

/// Operators whose both sides are of the type.
macro_rules! operators {
    ($type:ident<$inner:ident: $bound:path>; $($trait:ident $method:ident;)*) => {
        $(impl<$inner: $bound + $trait<Output = $inner>> $trait for $type<$inner> {
            type Output = Self;
            #[inline(never)]
            fn $method(self, other: Self) -> Self {
                Self(self.0.$method(other.0))
            }
        })*
    };
}

operators! { OutOfLine<L: Lane>; Add add; Sub sub; Mul mul; Div div; }
operators! { OutOfLineMask<M: Copy>; BitAnd bitand; BitOr bitor; }

impl<L: Lane> Neg for OutOfLine<L> {
    type Output = Self;
    #[inline(never)]
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl<M: Copy + Not<Output = M>> Not for OutOfLineMask<M> {
    type Output = Self;
    #[inline(never)]
    fn not(self) -> Self {
        Self(!self.0)
    }
}

/// Methods that give a vector.
macro_rules! vectors {
    ($($method:ident($($operand:ident),*) $([$($plain:ident: $type:ty),*])?;)*) => {
        $(#[inline(never)]
        fn $method(self $(, $operand: Self)* $($(, $plain: $type)*)?) -> Self {
            Self(self.0.$method($($operand.0,)* $($($plain,)*)?))
        })*
    };
}

/// Comparisons.
macro_rules! comparisons {
    ($($method:ident)*) => {
        $(#[inline(never)]
        fn $method(self, other: Self) -> Self::Mask {
            OutOfLineMask(self.0.$method(other.0))
        })*
    };
}

impl<L: Lane> Lane for OutOfLine<L> {
    type Scalar = L::Scalar;
    type Token = L::Token;
    type Mask = OutOfLineMask<L::Mask>;
    const LANES: usize = L::LANES;

    #[inline(never)]
    fn splat(token: L::Token, value: f64) -> Self {
        Self(L::splat(token, value))
    }
    #[inline(never)]
    fn from_scalar(token: L::Token, value: L::Scalar) -> Self {
        Self(L::from_scalar(token, value))
    }
    #[inline(always)]
    fn token(self) -> L::Token {
        self.0.token()
    }
    #[inline(never)]
    fn load(token: L::Token, from: &[L::Scalar]) -> Self {
        Self(L::load(token, from))
    }
    #[inline(never)]
    fn store(self, to: &mut [L::Scalar]) {
        self.0.store(to);
    }
    #[inline(never)]
    fn load_partial(token: L::Token, from: &[L::Scalar], fill: L::Scalar) -> Self {
        Self(L::load_partial(token, from, fill))
    }
    #[inline(never)]
    fn store_partial(self, to: &mut [L::Scalar]) {
        self.0.store_partial(to);
    }
    #[inline(never)]
    fn store_f64(self, to: &mut [f64]) {
        self.0.store_f64(to);
    }
    #[inline(never)]
    fn interleave(self, other: Self) -> (Self, Self) {
        let (low, high) = self.0.interleave(other.0);
        (Self(low), Self(high))
    }
    #[inline(never)]
    fn iota(token: L::Token) -> Self {
        Self(L::iota(token))
    }
    #[inline(always)]
    fn map(self, f: impl Fn(L::Scalar) -> L::Scalar) -> Self {
        Self(self.0.map(f))
    }

    comparisons! { lt le gt ge eq ne }
    #[inline(never)]
    fn select(mask: Self::Mask, a: Self, b: Self) -> Self {
        Self(L::select(mask.0, a.0, b.0))
    }
    #[inline(never)]
    fn mask_any(mask: Self::Mask) -> bool {
        L::mask_any(mask.0)
    }
    #[inline(never)]
    fn mask_all(mask: Self::Mask) -> bool {
        L::mask_all(mask.0)
    }
    #[inline(never)]
    fn mask_from_bools(token: L::Token, lanes: &[bool]) -> Self::Mask {
        OutOfLineMask(L::mask_from_bools(token, lanes))
    }
    #[inline(never)]
    fn first_lanes(token: L::Token, n: usize) -> Self::Mask {
        OutOfLineMask(L::first_lanes(token, n))
    }
    #[inline(never)]
    fn is_nan(self) -> Self::Mask {
        OutOfLineMask(self.0.is_nan())
    }

    #[inline(never)]
    fn splat_bits(token: L::Token, bits: u64) -> Self {
        Self(L::splat_bits(token, bits))
    }

    vectors! {
        abs();
        sqrt();
        mul_add(b, c);
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
        max_ignoring_nan(other);
        min_ignoring_nan(other);
        max_propagating_nan(other);
        min_propagating_nan(other);
        powi()[n: i32];
        sigmoid();
        softplus();
        sin();
        cos();
        tan();
        sinh();
        cosh();
        atan();
        acos();
        lgamma();
        digamma();
        erf();
        log_normal_cdf();
        pow(p);
    }
}
