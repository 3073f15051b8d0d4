//! What moving the bytes of a call costs: every input read once, every gradient written once, nothing computed.

use std::hint::black_box;
use std::ops::Range;

use loss_runtime::Element;
use loss_runtime::lane::{Isa, Lane, LaneTask};
use loss_runtime::prefetch::{ahead, is_far, prefetch_read, prefetch_write};

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
    /// What is read and then written, place by place. It stays as it is.
    pub(super) overwrites: Vec<&'b mut [T]>,
    /// Labels: integers, one a row.
    pub(super) labels: Vec<&'b [i64]>,
}

/// Moves them, on so many threads.
pub(super) fn move_bytes<T: Element>(bytes: Bytes<'_, T>, isa: Isa, threads: usize) {
    for labels in &bytes.labels {
        black_box(labels.iter().fold(0, |all, label| all ^ label));
    }
    let mut reads = bytes.reads;
    let (writes, overwrites) = (bytes.writes, bytes.overwrites);
    let written = writes.iter().chain(&overwrites).map(|write| write.len());
    let places = reads.iter().map(|read| read.len()).chain(written).max().unwrap_or(0);
    // Inputs that do not vary at every place are read by themselves.
    for short in reads.extract_if(.., |read| read.len() < places) {
        stream::<T>(Way { isa, is_far: false }, vec![short], Vec::new(), Vec::new());
    }
    let way = Way { isa, is_far: is_far::<T>(places * (reads.len() + writes.len() + overwrites.len())) };
    if threads > 1 && places >= 2 * WORTH_A_THREAD {
        parts(way, reads, [writes, overwrites], threads);
    } else {
        stream(way, reads, writes, overwrites);
    }
}

/// How bytes are moved.
#[derive(Clone, Copy)]
struct Way {
    isa: Isa,
    /// Whether most of the call's come from memory.
    is_far: bool,
}

/// Splits everything into as many parts as there are threads.
fn parts<T: Element>(way: Way, reads: Vec<&[T]>, [writes, overwrites]: [Vec<&mut [T]>; 2], threads: usize) {
    if threads <= 1 {
        return stream(way, reads, writes, overwrites);
    }
    let middle = |len: usize| len / threads * (threads / 2);
    let halves = |slices: Vec<_>| -> (Vec<_>, Vec<_>) {
        slices.into_iter().map(|slice: &mut [T]| slice.split_at_mut(middle(slice.len()))).unzip()
    };
    let (first_reads, second_reads): (Vec<_>, Vec<_>) =
        reads.into_iter().map(|read| read.split_at(middle(read.len()))).unzip();
    let (first_writes, second_writes) = halves(writes);
    let (first_overwrites, second_overwrites) = halves(overwrites);
    rayon::join(
        || parts(way, first_reads, [first_writes, first_overwrites], threads / 2),
        || parts(way, second_reads, [second_writes, second_overwrites], threads - threads / 2),
    );
}

/// Moves streams of one length in step.
fn stream<T: Element>(way: Way, reads: Vec<&[T]>, writes: Vec<&mut [T]>, overwrites: Vec<&mut [T]>) {
    macro_rules! counted {
        ($($reads:literal $writes:literal $overwrites:literal),*) => {
            match (reads.len(), writes.len(), overwrites.len()) {
                $(($reads, $writes, $overwrites) => {
                    let (mut writes, mut overwrites) = (writes.into_iter(), overwrites.into_iter());
                    T::dispatch(way.isa, Stream::<T, $reads, $writes, $overwrites> {
                        is_far: way.is_far,
                        reads: std::array::from_fn(|i| reads[i]),
                        writes: std::array::from_fn(|_| writes.next().unwrap_or_default()),
                        overwrites: std::array::from_fn(|_| overwrites.next().unwrap_or_default()),
                    });
                })*
                // More than any of the library's losses has: one stream after the other.
                (_, _, _) => {
                    reads.into_iter().for_each(|read| stream(way, vec![read], Vec::new(), Vec::new()));
                    writes.into_iter().for_each(|write| stream(way, Vec::new(), vec![write], Vec::new()));
                    overwrites.into_iter().for_each(|slice| stream(way, Vec::new(), Vec::new(), vec![slice]));
                }
            }
        };
    }
    counted!(
        0 0 0, 0 1 0, 1 0 0, 2 0 0, 3 0 0, 4 0 0, 1 1 0, 2 1 0, 3 1 0, 4 1 0, 1 2 0, 2 2 0, 3 2 0, 4 2 0, 3 3 0, 4 3 0,
        0 0 1, 1 0 1, 2 0 1, 3 0 1, 0 1 1, 1 1 1, 2 1 1, 2 2 1, 3 2 1
    );
}

struct Stream<'b, T, const R: usize, const W: usize, const O: usize> {
    is_far: bool,
    reads: [&'b [T]; R],
    writes: [&'b mut [T]; W],
    overwrites: [&'b mut [T]; O],
}

impl<T: Element, const R: usize, const W: usize, const O: usize> LaneTask<T> for Stream<'_, T, R, W, O> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lane<Scalar = T>>(mut self, token: L::Token) {
        let written = self.writes.iter().chain(&self.overwrites).map(|write| write.len());
        let places = self.reads.iter().map(|read| read.len()).chain(written).min().unwrap_or(0);
        // What is put back is what was there, and the compiler must not know.
        let nothing = L::splat(token, black_box(0.0));
        let mut all = [L::splat(token, 0.0); VECTORS];
        let mut start = 0;
        let width = VECTORS * L::LANES;
        while start + width <= places {
            if self.is_far {
                self.prefetch_ahead(start, width);
            }
            for (q, one) in all.iter_mut().enumerate() {
                let at = at::<L>(start, q);
                let mut last = *one;
                for read in &self.reads {
                    last = L::load(token, &read[at.clone()]);
                    *one = one.or_bits(last);
                }
                for write in &mut self.writes {
                    last.store(&mut write[at.clone()]);
                }
                for slice in &mut self.overwrites {
                    let slice = &mut slice[at.clone()];
                    L::load(token, slice).or_bits(nothing).store(slice);
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
            for write in &mut self.writes {
                last.store_partial(&mut write[rest.clone()]);
            }
            for slice in &mut self.overwrites {
                let slice = &mut slice[rest.clone()];
                L::load_partial(token, slice, T::ZERO).or_bits(nothing).store_partial(slice);
            }
            start = rest.end;
        }
        let [a, b, c, d] = all;
        let mut lanes = [T::ZERO; MOST_LANES];
        a.or_bits(b).or_bits(c.or_bits(d)).store(&mut lanes[..L::LANES]);
        black_box(lanes);
    }
}

impl<T, const R: usize, const W: usize, const O: usize> Stream<'_, T, R, W, O> {
    /// Fetches what comes after some places, as the library does: else it would be no limit.
    #[inline(always)]
    fn prefetch_ahead(&self, start: usize, len: usize) {
        for read in &self.reads {
            prefetch_read(read, ahead::<T>(start, len));
        }
        for write in self.writes.iter().chain(&self.overwrites) {
            prefetch_write(write, ahead::<T>(start, len));
        }
    }
}

#[inline(always)]
fn at<L: Lane>(start: usize, q: usize) -> Range<usize> {
    start + q * L::LANES..start + (q + 1) * L::LANES
}
