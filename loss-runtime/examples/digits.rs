//! Softmax regression on handwritten digits, trained with `CrossEntropy` on plain slices.

use loss_runtime::{CrossEntropy, Error};

const PIXELS: usize = 64;
const CLASSES: usize = 10;

/// Every image as its pixels from 0 to 1 and a constant 1, and its digit.
fn read() -> (Vec<f32>, Vec<u8>) {
    let (mut images, mut digits) = (Vec::new(), Vec::new());
    for line in include_str!("data/digits.csv").lines() {
        let Some((pixels, digit)) = line.split_once(',') else { continue };
        let (Ok(digit), true) = (digit.parse(), pixels.len() == PIXELS) else { continue };
        images.extend(pixels.chars().map(|pixel| pixel.to_digit(17).unwrap_or(0) as f32 / 16.0));
        images.push(1.0);
        digits.push(digit);
    }
    (images, digits)
}

fn logits(images: &[f32], weights: &[f32]) -> Vec<f32> {
    let rows = images.chunks_exact(PIXELS + 1);
    rows.flat_map(|image| {
        weights
            .chunks_exact(PIXELS + 1)
            .map(move |weights| image.iter().zip(weights).map(|(pixel, weight)| pixel * weight).sum::<f32>())
    })
    .collect()
}

fn main() -> Result<(), Error> {
    let (images, digits) = read();
    // Every fifth image tests, the others train.
    let (mut train, mut test) = ((Vec::new(), Vec::new()), (Vec::new(), Vec::new()));
    for (place, image) in images.chunks_exact(PIXELS + 1).enumerate() {
        let part = if place % 5 == 0 { &mut test } else { &mut train };
        part.0.extend_from_slice(image);
        part.1.push(digits[place]);
    }

    let loss = CrossEntropy::new();
    let rows = train.1.len();
    let mut weights = vec![0.0_f32; CLASSES * (PIXELS + 1)];
    let mut gradient = vec![0.0_f32; rows * CLASSES];
    for step in 0..=300 {
        let logits = logits(&train.0, &weights);
        let value = loss.forward_backward((&logits, [rows, CLASSES]), &train.1, &mut gradient)?;
        for (image, gradient) in train.0.chunks_exact(PIXELS + 1).zip(gradient.chunks_exact(CLASSES)) {
            for (weights, gradient) in weights.chunks_exact_mut(PIXELS + 1).zip(gradient) {
                weights.iter_mut().zip(image).for_each(|(weight, pixel)| *weight -= 1.5 * gradient * pixel);
            }
        }
        if step % 100 == 0 {
            println!("step {step}: cross entropy {value:.4}");
        }
    }

    let logits = logits(&test.0, &weights);
    let right = logits.chunks_exact(CLASSES).zip(&test.1).filter(|(logits, digit)| {
        let largest = (0..CLASSES).max_by(|&a, &b| logits[a].total_cmp(&logits[b]));
        largest == Some(usize::from(**digit))
    });
    println!("test accuracy {:.1} % of {} images", 100.0 * right.count() as f64 / test.1.len() as f64, test.1.len());
    Ok(())
}
