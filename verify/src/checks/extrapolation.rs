//! Gradients of the compiled kernels against the values of the compiled kernels, by Ridders' extrapolation of central differences
//! (C. J. F. Ridders, Accurate computation of F'(x) and F'(x)F''(x), 1982). It knows neither the formula nor a derivative rule.

use loss_codegen::expr::InputId;
use loss_runtime::info::LossInfo;

use crate::audit::FailedInput;
use crate::generators::{Batch, Extents, Random};
use crate::subject::{Effort, Subject};

use super::departing::{departs, departs_everywhere};
use super::probe::{Probe, find};
use super::sample::{Sample, each_pair, has_second_axis};
use super::truth::variant_of;
use super::{Finding, Tally, tolerance};

/// The steps: each half of the one before, so that all are exact.
pub(super) const STEPS: usize = 14;
/// An extrapolation needs so many.
const FEWEST: usize = 3;
/// So many derivatives are looked at in one batch.
const PER_BATCH: usize = 8;
/// How often the steps are halved until the domain admits them.
const HALVINGS: usize = 40;

/// Small batches: each row becomes one for every step.
pub(super) fn sizes(subject: &Subject) -> Vec<Extents> {
    if has_second_axis(subject.loss.info()) {
        vec![Extents::rows([3]).with_extent(3), Extents::rows([2]).with_extent(17)]
    } else {
        vec![Extents::rows([8])]
    }
}

/// Every gradient of `none` in `f64`, away from the ends of the domain.
pub(super) fn gradient_matches_kernel_differences(subject: &Subject, effort: &Effort) -> Finding {
    if subject.compiled().is_some_and(departs_everywhere) {
        return Finding::skipped("the spec says of every gradient that it is not the derivative");
    }
    let mut tally = Tally::new(subject, effort);
    let name = "gradient_matches_kernel_differences";
    each_pair::<f64>(
        subject,
        effort,
        name,
        &sizes(subject),
        |_, batch, _| batch,
        &mut tally,
        |sample, random, tally| {
            let variant = subject.compiled().and_then(|compiled| variant_of(compiled, sample.generator.setting()));
            let differentiable: Vec<usize> = (0..sample.info.inputs.len())
                .filter(|&input| sample.info.inputs[input].has_row_gradients())
                .filter(|&input| sample.batch.inputs[input].is_some())
                .filter(|&input| !variant.is_some_and(|variant| departs(variant, InputId(input as u8))))
                .collect();
            if differentiable.is_empty() {
                return;
            }
            for _ in 0..PER_BATCH {
                let row = random.below(sample.extents.row_count());
                look(sample, row, *random.pick(&differentiable), random, tally);
            }
        },
    );
    tally.finding()
}

/// Looks at one derivative of one row.
fn look(sample: &Sample<'_, f64>, row: usize, input: usize, random: &mut Random, tally: &mut Tally) {
    let info = sample.info;
    let along = random.below(sample.extents.per_row(info, &info.inputs[input]));
    let alone = sample.batch.rows(info, sample.extents, &[row]);
    let Some(place) = Extents::rows([1]).with_extent(sample.extents.extent).place(info, &info.inputs[input], 0, along)
    else {
        return;
    };
    let Some(column) = &alone.inputs[input] else { return };
    let x = column.values.number(place);
    let largest = numbers(info, &alone).fold(x.abs(), f64::max);
    if !x.is_finite() || !largest.is_finite() {
        return;
    }
    let first = if largest == 0.0 { 1.0 } else { largest.log2().floor().exp2() } / 8.0;
    let spot = Spot { sample, row, input, along, x };
    let Some(walk) = (0..HALVINGS).find_map(|halvings| spot.walk(first * (-(halvings as f64)).exp2())) else {
        return tally.leave_undecided();
    };
    let Some(judgement) = walk.judge() else { return };
    if judgement.is_right {
        return tally.pass(1);
    }
    let what = format!("gradient of {}[{along}] of row {row}; {}", info.inputs[input].name, sample.describe());
    let inputs = info.inputs.iter().zip(&alone.inputs);
    let inputs = inputs.filter_map(|(info, column)| Some((info.name, column.as_ref()?))).flat_map(|(name, column)| {
        (0..column.values.len())
            .map(move |place| FailedInput::new(format!("{name}[{place}]"), column.values.number(place)))
    });
    let expected = format!("{:e} within {:e} by extrapolation", judgement.estimate, judgement.bound);
    tally.fail_at(&what, (expected, format!("{:e}", walk.gradient)), None, inputs.collect());
}

/// The numbers that may be moved.
fn numbers<'b>(info: &'static LossInfo, batch: &'b Batch<f64>) -> impl Iterator<Item = f64> + use<'b> {
    let columns = info.inputs.iter().zip(&batch.inputs).filter(|(info, _)| info.has_row_gradients());
    columns.filter_map(|(_, column)| column.as_ref()?.values.reals()).flatten().map(|number| number.abs())
}

/// An element of one row of a batch.
struct Spot<'s> {
    sample: &'s Sample<'s, f64>,
    row: usize,
    input: usize,
    along: usize,
    x: f64,
}

/// The kernel's values along the steps, and its gradient where they start.
pub(super) struct Walk {
    pub(super) gradient: f64,
    pub(super) here: f64,
    /// Below and above, and the distance of the two, with the largest step first.
    pub(super) steps: Vec<(f64, f64, f64)>,
    /// How far a value may be off, at most.
    pub(super) noise: f64,
}

pub(super) struct Judgement {
    pub(super) is_right: bool,
    pub(super) estimate: f64,
    pub(super) bound: f64,
}

impl Spot<'_> {
    /// Runs the row once for each step to either side, all in one batch; nothing if the domain does not admit them.
    fn walk(&self, first: f64) -> Option<Walk> {
        let (sample, info) = (self.sample, self.sample.info);
        let count = 1 + 2 * STEPS;
        let extents = Extents::rows([count]).with_extent(sample.extents.extent);
        let mut batch = sample.batch.rows(info, sample.extents, &vec![self.row; count]);
        let steps: Vec<f64> = (0..STEPS).map(|step| first * (-(step as f64)).exp2()).collect();
        let moves = std::iter::once(0.0).chain(steps.iter().flat_map(|step| [-step, *step]));
        let mut moved = Vec::new();
        for (copy, by) in moves.enumerate() {
            let place = extents.place(info, &info.inputs[self.input], copy, self.along)?;
            moved.push(self.x + by);
            batch.inputs[self.input].as_mut()?.values.set(place, self.x + by);
        }
        let found = find(sample.loss, &batch, Probe::default()).ok()?;
        let per_row = found.elements.len() / count;
        let values: Vec<f64> = found.elements.chunks(per_row).map(|row| row.iter().sum()).collect();
        let place = extents.place(info, &info.inputs[self.input], 0, self.along)?;
        let gradient = *found.gradients[self.input].as_ref()?.get(place)?;
        let size = |copy: usize| -> f64 {
            let moves = (0..info.inputs.len()).filter_map(|input| {
                let (gradient, column) = (found.gradients[input].as_ref()?, batch.inputs[input].as_ref()?);
                let per_row = extents.per_row(info, &info.inputs[input]);
                let places = (0..per_row).filter_map(|along| extents.place(info, &info.inputs[input], copy, along));
                Some(places.map(|place| (gradient[place] * column.values.number(place)).abs()).sum::<f64>())
            });
            let own: f64 = found.elements[copy * per_row..(copy + 1) * per_row].iter().map(|value| value.abs()).sum();
            own + moves.sum::<f64>()
        };
        let noise = (0..count).map(size).fold(0.0, f64::max) * f64::EPSILON * tolerance::EXTRAPOLATED_ULPS;
        let pair = |step: usize| {
            let (below, above) = (1 + 2 * step, 2 + 2 * step);
            (values[below], values[above], moved[above] - moved[below])
        };
        let steps = (0..STEPS).map(pair).collect();
        Some(Walk { gradient, here: values[0], steps, noise })
    }
}

impl Walk {
    /// Whether the gradient is the derivative; nothing where values are infinite or none at all.
    ///
    /// A bend within the larger steps spoils the extrapolation from them, so that of any shorter run of steps will do; where the point
    /// itself lies on a bend, each side has a derivative of its own, and the gradient has to lie between the two. The method's own
    /// estimate of its error only picks the best of a tableau; what decides is the bound.
    pub(super) fn judge(&self) -> Option<Judgement> {
        let values = self.steps.iter().flat_map(|(below, above, _)| [*below, *above]).chain([self.here, self.noise]);
        if !values.into_iter().all(f64::is_finite) || self.gradient.is_infinite() {
            return None;
        }
        let central: Vec<f64> = self.steps.iter().map(|(below, above, width)| (above - below) / width).collect();
        let below: Vec<f64> = self.steps.iter().map(|(below, _, width)| (self.here - below) / (width / 2.0)).collect();
        let above: Vec<f64> = self.steps.iter().map(|(_, above, width)| (above - self.here) / (width / 2.0)).collect();
        let mut nearest = Judgement { is_right: false, estimate: f64::NAN, bound: f64::NAN };
        for start in 0..=central.len() - FEWEST {
            let first = self.steps[start].2 / 2.0;
            let bound = |step: f64| tolerance::EXTRAPOLATED * self.gradient.abs() + self.noise / step;
            let (estimate, step) = extrapolated(&central[start..], first, Powers::Even);
            let is_right = (estimate - self.gradient).abs() <= bound(step);
            let is_nearer = (estimate - self.gradient).abs() < (nearest.estimate - self.gradient).abs();
            if is_right || is_nearer || nearest.estimate.is_nan() {
                nearest = Judgement { is_right, estimate, bound: bound(step) };
            }
            let (low, low_step) = extrapolated(&below[start..], first, Powers::All);
            let (high, high_step) = extrapolated(&above[start..], first, Powers::All);
            let slack = bound(low_step.min(high_step));
            nearest.is_right |= self.gradient >= low.min(high) - slack && self.gradient <= low.max(high) + slack;
            if nearest.is_right {
                break;
            }
        }
        Some(nearest)
    }
}

/// The powers of the step that the error of a quotient has.
#[derive(Clone, Copy)]
enum Powers {
    /// Of a central one.
    Even,
    /// Of one to one side.
    All,
}

/// The best of the tableau of quotients, and the smallest step that went into it.
fn extrapolated(quotients: &[f64], first: f64, powers: Powers) -> (f64, f64) {
    let each = match powers {
        Powers::Even => 4.0,
        Powers::All => 2.0,
    };
    let (mut best, mut estimate, mut step) = (quotients[0], f64::INFINITY, first);
    let mut above: Vec<f64> = vec![quotients[0]];
    for (row, &quotient) in quotients.iter().enumerate().skip(1) {
        let mut line = vec![quotient];
        let mut factor = 1.0;
        for column in 1..=row {
            factor *= each;
            let better = line[column - 1] + (line[column - 1] - above[column - 1]) / (factor - 1.0);
            let error = (better - line[column - 1]).abs().max((better - above[column - 1]).abs());
            if error <= estimate {
                (best, estimate, step) = (better, error, first * (-(row as f64)).exp2());
            }
            line.push(better);
        }
        above = line;
    }
    (best, step)
}

#[cfg(test)]
mod tests {
    use super::{Powers, Walk, extrapolated};

    #[test]
    fn extrapolation_of_a_sine_is_its_cosine() {
        let x = 0.7_f64;
        let quotients: Vec<f64> = (0..10)
            .map(|step| 0.25 * (-f64::from(step)).exp2())
            .map(|h| ((x + h).sin() - (x - h).sin()) / (2.0 * h))
            .collect();
        let (estimate, _) = extrapolated(&quotients, 0.25, Powers::Even);
        assert!((estimate - x.cos()).abs() < 1e-12, "{estimate}");
    }

    /// Values of a curve, as a kernel would give them.
    fn walk(x: f64, gradient: f64, curve: impl Fn(f64) -> f64) -> Walk {
        let steps = (0..14).map(|step| 0.125 * (-f64::from(step)).exp2());
        let steps = steps.map(|step| (curve(x - step), curve(x + step), 2.0 * step)).collect();
        Walk { gradient, here: curve(x), steps, noise: 4.0 * f64::EPSILON }
    }

    #[test]
    fn only_the_derivative_is_right() {
        let is_right = |walk: Walk| walk.judge().map(|judgement| judgement.is_right);
        let bent = |x: f64| if x < 1.0 { 0.5 * x * x } else { x - 0.5 };
        for (curve, x, gradient) in [
            (f64::sin as fn(f64) -> f64, 0.5, 0.5_f64.cos()),
            (bent, 1.0, 1.0),
            (bent, 0.99, 0.99),
            (f64::abs, 0.0, 0.0),
        ] {
            assert_eq!(is_right(walk(x, gradient, curve)), Some(true), "{gradient} at {x}");
            for wrong in [gradient + 1.0 + 1e-6, gradient * (1.0 + 1e-5) - 2.0, -gradient - 2.5, f64::NAN] {
                assert_eq!(is_right(walk(x, wrong, curve)), Some(false), "{wrong} at {x}");
            }
        }
        assert_eq!(is_right(walk(1e-9, 1.0, f64::abs)), Some(true), "a bend between the steps");
        assert_eq!(is_right(walk(1.0, 1.0 + 1e-5, bent)), Some(false), "a bend hides nothing");
        assert_eq!(is_right(walk(0.5, 0.5_f64.cos() * (1.0 - 1e-6), f64::sin)), Some(false));
    }
}
