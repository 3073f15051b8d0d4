use loss_codegen::compile::{Compiled, compile};
use loss_codegen::expr::InputId;
use loss_codegen::source::SourceFile;

use super::{Conditions, Result};
use crate::oracle::data::{Data, Values};

/// A weighted power of one number, written for these tests.
fn weighted(power: &str) -> Compiled {
    let text = format!(
        "name: weighted\nsummary: A weighted power.\nreference: [ none ]\ninputs:\n  input: {{ axes: [N], gradient: true, meaning: \
         numbers }}\n  weight: {{ axes: [N], meaning: weights }}\nloss: weigh(weight, {power})\nreduction: {{ default: mean, \
         mean: elements }}\n"
    );
    let compiled = compile(&[SourceFile { path: "weighted.yaml".to_owned(), text }]);
    let compiled = compiled.unwrap_or_else(|failures| {
        panic!("{}", failures.iter().flat_map(|failure| failure.rendered()).collect::<String>())
    });
    compiled.into_iter().next().expect("one spec is one loss")
}

fn data(compiled: &Compiled, input: f64, weight: f64) -> Data {
    let spec = &compiled.spec;
    let number = |value: f64| Values::Real(vec![value]);
    Data::new(spec, vec![1]).with_input(spec, InputId(0), number(input)).with_input(spec, InputId(1), number(weight))
}

/// Whether a step's size excuses a result that is infinite or NaN in `f32`.
fn is_excused(result: Result, power: &str, input: f64, weight: f64) -> bool {
    let compiled = weighted(power);
    let data = data(&compiled, input, weight);
    let conditions = Conditions::new::<f32>(&compiled.spec, &compiled.variants[0], &data, vec![1.0]);
    conditions.leaves_range::<f32>(result)
}

#[test]
fn a_whole_power_that_a_weight_brings_back_excuses_nothing() {
    assert!(!is_excused(Result::Value(0), "input^2", 1e25, 1e-30));
    assert!(is_excused(Result::Value(0), "input^2.5", 1e25, 1e-30));
    assert!(is_excused(Result::Value(0), "exp(input)", 100.0, 1e-30));
}

#[test]
fn a_factor_that_the_upstream_gradient_makes_too_large_excuses_a_gradient() {
    assert!(is_excused(Result::Gradient(0, 0), "exp(input) * 2.5e38", -100.0, 1.0));
    assert!(!is_excused(Result::Value(0), "exp(input) * 2.5e38", -100.0, 1.0));
    assert!(!is_excused(Result::Gradient(0, 0), "exp(input) * 1.5e38", -100.0, 1.0));
}

#[test]
fn a_subnormal_number_moves_by_the_smallest_number_there_is() {
    let compiled = weighted("input");
    let least = f64::from(f32::from_bits(1));
    // Of the weight's three units one; the slope of the weight is the input.
    for (input, weight, spread) in [(1024.0, 3.0 * least, 1024.0 * least), (1.0, 1.5, 2.5 * f64::from(f32::EPSILON))] {
        let data = data(&compiled, input, weight);
        let mut conditions = Conditions::new::<f32>(&compiled.spec, &compiled.variants[0], &data, vec![1.0]);
        let found = conditions.spread(Result::Value(0));
        assert!(found >= spread && found < 1.5 * spread, "{found:e} and not about {spread:e} at {input}, {weight:e}");
    }
}

#[test]
fn what_is_rounded_to_zero_lies_on_neither_side_of_a_kink() {
    let compiled = weighted("relu(input * 1e-30)");
    // The argument is 1e-50, which f32 cannot tell from 0: the slope is 1e-30 or none.
    for (input, low) in [(1e-20, 0.0), (1.0, 1e-30)] {
        let data = data(&compiled, input, 1.0);
        let mut conditions = Conditions::new::<f32>(&compiled.spec, &compiled.variants[0], &data, vec![1.0]);
        let (least, most) = conditions.range(Result::Gradient(0, 0)).expect("a slope");
        assert!((least - low).abs() < 1e-36 && (most - 1e-30).abs() < 1e-36, "{least:e} to {most:e} at {input:e}");
    }
}
