//! Faults in what rows contribute to the gradient of what they all share: summed by the kernel, or written for the engine to add up.

use loss_runtime::job::{Job, Outputs};
use loss_runtime::kernel::CONTRIBUTION;
use loss_runtime::lane::Isa;
use loss_runtime::registry::Run;
use loss_runtime::{Element, Upstream};

use super::driver::{LANES, next, places};
use super::fault::ContributionFault;

/// Runs a kernel of contributions in which something is wrong.
pub(super) fn run<T: Element>(
    run: Run<T>,
    fault: ContributionFault,
    job: &Job<'_, T>,
    outputs: &mut Outputs<'_, T>,
) -> f64 {
    match fault {
        ContributionFault::TailLost => {
            let mut kept = upstream(job, |upstream| upstream);
            if let Some(last) = kept.last_mut()
                && !places(job).is_multiple_of(LANES)
            {
                *last = T::ZERO;
            }
            run(&job.with_upstream(Upstream::Each(&kept)), outputs)
        }
        ContributionFault::Negated => {
            let negated = upstream(job, |upstream| T::from_f64(-upstream.to_f64()));
            run(&job.with_upstream(Upstream::Each(&negated)), outputs)
        }
        ContributionFault::UpstreamDropped => run(&job.with_upstream(Upstream::One), outputs),
        ContributionFault::IsaBits => {
            let sum = run(job, outputs);
            if job.isa() == Isa::detect() {
                return sum;
            }
            if let Some(written) = outputs.gradient(CONTRIBUTION) {
                written.iter_mut().for_each(|number| *number = next(*number));
            }
            next(sum)
        }
        ContributionFault::DroppedCounted => run(&job.without_dropping(), outputs),
        ContributionFault::NextPlace => {
            let sum = run(job, outputs);
            let [_, extent, inner] = job.extents();
            if let Some(written) = outputs.gradient(CONTRIBUTION)
                && extent * inner > 0
            {
                written.chunks_exact_mut(extent * inner).for_each(|row| row.rotate_right(inner));
            }
            sum
        }
    }
}

/// An upstream gradient for each value of `none`.
fn upstream<T: Element>(job: &Job<'_, T>, change: impl Fn(T) -> T) -> Vec<T> {
    match job.upstream() {
        Upstream::One => vec![change(T::ONE); places(job)],
        Upstream::Converted(each) => (0..places(job)).map(|at| change(T::from_f64(each.number(at)))).collect(),
        Upstream::Scalar(upstream) => vec![change(upstream); places(job)],
        Upstream::Each(each) => each.iter().take(places(job)).map(|&upstream| change(upstream)).collect(),
    }
}
