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

pub(crate) use html::{count, nearly_all, seconds, ulps};
pub use page::page;

/// The files of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The data.
    pub json: PathBuf,
    /// The page.
    pub html: PathBuf,
}

impl Report {
    /// A report in a folder, which is made if it does not exist. What is there is left as it is.
    ///
    /// # Errors
    /// If the folder or a file could not be written.
    pub fn prepare(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let report = Self { json: folder.join("audit.json"), html: folder.join("index.html") };
        for file in [&report.json, &report.html] {
            fs::OpenOptions::new().append(true).create(true).open(file)?;
        }
        Ok(report)
    }

    /// Writes both files anew.
    ///
    /// # Errors
    /// If one cannot be written.
    pub fn write(&self, audit: &Audit) -> io::Result<()> {
        let mut json = serde_json::to_string_pretty(audit).map_err(io::Error::other)?;
        json.push('\n');
        fs::write(&self.json, json)?;
        fs::write(&self.html, page(audit))
    }
}

#[cfg(test)]
mod tests;
