//! Into which pieces a call is split, and in which order its values are added up.

use std::thread::{self, ThreadId};

use loss_runtime::call::{Execution, Reduction, Upstream};
use loss_runtime::{Array, Error, Labels, Loss, Tensor};

use crate::kernels::PIECES;
use crate::losses::{
    DOT, DOT_BROADCAST, LOG_SOFTMAX_TELLS, PROPORTIONS, SIGNED, SMOOTH, TRIPLE, TRIPLE_TELLS, WEIGHTED_SECOND,
    WEIGHTED_SQUARE,
};
use crate::{SERIAL, ask, assert_same, numbers, round, tensor};

/// Who ran each piece of a call.
fn pieces(loss: &dyn Loss, inputs: &[Array<'_, f32>], threads: Option<usize>, lengths: &[usize]) -> Vec<ThreadId> {
    let execution = Execution { isa: None, threads };
    ask(loss, inputs, execution, Reduction::Sum, Upstream::One, None, lengths).unwrap();
    std::mem::take(&mut *PIECES.lock().unwrap())
}

/// Of a call in which a place has three numbers that are read, and four that are written.
fn triple(places: usize, threads: Option<usize>) -> Vec<ThreadId> {
    let x = round::<f32>(&numbers(places, 1));
    pieces(&TRIPLE_TELLS, &[Array::from(Tensor::from(&x)); 3], threads, &[places; 3])
}

/// Of a call in which two passes and a last one read a number and write one. Rows that interleave stay together: pieces are made of samples.
fn log_softmax(samples: usize, threads: Option<usize>) -> Vec<ThreadId> {
    let shape = [samples, 64, 64];
    let x = round::<f32>(&numbers(shape.iter().product(), 1));
    pieces(&LOG_SOFTMAX_TELLS, &[tensor(&x, &shape).into()], threads, &[x.len()])
}

/// Threads begin at 2^19 numbers, about 2^16 for each piece.
#[cfg(feature = "parallel")]
fn split_over_threads() {
    let caller = thread::current().id();
    let enough = (1_usize << 19).div_ceil(7);
    assert_eq!(triple(enough - 1, None), [caller]);
    assert!(triple(enough, None).len() > 1);
    assert!((20..=7 << 4).contains(&triple(1 << 20, None).len()));
    assert_eq!(triple(1 << 20, Some(1)), [caller]);
    for threads in [2, 3, 4, 7] {
        assert!((2..=threads).contains(&triple(1 << 20, Some(threads)).len()), "{threads} threads");
    }
    assert_eq!(log_softmax(21, None), [caller]);
    assert!(log_softmax(22, None).len() > 1);
    assert_eq!(log_softmax(100, Some(1)), [caller]);
    assert_eq!(log_softmax(100, Some(2)).len(), 2);
}

/// One test, because the pieces of all calls are told in one place.
#[test]
fn a_call_is_split_where_it_is_long_enough_for_threads() {
    #[cfg(feature = "parallel")]
    rayon::ThreadPoolBuilder::new().num_threads(4).build().unwrap().install(split_over_threads);
    #[cfg(not(feature = "parallel"))]
    for threads in [None, Some(2)] {
        assert_eq!(triple(1 << 20, threads), [thread::current().id()]);
        assert_eq!(log_softmax(100, threads), [thread::current().id()]);
    }
}

/// Values are checked by several threads before anything is computed; whichever of them finds a wrong one, the first is named.
#[test]
fn any_number_of_threads_names_the_first_wrong_value() {
    let (rows, extent) = (2100, 500);
    let n = rows * extent;
    let ones = vec![1.0_f32; n];
    let (line, table) = (Array::from(tensor(&ones, &[n])), Array::from(tensor(&ones, &[rows, extent])));
    let places = [[0, n - 1], [70_000, 70_001], [n / 2, 3], [n - 1, n - 1]];
    let error = |loss: &dyn Loss, inputs: &[Array<'_, f32>], threads| {
        let execution = Execution { isa: None, threads };
        match ask(loss, inputs, execution, Reduction::Sum, Upstream::One, None, &[n]) {
            Err((error, untouched)) => {
                assert!(untouched, "{error}: something was written");
                error
            }
            Ok(_) => panic!("{}: nothing was found", loss.info().name),
        }
    };
    for threads in [None, Some(1), Some(2), Some(7)] {
        for wrong in places {
            let first = *wrong.iter().min().unwrap();
            let mut values = ones.clone();
            wrong.iter().for_each(|at| values[*at] = -0.5);
            let found = error(&SIGNED, &[line, tensor(&values, &[n]).into()], threads);
            assert!(matches!(found, Error::Label { row, .. } if row == first), "{threads:?} {wrong:?}: {found}");
            let found = error(&WEIGHTED_SQUARE, &[table, tensor(&values, &[rows, extent]).into()], threads);
            assert!(matches!(found, Error::Domain { index, .. } if index == first), "{threads:?} {wrong:?}: {found}");
            let mut shares = vec![1.0 / extent as f32; n];
            wrong.iter().for_each(|at| shares[*at] = 0.5);
            let found = error(&PROPORTIONS, &[table, tensor(&shares, &[rows, extent]).into()], threads);
            assert!(
                matches!(found, Error::RowSum { row, .. } if row == first / extent),
                "{threads:?} {wrong:?}: {found}"
            );
        }
        // Rows that interleave: what comes first in memory may be of a later row, and of another part.
        let at = |sample: usize, place: usize, row: usize| (sample * 700 + place) * 750 + row;
        for (wrong, first) in [
            ([at(0, 0, 7), at(0, 699, 5)], at(0, 699, 5)),
            ([at(1, 1, 9), at(1, 400, 3)], at(1, 400, 3)),
            ([at(0, 650, 749), at(1, 0, 0)], at(0, 650, 749)),
        ] {
            let mut values = ones.clone();
            wrong.iter().for_each(|at| values[*at] = -0.5);
            let shape = [2, 700, 750];
            let found =
                error(&WEIGHTED_SECOND, &[tensor(&ones, &shape).into(), tensor(&values, &shape).into()], threads);
            assert!(matches!(found, Error::Domain { index, .. } if index == first), "{threads:?} {wrong:?}: {found}");
        }
        // Of many labels one drops its row, and all threads have to be told.
        for dropped in [0, 70_000, n - 1] {
            let mut signs = vec![-1_i8; n];
            signs[dropped] = 7;
            let inputs = [line, Labels::from(&signs).into()];
            let execution = Execution { isa: None, threads };
            let sum = ask(&SIGNED, &inputs, execution, Reduction::MEAN, Upstream::One, None, &[n]).unwrap();
            assert_eq!(sum.outcome.partial.divisor, Some((n - 1) as f64), "{threads:?} {dropped}");
            assert_eq!(sum.gradients[0][dropped], 0.0, "{threads:?} {dropped}");
        }
    }
}

#[test]
fn gradients_that_are_sums_or_lie_apart_do_not_depend_on_threads() {
    let shape @ [rows, extent] = [900, 150];
    let n = rows * extent;
    let x = round::<f32>(&numbers(n, 2));
    let (row, table): (Vec<f32>, Vec<f32>) = ((0..rows).map(|i| i as f32).collect(), vec![0.75; extent]);
    let input = Array::from(tensor(&x, &shape));
    for threads in [None, Some(2), Some(3)] {
        let compare = |loss: &dyn Loss, inputs: &[Array<'_, f32>], lengths: &[usize]| {
            let run = |execution| ask(loss, inputs, execution, Reduction::Sum, Upstream::One, None, lengths).unwrap();
            let what = format!("{}, {threads:?} threads", loss.info().name);
            assert_same(&run(SERIAL), &run(Execution { isa: None, threads }), &what);
        };
        let apart = Array::from(tensor(&x, &[rows, extent - 1]).with_row_stride(extent));
        compare(&SMOOTH, &[apart, apart], &[n, n]);
        compare(&WEIGHTED_SQUARE, &[input, tensor(&row, &[rows]).into()], &[n, rows]);
        let (row, table) = (Array::from(Tensor::from(&row)), Array::from(Tensor::from(&table)));
        compare(&DOT_BROADCAST, &[input, row, row, table], &[n, rows, rows]);
        compare(&DOT_BROADCAST, &[input, table, row, table], &[n, extent, rows]);
    }
}

/// Recorded. In whichever order values are added, it is the same for all versions, or a change of bits that is to be told.
#[test]
fn sums_have_the_bits_they_had() {
    for (n, recorded) in
        [(70, 0x3fe2_4ac7_05b9_fbc0), (8192 + 300, 0xc073_61dc_ba89_8ae2), (5 * 8192 + 1, 0xc041_e9ce_7389_8247)]
    {
        let [x, y, z] = [61, 62, 63].map(|seed| numbers(n, seed));
        let inputs = [&x, &y, &z].map(|values| Array::from(Tensor::from(values)));
        let sum = ask(&TRIPLE, &inputs, SERIAL, Reduction::Sum, Upstream::One, None, &[]).unwrap().outcome.partial.sum;
        assert_eq!(sum.to_bits(), recorded, "{n} places: {:#x}", sum.to_bits());
    }
    let cases: [([usize; 3], u64); 8] = [
        ([3000, 5, 1], 0xc062_a266_693d_881b),
        ([1300, 100, 1], 0xc080_6c93_b99d_f3dd),
        ([2500, 70, 1], 0x408a_7d0b_dcc5_283c),
        ([700, 300, 1], 0x406e_92ca_7149_3651),
        ([200, 1000, 1], 0x4046_58f3_e8ed_f53c),
        ([40, 5000, 1], 0x405c_5357_008c_a71a),
        ([3, 70_000, 1], 0x4058_3ab9_8c10_2456),
        ([2, 100, 701], 0x407a_7d90_03ae_604c),
    ];
    for (shape @ [outer, extent, inner], recorded) in cases {
        let (n, rows) = (outer * extent * inner, outer * inner);
        let (x, y, t, s) = (numbers(n, 61), numbers(n, 62), numbers(rows, 63), numbers(extent, 64));
        let row = tensor(&t, &[outer, inner]);
        let inputs = [tensor(&x, &shape), tensor(&y, &shape), row, tensor(&s, &[extent])].map(Array::from);
        let sum = ask(&DOT, &inputs, SERIAL, Reduction::Sum, Upstream::One, None, &[]).unwrap().outcome.partial.sum;
        assert_eq!(sum.to_bits(), recorded, "{shape:?}: {:#x}", sum.to_bits());
    }
}
