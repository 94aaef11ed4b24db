//! The fuzz targets' checks over the seeds in `fuzz/seeds` and over fixed changes of each.
//!
//! The same numbers on every machine: a failure names the seed file and the change.

#![expect(clippy::unwrap_used, reason = "a test")]

use crate::damage::effort;
use crate::fuzz_checks::{Check, TARGETS};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng as _, SeedableRng as _};
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

/// Changed copies of each seed.
const CHANGES: usize = 2000;

/// The seeds of a target in the order of their names.
fn seeds(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target);
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty(), "{target} has no seeds");
    files.into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

/// Bytes that formats trip over, and the pieces of numbers and stamps.
const ALPHABET: &[u8] = b"\n \"\\{}[]:,.-+eE@0123456789aZ\0\x7f\xff";

/// Changes a seed in one to four places: a byte set, put in or taken out, a piece doubled, cut off
/// or brought over from another place.
fn change(bytes: &mut Vec<u8>, random: &mut Xoshiro256PlusPlus) {
    let mut below = |bound: usize| usize::try_from(random.next_u64() % bound as u64).unwrap();
    for _ in 0..=below(4) {
        if bytes.is_empty() {
            return;
        }
        let at = below(bytes.len());
        let byte = ALPHABET[below(ALPHABET.len())];
        let piece = at..(at + 1 + below(40)).min(bytes.len());
        match below(7) {
            0 | 1 => bytes[at] = byte,
            2 => bytes.insert(at, byte),
            3 => drop(bytes.drain(piece)),
            4 => bytes.truncate(at),
            5 => {
                let copy = bytes[piece].to_vec();
                bytes.splice(at..at, copy);
            }
            _ => {
                let copy = bytes[piece].to_vec();
                let to = below(bytes.len() + 1);
                bytes.splice(to..to, copy);
            }
        }
    }
}

fn run(check: Check, bytes: &[u8], name: &str) {
    let held = catch_unwind(AssertUnwindSafe(|| check(bytes)));
    assert!(held.is_ok(), "{name} does not hold for {:?}", String::from_utf8_lossy(bytes));
}

#[test]
fn every_seed_and_its_changes_pass_the_checks() {
    let mut runs = 0;
    for (target, check) in TARGETS {
        for (path, seed) in seeds(target) {
            run(check, &seed, &format!("{}", path.display()));
            for number in 0..CHANGES * effort() {
                let mut random = Xoshiro256PlusPlus::seed_from_u64(number as u64);
                let mut bytes = seed.clone();
                change(&mut bytes, &mut random);
                run(check, &bytes, &format!("change {number} of {}", path.display()));
                runs += 1;
            }
        }
    }
    println!("{runs} changed seeds");
}

#[test]
fn every_target_stands_in_the_fuzz_folder() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap();
    for (target, _) in TARGETS {
        let text = fs::read_to_string(root.join(format!("fuzz_targets/{target}.rs"))).unwrap();
        assert!(text.contains(&format!("check(\"{target}\", bytes)")), "{target} runs another");
        assert!(manifest.contains(&format!("name = \"{target}\"")), "{target} is not built");
    }
    let folders = fs::read_dir(root.join("seeds")).unwrap().count();
    assert_eq!(folders, TARGETS.len());
}
