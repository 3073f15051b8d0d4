//! Elementary functions on vectors, generic over [`Lane`](crate::lane::Lane), with the same bits on every instruction set.
//!
//! Each file is one function for both float types and opens with its method, coefficients and error. The polynomials are minimax
//! in the stated relative error (Remez exchange, 50 digits, then each coefficient rounded to the type) and are evaluated
//! by Estrin's scheme: its short dependency chains keep both multipliers busy. Errors are in units in the last place of the exact
//! result, so a correctly rounded function has 0.5.

pub(crate) mod digamma;
pub(crate) mod exp;
pub(crate) mod exp_nonpositive;
pub(crate) mod expm1;
pub(crate) mod log;
pub(crate) mod log1p;
pub(crate) mod log1p_unit;
pub(crate) mod normal;
pub(crate) mod scalar;
pub(crate) mod sigmoid;
pub(crate) mod tanh;

/// `c0 + c1 x + c2 x^2 + …` by Estrin's scheme: neighbours are joined with x, their joins with x^2, those with x^4.
macro_rules! estrin {
    ($token:expr, $x:expr; $($c:expr),+ $(,)?) => {{
        let x = $x;
        let token = $token;
        $crate::math::estrin!(@join x; []; $(L::splat(token, $c)),+)
    }};
    (@join $x:ident; [$all:expr];) => { $all };
    (@join $x:ident; [$($done:expr),+];) => {{
        let square = $x * $x;
        $crate::math::estrin!(@join square; []; $($done),+)
    }};
    (@join $x:ident; [$($done:expr),*]; $a:expr) => { $crate::math::estrin!(@join $x; [$($done,)* $a];) };
    (@join $x:ident; [$($done:expr),*]; $a:expr, $b:expr $(, $rest:expr)*) => {
        $crate::math::estrin!(@join $x; [$($done,)* $b.mul_add($x, $a)]; $($rest),*)
    };
}
pub(crate) use estrin;
