//! A made-up audit with one of everything, for the tests of what is made from audits.

use super::*;

fn accuracy(dtype: &str, direction: Quantity, max: f64, p999: f64) -> Accuracy {
    Accuracy {
        dtype: dtype.to_owned(),
        direction,
        max_ulp: Number(max),
        p999_ulp: Number(p999),
        searched_ulp: (dtype == "f32").then_some(Number(max + 0.25)),
        raw_max_ulp: Number(max + 0.25),
        worst: "input = 0x1.fffffep-1, target = -0.25".to_owned(),
        points: 120_000,
    }
}

fn check(name: &str, claim: &str, status: Status, points: u64) -> CheckRecord {
    CheckRecord {
        name: name.to_owned(),
        claim: claim.to_owned(),
        status,
        points,
        detail: String::new(),
        failures: Vec::new(),
        seconds: 0.214,
    }
}

/// A curve that is quadratic below `knee` and linear above.
fn plot(knee: f64, variant: &str) -> Plot {
    let x: Vec<f64> = (-300..=300).map(|k| f64::from(k) / 100.0).collect();
    let value = |r: f64| {
        if r.abs() < knee { 0.5 * r * r / knee } else { r.abs() - 0.5 * knee }
    };
    let slope = |r: f64| {
        if r.abs() < knee { r / knee } else { r.signum() * f64::from(u8::from(r != 0.0)) }
    };
    let knots: &[f64] = if knee > 0.0 { &[-knee, knee] } else { &[0.0] };
    Plot {
        title: "input, where target = 0".to_owned(),
        variant: variant.to_owned(),
        value: x.iter().map(|&r| Number(value(r))).collect(),
        gradient: x.iter().map(|&r| Number(slope(r))).collect(),
        curvature: x.iter().map(|&r| Number(if r.abs() < knee { 1.0 / knee } else { 0.0 })).collect(),
        x: x.iter().map(|&r| Number(r)).collect(),
        knots: knots.iter().map(|&x| PlotKnot { x: Number(x), label: "abs(r) == knee".to_owned() }).collect(),
    }
}

fn definition(name: &str, value: &str) -> DefinitionRecord {
    let cases = vec![CaseRecord { when: None, value: value.to_owned() }];
    DefinitionRecord { name: name.to_owned(), cases, ..DefinitionRecord::default() }
}

fn cases(name: &str) -> DefinitionRecord {
    let case = |when: Option<&str>, value: &str| CaseRecord { when: when.map(str::to_owned), value: value.to_owned() };
    DefinitionRecord {
        name: name.to_owned(),
        cases: vec![case(Some("a < knee"), "0.5 * r * (r / knee)"), case(None, "a - 0.5 * knee")],
        ..DefinitionRecord::default()
    }
}

fn errors(dtype: &str, most: f64) -> ErrorCurve {
    let x: Vec<f64> = (-40..=40).map(|k| f64::from(k).signum() * 10f64.powf(f64::from(k).abs() / 10.0)).collect();
    ErrorCurve {
        title: "input, where target = 0".to_owned(),
        variant: "knee = 1".to_owned(),
        dtype: dtype.to_owned(),
        quantity: Quantity::Value,
        ulp: x.iter().map(|x| Number(most * (x * 12.9898).sin().abs())).collect(),
        x: x.into_iter().map(Number).collect(),
    }
}

fn bent() -> LossRecord {
    LossRecord {
        name: "bent".to_owned(),
        summary: "Quadratic near zero, linear in the tails; less sensitive to outliers than the squared error."
            .to_owned(),
        reference: vec!["Somebody, On Bent Losses, 2015, eq. 3".to_owned()],
        pytorch: Some("bent_loss".to_owned()),
        formula: "r = input - target\na = abs(r)\nif a < knee then 0.5 * r * (r / knee) else a - 0.5 * knee".to_owned(),
        definitions: vec![definition("r", "input - target"), definition("a", "abs(r)"), cases("loss")],
        derivations: vec![DerivationRecord {
            variant: String::new(),
            gradients: vec![definition("grad_input", "if a < knee then r / knee else t1")],
            shared: vec![definition("t1", "sign(r)")],
        }],
        inputs: vec![
            InputRecord {
                name: "input".to_owned(),
                axes: "[N]".to_owned(),
                label: "any number".to_owned(),
                gradient: true,
                notes: vec![],
            },
            InputRecord {
                name: "weight".to_owned(),
                axes: "[N]".to_owned(),
                label: "any number".to_owned(),
                gradient: false,
                notes: vec!["weight >= 0".to_owned(), "1 if absent".to_owned()],
            },
        ],
        params: vec![ParamRecord {
            name: "knee".to_owned(),
            kind: "real".to_owned(),
            default: "1".to_owned(),
            notes: vec!["0 <= knee < inf".to_owned()],
        }],
        reductions: vec![
            ReductionRecord { name: "none".to_owned(), divisor: "nothing; one value each".to_owned(), default: false },
            ReductionRecord { name: "mean".to_owned(), divisor: "the number of elements".to_owned(), default: true },
        ],
        variants: vec![],
        claims: vec![
            ClaimRecord {
                claim: "nonnegative".to_owned(),
                standing: Standing::Proved,
                detail: "interval bisection".to_owned(),
            },
            ClaimRecord {
                claim: "convex_in: input".to_owned(),
                standing: Standing::Tested,
                detail: "4000 chords".to_owned(),
            },
        ],
        knots: vec![KnotRecord {
            at: "a == knee".to_owned(),
            when: Some("knee > 0".to_owned()),
            smooth: "C1".to_owned(),
            gradient: None,
            because: None,
            status: Status::Passed,
        }],
        accuracy: vec![
            accuracy("f32", Quantity::Value, 1.5, 0.98),
            accuracy("f32", Quantity::Gradient("input".to_owned()), 0.5, 0.5),
            accuracy("f64", Quantity::Value, 1.47, 0.99),
            accuracy("f64", Quantity::Gradient("input".to_owned()), 0.5, 0.5),
        ],
        goldens: Some(Goldens {
            source: "PyTorch 2.15.0".to_owned(),
            passed: 50,
            declared_different: 4,
            failed: 0,
            names: vec!["public-bent-0007".to_owned()],
        }),
        bitwise: Some(Bitwise {
            isas: ["scalar", "sse2", "avx2", "avx512"].map(str::to_owned).to_vec(),
            threads: vec![1, 2, 3, 7],
            sizes: 147,
            compared: 1_204_224,
        }),
        checks: vec![
            check(
                "gradient_matches_oracle",
                "Every gradient is the exact derivative, rounded.",
                Status::Passed,
                120_000,
            ),
            check("sum_is_sum_of_none", "The sum of a batch is the sum of its values.", Status::Passed, 800),
            check("ignored_rows_change_nothing", "What an ignored row holds changes nothing.", Status::Skipped, 0),
        ],
        differences: vec![DifferenceRecord {
            what: "the mean of nothing".to_owned(),
            given: "input = []".to_owned(),
            ours: "error: zero_divisor".to_owned(),
            theirs: "nan".to_owned(),
            because: "the mean of nothing is an error".to_owned(),
        }],
        plots: vec![plot(1.0, "knee = 1"), plot(0.0, "knee = 0")],
        error_curves: vec![errors("f32", 0.9), errors("f64", 0.5)],
        mutation: Some(MutationSummary {
            name: "bent".to_owned(),
            spec: Score { killed: 41, total: 42 },
            compiler: Score { killed: 7, total: 7 },
            kernel: Score { killed: 12, total: 12 },
            equivalent: 3,
            other_form: 2,
            survivors: vec!["swap `<` and `<=`: both cases agree at the knot".to_owned()],
            alone: vec![("sum_is_sum_of_none".to_owned(), 2)],
        }),
        seconds: 3.4,
    }
}

fn broken() -> LossRecord {
    let mut broken = LossRecord {
        name: "broken".to_owned(),
        summary: "A loss with <b>markup</b> in its summary & a failing check.".to_owned(),
        formula: "if a < b then \"c\" else d".to_owned(),
        accuracy: vec![accuracy("f32", Quantity::Value, 1.6e7, 4096.0)],
        checks: vec![check("threads_agree", "The number of threads changes no bit.", Status::Failed, 64)],
        goldens: Some(Goldens { source: "PyTorch 2.15.0".to_owned(), passed: 1, failed: 2, ..Goldens::default() }),
        seconds: 0.02,
        ..LossRecord::default()
    };
    broken.checks[0].detail = "2 of 64 outputs differ".to_owned();
    broken.checks[0].failures = vec![Failure {
        what: "gradient of input, value 17, on 3 threads".to_owned(),
        inputs: vec![FailedInput {
            name: "input[17]".to_owned(),
            decimal: "0.1".to_owned(),
            hex: "0x1.99999ap-4".to_owned(),
            bits: "0x3dcccccd".to_owned(),
        }],
        expected: "0.25".to_owned(),
        actual: "0.25000003".to_owned(),
        ulps: Some(Number(1.0)),
        seed: 42,
        command: "cargo verify broken --seed 42".to_owned(),
    }];
    broken
}

/// The audit.
pub(crate) fn audit() -> Audit {
    let mut open = bent();
    open.name = "open_question".to_owned();
    open.checks[1].status = Status::Undecided;
    Audit {
        schema_version: SCHEMA_VERSION,
        tool_version: "0.1.0".to_owned(),
        machine: "Made-up processor, 2 cores".to_owned(),
        isas: vec!["scalar".to_owned(), "avx2".to_owned()],
        date: "2026-01-31T23:59:59Z".to_owned(),
        seed: 42,
        points: 1_000,
        selection: Selection::default(),
        seconds: 9.1,
        losses: vec![bent(), open, broken()],
    }
}
