//! Sums whose bits depend on nothing but the numbers and their order.

/// Adds up partial sums as a binary tree: a tree over `n` numbers splits at the largest power of two below `n`. The same tree comes
/// from adding numbers one by one here and from splitting the range over threads.
pub(crate) struct Cascade {
    /// The sum of the smallest tree, of one number, if the lowest bit of `count` is set.
    one: f64,
    /// Sums of the other complete trees, one for each bit set in `count`. There are none in a short call, which has no time to clear them.
    trees: Option<[f64; usize::BITS as usize]>,
    count: usize,
}

impl Cascade {
    #[inline(always)]
    pub(crate) fn new() -> Self {
        Self { one: 0.0, trees: None, count: 0 }
    }

    pub(crate) fn push(&mut self, number: f64) {
        // As in a binary counter: two trees of one size make one of twice the size.
        let merged = self.count.trailing_ones() as usize;
        self.count += 1;
        if merged == 0 {
            self.one = number;
            return;
        }
        let trees = self.trees.get_or_insert([0.0; usize::BITS as usize]);
        let mut sum = number + self.one;
        for tree in &trees[1..merged] {
            sum += *tree;
        }
        trees[merged] = sum;
    }

    pub(crate) fn sum(&self) -> f64 {
        // The smallest tree is the rightmost.
        let mut left = self.count;
        let mut sum = None;
        while left != 0 {
            let tree = match left.trailing_zeros() as usize {
                0 => self.one,
                place => self.trees.as_ref().map_or(f64::NAN, |trees| trees[place]),
            };
            sum = Some(sum.map_or(tree, |right| tree + right));
            left &= left - 1;
        }
        sum.unwrap_or(0.0)
    }
}

/// A sum of numbers that come one by one, as a tree over runs: the few numbers of a run are a tree too, whose additions do not wait for each other.
/// So a number is rounded a few dozen times at the most, however many there are.
pub(crate) struct Runs {
    runs: Cascade,
    run: [f64; Self::LENGTH],
    count: usize,
}

impl Runs {
    /// How many numbers make a run.
    const LENGTH: usize = 16;

    #[inline(always)]
    pub(crate) fn new() -> Self {
        Self { runs: Cascade::new(), run: [0.0; Self::LENGTH], count: 0 }
    }

    pub(crate) fn push(&mut self, number: f64) {
        self.push_all(&[number], 1.0);
    }

    /// Several numbers, one after the other, each of them `repeat` times.
    pub(crate) fn push_all(&mut self, mut numbers: &[f64], repeat: f64) {
        if self.count == 0
            && let Ok(run) = <&[f64; Self::LENGTH]>::try_from(numbers)
        {
            // A whole run is not copied first.
            self.runs.push(halve(&mut run.map(|number| number * repeat), Self::LENGTH));
            return;
        }
        while !numbers.is_empty() {
            let (now, later) = numbers.split_at(numbers.len().min(Self::LENGTH - self.count));
            for (place, number) in self.run[self.count..].iter_mut().zip(now) {
                *place = number * repeat;
            }
            self.count += now.len();
            numbers = later;
            if self.count == Self::LENGTH {
                self.runs.push(halve(&mut self.run, Self::LENGTH));
                self.count = 0;
            }
        }
    }

    pub(crate) fn sum(&self) -> f64 {
        let mut run = self.run;
        // What is left there of the run before is of no more use.
        run[self.count..].fill(0.0);
        self.runs.sum() + halve(&mut run, Self::LENGTH)
    }
}

/// Sums the first `width` numbers, a power of two, as a tree: number `i` and number `i + half` first, and so on by halves.
#[inline(always)]
pub(crate) fn halve<const N: usize>(numbers: &mut [f64; N], width: usize) -> f64 {
    let mut half = width / 2;
    while half > 0 {
        for i in 0..half {
            numbers[i] += numbers[i + half];
        }
        half /= 2;
    }
    numbers[0]
}

/// A sum as if in twice the precision of `f64`: what every addition loses is kept (Neumaier's summation, by Knuth's exact addition, which
/// needs no branch).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Compensated {
    sum: f64,
    lost: f64,
}

impl Compensated {
    #[inline(always)]
    pub(crate) fn add(&mut self, number: f64) {
        let sum = self.sum + number;
        let added = sum - self.sum;
        self.lost += (self.sum - (sum - added)) + (number - added);
        self.sum = sum;
    }

    pub(crate) fn add_sum(&mut self, other: Self) {
        self.add(other.sum);
        self.lost += other.lost;
    }

    pub(crate) fn value(self) -> f64 {
        // Infinite numbers leave NaN behind.
        if self.sum.is_finite() { self.sum + self.lost } else { self.sum }
    }
}

/// Where [`Cascade`]'s tree over `count` numbers splits, if it does.
#[cfg_attr(not(any(test, feature = "parallel")), expect(dead_code, reason = "one thread needs no splitting"))]
pub(crate) fn split(count: usize) -> Option<usize> {
    (count > 1).then(|| 1 << (count - 1).ilog2())
}

#[cfg(test)]
mod tests {
    use super::{Cascade, Compensated, Runs, split};

    fn tree(numbers: &[f64]) -> f64 {
        match split(numbers.len()) {
            Some(middle) => tree(&numbers[..middle]) + tree(&numbers[middle..]),
            None => numbers.iter().copied().next().unwrap_or(0.0),
        }
    }

    #[test]
    fn many_like_numbers_add_up_without_drift() {
        let mut runs = Runs::new();
        (0..5000).for_each(|_| runs.push(0.1));
        // One after the other they miss it by 250 units in the last place.
        assert!((runs.sum() - 500.0).abs() <= 2.0 * 500.0 * f64::EPSILON, "{}", runs.sum());
        // `push_all` gives the bits of `push`, wherever in a run it begins.
        let numbers: [f64; 70] = core::array::from_fn(|i| 1.0 / (i + 3) as f64 - 0.1);
        let mut one_by_one = Runs::new();
        numbers.iter().for_each(|number| one_by_one.push(number * 3.0));
        for before in 0..=2 * Runs::LENGTH {
            let mut at_once = Runs::new();
            let (first, others) = numbers.split_at(before);
            let (run, last) = others.split_at(Runs::LENGTH);
            [first, run, last].iter().for_each(|part| at_once.push_all(part, 3.0));
            assert_eq!(at_once.sum().to_bits(), one_by_one.sum().to_bits(), "{before}");
        }
        let mut few = Runs::new();
        [0.1, 0.2, 0.3].iter().for_each(|number| few.push(*number));
        // By halves of 16: the first and the third meet before the second.
        assert_eq!(few.sum(), (0.1 + 0.3) + 0.2);
        assert_eq!(Runs::new().sum(), 0.0);
    }

    #[test]
    fn what_an_addition_loses_is_kept() {
        let mut kept = Compensated::default();
        [1e100, 1.0, -1e100, 2f64.powi(-60)].iter().for_each(|number| kept.add(*number));
        assert_eq!(kept.value(), 1.0 + 2f64.powi(-60));
        let mut both = Compensated::default();
        [3.0, 2f64.powi(-70), -3.0].iter().for_each(|number| both.add(*number));
        both.add_sum(kept);
        assert_eq!(both.value(), 1.0 + 2f64.powi(-60));
        kept.add(f64::INFINITY);
        assert_eq!(kept.value(), f64::INFINITY);
        kept.add(f64::NEG_INFINITY);
        assert!(kept.value().is_nan());
    }

    #[test]
    fn cascade_has_the_bits_of_the_recursive_tree() {
        let all: [f64; 200] = core::array::from_fn(|i| 1.0 / (i * i + 3) as f64 * (i % 7) as f64 - 0.3);
        for count in 0..all.len() {
            let numbers = &all[..count];
            let mut cascade = Cascade::new();
            numbers.iter().for_each(|number| cascade.push(*number));
            assert_eq!(cascade.sum().to_bits(), tree(numbers).to_bits(), "{count} numbers");
        }
    }
}
