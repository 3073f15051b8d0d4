//! The faults, and which of them a loss can have.

use loss_runtime::info::{Divisor, Label, LossInfo, ParamKind, Position};
use loss_runtime::registry::Shared;

use crate::checks::names::check_names;

/// One fault. Inputs and parameters by their place in the description.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The last place of a batch that is no multiple of the vectors' width gets the value of the one before.
    TailValue,
    /// The same for gradients.
    TailGradient(usize),
    /// The first row after a chunk is not written.
    ChunkEdge,
    /// The sum leaves out the last place of such a batch.
    SumWithoutTail,
    /// The sum leaves out the first row after a chunk.
    SumWithoutEdge,
    /// The sum is added up one after the other, in the compute type.
    SumInOrder,
    /// A gradient that is a sum holds the last contribution alone.
    NotAccumulated(usize),
    /// A gradient is added to what its buffer held.
    NotCleared(usize),
    /// The upstream gradient is taken as 1.
    UpstreamDropped,
    /// The first upstream gradient is taken for all.
    UpstreamOfFirst,
    /// The upstream gradient counts twice.
    UpstreamTwice,
    /// A mean divides by what another one does.
    AnotherDivisor(usize),
    /// A sum of weights counts rows instead.
    DivisorCounts,
    /// Something is written behind the rows of a gradient, in the gap before the next ones.
    GapWritten(usize),
    /// A NaN spreads to the next row of the vector.
    NanValue,
    /// The same for gradients.
    NanGradient(usize),
    /// The place at which two threads meet is computed from the first place.
    ThreadSeam,
    /// The narrower instruction sets differ by a unit in the last place.
    IsaBits,
    /// The value differs by a unit in the last place once gradients are asked for.
    FusedValue,
    /// Where memory is not aligned, the first value differs by a unit in the last place.
    Unaligned,
    /// Rows that are dropped are computed like others.
    DroppedCounted,
    /// Rows that are dropped are not written.
    DroppedUnwritten,
    /// Rows that are dropped are -0.
    DroppedNegative,
    /// A class label means the class after it.
    NextClass(usize),
    /// A sign is taken for the other one.
    OtherSign(usize),
    /// A parameter has its default whatever is asked for.
    ParamFrozen(usize),
    /// An input that is given is not read.
    InputUnread(usize),
    /// The kernel of a static parameter's default runs whatever it is.
    SwitchFrozen(usize),
    /// The gradients of two inputs are swapped.
    GradientsSwapped(usize, usize),
    /// A gradient has the wrong sign.
    GradientNegated(usize),
    /// The gradient of the last place of each row is 0.
    LastClassForgotten(usize),
    /// Where rows lie inside of others, the first two are mixed up.
    InnerSwapped,
    /// The first row of the second vector gets the value of the first one.
    SecondVector,
    /// Every fifth call gives another last bit.
    Unsteady,
    /// A declared condition on an input is not looked at.
    InputUnchecked(usize),
    /// A declared condition on a parameter is not looked at.
    ParamUnchecked(usize),
    /// Something is wrong with what rows contribute to a gradient of what they all share.
    Contribution(Shared, ContributionFault),
}

/// What can be wrong with contributions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ContributionFault {
    /// The last place of a batch that is no multiple of the vectors' width contributes nothing.
    TailLost,
    /// They have the wrong sign.
    Negated,
    /// The upstream gradient is taken as 1.
    UpstreamDropped,
    /// The narrower instruction sets differ by a unit in the last place.
    IsaBits,
    /// Rows that are dropped contribute like others.
    DroppedCounted,
    /// What a place contributes counts for the place after it.
    NextPlace,
}

/// Every fault that a loss of this description can have.
pub(super) fn faults(info: &LossInfo) -> Vec<Fault> {
    let mut all = vec![
        Fault::TailValue,
        Fault::ChunkEdge,
        Fault::SumWithoutTail,
        Fault::SumWithoutEdge,
        Fault::SumInOrder,
        Fault::UpstreamDropped,
        Fault::UpstreamOfFirst,
        Fault::UpstreamTwice,
        Fault::NanValue,
        Fault::ThreadSeam,
        Fault::IsaBits,
        Fault::FusedValue,
        Fault::Unaligned,
        Fault::SecondVector,
        Fault::Unsteady,
    ];
    // Only beside a second dimension do rows lie inside of others.
    if info.axes.iter().any(|axis| axis.position == Position::Second) {
        all.push(Fault::InnerSwapped);
    }
    for (at, reduction) in info.reductions.iter().enumerate() {
        all.push(match reduction.divisor {
            Divisor::Elements | Divisor::Samples => Fault::AnotherDivisor(at),
            Divisor::Sum => Fault::DivisorCounts,
        });
    }
    let gradients: Vec<usize> =
        (0..info.inputs.len()).filter(|&input| info.inputs[input].has_row_gradients()).collect();
    for &input in &gradients {
        all.extend([Fault::TailGradient(input), Fault::NanGradient(input), Fault::GapWritten(input)]);
        all.extend([Fault::NotCleared(input), Fault::GradientNegated(input)]);
        if info.inputs[input].axes.len() > 1 {
            all.push(Fault::LastClassForgotten(input));
        }
        if !info.inputs[input].broadcast.is_empty() {
            all.push(Fault::NotAccumulated(input));
        }
    }
    for pair in gradients.windows(2) {
        if info.inputs[pair[0]].axes == info.inputs[pair[1]].axes {
            all.push(Fault::GradientsSwapped(pair[0], pair[1]));
        }
    }
    for (at, input) in info.inputs.iter().enumerate() {
        if input.ignore.is_some() {
            all.extend([Fault::DroppedCounted, Fault::DroppedUnwritten, Fault::DroppedNegative]);
        }
        match input.label {
            Label::ClassIndex => all.push(Fault::NextClass(at)),
            Label::Sign => all.push(Fault::OtherSign(at)),
            Label::Real
            | Label::Nonnegative
            | Label::Positive
            | Label::Probability
            | Label::Binary
            | Label::MultiHot
            | Label::Flag
            | Label::Count
            | Label::Simplex
            | Label::Group => {}
        }
        if input.optional || input.default.is_some() {
            all.push(Fault::InputUnread(at));
        }
        if input.domain.is_some() {
            all.push(Fault::InputUnchecked(at));
        }
    }
    for (at, param) in info.params.iter().enumerate() {
        match param.kind {
            ParamKind::Real if param.default.is_some() => all.push(Fault::ParamFrozen(at)),
            // What an integer is, is known before the kernel: which rows are dropped.
            ParamKind::Real | ParamKind::Integer => {}
            ParamKind::OneOf(_) | ParamKind::Switch | ParamKind::Choice(_) => all.push(Fault::SwitchFrozen(at)),
        }
        if param.domain.is_some() {
            all.push(Fault::ParamUnchecked(at));
        }
        if param.gradient {
            all.extend(contribution_faults(info, Shared::Param(at)));
        }
    }
    for (at, input) in info.inputs.iter().enumerate() {
        if input.gradient && input.is_shared() {
            all.extend(contribution_faults(info, Shared::Input(at)));
        }
    }
    all
}

/// What can be wrong with a gradient of what all rows share.
fn contribution_faults(info: &LossInfo, of: Shared) -> impl Iterator<Item = Fault> {
    let mut faults = vec![
        ContributionFault::TailLost,
        ContributionFault::Negated,
        ContributionFault::UpstreamDropped,
        ContributionFault::IsaBits,
    ];
    if info.inputs.iter().any(|input| input.ignore.is_some()) {
        faults.push(ContributionFault::DroppedCounted);
    }
    // One number is the sum over all places, in whatever order.
    if let Shared::Input(at) = of
        && !info.inputs[at].axes.is_empty()
    {
        faults.push(ContributionFault::NextPlace);
    }
    faults.into_iter().map(move |fault| Fault::Contribution(of, fault))
}

impl Fault {
    /// In a few words.
    pub(super) fn operator(self) -> &'static str {
        match self {
            Self::TailValue | Self::TailGradient(_) => "tail lane",
            Self::ChunkEdge | Self::SumWithoutEdge => "chunk edge",
            Self::SumWithoutTail | Self::SumInOrder | Self::NotAccumulated(_) | Self::NotCleared(_) => "accumulate",
            Self::UpstreamDropped | Self::UpstreamOfFirst | Self::UpstreamTwice => "upstream",
            Self::AnotherDivisor(_) | Self::DivisorCounts => "divisor",
            Self::GapWritten(_) => "out of bounds",
            Self::NanValue | Self::NanGradient(_) => "NaN leak",
            Self::ThreadSeam => "threads",
            Self::IsaBits => "instruction set",
            Self::FusedValue | Self::Unsteady | Self::SecondVector => "bits",
            Self::Unaligned | Self::InnerSwapped => "layout",
            Self::DroppedCounted | Self::DroppedUnwritten | Self::DroppedNegative => "dropped rows",
            Self::NextClass(_) | Self::OtherSign(_) => "label",
            Self::ParamFrozen(_) | Self::InputUnread(_) | Self::SwitchFrozen(_) => "dispatch",
            Self::GradientsSwapped(..) | Self::GradientNegated(_) | Self::LastClassForgotten(_) => "gradient",
            Self::InputUnchecked(_) | Self::ParamUnchecked(_) => "checks",
            Self::Contribution(..) => "contribution",
        }
    }

    /// In a sentence.
    pub(super) fn words(self, info: &LossInfo) -> String {
        let input = |input: usize| info.inputs[input].name;
        let param = |param: usize| info.params[param].name;
        match self {
            Self::TailValue => "the last value of a vector that is not full is that before it".to_owned(),
            Self::TailGradient(of) => format!("the last gradient of {} is that before it", input(of)),
            Self::ChunkEdge => "the first row after a chunk is not written".to_owned(),
            Self::SumWithoutTail => "the sum lacks the last value of a vector that is not full".to_owned(),
            Self::SumWithoutEdge => "the sum lacks the first row after a chunk".to_owned(),
            Self::SumInOrder => "the sum is rounded after every addition".to_owned(),
            Self::NotAccumulated(of) => format!("the gradient of {}, a sum, is its last term", input(of)),
            Self::NotCleared(of) => format!("the gradient of {} is added to what was there", input(of)),
            Self::UpstreamDropped => "the upstream gradient is 1".to_owned(),
            Self::UpstreamOfFirst => "the first upstream gradient holds for all".to_owned(),
            Self::UpstreamTwice => "the upstream gradient counts twice".to_owned(),
            Self::AnotherDivisor(at) => {
                format!("{} divides by elements for samples, or the reverse", info.reductions[at].name)
            }
            Self::DivisorCounts => "the divisor counts instead of weighing".to_owned(),
            Self::GapWritten(of) => format!("the gap behind a row of the gradient of {} is written", input(of)),
            Self::NanValue => "a NaN spreads to the next value".to_owned(),
            Self::NanGradient(of) => format!("a NaN spreads to the next gradient of {}", input(of)),
            Self::ThreadSeam => "with several threads, the value in the middle is the first one".to_owned(),
            Self::IsaBits => "narrower instruction sets differ in the last bit".to_owned(),
            Self::FusedValue => "the value differs in the last bit with gradients".to_owned(),
            Self::Unaligned => "the value differs in the last bit where memory is not aligned".to_owned(),
            Self::DroppedCounted => "dropped rows count".to_owned(),
            Self::DroppedUnwritten => "dropped rows are not written".to_owned(),
            Self::DroppedNegative => "dropped rows are -0".to_owned(),
            Self::NextClass(of) => format!("{} means the class after it", input(of)),
            Self::OtherSign(of) => format!("{} means the other sign", input(of)),
            Self::ParamFrozen(of) => format!("{} is its default", param(of)),
            Self::InputUnread(of) => format!("{} is not read", input(of)),
            Self::SwitchFrozen(of) => format!("the kernel is that of the default of {}", param(of)),
            Self::GradientsSwapped(one, other) => {
                format!("the gradients of {} and {} are swapped", input(one), input(other))
            }
            Self::GradientNegated(of) => format!("the gradient of {} has the wrong sign", input(of)),
            Self::LastClassForgotten(of) => format!("the last gradient of {} in each row is 0", input(of)),
            Self::InnerSwapped => "the first two inner rows are mixed up".to_owned(),
            Self::SecondVector => "the second vector begins with the first value".to_owned(),
            Self::Unsteady => "every fifth call differs in the last bit".to_owned(),
            Self::InputUnchecked(of) => format!("the condition on {} is not looked at", input(of)),
            Self::ParamUnchecked(of) => format!("the condition on {} is not looked at", param(of)),
            Self::Contribution(of, fault) => {
                let of = match of {
                    Shared::Param(at) => param(at),
                    Shared::Input(at) => input(at),
                };
                format!("what rows contribute to the gradient of {of}: {}", fault.words())
            }
        }
    }

    /// The checks that are asked first: most likely one of them finds it, and the sooner that is known the better.
    pub(super) fn first(self) -> &'static [&'static str] {
        match self {
            Self::TailValue | Self::TailGradient(_) | Self::ChunkEdge | Self::SecondVector | Self::InnerSwapped => {
                check_names!["batch_equals_rows_alone"]
            }
            Self::SumWithoutTail | Self::SumWithoutEdge | Self::SumInOrder => check_names!["sum_is_sum_of_none"],
            Self::NotAccumulated(_) | Self::NotCleared(_) => check_names!["examples_hold", "gradient_matches_oracle"],
            Self::UpstreamDropped | Self::UpstreamOfFirst | Self::UpstreamTwice => {
                check_names!["gradient_linear_in_upstream"]
            }
            Self::AnotherDivisor(_) | Self::DivisorCounts => check_names!["examples_hold", "sum_is_sum_of_none"],
            Self::GapWritten(_) | Self::Unaligned => check_names!["layout_changes_nothing"],
            Self::NanValue | Self::NanGradient(_) => check_names!["nan_stays_in_its_row"],
            Self::ThreadSeam => check_names!["threads_agree"],
            Self::IsaBits => check_names!["isas_agree"],
            Self::FusedValue | Self::Unsteady => check_names!["forward_equals_fused"],
            Self::DroppedCounted | Self::DroppedUnwritten | Self::DroppedNegative => {
                check_names!["ignored_rows_change_nothing"]
            }
            Self::NextClass(_)
            | Self::OtherSign(_)
            | Self::ParamFrozen(_)
            | Self::InputUnread(_)
            | Self::SwitchFrozen(_)
            | Self::GradientsSwapped(..)
            | Self::GradientNegated(_)
            | Self::LastClassForgotten(_) => {
                check_names!["examples_hold", "pytorch_answers_replay", "gradient_matches_oracle"]
            }
            Self::InputUnchecked(_) | Self::ParamUnchecked(_) => check_names!["errors_write_nothing"],
            Self::Contribution(_, ContributionFault::IsaBits) => check_names!["shared_gradients_are_reproducible"],
            Self::Contribution(..) => check_names!["shared_gradients_match_oracle"],
        }
    }
}

impl ContributionFault {
    /// In half a sentence.
    fn words(self) -> &'static str {
        match self {
            Self::TailLost => "the last place of a vector that is not full gives nothing",
            Self::Negated => "it has the wrong sign",
            Self::UpstreamDropped => "the upstream gradient is 1",
            Self::IsaBits => "narrower instruction sets differ in the last bit",
            Self::DroppedCounted => "dropped rows count",
            Self::NextPlace => "it counts for the place after its own",
        }
    }
}
