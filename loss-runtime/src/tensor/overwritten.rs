//! What a call reads and then overwrites.

use alloc::vec::Vec;

use super::inline;
use crate::shape::Shape;

/// An array whose values a call replaces by their gradient.
///
/// Converts from exclusive slices as [`Tensor`](super::Tensor) does from shared ones.
#[derive(Debug)]
pub struct TensorMut<'a, T> {
    /// The values, and then the gradient.
    pub data: &'a mut [T],
    /// The extents.
    pub shape: Shape,
    /// As in [`Tensor`](super::Tensor).
    pub row_stride: Option<usize>,
}

impl<T> TensorMut<'_, T> {
    /// As [`Tensor::with_row_stride`](super::Tensor::with_row_stride). What lies between rows is neither read nor written.
    #[must_use]
    pub fn with_row_stride(mut self, row_stride: usize) -> Self {
        self.row_stride = Some(row_stride);
        self
    }
}

impl<'a, T> From<&'a mut [T]> for TensorMut<'a, T> {
    fn from(data: &'a mut [T]) -> Self {
        let shape = Shape::line(data.len());
        Self { data, shape, row_stride: None }
    }
}

impl<'a, T, const K: usize> From<&'a mut [T; K]> for TensorMut<'a, T> {
    fn from(data: &'a mut [T; K]) -> Self {
        Self::from(data.as_mut_slice())
    }
}

impl<'a, T> From<&'a mut Vec<T>> for TensorMut<'a, T> {
    fn from(data: &'a mut Vec<T>) -> Self {
        Self::from(data.as_mut_slice())
    }
}

impl<'a, T, const D: usize> From<(&'a mut [T], [usize; D])> for TensorMut<'a, T> {
    fn from((data, extents): (&'a mut [T], [usize; D])) -> Self {
        Self { data, shape: inline(extents), row_stride: None }
    }
}

impl<'a, T, const K: usize, const D: usize> From<(&'a mut [T; K], [usize; D])> for TensorMut<'a, T> {
    fn from((data, extents): (&'a mut [T; K], [usize; D])) -> Self {
        Self::from((data.as_mut_slice(), extents))
    }
}

impl<'a, T, const D: usize> From<(&'a mut Vec<T>, [usize; D])> for TensorMut<'a, T> {
    fn from((data, extents): (&'a mut Vec<T>, [usize; D])) -> Self {
        Self::from((data.as_mut_slice(), extents))
    }
}
