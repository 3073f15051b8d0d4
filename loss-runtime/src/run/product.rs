//! Hessian-vector products: whether there is one, whether the direction and the buffer fit, and the kernel that writes it.

use super::layout::{given, lengths_of};
use crate::call::{Call, HessianProduct};
use crate::error::Error;
use crate::info::LossInfo;
use crate::job::{Job, Outputs, Slot, Values, View};
use crate::kernel::DIRECTION;
use crate::registry::{Element, Kernel, Run};
use crate::shape::Shape;
use crate::stored::Stored;
use crate::tensor::Tensor;

/// A product that is asked for.
#[derive(Debug)]
pub(super) struct Wanted<'o, T> {
    input: usize,
    direction: Values<'o, T>,
    /// How many numbers the direction has.
    len: usize,
    slot: Slot<'o, T>,
}

impl<'o, T: Element> Wanted<'o, T> {
    pub(super) fn new<S: Stored<Compute = T>>(product: HessianProduct<'o, S>) -> Self {
        let HessianProduct { input, direction, product } = product;
        // Its shape is that of its input, which is not known yet.
        let array = S::array(Tensor { data: direction, shape: Shape::default(), row_stride: None });
        Self { input, direction: given(&array), len: direction.len(), slot: S::slot(product) }
    }

    /// Checks that the product exists, and that the direction and the buffer have the length of the input's slice.
    pub(super) fn check(
        self,
        info: &'static LossInfo,
        kernel: &Kernel<T>,
        call: &Call<'_, T>,
        job: &Job<'_, T>,
    ) -> Result<Product<'o, T>, Error> {
        let Self { input, direction, len, slot } = self;
        let name = info.inputs.get(input).map_or("", |input| input.name);
        let none = Error::NoHessianProduct { loss: info.name, input: name };
        let code = kernel.products.iter().find(|product| product.of == input);
        let (Some(code), Some(array)) = (code, call.inputs.get(input).and_then(Option::as_ref)) else {
            return Err(none);
        };
        let (least, most) = lengths_of(array);
        if !(least..=most).contains(&len) {
            return Err(Error::DirectionLength { input: name, expected: least, found: len });
        }
        if !(least..=most).contains(&slot.len()) {
            return Err(Error::OutputLength { output: "product", expected: least, found: slot.len() });
        }
        if job.inputs[input].broadcast && !slot.is_native() {
            return Err(Error::Unsupported {
                what: "a Hessian-vector product in half precision that is a sum over an axis",
            });
        }
        Ok(Product { run: code.run, input, direction, slot })
    }
}

/// A product that can be computed.
pub(super) struct Product<'o, T: 'static> {
    run: Run<T>,
    input: usize,
    direction: Values<'o, T>,
    slot: Slot<'o, T>,
}

impl<'o, T: Element> Product<'o, T> {
    /// Writes the product. The direction stays in the job, where other kernels do not read it.
    pub(super) fn write(self, job: &mut Job<'o, T>) {
        let Self { run, input, direction, slot } = self;
        job.inputs[DIRECTION] = View { values: direction, ..job.inputs[input] };
        let mut own = Outputs::none();
        own.gradients[DIRECTION] = Some(slot);
        run(job, &mut own);
    }
}
