//! The report: the audit as JSON with its schema, a page with the table of all losses, and a page for each. Every page needs nothing
//! but itself.

mod document;
mod error_plot;
mod html;
mod loss;
mod math;
mod page;
mod plot;
mod speed;
mod summary;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::audit::{Audit, schema};

pub(crate) use html::{count, nearly_all, seconds, ulps};
pub use page::page;
pub use speed::speed_page;

/// The files of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The data.
    pub json: PathBuf,
    /// What the data looks like, as a JSON Schema.
    pub schema: PathBuf,
    /// The page with the table.
    pub html: PathBuf,
    /// The folder of the pages of losses.
    pub losses: PathBuf,
}

impl Report {
    /// A report in a folder, which is made if it does not exist. What is there is left as it is.
    ///
    /// # Errors
    /// If the folder or a file could not be written.
    pub fn prepare(folder: &Path) -> io::Result<Self> {
        let report = Self {
            json: folder.join("audit.json"),
            schema: folder.join("audit.schema.json"),
            html: folder.join("index.html"),
            losses: folder.join("losses"),
        };
        fs::create_dir_all(&report.losses)?;
        for file in [&report.json, &report.schema, &report.html] {
            fs::OpenOptions::new().append(true).create(true).open(file)?;
        }
        Ok(report)
    }

    /// Writes all files anew. Pages of losses that this audit did not look at are removed: nothing leads to them, and they are old.
    ///
    /// # Errors
    /// If one cannot be written.
    pub fn write(&self, audit: &Audit) -> io::Result<()> {
        fs::write(&self.json, pretty(audit)?)?;
        fs::write(&self.schema, pretty(&schema())?)?;
        fs::write(&self.html, page(audit))?;
        for old in fs::read_dir(&self.losses)? {
            let old = old?.path();
            if fs::read_to_string(&old).is_ok_and(|text| text.starts_with(document::OPENING)) {
                fs::remove_file(old)?;
            }
        }
        for record in &audit.losses {
            fs::write(self.losses.join(format!("{}.html", record.name)), loss::page(audit, record))?;
        }
        Ok(())
    }
}

fn pretty(value: &impl serde::Serialize) -> io::Result<String> {
    let mut json = serde_json::to_string_pretty(value).map_err(io::Error::other)?;
    json.push('\n');
    Ok(json)
}

#[cfg(test)]
mod tests;
