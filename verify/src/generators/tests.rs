use super::{Extents, Family, Random, Values, draw};

fn numbers(family: Family, shape: &[usize], extent: usize) -> Vec<f64> {
    let extents = Extents { rows: shape[..1].to_vec(), extent };
    let values: Values<f64> = draw(family, shape, &extents, &mut Random::new(7));
    (0..values.len()).map(|place| values.number(place)).collect()
}

#[test]
fn the_same_seed_gives_the_same_numbers() {
    // Reference values of SplitMix64 with seed 1234567.
    let mut random = Random::new(1_234_567);
    assert_eq!(
        [random.bits(), random.bits(), random.bits()],
        [6457827717110365317, 3203168211198807973, 9817491932198370423]
    );
    assert_ne!(Random::named(1, "a").bits(), Random::named(1, "b").bits());
}

#[test]
fn numbers_below_an_end_reach_all_of_them() {
    let mut random = Random::new(3);
    let mut seen = [0; 5];
    for _ in 0..1000 {
        seen[random.below(5)] += 1;
    }
    assert!(seen.iter().all(|&count| count > 150), "{seen:?}");
    assert_eq!(random.below(0), 0);
}

#[test]
fn values_are_what_their_label_says() {
    let all = |family, holds: fn(f64) -> bool| {
        let numbers = numbers(family, &[2000], 5);
        assert_eq!(numbers.len(), 2000);
        for number in numbers {
            assert!(holds(number), "{family:?}: {number}");
        }
    };
    all(Family::Real, f64::is_finite);
    all(Family::Nonnegative, |x| x >= 0.0);
    all(Family::Positive, |x| x > 0.0);
    all(Family::Probability, |x| (0.0..=1.0).contains(&x));
    all(Family::Binary, |x| x == 0.0 || x == 1.0);
    all(Family::Sign, |x| x.abs() == 1.0);
    all(Family::Count, |x| x >= 0.0 && x.fract() == 0.0);
    all(Family::ClassIndex { ignored: Some(-100) }, |x| x == -100.0 || (0.0..5.0).contains(&x));
}

#[test]
fn edges_and_dropped_rows_do_occur() {
    let reals = numbers(Family::Real, &[2000], 1);
    assert!(reals.iter().any(|x| x.to_bits() == (-0.0f64).to_bits()) && reals.iter().any(|&x| x > 80.0));
    let labels = numbers(Family::ClassIndex { ignored: Some(-100) }, &[2000], 3);
    for value in [-100.0, 0.0, 1.0, 2.0] {
        assert!(labels.contains(&value), "{value}");
    }
    assert!(!numbers(Family::ClassIndex { ignored: None }, &[2000], 3).contains(&-100.0));
}

#[test]
fn rows_of_probabilities_sum_to_one_along_the_second_dimension() {
    let numbers = numbers(Family::Simplex, &[3, 4, 5], 4);
    for outer in 0..3 {
        for inner in 0..5 {
            let sum: f64 = (0..4).map(|along| numbers[(outer * 4 + along) * 5 + inner]).sum();
            assert!((sum - 1.0).abs() < 1e-12, "{sum}");
        }
    }
}
