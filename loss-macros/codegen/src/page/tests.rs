use super::{Gates, Surroundings, page, table};
use crate::compile::{Compiled, compile};
use crate::elaborate::Library;
use crate::source::SourceFile;

const SPEC: &str = "name: one
summary: A loss.
meaning: It counts a_b in [0, 1].
task: classification
use_when: nothing else fits
reference: [ by hand ]
pytorch: { function: one_loss }
aliases: { torch: [ OneLoss ], keras: [ losses.One, one ] }
inputs:
  input: { axes: [N, C], gradient: true, meaning: logits }
  target: { axes: [N], label: class_index(C), ignore: skipped }
  weight: { axes: [C], default: 1, domain: \"0 <= weight < inf\" }
params:
  skipped: { kind: integer, default: -100, meaning: rows to drop }
  scale: { default: 1e300, domain: \"0 < scale <= 1e300\" }
  p: { kind: integer, values: [1, 2], default: 1 }
loss: \"weigh(weight[target], abs(input[target] / scale)^p)\"
reduction: { default: mean, mean: { over: \"weight[target]\" } }
knots:
  - { at: \"input[target] == 0\", when: p == 1, smooth: C0, gradient: { input: 0 }, because: an exact hit }
examples:
  - given: { input: [[1.0, -2.0], [0.5, 3.0]], target: [1, 0], scale: 2.0 }
    expect: { none: [1.0, 0.25], mean: 0.625, gradient: { input: [[0.0, -0.5], [0.5, 0.0]] } }
    source: by hand
differs_from_pytorch:
  - { what: nothing, given: { input: [[1.0]], target: [0] }, ours: { none: [1.0] }, theirs: { none: [2.0] }, because: it does }
";

const INPUT: &str = "  input: { axes: [N], gradient: true }\n";

/// A spec of these inputs, a line each, and what stands below them.
fn named(name: &str, inputs: &str, rest: &str) -> String {
    format!("name: {name}\nsummary: A loss.\nreference: [ by hand ]\ninputs:\n{inputs}{rest}")
}

fn one(inputs: &str, rest: &str) -> String {
    named("one", inputs, rest)
}

fn compiled(text: &str) -> Compiled {
    let source = SourceFile { path: "specs/one.yaml".to_owned(), text: text.to_owned() };
    compile(&[source]).unwrap_or_else(|failures| panic!("{:?}", failures[0].rendered())).remove(0)
}

/// The documentation and the aliases.
fn documented(text: &str) -> (String, Vec<String>) {
    let surroundings = Surroundings { library: None, measured: &[], gates: Gates::Open, root: Some("losses") };
    let tokens = page(&compiled(text), &Library::default(), surroundings);
    let item: syn::ItemStruct = syn::parse2(quote::quote!(#tokens struct One;)).expect("attributes of a struct");
    let (mut lines, mut aliases) = (Vec::new(), Vec::new());
    for attribute in &item.attrs {
        match &attribute.meta {
            syn::Meta::NameValue(pair) => {
                let syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) = &pair.value else {
                    panic!("text is expected")
                };
                lines.push(text.value());
            }
            syn::Meta::List(list) => {
                aliases.push(list.tokens.to_string().replace("alias = ", "").trim_matches('"').to_owned());
            }
            syn::Meta::Path(_) => panic!("no such attribute"),
        }
    }
    (lines.join("\n"), aliases)
}

/// What stands below a heading, up to the next one.
fn section<'p>(page: &'p str, heading: &str) -> &'p str {
    let after = page.split(&format!("\n# {heading}\n")).nth(1).unwrap_or_else(|| panic!("no {heading} in {page}"));
    after.split("\n\n# ").next().unwrap_or_default().trim()
}

#[test]
fn what_it_is_and_when_to_take_it_comes_first() {
    let (page, _) = documented(SPEC);
    assert!(
        page.starts_with(
            "A loss.\n\nIt counts a\\_b in \\[0, 1\\].\n\n**Use it when** nothing else fits.\n\n# Formula\n"
        ),
        "{page}"
    );
}

#[test]
fn shape_and_domain_are_those_of_the_spec() {
    let (page, _) = documented(SPEC);
    assert_eq!(section(&page, "Shape"), "- `input` `[N, C]`: logits.\n- `target` `[N]`.\n- `weight` `[C]`, optional.");
    assert_eq!(
        section(&page, "Domain"),
        "- `input`: any number.
- `target`: the place of a class on `C`, counted from 0, or the value of `skipped` to leave the row out.
- `weight`: any number, `0 <= weight < inf`; 1 where it is absent.
- `skipped` (rows to drop): an integer; -100 where it is left out.
- `scale`: a real number, `0 < scale <= 1e300`; 1e300 where it is left out.
- `p`: one of 1, 2; 1 where it is left out."
    );
    let required = one(
        INPUT,
        "params:\n  scale: {}\n  offset: { optional: true }\n\
         loss: scale * (if given(offset) then input + offset else input)\nreduction: { default: sum }\n",
    );
    assert_eq!(
        section(&documented(&required).0, "Domain"),
        "- `input`: any number.\n- `scale`: a real number.\n- `offset`: a real number; by default absent."
    );
}

#[test]
fn formulas_are_mathematics() {
    let (page, _) = documented(SPEC);
    let formula = section(&page, "Formula");
    for block in formula.split("<div ").skip(1) {
        let block = block.split("</div>").next().expect("it ends");
        assert!(!block.contains("\n\n"), "a blank line would end the HTML");
        for math in block.split("<math ").skip(1) {
            let math = format!("<math {}", math.split("</math>").next().expect("it ends")) + "</math>";
            roxmltree::Document::parse(&math).expect("it is well formed");
        }
    }
    assert!(formula.contains("<summary>Gradient, with weight absent, p = 1</summary>"), "{formula}");
    assert!(formula.contains("```text\nloss = weigh(weight[target], abs(input[target] / scale)^p)\n```"), "{formula}");
    let reductions = section(&page, "Reductions");
    assert!(reductions.contains("- `mean`: the sum, divided by the sum of <math>"), "{reductions}");
    assert!(reductions.ends_with("By default `mean`."), "{reductions}");
    let ties = section(&page, "Ties");
    assert!(
        ties.contains("the slope jumps; there the gradient is <math>") && ties.ends_with("for `input` (an exact hit)."),
        "{ties}"
    );
}

#[test]
fn the_example_is_a_program() {
    let (page, _) = documented(SPEC);
    assert_eq!(
        section(&page, "Examples"),
        "```
use losses::One;
use loss_runtime::Reduction;

let input = [1.0_f64, -2.0, 0.5, 3.0];
let target = [1_i64, 0];
let loss = One::new().scale(2.0);

let mut each = [0.0; 2];
loss.forward_into((&input, [2, 2]), &target, &mut each)?;
for (found, expected) in each.iter().zip([1.0_f64, 0.25]) {
    assert!((found - expected).abs() <= 1e-12 * expected.abs());
}

let mean = loss.forward((&input, [2, 2]), &target)?;
assert!((mean - 0.625).abs() <= 1e-12 * mean.abs());

let mut gradient = [0.0; 4];
loss.reduction(Reduction::None).backward((&input, [2, 2]), &target, 1.0, &mut gradient)?;
for (found, expected) in gradient.iter().zip([0.0_f64, -0.5, 0.5, 0.0]) {
    assert!((found - expected).abs() <= 1e-12 * expected.abs());
}
# Ok::<(), loss_runtime::Error>(())
```

The numbers: by hand."
    );
}

#[test]
fn numbers_are_compared_to_the_bit_only_where_nothing_is_rounded() {
    let example = |given: &str, loss: &str, expected: &str| {
        let rest = format!(
            "loss: {loss}\nreduction: {{ default: sum }}\nexamples:\n  - given: {{ input: [{given}] }}\n    \
             expect: {{ none: [{expected}] }}\n    source: by hand\n"
        );
        section(&documented(&one(INPUT, &rest)).0, "Examples").to_owned()
    };
    for (loss, expected) in [("input * (input / 2)", "0.125, 4.5"), ("999999 * (input / input)", "999999.0, 999999.0")]
    {
        let exact = example("0.5, 3.0", loss, expected);
        assert!(exact.contains(&format!("assert_eq!(each, [{expected}]);")), "{exact}");
    }
    for (given, loss, expected) in [
        ("0.5, 3.0", "input / 3 * 3", "0.5, 3.0"),
        ("0.5, 3.0", "exp(log(input))", "0.5, 3.0"),
        ("0.5, 3.0", "input * 0.7", "0.35, 2.1"),
        // In another type these are other numbers.
        ("0.5, 3.0", "1e6 * (input / input)", "1e6, 1e6"),
        ("0.1, 0.2", "abs(input)", "0.1, 0.2"),
    ] {
        let rounded = example(given, loss, expected);
        assert!(!rounded.contains("assert_eq!") && rounded.contains("<= 1e-12 * expected.abs()"), "{rounded}");
    }
}

/// The example of a loss with a choice, a switch and two numbers, called with these.
fn example_with(given: &str, expected: &str) -> String {
    let inputs = format!("{INPUT}  flag: {{ axes: [N], label: flag, default: true }}\n");
    let rest = format!(
        "params:\n  scale: {{}}\n  offset: {{ optional: true }}\n  \
         how: {{ kind: choice, values: [plain, third], default: plain }}\n  \
         halved: {{ kind: switch, default: false }}\n  p: {{ kind: integer, values: [1, 2], default: 1 }}\nlet:\n  \
         whole: (if given(offset) then input + offset else input)^p * scale\n  \
         part: if halved then whole / 2 else whole / 5\n\
         loss: if not flag then 0 else if how == plain then part else part / 3\nreduction: {{ default: sum }}\n\
         examples:\n  - given: {{ input: [0.5], scale: 4, {given} }}\n    \
         expect: {{ none: [{expected}] }}\n    source: by hand\n"
    );
    let page = documented(&one(&inputs, &rest)).0;
    let program = section(&page, "Examples").split("\n\n").nth(1).expect("the call").lines();
    let compared = page.contains("assert_eq!(each, ");
    format!("{}{}", program.last().expect("the loss"), if compared { " exactly" } else { "" })
}

#[test]
fn an_example_calls_the_variant_that_its_numbers_are_of() {
    for (given, expected, program) in [
        ("halved: true", "1.0", "let loss = One::new(4.0).halved(true); exactly"),
        ("halved: true, flag: [true]", "1.0", "let loss = One::new(4.0).flag(&flag).halved(true); exactly"),
        ("halved: true, how: plain", "1.0", "let loss = One::new(4.0).how(OneHow::Plain).halved(true); exactly"),
        ("halved: true, p: 1", "1.0", "let loss = One::new(4.0).halved(true).p(1); exactly"),
        ("halved: true, p: 2", "0.5", "let loss = One::new(4.0).halved(true).p(2); exactly"),
        ("halved: true, offset: 1.5", "4.0", "let loss = One::new(4.0).offset(1.5).halved(true); exactly"),
        // What is divided by 3 or 5 is rounded.
        ("halved: true, how: third", "0.25", "let loss = One::new(4.0).how(OneHow::Third).halved(true);"),
        (
            "halved: true, how: third, offset: 1.5",
            "1.25",
            "let loss = One::new(4.0).offset(1.5).how(OneHow::Third).halved(true);",
        ),
        ("halved: false", "0.5", "let loss = One::new(4.0).halved(false);"),
        ("p: 1", "0.5", "let loss = One::new(4.0).p(1);"),
    ] {
        assert_eq!(example_with(given, expected), program, "{given}");
    }
}

#[test]
fn an_example_of_nothing_is_no_program() {
    let text = |given: &str| {
        let rest = format!(
            "loss: input^2\nreduction: {{ default: sum }}\nexamples:\n  - given: {{ input: {given} }}\n    \
             expect: {{ sum: 0 }}\n    source: by hand\n"
        );
        one("  input: { axes: [N, C], gradient: true }\n", &rest)
    };
    for nothing in ["[]", "[[], []]"] {
        assert!(!documented(&text(nothing)).0.contains("# Examples"), "{nothing}");
    }
    assert!(documented(&text("[[0.0], [0.0]]")).0.contains("loss.forward((&input, [2, 1]))?;"));
}

#[test]
fn an_example_that_is_refused_for_its_shape_is_no_program() {
    let rest = "loss: input^2\nreduction: { default: sum }\nexamples:\n  - given: { input: [[1.0, 2.0], [3.0]] }\n    \
                expect: { sum: 14, error: { none: shape } }\n    source: by hand\n";
    let text = one("  input: { axes: [N, C], gradient: true }\n", rest);
    assert!(!documented(&text).0.contains("# Examples"));
}

#[test]
fn each_claim_of_a_curvature_is_in_words() {
    let text = one(
        INPUT,
        "loss: input^2\nreduction: { default: sum }\ncurvature:\n  of: input\n  terms:\n    \
         a: { claim: exact, value: 2 }\n    b: { claim: majorizes, value: 3 }\n    \
         c: { claim: dominates, value: 4, when: input > 0 }\n    d: { claim: positive, value: 5 }\n  step: d\n",
    );
    assert_eq!(
        section(&documented(&text).0, "Curvature"),
        "In `input`. `2` is the same. `3` makes a parabola that touches the loss and lies nowhere below it. \
         `4` is never smaller, where `input > 0`. `5` is positive, and may stand in for it. `grad_hess_into` gives `5`."
    );
}

#[test]
fn it_is_found_by_what_others_call_it() {
    let (page, aliases) = documented(SPEC);
    assert_eq!(aliases, ["OneLoss", "losses.One", "one", "one_loss"], "never by the name that it has");
    // What rustdoc takes as no alias is none.
    let odd = SPEC.replace("one_loss", "'one\"loss'").replace("losses.One, one", "'losses. Two', 'losses.'");
    assert_eq!(documented(&odd).1, ["OneLoss", "losses.", "losses. Two", "one"]);
    let elsewhere = section(&page, "In other libraries");
    assert!(elsewhere.starts_with("- PyTorch: `torch.nn.functional.one_loss`\n- torch: `OneLoss`\n"), "{elsewhere}");
    assert!(elsewhere.contains("- nothing: it does."), "{elsewhere}");
    assert!(
        section(&page, "Source").starts_with("- by hand\n\n<details><summary>The spec, <code>specs/one.yaml</code>")
    );
}

#[test]
fn a_wide_relation_scrolls_by_itself() {
    let relation = |last: &str| {
        let equals = format!("input^2{} + {last}", " + input".repeat(6));
        let rest = format!("loss: input^2\nreduction: {{ default: sum }}\nrelations: [ {{ equals: \"{equals}\" }} ]\n");
        (equals.len(), section(&documented(&one(INPUT, &rest)).0, "Relations").contains("overflow-x:auto"))
    };
    assert_eq!([relation("10"), relation("100")], [(60, false), (61, true)]);
}

#[test]
fn names_elsewhere_are_told_with_or_without_a_function_of_pytorch() {
    let told = |more: &str| {
        let text = one(INPUT, &format!("loss: input^2\nreduction: {{ default: sum }}\n{more}"));
        section(&documented(&text).0, "In other libraries").to_owned()
    };
    let (function, always) = ("pytorch: { function: one_loss }\n", "pytorch: { function: one_loss, when: always }\n");
    let aliases = "aliases: { keras: [ One, Uno ], PyTorch: [ nn.One ] }\n";
    assert_eq!(told(function), "- PyTorch: `torch.nn.functional.one_loss`");
    assert_eq!(told(aliases), "- PyTorch: `nn.One`\n- keras: `One`, `Uno`");
    assert_eq!(
        told(&format!("{always}{aliases}")),
        "- PyTorch: `torch.nn.functional.one_loss`, `nn.One`, where always\n- keras: `One`, `Uno`"
    );
}

#[test]
fn what_a_spec_leaves_out_leaves_no_trace() {
    let (page, aliases) = documented(&one(INPUT, "loss: input^2\nreduction: { default: sum }\n"));
    assert!(page.starts_with("A loss.\n\n# Formula\n"), "{page}");
    for absent in
        ["Use it when", "# Hessian-vector products", "# Ties", "# Accuracy", "# Examples", "# In other libraries"]
    {
        assert!(!page.contains(absent), "{absent} in {page}");
    }
    assert_eq!(aliases, ["one"]);
}

#[test]
fn products_are_named_by_input_where_there_are_several() {
    let text = |listed: &str| {
        let inputs = "  a: { axes: [N, C], gradient: true }\n  b: { axes: [N, C], gradient: true }\n";
        let loss = "loss: sum(C, a * b)^2\nreduction: { default: sum }\n";
        one(inputs, &format!("{loss}hessian_products: [ {listed} ]\n"))
    };
    let (page, _) = documented(&text("b"));
    assert!(page.contains("# Hessian-vector products\nIn `b` by `hessian_vector_into`: "), "{page}");
    let (page, _) = documented(&text("a, b"));
    assert!(page.contains("\nIn `a` by `hessian_vector_a_into`, in `b` by `hessian_vector_b_into`: "), "{page}");
}

#[test]
fn losses_stand_in_the_table_of_their_task() {
    let classifies = compiled(SPEC).spec;
    let mut ranks = classifies.clone();
    ranks.name = "two".to_owned();
    ranks.guide.task = crate::guide::Task::of_word("ranking");
    let mut other = ranks.clone();
    other.name = "three".to_owned();
    other.guide = crate::guide::Guide::default();
    assert_eq!(
        table([&other, &ranks, &classifies].into_iter(), "crate::"),
        "
| Classification | what it is | use it when |
| --- | --- | --- |
| [`One`](crate::One) | A loss. | nothing else fits |

| Ranking | what it is | use it when |
| --- | --- | --- |
| [`Two`](crate::Two) | A loss. | nothing else fits |

| Other | what it is | use it when |
| --- | --- | --- |
| [`Three`](crate::Three) | A loss. |  |
"
    );
}

#[test]
fn a_loss_of_losses_says_what_it_is_made_of_and_its_parts_lead_back() {
    let source = |name: &str, rest: &str| {
        let rest = format!("{rest}\nreduction: {{ default: mean, mean: elements }}\n");
        SourceFile { path: format!("specs/{name}.yaml"), text: named(name, INPUT, &rest) }
    };
    let part = source("part", "loss: abs(input)\nknots: [ { at: input == 0, smooth: C0, gradient: { input: 0 } } ]");
    let whole = source("whole", "let:\n  half: 0.5 * part(2 * input)\nloss: half + 1");
    let compiled = compile(&[part, whole]).unwrap_or_else(|failures| panic!("{:?}", failures[0].rendered()));
    let library = Library {
        specs: compiled.iter().map(|compiled| (compiled.spec.name.clone(), compiled.spec.clone())).collect(),
    };
    let surroundings = Surroundings { library: None, measured: &[], gates: Gates::Open, root: Some("losses") };
    let pages = compiled.iter().map(|compiled| page(compiled, &library, surroundings).to_string());
    let [part, whole] = pages.collect::<Vec<_>>().try_into().expect("two pages");
    assert!(part.contains("# Part of\\n[`Whole`](super::Whole)."), "{part}");
    assert!(!part.contains("# Made of"), "{part}");
    assert!(whole.contains("# Made of\\n- [`Part`](super::Part), as `part(2 * input)`.\\n"), "{whole}");
    assert!(whole.contains(": the slope jumps, as in [`Part`](super::Part)."), "{whole}");
    assert!(!whole.contains("# Part of"), "{whole}");
}
