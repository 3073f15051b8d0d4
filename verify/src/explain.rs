//! A loss as text for a terminal: what its spec says, and what the compiler made of it.

use loss_codegen::compile::emit_one;
use loss_codegen::explain::explain as explain_plans;
use loss_codegen::page::{Gates, Surroundings};

use loss_runtime::info::Guide;

use crate::audit::LossRecord;
use crate::budgets::measured;
use crate::describe::describe;
use crate::subject::Subject;

/// So many columns are used.
const WIDTH: usize = 120;

/// Formula, conventions, knots, gradients, stable forms and passes.
#[must_use]
pub fn explain(subject: &Subject) -> String {
    let mut text = conventions(&describe(subject.loss), &subject.loss.info().guide);
    if let Some(compiled) = subject.compiled() {
        text.push('\n');
        text.push_str(&explain_plans(compiled));
    }
    text
}

/// The Rust code that is generated for a loss, formatted.
///
/// # Errors
/// If the loss is not made from a spec.
pub fn generated_rust(subject: &Subject) -> Result<String, String> {
    let compiled = subject.compiled().ok_or_else(|| format!("`{}` is not made from a spec", subject.name()))?;
    let surroundings = Surroundings {
        library: None,
        measured: &measured(subject.registry),
        gates: Gates::Open,
        root: Some("loss_runtime"),
    };
    let tokens = emit_one(compiled, &subject.registry.library(), surroundings);
    let file = syn::parse2(tokens).map_err(|error| format!("the generated code cannot be formatted: {error}"))?;
    Ok(set_documentation(&prettyplease::unparse(&file)))
}

/// Code in which every line of documentation begins with `/// `, as people write it, and not with `/**` or `///`.
fn set_documentation(code: &str) -> String {
    let mut out = String::new();
    let mut margin: Option<&str> = None;
    for line in code.lines() {
        let text = line.trim_start();
        let before = &line[..line.len() - text.len()];
        let (at, documentation) = match (margin, text.strip_prefix("/**").or_else(|| text.strip_prefix("///"))) {
            (Some(margin), _) => (margin, line),
            (None, Some(documentation)) => (before, documentation),
            (None, None) => {
                out.push_str(&format!("{line}\n"));
                continue;
            }
        };
        let last = documentation.strip_suffix("*/");
        let goes_on = margin.is_some() || text.starts_with("/**");
        margin = (goes_on && last.is_none()).then_some(at);
        let documentation = last.unwrap_or(documentation);
        let space = if documentation.is_empty() || documentation.starts_with(' ') { "" } else { " " };
        out.push_str(&format!("{at}///{space}{documentation}\n"));
    }
    out
}

/// What a record says without any finding.
fn conventions(record: &LossRecord, guide: &Guide) -> String {
    let mut out = format!("{}: {}\n", record.name, record.summary);
    section(&mut out, "meaning", guide.meaning.map(|text| vec![text.to_owned()]));
    let title = guide.task.map_or_else(|| "use it when".to_owned(), |task| format!("{task}: use it when"));
    section(&mut out, &title, guide.use_when.map(|text| vec![text.to_owned()]));
    let pytorch = record.pytorch.iter().map(|function| format!("torch.nn.functional.{function}"));
    section(&mut out, "references", record.reference.iter().cloned().chain(pytorch).map(|line| vec![line]));
    section(&mut out, "formula", record.formula.lines().map(|line| vec![line.to_owned()]));
    let inputs = record.inputs.iter().map(|input| {
        let gradient = input.gradient.then(|| "has a gradient".to_owned());
        let notes = input.notes.iter().cloned().chain(gradient);
        vec![input.name.clone(), input.axes.clone(), sentence(&input.label, notes)]
    });
    section(&mut out, "inputs", inputs);
    let params = record.params.iter().map(|param| {
        vec![format!("{} = {}", param.name, param.default), sentence(&param.kind, param.notes.iter().cloned())]
    });
    section(&mut out, "parameters", params);
    let reductions = record.reductions.iter().map(|reduction| {
        let default = reduction.default.then(|| "the default".to_owned());
        vec![reduction.name.clone(), sentence(&format!("divides by {}", reduction.divisor), default)]
    });
    section(&mut out, "reductions", reductions);
    out
}

fn sentence(first: &str, rest: impl IntoIterator<Item = String>) -> String {
    std::iter::once(first.to_owned()).chain(rest).collect::<Vec<_>>().join("; ")
}

/// Rows under a title, in columns; what does not fit beside the others goes on below them.
fn section(out: &mut String, title: &str, rows: impl IntoIterator<Item = Vec<String>>) {
    let rows: Vec<Vec<String>> = rows.into_iter().collect();
    if rows.is_empty() {
        return;
    }
    out.push_str(&format!("\n{title}\n"));
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns.saturating_sub(1))
        .map(|column| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0))
        .collect();
    let margin = 2 + widths.iter().map(|width| width + 2).sum::<usize>();
    for row in &rows {
        let Some((last, first)) = row.split_last() else { continue };
        let mut line: String = "  ".to_owned();
        for (cell, width) in first.iter().zip(&widths) {
            line.push_str(&format!("{cell:<width$}  "));
        }
        for (place, part) in wrapped(last, WIDTH.saturating_sub(margin)).iter().enumerate() {
            let start = if place == 0 { std::mem::take(&mut line) } else { " ".repeat(margin) };
            out.push_str(&format!("{start}{part}\n"));
        }
    }
}

/// A text on lines of at most `width` characters, unless a word is longer; a text without a break keeps its own spaces.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    if text.chars().count() <= width {
        return vec![text.to_owned()];
    }
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().map_or(0, |line| line.chars().count());
        if line > 0 && line + 1 + word.chars().count() > width {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            line.push_str(if line.is_empty() { "" } else { " " });
            line.push_str(word);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use loss_specs::accuracy::ACCURACY;

    use super::{explain, generated_rust, set_documentation, wrapped};
    use crate::registry::losses;
    use crate::specimen::REGISTRY;
    use crate::subject::Subject;

    #[test]
    fn every_loss_is_explained_in_full() {
        for subject in Subject::all(losses()) {
            let text = explain(&subject);
            for part in
                ["formula\n", "inputs\n", "reductions\n", "variant: ", "  formulas\n    loss =", "grad_", "  passes\n"]
            {
                assert!(text.contains(part), "{part} in\n{text}");
            }
            assert_eq!(text.contains("    curvature ="), subject.loss.info().curvature.is_some(), "{text}");
            assert!(!text.contains("sum of the sum"), "{text}");
            let guide = &subject.loss.info().guide;
            assert_eq!(text.contains("\nmeaning\n"), guide.meaning.is_some(), "{text}");
            assert_eq!(text.contains("use it when\n"), guide.use_when.is_some(), "{text}");
        }
    }

    #[test]
    fn a_loss_without_a_spec_is_explained_by_what_it_says() {
        let subject = Subject::all(&REGISTRY)[0];
        let text = explain(&subject);
        assert!(text.starts_with("bent: A loss made by hand.\n\nreferences\n  by hand\n"), "{text}");
        assert!(text.contains("\nparameters\n  beta = 1  real; 0 <= beta < inf\n"), "{text}");
        assert_eq!(generated_rust(&subject), Err("`bent` is not made from a spec".to_owned()));
    }

    #[test]
    fn generated_code_is_formatted() {
        for subject in Subject::all(losses()) {
            let code = generated_rust(&subject).expect("it has a spec");
            assert!(code.contains(&format!("pub mod {} {{\n", subject.name())), "{code}");
            assert!(!code.contains("# [") && !code.contains("/**"), "attributes are set as people set them");
        }
    }

    #[test]
    fn documentation_quotes_the_table_of_errors() {
        for subject in Subject::all(losses()) {
            let code = generated_rust(&subject).expect("it has a spec");
            let lines: Vec<_> = ACCURACY.iter().filter(|line| line.loss == subject.name()).collect();
            assert_eq!(code.contains("/// # Accuracy\n"), !lines.is_empty(), "{}", subject.name());
            for line in lines {
                let words = match line.quantity.strip_prefix("gradient of ") {
                    Some(input) => format!("gradient of `{input}`"),
                    None => line.quantity.to_owned(),
                };
                let row = code.lines().find_map(|row| row.trim().strip_prefix(&format!("/// | {words} | ")));
                let cells: Vec<&str> = row.expect("every quantity has a row").split('|').map(str::trim).collect();
                let cell = cells[usize::from(line.dtype == "f64")];
                let star = if line.raw_max_ulp > line.bound() { "*" } else { "" };
                assert_eq!(cell, format!("{}{star}", line.bound()), "{line:?}");
            }
        }
    }

    #[test]
    fn documentation_is_set_line_by_line() {
        let code = "/**One\n\n  two*/\nmod a {\n    ///Three.\n    /// Four.\n    fn b() {}\n}\n";
        let set = "/// One\n///\n///  two\nmod a {\n    /// Three.\n    /// Four.\n    fn b() {}\n}\n";
        assert_eq!(set_documentation(code), set);
    }

    #[test]
    fn long_notes_go_on_below() {
        assert_eq!(wrapped("one two three", 8), ["one two", "three"]);
        assert_eq!(wrapped("  kept  as it is", 40), ["  kept  as it is"]);
    }
}
