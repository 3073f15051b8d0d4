//! The command line.

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use loss_runtime::Loss;

use crate::audit::Status;
use crate::audit_run::{Progress, run_audit};
use crate::checks::CHECKS;
use crate::describe::{describe, explain};
use crate::eval::eval;
use crate::subject::{Effort, Subject};
use crate::suggest::nearest;
use crate::{report, table};

/// Something was found to be wrong with a loss.
const FAILED: u8 = 1;
/// Something was wrong with the command.
const MISUSED: u8 = 2;

/// What the program is given beside its arguments.
#[derive(Clone, Copy)]
pub struct Application {
    /// The losses.
    pub losses: &'static [&'static dyn Loss],
    /// The Rust code that was generated for a loss, by its name; or why there is none to show.
    pub generated: fn(&str) -> Result<String, String>,
}

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
    /// Shows what a loss computes: formula, inputs, parameters, reductions
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
pub fn main(application: &Application) -> ExitCode {
    run(application, &Arguments::parse())
}

fn run(application: &Application, arguments: &Arguments) -> ExitCode {
    let done = match &arguments.command {
        None => audit(application, &arguments.audit),
        Some(Command::List) => list(application),
        Some(Command::Explain { name, rust: false }) => match subject(application, name) {
            Ok(subject) => print(&explain(&describe(subject.loss))),
            Err(message) => return misused(&message),
        },
        Some(Command::Explain { name, rust: true }) => {
            match subject(application, name).and_then(|subject| (application.generated)(subject.name())) {
                Ok(code) => print(&code),
                Err(message) => return misused(&message),
            }
        }
        Some(Command::Eval) => {
            eval(application.losses, io::stdin().lock(), io::stdout().lock()).map(|()| ExitCode::SUCCESS)
        }
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

fn list(application: &Application) -> io::Result<ExitCode> {
    let infos = || application.losses.iter().map(|loss| loss.info());
    let width = infos().map(|info| info.name.len()).max().unwrap_or(0);
    let lines: String = infos().map(|info| format!("{:<width$}  {}\n", info.name, info.summary)).collect();
    print(&lines)
}

/// The loss of a name.
fn subject(application: &Application, name: &str) -> Result<Subject, String> {
    let losses = application.losses;
    if let Some(&loss) = losses.iter().find(|loss| loss.info().name == name) {
        return Ok(Subject { loss, losses });
    }
    let hint = nearest(name, losses.iter().map(|loss| loss.info().name));
    let hint =
        hint.map_or_else(|| "`cargo verify list` shows all".to_owned(), |near| format!("did you mean `{near}`?"));
    Err(format!("there is no loss `{name}`; {hint}"))
}

fn audit(application: &Application, arguments: &AuditArguments) -> io::Result<ExitCode> {
    let subjects = if arguments.names.is_empty() {
        Subject::all(application.losses)
    } else {
        match arguments.names.iter().map(|name| subject(application, name)).collect::<Result<_, _>>() {
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
    out.write_all(table::table(&audit).as_bytes())?;
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
