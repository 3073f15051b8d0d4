//! Reads an expression of a variant's graph on a piece: as a quotient of polynomials in the atoms, without cases. Where the piece does
//! not say which case holds, the reading stops and says into which pieces to split.

use std::collections::{BTreeSet, HashMap};

use dashu_ratio::RBig;
use loss_codegen::expr::{AxisId, AxisSet, Constant, Expr, ExprId, InputId, ParamId};
use loss_codegen::model::{Label, Spec, Variant};
use loss_codegen::rewrite::reachable;

use super::atoms::{Atom, Atoms, Place, Where};
use super::certificate::{Depth, Inequality};
use super::piece::{Fact, Piece};
use super::polynomial::Polynomial;
use super::quotient::Quotient;

/// How hard a reading tries to tell which case holds before it splits.
pub(super) const TRY: Depth = Depth::Pairs;

/// Why a reading stopped.
#[derive(Clone, Debug)]
pub(super) enum Stop {
    /// It goes on in each of these parts of the piece.
    Split(Vec<Fact>),
    /// A comparison of a place with a label, within a reduction.
    Labelled(AxisId, InputId),
    /// It has no value here, so that no claim speaks of it.
    Valueless,
    /// It cannot be read.
    Unreadable(&'static str),
}

/// A reading, or why there is none.
pub(super) type Reading<T> = Result<T, Stop>;

/// What a real expression is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    /// A number.
    Finite(Quotient),
    /// An infinity.
    Infinite {
        /// Whether it is the negative one.
        negative: bool,
    },
    /// None, for sure.
    Nan,
    /// One of which nothing is known.
    Undefined,
}

impl Value {
    /// The number.
    pub(super) fn finite(self) -> Option<Quotient> {
        match self {
            Value::Finite(quotient) => Some(quotient),
            Value::Nan | Value::Infinite { .. } | Value::Undefined => None,
        }
    }
}

/// How an expression is read in place of what it is.
#[derive(Clone, Debug)]
pub(super) enum Change {
    /// `scale * own + offset`
    Moved {
        /// The factor.
        scale: Polynomial,
        /// The summand.
        offset: Quotient,
    },
    /// As another expression is at the same place, unchanged.
    Other(ExprId),
}

/// Expressions that are read as something else.
pub(super) type Changes = HashMap<ExprId, Change>;

/// Where a step leads, for the cases on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// Nowhere: cases are those of the point itself.
    Here,
    /// Cases are those right above the point.
    Above,
    /// Cases are those right below the point.
    Below,
}

/// Reads expressions on a piece.
pub(super) struct Reader<'a> {
    pub(super) spec: &'a Spec,
    pub(super) variant: &'a Variant,
    pub(super) atoms: &'a mut Atoms,
    pub(super) piece: &'a mut Piece,
    pub(super) side: Side,
    changes: Changes,
    memo: HashMap<(ExprId, Place, bool), Value>,
    /// How deep in reductions.
    pub(super) depth: u8,
    /// At the place of a reduction: that it is not the labelled one.
    pub(super) elsewhere: bool,
    /// Which sides of choices have been taken.
    sides: BTreeSet<(ExprId, bool)>,
}

impl<'a> Reader<'a> {
    /// A reader of what is written.
    pub(super) fn new(spec: &'a Spec, variant: &'a Variant, atoms: &'a mut Atoms, piece: &'a mut Piece) -> Self {
        Reader {
            spec,
            variant,
            atoms,
            piece,
            side: Side::Here,
            changes: Changes::new(),
            memo: HashMap::new(),
            depth: 0,
            elsewhere: false,
            sides: BTreeSet::new(),
        }
    }

    /// Which sides of choices have been taken.
    pub(super) fn sides(&self) -> &BTreeSet<(ExprId, bool)> {
        &self.sides
    }

    /// From now on, some expressions are something else, and cases are those of a side.
    pub(super) fn turn(&mut self, changes: Changes, side: Side) {
        self.changes = changes;
        self.side = side;
        self.memo.clear();
    }

    /// A real expression at the place of the loss.
    pub(super) fn real(&mut self, id: ExprId) -> Reading<Value> {
        self.at(id, &Place::new())
    }

    /// A condition at the place of the loss; none if it is unordered or unknown.
    pub(super) fn condition(&mut self, id: ExprId) -> Reading<Option<bool>> {
        self.condition_at(id, &Place::new())
    }

    /// The polynomial of an atom, with what is known of it told to the piece.
    pub(super) fn introduced(&mut self, atom: Atom) -> Reading<Polynomial> {
        let unknown = self.atoms.unknown(atom.clone());
        if self.piece.introduces(unknown) {
            self.introduce(&atom)?;
        }
        Ok(self.piece.simplified(&Polynomial::unknown(unknown)))
    }

    fn introduce(&mut self, atom: &Atom) -> Reading<()> {
        let unknown = self.atoms.unknown(atom.clone());
        let x = Polynomial::unknown(unknown);
        let one = Polynomial::one();
        let over = |p: Polynomial| Fact::Holds(Inequality::positive(p));
        let least = |p: Polynomial| Fact::Holds(Inequality::nonnegative(p));
        match atom {
            Atom::Input(input, _) | Atom::Other(input) => {
                let split = |values: [i64; 2]| {
                    Stop::Split(values.map(|value| Fact::Zero(x.minus(&Polynomial::integer(value)))).to_vec())
                };
                match self.spec.inputs[usize::from(input.0)].label {
                    Label::Nonnegative | Label::Count => self.learn(least(x.clone())),
                    Label::Positive => self.learn(over(x.clone())),
                    Label::Probability | Label::Simplex(_) => {
                        self.learn(least(x.clone()));
                        self.learn(least(one.minus(&x)));
                    }
                    Label::Binary | Label::MultiHot(_) if self.depth == 0 => return Err(split([0, 1])),
                    Label::Sign if self.depth == 0 => return Err(split([1, -1])),
                    Label::Binary | Label::MultiHot(_) => self.learn(Fact::Zero(x.power(2).minus(&x))),
                    Label::Sign => self.learn(Fact::Zero(x.power(2).minus(&one))),
                    Label::Real | Label::Flag | Label::ClassIndex(_) | Label::IndexList(_) | Label::Group => {}
                }
                let domain = self.variant.input_domains[usize::from(input.0)];
                let read_as = matches!(atom, Atom::Other(_)).then_some((*input, x));
                let place = if let Atom::Input(_, place) = atom { place.clone() } else { Place::new() };
                self.in_domain(domain, &place, read_as)?;
            }
            Atom::Param(param) => {
                let domain = self.variant.param_domains.get(usize::from(param.0)).copied().flatten();
                self.in_domain(domain, &Place::new(), None)?;
            }
            Atom::Size(_) => self.learn(least(x.minus(&one))),
            Atom::Function(function, argument) => {
                for fact in super::atoms::function_facts(*function, unknown, argument) {
                    self.learn(Fact::Holds(fact));
                }
            }
            Atom::Step | Atom::Power(..) | Atom::Reduced(..) => {}
        }
        Ok(())
    }

    /// Assumes a domain of what stands there, or of an input read as something else, whatever is changed at the moment.
    fn in_domain(
        &mut self,
        domain: Option<ExprId>,
        place: &Place,
        read_as: Option<(InputId, Polynomial)>,
    ) -> Reading<()> {
        let Some(domain) = domain else { return Ok(()) };
        let graph = &self.variant.graph;
        let other = read_as.into_iter().flat_map(|(input, other)| {
            let change = Change::Moved { scale: Polynomial::zero(), offset: Quotient::of(other) };
            let nodes = reachable(graph, [domain]).into_iter().filter(move |&id| graph.expr(id) == Expr::Input(input));
            nodes.map(move |id| (id, change.clone())).collect::<Vec<_>>()
        });
        let changes = std::mem::replace(&mut self.changes, other.collect());
        self.memo.clear();
        let result = self.assume(domain, place);
        self.changes = changes;
        self.memo.clear();
        result
    }

    /// Tells the piece a fact.
    pub(super) fn learn(&mut self, fact: Fact) {
        let Reader { piece, atoms, .. } = self;
        piece.learn(fact, &|unknown| atoms.is_given(unknown));
        self.memo.clear();
    }

    /// A real expression at a place.
    pub(super) fn at(&mut self, id: ExprId, place: &Place) -> Reading<Value> {
        let axes = self.variant.graph.axes(id);
        let place: Place = place.iter().filter(|(axis, _)| axes.contains(*axis)).copied().collect();
        let key = (id, place, self.elsewhere);
        if let Some(known) = self.memo.get(&key) {
            return Ok(known.clone());
        }
        let value = match self.changes.get(&id).cloned() {
            None => self.read(id, &key.1)?,
            Some(Change::Other(other)) => self.read(other, &key.1)?,
            Some(Change::Moved { scale, offset }) => match self.read(id, &key.1)? {
                Value::Finite(own) => {
                    let scale = Quotient::of(self.piece.simplified(&scale));
                    let [above, below] = [&offset.above, &offset.below].map(|part| self.piece.simplified(part));
                    Value::Finite(own.times(&scale).plus(&Quotient { above, below }))
                }
                Value::Nan => Value::Nan,
                Value::Infinite { .. } | Value::Undefined => Value::Undefined,
            },
        };
        self.memo.insert(key, value.clone());
        Ok(value)
    }

    fn read(&mut self, id: ExprId, place: &Place) -> Reading<Value> {
        match self.variant.graph.expr(id) {
            Expr::Constant(constant) => Ok(number(constant)),
            Expr::Input(input) => {
                self.introduced(Atom::Input(input, place.clone())).map(|p| Value::Finite(Quotient::of(p)))
            }
            Expr::Param(param) => self.atom(Atom::Param(param)),
            Expr::Size(axis) => self.atom(Atom::Size(axis)),
            Expr::Unary(function, x) => {
                let x = self.at(x, place)?;
                self.unary(function, x)
            }
            Expr::Binary(function, x, y) => self.binary(function, x, y, place),
            Expr::If(condition, yes, no) => match self.condition_at(condition, place)? {
                Some(holds) => {
                    self.sides.insert((id, holds));
                    self.at(if holds { yes } else { no }, place)
                }
                None => Ok(Value::Undefined),
            },
            Expr::Pick { value, axis, index } => {
                let Expr::Input(label) = self.variant.graph.expr(index) else {
                    return Err(Stop::Unreadable("a place that is no label"));
                };
                let mut there: Place = place.iter().filter(|(other, _)| *other != axis).copied().collect();
                there.push((axis, Where::Labelled(label)));
                there.sort_unstable();
                // The labelled place is itself, wherever the reading stands.
                let elsewhere = std::mem::replace(&mut self.elsewhere, false);
                let value = self.at(value, &there);
                self.elsewhere = elsewhere;
                value
            }
            Expr::Reduce { reducer, axes, filter, value, order } => match single(axes) {
                Some(axis) if order.is_none() => self.reduce(reducer, axis, filter, value, place),
                Some(_) | None => Err(Stop::Unreadable("a norm, or a reduction over several axes")),
            },
            Expr::Boolean(_)
            | Expr::Index(_)
            | Expr::Upstream
            | Expr::Compare(..)
            | Expr::And(..)
            | Expr::Or(..)
            | Expr::Not(_)
            | Expr::Indicator(_)
            | Expr::Given(_) => Err(Stop::Unreadable("no number")),
        }
    }

    /// The value of an atom.
    pub(super) fn atom(&mut self, atom: Atom) -> Reading<Value> {
        self.introduced(atom).map(|polynomial| Value::Finite(Quotient::of(polynomial)))
    }

    /// Reads within a reduction over an axis, nested one deeper.
    pub(super) fn within<T>(&mut self, elsewhere: bool, read: impl FnOnce(&mut Self) -> Reading<T>) -> Reading<T> {
        let before = std::mem::replace(&mut self.elsewhere, elsewhere);
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        self.elsewhere = before;
        match result {
            Err(Stop::Split(_)) => Err(Stop::Unreadable("cases within a reduction")),
            other => other,
        }
    }
}

/// The axis, if there is one alone.
fn single(axes: AxisSet) -> Option<AxisId> {
    let mut axes = axes.iter();
    axes.next().filter(|_| axes.next().is_none())
}

/// A constant, exactly.
fn number(constant: Constant) -> Value {
    match constant {
        Constant::Decimal { digits, exponent } => {
            let power = RBig::from(10).pow(exponent.unsigned_abs() as isize);
            let digits = RBig::from(digits);
            Value::Finite(Quotient::constant(if exponent < 0 { digits / power } else { digits * power }))
        }
        Constant::Infinity => Value::Infinite { negative: false },
        Constant::NegativeInfinity => Value::Infinite { negative: true },
        Constant::Pi | Constant::Nan => Value::Undefined,
    }
}

/// A free variable of a claim: a parameter that no spec has.
pub(super) fn free_variable(spec: &Spec, place: usize) -> ParamId {
    ParamId((spec.params.len() + place) as u8)
}
