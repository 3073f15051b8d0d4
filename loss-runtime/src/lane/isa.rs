//! Which instruction sets there are, which this machine has, and running a task with the vectors of one.

use core::fmt;

use fearless_simd::Level;

use super::out_of_line::OutOfLine;
use super::simd::Set;
use super::{Lane, Real};

/// An instruction set that kernels are compiled for. All give the same bits; they differ in speed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Isa {
    /// Plain code, no explicit vectors. On a target that always has vectors, only with the cargo feature `scalar`, and then so slow
    /// that it is good for nothing but comparing bits.
    Scalar,
    /// Every x86-64. Machines with SSE4.2 but no AVX2 use it too: a version of their own would be little faster.
    Sse2,
    /// AVX2 with fused multiply-add (x86-64-v3).
    Avx2,
    /// AVX-512 as of Ice Lake and Zen 4.
    Avx512,
    /// Every 64-bit ARM.
    Neon,
    /// WebAssembly compiled with 128-bit vectors.
    Wasm,
}

/// Something to do with the vectors of whichever instruction set is chosen.
pub trait LaneTask<T: Real> {
    /// What it gives.
    type Output;
    /// Whether it is so much code that each operation is a call where there is no fused multiply-add. There it is slow in any case, and inlined
    /// it would take the compiler longer than all other instruction sets together.
    const IS_LONG: bool = false;
    /// Does it. Must be `#[inline(always)]`, and all it calls, to be compiled for the instruction set.
    fn run<L: Lane<Scalar = T>>(self, token: L::Token) -> Self::Output;
}

impl Isa {
    /// Every instruction set, slowest first on each architecture.
    const ALL: [Self; 6] = [Self::Scalar, Self::Sse2, Self::Avx2, Self::Avx512, Self::Neon, Self::Wasm];

    /// The best one this machine has. Without the cargo feature `std`: the best one that the compiler may assume.
    ///
    /// Found out once a process, then read from memory.
    #[inline]
    #[must_use]
    pub fn detect() -> Self {
        let level = level();
        #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
        {
            if level.as_avx512().is_some() {
                return Self::Avx512;
            }
            if level.as_avx2().is_some() {
                return Self::Avx2;
            }
            if level.as_sse2().is_some() {
                return Self::Sse2;
            }
        }
        #[cfg(target_arch = "aarch64")]
        if level.as_neon().is_some() {
            return Self::Neon;
        }
        #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
        if level.as_wasm_simd128().is_some() {
            return Self::Wasm;
        }
        let _ = level;
        Self::Scalar
    }

    /// Every one that this machine has and this build was compiled for; the last is [`Isa::detect`].
    pub fn available() -> impl Iterator<Item = Self> + Clone {
        Self::ALL.into_iter().filter(|isa| isa.is_available())
    }

    /// Whether this machine has it and this build was compiled for it.
    #[inline]
    #[must_use]
    pub fn is_available(self) -> bool {
        let best = Self::detect();
        match self {
            Self::Scalar => cfg!(feature = "scalar") || best == Self::Scalar,
            Self::Sse2 => matches!(best, Self::Sse2 | Self::Avx2 | Self::Avx512),
            Self::Avx2 => matches!(best, Self::Avx2 | Self::Avx512),
            Self::Avx512 | Self::Neon | Self::Wasm => self == best,
        }
    }

    /// Its name, in lower case.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Sse2 => "sse2",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
            Self::Neon => "neon",
            Self::Wasm => "wasm",
        }
    }
}

impl fmt::Display for Isa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What the machine can do, in the words of the SIMD layer.
#[inline(always)]
fn level() -> Level {
    Level::try_detect().unwrap_or(Level::baseline())
}

macro_rules! dispatcher {
    ($name:ident, $enter:ident, $float:ident, $vector:ident) => {
        /// Compiles the task for the instruction set of the token, and runs it.
        #[inline(always)]
        fn $enter<S: Set, Task: LaneTask<$float>>(token: S, task: Task) -> Task::Output {
            if const { Task::IS_LONG && !S::FUSED } {
                return task.run::<OutOfLine<S::$vector>>(token);
            }
            token.vectorize(
                #[inline(always)]
                move || task.run::<S::$vector>(token),
            )
        }

        /// [`Real::dispatch`].
        #[inline]
        pub(super) fn $name<Task: LaneTask<$float>>(isa: Isa, task: Task) -> Task::Output {
            let isa = if isa.is_available() { isa } else { Isa::detect() };
            let level = level();
            // Where the instruction set is not a part of the target, its token is only to be had from a level that has it; a
            // `None` cannot happen after the line above, and leads to the next best one.
            #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
            if isa != Isa::Scalar {
                if isa == Isa::Avx512
                    && let Some(token) = level.as_avx512()
                {
                    return $enter(token, task);
                }
                if isa == Isa::Avx2
                    && let Some(token) = level.as_avx2()
                {
                    return $enter(token, task);
                }
                if let Some(token) = level.as_sse2() {
                    return $enter(token, task);
                }
            }
            #[cfg(target_arch = "aarch64")]
            if isa != Isa::Scalar
                && let Some(token) = level.as_neon()
            {
                return $enter(token, task);
            }
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            if isa != Isa::Scalar
                && let Some(token) = level.as_wasm_simd128()
            {
                return $enter(token, task);
            }
            let _ = level;
            scalar!($enter, $vector, task)
        }
    };
}

/// Runs a task with plain vectors, on a target that has better ones: out of line, which compiles in a fraction of the time.
#[cfg(feature = "scalar")]
#[cfg(any(
    all(target_arch = "aarch64", target_feature = "neon"),
    all(any(target_arch = "x86", target_arch = "x86_64"), target_feature = "sse2", target_feature = "fxsr"),
    all(target_arch = "wasm32", target_feature = "simd128")
))]
macro_rules! scalar {
    ($enter:ident, $vector:ident, $task:ident) => {
        match Level::fallback() {
            Level::Fallback(token) => $task.run::<OutOfLine<<fearless_simd::Fallback as Set>::$vector>>(token),
            _ => unreachable!("the scalar level is the scalar level"),
        }
    };
}

/// Runs a task with plain vectors, on targets where there are no others.
#[cfg(not(any(
    all(target_arch = "aarch64", target_feature = "neon"),
    all(any(target_arch = "x86", target_arch = "x86_64"), target_feature = "sse2", target_feature = "fxsr"),
    all(target_arch = "wasm32", target_feature = "simd128")
)))]
macro_rules! scalar {
    ($enter:ident, $vector:ident, $task:ident) => {
        match Level::baseline() {
            Level::Fallback(token) => $enter(token, $task),
            _ => unreachable!("a target without vectors has nothing but the scalar level"),
        }
    };
}

/// There is no scalar code where every machine of the target has vectors.
#[cfg(not(feature = "scalar"))]
#[cfg(any(
    all(target_arch = "aarch64", target_feature = "neon"),
    all(any(target_arch = "x86", target_arch = "x86_64"), target_feature = "sse2", target_feature = "fxsr"),
    all(target_arch = "wasm32", target_feature = "simd128")
))]
macro_rules! scalar {
    ($enter:ident, $vector:ident, $task:ident) => {
        unreachable!("every machine of this target has vectors")
    };
}

dispatcher!(dispatch_f32, enter_f32, f32, F32);
dispatcher!(dispatch_f64, enter_f64, f64, F64);
