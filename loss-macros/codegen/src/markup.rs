//! Text inside markup.

use std::fmt::{self, Display};

/// Text with everything replaced that HTML would read as markup; also safe in a quoted attribute.
#[derive(Clone, Copy, Debug)]
pub struct Escaped<T>(
    /// The text.
    pub T,
);

impl<T: AsRef<str>> Display for Escaped<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.as_ref();
        let mut from = 0;
        for (at, character) in text.char_indices() {
            let entity = match character {
                '&' => "&amp;",
                '<' => "&lt;",
                '>' => "&gt;",
                '"' => "&quot;",
                '\'' => "&#39;",
                _ => continue,
            };
            f.write_str(&text[from..at])?;
            f.write_str(entity)?;
            from = at + character.len_utf8();
        }
        f.write_str(&text[from..])
    }
}

#[cfg(test)]
mod tests {
    use super::Escaped;

    #[test]
    fn markup_in_text_stays_text() {
        assert_eq!(Escaped("a < b & \"c\" > 'd' é").to_string(), "a &lt; b &amp; &quot;c&quot; &gt; &#39;d&#39; é");
    }
}
