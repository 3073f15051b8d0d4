use super::Typesetter;
use crate::describe::Case;
use crate::equations::Equation;

/// The characters of a formula in the order in which they are set, a fraction as `{above|below}`, what is below or above as `_` and `^`.
fn read(markup: &str) -> String {
    let document = roxmltree::Document::parse(markup).unwrap_or_else(|error| panic!("{error} in {markup}"));
    fn text(node: roxmltree::Node<'_, '_>) -> String {
        if let Some(text) = node.text().filter(|_| node.is_text()) {
            return text.replace(['\u{2061}', '\u{a0}'], " ").to_owned();
        }
        let parts: Vec<String> = node.children().map(text).collect();
        match (node.tag_name().name(), parts.as_slice()) {
            ("mfrac", [above, below]) => format!("{{{above}|{below}}}"),
            ("msub" | "munder", [base, below]) => format!("{base}_{below}"),
            ("msup", [base, above]) => format!("{base}^{above}"),
            ("msqrt", parts) => format!("root<{}>", parts.concat()),
            ("mtr", [value, condition]) => format!("[{value}; {condition}]"),
            (_, parts) => parts.concat(),
        }
    }
    text(document.root()).replace(" (", "(")
}

fn equation(name: &str, formula: &str) -> Equation {
    let cases = vec![Case { when: None, value: formula.to_owned() }];
    Equation { name: name.to_owned(), cases, ..Equation::default() }
}

fn set(formula: &str) -> String {
    let axes = [("input", vec!["C"]), ("target", vec![]), ("x1", vec!["C"])];
    let markup = Typesetter::new(axes).equation(&equation("loss", formula));
    read(&markup).strip_prefix("loss=").expect("it defines the loss").to_owned()
}

#[test]
fn arithmetic_has_the_brackets_that_it_needs_and_no_others() {
    for (formula, expected) in [
        ("a * (b + c)", "a⋅(b+c)"),
        ("(a + b) / (c - d)", "{a+b|c−d}"),
        ("a - (b - c)", "a−(b−c)"),
        ("a - b + c", "a−b+c"),
        ("a * b / c * d", "{a⋅b|c}⋅d"),
        ("a / b / c", "{{a|b}|c}"),
        ("(a / b)^2", "({a|b})^2"),
        ("(a * b)^2 * c^d^e", "(a⋅b)^2⋅c^d^e"),
        ("-a^2 * b", "−a^2⋅b"),
        ("(-a) * b * c", "−a⋅b⋅c"),
        ("a * -b", "a⋅(−b)"),
        ("a - -b", "a−(−b)"),
        ("-(a + b)", "−(a+b)"),
        ("x^0.5 - sqrt(x + 1)", "root<x>−root<x+1>"),
        ("0.5 * r^2", "{1|2}⋅r^2"),
        ("1e-12 * 3e5", "10^−12⋅(3⋅10^5)"),
    ] {
        assert_eq!(set(formula), expected, "{formula}");
    }
}

#[test]
fn functions_are_set_as_people_write_them() {
    for (formula, expected) in [
        ("abs(delta) + relu(a)", "|δ|+max(0,a)"),
        ("exp(a - b) + expm1(x)", "e^a−b+(e^x−1)"),
        ("log1p(x) * sign(y)", "log(1+x)⋅sgn(y)"),
        ("softplus(-z)", "log(1+e^−z)"),
        ("weigh(w, a + b)", "w⋅(a+b)"),
        ("erf(x) + cos(y)", "erf(x)+cos(y)"),
        ("log_cosh(x) + lgamma(y)", "log(cosh(x))+log(Γ(y))"),
        ("digamma(x) * log_normal_cdf(y)", "ψ(x)⋅log(Φ(y))"),
        ("sigmoid(x) * indicator(a < b)", "σ(x)⋅[a<b]"),
        ("detach(x) + weighed(y)", "x+y"),
        ("logaddexp(x, y)", "log(e^x+e^y)"),
        ("share(x, l) + share_of_others(x, l)", "e^x−l+(1−e^x−l)"),
        ("a - excess(l, x) - others(x, s)", "a−(l−x)−(s−x)"),
        ("min(C, input) * largest(C, x1)", "(min_c input_c)⋅(max_c x_1,c)"),
        ("sum(C, if any(C, x1 < 0) then size(C) else index(C))", "∑_c{[|C|; if ∃_c′(x_1,c′<0)][c; otherwise]"),
        ("huber(x, y, delta = 2 * beta)", "huber(x,y,δ=2⋅β)"),
        ("t12 * label_smoothing", "t_12⋅label_smoothing"),
    ] {
        assert_eq!(set(formula), expected, "{formula}");
    }
}

#[test]
fn a_definition_is_no_function_of_its_name() {
    let formula = equation("loss", "excess(a, b) + share(a, b)");
    // A number of that name is none.
    let set = || Typesetter::new([("share", vec![])]);
    assert_eq!(read(&set().calling(["excess"]).equation(&formula)), "loss=excess(a,b)+e^a−b");
    assert_eq!(read(&set().equation(&formula)), "loss=a−b+e^a−b");
}

#[test]
fn what_is_summed_has_an_index() {
    for (formula, expected) in [
        ("sum(C, input * x1)", "∑_cinput_c⋅x_1,c"),
        ("logsumexp(C, input) - input[target]", "log(∑_ce^input_c)−input_target"),
        ("mean(C, input) * a", "({1||C|}∑_cinput_c)⋅a"),
        ("mean(C where index(C) != target, input)", "mean_c:c≠target input_c"),
        ("dot(C, input, x1)", "∑_cinput_c⋅x_1,c"),
        ("sum(C where index(C) != target, input)", "∑_c:c≠targetinput_c"),
        ("sum(C, input * sum(C, x1))", "∑_cinput_c⋅(∑_c′x_1,c′)"),
        ("max(C, abs(input))", "max_c |input_c|"),
        ("sum(C, one_hot(C, target))", "∑_c[c=target]"),
    ] {
        assert_eq!(set(formula), expected, "{formula}");
    }
}

#[test]
fn a_selection_is_a_brace_of_cases() {
    assert_eq!(set("if a < b then 1 else if not (a == b) then 2 else 3"), "{[1; if a<b][2; if ¬(a=b)][3; otherwise]");
    assert_eq!(set("2 * (if a < b and b <= c then 1 else 3)"), "2⋅{[1; if a<b and b≤c][3; otherwise]");
}

#[test]
fn a_gradient_is_a_derivative_at_its_place() {
    let gradient = Equation { axes: vec!["C".to_owned()], ..equation("grad_input", "exp(input) - sum(C, grad_input)") };
    let set = read(&Typesetter::new([("input", vec!["C"])]).equation(&gradient));
    assert_eq!(set, "{∂loss|∂input_c}=e^input_c−∑_c′{∂loss|∂input_c′}");
}

#[test]
fn what_is_no_formula_stays_text() {
    assert_eq!(set("a < < b & \"c\""), "a < < b & \"c\"");
    let inline = Typesetter::new([]).inline("<b>");
    assert_eq!(inline, "<code>&lt;b&gt;</code>");
}
