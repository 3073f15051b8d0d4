//! Splits the domain of a variant into pieces and asks a question on each.

use loss_codegen::expr::{Expr, ExprId, InputId};
use loss_codegen::model::{Spec, Variant};
use loss_codegen::rewrite::reachable;

use super::atoms::{Atom, Atoms};
use super::certificate::{Depth, Inequality};
use super::piece::{Fact, Piece};
use super::polynomial::Polynomial;
use super::quotient::Quotient;
use super::reader::{Change, Changes, Reader, Reading, Side, Stop, Value};

/// A formula with more pieces than this is left alone.
const MOST_PIECES: usize = 300;
/// How hard a claim is tried.
pub(super) const HARD: Depth = Depth::Quadruples;

/// What a claim comes to on a piece.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Judgement {
    /// It holds.
    Holds,
    /// It says nothing here.
    Silent,
    /// It has not been shown, and why.
    Open(String),
}

/// Why a claim is not proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Open {
    /// It says nothing in this variant.
    Silent,
    /// This is in the way.
    Because(String),
}

impl From<&str> for Open {
    fn from(why: &str) -> Self {
        Open::Because(why.to_owned())
    }
}

impl From<String> for Open {
    fn from(why: String) -> Self {
        Open::Because(why)
    }
}

impl Judgement {
    /// Both.
    pub(super) fn and(self, other: impl FnOnce() -> Self) -> Self {
        match self {
            Judgement::Holds => other(),
            Judgement::Silent | Judgement::Open(_) => self,
        }
    }
}

/// Asks about one variant.
pub(super) struct Prover<'a> {
    pub(super) spec: &'a Spec,
    pub(super) variant: &'a Variant,
}

impl Prover<'_> {
    /// Asks on every piece; how many there are on which the claim says something, or why it is open.
    pub(super) fn everywhere(&self, ask: &dyn Fn(&mut Reader<'_>) -> Reading<Judgement>) -> Result<usize, Open> {
        let mut atoms = Atoms::default();
        let mut open = vec![Piece::default()];
        let (mut met, mut spoken) = (0, 0);
        while let Some(mut piece) = open.pop() {
            met += 1;
            if met > MOST_PIECES {
                return Err("too many pieces".into());
            }
            let mut reader = Reader::new(self.spec, self.variant, &mut atoms, &mut piece);
            match ask(&mut reader) {
                Ok(Judgement::Holds) => spoken += 1,
                Ok(Judgement::Silent) => {}
                Ok(Judgement::Open(why)) => {
                    if !piece.is_empty(Depth::Pairs) {
                        return Err(why.into());
                    }
                }
                Err(Stop::Split(parts)) => {
                    for part in parts {
                        let mut child = piece.clone();
                        child.learn(part, &|unknown| atoms.is_given(unknown));
                        if !child.is_empty(Depth::Sums) {
                            open.push(child);
                        }
                    }
                }
                Err(Stop::Valueless) => {}
                Err(Stop::Labelled(..)) => return Err("a comparison with a label outside a reduction".into()),
                Err(Stop::Unreadable(why)) => return Err(why.into()),
            }
        }
        if spoken == 0 { Err(Open::Silent) } else { Ok(spoken) }
    }

    /// The nodes of an input.
    pub(super) fn nodes(&self, input: InputId) -> Vec<ExprId> {
        let graph = &self.variant.graph;
        reachable(graph, [self.variant.loss]).into_iter().filter(|&id| graph.expr(id) == Expr::Input(input)).collect()
    }

    /// An input read as something else.
    pub(super) fn input_as(&self, input: InputId, scale: &Polynomial, offset: &Polynomial) -> Changes {
        let change = Change::Moved { scale: scale.clone(), offset: Quotient::of(offset.clone()) };
        self.nodes(input).into_iter().map(|id| (id, change.clone())).collect()
    }

    /// Whether the loss at a place depends on an input at that place alone.
    pub(super) fn is_pointwise_in(&self, input: InputId) -> bool {
        self.is_pointwise_at(self.variant.loss, input)
    }

    /// Whether an expression at a place does.
    pub(super) fn is_pointwise_at(&self, id: ExprId, input: InputId) -> bool {
        let graph = &self.variant.graph;
        let nodes = reachable(graph, [id]).into_iter();
        let elsewhere = |id| matches!(graph.expr(id), Expr::Reduce { .. } | Expr::Pick { .. });
        !nodes.into_iter().any(|id| elsewhere(id) && self.depends(id, input))
    }

    /// Whether an expression depends on an input.
    pub(super) fn depends(&self, id: ExprId, input: InputId) -> bool {
        let graph = &self.variant.graph;
        reachable(graph, [id]).into_iter().any(|id| graph.expr(id) == Expr::Input(input))
    }
}

/// The loss where one input is moved by the step, and its derivative there.
pub(super) struct Moved {
    /// The value, at the point itself.
    pub(super) value: Quotient,
    /// The derivative, of the expression that holds at the point itself.
    pub(super) slope: Quotient,
}

impl Reader<'_> {
    /// Whether an inequality is shown here.
    pub(super) fn shows(&mut self, inequality: &Inequality, what: &str) -> Judgement {
        if self.piece.implies(inequality, HARD) { Judgement::Holds } else { Judgement::Open(what.to_owned()) }
    }

    /// Whether a quotient is shown to be 0 here.
    pub(super) fn shows_zero(&mut self, quotient: &Quotient, what: &str) -> Judgement {
        let above = self.piece.simplified(&quotient.above);
        if above.is_zero() {
            return Judgement::Holds;
        }
        let one = Inequality::nonnegative(above.clone());
        let other = Inequality::nonnegative(above.negated());
        let first = self.shows(&one, what);
        first.and(|| self.shows(&other, what))
    }

    /// A number that the claim needs.
    pub(super) fn finite(&mut self, id: ExprId) -> Reading<Quotient> {
        match self.real(id)? {
            Value::Finite(number) => Ok(number),
            Value::Nan => Err(Stop::Valueless),
            Value::Infinite { .. } | Value::Undefined => Err(Stop::Unreadable("a value that is infinite or none")),
        }
    }

    /// Likewise, where there must be one: the claim says so.
    pub(super) fn present(&mut self, id: ExprId) -> Reading<Quotient> {
        match self.finite(id) {
            Err(Stop::Valueless) => Err(Stop::Unreadable("a value that is there for the one and not for the other")),
            other => other,
        }
    }

    /// The value and slope of an expression as an input moves.
    pub(super) fn moved(&mut self, prover: &Prover<'_>, id: ExprId, input: InputId) -> Reading<Moved> {
        let step = self.introduced(Atom::Step)?;
        self.turn(prover.input_as(input, &Polynomial::one(), &step), Side::Here);
        let path = self.finite(id)?;
        let slope = self.derivative(&path)?;
        let moved = Moved { value: self.stilled_quotient(&path)?, slope: self.stilled_quotient(&slope)? };
        self.turn(Changes::new(), Side::Here);
        Ok(moved)
    }

    /// Likewise where the input has another value.
    pub(super) fn moved_elsewhere(&mut self, prover: &Prover<'_>, id: ExprId, input: InputId) -> Reading<Moved> {
        let step = self.introduced(Atom::Step)?;
        let there = self.introduced(Atom::Other(input))?;
        self.turn(prover.input_as(input, &Polynomial::zero(), &there.plus(&step)), Side::Here);
        let path = self.present(id)?;
        let slope = self.derivative(&path)?;
        let moved = Moved { value: self.stilled_quotient(&path)?, slope: self.stilled_quotient(&slope)? };
        self.turn(Changes::new(), Side::Here);
        Ok(moved)
    }

    /// An input at the place of the loss, and its other value.
    pub(super) fn two_values(&mut self, input: InputId) -> Reading<(Polynomial, Polynomial)> {
        Ok((self.introduced(Atom::Input(input, Vec::new()))?, self.introduced(Atom::Other(input))?))
    }

    /// Tells the piece an inequality.
    pub(super) fn suppose(&mut self, inequality: Inequality) {
        self.learn(Fact::Holds(inequality));
    }

    /// The bound that a claim names; none where it is infinite or none.
    pub(super) fn bound(&mut self, id: ExprId) -> Reading<Option<Quotient>> {
        Ok(match self.real(id)? {
            Value::Finite(bound) => Some(bound),
            Value::Nan | Value::Infinite { .. } | Value::Undefined => None,
        })
    }
}
