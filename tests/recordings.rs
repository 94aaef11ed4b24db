//! The last of the test binaries: counts the recordings that the others met, and says so.
//!
//! `cargo test` runs the test binaries in the order of their names, so this line is the end of a
//! run: `recordings: N run, M skipped`. It tests nothing itself, has no harness, and takes the log
//! away, so that each run counts its own.

use std::collections::BTreeMap;

/// Where `tests/it/data.rs` notes each use.
const LOG: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/recordings.log");

fn main() {
    let log = std::fs::read_to_string(LOG).unwrap_or_default();
    // Asked for by many tests, a recording counts once.
    let uses: BTreeMap<_, _> = log
        .lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(how, name)| (name, how))
        .collect();
    let skipped = uses.values().filter(|how| **how == "skip").count();
    // A log that cannot be removed would count into the next run: that is a fault of this one.
    if !log.is_empty() {
        std::fs::remove_file(LOG).expect("the log of this run can be removed");
    }
    println!("\nrecordings: {} run, {skipped} skipped", uses.len() - skipped);
}
