#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| codecell_fuzz::types(text));
