//! Whether two expressions are one number in exact arithmetic, whatever forms they have: forms of lanes too, once they are
//! [in words of the language](in_words).

use std::collections::{BTreeSet, HashMap};

use loss_codegen::expr::{AxisId, AxisSet, Constant, Expr, ExprId, Graph, InputId, Reducer, Type};
use loss_codegen::model::Spec;
use loss_codegen::rewrite::rewrite;
use loss_codegen::schedule::DIRECTION;

use super::Failure;
use super::arithmetic::Arithmetic;
use super::call::is_dropped;
use super::data::Data;
use super::evaluate::{Attempt, Evaluator, Interruption, Place, Question};
use super::radius::Radius;
use super::real::Real;

/// Bits, of one attempt after the other.
const PRECISIONS: [usize; 3] = [256, 1024, 4096];
/// Numbers are one whose distance is no larger than `2^-NEAR` of them,
const NEAR: i64 = 100;
/// or than `2^-NOTHING`, which is 0 in every format.
const NOTHING: i64 = 1100;

/// At how many places two expressions were held against each other, and what came of it. Where both are NaN, or no precision decides the first one,
/// nothing is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Agreement {
    /// They are one number, as far as 100 bits and more say.
    pub same: u64,
    /// They are two.
    pub different: u64,
    /// The first is a number, but no precision decides the second, or whether they are one.
    pub undecided: u64,
}

impl Agreement {
    /// Whether they are one number wherever they were held against each other, at so many places at least.
    #[must_use]
    pub fn is_one(self, least: u64) -> bool {
        self.different == 0 && self.undecided == 0 && self.same >= least
    }

    /// Both together.
    pub fn add(&mut self, other: Self) {
        self.same += other.same;
        self.different += other.different;
        self.undecided += other.undecided;
    }
}

/// Holds pairs of expressions against each other at every place of a call that counts, each pair by itself.
///
/// # Errors
/// The data does not fit.
pub fn agreement(
    spec: &Spec,
    graph: &Graph,
    data: &Data,
    pairs: &[(ExprId, ExprId)],
) -> Result<Vec<Agreement>, Failure> {
    let question = Question { spec, graph, data };
    let evaluators = PRECISIONS.map(|precision| Evaluator::new(question, precision, BTreeSet::new()));
    let held = |&(ours, theirs): &(ExprId, ExprId)| {
        let axes = graph.axes(ours).union(graph.axes(theirs)).union(AxisSet::of(AxisId::ROWS));
        let mut found = Agreement::default();
        for place in evaluators[0].places(axes, &[0; 8]) {
            match decided(&evaluators, |evaluator| is_one(evaluator, (ours, theirs), &place))? {
                Some(Verdict::Nothing) => {}
                Some(Verdict::One) => found.same += 1,
                Some(Verdict::Two) => found.different += 1,
                None => {
                    let is_known = |evaluator: &Evaluator<'_>| {
                        let known = evaluator.real(ours, &place)?.0.is_known_to(NEAR);
                        known.then_some(()).ok_or(Interruption::Undecided)
                    };
                    found.undecided += u64::from(decided(&evaluators, is_known)?.is_some());
                }
            }
        }
        Ok(found)
    };
    pairs.iter().map(held).collect()
}

enum Verdict {
    /// The row does not count, or both are NaN.
    Nothing,
    One,
    Two,
}

/// The first answer of one precision after the other.
fn decided<T>(evaluators: &[Evaluator<'_>], ask: impl Fn(&Evaluator<'_>) -> Attempt<T>) -> Result<Option<T>, Failure> {
    for evaluator in evaluators {
        match ask(evaluator) {
            Ok(answer) => return Ok(Some(answer)),
            Err(Interruption::Undecided) => {}
            Err(Interruption::Malformed(malformed)) => return Err(malformed.into()),
        }
    }
    Ok(None)
}

fn is_one(evaluator: &Evaluator<'_>, (ours, theirs): (ExprId, ExprId), place: &Place) -> Attempt<Verdict> {
    if is_dropped(evaluator, place)? {
        return Ok(Verdict::Nothing);
    }
    let (x, y) = (evaluator.real(ours, place)?.0, evaluator.real(theirs, place)?.0);
    if x.is_nan() && y.is_nan() {
        return Ok(Verdict::Nothing);
    }
    Ok(if are_one(&evaluator.arithmetic, &x, &y)? { Verdict::One } else { Verdict::Two })
}

fn are_one(arithmetic: &Arithmetic, x: &Real, y: &Real) -> Attempt<bool> {
    if is_nothing(arithmetic, x) && is_nothing(arithmetic, y) {
        return Ok(true);
    }
    if let Ok(order) = arithmetic.compare(x, y) {
        return Ok(order == Some(std::cmp::Ordering::Equal));
    }
    let distance = arithmetic.subtract(x, y)?;
    let is_near = || arithmetic.divide(&distance, x).is_ok_and(|share| share.is_within(NEAR));
    if is_nothing(arithmetic, &distance) || is_near() { Ok(true) } else { Err(Interruption::Undecided) }
}

/// Whether a number is 0 in every format.
fn is_nothing(arithmetic: &Arithmetic, x: &Real) -> bool {
    arithmetic.ball(x).is_ok_and(|ball| ball.size() <= Radius::power_of_two(-NOTHING))
}

/// Formulas of lanes in words that the oracle knows: what comes in from outside is a number, a direction the input that follows those of the
/// spec.
pub fn in_words(graph: &mut Graph, spec: &Spec, roots: &[ExprId]) -> Vec<ExprId> {
    let (zero, one) = (graph.zero(), graph.one());
    let upstream = graph.number(Constant::decimal(625, -3));
    let mut done = HashMap::new();
    rewrite(graph, roots, &mut done, &mut |graph, id, expr| match expr {
        Expr::Upstream => upstream,
        Expr::Input(DIRECTION) => {
            let direction = Expr::Input(InputId(spec.inputs.len() as u8));
            graph.intern(direction, Type::Real, graph.axes(id))
        }
        Expr::Indicator(condition) => graph.add(Expr::If(condition, one, zero)),
        Expr::Reduce { reducer: Reducer::Shift, axes, filter, value, order } => {
            graph.add(Expr::Reduce { reducer: Reducer::Max, axes, filter, value, order })
        }
        expr if expr == graph.expr(id) => id,
        expr => graph.add(expr),
    });
    roots.iter().map(|root| done[root]).collect()
}

#[cfg(test)]
mod tests {
    use loss_codegen::expr::{
        AxisId, AxisSet, Binary, Comparison, Constant, Expr, ExprId, Graph, InputId, Type, Unary,
    };

    use crate::oracle::data::{Data, Values};
    use crate::registry::losses;
    use crate::subject::Subject;

    use super::{Agreement, agreement, in_words};

    /// What becomes of two formulas of two numbers at some points.
    fn held(points: &[[f64; 2]], forms: impl Fn(&mut Graph, [ExprId; 2]) -> [ExprId; 2]) -> Agreement {
        // Any spec with two inputs along rows.
        let all = Subject::all(losses());
        let spec =
            &all.iter().find(|subject| subject.name() == "mse").and_then(Subject::compiled).expect("there is one").spec;
        let mut graph = Graph::new();
        let inputs = [0, 1].map(|at| graph.intern(Expr::Input(InputId(at)), Type::Real, AxisSet::of(AxisId::ROWS)));
        let forms = forms(&mut graph, inputs);
        let words = in_words(&mut graph, spec, &forms);
        let data = (0..2).fold(Data::new(spec, vec![points.len(); spec.axes.len()]), |data, at| {
            let values = points.iter().map(|point| point[usize::from(at)]).collect();
            data.with_input(spec, InputId(at), Values::Real(values))
        });
        agreement(spec, &graph, &data, &[(words[0], words[1])]).expect("the data fits")[0]
    }

    /// `exp(x) exp(-x)`
    fn one_not_known_exactly(g: &mut Graph, x: ExprId) -> ExprId {
        let opposite = g.negate(x);
        let (up, down) = (g.apply(Unary::Exp, x), g.apply(Unary::Exp, opposite));
        g.add(Expr::Binary(Binary::Multiply, up, down))
    }

    const POINTS: [[f64; 2]; 3] = [[0.1, -3.0], [1e-200, 7.0], [2.5, 1e9]];

    #[test]
    fn forms_of_one_function_are_one_number_and_others_are_two() {
        let same = Agreement { same: 3, ..Agreement::default() };
        let product = |g: &mut Graph, x, y| g.add(Expr::Binary(Binary::Multiply, x, y));
        // (x + y) (x + y) and x x + y (x + y) + x y
        let square_of_sum = |g: &mut Graph, [x, y]: [ExprId; 2]| {
            let sum = g.add(Expr::Binary(Binary::Add, x, y));
            let whole = product(g, sum, sum);
            let [first, second, third] = [(x, x), (y, sum), (x, y)].map(|(a, b)| product(g, a, b));
            let two = g.add(Expr::Binary(Binary::Add, first, second));
            [whole, g.add(Expr::Binary(Binary::Add, two, third))]
        };
        assert_eq!(held(&POINTS, square_of_sum), same);
        let exponentials = |factor: i128| {
            move |g: &mut Graph, [x, _]: [ExprId; 2]| -> [ExprId; 2] {
                let one = one_not_known_exactly(g, x);
                // 1 and 1 + 1e-25
                let other = g.number(Constant::decimal(10_i128.pow(25) + factor, -25));
                [one, other]
            }
        };
        assert_eq!(held(&POINTS, exponentials(0)), same);
        assert_eq!(held(&POINTS, exponentials(1)), Agreement { different: 3, ..Agreement::default() });
    }

    #[test]
    fn a_number_and_twice_it_are_two_unless_nothing_can_hold_them() {
        let doubled = |g: &mut Graph, [x, _]: [ExprId; 2]| [x, g.add(Expr::Binary(Binary::Add, x, x))];
        assert_eq!(held(&POINTS, doubled), Agreement { different: 3, ..Agreement::default() });
        let exponentials = |g: &mut Graph, [x, y]: [ExprId; 2]| [x, y].map(|x| g.apply(Unary::Exp, x));
        let [small, tiny, extreme] = [[-600.0, -601.0], [-800.0, -900.0], [-1e300, -2e300]];
        assert_eq!(held(&[small, tiny, extreme], exponentials), Agreement { same: 2, different: 1, undecided: 0 });
    }

    #[test]
    fn infinity_nan_and_zero_are_told_from_numbers() {
        let [beside_zero, zero] = [[2.0, 1.0], [2.0, 0.0]];
        let back_and_forth = |g: &mut Graph, [x, y]: [ExprId; 2]| {
            let quotient = g.add(Expr::Binary(Binary::Divide, x, y));
            [g.add(Expr::Binary(Binary::Multiply, quotient, y)), x]
        };
        let found = held(&[beside_zero, zero, [f64::NAN, 1.0], [f64::INFINITY, 1.0]], back_and_forth);
        assert_eq!(found, Agreement { same: 2, different: 1, undecided: 0 });
    }

    #[test]
    fn a_tie_that_no_precision_decides_counts_against_the_form_that_alone_has_it() {
        let tie = |g: &mut Graph, [x, y]: [ExprId; 2]| {
            let (about_one, one) = (one_not_known_exactly(g, x), g.one());
            let is_one = g.add(Expr::Compare(Comparison::Equal, about_one, one));
            [x, g.add(Expr::If(is_one, x, y))]
        };
        let undecided = Agreement { undecided: 3, ..Agreement::default() };
        assert_eq!(held(&POINTS, tie), undecided);
        assert!(!undecided.is_one(0));
        let of_the_first = |g: &mut Graph, inputs: [ExprId; 2]| {
            let [x, tie] = tie(g, inputs);
            [tie, x]
        };
        assert_eq!(held(&POINTS, of_the_first), Agreement::default());
    }

    #[test]
    fn a_choice_between_numbers_that_are_equal_and_not_known_exactly_is_that_number() {
        // y exp(x) exp(-x), but y at least.
        let clamped = |g: &mut Graph, [x, y]: [ExprId; 2]| {
            let about_one = one_not_known_exactly(g, x);
            let about = g.add(Expr::Binary(Binary::Multiply, y, about_one));
            let is_less = g.add(Expr::Compare(Comparison::Less, about, y));
            [y, g.add(Expr::If(is_less, y, about))]
        };
        assert_eq!(held(&POINTS, clamped), Agreement { same: 3, ..Agreement::default() });
    }

    #[test]
    fn what_may_be_unordered_chooses_no_number() {
        // (exp(x) exp(-x) - 1) / 0, which is NaN, but no precision tells.
        let unordered = |g: &mut Graph, [x, y]: [ExprId; 2]| {
            let (about_one, zero, one) = (one_not_known_exactly(g, x), g.zero(), g.one());
            let nothing = g.add(Expr::Binary(Binary::Subtract, about_one, one));
            let quotient = g.add(Expr::Binary(Binary::Divide, nothing, zero));
            let is_less = g.add(Expr::Compare(Comparison::Less, quotient, y));
            [y, g.add(Expr::If(is_less, y, y))]
        };
        assert_eq!(held(&POINTS, unordered), Agreement { undecided: 3, ..Agreement::default() });
    }

    #[test]
    fn forms_are_one_only_where_all_agree_at_enough_places() {
        let same = Agreement { same: 5, ..Agreement::default() };
        assert!(same.is_one(5) && !same.is_one(6));
        assert!(!Agreement { different: 1, ..same }.is_one(5) && !Agreement { undecided: 1, ..same }.is_one(5));
    }

    #[test]
    fn what_lanes_have_and_no_formula_is_put_in_words() {
        let words = |g: &mut Graph, [x, y]: [ExprId; 2]| {
            let upstream = g.intern(Expr::Upstream, Type::Real, AxisSet::of(AxisId::ROWS));
            let is_less = g.add(Expr::Compare(Comparison::Less, x, y));
            let indicator = g.add(Expr::Indicator(is_less));
            let zero = g.zero();
            let chosen = g.add(Expr::If(is_less, upstream, zero));
            [g.add(Expr::Binary(Binary::Multiply, indicator, upstream)), chosen]
        };
        assert_eq!(held(&POINTS, words), Agreement { same: 3, ..Agreement::default() });
    }
}
