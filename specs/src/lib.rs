//! The specs as data: the name, the path and the text of every YAML file in this folder.

pub mod accuracy;

/// A spec's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpecFile {
    /// The loss's name: the file's stem.
    pub name: &'static str,
    /// Where it stands: from the repository's root, or, in another crate, from the folder of its `Cargo.toml`.
    pub path: &'static str,
    /// What it says.
    pub text: &'static str,
}

/// Every spec, by name.
pub const SPECS: &[SpecFile] = include!(concat!(env!("OUT_DIR"), "/specs.rs"));
