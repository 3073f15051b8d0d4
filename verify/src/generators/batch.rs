//! The data of one call, owned.

use loss_runtime::info::LossInfo;
use loss_runtime::tensor::LabelSlice;
use loss_runtime::{Array, Call, Element, Labels, Shape, Tensor};

use super::Extents;

/// Inputs and parameters in the order of the loss's description.
#[derive(Clone, Debug)]
pub struct Batch<T> {
    /// The inputs; `None` is absent.
    pub inputs: Vec<Option<Column<T>>>,
    /// The parameters; NaN is absent.
    pub params: Vec<f64>,
}

/// One input.
#[derive(Clone, Debug)]
pub struct Column<T> {
    /// The extents.
    pub shape: Vec<usize>,
    /// The values in row-major order.
    pub values: Values<T>,
}

/// Values of one of the types that inputs come in.
#[derive(Clone, Debug)]
pub enum Values<T> {
    /// Numbers of the compute type.
    Real(Vec<T>),
    /// Integers.
    Whole(Vec<i64>),
    /// Conditions.
    Condition(Vec<bool>),
}

impl<T: Element> Values<T> {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Real(values) => values.len(),
            Self::Whole(values) => values.len(),
            Self::Condition(values) => values.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The numbers, if that is what they are.
    #[must_use]
    pub fn reals(&self) -> Option<&[T]> {
        match self {
            Self::Real(values) => Some(values),
            Self::Whole(_) | Self::Condition(_) => None,
        }
    }

    /// One value as a number: conditions as 0 and 1.
    #[must_use]
    pub fn number(&self, place: usize) -> f64 {
        match self {
            Self::Real(values) => values[place].to_f64(),
            Self::Whole(values) => values[place] as f64,
            Self::Condition(values) => f64::from(u8::from(values[place])),
        }
    }

    /// Puts a number at a place, if the type can hold it; says whether it could.
    pub fn set(&mut self, place: usize, number: f64) -> bool {
        match self {
            Self::Real(values) => {
                values[place] = T::from_f64(number);
                true
            }
            Self::Whole(values) => {
                values[place] = number as i64;
                values[place] as f64 == number
            }
            Self::Condition(_) => false,
        }
    }

    /// The values at these places.
    #[must_use]
    pub fn pick(&self, places: &[usize]) -> Self {
        match self {
            Self::Real(values) => Self::Real(places.iter().map(|&place| values[place]).collect()),
            Self::Whole(values) => Self::Whole(places.iter().map(|&place| values[place]).collect()),
            Self::Condition(values) => Self::Condition(places.iter().map(|&place| values[place]).collect()),
        }
    }
}

impl<T: Element> Column<T> {
    /// As the runtime wants it. An array of more dimensions than the runtime has is given with none, and refused.
    #[must_use]
    pub fn array(&self) -> Array<'_, T> {
        let shape = Shape::new(&self.shape).unwrap_or_default();
        let labels = |data| Array::Labels(Labels { data, shape, row_stride: None });
        match &self.values {
            Values::Real(data) => Array::Real(Tensor { data, shape, row_stride: None }),
            Values::Whole(data) => labels(LabelSlice::I64(data)),
            Values::Condition(data) => labels(LabelSlice::Bool(data)),
        }
    }
}

impl<T: Element> Batch<T> {
    /// The call, to be run as the runtime sees fit.
    #[must_use]
    pub fn call(&self) -> Call<'_, T> {
        let mut call = Call::default();
        for (slot, column) in call.inputs.iter_mut().zip(&self.inputs) {
            *slot = column.as_ref().map(Column::array);
        }
        for (slot, param) in call.params.iter_mut().zip(&self.params) {
            *slot = *param;
        }
        call
    }

    /// Some of the rows as a batch of their own; inputs that all rows share stay whole.
    #[must_use]
    pub fn rows(&self, info: &LossInfo, extents: &Extents, rows: &[usize]) -> Self {
        let alone = Extents { rows: vec![rows.len()], extent: extents.extent };
        let inputs = self.inputs.iter().zip(info.inputs).map(|(column, input)| {
            let column = column.as_ref()?;
            // No rows at all are no part of an input that has none.
            if extents.place(info, input, 0, 0).is_none() {
                return Some(column.clone());
            }
            let per_row = extents.per_row(info, input);
            let places = rows.iter().flat_map(|&row| (0..per_row).map(move |along| (row, along)));
            let places: Vec<usize> = places.filter_map(|(row, along)| extents.place(info, input, row, along)).collect();
            Some(Column { shape: alone.shape(info, input), values: column.values.pick(&places) })
        });
        Self { inputs: inputs.collect(), params: self.params.clone() }
    }

    /// Which rows are dropped: those whose label is the value that is ignored.
    #[must_use]
    pub fn dropped_rows(&self, info: &LossInfo, extents: &Extents) -> Vec<bool> {
        let mut dropped = vec![false; extents.row_count()];
        for (column, input) in self.inputs.iter().zip(info.inputs) {
            let (Some(column), Some(param)) = (column, input.ignore) else {
                continue;
            };
            for (row, dropped) in dropped.iter_mut().enumerate() {
                if let Some(place) = extents.place(info, input, row, 0) {
                    *dropped |= column.values.number(place) == self.params[param];
                }
            }
        }
        dropped
    }
}
