//! Specs checked and shown again whenever one is saved.

use std::collections::BTreeSet;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use loss_author::check::check;
use loss_author::files::{self, Sources};
use loss_codegen::compile::library;
use loss_codegen::source::SourceFile;
use notify::{Event, RecursiveMode, Watcher, recommended_watcher};

use crate::preview::previews;

/// An editor saves in several steps; this long after the last one it is done.
const QUIET: Duration = Duration::from_millis(60);

/// Diagnostics of files, or, where there is no error, what each spec computes.
#[must_use]
pub fn look(sources: &Sources) -> String {
    let report = check(sources);
    if report.errors > 0 {
        return report.text;
    }
    let all: Vec<SourceFile> = sources.beside.iter().chain(&sources.files).cloned().collect();
    let mut text = report.text;
    for shown in previews(report.compiled, library(&all)) {
        text.push_str(&format!("\n{}: {}\n{}", shown.name, shown.verdict(), shown.text));
    }
    text
}

/// Shows files now and after every change, for as long as it is asked to go on.
///
/// # Errors
/// If the folders cannot be watched, or the output cannot be written.
pub fn watch(
    paths: &[PathBuf],
    given: &[SourceFile],
    mut out: impl Write,
    mut goes_on: impl FnMut() -> bool,
) -> io::Result<()> {
    let (sender, changes) = channel();
    let mut watcher = recommended_watcher(sender).map_err(io::Error::other)?;
    // Many editors put a new file in the place of the old one, so it is the folder that is watched.
    let folders: BTreeSet<PathBuf> = paths.iter().map(|path| folder(path)).collect();
    for folder in &folders {
        watcher.watch(folder, RecursiveMode::NonRecursive).map_err(io::Error::other)?;
    }
    loop {
        let text =
            files::read(paths, given).map_or_else(|unreadable| format!("{unreadable}\n"), |sources| look(&sources));
        if io::stdout().is_terminal() {
            // Clear, and begin at the top.
            write!(out, "\x1b[2J\x1b[H")?;
        }
        writeln!(out, "{text}")?;
        out.flush()?;
        if !goes_on() || !changed(&changes) {
            return Ok(());
        }
    }
}

fn folder(path: &Path) -> PathBuf {
    if path.is_dir() {
        return path.to_owned();
    }
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        Some(_) | None => PathBuf::from("."),
    }
}

/// Waits until a spec has changed, and no other for a moment; false if nobody watches any more.
fn changed(changes: &Receiver<notify::Result<Event>>) -> bool {
    let is_spec = |event: &notify::Result<Event>| {
        // A watcher that has lost count says so by an error.
        event.as_ref().map_or(true, |event| {
            !event.kind.is_access()
                && event.paths.iter().any(|path| path.extension().is_some_and(|ending| ending == "yaml"))
        })
    };
    loop {
        match changes.recv() {
            Ok(event) if is_spec(&event) => break,
            Ok(_) => {}
            Err(_) => return false,
        }
    }
    loop {
        match changes.recv_timeout(QUIET) {
            Ok(_) => {}
            Err(RecvTimeoutError::Timeout) => return true,
            Err(RecvTimeoutError::Disconnected) => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::thread;
    use std::time::Duration;

    use super::watch;

    #[test]
    fn a_file_that_is_saved_is_shown_again() {
        let place = std::env::temp_dir().join(format!("loss-verify-watch-{}", std::process::id()));
        fs::create_dir_all(&place).expect("a temporary folder can be made");
        let file = place.join("squared.yaml");
        let spec = |loss: &str| {
            format!(
                "name: squared\nsummary: s.\nreference: [ r ]\ninputs:\n  input: {{ axes: [N], gradient: true }}\nloss: {loss}\nreduction: {{ default: sum }}\nproperties: {{ nonnegative: true }}\n"
            )
        };
        fs::write(&file, spec("inptu^2")).expect("it can be written");
        let saved = (file.clone(), [spec("input^3"), spec("input^2")]);
        let editor = thread::spawn(move || {
            let (file, texts) = saved;
            for text in texts {
                thread::sleep(Duration::from_millis(700));
                fs::write(&file, text).expect("it can be saved");
            }
        });
        let mut out = Vec::new();
        let mut rounds = 0;
        watch(&[file], &[], &mut out, || {
            rounds += 1;
            rounds < 3
        })
        .expect("the folder can be watched");
        editor.join().expect("the editor ends");
        fs::remove_dir_all(&place).expect("it can be removed");
        let text = String::from_utf8(out).expect("it is text");
        let [misspelt, wrong, right] =
            ["unknown name `inptu`", "FAILS  nonnegative", "holds  nonnegative"].map(|part| text.find(part));
        assert!(misspelt.is_some() && misspelt < wrong && wrong < right, "{text}");
    }
}
