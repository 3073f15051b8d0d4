//! Tables on a terminal. That of an audit has one row a loss, and at most 120 columns.

use crate::audit::{Audit, Direction, LossRecord, Standing, Status};
use crate::report::{count, nearly_all, seconds, ulps};

/// How a column is set.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

const COLUMNS: [(&str, Align); 11] = [
    ("loss", Align::Left),
    ("status", Align::Left),
    ("f32 value", Align::Right),
    ("f32 grad", Align::Right),
    ("f64 value", Align::Right),
    ("f64 grad", Align::Right),
    ("proved", Align::Right),
    ("compared", Align::Right),
    ("PyTorch", Align::Right),
    ("bits", Align::Right),
    ("time", Align::Right),
];

const LEGEND: &str = "
value, grad: largest distance of a sample from the exact result (/ that of 99.9 % of it), in units in the last
    place; beyond 2 (of rows 4), in what the exact one moves by when each number that goes in moves by one such unit
proved: of the properties and relations; the others are tested, if the loss passed
compared: numbers that were held against others; PyTorch: recorded answers that agree, or differ as declared
bits: instruction sets x thread counts that give the same ones
";

/// The longest name that is shown in full.
const NAME_WIDTH: usize = 20;
/// The longest cell of accuracy: a longer one shows the largest distance alone.
const ACCURACY_WIDTH: usize = 9;

/// The table of an audit, and below it what failed.
#[must_use]
pub fn table(audit: &Audit) -> String {
    let header = COLUMNS.map(|(title, _)| title.to_owned());
    let rows: Vec<[String; 11]> = std::iter::once(header).chain(audit.losses.iter().map(row)).collect();
    let mut out = aligned(&rows, COLUMNS.map(|(_, align)| align));
    out.push_str(LEGEND);
    for loss in &audit.losses {
        for check in loss.checks.iter().filter(|check| matches!(check.status, Status::Failed | Status::Undecided)) {
            let detail = if check.detail.is_empty() { &check.claim } else { &check.detail };
            out.push_str(&format!("\n{} {}::{}: {detail}\n", check.status.word(), loss.name, check.name));
            for failure in &check.failures {
                let distance =
                    failure.ulps.map(|apart| format!("    distance {} ULP\n", ulps(apart.0))).unwrap_or_default();
                out.push_str(&format!(
                    "  {}\n    expected {}\n    actual   {}\n{distance}    {}\n",
                    failure.what, failure.expected, failure.actual, failure.command
                ));
            }
        }
    }
    out
}

fn row(loss: &LossRecord) -> [String; 11] {
    let accuracy = |dtype, direction| {
        loss.worst_accuracy(dtype, direction).map_or_else(
            || "-".to_owned(),
            |accuracy| {
                let largest = ulps(accuracy.max_ulp.0);
                let both = nearly_all(accuracy).map(|distance| format!("{largest}/{distance}"));
                both.filter(|both| both.chars().count() <= ACCURACY_WIDTH).unwrap_or(largest)
            },
        )
    };
    let goldens = loss.goldens.as_ref().map_or_else(
        || "-".to_owned(),
        |goldens| {
            format!(
                "{}/{}",
                goldens.passed + goldens.declared_different,
                goldens.passed + goldens.declared_different + goldens.failed
            )
        },
    );
    let bitwise = loss
        .bitwise
        .as_ref()
        .map_or_else(|| "-".to_owned(), |bitwise| format!("{}x{}", bitwise.isas.len(), bitwise.threads.len()));
    [
        shorten(&loss.name),
        loss.status().word().to_owned(),
        accuracy("f32", Direction::Forward),
        accuracy("f32", Direction::Backward),
        accuracy("f64", Direction::Forward),
        accuracy("f64", Direction::Backward),
        format!("{}/{}", loss.claims_with(Standing::Proved), loss.claims.len()),
        count(loss.points()),
        goldens,
        bitwise,
        seconds(loss.seconds),
    ]
}

fn shorten(name: &str) -> String {
    if name.chars().count() <= NAME_WIDTH {
        return name.to_owned();
    }
    name.chars().take(NAME_WIDTH - 1).chain(['…']).collect()
}

/// Rows in columns as wide as their widest cell.
pub(crate) fn aligned<const N: usize>(rows: &[[String; N]], aligns: [Align; N]) -> String {
    let widths: [usize; N] =
        std::array::from_fn(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0));
    let mut out = String::new();
    for row in rows {
        let cells = row.iter().zip(widths).zip(aligns).map(|((cell, width), align)| match align {
            Align::Left => format!("{cell:<width$}"),
            Align::Right => format!("{cell:>width$}"),
        });
        out.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::table;
    use crate::audit::sample;
    use crate::number::Number;

    #[test]
    fn columns_line_up_and_fit() {
        let mut audit = sample::audit();
        audit.losses[0].name = "a_loss_with_a_name_that_is_far_too_long".to_owned();
        for accuracy in &mut audit.losses[1].accuracy {
            accuracy.max_ulp = Number(1.6e7);
            accuracy.p999_ulp = Number(99_999.0);
        }
        let table = table(&audit);
        let lines: Vec<&str> = table.lines().take(4).collect();
        let ends: Vec<usize> = lines.iter().map(|line| line.chars().count()).collect();
        assert!(ends.iter().all(|&end| end == ends[0] && end <= 120), "{ends:?}\n{table}");
        assert!(lines[1].starts_with("a_loss_with_a_name_…  passed"), "{table}");
        assert!(
            lines[2].contains(" 1.6e7 ") && lines[1].contains(" 1.50/0.98 ") && lines[1].contains(" 1/2 "),
            "{table}"
        );
        assert!(table.lines().skip(4).take(5).all(|line| line.chars().count() <= 120), "{table}");
    }

    #[test]
    fn the_share_of_few_points_is_not_shown() {
        let mut audit = sample::audit();
        audit.losses[0].accuracy.iter_mut().for_each(|accuracy| accuracy.points = 999);
        let row = table(&audit).lines().nth(1).map(str::to_owned).expect("there is a row");
        assert!(row.contains(" 1.50 ") && !row.contains("1.50/"), "{row}");
    }

    #[test]
    fn what_failed_is_listed_with_its_command() {
        let table = table(&sample::audit());
        assert!(table.contains("failed broken::threads_agree: 2 of 64 outputs differ"));
        assert!(table.contains("    distance 1.00 ULP\n    cargo verify broken --seed 42"));
        assert!(table.contains("undecided open_question::sum_is_sum_of_none"));
        assert_eq!(table.matches("failed ").count(), 2, "once in the table, once below it");
    }
}
