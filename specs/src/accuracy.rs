//! How exactly the losses compute: budgets, and what they rest on. `accuracy.csv` beside the specs is written by the audit
//! (`cargo verify certify`), which also fails where an error leaves its budget or a budget is no longer needed.

/// A line of `accuracy.csv`: the error of one quantity of one loss in one type, over the elements of `none`. It rests on a sample of the whole
/// domain, and on a search that goes on from the worst of it.
///
/// Errors are in units in the last place. Where a formula is ill conditioned they are in what the exact result moves by when each number
/// that goes in moves by such a unit; the raw ones never are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AccuracyLine {
    /// The loss.
    pub loss: &'static str,
    /// `f32` or `f64`.
    pub dtype: &'static str,
    /// `value`, or `gradient of` an input.
    pub quantity: &'static str,
    /// What no error of the sample may exceed: its largest one, up to the next half.
    pub budget: f64,
    /// The largest error of the sample.
    pub max_ulp: f64,
    /// The error that 999 of 1000 points of the sample stay within.
    pub p999_ulp: f64,
    /// The largest error of sample and search whatever the condition.
    pub raw_max_ulp: f64,
    /// The largest error that a search, or a sweep of all numbers, has met.
    pub searched_ulp: f64,
    /// How many points the sample has.
    pub points: u64,
    /// The seed of the audit.
    pub seed: u64,
    /// How many rows the audit was asked for.
    pub effort: u64,
    /// Where the larger of the two largest errors is.
    pub worst: &'static str,
}

impl AccuracyLine {
    /// What no error exceeds, as far as is known: the largest one, up to the next half.
    #[must_use]
    pub fn bound(&self) -> f64 {
        up_to_half(self.max_ulp.max(self.searched_ulp))
    }
}

/// An error up to the next half, which is the least that rounding leaves.
#[must_use]
pub fn up_to_half(ulp: f64) -> f64 {
    ((ulp * 2.0).ceil() / 2.0).max(0.5)
}

/// Every line, in the order of the losses.
pub const ACCURACY: &[AccuracyLine] = include!(concat!(env!("OUT_DIR"), "/accuracy.rs"));

/// The names of the columns, in their order.
pub const COLUMNS: [&str; 12] =
    ["loss", "dtype", "quantity", "budget", "max", "p999", "raw_max", "searched", "points", "seed", "effort", "worst"];

/// Where the table stands, from the repository's root.
pub const PATH: &str = "specs/accuracy.csv";
