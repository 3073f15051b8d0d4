//! An axis of a plot: from numbers to pixels, with round ticks.

/// A linear scale.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    low: f64,
    high: f64,
    start: f64,
    end: f64,
}

impl Scale {
    /// A scale from the numbers `low..=high` to the pixels `start..=end`. A range without width is widened.
    pub fn new((low, high): (f64, f64), (start, end): (f64, f64)) -> Self {
        let (low, high) = if high > low { (low, high) } else { (low - 1.0, low + 1.0) };
        Self { low, high, start, end }
    }

    /// The pixel of a number.
    pub fn pixel(&self, number: f64) -> f64 {
        self.start + (number - self.low) / (self.high - self.low) * (self.end - self.start)
    }

    /// Whether a number lies on the scale.
    pub fn holds(&self, number: f64) -> bool {
        (self.low..=self.high).contains(&number)
    }

    /// About `count` round numbers on the scale, with a label each.
    pub fn ticks(&self, count: usize) -> Vec<(f64, String)> {
        let step = round_step((self.high - self.low) / count.max(1) as f64);
        let first = (self.low / step).ceil() as i64;
        let last = (self.high / step).floor() as i64;
        // A label needs the decimals of the step: 0.25 has two, 500 none.
        let decimals = (0..=12).find(|&places| is_whole(step * 10f64.powi(places))).unwrap_or(12) as usize;
        (first..=last).map(|k| k as f64 * step).map(|tick| (tick, label(tick, step, decimals))).collect()
    }
}

/// The round number (1, 2, 2.5 or 5 times a power of ten) that is nearest above.
fn round_step(least: f64) -> f64 {
    let magnitude = 10f64.powf(least.log10().floor());
    let factor = [1.0, 2.0, 2.5, 5.0].into_iter().find(|factor| factor * magnitude >= least * 0.999_999);
    factor.unwrap_or(10.0) * magnitude
}

/// Whether a number is a whole one, but for rounding: one of those that a step has, which are neither tiny nor huge.
fn is_whole(number: f64) -> bool {
    (number * 1e6).round() % 1e6 == 0.0
}

fn label(tick: f64, step: f64, decimals: usize) -> String {
    let text = if tick == 0.0 {
        "0".to_owned()
    } else if !(1e-4..1e5).contains(&step) {
        // `k * step` is off by a rounding that nobody wants to read.
        let rounded: f64 = format!("{tick:.9e}").parse().unwrap_or(tick);
        format!("{rounded:e}")
    } else {
        format!("{tick:.decimals$}")
    };
    // A minus as wide as a digit, so that columns of labels line up.
    text.replace('-', "−")
}

/// The range to show of a curve. The finite part of a curve that runs away to infinity would press everything else flat, so at most
/// eight times the range of the middle nine tenths is shown.
pub fn range_of(numbers: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    let mut finite: Vec<f64> = numbers.filter(|number| number.is_finite()).collect();
    finite.sort_by(f64::total_cmp);
    let (&low, &high) = (finite.first()?, finite.last()?);
    let at = |share: f64| finite[((finite.len() - 1) as f64 * share).round() as usize];
    let (core_low, core_high) = (at(0.05), at(0.95));
    let reach = 8.0 * (core_high - core_low);
    let (low, high) = if reach > 0.0 { (low.max(core_low - reach), high.min(core_high + reach)) } else { (low, high) };
    // A curve that only rounding bends is a straight line.
    let bends = high - low > 1e-9 * low.abs().max(high.abs());
    let margin = if bends { 0.06 * (high - low) } else { low.abs().max(1.0) * 0.5 };
    Some((low - margin, high + margin))
}

#[cfg(test)]
mod tests {
    use super::{Scale, range_of};

    #[test]
    fn ends_of_the_range_are_ends_of_the_axis() {
        let scale = Scale::new((-2.0, 6.0), (100.0, 20.0));
        assert_eq!((scale.pixel(-2.0), scale.pixel(6.0), scale.pixel(2.0)), (100.0, 20.0, 60.0));
        assert!(scale.holds(6.0) && !scale.holds(6.1) && !scale.holds(f64::NAN));
    }

    #[test]
    fn a_pole_is_cut_at_eight_times_what_the_middle_of_the_curve_takes() {
        // The middle is 5 to 96, so that 8 * 91 beyond it is still shown, and a margin of 6 in a hundred.
        let numbers = (0..=100).map(f64::from).chain([1e6, f64::INFINITY, f64::NAN]);
        let (low, high) = range_of(numbers).expect("there are numbers");
        assert!((low + 0.06 * 824.0).abs() < 1e-9 && (high - 1.06 * 824.0).abs() < 1e-9, "{low} to {high}");
    }

    #[test]
    fn ticks_are_round_and_on_the_scale() {
        let labels = |low, high| -> Vec<String> {
            Scale::new((low, high), (0.0, 1.0)).ticks(5).into_iter().map(|(_, label)| label).collect()
        };
        assert_eq!(labels(-3.0, 3.0), ["−2", "0", "2"]);
        assert_eq!(
            labels(0.0, 1.1),
            ["0.00", "0.25", "0.50", "0.75", "1.00"].map(|l| if l == "0.00" { "0" } else { l })
        );
        assert_eq!(labels(-0.01, 0.011), ["−0.010", "−0.005", "0", "0.005", "0.010"]);
        assert_eq!(labels(1.0, 1.0012), ["1.00000", "1.00025", "1.00050", "1.00075", "1.00100"]);
        assert_eq!(labels(-1e4, 12500.0), ["−10000", "−5000", "0", "5000", "10000"]);
        assert_eq!(labels(0.0, 4e5), ["0", "1e5", "2e5", "3e5", "4e5"]);
        assert_eq!(labels(0.0, 7e-5), ["0", "2e−5", "4e−5", "6e−5"]);
        assert_eq!(labels(0.0, 5e6), ["0", "1e6", "2e6", "3e6", "4e6", "5e6"]);
    }

    #[test]
    fn one_runaway_value_does_not_flatten_the_curve() {
        let curve = (0..200).map(|k| f64::from(k) / 200.0).chain([1e30, f64::INFINITY, f64::NAN]);
        let (low, high) = range_of(curve).expect("most of it is finite");
        assert!(low < 0.0 && (1.0..20.0).contains(&high), "{low} {high}");
        assert_eq!(range_of([f64::NAN].into_iter()), None);
        assert_eq!(range_of([3.0, 3.0].into_iter()), Some((1.5, 4.5)), "a level curve has room on both sides");
        assert_eq!(range_of([1.0, 2.0].into_iter()), Some((0.94, 2.06)));
        assert_eq!(range_of([0.25, 0.25].into_iter()), Some((-0.25, 0.75)));
        let one_leap = [1.0; 100].into_iter().chain([5.0]);
        assert_eq!(range_of(one_leap), Some((0.76, 5.24)), "of a curve that is level but for a leap all is shown");
        let (low, high) = range_of([0.7, 0.7 + 1e-16, 0.7].into_iter()).expect("it is finite");
        assert!(high - low > 0.5, "rounding is no curve: {low} {high}");
    }
}
