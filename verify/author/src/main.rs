//! What `cargo verify` starts. The commands that need nothing but specs are answered here, at once; all others are the audit's, whose
//! program cargo builds first, kernels included.

mod building;

use std::env;
use std::ffi::OsString;
use std::io;
use std::process::{Command, ExitCode};

use clap::{Parser, Subcommand};
use loss_author::cli::{AuthorCommand, misused, run};
use loss_author::explain::{codes, explain, is_code};
use loss_author::files::of_program;
use loss_author::overview::audit_commands;
use loss_specs::SPECS;

#[derive(Debug, Parser)]
#[command(name = "loss-author", bin_name = "cargo verify", about = "Writes, checks and audits loss specs", after_help = audit_commands())]
struct Arguments {
    #[command(subcommand)]
    command: Answered,
}

#[derive(Debug, Subcommand)]
enum Answered {
    #[command(flatten)]
    Author(AuthorCommand),
    /// Explains a diagnostic code, or lists all
    Explain {
        /// The code, or `codes`
        code: String,
    },
}

fn main() -> ExitCode {
    let words: Vec<OsString> = env::args_os().skip(1).collect();
    let word = |place: usize| words.get(place).and_then(|word| word.to_str());
    let is_ours = match word(0) {
        Some("check" | "new" | "schema") => true,
        Some("--help" | "-h" | "help") => words.len() == 1,
        Some("explain") => word(1).is_some_and(|code| code == "codes" || is_code(code)),
        Some(_) | None => false,
    };
    let done = if is_ours { answer() } else { audit(&words) };
    match done {
        Ok(code) => code,
        // Whoever reads has read enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => misused(&error.to_string()),
    }
}

fn answer() -> io::Result<ExitCode> {
    match Arguments::parse().command {
        Answered::Author(command) => {
            // Our own specs, which any spec may call.
            run(&command, &of_program(SPECS))
        }
        Answered::Explain { code } => {
            // Whatever else there may be to explain is the audit's.
            match if is_code(&code) { explain(&code) } else { Ok(codes()) } {
                Ok(text) => {
                    io::Write::write_all(&mut io::stdout().lock(), text.as_bytes())?;
                    Ok(ExitCode::SUCCESS)
                }
                Err(message) => Ok(misused(&message)),
            }
        }
    }
}

/// Gives the command to the audit's program, built if need be.
fn audit(words: &[OsString]) -> io::Result<ExitCode> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    // Speed is that of the program a user builds.
    let profile = words.first().filter(|word| *word == "bench" || *word == "instructions").map(|_| "--release");
    let command = |name: &str| {
        let mut command = Command::new(&cargo);
        command.args([name, "--package", "loss-verify", "--bin", "loss-verify"]).args(profile);
        command
    };
    if !building::shown(&mut command("build"))?.success() {
        return Ok(ExitCode::FAILURE);
    }
    let status = command("run").args(["--quiet", "--"]).args(words).status()?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from))
}
