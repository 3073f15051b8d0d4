//! Running checks over losses, several at a time.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Instant, SystemTime};

use loss_codegen::compile::Compiled;
use loss_codegen::explain::variant_name;
use loss_runtime::lane::Isa;

use crate::audit::{
    Audit, Bitwise, CheckRecord, ClaimRecord, KnotRecord, LossRecord, SCHEMA_VERSION, Selection, Standing, Status,
};
use crate::checks::{Check, Evidence};
use crate::derivation::{definitions, derivations};
use crate::describe::describe;
use crate::progress::Memory;
use crate::subject::{Effort, Subject};

/// Hears how far an audit has come.
pub trait Progress: Sync {
    /// A check of a loss begins.
    fn begins(&self, loss: &str, check: &str);
    /// One that had begun has ended. Several run at a time.
    fn ends(&self);
}

/// Runs every check on every loss, but for those whose result is remembered.
#[must_use]
pub fn run_audit(
    subjects: &[Subject],
    checks: &[Check],
    effort: &Effort,
    progress: &dyn Progress,
    memory: &dyn Memory,
) -> Audit {
    let (date, start) = (utc(SystemTime::now()), Instant::now());
    let mut found = find_all(subjects, checks, effort, progress, memory).into_iter();
    let losses = subjects.iter().map(|subject| record(subject, found.by_ref().take(checks.len()))).collect();
    Audit {
        schema_version: SCHEMA_VERSION,
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        machine: machine(),
        isas: Isa::available().map(|isa| isa.name().to_owned()).collect(),
        date,
        seed: effort.seed,
        points: effort.points,
        selection: Selection::default(),
        seconds: start.elapsed().as_secs_f64(),
        losses,
    }
}

/// What a check of a loss found.
type Found = (CheckRecord, Evidence);

/// What every check of every loss finds, in order. Threads of our own, each with one check after the other: a pool that kernels split their work
/// over would begin a check in the midst of another one.
fn find_all(
    subjects: &[Subject],
    checks: &[Check],
    effort: &Effort,
    progress: &dyn Progress,
    memory: &dyn Memory,
) -> Vec<Found> {
    let all: Vec<(&Subject, &Check, OnceLock<Found>)> = (subjects.iter())
        .flat_map(|subject| checks.iter().map(move |check| (subject, check, OnceLock::new())))
        .collect();
    let next = AtomicUsize::new(0);
    let work = || {
        while let Some((subject, check, found)) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
            progress.begins(subject.name(), check.name);
            found.get_or_init(|| match memory.recall(subject.name(), check.name) {
                Some(known) => known,
                None => {
                    let found = check.record(subject, effort);
                    memory.keep(subject.name(), &found);
                    found
                }
            });
            progress.ends();
        }
    };
    let threads = thread::available_parallelism().map_or(1, std::num::NonZero::get);
    thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(work);
        }
        work();
    });
    all.into_iter().map(|(_, _, found)| found.into_inner().expect("every check has run")).collect()
}

/// What was found of a loss.
fn record(subject: &Subject, found: impl Iterator<Item = Found>) -> LossRecord {
    let mut record = describe(subject.loss);
    record.variants = variants(subject);
    if let Some(compiled) = subject.compiled() {
        record.definitions = definitions(compiled);
        record.derivations = derivations(compiled);
    }
    for (found, evidence) in found {
        record.seconds += found.seconds;
        record.checks.push(found);
        take_in(&mut record, evidence);
    }
    let LossRecord { knots, claims, .. } = &mut record;
    knots_are_tested(knots, claims);
    record
}

/// What the compiler makes kernels of its own for, if there is a choice.
fn variants(subject: &Subject) -> Vec<String> {
    match subject.compiled() {
        Some(Compiled { spec, plans, .. }) if plans.len() > 1 => {
            plans.iter().map(|plan| variant_name(spec, plan)).collect()
        }
        Some(_) | None => Vec::new(),
    }
}

/// Puts what a check measured where the report looks for it.
fn take_in(record: &mut LossRecord, evidence: Evidence) {
    let Evidence { accuracy, goldens, bitwise, knots, claims, differences, plots, error_curves } = evidence;
    record.accuracy.extend(accuracy);
    record.knots.extend(knots);
    claims.into_iter().for_each(|claim| take_in_claim(&mut record.claims, claim));
    record.differences.extend(differences);
    record.plots.extend(plots);
    record.error_curves.extend(error_curves);
    record.goldens = record.goldens.take().or(goldens);
    if let Some(Bitwise { isas, threads, sizes, compared }) = bitwise {
        let all = record.bitwise.get_or_insert_default();
        all.isas.extend(isas);
        all.threads.extend(threads);
        all.sizes += sizes;
        all.compared += compared;
    }
}

/// A knot that kernel and formula agree with is tested, though no proof may be known of it.
fn knots_are_tested(knots: &[KnotRecord], claims: &mut Vec<ClaimRecord>) {
    for knot in knots.iter().filter(|knot| knot.status == Status::Passed) {
        let words = knot.words();
        if claims.iter().any(|claim| claim.claim == words) {
            let detail = "tested on both sides of it".to_owned();
            take_in_claim(claims, ClaimRecord { claim: words, standing: Standing::Tested, detail });
        }
    }
}

/// A claim that has been tested may be proved as well: one line says both.
fn take_in_claim(known: &mut Vec<ClaimRecord>, claim: ClaimRecord) {
    let Some(record) = known.iter_mut().find(|record| record.claim == claim.claim) else { return known.push(claim) };
    record.standing = match (record.standing, claim.standing) {
        (Standing::Violated, _) | (_, Standing::Violated) => Standing::Violated,
        (Standing::Proved, _) | (_, Standing::Proved) => Standing::Proved,
        (Standing::Tested, _) | (_, Standing::Tested) => Standing::Tested,
        (Standing::Undecided, Standing::Undecided) => Standing::Undecided,
    };
    record.detail = format!("{}; {}", record.detail, claim.detail);
}

/// The processor's name, where the system tells it, and how many threads there are.
pub(crate) fn machine() -> String {
    let model = std::fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("model name"))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    });
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    format!("{}, {threads} threads", model.unwrap_or_else(|| std::env::consts::ARCH.to_owned()))
}

/// A time as `2026-01-31T23:59:59Z`.
pub(crate) fn utc(time: SystemTime) -> String {
    let seconds = time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    // Civil date from a day count (Howard Hinnant, chrono-compatible low-level date algorithms): years begin in March, so that the
    // leap day is the last one of its year.
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let day_of_era = shifted % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", second / 3_600, second / 60 % 60, second % 60)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::{Progress, knots_are_tested, run_audit, take_in_claim, utc, variants};
    use crate::audit::{ClaimRecord, KnotRecord, Standing, Status};
    use crate::checks::{Check, Finding};
    use crate::progress::Forgetful;
    use crate::registry::losses;
    use crate::subject::{Effort, Subject};

    #[test]
    fn variants_are_listed_where_there_is_a_choice() {
        let all = Subject::all(losses());
        let of = |name: &str| all.iter().find(|subject| subject.name() == name).map(variants);
        assert_eq!(of("l1"), Some(vec!["weight given".to_owned(), "weight absent".to_owned()]));
        assert_eq!(of("smooth_l1"), Some(Vec::new()));
    }

    #[test]
    fn what_is_found_stands_with_its_loss_and_in_the_order_of_the_checks() {
        struct Unheard;
        impl Progress for Unheard {
            fn begins(&self, _: &str, _: &str) {}
            fn ends(&self) {}
        }
        fn check(name: &'static str, run: fn(&Subject, &Effort) -> Finding) -> Check {
            Check { name, claim: "it is found", run }
        }
        let checks = [
            check("slow", |subject, _| {
                std::thread::sleep(Duration::from_millis(5));
                Finding::skipped(&format!("slow of {}", subject.name()))
            }),
            check("quick", |subject, _| Finding::skipped(&format!("quick of {}", subject.name()))),
        ];
        let subjects = Subject::all(losses());
        let effort = Effort { seed: 1, points: 1 };
        let audit = run_audit(&subjects, &checks, &effort, &Unheard, &Forgetful);
        assert_eq!(audit.losses.len(), subjects.len());
        for (loss, subject) in audit.losses.iter().zip(&subjects) {
            let details: Vec<&str> = loss.checks.iter().map(|check| check.detail.as_str()).collect();
            assert_eq!(details, [format!("slow of {}", subject.name()), format!("quick of {}", subject.name())]);
        }
    }

    #[test]
    fn a_claim_that_is_tested_and_proved_is_one_line() {
        let claim =
            |standing, detail: &str| ClaimRecord { claim: "even".to_owned(), standing, detail: detail.to_owned() };
        let joined = |first, second| {
            let mut known = vec![claim(first, "4 points")];
            take_in_claim(&mut known, claim(second, "an argument"));
            assert_eq!(known.len(), 1);
            assert_eq!(known[0].detail, "4 points; an argument");
            known[0].standing
        };
        assert_eq!(joined(Standing::Tested, Standing::Proved), Standing::Proved);
        assert_eq!(joined(Standing::Tested, Standing::Undecided), Standing::Tested);
        assert_eq!(joined(Standing::Tested, Standing::Violated), Standing::Violated);
        assert_eq!(joined(Standing::Violated, Standing::Proved), Standing::Violated);
    }

    #[test]
    fn a_knot_that_passed_is_tested_and_no_other() {
        let standing = |status| {
            let knot = KnotRecord {
                at: "x == 0".into(),
                when: Some("y == 1".into()),
                smooth: "C0".into(),
                gradient: None,
                because: None,
                status,
            };
            let open = |words: &str| ClaimRecord {
                claim: words.to_owned(),
                standing: Standing::Undecided,
                detail: "no rule".to_owned(),
            };
            let mut claims = vec![open("C0 at x == 0, when y == 1"), open("C0 at x == 0")];
            knots_are_tested(&[knot], &mut claims);
            assert_eq!(claims.len(), 2);
            assert_eq!(claims[1].standing, Standing::Undecided);
            claims[0].standing
        };
        assert_eq!(standing(Status::Passed), Standing::Tested);
        assert_eq!(standing(Status::Undecided), Standing::Undecided);
        assert_eq!(standing(Status::Failed), Standing::Undecided);
    }

    #[test]
    fn dates_are_those_of_the_calendar() {
        let at = |seconds| utc(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(at(0), "1970-01-01T00:00:00Z");
        assert_eq!(at(951_827_696), "2000-02-29T12:34:56Z");
        assert_eq!(at(1_798_761_599), "2026-12-31T23:59:59Z");
        assert_eq!(at(4_107_542_400), "2100-03-01T00:00:00Z");
    }
}
