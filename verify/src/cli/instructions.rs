//! `cargo verify instructions`.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use super::{misused, named, print};
use crate::bench::instructions::{Counts, make_calls};
use crate::registry::Registry;

/// Which calls to count.
#[derive(Debug, Args)]
pub(super) struct InstructionsArguments {
    /// The losses; all if none is named
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Keep what is counted as what counts are compared with
    #[arg(long)]
    write: bool,
    /// The file with the counts to compare with
    #[arg(long, value_name = "FILE", default_value = Counts::FILE)]
    file: PathBuf,
    /// Only make the calls: what the counter starts
    #[arg(long, hide = true)]
    make_calls: bool,
}

/// Counts, prints what changed, and fails if a call takes more instructions than before.
pub(super) fn instructions(registry: &'static Registry, arguments: &InstructionsArguments) -> io::Result<ExitCode> {
    let subjects = match named(registry, &arguments.names) {
        Ok(subjects) => subjects,
        Err(message) => return Ok(misused(&message)),
    };
    let losses: Vec<_> = subjects.iter().map(|subject| subject.loss).collect();
    if arguments.make_calls {
        make_calls(&losses);
        return Ok(ExitCode::SUCCESS);
    }
    let mut own = vec!["instructions".to_owned(), "--make-calls".to_owned()];
    own.extend(arguments.names.iter().cloned());
    let now = Counts::measure(&losses, &own, Path::new("target/instructions"))?;
    let file = &arguments.file;
    let before = if arguments.write && !file.exists() { Counts::default() } else { Counts::read(file)? };
    let (table, worse) = now.compare(&before);
    print(&table)?;
    if arguments.write {
        now.write(before, file)?;
        return print(&format!("written: {}\n", file.display()));
    }
    if worse > 0 {
        eprintln!(
            "{worse} calls take more instructions, or are new; where that is meant: `cargo verify instructions --write`"
        );
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}
