//! A build that says what it does: it may take minutes, and nobody should wait in silence.

use std::io::{self, BufRead, BufReader, IsTerminal, Write};
use std::process::{Command, ExitStatus, Stdio};

/// Runs a build and passes on what it says, but not that there was nothing to do.
pub(crate) fn shown(command: &mut Command) -> io::Result<ExitStatus> {
    let is_terminal = io::stderr().is_terminal();
    let color = if is_terminal { "always" } else { "never" };
    let mut child = command.env("CARGO_TERM_COLOR", color).stderr(Stdio::piped()).spawn()?;
    if let Some(said) = child.stderr.take() {
        for line in BufReader::new(said).split(b'\n') {
            let line = line?;
            if !is_end(&String::from_utf8_lossy(&line)) {
                let mut out = io::stderr().lock();
                out.write_all(&line)?;
                out.write_all(b"\n")?;
            }
        }
    }
    child.wait()
}

/// Whether a line of cargo's only says that the build is done.
fn is_end(line: &str) -> bool {
    let Some((before, _)) = line.split_once("Finished") else { return false };
    // Blanks and colours may stand before it: an escape goes up to its `m`.
    let mut parts = before.split('\u{1b}');
    let first = parts.next().unwrap_or_default();
    let is_blank = |escape: &str| escape.split_once('m').is_some_and(|(_, text)| text.trim().is_empty());
    first.trim().is_empty() && parts.all(is_blank)
}

#[cfg(test)]
mod tests {
    use super::is_end;

    #[test]
    fn only_the_end_of_a_build_is_kept_back() {
        assert!(is_end("    Finished `dev` profile [optimized] target(s) in 0.12s"));
        assert!(is_end("\u{1b}[1m\u{1b}[92m    Finished\u{1b}[0m `dev` profile"));
        for line in [
            "   Compiling loss-runtime v0.1.0",
            "the claim Finished",
            "warning: unused",
            "    Blocking waiting for file lock",
            "",
        ] {
            assert!(!is_end(line), "{line}");
        }
    }
}
