//! The check of `coinbase_exchange` over what libFuzzer makes up.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pinnaclemm_fuzz::fuzz_checks::TARGETS;

fuzz_target!(|bytes: &[u8]| TARGETS[0].1(bytes));
