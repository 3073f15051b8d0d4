//! Whether a fault is none: whether a kernel's formulas, as they became, are another form of what they were. A branch that keeps digits where
//! a share is nearly 1 may be left out and no number is another but for its last digits; as long as these stay within all bounds nobody can
//! call that wrong. Likewise a wrong number that only chooses between such branches.

use std::collections::HashMap;

use loss_codegen::compile::Compiled;
use loss_codegen::expr::{Constant, ExprId, Graph, InputId, Type};
use loss_codegen::schedule::Schedule;

use crate::checks::Forms;
use crate::interpret::{Slip, Work, WorkPlan, WorkProgram};
use crate::mutation::record::Fate;
use crate::subject::Subject;

use super::{outputs, roots, with_others};

/// At so many places at least are two forms held against each other, or nothing is said.
const LEAST: u64 = 50;
/// What is put for a number that is the wrong one, in hundredths: what is the same with all of them does not depend on it.
const IN_ITS_STEAD: [i128; 5] = [0, 100, 30, -300, 1_000_000_000];

/// The fate of a fault in a plan that no check finds.
pub(super) fn fate(
    original: &Subject,
    (compiled, plan): (&'static Compiled, usize),
    (right, broken): (&WorkPlan, &WorkPlan),
    seed: u64,
) -> Fate {
    let mut places = 0;
    for (right, broken, along) in works(right, broken) {
        let mut graph = Graph::clone(&broken.graph);
        let Some(pairs) = pairs(&mut graph, right, broken) else { return Fate::Survived };
        if pairs.is_empty() {
            continue;
        }
        let forms = Forms { plan: &compiled.plans[plan], graph, pairs: &pairs, along };
        let found = forms.agreement(original, compiled, seed);
        if !found.iter().all(|of_pair| of_pair.is_one(LEAST)) {
            return Fate::Survived;
        }
        places += found.iter().map(|of_pair| of_pair.same).sum::<u64>();
    }
    if places == 0 { Fate::Survived } else { Fate::OtherForm { places } }
}

/// The kernels of a plan, each beside what it became; and the input along which it goes in a direction, if it does.
fn works<'w>(right: &'w WorkPlan, broken: &'w WorkPlan) -> Vec<(&'w Work, &'w Work, Option<usize>)> {
    let mut all = of_program(&right.loss, &broken.loss);
    for ((of, over), (their_of, their_over)) in right.reductions.iter().zip(&broken.reductions) {
        all.extend(of.iter().zip(their_of).flat_map(|(of, their)| of_program(of, their)));
        all.extend(over.iter().zip(their_over).map(|(over, their)| (over, their, None)));
    }
    all
}

fn of_program<'w>(right: &'w WorkProgram, broken: &'w WorkProgram) -> Vec<(&'w Work, &'w Work, Option<usize>)> {
    let values = [(&right.forward, &broken.forward, None), (&right.fused, &broken.fused, None)];
    let bends = [(&right.exact, &broken.exact), (&right.step, &broken.step)];
    let bends = bends.into_iter().filter_map(|(right, broken)| Some((right.as_ref()?, broken.as_ref()?, None)));
    let products = right.products.iter().zip(&broken.products);
    let products = products.map(|((along, right), (_, broken))| (right, broken, Some(*along)));
    values.into_iter().chain(bends).chain(products).collect()
}

/// What two kernels write, but for what is one node; none if what is wrong is not in their formulas. What a fault made of a plan's graph
/// has all of that graph in it.
fn pairs(graph: &mut Graph, right: &Work, broken: &Work) -> Option<Vec<(ExprId, ExprId)>> {
    if let Some(slip) = broken.slip {
        return with_any(graph, &right.schedule, misread(&right.schedule, slip)?);
    }
    let ((our_value, ours), (their_value, theirs)) = (outputs_of(right), outputs_of(broken));
    let mut pairs = vec![(our_value, their_value)];
    for (input, our) in &ours {
        pairs.push((*our, theirs.iter().find(|(their, _)| their == input)?.1));
    }
    // What is not accumulated is 0.
    let zero = graph.zero();
    let nothing: HashMap<ExprId, ExprId> = dropped(right, broken).into_iter().map(|id| (id, zero)).collect();
    let roots: Vec<ExprId> = pairs.iter().map(|(_, their)| *their).collect();
    for (pair, their) in pairs.iter_mut().zip(with_others(graph, &roots, nothing)) {
        pair.1 = their;
    }
    pairs.retain(|(our, their)| our != their);
    Some(pairs)
}

fn outputs_of(work: &Work) -> (ExprId, Vec<(InputId, ExprId)>) {
    let (value, gradients) = outputs(&work.schedule);
    (value, gradients.iter().map(|gradient| (gradient.input, gradient.cotangent)).collect())
}

/// The number that is the wrong one because a schedule is run wrong; none where more is wrong than a number.
fn misread(schedule: &Schedule, slip: Slip) -> Option<ExprId> {
    match (schedule, slip) {
        (Schedule::RowWise(kernel), Slip::CarriedShifted(at) | Slip::CarriedLate(at)) => {
            Some(kernel.carried.get(at)?.0)
        }
        (Schedule::RowWise(kernel), Slip::UniformsShifted(at)) => kernel.uniforms.get(at).copied(),
        (Schedule::Elementwise(kernel), Slip::UniformsShifted(at)) => kernel.uniforms.get(at).copied(),
        _ => None,
    }
}

/// What a kernel writes, beside what it would with other numbers in the place of one.
fn with_any(graph: &mut Graph, schedule: &Schedule, misread: ExprId) -> Option<Vec<(ExprId, ExprId)>> {
    if graph.ty(misread) != Type::Real {
        return None;
    }
    let ours = roots(schedule);
    let pairs = IN_ITS_STEAD.iter().flat_map(|&number| {
        let number = graph.number(Constant::decimal(number, -2));
        let theirs = with_others(graph, &ours, HashMap::from([(misread, number)]));
        ours.clone().into_iter().zip(theirs).filter(|(our, their)| our != their)
    });
    Some(pairs.collect())
}

/// The reductions that a kernel reads as another one does, and that its passes leave out; nothing where the formulas are others.
fn dropped(right: &Work, broken: &Work) -> Vec<ExprId> {
    match (&right.schedule, &broken.schedule) {
        (Schedule::RowWise(ours), Schedule::RowWise(theirs)) if outputs_of(right) == outputs_of(broken) => {
            let left = theirs.passes.concat();
            ours.passes.concat().into_iter().filter(|id| !left.contains(id)).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use loss_codegen::expr::{AxisSet, Binary, Comparison, Constant, Expr, ExprId, Graph, Type};
    use loss_codegen::schedule::{Roots, Schedule, schedule};

    use crate::checks::Forms;
    use crate::interpret::{Work, WorkPlan, WorkProgram};
    use crate::mutation::record::Fate;
    use crate::registry::losses;
    use crate::subject::Subject;

    use super::{LEAST, fate, outputs, with_any};

    fn mean_squared_error() -> Subject {
        let mut all = Subject::all(losses()).into_iter();
        all.find(|subject| subject.name() == "mse").expect("there is one")
    }

    fn times(graph: &mut Graph, of: ExprId, factor: i128) -> ExprId {
        let factor = graph.number(Constant::integer(factor));
        graph.add(Expr::Binary(Binary::Multiply, of, factor))
    }

    fn over(graph: &mut Graph, of: ExprId, divisor: ExprId) -> ExprId {
        graph.add(Expr::Binary(Binary::Divide, of, divisor))
    }

    /// What becomes of a loss whose fused kernel writes another value.
    fn with_value(change: impl Fn(&mut Graph, ExprId) -> ExprId) -> Fate {
        let original = mean_squared_error();
        let compiled = original.compiled().expect("it has a spec");
        let plan = &compiled.plans[0];
        let (value, gradients) = outputs(&plan.loss.fused);
        let mut graph = plan.graph.clone();
        let roots = Roots { value: change(&mut graph, value), gradients, axes: plan.axes };
        let fused = schedule(&graph, &roots).expect("it can be scheduled");
        let graph = Arc::new(graph);
        let fused = Work { graph: Arc::clone(&graph), schedule: fused, slip: None };
        let right = WorkPlan::new(plan);
        let loss = WorkProgram { fused, ..WorkProgram::new(&graph, &plan.loss) };
        let mut broken = right.clone();
        broken.loss = loss;
        fate(&original, (compiled, 0), (&right, &broken), 1)
    }

    #[test]
    fn a_value_written_otherwise_is_another_form_and_one_a_little_off_is_not() {
        let three_thirds = |graph: &mut Graph, value: ExprId| {
            let (three, thrice) = (graph.number(Constant::integer(3)), times(graph, value, 3));
            over(graph, thrice, three)
        };
        assert!(matches!(with_value(three_thirds), Fate::OtherForm { places } if places >= LEAST));
        let a_little_off = |graph: &mut Graph, value: ExprId| {
            let (three, thrice) =
                (graph.number(Constant::decimal(3 * 10_i128.pow(20) + 1, -20)), times(graph, value, 3));
            over(graph, thrice, three)
        };
        assert_eq!(with_value(a_little_off), Fate::Survived);
        // 0 / 0 where the error is 0.
        assert_eq!(with_value(|graph, value| over(graph, value, value)), Fate::Survived);
        assert_eq!(with_value(|_, value| value), Fate::Survived, "nothing was held against anything");
    }

    /// Whether a value is one number whatever stands for another one, which it is made with.
    fn depends_not_on(made: impl Fn(&mut Graph, ExprId, ExprId) -> ExprId) -> bool {
        let original = mean_squared_error();
        let compiled = original.compiled().expect("it has a spec");
        let plan = &compiled.plans[0];
        let mut graph = plan.graph.clone();
        let value = outputs(&plan.loss.fused).0;
        let misread = times(&mut graph, value, 7);
        let roots = Roots { value: made(&mut graph, value, misread), gradients: Vec::new(), axes: plan.axes };
        let schedule: Schedule = schedule(&graph, &roots).expect("it can be scheduled");
        let pairs = with_any(&mut graph, &schedule, misread).expect("it is a number");
        let found = Forms { plan, graph, pairs: &pairs, along: None }.agreement(&original, compiled, 1);
        !found.is_empty() && found.iter().all(|of_pair| of_pair.is_one(LEAST))
    }

    #[test]
    fn a_number_that_only_chooses_between_forms_may_be_any() {
        let chosen = |factor: i128| {
            move |graph: &mut Graph, value: ExprId, misread: ExprId| {
                let (three, thrice) = (graph.number(Constant::integer(3)), times(graph, value, factor));
                let (other, one) = (over(graph, thrice, three), graph.one());
                let is_small = graph.add(Expr::Compare(Comparison::Less, misread, one));
                graph.add(Expr::If(is_small, other, value))
            }
        };
        assert!(depends_not_on(chosen(3)));
        assert!(!depends_not_on(chosen(4)));
        assert!(!depends_not_on(|graph, value, misread| graph.add(Expr::Binary(Binary::Add, value, misread))));
        let mut graph = mean_squared_error().compiled().expect("it has a spec").plans[0].graph.clone();
        let condition = graph.intern(Expr::Boolean(true), Type::Condition, AxisSet::default());
        let schedule = mean_squared_error().compiled().expect("it has a spec").plans[0].loss.fused.clone();
        assert!(with_any(&mut graph, &schedule, condition).is_none());
    }
}
