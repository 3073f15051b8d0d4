//! Proper scoring rules with two outcomes: the mean loss is convex in what is predicted, and its slope is 0 where the outcomes are as
//! likely as the formula says.

use loss_codegen::expr::{Expr, ExprId, InputId};
use loss_codegen::model::Label;
use loss_codegen::rewrite::reachable;

use super::atoms::Atom;
use super::certificate::Inequality;
use super::polynomial::Polynomial;
use super::properties::counted;
use super::prover::{Open, Prover};
use super::quotient::Quotient;
use super::reader::{Change, Changes, Reader, Reading, Side};

impl Prover<'_> {
    /// The mean loss is least where the first outcome is as likely as the formula says.
    pub(super) fn proper(&self, label: InputId, likely: ExprId) -> Result<String, Open> {
        let outcomes = outcomes(self.spec.inputs[usize::from(label.0)].label)?;
        let graph = &self.variant.graph;
        let read: Vec<InputId> = reachable(graph, [likely])
            .into_iter()
            .filter_map(|id| match graph.expr(id) {
                Expr::Input(input) => Some(input),
                _ => None,
            })
            .filter(|input| self.spec.inputs[usize::from(input.0)].gradient)
            .collect();
        let [predicted] = read[..] else { return Err("no rule for a prediction of several inputs".into()) };
        if predicted == label || !self.is_smooth_in(predicted) {
            return Err("no rule for a mean with a kink".into());
        }
        self.convex(predicted)?;
        let pieces = self.everywhere(&|reader| {
            let likely = reader.finite(likely)?;
            // Where it is no probability, nothing is claimed.
            for bound in [likely.clone(), Quotient::integer(1).minus(&likely)] {
                reader.suppose(Inequality::nonnegative(bound.above));
            }
            let [first, second] = outcomes.map(|outcome| self.slope_at(reader, label, outcome, predicted));
            let rest = Quotient::integer(1).minus(&likely);
            let mean = likely.times(&first?).plus(&rest.times(&second?));
            Ok(reader.shows_zero(&mean, "no certificate that the mean slope is 0"))
        })?;
        Ok(format!("convex, and its mean slope is 0 there, on each of {}", counted(pieces)))
    }

    /// The slope in what is predicted, for one outcome.
    fn slope_at(&self, reader: &mut Reader<'_>, label: InputId, outcome: i64, predicted: InputId) -> Reading<Quotient> {
        let step = reader.introduced(Atom::Step)?;
        let mut changes: Changes = self.input_as(predicted, &Polynomial::one(), &step);
        let outcome = Change::Moved { scale: Polynomial::zero(), offset: Quotient::integer(outcome) };
        changes.extend(self.nodes(label).into_iter().map(|id| (id, outcome.clone())));
        reader.turn(changes, Side::Here);
        let path = reader.finite(self.variant.loss)?;
        let slope = reader.derivative(&path)?;
        let slope = reader.stilled_quotient(&slope)?;
        reader.turn(Changes::new(), Side::Here);
        Ok(slope)
    }
}

/// The two things that a label may be, the first as likely as the formula says.
fn outcomes(label: Label) -> Result<[i64; 2], Open> {
    match label {
        Label::Sign => Ok([1, -1]),
        Label::ClassIndex(_) | Label::Simplex(_) => Err("no rule for as many outcomes as classes".into()),
        Label::Real
        | Label::Nonnegative
        | Label::Positive
        | Label::Probability
        | Label::Binary
        | Label::MultiHot(_)
        | Label::Flag
        | Label::Count
        | Label::IndexList(_)
        | Label::Group => Ok([1, 0]),
    }
}
