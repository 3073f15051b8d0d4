//! Measures errors over the whole domain and writes the table of errors anew.

use std::fmt::Write;
use std::path::Path;
use std::{fs, io};

use crate::audit::Accuracy;
use crate::budgets::rewritten;
use crate::checks::{CHECKS, SEARCHED};
use crate::number::short;
use crate::subject::{Effort, Subject};
use crate::table::{Align, aligned};

/// The check that measures.
const MEASURE: &str = "errors_are_within_budget";

/// Measures some losses, puts what was found in place of what the table says of them, and says what that is. A larger error that an earlier search
/// met stays as long as the sample's are what they were.
///
/// # Errors
/// The table cannot be written, or so few points are asked for that nothing would be searched.
pub fn certify(subjects: &[Subject], effort: &Effort, table: &Path) -> io::Result<String> {
    if effort.points < SEARCHED {
        let text =
            format!("at least {SEARCHED} points: the table says what a search finds, and fewer are not searched");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    }
    let measures = || CHECKS.iter().filter(|check| check.name == MEASURE);
    let mut measured: Vec<(String, Vec<Accuracy>)> = Vec::new();
    for subject in subjects {
        for check in measures() {
            eprintln!("{}", subject.name());
            let (_, evidence) = check.record(subject, effort);
            measured.push((subject.name().to_owned(), evidence.accuracy));
        }
    }
    // Before there is a table, there is nothing in it.
    let before = fs::read_to_string(table).unwrap_or_default();
    fs::write(table, rewritten(&before, &measured, effort))?;
    let header =
        ["loss", "type", "of", "largest", "99.9 %", "searched", "raw", "points", "worst at"].map(str::to_owned);
    let rows =
        measured.iter().flat_map(|(loss, accuracies)| accuracies.iter().map(move |accuracy| row(loss, accuracy)));
    let rows: Vec<[String; 9]> = std::iter::once(header).chain(rows).collect();
    let mut align = [Align::Right; 9];
    [align[0], align[1], align[2], align[8]] = [Align::Left; 4];
    let mut text = aligned(&rows, align);
    // Writing to a string cannot fail.
    let _ = writeln!(text, "written: {}", table.display());
    Ok(text)
}

fn row(loss: &str, accuracy: &Accuracy) -> [String; 9] {
    let ulp = |ulp: f64| if ulp < 1e4 { format!("{ulp:.3}") } else { short(ulp) };
    [
        loss.to_owned(),
        accuracy.dtype.clone(),
        String::from(accuracy.direction.clone()),
        ulp(accuracy.max_ulp.0),
        ulp(accuracy.p999_ulp.0),
        accuracy.searched_ulp.map_or_else(String::new, |searched| ulp(searched.0)),
        ulp(accuracy.raw_max_ulp.0),
        accuracy.points.to_string(),
        accuracy.worst.clone(),
    ]
}
