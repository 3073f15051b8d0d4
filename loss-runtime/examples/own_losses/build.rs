//! Compiles the crate again when a spec is added or removed; a change of one is seen without this.

fn main() {
    println!("cargo::rerun-if-changed=specs");
}
