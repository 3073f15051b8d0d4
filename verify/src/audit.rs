//! The audit as data: what `audit.json` holds and what the report and the terminal table are made from.

mod drawing;
mod formula;
mod mutation;
mod schema;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use loss_runtime::Element;

use crate::number::{Number, hexadecimal, word_for};

pub use drawing::{ErrorCurve, Plot, PlotKnot};
pub use formula::{CaseRecord, DefinitionRecord, DerivationRecord};
pub use mutation::{MutationSummary, Score};
pub use schema::schema;

/// The version of the JSON's layout; grows when a reader would have to change.
pub const SCHEMA_VERSION: u32 = 2;

/// One run over some or all losses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Audit {
    /// [`SCHEMA_VERSION`] of the program that wrote it.
    pub schema_version: u32,
    /// That program's own version.
    pub tool_version: String,
    /// The processor.
    pub machine: String,
    /// The instruction sets that were compared.
    pub isas: Vec<String>,
    /// When it began: `2026-01-31T23:59:59Z`.
    pub date: String,
    /// The seed of every generator.
    pub seed: u64,
    /// About how many points each check looked at.
    pub points: u64,
    /// What was asked for.
    pub selection: Selection,
    /// How long it took.
    pub seconds: f64,
    /// The losses, in the registry's order.
    pub losses: Vec<LossRecord>,
}

/// What an audit was asked to look at.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Selection {
    /// These losses alone; all, if there is none.
    pub losses: Vec<String>,
    /// These checks alone; all, if there is none.
    pub checks: Vec<String>,
}

/// What was found about one loss.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LossRecord {
    /// The name.
    pub name: String,
    /// One sentence.
    pub summary: String,
    /// Papers and documented APIs.
    pub reference: Vec<String>,
    /// The PyTorch function that answers the same question, and for which calls.
    pub pytorch: Option<String>,
    /// The formula as written: definitions, one a line, then the loss.
    pub formula: String,
    /// The same, taken apart.
    pub definitions: Vec<DefinitionRecord>,
    /// The gradients, by variant, the plainest first.
    pub derivations: Vec<DerivationRecord>,
    /// The inputs, in call order.
    pub inputs: Vec<InputRecord>,
    /// The parameters, in call order.
    pub params: Vec<ParamRecord>,
    /// The reductions, `none` and `sum` included.
    pub reductions: Vec<ReductionRecord>,
    /// The variants that static parameters and absent inputs pick.
    pub variants: Vec<String>,
    /// The declared properties and relations.
    pub claims: Vec<ClaimRecord>,
    /// Where the formula is not smooth.
    pub knots: Vec<KnotRecord>,
    /// How far from the truth, by type and quantity.
    pub accuracy: Vec<Accuracy>,
    /// The replay of recorded answers.
    pub goldens: Option<Goldens>,
    /// The paths through the code whose bits were compared.
    pub bitwise: Option<Bitwise>,
    /// What was checked.
    pub checks: Vec<CheckRecord>,
    /// The declared differences from PyTorch.
    pub differences: Vec<DifferenceRecord>,
    /// Curves of value, gradient and curvature.
    pub plots: Vec<Plot>,
    /// Distances from the truth along lines.
    pub error_curves: Vec<ErrorCurve>,
    /// How many deliberate faults are found, where that was measured.
    pub mutation: Option<MutationSummary>,
    /// How long its checks took together. Several run at a time.
    pub seconds: f64,
}

/// An input, in words.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct InputRecord {
    /// The name.
    pub name: String,
    /// Its axes, as `[N, C]`.
    pub axes: String,
    /// What it holds.
    pub label: String,
    /// Whether the loss has a gradient with respect to it.
    pub gradient: bool,
    /// Conditions, ignored value, default; one a line.
    pub notes: Vec<String>,
}

/// A parameter, in words.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ParamRecord {
    /// The name.
    pub name: String,
    /// Its kind.
    pub kind: String,
    /// The default, as a caller would write it.
    pub default: String,
    /// Its condition and meaning.
    pub notes: Vec<String>,
}

/// A reduction, in words.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReductionRecord {
    /// The name.
    pub name: String,
    /// What it divides by.
    pub divisor: String,
    /// Whether a call without options uses it.
    pub default: bool,
}

/// What became of a check or a claim. The order is from best to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It holds wherever it was looked at.
    Passed,
    /// It says nothing about this loss.
    Skipped,
    /// Neither shown nor refuted. Never counts as passed.
    Undecided,
    /// It does not hold.
    Failed,
}

impl Status {
    /// In one word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Skipped => "skipped",
            Self::Undecided => "undecided",
            Self::Failed => "failed",
        }
    }
}

/// A declared property or relation, and how far it is known to hold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ClaimRecord {
    /// The claim, as the spec writes it.
    pub claim: String,
    /// `proved`, `tested`, `undecided` or `violated`.
    pub standing: Standing,
    /// Of how many points, or by which argument.
    pub detail: String,
}

/// How far a claim is known to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// For every point.
    Proved,
    /// At every point looked at.
    Tested,
    /// Neither shown nor refuted.
    Undecided,
    /// There is a counterexample.
    Violated,
}

impl Standing {
    /// In one word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Proved => "proved",
            Self::Tested => "tested",
            Self::Undecided => "undecided",
            Self::Violated => "violated",
        }
    }
}

/// A place where the formula is not smooth.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct KnotRecord {
    /// The equation of the surface.
    pub at: String,
    /// For which parameters.
    pub when: Option<String>,
    /// `jump`, `C0`, `C1` or `C2`.
    pub smooth: String,
    /// The declared subgradient, as text.
    pub gradient: Option<String>,
    /// Its reason.
    pub because: Option<String>,
    /// Whether the kernel and the formula agree with it.
    pub status: Status,
}

impl KnotRecord {
    /// What is claimed of it: `C1 at abs(r) == beta, when beta > 0`.
    #[must_use]
    pub fn words(&self) -> String {
        let when = self.when.as_ref().map(|when| format!(", when {when}")).unwrap_or_default();
        format!("{} at {}{when}", self.smooth, self.at)
    }
}

/// What an error was measured of. Written as `value`, `gradient of input` or `curvature in input`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(into = "String", try_from = "String")]
pub enum Quantity {
    /// The loss.
    Value,
    /// Its gradient with respect to this input.
    Gradient(String),
    /// Its second derivative with respect to this input.
    Curvature(String),
    /// What is declared in its stead for a step of Newton's.
    StepCurvature(String),
    /// The product of its Hessian with respect to this input with a direction.
    HessianProduct(String),
}

const GRADIENT_OF: &str = "gradient of ";
const CURVATURE_IN: &str = "curvature in ";
const STEP_CURVATURE_IN: &str = "step curvature in ";
const HESSIAN_PRODUCT_IN: &str = "hessian product in ";

impl From<Quantity> for String {
    fn from(quantity: Quantity) -> Self {
        match quantity {
            Quantity::Value => "value".to_owned(),
            Quantity::Gradient(input) => format!("{GRADIENT_OF}{input}"),
            Quantity::Curvature(input) => format!("{CURVATURE_IN}{input}"),
            Quantity::StepCurvature(input) => format!("{STEP_CURVATURE_IN}{input}"),
            Quantity::HessianProduct(input) => format!("{HESSIAN_PRODUCT_IN}{input}"),
        }
    }
}

impl TryFrom<String> for Quantity {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        type Of = fn(String) -> Quantity;
        let kinds: [(&str, Of); 4] = [
            (GRADIENT_OF, Self::Gradient),
            (CURVATURE_IN, Self::Curvature),
            (STEP_CURVATURE_IN, Self::StepCurvature),
            (HESSIAN_PRODUCT_IN, Self::HessianProduct),
        ];
        if text == "value" {
            return Ok(Self::Value);
        }
        let known = kinds.into_iter().find_map(|(prefix, of)| Some(of(text.strip_prefix(prefix)?.to_owned())));
        known.ok_or_else(|| {
            let [first, rest @ ..] = kinds.map(|(prefix, _)| format!("`{prefix}`"));
            format!("`{text}` is none of `value`, {first}, {} an input", rest.join(", "))
        })
    }
}

/// The distance from the truth, in units in the last place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Accuracy {
    /// `f32`, `f64`, `bf16` or `f16`.
    pub dtype: String,
    /// Of what.
    pub direction: Quantity,
    /// The largest distance of a sample of the whole domain.
    pub max_ulp: Number,
    /// The distance that 999 of 1000 points of the sample stay within.
    pub p999_ulp: Number,
    /// The largest distance that a search from the worst points of the sample meets, where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub searched_ulp: Option<Number>,
    /// The largest distance whatever the condition: the others are in units of how far the exact result moves when each number that
    /// goes in moves by a unit in its last place, where that is more than such a unit of the result.
    #[serde(default)]
    pub raw_max_ulp: Number,
    /// The point of the largest distance, as text.
    pub worst: String,
    /// How many points the sample has.
    pub points: u64,
}

/// The replay of recorded answers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Goldens {
    /// Where the answers come from.
    pub source: String,
    /// Cases that agree.
    pub passed: u64,
    /// Cases that differ, as declared.
    pub declared_different: u64,
    /// Cases that differ.
    pub failed: u64,
    /// The names of the cases that differ, declared or not.
    pub names: Vec<String>,
}

/// Paths through the code that gave the same bits.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Bitwise {
    /// The instruction sets.
    pub isas: Vec<String>,
    /// The numbers of threads.
    pub threads: Vec<usize>,
    /// The sizes of batches.
    pub sizes: u64,
    /// How many outputs were compared.
    pub compared: u64,
}

/// What became of one check.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CheckRecord {
    /// Its name, in snake case.
    pub name: String,
    /// What it shows, in one sentence.
    pub claim: String,
    /// What became of it.
    pub status: Status,
    /// How many points it looked at.
    pub points: u64,
    /// What a reader should know beside the status.
    pub detail: String,
    /// The first few failures.
    pub failures: Vec<Failure>,
    /// How long it took, beside others.
    pub seconds: f64,
}

/// One point at which a check fails, with all that is needed to see it again.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Failure {
    /// What was compared.
    pub what: String,
    /// The inputs.
    pub inputs: Vec<FailedInput>,
    /// What should have come out.
    pub expected: String,
    /// What came out.
    pub actual: String,
    /// How far apart, where that is a number.
    pub ulps: Option<Number>,
    /// The seed.
    pub seed: u64,
    /// A command that shows it again.
    pub command: String,
}

impl Failure {
    /// In one line: what is expected, what there is, and at which numbers, where these are few.
    #[must_use]
    pub fn sentence(&self) -> String {
        const FEW: usize = 16;
        let inputs = self.inputs.iter().map(|input| format!("{} = {}", input.name, input.decimal));
        let at = match inputs.collect::<Vec<String>>() {
            inputs if inputs.is_empty() || inputs.len() > FEW => String::new(),
            inputs => format!(", at {}", inputs.join(", ")),
        };
        format!("{} is expected, {} there{at}; {}", self.expected, self.actual, self.what)
    }
}

/// A number in the ways that it may have to be typed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FailedInput {
    /// The name of the input or parameter.
    pub name: String,
    /// As a decimal that reads back as the same number.
    pub decimal: String,
    /// As a hexadecimal float.
    pub hex: String,
    /// The bit pattern.
    pub bits: String,
}

impl FailedInput {
    /// A number of an input.
    #[must_use]
    pub fn new<T: Element>(name: String, number: T) -> Self {
        let exact = number.to_f64();
        let decimal = word_for(exact).map_or_else(|| format!("{number:?}"), str::to_owned);
        Self { name, decimal, hex: hexadecimal(exact), bits: format!("{:#x}", number.bits()) }
    }
}

/// A declared difference from PyTorch.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DifferenceRecord {
    /// What differs.
    pub what: String,
    /// For which call, as text.
    pub given: String,
    /// Our answer.
    pub ours: String,
    /// PyTorch's answer.
    pub theirs: String,
    /// Why.
    pub because: String,
}

impl LossRecord {
    /// The worst that became of any check, recorded answer or claim. A loss without a passed check is undecided.
    #[must_use]
    pub fn status(&self) -> Status {
        let checks = self.checks.iter().map(|check| check.status);
        let knots = self.knots.iter().map(|knot| knot.status);
        let goldens = self.goldens.iter().filter(|goldens| goldens.failed > 0).map(|_| Status::Failed);
        let claims = self.claims.iter().map(|claim| match claim.standing {
            Standing::Proved | Standing::Tested => Status::Passed,
            Standing::Undecided => Status::Undecided,
            Standing::Violated => Status::Failed,
        });
        let unchecked = (!self.checks.iter().any(|check| check.status == Status::Passed)).then_some(Status::Undecided);
        let worst = checks.chain(knots).chain(goldens).chain(claims).chain(unchecked).max();
        match worst.unwrap_or(Status::Undecided) {
            Status::Passed | Status::Skipped => Status::Passed,
            other @ (Status::Undecided | Status::Failed) => other,
        }
    }

    /// How many points were looked at in all checks.
    #[must_use]
    pub fn points(&self) -> u64 {
        self.checks.iter().map(|check| check.points).sum()
    }

    /// How many claims stand so.
    #[must_use]
    pub fn claims_with(&self, standing: Standing) -> usize {
        self.claims.iter().filter(|claim| claim.standing == standing).count()
    }

    /// The largest distances of a type: those of the value, or those of any gradient.
    #[must_use]
    pub fn worst_accuracy(&self, dtype: &str, direction: Direction) -> Option<&Accuracy> {
        self.accuracy
            .iter()
            .filter(|accuracy| accuracy.dtype == dtype && direction.holds(&accuracy.direction))
            .max_by(|a, b| a.max_ulp.0.total_cmp(&b.max_ulp.0))
    }
}

/// Which way a computation goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// To the value.
    Forward,
    /// To the gradients.
    Backward,
}

impl Direction {
    fn holds(self, quantity: &Quantity) -> bool {
        match quantity {
            Quantity::Value => self == Self::Forward,
            Quantity::Gradient(_) => self == Self::Backward,
            Quantity::Curvature(_) | Quantity::StepCurvature(_) | Quantity::HessianProduct(_) => false,
        }
    }
}

impl Audit {
    /// How many losses came to this.
    #[must_use]
    pub fn losses_with(&self, status: Status) -> usize {
        self.losses.iter().filter(|loss| loss.status() == status).count()
    }

    /// How many checks of all losses came to this.
    #[must_use]
    pub fn checks_with(&self, status: Status) -> usize {
        self.losses.iter().flat_map(|loss| &loss.checks).filter(|check| check.status == status).count()
    }
}

#[cfg(test)]
pub(crate) mod sample;

#[cfg(test)]
mod tests {
    use super::{Audit, ClaimRecord, Direction, Goldens, Quantity, Standing, Status, sample};

    #[test]
    fn an_audit_survives_json() {
        let audit = sample::audit();
        let text = serde_json::to_string(&audit).expect("an audit has a JSON form");
        assert_eq!(serde_json::from_str::<Audit>(&text).expect("what was written can be read"), audit);
        assert!(text.contains("\"direction\":\"gradient of input\""));
        assert!(Quantity::try_from("hessian".to_owned()).is_err());
    }

    #[test]
    fn the_worst_finding_is_the_status() {
        let audit = sample::audit();
        let mut loss = audit.losses[0].clone();
        assert_eq!(loss.status(), Status::Passed, "a skipped check takes nothing away");
        loss.claims.push(ClaimRecord {
            claim: "convex".to_owned(),
            standing: Standing::Undecided,
            detail: String::new(),
        });
        assert_eq!(loss.status(), Status::Undecided);
        loss.goldens = Some(Goldens { failed: 1, ..Goldens::default() });
        assert_eq!(loss.status(), Status::Failed);
        loss = audit.losses[0].clone();
        loss.checks.retain(|check| check.status == Status::Skipped);
        assert_eq!(loss.status(), Status::Undecided, "nothing was shown");
    }

    #[test]
    fn the_worst_accuracy_is_the_largest_of_its_direction() {
        let mut loss = sample::audit().losses.remove(0);
        let mut worse = loss.accuracy[1].clone();
        worse.direction = Quantity::Gradient("target".to_owned());
        worse.max_ulp.0 = 7.0;
        loss.accuracy.push(worse);
        let worst = |dtype, direction| loss.worst_accuracy(dtype, direction).map(|accuracy| accuracy.max_ulp.0);
        assert_eq!(worst("f32", Direction::Backward), Some(7.0));
        assert_eq!(worst("f32", Direction::Forward), Some(1.5));
        assert_eq!(worst("bf16", Direction::Forward), None);
    }
}
