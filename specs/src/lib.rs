//! The specs as data.
