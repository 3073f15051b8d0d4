//! Which shapes are measured.

use loss_runtime::Loss;
use loss_runtime::info::{InputInfo, Label, Position};
use loss_runtime::registry::VariantKey;

use crate::generators::Extents;

/// A shape: rows, and what lies along the second axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    rows: usize,
    extent: Option<usize>,
    /// The inner dimensions, of which the rows are a product too.
    inner: Option<[usize; 2]>,
}

/// One number, a small batch, numbers that fit in the second cache (192 KB each input: 100000 would straddle it on some machines), a
/// million, and so many that they fit in none.
const POINTWISE: [Size; 5] =
    [Size::rows(1), Size::rows(1_000), Size::rows(49_152), Size::rows(1_000_000), Size::rows(10_000_000)];
/// Few classes, a thousand, two vocabularies, and the pixels of images.
const CLASSES: [Size; 5] = [
    Size::of_extent(4_096, 10),
    Size::of_extent(1_024, 1_000),
    Size::of_extent(64, 32_000),
    Size::of_extent(16, 128_256),
    Size { rows: 4, extent: Some(21), inner: Some([256, 256]) },
];
/// Short vectors and long ones.
const VECTORS: [Size; 2] = [Size::of_extent(8_192, 128), Size::of_extent(1_024, 4_096)];

impl Size {
    const fn rows(rows: usize) -> Self {
        Self { rows, extent: None, inner: None }
    }

    const fn of_extent(rows: usize, extent: usize) -> Self {
        Self { rows, extent: Some(extent), inner: None }
    }

    /// The shapes that a loss is used with. One that gives a value at every place is used on whatever has places; of the others, what the
    /// second axis holds is read off where it lies and whether a label is a place on it.
    #[must_use]
    pub fn of(loss: &'static dyn Loss) -> &'static [Self] {
        let info = loss.info();
        let params: Vec<f64> = info.params.iter().map(|param| param.default.unwrap_or(f64::NAN)).collect();
        let required = |input: &InputInfo| !input.optional && input.default.is_none();
        let present = info.inputs.iter().rev().fold(0, |bits, input| bits << 1 | u32::from(required(input)));
        let has_second =
            loss.variant_f32(&VariantKey { params: &params, present }).axes & 2 == 0 && info.axes.len() > 1;
        let classes = info.axes.iter().any(|axis| axis.position == Position::Second)
            || info
                .inputs
                .iter()
                .any(|input| matches!(input.label, Label::ClassIndex | Label::MultiHot | Label::Simplex));
        match (has_second, classes) {
            (false, _) => &POINTWISE,
            (true, true) => &CLASSES,
            (true, false) => &VECTORS,
        }
    }

    /// How many places there are.
    pub(super) fn places(&self) -> usize {
        self.rows * self.extent.unwrap_or(1) * self.inner.map_or(1, |[height, width]| height * width)
    }

    /// The shape, as it is written: `1024x1000`.
    #[must_use]
    pub fn name(&self) -> String {
        let inner = self.inner.iter().flatten();
        let extents = std::iter::once(&self.rows).chain(&self.extent).chain(inner);
        extents.map(ToString::to_string).collect::<Vec<_>>().join("x")
    }

    /// The same for the generators.
    #[must_use]
    pub(super) fn extents(&self) -> Extents {
        let rows = match self.inner {
            Some([height, width]) => vec![self.rows, height, width],
            None => vec![self.rows],
        };
        Extents { rows, extent: self.extent.unwrap_or(1) }
    }
}
