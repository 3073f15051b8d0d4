//! The report: the audit as JSON, and as one page that needs nothing but itself.

mod html;
mod loss;
mod page;
mod plot;
mod scale;
mod summary;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::audit::Audit;

pub(crate) use html::{count, seconds, ulp_pair};
pub use page::page;

/// Where a report was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The data.
    pub json: PathBuf,
    /// The page.
    pub html: PathBuf,
}

/// Writes `audit.json` and `index.html` to a folder, which is made if it does not exist.
///
/// # Errors
/// If the folder or a file cannot be written.
pub fn write(audit: &Audit, folder: &Path) -> io::Result<Written> {
    fs::create_dir_all(folder)?;
    let written = Written { json: folder.join("audit.json"), html: folder.join("index.html") };
    let mut json = serde_json::to_string_pretty(audit).map_err(io::Error::other)?;
    json.push('\n');
    fs::write(&written.json, json)?;
    fs::write(&written.html, page(audit))?;
    Ok(written)
}

#[cfg(test)]
mod tests;
