//! A call allocates nothing: not for checks, not for kernels, not for scratch space.

use allocation_counter::measure;
use half::{bf16, f16};
use loss_runtime::{
    Array, Call, Element, HessianProduct, Loss, Reduction, Request, Shape, Stored, Tensor, TensorMut, run, run_in_place,
};
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
    for &input in info.hessian_products {
        let Some(direction) = batch.inputs[input].as_ref().and_then(|column| column.values.reals()) else { continue };
        let mut product = vec![T::ZERO; direction.len()];
        let made = measure(|| {
            let product = Some(HessianProduct { input, direction, product: &mut product });
            let request = Request { product, ..Request::value(Reduction::Sum) };
            assert!(run(loss, &call, request).is_ok(), "{}", info.name);
        });
        assert_eq!(made.count_total, 0, "Hessian-vector product, {} {setting:?}, {extents:?}", info.name);
    }
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

/// The same batch in a narrower type, and with the gradient of each input in its place. Gives how many calls there were.
fn narrow_calls<S: Stored<Compute = f32>>(loss: &'static dyn Loss, setting: &Setting, extents: &Extents) -> usize {
    let info = loss.info();
    let generator = Generator::new(loss, setting.clone()).expect("a setting makes batches");
    let batch: Batch<f32> = generator.batch(extents, &mut Random::new(7));
    let numbers: Vec<Option<Vec<S>>> = (batch.inputs.iter())
        .map(|column| Some(column.as_ref()?.values.reals()?.iter().map(|number| S::round(*number)).collect()))
        .collect();
    let mut answered = 0;
    for taken in
        std::iter::once(None).chain((0..info.inputs.len()).filter(|&input| info.inputs[input].gradient).map(Some))
    {
        let mut own = taken.and_then(|taken| numbers[taken].clone());
        let wide: Call<'_, f32> = batch.call();
        let mut call = Call::<S> { params: wide.params, ..Call::default() };
        call.execution.threads = Some(1);
        for (place, slot) in call.inputs.iter_mut().enumerate().take(info.inputs.len()) {
            let Some(column) = &batch.inputs[place] else { continue };
            let shape = Shape::new(&column.shape).expect("few dimensions");
            *slot = match (&numbers[place], wide.inputs[place]) {
                (Some(data), _) => Some(Array::Real(Tensor { data, shape, row_stride: None })),
                (None, Some(Array::Labels(labels))) => Some(Array::Labels(labels)),
                (None, Some(Array::Real(_)) | None) => None,
            };
        }
        let len = loss_runtime::shape_of_none(loss, &call).expect("shapes agree").len();
        let mut elements = vec![S::round(0.0); len];
        let mut gradients: Vec<Option<Vec<S>>> = (info.inputs.iter().zip(&numbers))
            .map(|(input, numbers)| {
                numbers.as_ref().filter(|_| input.gradient).map(|numbers| vec![S::round(0.0); numbers.len()])
            })
            .collect();
        let shape = taken.and_then(|taken| Shape::new(&batch.inputs[taken].as_ref()?.shape));
        if let Some(taken) = taken {
            call.inputs[taken] = None;
            gradients[taken] = None;
        }
        let mut done = false;
        let made = measure(|| {
            let mut request = Request { elements: Some(&mut elements), ..Request::value(Reduction::Sum) };
            for (slot, gradient) in request.gradients.iter_mut().zip(&mut gradients) {
                *slot = gradient.as_deref_mut();
            }
            done = match (taken, &mut own, shape) {
                (Some(taken), Some(data), Some(shape)) => {
                    let values = TensorMut { data, shape, row_stride: None };
                    run_in_place(loss, &call, request, taken, values).is_ok()
                }
                _ => run(loss, &call, request).is_ok(),
            };
        });
        assert_eq!(made.count_total, 0, "{} {setting:?}, {extents:?}, {taken:?}", info.name);
        answered += usize::from(done);
    }
    answered
}

#[test]
fn no_call_allocates() {
    let counted = measure(|| drop(std::hint::black_box(vec![1])));
    assert_eq!(counted.count_total, 1, "the allocator does not count");
    for &loss in losses().losses {
        let (mut answered, mut narrow) = (0, 0);
        for setting in settings(loss) {
            for extents in [
                Extents::rows([3]).with_extent(5),
                Extents::rows([40, 3]).with_extent(7),
                Extents::rows([9]).with_extent(700),
            ] {
                answered += calls::<f32>(loss, &setting, &extents);
                answered += calls::<f64>(loss, &setting, &extents);
                narrow += narrow_calls::<bf16>(loss, &setting, &extents);
                narrow += narrow_calls::<f16>(loss, &setting, &extents);
            }
        }
        assert!(answered > 0 && narrow > 0, "no call of {} was answered", loss.info().name);
    }
}
