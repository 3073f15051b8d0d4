//! Spec files on disk, and those that they may call.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use loss_codegen::source::SourceFile;
use loss_specs::SpecFile;

/// The files that are meant, and whatever specs they may call.
#[derive(Clone, Debug)]
pub struct Sources {
    /// The files that are meant.
    pub files: Vec<SourceFile>,
    /// The others: those beside them, and the given ones; of two of one name the first.
    pub beside: Vec<SourceFile>,
}

/// A path that cannot be read, and why.
#[derive(Debug)]
pub struct Unreadable {
    path: PathBuf,
    error: io::Error,
}

impl std::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}` cannot be read: {}", self.path.display(), self.error)
    }
}

impl std::error::Error for Unreadable {}

/// Reads files, and all specs of folders.
///
/// # Errors
/// A path that cannot be read, or is no spec.
pub fn read(paths: &[PathBuf], given: &[SourceFile]) -> Result<Sources, Unreadable> {
    let mut files = Vec::new();
    let mut folders = BTreeSet::new();
    for path in paths {
        if path.is_dir() {
            files.extend(folder(path)?);
            folders.insert(path.clone());
        } else {
            files.push(file(path)?);
            folders.insert(path.parent().map(Path::to_owned).unwrap_or_default());
        }
    }
    let mut seen: BTreeSet<String> = files.iter().map(stem).collect();
    let mut beside = Vec::new();
    let neighbours = folders.iter().filter_map(|path| folder(path).ok()).flatten();
    for source in neighbours.chain(given.iter().cloned()) {
        if seen.insert(stem(&source)) {
            beside.push(source);
        }
    }
    Ok(Sources { files, beside })
}

/// The specs of a folder, by name.
///
/// # Errors
/// The folder, or one of its files, cannot be read.
pub fn folder(path: &Path) -> Result<Vec<SourceFile>, Unreadable> {
    // The parent of a plain name is the empty path.
    let place = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    let unreadable = |error| Unreadable { path: place.to_owned(), error };
    let mut paths = Vec::new();
    for entry in fs::read_dir(place).map_err(unreadable)? {
        let name = entry.map_err(unreadable)?.file_name();
        if Path::new(&name).extension().is_some_and(|extension| extension == "yaml") {
            paths.push(path.join(name));
        }
    }
    paths.sort();
    paths.iter().map(|path| file(path)).collect()
}

/// Specs that are data of a program, as the compiler takes them.
#[must_use]
pub fn of_program(specs: &[SpecFile]) -> Vec<SourceFile> {
    specs.iter().map(|spec| SourceFile { path: spec.path.to_owned(), text: spec.text.to_owned() }).collect()
}

fn file(path: &Path) -> Result<SourceFile, Unreadable> {
    let text = fs::read_to_string(path).map_err(|error| Unreadable { path: path.to_owned(), error })?;
    Ok(SourceFile { path: path.display().to_string(), text })
}

/// A file's name without its ending.
#[must_use]
pub fn stem(source: &SourceFile) -> String {
    Path::new(&source.path).file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
}
