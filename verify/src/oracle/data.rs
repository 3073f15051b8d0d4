//! The numbers of one call, as the oracle reads them.

use loss_codegen::expr::{AxisId, Constant, InputId, ParamId};
use loss_codegen::model::{Label, Spec};

/// An element of an input: its place in the row-major order of the input's axes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Element {
    /// The input.
    pub input: InputId,
    /// The place.
    pub place: usize,
}

/// Parameters follow the inputs, as if each were an input along nothing.
const PARAMS: u8 = 128;

impl Element {
    /// A parameter, as what a derivative is taken with respect to.
    #[must_use]
    pub fn of_param(param: ParamId) -> Self {
        Self { input: InputId(PARAMS + param.0), place: 0 }
    }

    /// Which parameter it is, if it is one.
    #[must_use]
    pub fn param(self) -> Option<ParamId> {
        self.input.0.checked_sub(PARAMS).map(ParamId)
    }
}

/// What an input holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Numbers; those of a narrower format widened, which is exact.
    Real(Vec<f64>),
    /// Conditions.
    Condition(Vec<bool>),
    /// Classes, entries of an index list, or groups.
    Integer(Vec<i64>),
}

impl Values {
    /// How many.
    pub fn len(&self) -> usize {
        match self {
            Values::Real(values) => values.len(),
            Values::Condition(values) => values.len(),
            Values::Integer(values) => values.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Those at the places wanted.
    fn filtered(&self, is_wanted: impl Fn(usize) -> bool) -> Self {
        fn filtered<T: Copy>(values: &[T], is_wanted: impl Fn(usize) -> bool) -> Vec<T> {
            values.iter().enumerate().filter(|(place, _)| is_wanted(*place)).map(|(_, &value)| value).collect()
        }
        match self {
            Values::Real(values) => Values::Real(filtered(values, is_wanted)),
            Values::Condition(values) => Values::Condition(filtered(values, is_wanted)),
            Values::Integer(values) => Values::Integer(filtered(values, is_wanted)),
        }
    }
}

/// An input of a call.
#[derive(Clone, Debug, PartialEq)]
pub struct InputData {
    /// The axes its values vary along, the slowest first. An axis of the spec's input that is missing here is broadcast.
    pub axes: Vec<AxisId>,
    /// The values, in row-major order of the axes.
    pub values: Values,
}

/// A parameter's value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// A number as a spec writes it, exactly.
    Constant(Constant),
    /// The exact value of a float.
    Float(f64),
}

impl From<f64> for Number {
    fn from(value: f64) -> Self {
        Number::Float(value)
    }
}

/// The data of one call.
#[derive(Clone, Debug, PartialEq)]
pub struct Data {
    /// The extent of each axis of the spec: of the row axis, the number of rows.
    pub extents: Vec<usize>,
    /// The extent of the caller's first dimension, which `samples` divides by.
    pub samples: usize,
    /// The inputs; nothing for an absent one.
    pub inputs: Vec<Option<InputData>>,
    /// The parameters; nothing for an absent or static one.
    pub params: Vec<Option<Number>>,
}

/// Why data does not fit a spec.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Malformed {
    /// Not one extent for each axis, one entry for each input and one for each parameter.
    Lists,
    /// An input does not hold as many values as its axes have places, or the wrong kind of values.
    Input(InputId),
    /// The formula reads an input that the data lacks.
    MissingInput(InputId),
    /// The formula reads a parameter that the data lacks.
    MissingParam(ParamId),
    /// A place was picked that the axis does not have: a label out of range, or an entry that is not given.
    Pick {
        /// The axis.
        axis: AxisId,
        /// The place.
        index: i64,
    },
    /// An expression that is not part of a loss as written.
    Derivative,
    /// An expression of another type than the question needs.
    Type,
    /// The spec has no reduction of that name.
    Reduction(String),
    /// Not as many upstream values as the result has.
    Upstream,
}

impl Data {
    /// Data without inputs and parameters, for axes of the given extents (axis like `N` included).
    pub fn new(spec: &Spec, extents: Vec<usize>) -> Self {
        Data {
            samples: extents.first().copied().unwrap_or(1),
            extents,
            inputs: vec![None; spec.inputs.len()],
            params: vec![None; spec.params.len()],
        }
    }

    /// Sets an input that varies along all the axes its spec gives it.
    pub fn with_input(mut self, spec: &Spec, input: InputId, values: Values) -> Self {
        let axes = spec.inputs[usize::from(input.0)].axes.clone();
        self.inputs[usize::from(input.0)] = Some(InputData { axes, values });
        self
    }

    /// Sets a parameter.
    pub fn with_param(mut self, param: ParamId, value: impl Into<Number>) -> Self {
        self.params[usize::from(param.0)] = Some(value.into());
        self
    }

    /// Whether the data fits the spec's lists, labels and extents.
    ///
    /// # Errors
    /// The first thing that does not fit.
    pub fn check(&self, spec: &Spec) -> Result<(), Malformed> {
        if self.extents.len() != spec.axes.len()
            || self.inputs.len() != spec.inputs.len()
            || self.params.len() != spec.params.len()
        {
            return Err(Malformed::Lists);
        }
        for (place, (input, data)) in spec.inputs.iter().zip(&self.inputs).enumerate() {
            let Some(data) = data else { continue };
            let malformed = Malformed::Input(InputId(place as u8));
            if data.axes.iter().any(|axis| usize::from(axis.0) >= self.extents.len()) {
                return Err(malformed);
            }
            let places: usize = data.axes.iter().map(|axis| self.extents[usize::from(axis.0)]).product();
            let fits = match input.label {
                Label::ClassIndex(_) | Label::IndexList(_) | Label::Group => {
                    matches!(data.values, Values::Integer(_))
                }
                Label::Flag => matches!(data.values, Values::Condition(_)),
                Label::Real
                | Label::Nonnegative
                | Label::Positive
                | Label::Probability
                | Label::Binary
                | Label::MultiHot(_)
                | Label::Sign
                | Label::Count
                | Label::Simplex(_) => matches!(data.values, Values::Real(_)),
            };
            if !fits || places != data.values.len() {
                return Err(malformed);
            }
        }
        Ok(())
    }

    /// One place of an axis alone. What does not vary along the axis stays whole.
    pub fn at(&self, axis: AxisId, index: usize) -> Self {
        let alone = |column: &InputData| {
            let Some(at) = column.axes.iter().position(|&other| other == axis) else { return column.clone() };
            let inner: usize = column.axes[at + 1..].iter().map(|&axis| self.extent(axis)).product();
            let is_here = |place: usize| place / inner % self.extent(axis) == index;
            InputData { axes: column.axes.clone(), values: column.values.filtered(is_here) }
        };
        let inputs = self.inputs.iter().map(|column| column.as_ref().map(alone)).collect();
        let mut extents = self.extents.clone();
        extents[usize::from(axis.0)] = 1;
        Data {
            samples: if axis == AxisId::ROWS { 1 } else { self.samples },
            extents,
            inputs,
            params: self.params.clone(),
        }
    }

    /// The extent of an axis.
    pub fn extent(&self, axis: AxisId) -> usize {
        self.extents[usize::from(axis.0)]
    }
}
