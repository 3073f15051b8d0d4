//! A new spec to start from: a template with comments, or another loss's spec under a new name.

use std::fs::{OpenOptions, create_dir_all};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use loss_codegen::diagnostic::suggest;
use loss_codegen::formula::lexer::is_name;
use loss_codegen::source::SourceFile;
use loss_codegen::yaml::keys::SPEC;

use crate::check::check;
use crate::files::{Sources, stem};
use crate::schema;

/// What a new loss looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// A number and a target at each place
    Pointwise,
    /// Logits over classes and the index of the right one
    Class,
    /// Two vectors, and whether they are alike
    Pair,
}

impl Kind {
    /// The template, with `NAME` for the name.
    fn template(self) -> &'static str {
        match self {
            Self::Pointwise => include_str!("new/pointwise.yaml"),
            Self::Class => include_str!("new/class.yaml"),
            Self::Pair => include_str!("new/pair.yaml"),
        }
    }
}

/// The first line: editors then complete and check keys.
const SCHEMA_LINE: &str = "# yaml-language-server: $schema=schema.json\n";

/// Whether a loss can be named so.
///
/// # Errors
/// What names are.
pub fn check_name(name: &str) -> Result<(), String> {
    if is_name(name) {
        return Ok(());
    }
    Err(format!(
        "`{name}` is no name of a loss: it begins with a small letter, and holds small letters, digits and `_`"
    ))
}

/// The spec of a kind under a name.
#[must_use]
pub fn of_kind(name: &str, kind: Kind) -> String {
    format!("{SCHEMA_LINE}{}", with_name(kind.template(), "NAME", name))
}

/// The spec of another loss under a new name, with a comment above each key; what it says of other libraries is left out.
///
/// # Errors
/// If there is no such loss.
pub fn like(name: &str, model: &str, library: &[SourceFile]) -> Result<String, String> {
    let Some(source) = library.iter().find(|source| stem(source) == model) else {
        let known: Vec<String> = library.iter().map(stem).collect();
        let hint = suggest(model, known.iter().map(String::as_str));
        let hint =
            hint.map_or_else(|| format!("there are {}", known.join(", ")), |near| format!("did you mean `{near}`?"));
        return Err(format!("there is no loss `{model}`; {hint}"));
    };
    let mut text = SCHEMA_LINE.to_owned();
    for (key, section) in sections(&source.text) {
        match key {
            "pytorch" | "aliases" | "differs_from_pytorch" => continue,
            "name" => text.push_str(&format!(
                "# Made like `{model}`: the formula, and all that is claimed below, is still that loss's.\n"
            )),
            _ => {
                let says = SPEC.iter().find(|known| known.name == key).map(|known| format!("# {}\n", known.says));
                text.push_str(&says.unwrap_or_default());
            }
        }
        text.push_str(&with_name(section, model, name));
    }
    Ok(text)
}

/// The parts of a file, each with the key that it begins with. What stands above the first key is left out.
fn sections(text: &str) -> Vec<(&str, &str)> {
    let is_key = |line: &str| line.starts_with(|first: char| first.is_ascii_lowercase()) && line.contains(':');
    let mut starts: Vec<usize> = Vec::new();
    let mut place = 0;
    for line in text.split_inclusive('\n') {
        if is_key(line) {
            starts.push(place);
        }
        place += line.len();
    }
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    let parts = starts.iter().zip(ends).map(|(&start, end)| &text[start..end]);
    parts.map(|part| (part.split(':').next().unwrap_or_default(), part)).collect()
}

/// The text with a whole word in place of another.
fn with_name(text: &str, word: &str, name: &str) -> String {
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(word) {
        let (before, after) = (&rest[..at], &rest[at + word.len()..]);
        let inside =
            before.ends_with(is_part) || out.ends_with(is_part) && before.is_empty() || after.starts_with(is_part);
        out.push_str(before);
        out.push_str(if inside { word } else { name });
        rest = after;
    }
    out + rest
}

/// What was written.
#[derive(Clone, Debug)]
pub struct Written {
    /// The spec.
    pub spec: PathBuf,
    /// The schema that its first line names, if there was none beside it.
    pub schema: Option<PathBuf>,
}

/// Writes a spec, if it compiles and nothing is in its place; and beside it the schema for editors, if the folder has none.
///
/// # Errors
/// What the compiler says of it, or why it cannot be written.
pub fn write(name: &str, text: String, folder: &Path, library: &[SourceFile]) -> Result<Written, String> {
    let path = folder.join(format!("{name}.yaml"));
    let file = SourceFile { path: path.display().to_string(), text };
    let report = check(&Sources { files: vec![file.clone()], beside: library.to_vec() });
    if report.errors > 0 {
        return Err(format!("`{name}` would not compile\n{}", report.text));
    }
    let unwritable = |error: io::Error| match error.kind() {
        io::ErrorKind::AlreadyExists => format!("`{}` is there already, and stays as it is", path.display()),
        _ => format!("`{}` cannot be written: {error}", path.display()),
    };
    create_dir_all(folder).map_err(unwritable)?;
    let mut out = OpenOptions::new().write(true).create_new(true).open(&path).map_err(unwritable)?;
    out.write_all(file.text.as_bytes()).map_err(unwritable)?;
    let schema = folder.join("schema.json");
    // One that is there is not ours to change: it belongs to the version that the folder is compiled with.
    let schema = match OpenOptions::new().write(true).create_new(true).open(&schema) {
        Ok(mut out) => out.write_all(schema::text().as_bytes()).map(|()| Some(schema)).map_err(unwritable)?,
        Err(_) => None,
    };
    Ok(Written { spec: path, schema })
}

#[cfg(test)]
mod tests {
    use super::{check_name, sections, with_name};

    #[test]
    fn names_are_of_small_letters() {
        assert!(["l1", "smooth_l1", "a"].into_iter().all(|name| check_name(name).is_ok()));
        assert!(["", "1l", "_a", "Huber", "my-loss", "../x", "grö"].into_iter().all(|name| check_name(name).is_err()));
    }

    #[test]
    fn whole_words_are_renamed() {
        assert_eq!(with_name("l1(l10, xl1) + l1", "l1", "mine"), "mine(l10, xl1) + mine");
        assert_eq!(with_name("name: l1\n", "l1", "mine"), "name: mine\n");
        assert_eq!(with_name("l1l1 l1", "l1", "a"), "l1l1 a");
    }

    #[test]
    fn sections_begin_at_keys_of_the_file() {
        let parts = sections("# above\nname: a\nlet:\n  r: x\n  # note: b\nloss: r\n");
        assert_eq!(parts, [("name", "name: a\n"), ("let", "let:\n  r: x\n  # note: b\n"), ("loss", "loss: r\n")]);
    }
}
