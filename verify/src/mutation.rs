//! How strong the audit is: faults put in on purpose, and the share of them that the checks find.
//!
//! - A fault in a **spec** is one in its formulas. The mutated spec is compiled and interpreted, and judged by what it says of itself
//!   (examples, differences, properties, relations, knots) and by recorded answers; a comparison with its own formula could see nothing.
//! - A fault in the **compiler** is one in the graphs and schedules that it makes of a right spec; these are interpreted, and held
//!   against the formula as written.
//! - A fault in a **kernel** is one in how the real, compiled kernels are run: it is put between them and their caller.

mod advice;
mod compiler;
mod judge;
mod kernel;
pub mod record;
mod run;
mod same;
mod spec;
pub mod table;

pub use advice::advice;
pub use run::{Depth, has_contributions, run_contributions, run_family, run_mutation};
