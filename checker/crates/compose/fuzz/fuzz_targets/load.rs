//! Any project to findings and a model.
#![no_main]

#[path = "../promises.rs"]
mod promises;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    promises::load(input);
});
