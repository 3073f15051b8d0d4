//! Faults in how kernels are run, put between the real kernels and their caller. What a call is refused for is decided before any kernel
//! runs, so of the checks of labels only those that the registry itself answers for can be taken away.

mod driver;
mod fault;
mod loss;
#[cfg(test)]
mod tests;

use crate::checks::names::check_names;
use crate::subject::Subject;

use super::judge::{checks, judge, subject};
use super::run::{self, Court, Judged, Mutant};

use fault::{Fault, faults};
use loss::Faulty;

/// The curves of the report say nothing that other checks do not; relations and proofs are of formulas alone.
const LEFT_OUT: &[&str] = check_names!["value_and_gradient_are_drawn", "relations_hold", "claims_are_proved"];

/// The mutants of a loss's kernels, and what becomes of them.
pub(super) fn judged(original: &Subject, court: &Court, most: usize) -> Judged {
    let Some(compiled) = original.compiled() else { return Judged { mutants: Vec::new(), not_reached: 0 } };
    let info = original.loss.info();
    let mutants = faults(info)
        .into_iter()
        .map(|fault| Mutant::new(fault.operator(), String::new(), String::new(), fault.words(info), fault));
    run::judged(mutants.collect(), most, court, |fault: &Fault| {
        let loss: &'static Faulty = Box::leak(Box::new(Faulty::new(original.loss, *fault)));
        let mutant = subject(original, loss, compiled);
        let order = checks(fault.first(), LEFT_OUT);
        let fate = judge(&mutant, &order, &court.effort, court.until);
        loss.retire();
        fate
    })
}
