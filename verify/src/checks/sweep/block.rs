//! A block of numbers through the kernels of both types at once, and how far the one is from the other.

use loss_runtime::{Element, Request, run};

use crate::generators::{Batch, Column, Extents, Values};
use crate::subject::Subject;

use super::super::curves::Line;

/// So many numbers go through the kernels at once: what they read and write stays in the cache.
pub(super) const BLOCK: usize = 1 << 13;

/// The kernels of one loss, along one line, with all that they read and write.
pub(super) struct Block {
    narrow: Side<f32>,
    wide: Side<f64>,
    input: usize,
    /// How many of the numbers count; the others repeat the last one.
    len: usize,
}

/// What the kernels of one type read and write.
struct Side<T> {
    batch: Batch<T>,
    elements: Vec<T>,
    gradient: Vec<T>,
}

/// What both types say of one quantity.
#[derive(Clone, Copy)]
pub(super) struct Pair<'b> {
    pub(super) actual: &'b [f32],
    pub(super) reference: &'b [f64],
}

impl Block {
    pub(super) fn new(subject: &Subject, line: &Line) -> Self {
        let (narrow, wide) = batches(subject, line, &[1.0; BLOCK]);
        let side = |_| vec![0.0; BLOCK];
        let [elements, gradient] = [(); 2].map(side);
        let wide = Side { batch: wide, elements, gradient };
        let narrow = Side { batch: narrow, elements: vec![0.0; BLOCK], gradient: vec![0.0; BLOCK] };
        Block { narrow, wide, input: line.input, len: 0 }
    }

    /// Sends up to a block of numbers through both kernels; whether they are accepted.
    pub(super) fn send(&mut self, subject: &Subject, numbers: &[f32]) -> bool {
        let Block { narrow, wide, input, len } = self;
        let Some(&last) = numbers.last() else { return false };
        let (Some(Values::Real(own)), Some(Values::Real(other))) = (narrow.values(*input), wide.values(*input)) else {
            return false;
        };
        *len = numbers.len();
        own[..*len].copy_from_slice(numbers);
        own[*len..].fill(last);
        for (other, &own) in other.iter_mut().zip(own.iter()) {
            *other = f64::from(own);
        }
        narrow.run(subject, *input) && wide.run(subject, *input)
    }

    /// Values, and gradients of the input that varies.
    pub(super) fn pairs(&self) -> [Pair<'_>; 2] {
        let Block { narrow, wide, len, .. } = self;
        [
            Pair { actual: &narrow.elements[..*len], reference: &wide.elements[..*len] },
            Pair { actual: &narrow.gradient[..*len], reference: &wide.gradient[..*len] },
        ]
    }
}

impl<T: Element> Side<T> {
    fn values(&mut self, input: usize) -> Option<&mut Values<T>> {
        Some(&mut self.batch.inputs.get_mut(input)?.as_mut()?.values)
    }

    fn run(&mut self, subject: &Subject, input: usize) -> bool {
        let mut call = self.batch.call();
        call.execution.threads = Some(1);
        let mut request = Request { elements: Some(&mut self.elements), ..Request::default() };
        request.gradients[input] = Some(&mut self.gradient);
        run(subject.loss, &call, request).is_ok()
    }
}

/// A batch of the line's row at each of the numbers, in both types.
pub(super) fn batches(subject: &Subject, line: &Line, numbers: &[f32]) -> (Batch<f32>, Batch<f64>) {
    let info = subject.loss.info();
    let mut wide = line.at(0.75).rows(info, &Extents::rows([1]), &vec![0; numbers.len()]);
    wide.params.iter_mut().for_each(|param| *param = f64::from(*param as f32));
    if let Some(column) = &mut wide.inputs[line.input] {
        column.values = Values::Real(numbers.iter().map(|&number| f64::from(number)).collect());
    }
    let narrow = |column: &Column<f64>| Column {
        shape: column.shape.clone(),
        values: match &column.values {
            Values::Real(values) => Values::Real(values.iter().map(|&value| value as f32).collect()),
            Values::Whole(values) => Values::Whole(values.clone()),
            Values::Condition(values) => Values::Condition(values.clone()),
        },
    };
    let inputs = wide.inputs.iter().map(|input| input.as_ref().map(narrow)).collect();
    (Batch { inputs, params: wide.params.clone() }, wide)
}

/// The distance in units in the last place of `f32` at the reference.
pub(super) fn distance(actual: f32, reference: f64) -> f64 {
    let rounded = reference as f32;
    if !actual.is_finite() || !rounded.is_finite() {
        let same = actual == rounded || actual.is_nan() && rounded.is_nan();
        return if same { 0.0 } else { f64::INFINITY };
    }
    (f64::from(actual) - reference).abs() / unit(reference)
}

/// The unit in the last place of `f32` at a number.
fn unit(number: f64) -> f64 {
    let size = number.abs().max(f64::from(f32::MIN_POSITIVE));
    f64::from_bits(size.to_bits() & (0x7ff << 52)) * f64::from(f32::EPSILON)
}

/// Whether all numbers are surely no farther than so many units; without branches, so that it is vectorised. What is not a number is far
/// from everything.
pub(super) fn are_near(actual: &[f32], reference: &[f64], bound: f64) -> bool {
    // The nearest number is at most half a unit away.
    let takes_nearest = bound >= 0.5;
    actual.iter().zip(reference).fold(true, |are_near, (&actual, &reference)| {
        let is_nearest = actual == reference as f32 && (takes_nearest || f64::from(actual) == reference);
        // Not `<=`, by which infinity would be near everything.
        are_near & (is_nearest | ((f64::from(actual) - reference).abs() < bound * unit(reference)))
    })
}

#[cfg(test)]
mod tests {
    use super::{are_near, distance};

    #[test]
    fn distances_are_in_units_of_the_narrow_type() {
        assert_eq!(distance(1.0 + f32::EPSILON, 1.0), 1.0);
        assert_eq!(distance(1.0, 1.0 + 0.25 * f64::from(f32::EPSILON)), 0.25);
        assert_eq!(distance(0.0, 0.5 * f64::from(f32::from_bits(1))), 0.5, "below the normal numbers");
        assert_eq!(distance(f32::INFINITY, 1e300), 0.0);
        assert_eq!(distance(f32::MAX, f64::INFINITY), f64::INFINITY);
        assert_eq!(distance(f32::NAN, f64::NAN), 0.0);
        assert_eq!(distance(f32::NAN, 1.0), f64::INFINITY);
    }

    #[test]
    fn what_is_near_is_within_the_distance() {
        let tenth = 1.0 + f64::from(f32::EPSILON) * 0.1;
        let numbers = [0.0, -0.0, 1.0, 1.0 + f32::EPSILON, 3.0, f32::MAX, f32::INFINITY, f32::NAN, f32::from_bits(3)];
        let references = [0.0, 1.0, tenth, 1.5, 1e-320, 1e-45, 3.0, f64::INFINITY, 1e300, f64::NAN];
        for actual in numbers {
            for reference in references {
                for bound in [0.0, 0.25, 0.5, 1.0, 2.0] {
                    let (is_near, distance) =
                        (are_near(&[0.0, actual], &[0.0, reference], bound), distance(actual, reference));
                    assert!(
                        !is_near || distance <= bound,
                        "{actual:e} is {distance} from {reference:e}, beyond {bound}"
                    );
                    let is_told = actual.is_finite() && (reference as f32).is_finite();
                    assert!(
                        is_near || distance >= bound || !is_told,
                        "{actual:e} is {distance} from {reference:e}, within {bound}"
                    );
                }
            }
        }
    }
}
