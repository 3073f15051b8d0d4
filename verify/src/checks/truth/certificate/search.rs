//! The search for larger errors than a sample meets: from a row with a large one, real numbers are moved by up to half of themselves, as often
//! by a few units in the last place as by many; the worst row of a generation is the parent of the next. Labels and parameters stay.

use loss_codegen::compile::Compiled;
use loss_runtime::{Element, Request, run};

use crate::audit::Quantity;
use crate::generators::{Batch, Extents, Random, Values};
use crate::oracle::ulp::Format;

use super::super::points::fitted;
use super::super::{Limits, Seen, Tally, Wanted, compare};
use crate::checks::sample::Sample;

/// So many generations there are.
const GENERATIONS: usize = 12;
/// Each has as many rows as the batch that a search begins with, but so many at least.
const LEAST: usize = 8;

/// What the search from a row of a batch sees.
pub(super) fn climbed<T: Element + Format>(
    start: &Sample<'_, T>,
    row: usize,
    quantity: &Quantity,
    compiled: &'static Compiled,
    limits: &Limits,
    random: &mut Random,
    tally: &mut Tally,
) -> Seen {
    let Sample { loss, info, generator, .. } = *start;
    let extents = Extents::rows([start.extents.row_count().max(LEAST)]).with_extent(start.extents.extent);
    let mut parent = start.batch.rows(info, start.extents, &vec![row; extents.row_count()]);
    let (mut all, mut most) = (Seen::default(), 0.0);
    for _ in 0..GENERATIONS {
        let batch = moved(start, &extents, &parent, random);
        let children = Sample { loss, info, generator, extents: &extents, batch };
        let mut seen = Seen::default();
        compare(&children, compiled, Wanted::Results, limits, random, &mut seen, tally);
        if let Some((worst, row)) = seen.worst_row(quantity)
            && worst > most
        {
            parent = children.batch.rows(info, &extents, &vec![row; extents.row_count()]);
            most = worst;
        }
        all.extend(seen);
    }
    all
}

/// A batch whose first row stays, and the numbers of whose other rows are moved; rows that the loss does not take so stay too.
fn moved<T: Element + Format>(
    start: &Sample<'_, T>,
    extents: &Extents,
    parent: &Batch<T>,
    random: &mut Random,
) -> Batch<T> {
    let Sample { loss, info, generator, .. } = *start;
    let mut batch = parent.clone();
    for row in 1..extents.row_count() {
        let before = batch.clone();
        for (input, declared) in info.inputs.iter().enumerate() {
            for along in 0..extents.per_row(info, declared) {
                let Some(place) = extents.place(info, declared, row, along).filter(|_| random.chance(0.6)) else {
                    continue;
                };
                if let Some(Values::Real(values)) = batch.inputs[input].as_mut().map(|column| &mut column.values)
                    && let Some(number) = fitted(generator.family(input), stepped(values[place], random), random)
                {
                    values[place] = number;
                }
            }
        }
        let alone = batch.rows(info, extents, &[row]);
        if run(loss, &alone.call(), Request::default()).is_err() {
            batch = before;
        }
    }
    batch
}

/// A number some units in the last place away: as often few as many, up to half of the number.
fn stepped<T: Element + Format>(number: T, random: &mut Random) -> T {
    let steps = 1_i64 << random.below(T::DIGITS as usize - 1);
    let steps = random.below(2 * steps as usize + 1) as i64 - steps;
    let moved = T::from_bits(number.bits().wrapping_add_signed(steps));
    // Below zero lie the patterns of NaN.
    if moved.is_finite() { moved } else { number }
}

#[cfg(test)]
mod tests {
    use crate::checks::sample::{Sample, generators};
    use crate::checks::{Tally, tolerance};
    use crate::generators::{Extents, Random};
    use crate::registry::losses;
    use crate::subject::{Effort, Subject};

    use super::{Limits, Quantity, Seen, Wanted, climbed, compare, moved};

    #[test]
    fn a_search_goes_on_from_the_worst_row_and_only_through_what_the_loss_takes() {
        let effort = Effort { seed: 1, points: 0 };
        for name in ["mse", "bce_with_logits"] {
            let all = Subject::all(losses());
            let subject = all.iter().find(|subject| subject.name() == name).expect("there is one");
            let compiled = subject.compiled().expect("it has a spec");
            let mut tally = Tally::new(subject, &effort);
            let generators = generators(subject, &mut tally);
            let (info, extents, random) = (subject.loss.info(), Extents::rows([8]).with_extent(2), Random::new(3));
            let batch = generators[0].batch::<f64>(&extents, &mut random.clone());
            let start = Sample { loss: subject.loss, info, generator: &generators[0], extents: &extents, batch };
            let limits = Limits::same(tolerance::POINTWISE_GOAL);
            let mut seen = Seen::default();
            compare(&start, compiled, Wanted::Results, &limits, &mut random.clone(), &mut seen, &mut tally);
            let (worst, row) = seen.worst_row(&Quantity::Value).expect("values are of rows");
            let found = climbed(&start, row, &Quantity::Value, compiled, &limits, &mut random.clone(), &mut tally);
            assert!(found.worst(&Quantity::Value) > worst, "{name}: no more than {worst}");

            let parent = start.batch.rows(info, &extents, &[row; 8]);
            let children = moved(&start, &extents, &parent, &mut random.clone());
            let of = |row: usize| format!("{:?}", children.rows(info, &extents, &[row]));
            assert_eq!(of(0), format!("{:?}", parent.rows(info, &extents, &[0])));
            assert!((1..8).any(|row| of(row) != of(0)), "{name}: nothing is moved");
            let answer = loss_runtime::run(subject.loss, &children.call(), loss_runtime::Request::default());
            assert!(answer.is_ok(), "{name}: {answer:?}");
        }
    }
}
