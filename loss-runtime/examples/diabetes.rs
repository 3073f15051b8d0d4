//! Linear regression on data of which every sixth training label is wrong: the squared error follows the wrong labels, Huber's does not.

use loss_runtime::{Error, Huber, Mse};

const FEATURES: usize = 10;

/// Patients with standardised features and a constant 1, and how far the disease went on after a year.
fn read() -> Vec<([f64; FEATURES + 1], f64)> {
    let rows: Vec<Vec<f64>> = include_str!("data/diabetes.csv")
        .lines()
        .map(|line| line.split(',').filter_map(|field| field.trim().parse().ok()).collect())
        .filter(|row: &Vec<f64>| row.len() == FEATURES + 1)
        .collect();
    let count = rows.len() as f64;
    let mut moments = [(0.0, 0.0); FEATURES];
    for (feature, moments) in moments.iter_mut().enumerate() {
        let mean = rows.iter().map(|row| row[feature]).sum::<f64>() / count;
        let variance = rows.iter().map(|row| (row[feature] - mean).powi(2)).sum::<f64>() / count;
        *moments = (mean, variance.sqrt());
    }
    rows.iter()
        .map(|row| {
            let mut features = [1.0; FEATURES + 1];
            for (feature, (mean, deviation)) in moments.iter().enumerate() {
                features[feature] = (row[feature] - mean) / deviation;
            }
            (features, row[FEATURES])
        })
        .collect()
}

fn predict(features: &[f64; FEATURES + 1], weights: &[f64; FEATURES + 1]) -> f64 {
    features.iter().zip(weights).map(|(feature, weight)| feature * weight).sum()
}

/// Gradient descent; `gradient_of` writes the gradient of the mean loss with respect to every prediction.
fn train(
    rows: &[([f64; FEATURES + 1], f64)],
    rate: f64,
    gradient_of: impl Fn(&[f64], &[f64], &mut [f64]) -> Result<f64, Error>,
) -> Result<[f64; FEATURES + 1], Error> {
    let targets: Vec<f64> = rows.iter().map(|(_, target)| *target).collect();
    let mut weights = [0.0; FEATURES + 1];
    let mut gradient = vec![0.0; rows.len()];
    for _ in 0..5000 {
        let predictions: Vec<f64> = rows.iter().map(|(features, _)| predict(features, &weights)).collect();
        gradient_of(&predictions, &targets, &mut gradient)?;
        for ((features, _), gradient) in rows.iter().zip(&gradient) {
            weights.iter_mut().zip(features).for_each(|(weight, feature)| *weight -= rate * gradient * feature);
        }
    }
    Ok(weights)
}

fn main() -> Result<(), Error> {
    let mut rows = read();
    // Every fourth patient tests, with the true label; of the others every sixth has a label that is far too large.
    let test: Vec<_> = rows.iter().copied().step_by(4).collect();
    let mut place = 0;
    rows.retain(|_| {
        place += 1;
        place % 4 != 1
    });
    rows.iter_mut().step_by(6).for_each(|(_, target)| *target += 600.0);

    let error = |weights: &[f64; FEATURES + 1]| {
        let errors = test.iter().map(|(features, target)| (predict(features, weights) - target).abs());
        errors.sum::<f64>() / test.len() as f64
    };
    let (mse, huber) = (Mse::new(), Huber::new().delta(30.0));
    let squared = train(&rows, 0.05, |x, y, gradient| mse.forward_backward(x, y, gradient))?;
    let robust = train(&rows, 0.5, |x, y, gradient| huber.forward_backward(x, y, gradient))?;
    println!("{} patients train, {} test; mean absolute error on clean test data:", rows.len(), test.len());
    println!("trained with mse   {:6.1}", error(&squared));
    println!("trained with huber {:6.1}", error(&robust));
    Ok(())
}
