//! The same for floats narrower than the compute type: widened, which changes no number, a block at a time.

use core::ops::Range;

use super::{Admitted, Floats, Geometry, Isa, Rows, View};
use crate::drive::BLOCK;
use crate::lane::Real;
use crate::registry::Element;
use crate::run::labels::SIMPLEX_TOLERANCE;
use crate::tensor::LabelSlice;

/// Calls `look` with all values at some places, until it says no.
fn all_blocks<T: Real>(values: LabelSlice<'_>, places: Range<usize>, mut look: impl FnMut(&[T]) -> bool) -> bool {
    let mut space = [T::ZERO; BLOCK];
    let end = places.end;
    places.step_by(BLOCK).all(|at| {
        let block = &mut space[..BLOCK.min(end - at)];
        values.convert(at, 1, block);
        look(block)
    })
}

/// Whether the values at some places are admitted.
pub(super) fn all_admitted<T: Element>(
    values: LabelSlice<'_>,
    places: Range<usize>,
    admitted: Admitted,
    isa: Isa,
) -> bool {
    all_blocks::<T>(values, places, |values| T::dispatch(isa, Floats { values, admitted }))
}

/// Whether some rows are probabilities that add up to 1, if they are rows of vectors.
pub(super) fn all_simplex<T: Element>(
    view: &View<'_, T>,
    values: LabelSlice<'_>,
    geometry: &Geometry,
    mut outer: Range<usize>,
    admitted: Admitted,
    isa: Isa,
) -> bool {
    let Geometry { extent, inner, .. } = *geometry;
    if inner != 1 || view.strides[1] != 1 {
        return false;
    }
    let tolerance = SIMPLEX_TOLERANCE + values.rounding();
    if extent <= BLOCK {
        return blocks_of_rows::<T>(view.strides[0], values, outer, extent, tolerance, isa);
    }
    outer.all(|row| {
        let mut sum = 0.0;
        let start = row * view.strides[0];
        let within = all_blocks::<T>(values, start..start + extent, |values| {
            // Eight at a time, for as many sums do not wait for each other.
            let mut sums = [0.0; 8];
            for eight in values.chunks(8) {
                for (sum, value) in sums.iter_mut().zip(eight) {
                    *sum += value.to_f64();
                }
            }
            sum += sums.iter().sum::<f64>();
            T::dispatch(isa, Floats { values, admitted })
        });
        // The order of an exact search may round otherwise. Not the other way round: a row with a NaN passes.
        let off = f64::abs(sum - 1.0) > tolerance * (1.0 - 1e-9);
        within & !off
    })
}

/// The same for rows of which a block holds one, or several that lie one after the other.
fn blocks_of_rows<T: Element>(
    stride: usize,
    labels: LabelSlice<'_>,
    outer: Range<usize>,
    extent: usize,
    tolerance: f64,
    isa: Isa,
) -> bool {
    let end = outer.end;
    let together = if stride == extent { BLOCK / extent.max(1) } else { 1 };
    let mut space = [T::ZERO; BLOCK];
    outer.step_by(together).all(|row| {
        let rows = together.min(end - row);
        labels.convert(row * stride, 1, &mut space[..rows * extent]);
        let strides = [extent, 1, 0];
        T::dispatch(isa, Rows { values: &space, strides, outer: 0..rows, extent, inner: 1, tolerance })
    })
}
