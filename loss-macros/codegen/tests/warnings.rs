//! Each spec under `errors/warned` compiles, with exactly the warnings beside it. `BLESS=1` writes them anew. Sound specs have none.

use std::fs;
use std::path::{Path, PathBuf};

use loss_codegen::codes::Code;
use loss_codegen::compile::{compile, compile_beside, library};
use loss_codegen::source::SourceFile;

fn specs(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = fs::read_dir(folder).expect("the folder is there");
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("it can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .collect();
    paths.sort();
    paths
}

fn source(path: &Path) -> SourceFile {
    let name = path.file_name().and_then(|name| name.to_str()).expect("a plain name");
    SourceFile { path: format!("specs/{name}"), text: fs::read_to_string(path).expect("the spec can be read") }
}

/// The warnings of a spec without errors.
fn warnings(text: &str) -> String {
    let name = text.lines().find_map(|line| line.strip_prefix("name: ")).expect("a name");
    let source = SourceFile { path: format!("specs/{name}.yaml"), text: text.to_owned() };
    let compiled = compile(std::slice::from_ref(&source));
    let compiled = compiled.unwrap_or_else(|failures| panic!("{}", failures[0].rendered().concat()));
    compiled[0].warnings.render(&source)
}

#[test]
fn every_pitfall_is_told_with_an_example() {
    let mut told = String::new();
    for path in specs("tests/errors/warned") {
        let printed = warnings(&source(&path).text);
        let expected = path.with_extension("txt");
        if std::env::var_os("BLESS").is_some() {
            fs::write(&expected, &printed).expect("it can be written");
        }
        assert!(printed.starts_with("warning[W"), "{}: {printed}", path.display());
        assert_eq!(fs::read_to_string(&expected).unwrap_or_default(), printed, "{}", path.display());
        told.push_str(&printed);
    }
    for code in Code::ALL.iter().filter(|code| code.id().starts_with('W')) {
        // Reserved for checks that do not exist yet.
        assert!(told.contains(code.id()), "no spec is warned of {}", code.title());
    }
}

#[test]
fn our_specs_and_the_fixtures_have_no_warning() {
    let ours = specs("../../specs");
    let sources: Vec<SourceFile> = ours.iter().chain(&specs("tests/specs")).map(|path| source(path)).collect();
    let mut seen = 0;
    for path in ours.iter().chain(&specs("tests/specs")) {
        let one = source(path);
        // This one jumps at most of its borders.
        if path.ends_with("stepped.yaml") {
            assert!(warnings(&one.text).contains("warning[W0006]: the loss jumps by"), "{}", warnings(&one.text));
            continue;
        }
        // What is not supported yet has errors, and no warnings to speak of.
        let Ok(compiled) = compile_beside(std::slice::from_ref(&one), library(&sources)) else { continue };
        assert!(compiled[0].warnings.is_empty(), "{}", compiled[0].warnings.render(&one));
        seen += 1;
    }
    assert!(seen >= ours.len(), "{seen} specs");
}

#[test]
fn a_domain_a_case_or_a_weight_that_leaves_the_place_out_is_enough() {
    let spec = |inputs: &str, loss: &str| {
        let rest = "reduction: { default: sum }";
        format!(
            "name: one\nsummary: s.\nreference: [ r ]\ninputs:\n  input: {{ axes: [N], gradient: true{inputs} }}\nloss: \"{loss}\"\n{rest}\n"
        )
    };
    for (inputs, loss, warned) in [
        ("", "log(input)", "W0007"),
        (", label: positive", "log(input)", ""),
        (", domain: \"input > 0\"", "log(input)", ""),
        ("", "if input > 0 then log(input) else input - 1", ""),
        ("", "if input > 0 then log(input) else input", ""),
        ("", "sqrt(input^2 + 1)", ""),
        ("", "sqrt(input^2)", "W0003"),
        ("", "detach(sqrt(input^2)) * input", ""),
        ("", "input / input", "W0007"),
        (", label: positive", "input / input", ""),
        (", label: nonnegative", "input * log(input)", "W0001"),
        (", label: nonnegative", "weigh(input, log(input))", ""),
        ("", "log(1 - tanh(40 * input)) * 0.5", ""),
        ("", "if input < 1 then 0 else input - 1", ""),
        ("", "if input < 1 then 0 else input", "W0006"),
        ("", "relu(input)^0.5", "W0003"),
        ("", "acos(input)", "W0007"),
        (", domain: \"input >= 3\"", "sqrt(input - 3)", "W0003"),
        // The label leaves an end of the domain out.
        (", label: nonnegative, domain: \"-1 <= input < 1\"", "log(input + 0.5)", ""),
        // So little may be rounding.
        ("", "if input < 1 then 0 else 1e-6", ""),
        ("", "if input < 1 then 0 else 2e-6", "W0006"),
        ("", "if input < 1 then 1000000 else 1000000.5", ""),
        ("", "if input < 1 then 1000000 else 1000002", "W0006"),
    ] {
        let printed = warnings(&spec(inputs, loss));
        if warned.is_empty() {
            assert_eq!(printed, "", "{inputs} {loss}");
        } else {
            assert!(printed.contains(&format!("warning[{warned}]")), "{inputs} {loss}: {printed}");
        }
    }
}

#[test]
fn a_nan_that_an_example_expects_is_meant() {
    let spec = |example: &str| {
        format!(
            "name: one\nsummary: s.\nreference: [ r ]\ninputs:\n  input: {{ axes: [N], gradient: true }}\nparams:\n  eps: {{ default: 1.0, domain: \"0 <= eps < inf\" }}\n\
             loss: input / (abs(input) + eps)\nreduction: {{ default: sum }}\n{example}"
        )
    };
    let example = |none: &str, input: &str| {
        format!(
            "examples:\n  - {{ given: {{ input: {input}, eps: 0 }}, expect: {{ none: {none} }}, source: by hand }}\n"
        )
    };
    assert!(warnings(&spec("")).contains("warning[W0007]: 0 / 0 can be reached"));
    assert!(warnings(&spec(&example("[1]", "[2]"))).contains("W0007"));
    assert_eq!(warnings(&spec(&example("[1, nan]", "[2, 0]"))), "");
    assert_eq!(warnings(&spec(&example("[[1, nan], [1, 1]]", "[[2, 0], [1, 1]]"))), "");
    assert_eq!(warnings(&spec(&example("nan", "0"))), "");
    let empty = "examples:\n  - { given: { input: [] }, expect: { sum: nan }, source: by hand }\n";
    assert!(warnings(&spec(empty)).contains("W0007"));
    // One that expects a number there is wrong, and no excuse.
    assert!(warnings(&spec(&example("[1, 0]", "[2, 0]"))).contains("W0007"));
}

#[test]
fn a_nan_that_is_meant_is_found_in_its_row_and_its_variant() {
    let spec = |ratio: &str, none: &str, given: &str| {
        format!(
            "name: one\nsummary: s.\nreference: [ r ]\ninputs:\n  input: {{ axes: [N, C], gradient: true }}\n  weight: {{ axes: [N] }}\nparams:\n  \
             by: {{ kind: choice, values: [itself, one], default: one }}\n\
             loss: \"weight + (if by == itself then {ratio} else sum(C, input))\"\nreduction: {{ default: sum }}\n\
             examples:\n  - {{ given: {{ {given} }}, expect: {{ none: {none} }}, source: by hand }}\n"
        )
    };
    const RATIO: &str = "sum(C, input) / sum(C, abs(input))";
    for (given, none, is_meant) in [
        ("input: [[0, 0], [1, 1]], weight: [1, 2], by: itself", "[nan, 3]", true),
        ("input: [[1, 1], [0, 0]], weight: [1, 2], by: itself", "[2, nan]", true),
        ("input: [0, 0], weight: 1, by: itself", "nan", true),
        ("input: [[[1, 0], [1, 0]]], weight: [[1, 2]], by: itself", "[[2, nan]]", true),
        ("input: [[[1, 0], [0, 1]]], weight: [[1, 2]], by: itself", "[[2, nan]]", false),
        ("input: [[0, 1], [1, 0]], weight: [1, 2], by: itself", "[nan, 3]", false),
        ("input: [[0, 0], [1, 1]], weight: [1, 2], by: one", "[nan, 4]", false),
    ] {
        let printed = warnings(&spec(RATIO, none, given));
        assert_eq!(printed.is_empty(), is_meant, "{given}: {printed}");
    }
}

#[test]
fn a_parameter_that_may_be_infinite_is_not_tried_there() {
    let spec = |domain: &str, least: usize| {
        format!(
            "name: one\nsummary: s.\nreference: [ r ]\ninputs:\n  input: {{ axes: [N], gradient: true }}\nparams:\n  \
             width: {{ default: 1, domain: \"{domain}\" }}\nloss: \"if {least} < width then log(input) else input\"\n\
             reduction: {{ default: sum }}\n"
        )
    };
    assert_eq!(warnings(&spec("0 < width", 2000)), "");
    assert!(warnings(&spec("0 < width", 1000)).contains("the loss is NaN at input = -1, width = 1024"));
    assert!(warnings(&spec("0 < width <= 3000", 2000)).contains("the loss is NaN at input = -1, width = 3000"));
}

#[test]
fn a_jump_is_told_once_and_only_where_no_knot_says_so() {
    let spec = |loss: &str, knots: &str| {
        format!(
            "name: one\nsummary: s.\nreference: [ r ]\ninputs:\n  input: {{ axes: [N], gradient: true }}\n  weight: {{ axes: [N], default: 1 }}\n\
             loss: weigh(weight, {loss})\nreduction: {{ default: sum }}\nknots: [ {knots} ]\n"
        )
    };
    for (loss, knots, jumps) in [
        ("if input < 1 then 0 else 1", "", 1),
        ("if input < 1 then 0 else 1", "{ at: input == 1, smooth: jump }", 0),
        ("if input < 1 then 0 else 1", "{ at: input - 1 == 0, smooth: jump }", 0),
        ("if input < 1 then 0 else 1", "{ at: input == 2, smooth: jump }", 1),
        ("if input < 1 then 0 else 1", "{ at: input == 1, smooth: C2 }", 1),
        ("if input < 3 then 0 else 1", "", 1),
        ("if -input < 3 then 0 else 1", "", 1),
        // Not so simple a number.
        ("if input < 17 then 0 else 1", "", 0),
        ("if input < 3.5 then 0 else 1", "", 1),
        ("if input < 16 then 0 else 1", "", 1),
        ("(if input < 1 then 0 else 1) + (if input < 3 then 0 else 1)", "", 2),
    ] {
        let printed = warnings(&spec(loss, knots));
        assert_eq!(printed.matches("warning[W0006]").count(), jumps, "{loss} {knots}: {printed}");
        assert_eq!(printed.contains("a knot is declared `C2`"), knots.contains("C2"), "{printed}");
    }
    // How far the loss jumps may differ between variants.
    let params = "params:\n  twice: { kind: switch, default: false }\nloss: (if twice then 2 else 1) * ";
    let printed = warnings(&spec("(if input < 1 then 0 else 1)", "").replace("loss: ", params));
    assert_eq!(printed.matches("warning[W0006]").count(), 1, "{printed}");
}

#[test]
fn a_gradient_is_told_to_be_nan_where_the_loss_is_none() {
    let spec = |label: &str, loss: &str| {
        format!(
            "name: one\nsummary: s.\nreference: [ r ]\ninputs:\n  input: {{ axes: [N, C], gradient: true, label: \"{label}\" }}\n  target: {{ axes: [N, C], label: \"{label}\" }}\n\
             loss: \"{loss}\"\nreduction: {{ default: sum }}\n"
        )
    };
    for (label, loss, is_told) in [
        ("simplex(C)", "sum(C, weigh(input, log(input / target)))", true),
        ("simplex(C)", "sum(C where input > 0, input * log(input / target))", false),
        ("positive", "sum(C, weigh(input, log(input / target)))", false),
        // Infinite, and no NaN.
        ("simplex(C)", "-sum(C, weigh(target, log(input)))", false),
    ] {
        assert_eq!(warnings(&spec(label, loss)).contains("W0008"), is_told, "{label} {loss}");
    }
}
