//! The declared knots: what the formula is right above and right below a surface, as powers of a step that is smaller than every number.
//! The class that is declared must hold all over the surface, and no better one.

use std::cell::{Cell, RefCell};

use dashu_ratio::RBig;
use loss_codegen::expr::{ExprId, InputId};

use super::Verdict;
use super::atoms::{Atom, Atoms};
use super::certificate::{Depth, Inequality};
use super::counterexample::{Counterexample, Order};
use super::polynomial::Polynomial;
use super::properties::counted;
use super::prover::{Judgement, Open, Prover};
use super::quotient::Quotient;
use super::reader::{Change, Changes, Reader, Reading, Side};
use super::witness::{Point, at, is_named, witness};

/// A knot in the graph of a variant.
#[derive(Clone, Debug)]
pub struct Knot {
    /// The equation of the surface.
    pub at: ExprId,
    /// Where it is one.
    pub when: Option<ExprId>,
    /// How many derivatives are continuous across it, the value itself counted: 0 for a jump.
    pub class: usize,
}

/// Whether a formula is less smooth somewhere on a surface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Bend {
    /// Nowhere.
    None,
    /// Perhaps: there is no point to show it.
    Possible,
    /// At a point.
    Seen,
}

/// Value, slope and so on, of one side.
pub(super) type Jet = Vec<Quotient>;

/// Whether a piece lies at a knot, for certain.
pub(super) fn is_at(reader: &mut Reader<'_>, knot: &Knot) -> Reading<bool> {
    for condition in knot.when.into_iter().chain([knot.at]) {
        if reader.condition(condition)? != Some(true) {
            return Ok(false);
        }
    }
    Ok(true)
}

impl Prover<'_> {
    /// Tries to prove that the loss is as smooth across a knot as declared, and no smoother.
    pub(super) fn knot(&self, knot: &Knot) -> Verdict {
        let inputs: Vec<InputId> = (0_u8..)
            .zip(&self.spec.inputs)
            .map(|(place, input)| (InputId(place), input))
            .filter(|(place, input)| input.gradient && self.depends(knot.at, *place))
            .map(|(place, _)| place)
            .collect();
        if inputs.iter().any(|&input| !self.is_pointwise_in(input)) {
            return self.knot_of_rows(knot, &inputs).into();
        }
        let bends = Cell::new(Bend::None);
        let broken: RefCell<Option<Counterexample>> = RefCell::new(None);
        let result = self.everywhere(&|reader| {
            if !is_at(reader, knot)? {
                return Ok(Judgement::Silent);
            }
            let value = reader.finite(self.variant.loss)?;
            for &input in &inputs {
                let [above, below] =
                    [Side::Above, Side::Below].map(|side| self.jet(reader, &self.nodes(input), side, knot.class));
                let (above, below) = (above?, below?);
                let own = (above[0].minus(&value), Order::Value);
                let pairs = above.iter().zip(&below).zip(Order::ALL).map(|((a, b), order)| (a.minus(b), order));
                for (gap, order) in (knot.class > 0).then_some(own).into_iter().chain(pairs.clone().take(knot.class)) {
                    match reader.shows_zero(&gap, "no certificate that both sides are one") {
                        Judgement::Holds => {}
                        judgement @ (Judgement::Silent | Judgement::Open(_)) => {
                            let point = witness(reader.piece, reader.atoms, &|point| is_apart(&gap, point));
                            if let Some(point) = point {
                                let sides = pair(&above, &below, order, &point);
                                broken.replace(Some(found(reader.atoms, &point, input, order, sides)));
                            }
                            return Ok(judgement);
                        }
                    }
                }
                let Some((gap, order)) = pairs.clone().nth(knot.class) else { continue };
                if reader.shows_zero(&gap, order.word()) == Judgement::Holds {
                    continue;
                }
                let apart = [gap.above.clone(), gap.above.negated()];
                let sure = apart.into_iter().any(|gap| reader.piece.implies(&Inequality::positive(gap), Depth::Pairs));
                let exists = witness(reader.piece, reader.atoms, &|point| sure || is_apart(&gap, point));
                bends.set(bends.get().max(if exists.is_some() { Bend::Seen } else { Bend::Possible }));
            }
            Ok(Judgement::Holds)
        });
        match (result, broken.into_inner()) {
            (Err(_), Some(counterexample)) => match counterexample.confirmed(self) {
                Some(words) => Verdict::Refuted(words),
                None => Verdict::Undecided("the oracle does not confirm the counterexample".to_owned()),
            },
            (Ok(_), _) if bends.get() == Bend::Possible => {
                Verdict::Undecided("no point was found at which both sides are apart".to_owned())
            }
            (Ok(_), _) if bends.get() == Bend::None => {
                let word = Order::ALL.get(knot.class).map_or("", |order| order.word());
                Verdict::Refuted(format!("both sides have one {word} everywhere on it: it is smoother than declared"))
            }
            (Ok(pieces), _) => {
                let word = Order::ALL.get(knot.class).map_or("", |order| order.word());
                let words = format!("both sides are one up to there, and differ in the {word}, on {}", counted(pieces));
                Verdict::Proved(words)
            }
            (Err(Open::Silent), None) => Verdict::Silent,
            (Err(Open::Because(why)), None) => Verdict::Undecided(why),
        }
    }

    /// The value and so many derivatives, right beside the surface.
    pub(super) fn jet(&self, reader: &mut Reader<'_>, moving: &[ExprId], side: Side, order: usize) -> Reading<Jet> {
        let step = Quotient::of(reader.introduced(Atom::Step)?);
        let moved = Change::Moved { scale: Polynomial::one(), offset: step };
        let changes: Changes = moving.iter().map(|&id| (id, moved.clone())).collect();
        reader.turn(changes, side);
        let mut path = reader.finite(self.variant.loss)?;
        let mut jet = Vec::new();
        for _ in 0..=order {
            jet.push(reader.stilled_quotient(&path)?);
            path = reader.derivative(&path)?;
        }
        reader.turn(Changes::new(), Side::Here);
        Ok(jet)
    }
}

/// Whether a difference is a number other than 0 at a point.
fn is_apart(gap: &Quotient, point: &Point) -> bool {
    let (above, below) = (at(&gap.above, point), at(&gap.below, point));
    above.is_some_and(|above| above != RBig::ZERO) && below.is_some_and(|below| below != RBig::ZERO)
}

/// The two sides at a point.
fn pair(above: &Jet, below: &Jet, order: Order, point: &Point) -> [Option<RBig>; 2] {
    [above, below].map(|jet| {
        let quotient = jet.get(order as usize)?;
        Some(at(&quotient.above, point)? / at(&quotient.below, point)?)
    })
}

fn found(
    atoms: &Atoms,
    point: &Point,
    input: InputId,
    order: Order,
    [above, below]: [Option<RBig>; 2],
) -> Counterexample {
    let numbers = point.iter().map(|(&unknown, number)| (atoms.atom(unknown).clone(), number.clone()));
    let numbers = numbers.filter(|(atom, _)| is_named(atom)).collect();
    Counterexample { numbers, input, order, above, below }
}
