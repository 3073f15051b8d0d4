use std::vec::Vec;

use super::{Places, Running, Seed};
use crate::drive::VECTORS;
use crate::drive::counted::Product;
use crate::lane::{Isa, Lane, LaneTask, MAX_LANES, Real};
use crate::registry::Element;

/// What is asked of so many places.
#[derive(Clone, Copy, Debug)]
struct Asked {
    len: usize,
    fused: bool,
    gradients: [bool; 2],
}

impl<T: Element> LaneTask<T> for Asked {
    /// How far they came, and how many lanes a turn has.
    type Output = (usize, usize);

    #[inline(always)]
    fn run<L: Lane<Scalar = T>>(self, token: L::Token) -> (usize, usize) {
        let Self { len, fused, gradients } = self;
        let untouched = T::from_f64(-1.0);
        let number = |i: usize| T::from_f64((i % 5) as f64);
        let one: Vec<T> = (0..len).map(number).collect();
        let other: Vec<T> = (0..len).map(|i| number(i + 2)).collect();
        let mut slots = [std::vec![untouched; len], std::vec![untouched; len]];
        let mut wanted = slots.each_mut().map(|slot| Some(&mut slot[..]));
        for (slot, wanted) in wanted.iter_mut().zip(gradients) {
            *slot = if wanted { slot.take() } else { None };
        }
        let mut places = Places {
            len,
            inputs: [&one[..], &other],
            rest: None,
            upstream: Seed::Same(T::ONE),
            live: None,
            elements: None,
            gradients: wanted,
        };
        let mut sums = Running::new(len, false);
        let upstream = L::splat(token, 1.0);
        let done = if fused {
            places.run_plain::<L, Product, 0, true>(token, &[], upstream, &mut sums)
        } else {
            places.run_plain::<L, Product, 0, false>(token, &[], upstream, &mut sums)
        };
        let sum: f64 = sums.lanes.iter().map(|lane| lane.to_f64()).sum();
        let products = one.iter().zip(&other).take(done).map(|(one, other)| one.to_f64() * other.to_f64());
        assert_eq!(sum, products.sum::<f64>(), "{self:?}");
        for ((slot, factor), wanted) in slots.iter().zip([&other, &one]).zip(gradients) {
            let written = if wanted && fused { done } else { 0 };
            assert_eq!(slot[..written], factor[..written], "{self:?}");
            assert!(slot[written..].iter().all(|gradient| *gradient == untouched), "{self:?}");
        }
        (done, VECTORS * L::LANES)
    }
}

#[test]
fn whole_turns_are_run_at_once_where_all_gradients_are_wanted_or_one() {
    fn check<T: Element>(isa: Isa) {
        for len in [0, 1, 31, 32, 33, 63, 64, 65, 127, 128, 200, 1024] {
            for gradients in [[true, true], [true, false], [false, true], [false, false]] {
                for fused in [true, false] {
                    let asked = Asked { len, fused, gradients };
                    let (done, turn) = T::dispatch(isa, asked);
                    let is_plain = !fused || gradients != [false, false];
                    assert_eq!(done, if is_plain { len / turn * turn } else { 0 }, "{isa:?} {asked:?}");
                }
            }
        }
    }
    for isa in Isa::available() {
        check::<f32>(isa);
        check::<f64>(isa);
    }
}

/// The upstream gradient of so many places that nothing is asked of, or a thing that is not plain.
struct Plain(usize);

impl<T: Element> LaneTask<T> for Plain {
    type Output = ();

    #[inline(always)]
    fn run<L: Lane<Scalar = T>>(self, _: L::Token) {
        let Self(len) = self;
        let (numbers, mut slot) = ([T::ONE; 5 * MAX_LANES], [T::ZERO; 5 * MAX_LANES]);
        let mut places = Places::<T, 0, 0> {
            len,
            inputs: [],
            rest: None,
            upstream: Seed::Same(T::from_f64(3.0)),
            live: None,
            elements: None,
            gradients: [],
        };
        let (sums, wide) = (Running::new(len, false), Running::new(len, true));
        let enough = len >= VECTORS * L::LANES;
        assert_eq!(places.plain_upstream::<L>(&sums), enough.then_some(T::from_f64(3.0)), "{len}");
        assert_eq!(places.plain_upstream::<L>(&wide), None, "{len}");
        places.live = Some(&numbers[..len]);
        assert_eq!(places.plain_upstream::<L>(&sums), None, "{len}");
        places.live = None;
        places.elements = Some(&mut slot[..len]);
        assert_eq!(places.plain_upstream::<L>(&sums), None, "{len}");
        places.elements = None;
        places.upstream = Seed::Each(&numbers[..len]);
        assert_eq!(places.plain_upstream::<L>(&sums), None, "{len}");
    }
}

#[test]
fn places_are_plain_that_are_many_and_alike_and_are_asked_for_a_sum_in_their_own_type() {
    for isa in Isa::available() {
        for len in 0..=5 * MAX_LANES {
            f32::dispatch(isa, Plain(len));
            f64::dispatch(isa, Plain(len));
        }
    }
}
