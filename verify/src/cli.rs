//! The command line.

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use loss_author::cli::{AuthorCommand, run as run_author};
use loss_author::explain::{codes, explain as explain_code, is_code};
use loss_codegen::source::SourceFile;
use loss_runtime::Loss;
use loss_runtime::info::LossInfo;

use crate::audit::Status;
use crate::audit_run::{Progress, run_audit};
use crate::checks::CHECKS;
use crate::eval::eval;
use crate::explain::{explain, generated_rust};
use crate::report::Report;
use crate::subject::{Effort, Subject};
use crate::suggest::nearest;
use crate::table::{Align, aligned, table};
use crate::watch::watch;

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
    /// Shows what a loss computes, and how: formula, inputs, gradients, stable forms, passes; or what a diagnostic code means
    Explain {
        /// The loss, or the code; `codes` lists all codes
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
    #[command(flatten)]
    Author(AuthorCommand),
    /// Checks spec files whenever one is saved, and shows values, gradients and what fails, by interpreting the formula
    Watch {
        /// The files, or folders of them
        #[arg(value_name = "FILE", default_value = "specs")]
        files: Vec<PathBuf>,
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
        Some(Command::Explain { name, .. }) if name == "codes" => print(&codes()),
        Some(Command::Explain { name, .. }) if is_code(name) => match explain_code(name) {
            Ok(text) => print(&text),
            Err(message) => return misused(&message),
        },
        Some(Command::Explain { name, rust }) => {
            let text = if *rust { generated_rust } else { |subject: &Subject| Ok(explain(subject)) };
            match subject(losses, name).and_then(|subject| text(&subject)) {
                Ok(text) => print(&text),
                Err(message) => return misused(&message),
            }
        }
        Some(Command::Eval) => eval(losses, io::stdin().lock(), io::stdout().lock()).map(|()| ExitCode::SUCCESS),
        Some(Command::Author(command)) => run_author(command, &ours()),
        Some(Command::Watch { files }) => {
            watch(files, &ours(), io::stdout().lock(), || true).map(|()| ExitCode::SUCCESS)
        }
    };
    match done {
        Ok(code) => code,
        // Whoever reads has read enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => misused(&error.to_string()),
    }
}

/// Our specs, which any spec may call.
fn ours() -> Vec<SourceFile> {
    let specs = loss_specs::SPECS.iter();
    specs.map(|spec| SourceFile { path: spec.path.to_owned(), text: spec.text.to_owned() }).collect()
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

fn audit(losses: Losses, arguments: &AuditArguments) -> io::Result<ExitCode> {
    let subjects = if arguments.names.is_empty() {
        Subject::all(losses)
    } else {
        let mut names: Vec<&String> = Vec::new();
        for name in &arguments.names {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        match names.into_iter().map(|name| subject(losses, name)).collect::<Result<_, _>>() {
            Ok(subjects) => subjects,
            Err(message) => return Ok(misused(&message)),
        }
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
