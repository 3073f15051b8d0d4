//! A spec that breaks each rule, and what the compiler says of it: the specs of the tests, so that what is shown is what is tested.

use crate::codes::Code;
use crate::compile::{compile_beside, library};
use crate::diagnostic::Diagnostics;
use crate::source::SourceFile;

/// A spec with a mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadSpec {
    /// The file.
    pub source: SourceFile,
    /// What the compiler says of the rule in question, caret and help included.
    pub printed: String,
}

/// Declares the files of the examples. A code that is listed nowhere does not compile.
macro_rules! examples {
    ($($code:ident => $file:literal,)*) => {
        /// The file of a code's example.
        fn file(code: Code) -> (&'static str, &'static str) {
            match code {
                $(Code::$code => ($file, include_str!(concat!("../../tests/errors/", $file, ".yaml"))),)*
            }
        }
    };
}

examples! {
    EmptyFormula => "front/e0001_empty",
    UnexpectedCharacter => "front/e0002_foreign_operators",
    NotAscii => "front/e0003_lookalike",
    BadNumber => "front/e0004_numbers",
    BadName => "front/e0005_camel_case",
    UnexpectedInFormula => "front/e0006_unexpected",
    EqualsSign => "front/e0007_single_equals",
    MixedChain => "front/e0008_chain",
    Unclosed => "front/e0009_unclosed",
    MissingElse => "front/e0010_no_else",
    ReservedWord => "front/e0011_reserved",
    AxisAsValue => "front/e0012_axis",
    BadArgument => "front/e0013_arguments",
    FormulaTooLarge => "front/e0014_deep",
    Syntax => "front/e0101_colon",
    UnsupportedYaml => "front/e0102_anchor",
    ManyLines => "front/e0103_two_lines",
    CommentCutsFormula => "front/e0104_comment",
    DuplicateKey => "front/e0105_twice",
    UnknownKey => "front/e0106_unknown",
    MissingKey => "front/e0107_missing",
    WrongKind => "front/e0108_kinds",
    BadCases => "front/e0109_cases",
    MissingOtherwise => "front/e0110_no_otherwise",
    BadDefinition => "front/e0111_head",
    BadLimit => "front/e0112_limit",
    BadData => "front/e0113_data",
    CommaCutsText => "front/e0114_comma",
    UnknownName => "check/unknown_name",
    UnusedName => "check/unused_name",
    ShadowedName => "check/shadowed_name",
    ReservedName => "check/reserved_name",
    UnknownFunction => "check/unknown_function",
    CycleOfSpecs => "check/cycle_of_specs",
    NameDiffersFromFile => "check/file_name",
    BadAxisName => "check/bad_axis_name",
    BadOrigin => "check/bad_origin",
    UnknownAxis => "check/unknown_axis",
    AxisNotCarried => "check/axis_not_carried",
    AxesDoNotFit => "check/axes_do_not_fit",
    LabelAsNumber => "check/label_as_number",
    NumberAsLabel => "check/not_an_index",
    TypeMismatch => "check/type_mismatch",
    WrongArity => "check/wrong_arity",
    UnreachableCase => "check/unreachable_case",
    ChainBothWays => "check/defined_below",
    EqualityDecidesCase => "check/equality_decides_case",
    UsedOutsideGiven => "check/used_outside_given",
    TooManyVariants => "check/too_many_variants",
    StaticArgument => "check/static_argument",
    ArgumentOutsideDomain => "check/argument_outside_domain",
    MissingInputs => "check/missing_inputs",
    BadAxis => "check/bad_axis",
    TooManyAxes => "check/too_many_axes",
    BadLabel => "check/bad_label",
    BadParam => "check/bad_param",
    BadDefault => "check/bad_default",
    DefaultOutsideDomain => "check/default_outside_domain",
    BadDomain => "check/bad_domain",
    BadIgnore => "check/bad_ignore",
    BadReduction => "check/bad_reduction",
    OverReadsGradient => "check/over_reads_gradient",
    BadAccumulate => "check/bad_accumulate",
    BadTask => "check/bad_task",
    BadAlias => "check/bad_alias",
    BadKnot => "check/bad_knot",
    BadProperty => "check/bad_property",
    BadRelation => "check/bad_relation",
    BadSurrogate => "check/bad_surrogate",
    BadCurvature => "check/bad_curvature",
    BadHessianProduct => "check/bad_hessian_product",
    ExampleShape => "check/example_shape",
    ExampleDomain => "check/example_domain",
    ExampleUnknownName => "check/example_unknown_name",
    ExampleIncomplete => "check/example_incomplete",
    UnsupportedTwoAxes => "check/unsupported_two_axes",
    UnsupportedWholeBatch => "check/unsupported_whole_batch",
    UnsupportedExtern => "check/unsupported_extern",
    Unsupported => "check/unsupported",
    ZeroTimesInfinity => "warned/zero_times_infinity",
    InfinityMinusInfinity => "warned/infinity_minus_infinity",
    InfiniteDerivative => "warned/infinite_derivative",
    JumpInGradientInput => "warned/jump",
    UndefinedValue => "warned/undefined",
    UndefinedGradient => "warned/undefined_gradient",
}

/// The specs that some of the examples call.
const BESIDE: [(&str, &str); 3] = [
    ("specs/circle.yaml", include_str!("../../tests/errors/library/circle.yaml")),
    ("specs/bounded.yaml", include_str!("../../tests/specs/bounded.yaml")),
    ("specs/switched.yaml", include_str!("../../tests/specs/switched.yaml")),
];

/// The example of a code.
#[must_use]
pub fn example(code: Code) -> BadSpec {
    let (file, text) = file(code);
    let name = file.rsplit('/').next().unwrap_or(file);
    let source = SourceFile { path: format!("specs/{name}.yaml"), text: text.to_owned() };
    let beside = BESIDE.map(|(path, text)| SourceFile { path: path.to_owned(), text: text.to_owned() });
    let mut found = Diagnostics::new();
    match compile_beside(std::slice::from_ref(&source), library(&beside)) {
        Ok(compiled) => compiled.into_iter().for_each(|compiled| found.extend(compiled.warnings)),
        Err(failures) => failures.into_iter().for_each(|failure| found.extend(failure.diagnostics)),
    }
    found.retain(|diagnostic| diagnostic.code == code);
    let printed = found.render(&source);
    BadSpec { source, printed }
}

#[cfg(test)]
mod tests {
    use super::{example, file};
    use crate::codes::Code;

    #[test]
    fn every_example_breaks_its_rule_as_the_tests_expect() {
        for &code in Code::ALL {
            let example = example(code);
            let marked = format!("[{}]: ", code.id());
            assert!(example.printed.contains(&marked), "{} is not reported for {}", code.id(), example.source.path);
            let (file, _) = file(code);
            let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/errors");
            let expected =
                std::fs::read_to_string(format!("{folder}/{file}.txt")).expect("a bad spec has a text beside it");
            for one in example.printed.split("\n\n") {
                assert!(expected.contains(one.trim_end()), "{file}.txt lacks\n{one}");
            }
        }
    }
}
