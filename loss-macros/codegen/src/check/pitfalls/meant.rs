//! Points of the examples whose loss is expected to be NaN: what makes it so is meant.

use crate::check::examples::arrays;
use crate::check::shapes::{Array, Folding};
use crate::document::{Data, ExampleEntry};
use crate::evaluate::{Point, example_params};
use crate::expr::{AxisId, Constant};
use crate::model::{Spec, Variant};

/// One for each row that an example of this variant gives.
pub(super) fn points(spec: &Spec, variant: &Variant) -> Vec<Point> {
    spec.examples
        .iter()
        .filter(|example| expects_nan(example))
        .flat_map(|example| rows(spec, variant, example))
        .collect()
}

fn expects_nan(example: &ExampleEntry) -> bool {
    let mut waiting: Vec<&Data> = example.expect.values.iter().map(|(_, data)| data).collect();
    while let Some(data) = waiting.pop() {
        match data {
            Data::Number(text) if text.value == "nan" => return true,
            Data::Number(_) | Data::Boolean(_) | Data::Word(_) => {}
            Data::List(parts, _) => waiting.extend(parts),
        }
    }
    false
}

fn rows(spec: &Spec, variant: &Variant, example: &ExampleEntry) -> Vec<Point> {
    let (Some(params), Some(arrays)) = (example_params(spec, variant, example), arrays(spec, &example.given)) else {
        return Vec::new();
    };
    let count = arrays.iter().flatten().map(|(array, folding)| count(array, folding)).max();
    let row = |place: usize| {
        let part = |given: &Option<(Array<'_>, Folding)>| match given {
            Some((array, folding)) => part(array, folding, place),
            None => Some(Vec::new()),
        };
        let inputs: Vec<Vec<f64>> = arrays.iter().map(part).collect::<Option<_>>()?;
        let extent = inputs.iter().map(Vec::len).max()?;
        Some(Point { inputs, params: params.clone(), extent })
    };
    (0..count.unwrap_or(0)).filter_map(row).collect()
}

/// The extent of each dimension that belongs to the rows, with what its places are apart.
fn along_rows(array: &Array<'_>, folding: &Folding) -> Vec<(usize, usize)> {
    let dimensions = folding.get(&AxisId::ROWS).into_iter().flatten();
    dimensions.map(|&dimension| (array.shape[dimension], array.shape[dimension + 1..].iter().product())).collect()
}

/// How many rows an array has; one that all rows share has a single one.
fn count(array: &Array<'_>, folding: &Folding) -> usize {
    along_rows(array, folding).iter().map(|(extent, _)| extent).product()
}

/// An input's numbers in a row; none where one is no number.
fn part(array: &Array<'_>, folding: &Folding, row: usize) -> Option<Vec<f64>> {
    let along = along_rows(array, folding);
    let row_of = |place: usize| along.iter().fold(0, |row, (extent, apart)| row * extent + place / apart % extent);
    let count = count(array, folding);
    let here = array.values.iter().enumerate().filter(|(place, _)| row_of(*place) == row % count);
    here.map(|(_, data)| number(data)).collect()
}

fn number(data: &Data) -> Option<f64> {
    match data {
        Data::Number(text) => Constant::parse(&text.value).map(Constant::to_f64),
        Data::Boolean(truth) => Some(f64::from(u8::from(truth.value))),
        Data::Word(_) | Data::List(..) => None,
    }
}
