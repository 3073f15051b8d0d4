//! Curvatures of the compiled kernels against the oracle's, which differentiates the formula as written.

use loss_codegen::compile::Compiled;
use loss_codegen::expr::InputId;
use loss_codegen::model::{Spec, Variant};
use loss_runtime::call::MAX_INPUTS;
use loss_runtime::{Curvature, Element, Reduction, Request, Upstream, Want, run};

use crate::audit::Quantity;
use crate::generators::Random;
use crate::oracle::Failure;
use crate::oracle::call::CallOutcome;
use crate::oracle::data::Data;
use crate::oracle::real::Real;
use crate::oracle::second::{Bend, bends, declares_nothing};
use crate::oracle::ulp::Format;
use crate::subject::{Effort, Subject};

use super::super::probe::{Probe, find, first_difference, poison, show};
use super::super::sample::{Sample, each_pair};
use super::second_order::{in_place_of_gradient, measured, upstream, worst};
use super::{Conditions, DECIDED, Finding, Judge, Limits, Result, Seen, TOLERATED, Tally, Wanted};
use super::{data, data_of, decided, edges, sizes, variant_of};

const WHICH: [(Curvature, Bend); 2] = [(Curvature::Exact, Bend::Exact), (Curvature::Step, Bend::Step)];

/// A curvature as a quantity.
fn quantity(which: Bend, input: &str) -> Quantity {
    match which {
        Bend::Exact => Quantity::Curvature(input.to_owned()),
        Bend::Step => Quantity::StepCurvature(input.to_owned()),
    }
}

/// Every curvature of `none`, in both types, for upstream gradients that are not 1.
pub(in crate::checks) fn curvature_matches_oracle(subject: &Subject, effort: &Effort) -> Finding {
    let Some(compiled) = subject.compiled() else { return Finding::skipped("the loss has no spec") };
    if subject.loss.info().curvature.is_none() {
        return Finding::skipped("the loss is not of each place by itself");
    }
    measured(subject, effort, |effort, tally| {
        [measure_in::<f32>(subject, effort, compiled, tally), measure_in::<f64>(subject, effort, compiled, tally)]
    })
}

/// Holds a type's curvatures against the truth, and says how far the worst is from it.
fn measure_in<T: Element + Format>(
    subject: &Subject,
    effort: &Effort,
    compiled: &'static Compiled,
    tally: &mut Tally,
) -> String {
    let mut seen = Seen::default();
    let name = format!("curvature_matches_oracle {}", T::NAME);
    let sizes = sizes(subject, Wanted::Gradients);
    each_pair::<T>(subject, effort, &name, &sizes, edges::sharpen, tally, |sample, random, tally| {
        look(sample, compiled, &TOLERATED, random, &mut seen, tally);
    });
    let name = format!("curvature_matches_oracle on knots {}", T::NAME);
    each_pair::<T>(subject, effort, &name, &sizes, decided::settle, tally, |sample, random, tally| {
        look(sample, compiled, &DECIDED, random, &mut Seen::default(), tally);
    });
    worst::<T>(seen)
}

/// Holds the curvatures of one batch against the truth.
pub(super) fn look<T: Element + Format>(
    sample: &Sample<'_, T>,
    compiled: &'static Compiled,
    limits: &Limits,
    random: &mut Random,
    seen: &mut Seen,
    tally: &mut Tally,
) {
    let spec = &compiled.spec;
    let declared = sample.info.curvature.map(|curvature| curvature.input);
    let (Some(variant), Some(input)) = (variant_of(compiled, sample.generator.setting()), declared) else {
        return tally.fail(&sample.describe(), || ("a variant with a curvature".to_owned(), "none".to_owned()));
    };
    let refused = |refusal: &loss_runtime::Error, tally: &mut Tally| {
        tally.fail(&sample.describe(), || ("an answer".to_owned(), refusal.to_string()));
    };
    let places = match loss_runtime::shape_of_none(sample.loss, &sample.batch.call()) {
        Ok(shape) => shape.len(),
        Err(refusal) => return refused(&refusal, tally),
    };
    let upstream: Vec<T> = upstream(places, random);
    let probe = Probe { upstream: Upstream::Each(&upstream), ..Probe::default() };
    let gradient = match find(sample.loss, &sample.batch, probe) {
        Ok(mut found) => found.gradients[input].take(),
        Err(refusal) => return refused(&refusal, tally),
    };
    let Some(gradient) = gradient else {
        return tally
            .fail(&sample.describe(), || ("a gradient of the curvature's input".to_owned(), "none".to_owned()));
    };
    let weights = data::in_oracle_order(sample, &upstream);
    let data = data_of(spec, sample.info, &sample.batch, sample.extents);
    let of = InputId(input as u8);
    let asked = WHICH.map(|(which, _)| found(sample, which, input, &upstream));
    let [(exact, beside_exact), (step, beside_step)] = match asked {
        [Ok(exact), Ok(step)] => [exact, step],
        [Err(refusal), _] | [_, Err(refusal)] => return refused(&refusal, tally),
    };
    for beside in [&beside_exact, &beside_step] {
        same_bits(sample, "gradient beside a curvature", &gradient, beside, tally);
    }
    if declares_nothing(spec, variant, &data) == Ok(true) {
        same_bits(sample, "curvature that nothing is declared for", &exact, &step, tally);
    }
    let [exact, step] = [exact, step].map(|found| data::input_in_oracle_order(sample, input, &found));
    for ((_, bend), found) in WHICH.into_iter().zip([exact, step]) {
        let truth = match bends(spec, variant, &data, (bend, of), &weights) {
            Ok(truth) => truth,
            Err(failure) => return tally.fail(&sample.describe(), || ("a truth".to_owned(), failure.to_string())),
        };
        let outcome = in_place_of_gradient(spec, of, &truth);
        let conditions = Conditions::of_curvature::<T>(spec, variant, &data, (bend, of), weights.clone());
        let mut judge = Judge { sample, reduction: "none", is_reduced: false, limits, conditions, truth: &outcome };
        let mut unread = Unread { spec, variant, data: &data, bend, of, weights: &weights, known: None };
        for (place, (actual, truth)) in found.into_iter().zip(&truth).enumerate() {
            // Of what is not finite the quotients say nothing.
            let Some(truth) = truth else { continue };
            let truth = if truth.is_nan() && !actual.is_nan() { unread.at(place) } else { truth.clone() };
            let quantity = quantity(bend, sample.info.inputs[input].name);
            judge.point(Result::Gradient(input, place), quantity, actual, &truth, seen, tally);
        }
    }
}

/// What is asked for beside a curvature has the bits that it has alone, and where no other curvature is declared, a step of Newton's divides by the
/// second derivative: in sharpened batches, beside NaN and infinities, where the truth is not known.
fn same_bits<T: Element>(sample: &Sample<'_, T>, of: &str, one: &[T], other: &[T], tally: &mut Tally) {
    let Some(place) = first_difference(one, other) else { return tally.pass(one.len() as u64) };
    let what = format!("{of}, place {place}, {}", sample.describe());
    let [one, other] = [one, other].map(|all| all.get(place).map_or_else(|| "nothing".to_owned(), |&it| show(it)));
    tally.fail(&what, || (one, other));
}

/// What is put for a number that is not finite, to see whether a curvature reads it.
const IN_ITS_STEAD: [f64; 4] = [0.0, 0.75, -3.0, 1e6];

/// Curvatures beside numbers that are NaN or infinite. There the gradient has no quotient, though the second derivative may not read
/// these numbers: that of a square is 2 whatever it is the square of.
struct Unread<'s> {
    spec: &'s Spec,
    variant: &'s Variant,
    data: &'s Data,
    bend: Bend,
    of: InputId,
    weights: &'s [f64],
    known: Option<Vec<Vec<Option<Real>>>>,
}

impl Unread<'_> {
    /// The curvature that is the same whatever stands there; NaN if there is none.
    fn at(&mut self, place: usize) -> Real {
        let Self { spec, variant, data, bend, of, weights, .. } = *self;
        let known = self.known.get_or_insert_with(|| {
            let with = |number| bends(spec, variant, &data::finite(data, Some(of), |_| number), (bend, of), weights);
            IN_ITS_STEAD.iter().filter_map(|&number| with(number).ok()).collect()
        });
        let all: Option<Vec<&Real>> = known.iter().map(|curvatures| curvatures.get(place)?.as_ref()).collect();
        match all.as_deref() {
            Some([first, rest @ ..]) if rest.iter().all(|other| other.to_f64() == first.to_f64()) => (*first).clone(),
            Some(_) | None => Real::Nan,
        }
    }
}

/// A curvature as the kernel writes it, and the gradient beside it.
fn found<T: Element>(
    sample: &Sample<'_, T>,
    which: Curvature,
    input: usize,
    upstream: &[T],
) -> std::result::Result<(Vec<T>, Vec<T>), loss_runtime::Error> {
    let len = sample.batch.inputs[input].as_ref().map_or(0, |column| column.values.len());
    let [mut slot, mut gradient] = [(); 2].map(|()| vec![poison::<T>(); len]);
    let mut gradients = [const { None }; MAX_INPUTS];
    gradients[input] = Some(gradient.as_mut_slice());
    let request = Request {
        reduction: Reduction::None,
        upstream: Upstream::Each(upstream),
        gradients,
        curvature: Some((which, &mut slot)),
        want: Want::Nothing,
        ..Request::default()
    };
    run(sample.loss, &sample.batch.call(), request)?;
    Ok((slot, gradient))
}

/// The truth about a curvature, in the place of its input's gradient; what is not known is NaN.
pub(super) fn outcome(
    spec: &Spec,
    variant: &Variant,
    data: &Data,
    (which, of): (Bend, InputId),
    upstream: &[f64],
) -> std::result::Result<CallOutcome, Failure> {
    Ok(in_place_of_gradient(spec, of, &bends(spec, variant, data, (which, of), upstream)?))
}
