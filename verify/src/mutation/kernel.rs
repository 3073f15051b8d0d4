//! Faults in how kernels are run, put between the real kernels and their caller. What a call is refused for is decided before any kernel
//! runs, so of the checks of labels only those that the registry itself answers for can be taken away.

mod contribution;
mod driver;
mod fault;
mod loss;
#[cfg(test)]
mod tests;

use loss_runtime::info::LossInfo;

use crate::checks::Check;
use crate::checks::names::check_names;
use crate::subject::Subject;

use super::judge::{checks, judge, named, subject};
use super::run::{self, Court, Judged, Mutant};

use fault::{Fault, faults};
use loss::Faulty;

/// The curves of the report say nothing that other checks do not; relations and proofs are of formulas alone.
const LEFT_OUT: &[&str] = check_names!["value_and_gradient_are_drawn", "relations_hold", "claims_are_proved"];

/// The mutants of a loss's kernels, and what becomes of them.
pub(super) fn judged(original: &Subject, court: &Court, most: usize) -> Judged {
    let order = |fault: &Fault| checks(fault.first(), LEFT_OUT);
    among(original, court, most, |_| true, order)
}

/// The mutants of what rows contribute to gradients of what they all share, judged by the checks of these gradients alone.
pub(super) fn of_contributions(original: &Subject, court: &Court) -> Judged {
    const CHECKS: &[&str] = check_names!["shared_gradients_match_oracle", "shared_gradients_are_reproducible"];
    among(original, court, usize::MAX, is_of_contribution, |_| named(CHECKS))
}

/// Whether a loss has gradients of what all rows share.
pub(super) fn has_contributions(info: &LossInfo) -> bool {
    faults(info).iter().any(is_of_contribution)
}

fn is_of_contribution(fault: &Fault) -> bool {
    matches!(fault, Fault::Contribution(..))
}

fn among(
    original: &Subject,
    court: &Court,
    most: usize,
    wanted: impl Fn(&Fault) -> bool,
    checks: impl Fn(&Fault) -> Vec<&'static Check> + Sync,
) -> Judged {
    let Some(compiled) = original.compiled() else { return Judged { mutants: Vec::new(), not_reached: 0 } };
    let info = original.loss.info();
    let mutants = faults(info)
        .into_iter()
        .filter(wanted)
        .map(|fault| Mutant::new(fault.operator(), String::new(), String::new(), fault.words(info), fault));
    run::judged(mutants.collect(), most, court, |fault: &Fault| {
        let loss: &'static Faulty = Box::leak(Box::new(Faulty::new(original.loss, *fault)));
        let mutant = subject(original, loss, compiled);
        let fate = judge(&mutant, &checks(fault), &court.effort, court.until);
        loss.retire();
        fate
    })
}
