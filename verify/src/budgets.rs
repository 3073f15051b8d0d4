//! The table of errors, `specs/accuracy.csv`: reading it, judging measurements by it, and writing it anew.

use loss_codegen::measured::Measured;
use loss_specs::accuracy::{AccuracyLine, COLUMNS, up_to_half};

use crate::audit::{Accuracy, Quantity};
use crate::registry::Registry;
use crate::subject::{Effort, Subject};

/// The table of a registry as the compiler takes it.
#[must_use]
pub fn measured(registry: &Registry) -> Vec<Measured> {
    let lines = registry.accuracy.iter().map(|line| Measured {
        loss: line.loss.to_owned(),
        dtype: line.dtype.to_owned(),
        quantity: line.quantity.to_owned(),
        ulp: line.bound(),
        raw_ulp: line.raw_max_ulp,
    });
    lines.collect()
}

/// The line of a loss, a type and a quantity, if the table of its registry has one.
pub(crate) fn line(subject: &Subject, dtype: &str, quantity: &Quantity) -> Option<&'static AccuracyLine> {
    let (loss, quantity) = (subject.name(), String::from(quantity.clone()));
    let mut lines = subject.registry.accuracy.iter();
    lines.find(|line| line.loss == loss && line.dtype == dtype && line.quantity == quantity)
}

/// What an error may be at most in an audit of this effort: what the table's own points look at has its budget, what others may find the
/// bound that the table promises.
pub(crate) fn limit(line: &AccuracyLine, effort: &Effort) -> f64 {
    let is_the_tables = effort.seed == line.seed && effort.points <= line.effort;
    if is_the_tables { line.budget } else { line.bound() }
}

/// Why a line is not needed as it stands, after a measurement at least as thorough as the one it rests on.
pub(crate) fn no_longer_needed(line: &AccuracyLine, accuracy: &Accuracy, effort: &Effort) -> Option<String> {
    if effort.seed != line.seed || effort.points < line.effort {
        return None;
    }
    let needed = up_to_half(accuracy.max_ulp.0);
    (needed < line.budget).then(|| {
        let AccuracyLine { budget, quantity, dtype, .. } = line;
        format!("the budget of {budget} ULP for the {quantity} in {dtype} is no longer needed: {needed} is enough")
    })
}

/// A table with what was measured of some losses in place of what it says of them.
#[must_use]
pub fn rewritten(table: &str, measured: &[(String, Vec<Accuracy>)], effort: &Effort) -> String {
    let of = |line: &str| line.split(',').next().unwrap_or_default().to_owned();
    let kept = table.lines().skip(1).filter(|line| !measured.iter().any(|(loss, _)| *loss == of(line)));
    let mut lines: Vec<String> = kept.map(str::to_owned).collect();
    for (loss, accuracies) in measured {
        lines.extend(accuracies.iter().map(|accuracy| {
            let key = format!("{loss},{},{},", accuracy.dtype, String::from(accuracy.direction.clone()));
            let new = cells(accuracy, effort);
            let before = table.lines().find_map(|line| line.strip_prefix(&key));
            key + &before.and_then(|before| with_larger(before, &new)).unwrap_or(new)
        }));
    }
    // By loss, type and quantity.
    lines.sort_by_key(|line| line.splitn(4, ',').take(3).map(str::to_owned).collect::<Vec<_>>());
    std::iter::once(COLUMNS.join(",")).chain(lines).map(|line| line + "\n").collect()
}

/// An error with as many digits as anyone reads, not rounded down.
fn up(ulp: f64) -> f64 {
    (ulp * 1000.0).ceil() / 1000.0
}

/// A line's cells after its key.
fn cells(accuracy: &Accuracy, effort: &Effort) -> String {
    let searched = accuracy.searched_ulp.unwrap_or_default();
    let [max, p999, raw_max, searched] =
        [accuracy.max_ulp, accuracy.p999_ulp, accuracy.raw_max_ulp, searched].map(|ulp| up(ulp.0));
    let numbers = [up_to_half(max), max, p999, raw_max, searched].map(|number| number.to_string()).join(",");
    let counts = [accuracy.points, effort.seed, effort.points].map(|count| count.to_string()).join(",");
    format!("{numbers},{counts},\"{}\"", accuracy.worst.replace('"', "\"\"").replace('\n', " "))
}

/// The new cells with the larger error that an earlier search met, or that was put there after a sweep, and where. None where the new search met the
/// larger one, or the kernels are others, as far as the sample's errors tell; whoever knows better deletes the line first.
fn with_larger(before: &str, new: &str) -> Option<String> {
    let [before, new] = [before, new].map(|cells| cells.splitn(9, ',').collect::<Vec<_>>());
    let (&[budget, max, p999, raw, searched, points, seed, effort, worst], &[.., new_raw, new_searched, _, _, _, _]) =
        (&before[..], &new[..])
    else {
        return None;
    };
    let number = |cell: &str| cell.parse::<f64>().ok();
    let is_the_same = new[..3] == before[..3] && new[5..8] == before[5..8];
    (is_the_same && number(searched)? > number(new_searched)?).then(|| {
        let raw = if number(raw) > number(new_raw) { raw } else { new_raw };
        [budget, max, p999, raw, searched, points, seed, effort, worst].join(",")
    })
}

#[cfg(test)]
mod tests {
    use loss_specs::accuracy::AccuracyLine;

    use super::{limit, line, measured, no_longer_needed, rewritten};
    use crate::audit::{Accuracy, Quantity};
    use crate::number::Number;
    use crate::registry::{Registry, losses};
    use crate::subject::{Effort, Subject};

    fn accuracy(max: f64) -> Accuracy {
        Accuracy {
            dtype: "f32".to_owned(),
            direction: Quantity::Value,
            max_ulp: Number(max),
            p999_ulp: Number(max),
            searched_ulp: Some(Number(max + 1.0)),
            raw_max_ulp: Number(9.0),
            worst: "f32: input = \"1\", 2".to_owned(),
            points: 3,
        }
    }

    #[test]
    fn the_table_says_nothing_of_another_crates_losses_of_the_same_names() {
        static OTHERS: Registry = Registry::new(loss_runtime::LOSSES, loss_runtime::SPECS);
        let lines = |registry| {
            let subjects = Subject::all(registry);
            subjects.iter().filter(|subject| line(subject, "f32", &Quantity::Value).is_some()).count()
        };
        // A loss that was added just now is not measured yet.
        assert!(lines(losses()) > 0);
        assert_eq!(lines(&OTHERS), 0);
        assert!(!measured(losses()).is_empty() && measured(&OTHERS).is_empty());
    }

    const LINE: AccuracyLine = AccuracyLine {
        loss: "bent",
        dtype: "f32",
        quantity: "value",
        budget: 3.0,
        max_ulp: 2.7,
        p999_ulp: 2.0,
        raw_max_ulp: 3.6,
        searched_ulp: 3.6,
        points: 10,
        seed: 1,
        effort: 5_000,
        worst: "",
    };
    const THOROUGH: Effort = Effort { seed: 1, points: 5_000 };

    #[test]
    fn a_looser_budget_than_needed_is_told_where_that_was_measured() {
        let needed = |max, effort| no_longer_needed(&LINE, &accuracy(max), &effort);
        assert_eq!(needed(2.6, THOROUGH), None);
        let budget = needed(2.4, THOROUGH).expect("less would do");
        assert!(
            budget.starts_with("the budget of 3 ULP for the value in f32") && budget.contains("2.5 is"),
            "{budget}"
        );
        assert_eq!(needed(2.4, Effort { points: 4_999, ..THOROUGH }), None);
        assert_eq!(needed(2.4, Effort { seed: 2, ..THOROUGH }), None);
    }

    #[test]
    fn points_that_the_table_rests_on_have_its_budget_and_others_its_bound() {
        assert_eq!(limit(&LINE, &THOROUGH), 3.0);
        assert_eq!(limit(&LINE, &Effort { points: 10, ..THOROUGH }), 3.0);
        assert_eq!(limit(&LINE, &Effort { points: 5_001, ..THOROUGH }), 4.0);
        assert_eq!(limit(&LINE, &Effort { seed: 2, ..THOROUGH }), 4.0);
    }

    #[test]
    fn what_is_not_measured_stays() {
        let effort = Effort { seed: 1, points: 7 };
        let table = "loss,and so on\nb_loss,f64,value,1\na_loss,f32,value,2\nc_loss,f32,value,3\n";
        let more = rewritten(table, &[("a_loss".to_owned(), vec![accuracy(1.2001)])], &effort);
        let lines: Vec<&str> = more.lines().skip(1).collect();
        let new = "a_loss,f32,value,1.5,1.201,1.201,9,2.201,3,1,7,\"f32: input = \"\"1\"\", 2\"";
        assert_eq!(lines, [new, "b_loss,f64,value,1", "c_loss,f32,value,3"]);
    }

    #[test]
    fn what_an_earlier_search_of_the_same_kernels_met_stays() {
        let effort = Effort { seed: 1, points: 7 };
        let after = |before: &str| {
            let measured = [("a_loss".to_owned(), vec![accuracy(1.2001)])];
            let table = rewritten(&format!("head\na_loss,f32,value,{before}\n"), &measured, &effort);
            table
                .lines()
                .nth(1)
                .expect("there is a line")
                .strip_prefix("a_loss,f32,value,")
                .expect("it is its")
                .to_owned()
        };
        let new = "1.5,1.201,1.201,9,2.201,3,1,7,\"f32: input = \"\"1\"\", 2\"";
        let swept = "1.5,1.201,1.201,9.5,2.7,3,1,7,\"f32: swept, 3\"";
        assert_eq!(after(swept), swept);
        assert_eq!(after(&swept.replace(",9.5,", ",4,")), swept.replace(",9.5,", ",9,"));
        assert_eq!(after(&swept.replace(",2.7,", ",2.2,")), new, "it met less");
        assert_eq!(after(&swept.replace("1.201", "1.202")), new, "the kernels are others");
        assert_eq!(after("1,2,3"), new);
    }
}
