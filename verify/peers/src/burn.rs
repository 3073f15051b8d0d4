//! burn's losses on its CPU backend, with its automatic differentiation.

use ::burn::nn::loss::{
    BinaryCrossEntropyLossConfig, CosineEmbeddingLossConfig, CrossEntropyLossConfig, HingeEmbeddingLossConfig,
    HuberLossConfig, KLDivLossConfig, LpLossConfig, MarginRankingLossConfig, MseLoss, Reduction, SmoothL1LossConfig,
};
use ::burn::tensor::{Device, Int, Tensor, TensorData};

use crate::Call;
use crate::batch::{Batch, Loss};

/// Value and gradients; `None` where burn has no such loss.
pub fn call(batch: &Batch) -> Option<Call<'static>> {
    let device = &Device::flex().autodiff();
    let line = |values: &[f32]| Tensor::<1>::from_data(TensorData::new(values.to_vec(), [values.len()]), device);
    let table = |values: &[f32]| {
        Tensor::<2>::from_data(TensorData::new(values.to_vec(), [batch.shape[0], batch.shape[1]]), device)
    };
    let whole = |values: &[i64]| Tensor::<1, Int>::from_data(TensorData::new(values.to_vec(), [values.len()]), device);
    let (input, other, mean) = (&batch.input, &batch.other, || Reduction::Mean);
    Some(match batch.loss {
        Loss::L1 => {
            let (loss, target) = (LpLossConfig::l1(), line(other));
            of_one(line(input), move |input| loss.forward(input, target.clone(), mean()))
        }
        Loss::Mse => {
            let (loss, target) = (MseLoss::new(), line(other));
            of_one(line(input), move |input| loss.forward(input, target.clone(), mean()))
        }
        Loss::SmoothL1 => {
            let (loss, target) = (SmoothL1LossConfig::new().init(), line(other));
            of_one(line(input), move |input| loss.forward_with_reduction(input, target.clone(), mean()))
        }
        Loss::Huber => {
            let (loss, target) = (HuberLossConfig::new(1.0).init(), line(other));
            of_one(line(input), move |input| loss.forward(input, target.clone(), mean()))
        }
        Loss::BceWithLogits => {
            let loss = BinaryCrossEntropyLossConfig::new().with_logits(true).init(device);
            let target = whole(&batch.labels);
            of_one(line(input), move |input| loss.forward(input, target.clone()))
        }
        Loss::HingeEmbedding => {
            let (loss, target) = (HingeEmbeddingLossConfig::new().init(), line(&batch.float_labels()));
            of_one(line(input), move |input| loss.forward(input, target.clone(), mean()))
        }
        Loss::KlDiv => {
            let (loss, target) = (KLDivLossConfig::new().init(), line(other));
            of_one(line(input), move |input| loss.forward(input, target.clone(), mean()))
        }
        Loss::MarginRanking => {
            let (loss, target) = (MarginRankingLossConfig::new().init(), line(&batch.float_labels()));
            of_two(line(input), line(other), move |first, second| loss.forward(first, second, target.clone(), mean()))
        }
        Loss::CrossEntropy => {
            let (loss, target) = (CrossEntropyLossConfig::new().init(device), whole(&batch.labels));
            match *batch.shape {
                // Classes are the last axis there: whoever has images puts them last.
                [rows, classes, height, width] => {
                    let images = TensorData::new(input.clone(), [rows, classes, height, width]);
                    of_one(Tensor::<4>::from_data(images, device), move |input| {
                        let pixels = input.permute([0, 2, 3, 1]).reshape([rows * height * width, classes]);
                        loss.forward(pixels, target.clone())
                    })
                }
                _ => of_one(table(input), move |input| loss.forward(input, target.clone())),
            }
        }
        // Its cross entropy takes probabilities, or logits, but no logarithms of probabilities.
        Loss::Nll => return None,
        Loss::CosineEmbedding => {
            let (loss, target) = (CosineEmbeddingLossConfig::new().init(), whole(&batch.labels));
            of_two(table(input), table(other), move |first, second| loss.forward(first, second, target.clone()))
        }
    })
}

fn of_one<const D: usize>(input: Tensor<D>, loss: impl Fn(Tensor<D>) -> Tensor<1> + 'static) -> Call<'static> {
    let input = input.require_grad();
    Box::new(move |keep| {
        let value = loss(input.clone());
        let gradients = value.backward();
        let gradient = input.grad(&gradients);
        if let Some(kept) = keep {
            kept.clear();
            kept.extend(numbers(gradient));
        }
        value.into_scalar()
    })
}

fn of_two<const D: usize>(
    first: Tensor<D>,
    second: Tensor<D>,
    loss: impl Fn(Tensor<D>, Tensor<D>) -> Tensor<1> + 'static,
) -> Call<'static> {
    let (first, second) = (first.require_grad(), second.require_grad());
    Box::new(move |keep| {
        let value = loss(first.clone(), second.clone());
        let gradients = value.backward();
        let both = [first.grad(&gradients), second.grad(&gradients)];
        if let Some(kept) = keep {
            kept.clear();
            kept.extend(both.into_iter().flat_map(numbers));
        }
        value.into_scalar()
    })
}

/// Empty where there is no gradient, which then differs from ours.
fn numbers<const D: usize>(gradient: Option<Tensor<D>>) -> Vec<f32> {
    gradient.and_then(|gradient| gradient.into_data().try_to_vec().ok()).unwrap_or_default()
}
