//! What `cargo verify` can do, for who asks before anything is built.

/// The commands of the audit, whose program is built when one of them is used first.
pub const AUDIT: &[(&str, &str)] = &[
    ("list", "Lists the losses"),
    ("explain", "Shows what a loss computes, and how"),
    ("watch", "Checks specs at every save, and shows values, gradients and claims that fail"),
    ("diff", "Says what got better or worse between two audits"),
    ("mutants", "Puts faults into losses, and names those that no check finds"),
    ("certify", "Measures the errors over the whole domain, and writes the table of errors anew"),
    ("sweep", "Sends every f32 through formulas of one variable"),
    ("bench", "Measures how far each loss is from what memory allows"),
    ("instructions", "Counts the instructions of calls with valgrind"),
    ("eval", "Answers cases on standard input"),
];

/// Those commands as text, with how to audit.
#[must_use]
pub fn audit_commands() -> String {
    let lines = AUDIT.iter().map(|(name, says)| format!("  {name:<13} {says}\n"));
    format!(
        "The audit, for which all kernels are compiled first (minutes; `COMMAND --help` says more):\n  [NAME]...     Audits these losses, or all\n{}",
        lines.collect::<String>()
    )
}
