//! The check of `journal` over what libFuzzer makes up.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pinnaclemm_fuzz::check;

fuzz_target!(|bytes: &[u8]| check("journal", bytes));
