//! Axes of plots of errors: places by their exponents, distances as they are or, where they reach far, by their exponents too.

/// Numbers of both signs by the powers of ten that they are near.
pub(super) struct Magnitudes {
    /// The exponents of the smallest and the largest number.
    low: f64,
    high: f64,
    negative: bool,
    positive: bool,
    pixels: (f64, f64),
}

/// So many pixels part the smallest numbers of either sign.
const GAP: f64 = 10.0;
/// The least distance between the label of zero and another one.
const ROOM: f64 = 26.0;

impl Magnitudes {
    /// The axis that holds these places; none if there are none but zeros.
    pub(super) fn over(places: impl Iterator<Item = f64> + Clone, pixels: (f64, f64)) -> Option<Self> {
        let exponents = places.clone().filter(|x| *x != 0.0 && x.is_finite()).map(|x| x.abs().log10());
        let low = exponents.clone().reduce(f64::min)?.floor();
        let high = exponents.reduce(f64::max)?.ceil().max(low + 1.0);
        let (negative, positive) = (places.clone().any(|x| x < 0.0), places.clone().any(|x| x > 0.0));
        Some(Self { low, high, negative, positive, pixels })
    }

    pub(super) fn pixel(&self, x: f64) -> f64 {
        let (left, right) = self.pixels;
        let share = ((x.abs().log10() - self.low) / (self.high - self.low)).clamp(0.0, 1.0);
        if !self.negative {
            return left + share * (right - left);
        }
        if !self.positive {
            return right - share * (right - left);
        }
        let (middle, reach) = (f64::midpoint(left, right), 0.5 * (right - left - GAP));
        let offset = 0.5 * GAP + share * reach;
        if x == 0.0 {
            middle
        } else if x < 0.0 {
            middle - offset
        } else {
            middle + offset
        }
    }

    /// A few powers of ten, with a label each.
    pub(super) fn ticks(&self) -> Vec<(f64, String)> {
        let sides = if self.negative && self.positive { 2.0 } else { 1.0 };
        let least = (self.high - self.low) * sides / 5.0;
        let step = [1, 2, 3, 4, 6, 8].into_iter().find(|&step| f64::from(step) >= least).unwrap_or(16);
        let label = |exponent: i32| match exponent {
            0 => "1".to_owned(),
            exponent => format!("1e{exponent}").replace('-', "−"),
        };
        let mut ticks = Vec::new();
        if self.negative && self.positive {
            ticks.push((0.0, "0".to_owned()));
        }
        for exponent in (self.low as i32..=self.high as i32).filter(|exponent| exponent % step == 0) {
            let x = 10f64.powi(exponent);
            // Beside the zero there is no room for the smallest numbers.
            if self.negative && self.positive && (self.pixel(x) - self.pixel(0.0)).abs() < ROOM {
                continue;
            }
            if self.positive {
                ticks.push((x, label(exponent)));
            }
            if self.negative {
                ticks.push((-x, format!("−{}", label(exponent))));
            }
        }
        ticks
    }
}

/// Distances.
pub(super) struct Ulps {
    most: f64,
    /// Whether by exponent.
    far: bool,
    pixels: (f64, f64),
}

/// Up to here a distance is drawn as it is.
const NEAR: f64 = 12.0;
/// What an axis of exponents begins with.
const LEAST: f64 = 0.1;

impl Ulps {
    pub(super) fn over(distances: impl Iterator<Item = f64>, pixels: (f64, f64)) -> Self {
        let most = distances.filter(|distance| distance.is_finite()).fold(1.0, f64::max);
        Self { most: most * 1.08, far: most > NEAR, pixels }
    }

    /// The pixel of a distance: the top for one that is infinite or no number.
    pub(super) fn pixel(&self, distance: f64) -> f64 {
        let share = if !distance.is_finite() {
            1.0
        } else if self.far {
            (distance.max(LEAST) / LEAST).log10() / (self.most / LEAST).log10()
        } else {
            distance / self.most
        };
        self.pixels.0 + share.clamp(0.0, 1.0) * (self.pixels.1 - self.pixels.0)
    }

    pub(super) fn ticks(&self) -> Vec<(f64, String)> {
        let steps: Vec<f64> = if self.far {
            let decades = (self.most / LEAST).log10() as i32;
            (0..=decades).step_by((decades / 4).max(1) as usize).map(|k| LEAST * 10f64.powi(k)).collect()
        } else {
            let step = [0.5, 1.0, 2.0, 4.0].into_iter().find(|step| self.most / step < 4.5).unwrap_or(5.0);
            (0..=(self.most / step) as i32).map(|k| f64::from(k) * step).collect()
        };
        let label = |at: f64| if at >= 1e4 { format!("{at:.0e}") } else { format!("{}", (at * 10.0).round() / 10.0) };
        steps.into_iter().map(|at| (at, label(at))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{Magnitudes, Ulps};

    #[test]
    fn both_signs_mirror_each_other() {
        let places = [1e-3, -1e3, 1e3, 0.0];
        let axis = Magnitudes::over(places.into_iter(), (0.0, 110.0)).expect("there are numbers");
        assert_eq!(places.map(|x| axis.pixel(x)), [60.0, 0.0, 110.0, 55.0]);
        assert_eq!(axis.ticks().len(), 5, "{:?}", axis.ticks());
        let positive = Magnitudes::over([1e-3, 1e3].into_iter(), (0.0, 60.0)).expect("there are numbers");
        assert_eq!([1e-3, 1.0, 1e3].map(|x| positive.pixel(x).round()), [0.0, 30.0, 60.0]);
        assert!(Magnitudes::over([0.0, f64::NAN].into_iter(), (0.0, 1.0)).is_none());
    }

    #[test]
    fn far_distances_are_drawn_by_their_exponents() {
        let near = Ulps::over([0.0, 1.5].into_iter(), (100.0, 0.0));
        assert_eq!(near.pixel(0.81).round(), 50.0);
        assert_eq!(near.pixel(f64::INFINITY), 0.0);
        let far = Ulps::over([0.5, 1e7].into_iter(), (100.0, 0.0));
        assert!(far.pixel(0.0) == 100.0 && far.pixel(1e3) > 40.0 && far.pixel(1e7) > 0.0);
        assert!((2..7).contains(&far.ticks().len()) && (2..7).contains(&near.ticks().len()));
    }
}
