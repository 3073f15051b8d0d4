//! Every check of every loss, as a named test.

fn main() {
    loss_verify::named_tests::run(loss_verify::registry::losses());
}
