//! The extents of an array, kept inline.

/// The most dimensions an array may have.
pub const MAX_DIMS: usize = 8;

/// The extents of an array, outermost first.
#[derive(Clone, Copy, Default)]
pub struct Shape {
    extents: [usize; MAX_DIMS],
    dims: u8,
}

impl Shape {
    /// These extents; `None` if there are more than [`MAX_DIMS`].
    #[must_use]
    pub fn new(extents: &[usize]) -> Option<Self> {
        let mut shape = Self::default();
        shape.extents.get_mut(..extents.len())?.copy_from_slice(extents);
        shape.dims = u8::try_from(extents.len()).ok()?;
        Some(shape)
    }

    /// One dimension.
    #[must_use]
    pub(crate) fn line(extent: usize) -> Self {
        Self { extents: [extent, 0, 0, 0, 0, 0, 0, 0], dims: 1 }
    }

    /// The extents, outermost first.
    #[must_use]
    pub fn extents(&self) -> &[usize] {
        &self.extents[..usize::from(self.dims)]
    }

    /// How many places there are: 1 if there are no dimensions, `usize::MAX` if too many to count.
    #[must_use]
    pub fn len(&self) -> usize {
        product(self.extents())
    }

    /// Whether there are no places.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.extents().contains(&0)
    }

    /// The same with another dimension before dimension `place`, or after the last; `None` if that is one too many.
    pub(crate) fn with(&self, place: usize, extent: usize) -> Option<Self> {
        let mut more = *self;
        let dims = usize::from(self.dims);
        if dims == MAX_DIMS {
            return None;
        }
        more.extents.copy_within(place..dims, place + 1);
        more.extents[place] = extent;
        more.dims += 1;
        Some(more)
    }

    /// The same without dimension `place`, which it has.
    pub(crate) fn without(&self, place: usize) -> Self {
        let mut less = *self;
        less.extents.copy_within(place + 1..usize::from(self.dims), place);
        less.dims -= 1;
        less
    }

    /// As many dimensions, all of extent 1.
    pub(crate) fn ones(&self) -> Self {
        Self { extents: [1; MAX_DIMS], dims: self.dims }
    }
}

impl PartialEq for Shape {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        // By hand: there are a few extents, and comparing slices is a call.
        self.dims == other.dims && self.extents().iter().zip(other.extents()).all(|(one, another)| one == another)
    }
}

impl Eq for Shape {}

impl core::fmt::Debug for Shape {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_list().entries(self.extents()).finish()
    }
}

/// How many places these extents span, `usize::MAX` if too many to count.
pub(crate) fn product(extents: &[usize]) -> usize {
    if extents.contains(&0) {
        return 0;
    }
    extents.iter().fold(1, |places, extent| places.saturating_mul(*extent))
}
