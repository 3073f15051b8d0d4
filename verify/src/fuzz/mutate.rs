//! Specs with mistakes in them: lines and words of our own, left out, doubled, swapped and put where they do not belong.

use super::bytes::Bytes;

/// What may stand in a spec, and what people write who come from elsewhere.
const WORDS: [&str; 96] = [
    "0",
    "1",
    "-1",
    "0.5",
    "1e308",
    "1e-400",
    "2",
    "1000000",
    "inf",
    "-inf",
    "nan",
    "pi",
    "true",
    "false",
    "if",
    "then",
    "else",
    "and",
    "or",
    "not",
    "where",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    "\"",
    "'",
    "|",
    ">",
    "#",
    "&",
    "*",
    "!",
    "-",
    "+",
    "/",
    "^",
    "<",
    "<=",
    ">=",
    "==",
    "!=",
    "=",
    "->",
    "N",
    "C",
    "D",
    "M",
    "input",
    "target",
    "weight",
    "beta",
    "r",
    "a",
    "loss",
    "mean",
    "sum",
    "max",
    "min",
    "abs",
    "relu",
    "sqrt",
    "exp",
    "log",
    "logsumexp",
    "softmax",
    "norm",
    "weigh",
    "given",
    "detach",
    "index",
    "size",
    "one_hot",
    "any",
    "sign",
    "huber",
    "l1",
    "mse",
    "cross_entropy",
    "kl_div",
    "class_index(C)",
    "simplex(C)",
    "index_list(C)",
    "switch",
    "choice",
    "integer",
    "[]",
    "{}",
    "type",
    "self",
    "é",
    "\t",
];

/// No more changes than this to one spec.
const MOST_CHANGES: usize = 12;

/// One of the texts with the changes that the bytes ask for.
pub(super) fn mutated(texts: &[&str], bytes: &mut Bytes<'_>) -> String {
    let mut text = (*bytes.pick(texts)).to_owned();
    for _ in 0..MOST_CHANGES {
        if bytes.is_spent() {
            break;
        }
        text = if bytes.byte() & 1 == 0 {
            with_lines_changed(&text, texts, bytes)
        } else {
            with_word_changed(&text, bytes)
        };
    }
    text
}

fn with_lines_changed(text: &str, texts: &[&str], bytes: &mut Bytes<'_>) -> String {
    let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
    let place = bytes.below(lines.len());
    let other = bytes.below(lines.len());
    if lines.is_empty() {
        return text.to_owned();
    }
    match bytes.byte() % 6 {
        0 => drop(lines.remove(place)),
        1 => lines.insert(other, lines[place]),
        2 => lines.swap(place, other),
        3 => drop(lines.drain(place.min(other)..place.max(other))),
        4 => lines.truncate(place),
        _ => {
            let foreign: Vec<&str> = bytes.pick(texts).split_inclusive('\n').collect();
            lines.insert(place, foreign[bytes.below(foreign.len())]);
        }
    }
    lines.concat()
}

fn with_word_changed(text: &str, bytes: &mut Bytes<'_>) -> String {
    let mut words = words(text);
    let place = bytes.below(words.len().min(65_536));
    let other = bytes.below(words.len().min(65_536));
    if words.is_empty() {
        return text.to_owned();
    }
    match bytes.byte() % 6 {
        0 => drop(words.remove(place)),
        1 => words.insert(place, words[other]),
        2 => words.swap(place, other),
        3 => words[place] = words[other],
        4 => words[place] = *bytes.pick::<&str>(&WORDS),
        _ => words.insert(place, *bytes.pick::<&str>(&WORDS)),
    }
    words.concat()
}

/// The text in words, blanks and single signs.
fn words(text: &str) -> Vec<&str> {
    let kind = |letter: char| match letter {
        _ if letter.is_alphanumeric() || letter == '_' => 0,
        ' ' => 1,
        _ => 2,
    };
    let mut words = Vec::new();
    let mut start = 0;
    let mut before = None;
    for (place, letter) in text.char_indices() {
        let kind = kind(letter);
        if before.is_some_and(|before| before != kind || kind == 2) {
            words.push(&text[start..place]);
            start = place;
        }
        before = Some(kind);
    }
    words.extend(text.get(start..).filter(|last| !last.is_empty()));
    words
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn words_are_all_of_the_text() {
        let text = "loss:  0.5 * r^2  # é\n";
        assert_eq!(words(text).concat(), text);
        assert_eq!(words("a_b<=c 1"), ["a_b", "<", "=", "c", " ", "1"]);
        assert!(words("").is_empty());
    }
}
