//! A batch as the oracle reads it: rows flattened, the second axis after them.

use loss_codegen::compile::Compiled;
use loss_codegen::expr::{AxisId, InputId, ParamId};
use loss_codegen::model::{Label, Spec, Variant};
use loss_runtime::Element;
use loss_runtime::info::LossInfo;

use crate::checks::sample::Sample;
use crate::generators::{self, Batch, Column, Extents, Setting};
use crate::oracle::data::{Data, InputData, Number, Values};

/// The variant that a setting picks.
pub(in crate::checks) fn variant_of(compiled: &'static Compiled, setting: &Setting) -> Option<&'static Variant> {
    let spec = &compiled.spec;
    compiled.variants.iter().find(|variant| {
        let inputs = variant.key.inputs_present == setting.present;
        let params = spec.params.iter().enumerate().all(|(place, param)| {
            let value = setting.params[place];
            let present = !param.optional || variant.key.params_present[place] != value.is_nan();
            let fixed = variant.key.statics[place].as_ref().is_none_or(|fixed| param.encode(fixed) == value);
            present && fixed
        });
        inputs && params
    })
}

/// The places of an input's array in the oracle's order: rows first, then the second axis.
fn order(info: &LossInfo, extents: &Extents, input: usize, len: usize) -> Vec<usize> {
    let input = &info.inputs[input];
    let per_row = extents.per_row(info, input);
    let along_rows = (0..extents.row_count())
        .flat_map(|row| (0..per_row).map(move |along| (row, along)))
        .map(|(row, along)| extents.place(info, input, row, along))
        .collect::<Option<Vec<usize>>>();
    along_rows.unwrap_or_else(|| (0..len).collect())
}

/// A batch as the oracle's data. Parameters are rounded to the type, as the kernels round them.
pub(in crate::checks) fn data_of<T: Element>(
    spec: &Spec,
    info: &LossInfo,
    batch: &Batch<T>,
    extents: &Extents,
) -> Data {
    let axes = spec.axes.iter().enumerate();
    let sizes = axes.map(|(axis, _)| if axis == 0 { extents.row_count() } else { extents.extent }).collect();
    let mut data = Data::new(spec, sizes);
    data.samples = extents.rows.first().copied().unwrap_or(1);
    for (place, column) in batch.inputs.iter().enumerate() {
        data.inputs[place] = column.as_ref().map(|column| {
            let order = order(info, extents, place, column.values.len());
            // The oracle's order has the row axis first.
            let mut axes = spec.inputs[place].axes.clone();
            axes.sort_by_key(|&axis| axis != AxisId::ROWS);
            InputData { axes, values: values(spec.inputs[place].label, column, &order) }
        });
    }
    for (place, param) in spec.params.iter().enumerate() {
        let value = batch.params[place];
        if !param.is_static() && !value.is_nan() {
            data = data.with_param(ParamId(place as u8), Number::Float(T::from_f64(value).to_f64()));
        }
    }
    data
}

fn values<T: Element>(label: Label, column: &Column<T>, order: &[usize]) -> Values {
    let numbers = order.iter().map(|&place| column.values.number(place));
    match label {
        Label::Flag => Values::Condition(numbers.map(|number| number != 0.0).collect()),
        Label::ClassIndex(_) | Label::IndexList(_) | Label::Group => Values::Integer(match &column.values {
            generators::Values::Whole(values) => order.iter().map(|&place| values[place]).collect(),
            generators::Values::Real(_) | generators::Values::Condition(_) => {
                numbers.map(|number| number as i64).collect()
            }
        }),
        Label::Real
        | Label::Nonnegative
        | Label::Positive
        | Label::Probability
        | Label::Binary
        | Label::MultiHot(_)
        | Label::Sign
        | Label::Count
        | Label::Simplex(_) => Values::Real(numbers.collect()),
    }
}

/// Numbers of an input's array in the oracle's order.
pub(super) fn input_in_oracle_order<T: Element>(sample: &Sample<'_, T>, input: usize, values: &[T]) -> Vec<T> {
    order(sample.info, sample.extents, input, values.len()).into_iter().map(|place| values[place]).collect()
}

/// The elements of `none` in the oracle's order: those of a loss along the second axis lie as the layout's input does.
pub(super) fn elements_in_oracle_order<T: Element>(sample: &Sample<'_, T>, elements: &[T]) -> Vec<T> {
    if elements.len() == sample.extents.row_count() {
        return elements.to_vec();
    }
    input_in_oracle_order(sample, sample.info.layout, elements)
}

/// Upstream gradients in the oracle's order.
pub(in crate::checks) fn in_oracle_order<T: Element>(sample: &Sample<'_, T>, upstream: &[T]) -> Vec<f64> {
    elements_in_oracle_order(sample, upstream).into_iter().map(|value| value.to_f64()).collect()
}

/// The data with other numbers for those that are not finite, but in one input.
pub(super) fn finite(data: &Data, but: Option<InputId>, instead: impl Fn(f64) -> f64) -> Data {
    let mut data = data.clone();
    for (at, input) in data.inputs.iter_mut().enumerate() {
        if let Some(InputData { values: Values::Real(values), .. }) =
            input.as_mut().filter(|_| but.is_none_or(|but| at != usize::from(but.0)))
        {
            values.iter_mut().filter(|value| !value.is_finite()).for_each(|value| *value = instead(*value));
        }
    }
    data
}
