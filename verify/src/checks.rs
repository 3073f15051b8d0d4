//! The list of checks. The program, the report and the tests are all made from it.

mod bits;
pub(crate) mod claims;
mod curvature;
mod curvature_claims;
mod curves;
mod defaults;
mod departing;
mod differences;
mod error_curves;
mod errors;
mod examples;
mod extrapolation;
mod geometry;
mod goldens;
mod ignored;
mod in_place;
mod isolation;
mod knots;
mod large_sums;
mod linear;
mod merged;
pub(crate) mod names;
mod narrow;
mod neutral;
mod other_kernels;
mod outputs;
mod probe;
mod product;
mod product_differences;
mod product_laws;
mod proofs;
mod properties;
pub(crate) mod relations;
mod sample;
mod shared_gradients;
mod sums;
pub mod sweep;
mod tally;
mod tolerance;
mod truth;
mod ways;
mod weights;

use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::audit::{
    Accuracy, Bitwise, CheckRecord, ClaimRecord, DifferenceRecord, ErrorCurve, Failure, Goldens, KnotRecord, Plot,
    Status,
};
use crate::subject::{Effort, Subject};

pub use tally::Tally;
pub(crate) use truth::certificate::SEARCHED;
pub(crate) use truth::{Compared, Forms, Of, OneBatch, hold_against_oracle};

/// Something that is looked at for every loss.
#[derive(Clone, Copy)]
pub struct Check {
    /// The name, in snake case: the claim in short.
    pub name: &'static str,
    /// What a pass shows, in one sentence.
    pub claim: &'static str,
    /// Looks.
    pub run: fn(&Subject, &Effort) -> Finding,
}

/// What a check found.
#[derive(Clone, Debug)]
pub struct Finding {
    /// What became of it.
    pub status: Status,
    /// How many points it looked at.
    pub points: u64,
    /// What a reader should know beside the status.
    pub detail: String,
    /// The first few failures.
    pub failures: Vec<Failure>,
    /// What it measured on the way.
    pub evidence: Evidence,
}

/// What checks measure on the way: the parts of a loss's record that they fill.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// Distances from the truth.
    pub accuracy: Vec<Accuracy>,
    /// The replay of recorded answers.
    pub goldens: Option<Goldens>,
    /// Paths through the code that gave the same bits.
    pub bitwise: Option<Bitwise>,
    /// Places where the formula is not smooth.
    pub knots: Vec<KnotRecord>,
    /// Properties and relations.
    pub claims: Vec<ClaimRecord>,
    /// Declared differences from PyTorch.
    pub differences: Vec<DifferenceRecord>,
    /// Curves.
    pub plots: Vec<Plot>,
    /// Distances from the truth along lines.
    pub error_curves: Vec<ErrorCurve>,
}

/// Every check, in the order in which they run.
pub const CHECKS: &[Check] = &[
    Check {
        name: "examples_hold",
        claim: "The numbers that the spec pins are those that the kernels give.",
        run: examples::examples_hold,
    },
    Check {
        name: "differences_are_declared",
        claim: "Where the spec declares a difference from PyTorch, ours is what it says, and differs.",
        run: examples::differences_are_declared,
    },
    Check {
        name: "value_matches_oracle",
        claim: "Every value is the exact one of the formula as written, but for a few units in the last place.",
        run: truth::value_matches_oracle,
    },
    Check {
        name: "gradient_matches_oracle",
        claim: "Every gradient is the exact derivative of the formula as written, but for a few units in the last place.",
        run: truth::gradient_matches_oracle,
    },
    Check {
        name: "errors_are_within_budget",
        claim: "Over the whole domain, no error is larger than the table of errors says, and no budget larger than it has to be.",
        run: truth::certificate::errors_are_within_budget,
    },
    Check {
        name: "gradient_matches_differences",
        claim: "Every derivative by the rules is what difference quotients of the exact values say, with a step of 1e-40.",
        run: differences::gradient_matches_differences,
    },
    Check {
        name: "gradient_matches_kernel_differences",
        claim: "Every gradient is the derivative that is extrapolated from the kernel's own values.",
        run: extrapolation::gradient_matches_kernel_differences,
    },
    Check {
        name: "curvature_matches_oracle",
        claim: "Every second derivative is the exact one of the formula as written, and every declared curvature its formula, but for a \
                few units in the last place.",
        run: truth::second::curvature_matches_oracle,
    },
    Check {
        name: "curvature_is_reproducible",
        claim: "A curvature has the same bits alone, beside other outputs, in any batch, on every instruction set and number of threads, \
                and is reduced as gradients are.",
        run: curvature::curvature_is_reproducible,
    },
    Check {
        name: "curvature_claims_hold",
        claim: "What the spec declares of the second derivative is so: bounds are no smaller, and their parabolas lie nowhere below the loss.",
        run: curvature_claims::curvature_claims_hold,
    },
    Check {
        name: "hessian_product_matches_oracle",
        claim: "Every Hessian-vector product is the exact derivative of the gradient along the direction, but for a few units in the last place.",
        run: truth::product::hessian_product_matches_oracle,
    },
    Check {
        name: "hessian_product_matches_kernel_differences",
        claim: "Every Hessian-vector product is the derivative that is extrapolated from the kernel's own gradients along the direction.",
        run: product_differences::hessian_product_matches_kernel_differences,
    },
    Check {
        name: "hessian_product_obeys_laws",
        claim: "Every Hessian is symmetric, its products are linear in the direction and in the upstream gradient, and it is 0 along what the loss \
                does not change with, and nowhere negative where the loss is convex.",
        run: product_laws::hessian_product_obeys_laws,
    },
    Check {
        name: "hessian_product_is_reproducible",
        claim: "A Hessian-vector product has the same bits alone, beside other outputs, in any batch and layout, on every instruction set and \
                number of threads, is reduced as gradients are, and is +0 in ignored rows, whatever they hold.",
        run: product::hessian_product_is_reproducible,
    },
    Check {
        name: "reductions_match_oracle",
        claim: "Every reduced value and its gradients are the exact ones, but for a few units in the last place.",
        run: truth::reductions_match_oracle,
    },
    Check {
        name: "batch_equals_rows_alone",
        claim: "Every row of a batch of any size gets, to the bit, the value and gradients it gets alone.",
        run: geometry::batch_equals_rows_alone,
    },
    Check {
        name: "layout_changes_nothing",
        claim: "Neither where a slice starts in memory nor gaps between rows change a bit, and gaps are left alone.",
        run: geometry::layout_changes_nothing,
    },
    Check {
        name: "forward_equals_fused",
        claim: "A value computed with gradients has the bits of one computed without.",
        run: bits::forward_equals_fused,
    },
    Check {
        name: "narrow_types_are_widened",
        claim: "In `bf16` and `f16` every result is that of the widened numbers, rounded once, on every instruction set and number of threads.",
        run: narrow::narrow_types_are_widened,
    },
    Check {
        name: "narrow_results_are_rounded_once",
        claim: "In `bf16` and `f16` every value and gradient is half a unit in the last place from the exact one, but for what `f32` may be off.",
        run: truth::narrow::narrow_results_are_rounded_once,
    },
    Check {
        name: "gradient_in_place_is_the_same",
        claim: "A gradient written over its input, and all that comes with it, has the bits of one in a buffer of its own, on every \
                instruction set and number of threads.",
        run: in_place::gradient_in_place_is_the_same,
    },
    Check { name: "isas_agree", claim: "Every instruction set gives the same bits.", run: bits::isas_agree },
    Check { name: "threads_agree", claim: "The number of threads changes no bit.", run: bits::threads_agree },
    Check {
        name: "nan_stays_in_its_row",
        claim: "A NaN in one row, at any place of the kernel's vectors, changes no bit of any other row.",
        run: isolation::nan_stays_in_its_row,
    },
    Check {
        name: "errors_write_nothing",
        claim: "A wrong label, shape, parameter or output length is refused by name, and no output is touched.",
        run: errors::errors_write_nothing,
    },
    Check {
        name: "sum_is_sum_of_none",
        claim: "The sum is that of the values, and a mean is the sum over its divisor, in value and gradient.",
        run: sums::sum_is_sum_of_none,
    },
    Check {
        name: "shared_gradients_match_oracle",
        claim: "Every gradient in a parameter, or in a number that all rows share, is the exact sum of the derivatives, and what difference \
                quotients of the exact values and of the kernel's say.",
        run: shared_gradients::shared_gradients_match_oracle,
    },
    Check {
        name: "shared_gradients_are_reproducible",
        claim: "A gradient in a parameter, or in a number that all rows share, has the same bits on every instruction set and number of \
                threads, and those of a batch's parts add up to it.",
        run: shared_gradients::reproducible::shared_gradients_are_reproducible,
    },
    Check {
        name: "partials_merge_to_the_whole",
        claim: "The sums and divisors of a batch's parts, however it is cut, add up to those of the whole.",
        run: merged::partials_merge_to_the_whole,
    },
    Check {
        name: "outputs_do_not_depend_on_each_other",
        claim: "Whichever outputs a call asks for, values, gradients or their reduction, each has the bits that it has beside all others.",
        run: outputs::outputs_do_not_depend_on_each_other,
    },
    Check {
        name: "weight_two_is_the_row_twice",
        claim: "A weight of 2 does what its row does twice, in value, gradient, sum, and the divisors in which weights count.",
        run: weights::weight_two_is_the_row_twice,
    },
    Check {
        name: "weight_zero_is_no_row",
        claim: "A row of weight 0 is nothing in value, gradient, sum and the divisors in which weights count, even if it holds NaN.",
        run: weights::weight_zero_is_no_row,
    },
    Check {
        name: "absent_is_the_default",
        claim: "An input or a parameter that is left out is its default.",
        run: defaults::absent_is_the_default,
    },
    Check {
        name: "switched_off_is_weighed_by_nothing",
        claim: "A part whose weight, a parameter, is 0 is not there: what remains is what a weight of next to nothing leaves.",
        run: neutral::switched_off_is_weighed_by_nothing,
    },
    Check {
        name: "large_sums_are_exact",
        claim: "The sum of ten million elements is the exact one, but for less than a unit in the last place.",
        run: large_sums::large_sums_are_exact,
    },
    Check {
        name: "gradient_linear_in_upstream",
        claim: "The gradient is the upstream gradient times the derivative, for one number and for one each.",
        run: linear::gradient_linear_in_upstream,
    },
    Check {
        name: "ignored_rows_change_nothing",
        claim: "An ignored row is +0 in value and gradient, and what its other inputs hold changes no bit of anything.",
        run: ignored::ignored_rows_change_nothing,
    },
    Check {
        name: "knots_are_as_declared",
        claim: "On every declared knot the kernel's gradient is the declared one, and the formula is as smooth as it says.",
        run: knots::knots_are_as_declared,
    },
    Check {
        name: "properties_hold",
        claim: "The kernels have every property that the spec declares: bounds, symmetries, convexity, slopes.",
        run: properties::properties_hold,
    },
    Check {
        name: "relations_hold",
        claim: "The loss is what its spec says that it is equal to, in value and gradient.",
        run: relations::relations_hold,
    },
    Check {
        name: "claims_are_proved",
        claim: "What is proved of the loss holds for every argument, and nothing that the spec claims is refuted.",
        run: proofs::claims_are_proved,
    },
    Check {
        name: "kernels_agree_with_others",
        claim: "Where a relation is a call of a loss, as of a class index by its row of probabilities, the kernels of the two agree.",
        run: other_kernels::kernels_agree_with_others,
    },
    Check {
        name: "value_and_gradient_are_drawn",
        claim: "The curves in the report are the kernel's, and those of the formula.",
        run: curves::value_and_gradient_are_drawn,
    },
    Check {
        name: "pytorch_answers_replay",
        claim: "PyTorch's recorded answers are ours, but for the differences that are declared.",
        run: goldens::pytorch_answers_replay,
    },
];

impl Check {
    /// Looks, and takes the time.
    #[must_use]
    pub fn record(&self, subject: &Subject, effort: &Effort) -> (CheckRecord, Evidence) {
        let start = Instant::now();
        let found = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| (self.run)(subject, effort)));
        let found = found.unwrap_or_else(|panic| {
            let message = panic.downcast_ref::<String>().map(String::as_str);
            let message = message.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
            let mut tally = Tally::new(subject, effort);
            tally.fail("no panic", || ("no panic".to_owned(), message.to_owned()));
            tally.finding()
        });
        let mut failures = found.failures;
        for failure in &mut failures {
            failure.command.push_str(&format!(" --check {}", self.name));
        }
        let record = CheckRecord {
            name: self.name.to_owned(),
            claim: self.claim.to_owned(),
            status: found.status,
            points: found.points,
            detail: found.detail,
            failures,
            seconds: start.elapsed().as_secs_f64(),
        };
        (record, found.evidence)
    }
}

impl Finding {
    /// The check says nothing about this loss.
    #[must_use]
    pub fn skipped(why: &str) -> Self {
        Self {
            status: Status::Skipped,
            points: 0,
            detail: why.to_owned(),
            failures: Vec::new(),
            evidence: Evidence::default(),
        }
    }
}

#[cfg(test)]
mod faults;
#[cfg(test)]
mod tests;
