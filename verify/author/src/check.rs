//! Everything that the compiler has to say about some files.

use loss_codegen::compile::{Compiled, compile_beside, library};
use loss_codegen::diagnostic::{Diagnostics, Severity, counted};

use crate::files::Sources;

/// What is wrong with files.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Every diagnostic with its caret, in the order of the files and their lines, and a line that counts them.
    pub text: String,
    /// How many stop the compiler.
    pub errors: usize,
    /// How many do not.
    pub warnings: usize,
    /// The specs, if nothing is wrong with any.
    pub compiled: Vec<Compiled>,
}

/// Checks files.
#[must_use]
pub fn check(sources: &Sources) -> Report {
    let mut report = Report::default();
    match compile_beside(&sources.files, library(&sources.beside)) {
        Ok(compiled) => {
            compiled.iter().for_each(|one| report.add(&one.warnings, &one.source));
            report.compiled = compiled;
        }
        Err(failures) => failures.iter().for_each(|failure| report.add(&failure.diagnostics, &failure.source)),
    }
    let [files, errors, warnings] =
        [(sources.files.len(), "file"), (report.errors, "error"), (report.warnings, "warning")]
            .map(|(count, what)| counted(count, what));
    report.text.push_str(&format!("{files} checked: {errors}, {warnings}\n"));
    report
}

impl Report {
    fn add(&mut self, diagnostics: &Diagnostics, source: &loss_codegen::source::SourceFile) {
        let errors = diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error).count();
        self.errors += errors;
        self.warnings += diagnostics.len() - errors;
        if !diagnostics.is_empty() {
            self.text.push_str(&diagnostics.render(source));
            self.text.push('\n');
        }
    }
}

#[cfg(test)]
mod tests {
    use loss_codegen::source::SourceFile;

    use super::check;
    use crate::files::Sources;

    fn spec(name: &str, loss: &str) -> SourceFile {
        let text = format!(
            "name: {name}\nsummary: s.\nreference: [ r ]\ninputs:\n  input: {{ axes: [N], gradient: true }}\nloss: {loss}\nreduction: {{ default: sum }}\n"
        );
        SourceFile { path: format!("{name}.yaml"), text }
    }

    #[test]
    fn files_call_each_other_and_those_beside_them() {
        let files = vec![spec("first", "second(input) + third(input)"), spec("second", "input^2")];
        let beside = vec![spec("third", "abs(input)")];
        let report = check(&Sources { files: files.clone(), beside });
        assert_eq!((report.errors, report.compiled.len()), (0, 2), "{}", report.text);
        assert_eq!(report.text, "2 files checked: 0 errors, 0 warnings\n");
        let alone = check(&Sources { files, beside: Vec::new() });
        assert_eq!(alone.errors, 1);
        assert!(alone.text.contains("unknown function `third`") && alone.text.contains("^^^^^"), "{}", alone.text);
        assert!(alone.text.ends_with("2 files checked: 1 error, 0 warnings\n"));
    }

    #[test]
    fn a_file_that_is_checked_hides_one_of_its_name_beside_it() {
        let sources = Sources { files: vec![spec("one", "inptu")], beside: vec![spec("one", "input")] };
        let report = check(&sources);
        assert_eq!(report.errors, 1, "{}", report.text);
    }
}
