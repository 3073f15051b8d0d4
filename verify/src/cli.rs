//! The command line.

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use loss_runtime::Loss;
use loss_runtime::info::LossInfo;

use crate::audit::Status;
use crate::audit_run::{Progress, run_audit};
use crate::checks::CHECKS;
use crate::eval::eval;
use crate::explain::{explain, generated_rust};
use crate::report;
use crate::subject::{Effort, Subject};
use crate::suggest::nearest;
use crate::table::{Align, aligned, table};

/// Something was found to be wrong with a loss.
const FAILED: u8 = 1;
/// Something was wrong with the command.
const MISUSED: u8 = 2;

/// The registry that the program looks at.
type Losses = &'static [&'static dyn Loss];

/// Audits loss functions: are they what their specs say, and how well do they compute it?
#[derive(Debug, Parser)]
#[command(name = "loss-verify", bin_name = "cargo verify", version, args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    audit: AuditArguments,
}

#[derive(Debug, Args)]
struct AuditArguments {
    /// The losses to audit; all if none is named
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// The seed of every generator
    #[arg(long, default_value_t = Effort::default().seed)]
    seed: u64,
    /// About how many points each check looks at
    #[arg(long, value_name = "N", default_value_t = Effort::default().points)]
    points: u64,
    /// The folder that audit.json and index.html are written to
    #[arg(long, value_name = "DIR", default_value = "target/audit")]
    output: PathBuf,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Lists the losses
    List,
    /// Shows what a loss computes, and how: formula, inputs, gradients, stable forms, passes
    Explain {
        /// The loss
        name: String,
        /// Show the generated Rust code instead
        #[arg(long)]
        rust: bool,
    },
    /// Answers cases on standard input, one JSON object a line, on standard output
    Eval,
}

/// Runs the program with the process's arguments.
#[must_use]
pub fn main(losses: &'static [&'static dyn Loss]) -> ExitCode {
    run(losses, &Arguments::parse())
}

fn run(losses: Losses, arguments: &Arguments) -> ExitCode {
    let done = match &arguments.command {
        None => audit(losses, &arguments.audit),
        Some(Command::List) => list(losses),
        Some(Command::Explain { name, rust }) => {
            let text = if *rust { generated_rust } else { |subject: &Subject| Ok(explain(subject)) };
            match subject(losses, name).and_then(|subject| text(&subject)) {
                Ok(text) => print(&text),
                Err(message) => return misused(&message),
            }
        }
        Some(Command::Eval) => eval(losses, io::stdin().lock(), io::stdout().lock()).map(|()| ExitCode::SUCCESS),
    };
    match done {
        Ok(code) => code,
        // Whoever reads has read enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => misused(&error.to_string()),
    }
}

fn misused(message: &str) -> ExitCode {
    eprintln!("error: {message}");
    ExitCode::from(MISUSED)
}

fn print(text: &str) -> io::Result<ExitCode> {
    io::stdout().lock().write_all(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

fn list(losses: Losses) -> io::Result<ExitCode> {
    let shape = |info: &LossInfo| {
        let axes = info.inputs[info.layout].axes.iter().map(|&axis| info.axes[axis].name);
        format!("[{}]", axes.collect::<Vec<_>>().join(", "))
    };
    let infos = losses.iter().map(|loss| loss.info());
    let rows = infos.map(|info| [info.name.to_owned(), shape(info), info.summary.to_owned()]);
    let header = ["loss", "shape", "summary"].map(str::to_owned);
    print(&aligned(&std::iter::once(header).chain(rows).collect::<Vec<_>>(), [Align::Left; 3]))
}

/// The loss of a name.
fn subject(losses: Losses, name: &str) -> Result<Subject, String> {
    if let Some(&loss) = losses.iter().find(|loss| loss.info().name == name) {
        return Ok(Subject { loss, losses });
    }
    let hint = nearest(name, losses.iter().map(|loss| loss.info().name));
    let hint =
        hint.map_or_else(|| "`cargo verify list` shows all".to_owned(), |near| format!("did you mean `{near}`?"));
    Err(format!("there is no loss `{name}`; {hint}"))
}

fn audit(losses: Losses, arguments: &AuditArguments) -> io::Result<ExitCode> {
    let subjects = if arguments.names.is_empty() {
        Subject::all(losses)
    } else {
        match arguments.names.iter().map(|name| subject(losses, name)).collect::<Result<_, _>>() {
            Ok(subjects) => subjects,
            Err(message) => return Ok(misused(&message)),
        }
    };
    // An audit of nothing must not look like one that passed.
    if subjects.is_empty() {
        return Ok(misused("the registry holds no loss"));
    }
    let effort = Effort { seed: arguments.seed, points: arguments.points };
    let bar = Bar::new(subjects.len() * CHECKS.len());
    let audit = run_audit(&subjects, CHECKS, &effort, &bar);
    bar.0.finish_and_clear();
    let written = report::write(&audit, &arguments.output)?;
    let mut out = io::stdout().lock();
    out.write_all(table(&audit).as_bytes())?;
    writeln!(out, "\nreport: {}", written.html.display())?;
    let failed = audit.losses_with(Status::Failed) > 0;
    Ok(if failed { ExitCode::from(FAILED) } else { ExitCode::SUCCESS })
}

/// A bar on standard error, if that is a terminal.
struct Bar(ProgressBar);

impl Bar {
    fn new(checks: usize) -> Self {
        if !io::stderr().is_terminal() {
            return Self(ProgressBar::hidden());
        }
        let bar = ProgressBar::new(checks as u64);
        if let Ok(style) = ProgressStyle::with_template("{bar:24} {pos}/{len} {wide_msg}") {
            bar.set_style(style);
        }
        Self(bar)
    }
}

impl Progress for Bar {
    fn begins(&self, loss: &str, check: &str) {
        self.0.set_message(format!("{loss}::{check}"));
    }

    fn ends(&self) {
        self.0.inc(1);
    }
}

#[cfg(test)]
mod tests;
