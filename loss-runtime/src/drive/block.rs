//! Which rows are worked on together, and their numbers: one to a lane.
//!
//! What loops over lanes is out of line, with the lanes in memory: it runs once a block, and loops over lanes are long code.

use super::MAX_LANES;
use super::in_place::Taken;
use super::scratch::convert;
use crate::call::Upstream;
use crate::job::{Job, Values};
use crate::kernel::RowSource;
use crate::lane::Real;
use crate::registry::Element;
use crate::sum::Runs;

/// Neighbouring rows along the inner axis, or along the outer one where the inner one has one place.
#[derive(Clone, Copy)]
pub(super) struct Stretch {
    pub(super) outer: usize,
    pub(super) inner: usize,
    /// The number of the first row.
    pub(super) row: usize,
    pub(super) len: usize,
}

impl Stretch {
    /// Rows from `row` on, to `end` at the most.
    #[inline(always)]
    pub(super) fn new<T>(job: &Job<'_, T>, row: usize, end: usize) -> Self {
        let width = job.geometry.inner;
        // Of short rows there are many, and a division takes as long as a place of one.
        if width == 1 {
            return Self { outer: row, inner: 0, row, len: end - row };
        }
        let (outer, inner) = (row / width, row % width);
        Self { outer, inner, row, len: (end - row).min(width - inner) }
    }
}

/// Neighbouring rows that are worked on together: as many as a vector has lanes, or fewer.
#[derive(Clone, Copy)]
pub(super) struct Block {
    pub(super) rows: Stretch,
    /// Which lanes hold a row that is not dropped.
    pub(super) live: [bool; MAX_LANES],
    /// Whether all of them do.
    all_live: bool,
}

impl Block {
    /// Rows from `row` on, to `end` at the most.
    #[inline(never)]
    pub(super) fn new<T: Element>(job: &Job<'_, T>, row: usize, end: usize) -> Self {
        let rows = Stretch::new(job, row, end);
        let Stretch { outer, inner, len, .. } = rows;
        let mut live = [true; MAX_LANES];
        let mut all_live = true;
        if job.dropped.is_some() {
            for (lane, live) in live.iter_mut().enumerate().take(len) {
                *live = !if job.geometry.inner == 1 {
                    job.is_dropped(outer + lane, 0)
                } else {
                    job.is_dropped(outer, inner + lane)
                };
                all_live &= *live;
            }
        }
        Self { rows, live, all_live }
    }

    /// How far apart neighbouring lanes lie in an input.
    pub(super) fn lane_stride<T>(&self, job: &Job<'_, T>, input: usize) -> usize {
        job.inputs[input].strides[if job.geometry.inner == 1 { 0 } else { 2 }]
    }

    /// A value of each row. Lanes without a row are left as they are.
    ///
    /// An input that is overwritten is read from `taken`.
    #[inline(never)]
    pub(super) fn read<T: Element>(
        &self,
        job: &Job<'_, T>,
        source: RowSource,
        taken: Option<Taken<'_, '_, T>>,
        lanes: &mut [T; MAX_LANES],
    ) {
        match source {
            RowSource::Input(input) => {
                let view = &job.inputs[input];
                let offset = view.offset(self.rows.outer, 0, self.rows.inner);
                let stride = self.lane_stride(job, input);
                match taken {
                    Some(taken) => taken.read(offset, stride, &mut lanes[..self.rows.len]),
                    None => convert(view, offset, stride, &mut lanes[..self.rows.len]),
                }
            }
            RowSource::Gather { values, label } => {
                let (view, labels) = (&job.inputs[values], &job.inputs[label]);
                let from = view.offset(self.rows.outer, 0, self.rows.inner);
                let label_from = labels.offset(self.rows.outer, 0, self.rows.inner);
                let (stride, label_stride) = (self.lane_stride(job, values), self.lane_stride(job, label));
                let mut places = [0; MAX_LANES];
                if let Values::Labels(labels) = labels.values {
                    labels.places(label_from, label_stride, &mut places[..self.rows.len]);
                }
                if !self.all_live {
                    for (place, live) in places.iter_mut().zip(&self.live) {
                        *place = if *live { *place } else { 0 };
                    }
                }
                if let Values::Native(values) = view.values {
                    for (lane, (value, place)) in lanes.iter_mut().zip(&places).enumerate().take(self.rows.len) {
                        *value = values[from + lane * stride + place * view.strides[1]];
                    }
                    return;
                }
                for (lane, (value, place)) in lanes.iter_mut().zip(&places).enumerate().take(self.rows.len) {
                    let offset = from + lane * stride + place * view.strides[1];
                    match taken {
                        Some(taken) => taken.read(offset, 1, core::slice::from_mut(value)),
                        None => *value = view.number(offset),
                    }
                }
            }
        }
    }

    /// The upstream gradient of each row, where the value is per row; otherwise nothing that is read.
    #[inline(never)]
    pub(super) fn read_upstream<T: Element>(&self, job: &Job<'_, T>, lanes: &mut [T; MAX_LANES]) {
        match job.upstream {
            Upstream::One => *lanes = [T::ONE; MAX_LANES],
            Upstream::Scalar(upstream) => *lanes = [upstream; MAX_LANES],
            Upstream::Each(each) if !job.per_element => {
                lanes[..self.rows.len].copy_from_slice(&each[self.rows.row..self.rows.row + self.rows.len]);
            }
            Upstream::Converted(each) if !job.per_element => {
                each.convert(self.rows.row, 1, &mut lanes[..self.rows.len])
            }
            Upstream::Each(_) | Upstream::Converted(_) => {}
        }
    }

    /// Puts +0.0 in the lanes of dropped rows.
    #[inline(never)]
    pub(super) fn quiet<T: Real>(&self, lanes: &mut [T; MAX_LANES]) {
        if self.all_live {
            return;
        }
        for (lane, live) in lanes.iter_mut().zip(&self.live) {
            if !live {
                *lane = T::ZERO;
            }
        }
    }

    /// Adds the values of rows that are not dropped to a sum, each of them `repeat` times, row by row.
    #[inline(never)]
    pub(super) fn add(&self, values: &[f64; MAX_LANES], repeat: f64, sum: &mut Runs) {
        if self.all_live {
            return sum.push_all(&values[..self.rows.len], repeat);
        }
        let live = values.iter().zip(&self.live).take(self.rows.len).filter(|(_, live)| **live);
        live.for_each(|(value, _)| sum.push(value * repeat));
    }
}
