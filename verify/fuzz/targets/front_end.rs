//! Gives `loss_verify::fuzz::front_end` to libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| loss_verify::fuzz::front_end(bytes));
