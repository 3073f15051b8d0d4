//! Step 2: arrays of any number of dimensions become rows and a second axis.
//!
//! Every input is seen as `outer` x `extent` x `inner` places. With the second axis in the second dimension, `[N, C, d1, d2]` has the
//! outer extent `N` and the inner one `d1 * d2`. With it in the last dimension, all others are outer. A spec without a second axis has
//! one place on it; its first dimension is outer, so that a row stride can be seen.

use crate::call::{Call, MAX_INPUTS, SLOTS};
use crate::error::Error;
use crate::info::{InputInfo, Label, LossInfo, Position};
use crate::job::{Geometry, Values, View};
use crate::kernel::CURVATURE;
use crate::registry::Element;
use crate::shape::{Shape, product};
use crate::tensor::{Array, LabelSlice};

/// Where every input lies, and then the curvature or the direction: as its input. Apart from [`Layout`], because it is large and must not be copied.
pub(super) type Views<'a, T> = [View<'a, T>; SLOTS];

/// The shapes of a call, agreed.
pub(super) struct Layout {
    pub(super) geometry: Geometry,
    /// The extent of the layout input's first dimension.
    pub(super) samples: usize,
    rows: Shape,
    pub(super) position: Option<Position>,
}

/// An input's array, whatever its type.
struct Given<'a, T> {
    values: Values<'a, T>,
    len: usize,
    shape: Shape,
    row_stride: Option<usize>,
}

impl Layout {
    /// Agrees on the shapes of a call, and finds out where its inputs lie; `views` are [absent](View::ABSENT) yet.
    pub(super) fn agree<'a, T: Element>(
        info: &'static LossInfo,
        call: &Call<'a, T>,
        views: &mut Views<'a, T>,
    ) -> Result<Self, Error> {
        if info.axes.len() > 2 || info.inputs.len() > MAX_INPUTS {
            return Err(Error::Unsupported { what: "more than two axes, or more than 8 inputs" });
        }
        for (input, given) in info.inputs.iter().zip(&call.inputs) {
            if given.is_none() && !input.optional && input.default.is_none() {
                return Err(Error::MissingInput { name: input.name });
            }
        }
        if let Some(line) = Self::line(info, call, views) {
            return Ok(line);
        }
        let lead = lead(info, call)?;
        let declared = &info.inputs[lead];
        let shape = call.inputs[lead].as_ref().map_or(Shape::default(), |given| *shape(given));
        let position = info.axes.get(1).map(|axis| axis.position);
        let (rows, extent) = rows_and_extent(info, declared, &shape, position, call)?;
        let extents = rows.extents();
        let geometry = match position {
            Some(Position::Last) => Geometry { outer: rows.len(), extent, inner: 1 },
            None | Some(Position::Second | Position::Rows) => Geometry {
                outer: extents.first().copied().unwrap_or(1),
                extent,
                inner: product(extents.get(1..).unwrap_or(&[])),
            },
        };
        let samples = shape.extents().first().copied().unwrap_or(1);
        let mut layout = Self { geometry, samples, rows, position };
        for (place, declared) in info.inputs.iter().enumerate() {
            if let Some(given) = &call.inputs[place] {
                layout.view(declared, given, &mut views[place])?;
            }
        }
        layout.flatten(views);
        if let Some(curvature) = &info.curvature {
            views[CURVATURE] = views[curvature.input];
        }
        if size_of::<T>() == 4 && extent > 1 << 24 {
            return Err(Error::Unsupported { what: "a second axis of more than 2^24 places in f32" });
        }
        Ok(layout)
    }

    /// Of a loss without a second axis, where every input is one dense line: what the general way comes to, found with few questions.
    /// Anything else, and anything wrong, is left to that. Calls come here that are too long to be answered at once, or have labels of
    /// other types, conditions to be checked, or an upstream gradient for each value.
    #[inline(always)]
    fn line<'a, T: Element>(info: &'static LossInfo, call: &Call<'a, T>, views: &mut Views<'a, T>) -> Option<Self> {
        let rows = *shape(call.inputs[info.layout].as_ref()?);
        if info.axes.len() != 1 || rows.extents().len() != 1 {
            return None;
        }
        let len = rows.len();
        for ((declared, given), view) in info.inputs.iter().zip(&call.inputs).zip(views.iter_mut()) {
            let Some(given) = given else { continue };
            let Given { values, len: own, shape, row_stride: None } = typed(declared, given).ok()? else { return None };
            if declared.axes != [0] || own != len || shape != rows {
                return None;
            }
            *view = View { values, strides: [1, 0, 0], broadcast: false };
        }
        if let Some(curvature) = &info.curvature {
            views[CURVATURE] = views[curvature.input];
        }
        let geometry = Geometry { outer: len, extent: 1, inner: 1 };
        Some(Self { geometry, samples: len, rows, position: None })
    }

    /// How many values `none` has along these axes.
    pub(super) fn none_len(&self, axes: u8) -> usize {
        let rows = if axes & 1 != 0 { self.rows.len() } else { 1 };
        let extent = if axes & 2 != 0 { self.geometry.extent } else { 1 };
        rows.saturating_mul(extent)
    }

    /// The shape of the values of `none` along these axes.
    pub(super) fn none(&self, axes: u8) -> Result<Shape, Error> {
        let rows = if axes & 1 != 0 { self.rows } else { Shape::default() };
        if axes & 2 == 0 {
            return Ok(rows);
        }
        self.with_extent(&rows, self.geometry.extent)
    }

    /// Rows with the second axis put where it belongs.
    fn with_extent(&self, rows: &Shape, extent: usize) -> Result<Shape, Error> {
        let dims = rows.extents().len();
        let place = if self.position == Some(Position::Last) { dims } else { dims.min(1) };
        rows.with(place, extent).ok_or(Error::Unsupported { what: "more than 8 dimensions" })
    }

    /// Without a second axis, rows that lie one after the other in every array are one line: the loops are then longest.
    fn flatten<T>(&mut self, views: &mut Views<'_, T>) {
        let Geometry { outer, extent, inner } = self.geometry;
        let is_line = |view: &View<'_, T>| view.strides == [0; 3] || view.strides[0] == inner;
        if self.position.is_none() && views.iter().all(is_line) {
            self.geometry = Geometry { outer: outer * inner, extent, inner: 1 };
            for view in views {
                view.strides = [usize::from(view.strides != [0; 3]), 0, 0];
            }
        }
    }

    /// Where an input's values lie.
    fn view<'a, T: Element>(
        &self,
        declared: &InputInfo,
        given: &Array<'a, T>,
        view: &mut View<'a, T>,
    ) -> Result<(), Error> {
        let given = typed(declared, given)?;
        let (has_rows, has_extent) = self.match_axes(declared, &given)?;
        let extents = given.shape.extents();
        let line = product(extents.get(1..).unwrap_or(&[]));
        let row_stride = given.row_stride.unwrap_or(line);
        check_length(declared, &given, line, row_stride)?;
        // Rows of no places step as well: a stride of 0 is that of what all rows share.
        let row_stride = row_stride.max(1);
        let stride = |wanted: bool, stride: usize| if wanted { stride } else { 0 };
        let Geometry { extent, inner, .. } = self.geometry;
        let own_extent = if has_extent { extent } else { 1 };
        let strides = match (has_rows, has_extent) {
            (false, false) => [0; 3],
            (false, true) if extents.len() == 1 => [0, row_stride, 0],
            (false, true) => [0, 1, 0],
            // One row: the only dimension is the second axis.
            (true, true) if self.rows.extents().is_empty() => [0, row_stride, 0],
            (true, _) if self.position == Some(Position::Last) && self.rows.extents().len() > 1 => {
                if row_stride != line {
                    return Err(Error::Unsupported {
                        what: "a row stride with more than one dimension before the last",
                    });
                }
                [own_extent, stride(has_extent, 1), 0]
            }
            (true, _) => [row_stride, stride(has_extent, inner), stride(inner > 1, 1)],
        };
        let lacks = |axis: usize, has: bool| declared.axes.contains(&axis) && !has;
        let broadcast = lacks(0, has_rows) || lacks(1, has_extent);
        *view = View { values: given.values, strides, broadcast };
        Ok(())
    }

    /// Which of its axes an input has in this call: rows, second axis. An axis that may be broadcast may be missing or have extent 1.
    fn match_axes<T>(&self, declared: &InputInfo, given: &Given<'_, T>) -> Result<(bool, bool), Error> {
        /// An axis of an array.
        #[derive(Clone, Copy, PartialEq)]
        enum Axis {
            Full,
            One,
            Missing,
        }
        let choices = |axis: usize| -> &'static [Axis] {
            match (declared.axes.contains(&axis), declared.broadcast.contains(&axis)) {
                (false, _) => &[Axis::Missing],
                (true, false) => &[Axis::Full],
                (true, true) => &[Axis::Full, Axis::One, Axis::Missing],
            }
        };
        let mut first = None;
        for second in choices(1) {
            for rows in choices(0) {
                let row_shape = match rows {
                    Axis::Full => self.rows,
                    Axis::One => self.rows.ones(),
                    Axis::Missing => Shape::default(),
                };
                let expected = match second {
                    Axis::Full => self.with_extent(&row_shape, self.geometry.extent)?,
                    Axis::One => self.with_extent(&row_shape, 1)?,
                    Axis::Missing => row_shape,
                };
                if expected == given.shape {
                    return Ok((*rows == Axis::Full, *second == Axis::Full));
                }
                first = first.or(Some(expected));
            }
        }
        Err(mismatch(declared.name, &first.unwrap_or_default(), &given.shape))
    }
}

/// The input that gives the layout: the declared one, or if it is absent, the first of those with the most axes.
fn lead<T>(info: &LossInfo, call: &Call<'_, T>) -> Result<usize, Error> {
    if call.inputs[info.layout].is_some() {
        return Ok(info.layout);
    }
    let given = (0..info.inputs.len()).rev().filter(|input| call.inputs[*input].is_some());
    given
        .max_by_key(|input| info.inputs[*input].axes.len())
        .ok_or(Error::MissingInput { name: info.inputs[info.layout].name })
}

/// Splits the layout input's shape into rows and the second axis.
fn rows_and_extent<T>(
    info: &'static LossInfo,
    declared: &InputInfo,
    shape: &Shape,
    position: Option<Position>,
    call: &Call<'_, T>,
) -> Result<(Shape, usize), Error> {
    let dims = shape.extents().len();
    let has_rows = declared.axes.contains(&0);
    if !declared.axes.contains(&1) {
        let rows = if has_rows { *shape } else { Shape::default() };
        // The second axis, if there is one, is seen in another input alone.
        let table = info.inputs.iter().zip(&call.inputs).find_map(|(input, given)| {
            let given = given.as_ref().filter(|_| input.axes == [1])?;
            Some((input, given))
        });
        return match table {
            Some((input, given)) => Ok((rows, extent_at(info, input, self::shape(given), 0)?)),
            None => Ok((rows, 1)),
        };
    }
    let expected = if has_rows { 2 } else { 1 };
    if dims == 0 || (!has_rows && dims > 1) {
        return Err(Error::Dimensions { input: declared.name, expected, found: dims });
    }
    let place = dimension(position, shape).unwrap_or(0);
    Ok((shape.without(place), extent_at(info, declared, shape, place)?))
}

fn extent_at(info: &'static LossInfo, declared: &InputInfo, shape: &Shape, place: usize) -> Result<usize, Error> {
    let axis = info.axes.get(1).map_or("", |axis| axis.name);
    match shape.extents().get(place) {
        None => Err(Error::Dimensions { input: declared.name, expected: place + 1, found: shape.extents().len() }),
        Some(0) => Err(Error::EmptyAxis { input: declared.name, axis }),
        Some(extent) => Ok(*extent),
    }
}

/// An array's shape.
pub(super) fn shape<'c, T>(array: &'c Array<'_, T>) -> &'c Shape {
    match array {
        Array::Real(tensor) => &tensor.shape,
        Array::Labels(labels) => &labels.shape,
    }
}

/// Which dimension of the layout input is the second axis; none of an array without dimensions.
pub(super) fn dimension(position: Option<Position>, shape: &Shape) -> Option<usize> {
    let last = shape.extents().len().checked_sub(1)?;
    Some(match position {
        Some(Position::Last) => last,
        None | Some(Position::Second | Position::Rows) => last.min(1),
    })
}

/// An input's values.
pub(super) fn given<'a, T: Element>(array: &Array<'a, T>) -> Values<'a, T> {
    match array {
        Array::Real(tensor) => Values::Native(tensor.data),
        Array::Labels(labels) => T::same_type(labels.data).map_or(Values::Labels(labels.data), Values::Native),
    }
}

/// An input's values, if they have a type that it admits.
#[inline(always)]
fn typed<'a, T: Element>(declared: &InputInfo, given: &Array<'a, T>) -> Result<Given<'a, T>, Error> {
    let values = self::given(given);
    let (type_name, len, shape, row_stride) = match given {
        Array::Real(tensor) => (T::NAME, tensor.data.len(), tensor.shape, tensor.row_stride),
        Array::Labels(labels) => (labels.data.type_name(), labels.data.len(), labels.shape, labels.row_stride),
    };
    if admits(declared, &values) {
        Ok(Given { values, len, shape, row_stride })
    } else {
        Err(Error::InputType { input: declared.name, given: type_name, label: declared.label })
    }
}

/// Whether an input admits values of a type.
fn admits<T>(declared: &InputInfo, values: &Values<'_, T>) -> bool {
    enum Kind {
        Bool,
        Signed,
        Unsigned,
        Float,
    }
    let kind = match values {
        Values::Native(_) | Values::InPlace | Values::Absent => Kind::Float,
        Values::Labels(labels) => match labels {
            LabelSlice::Bool(_) => Kind::Bool,
            LabelSlice::I8(_) | LabelSlice::I16(_) | LabelSlice::I32(_) | LabelSlice::I64(_) => Kind::Signed,
            LabelSlice::U8(_) | LabelSlice::U16(_) | LabelSlice::U32(_) | LabelSlice::U64(_) | LabelSlice::Usize(_) => {
                Kind::Unsigned
            }
            LabelSlice::F32(_) | LabelSlice::F64(_) => Kind::Float,
            #[cfg(feature = "half")]
            LabelSlice::Bf16(_) | LabelSlice::F16(_) => Kind::Float,
        },
    };
    // A narrower type is widened to the compute type; a wider one would be rounded unasked.
    if declared.gradient && matches!(values, Values::Labels(labels) if !labels.is_narrow()) {
        return false;
    }
    match declared.label {
        Label::Real | Label::Nonnegative | Label::Positive | Label::Probability | Label::Simplex => {
            matches!(kind, Kind::Float)
        }
        Label::Binary | Label::MultiHot | Label::Flag => true,
        Label::Sign => matches!(kind, Kind::Float | Kind::Signed),
        Label::Count => matches!(kind, Kind::Float | Kind::Signed | Kind::Unsigned),
        Label::ClassIndex | Label::Group => matches!(kind, Kind::Signed | Kind::Unsigned),
    }
}

fn mismatch(input: &'static str, expected: &Shape, found: &Shape) -> Error {
    let (expected, found) = (expected.extents(), found.extents());
    if expected.len() != found.len() {
        return Error::Dimensions { input, expected: expected.len(), found: found.len() };
    }
    let axis = expected.iter().zip(found).position(|(expected, found)| expected != found).unwrap_or(0);
    let at = |extents: &[usize]| extents.get(axis).copied().unwrap_or(0);
    Error::Shape { input, axis, expected: at(expected), found: at(found) }
}

/// A slice is as long as its shape says; with a row stride, what follows the last row may be there or not.
fn check_length<T>(declared: &InputInfo, given: &Given<'_, T>, line: usize, row_stride: usize) -> Result<(), Error> {
    let input = declared.name;
    if row_stride < line {
        return Err(Error::RowStride { input, least: line, found: row_stride });
    }
    let (least, most) = lengths(&given.shape, given.row_stride);
    if (least..=most).contains(&given.len) {
        Ok(())
    } else {
        Err(Error::Length { input, expected: least, found: given.len })
    }
}

/// The least and the greatest length of a slice that lies as an input does.
pub(super) fn lengths_of<T>(given: &Array<'_, T>) -> (usize, usize) {
    match given {
        Array::Real(tensor) => lengths(&tensor.shape, tensor.row_stride),
        Array::Labels(labels) => lengths(&labels.shape, labels.row_stride),
    }
}

/// The least and the greatest length of a slice of this shape.
fn lengths(shape: &Shape, row_stride: Option<usize>) -> (usize, usize) {
    let places = shape.len();
    let rows = shape.extents().first().copied().unwrap_or(1);
    match row_stride {
        None => (places, places),
        Some(_) if places == 0 => (0, usize::MAX),
        Some(stride) => {
            let line = product(shape.extents().get(1..).unwrap_or(&[]));
            ((rows - 1).saturating_mul(stride).saturating_add(line), rows.saturating_mul(stride).max(line))
        }
    }
}

#[cfg(test)]
mod tests;
