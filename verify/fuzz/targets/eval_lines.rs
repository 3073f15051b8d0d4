//! Gives `loss_verify::fuzz::eval_lines` to libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| loss_verify::fuzz::eval_lines(bytes));
