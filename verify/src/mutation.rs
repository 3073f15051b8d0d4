//! How strong the audit is: faults put in on purpose, and the share of them that the checks find.

pub mod record;
