//! The audit: checks of every loss in the registry, what they found as data, and the report made from it.

pub mod audit;
pub mod audit_run;
pub mod bench;
pub mod budgets;
pub mod certify;
pub mod checks;
pub mod cli;
pub mod derivation;
pub mod describe;
pub mod diff;
pub mod eval;
pub mod explain;
pub mod fuzz;
pub mod generators;
mod interpret;
pub mod mutation;
pub mod named_tests;
pub mod number;
pub mod oracle;
pub mod preview;
pub mod progress;
pub mod proofs;
pub mod registry;
pub mod report;
pub mod subject;
pub mod suggest;
pub mod table;
pub mod watch;

#[cfg(test)]
mod specimen;
