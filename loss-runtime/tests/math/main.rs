//! The vector functions against exact answers, at their edges, and on every instruction set.

mod accuracy;
mod bits;
mod edges;
mod functions;
mod isas;
mod points;
mod scalars;
