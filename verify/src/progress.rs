//! What a long audit has found so far, kept on disk, so that one that was cut off goes on where it was.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::hash::{DefaultHasher, Hasher};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::audit::CheckRecord;
use crate::checks::Evidence;
use crate::subject::Effort;

/// Results of checks from an earlier run, and a place for those of this one.
pub trait Memory: Sync {
    /// What a check of a loss found, if that is known.
    fn recall(&self, loss: &str, check: &str) -> Option<(CheckRecord, Evidence)>;
    /// Keeps what a check of a loss found.
    fn keep(&self, loss: &str, found: &(CheckRecord, Evidence));
}

/// Knows and keeps nothing.
pub struct Forgetful;

impl Memory for Forgetful {
    fn recall(&self, _: &str, _: &str) -> Option<(CheckRecord, Evidence)> {
        None
    }

    fn keep(&self, _: &str, _: &(CheckRecord, Evidence)) {}
}

/// On what a result depends beside the loss and the check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Key {
    tool_version: String,
    /// The program itself, which holds the kernels, the specs and the checks: a change to any of them makes every result an old one.
    build: String,
    seed: u64,
    points: u64,
}

/// A line of the file.
#[derive(Serialize, Deserialize)]
struct Line {
    key: Key,
    loss: String,
    record: CheckRecord,
    evidence: Evidence,
}

/// A file of results, a line each.
pub struct Journal {
    path: PathBuf,
    key: Key,
    known: HashMap<(String, String), (CheckRecord, Evidence)>,
    file: Mutex<File>,
    failure: Mutex<Option<io::Error>>,
}

impl Journal {
    /// The name of the file in the folder of the report.
    pub const FILE: &'static str = "progress.jsonl";

    /// Goes on with the results in a folder.
    ///
    /// # Errors
    /// If the file cannot be read or written, or this program cannot be read.
    pub fn resume(folder: &Path, effort: &Effort) -> io::Result<Self> {
        Self::open(folder, effort, build()?)
    }

    /// Begins anew: results in the folder are thrown away.
    ///
    /// # Errors
    /// As for [`Journal::resume`].
    pub fn fresh(folder: &Path, effort: &Effort) -> io::Result<Self> {
        match fs::remove_file(folder.join(Self::FILE)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        Self::resume(folder, effort)
    }

    fn open(folder: &Path, effort: &Effort, build: String) -> io::Result<Self> {
        let path = folder.join(Self::FILE);
        let key =
            Key { tool_version: env!("CARGO_PKG_VERSION").to_owned(), build, seed: effort.seed, points: effort.points };
        let mut known = HashMap::new();
        let mut kept = String::new();
        match File::open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
            Ok(file) => {
                for line in BufReader::new(file).split(b'\n') {
                    // The last line is cut short where a run ended in the midst of it. Other seeds and efforts may be gone on with.
                    let line = line?;
                    let Ok(read) = serde_json::from_slice::<Line>(&line) else { continue };
                    if (&read.key.build, &read.key.tool_version) != (&key.build, &key.tool_version) {
                        continue;
                    }
                    kept.push_str(&String::from_utf8_lossy(&line));
                    kept.push('\n');
                    if read.key == key {
                        known.insert((read.loss, read.record.name.clone()), (read.record, read.evidence));
                    }
                }
            }
        }
        // Under another name first, so that nothing is lost if this run is cut off here.
        let new = path.with_extension("jsonl.new");
        fs::write(&new, kept)?;
        fs::rename(&new, &path)?;
        let file = Mutex::new(OpenOptions::new().append(true).open(&path)?);
        Ok(Self { path, key, known, file, failure: Mutex::default() })
    }

    /// How many results are known.
    #[must_use]
    pub fn known(&self) -> usize {
        self.known.len()
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The first thing that went wrong in keeping a result.
    #[must_use]
    pub fn failure(&self) -> Option<String> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(io::Error::to_string)
    }

    fn write(&self, loss: &str, (record, evidence): &(CheckRecord, Evidence)) -> io::Result<()> {
        let line =
            Line { key: self.key.clone(), loss: loss.to_owned(), record: record.clone(), evidence: evidence.clone() };
        let mut text = serde_json::to_vec(&line)?;
        text.push(b'\n');
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(&text)?;
        file.flush()
    }
}

impl Memory for Journal {
    fn recall(&self, loss: &str, check: &str) -> Option<(CheckRecord, Evidence)> {
        self.known.get(&(loss.to_owned(), check.to_owned())).cloned()
    }

    fn keep(&self, loss: &str, found: &(CheckRecord, Evidence)) {
        if let Err(error) = self.write(loss, found) {
            self.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        }
    }
}

/// A number for this program: a change to any kernel, spec or check gives another.
pub(crate) fn build() -> io::Result<String> {
    build_of(&std::env::current_exe()?)
}

/// A number for a program: the hash of its file.
fn build_of(program: &Path) -> io::Result<String> {
    let mut file = File::open(program)?;
    let mut hasher = DefaultHasher::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(format!("{:016x}", hasher.finish())),
            count => hasher.write(&buffer[..count]),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;
    use std::path::PathBuf;

    use super::{Journal, Memory};
    use crate::audit::{CheckRecord, sample};
    use crate::checks::Evidence;
    use crate::number::Number;
    use crate::subject::Effort;

    const EFFORT: Effort = Effort { seed: 3, points: 70 };

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("loss-verify-progress-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a temporary folder can be made");
        folder
    }

    fn open(folder: &std::path::Path, effort: &Effort, build: &str) -> Journal {
        Journal::open(folder, effort, build.to_owned()).expect("the file can be written")
    }

    fn found() -> (CheckRecord, Evidence) {
        let loss = sample::audit().losses.remove(0);
        let evidence = Evidence { accuracy: loss.accuracy, plots: loss.plots, ..Evidence::default() };
        (loss.checks[0].clone(), evidence)
    }

    #[test]
    fn what_was_found_is_there_after_an_interruption() {
        let (folder, mut found) = (folder("resume"), found());
        found.1.accuracy[0].max_ulp = Number(f64::INFINITY);
        let journal = open(&folder, &EFFORT, "a");
        assert_eq!(journal.known(), 0);
        journal.keep("bent", &found);
        journal.keep("other", &found);
        drop(journal);
        // Cut off in the midst of a line.
        let path = folder.join(Journal::FILE);
        let mut file = fs::OpenOptions::new().append(true).open(&path).expect("it is there");
        file.write_all(b"{\"key\":{\"tool_ver").expect("it can be written");
        let journal = open(&folder, &EFFORT, "a");
        assert_eq!(journal.known(), 2);
        assert_eq!(journal.recall("bent", &found.0.name), Some(found.clone()));
        assert_eq!(journal.recall("bent", "another_check"), None);
        assert_eq!(journal.recall("another_loss", &found.0.name), None);
        journal.keep("third", &found);
        assert_eq!(open(&folder, &EFFORT, "a").known(), 3, "the cut line spoils no later one");
        fs::remove_dir_all(folder).expect("it can be removed");
    }

    #[test]
    fn results_of_another_effort_or_program_do_not_count() {
        let (folder, found) = (folder("key"), found());
        open(&folder, &EFFORT, "a").keep("bent", &found);
        assert_eq!(open(&folder, &Effort { seed: 4, ..EFFORT }, "a").known(), 0);
        assert_eq!(open(&folder, &Effort { points: 71, ..EFFORT }, "a").known(), 0);
        assert_eq!(open(&folder, &EFFORT, "a").known(), 1, "others do not throw it away");
        assert_eq!(open(&folder, &EFFORT, "b").known(), 0);
        assert_eq!(open(&folder, &EFFORT, "a").known(), 0, "what another program found is old");
        open(&folder, &EFFORT, "a").keep("bent", &found);
        let fresh = Journal::fresh(&folder, &EFFORT).expect("the file can be written");
        assert_eq!((fresh.known(), fresh.failure()), (0, None));
        assert_eq!(open(&folder, &EFFORT, "a").known(), 0, "anew is anew");
        fs::remove_dir_all(folder).expect("it can be removed");
    }
}
