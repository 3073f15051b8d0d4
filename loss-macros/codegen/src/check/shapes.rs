//! The arrays of an example: their shapes, and which dimension belongs to which axis.

use std::collections::BTreeMap;

use crate::document::Data;
use crate::expr::AxisId;
use crate::model::{Input, Position, Spec};
use crate::source::Span;

/// A nested list read as an array.
#[derive(Clone, Debug)]
pub(super) struct Array<'d> {
    /// The extent of each dimension.
    pub(super) shape: Vec<usize>,
    /// The scalars, the last dimension running fastest.
    pub(super) values: Vec<&'d Data>,
}

/// The dimensions of each axis, by their place in a shape.
pub(super) type Folding = BTreeMap<AxisId, Vec<usize>>;

/// The extents of each axis: one, or several for axes that take many dimensions.
pub(super) type Extents = BTreeMap<AxisId, Vec<usize>>;

/// Reads a nested list as an array.
///
/// # Errors
/// The place of a list whose parts differ in shape.
pub(super) fn array(data: &Data) -> Result<Array<'_>, Span> {
    match data {
        Data::Number(_) | Data::Boolean(_) | Data::Word(_) => Ok(Array { shape: Vec::new(), values: vec![data] }),
        Data::List(parts, span) => {
            let mut inner: Option<Vec<usize>> = None;
            let mut values = Vec::new();
            for part in parts {
                let part = array(part)?;
                match &inner {
                    Some(shape) if *shape != part.shape => return Err(*span),
                    Some(_) => {}
                    None => inner = Some(part.shape),
                }
                values.extend(part.values);
            }
            let mut shape = vec![parts.len()];
            shape.extend(inner.unwrap_or_default());
            Ok(Array { shape, values })
        }
    }
}

/// Where a value stands.
pub(super) fn data_span(data: &Data) -> Span {
    match data {
        Data::Number(text) | Data::Word(text) => text.span,
        Data::Boolean(value) => value.span,
        Data::List(_, span) => *span,
    }
}

/// Gives each dimension to an axis; `N` takes those that no other claims. `None` if the shape does not fit.
pub(super) fn fold(spec: &Spec, axes: &[AxisId], rank: usize) -> Option<Folding> {
    let position = |axis: &AxisId| spec.axes.get(usize::from(axis.0)).map(|axis| axis.position);
    let mut folding = Folding::new();
    if !axes.contains(&AxisId::ROWS) {
        folding.extend(axes.iter().enumerate().map(|(place, axis)| (*axis, vec![place])));
        return (axes.len() == rank).then_some(folding);
    }
    let mut free: Vec<usize> = (0..rank).collect();
    let mut rest = None;
    for axis in axes {
        let place = match position(axis)? {
            Position::Rows => continue,
            Position::Rest => {
                rest = Some(*axis);
                continue;
            }
            // A single row has only the named axis.
            Position::Second | Position::Last if rank == 1 => 0,
            Position::Second => 1,
            Position::Last => rank.checked_sub(1)?,
        };
        let at = free.iter().position(|dimension| *dimension == place)?;
        free.remove(at);
        folding.insert(*axis, vec![place]);
    }
    if let Some(axis) = rest {
        let inner = free.split_off(free.len().min(1));
        folding.insert(axis, inner);
    }
    folding.insert(AxisId::ROWS, free);
    Some(folding)
}

/// Fits an array to an input, given the extents known so far: its folding, or `None`.
pub(super) fn fit(spec: &Spec, input: &Input, shape: &[usize], known: &Extents) -> Option<Folding> {
    let optional: Vec<AxisId> = input.broadcast.iter().collect();
    // Every choice of axes left out, the fullest first.
    (0..1usize << optional.len()).find_map(|left_out| {
        let is_out = |axis: &AxisId| {
            optional.iter().position(|other| other == axis).is_some_and(|place| left_out >> place & 1 == 1)
        };
        let axes: Vec<AxisId> = input.axes.iter().copied().filter(|axis| !is_out(axis)).collect();
        let folding = fold(spec, &axes, shape.len())?;
        let agrees = folding.iter().all(|(axis, dimensions)| {
            let extents: Vec<usize> = dimensions.iter().map(|&dimension| shape[dimension]).collect();
            let may_be_one = input.broadcast.contains(*axis) && extents.iter().all(|&extent| extent == 1);
            may_be_one || same_places(spec, *axis, known).is_none_or(|other| *other == extents)
        });
        agrees.then_some(folding)
    })
}

/// The first axis whose extents in an array are not those known, with the array's own; none where the array has too few or many dimensions.
pub(super) fn disagreement(
    spec: &Spec,
    input: &Input,
    shape: &[usize],
    known: &Extents,
) -> Option<(AxisId, Vec<usize>)> {
    fold(spec, &input.axes, shape.len())?.into_iter().find_map(|(axis, dimensions)| {
        let extents: Vec<usize> = dimensions.iter().map(|&dimension| shape[dimension]).collect();
        same_places(spec, axis, known).is_some_and(|other| *other != extents).then_some((axis, extents))
    })
}

/// Takes over the extents that an array gives its axes.
pub(super) fn learn(input: &Input, shape: &[usize], folding: &Folding, known: &mut Extents) {
    for (axis, dimensions) in folding {
        if !input.broadcast.contains(*axis) {
            known.entry(*axis).or_insert_with(|| dimensions.iter().map(|&dimension| shape[dimension]).collect());
        }
    }
}

/// The extents of an axis, of one it is like, or of one whose size it has.
pub(super) fn same_places<'e>(spec: &Spec, axis: AxisId, known: &'e Extents) -> Option<&'e Vec<usize>> {
    known.get(&axis).or_else(|| {
        let axis = spec.axes.get(usize::from(axis.0))?;
        axis.like.or(axis.size).and_then(|other| known.get(&other))
    })
}
