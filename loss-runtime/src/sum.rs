//! Sums whose bits depend on nothing but the numbers and their order.

/// Adds up partial sums as a binary tree: a tree over `n` numbers splits at the largest power of two below `n`. The same tree comes
/// from adding numbers one by one here and from splitting the range over threads.
pub(crate) struct Cascade {
    /// Sums of complete trees: one for each bit set in `count`.
    trees: [f64; usize::BITS as usize],
    count: usize,
}

impl Cascade {
    pub(crate) fn new() -> Self {
        Self { trees: [0.0; usize::BITS as usize], count: 0 }
    }

    pub(crate) fn push(&mut self, number: f64) {
        let mut sum = number;
        // As in a binary counter: two trees of one size make one of twice the size.
        let merged = self.count.trailing_ones() as usize;
        for tree in &self.trees[..merged] {
            sum += *tree;
        }
        self.trees[merged] = sum;
        self.count += 1;
    }

    pub(crate) fn sum(&self) -> f64 {
        let complete = (0..self.trees.len()).filter(|size| self.count >> size & 1 == 1);
        // The smallest tree is the rightmost.
        complete.map(|size| self.trees[size]).reduce(|right, left| left + right).unwrap_or(0.0)
    }
}

/// Where [`Cascade`]'s tree over `count` numbers splits, if it does.
pub(crate) fn split(count: usize) -> Option<usize> {
    (count > 1).then(|| 1 << (count - 1).ilog2())
}

#[cfg(test)]
mod tests {
    use super::{Cascade, split};

    fn tree(numbers: &[f64]) -> f64 {
        match split(numbers.len()) {
            Some(middle) => tree(&numbers[..middle]) + tree(&numbers[middle..]),
            None => numbers.iter().copied().next().unwrap_or(0.0),
        }
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
