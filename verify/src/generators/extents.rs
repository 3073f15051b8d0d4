//! How large a batch is, along rows and along the second axis.

use loss_runtime::info::{InputInfo, LossInfo, Position};

use super::Batch;

/// The size of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extents {
    /// The dimensions that make up the rows; none at all is a single row.
    pub rows: Vec<usize>,
    /// The extent of any axis beside the rows.
    pub extent: usize,
}

impl Extents {
    /// Rows of these dimensions, and an extent of 1.
    #[must_use]
    pub fn rows<const D: usize>(rows: [usize; D]) -> Self {
        Self { rows: rows.to_vec(), extent: 1 }
    }

    /// The same with this extent.
    #[must_use]
    pub fn with_extent(mut self, extent: usize) -> Self {
        self.extent = extent;
        self
    }

    /// The size of a batch whose rows are one dimension; none for another.
    #[must_use]
    pub fn of<T>(info: &LossInfo, batch: &Batch<T>) -> Option<Self> {
        let layout = &info.inputs[info.layout];
        let shape = &batch.inputs[info.layout].as_ref()?.shape;
        let place =
            |rows: bool| layout.axes.iter().position(|&axis| (info.axes[axis].position == Position::Rows) == rows);
        if shape.len() != layout.axes.len() {
            return None;
        }
        Some(Self { rows: vec![shape[place(true)?]], extent: place(false).map_or(1, |place| shape[place]) })
    }

    /// How many rows there are.
    #[must_use]
    pub fn row_count(&self) -> usize {
        self.rows.iter().product()
    }

    /// The positions of one row: those after the first dimension.
    fn inner(&self) -> usize {
        self.rows.iter().skip(1).product()
    }

    /// The shape of an input's array.
    #[must_use]
    pub fn shape(&self, info: &LossInfo, input: &InputInfo) -> Vec<usize> {
        let positions = || input.axes.iter().map(|&axis| info.axes[axis].position);
        let mut shape =
            if positions().any(|position| position == Position::Rows) { self.rows.clone() } else { Vec::new() };
        for position in positions() {
            match position {
                Position::Rows => {}
                Position::Second => shape.insert(shape.len().min(1), self.extent),
                Position::Last => shape.push(self.extent),
            }
        }
        shape
    }

    /// The place in an input's array of one row and one place along the further axis; `None` for an input that all rows share.
    #[must_use]
    pub fn place(&self, info: &LossInfo, input: &InputInfo, row: usize, along: usize) -> Option<usize> {
        let positions = || input.axes.iter().map(|&axis| info.axes[axis].position);
        if !positions().any(|position| position == Position::Rows) {
            return None;
        }
        Some(match positions().find(|&position| position != Position::Rows) {
            Some(Position::Second) => {
                let inner = self.inner();
                (row / inner * self.extent + along) * inner + row % inner
            }
            Some(Position::Last) => row * self.extent + along,
            Some(Position::Rows) | None => row,
        })
    }

    /// The places in an input's array of one row; `None` for an input that all rows share.
    #[must_use]
    pub fn places(&self, info: &LossInfo, input: &InputInfo, row: usize) -> Option<Vec<usize>> {
        (0..self.per_row(info, input)).map(|along| self.place(info, input, row, along)).collect()
    }

    /// How many values an input has in one row.
    #[must_use]
    pub fn per_row(&self, info: &LossInfo, input: &InputInfo) -> usize {
        if input.axes.iter().any(|&axis| info.axes[axis].position != Position::Rows) { self.extent } else { 1 }
    }
}
