//! What leads people to a loss.

use crate::codes::Code;
use crate::diagnostic::{Diagnostics, suggest};
use crate::document::GuideEntry;
use crate::guide::{Guide, Task};
use crate::source::Spanned;

pub(super) fn resolve(entry: &GuideEntry, diagnostics: &mut Diagnostics) -> Guide {
    let text = |scalar: &Option<Spanned<String>>| scalar.as_ref().map(|scalar| paragraph(&scalar.value));
    Guide {
        meaning: text(&entry.meaning),
        task: entry.task.as_ref().and_then(|word| task(word, diagnostics)),
        use_when: text(&entry.use_when),
        aliases: (entry.aliases.iter())
            .map(|(library, names)| {
                let names = names.iter().filter_map(|name| alias(name, diagnostics)).collect();
                (library.value.clone(), names)
            })
            .collect(),
    }
}

/// A text whose lines are those of the file, as one line.
fn paragraph(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn task(word: &Spanned<String>, diagnostics: &mut Diagnostics) -> Option<Task> {
    let task = Task::of_word(&word.value);
    if task.is_none() {
        let list = format!("a task is one of `{}`", Task::WORDS.join("`, `"));
        let help = match suggest(&word.value, Task::WORDS) {
            Some(near) => format!("did you mean `{near}`? {list}"),
            None => list,
        };
        diagnostics.error(Code::BadTask, word.span, format!("unknown task `{}`", word.value)).help(help);
    }
    task
}

/// A name that can be searched for: rustdoc takes no others.
fn alias(name: &Spanned<String>, diagnostics: &mut Diagnostics) -> Option<String> {
    let is_name = |c: char| c.is_alphanumeric() || "_.:-+ ".contains(c);
    let text = &name.value;
    if text.trim() == text && text.chars().all(is_name) {
        return Some(text.clone());
    }
    let message = format!("`{}` is no name", text.escape_debug());
    let help = "write it as it is called there, such as `SmoothL1Loss` or `losses.Huber`: letters, digits, `_`, `.`, `:`, `-`, `+` and single blanks";
    diagnostics.error(Code::BadAlias, name.span, message).help(help);
    None
}
