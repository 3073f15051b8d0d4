//! What a call is asked for.

use loss_runtime::call::MAX_INPUTS;
use loss_runtime::{Element, Error, Reduction, Request, Upstream, Want, run};

use crate::generators::{Extents, Random};
use crate::subject::{Effort, Subject};

use super::geometry::refused;
use super::probe::{Found, Probe, find, first_difference, gradient_buffers, poison, same, show};
use super::sample::{Sample, each, has_second_axis};
use super::{Finding, Tally};

/// Every set of outputs against all of them.
pub(super) fn outputs_do_not_depend_on_each_other(subject: &Subject, effort: &Effort) -> Finding {
    let mut tally = Tally::new(subject, effort);
    let sizes: Vec<Extents> = if has_second_axis(subject.loss.info()) {
        [(1, 3), (17, 10), (37, 4), (3, 130)].map(|(rows, extent)| Extents::rows([rows]).with_extent(extent)).into()
    } else {
        [1, 17, 67, 131].map(|rows| Extents::rows([rows])).into()
    };
    each::<f32>(subject, effort, "outputs_do_not_depend_on_each_other f32", &sizes, &mut tally, every_set);
    each::<f64>(subject, effort, "outputs_do_not_depend_on_each_other f64", &sizes, &mut tally, every_set);
    tally.finding()
}

fn every_set<T: Element>(sample: &Sample<'_, T>, _: &mut Random, tally: &mut Tally) {
    let named = sample.info.reductions.iter().map(|reduction| Reduction::Named(reduction.name));
    for reduction in [Reduction::None, Reduction::Sum].into_iter().chain(named) {
        let all = Probe { reduction, upstream: Upstream::Scalar(T::from_f64(0.37)), ..Probe::default() };
        let all = match find(sample.loss, &sample.batch, all) {
            Ok(all) => all,
            Err(Error::ZeroDivisor { .. }) => continue,
            Err(refusal) => return refused(sample, &refusal, tally),
        };
        let with_gradient: Vec<usize> = (0..all.gradients.len()).filter(|&at| all.gradients[at].is_some()).collect();
        for set in 0..1_u32 << with_gradient.len() {
            let asked: Vec<usize> =
                (0..with_gradient.len()).filter(|at| set >> at & 1 == 1).map(|at| with_gradient[at]).collect();
            for want in [Want::Nothing, Want::Partial, Want::Value] {
                for elements in [Elements::Asked, Elements::NotAsked] {
                    let set = Set { reduction, asked: &asked, want, elements };
                    if let Err(refusal) = set.look(sample, &all, tally) {
                        return refused(sample, &refusal, tally);
                    }
                }
            }
        }
    }
}

/// Whether the values of `none` are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Elements {
    Asked,
    NotAsked,
}

/// A set of outputs.
struct Set<'s> {
    reduction: Reduction<'s>,
    asked: &'s [usize],
    want: Want,
    elements: Elements,
}

impl Set<'_> {
    fn look<T: Element>(&self, sample: &Sample<'_, T>, all: &Found<T>, tally: &mut Tally) -> Result<(), Error> {
        let mut gradients = gradient_buffers(sample.loss, &sample.batch);
        let mut elements = vec![poison::<T>(); all.outcome.none_len];
        let mut slots = [const { None }; MAX_INPUTS];
        for (at, (slot, gradient)) in slots.iter_mut().zip(&mut gradients).enumerate() {
            *slot = gradient.as_deref_mut().filter(|_| self.asked.contains(&at));
        }
        let request = Request {
            reduction: self.reduction,
            upstream: Upstream::Scalar(T::from_f64(0.37)),
            elements: (self.elements == Elements::Asked).then_some(elements.as_mut_slice()),
            gradients: slots,
            want: self.want,
            ..Request::default()
        };
        let outcome = run(sample.loss, &sample.batch.call(), request)?;
        let what = |name: &str| {
            let names: Vec<&str> = self.asked.iter().map(|&at| sample.info.inputs[at].name).collect();
            format!(
                "{name}, {:?}, gradients of {names:?}, {:?}, elements {:?}; {}",
                self.reduction,
                self.want,
                self.elements,
                sample.describe()
            )
        };
        for &at in self.asked {
            if let (Some(expected), Some(actual)) = (&all.gradients[at], &gradients[at]) {
                match first_difference(expected, actual) {
                    None => tally.pass(1),
                    Some(place) => tally
                        .fail(&what(&format!("gradient of {}, place {place}", sample.info.inputs[at].name)), || {
                            (show(expected[place]), show(actual[place]))
                        }),
                }
            }
        }
        // Under another reduction the elements were not asked for the first time.
        if self.elements == Elements::Asked && self.reduction.is_none() {
            match first_difference(&all.elements, &elements) {
                None => tally.pass(1),
                Some(place) => {
                    tally.fail(&what(&format!("value of none, place {place}")), || {
                        (show(all.elements[place]), show(elements[place]))
                    });
                }
            }
        }
        let is_same = match self.want {
            Want::Nothing => outcome.value.is_none(),
            Want::Partial => {
                same(all.outcome.partial.sum, outcome.partial.sum)
                    && all.outcome.partial.divisor == outcome.partial.divisor
            }
            Want::Value => match (all.outcome.value, outcome.value) {
                (Some(a), Some(b)) => same(a, b),
                (None, None) => true,
                (Some(_), None) | (None, Some(_)) => false,
            },
        };
        if is_same {
            tally.pass(1);
        } else {
            tally.fail(&what("reduced value"), || (format!("{:?}", all.outcome), format!("{outcome:?}")));
        }
        Ok(())
    }
}
