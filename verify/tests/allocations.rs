//! A call allocates nothing: not for checks, not for kernels, not for scratch space.

use allocation_counter::measure;
use loss_runtime::{Call, Element, Loss, Reduction, Request, run};
use loss_verify::generators::{Batch, Extents, Generator, Random, Setting, settings};
use loss_verify::registry::losses;

/// Every reduction, with and without gradients and values, of one batch. Gives how many calls there were.
fn calls<T: Element>(loss: &'static dyn Loss, setting: &Setting, extents: &Extents) -> usize {
    let info = loss.info();
    let generator = Generator::new(loss, setting.clone()).expect("a setting makes batches");
    let batch: Batch<T> = generator.batch(extents, &mut Random::new(7));
    let mut call: Call<'_, T> = batch.call();
    call.execution.threads = Some(1);
    let mut elements = vec![T::ZERO; loss_runtime::shape_of_none(loss, &call).expect("shapes agree").len()];
    let mut gradients: Vec<Option<Vec<T>>> = (info.inputs.iter().zip(&batch.inputs))
        .map(|(input, column)| {
            column.as_ref().filter(|_| input.gradient).map(|column| vec![T::ZERO; column.values.len()])
        })
        .collect();
    let reductions = [Reduction::None, Reduction::Sum]
        .into_iter()
        .chain(info.reductions.iter().map(|one| Reduction::Named(one.name)));
    let mut answered = 0;
    for reduction in reductions {
        for with_gradients in [false, true] {
            for with_elements in [false, true] {
                let mut done = false;
                let made = measure(|| {
                    let mut request = Request::value(reduction);
                    if with_elements {
                        request.elements = Some(&mut elements);
                    }
                    if with_gradients {
                        for (slot, gradient) in request.gradients.iter_mut().zip(&mut gradients) {
                            *slot = gradient.as_deref_mut();
                        }
                    }
                    done = run(loss, &call, request).is_ok();
                });
                assert_eq!(made.count_total, 0, "{} {setting:?} {reduction:?}, {extents:?}, {}", info.name, T::NAME);
                answered += usize::from(done);
            }
        }
    }
    answered
}

#[test]
fn no_call_allocates() {
    let counted = measure(|| drop(std::hint::black_box(vec![1])));
    assert_eq!(counted.count_total, 1, "the allocator does not count");
    for &loss in losses().losses {
        let mut answered = 0;
        for setting in settings(loss) {
            for extents in [
                Extents::rows([3]).with_extent(5),
                Extents::rows([40, 3]).with_extent(7),
                Extents::rows([9]).with_extent(700),
            ] {
                answered += calls::<f32>(loss, &setting, &extents);
                answered += calls::<f64>(loss, &setting, &extents);
            }
        }
        assert!(answered > 0, "no call of {} was answered", loss.info().name);
    }
}
