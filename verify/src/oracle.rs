//! The truth: a spec's formula as written, in arithmetic of any precision with a bound of its error, and its gradient by the
//! derivative rules of the language. It shares nothing with the compiler beyond the typed graph.
//!
//! An evaluation starts at a modest precision and is repeated with twice as much until every number is known far better than any
//! float format could hold, and every comparison on the way is decided, or chooses between values that are one as far as anything
//! tells. Numbers that are known exactly compare exactly, so that a call lands on the knot it names.

pub mod agreement;
pub mod arithmetic;
pub mod ball;
pub mod call;
pub mod data;
pub mod difference;
pub mod dual;
pub mod product;
pub mod real;
pub mod second;
pub mod ulp;

mod elementary;
mod error_function;
mod evaluate;
mod functions;
mod gamma;
mod power;
mod radius;
mod reduce;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::rc::Rc;

use loss_codegen::expr::{AxisId, ExprId, InputId, ParamId, Type};
use loss_codegen::model::{Spec, Variant};

use data::{Data, Element, Malformed};
use dual::{Datum, Tangents};
use evaluate::{Attempt, Evaluator, Interruption, Place, Question};
use real::Real;

/// Values and gradients are known to a relative `2^-KNOWN`, or to round to zero in every format.
pub const KNOWN: i64 = 80;
/// The precision of the first attempt, in bits.
const FIRST: usize = 192;
/// The precision of the last.
const LAST: usize = 4096;

/// A value and its gradient at one place.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The value.
    pub value: Real,
    /// The derivative with respect to each element that the value depends on; the others' is zero.
    pub gradient: Tangents,
}

/// Why there is no truth.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failure {
    /// A comparison is not decided, or a number not known well enough, at this many bits: most likely a tie of numbers that are
    /// equal but not known exactly.
    Undecided {
        /// The precision of the last attempt.
        precision: usize,
    },
    /// The data or the question does not fit the spec.
    Malformed(Malformed),
    /// The divisor of the reduction is 0.
    ZeroDivisor,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Undecided { precision } => write!(f, "undecided at {precision} bits"),
            Failure::Malformed(malformed) => write!(f, "the data does not fit the spec: {malformed:?}"),
            Failure::ZeroDivisor => write!(f, "the divisor is zero"),
        }
    }
}

impl std::error::Error for Failure {}

impl From<Malformed> for Failure {
    fn from(malformed: Malformed) -> Self {
        Failure::Malformed(malformed)
    }
}

/// The truth about one variant of a loss for the data of one call.
pub struct Oracle<'a> {
    variant: &'a Variant,
    question: Question<'a>,
    wrt: BTreeSet<InputId>,
    evaluators: RefCell<BTreeMap<usize, Rc<Evaluator<'a>>>>,
}

impl<'a> Oracle<'a> {
    /// The oracle of a variant for some data.
    ///
    /// # Errors
    /// The data does not have the spec's shape.
    pub fn new(spec: &'a Spec, variant: &'a Variant, data: &'a Data) -> Result<Self, Malformed> {
        data.check(spec)?;
        let gradients = (0u8..).zip(&spec.inputs).filter(|(_, input)| input.gradient);
        let params = (0u8..).zip(&spec.params).filter(|(_, param)| param.gradient);
        let params = params.map(|(at, _)| Element::of_param(ParamId(at)).input);
        let wrt = gradients.map(|(at, _)| InputId(at)).chain(params).collect();
        let question = Question { spec, graph: &variant.graph, data };
        Ok(Oracle { variant, question, wrt, evaluators: RefCell::default() })
    }

    /// The loss and its gradient at a place: an index for each axis of the spec, in their order; those at the end may be left out
    /// where they do not matter.
    ///
    /// # Errors
    /// No precision decides it, or the formula reads what the data lacks.
    pub fn loss(&self, place: &[usize]) -> Result<Outcome, Failure> {
        self.expression(self.variant.loss, place)
    }

    /// Any real expression of the variant and its gradient at a place.
    ///
    /// # Errors
    /// No precision decides it, or the formula reads what the data lacks.
    pub fn expression(&self, id: ExprId, place: &[usize]) -> Result<Outcome, Failure> {
        let place = self.place(place)?;
        self.adaptively(|evaluator| {
            let (value, gradient) = evaluator.real(id, &place)?;
            let known = value.is_known_to(KNOWN) && gradient.values().all(|t| t.is_known_to(KNOWN));
            if known { Ok(Outcome { value, gradient }) } else { Err(Interruption::Undecided) }
        })
    }

    /// Any condition of the variant at a place; nothing if it is unordered.
    ///
    /// # Errors
    /// No precision decides it, or the formula reads what the data lacks.
    pub fn condition(&self, id: ExprId, place: &[usize]) -> Result<Option<bool>, Failure> {
        let place = self.place(place)?;
        if self.question.graph.ty(id) != Type::Condition {
            return Err(Malformed::Type.into());
        }
        self.adaptively(|evaluator| match evaluator.at(id, &place)?.value {
            Datum::Condition(value) => Ok(value),
            Datum::Real(_) | Datum::Integer(_) => Err(Malformed::Type.into()),
        })
    }

    fn place(&self, place: &[usize]) -> Result<Place, Malformed> {
        let mut all = [0; 8];
        for (at, (&index, &extent)) in place.iter().zip(&self.question.data.extents).enumerate() {
            if index >= extent {
                return Err(Malformed::Pick { axis: AxisId(at as u8), index: index as i64 });
            }
            all[at] = index;
        }
        Ok(all)
    }

    /// Asks with more and more precision.
    fn adaptively<T>(&self, ask: impl Fn(&Evaluator<'a>) -> Attempt<T>) -> Result<T, Failure> {
        let mut precision = FIRST;
        loop {
            let evaluator = Rc::clone(
                self.evaluators
                    .borrow_mut()
                    .entry(precision)
                    .or_insert_with(|| Rc::new(Evaluator::new(self.question, precision, self.wrt.clone()))),
            );
            evaluator.tidy();
            match ask(&evaluator) {
                Ok(answer) => return Ok(answer),
                Err(Interruption::Malformed(malformed)) => return Err(malformed.into()),
                Err(Interruption::Undecided) if precision < LAST => precision *= 2,
                Err(Interruption::Undecided) => return Err(Failure::Undecided { precision }),
            }
        }
    }
}

#[cfg(test)]
mod tests;
