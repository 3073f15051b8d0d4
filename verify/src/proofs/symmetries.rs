//! What changes of the inputs leave as it is, or change by a sign or a factor.

use loss_codegen::expr::{AxisId, Binary, Comparison, Expr, ExprId, InputId, Type, Unary};
use loss_codegen::model::Label;
use loss_codegen::rewrite::reachable;

use super::atoms::Atom;
use super::certificate::Inequality;
use super::polynomial::Polynomial;
use super::properties::counted;
use super::prover::{Judgement, Open, Prover};
use super::quotient::Quotient;
use super::reader::{Change, Changes, Reader, Reading, Side, free_variable};

/// What becomes of the loss's sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    Kept,
    Turned,
}

impl Sign {
    fn of(self, value: Quotient) -> Quotient {
        match self {
            Sign::Kept => value,
            Sign::Turned => value.negated(),
        }
    }
}

impl Prover<'_> {
    /// The loss where an input or a definition has the other sign.
    pub(super) fn of_the_negative(&self, name: &str, sign: Sign) -> Result<String, Open> {
        let nodes = match self.variant.lets.iter().find(|(other, _)| other == name) {
            Some((_, definition)) => vec![*definition],
            None => self.input(name).map(|input| self.nodes(input)).unwrap_or_default(),
        };
        let negated = Change::Moved { scale: Polynomial::integer(-1), offset: Quotient::integer(0) };
        let changes: Changes = nodes.into_iter().map(|id| (id, negated.clone())).collect();
        let pieces = self.unchanged(&changes, &|_, value| Ok(sign.of(value)))?;
        let what = match sign {
            Sign::Kept => "the same expression",
            Sign::Turned => "the negative",
        };
        Ok(format!("{what} when the sign changes, on each of {}", counted(pieces)))
    }

    /// Whether the gradient is the slope of the value: a claim that speaks of both follows from the value alone.
    fn has_its_own_slopes(&self, input: InputId) -> Result<(), Open> {
        let graph = &self.variant.graph;
        let is_other = |expr| {
            matches!(expr, Expr::Unary(Unary::Detach | Unary::Weighed, _) | Expr::Binary(Binary::StraightThrough, ..))
        };
        let mut nodes = reachable(graph, [self.variant.loss]).into_iter();
        if nodes.any(|id| is_other(graph.expr(id)) && self.depends(id, input)) {
            return Err("a gradient that is not the derivative".into());
        }
        Ok(())
    }

    /// The loss where two inputs have changed places.
    pub(super) fn exchanged(&self, a: InputId, b: InputId, sign: Sign) -> Result<String, Open> {
        self.has_its_own_slopes(a)?;
        self.has_its_own_slopes(b)?;
        let graph = &self.variant.graph;
        let (&[a], &[b]) = (&self.nodes(a)[..], &self.nodes(b)[..]) else {
            return Err("an input that is not read".into());
        };
        if graph.axes(a) != graph.axes(b) || graph.ty(a) != graph.ty(b) {
            return Err("inputs of two shapes".into());
        }
        let changes = Changes::from([(a, Change::Other(b)), (b, Change::Other(a))]);
        let pieces = self.unchanged(&changes, &|_, value| Ok(sign.of(value)))?;
        let what = match sign {
            Sign::Kept => "the same expression",
            Sign::Turned => "the negative",
        };
        Ok(format!("{what} when they change places, on each of {}", counted(pieces)))
    }

    /// A positive factor of the input, where a condition holds.
    pub(super) fn scale_invariant(&self, input: InputId, when: ExprId) -> Result<String, Open> {
        self.has_its_own_slopes(input)?;
        let factor = Atom::Param(free_variable(self.spec, 0));
        let pieces = self.everywhere(&|reader| {
            if reader.condition(when)? != Some(true) {
                return Ok(Judgement::Silent);
            }
            let factor = reader.introduced(factor.clone())?;
            reader.suppose(Inequality::positive(factor.clone()));
            let value = reader.finite(self.variant.loss)?;
            reader.turn(self.input_as(input, &factor, &Polynomial::zero()), Side::Here);
            let scaled = reader.present(self.variant.loss)?;
            Ok(reader.shows_zero(&scaled.minus(&value), "the factor does not cancel"))
        })?;
        Ok(format!("the factor cancels in the expression, on each of {}", counted(pieces)))
    }

    /// The gradient is that along a shift of all places.
    pub(super) fn gradient_sums_to_zero(&self, input: InputId) -> Result<String, Open> {
        self.has_its_own_slopes(input)?;
        if !self.is_smooth_in(input) {
            return Err("a gradient that may be chosen at a kink".into());
        }
        Ok(format!("the slope along a shift: {}", self.shift_invariant(input)?))
    }

    /// A factor of the input comes out as a power of it.
    pub(super) fn homogeneous(&self, input: InputId, degree: ExprId) -> Result<String, Open> {
        self.has_its_own_slopes(input)?;
        let degree = self.variant.graph.constant(degree).and_then(loss_codegen::expr::Constant::as_integer);
        let Some(degree) = degree.and_then(|degree| u32::try_from(degree).ok()) else {
            return Err("a degree that is no whole number".into());
        };
        let factor = Atom::Param(free_variable(self.spec, 0));
        let pieces = self.everywhere(&|reader| {
            let factor = reader.introduced(factor.clone())?;
            reader.suppose(Inequality::positive(factor.clone()));
            let value = reader.finite(self.variant.loss)?;
            reader.turn(self.input_as(input, &factor, &Polynomial::zero()), Side::Here);
            let scaled = reader.present(self.variant.loss)?;
            let expected = value.times(&Quotient::of(factor.power(degree)));
            Ok(reader.shows_zero(&scaled.minus(&expected), "the scaled expression is not the scaled value"))
        })?;
        Ok(format!("a factor comes out of the expression, on each of {}", counted(pieces)))
    }

    /// A number added to all places of the input changes nothing.
    pub(super) fn shift_invariant(&self, input: InputId) -> Result<String, Open> {
        let shift = Atom::Param(free_variable(self.spec, 0));
        let pieces = self.everywhere(&|reader| {
            let shift = reader.introduced(shift.clone())?;
            let value = reader.finite(self.variant.loss)?;
            reader.turn(self.input_as(input, &Polynomial::one(), &shift), Side::Here);
            let shifted = reader.present(self.variant.loss)?;
            Ok(reader.shows_zero(&shifted.minus(&value), "the shift does not cancel"))
        })?;
        Ok(format!("the shift cancels in the expression, on each of {}", counted(pieces)))
    }

    /// The loss with some expressions changed is what `expected` makes of it.
    fn unchanged(
        &self,
        changes: &Changes,
        expected: &dyn Fn(&mut Reader<'_>, Quotient) -> Reading<Quotient>,
    ) -> Result<usize, Open> {
        self.everywhere(&|reader| {
            let value = reader.finite(self.variant.loss)?;
            let expected = expected(reader, value)?;
            reader.turn(changes.clone(), Side::Here);
            let changed = reader.present(self.variant.loss)?;
            Ok(reader.shows_zero(&changed.minus(&expected), "the changed expression is another"))
        })
    }

    /// Whether no place of an axis is told apart from another but by a label.
    pub(super) fn equivariant(&self, axis: &str) -> Result<String, Open> {
        let Some(axis) = self.spec.axes.iter().position(|other| other.name == axis) else {
            return Err("no such axis".into());
        };
        let (axis, graph) = (AxisId(axis as u8), &self.variant.graph);
        for id in reachable(graph, [self.variant.loss]) {
            let expr = graph.expr(id);
            if let Expr::Compare(comparison, x, y) = expr
                && graph.ty(x) == Type::Index(axis)
            {
                let is_label = |id| matches!(graph.expr(id), Expr::Input(_));
                let is_equality = matches!(comparison, Comparison::Equal | Comparison::NotEqual);
                if !is_equality || !(is_label(x) || is_label(y)) {
                    return Err("places are compared by their order".into());
                }
            }
            if let Expr::Pick { axis: picked, index, .. } = expr
                && picked == axis
                && !matches!(graph.expr(index), Expr::Input(_))
            {
                return Err("a place is picked by its number".into());
            }
            if let Expr::Input(input) = expr
                && matches!(self.spec.inputs[usize::from(input.0)].label, Label::IndexList(_))
            {
                return Err("a list of places has an order".into());
            }
        }
        Ok("no place is told from another but by a label".to_owned())
    }
}
