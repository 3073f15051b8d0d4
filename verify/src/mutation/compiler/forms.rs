//! Whether a fault is none: whether a kernel's formulas, as they became, are another form of what they were. A branch that keeps digits where
//! a share is nearly 1 may be left out and no number is another but for its last digits; as long as these stay within all bounds nobody can
//! call that wrong. Likewise a wrong number that only chooses between such branches.

use std::collections::HashMap;

use loss_codegen::compile::Compiled;
use loss_codegen::expr::{ExprId, Graph, InputId};
use loss_codegen::schedule::{Elementwise, RowWise, Schedule};

use crate::checks::{Compared, Forms, Of};
use crate::interpret::{Slip, Work, WorkPlan, WorkProgram};
use crate::mutation::record::Fate;
use crate::subject::Subject;

use super::{outputs, roots, with_others};

/// At so many places at least are two forms held against each other, or nothing is said.
const LEAST: u64 = 50;

/// What a check's name is followed by that found a fault on a batch that was looked for.
const WHERE_FORMS_DIFFER: &str = " where forms differ";

/// The fate of a fault in a plan that no check finds on batches of its own: it may be on one that tells the formulas apart. The losses are
/// one without the fault and one with it.
pub(super) fn fate(
    losses: [&Subject; 2],
    (compiled, plan): (&'static Compiled, usize),
    (right, broken): (&WorkPlan, &WorkPlan),
    seed: u64,
) -> Fate {
    let (mut places, mut are_one) = (0, true);
    for (right, broken, of) in works(right, broken) {
        let mut graph = Graph::clone(&broken.graph);
        let Some(pairs) = pairs(&mut graph, right, broken) else { return Fate::Survived };
        if pairs.is_empty() {
            continue;
        }
        let forms = Forms { plan: &compiled.plans[plan], graph, pairs: &pairs, of, losses };
        match forms.compared(compiled, seed) {
            Compared::FoundBy(check) => {
                return Fate::Killed { by: vec![format!("{check}{WHERE_FORMS_DIFFER}")], complete: true };
            }
            Compared::Counted(agreements) => {
                are_one &= agreements.iter().all(|of_pair| of_pair.is_one(LEAST));
                places += agreements.iter().map(|of_pair| of_pair.same).sum::<u64>();
            }
        }
    }
    if places > 0 && are_one { Fate::OtherForm { places } } else { Fate::Survived }
}

/// The kernels of a plan, each beside what it became.
fn works<'w>(right: &'w WorkPlan, broken: &'w WorkPlan) -> Vec<(&'w Work, &'w Work, Of)> {
    let mut all = of_program(&right.loss, &broken.loss);
    for ((of, over), (their_of, their_over)) in right.reductions.iter().zip(&broken.reductions) {
        all.extend(of.iter().zip(their_of).flat_map(|(of, their)| of_program(of, their)));
        all.extend(over.iter().zip(their_over).map(|(over, their)| (over, their, Of::Results)));
    }
    all
}

fn of_program<'w>(right: &'w WorkProgram, broken: &'w WorkProgram) -> Vec<(&'w Work, &'w Work, Of)> {
    let values = [(&right.forward, &broken.forward, Of::Results), (&right.fused, &broken.fused, Of::Results)];
    let bends = [(&right.exact, &broken.exact), (&right.step, &broken.step)];
    let bends =
        bends.into_iter().filter_map(|(right, broken)| Some((right.as_ref()?, broken.as_ref()?, Of::Curvatures)));
    let products = right.products.iter().zip(&broken.products);
    let products = products.map(|((along, right), (_, broken))| (right, broken, Of::Product(*along)));
    values.into_iter().chain(bends).chain(products).collect()
}

/// What two kernels write, but for what is one node; none if what is wrong is not in their formulas. What a fault made of a plan's graph
/// has all of that graph in it.
fn pairs(graph: &mut Graph, right: &Work, broken: &Work) -> Option<Vec<(ExprId, ExprId)>> {
    if let Some(slip) = broken.slip {
        return Misread::of(graph, &right.schedule, slip)?.pairs(graph, &right.schedule);
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

/// A value of a kernel that is the wrong one because its schedule is run wrong.
struct Misread {
    value: ExprId,
    /// What it is instead.
    instead: ExprId,
    /// What is kept beside it, and so was made of the right one.
    kept: Vec<ExprId>,
}

impl Misread {
    /// None where more is wrong than a value.
    fn of(graph: &mut Graph, schedule: &Schedule, slip: Slip) -> Option<Self> {
        match (schedule, slip) {
            (Schedule::RowWise(kernel), Slip::CarriedShifted(at) | Slip::CarriedLost(at)) => {
                let (value, level) = *kernel.carried.get(at)?;
                let (next, of_next) = kernel.carried[(at + 1) % kernel.carried.len()];
                // What nothing was written to yet is 0.
                let holds_next = slip == Slip::CarriedShifted(at) && of_next <= level;
                let instead = if holds_next { next } else { graph.zero() };
                let kept = kernel.carried.iter().filter(|&&(other, known)| other != value && known <= level);
                Some(Self { value, instead, kept: kept.map(|&(other, _)| other).collect() })
            }
            (
                Schedule::RowWise(RowWise { uniforms, .. }) | Schedule::Elementwise(Elementwise { uniforms, .. }),
                Slip::UniformsShifted(at),
            ) => {
                let (value, instead) = (*uniforms.get(at)?, uniforms[(at + 1) % uniforms.len()]);
                let kept = uniforms.iter().copied().filter(|&other| other != value).collect();
                Some(Self { value, instead, kept })
            }
            _ => None,
        }
    }

    /// What a kernel writes, beside what it would with what stands there instead; none if that is no value of such a type.
    fn pairs(&self, graph: &mut Graph, schedule: &Schedule) -> Option<Vec<(ExprId, ExprId)>> {
        if graph.ty(self.instead) != graph.ty(self.value) {
            return None;
        }
        let ours = roots(schedule);
        let kept = self.kept.iter().map(|&kept| (kept, kept));
        let theirs = with_others(graph, &ours, kept.chain([(self.value, self.instead)]).collect());
        Some(ours.into_iter().zip(theirs).filter(|(our, their)| our != their).collect())
    }
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

    use loss_codegen::expr::{AxisSet, Binary, Constant, Expr, ExprId, Graph, Type};
    use loss_codegen::schedule::{Roots, RowWise, Schedule, schedule};

    use crate::checks::{Compared, Forms, Of};
    use crate::interpret::{Slip, Work, WorkPlan, WorkProgram};
    use crate::mutation::record::Fate;
    use crate::registry::losses;
    use crate::subject::Subject;

    use super::{LEAST, Misread, fate, outputs};

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
        fates(change)[0].clone()
    }

    /// The same, and what becomes of it beside one that is as wrong.
    fn fates(change: impl Fn(&mut Graph, ExprId) -> ExprId) -> [Fate; 2] {
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
        let mut plans = super::super::right(compiled);
        plans[0] = Arc::new(broken.clone());
        let (loss, mutant) = super::super::interpreted(&original, compiled, plans);
        let beside = |other| fate([other, &mutant], (compiled, 0), (&right, &broken), 1);
        let fates = [beside(&original), beside(&mutant)];
        loss.retire();
        fates
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
        // 1, and 0 / 0 where the error is 0: the truth tells, on the first batch where it is not 1.
        let by = vec!["value_matches_oracle where forms differ".to_owned()];
        let killed = Fate::Killed { by, complete: true };
        let nothing_but_one = |graph: &mut Graph, value| over(graph, value, value);
        assert_eq!(
            fates(nothing_but_one),
            [killed, Fate::Survived],
            "what fails the loss without the fault too shows nothing"
        );
        assert_eq!(with_value(|_, value| value), Fate::Survived, "nothing was held against anything");
    }

    /// Whether a kernel is one with another, whose value `7 * right`, which it is made with, is something else; what is made of it is kept or not.
    fn is_one_with(
        instead: impl Fn(&mut Graph, ExprId) -> ExprId,
        made: impl Fn(&mut Graph, [ExprId; 2]) -> ExprId,
        keeps: bool,
    ) -> bool {
        let original = mean_squared_error();
        let compiled = original.compiled().expect("it has a spec");
        let plan = &compiled.plans[0];
        let mut graph = plan.graph.clone();
        let right = outputs(&plan.loss.fused).0;
        let value = times(&mut graph, right, 7);
        let square = graph.add(Expr::Binary(Binary::Multiply, value, value));
        let roots = Roots { value: made(&mut graph, [value, square]), gradients: Vec::new(), axes: plan.axes };
        let schedule: Schedule = schedule(&graph, &roots).expect("it can be scheduled");
        let instead = instead(&mut graph, value);
        let misread = Misread { value, instead, kept: if keeps { vec![square] } else { Vec::new() } };
        let pairs = misread.pairs(&mut graph, &schedule).expect("both are numbers");
        let losses = [&original, &original];
        match (Forms { plan, graph, pairs: &pairs, of: Of::Results, losses }).compared(compiled, 1) {
            Compared::Counted(agreements) => agreements.iter().all(|of_pair| of_pair.is_one(LEAST)),
            Compared::FoundBy(check) => panic!("{check} fails one loss and passes it"),
        }
    }

    #[test]
    fn what_a_value_is_instead_is_put_in_its_place_and_in_what_is_made_of_it_and_not_kept() {
        let sum = |graph: &mut Graph, [value, square]: [ExprId; 2]| graph.add(Expr::Binary(Binary::Add, value, square));
        let half_of_twice = |graph: &mut Graph, value: ExprId| {
            let (two, twice) = (graph.number(Constant::integer(2)), times(graph, value, 2));
            over(graph, twice, two)
        };
        let twice = |graph: &mut Graph, value: ExprId| times(graph, value, 2);
        assert!(is_one_with(half_of_twice, sum, false));
        assert!(!is_one_with(twice, sum, false) && !is_one_with(twice, sum, true));
        assert!(!is_one_with(twice, |_, [_, square]| square, false));
        assert!(is_one_with(twice, |_, [_, square]| square, true));
    }

    #[test]
    fn what_a_slip_misreads_is_known() {
        let carried = |count: u8| (0..count).map(|at| (Constant::integer(i128::from(at) + 5), usize::from(at) / 2));
        let mut graph = Graph::new();
        let carried: Vec<(ExprId, usize)> = carried(4).map(|(number, level)| (graph.number(number), level)).collect();
        let (zero, condition) = (graph.zero(), graph.intern(Expr::Boolean(true), Type::Condition, AxisSet::default()));
        let kernel = RowWise {
            uniforms: vec![carried[0].0, carried[1].0, carried[2].0],
            elements: Vec::new(),
            rows: Vec::new(),
            shared: Vec::new(),
            passes: Vec::new(),
            carried: carried.clone(),
            spill: None,
            spill_replaces: false,
            value: carried[0].0,
            value_per_element: false,
            element_gradients: Vec::new(),
            row_gradients: Vec::new(),
        };
        let schedule = Schedule::RowWise(kernel);
        let mut of = |slip| {
            let misread = Misread::of(&mut graph, &schedule, slip)?;
            Some((misread.value, misread.instead, misread.kept))
        };
        let [a, b, c, d] = [0, 1, 2, 3].map(|at: usize| carried[at].0);
        assert_eq!(of(Slip::CarriedShifted(0)), Some((a, b, vec![b])));
        assert_eq!(of(Slip::CarriedShifted(1)), Some((b, zero, vec![a])), "the next one is not written yet");
        assert_eq!(of(Slip::CarriedShifted(3)), Some((d, a, vec![a, b, c])));
        assert_eq!(of(Slip::CarriedLost(2)), Some((c, zero, vec![a, b, d])));
        assert_eq!(of(Slip::UniformsShifted(2)), Some((c, a, vec![a, b])));
        assert_eq!(of(Slip::PicksNext), None);
        let misread = Misread { value: a, instead: condition, kept: Vec::new() };
        assert!(misread.pairs(&mut graph, &schedule).is_none(), "a condition is no number");
    }
}
