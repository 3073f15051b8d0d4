//! Values by label.

use loss_runtime::Element;
use loss_runtime::info::{InputInfo, Label};

use super::{Extents, Random, Values};

/// What values are drawn from: a label, or something narrower that a declared condition asks for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Family {
    /// Any number.
    Real,
    /// x >= 0
    Nonnegative,
    /// x > 0
    Positive,
    /// 0 <= x <= 1
    Probability,
    /// 0 or 1
    Binary,
    /// 1 or -1
    Sign,
    /// A condition.
    Flag,
    /// Whole, >= 0
    Count,
    /// Rows of probabilities.
    Simplex,
    /// A place on the second axis, now and then the value that marks a row to drop.
    ClassIndex {
        /// That value.
        ignored: Option<i64>,
    },
    /// One of a few.
    Group,
}

impl Family {
    /// The family of an input's label.
    #[must_use]
    pub fn of(input: &InputInfo, params: &[f64]) -> Self {
        match input.label {
            Label::Real => Self::Real,
            Label::Nonnegative => Self::Nonnegative,
            Label::Positive => Self::Positive,
            Label::Probability => Self::Probability,
            Label::Binary | Label::MultiHot => Self::Binary,
            Label::Sign => Self::Sign,
            Label::Flag => Self::Flag,
            Label::Count => Self::Count,
            Label::Simplex => Self::Simplex,
            Label::ClassIndex => Self::ClassIndex { ignored: input.ignore.map(|param| params[param] as i64) },
            Label::Group => Self::Group,
        }
    }

    /// The next family that meets more conditions, if there is one.
    #[must_use]
    pub fn narrower(self) -> Option<Self> {
        match self {
            Self::Real => Some(Self::Nonnegative),
            Self::Nonnegative => Some(Self::Positive),
            Self::Positive => Some(Self::Probability),
            Self::Probability => Some(Self::Binary),
            Self::Binary => Some(Self::Sign),
            Self::Sign | Self::Flag | Self::Count | Self::Simplex | Self::ClassIndex { .. } | Self::Group => None,
        }
    }

    /// Values that an input of this kind refuses.
    #[must_use]
    pub fn violations(self, extent: usize) -> Vec<f64> {
        match self {
            Self::Real | Self::Flag | Self::Group => vec![],
            Self::Nonnegative => vec![-1.0, f64::NEG_INFINITY],
            Self::Positive => vec![0.0, -1.0],
            Self::Probability => vec![-0.25, 1.25, f64::INFINITY],
            Self::Binary => vec![2.0, 0.5, -1.0, f64::NAN],
            Self::Sign => vec![0.0, 2.0, -0.5, f64::NAN],
            Self::Count => vec![-1.0, 0.5, f64::NAN],
            Self::Simplex => vec![-0.25, 1.25, 3.0],
            // Far from every value that is likely to be ignored.
            Self::ClassIndex { .. } => vec![extent as f64, -7_777.0, (1_u64 << 40) as f64],
        }
    }

    /// Whether a NaN passes its check and reaches the formula.
    #[must_use]
    pub fn admits_nan(self) -> bool {
        match self {
            Self::Real | Self::Nonnegative | Self::Positive | Self::Probability => true,
            Self::Binary
            | Self::Sign
            | Self::Flag
            | Self::Count
            | Self::Simplex
            | Self::ClassIndex { .. }
            | Self::Group => false,
        }
    }
}

/// Numbers at which formulas bend or lose digits, none so large that an ordinary result overflows.
const EDGES: [f64; 16] =
    [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 1e-30, -1e-30, 1e-8, -1e-8, 17.0, -17.0, 88.0, -88.0];

fn real(random: &mut Random) -> f64 {
    match random.below(10) {
        0 => *random.pick(&EDGES),
        1 | 2 => {
            let size = random.between(-20.0, 7.0).exp2();
            if random.chance(0.5) { size } else { -size }
        }
        _ => random.between(-4.0, 4.0),
    }
}

fn probability(random: &mut Random) -> f64 {
    match random.below(12) {
        0 => 0.0,
        1 => 1.0,
        2 => random.between(-20.0, -1.0).exp2(),
        _ => random.unit(),
    }
}

/// Values of a family for an array of this shape.
#[must_use]
pub fn draw<T: Element>(family: Family, shape: &[usize], extents: &Extents, random: &mut Random) -> Values<T> {
    let len = shape.iter().product();
    let mut reals =
        |f: &mut dyn FnMut(&mut Random) -> f64| Values::Real((0..len).map(|_| T::from_f64(f(random))).collect());
    match family {
        Family::Real => reals(&mut real),
        Family::Nonnegative => reals(&mut |random| real(random).abs()),
        Family::Positive => reals(&mut |random| real(random).abs().max(1e-6)),
        Family::Probability => reals(&mut probability),
        Family::Binary => reals(&mut |random| f64::from(u8::from(random.chance(0.5)))),
        Family::Sign => reals(&mut |random| if random.chance(0.5) { 1.0 } else { -1.0 }),
        Family::Count => reals(&mut |random| random.below(12) as f64),
        Family::Flag => Values::Condition((0..len).map(|_| random.chance(0.5)).collect()),
        Family::Group => Values::Whole((0..len).map(|_| random.below(4) as i64).collect()),
        Family::ClassIndex { ignored } => {
            let one = |_| match ignored {
                Some(value) if random.chance(0.15) => value,
                _ => random.below(extents.extent) as i64,
            };
            Values::Whole((0..len).map(one).collect())
        }
        Family::Simplex => simplex(shape, extents.extent, random),
    }
}

/// Rows of probabilities along the dimension that has the extent: the second one, or the only one.
fn simplex<T: Element>(shape: &[usize], extent: usize, random: &mut Random) -> Values<T> {
    let len: usize = shape.iter().product();
    let inner: usize = shape.iter().skip(2).product();
    let mut values = vec![T::ZERO; len];
    let rows = len.checked_div(extent).unwrap_or(0);
    for row in 0..rows {
        let place = |along: usize| (row / inner * extent + along) * inner + row % inner;
        // A third of the classes has no share at all.
        let shares: Vec<f64> = (0..extent)
            .map(|along| if along > 0 && random.chance(0.33) { 0.0 } else { random.between(0.05, 1.0) })
            .collect();
        let total: f64 = shares.iter().sum();
        for (along, share) in shares.iter().enumerate() {
            values[place(along)] = T::from_f64(share / total);
        }
    }
    Values::Real(values)
}
