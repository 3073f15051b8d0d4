//! Our losses, as a user calls them.

use loss_runtime::{
    BceWithLogits, CosineEmbedding, CrossEntropy, Error, Execution, HingeEmbedding, Huber, KlDiv, L1, MarginRanking,
    Mse, Nll, Shape, SmoothL1, Tensor,
};

use crate::Call;
use crate::batch::{Batch, Loss};

type Fused<'b> = Box<dyn FnMut(&mut [f32], &mut [f32]) -> Result<f32, Error> + 'b>;

/// Value and gradients, on the caller's thread.
pub fn call(batch: &Batch) -> Call<'_> {
    let mut first = vec![0.0; batch.input.len()];
    let mut second = vec![0.0; if batch.predicts_both() { batch.input.len() } else { 0 }];
    let mut fused = fused(batch);
    Box::new(move |keep| {
        let value = fused(&mut first, &mut second);
        if let Some(gradients) = keep {
            gradients.clear();
            gradients.extend(first.iter().chain(&second));
        }
        value.unwrap_or(f32::NAN)
    })
}

fn fused(batch: &Batch) -> Fused<'_> {
    let execution = Execution { threads: Some(1), ..Execution::default() };
    let (input, other, classes) = (&batch.input, &batch.other, &batch.labels);
    let labels = batch.float_labels();
    let shape = Shape::new(batch.shape).unwrap_or_default();
    let shaped = move |data| Tensor { data, shape, row_stride: None };
    macro_rules! one_gradient {
        ($Loss:ident, $input:expr, $target:expr) => {{
            let loss = $Loss::new().execution(execution);
            Box::new(move |gradient, _| loss.forward_backward($input, $target, gradient))
        }};
    }
    match batch.loss {
        Loss::L1 => one_gradient!(L1, input, other),
        Loss::Mse => one_gradient!(Mse, input, other),
        Loss::SmoothL1 => one_gradient!(SmoothL1, input, other),
        Loss::Huber => one_gradient!(Huber, input, other),
        Loss::BceWithLogits => one_gradient!(BceWithLogits, input, &labels),
        Loss::HingeEmbedding => one_gradient!(HingeEmbedding, input, &labels),
        Loss::KlDiv => one_gradient!(KlDiv, input, other),
        Loss::CrossEntropy => match *batch.shape {
            [rows, _, height, width] => {
                one_gradient!(CrossEntropy, shaped(input), (classes, [rows, height, width]))
            }
            _ => one_gradient!(CrossEntropy, shaped(input), classes),
        },
        Loss::Nll => one_gradient!(Nll, shaped(input), classes),
        Loss::MarginRanking => {
            let loss = MarginRanking::new().execution(execution);
            Box::new(move |first, second| loss.forward_backward(input, other, &labels, (first, second)))
        }
        Loss::CosineEmbedding => {
            let loss = CosineEmbedding::new().execution(execution);
            Box::new(move |first, second| loss.forward_backward(shaped(input), shaped(other), &labels, (first, second)))
        }
    }
}
