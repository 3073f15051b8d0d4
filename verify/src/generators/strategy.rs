//! Batches as a strategy of proptest: one that fails a check is made simpler for as long as it still fails.

use std::fmt;
use std::ops::Range;
use std::vec::IntoIter;

use loss_runtime::info::LossInfo;
use loss_runtime::{Element, Loss, Request, run};
use proptest::prelude::any;
use proptest::strategy::{NewTree, Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use super::{Batch, Extents, Generator, Random, Values};

/// What a check makes of a batch before it looks.
pub type Refine<T> = fn(&dyn Loss, Batch<T>, &mut Random) -> Batch<T>;

/// Batches of one size under one setting.
pub struct Batches<'g, T> {
    /// Makes them.
    pub generator: &'g Generator,
    /// The size.
    pub extents: &'g Extents,
    /// What becomes of them.
    pub refine: Refine<T>,
}

impl<T> fmt::Debug for Batches<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batches").field("extents", self.extents).finish_non_exhaustive()
    }
}

impl<T: Element> Strategy for Batches<'_, T> {
    type Tree = BatchTree<T>;
    type Value = (Extents, Batch<T>);

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Self> {
        let mut random = Random::new(any::<u64>().new_tree(runner)?.current());
        let loss = self.generator.loss;
        let batch = (self.refine)(loss, self.generator.batch(self.extents, &mut random), &mut random);
        let current = (self.extents.clone(), batch);
        Ok(BatchTree { loss, previous: current.clone(), current, edits: Vec::new().into_iter(), last: None })
    }
}

/// A batch, the one before it, and what else may make it simpler.
pub struct BatchTree<T> {
    loss: &'static dyn Loss,
    current: (Extents, Batch<T>),
    previous: (Extents, Batch<T>),
    edits: IntoIter<Edit>,
    last: Option<Edit>,
}

/// Something that makes a batch simpler.
#[derive(Clone, Debug)]
enum Edit {
    /// These rows alone.
    Keep(Range<usize>),
    /// One number of an input made simpler.
    Number { input: usize, place: usize, simpler: fn(f64) -> f64 },
}

/// What numbers become, the simplest first.
const SIMPLER: [fn(f64) -> f64; 4] = [|_| 0.0, |_| 1.0, f64::round, |number| (number * 8.0).round() / 8.0];

impl<T: Element> ValueTree for BatchTree<T> {
    type Value = (Extents, Batch<T>);

    fn current(&self) -> Self::Value {
        self.current.clone()
    }

    fn simplify(&mut self) -> bool {
        self.previous = self.current.clone();
        // Fewer rows may be made fewer again; a number that is simpler leaves the others to be tried.
        if !matches!(self.last, Some(Edit::Number { .. })) {
            self.edits = edits(&self.current).into_iter();
        }
        self.next()
    }

    fn complicate(&mut self) -> bool {
        self.current = self.previous.clone();
        self.next()
    }
}

impl<T: Element> BatchTree<T> {
    /// The next batch that is simpler than the previous one, and that the loss answers.
    fn next(&mut self) -> bool {
        for edit in self.edits.by_ref() {
            if let Some(simpler) = edited(self.loss.info(), &self.previous, &edit)
                && run(self.loss, &simpler.1.call(), Request::default()).is_ok()
            {
                self.current = simpler;
                self.last = Some(edit);
                return true;
            }
        }
        false
    }
}

/// What may be tried: halves of the rows, then smaller parts, then number after number.
fn edits<T: Element>((extents, batch): &(Extents, Batch<T>)) -> Vec<Edit> {
    let rows = extents.row_count();
    let mut edits = Vec::new();
    let mut parts = 2;
    while rows > 1 && parts < 2 * rows {
        let part = |at: usize| rows * at / parts..rows * (at + 1) / parts;
        edits.extend((0..parts).map(part).filter(|part| !part.is_empty()).map(Edit::Keep));
        parts *= 2;
    }
    for (input, column) in batch.inputs.iter().enumerate() {
        let count = column.as_ref().and_then(|column| column.values.reals()).map_or(0, <[T]>::len);
        let places = (0..count).flat_map(|place| SIMPLER.map(|simpler| Edit::Number { input, place, simpler }));
        edits.extend(places);
    }
    edits
}

/// The batch after an edit; nothing if that is what it was.
fn edited<T: Element>(
    info: &LossInfo,
    (extents, batch): &(Extents, Batch<T>),
    edit: &Edit,
) -> Option<(Extents, Batch<T>)> {
    match edit {
        Edit::Keep(rows) => {
            let kept: Vec<usize> = rows.clone().collect();
            let size = Extents { rows: vec![kept.len()], extent: extents.extent };
            Some((size, batch.rows(info, extents, &kept)))
        }
        Edit::Number { input, place, simpler } => {
            let mut batch = batch.clone();
            let Values::Real(values) = &mut batch.inputs[*input].as_mut()?.values else { return None };
            let number = values[*place];
            if number == T::ZERO {
                return None;
            }
            values[*place] = T::from_f64(simpler(number.to_f64()));
            (values[*place].bits() != number.bits()).then(|| (extents.clone(), batch))
        }
    }
}
