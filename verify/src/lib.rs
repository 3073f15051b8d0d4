//! The audit.

pub mod oracle;
