use super::Path;
use crate::lane::{Isa, Lane, LaneTask, Real};

/// Whether so many lanes, so far apart, are whole; for every number of lanes from 0 to two vectors.
struct Whole(usize);

impl<T: Real> LaneTask<T> for Whole {
    type Output = ();

    #[inline(always)]
    fn run<L: Lane<Scalar = T>>(self, _: L::Token) {
        for len in 0..=2 * L::LANES {
            let is_whole = Path { base: 3, stride: 5, lane: self.0 }.is_whole::<L>(len);
            assert_eq!(is_whole, self.0 == 1 && len == L::LANES, "{len} lanes, {} apart", self.0);
        }
    }
}

#[test]
fn lanes_are_loaded_whole_that_are_neighbours_and_fill_a_vector() {
    for isa in Isa::available() {
        for stride in [0, 1, 2, 16] {
            f32::dispatch(isa, Whole(stride));
            f64::dispatch(isa, Whole(stride));
        }
    }
}
