#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| codecell_fuzz::wire(bytes));
