//! Decisions out of bytes.

/// Bytes that are read once, from the front; zeros follow them for ever, so that every input means something.
pub(super) struct Bytes<'a> {
    rest: &'a [u8],
}

impl<'a> Bytes<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Whether only the zeros are left.
    pub(super) fn is_spent(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn byte(&mut self) -> u8 {
        let Some((&first, rest)) = self.rest.split_first() else { return 0 };
        self.rest = rest;
        first
    }

    pub(super) fn bits(&mut self) -> u64 {
        u64::from_le_bytes(std::array::from_fn(|_| self.byte()))
    }

    /// A number from 0 to below `end`, which is at most 65536; 0 if `end` is 0.
    pub(super) fn below(&mut self, end: usize) -> usize {
        let number = if end > 256 { u16::from_le_bytes([self.byte(), self.byte()]) } else { self.byte().into() };
        usize::from(number).checked_rem(end).unwrap_or(0)
    }

    /// One of a few; there must be one.
    pub(super) fn pick<'v, V>(&mut self, from: &'v [V]) -> &'v V {
        &from[self.below(from.len())]
    }

    /// All that is left.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.rest
    }
}
