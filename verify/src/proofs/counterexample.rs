//! A point at which a claim about a knot fails, confirmed by the oracle, which knows nothing of pieces.

use dashu_ratio::RBig;
use loss_codegen::expr::InputId;

use super::atoms::Atom;
use super::prover::Prover;
use super::scene::{Scene, told};

/// Which derivative, from the value itself on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Value,
    Slope,
    Second,
    Third,
}

impl Order {
    /// All, in their order.
    pub(super) const ALL: [Self; 4] = [Self::Value, Self::Slope, Self::Second, Self::Third];

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Value => "value",
            Self::Slope => "slope",
            Self::Second => "second derivative",
            Self::Third => "third derivative",
        }
    }
}

/// Where the two sides of a knot are apart.
#[derive(Clone, Debug)]
pub(super) struct Counterexample {
    /// Inputs and parameters.
    pub(super) numbers: Vec<(Atom, RBig)>,
    /// The input that moves.
    pub(super) input: InputId,
    /// What is apart.
    pub(super) order: Order,
    /// From above.
    pub(super) above: Option<RBig>,
    /// From below.
    pub(super) below: Option<RBig>,
}

/// A step that is exact beside every number tried.
const STEP: f64 = 1.0 / (1_u64 << 30) as f64;
/// How far the oracle's answer so close to the surface may be from the limit, as a share of one plus its size.
const NEAR: f64 = 1e-6;

impl Counterexample {
    /// In words, if the oracle sees it too.
    pub(super) fn confirmed(&self, prover: &Prover<'_>) -> Option<String> {
        let scene = Scene::of(prover, self.numbers.iter().map(|(atom, number)| (atom, number)));
        let (above, below) = (self.above.as_ref()?, self.below.as_ref()?);
        let [seen_above, seen_below] = [1.0, -1.0].map(|sign| seen(&scene, self.input, self.order, sign));
        for (said, seen) in [(above, seen_above?), (below, seen_below?)] {
            let said = said.to_f64().value();
            if (said - seen).abs() > NEAR * (1.0 + said.abs()) {
                return None;
            }
        }
        Some(format!(
            "at {}: the {} with respect to {} is {below} from below and {above} from above",
            scene.words(),
            self.order.word(),
            prover.spec.inputs[usize::from(self.input.0)].name,
        ))
    }
}

/// What the oracle sees a step away from a scene, along the first number of an input.
pub(super) fn seen(scene: &Scene<'_>, input: InputId, order: Order, sign: f64) -> Option<f64> {
    let beside = |times: f64| {
        let mut beside = scene.clone();
        beside.move_input(input, times * sign * STEP);
        told(&beside, input)
    };
    match order {
        Order::Value => Some(beside(1.0)?.value),
        Order::Slope => beside(1.0)?.gradient.first().copied(),
        // Between two points of one side: the slope on the surface itself may be that of the other.
        Order::Second => {
            let (near, far) = (beside(1.0)?, beside(2.0)?);
            Some((far.gradient.first()? - near.gradient.first()?) / (sign * STEP))
        }
        // A knot is at most C2: both sides being apart in the third derivative is what it claims.
        Order::Third => None,
    }
}
