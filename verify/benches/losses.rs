//! Every loss, forward, backward and both at once, at a size that fits in L1, one that fits in L2, and one that fits in neither.
//!
//! `cargo bench -p loss-verify -- cross_entropy` runs one loss. Time is per element of the input that gives the layout.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use loss_runtime::{Call, Loss, Reduction, Request, Want, run};
use loss_verify::generators::{Batch, Extents, Generator, Random, settings};
use loss_verify::registry::losses;

/// Sizes as (rows, extent). 49152 numbers of `f32` are 192 KB; not 100000, which straddles the L2 of some machines.
const POINTWISE: [(usize, usize); 3] = [(1_000, 1), (49_152, 1), (10_000_000, 1)];
const ROW_WISE: [(usize, usize); 3] = [(4_096, 10), (1_024, 1_000), (64, 32_000)];

/// Which outputs are asked for.
#[derive(Clone, Copy)]
enum Way {
    Forward,
    Backward,
    Fused,
}

impl Way {
    const ALL: [Self; 3] = [Self::Forward, Self::Backward, Self::Fused];

    fn name(self) -> &'static str {
        match self {
            Self::Forward => "forward",
            Self::Backward => "backward",
            Self::Fused => "fused",
        }
    }
}

fn all_losses(criterion: &mut Criterion) {
    for &loss in losses() {
        let sizes = if loss.info().axes.len() > 1 { ROW_WISE } else { POINTWISE };
        let setting = settings(loss).into_iter().next().expect("the default is a setting");
        let generator = match Generator::new(loss, setting) {
            Ok(generator) => generator.without_dropped_rows(),
            Err(error) => {
                eprintln!("{}: {error}", loss.info().name);
                continue;
            }
        };
        for (rows, extent) in sizes {
            let extents = Extents::rows([rows]).with_extent(extent);
            let mut batch: Batch<f32> = generator.batch(&extents, &mut Random::new(1));
            // The common call: optional inputs are left out.
            for (column, input) in batch.inputs.iter_mut().zip(loss.info().inputs) {
                if input.optional || input.default.is_some() {
                    *column = None;
                }
            }
            one_size(criterion, loss, &batch, rows, extent);
        }
    }
}

fn one_size(criterion: &mut Criterion, loss: &'static dyn Loss, batch: &Batch<f32>, rows: usize, extent: usize) {
    let mut group = criterion.benchmark_group(loss.info().name);
    group.throughput(Throughput::Elements((rows * extent) as u64));
    let mut call: Call<'_, f32> = batch.call();
    call.execution.threads = Some(1);
    let mut gradients: Vec<Option<Vec<f32>>> = loss
        .info()
        .inputs
        .iter()
        .zip(&batch.inputs)
        .map(|(input, column)| {
            let reals = column.as_ref().and_then(|column| column.values.reals()).filter(|_| input.gradient)?;
            Some(vec![0.0; reals.len()])
        })
        .collect();
    for way in Way::ALL {
        group.bench_function(BenchmarkId::new(way.name(), format!("{rows}x{extent}")), |bencher| {
            bencher.iter(|| {
                let want = match way {
                    Way::Forward | Way::Fused => Want::Value,
                    Way::Backward => Want::Nothing,
                };
                let mut request = Request { reduction: Reduction::Sum, want, ..Request::default() };
                match way {
                    Way::Forward => {}
                    Way::Backward | Way::Fused => {
                        for (slot, gradient) in request.gradients.iter_mut().zip(&mut gradients) {
                            *slot = gradient.as_deref_mut();
                        }
                    }
                }
                run(loss, black_box(&call), request).expect("the generator makes calls that are answered")
            });
        });
    }
    group.finish();
}

criterion_group!(benches, all_losses);
criterion_main!(benches);
