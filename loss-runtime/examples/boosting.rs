//! Gradient boosting with stumps, by Newton's method: `grad_hess_into` gives what a tree needs in one reading of the predictions.
//!
//! Every sixth training label is wrong. The squared error has a second derivative everywhere; Huber's has none where it is linear, and
//! there its spec declares another curvature, whose parabola lies nowhere below the loss.

use loss_runtime::{Error, Huber, Mse, Reduction};

const FEATURES: usize = 10;
const ROUNDS: usize = 120;
const RATE: f64 = 0.2;
/// Holds back leaves of little curvature.
const RIDGE: f64 = 1.0;

type Row = ([f64; FEATURES], f64);

/// Patients with their features, and how far the disease went on after a year.
fn read() -> Vec<Row> {
    let lines = include_str!("data/diabetes.csv").lines();
    let rows = lines.map(|line| line.split(',').filter_map(|field| field.trim().parse().ok()).collect());
    rows.filter_map(|row: Vec<f64>| Some((row.get(..FEATURES)?.try_into().ok()?, *row.get(FEATURES)?))).collect()
}

/// One split, and what is added on either side of it.
#[derive(Clone, Copy)]
struct Stump {
    feature: usize,
    threshold: f64,
    leaves: [f64; 2],
}

impl Stump {
    fn side(&self, features: &[f64; FEATURES]) -> f64 {
        self.leaves[usize::from(features[self.feature] > self.threshold)]
    }

    /// The stump whose two steps of Newton's lower the parabolas most.
    fn fit(rows: &[Row], grad: &[f64], hess: &[f64]) -> Option<Self> {
        let mut best: Option<(f64, Self)> = None;
        for feature in 0..FEATURES {
            let mut values: Vec<f64> = rows.iter().map(|(features, _)| features[feature]).collect();
            values.sort_by(f64::total_cmp);
            for threshold in (1..16).map(|part| values[values.len() * part / 16]) {
                let mut sums = [(0.0, RIDGE); 2];
                for ((features, _), (grad, hess)) in rows.iter().zip(grad.iter().zip(hess)) {
                    let sum = &mut sums[usize::from(features[feature] > threshold)];
                    *sum = (sum.0 + grad, sum.1 + hess);
                }
                let gain: f64 = sums.iter().map(|(grad, hess)| grad * grad / hess).sum();
                if best.as_ref().is_none_or(|(most, _)| gain > *most) {
                    best = Some((gain, Self { feature, threshold, leaves: sums.map(|(grad, hess)| -grad / hess) }));
                }
            }
        }
        best.map(|(_, stump)| stump)
    }
}

/// Starts at the mean and adds stumps; `grad_hess` writes gradient and curvature at every prediction.
fn boost(
    rows: &[Row],
    grad_hess: impl Fn(&[f64], &[f64], &mut [f64], &mut [f64]) -> Result<(), Error>,
) -> Result<(f64, Vec<Stump>), Error> {
    let targets: Vec<f64> = rows.iter().map(|(_, target)| *target).collect();
    let start = targets.iter().sum::<f64>() / targets.len() as f64;
    let mut predictions = vec![start; rows.len()];
    let (mut grad, mut hess) = (vec![0.0; rows.len()], vec![0.0; rows.len()]);
    let mut stumps = Vec::new();
    for _ in 0..ROUNDS {
        grad_hess(&predictions, &targets, &mut grad, &mut hess)?;
        let Some(stump) = Stump::fit(rows, &grad, &hess) else { break };
        for (prediction, (features, _)) in predictions.iter_mut().zip(rows) {
            *prediction += RATE * stump.side(features);
        }
        stumps.push(stump);
    }
    Ok((start, stumps))
}

fn main() -> Result<(), Error> {
    let mut rows = read();
    // Every fourth patient tests, with the true label; of the others every sixth has a label that is far too large.
    let test: Vec<Row> = rows.iter().copied().step_by(4).collect();
    let mut place = 0;
    rows.retain(|_| {
        place += 1;
        place % 4 != 1
    });
    rows.iter_mut().step_by(6).for_each(|(_, target)| *target += 600.0);

    let error = |(start, stumps): &(f64, Vec<Stump>)| {
        let predict = |features| start + RATE * stumps.iter().map(|stump| stump.side(features)).sum::<f64>();
        test.iter().map(|(features, target)| (predict(features) - target).abs()).sum::<f64>() / test.len() as f64
    };
    // One gradient and one curvature for each prediction: nothing is divided by their number.
    let mse = Mse::new().reduction(Reduction::None);
    let huber = Huber::new().delta(30.0).reduction(Reduction::None);
    let squared = boost(&rows, |x, y, grad, hess| mse.grad_hess_into(x, y, grad, hess))?;
    let robust = boost(&rows, |x, y, grad, hess| huber.grad_hess_into(x, y, grad, hess))?;
    println!("{} patients train, {} test; mean absolute error on clean test data:", rows.len(), test.len());
    println!("boosted with mse   {:6.1}", error(&squared));
    println!("boosted with huber {:6.1}", error(&robust));
    Ok(())
}
