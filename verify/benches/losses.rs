//! Every loss, forward, backward and both at once, at three sizes, on one thread: `LOSS/WAY/ROWS` or `LOSS/WAY/ROWSxCLASSES`.
//!
//! `cargo bench -p loss-verify -- cross_entropy/fused` runs some of them. Throughput counts the elements of the input that gives the layout.

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use loss_runtime::{Call, Loss, Reduction, Request, Want, run};
use loss_verify::generators::{Batch, Extents, Generator, Random, settings};
use loss_verify::registry::losses;

/// Rows whose numbers fit in L1, in L2 (192 KB each input: 100000 rows would straddle the L2 of some machines), and in neither.
const POINTWISE: [Size; 3] = [Size::rows(1_000), Size::rows(49_152), Size::rows(10_000_000)];
/// Few classes, a thousand, and a vocabulary.
const ROW_WISE: [Size; 3] = [Size::classes(4_096, 10), Size::classes(1_024, 1_000), Size::classes(64, 32_000)];

/// How much is computed.
#[derive(Clone, Copy)]
struct Size {
    rows: usize,
    classes: Option<usize>,
}

impl Size {
    const fn rows(rows: usize) -> Self {
        Self { rows, classes: None }
    }

    const fn classes(rows: usize, classes: usize) -> Self {
        Self { rows, classes: Some(classes) }
    }

    fn elements(self) -> usize {
        self.rows * self.classes.unwrap_or(1)
    }

    fn name(self) -> String {
        match self.classes {
            Some(classes) => format!("{}x{classes}", self.rows),
            None => self.rows.to_string(),
        }
    }
}

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
    for &loss in losses().losses {
        let sizes = if loss.info().axes.len() > 1 { ROW_WISE } else { POINTWISE };
        let setting = settings(loss).into_iter().next().expect("the default is a setting");
        let generator = match Generator::new(loss, setting) {
            Ok(generator) => generator.without_dropped_rows(),
            Err(error) => {
                eprintln!("{}: {error}", loss.info().name);
                continue;
            }
        };
        for size in sizes {
            let extents = Extents::rows([size.rows]).with_extent(size.classes.unwrap_or(1));
            let mut batch: Batch<f32> = generator.batch(&extents, &mut Random::new(1));
            // The common call: optional inputs are left out.
            for (column, input) in batch.inputs.iter_mut().zip(loss.info().inputs) {
                if input.optional || input.default.is_some() {
                    *column = None;
                }
            }
            one_size(criterion, loss, &batch, size);
        }
    }
}

fn one_size(criterion: &mut Criterion, loss: &'static dyn Loss, batch: &Batch<f32>, size: Size) {
    let mut group = criterion.benchmark_group(loss.info().name);
    // A call that takes milliseconds needs no batches of growing length.
    group.sampling_mode(if size.elements() < 1_000_000 { SamplingMode::Auto } else { SamplingMode::Flat });
    group.throughput(Throughput::Elements(size.elements() as u64));
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
        group.bench_function(BenchmarkId::new(way.name(), size.name()), |bencher| {
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

/// Short enough that all of them take minutes. The command line has the last word: `-- --measurement-time 5 --sample-size 100`.
fn brief() -> Criterion {
    Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .sample_size(20)
        .nresamples(10_000)
}

criterion_group! {
    name = benches;
    config = brief();
    targets = all_losses
}
criterion_main!(benches);
