//! The table of unknowns: what each of them stands for, and what is known of it wherever it stands.

use std::collections::HashMap;

use dashu_ratio::RBig;
use loss_codegen::expr::{AxisId, InputId, ParamId, Reducer, Unary};

use super::certificate::Inequality;
use super::polynomial::{Polynomial, Unknown};
use super::quotient::Quotient;

/// A place on an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Where {
    /// Any place, of the reduction nested so deep.
    Each(u8),
    /// The place that a label names.
    Labelled(InputId),
}

/// Places on axes. On those that are not listed it is the place of the loss.
pub(super) type Place = Vec<(AxisId, Where)>;

/// What an unknown stands for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Atom {
    /// The number that an input holds at a place.
    Input(InputId, Place),
    /// A parameter, or a free variable of a claim.
    Param(ParamId),
    /// The extent of an axis.
    Size(AxisId),
    /// Another value of an input.
    Other(InputId),
    /// A step of the argument.
    Step,
    /// A function of something.
    Function(Unary, Quotient),
    /// A power that is no whole number.
    Power(Quotient, Quotient),
    /// A reduction over an axis, nested so deep.
    Reduced(Reducer, AxisId, u8, Quotient),
}

#[derive(Clone, Debug)]
struct Entry {
    atom: Atom,
    /// Whether it depends on the step.
    moves: bool,
    /// The depths of reductions over whose places it varies, as bits.
    depths: u32,
}

/// Every unknown met so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Atoms {
    entries: Vec<Entry>,
    known: HashMap<Atom, Unknown>,
}

impl Atoms {
    /// The unknown that stands for something.
    pub(super) fn unknown(&mut self, atom: Atom) -> Unknown {
        if let Some(&known) = self.known.get(&atom) {
            return known;
        }
        let (moves, depths) = match &atom {
            Atom::Input(_, place) => (false, place.iter().fold(0, |bits, (_, at)| bits | at.depth_bit())),
            Atom::Param(_) | Atom::Size(_) | Atom::Other(_) => (false, 0),
            Atom::Step => (true, 0),
            Atom::Function(_, x) => (self.quotient_moves(x), self.quotient_depths(x)),
            Atom::Power(x, y) => {
                let moves = self.quotient_moves(x) || self.quotient_moves(y);
                (moves, self.quotient_depths(x) | self.quotient_depths(y))
            }
            Atom::Reduced(_, _, depth, x) => (self.quotient_moves(x), self.quotient_depths(x) & !(1 << depth)),
        };
        let unknown = Unknown(self.entries.len() as u32);
        self.entries.push(Entry { atom: atom.clone(), moves, depths });
        self.known.insert(atom, unknown);
        unknown
    }

    /// Whether something has been met.
    pub(super) fn has(&self, atom: &Atom) -> bool {
        self.known.contains_key(atom)
    }

    /// What an unknown stands for.
    pub(super) fn atom(&self, unknown: Unknown) -> &Atom {
        &self.entries[unknown.0 as usize].atom
    }

    /// Whether an unknown depends on the step.
    pub(super) fn moves(&self, unknown: Unknown) -> bool {
        self.entries[unknown.0 as usize].moves
    }

    /// Whether a polynomial depends on the step.
    pub(super) fn polynomial_moves(&self, polynomial: &Polynomial) -> bool {
        polynomial.unknowns().into_iter().any(|unknown| self.moves(unknown))
    }

    /// Likewise for a quotient.
    pub(super) fn quotient_moves(&self, quotient: &Quotient) -> bool {
        self.polynomial_moves(&quotient.above) || self.polynomial_moves(&quotient.below)
    }

    /// The depths of reductions over whose places an unknown varies, as bits.
    pub(super) fn depths(&self, unknown: Unknown) -> u32 {
        self.entries[unknown.0 as usize].depths
    }

    /// Likewise for a polynomial.
    pub(super) fn polynomial_depths(&self, polynomial: &Polynomial) -> u32 {
        polynomial.unknowns().into_iter().fold(0, |bits, unknown| bits | self.depths(unknown))
    }

    fn quotient_depths(&self, quotient: &Quotient) -> u32 {
        self.polynomial_depths(&quotient.above) | self.polynomial_depths(&quotient.below)
    }

    /// Whether an unknown depends on an input.
    pub(super) fn reads(&self, unknown: Unknown, input: InputId) -> bool {
        match self.atom(unknown) {
            Atom::Input(own, _) | Atom::Other(own) => *own == input,
            Atom::Param(_) | Atom::Size(_) | Atom::Step => false,
            Atom::Function(_, x) | Atom::Reduced(_, _, _, x) => self.quotient_reads(x, input),
            Atom::Power(x, y) => self.quotient_reads(x, input) || self.quotient_reads(y, input),
        }
    }

    /// Whether a quotient depends on an input.
    pub(super) fn quotient_reads(&self, quotient: &Quotient, input: InputId) -> bool {
        let unknowns = quotient.above.unknowns().into_iter().chain(quotient.below.unknowns());
        unknowns.into_iter().any(|unknown| self.reads(unknown, input))
    }

    /// Whether an unknown is a number that a caller hands in, and so may be solved for.
    pub(super) fn is_given(&self, unknown: Unknown) -> bool {
        match self.atom(unknown) {
            Atom::Input(..) | Atom::Param(_) | Atom::Other(_) => true,
            Atom::Size(_) | Atom::Step | Atom::Function(..) | Atom::Power(..) | Atom::Reduced(..) => false,
        }
    }
}

impl Where {
    fn depth_bit(self) -> u32 {
        match self {
            Where::Each(depth) => 1 << depth,
            Where::Labelled(_) => 0,
        }
    }
}

/// What holds of a function's value y at any argument x = above / below in its domain, as far as proofs need it.
pub(super) fn function_facts(function: Unary, y: Unknown, x: &Quotient) -> Vec<Inequality> {
    let y = Polynomial::unknown(y);
    let one = Polynomial::one();
    let over_zero = |p: Polynomial| Inequality::positive(p);
    let at_least_zero = |p: Polynomial| Inequality::nonnegative(p);
    // `y - x`, times what divides x.
    let beyond = |y: &Polynomial| y.times(&x.below).minus(&x.above);
    match function {
        // exp(x) >= 1 + x
        Unary::Exp => vec![over_zero(y.clone()), at_least_zero(beyond(&y.minus(&one)))],
        Unary::Expm1 => vec![over_zero(y.plus(&one)), at_least_zero(beyond(&y))],
        // log(x) <= x - 1
        Unary::Log => vec![at_least_zero(beyond(&y.plus(&one)).negated())],
        // log(1 + x) <= x
        Unary::Log1p => vec![at_least_zero(beyond(&y).negated())],
        // softplus(x) > max(0, x)
        Unary::Softplus => vec![over_zero(y.clone()), over_zero(beyond(&y))],
        Unary::Sigmoid => vec![over_zero(y.clone()), over_zero(one.minus(&y))],
        // It has the sign of its argument.
        Unary::Tanh | Unary::Erf => {
            vec![over_zero(one.minus(&y)), over_zero(one.plus(&y)), at_least_zero(y.times(&x.above))]
        }
        Unary::Sinh => vec![at_least_zero(y.times(&x.above))],
        // pi / 2 < 8 / 5
        Unary::Atan => {
            let bound = Polynomial::constant(RBig::from(8) / RBig::from(5));
            vec![over_zero(bound.minus(&y)), over_zero(bound.plus(&y)), at_least_zero(y.times(&x.above))]
        }
        Unary::Cosh => vec![at_least_zero(y.minus(&one))],
        Unary::Sin | Unary::Cos => vec![at_least_zero(one.minus(&y)), at_least_zero(one.plus(&y))],
        Unary::Sqrt => {
            let square = y.power(2).times(&x.below).minus(&x.above);
            vec![at_least_zero(y), at_least_zero(square.clone()), at_least_zero(square.negated())]
        }
        Unary::LogNormalCdf => vec![over_zero(y.negated())],
        Unary::LogCosh => vec![at_least_zero(y)],
        Unary::Negate
        | Unary::Abs
        | Unary::Sign
        | Unary::Relu
        | Unary::Tan
        | Unary::Acos
        | Unary::Lgamma
        | Unary::Digamma
        | Unary::Detach
        | Unary::Weighed
        | Unary::PowerOfTwo => Vec::new(),
    }
}
