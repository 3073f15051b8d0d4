//! Losses that are made of other losses: what a spec takes over from those that it names and calls.
//!
//! A call is the other loss's formula in place, which is `elaborate`'s matter, so nothing that follows knows of it. Here is what else comes along:
//! declarations of inputs and parameters, where an entry says `from`, and knots, where the loss is nothing but a multiple of the one it calls.

pub(crate) mod calls;
mod knots;
mod origins;
mod resolving;

use crate::elaborate::Library;
use crate::model::Spec;

pub(crate) use origins::loss_of;
pub(crate) use resolving::{Resolved, resolve_all};

/// The losses that a spec's own formula calls, by the order of their names.
#[must_use]
pub fn made_of<'l>(spec: &Spec, library: &'l Library) -> Vec<&'l str> {
    let called = calls::called_by(spec);
    library.specs.keys().map(String::as_str).filter(|name| called.contains(*name)).collect()
}
