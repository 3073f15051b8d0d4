//! The operations of a lane, on every instruction set, against plain loops.

use loss_runtime::lane::{Isa, Lane, LaneTask, Real};
use loss_runtime::uniform::reciprocal;

/// Numbers whose products, sums and comparisons meet every edge.
const AWKWARD: [f64; 16] = [
    0.0,
    -0.0,
    1.0,
    -1.5,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::NAN,
    1e-45,
    1.175_494_2e-38,
    3.402_823_4e38,
    5e-324,
    2.225e-308,
    1.797e308,
    0.1,
    1.000_000_1,
    -7.25e15,
];

/// An operation on three numbers, by lanes and by one number.
#[derive(Clone, Copy, Debug)]
enum Operation {
    MulAdd,
    MaxIgnoringNan,
    MinIgnoringNan,
    MaxPropagatingNan,
    MinPropagatingNan,
    LessThan,
    AtMost,
    Greater,
    AtLeast,
    Equal,
    NotEqual,
    IsNan,
    Negate,
    Abs,
    Sqrt,
    PowerOfTwo,
    Cube,
    InverseSquare,
    PowerZero,
    Pow,
    Map,
}

const OPERATIONS: [Operation; 21] = [
    Operation::MulAdd,
    Operation::MaxIgnoringNan,
    Operation::MinIgnoringNan,
    Operation::MaxPropagatingNan,
    Operation::MinPropagatingNan,
    Operation::LessThan,
    Operation::AtMost,
    Operation::Greater,
    Operation::AtLeast,
    Operation::Equal,
    Operation::NotEqual,
    Operation::IsNan,
    Operation::Negate,
    Operation::Abs,
    Operation::Sqrt,
    Operation::PowerOfTwo,
    Operation::Cube,
    Operation::InverseSquare,
    Operation::PowerZero,
    Operation::Pow,
    Operation::Map,
];

impl Operation {
    #[inline(always)]
    fn of_lanes<L: Lane>(self, a: L, b: L, c: L) -> L {
        match self {
            Self::MulAdd => a.mul_add(b, c),
            Self::MaxIgnoringNan => a.max_ignoring_nan(b),
            Self::MinIgnoringNan => a.min_ignoring_nan(b),
            Self::MaxPropagatingNan => a.max_propagating_nan(b),
            Self::MinPropagatingNan => a.min_propagating_nan(b),
            Self::LessThan => L::select(a.lt(b), b, c),
            Self::AtMost => L::select(a.le(b), b, c),
            Self::Greater => L::select(a.gt(b), b, c),
            Self::AtLeast => L::select(a.ge(b), b, c),
            Self::Equal => L::select(a.eq(b), b, c),
            Self::NotEqual => L::select(a.ne(b), b, c),
            Self::IsNan => L::select(!a.is_nan() & !b.is_nan() | c.is_nan(), b, c),
            Self::Negate => -a,
            Self::Abs => a.abs(),
            Self::Sqrt => a.sqrt(),
            Self::PowerOfTwo => a.power_of_two(),
            Self::Cube => a.powi(3),
            Self::InverseSquare => a.powi(-2),
            Self::PowerZero => a.powi(0),
            Self::Pow => a.pow(b),
            Self::Map => a.map(
                #[inline(always)]
                |x| {
                    if x > L::Scalar::ZERO { x } else { L::Scalar::ONE }
                },
            ),
        }
    }
}

macro_rules! plain {
    ($name:ident, $float:ident) => {
        fn $name(operation: Operation, a: $float, b: $float, c: $float) -> $float {
            let choose = |condition: bool| if condition { b } else { c };
            match operation {
                Operation::MulAdd => a.mul_add(b, c),
                Operation::MaxIgnoringNan => {
                    if b > a {
                        b
                    } else {
                        a
                    }
                }
                Operation::MinIgnoringNan => {
                    if b < a {
                        b
                    } else {
                        a
                    }
                }
                Operation::MaxPropagatingNan => {
                    if b.is_nan() || b > a {
                        b
                    } else {
                        a
                    }
                }
                Operation::MinPropagatingNan => {
                    if b.is_nan() || b < a {
                        b
                    } else {
                        a
                    }
                }
                Operation::LessThan => choose(a < b),
                Operation::AtMost => choose(a <= b),
                Operation::Greater => choose(a > b),
                Operation::AtLeast => choose(a >= b),
                Operation::Equal => choose(a == b),
                Operation::NotEqual => choose(a != b),
                Operation::IsNan => choose(!a.is_nan() && !b.is_nan() || c.is_nan()),
                Operation::Negate => -a,
                Operation::Abs => a.abs(),
                Operation::Sqrt => a.sqrt(),
                Operation::PowerOfTwo => {
                    // The least normal power of two, and its reciprocal.
                    let mut power = $float::MIN_POSITIVE;
                    while power < 1.0 / $float::MIN_POSITIVE && (a.is_nan() || 2.0 * power <= a.abs()) {
                        power *= 2.0;
                    }
                    power
                }
                Operation::Cube => a * (a * a),
                Operation::InverseSquare => (1.0 / a) * (1.0 / a),
                Operation::PowerZero => 1.0,
                Operation::Pow => Real::pow(a, b),
                Operation::Map => {
                    if a > 0.0 {
                        a
                    } else {
                        1.0
                    }
                }
            }
        }
    };
}
plain!(plain_f32, f32);
plain!(plain_f64, f64);

/// Applies an operation to slices; as a long task, out of line where nothing is fused.
struct Apply<'a, T, const LONG: bool> {
    operation: Operation,
    a: &'a [T],
    b: &'a [T],
    c: &'a [T],
}

impl<T: Real, const LONG: bool> LaneTask<T> for Apply<'_, T, LONG> {
    type Output = Vec<T>;
    const IS_LONG: bool = LONG;

    #[inline(always)]
    fn run<L: Lane<Scalar = T>>(self, token: L::Token) -> Vec<T> {
        let mut output = vec![T::ZERO; self.a.len()];
        let inputs = self.a.chunks(L::LANES).zip(self.b.chunks(L::LANES)).zip(self.c.chunks(L::LANES));
        for (((a, b), c), y) in inputs.zip(output.chunks_mut(L::LANES)) {
            let a = L::load_partial(token, a, T::NAN);
            let b = L::load_partial(token, b, T::NAN);
            let c = L::load_partial(token, c, T::NAN);
            self.operation.of_lanes::<L>(a, b, c).store_partial(y);
        }
        output
    }
}

fn operations_match<T: Real>(plain: fn(Operation, T, T, T) -> T) {
    let (mut a, mut b, mut c) = (vec![], vec![], vec![]);
    for x in AWKWARD {
        for y in AWKWARD {
            for z in AWKWARD {
                a.push(T::from_f64(x));
                b.push(T::from_f64(y));
                c.push(T::from_f64(z));
            }
        }
    }
    // Products that cancel against their own rounding show whether multiply-add rounds once.
    for i in 0..1000 {
        let x = T::from_f64(1.0 + f64::from(i) * 1.234_567e-4);
        let y = T::from_f64(1.0 - f64::from(i) * 0.987_654e-4);
        a.push(x);
        b.push(y);
        c.push(T::from_f64(-(x.to_f64() * y.to_f64())));
    }
    for isa in Isa::available() {
        for operation in OPERATIONS {
            let (a, b, c) = (&a[..], &b[..], &c[..]);
            let inlined = T::dispatch(isa, Apply::<_, false> { operation, a, b, c });
            let out_of_line = T::dispatch(isa, Apply::<_, true> { operation, a, b, c });
            for (i, y) in inlined.iter().chain(&out_of_line).enumerate() {
                let i = i % a.len();
                let expected = plain(operation, a[i], b[i], c[i]);
                assert!(
                    y.bits() == expected.bits() || (y.is_nan() && expected.is_nan()),
                    "{operation:?} of {:?}, {:?}, {:?} on {isa}: expected {expected:?} ({:#x}), got {y:?} ({:#x})",
                    a[i],
                    b[i],
                    c[i],
                    expected.bits(),
                    y.bits(),
                );
            }
        }
    }
}

#[test]
fn f32_lanes_compute_what_a_plain_loop_does() {
    operations_match::<f32>(plain_f32);
}

#[test]
fn f64_lanes_compute_what_a_plain_loop_does() {
    operations_match::<f64>(plain_f64);
}

/// Quotients by one divisor.
struct Quotients<'a, T>(&'a [T], T);

impl<T: Real> LaneTask<T> for Quotients<'_, T> {
    type Output = Vec<T>;

    #[inline(always)]
    fn run<L: Lane<Scalar = T>>(self, token: L::Token) -> Vec<T> {
        let reciprocal = reciprocal::<T>(self.1.to_f64()).map(|number| L::splat(token, number));
        let mut output = vec![T::ZERO; self.0.len()];
        for (x, y) in self.0.chunks(L::LANES).zip(output.chunks_mut(L::LANES)) {
            L::load_partial(token, x, T::ONE).by_reciprocal(reciprocal).store_partial(y);
        }
        output
    }
}

/// Holds quotients by a uniform to those of plain division: a unit in the last place off at the most, and hardly ever that from `least * 2^digits` on, where
/// `least` is the least normal number.
fn quotients_match<T: Real>(divide: fn(T, T) -> T, random: impl Fn(u64) -> T, least: f64, digits: i32) {
    let awkward = || AWKWARD.into_iter().map(T::from_f64);
    let (mut numerators, mut divisors) = (awkward().collect::<Vec<_>>(), awkward().collect::<Vec<_>>());
    numerators.extend((0..400).map(|i| random(2 * i)));
    divisors.extend((0..400).map(|i| random(2 * i + 1)));
    // Exact quotients stay exact.
    numerators.extend((1..100).map(|i| T::from_f64(f64::from(i * 3))));
    divisors.extend((1..100).map(|i| T::from_f64(f64::from(i))));
    for isa in Isa::available() {
        let (mut off, mut all) = (0, 0);
        for &divisor in &divisors {
            let quotients = T::dispatch(isa, Quotients(&numerators, divisor));
            for (&x, y) in numerators.iter().zip(quotients) {
                let expected = divide(x, divisor);
                let size = expected.to_f64().abs();
                let is_far_from_least = size >= least * 2f64.powi(digits);
                all += usize::from(is_far_from_least);
                if y.bits() == expected.bits() || (y.is_nan() && expected.is_nan()) {
                    continue;
                }
                off += usize::from(is_far_from_least);
                assert!(
                    y.bits().abs_diff(expected.bits()) == 1 && !x.is_nan() && !divisor.is_nan(),
                    "{x:?} / {divisor:?} on {isa}: expected {expected:?}, got {y:?}"
                );
                let is_exact = divisor.to_f64().mul_add(expected.to_f64(), -x.to_f64()) == 0.0;
                let is_power_of_two = divisor.to_f64().abs().log2() % 1.0 == 0.0;
                assert!(
                    !is_exact || size < 4.0 * least && !is_power_of_two,
                    "{x:?} / {divisor:?} is exactly {expected:?}, not {y:?}"
                );
            }
        }
        assert!(off * 10_000 < all, "{off} of {all} quotients are off on {isa}");
    }
}

/// Digits and exponents alike are as good as random.
fn scattered(seed: u64) -> u64 {
    let mixed = (seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9)
}

#[test]
fn a_quotient_by_a_uniform_is_a_unit_off_at_the_most() {
    let few = |seed: u64| f32::from_bits((scattered(seed) >> 32) as u32);
    quotients_match::<f32>(|x, y| x / y, few, f32::MIN_POSITIVE.into(), 20);
    quotients_match::<f64>(|x, y| x / y, |seed| f64::from_bits(scattered(seed)), f64::MIN_POSITIVE, 50);
}

/// What goes in and out of a lane: checks inside, as they need the vector type.
struct InAndOut<const LONG: bool>;

impl<T: Real, const LONG: bool> LaneTask<T> for InAndOut<LONG> {
    type Output = ();
    const IS_LONG: bool = LONG;

    fn run<L: Lane<Scalar = T>>(self, token: L::Token) {
        let number = |i: usize| T::from_f64(i as f64);
        let numbers = |count: usize| (0..count).map(number).collect::<Vec<T>>();
        let taken = |lane: L| {
            let mut out = vec![T::NAN; L::LANES];
            lane.store(&mut out);
            out
        };
        let iota = L::iota(token);
        assert_eq!(taken(iota), numbers(L::LANES));
        assert_eq!(taken(L::load(iota.token(), &numbers(L::LANES))), numbers(L::LANES));
        assert_eq!(taken(L::splat(token, 2.5)), vec![T::from_f64(2.5); L::LANES]);
        assert_eq!(taken(L::from_scalar(token, T::EPSILON)), vec![T::EPSILON; L::LANES]);
        for count in 0..=L::LANES + 1 {
            let kept = count.min(L::LANES);
            let mut expected = vec![T::MAX; L::LANES];
            expected[..kept].copy_from_slice(&numbers(kept));
            assert_eq!(taken(L::load_partial(token, &numbers(count), T::MAX)), expected);
            assert_eq!(taken(L::select(L::first_lanes(token, count), iota, L::from_scalar(token, T::MAX))), expected);

            let mut stored = vec![T::MAX; count];
            iota.store_partial(&mut stored);
            assert_eq!(stored[..kept], numbers(kept));
            assert!(stored[kept..].iter().all(|x| *x == T::MAX), "wrote beyond the lanes");
            let mut wide = vec![-1.0; count];
            iota.store_f64(&mut wide);
            assert!(wide[..kept].iter().enumerate().all(|(i, x)| *x == i as f64));

            let first = L::first_lanes(token, count);
            assert_eq!(L::mask_any(first), count > 0);
            assert_eq!(L::mask_all(first), count >= L::LANES);
            let bools: Vec<bool> = (0..count).map(|i| i % 3 == 1).collect();
            let chosen =
                taken(L::select(L::mask_from_bools(token, &bools), L::splat(token, 1.0), L::splat(token, 0.0)));
            for (i, x) in chosen.iter().enumerate() {
                assert_eq!(*x == T::ONE, i < count && i % 3 == 1);
            }
        }
        let (low, high) = iota.interleave(iota + L::splat(token, 100.0));
        let turns: Vec<T> = (0..L::LANES).flat_map(|i| [number(i), number(100 + i)]).collect();
        assert_eq!((taken(low), taken(high)), (turns[..L::LANES].to_vec(), turns[L::LANES..].to_vec()));
    }
}

#[test]
fn lanes_keep_what_they_are_given() {
    for isa in Isa::available() {
        f32::dispatch(isa, InAndOut::<false>);
        f64::dispatch(isa, InAndOut::<false>);
        f32::dispatch(isa, InAndOut::<true>);
        f64::dispatch(isa, InAndOut::<true>);
    }
}

#[test]
fn an_isa_that_is_not_there_is_replaced_by_the_best_one() {
    for isa in [Isa::Scalar, Isa::Sse2, Isa::Avx2, Isa::Avx512, Isa::Neon, Isa::Wasm] {
        f32::dispatch(isa, InAndOut::<false>);
    }
}
