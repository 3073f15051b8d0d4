//! A spec that was compiled just now, shown without any kernel: values and gradients at a few points, and what the audit's own checks say of its
//! claims, on a loss that is interpreted.

mod points;

use std::sync::Arc;

use loss_codegen::compile::Compiled;
use loss_codegen::elaborate::Library;
use loss_codegen::plan::Plan;
use loss_runtime::Loss;
use loss_runtime::info::LossInfo;

use crate::audit::{CheckRecord, Standing, Status};
use crate::checks::names::check_names;
use crate::checks::{CHECKS, Evidence};
use crate::interpret::{Interpreted, WorkPlan, describe};
use crate::oracle::call::call;
use crate::oracle::real::Real;
use crate::registry::Registry;
use crate::subject::{Effort, Subject};

use points::Scene;

/// The checks of what a spec claims: none of them asks how well a kernel computes.
const CLAIMS: &[&str] = check_names![
    "examples_hold",
    "differences_are_declared",
    "pytorch_answers_replay",
    "properties_hold",
    "relations_hold",
    "knots_are_as_declared",
    "curvature_claims_hold",
];

/// As few points as a check takes: it looks at every setting all the same.
const EFFORT: Effort = Effort { seed: 1, points: 20 };

/// What can be said of a spec at once.
#[derive(Clone, Debug, Default)]
pub struct Preview {
    /// Whose.
    pub name: String,
    /// Values and gradients at a few points, and each claim.
    pub text: String,
    /// How many of the claims hold wherever they were tried.
    pub held: usize,
    /// How many do not.
    pub failed: usize,
    /// Whether the loss takes too many kernels to be tried at once, and all is left to the audit.
    pub is_too_large: bool,
    /// The values that are shown.
    pub values: Vec<f64>,
}

/// Shows specs; the library holds what they call. They are never freed, as no loss is.
#[must_use]
pub fn previews(mut compiled: Vec<Compiled>, callable: Library) -> Vec<Preview> {
    let mut previews: Vec<Preview> = compiled.iter().map(shown).collect();
    let infos: Vec<&'static LossInfo> = compiled.iter().map(describe).collect();
    // Plans are most of a spec, and no check reads them.
    let plans: Vec<Vec<Plan>> = compiled.iter_mut().map(|compiled| std::mem::take(&mut compiled.plans)).collect();
    let compiled: &'static [Compiled] = Vec::leak(compiled);
    let interpreted = compiled.iter().zip(infos).zip(plans).map(|((compiled, info), plans)| {
        let plans = plans.iter().map(|plan| Arc::new(WorkPlan::new(plan))).collect();
        let loss: &'static Interpreted = Box::leak(Box::new(Interpreted::of_spec(info, compiled, plans)?));
        Some(loss)
    });
    let interpreted: Vec<Option<&'static Interpreted>> = interpreted.collect();
    let shown = interpreted.iter().flatten().map(|&loss| loss as &'static dyn Loss);
    // The library's stand beside them: recorded answers are those of whichever loss takes their inputs.
    let names: Vec<&str> = compiled.iter().map(|compiled| compiled.spec.name.as_str()).collect();
    let others = loss_runtime::LOSSES.iter().copied().filter(|loss| !names.contains(&loss.info().name));
    let registry = Registry::interpreted(shown.chain(others).collect(), compiled, callable);
    for (preview, loss) in previews.iter_mut().zip(interpreted) {
        match loss {
            Some(loss) => {
                preview.judge(&Subject { loss, registry });
                // One at a time: there is a number of kernels that can be lent, and no loss waits for another's.
                loss.retire();
            }
            None => preview.is_too_large = true,
        }
    }
    previews
}

/// Values and gradients at a few points.
fn shown(compiled: &Compiled) -> Preview {
    let mut preview = Preview { name: compiled.spec.name.clone(), ..Preview::default() };
    let spec = &compiled.spec;
    let outcome = Scene::new(compiled).and_then(|scene| {
        let outcome = call(spec, scene.variant, &scene.data, "none", &vec![1.0; scene.places()]);
        outcome.map(|outcome| (scene, outcome)).map_err(|failure| failure.to_string())
    });
    match outcome {
        Err(reason) => preview.text = format!("no values are shown: {reason}\n"),
        Ok((scene, outcome)) => {
            preview.text = scene.table(&outcome);
            preview.values = outcome.values.iter().map(Real::to_f64).collect();
        }
    }
    preview
}

impl Preview {
    /// How its claims stand, in a few words.
    #[must_use]
    pub fn verdict(&self) -> String {
        if self.is_too_large {
            return "too large to be tried here, and left to the audit".to_owned();
        }
        match (self.held, self.failed) {
            (0, 0) => "nothing is claimed".to_owned(),
            (1, 0) => "its claim holds".to_owned(),
            (held, 0) => format!("all {held} claims hold"),
            (held, 1) => format!("1 of {} claims fails", held + 1),
            (held, failed) => format!("{failed} of {} claims fail", held + failed),
        }
    }

    fn judge(&mut self, subject: &Subject) {
        for check in CHECKS.iter().filter(|check| CLAIMS.contains(&check.name)) {
            let (record, evidence) = check.record(subject, &EFFORT);
            self.tell(&record, &evidence);
        }
    }

    /// One line for each claim; for what is no list of claims, one for all.
    fn tell(&mut self, record: &CheckRecord, evidence: &Evidence) {
        if record.status == Status::Skipped {
            return;
        }
        let mut told = 0;
        for claim in &evidence.claims {
            match claim.standing {
                Standing::Proved | Standing::Tested => self.holds(&format!("{}, at {}", claim.claim, claim.detail)),
                Standing::Undecided => self.fails(&format!("{}: it says nothing at any point tried", claim.claim)),
                Standing::Violated => self.fails(&format!("{}: {}", claim.claim, claim.detail)),
            }
            told += usize::from(!matches!(claim.standing, Standing::Proved | Standing::Tested));
        }
        for knot in &evidence.knots {
            let what = format!("knot {}, {}", knot.at, knot.smooth);
            match knot.status {
                Status::Passed | Status::Skipped => self.holds(&what),
                // Why is a remark, whatever else failed.
                Status::Undecided => self.fails(&format!("{what}: {}", record.detail)),
                Status::Failed => self.fails(&format!("{what}: {}", detail(record))),
            }
            told += usize::from(matches!(knot.status, Status::Failed | Status::Undecided));
        }
        match record.status {
            Status::Failed | Status::Undecided if told == 0 => {
                self.fails(&format!("{}: {}", words(record.name.as_str()), detail(record)));
            }
            Status::Passed if evidence.claims.is_empty() && evidence.knots.is_empty() => {
                self.holds(&format!("{}, at {} points", words(record.name.as_str()), record.points));
            }
            Status::Passed | Status::Skipped | Status::Failed | Status::Undecided => {}
        }
    }

    fn holds(&mut self, claim: &str) {
        self.held += 1;
        self.text.push_str(&format!("holds  {claim}\n"));
    }

    fn fails(&mut self, claim: &str) {
        self.failed += 1;
        self.text.push_str(&format!("FAILS  {claim}\n"));
    }
}

/// A check by its name, for people.
fn words(name: &str) -> String {
    name.replace('_', " ")
}

/// Its first failure, or what is said of it without one.
fn detail(record: &CheckRecord) -> String {
    record.failures.first().map_or_else(|| record.detail.clone(), crate::audit::Failure::sentence)
}

#[cfg(test)]
mod tests;
