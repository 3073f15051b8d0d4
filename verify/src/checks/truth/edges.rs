//! Batches made sharper: numbers next to each other, on and around the places where formulas bend, at the ends of what a label or a
//! condition admits, infinite, and NaN.

use loss_runtime::info::{InputInfo, Label};
use loss_runtime::{Element, Loss, Request, run};

use crate::generators::{Batch, Random, Values};

/// The batch with some of its numbers moved to where it matters; of some batches, most of them to the ends.
pub(in crate::checks) fn sharpen<T: Element>(loss: &dyn Loss, mut batch: Batch<T>, random: &mut Random) -> Batch<T> {
    if random.chance(0.2) {
        return ends(loss, batch, random);
    }
    let inputs = loss.info().inputs;
    let plain: Vec<usize> = (0..inputs.len()).filter(|&input| is_plain(&inputs[input])).collect();
    for (input, info) in inputs.iter().enumerate() {
        match info.label {
            Label::Real if is_plain(info) => {
                sharpen_input(loss, &mut batch, input, 0.25, random, |batch, place, random| {
                    let number = match random.below(12) {
                        0 => special::<T>(random),
                        1 => 0.0,
                        _ => near(batch, &plain, place, random),
                    };
                    nudged(T::from_f64(number), random)
                });
            }
            Label::Real | Label::Nonnegative | Label::Positive | Label::Probability => {
                sharpen_input(loss, &mut batch, input, 0.1, random, |_, _, random| {
                    nudged(T::from_f64(*random.pick(&EXTREMES)), random)
                });
            }
            // A row need only nearly sum to 1; what it does sum to is a part of the formula.
            Label::Simplex => {
                let share = *random.pick(&[0.0, 0.2]);
                sharpen_input(loss, &mut batch, input, share, random, |batch, place, random| {
                    let number =
                        reals(batch, input).and_then(|all| all.get(place)).map_or(0.0, |number| number.to_f64());
                    T::from_f64(number * (1.0 + random.between(-OFF, OFF)))
                });
            }
            Label::Binary
            | Label::Sign
            | Label::Flag
            | Label::Count
            | Label::ClassIndex
            | Label::MultiHot
            | Label::Group => {}
        }
    }
    batch
}

/// The batch with most of its numbers at the ends of all that there is: weights of 0 and shares of 0 and 1 beside plain numbers that are
/// infinite, or NaN. Not both: which of them comes through is nobody's claim. So many that two weights, one of which is 1 less the other, both
/// remove what is no number; of some batches all weights are 0.
pub(super) fn ends<T: Element>(loss: &dyn Loss, mut batch: Batch<T>, random: &mut Random) -> Batch<T> {
    const INFINITE: &[f64] = &[0.0, 1.0, f64::INFINITY, f64::NEG_INFINITY];
    const NAN: &[f64] = &[0.0, f64::NAN];
    let plain = if random.chance(0.5) { INFINITE } else { NAN };
    for (input, info) in loss.info().inputs.iter().enumerate() {
        let (share, ends): (f64, &[f64]) = match is_plain(info) {
            true => (0.8, plain),
            false if random.chance(0.3) => (1.0, &[0.0]),
            false => (0.8, &[0.0, 1.0]),
        };
        sharpen_input(loss, &mut batch, input, share, random, |_, _, random| T::from_f64(*random.pick(ends)));
    }
    batch
}

/// Moves a share of an input's numbers, each only if the loss then still answers.
fn sharpen_input<T: Element>(
    loss: &dyn Loss,
    batch: &mut Batch<T>,
    input: usize,
    share: f64,
    random: &mut Random,
    to: impl Fn(&Batch<T>, usize, &mut Random) -> T,
) {
    for place in 0..reals(batch, input).map_or(0, <[T]>::len) {
        if !random.chance(share) {
            continue;
        }
        let mut number = to(batch, place, random);
        let mut swap = |batch: &mut Batch<T>| {
            if let Some(Values::Real(values)) = batch.inputs[input].as_mut().map(|column| &mut column.values) {
                std::mem::swap(&mut values[place], &mut number);
            }
        };
        swap(batch);
        if run(loss, &batch.call(), Request::default()).is_err() {
            swap(batch);
        }
    }
}

/// Whether any number will do.
fn is_plain(info: &InputInfo) -> bool {
    info.label == Label::Real && info.domain.is_none()
}

/// By which share a probability of a row is another at most: as far as a row's sum may be off.
const OFF: f64 = 1e-3;

/// The ends of what a label or a condition may admit, and what lies near them.
const EXTREMES: [f64; 10] = [0.0, 0.0, 1.0, 1.0, 0.5, 1e-30, 1e-8, 1e-4, 1e4, 1e30];

fn reals<T: Element>(batch: &Batch<T>, input: usize) -> Option<&[T]> {
    batch.inputs[input].as_ref()?.values.reals()
}

/// Large numbers are such that their squares are too large for the type.
fn special<T: Element>(random: &mut Random) -> f64 {
    let large = T::MAX.to_f64().powf(0.78);
    *random.pick(&[f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e30, -1e30, 1e-30, 120.0, -120.0, large, -large])
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

#[cfg(test)]
mod tests {
    use loss_runtime::info::Label;

    use crate::generators::{Batch, Extents, Random};
    use crate::registry::losses;
    use crate::subject::{Effort, Subject};

    use super::super::super::{Tally, sample::generators};
    use super::{OFF, ends, reals, sharpen};

    #[test]
    fn some_rows_of_probabilities_do_not_quite_sum_to_1() {
        let all = Subject::all(losses());
        let rows = all.iter().filter(|subject| subject.loss.info().inputs.iter().any(|it| it.label == Label::Simplex));
        let subject = rows.min_by_key(|subject| subject.name()).expect("there is one");
        let input =
            subject.loss.info().inputs.iter().position(|input| input.label == Label::Simplex).expect("it is one");
        let generators = generators(subject, &mut Tally::new(subject, &Effort::default()));
        let (extents, mut random) = (Extents::rows([1]).with_extent(3), Random::new(5));
        let mut batch = || sharpen(subject.loss, generators[0].batch::<f64>(&extents, &mut random), &mut random);
        let sums = (0..300).map(|_| batch()).filter_map(|batch| Some(reals(&batch, input)?.iter().sum::<f64>()));
        let off: Vec<f64> = sums.map(|sum| (sum - 1.0).abs()).filter(|off| *off > 1e-6).collect();
        // About 60 are likely.
        assert!(off.len() > 20 && off.iter().all(|&off| off <= OFF * (1.0 + f64::EPSILON)), "{off:?}");
        assert!(off.iter().any(|&off| off > OFF / 4.0), "{off:?}");
    }

    /// At how many places of batches with all inputs of a loss, whose labels are these, the inputs are such numbers.
    fn places(name: &str, labels: &[Label], are: impl Fn(&[f64]) -> bool) -> usize {
        let all = Subject::all(losses());
        let subject = all.iter().find(|subject| subject.name() == name).expect("there is one");
        assert_eq!(subject.loss.info().inputs.iter().map(|input| input.label).collect::<Vec<_>>(), labels);
        let generators = generators(subject, &mut Tally::new(subject, &Effort::default()));
        let (extents, mut random) = (Extents::rows([1]).with_extent(1), Random::new(5));
        let generator = generators.iter().find(|generator| generator.setting().present.iter().all(|&present| present));
        let generator = generator.expect("all inputs may be there");
        let batches = (0..1000).map(|_| ends(subject.loss, generator.batch::<f64>(&extents, &mut random), &mut random));
        let batches: Vec<Batch<f64>> = batches.collect();
        let number = |batch: &Batch<f64>, input: usize| reals(batch, input).map_or(f64::NAN, |all| all[0]);
        let numbers = |batch: &Batch<f64>| (0..labels.len()).map(|input| number(batch, input)).collect::<Vec<f64>>();
        batches.iter().filter(|batch| are(&numbers(batch))).count()
    }

    #[test]
    fn what_is_no_number_stands_beside_all_weights_that_remove_it() {
        let of = |are: &dyn Fn(&[f64]) -> bool| {
            places("bce_with_logits", &[Label::Real, Label::Probability, Label::Real, Label::Real], are)
        };
        // About 14, 116 and 56 times are likely.
        // A sure answer whose own weight is 0, so that both of its terms are removed.
        assert!(of(&|x| x[0].is_nan() && x[1] == 1.0 && x[3] == 0.0 && x[2] != 0.0) > 4);
        assert!(of(&|x| x[0].is_infinite() && x[2] == 0.0) > 30);
        assert!(of(&|x| x[0].is_infinite() && x[1] == 1.0) > 15);
        assert_eq!(of(&|x| x[2].is_nan() || x[3].is_infinite()), 0, "a weight outside its domain");
    }
}
