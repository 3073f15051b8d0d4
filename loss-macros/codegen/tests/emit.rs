//! The code that is emitted for one spec, or for a few: what stands in it, whatever blanks are between.

use loss_codegen::compile::{Compiled, compile, emit_all};
use loss_codegen::expr::{Binary, Expr, ExprId, Graph, Unary};
use loss_codegen::page::{Gates, Surroundings};
use loss_codegen::schedule::Schedule;
use loss_codegen::source::SourceFile;

/// A loss of these inputs, with more keys.
fn spec(name: &str, inputs: &str, more: &str, formula: &str) -> SourceFile {
    let text = format!(
        "name: {name}\nsummary: A spec.\nreference: [ none ]\ninputs:\n{inputs}loss: {formula}\n\
         reduction: {{ default: mean, mean: elements }}\n{more}"
    );
    SourceFile { path: format!("specs/{name}.yaml"), text }
}

fn all_compiled(sources: &[SourceFile]) -> Vec<Compiled> {
    compile(sources).unwrap_or_else(|failures| panic!("{}", failures[0].rendered().join("\n")))
}

fn compiled(inputs: &str, more: &str, formula: &str) -> Vec<Compiled> {
    all_compiled(&[spec("asked", inputs, more, formula)])
}

/// Code without its blanks, which may be set otherwise by another version of `proc_macro2`.
fn packed(code: &str) -> String {
    code.split_whitespace().collect()
}

fn emitted_behind(gates: Gates, compiled: &[Compiled]) -> String {
    let surroundings = Surroundings { library: None, measured: &[], gates, root: None };
    packed(&emit_all(compiled, surroundings).to_string())
}

/// The code of all losses, packed.
fn emitted(compiled: &[Compiled]) -> String {
    emitted_behind(Gates::Open, compiled)
}

/// What stands between two pieces of packed code.
fn between<'c>(code: &'c str, before: &str, after: &str) -> &'c str {
    let (_, rest) = code.split_once(&packed(before)).unwrap_or_else(|| panic!("no {before} in {code}"));
    rest.split_once(&packed(after)).unwrap_or_else(|| panic!("no {after} in {rest}")).0
}

const INPUT: &str = "  input: { axes: [N], gradient: true }\n";

/// For each variant of a loss of these inputs, whether its kernel answers calls at once.
fn answers_at_once(inputs: &str, formula: &str) -> Vec<bool> {
    let code = emitted(&compiled(inputs, "", formula));
    let variants = code.split("constVARIANT").skip(1);
    variants.map(|variant| variant.split("lines:").nth(1).is_some_and(|lines| lines.starts_with("Some"))).collect()
}

#[test]
fn calls_are_answered_at_once_where_each_place_has_its_own_numbers_and_only_labels_to_check() {
    let with = |input: &str, formula: &str| answers_at_once(&format!("{INPUT}  other: {input}\n"), formula);
    assert_eq!(answers_at_once(INPUT, "abs(input)"), [true]);
    assert_eq!(with("{ axes: [N], gradient: true }", "abs(input - other)"), [true]);
    assert_eq!(with("{ axes: [N], label: sign }", "relu(1 - other * input)"), [true]);
    assert_eq!(with("{ axes: [N], label: probability }", "other * input"), [true]);
    // Declared conditions, numbers that several places share.
    assert_eq!(with("{ axes: [N], domain: \"other < 7\" }", "other * input"), [false]);
    assert_eq!(with("{ axes: [N], default: 1, domain: \"other < 7\" }", "other * input"), [false, true]);
    assert_eq!(with("{ axes: [] }", "other * input"), [false]);
    // A second axis: all inputs along both, or a table, or a reduction.
    const ROW: &str = "  input: { axes: [N, C], gradient: true }\n";
    let with = |input: &str, formula: &str| answers_at_once(&format!("{ROW}  other: {input}\n"), formula);
    assert_eq!(with("{ axes: [N, C], label: probability }", "other * input"), [true]);
    assert_eq!(with("{ axes: [C] }", "other * input"), [false]);
    assert_eq!(with("{ axes: [N] }", "other * input"), [false]);
    assert_eq!(with("{ axes: [N, C], label: simplex(C) }", "other * input"), [false]);
    assert_eq!(with("{ axes: [N], label: class_index(C) }", "input[other]"), [false]);
    assert_eq!(answers_at_once(ROW, "sum(C, abs(input))"), [false]);
}

#[test]
fn each_loss_is_behind_the_feature_of_its_task_where_that_is_asked_for() {
    let ranking = spec("ranked", INPUT, "task: ranking\n", "abs(input)");
    let compiled = all_compiled(&[ranking, spec("tasked", INPUT, "", "abs(input)")]);
    let code = |gates| emitted_behind(gates, &compiled);
    // The module, the type, and the entry of the list; what has no task is always there.
    assert_eq!(code(Gates::Task).matches("#[cfg(feature=\"ranking\")]").count(), 3);
    assert_eq!(code(Gates::Task).matches("cfg").count(), 3);
    assert_eq!(code(Gates::Open).matches("cfg").count(), 0);
}

const NUMBERS: &str = "  input: { axes: [N], gradient: true }\n  other: { axes: [N] }\n";

#[test]
fn the_types_of_a_loss_are_at_the_top() {
    let exported = |gradient: bool, params: &str, formula: &str| {
        let inputs = NUMBERS.replace("gradient: true", &format!("gradient: {gradient}"));
        between(&emitted(&compiled(&inputs, params, formula)), "pub use asked::{", "}").to_owned()
    };
    let plain = "params: { p: { default: 2 } }\n";
    let learned = "params: { p: { default: 2, gradient: true } }\n";
    let chosen = "params: { how: { kind: choice, values: [one, two], default: one } }\n";
    assert_eq!(exported(true, plain, "p * input * other"), "Asked,AskedGradients");
    assert_eq!(exported(false, learned, "p * input * other"), "Asked,AskedGradients");
    assert_eq!(exported(false, plain, "p * input * other"), "Asked");
    assert_eq!(
        exported(true, chosen, "input * other * (if how == one then 1 else 2)"),
        "Asked,AskedGradients,AskedHow"
    );
}

/// Packed code of the parameters `p` and `q`, each name in it replaced by what it stands for.
fn written_out(code: &str) -> String {
    let mut code = code.replace("call.params[0]", "p").replace("call.params[1]", "q");
    while let Some(rest) = code.strip_prefix("let") {
        let (definition, after) = rest.split_once(';').expect("a definition ends");
        let (name, value) = definition.split_once(":f64=").expect("a definition is an equation");
        let words = after.split_inclusive(|c: char| !c.is_alphanumeric()).map(|word| {
            let ends = word.strip_prefix(name).filter(|rest| !rest.starts_with(char::is_alphanumeric));
            ends.map_or(word.to_owned(), |end| format!("{value}{end}"))
        });
        code = words.collect();
    }
    code
}

#[test]
fn a_parameter_breaks_its_condition_where_that_is_false_and_not_where_it_is_unordered() {
    let violated = |domain: &str| {
        let params = format!("params: {{ p: {{ domain: \"{domain}\" }} }}\n");
        let code = emitted(&compiled(NUMBERS, &params, "p * input * other"));
        written_out(between(&code, "match index { 0 => {", "} _ => true"))
    };
    for (domain, expected) in [
        ("p < 3", "!((p >= (3.0)))"),
        ("p != 3", "!((p == (3.0)))"),
        ("p <= 3 and not (p == 2 or p > 5)", "!(((p > (3.0)) || ((p == (2.0)) || (p > (5.0)))))"),
        ("max(1, 2) < 3", "!(false)"),
        ("2 < 1", "!(true)"),
        ("max(p, 1) < 3", "!((if (p > (1.0)) { p } else if (p <= (1.0)) { (1.0) } else { f64::NAN } >= (3.0)))"),
        ("if p < 3 then true else p > 5", "!(((p >= (3.0)) && ((p < (3.0)) || (p <= (5.0)))))"),
    ] {
        assert_eq!(violated(domain), packed(expected), "{domain}");
    }
}

#[test]
fn a_domain_that_a_switch_decides_is_asked_for_each_of_its_settings() {
    let domains = |domain: &str| {
        let params = format!("params: {{ p: {{ domain: \"{domain}\" }}, big: {{ kind: switch, default: false }} }}\n");
        let code = emitted(&compiled(NUMBERS, &params, "p * input * other * (if big then 2 else 1)"));
        between(&code, "match index {", "_ => true").to_owned()
    };
    let differing = domains("if big then p < 5 else p < 2");
    for (setting, bound) in [("0.0", "2.0"), ("1.0", "5.0")] {
        let arm = differing.split_once(&packed(&format!("0 if params[1] == {setting} => {{"))).expect("an arm").1;
        assert!(arm.starts_with("let"), "{differing}");
        assert!(arm.split_once('}').expect("it ends").0.contains(&packed(&format!("({bound})"))), "{differing}");
    }
    // Where it does not differ it is asked once, and where nothing is asked for there is no arm.
    assert!(domains("p < 5").starts_with("0=>{") && domains("p < 5").matches("=>").count() == 1);
    let free = domains("if big then p < 5 else true");
    assert!(free.contains("0ifparams[1]==0.0=>true"), "{free}");
    assert_eq!(domains("if big then true else true"), "");
}

#[test]
fn a_selection_by_parameters_alone_is_made_once_a_call() {
    let selection = |condition: &str| {
        let formula = format!("input * other * (if {condition} then p else q)");
        let code = emitted(&compiled(NUMBERS, "params: { p: { default: 2 }, q: { default: 1 } }\n", &formula));
        let function = between(&code, "fn uniforms", "} #[inline");
        written_out(function.split_once("]{").expect("a function body").1)
    };
    for (condition, expected) in [
        ("p > 1", ["(p > (1.0))", "p", "(p <= (1.0))", "q"]),
        ("not (p > 1)", ["(p > (1.0))", "q", "(p <= (1.0))", "p"]),
        ("p != 1", ["(p == (1.0))", "q", "(p < (1.0) || p > (1.0))", "p"]),
        ("p >= 1 and q <= 1", ["((p >= (1.0)) && (q <= (1.0)))", "p", "((p < (1.0)) || (q > (1.0)))", "q"]),
        (
            "p < 1 or not (q > 1 and p == q)",
            [
                "((p < (1.0)) || ((q <= (1.0)) || (p < q || p > q)))",
                "p",
                "((p >= (1.0)) && ((q > (1.0)) && (p == q)))",
                "q",
            ],
        ),
        (
            "p < 1 and not (q > 1 or p != q)",
            [
                "((p < (1.0)) && ((q <= (1.0)) && (p == q)))",
                "p",
                "((p >= (1.0)) || ((q > (1.0)) || (p < q || p > q)))",
                "q",
            ],
        ),
        (
            "(if p < 1 then q < 1 else q > 1)",
            [
                "(((p < (1.0)) && (q < (1.0))) || ((p >= (1.0)) && (q > (1.0))))",
                "p",
                "(((p >= (1.0)) || (q >= (1.0))) && ((p < (1.0)) || (q <= (1.0))))",
                "q",
            ],
        ),
    ] {
        let [is, value, is_not, otherwise] = expected;
        let expected = format!("if {is} {{ {value} }} else if {is_not} {{ {otherwise} }} else {{ f64::NAN }}]");
        let found = selection(condition);
        assert_eq!(found.find("if").map(|start| &found[start..]), Some(&*packed(&expected)), "{condition}");
    }
}

#[test]
fn a_case_may_be_chosen_by_a_selection_between_conditions() {
    for condition in ["if input > 0 then other > 0 else other < 0", "if input > 0 then true else other < 0"] {
        for formula in [
            format!("if ({condition}) then input else other"),
            format!("if not ({condition}) then 1 else input * other"),
        ] {
            assert!(!emitted(&compiled(NUMBERS, "", &formula)).contains("compile_error"), "{formula}");
        }
    }
}

#[test]
fn a_new_loss_has_its_defaults_and_what_it_is_given() {
    let params =
        "params: { p: { default: inf }, q: { default: -inf }, r: { default: -0.5 }, s: { optional: true }, t: {} }\n";
    let formula = "min(input, p) * max(other, q) * r * (if given(s) then s else t)";
    let code = emitted(&compiled(NUMBERS, params, formula));
    assert!(code.contains(&packed("pub fn new(t: f64) -> Self")));
    assert!(code.contains(&packed("params: [f64::INFINITY, -f64::INFINITY, -0.5, f64::NAN, t]")));
}

#[test]
fn what_a_stage_has_left_undone_is_an_error_in_the_code_and_no_panic() {
    assert!(!with_value(|_, value| value).contains("compile_error"));
    let undone = with_value(|graph, value| graph.add(Expr::Unary(Unary::Sign, value)));
    assert!(undone.contains(&packed("compile_error!(\"internal error of the loss compiler")));
}

/// The code of a kernel that computes something else, made of what it would compute.
fn with_value(of: impl Fn(&mut Graph, ExprId) -> ExprId) -> String {
    let mut done = compiled(NUMBERS, "", "input * other");
    let plan = &mut done[0].plans[0];
    let Schedule::Elementwise(kernel) = &mut plan.loss.forward else { panic!("nothing is reduced") };
    kernel.value = of(&mut plan.graph, kernel.value);
    between(&emitted(&done), "fn value", "#[inline").to_owned()
}

#[test]
fn only_what_surely_lies_in_the_domain_of_a_shorter_function_is_computed_by_it() {
    let of_exponential = |exponent: &dyn Fn(&mut Graph, ExprId) -> ExprId| {
        let code = with_value(|graph, value| {
            let exponent = exponent(graph, value);
            let exponential = graph.add(Expr::Unary(Unary::Exp, exponent));
            graph.add(Expr::Unary(Unary::Log1p, exponential))
        });
        let is_decay = code.contains(".exp_nonpositive()");
        assert_eq!(code.contains(".exp()"), !is_decay);
        assert_eq!(code.contains(".log1p_unit()"), is_decay, "it is at most 1 where the exponent is not positive");
        is_decay
    };
    let negated_multiple = |factor: i128| {
        of_exponential(&|graph, value| {
            let size = graph.apply(Unary::Abs, value);
            let factor = graph.integer(factor);
            let multiple = graph.add(Expr::Binary(Binary::Multiply, factor, size));
            graph.add(Expr::Unary(Unary::Negate, multiple))
        })
    };
    assert!(negated_multiple(1) && negated_multiple(2));
    assert!(!negated_multiple(-2) && !negated_multiple(0));
    assert!(!of_exponential(&|_, value| value));
    assert!(!of_exponential(&|graph, value| graph.apply(Unary::Abs, value)));
    assert!(!of_exponential(&|graph, value| graph.negate(value)));
    let negated_product = |graph: &mut Graph, value: ExprId| {
        let product = graph.times(value, value);
        graph.negate(product)
    };
    assert!(!of_exponential(&negated_product), "of a product by what is no constant nothing is known");
}

#[test]
fn the_exponential_of_what_lies_below_the_largest_of_its_row_is_computed_as_such() {
    const ROW: &str = "  input: { axes: [N, C], gradient: true }\n  target: { axes: [N], label: class_index(C) }\n";
    let is_decay = |formula: &str| {
        let code = emitted(&compiled(ROW, "", &format!("{formula} - input[target]")));
        let (is_decay, is_any) = (code.contains(".exp_nonpositive()"), code.contains(".exp()"));
        assert!(is_decay || is_any, "{formula} has no exponential");
        is_decay && !is_any
    };
    // Of every place, and of the labelled one.
    assert!(is_decay("logsumexp(C, input)"));
    assert!(is_decay("sum(C, exp(input - max(C, input)))"));
    assert!(is_decay("exp(input[target] - max(C, input))"));
    // The other way round, below something else, below the largest of some places only.
    assert!(!is_decay("sum(C, exp(max(C, input) - input))"));
    assert!(!is_decay("sum(C, exp(input - min(C, input)))"));
    assert!(!is_decay("sum(C, exp(input - max(C, 2 * input)))"));
    assert!(!is_decay("sum(C, exp(input - max(C where index(C) != target, input)))"));
}

#[test]
fn weights_that_may_be_0_have_kernels_for_each_set_of_them() {
    let params = "params: { p: { default: 0 }, q: { default: 0 } }\n";
    let compiled = compiled(NUMBERS, params, "weigh(p, input) + weigh(q, input^2) + other * input");
    let zero: Vec<Vec<u8>> =
        compiled[0].plans.iter().map(|plan| plan.zero.iter().map(|param| param.0).collect()).collect();
    assert_eq!(zero, [vec![0, 1], vec![1], vec![0], vec![]], "the most first: the first that fits is taken");
}

#[test]
fn a_name_that_a_kernel_has_taken_gets_a_number_that_is_free() {
    let code = emitted(&compiled(NUMBERS, "let: { x_2: exp(input), x: sin(x_2) }\n", "x * other"));
    assert!(code.contains(&packed("let x_2 = x[0].exp(); let x_3 = x_2.sin();")));
}

#[test]
fn what_is_the_same_everywhere_divides_by_its_reciprocal() {
    let divisions = |inputs: &str, formula: &str| {
        let code = emitted(&compiled(inputs, "params: { p: { default: 2 } }\n", formula));
        // The value alone: in the other function of a kernel there are the same quotients, and perhaps those of the gradient.
        let (uniforms, value) = (between(&code, "fn uniforms(", "fn value<"), between(&code, "fn value<", "fn fused<"));
        let count = |code: &str, what: &str| code.matches(what).count();
        [count(value, ".by_reciprocal("), count(value, "/"), count(uniforms, "(call.reciprocal)(")]
    };
    assert_eq!(divisions(NUMBERS, "other * input / p"), [1, 0, 1]);
    assert_eq!(divisions(NUMBERS, "other / p + input / (2 * p)"), [2, 0, 2]);
    assert_eq!(divisions(NUMBERS, "other / p + input / p"), [2, 0, 1]);
    assert_eq!(divisions(NUMBERS, "p * other * input / 3"), [1, 0, 1]);
    // Compilers multiply by the reciprocal of a power of two, and nothing is gained where the divisor varies, or all of a quotient is the same.
    assert_eq!(divisions(NUMBERS, "p * other * input / 4"), [0, 1, 0]);
    assert_eq!(divisions(NUMBERS, "input / (other * p)"), [0, 1, 0]);
    assert_eq!(divisions(NUMBERS, "other * input * (1 / p)"), [0, 0, 0]);
    assert_eq!(divisions(NUMBERS, "other * input * (p / 3 + 1)"), [0, 0, 0]);
}

#[test]
fn what_is_spilled_takes_the_place_of_numbers_that_nothing_reads_any_more() {
    const ROW: &str = "  input: { axes: [N, C], gradient: true }\n";
    let replaces = |inputs: &str, formula: &str| {
        let code = emitted(&compiled(&format!("{ROW}{inputs}"), "", formula));
        let (_, fused) = code.split_once("forKernel01{").expect("there are kernels without and with gradients");
        ["SPILL:Option<usize>=", "SPILL_REPLACES:bool="]
            .map(|what| between(fused, &format!("const {what}"), ";").to_owned())
    };
    assert_eq!(replaces("", "logsumexp(C, input)"), ["Some(1)", "true"]);
    let label = "  label: { axes: [N], label: class_index(C) }\n";
    assert_eq!(replaces(label, "logsumexp(C, input) - input[label]"), ["Some(1)", "true"]);
    // The gradient is exp(x) (1 + x), or a later pass reads the input.
    assert_eq!(replaces("", "sum(C, input * exp(input))"), ["Some(0)", "false"]);
    assert_eq!(replaces("", "logsumexp(C, input) + sum(C, abs(input - logsumexp(C, input)))"), ["Some(1)", "false"]);
    // Nothing is spilled.
    assert_eq!(replaces("", "sum(C, abs(input))"), ["None", "false"]);
    // Of two gradients, the first keeps what it needs itself, whatever the other reads; what only the other needs is computed again.
    let other = "  other: { axes: [N, C], gradient: true }\n";
    assert_eq!(replaces(other, "sum(C, exp(input)) * sum(C, other) + sum(C, other * input)"), ["Some(0)", "true"]);
    assert_eq!(replaces(other, "sum(C, other * (logsumexp(C, input) - input))"), ["Some(1)", "false"]);
    assert_eq!(replaces(other, "sum(C, input * exp(other))"), ["Some(0)", "true"]);
    assert_eq!(replaces(other, "sum(C, abs(input)) + logsumexp(C, other)"), ["None", "false"]);
}
