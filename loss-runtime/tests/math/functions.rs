//! The one list of vector functions: what computes them here, what computes them elsewhere, and how far apart they may be.

use loss_runtime::lane::{Isa, Lane, LaneTask, Real};

/// Errors in units in the last place.
pub(crate) struct Bounds {
    pub(crate) f32: f64,
    pub(crate) f64: f64,
}

macro_rules! functions {
    ($($variant:ident $method:ident $f32_bound:literal $f64_bound:literal $reference:expr;)*) => {
        /// A vector function.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Function {
            $($variant,)*
        }

        impl Function {
            pub(crate) const ALL: &[Self] = &[$(Self::$variant,)*];

            /// How far it may be from the exact result.
            pub(crate) fn bounds(self) -> Bounds {
                match self {
                    $(Self::$variant => Bounds { f32: $f32_bound, f64: $f64_bound },)*
                }
            }

            /// Whether it is a question that the function answers.
            pub(crate) fn admits(self, x: f64) -> bool {
                x.is_nan()
                    || match self {
                        Self::ExpNonpositive => x <= 0.0,
                        Self::Log1pUnit => (0.0..=1.0).contains(&x),
                        Self::Exp | Self::Expm1 | Self::Log | Self::Log1p | Self::Tanh | Self::Sigmoid | Self::Softplus => true,
                    }
            }

            /// The result in `f64`, at most a few ULP off: more than exact enough to measure `f32`.
            pub(crate) fn reference(self, x: f64) -> f64 {
                match self {
                    $(Self::$variant => {
                        let reference: fn(f64) -> f64 = $reference;
                        reference(x)
                    })*
                }
            }
        }

        impl<T: Real> LaneTask<T> for Apply<'_, T> {
            type Output = ();

            #[inline(always)]
            fn run<L: Lane<Scalar = T>>(self, token: L::Token) {
                match self.function {
                    $(Function::$variant => each::<L>(token, self.input, self.output, #[inline(always)] |x| x.$method()),)*
                }
            }
        }
    };
}

functions! {
    Exp exp 1.0 1.5 pxfm::f_exp;
    ExpNonpositive exp_nonpositive 1.0 1.5 pxfm::f_exp;
    Expm1 expm1 1.0 1.5 pxfm::f_expm1;
    Log log 1.0 1.5 pxfm::f_log;
    Log1p log1p 1.0 1.5 pxfm::f_log1p;
    Log1pUnit log1p_unit 1.0 1.5 pxfm::f_log1p;
    Tanh tanh 1.0 1.5 pxfm::f_tanh;
    Sigmoid sigmoid 2.5 2.5 |x| {
        let e = pxfm::f_exp(-x.abs());
        if x < 0.0 { e / (1.0 + e) } else { 1.0 / (1.0 + e) }
    };
    Softplus softplus 2.0 2.5 |x| if x > 0.0 { x } else { 0.0 * x.signum() } + pxfm::f_log1p(pxfm::f_exp(-x.abs()));
}

/// Applies a function to whole vectors and, at the end, a part of one.
struct Apply<'a, T> {
    function: Function,
    input: &'a [T],
    output: &'a mut [T],
}

#[inline(always)]
fn each<L: Lane>(token: L::Token, input: &[L::Scalar], output: &mut [L::Scalar], f: impl Fn(L) -> L) {
    for (x, y) in input.chunks(L::LANES).zip(output.chunks_mut(L::LANES)) {
        if x.len() == L::LANES {
            f(L::load(token, x)).store(y);
        } else {
            f(L::load_partial(token, x, L::Scalar::ONE)).store_partial(y);
        }
    }
}

/// A function of every number.
pub(crate) fn apply<T: Real>(isa: Isa, function: Function, input: &[T]) -> Vec<T> {
    let mut output = vec![T::NAN; input.len()];
    T::dispatch(isa, Apply { function, input, output: &mut output });
    output
}
