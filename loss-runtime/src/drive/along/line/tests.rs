use super::load;
use crate::lane::{Isa, Lane, LaneTask, MAX_LANES, Real};

/// Loads so many lanes from a place on.
struct Load<'f, T, const FULL: bool>(&'f [T], usize, usize);

impl<T: Real, const FULL: bool> LaneTask<T> for Load<'_, T, FULL> {
    /// And how many there are in a vector.
    type Output = ([f64; MAX_LANES], usize);

    #[inline(always)]
    fn run<L: Lane<Scalar = T>>(self, token: L::Token) -> ([f64; MAX_LANES], usize) {
        let Self(from, at, len) = self;
        let mut lanes = [f64::NAN; MAX_LANES];
        load::<L, FULL>(token, from, at, len).store_f64(&mut lanes[..L::LANES]);
        (lanes, L::LANES)
    }
}

#[test]
fn what_follows_a_part_of_a_vector_is_read_along_where_there_is_enough() {
    fn check<T: Real>(isa: Isa) {
        let numbers: [T; 40] = core::array::from_fn(|i| T::from_f64((i + 1) as f64));
        for at in 0..40 {
            for len in 1..=(40 - at).min(MAX_LANES) {
                let (lanes, width) = T::dispatch(isa, Load::<T, false>(&numbers, at, len.min(40)));
                if len > width {
                    continue;
                }
                // A whole vector is loaded faster than a part of one.
                let read = if at + width <= 40 { width } else { len };
                for (lane, number) in lanes.iter().enumerate().take(width) {
                    let expected = if lane < read { (at + lane + 1) as f64 } else { 0.0 };
                    assert_eq!(*number, expected, "{isa:?} {at} {len} {lane}");
                }
                if at + width <= 40 {
                    let (full, _) = T::dispatch(isa, Load::<T, true>(&numbers, at, width));
                    assert_eq!(full[..width], lanes[..width], "{isa:?} {at}");
                }
            }
        }
    }
    for isa in Isa::available() {
        check::<f32>(isa);
        check::<f64>(isa);
    }
}
