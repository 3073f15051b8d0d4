//! Texts that a comma of their own cut in two, as YAML's `{ }` and `[ ]` do: `{ input: max(1, x) }`.

use crate::codes::Code;
use crate::diagnostic::Diagnostics;
use crate::formula::lexer::is_number;
use crate::yaml::node::{Node, NodeKind, Scalar, Style};

/// Reports texts cut in a map of listed keys: what follows a comma has no value and is no key.
pub(super) fn in_fields(entries: &[(Scalar, Node)], what: &str, allowed: &[&str], diagnostics: &mut Diagnostics) {
    in_map(entries, what, |_, key| !allowed.contains(&key.as_str()), diagnostics);
}

/// Reports texts cut in a map of free keys: a bracket is open before the comma.
pub(super) fn in_entries(entries: &[(Scalar, Node)], what: &str, diagnostics: &mut Diagnostics) {
    in_map(entries, what, |parts, _| is_open(parts), diagnostics);
}

/// Reports texts cut in a list: a bracket is open before the comma.
pub(super) fn in_items(items: &[Node], what: &str, diagnostics: &mut Diagnostics) {
    let mut at = 0;
    while at < items.len() {
        let NodeKind::Scalar(first) = &items[at].kind else {
            at += 1;
            continue;
        };
        let mut parts = vec![first];
        for item in &items[at + 1..] {
            match &item.kind {
                NodeKind::Scalar(next) if follows(&parts, next) && is_open(&parts) => parts.push(next),
                NodeKind::Scalar(_) | NodeKind::List(_) | NodeKind::Map(_) => break,
            }
        }
        if parts.len() > 1 {
            let message = format!("a comma cuts an item of `{what}` in two");
            report(&parts, message, "", diagnostics);
        }
        at += parts.len();
    }
}

fn in_map<'n>(
    entries: &'n [(Scalar, Node)],
    what: &str,
    goes_on: impl Fn(&[&Scalar], &Scalar) -> bool,
    diagnostics: &mut Diagnostics,
) {
    let mut at = 0;
    while at < entries.len() {
        let (name, value) = &entries[at];
        let mut parts: Vec<&'n Scalar> = Vec::new();
        if let NodeKind::Scalar(first) = &value.kind {
            parts.push(first);
            for (key, value) in &entries[at + 1..] {
                let has_no_value = matches!(&value.kind, NodeKind::Scalar(nothing) if nothing.is_absent());
                if !(has_no_value && follows(&parts, key) && goes_on(&parts, key)) {
                    break;
                }
                parts.push(key);
            }
        }
        if parts.len() > 1 {
            let name = name.as_str();
            let message = format!("a comma ends the text of `{name}`, and what follows is no key of `{what}`");
            report(&parts, message, &format!("{name}: "), diagnostics);
        }
        at += parts.len().max(1);
    }
}

fn report(parts: &[&Scalar], message: String, before: &str, diagnostics: &mut Diagnostics) {
    let whole: Vec<&str> = parts.iter().map(|part| part.as_str()).collect();
    let help = match whole.as_slice() {
        [first, second]
            if is_number(first.trim_start_matches('-')) && second.bytes().all(|digit| digit.is_ascii_digit()) =>
        {
            format!("a number has a decimal point: `{before}{first}.{second}`")
        }
        _ => format!("quote a text that holds a comma: `{before}\"{}\"`", whole.join(", ")),
    };
    let span = parts[0].span.to(parts[parts.len() - 1].span);
    diagnostics.error(Code::CommaCutsText, span, message).help(help);
}

/// Whether a text stands behind the last of the parts with nothing but a comma between them.
fn follows(parts: &[&Scalar], next: &Scalar) -> bool {
    let last = parts[parts.len() - 1];
    let is_next = (last.span.end..=last.span.end + ", ".len()).contains(&next.span.start);
    is_next && last.style == Style::Plain && next.style == Style::Plain
}

/// Whether a `(` of the parts lacks its `)`.
fn is_open(parts: &[&Scalar]) -> bool {
    let count = |sign: char| parts.iter().map(|part| part.as_str().matches(sign).count()).sum::<usize>();
    count('(') > count(')')
}
