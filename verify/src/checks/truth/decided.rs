//! Batches on which every case is decided without rounding: at each place all plain numbers but one are 0, and that one is a parameter,
//! or a number of few bits. There kernels and formula take the same case, on a knot too.

use loss_runtime::info::{InputInfo, Label};
use loss_runtime::{Element, Loss, Request, run};

use crate::generators::{Batch, Column, Random, Values};
use crate::oracle::real::Real;

/// A result of another case differs by more than this share; rounding does not.
const SHARE: f64 = 0.125;
const SHORT: [f64; 9] = [0.0, 0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 1.5];

/// The batch with other plain numbers, as long as the loss answers.
pub(super) fn settle<T: Element>(loss: &dyn Loss, mut batch: Batch<T>, random: &mut Random) -> Batch<T> {
    let is_plain = |info: &InputInfo| info.label == Label::Real && info.domain.is_none();
    let inputs = loss.info().inputs;
    let plain: Vec<usize> = (0..inputs.len())
        .filter(|&input| is_plain(&inputs[input]) && batch.inputs[input].as_ref().is_some_and(has_reals))
        .collect();
    if plain.is_empty() {
        return batch;
    }
    let before = batch.clone();
    let places = plain.iter().filter_map(|&input| Some(batch.inputs[input].as_ref()?.values.len())).max().unwrap_or(0);
    for place in 0..places {
        let chosen = *random.pick(&plain);
        let number = number::<T>(&batch.params, random);
        for &input in &plain {
            if let Some(Values::Real(values)) = batch.inputs[input].as_mut().map(|column| &mut column.values)
                && let Some(slot) = values.get_mut(place)
            {
                *slot = T::from_f64(if input == chosen { number } else { 0.0 });
            }
        }
    }
    if run(loss, &batch.call(), Request::default()).is_err() { before } else { batch }
}

fn has_reals<T: Element>(column: &Column<T>) -> bool {
    column.values.reals().is_some()
}

/// A parameter, its opposite, or a number of few bits.
fn number<T: Element>(params: &[f64], random: &mut Random) -> f64 {
    let short = *random.pick(&SHORT);
    if params.is_empty() || random.chance(0.4) {
        return short;
    }
    let param = *random.pick(params);
    let is_exact = param.is_finite() && T::from_f64(param).to_f64() == param;
    match (is_exact, random.chance(0.5)) {
        (true, true) => param,
        (true, false) => -param,
        (false, _) => short,
    }
}

/// Whether a result is that of the case that holds. Of what is not finite others speak.
pub(super) fn is_of_the_case(actual: f64, truth: &Real) -> bool {
    let truth = truth.to_f64();
    if !truth.is_finite() || !actual.is_finite() {
        return true;
    }
    (actual - truth).abs() <= SHARE * actual.abs().max(truth.abs()) + f64::from(f32::MIN_POSITIVE)
}
