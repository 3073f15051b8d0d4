//! All losses in tables, one for each task.

use std::fmt::{Result, Write};

use crate::guide::Task;
use crate::model::Spec;

use super::prose::{Links, prose};
use super::sentence;

/// A table for each task, then one of the losses that name none. `path` leads from where the table stands to the types: `crate::` or nothing.
pub fn table<'s>(specs: impl Iterator<Item = &'s Spec> + Clone, path: &str) -> String {
    let mut out = String::new();
    let links = Links::new(specs.clone().map(|spec| spec.name.as_str()), path);
    for task in Task::ALL.map(Some).into_iter().chain([None]) {
        let of_task: Vec<&Spec> = specs.clone().filter(|spec| spec.guide.task == task).collect();
        if of_task.is_empty() {
            continue;
        }
        match write_table(&mut out, task, &of_task, &links) {
            // Writing to a string does not fail.
            Ok(()) | Err(std::fmt::Error) => {}
        }
    }
    out
}

fn write_table(out: &mut String, task: Option<Task>, specs: &[&Spec], links: &Links<'_>) -> Result {
    let title = task.map_or_else(|| "Other".to_owned(), |task| sentence(task.word()));
    write!(out, "\n| {title} | what it is | use it when |\n| --- | --- | --- |\n")?;
    for spec in specs {
        let name = links.link(&spec.name).unwrap_or_default();
        let use_when = spec.guide.use_when.as_deref().map_or(String::new(), |use_when| links.prose(use_when));
        writeln!(out, "| {name} | {} | {use_when} |", prose(&spec.summary))?;
    }
    Ok(())
}
