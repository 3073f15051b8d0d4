//! Everything that is changed in a spec: one place at a time, in the text of the file.

use loss_codegen::document::{DivisorEntry, Document, Formula};
use loss_codegen::formula::ast::Ast;
use loss_codegen::source::{SourceFile, Span};
use loss_codegen::yaml::parse_document;

use super::formulas::{Names, changes};

/// One change.
#[derive(Clone, Debug)]
pub(super) struct Edit {
    /// What is done.
    pub(super) operator: &'static str,
    /// What is replaced.
    span: Span,
    /// The formula that it is a part of, if it is one that must be quoted to hold what is put in.
    quoted: Option<Span>,
    /// What was there.
    pub(super) before: String,
    /// What takes its place.
    pub(super) after: String,
}

impl Edit {
    fn new(source: &SourceFile, operator: &'static str, span: Span, after: String) -> Self {
        let before = source.text[span.start..span.end].to_owned();
        Self { operator, span, quoted: None, before, after }
    }

    /// Where, as `specs/huber.yaml:14:9`.
    pub(super) fn place(&self, source: &SourceFile) -> String {
        let before = &source.text[..self.span.start];
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|&letter| letter != '\n').count() + 1;
        format!("{}:{line}:{column}", source.path)
    }

    /// The file with the change.
    pub(super) fn apply(&self, text: &str) -> String {
        let Span { start, end } = self.span;
        match self.quoted {
            None => format!("{}{}{}", &text[..start], self.after, &text[end..]),
            Some(whole) => format!(
                "{}\"{}{}{}\"{}",
                &text[..whole.start],
                &text[whole.start..start],
                self.after,
                &text[end..whole.end],
                &text[whole.end..]
            ),
        }
    }
}

/// Every change of a spec's formulas, cases, divisors, defaults and ignored labels. Claims are left alone: they are what judges.
pub(super) fn edits(source: &SourceFile) -> Vec<Edit> {
    let Ok(document) = parse_document(source) else { return Vec::new() };
    let names = Names::of(&document);
    let mut edits = Vec::new();
    let mut add = |formula: &Formula| edits.extend(of_formula(source, formula, &names));
    document.lets.iter().for_each(|entry| add(&entry.body));
    add(&document.loss);
    for (_, divisor) in &document.reduction.named {
        if let DivisorEntry::Ratio { of, over } = divisor {
            of.iter().for_each(&mut add);
            add(over);
        }
    }
    edits.extend(divisors(source, &document));
    edits.extend(defaults(source, &document));
    let mut texts = std::collections::BTreeSet::from([source.text.clone()]);
    let bare = |text: &str| text.replace(['(', ')', ' '], "");
    edits.retain(|edit| bare(&edit.before) != bare(&edit.after) || edit.operator == "swap cases");
    edits.retain(|edit| texts.insert(edit.apply(&source.text)));
    edits
}

/// The changes of one formula.
fn of_formula(source: &SourceFile, formula: &Formula, names: &Names) -> Vec<Edit> {
    let mut edits = Vec::new();
    let mut piece = |ast: &Ast| {
        let bare =
            source.text[..ast.span.start].chars().next_back().is_none_or(|before| !matches!(before, '"' | '\'' | '('));
        for change in changes(&source.text, ast, names) {
            let mut edit = Edit::new(source, change.operator, change.span, change.after);
            let needs_quotes = edit.after.contains([',', '[', ']', '{', '}']);
            edit.quoted = (bare && needs_quotes).then_some(ast.span);
            edits.push(edit);
        }
    };
    match formula {
        Formula::Scalar(ast) => piece(ast),
        Formula::Cases(cases) => {
            for case in cases {
                case.when.iter().for_each(&mut piece);
                piece(&case.value);
            }
            for pair in cases.windows(2) {
                let (one, other) = (pair[0].value.span, pair[1].value.span);
                let text = |span: Span| &source.text[span.start..span.end];
                let between = &source.text[one.end..other.start];
                let after = format!("{}{between}{}", text(other), text(one));
                edits.push(Edit::new(source, "swap cases", one.to(other), after));
            }
        }
    }
    edits
}

/// Another divisor.
fn divisors(source: &SourceFile, document: &Document) -> Vec<Edit> {
    let mut edits = Vec::new();
    for (_, divisor) in &document.reduction.named {
        match divisor {
            DivisorEntry::Word(word) => {
                let other = if word.value == "elements" { "samples" } else { "elements" };
                edits.push(Edit::new(source, "another divisor", word.span, other.to_owned()));
                edits.push(Edit::new(source, "another divisor", word.span, "{ over: 2 }".to_owned()));
            }
            DivisorEntry::Ratio { over: Formula::Scalar(over), .. } => {
                edits.push(Edit::new(source, "count instead of weighing", over.span, "1".to_owned()));
            }
            DivisorEntry::Ratio { over: Formula::Cases(_), .. } => {}
        }
    }
    let default = &document.reduction.default;
    let others = document.reduction.named.iter().map(|(name, _)| name.value.as_str()).chain(["sum", "none"]);
    // Which reduction is the default is a choice: nothing but a recorded answer can say that it is another.
    let is_recorded = document.pytorch.is_some();
    if let Some(other) = others.into_iter().find(|other| is_recorded && *other != default.value) {
        edits.push(Edit::new(source, "another default reduction", default.span, other.to_owned()));
    }
    edits
}

/// Other defaults, and labels that are ignored no more.
fn defaults(source: &SourceFile, document: &Document) -> Vec<Edit> {
    let mut edits = Vec::new();
    let inputs = document.inputs.iter().filter_map(|(_, input)| input.default.as_ref());
    let params = document.params.iter().filter_map(|(_, param)| param.default.as_ref());
    for default in inputs.chain(params) {
        let other = match default.value.as_str() {
            "true" => "false".to_owned(),
            "false" => "true".to_owned(),
            number => match number.parse::<f64>() {
                Ok(0.0) => "0.5".to_owned(),
                Ok(number) if number < 0.0 => (number + 1.0).to_string(),
                Ok(number) => (number / 2.0).to_string(),
                // The word of a choice.
                Err(_) => continue,
            },
        };
        edits.push(Edit::new(source, "another default", default.span, other));
    }
    for (_, input) in &document.inputs {
        if let Some(ignore) = &input.ignore
            && let Some(key) = source.text[..ignore.span.start].rfind("ignore:")
        {
            let rest = &source.text[ignore.span.end..];
            let comma = rest.len() - rest.trim_start_matches([',', ' ']).len();
            let span = Span::new(key, ignore.span.end + comma);
            edits.push(Edit::new(source, "ignore no label", span, String::new()));
        }
    }
    edits
}
