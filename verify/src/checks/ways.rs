//! Ways of running a batch that must not change what comes out.

use loss_runtime::Execution;
use loss_runtime::lane::Isa;

use super::Finding;
use super::sample::has_second_axis;
use crate::generators::Extents;
use crate::subject::Subject;

/// The numbers of threads that are compared with one.
pub(super) const THREADS: [usize; 4] = [1, 2, 3, 7];

/// Every instruction set of this machine, on one thread.
pub(super) fn isas() -> Vec<Execution> {
    Isa::available().map(|isa| Execution { isa: Some(isa), threads: Some(1) }).collect()
}

/// Every number of [`THREADS`].
pub(super) fn threads() -> [Execution; THREADS.len()] {
    THREADS.map(|threads| Execution { isa: None, threads: Some(threads) })
}

/// Batches long enough to be split over threads, and of no length that splits evenly.
pub(super) fn long_batches(subject: &Subject) -> Vec<Extents> {
    if has_second_axis(subject.loss.info()) {
        vec![
            Extents::rows([2_003]).with_extent(150),
            Extents::rows([3]).with_extent(90_001),
            Extents::rows([3, 5_003]).with_extent(19),
            Extents::rows([50_021]).with_extent(6),
        ]
    } else {
        vec![Extents::rows([300_007]), Extents::rows([7, 40_009])]
    }
}

/// Does something where there are as many threads as are compared, however many processors there are. Gives what to say if there are not.
pub(super) fn with_threads(work: impl FnOnce() + Send) -> Option<Finding> {
    let most = THREADS.into_iter().max().unwrap_or(1);
    match rayon::ThreadPoolBuilder::new().num_threads(most).build() {
        Ok(pool) => {
            pool.install(work);
            None
        }
        Err(error) => Some(Finding::skipped(&format!("no threads to be had: {error}"))),
    }
}
