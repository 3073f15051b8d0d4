//! The command line.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use loss_runtime::Loss;
use loss_runtime::info::LossInfo;

use crate::audit::Status;
use crate::audit_run::{Progress, run_audit};
use crate::certify::certify;
use crate::checks::{CHECKS, sweep};
use crate::eval::eval;
use crate::explain::{explain, generated_rust};
use crate::report::Report;
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
    #[arg(long, value_name = "N", default_value_t = Effort::default().seed, value_parser = whole, allow_hyphen_values = true)]
    seed: u64,
    /// About how many points each check looks at; every check looks at all that its claim names, however few these are
    #[arg(long, value_name = "N", default_value_t = Effort::default().points, value_parser = positive, allow_hyphen_values = true)]
    points: u64,
    /// The folder that audit.json and index.html are written to
    #[arg(long, value_name = "DIR", default_value = "target/audit")]
    output: PathBuf,
}

fn whole(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("a whole number from 0 to {} is needed", u64::MAX))
}

fn positive(text: &str) -> Result<u64, String> {
    match whole(text) {
        Ok(0) | Err(_) => Err(format!("a whole number from 1 to {} is needed", u64::MAX)),
        Ok(number) => Ok(number),
    }
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
    ///
    /// A case is a line such as {"id":1,"loss":"smooth_l1","dtype":"f32","options":{"reduction":"mean","beta":0.5},
    /// "inputs":{"input":{"shape":[2],"data":[0.5,"nan"]},"target":{"shape":[2],"data":[0,1]}},"upstream":{"shape":[],"data":[1]}}.
    /// An array's `kind` is `float` (which may be left out), `int` or `bool`; its numbers are in row-major order, and "nan", "inf" and
    /// "-inf" are among them. `dtype` is f64 if left out, options and the upstream gradient have the defaults of the loss.
    /// The answer is {"id":1,"value":{"shape":[],"data":[...]},"grads":{"input":{...},"target":{...}}}, or {"id":1,"error":{"kind":"...",
    /// "message":"..."}}. Every line has its answer, whatever it holds, before the next line is read.
    #[command(verbatim_doc_comment)]
    Eval,
    /// Sends every f32 through the formulas of one variable of a loss, and says where the errors are largest
    ///
    /// A sweep that was stopped goes on where it was.
    Sweep {
        /// The loss
        name: String,
        /// Looks at one in so many bit patterns
        #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
        every: u32,
        /// The folder that the progress is written to
        #[arg(long, value_name = "DIR", default_value = "target/sweep")]
        output: PathBuf,
    },
    /// Measures the errors of values and gradients over the whole domain, and writes the table of errors anew
    ///
    /// The audit holds every error against this table; the documentation of the losses quotes it.
    Certify {
        /// The losses to measure; all if none is named
        #[arg(value_name = "NAME")]
        names: Vec<String>,
        /// The seed of every generator
        #[arg(long, value_name = "N", default_value_t = Effort::default().seed, value_parser = whole)]
        seed: u64,
        /// About how many rows are measured in each type
        #[arg(long, value_name = "N", default_value_t = 20_000, value_parser = positive)]
        points: u64,
        /// The table
        #[arg(long, value_name = "FILE", default_value = loss_specs::accuracy::PATH)]
        table: PathBuf,
    },
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
        Some(Command::Certify { names, seed, points, table }) => match subjects(losses, names) {
            Ok(subjects) => {
                certify(&subjects, &Effort { seed: *seed, points: *points }, table).and_then(|text| print(&text))
            }
            Err(message) => return misused(&message),
        },
        Some(Command::Sweep { name, every, output }) => match subject(losses, name) {
            Ok(subject) => return sweep(&subject, *every, output),
            Err(message) => return misused(&message),
        },
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
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
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

/// Sweeps a loss and shows what was found.
fn sweep(subject: &Subject, every: u32, folder: &Path) -> ExitCode {
    let file = folder.join(format!("{}.json", subject.name()));
    let swept = sweep::sweep(subject, every, &file, &mut |step| eprintln!("{step}"));
    let progress = match swept {
        Ok(Some(progress)) => progress,
        Ok(None) => return misused(&format!("`{}` has no formula of one variable", subject.name())),
        Err(error) => return misused(&format!("`{}`: {error}", file.display())),
    };
    let (text, failed) = swept_table(&progress);
    match print(&text) {
        Ok(_) if failed => ExitCode::from(FAILED),
        Ok(code) => code,
        Err(error) => misused(&error.to_string()),
    }
}

/// What a sweep found, and whether the oracle says that some of it is wrong.
fn swept_table(progress: &sweep::Progress) -> (String, bool) {
    let header = ["formula", "numbers", "value", "at", "gradient", "at", "judged", "wrong"].map(str::to_owned);
    let rows = progress.cores.iter().map(|core| {
        let at = |worst: &sweep::Worst| format!("{:e}", f32::from_bits(worst.bits));
        let [value, gradient] = &core.worst;
        let (judged, wrong) = core.judged.unwrap_or_default();
        [
            core.words.clone(),
            core.points.to_string(),
            format!("{:.3}", value.ulp.0),
            at(value),
            format!("{:.3}", gradient.ulp.0),
            at(gradient),
            judged.to_string(),
            wrong.to_string(),
        ]
    });
    let rows: Vec<[String; 8]> = std::iter::once(header).chain(rows).collect();
    let right = Align::Right;
    let text = aligned(&rows, [Align::Left, right, right, right, right, right, right, right]);
    (text, progress.cores.iter().any(|core| core.judged.is_some_and(|(_, wrong)| wrong > 0)))
}

/// The losses of some names, each once; all if there is no name.
fn subjects(losses: Losses, names: &[String]) -> Result<Vec<Subject>, String> {
    if names.is_empty() {
        return Ok(Subject::all(losses));
    }
    let mut distinct: Vec<&String> = Vec::new();
    for name in names {
        if !distinct.contains(&name) {
            distinct.push(name);
        }
    }
    distinct.into_iter().map(|name| subject(losses, name)).collect()
}

fn audit(losses: Losses, arguments: &AuditArguments) -> io::Result<ExitCode> {
    let subjects = match subjects(losses, &arguments.names) {
        Ok(subjects) => subjects,
        Err(message) => return Ok(misused(&message)),
    };
    // An audit of nothing must not look like one that passed.
    if subjects.is_empty() {
        return Ok(misused("the registry holds no loss"));
    }
    let unwritable = |error: io::Error| {
        misused(&format!("the report cannot be written to `{}`: {error}", arguments.output.display()))
    };
    // Before the audit, so that nobody waits for a report that cannot be written.
    let report = match Report::prepare(&arguments.output) {
        Ok(report) => report,
        Err(error) => return Ok(unwritable(error)),
    };
    let effort = Effort { seed: arguments.seed, points: arguments.points };
    let bar = Bar::new(subjects.len() * CHECKS.len());
    let audit = run_audit(&subjects, CHECKS, &effort, &bar);
    bar.0.finish_and_clear();
    if let Err(error) = report.write(&audit) {
        return Ok(unwritable(error));
    }
    let failed = audit.losses_with(Status::Failed) > 0;
    let text = format!("{}\nreport: {}\n", table(&audit), report.html.display());
    match print(&text) {
        // What was found holds whether or not it is read to its end.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
        Err(error) => return Err(error),
        Ok(_) => {}
    }
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
        if let Ok(style) = ProgressStyle::with_template("{bar:24} {pos}/{len} {elapsed} {wide_msg}") {
            bar.set_style(style);
        }
        // A check may take a while: time goes on, so nobody thinks that it hangs.
        bar.enable_steady_tick(Duration::from_millis(250));
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
