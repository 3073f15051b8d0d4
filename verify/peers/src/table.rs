//! The results: as data, and as a table of Markdown.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::{Deserialize, Serialize};

use crate::turns::Times;

/// The columns, in their order.
pub const LIMIT: &str = "limit";
pub const OURS: &str = "ours";
pub const BURN: &str = "burn";
pub const CANDLE: &str = "candle";
const PEERS: [&str; 5] = [BURN, CANDLE, "PyTorch eager", "torch.compile", "JAX"];

/// How far, as a part of the truth, a value may be from ours.
const TOLERANCE: f64 = 1e-4;

/// A run, of this program or of `torch_jax.py`.
#[derive(Serialize, Deserialize)]
pub struct Results {
    /// The processor.
    pub machine: String,
    /// When.
    pub date: String,
    /// What ran, and on how many threads.
    pub notes: Vec<String>,
    /// One loss at one shape each.
    pub rows: Vec<Row>,
}

#[derive(Serialize, Deserialize)]
pub struct Row {
    pub loss: String,
    pub shape: String,
    /// How many numbers a time is divided by.
    pub elements: usize,
    /// By column; one that is missing is a dash.
    pub cells: BTreeMap<String, Cell>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
pub struct Cell {
    /// How long a call takes.
    pub times: Times,
    /// What it gave; nothing where nothing is computed.
    pub answer: Option<Answer>,
}

/// What was computed, told in two numbers.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub struct Answer {
    /// The value; missing where it is not finite.
    pub value: Option<f64>,
    /// The sum of the gradients' magnitudes.
    pub gradient: Option<f64>,
}

impl Answer {
    pub fn new(value: f32, gradients: &[f32]) -> Self {
        let finite = |number: f64| number.is_finite().then_some(number);
        let magnitudes = gradients.iter().map(|gradient| f64::from(gradient.abs())).sum();
        Self { value: finite(f64::from(value)), gradient: finite(magnitudes) }
    }

    fn agrees(&self, other: &Self) -> bool {
        let close = |ours: Option<f64>, theirs: Option<f64>| match (ours, theirs) {
            (Some(ours), Some(theirs)) => (ours - theirs).abs() <= TOLERANCE * ours.abs(),
            (Some(_), None) | (None, Some(_)) | (None, None) => false,
        };
        close(self.value, other.value) && close(self.gradient, other.gradient)
    }

    fn words(&self) -> String {
        let number = |number: Option<f64>| number.map_or_else(|| "nothing finite".to_owned(), |it| format!("{it:.8e}"));
        format!("{} (gradients {})", number(self.value), number(self.gradient))
    }
}

impl Results {
    /// Takes in the columns of another run. Its rows that are not in this one are left out.
    pub fn merge(&mut self, other: Self) {
        if other.machine != self.machine {
            self.notes.push(format!("The next lines are of another machine: {}.", other.machine));
        }
        self.notes.extend(other.notes);
        for theirs in other.rows {
            let same = |row: &&mut Row| row.loss == theirs.loss && row.shape == theirs.shape;
            if let Some(row) = self.rows.iter_mut().find(same) {
                row.cells.extend(theirs.cells);
            }
        }
    }

    /// Nanoseconds an element, machine and date, and whatever must be said of them.
    pub fn markdown(&self) -> String {
        let mut text =
            format!("{}, {}. Nanoseconds an element, value and gradients in one call.\n\n", self.machine, self.date);
        let columns: Vec<&str> = [LIMIT, OURS].into_iter().chain(PEERS).collect();
        // A `String` takes whatever is written to it.
        let _ = writeln!(text, "| loss | shape | {} | best peer / ours |", columns.join(" | "));
        let _ = writeln!(text, "| --- | --- |{}", " ---: |".repeat(columns.len() + 1));
        for row in &self.rows {
            let cells: Vec<String> = columns.iter().map(|column| row.nanoseconds(column)).collect();
            let lead = row.lead().map_or_else(|| "-".to_owned(), |lead| format!("{lead:.1}"));
            let _ = writeln!(text, "| {} | {} | {} | {lead} |", row.loss, row.shape, cells.join(" | "));
        }
        text.push('\n');
        for line in self.summary().into_iter().chain(self.notes.iter().cloned()).chain(self.differences()) {
            let _ = writeln!(text, "- {line}");
        }
        text
    }

    /// How far ahead we are, over the rows with a peer.
    fn summary(&self) -> Option<String> {
        let leads: Vec<f64> = self.rows.iter().filter_map(Row::lead).collect();
        let least = leads.iter().copied().reduce(f64::min)?;
        let mean = (leads.iter().map(|lead| lead.ln()).sum::<f64>() / leads.len() as f64).exp();
        Some(format!("Best peer over ours, {} rows: {mean:.1} (geometric mean), at least {least:.1}.", leads.len()))
    }

    fn differences(&self) -> Vec<String> {
        self.rows.iter().flat_map(Row::differences).collect()
    }
}

impl Row {
    fn nanoseconds(&self, column: &str) -> String {
        let Some(cell) = self.cells.get(column) else { return "-".to_owned() };
        let number = cell.times.least * 1e9 / self.elements as f64;
        let digits = if number < 1.0 { 3 } else { 1 };
        let mark = if self.differs(column) { " ≠" } else { "" };
        format!("{number:.digits$}{mark}")
    }

    /// The time of the fastest peer over ours.
    fn lead(&self) -> Option<f64> {
        let ours = self.cells.get(OURS)?.times.least;
        let peers = PEERS.iter().filter_map(|peer| self.cells.get(*peer)).map(|cell| cell.times.least);
        peers.reduce(f64::min).map(|best| best / ours)
    }

    fn answers(&self, column: &str) -> Option<(Answer, Answer)> {
        Some((self.cells.get(OURS)?.answer?, self.cells.get(column)?.answer?))
    }

    fn differs(&self, column: &str) -> bool {
        self.answers(column).is_some_and(|(ours, theirs)| !ours.agrees(&theirs))
    }

    fn differences(&self) -> Vec<String> {
        let peers = PEERS.iter().filter(|peer| self.differs(peer));
        let told = peers.filter_map(|peer| {
            let (ours, theirs) = self.answers(peer)?;
            let (ours, theirs) = (ours.words(), theirs.words());
            Some(format!("≠ {} {}: {peer} gives {theirs}, we {ours}.", self.loss, self.shape))
        });
        told.collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Answer, BURN, CANDLE, Cell, OURS, Results, Row};
    use crate::turns::Times;

    fn cell(nanoseconds: f64, value: f32) -> Cell {
        let times = Times { least: nanoseconds * 1e-9, median: nanoseconds * 1e-9 };
        Cell { times, answer: Some(Answer::new(value, &[0.5, -0.5])) }
    }

    fn run(shape: &str, cells: &[(&str, Cell)]) -> Results {
        let cells: BTreeMap<_, _> = cells.iter().map(|(name, cell)| ((*name).to_owned(), *cell)).collect();
        let row = Row { loss: "huber".to_owned(), shape: shape.to_owned(), elements: 1, cells };
        Results { machine: "m".to_owned(), date: "d".to_owned(), notes: Vec::new(), rows: vec![row] }
    }

    #[test]
    fn a_peer_whose_value_is_another_is_marked_and_told() {
        let markdown =
            run("1", &[(OURS, cell(2.0, 1.0)), (BURN, cell(6.0, 1.00005)), (CANDLE, cell(8.0, 1.001))]).markdown();
        assert!(markdown.contains("| huber | 1 | - | 2.0 | 6.0 | 8.0 ≠ | - | - | - | 3.0 |"), "{markdown}");
        assert!(markdown.contains("- ≠ huber 1: candle gives 1.00100005e0"), "{markdown}");
    }

    #[test]
    fn a_peer_without_a_number_differs() {
        let markdown = run("1", &[(OURS, cell(2.0, 1.0)), (BURN, cell(6.0, f32::NAN))]).markdown();
        assert!(markdown.contains("6.0 ≠"), "{markdown}");
    }

    #[test]
    fn another_run_joins_the_rows_of_the_same_shape_alone() {
        let mut results = run("1", &[(OURS, cell(2.0, 1.0))]);
        results.merge(run("2", &[("JAX", cell(9.0, 1.0))]));
        assert!(!results.markdown().contains("9.0"));
        results.merge(run("1", &[("JAX", cell(9.0, 1.0))]));
        assert!(results.markdown().contains("| 9.0 | 4.5 |"));
    }
}
