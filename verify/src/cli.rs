//! The command line.

mod bench;
mod instructions;

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use loss_author::cli::{AuthorCommand, misused, run as run_author};
use loss_author::explain::{codes, explain as explain_code, is_code};
use loss_author::files::of_program;
use loss_codegen::guide::Task;
use loss_runtime::info::LossInfo;

use crate::audit::{Audit, Selection, Status};
use crate::audit_run::{Progress, run_audit};
use crate::certify::certify;
use crate::checks::{CHECKS, Check, sweep};
use crate::diff::{Direction, diff, read};
use crate::eval::eval;
use crate::explain::{explain, generated_rust};
use crate::mutation::record::{Family, FamilyRecord, LossMutation, MutationRun};
use crate::mutation::{self, Depth, run_mutation};
use crate::progress::{Forgetful, Journal, Memory};
use crate::registry::Registry;
use crate::report::Report;
use crate::subject::{Effort, Subject};
use crate::suggest::nearest;
use crate::table::{Align, aligned, table};
use crate::watch::watch;

use bench::{BenchArguments, bench};
use instructions::{InstructionsArguments, instructions};

/// Something was found to be wrong with a loss.
const FAILED: u8 = 1;

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
    /// [default: 1000, or 100000 if thorough]
    #[arg(long, value_name = "N", value_parser = positive, allow_hyphen_values = true)]
    points: Option<u64>,
    /// Look hard, which may take an hour; what is found is kept in progress.jsonl, and a run that was cut off goes on from there
    #[arg(long)]
    thorough: bool,
    /// Begin a thorough audit anew
    #[arg(long, requires = "thorough")]
    fresh: bool,
    /// Run this check alone; may be given more than once
    #[arg(long = "check", value_name = "CHECK")]
    checks: Vec<String>,
    /// The folder that the report is written to: index.html, a page for each loss, audit.json
    #[arg(long, value_name = "DIR", default_value = "target/audit")]
    output: PathBuf,
}

impl AuditArguments {
    fn effort(&self) -> Effort {
        let most = if self.thorough { Effort::THOROUGH } else { Effort::default().points };
        Effort { seed: self.seed, points: self.points.unwrap_or(most) }
    }
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
    /// Says what got better or worse between two audits; exits with 1 if anything got worse
    Diff {
        /// The audit.json of the older one
        old: PathBuf,
        /// The audit.json of the newer one
        new: PathBuf,
    },
    /// Puts faults into losses on purpose, and says which of them the checks find
    ///
    /// Faults in a spec are judged by what it claims and by recorded answers, faults in the compiler against the formula as written,
    /// faults in the kernels by all checks. Writes mutation.json; fails where fewer faults are found than should be.
    Mutants(MutantsArguments),
    /// Measures how fast every loss is, against what moving the same bytes costs
    ///
    /// The two are timed in turns, in one run: their ratio says how far a loss is from what memory allows. Writes bench.json.
    Bench(BenchArguments),
    /// Counts the instructions that calls take, with valgrind, and compares them with those that are known
    ///
    /// A count is the same on every run, so it tells a slower kernel from a busy machine. Fails where a call takes more than before.
    Instructions(InstructionsArguments),
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
    /// Sends every f32 through the formulas of one variable of losses, and says where the errors are largest
    ///
    /// A sweep that was stopped goes on where it was, if the program is the same.
    Sweep {
        /// The losses; all that have such formulas if none is named
        #[arg(value_name = "NAME")]
        names: Vec<String>,
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

#[derive(Debug, Args)]
struct MutantsArguments {
    /// The losses; all if none is named
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// The seed of every generator, and of which mutants are judged where there are more than enough
    #[arg(long, value_name = "N", default_value_t = Effort::default().seed, value_parser = whole, allow_hyphen_values = true)]
    seed: u64,
    /// Every mutant, however long it takes; every check is asked about as many as a quarter of an hour a family is enough for
    #[arg(long)]
    thorough: bool,
    /// Only what no check found in the folder's mutation.json, after one has learned to; what was found or proved stays so, as long as neither compiler nor specs change
    #[arg(long)]
    survivors: bool,
    /// The folder that mutation.json is written to
    #[arg(long, value_name = "DIR", default_value = "target/audit")]
    output: PathBuf,
}

/// Runs the program with the process's arguments.
#[must_use]
pub fn main(registry: &'static Registry) -> ExitCode {
    run(registry, &Arguments::parse())
}

fn run(registry: &'static Registry, arguments: &Arguments) -> ExitCode {
    let done = match &arguments.command {
        None => audit(registry, &arguments.audit),
        Some(Command::List) => list(registry),
        Some(Command::Diff { old, new }) => match read(old).and_then(|old| Ok((old, read(new)?))) {
            Ok((old, new)) => compare(&old, &new),
            Err(unreadable) => return misused(&unreadable.to_string()),
        },
        Some(Command::Explain { name, .. }) if name == "codes" => print(&codes()),
        Some(Command::Explain { name, .. }) if is_code(name) => match explain_code(name) {
            Ok(text) => print(&text),
            Err(message) => return misused(&message),
        },
        Some(Command::Explain { name, rust }) => {
            let text = if *rust { generated_rust } else { |subject: &Subject| Ok(explain(subject)) };
            match subject(registry, name).and_then(|subject| text(&subject)) {
                Ok(text) => print(&text),
                Err(message) => return misused(&message),
            }
        }
        Some(Command::Mutants(arguments)) => mutants(registry, arguments),
        Some(Command::Bench(arguments)) => bench(registry, arguments),
        Some(Command::Instructions(arguments)) => instructions(registry, arguments),
        Some(Command::Eval) => {
            eval(registry.losses, io::stdin().lock(), io::stdout().lock()).map(|()| ExitCode::SUCCESS)
        }
        Some(Command::Author(command)) => run_author(command, &of_program(loss_specs::SPECS)),
        Some(Command::Watch { files }) => {
            watch(files, &of_program(loss_specs::SPECS), io::stdout().lock(), || true).map(|()| ExitCode::SUCCESS)
        }
        Some(Command::Certify { names, seed, points, table }) => match named(registry, names) {
            Ok(subjects) => {
                certify(&subjects, &Effort { seed: *seed, points: *points }, table).and_then(|text| print(&text))
            }
            Err(message) => return misused(&message),
        },
        Some(Command::Sweep { names, every, output }) => match swept(registry, names) {
            Ok(subjects) => sweep(&subjects, *every, output),
            Err(message) => return misused(&message),
        },
    };
    match done {
        Ok(code) => code,
        // Whoever reads has read enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => misused(&error.to_string()),
    }
}

fn print(text: &str) -> io::Result<ExitCode> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

fn list(registry: &Registry) -> io::Result<ExitCode> {
    let shape = |info: &LossInfo| {
        let axes = info.inputs[info.layout].axes.iter().map(|&axis| info.axes[axis].name);
        format!("[{}]", axes.collect::<Vec<_>>().join(", "))
    };
    let mut infos: Vec<&LossInfo> = registry.losses.iter().map(|loss| loss.info()).collect();
    infos.sort_by_key(|info| {
        Task::WORDS.iter().position(|&task| info.guide.task == Some(task)).unwrap_or(Task::WORDS.len())
    });
    let rows = infos.into_iter().map(|info| {
        let use_when =
            info.guide.use_when.map_or_else(|| info.summary.to_owned(), |when| format!("use it when {when}"));
        [info.guide.task.unwrap_or_default().to_owned(), info.name.to_owned(), shape(info), use_when]
    });
    let header = ["task", "loss", "shape", ""].map(str::to_owned);
    print(&aligned(&std::iter::once(header).chain(rows).collect::<Vec<_>>(), [Align::Left; 4]))
}

/// The loss of a name.
fn subject(registry: &'static Registry, name: &str) -> Result<Subject, String> {
    if let Some(&loss) = registry.losses.iter().find(|loss| loss.info().name == name) {
        return Ok(Subject { loss, registry });
    }
    let hint = nearest(name, registry.losses.iter().map(|loss| loss.info().name));
    let hint =
        hint.map_or_else(|| "`cargo verify list` shows all".to_owned(), |near| format!("did you mean `{near}`?"));
    Err(format!("there is no loss `{name}`; {hint}"))
}

/// Prints what differs.
fn compare(old: &Audit, new: &Audit) -> io::Result<ExitCode> {
    let diff = diff(old, new);
    if diff.compared == 0 {
        return Ok(misused("the two audits have no loss in common"));
    }
    print(&diff.to_string())?;
    let worse = diff.count(Direction::Worse) > 0;
    Ok(if worse { ExitCode::from(FAILED) } else { ExitCode::SUCCESS })
}

/// The checks of these names; all, if there is none.
fn wanted(names: &[String]) -> Result<Vec<Check>, String> {
    for name in names {
        if CHECKS.iter().all(|check| check.name != name) {
            let hint = nearest(name, CHECKS.iter().map(|check| check.name));
            let hint = hint.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            return Err(format!("there is no check `{name}`{hint}"));
        }
    }
    let is_wanted = |check: &&Check| names.is_empty() || names.iter().any(|name| name == check.name);
    Ok(CHECKS.iter().filter(is_wanted).copied().collect())
}

/// What a thorough audit remembers, and nothing for any other.
fn memory(arguments: &AuditArguments, effort: &Effort) -> io::Result<Option<Journal>> {
    if !arguments.thorough {
        return Ok(None);
    }
    let open = if arguments.fresh { Journal::fresh } else { Journal::resume };
    let journal = open(&arguments.output, effort)?;
    if journal.known() > 0 {
        let path = journal.path().display();
        eprintln!("{} results are known from an earlier run ({path}); --fresh begins anew", journal.known());
    }
    Ok(Some(journal))
}

/// Sweeps losses, one after the other, and shows what was found.
fn sweep(subjects: &[Subject], every: u32, folder: &Path) -> io::Result<ExitCode> {
    let mut code = ExitCode::SUCCESS;
    for subject in subjects {
        let file = folder.join(format!("{}.json", subject.name()));
        let swept = sweep::sweep(subject, every, &file, &mut |step| eprintln!("{step}"));
        let swept = swept.map_err(|error| io::Error::new(error.kind(), format!("`{}`: {error}", file.display())))?;
        let Some(progress) = swept else { continue };
        let (text, failed) = swept_table(&progress);
        let heading = if subjects.len() > 1 { format!("{}\n", subject.name()) } else { String::new() };
        print(&format!("{heading}{text}"))?;
        if failed {
            code = ExitCode::from(FAILED);
        }
    }
    Ok(code)
}

/// The losses of these names that have formulas of one variable, all of them if there are no names; what is wrong with a name otherwise.
fn swept(registry: &'static Registry, names: &[String]) -> Result<Vec<Subject>, String> {
    let mut subjects = named(registry, names)?;
    let without = subjects.iter().find(|subject| !sweep::has_formulas(subject));
    if let Some(without) = without.filter(|_| !names.is_empty()) {
        return Err(format!("`{}` has no formula of one variable", without.name()));
    }
    subjects.retain(sweep::has_formulas);
    if subjects.is_empty() { Err("no loss has a formula of one variable".to_owned()) } else { Ok(subjects) }
}

/// What a sweep found, and whether the oracle says that some of it is wrong.
fn swept_table(progress: &sweep::Progress) -> (String, bool) {
    let header = ["formula", "numbers", "value", "at", "gradient", "at", "beyond", "asked", "wrong", "reference"];
    let rows = progress.cores.iter().map(|core| {
        let at = |worst: &sweep::Worst| format!("{:e}", f32::from_bits(worst.bits));
        let [value, gradient] = &core.worst;
        let verdict = core.verdict.clone().unwrap_or_default();
        let [of_value, of_gradient] = verdict.worst;
        [
            core.words.clone(),
            core.points.to_string(),
            format!("{:.3}", of_value.0),
            at(value),
            format!("{:.3}", of_gradient.0),
            at(gradient),
            core.beyond.to_string(),
            verdict.asked.to_string(),
            verdict.wrong.to_string(),
            format!("{:.1e}", verdict.reference.0),
        ]
    });
    let rows: Vec<[String; 10]> = std::iter::once(header.map(str::to_owned)).chain(rows).collect();
    let right = Align::Right;
    let text = aligned(&rows, [Align::Left, right, right, right, right, right, right, right, right, right]);
    (text, progress.cores.iter().any(|core| core.verdict.as_ref().is_some_and(|verdict| verdict.wrong > 0)))
}

/// The losses of these names, each once; all if there are none.
fn named(registry: &'static Registry, names: &[String]) -> Result<Vec<Subject>, String> {
    if names.is_empty() {
        return Ok(Subject::all(registry));
    }
    let mut distinct: Vec<&String> = Vec::new();
    for name in names {
        if !distinct.contains(&name) {
            distinct.push(name);
        }
    }
    distinct.into_iter().map(|name| subject(registry, name)).collect()
}

fn mutants(registry: &'static Registry, arguments: &MutantsArguments) -> io::Result<ExitCode> {
    let subjects = match named(registry, &arguments.names) {
        Ok(subjects) => subjects,
        Err(message) => return Ok(misused(&message)),
    };
    let before = if arguments.survivors { MutationRun::read(&arguments.output) } else { None };
    if arguments.survivors && before.is_none() {
        let file = arguments.output.join(MutationRun::FILE);
        return Ok(misused(&format!("`{}` does not hold what this version of the program judged", file.display())));
    }
    std::fs::create_dir_all(&arguments.output)?;
    let file = arguments.output.join(MutationRun::FILE);
    // Before the work, so that nobody waits for a file that cannot be written.
    std::fs::OpenOptions::new().append(true).create(true).open(&file)?;
    let bar = Bar::new(subjects.len() * Family::ALL.len());
    let depth = if arguments.thorough { Depth::Thorough } else { Depth::Full };
    let mut run = run_mutation(&subjects, depth, arguments.seed, before.as_ref(), &bar);
    bar.0.finish_and_clear();
    let is_asked = |name: &str| subjects.iter().any(|subject| subject.name() == name);
    run.losses.extend(before.into_iter().flat_map(|before| before.losses).filter(|loss| !is_asked(&loss.name)));
    let mut json = serde_json::to_string_pretty(&run).map_err(io::Error::other)?;
    json.push('\n');
    std::fs::write(&file, json)?;
    let reached = run.losses.iter().flat_map(|loss| &loss.families).all(FamilyRecord::reaches_its_goal);
    print(&format!("{}data: {}\n", mutation::table::table(&run), file.display()))?;
    Ok(if reached { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
}

fn audit(registry: &'static Registry, arguments: &AuditArguments) -> io::Result<ExitCode> {
    let subjects = match named(registry, &arguments.names) {
        Ok(subjects) => subjects,
        Err(message) => return Ok(misused(&message)),
    };
    let checks = match wanted(&arguments.checks) {
        Ok(checks) => checks,
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
    let effort = arguments.effort();
    let journal = match memory(arguments, &effort) {
        Ok(journal) => journal,
        Err(error) => return Ok(unwritable(error)),
    };
    let memory: &dyn Memory = journal.as_ref().map_or(&Forgetful, |journal| journal);
    let bar = Bar::new(subjects.len() * checks.len());
    let mut audit = run_audit(&subjects, &checks, &effort, &bar, memory);
    audit.selection = Selection { losses: arguments.names.clone(), checks: arguments.checks.clone() };
    bar.0.finish_and_clear();
    // What `mutants` found last stands beside what the checks find now.
    let mutation = MutationRun::read(&arguments.output);
    for loss in &mut audit.losses {
        let found = mutation.iter().flat_map(|run| &run.losses).find(|found| found.name == loss.name);
        loss.mutation = found.map(LossMutation::summary);
    }
    if let Some(failure) = journal.and_then(|journal| journal.failure()) {
        eprintln!("warning: a result could not be kept, so this run could not have been gone on with: {failure}");
    }
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
