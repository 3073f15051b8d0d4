//! The declared properties, each as inequalities that hold on every piece.

use loss_codegen::expr::{Binary, Expr, ExprId, InputId, Reducer, Unary};
use loss_codegen::property::{Direction, Property as Kind};
use loss_codegen::rewrite::reachable;

use super::Verdict;
use super::atoms::Atom;
use super::certificate::Inequality;
use super::polynomial::Polynomial;
use super::prover::{Judgement, Open, Prover};
use super::quotient::Quotient;
use super::reader::{Changes, Reader, Reading, Side, Value};
use super::symmetries::Sign;

/// A property in the graph of a variant.
#[derive(Clone, Debug)]
pub struct Property<'s> {
    /// Which one.
    pub kind: Kind,
    /// The input, definition or axis that it speaks of.
    pub of: Option<&'s str>,
    /// The second input of a pair.
    pub and: Option<&'s str>,
    /// Where the input goes.
    pub direction: Option<Direction>,
    /// Its formulas: conditions and bounds.
    pub formulas: Vec<ExprId>,
}

impl Prover<'_> {
    /// Tries to prove a property.
    pub(super) fn property(&self, property: &Property<'_>) -> Verdict {
        let formula = property.formulas.first().copied();
        let input = property.of.and_then(|name| self.input(name));
        let pair = input.zip(property.and.and_then(|name| self.input(name)));
        let rule = match property.kind {
            Kind::Nonnegative => formula.map(|when| self.nonnegative(when)),
            Kind::ZeroIff => formula.map(|when| self.zero_iff(when)),
            Kind::Bounded => formula.zip(property.formulas.get(1)).map(|(low, &high)| self.bounded(low, high)),
            Kind::EvenIn => property.of.map(|name| self.of_the_negative(name, Sign::Kept)),
            Kind::OddIn => property.of.map(|name| self.of_the_negative(name, Sign::Turned)),
            Kind::SymmetricIn => pair.map(|(a, b)| self.exchanged(a, b, Sign::Kept)),
            Kind::AntisymmetricIn => pair.map(|(a, b)| self.exchanged(a, b, Sign::Turned)),
            Kind::ConvexIn => input.map(|input| self.convex(input)),
            Kind::IncreasingIn => input.map(|input| self.monotone(input, 1)),
            Kind::DecreasingIn => input.map(|input| self.monotone(input, -1)),
            Kind::StronglyConvexIn => input.zip(formula).map(|(input, least)| self.strongly_convex(input, least)),
            Kind::LipschitzSupIn => input.zip(formula).map(|(input, bound)| self.sizes_within(input, bound)),
            Kind::LipschitzIn => input.zip(formula).map(|(input, bound)| self.lipschitz(input, bound)),
            Kind::SmoothIn => input.zip(formula).map(|(input, bound)| self.smooth(input, bound)),
            Kind::HomogeneousIn => input.zip(formula).map(|(input, degree)| self.homogeneous(input, degree)),
            Kind::ScaleInvariantIn => input.zip(formula).map(|(input, when)| self.scale_invariant(input, when)),
            Kind::GradientSumsToZeroIn => input.map(|input| self.gradient_sums_to_zero(input)),
            Kind::Through => Some(self.through(&property.formulas)),
            Kind::Asymptotes => match (input, property.direction, formula) {
                (Some(input), Some(direction), Some(goal)) => Some(self.asymptote(input, direction, goal)),
                (_, None, _) | (None, ..) | (.., None) => None,
            },
            Kind::ProperIn => input.zip(formula).map(|(label, likely)| self.proper(label, likely)),
            Kind::ShiftInvariantIn => input.map(|input| self.shift_invariant(input)),
            Kind::PermutationEquivariant => property.of.map(|axis| self.equivariant(axis)),
        };
        rule.unwrap_or_else(|| Err("it speaks of nothing that there is".into())).into()
    }

    pub(super) fn input(&self, name: &str) -> Option<InputId> {
        self.spec.inputs.iter().position(|input| input.name == name).map(|at| InputId(at as u8))
    }

    fn nonnegative(&self, when: ExprId) -> Result<String, Open> {
        let loss = self.variant.loss;
        let pieces = self.everywhere(&|reader| {
            if reader.condition(when)? == Some(false) {
                return Ok(Judgement::Silent);
            }
            let value = reader.finite(loss)?;
            Ok(reader.shows(&Inequality::nonnegative(value.above), "no certificate that the value is at least 0"))
        })?;
        Ok(certificate(pieces))
    }

    fn zero_iff(&self, when: ExprId) -> Result<String, Open> {
        let loss = self.variant.loss;
        let pieces = self.everywhere(&|reader| {
            let is_zero = reader.condition(when)?;
            let value = reader.finite(loss)?;
            Ok(match is_zero {
                Some(true) => reader.shows_zero(&value, "no certificate that the value is 0 where it should be"),
                Some(false) => {
                    let above = Inequality::positive(value.above);
                    reader.shows(&above, "no certificate that the value is above 0 where it should be")
                }
                None => Judgement::Open("the condition is unordered".to_owned()),
            })
        })?;
        Ok(certificate(pieces))
    }

    fn bounded(&self, low: ExprId, high: ExprId) -> Result<String, Open> {
        let loss = self.variant.loss;
        let pieces = self.everywhere(&|reader| {
            let value = reader.finite(loss)?;
            let (low, high) = (reader.real(low)?, reader.real(high)?);
            let open = |what: &str| Judgement::Open(what.to_owned());
            let first = match low {
                Value::Finite(low) => {
                    let gap = Inequality::nonnegative(value.minus(&low).above);
                    reader.shows(&gap, "no certificate of the lower bound")
                }
                Value::Infinite { negative: true } => Judgement::Holds,
                Value::Infinite { negative: false } | Value::Nan | Value::Undefined => {
                    open("the lower bound has no value")
                }
            };
            Ok(first.and(|| match high {
                Value::Finite(high) => {
                    let gap = Inequality::nonnegative(high.minus(&value).above);
                    reader.shows(&gap, "no certificate of the upper bound")
                }
                Value::Infinite { negative: false } => Judgement::Holds,
                Value::Infinite { negative: true } | Value::Nan | Value::Undefined => {
                    open("the upper bound has no value")
                }
            }))
        })?;
        Ok(certificate(pieces))
    }

    pub(super) fn convex(&self, input: InputId) -> Result<String, Open> {
        if let Some(argument) = self.convex_by_rules(input) {
            return Ok(argument);
        }
        self.pointwise(input)?;
        let loss = self.variant.loss;
        let pieces = self.everywhere(&|reader| {
            let here = reader.moved(self, loss, input)?;
            let there = reader.moved_elsewhere(self, loss, input)?;
            let (x, y) = reader.two_values(input)?;
            let tangent = here.value.plus(&here.slope.times(&Quotient::of(y.minus(&x))));
            let gap = Inequality::nonnegative(there.value.minus(&tangent).above);
            Ok(reader.shows(&gap, "no certificate that it lies above its tangents"))
        });
        match pieces {
            Ok(pieces) => Ok(format!("above its tangents: {}", certificate(pieces))),
            Err(why) if self.is_smooth_in(input) => {
                let pieces = self
                    .on_second_derivative(input, &|reader, second| {
                        Ok(reader.shows(&Inequality::nonnegative(second.above), "no certificate"))
                    })
                    .map_err(|_| why)?;
                Ok(format!("its second derivative is at least 0: {}", certificate(pieces)))
            }
            Err(why) => Err(why),
        }
    }

    /// Above its tangents by half of a number times the squared distance.
    fn strongly_convex(&self, input: InputId, least: ExprId) -> Result<String, Open> {
        self.pointwise(input)?;
        let loss = self.variant.loss;
        let pieces = self.everywhere(&|reader| {
            let Some(least) = reader.bound(least)? else { return Ok(Judgement::Silent) };
            let here = reader.moved(self, loss, input)?;
            let there = reader.moved_elsewhere(self, loss, input)?;
            let (x, y) = reader.two_values(input)?;
            let step = Quotient::of(y.minus(&x));
            let half = least.times(&step.power(2)).over_positive(&Quotient::integer(2));
            let gap = there.value.minus(&here.value).minus(&here.slope.times(&step)).minus(&half);
            Ok(reader.shows(&Inequality::nonnegative(gap.above), "no certificate that it is so far above its tangents"))
        })?;
        Ok(format!("so far above its tangents: {}", certificate(pieces)))
    }

    pub(super) fn pointwise(&self, input: InputId) -> Result<(), Open> {
        if self.is_pointwise_in(input) { Ok(()) } else { Err("no rule for a loss of a whole row".into()) }
    }

    fn on_second_derivative(
        &self,
        input: InputId,
        judge: &dyn Fn(&mut Reader<'_>, Quotient) -> Reading<Judgement>,
    ) -> Result<usize, Open> {
        self.everywhere(&|reader| {
            let step = reader.introduced(Atom::Step)?;
            reader.turn(self.input_as(input, &Polynomial::one(), &step), Side::Here);
            let path = reader.finite(self.variant.loss)?;
            let slope = reader.derivative(&path)?;
            let second = reader.derivative(&slope)?;
            let second = reader.stilled_quotient(&second)?;
            reader.turn(Changes::new(), Side::Here);
            judge(reader, second)
        })
    }

    fn monotone(&self, input: InputId, sign: i64) -> Result<String, Open> {
        if let Some(argument) = self.monotone_by_rules(input, sign > 0) {
            return Ok(argument);
        }
        self.pointwise(input)?;
        let loss = self.variant.loss;
        let pieces = self.everywhere(&|reader| {
            let (x, y) = reader.two_values(input)?;
            reader.suppose(Inequality::positive(y.minus(&x)));
            let here = reader.moved(self, loss, input)?;
            let there = reader.moved_elsewhere(self, loss, input)?;
            let rise = there.value.minus(&here.value).times(&Quotient::integer(sign));
            Ok(reader.shows(&Inequality::nonnegative(rise.above), "no certificate that it goes one way"))
        });
        match pieces {
            Ok(pieces) => Ok(format!("between any two arguments: {}", certificate(pieces))),
            Err(why) if self.is_continuous_in(input) => {
                let pieces = self.everywhere(&|reader| {
                    let slope = reader.moved(self, loss, input)?.slope.times(&Quotient::integer(sign));
                    Ok(reader.shows(&Inequality::nonnegative(slope.above), "no certificate of the slope's sign"))
                });
                Ok(format!("its slope has one sign: {}", certificate(pieces.map_err(|_| why)?)))
            }
            Err(why) => Err(why),
        }
    }

    fn lipschitz(&self, input: InputId, bound: ExprId) -> Result<String, Open> {
        if !self.is_pointwise_in(input) {
            return self.length_within(input, bound);
        }
        let loss = self.variant.loss;
        let pieces = self.between(input, bound, &|reader| {
            let here = reader.moved(self, loss, input)?.value;
            let there = reader.moved_elsewhere(self, loss, input)?.value;
            Ok(there.minus(&here))
        });
        match pieces {
            Ok(pieces) => Ok(format!("between any two arguments: {}", certificate(pieces))),
            Err(why) if self.is_continuous_in(input) => {
                let pieces = self.everywhere(&|reader| {
                    let Some(bound) = reader.bound(bound)? else { return Ok(Judgement::Silent) };
                    let slope = reader.moved(self, loss, input)?.slope;
                    Ok(within(reader, &slope, &bound))
                });
                Ok(format!("its slope is within the bound: {}", certificate(pieces.map_err(|_| why)?)))
            }
            Err(why) => Err(why),
        }
    }

    fn smooth(&self, input: InputId, bound: ExprId) -> Result<String, Open> {
        if !self.is_pointwise_in(input) {
            return self.bend_within(input, bound);
        }
        let loss = self.variant.loss;
        let pieces = self.everywhere(&|reader| {
            let Some(bound) = reader.bound(bound)? else { return Ok(Judgement::Silent) };
            let (x, y) = reader.two_values(input)?;
            reader.suppose(Inequality::positive(y.minus(&x)));
            let here = reader.moved(self, loss, input)?;
            let there = reader.moved_elsewhere(self, loss, input)?;
            let distance = Quotient::of(y.minus(&x));
            let allowed = bound.times(&distance);
            // A jump between two parallel slopes is no smooth loss: the value must stay near its tangent, too.
            let rest = there.value.minus(&here.value).minus(&here.slope.times(&distance));
            let slopes = within(reader, &there.slope.minus(&here.slope), &allowed);
            Ok(slopes.and(|| within(reader, &rest, &allowed.times(&distance))))
        });
        match pieces {
            Ok(pieces) => Ok(format!("of the slope, between any two arguments: {}", certificate(pieces))),
            Err(why) if self.is_smooth_in(input) => {
                let pieces = self.everywhere(&|reader| {
                    let Some(bound) = reader.bound(bound)? else { return Ok(Judgement::Silent) };
                    let step = reader.introduced(Atom::Step)?;
                    reader.turn(self.input_as(input, &Polynomial::one(), &step), Side::Here);
                    let path = reader.finite(loss)?;
                    let slope = reader.derivative(&path)?;
                    let second = reader.derivative(&slope)?;
                    let second = reader.stilled_quotient(&second)?;
                    Ok(within(reader, &second, &bound))
                });
                Ok(format!("its second derivative is within the bound: {}", certificate(pieces.map_err(|_| why)?)))
            }
            Err(why) => Err(why),
        }
    }

    /// Whether a difference between two arguments is at most the bound times their distance.
    fn between(
        &self,
        input: InputId,
        bound: ExprId,
        difference: &dyn Fn(&mut Reader<'_>) -> Reading<Quotient>,
    ) -> Result<usize, Open> {
        self.everywhere(&|reader| {
            let Some(bound) = reader.bound(bound)? else { return Ok(Judgement::Silent) };
            // Which of the two is the larger does not matter.
            let (x, y) = reader.two_values(input)?;
            reader.suppose(Inequality::positive(y.minus(&x)));
            let difference = difference(reader)?;
            let allowed = bound.times(&Quotient::of(y.minus(&x)));
            Ok(within(reader, &difference, &allowed))
        })
    }

    /// Whether the loss is continuous in an input by how it is made: by no case, sign or division that the input decides.
    pub(super) fn is_continuous_in(&self, input: InputId) -> bool {
        self.has_none(input, &|expr| matches!(expr, Expr::Unary(Unary::Sign, _)))
    }

    /// Whether it has a continuous derivative by how it is made.
    pub(super) fn is_smooth_in(&self, input: InputId) -> bool {
        self.has_none(input, &|expr| {
            matches!(
                expr,
                Expr::Unary(Unary::Sign | Unary::Abs | Unary::Relu | Unary::Sqrt, _)
                    | Expr::Binary(Binary::Max | Binary::Min, ..)
                    | Expr::Reduce {
                        reducer: Reducer::Max | Reducer::Min | Reducer::Norm | Reducer::SimplexThreshold,
                        ..
                    }
            )
        })
    }

    fn has_none(&self, input: InputId, breaks: &dyn Fn(Expr) -> bool) -> bool {
        let graph = &self.variant.graph;
        let decides = |expr| {
            let (Expr::If(decider, ..)
            | Expr::Binary(Binary::Weigh, decider, _)
            | Expr::Binary(Binary::Divide | Binary::Power, _, decider)) = expr
            else {
                return false;
            };
            self.depends(decider, input)
        };
        let nodes = reachable(graph, [self.variant.loss]).into_iter().filter(|&id| self.depends(id, input));
        nodes.map(|id| graph.expr(id)).all(|expr| !decides(expr) && !breaks(expr))
    }
}

/// Whether a number is between a bound and its negative.
fn within(reader: &mut Reader<'_>, number: &Quotient, bound: &Quotient) -> Judgement {
    let above = Inequality::nonnegative(bound.minus(number).above);
    let below = Inequality::nonnegative(bound.plus(number).above);
    let first = reader.shows(&above, "no certificate of the bound");
    first.and(|| reader.shows(&below, "no certificate of the bound"))
}

/// The argument, in a few words.
pub(super) fn certificate(pieces: usize) -> String {
    format!("exact certificates on {}", counted(pieces))
}

pub(super) fn counted(pieces: usize) -> String {
    if pieces == 1 { "one piece".to_owned() } else { format!("{pieces} pieces") }
}
