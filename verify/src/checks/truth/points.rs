//! Points for the certificate: edges, the neighbourhoods of knots and special values, every magnitude, any bits.

use loss_runtime::info::Label;
use loss_runtime::{Element, Request, run};

use crate::generators::{Batch, Extents, Family, Generator, Random, Values};
use crate::oracle::ulp::Format;

/// How many units in the last place around a special value are looked at.
const AROUND: usize = 100;

/// Where formulas bend, and where exponentials end: the least and the largest argument of `exp` in either type, and where `exp(-x)`
/// vanishes beside 1.
const SPECIAL: [f64; 14] = [
    0.0,
    1.0,
    -1.0,
    0.5,
    2.0,
    16.635_532,
    17.328_68,
    36.736_8,
    37.429_948,
    88.722_84,
    103.972_08,
    709.782_712_893_384,
    745.133_219_101_941_2,
    core::f64::consts::LN_2,
];

/// A batch of a loss, most of whose numbers are moved to where errors are likely to be large.
pub(super) fn drawn<T: Element + Format>(generator: &Generator, extents: &Extents, random: &mut Random) -> Batch<T> {
    let loss = generator.loss();
    let info = loss.info();
    let plain: Batch<T> = generator.batch(extents, random);
    let mut batch = plain.clone();
    for (input, info) in info.inputs.iter().enumerate() {
        let share = if extents.extent > 1 && info.label == Label::Real { 0.4 } else { 0.7 };
        let count = reals(&plain, input).map_or(0, <[T]>::len);
        for place in 0..count {
            if !random.chance(share) {
                continue;
            }
            let number = number(&batch, input, place, random);
            if let (Some(number), Some(column)) =
                (fitted(generator.family(input), number, random), &mut batch.inputs[input])
                && let Values::Real(values) = &mut column.values
            {
                values[place] = number;
            }
        }
    }
    if run(loss, &batch.call(), Request::default()).is_ok() {
        return batch;
    }
    // Some row is outside a condition that its numbers do not show: each that is becomes what it was.
    for row in 0..extents.row_count() {
        let alone = batch.rows(info, extents, &[row]);
        if run(loss, &alone.call(), Request::default()).is_ok() {
            continue;
        }
        for (input, info) in info.inputs.iter().enumerate() {
            let own = generator.loss().info();
            for along in 0..extents.per_row(own, info) {
                let (Some(place), Some(values)) = (extents.place(own, info, row, along), reals(&plain, input)) else {
                    continue;
                };
                let number = values[place];
                if let Some(Values::Real(values)) = batch.inputs[input].as_mut().map(|column| &mut column.values) {
                    values[place] = number;
                }
            }
        }
    }
    if run(loss, &batch.call(), Request::default()).is_ok() { batch } else { plain }
}

fn reals<T: Element>(batch: &Batch<T>, input: usize) -> Option<&[T]> {
    batch.inputs[input].as_ref()?.values.reals()
}

/// A number of any size, or one near a special value, or near another number of the batch or a parameter away from it.
fn number<T: Element + Format>(batch: &Batch<T>, input: usize, place: usize, random: &mut Random) -> T {
    let param = |random: &mut Random| {
        let params = batch.params.iter().copied().filter(|param| param.is_finite()).collect::<Vec<f64>>();
        if params.is_empty() { 1.0 } else { *random.pick(&params) }
    };
    let sign = if random.chance(0.5) { 1.0 } else { -1.0 };
    match random.below(6) {
        0 => around(T::from_f64(sign * *random.pick(&SPECIAL)), random),
        1 => around(T::from_f64(sign * param(random)), random),
        2 => {
            let other = random.below(batch.inputs.len());
            let near = reals(batch, other).filter(|_| other != input).and_then(|values| values.get(place));
            let near = near.map_or(0.0, |number| number.to_f64());
            let away = [0.0, sign, sign * param(random)];
            around(T::from_f64(near + *random.pick(&away)), random)
        }
        3 => {
            // From the smallest subnormal number to the largest finite one, each power of two as likely.
            let exponent = random.between((T::LEAST - T::DIGITS + 1) as f64, T::BEYOND as f64);
            let significand = T::from_f64(1.0 + random.unit()).to_f64();
            T::from_f64(sign * significand * exponent.floor().exp2())
        }
        4 => any_bits(random),
        _ => T::from_f64(sign * random.between(-24.0, 8.0).exp2()),
    }
}

/// Any finite number, each pattern of bits as likely.
fn any_bits<T: Element>(random: &mut Random) -> T {
    loop {
        let number = T::from_bits(random.bits() >> (64 - 8 * size_of::<T>()));
        if number.is_finite() {
            return number;
        }
    }
}

/// A number at most so many units in the last place away.
fn around<T: Element>(number: T, random: &mut Random) -> T {
    if !number.is_finite() {
        return number;
    }
    let steps = random.below(2 * AROUND + 1) as i64 - AROUND as i64;
    // From zero the steps go through the subnormal numbers of either sign.
    if number == T::ZERO {
        let size = T::from_bits(T::ZERO.bits().wrapping_add_signed(steps.abs()));
        return if steps < 0 { T::from_f64(-size.to_f64()) } else { size };
    }
    let moved = T::from_bits(number.bits().wrapping_add_signed(steps));
    if moved.is_finite() { moved } else { number }
}

/// The number as one of a family; nothing where that draws better.
pub(super) fn fitted<T: Element>(family: Family, number: T, random: &mut Random) -> Option<T> {
    let size = T::from_f64(number.to_f64().abs());
    match family {
        Family::Real => Some(number),
        Family::Nonnegative => Some(size),
        Family::Positive => (size > T::ZERO).then_some(size),
        Family::Probability => {
            let share = if size.to_f64() > 1.0 { T::from_f64(1.0 / size.to_f64()) } else { size };
            // Near 1 as well as near 0.
            Some(if random.chance(0.25) { T::from_f64(1.0 - share.to_f64()) } else { share })
        }
        Family::Binary
        | Family::Sign
        | Family::Flag
        | Family::Count
        | Family::Simplex
        | Family::ClassIndex { .. }
        | Family::Group => None,
    }
}
