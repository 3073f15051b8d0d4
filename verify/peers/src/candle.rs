//! candle's losses on the CPU, with its automatic differentiation.

use candle_core::{Device, Result, Tensor, Var};
use candle_nn::loss;

use crate::Call;
use crate::batch::{Batch, Loss};

/// Value and gradient; `None` where candle has no such loss.
pub fn call(batch: &Batch) -> Option<Result<Call<'static>>> {
    match batch.loss {
        Loss::Mse => Some(of(batch, numbers(&batch.other), loss::mse)),
        Loss::Huber => Some(of(batch, numbers(&batch.other), |input, target| loss::huber(input, target, 1.0))),
        Loss::BceWithLogits => Some(of(batch, numbers(&batch.float_labels()), loss::binary_cross_entropy_with_logit)),
        Loss::CrossEntropy if batch.shape.len() > 2 => Some(of(batch, classes(batch), |input, target| {
            // Rows of classes are all that it takes: whoever has images puts the classes last.
            loss::cross_entropy(&input.permute((0, 2, 3, 1))?.flatten(0, 2)?, target)
        })),
        Loss::CrossEntropy => Some(of(batch, classes(batch), loss::cross_entropy)),
        Loss::Nll => Some(of(batch, classes(batch), loss::nll)),
        Loss::L1
        | Loss::SmoothL1
        | Loss::HingeEmbedding
        | Loss::KlDiv
        | Loss::MarginRanking
        | Loss::CosineEmbedding => None,
    }
}

fn numbers(values: &[f32]) -> Result<Tensor> {
    Tensor::from_slice(values, values.len(), &Device::Cpu)
}

fn classes(batch: &Batch) -> Result<Tensor> {
    let classes: Vec<u32> = batch.labels.iter().map(|&class| class as u32).collect();
    Tensor::from_slice(&classes, classes.len(), &Device::Cpu)
}

fn of(
    batch: &Batch,
    target: Result<Tensor>,
    loss: impl Fn(&Tensor, &Tensor) -> Result<Tensor> + 'static,
) -> Result<Call<'static>> {
    let target = target?;
    let input = Var::from_slice(&batch.input, batch.shape, &Device::Cpu)?;
    let once = move |keep: Option<&mut Vec<f32>>| {
        let value = loss(input.as_tensor(), &target)?;
        let gradients = value.backward()?;
        if let (Some(kept), Some(gradient)) = (keep, gradients.get(input.as_tensor())) {
            *kept = gradient.flatten_all()?.to_vec1()?;
        }
        value.to_scalar()
    };
    // A call that fails shows as a value that differs.
    Ok(Box::new(move |keep| once(keep).unwrap_or(f32::NAN)))
}
