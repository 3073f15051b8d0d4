//! The program `loss-verify`.

fn main() {}
