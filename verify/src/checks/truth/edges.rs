//! Batches made sharper: numbers next to each other, on and around the places where formulas bend, infinite, and NaN.

use loss_runtime::Element;
use loss_runtime::info::{Label, LossInfo};

use crate::generators::{Batch, Random, Values};

/// The batch with some of its plain numbers moved to where it matters.
pub(super) fn sharpen<T: Element>(info: &LossInfo, mut batch: Batch<T>, random: &mut Random) -> Batch<T> {
    let plain: Vec<usize> = (0..batch.inputs.len())
        .filter(|&input| info.inputs[input].label == Label::Real && info.inputs[input].domain.is_none())
        .collect();
    for &input in &plain {
        let Some(len) = reals(&batch, input).map(<[T]>::len) else { continue };
        for place in 0..len {
            if random.chance(0.75) {
                continue;
            }
            let number = match random.below(12) {
                0 => special(random),
                1 => 0.0,
                _ => near(&batch, &plain, place, random),
            };
            if let Some(Values::Real(values)) = batch.inputs[input].as_mut().map(|column| &mut column.values) {
                values[place] = nudged(T::from_f64(number), random);
            }
        }
    }
    batch
}

fn reals<T: Element>(batch: &Batch<T>, input: usize) -> Option<&[T]> {
    batch.inputs[input].as_ref()?.values.reals()
}

fn special(random: &mut Random) -> f64 {
    *random.pick(&[f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e30, -1e30, 1e-30, 120.0, -120.0])
}

/// Another number of the same place, plus or minus a parameter or a round number.
fn near<T: Element>(batch: &Batch<T>, plain: &[usize], place: usize, random: &mut Random) -> f64 {
    let other = reals(batch, *random.pick(plain)).and_then(|values| values.get(place)).map_or(0.0, |x| x.to_f64());
    let params = &batch.params;
    let step = match random.below(4) {
        0 => 0.0,
        1 => *random.pick(&[1.0, -1.0, 0.5, -0.5]),
        _ if params.is_empty() => 1.0,
        _ => {
            let param = *random.pick(params);
            if random.chance(0.5) { param } else { -param }
        }
    };
    let base = if random.chance(0.7) { other } else { 0.0 };
    if step.is_finite() { base + step } else { base }
}

/// The number itself, or one of its neighbours.
fn nudged<T: Element>(number: T, random: &mut Random) -> T {
    if !number.is_finite() || number == T::ZERO {
        return number;
    }
    let steps = random.below(7) as i64 - 3;
    let moved = T::from_bits(number.bits().wrapping_add_signed(steps));
    if moved.is_finite() { moved } else { number }
}
