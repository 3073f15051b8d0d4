//! The table of errors, `specs/accuracy.csv`: reading it, judging measurements by it, and writing it anew.

use loss_codegen::measured::Measured;
use loss_specs::accuracy::{AccuracyLine, COLUMNS};

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
        ulp: line.budget,
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

/// What an error may be at most, if this is the largest that was measured.
pub(crate) fn budget_of(max_ulp: f64) -> f64 {
    ((max_ulp * 2.0).ceil() / 2.0).max(0.5)
}

/// Why a line is not needed as it stands, after a measurement at least as thorough as the one it rests on.
pub(crate) fn no_longer_needed(line: &AccuracyLine, accuracy: &Accuracy, effort: &Effort) -> Option<String> {
    let is_comparable = effort.seed == line.seed && effort.points >= line.effort;
    let needed = budget_of(accuracy.max_ulp.0);
    (is_comparable && needed < line.budget).then(|| {
        format!(
            "the budget of {} ULP for the {} in {} is no longer needed: {needed} is enough",
            line.budget, line.quantity, line.dtype
        )
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
            let max = up(accuracy.max_ulp.0);
            let numbers = [budget_of(max), max, up(accuracy.p999_ulp.0), up(accuracy.raw_max_ulp.0)];
            let rest = cells(numbers, [accuracy.points, effort.seed, effort.points], &accuracy.worst);
            format!("{loss},{},{},{rest}", accuracy.dtype, String::from(accuracy.direction.clone()))
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

fn cells(numbers: [f64; 4], counts: [u64; 3], worst: &str) -> String {
    let numbers = numbers.map(|number| number.to_string()).join(",");
    let counts = counts.map(|count| count.to_string()).join(",");
    format!("{numbers},{counts},\"{}\"", worst.replace('"', "\"\"").replace('\n', " "))
}

#[cfg(test)]
mod tests {
    use loss_specs::accuracy::AccuracyLine;

    use super::{budget_of, line, measured, no_longer_needed, rewritten};
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
            raw_max_ulp: Number(9.0),
            worst: "f32: input = \"1\", 2".to_owned(),
            points: 3,
        }
    }

    #[test]
    fn budgets_are_halves() {
        assert_eq!([0.0, 0.5, 0.501, 1.0, 2.3].map(budget_of), [0.5, 0.5, 1.0, 1.0, 2.5]);
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

    #[test]
    fn a_looser_budget_than_needed_is_told_where_that_was_measured() {
        let line = AccuracyLine {
            loss: "bent",
            dtype: "f32",
            quantity: "value",
            budget: 3.0,
            max_ulp: 2.7,
            p999_ulp: 2.0,
            raw_max_ulp: 2.7,
            points: 10,
            seed: 1,
            effort: 5_000,
            worst: "",
        };
        let thorough = Effort { seed: 1, points: 5_000 };
        assert!(no_longer_needed(&line, &accuracy(2.6), &thorough).is_none());
        assert!(no_longer_needed(&line, &accuracy(2.4), &thorough).is_some());
        assert!(no_longer_needed(&line, &accuracy(2.4), &Effort { points: 4_999, ..thorough }).is_none());
        assert!(no_longer_needed(&line, &accuracy(2.4), &Effort { seed: 2, ..thorough }).is_none());
    }

    #[test]
    fn what_is_not_measured_stays() {
        let effort = Effort { seed: 1, points: 7 };
        let table = "loss,and so on\nb_loss,f64,value,1\na_loss,f32,value,2\nc_loss,f32,value,3\n";
        let more = rewritten(table, &[("a_loss".to_owned(), vec![accuracy(1.2001)])], &effort);
        let lines: Vec<&str> = more.lines().skip(1).collect();
        let new = "a_loss,f32,value,1.5,1.201,1.201,9,3,1,7,\"f32: input = \"\"1\"\", 2\"";
        assert_eq!(lines, [new, "b_loss,f64,value,1", "c_loss,f32,value,3"]);
    }
}
