//! Where functions are measured: special values, powers of two and their neighbours, log-spaced, spaced and random numbers.

use loss_runtime::lane::Real;

/// xorshift64*, seeded.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// From -1 to 1.
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }
}

/// Zeros, infinities, NaNs of both signs, the ends of the range, subnormal numbers.
pub(crate) fn special<T: Real>() -> Vec<T> {
    let sign = 1 << (8 * size_of::<T>() - 1);
    let mut points = vec![];
    for bits in [0, 1, 2, 3, 0x1234, T::MIN_POSITIVE.bits() - 1] {
        points.push(T::from_bits(bits));
    }
    points.extend([T::INFINITY, T::NAN, T::MAX, T::MIN_POSITIVE, T::EPSILON, T::ONE]);
    let negative: Vec<T> = points.iter().map(|x| T::from_bits(x.bits() | sign)).collect();
    points.extend(negative);
    points
}

/// Every power of two with its three neighbours on both sides, and where results overflow, vanish or saturate.
pub(crate) fn steps<T: Real>() -> Vec<T> {
    let mut points = vec![];
    let mut around = |x: f64| {
        let bits = T::from_f64(x).bits();
        for near in bits.saturating_sub(3)..=bits + 3 {
            points.extend([T::from_bits(near), T::from_f64(-T::from_bits(near).to_f64())]);
        }
    };
    for exponent in -1074..1024 {
        let power = 2f64.powi(exponent);
        if T::from_f64(power).is_finite() && T::from_f64(power) != T::ZERO {
            around(power);
        }
    }
    for n in 0..160 {
        // Where exp steps from one multiple of log 2 to the next.
        around((f64::from(n) + 0.5) * core::f64::consts::LN_2);
    }
    for x in [
        core::f64::consts::FRAC_1_SQRT_2,
        core::f64::consts::SQRT_2,
        0.75,
        88.722_839,
        87.336_544,
        103.972_08,
        104.5,
        709.782_712_893_384,
        745.133_219_101_941_1,
        746.0,
        0.292_893_218_813_452_5,
        9.0,
        10.0,
        19.0,
        20.0,
        40.0,
    ] {
        around(x);
    }
    points
}

/// `count` random bit patterns, `count` numbers spread evenly over 200 and over 2, and `count` from 1/16 to 16 whose digits are random to the
/// last: by exact operations alone, the same everywhere.
pub(crate) fn random<T: Real>(count: usize) -> Vec<T> {
    let mut random = Random(0x1055_5eed);
    let mut points = vec![];
    for _ in 0..count {
        points.push(T::from_bits(random.next() >> (64 - 8 * size_of::<T>())));
        points.push(T::from_f64(100.0 * random.unit()));
        points.push(T::from_f64(random.unit()));
        let digits = random.next();
        let magnitude = f64::from_bits((1023 - 4 + (digits & 7)) << 52 | digits >> 12);
        points.push(T::from_f64(if digits & 8 == 0 { magnitude } else { -magnitude }));
    }
    points
}

/// The same, and `count` log-spaced numbers.
pub(crate) fn spread<T: Real>(count: usize) -> Vec<T> {
    let mut points = random(count);
    for i in 0..count {
        let magnitude = 10f64.powf(40.0 * i as f64 / count as f64 - 30.0);
        points.push(T::from_f64(if i % 2 == 0 { magnitude } else { -magnitude }));
    }
    points
}
