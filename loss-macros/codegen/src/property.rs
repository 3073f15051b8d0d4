//! The properties that a spec can declare: each with its name and what its value looks like. To add one, add a line here: the compiler
//! then names every place that must learn it.

/// What the value of a property is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// `true`, or a condition on parameters.
    Flag,
    /// A condition on anything.
    Condition,
    /// `[lowest, largest]`
    Bounds,
    /// Names of inputs or definitions.
    Names,
    /// Names of inputs.
    Inputs,
    /// Names of two inputs that may change places.
    Pair,
    /// A number for each of some inputs.
    Numbers,
    /// `true` or a condition on parameters for each of some inputs.
    Conditions,
    /// An axis for each of some inputs.
    InputAxes,
    /// Axes.
    Axes,
    /// A formula for each of some ways to infinity: `{ "input -> inf": input - 1 }`.
    Rays,
    /// For each of some labels a formula: how likely each of its values is.
    Links,
}

macro_rules! properties {
    ($($(#[$doc:meta])* $property:ident = $name:literal, $takes:ident;)*) => {
        /// A property that a spec can declare. What each says exactly is in section 10 of `specs/README.md`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Property {
            $($(#[$doc])* $property,)*
        }

        impl Property {
            /// Every property, in the order of the reference.
            pub const ALL: &'static [Self] = &[$(Self::$property),*];

            /// Its key in a spec.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$property => $name,)*
                }
            }

            /// What its value is.
            #[must_use]
            pub const fn takes(self) -> Takes {
                match self {
                    $(Self::$property => Takes::$takes,)*
                }
            }
        }
    };
}

properties! {
    /// Never below 0.
    Nonnegative = "nonnegative", Flag;
    /// 0 there, and nowhere else.
    ZeroIff = "zero_iff", Condition;
    /// Between two numbers.
    Bounded = "bounded", Bounds;
    /// The same for the negative.
    EvenIn = "even_in", Names;
    /// The negative for the negative.
    OddIn = "odd_in", Names;
    /// The same with two inputs in each other's place.
    SymmetricIn = "symmetric_in", Pair;
    /// The negative with two inputs in each other's place.
    AntisymmetricIn = "antisymmetric_in", Pair;
    /// Above every tangent.
    ConvexIn = "convex_in", Inputs;
    /// Above every tangent by half of m times the squared distance.
    StronglyConvexIn = "strongly_convex_in", Numbers;
    /// Never falls as the input grows.
    IncreasingIn = "increasing_in", Inputs;
    /// Never rises as the input grows.
    DecreasingIn = "decreasing_in", Inputs;
    /// The length of the gradient is bounded.
    LipschitzIn = "lipschitz_in", Numbers;
    /// The sizes of the gradient add up to no more than a bound.
    LipschitzSupIn = "lipschitz_sup_in", Numbers;
    /// The gradient changes no faster than a bound.
    SmoothIn = "smooth_in", Numbers;
    /// A factor of the input comes out as a power of it.
    HomogeneousIn = "homogeneous_in", Numbers;
    /// A positive factor of the input changes nothing.
    ScaleInvariantIn = "scale_invariant_in", Conditions;
    /// A number added along an axis changes nothing.
    ShiftInvariantIn = "shift_invariant_in", InputAxes;
    /// The gradient adds up to 0 along an axis.
    GradientSumsToZeroIn = "gradient_sums_to_zero_in", InputAxes;
    /// The order of an axis's places does not matter.
    PermutationEquivariant = "permutation_equivariant", Axes;
    /// The inputs are read through these alone.
    Through = "through", Names;
    /// What the loss comes to far away.
    Asymptotes = "asymptotes", Rays;
    /// A proper scoring rule: the expected loss is least where the labels are as likely as the formula says.
    ProperIn = "proper_in", Links;
}

impl Property {
    /// The property of this name, if there is one.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|property| property.name() == name)
    }
}

/// A way to infinity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// `-> inf`
    Up,
    /// `-> -inf`
    Down,
}

/// The name and the direction in `input -> inf`, the key of an asymptote.
#[must_use]
pub fn ray(key: &str) -> Option<(&str, Direction)> {
    let (name, goal) = key.split_once("->")?;
    let direction = match goal.trim() {
        "inf" => Direction::Up,
        "-inf" => Direction::Down,
        _ => return None,
    };
    Some((name.trim(), direction))
}
