//! What a call reads: slices with a shape.

mod overwritten;

use alloc::vec::Vec;
use core::ops::Range;

#[cfg(feature = "half")]
use half::{bf16, f16};

use crate::lane::Real;
use crate::prefetch::prefetch_read;
use crate::shape::{MAX_DIMS, Shape};
#[cfg(feature = "half")]
use crate::stored::Half;

pub use overwritten::TensorMut;

/// An array of the compute type: a slice in row-major order with a shape.
///
/// Slices and fixed-size arrays convert to one dimension, `(slice, [2, 3])` to any number of them, up to [`MAX_DIMS`].
#[derive(Clone, Copy, Debug)]
pub struct Tensor<'a, T> {
    /// The values.
    pub data: &'a [T],
    /// The extents.
    pub shape: Shape,
    /// The distance between the starts of neighbours along the first dimension, if it is not the product of the other extents.
    pub row_stride: Option<usize>,
}

impl<T> Tensor<'_, T> {
    /// The same with this distance between the starts of neighbours along the first dimension. What lies between is not read.
    #[must_use]
    pub fn with_row_stride(mut self, row_stride: usize) -> Self {
        self.row_stride = Some(row_stride);
        self
    }
}

/// An array of whatever type labels come in.
///
/// Converts from slices of it as [`Tensor`] does.
#[derive(Clone, Copy, Debug)]
pub struct Labels<'a> {
    /// The values.
    pub data: LabelSlice<'a>,
    /// The extents.
    pub shape: Shape,
    /// As in [`Tensor`].
    pub row_stride: Option<usize>,
}

impl Labels<'_> {
    /// As [`Tensor::with_row_stride`].
    #[must_use]
    pub fn with_row_stride(mut self, row_stride: usize) -> Self {
        self.row_stride = Some(row_stride);
        self
    }
}

/// An input: an array of the compute type, or labels.
#[derive(Clone, Copy, Debug)]
pub enum Array<'a, T> {
    /// Numbers of the compute type.
    Real(Tensor<'a, T>),
    /// Labels, or numbers of another type.
    Labels(Labels<'a>),
}

impl<'a, T> From<Tensor<'a, T>> for Array<'a, T> {
    fn from(tensor: Tensor<'a, T>) -> Self {
        Self::Real(tensor)
    }
}

impl<'a, T> From<Labels<'a>> for Array<'a, T> {
    fn from(labels: Labels<'a>) -> Self {
        Self::Labels(labels)
    }
}

impl<'a, T> From<&'a [T]> for Tensor<'a, T> {
    fn from(data: &'a [T]) -> Self {
        Self { data, shape: Shape::line(data.len()), row_stride: None }
    }
}

impl<'a, T, const K: usize> From<&'a [T; K]> for Tensor<'a, T> {
    fn from(data: &'a [T; K]) -> Self {
        Self::from(data.as_slice())
    }
}

impl<'a, T, const D: usize> From<(&'a [T], [usize; D])> for Tensor<'a, T> {
    fn from((data, extents): (&'a [T], [usize; D])) -> Self {
        Self { data, shape: inline(extents), row_stride: None }
    }
}

impl<'a, T, const K: usize, const D: usize> From<(&'a [T; K], [usize; D])> for Tensor<'a, T> {
    fn from((data, extents): (&'a [T; K], [usize; D])) -> Self {
        Self::from((data.as_slice(), extents))
    }
}

impl<'a, T> From<&'a Vec<T>> for Tensor<'a, T> {
    fn from(data: &'a Vec<T>) -> Self {
        Self::from(data.as_slice())
    }
}

impl<'a, T, const D: usize> From<(&'a Vec<T>, [usize; D])> for Tensor<'a, T> {
    fn from((data, extents): (&'a Vec<T>, [usize; D])) -> Self {
        Self::from((data.as_slice(), extents))
    }
}

/// A number of dimensions known to the compiler; too many do not compile.
fn inline<const D: usize>(extents: [usize; D]) -> Shape {
    const { assert!(D <= MAX_DIMS, "an array has at most 8 dimensions") };
    Shape::new(&extents).unwrap_or_default()
}

/// A type that labels come in.
pub(crate) trait LabelType: Copy {
    /// As a number.
    fn number(self) -> f64;
    /// As the nearest whole number that 64 bits hold.
    fn saturating(self) -> i64;
}

/// A question asked of every label.
pub(crate) trait LabelTest: Copy {
    /// Whether the answer is yes.
    fn passes<V: LabelType>(self, value: V) -> bool;
}

impl LabelType for bool {
    #[inline(always)]
    fn number(self) -> f64 {
        f64::from(u8::from(self))
    }
    #[inline(always)]
    fn saturating(self) -> i64 {
        i64::from(self)
    }
}

macro_rules! whole_label_types {
    ($($type:ident)*) => {
        $(impl LabelType for $type {
            #[inline(always)]
            fn number(self) -> f64 {
                self as f64
            }
            #[inline(always)]
            fn saturating(self) -> i64 {
                // Of the types here, those alone that are unsigned and 64 bits wide hold more, and none of them less.
                if Self::MIN == 0 && Self::BITS == 64 { self.min(i64::MAX as Self) as i64 } else { self as i64 }
            }
        })*
    };
}
whole_label_types! { u8 i8 u16 i16 u32 i32 u64 i64 usize }

macro_rules! float_label_types {
    ($($type:ident)*) => {
        $(impl LabelType for $type {
            #[inline(always)]
            fn number(self) -> f64 {
                f64::from(self)
            }
            #[inline(always)]
            fn saturating(self) -> i64 {
                self as i64
            }
        })*
    };
}
float_label_types! { f32 f64 }

#[cfg(feature = "half")]
macro_rules! half_label_types {
    ($($type:ident)*) => {
        $(impl LabelType for $type {
            #[inline(always)]
            fn number(self) -> f64 {
                f64::from(self.widened())
            }
            #[inline(always)]
            fn saturating(self) -> i64 {
                self.widened().saturating()
            }
        })*
    };
}
#[cfg(feature = "half")]
half_label_types! { bf16 f16 }

macro_rules! label_types {
    ($($(#[$when:meta])? $variant:ident $type:ident $doc:literal $widen:expr;)*) => {
        /// The values of [`Labels`], of one of the types they come in.
        #[derive(Clone, Copy, Debug)]
        #[non_exhaustive]
        pub enum LabelSlice<'a> {
            $($(#[$when])? #[doc = $doc] $variant(&'a [$type]),)*
        }

        impl LabelSlice<'_> {
            /// How many values.
            #[must_use]
            pub fn len(&self) -> usize {
                match self { $($(#[$when])? Self::$variant(values) => values.len(),)* }
            }

            /// Whether there are none.
            #[must_use]
            pub fn is_empty(&self) -> bool {
                self.len() == 0
            }

            /// The value at a place, as a number: conditions as 0 and 1.
            ///
            /// # Panics
            /// If there is no such place.
            #[inline(always)]
            #[must_use]
            pub fn number(&self, place: usize) -> f64 {
                match self { $($(#[$when])? Self::$variant(values) => values[place].number(),)* }
            }

            /// The values from a place on; none, if there are not so many.
            #[must_use]
            pub(crate) fn starting_at(&self, place: usize) -> Self {
                match self { $($(#[$when])? Self::$variant(values) => Self::$variant(values.get(place..).unwrap_or(&[])),)* }
            }

            /// Fetches the values at some places ahead, if there are so many.
            pub(crate) fn prefetch(&self, places: Range<usize>) {
                match self { $($(#[$when])? Self::$variant(values) => prefetch_read(values, places),)* }
            }

            /// Checked class indices, `stride` apart, as places.
            pub(crate) fn places(&self, start: usize, stride: usize, to: &mut [usize]) {
                match self {
                    $($(#[$when])? Self::$variant(values) => {
                        for (place, to) in to.iter_mut().enumerate() {
                            *to = values[start + place * stride].saturating() as usize;
                        }
                    })*
                }
            }

            /// Whether the values at some places pass.
            #[inline(always)]
            pub(crate) fn all(&self, places: Range<usize>, test: impl LabelTest) -> bool {
                match self {
                    // Without a way out in the middle: the loop is then vectorised.
                    $($(#[$when])? Self::$variant(values) => {
                        values[places].iter().fold(true, |all, value| all & test.passes(*value))
                    })*
                }
            }

            /// Converts `to.len()` values, `stride` apart.
            pub(crate) fn convert<T: Real>(&self, start: usize, stride: usize, to: &mut [T]) {
                match self {
                    $($(#[$when])? Self::$variant(values) => {
                        if stride == 1 {
                            $widen(&values[start..start + to.len()], to);
                        } else {
                            for (place, to) in to.iter_mut().enumerate() {
                                *to = T::from_f64(values[start + place * stride].number());
                            }
                        }
                    })*
                }
            }

            /// Whether they are floats narrower than any compute type.
            #[must_use]
            pub(crate) fn is_narrow(&self) -> bool {
                #[cfg(feature = "half")]
                return matches!(self, Self::Bf16(_) | Self::F16(_));
                #[cfg(not(feature = "half"))]
                return false;
            }

            /// How far a number may be from the one that it was rounded from, relative to it.
            pub(crate) fn rounding(&self) -> f64 {
                match self {
                    #[cfg(feature = "half")]
                    Self::Bf16(_) => f64::from(bf16::EPSILON.to_f32()) / 2.0,
                    #[cfg(feature = "half")]
                    Self::F16(_) => f64::from(f16::EPSILON.to_f32()) / 2.0,
                    _ => 0.0,
                }
            }

            /// How Rust spells the type.
            #[must_use]
            pub fn type_name(&self) -> &'static str {
                match self { $($(#[$when])? Self::$variant(_) => stringify!($type),)* }
            }
        }

        $(
            $(#[$when])?
            impl<'a> From<&'a [$type]> for Labels<'a> {
                fn from(data: &'a [$type]) -> Self {
                    Self { data: LabelSlice::$variant(data), shape: Shape::line(data.len()), row_stride: None }
                }
            }

            $(#[$when])?
            impl<'a, const K: usize> From<&'a [$type; K]> for Labels<'a> {
                fn from(data: &'a [$type; K]) -> Self {
                    Self::from(data.as_slice())
                }
            }

            $(#[$when])?
            impl<'a, const D: usize> From<(&'a [$type], [usize; D])> for Labels<'a> {
                fn from((data, extents): (&'a [$type], [usize; D])) -> Self {
                    Self { data: LabelSlice::$variant(data), shape: inline(extents), row_stride: None }
                }
            }

            $(#[$when])?
            impl<'a, const K: usize, const D: usize> From<(&'a [$type; K], [usize; D])> for Labels<'a> {
                fn from((data, extents): (&'a [$type; K], [usize; D])) -> Self {
                    Self::from((data.as_slice(), extents))
                }
            }

            $(#[$when])?
            impl<'a> From<&'a Vec<$type>> for Labels<'a> {
                fn from(data: &'a Vec<$type>) -> Self {
                    Self::from(data.as_slice())
                }
            }

            $(#[$when])?
            impl<'a, const D: usize> From<(&'a Vec<$type>, [usize; D])> for Labels<'a> {
                fn from((data, extents): (&'a Vec<$type>, [usize; D])) -> Self {
                    Self::from((data.as_slice(), extents))
                }
            }
        )*
    };
}

/// Converts labels one by one.
fn each<V: LabelType, T: Real>(from: &[V], to: &mut [T]) {
    for (to, value) in to.iter_mut().zip(from) {
        *to = T::from_f64(value.number());
    }
}

label_types! {
    Bool bool "Conditions." each;
    U8 u8 "Bytes." each;
    I8 i8 "Signed bytes." each;
    U16 u16 "16 bits." each;
    I16 i16 "16 bits, signed." each;
    U32 u32 "32 bits." each;
    I32 i32 "32 bits, signed." each;
    U64 u64 "64 bits." each;
    I64 i64 "64 bits, signed." each;
    Usize usize "As wide as an address." each;
    F32 f32 "Floats." each;
    F64 f64 "Double floats." each;
    #[cfg(feature = "half")] Bf16 bf16 "The upper halves of floats." crate::stored::widen;
    #[cfg(feature = "half")] F16 f16 "Half floats." crate::stored::widen;
}
