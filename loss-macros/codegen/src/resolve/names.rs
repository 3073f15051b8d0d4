//! The names that a spec gives: each once, none taken by the language, none without use.

use std::collections::{BTreeMap, BTreeSet};

use crate::codes::Code;
use crate::diagnostic::Diagnostics;
use crate::document::{DivisorEntry, Document, Formula, PropertyEntry};
use crate::formula::ast::{Ast, AstKind, NamedArgument};
use crate::resolve::functions::{reserved, reserved_for_arguments, reserved_for_losses};
use crate::source::Spanned;

/// Reports what is wrong with the names of a file.
pub(super) fn check(document: &Document, diagnostics: &mut Diagnostics) {
    spelled(&document.name, reserved_for_losses, diagnostics);
    let arguments_of_calls = document.inputs.iter().map(|(name, _)| name);
    for name in arguments_of_calls.chain(document.params.iter().map(|(name, _)| name)) {
        not_reserved(name, reserved_for_arguments, diagnostics);
    }
    let taken = each_once(document, diagnostics);
    words(document, &taken, diagnostics);
    arguments(document, &taken, diagnostics);
    free_variables(document, &taken, diagnostics);
    unused(document, diagnostics);
}

/// Every name that a formula mentions, calls included.
pub(crate) fn mentioned(formula: &Formula, names: &mut BTreeSet<String>) {
    match formula {
        Formula::Scalar(ast) => mentioned_in(ast, names),
        Formula::Cases(cases) => {
            for case in cases {
                case.when.iter().chain([&case.value]).for_each(|ast| mentioned_in(ast, names));
            }
        }
    }
}

/// Every name that a formula tree mentions, calls included.
pub(crate) fn mentioned_in(ast: &Ast, names: &mut BTreeSet<String>) {
    match &ast.kind {
        AstKind::Number(_) | AstKind::Boolean(_) => {}
        AstKind::Name(name) => {
            names.insert(name.clone());
        }
        AstKind::Unary(_, x) => mentioned_in(x, names),
        AstKind::Binary(_, x, y) | AstKind::Pick(x, y) => {
            mentioned_in(x, names);
            mentioned_in(y, names);
        }
        AstKind::If(c, x, y) => [c, x, y].into_iter().for_each(|ast| mentioned_in(ast, names)),
        AstKind::Call(call) => {
            names.insert(call.name.value.clone());
            call.filter.iter().chain(&call.arguments).for_each(|ast| mentioned_in(ast, names));
            for (_, argument) in &call.named {
                match argument {
                    NamedArgument::Formula(ast) => mentioned_in(ast, names),
                    NamedArgument::Axis(_) => {}
                }
            }
        }
    }
}

fn each_once<'d>(document: &'d Document, diagnostics: &mut Diagnostics) -> BTreeMap<&'d str, &'static str> {
    let inputs = document.inputs.iter().map(|(name, _)| (name, "an input"));
    let params = document.params.iter().map(|(name, _)| (name, "a parameter"));
    let lets = document.lets.iter().map(|entry| (&entry.name, "a definition"));
    let mut taken = BTreeMap::new();
    for (name, what) in inputs.chain(params).chain(lets) {
        spelling(name, diagnostics);
        if let Some(earlier) = taken.get(name.value.as_str()) {
            diagnostics
                .error(Code::ShadowedName, name.span, format!("the name `{}` is taken", name.value))
                .help(format!("there is {earlier} of that name already; choose another"));
        } else {
            taken.insert(name.value.as_str(), what);
        }
    }
    taken
}

fn spelling(name: &Spanned<String>, diagnostics: &mut Diagnostics) {
    spelled(name, reserved, diagnostics);
}

/// Why a name is reserved, if it is.
type Reserved = fn(&str) -> Option<&'static str>;

fn spelled(name: &Spanned<String>, reserved: Reserved, diagnostics: &mut Diagnostics) {
    let first_is_small = name.value.starts_with(|first: char| first.is_ascii_lowercase());
    let rest_is_plain = name.value.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if !(first_is_small && rest_is_plain) {
        diagnostics
            .error(Code::BadName, name.span, format!("`{}` is no name", name.value))
            .help("a name begins with a small letter and holds small letters, digits and `_`".to_owned());
    } else {
        not_reserved(name, reserved, diagnostics);
    }
}

fn not_reserved(name: &Spanned<String>, reserved: Reserved, diagnostics: &mut Diagnostics) {
    if let Some(why) = reserved(&name.value) {
        diagnostics
            .error(Code::ReservedName, name.span, format!("the name `{}` is reserved", name.value))
            .help(format!("{why}; choose another"));
    }
}

fn words(document: &Document, taken: &BTreeMap<&str, &'static str>, diagnostics: &mut Diagnostics) {
    for (_, entry) in &document.params {
        if entry.kind.as_ref().is_none_or(|kind| kind.value != "choice") {
            continue;
        }
        for word in &entry.values {
            if let Some(what) = taken.get(word.value.as_str()) {
                diagnostics
                    .error(Code::ShadowedName, word.span, format!("the word `{}` is also {what}", word.value))
                    .help("a comparison with it would be ambiguous; choose another word".to_owned());
            } else {
                spelling(word, diagnostics);
            }
        }
    }
}

fn arguments(document: &Document, taken: &BTreeMap<&str, &'static str>, diagnostics: &mut Diagnostics) {
    for entry in &document.lets {
        let arguments = entry.arguments.as_deref().unwrap_or_default();
        let mut used = BTreeSet::new();
        mentioned(&entry.body, &mut used);
        for (place, argument) in arguments.iter().enumerate() {
            spelling(argument, diagnostics);
            let repeated = arguments[..place].iter().any(|earlier| earlier.value == argument.value);
            let what = taken.get(argument.value.as_str()).copied().or(repeated.then_some("an argument before it"));
            if let Some(what) = what {
                diagnostics
                    .error(
                        Code::ShadowedName,
                        argument.span,
                        format!("the argument `{}` shadows {what}", argument.value),
                    )
                    .help("choose another name".to_owned());
            } else if !used.contains(&argument.value) && !is_no_name(argument, diagnostics) {
                diagnostics
                    .error(Code::UnusedName, argument.span, format!("the argument `{}` is never used", argument.value))
                    .help(format!("remove it from `{}`", entry.name.value));
            }
        }
    }
}

fn free_variables(document: &Document, taken: &BTreeMap<&str, &'static str>, diagnostics: &mut Diagnostics) {
    for (name, _) in document.relations.iter().flat_map(|relation| &relation.with) {
        spelling(name, diagnostics);
        if let Some(what) = taken.get(name.value.as_str()) {
            diagnostics
                .error(Code::ShadowedName, name.span, format!("the variable `{}` shadows {what}", name.value))
                .help("choose another name".to_owned());
        }
    }
}

fn unused(document: &Document, diagnostics: &mut Diagnostics) {
    let mut used = BTreeSet::new();
    mentioned(&document.loss, &mut used);
    document.lets.iter().for_each(|entry| mentioned(&entry.body, &mut used));
    for (_, divisor) in &document.reduction.named {
        match divisor {
            DivisorEntry::Word(_) => {}
            DivisorEntry::Ratio { of, over } => of.iter().chain([over]).for_each(|f| mentioned(f, &mut used)),
        }
    }
    for (name, input) in &document.inputs {
        used.extend(input.ignore.iter().map(|ignore| ignore.value.clone()));
        let mut own = BTreeSet::new();
        input.domain.iter().for_each(|domain| mentioned_in(domain, &mut own));
        own.remove(&name.value);
        used.append(&mut own);
    }
    for (name, _) in &document.inputs {
        report_unused(name, "input", &used, diagnostics);
    }
    for (name, _) in &document.params {
        report_unused(name, "parameter", &used, diagnostics);
    }
    // A definition may also serve the claims alone.
    claims(document, &mut used);
    for entry in &document.lets {
        report_unused(&entry.name, "definition", &used, diagnostics);
    }
}

/// Whether it was said already that this cannot be a name: then no formula can read it, and that is all there is to say.
fn is_no_name(name: &Spanned<String>, diagnostics: &Diagnostics) -> bool {
    let mut here = diagnostics.iter().filter(|diagnostic| diagnostic.span == name.span);
    here.any(|diagnostic| [Code::ReservedName, Code::BadName].contains(&diagnostic.code))
}

fn report_unused(name: &Spanned<String>, what: &str, used: &BTreeSet<String>, diagnostics: &mut Diagnostics) {
    if !used.contains(&name.value) && !is_no_name(name, diagnostics) {
        diagnostics
            .error(Code::UnusedName, name.span, format!("the {what} `{}` is never used", name.value))
            .help("use it in the formula, or remove it".to_owned());
    }
}

fn claims(document: &Document, used: &mut BTreeSet<String>) {
    for knot in &document.knots {
        let gradients = knot.gradient.iter().map(|(_, ast)| ast);
        [&knot.at].into_iter().chain(&knot.when).chain(gradients).for_each(|ast| mentioned_in(ast, used));
    }
    for (_, property) in &document.properties {
        match property {
            PropertyEntry::Formula(ast) => mentioned_in(ast, used),
            PropertyEntry::List(list) => list.iter().for_each(|ast| mentioned_in(ast, used)),
            PropertyEntry::Map(map) => map.iter().for_each(|(_, ast)| mentioned_in(ast, used)),
        }
    }
    for relation in &document.relations {
        [&relation.equals].into_iter().chain(&relation.when).for_each(|ast| mentioned_in(ast, used));
    }
    for (_, term) in document.curvature.iter().flat_map(|curvature| &curvature.terms) {
        term.value.iter().for_each(|value| mentioned(value, used));
        term.when.iter().for_each(|when| mentioned_in(when, used));
    }
}
