//! Reading an audit of this program's version.

use std::path::{Path, PathBuf};
use std::{fmt, fs, io};

use serde::Deserialize;

use crate::audit::{Audit, SCHEMA_VERSION};

/// Why a file is no audit to compare.
#[derive(Debug)]
#[non_exhaustive]
pub enum Unreadable {
    /// It cannot be read.
    Io(PathBuf, io::Error),
    /// It is not what an audit looks like.
    NoAudit(PathBuf, serde_json::Error),
    /// Another version of the program wrote it.
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u64,
    },
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(path, error) => write!(f, "`{}` cannot be read: {error}", path.display()),
            Self::NoAudit(path, error) => write!(f, "`{}` is no audit: {error}", path.display()),
            Self::Version { path, found } => write!(
                f,
                "`{}` has schema version {found}, and this program reads version {SCHEMA_VERSION}; \
                 run the audit again with one version of the program for both",
                path.display()
            ),
        }
    }
}

impl std::error::Error for Unreadable {}

/// An audit from its JSON.
///
/// # Errors
/// The file cannot be read, is no audit, or is one of another schema version.
pub fn read(path: &Path) -> Result<Audit, Unreadable> {
    /// What every version has.
    #[derive(Deserialize)]
    struct Head {
        schema_version: u64,
    }
    let text = fs::read_to_string(path).map_err(|error| Unreadable::Io(path.to_owned(), error))?;
    let no_audit = |error| Unreadable::NoAudit(path.to_owned(), error);
    let Head { schema_version: found } = serde_json::from_str(&text).map_err(no_audit)?;
    if found != u64::from(SCHEMA_VERSION) {
        return Err(Unreadable::Version { path: path.to_owned(), found });
    }
    serde_json::from_str(&text).map_err(no_audit)
}
