//! True claims are proved, and false ones refuted with a point at which they fail.

use loss_codegen::compile::compile;
use loss_codegen::source::SourceFile;

use super::*;
use crate::audit::Status;
use crate::registry::losses;

/// A spec of two numbers, or of a number and a sign, with the rest of its text, and how its claims stand.
fn standings(target: &str, rest: &str) -> Vec<ClaimRecord> {
    let text = format!(
        "name: trial\nsummary: A trial.\nreference: [ \"by hand\" ]\ninputs:\n  input: {{ axes: [N], gradient: true }}\n  \
         target: {{ axes: [N]{target} }}\nreduction: {{ default: mean, mean: elements }}\n{rest}"
    );
    compiled_standings(text)
}

fn compiled_standings(text: String) -> Vec<ClaimRecord> {
    let source = SourceFile { path: "specs/trial.yaml".to_owned(), text };
    let compiled = compile(&[source]).unwrap_or_else(|failures| {
        panic!("{}", failures.iter().flat_map(|failure| failure.rendered()).collect::<String>())
    });
    let compiled: &'static Compiled = Box::leak(Box::new(compiled.into_iter().next().expect("one spec")));
    records(compiled, &Library::default())
}

pub(super) const REAL: &str = "";
pub(super) const SIGN: &str = ", label: sign";

/// The one claim that the text makes, or of a text without claims what is said of its cases.
fn standing(target: &str, rest: &str) -> ClaimRecord {
    let mut all = standings(target, rest);
    if all.len() > 1 {
        all.retain(|record| record.claim != CASES);
    }
    assert_eq!(all.len(), 1, "{all:#?}");
    all.remove(0)
}

pub(super) fn proves(target: &str, rest: &str) {
    let record = standing(target, rest);
    assert_eq!(record.standing, Standing::Proved, "{record:#?}");
    assert!(!record.detail.is_empty());
}

/// Refuted, with these words in the counterexample.
pub(super) fn refutes(target: &str, rest: &str, words: &str) {
    let record = standing(target, rest);
    println!("{}: {}", record.claim, record.detail);
    assert_eq!(record.standing, Standing::Violated, "{record:#?}");
    assert!(record.detail.contains(words), "{record:#?}");
}

pub(super) const LOG_COSH: &str = "loss: log(cosh(input - target))\n";
pub(super) const HUBER: &str = "params:\n  delta: { default: 1.0, domain: \"0 < delta < inf\" }\nlet:\n  r: input - target\n  a: abs(r)\n\
                     loss:\n  cases:\n    - { when: \"a <= delta\", value: \"0.5 * r^2\" }\n    \
                     - { otherwise: \"delta * (a - 0.5 * delta)\" }\n";
const HINGE: &str = "loss: relu(1 - target * input)\n";
pub(super) const QUANTILE: &str = "params:\n  tau: { default: 0.75, domain: \"0 < tau < 1\" }\nlet:\n  r: input - target\n\
                        loss: max(tau * r, (tau - 1) * r)\n";
pub(super) const CUBE: &str = "loss: abs(input - target)^3\n";
pub(super) const ABSOLUTE: &str = "let:\n  r: input - target\nloss: abs(r)\n";
const SIGMOID: &str = "loss: sigmoid(-target * input)\n";
const PERIODIC: &str = "loss: 1 - cos(input - target)\n";
const LOGIT: &str = "loss: -log(4 * sigmoid(input - target) * (1 - sigmoid(input - target)))\n";

pub(super) fn knot(loss: &str, at: &str, smooth: &str) -> String {
    format!("{loss}knots:\n  - {{ at: \"{at}\", smooth: {smooth}, gradient: {{ input: 0 }}, because: a trial }}\n")
}

pub(super) fn property(loss: &str, property: &str) -> String {
    format!("{loss}properties:\n  {property}\n")
}

#[test]
fn log_cosh_is_smooth_with_1_and_with_nothing_less() {
    proves(REAL, &property(LOG_COSH, "smooth_in: { input: 1 }"));
    refutes(REAL, &property(LOG_COSH, "smooth_in: { input: 0.5 }"), "the gradient changes by");
    proves(REAL, &property(LOG_COSH, "lipschitz_in: { input: 1 }"));
    refutes(REAL, &property(LOG_COSH, "lipschitz_in: { input: 0.9 }"), "the loss changes by");
    proves(REAL, &property(LOG_COSH, "convex_in: [ input ]"));
    proves(REAL, &property(LOG_COSH, "nonnegative: true"));
}

#[test]
fn the_cube_of_the_error_has_no_constant_of_smoothness() {
    proves(REAL, &property(CUBE, "convex_in: [ input ]"));
    refutes(REAL, &property(CUBE, "smooth_in: { input: 6 }"), "the gradient changes by");
    refutes(REAL, &property(CUBE, "smooth_in: { input: 500 }"), "the gradient changes by");
}

#[test]
fn huber_is_differentiable_once_and_not_twice() {
    proves(REAL, &knot(HUBER, "a == delta", "C1"));
    refutes(REAL, &knot(HUBER, "a == delta", "C2"), "the second derivative with respect to input is");
    refutes(REAL, &knot(HUBER, "a == delta", "C0"), "smoother than declared");
}

#[test]
fn a_quantile_loss_is_not_even() {
    refutes(REAL, &property(QUANTILE, "even_in: [ r ]"), "for the negative");
    proves(REAL, &property(QUANTILE, "convex_in: [ input ]"));
    proves(REAL, &property(QUANTILE, "lipschitz_in: { input: \"max(tau, 1 - tau)\" }"));
    refutes(REAL, &property(QUANTILE, "lipschitz_in: { input: tau }"), "the loss changes by");
}

#[test]
fn a_hinge_has_a_kink() {
    proves(SIGN, &knot(HINGE, "target * input == 1", "C0"));
    refutes(SIGN, &knot(HINGE, "target * input == 1", "C1"), "the slope with respect to input is");
    refutes(SIGN, &knot(HINGE, "target * input == 1", "jump"), "smoother than declared");
}

#[test]
fn an_absolute_error_is_not_smooth() {
    refutes(REAL, &property(ABSOLUTE, "smooth_in: { input: 100 }"), "the gradient changes by");
    proves(REAL, &property(ABSOLUTE, "even_in: [ r ]"));
    proves(REAL, &property(ABSOLUTE, "zero_iff: input == target"));
    refutes(REAL, &property(ABSOLUTE, "zero_iff: input >= target"), "the loss is");
}

#[test]
fn neither_a_sigmoid_nor_a_wave_is_convex() {
    refutes(SIGN, &property(SIGMOID, "convex_in: [ input ]"), "its tangent by");
    proves(SIGN, &property(SIGMOID, "bounded: [ 0, 1 ]"));
    refutes(SIGN, &property(SIGMOID, "bounded: [ 0, 0.75 ]"), "outside");
    refutes(REAL, &property(PERIODIC, "convex_in: [ input ]"), "its tangent by");
    proves(REAL, &property(PERIODIC, "smooth_in: { input: 1 }"));
    proves(REAL, &property(PERIODIC, "bounded: [ 0, 2 ]"));
}

#[test]
fn a_logit_distance_has_a_slope_of_up_to_1() {
    proves(REAL, &property(LOGIT, "lipschitz_in: { input: 1 }"));
    refutes(REAL, &property(LOGIT, "lipschitz_in: { input: 0.5 }"), "the loss changes by");
    proves(REAL, &property(LOGIT, "convex_in: [ input ]"));
}

/// The quadratic and the linear part must meet: 0.5 is the only factor for which they do.
#[test]
fn a_wrong_factor_tears_a_loss_apart_at_its_knot() {
    let smooth_l1 = |factor: &str| {
        format!(
            "params:\n  beta: {{ default: 1.0, domain: \"0 <= beta < inf\" }}\nlet:\n  r: input - target\n  a: abs(r)\nloss:\n  \
             cases:\n    - {{ when: \"a < beta\", value: \"{factor} * r * (r / beta)\" }}\n    \
             - {{ otherwise: \"a - 0.5 * beta\" }}\nknots:\n  - {{ at: a == beta, when: \"beta > 0\", smooth: C1 }}\n"
        )
    };
    proves(REAL, &smooth_l1("0.5"));
    refutes(REAL, &smooth_l1("0.49"), "the value with respect to input is");
}

#[test]
fn monotone_and_homogeneous_losses() {
    proves(SIGN, &property("loss: softplus(input) - target\n", "increasing_in: [ input ]"));
    refutes(SIGN, &property("loss: softplus(-input) - target\n", "increasing_in: [ input ]"), "the loss changes by");
    proves(REAL, &property("loss: relu(input) - target\n", "increasing_in: [ input ]"));
    proves(REAL, &property("loss: abs(target) * relu(input)\n", "homogeneous_in: { input: 1 }"));
    refutes(REAL, &property("loss: abs(target) * relu(input)\n", "homogeneous_in: { input: 2 }"), "the loss is");
}

/// The one claim that is made of a loss of a row of classes, of which one is the label.
fn of_rows(loss: &str, property: &str) -> ClaimRecord {
    let label = if loss.contains("target") { "\n  target: { axes: [N], label: class_index(C) }" } else { "" };
    let text = format!(
        "name: trial\nsummary: A trial.\nreference: [ \"by hand\" ]\naxes:\n  C: {{ meaning: classes }}\ninputs:\n  \
         input: {{ axes: [N, C], gradient: true }}{label}\nreduction: {{ default: mean, mean: elements }}\nloss: {loss}\nproperties:\n  {property}\n"
    );
    let mut all = compiled_standings(text);
    assert_eq!(all.len(), 1);
    all.remove(0)
}

const SURPRISE: &str = "logsumexp(C, input) - input[target]";

#[test]
fn whole_rows_by_rules() {
    for property in ["convex_in: [ input ]", "nonnegative: true", "shift_invariant_in: { input: C }"] {
        let record = of_rows(SURPRISE, property);
        assert_eq!(record.standing, Standing::Proved, "{record:#?}");
    }
    for (loss, property) in [
        ("input[target] - logsumexp(C, input)", "convex_in: [ input ]"),
        ("logsumexp(C, 2 * input) - input[target]", "shift_invariant_in: { input: C }"),
        ("logsumexp(C, input) - 2 * input[target]", "nonnegative: true"),
        (SURPRISE, "increasing_in: [ input ]"),
        (SURPRISE, "homogeneous_in: { input: 1 }"),
    ] {
        let record = of_rows(loss, property);
        println!("{}: {}", record.claim, record.detail);
        assert_eq!(record.standing, Standing::Violated, "{record:#?}");
    }
}

#[test]
fn gradients_of_whole_rows_are_bounded_by_what_their_slopes_add_up_to() {
    for (loss, property) in [
        (SURPRISE, "lipschitz_in: { input: sqrt(2) }"),
        (SURPRISE, "lipschitz_sup_in: { input: 2 }"),
        (SURPRISE, "smooth_in: { input: 0.5 }"),
        ("logsumexp(C, 3 * input)", "lipschitz_in: { input: 3 }"),
        ("logsumexp(C, 3 * input)", "smooth_in: { input: 4.5 }"),
        ("mean(C, softplus(-2 * input))", "smooth_in: { input: 1 }"),
        ("sum(C, relu(input)) / size(C)", "lipschitz_sup_in: { input: 1 }"),
        (SURPRISE, "gradient_sums_to_zero_in: { input: C }"),
        ("-input[target]", "odd_in: [ input ]"),
    ] {
        let record = of_rows(loss, property);
        assert_eq!(record.standing, Standing::Proved, "{loss}: {record:#?}");
    }
    for (loss, property) in [
        (SURPRISE, "lipschitz_in: { input: 1.4 }"),
        (SURPRISE, "lipschitz_sup_in: { input: 1.9 }"),
        (SURPRISE, "smooth_in: { input: 0.49 }"),
        ("logsumexp(C, 3 * input)", "lipschitz_in: { input: 2.9 }"),
        ("logsumexp(C, 3 * input)", "smooth_in: { input: 4.4 }"),
        ("logsumexp(C, input - input[target])", "smooth_in: { input: 0.25 }"),
        ("mean(C, softplus(-2 * input))", "smooth_in: { input: 0.1 }"),
        ("logsumexp(C, 2 * input) - input[target]", "gradient_sums_to_zero_in: { input: C }"),
        ("detach(logsumexp(C, input)) - input[target]", "gradient_sums_to_zero_in: { input: C }"),
        (SURPRISE, "odd_in: [ input ]"),
    ] {
        let record = of_rows(loss, property);
        println!("{}: {}", record.claim, record.detail);
        assert_ne!(record.standing, Standing::Proved, "{loss}: {record:#?}");
    }
}

#[test]
fn knots_of_whole_rows_in_what_is_read() {
    let knot = |value: &str, smooth: &str| {
        let text = format!(
            "name: trial\nsummary: A trial.\nreference: [ \"by hand\" ]\naxes:\n  C: {{ meaning: places }}\ninputs:\n  \
             input: {{ axes: [N, C], gradient: true }}\nreduction: {{ default: mean, mean: elements }}\nlet:\n  \
             total: sum(C, input)\nloss: {value}\nknots:\n  - {{ at: total == 1, smooth: {smooth}, gradient: {{ input: 0 }}, \
             because: a trial }}\n"
        );
        let mut all = compiled_standings(text);
        all.retain(|record| record.claim != CASES);
        assert_eq!(all.len(), 1, "{all:#?}");
        all.remove(0)
    };
    for (value, smooth) in [("relu(total - 1)", "C0"), ("relu(total - 1)^2", "C1"), ("sign(total - 1)", "jump")] {
        let record = knot(value, smooth);
        assert_eq!(record.standing, Standing::Proved, "{record:#?}");
    }
    for (value, smooth) in [
        ("relu(total - 1)", "C1"),
        ("relu(total - 1)^2", "C0"),
        ("(total - 1)^2", "C1"),
        // Read past the definition, and through one that has a kink of its own.
        ("relu(total - 1) + mean(C, input)", "C0"),
    ] {
        let record = knot(value, smooth);
        println!("{}: {}", record.claim, record.detail);
        assert_ne!(record.standing, Standing::Proved, "{record:#?}");
    }
}

#[test]
fn logarithms_of_sums_of_exponentials() {
    let relation = |equals: &str| {
        let text = format!(
            "name: trial\nsummary: A trial.\nreference: [ \"by hand\" ]\naxes:\n  C: {{ meaning: classes }}\ninputs:\n  \
             input: {{ axes: [N, C], gradient: true }}\n  target: {{ axes: [N], label: class_index(C) }}\n\
             reduction: {{ default: mean, mean: elements }}\nloss: {SURPRISE}\nrelations:\n  - {{ equals: \"{equals}\", \
             because: a trial }}\n"
        );
        compiled_standings(text).remove(0)
    };
    for equals in [
        "log1p(sum(C where index(C) != target, exp(input - input[target])))",
        "log(sum(C, exp(input - input[target])))",
    ] {
        let record = relation(equals);
        assert_eq!(record.standing, Standing::Proved, "{record:#?}");
    }
    let record = relation("log1p(sum(C, exp(input - input[target])))");
    assert_eq!(record.standing, Standing::Undecided, "{record:#?}");
}

#[test]
fn inputs_in_each_others_place() {
    proves(REAL, &property(LOG_COSH, "symmetric_in: [ input, target ]"));
    proves(REAL, &property("loss: input - target\n", "antisymmetric_in: [ input, target ]"));
    proves(REAL, &property("loss: input * target^3 - target * input^3\n", "antisymmetric_in: [ input, target ]"));
    refutes(REAL, &property(QUANTILE, "symmetric_in: [ input, target ]"), "the loss is");
    refutes(REAL, &property(LOG_COSH, "antisymmetric_in: [ input, target ]"), "the loss is");
}

#[test]
fn curvatures_that_are_at_least_so_large() {
    let squares = "loss: 1.5 * (input - target)^2\n";
    proves(REAL, &property(squares, "strongly_convex_in: { input: 3 }"));
    refutes(REAL, &property(squares, "strongly_convex_in: { input: 3.5 }"), "the declared curvature");
    refutes(REAL, &property(LOG_COSH, "strongly_convex_in: { input: 0.1 }"), "the declared curvature");
    refutes(REAL, &property(CUBE, "strongly_convex_in: { input: 0.1 }"), "the declared curvature");
}

/// Neither proved, if it is false, nor refuted: nothing looks for a point of these.
fn stays_open(target: &str, rest: &str) {
    let record = standing(target, rest);
    println!("{}: {}", record.claim, record.detail);
    assert_eq!(record.standing, Standing::Undecided, "{record:#?}");
}

#[test]
fn what_is_read_and_nothing_else() {
    proves(REAL, &property(HUBER, "through: [ r ]"));
    proves(REAL, &property(LOG_COSH, "through: [ input, target ]"));
    stays_open(REAL, &property(LOG_COSH, "through: [ input ]"));
    stays_open(REAL, &property("let:\n  r: input - target\nloss: r^2 + target\n", "through: [ r ]"));
}

#[test]
fn what_losses_come_to_far_away() {
    let far = |loss: &str, input: &str, goal: &str| {
        property(loss, &format!("asymptotes: {{ \"input -> {input}\": \"{goal}\" }}"))
    };
    let softplus = "loss: softplus(input - target)\n";
    proves(REAL, &far(softplus, "inf", "input - target"));
    proves(REAL, &far(softplus, "-inf", "0"));
    proves(REAL, &far(HUBER, "-inf", "delta * (target - input - 0.5 * delta)"));
    proves(SIGN, &far(SIGMOID, "inf", "if target == 1 then 0 else 1"));
    proves(REAL, &far("loss: 1 / (1 + (input - target)^2)\n", "inf", "0"));
    proves(REAL, &far("loss: input^2 / (1 + input^2) + tanh(target)\n", "-inf", "1 + tanh(target)"));
    proves(REAL, &far("loss: (input + target)^2 * sigmoid(-input)\n", "inf", "0"));
    stays_open(REAL, &far(softplus, "inf", "input"));
    stays_open(REAL, &far(softplus, "-inf", "1"));
    stays_open(REAL, &far(HUBER, "inf", "delta * (input - target)"));
    stays_open(REAL, &far("loss: input^3 / (1 + input^2) + target\n", "inf", "target"));
    stays_open(REAL, &far("loss: sigmoid(target) * input\n", "inf", "0"));
    stays_open(REAL, &far("loss: (input + target)^2 * sigmoid(input)\n", "inf", "0"));
}

#[test]
fn scoring_rules_of_two_outcomes() {
    let probability = ", label: probability";
    let logistic = "loss: target * softplus(-input) + (1 - target) * softplus(input)\n";
    proves(probability, &property(logistic, "proper_in: { target: sigmoid(input) }"));
    stays_open(probability, &property(logistic, "proper_in: { target: sigmoid(2 * input) }"));
    let squares = "loss: (input - target)^2\n";
    proves(REAL, &property(squares, "proper_in: { target: input }"));
    stays_open(REAL, &property(squares, "proper_in: { target: input^2 }"));
    // Twice as much for yes: yes is as likely as no where sigmoid says a third.
    let weighed = "loss: 2 * target * softplus(-input) + (1 - target) * softplus(input)\n";
    proves(probability, &property(weighed, "proper_in: { target: sigmoid(input - log(2)) }"));
    stays_open(probability, &property(weighed, "proper_in: { target: sigmoid(input + log(2)) }"));
    let signs = "loss: softplus(-target * input)\n";
    proves(SIGN, &property(signs, "proper_in: { target: sigmoid(input) }"));
    stays_open(SIGN, &property(signs, "proper_in: { target: sigmoid(-input) }"));
}

#[test]
fn a_case_that_is_never_met_is_found() {
    let loss = |second: &str| {
        format!(
            "let:\n  r: input - target\nloss:\n  cases:\n    - {{ when: \"r > 1\", value: r }}\n    \
             - {{ when: \"{second}\", value: \"2 * r - 1\" }}\n    - {{ otherwise: \"r^2\" }}\n"
        )
    };
    // Nothing is left beyond 1 for it, which takes more than a look at either condition alone.
    let record = standing(REAL, &loss("r > 1 + target^2"));
    assert_eq!(record.standing, Standing::Violated, "{record:#?}");
    let record = standing(REAL, &loss("r > 0"));
    assert_eq!(record.standing, Standing::Proved, "{record:#?}");
}

#[test]
fn bounds_of_functions_that_touch_nothing() {
    proves(SIGN, &property(SIGMOID, "smooth_in: { input: 0.1 }"));
    refutes(SIGN, &property(SIGMOID, "smooth_in: { input: 0.09 }"), "the gradient changes by");
}

#[test]
fn a_step_is_not_smooth_though_its_slopes_agree() {
    let step = "let:\n  r: input - target\nloss:\n  cases:\n    - { when: r < 0, value: 0 }\n    - { otherwise: 1 }\n";
    for claim in ["smooth_in: { input: 1 }", "convex_in: [ input ]", "lipschitz_in: { input: 1 }"] {
        let record = standing(REAL, &property(step, claim));
        assert_ne!(record.standing, Standing::Proved, "{record:#?}");
    }
    proves(REAL, &property(step, "increasing_in: [ input ]"));
}

#[test]
fn a_detached_number_has_no_slope_of_which_proofs_speak() {
    let loss = "loss: abs(input - target) * sigmoid(detach(input))\n";
    let record = standing(REAL, &property(loss, "lipschitz_in: { input: 1 }"));
    assert_ne!(record.standing, Standing::Proved, "{record:#?}");
}

#[test]
fn limits_of_parameters() {
    let loss = "params:\n  beta: { default: 1.0, domain: \"0 <= beta < inf\" }\nlet:\n  a: abs(input - target)\nloss:\n  cases:\n    \
                - { when: \"a < beta\", value: \"0.5 * a * (a / beta)\" }\n    - { otherwise: \"a - 0.5 * beta\" }\n";
    let relation = |equals: &str| format!("{loss}relations:\n  - {{ limit: \"beta -> 0\", equals: \"{equals}\" }}\n");
    proves(REAL, &relation("abs(input - target)"));
    let record = standing(REAL, &relation("2 * abs(input - target)"));
    assert_eq!(record.standing, Standing::Undecided, "{record:#?}");
}

#[test]
fn what_cannot_be_shown_is_not_said_to_be() {
    // True, but nothing that is known of exp bounds it from above.
    let record = standing(SIGN, &property("loss: target * input * exp(-input^2)\n", "bounded: [ -1, 1 ]"));
    assert_eq!(record.standing, Standing::Undecided, "{record:#?}");
    assert!(record.detail.contains("undecided"), "{record:#?}");
}

#[test]
fn most_claims_are_proved_and_none_is_refuted() {
    let (mut total, mut proved) = (0, 0);
    for subject in Subject::all(losses()) {
        let Some(compiled) = subject.compiled() else { continue };
        for record in records(compiled, &subject.registry.library()) {
            println!("{}: {} {}: {}", subject.name(), record.standing.word(), record.claim, record.detail);
            assert_ne!(record.standing, Standing::Violated, "{}: {}", subject.name(), record.claim);
            total += 1;
            proved += usize::from(record.standing == Standing::Proved);
        }
    }
    println!("{proved} of {total}");
    assert!(10 * proved >= 9 * total, "{proved} of {total}");
}

#[test]
fn a_refuted_claim_fails_the_check_and_an_open_one_does_not_pass_it() {
    let subject = Subject::all(losses()).remove(0);
    let finding = |records| judged(records, Tally::new(&subject, &Effort::default()));
    let refuted = finding(standings(REAL, &property(ABSOLUTE, "smooth_in: { input: 100 }")));
    assert_eq!(refuted.status, Status::Failed);
    assert!(refuted.failures[0].actual.contains("the gradient changes by"), "{:?}", refuted.failures);
    let proved = finding(standings(REAL, &property(ABSOLUTE, "nonnegative: true")));
    assert_eq!((proved.status, proved.points), (Status::Passed, 1));
    let open = "loss: target * input * exp(-input^2)\n";
    let open = finding(standings(SIGN, &property(open, "bounded: [ -1, 1 ]")));
    assert_eq!((open.status, open.points), (Status::Skipped, 0));
    assert_eq!(open.evidence.claims[0].standing, Standing::Undecided);
}

#[test]
fn a_domain_is_known_of_both_arguments() {
    let above = ", domain: \"target >= 1\"";
    // With target as the one that moves, both of its values are at least 1.
    proves(above, &property("loss: log(target) + input\n", "increasing_in: [ target ]"));
    proves(above, &property("loss: target^2 + input\n", "increasing_in: [ target ]"));
    refutes(REAL, &property("loss: target^2 + input\n", "increasing_in: [ target ]"), "the loss changes by");
}
