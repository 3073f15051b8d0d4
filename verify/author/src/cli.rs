//! The commands of whoever writes a spec.

use std::io::{self, BufRead, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Subcommand, ValueEnum};
use loss_codegen::source::SourceFile;

use crate::check::check;
use crate::claims::Claims;
use crate::files;
use crate::new::{self, Kind};
use crate::schema;

/// Something is wrong with a spec.
const FAILED: u8 = 1;
/// Something was wrong with the command.
const MISUSED: u8 = 2;

/// Commands that need nothing but specs.
#[derive(Debug, Subcommand)]
pub enum AuthorCommand {
    /// Checks spec files without compiling any Rust
    Check {
        /// The files, or folders of them
        #[arg(value_name = "FILE", default_value = "specs")]
        files: Vec<PathBuf>,
    },
    /// Writes a new spec to start from
    New {
        /// The new loss
        name: String,
        /// The loss that it starts as
        #[arg(long, value_name = "LOSS", conflicts_with = "kind")]
        like: Option<String>,
        /// What it looks at; asked for if neither is given
        #[arg(long)]
        kind: Option<Kind>,
        /// The folder that it is written to
        #[arg(long, value_name = "DIR", default_value = "specs")]
        folder: PathBuf,
    },
    /// Prints the JSON schema of specs, for editors
    Schema,
}

/// Runs a command; the given specs can be called by those that it reads.
///
/// # Errors
/// If standard output cannot be written.
pub fn run(command: &AuthorCommand, given: &[SourceFile]) -> io::Result<ExitCode> {
    match command {
        AuthorCommand::Check { files } => match files::read(files, given) {
            Err(unreadable) => Ok(misused(&unreadable.to_string())),
            Ok(sources) if sources.files.is_empty() => Ok(misused("there is no spec in the folder")),
            Ok(sources) => {
                let report = check(&sources);
                print(&report.text)?;
                // What is not looked at here must not seem to be right.
                let claims = report.compiled.iter().map(|compiled| Claims::of(&compiled.spec));
                let claims = claims.fold(Claims::default(), Claims::plus).words();
                if !claims.is_empty() {
                    print(&format!(
                        "not tried here: {claims}; `cargo verify watch` tries them, `cargo verify NAME` audits\n"
                    ))?;
                }
                Ok(if report.errors > 0 { ExitCode::from(FAILED) } else { ExitCode::SUCCESS })
            }
        },
        AuthorCommand::New { name, like, kind, folder } => {
            if let Err(message) = new::check_name(name) {
                return Ok(misused(&message));
            }
            let mut library = files::folder(folder).unwrap_or_default();
            let known: Vec<String> = library.iter().map(files::stem).collect();
            library.extend(given.iter().filter(|source| !known.contains(&files::stem(source))).cloned());
            let text = match (like, kind) {
                (Some(model), _) => new::like(name, model, &library),
                (None, Some(kind)) => Ok(new::of_kind(name, *kind)),
                (None, None) => ask().map(|kind| new::of_kind(name, kind)),
            };
            match text.and_then(|text| new::write(name, text, folder, &library)) {
                Ok(written) => {
                    print(&format!(
                        "{} is written; `cargo verify check {0}` checks it, `cargo verify watch {0}` shows it\n",
                        written.spec.display()
                    ))?;
                    if let Some(schema) = written.schema {
                        print(&format!("{} is written; editors complete and check specs by it\n", schema.display()))?;
                    }
                    Ok(ExitCode::SUCCESS)
                }
                Err(message) => Ok(misused(message.trim_end())),
            }
        }
        AuthorCommand::Schema => {
            print(&schema::text())?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Asks at the terminal what a new loss looks at.
fn ask() -> Result<Kind, String> {
    let kinds: Vec<_> =
        Kind::value_variants().iter().filter_map(|kind| Some((*kind, kind.to_possible_value()?))).collect();
    let names: Vec<&str> = kinds.iter().map(|(_, value)| value.get_name()).collect();
    let unknown =
        || format!("say what it looks at: `--kind {}`, or a loss that it starts as: `--like LOSS`", names.join("|"));
    if !io::stdin().is_terminal() {
        return Err(unknown());
    }
    for (_, value) in &kinds {
        let help = value.get_help().map(ToString::to_string).unwrap_or_default();
        eprintln!("  {:10} {help}", value.get_name());
    }
    eprint!("What does it look at? ");
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).map_err(|error| error.to_string())?;
    let word = line.trim();
    // The first letters are enough.
    let meant = kinds.iter().find(|(_, value)| !word.is_empty() && value.get_name().starts_with(word));
    meant.map(|(kind, _)| *kind).ok_or_else(unknown)
}

/// Says what was wrong with a command.
pub fn misused(message: &str) -> ExitCode {
    eprintln!("error: {message}");
    ExitCode::from(MISUSED)
}

fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}
