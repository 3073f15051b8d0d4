//! A diagnostic code as text: the rule, a bad example, what the compiler says of it, and the repair.

use loss_codegen::codes::Code;
use loss_codegen::codes::example::example;

/// Whether a word looks like a code, and so is not the name of a loss.
#[must_use]
pub fn is_code(word: &str) -> bool {
    let mut letters = word.chars();
    letters.next().is_some_and(|first| matches!(first, 'e' | 'E' | 'w' | 'W'))
        && word.len() > 1
        && letters.all(|letter| letter.is_ascii_digit())
}

/// What a code means.
///
/// # Errors
/// If there is no such code.
pub fn explain(word: &str) -> Result<String, String> {
    let id = word.to_ascii_uppercase();
    let Some(&code) = Code::ALL.iter().find(|code| code.id() == id) else {
        return Err(format!("there is no code `{word}`; `cargo verify explain codes` lists all"));
    };
    Ok(format!(
        "{}: {}\n\n{}\n\nFor example, the compiler says:\n\n{}",
        code.id(),
        code.title(),
        code.explanation(),
        example(code).printed
    ))
}

/// Every code and its rule, a line each.
#[must_use]
pub fn codes() -> String {
    Code::ALL.iter().map(|code| format!("{}  {}\n", code.id(), code.title())).collect()
}

#[cfg(test)]
mod tests {
    use super::{codes, explain, is_code};
    use loss_codegen::codes::Code;

    #[test]
    fn every_code_is_explained_with_its_repair() {
        for code in Code::ALL {
            let text = explain(&code.id().to_lowercase()).expect("it is a code");
            assert!(text.contains(code.title()) && text.contains("\nBad: ") && text.contains("\nFix: "), "{text}");
            assert!(text.contains(&format!("[{}]: ", code.id())), "{text}");
        }
        assert_eq!(codes().lines().count(), Code::ALL.len());
    }

    #[test]
    fn an_example_shows_the_caret_and_the_help() {
        let text = explain("E0201").expect("it is a code");
        assert!(text.contains("^ help: did you mean"), "{text}");
    }

    #[test]
    fn codes_are_told_from_losses() {
        assert!(is_code("E0201") && is_code("w0001") && is_code("e9"));
        assert!(!is_code("e") && !is_code("huber") && !is_code("elu") && !is_code("e1x"));
        assert_eq!(
            explain("E0299").expect_err("there is none"),
            "there is no code `E0299`; `cargo verify explain codes` lists all"
        );
    }
}
