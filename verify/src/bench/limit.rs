//! What moving the bytes of a call costs: every input read once, every gradient written once, nothing computed.

use std::hint::black_box;
use std::ops::Range;

use loss_runtime::Element;
use loss_runtime::lane::{Isa, Lane, LaneTask};

/// How many vectors are in flight at once.
const VECTORS: usize = 4;
/// The most lanes that a vector has.
const MOST_LANES: usize = 16;
/// How many numbers a thread moves at least.
const WORTH_A_THREAD: usize = 1 << 16;

/// The bytes of a call.
pub(super) struct Bytes<'b, T> {
    /// What is read, place by place.
    pub(super) reads: Vec<&'b [T]>,
    /// What is written, place by place.
    pub(super) writes: Vec<&'b mut [T]>,
    /// Whether the first of these is read before it is written.
    pub(super) in_place: bool,
    /// Labels: integers, one a row.
    pub(super) labels: Vec<&'b [i64]>,
}

/// Moves them, on so many threads.
pub(super) fn move_bytes<T: Element>(bytes: Bytes<'_, T>, isa: Isa, threads: usize) {
    for labels in &bytes.labels {
        black_box(labels.iter().fold(0, |all, label| all ^ label));
    }
    let mut reads = bytes.reads;
    let writes = bytes.writes;
    let places = reads.iter().map(|read| read.len()).chain(writes.iter().map(|write| write.len())).max().unwrap_or(0);
    // Inputs that do not vary at every place are read by themselves.
    for short in reads.extract_if(.., |read| read.len() < places) {
        stream::<T>(isa, vec![short], Vec::new(), false);
    }
    if threads > 1 && places >= 2 * WORTH_A_THREAD {
        parts(isa, reads, writes, bytes.in_place, threads);
    } else {
        stream(isa, reads, writes, bytes.in_place);
    }
}

/// Splits everything into as many parts as there are threads.
fn parts<T: Element>(isa: Isa, reads: Vec<&[T]>, writes: Vec<&mut [T]>, in_place: bool, threads: usize) {
    if threads <= 1 {
        return stream(isa, reads, writes, in_place);
    }
    let middle = |len: usize| len / threads * (threads / 2);
    let (first_reads, second_reads): (Vec<_>, Vec<_>) =
        reads.into_iter().map(|read| read.split_at(middle(read.len()))).unzip();
    let (first_writes, second_writes): (Vec<_>, Vec<_>) = writes
        .into_iter()
        .map(|write| {
            let at = middle(write.len());
            write.split_at_mut(at)
        })
        .unzip();
    rayon::join(
        || parts(isa, first_reads, first_writes, in_place, threads / 2),
        || parts(isa, second_reads, second_writes, in_place, threads - threads / 2),
    );
}

/// Moves streams of one length in step.
fn stream<T: Element>(isa: Isa, reads: Vec<&[T]>, writes: Vec<&mut [T]>, in_place: bool) {
    macro_rules! counted {
        ($($reads:literal $writes:literal),*) => {
            match (reads.len(), writes.len()) {
                $(($reads, $writes) => T::dispatch(isa, Stream::<T, $reads, $writes> {
                    reads: std::array::from_fn(|i| reads[i]),
                    writes: {
                        let mut writes = writes.into_iter();
                        std::array::from_fn(|_| writes.next().unwrap_or_default())
                    },
                    in_place,
                }),)*
                // More than any of the library's losses has: one stream after the other.
                (_, _) => {
                    reads.into_iter().for_each(|read| stream(isa, vec![read], Vec::new(), false));
                    for (place, write) in writes.into_iter().enumerate() {
                        stream(isa, Vec::new(), vec![write], in_place && place == 0);
                    }
                }
            }
        };
    }
    counted!(0 0, 0 1, 1 0, 2 0, 3 0, 4 0, 1 1, 2 1, 3 1, 4 1, 1 2, 2 2, 3 2, 4 2, 3 3, 4 3);
}

struct Stream<'b, T, const R: usize, const W: usize> {
    reads: [&'b [T]; R],
    writes: [&'b mut [T]; W],
    in_place: bool,
}

impl<T: Element, const R: usize, const W: usize> LaneTask<T> for Stream<'_, T, R, W> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lane<Scalar = T>>(mut self, token: L::Token) {
        let written = self.writes.iter().map(|write| write.len());
        let places = self.reads.iter().map(|read| read.len()).chain(written).min().unwrap_or(0);
        let mut all = [L::splat(token, 0.0); VECTORS];
        let mut start = 0;
        let width = VECTORS * L::LANES;
        while start + width <= places {
            for (q, one) in all.iter_mut().enumerate() {
                let at = at::<L>(start, q);
                let mut last = *one;
                for read in &self.reads {
                    last = L::load(token, &read[at.clone()]);
                    *one = one.or_bits(last);
                }
                for (place, write) in self.writes.iter_mut().enumerate() {
                    let write = &mut write[at.clone()];
                    if self.in_place && place == 0 {
                        last = last.or_bits(L::load(token, write));
                        *one = one.or_bits(last);
                    }
                    last.store(write);
                }
            }
            start += width;
        }
        while start < places {
            let rest = start..places.min(start + L::LANES);
            let mut last = all[0];
            for read in &self.reads {
                last = L::load_partial(token, &read[rest.clone()], T::ZERO);
                all[0] = all[0].or_bits(last);
            }
            for (place, write) in self.writes.iter_mut().enumerate() {
                let write = &mut write[rest.clone()];
                if self.in_place && place == 0 {
                    last = last.or_bits(L::load_partial(token, write, T::ZERO));
                    all[0] = all[0].or_bits(last);
                }
                last.store_partial(write);
            }
            start = rest.end;
        }
        let [a, b, c, d] = all;
        let mut lanes = [T::ZERO; MOST_LANES];
        a.or_bits(b).or_bits(c.or_bits(d)).store(&mut lanes[..L::LANES]);
        black_box(lanes);
    }
}

#[inline(always)]
fn at<L: Lane>(start: usize, q: usize) -> Range<usize> {
    start + q * L::LANES..start + (q + 1) * L::LANES
}
