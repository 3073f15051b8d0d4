//! Words of a spec inside Markdown.

use std::collections::BTreeMap;

use crate::emit::type_name;

/// The losses that words may lead to.
pub(super) struct Links<'n> {
    /// By the loss's name, what leads from where the words stand to its type: `super::`, `crate::` or nothing.
    paths: BTreeMap<&'n str, &'n str>,
}

impl<'n> Links<'n> {
    pub(super) fn new(names: impl IntoIterator<Item = &'n str>, path: &'n str) -> Self {
        Self { paths: names.into_iter().map(|name| (name, path)).collect() }
    }

    /// The same with more losses; one of a name that is there already stays.
    pub(super) fn beside(mut self, names: impl IntoIterator<Item = &'n str>, path: &'n str) -> Self {
        names.into_iter().for_each(|name| {
            self.paths.entry(name).or_insert(path);
        });
        self
    }

    /// A link to the loss of this name; none if there is none.
    pub(super) fn link(&self, name: &str) -> Option<String> {
        let ty = type_name(name);
        self.paths.get(name).map(|path| format!("[`{ty}`]({path}{ty})"))
    }

    /// A text as [`prose`] has it, in which the name of a loss in backticks is a link.
    pub(super) fn prose(&self, text: &str) -> String {
        written(text, |code| self.link(code))
    }
}

/// A text whose signs stay what they are, but for `code` in backticks.
pub(super) fn prose(text: &str) -> String {
    written(text, |_| None)
}

fn written(text: &str, link: impl Fn(&str) -> Option<String>) -> String {
    let mut out = String::new();
    let mut parts = text.split('`');
    let escaped = |part: &str, out: &mut String| part.chars().for_each(|character| escape(character, out));
    escaped(parts.next().unwrap_or_default(), &mut out);
    while let Some(code) = parts.next() {
        match parts.next() {
            Some(after) => {
                out.push_str(&link(code).unwrap_or_else(|| format!("`{code}`")));
                escaped(after, &mut out);
            }
            // A backtick that nothing closes.
            None => {
                out.push_str("\\`");
                escaped(code, &mut out);
            }
        }
    }
    out
}

fn escape(character: char, out: &mut String) {
    match character {
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        '&' => out.push_str("&amp;"),
        '\\' | '*' | '[' | ']' | '|' | '#' | '~' | '_' => {
            out.push('\\');
            out.push(character);
        }
        '\n' => out.push(' '),
        other => out.push(other),
    }
}

/// The fence of a block of code: longer than any that is in the code.
pub(super) fn fence(code: &str) -> String {
    let longest = code.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    "`".repeat(longest.max(2) + 1)
}

/// Markup within a line of Markdown: nothing of it looks like a link or the border of a cell.
pub(super) fn within_line(markup: &str) -> String {
    let mut out = String::with_capacity(markup.len());
    for character in markup.chars() {
        match character {
            '[' => out.push_str("&#91;"),
            ']' => out.push_str("&#93;"),
            '|' => out.push_str("&#124;"),
            '*' => out.push_str("&#42;"),
            '_' => out.push_str("&#95;"),
            '`' => out.push_str("&#96;"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{Links, fence, prose};

    #[test]
    fn signs_of_markdown_are_signs_and_code_is_code() {
        assert_eq!(prose("in [0, 1], a*b < `x[i] * y`"), "in \\[0, 1\\], a\\*b &lt; `x[i] * y`");
        assert_eq!(prose("one ` alone"), "one \\` alone");
        assert_eq!(prose("`a` and ` and"), "`a` and \\` and");
    }

    #[test]
    fn the_name_of_a_loss_is_a_link() {
        let links = Links::new(["smooth_l1", "huber"], "super::").beside(["huber", "mse"], "other::");
        assert_eq!(links.prose("as `huber`, not `beta`"), "as [`Huber`](super::Huber), not `beta`");
        assert_eq!(links.link("mse").as_deref(), Some("[`Mse`](other::Mse)"));
        assert_eq!(links.link("l1"), None);
    }

    #[test]
    fn a_fence_is_longer_than_those_within() {
        assert_eq!(fence("a: b"), "```");
        assert_eq!(fence("a: ```` b"), "`````");
    }
}
