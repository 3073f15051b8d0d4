use std::path::Path;

use super::{Diff, Direction, Unreadable, diff, read};
use crate::audit::{Audit, LossRecord, Score, Standing, Status, sample};
use crate::number::Number;

/// What changes when the newer audit's first loss is edited.
fn changes(edit: impl Fn(&mut LossRecord)) -> Diff {
    let (old, mut new) = (sample::audit(), sample::audit());
    edit(&mut new.losses[0]);
    diff(&old, &new)
}

/// That an edit is the one change, and that the edit taken back is the one change the other way.
fn is_worse(edit: impl Fn(&mut LossRecord), text: &str) {
    let (old, mut new) = (sample::audit(), sample::audit());
    edit(&mut new.losses[0]);
    for (old, new, direction) in [(&old, &new, Direction::Worse), (&new, &old, Direction::Better)] {
        let found = diff(old, new);
        assert_eq!(found.losses.len(), 1, "{found}");
        assert!(found.losses[0].changes.iter().any(|change| change.direction == direction), "{found}");
        let other = if direction == Direction::Worse { Direction::Better } else { Direction::Worse };
        assert_eq!(found.count(other), 0, "{found}");
    }
    let found = diff(&old, &new).to_string();
    assert!(found.contains(&format!("  worse   {text}\n")), "{found}");
}

#[test]
fn an_audit_equals_itself() {
    let found = diff(&sample::audit(), &sample::audit());
    assert_eq!(found.to_string(), "3 losses compared: 0 worse, 0 better\n");
}

#[test]
fn what_got_worse_is_said_and_the_other_way_round_is_better() {
    is_worse(|loss| loss.checks[0].status = Status::Failed, "check gradient_matches_oracle: passed -> failed");
    is_worse(|loss| loss.checks[0].status = Status::Failed, "status: passed -> failed");
    is_worse(|loss| loss.accuracy[0].max_ulp = Number(2.0), "f32 value, largest distance: 1.50 -> 2.00 ULP");
    is_worse(|loss| loss.accuracy[0].max_ulp = Number(f64::INFINITY), "f32 value, largest distance: 1.50 -> ∞ ULP");
    is_worse(|loss| loss.accuracy[0].max_ulp = Number(1.501), "f32 value, largest distance: 1.5 -> 1.501 ULP");
    let searched = |loss: &mut LossRecord| loss.accuracy[0].searched_ulp = Some(Number(3.0));
    is_worse(searched, "f32 value, largest that a search meets: 1.75 -> 3.00 ULP");
    is_worse(|loss| loss.accuracy[2].p999_ulp = Number(1.2), "f64 value, 99.9 % within: 0.99 -> 1.20 ULP");
    is_worse(|loss| loss.claims[0].standing = Standing::Tested, "claim `nonnegative`: proved -> tested");
    is_worse(|loss| loss.claims[1].standing = Standing::Undecided, "claim `convex_in: input`: tested -> undecided");
    is_worse(|loss| loss.knots[0].status = Status::Failed, "knot `a == knee`: passed -> failed");
    let goldens = |loss: &mut LossRecord| loss.goldens.as_mut().expect("there are some").passed -= 1;
    is_worse(goldens, "recorded answers that agree: 50 -> 49");
    let score = |loss: &mut LossRecord| loss.mutation.as_mut().expect("there is one").kernel.killed -= 1;
    is_worse(score, "kernel faults found: 12 of 12 -> 11 of 12");
    let survivor = |loss: &mut LossRecord| loss.mutation.as_mut().expect("there is one").survivors.push("x".to_owned());
    is_worse(survivor, "a fault survives: x");
}

#[test]
fn what_is_gone_is_worse_and_what_is_new_is_news() {
    let gone = changes(|loss| {
        loss.checks.remove(1);
        loss.claims.remove(0);
        loss.accuracy.remove(3);
        loss.goldens = None;
    });
    assert_eq!((gone.count(Direction::Worse), gone.count(Direction::Better)), (4, 0), "{gone}");
    let (mut old, new) = (sample::audit(), sample::audit());
    old.losses.pop();
    old.losses[0].checks.remove(1);
    let found = diff(&old, &new);
    assert_eq!(found.count(Direction::Worse), 1, "the new loss fails: {found}");
    assert!(found.to_string().contains("note    check sum_is_sum_of_none is new: passed"), "{found}");
    assert!(diff(&new, &old).to_string().contains("broken\n  worse   the loss is gone\n"));
}

#[test]
fn times_and_points_are_for_information() {
    let found = changes(|loss| {
        loss.seconds = 60.0;
        loss.checks[0].points += 1_000_000;
        loss.mutation.as_mut().expect("there is one").kernel = Score { killed: 24, total: 24 };
    });
    assert_eq!((found.count(Direction::Worse), found.count(Direction::Better)), (0, 0), "{found}");
    assert_eq!(found.count(Direction::Other), 3, "{found}");
    let slightly = changes(|loss| loss.seconds *= 1.2);
    assert!(slightly.losses.is_empty(), "{slightly}");
}

#[test]
fn of_a_part_only_what_both_have_is_compared() {
    let (old, mut new) = (sample::audit(), sample::audit());
    new.selection.losses = vec!["bent".to_owned()];
    new.losses.truncate(1);
    let found = diff(&old, &new);
    assert_eq!((found.compared, found.losses.len()), (1, 0), "{found}");
    assert!(found.to_string().starts_with("note: the newer audit is of bent alone: only what both have is compared\n"));
    new.selection.checks = vec!["sum_is_sum_of_none".to_owned()];
    new.losses[0].checks.retain(|check| check.name == "sum_is_sum_of_none");
    new.losses[0].accuracy.clear();
    new.losses[0].claims.clear();
    assert_eq!(diff(&old, &new).losses, [], "what was not asked for is not missing");
    let mut other = sample::audit();
    other.seed += 1;
    assert!(diff(&old, &other).to_string().starts_with("note: seed: 42 -> 43; largest distances depend on it\n"));
}

#[test]
fn an_audit_of_another_version_is_refused() {
    let path = std::env::temp_dir().join(format!("loss-verify-diff-{}.json", std::process::id()));
    let refused = |text: &str| {
        std::fs::write(&path, text).expect("a temporary file can be written");
        read(&path).expect_err("it is no audit of this version")
    };
    let mut audit: Audit = sample::audit();
    audit.schema_version -= 1;
    let old = refused(&serde_json::to_string(&audit).expect("it is JSON"));
    assert!(old.to_string().ends_with(
        "has schema version 1, and this program reads version 2; run the audit again with one version of the program for both"
    ), "{old}");
    assert!(matches!(refused("{\"schema_version\": 2}"), Unreadable::NoAudit(..)));
    assert!(matches!(refused("[]"), Unreadable::NoAudit(..)));
    std::fs::remove_file(&path).expect("it can be removed");
    assert!(matches!(read(Path::new("/no/such/file")), Err(Unreadable::Io(..))));
}
