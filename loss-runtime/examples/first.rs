//! Two losses, called as a program would call them.

use loss_runtime::{CrossEntropy, SmoothL1};

fn main() -> Result<(), loss_runtime::Error> {
    let (input, target) = ([0.5f32, 3.0], [0.0f32, 1.0]);
    let mut gradient = [0.0; 2];
    let value = SmoothL1::new().beta(1.0).forward_backward(&input, &target, &mut gradient)?;
    println!("smooth_l1 {value}, gradient {gradient:?}");

    let logits = [2.0f64, 0.0, 0.0, 0.0, 0.0, 3.0];
    let value = CrossEntropy::new().label_smoothing(0.1).forward((&logits, [2, 3]), &[0i64, 2])?;
    println!("cross_entropy {value:.6}");
    Ok(())
}
