//! What the compiler made of a spec, as text: knots, and for every variant its stable forms, gradients and passes.

mod wrap;

use crate::compile::Compiled;
use crate::describe::{Case, Definition, Definitions, Names, definitions};
use crate::expr::{Expr, ExprId, InputId, Reducer};
use crate::formula::print::print;
use crate::model::{ParamValue, Spec};
use crate::plan::Plan;
use crate::plan::curvature::Curvature;
use crate::plan::shared::{Contributions, Shared, SharedGradient};
use crate::schedule::{Elementwise, Gradient, RowWise, Schedule};
use wrap::wrap;

/// Conditions stand below each other where the values are no longer than this.
const ALIGNED: usize = 60;

/// Sections for a terminal, a blank line between two.
pub fn explain(compiled: &Compiled) -> String {
    let spec = &compiled.spec;
    let mut sections = Vec::new();
    if !spec.knots.is_empty() {
        sections.push(knots(spec));
    }
    sections.extend(compiled.plans.iter().map(|plan| variant(spec, plan)));
    let text = sections.join("\n");
    match words(&text) {
        words if words.is_empty() => text,
        words => format!("{text}\n{words}"),
    }
}

/// Lines under a heading.
fn block(out: &mut String, heading: &str, lines: impl IntoIterator<Item = String>) {
    let mut lines = lines.into_iter().peekable();
    if lines.peek().is_some() {
        out.push_str(heading);
        out.push('\n');
        lines.for_each(|line| out.push_str(&format!("{line}\n")));
    }
}

fn knots(spec: &Spec) -> String {
    let mut lines = Vec::new();
    for knot in &spec.knots {
        let when = knot.when.as_ref().map_or(String::new(), |when| format!("  if {}", print(when)));
        lines.push(format!("  {}{when}: {}", print(&knot.at), knot.smooth.value));
        let gradients = knot.gradient.iter().map(|(input, ast)| format!("grad_{} = {}", input.value, print(ast)));
        lines.extend(gradients.map(|gradient| format!("    {gradient}")));
        lines.extend(knot.because.as_ref().map(|because| format!("    because {}", because.value)));
        lines.extend(knot.carried_from.as_ref().map(|loss| format!("    as in {loss}")));
    }
    let mut out = String::new();
    block(&mut out, "knots", lines);
    out
}

fn variant(spec: &Spec, plan: &Plan) -> String {
    let mut out = format!("variant: {}\n", variant_name(spec, plan));
    block(&mut out, "  stable forms", plan.stabilizations.iter().map(|form| format!("    {}", form.describe())));
    block(&mut out, "  formulas", formulas(spec, plan));
    let passes = match &plan.loss.fused {
        Schedule::Elementwise(kernel) => elementwise(spec, plan, kernel),
        Schedule::RowWise(kernel) => row_wise(spec, plan, kernel),
    };
    block(&mut out, "  passes", passes.into_iter().flat_map(|stage| stage.lines()));
    out
}

fn shared_name(spec: &Spec, of: Shared) -> &str {
    match of {
        Shared::Param(param) => &spec.params[usize::from(param.0)].name,
        Shared::Input(input) => &spec.inputs[usize::from(input.0)].name,
    }
}

/// What contributes a number to the gradient of what all rows share.
fn source(gradient: &SharedGradient) -> &'static str {
    match gradient.contributions {
        Contributions::Summed => "place",
        Contributions::PerRow | Contributions::PerElement => "row",
    }
}

/// The value and the gradients in their stable form, and below them what they share.
fn formulas(spec: &Spec, plan: &Plan) -> Vec<String> {
    let mut roots = vec![("loss".to_owned(), plan.loss.stable)];
    roots.extend(plan.loss.derivatives.iter().map(|&(input, id)| (gradient_name(spec, input), id)));
    roots.extend(plan.loss.shared.iter().map(|gradient| {
        (format!("grad_{}, a {}'s", shared_name(spec, gradient.of), source(gradient)), gradient.stable)
    }));
    if let Some(Curvature { exact, step, .. }) = &plan.loss.curvature {
        roots.push(("curvature".to_owned(), exact.stable));
        roots.extend(step.iter().map(|step| ("step_curvature".to_owned(), step.stable)));
    }
    let products = &plan.loss.products;
    roots.extend(products.iter().map(|product| (product_name(spec, product.of), product.stable)));
    let Definitions { formulas, shared } = definitions(spec, &plan.graph, &plan.stable_names, &roots);
    let mut lines: Vec<String> = formulas.iter().flat_map(|definition| written(definition, 4)).collect();
    if !shared.is_empty() {
        lines.push("    where".to_owned());
        lines.extend(shared.iter().flat_map(|definition| written(definition, 6)));
    }
    lines
}

/// `name = formula`, or its cases, one a line.
fn written(definition: &Definition, indent: usize) -> Vec<String> {
    let Definition { name, cases, .. } = definition;
    if let [only] = cases.as_slice() {
        return wrap(&format!("{name} = {}", only.value), indent);
    }
    let width = cases.iter().map(|case| case.value.chars().count()).max().unwrap_or(0);
    let width = if width <= ALIGNED { width } else { 0 };
    let mut lines = vec![format!("{:indent$}{name} =", "")];
    for Case { when, value } in cases {
        let when = when.as_ref().map_or("otherwise".to_owned(), |when| format!("if {when}"));
        lines.extend(wrap(&format!("{value:<width$}  {when}"), indent + 4));
    }
    lines
}

/// What is computed at one stage of a kernel.
struct Stage {
    title: String,
    items: Vec<String>,
}

impl Stage {
    fn new(title: impl Into<String>, items: impl IntoIterator<Item = String>) -> Self {
        Stage { title: title.into(), items: items.into_iter().collect() }
    }

    fn lines(self) -> Vec<String> {
        const TITLE: usize = 15;
        let mut title = self.title;
        let lines = self.items.iter().flat_map(|item| wrap(item, 4 + TITLE));
        lines.map(|line| format!("    {:<TITLE$}{}", std::mem::take(&mut title), &line[4 + TITLE..])).collect()
    }
}

fn elementwise(spec: &Spec, plan: &Plan, kernel: &Elementwise) -> Vec<Stage> {
    let mut names = Names::new(spec, &plan.graph, &plan.names);
    vec![
        Stage::new("once a call", computed(&mut names, kernel.uniforms.iter().copied())),
        Stage::new("every element", [outputs(spec, Some("loss"), &kernel.gradients)]),
    ]
}

fn row_wise(spec: &Spec, plan: &Plan, kernel: &RowWise) -> Vec<Stage> {
    let mut names = Names::new(spec, &plan.graph, &plan.names);
    let mut stages = vec![Stage::new("once a call", computed(&mut names, kernel.uniforms.iter().copied()))];
    names.give(kernel.value, "loss");
    let gradients = || kernel.row_gradients.iter().chain(&kernel.element_gradients);
    gradients().for_each(|gradient| names.give(gradient.cotangent, &gradient_name(spec, gradient.input)));
    let known = |level: usize| kernel.carried.iter().filter(move |carried| carried.1 == level).map(|(id, _)| *id);
    stages.push(Stage::new("start of row", computed(&mut names, known(0))));
    for (pass, reductions) in kernel.passes.iter().enumerate() {
        let mut items: Vec<String> = reductions
            .iter()
            .map(|&id| {
                let formula = names.formula(id);
                format!("{} = {formula}", names.number(id, stem(plan, id)))
            })
            .collect();
        if let Some((_, id)) = kernel.spill.filter(|(at, _)| *at == pass) {
            items.push(format!("leaves {} in the gradient's buffer for the last pass", names.mention(id)));
        }
        stages.push(Stage::new(format!("pass {}", pass + 1), items));
        stages
            .push(Stage::new("", computed(&mut names, known(pass + 1)).into_iter().map(|item| format!("then {item}"))));
    }
    let (of_rows, of_elements) = if kernel.value_per_element { (None, Some("loss")) } else { (Some("loss"), None) };
    let rows = outputs(spec, of_rows, &kernel.row_gradients);
    let elements = outputs(spec, of_elements, &kernel.element_gradients);
    stages.extend((!rows.is_empty()).then(|| Stage::new("end of row", [rows])));
    stages.extend((!elements.is_empty()).then(|| Stage::new("last pass", [elements])));
    stages
}

/// What the result of a reduction is called.
fn stem(plan: &Plan, id: ExprId) -> &'static str {
    let Expr::Reduce { reducer, .. } = plan.graph.expr(id) else { return "v" };
    match reducer {
        Reducer::Sum | Reducer::Mean | Reducer::Norm | Reducer::Logsumexp | Reducer::Expectation => "sum",
        Reducer::Max | Reducer::Shift | Reducer::Any => "max",
        Reducer::Min | Reducer::All | Reducer::SimplexThreshold => "min",
    }
}

/// What is computed to be used later, each under a name.
fn computed(names: &mut Names<'_>, ids: impl IntoIterator<Item = ExprId>) -> Vec<String> {
    let mut items = Vec::new();
    for id in ids {
        if !names.is_word(id) {
            let formula = names.formula(id);
            items.push(format!("{} = {formula}", names.number(id, "v")));
        }
    }
    items
}

/// What a stage writes.
fn outputs(spec: &Spec, value: Option<&str>, gradients: &[Gradient]) -> String {
    let gradients = gradients.iter().map(|gradient| gradient_name(spec, gradient.input));
    let all: Vec<String> = value.map(str::to_owned).into_iter().chain(gradients).collect();
    all.join(", ")
}

fn gradient_name(spec: &Spec, input: InputId) -> String {
    format!("grad_{}", spec.inputs[usize::from(input.0)].name)
}

fn product_name(spec: &Spec, input: InputId) -> String {
    format!("hessian_in_{}_times_direction", spec.inputs[usize::from(input.0)].name)
}

/// What formulas above may call although no spec can.
const WORDS: [(&str, &str); 9] = [
    ("share", "share(x, l) = exp(x - l) where l is a logsumexp over places of which x is one"),
    ("share_of_others", "share_of_others(x, l) = 1 - share(x, l), without its cancellation"),
    ("excess", "excess(l, x) = l - x where l is a logsumexp over places of which x is one, without its cancellation"),
    ("expectation", "expectation(A, x, l) is the mean of x under the shares of l's places"),
    (
        "deviation",
        "deviation(x, m) = x - m where m is such a mean of places of which x is one, without its cancellation",
    ),
    ("log_cosh", "log_cosh(x) = log(cosh(x)), without its overflow"),
    ("digamma", "digamma(x) is the derivative of lgamma(x)"),
    ("largest", "largest(A, x) = max(A, x), but it passes over NaN, which a sum carries"),
    ("indicator", "indicator(c) = 1 where c holds, else 0"),
];

/// The meanings of those that a text calls, and of the gradient that comes in.
fn words(text: &str) -> String {
    let mut out = String::new();
    let met = WORDS.iter().filter(|(word, _)| {
        text.match_indices(&format!("{word}("))
            .any(|(at, _)| !text[..at].ends_with(|c: char| c == '_' || c.is_alphanumeric()))
    });
    let upstream = text.contains("upstream").then_some("upstream is the gradient that comes in from outside");
    let direction = text.contains("direction").then_some("direction is what the Hessian is multiplied with");
    block(
        &mut out,
        "words",
        met.map(|(_, meaning)| *meaning).chain(upstream).chain(direction).map(|meaning| format!("  {meaning}")),
    );
    out
}

/// What is fixed in a plan: `weight absent, log_target = true`.
pub fn variant_name(spec: &Spec, plan: &Plan) -> String {
    let mut parts = Vec::new();
    for (place, input) in spec.inputs.iter().enumerate() {
        if input.may_be_absent() {
            let there = if plan.key.inputs_present[place] { "given" } else { "absent" };
            parts.push(format!("{} {there}", input.name));
        }
    }
    for (place, param) in spec.params.iter().enumerate() {
        if let Some(value) = &plan.key.statics[place] {
            let value = match value {
                ParamValue::Number(number) => number.to_string(),
                ParamValue::Switch(on) => on.to_string(),
                ParamValue::Word(word) => word.clone(),
            };
            parts.push(format!("{} = {value}", param.name));
        }
        if plan.zero.iter().any(|zero| usize::from(zero.0) == place) {
            parts.push(format!("{} = 0", param.name));
        }
    }
    if parts.is_empty() { "the only one".to_owned() } else { parts.join(", ") }
}
