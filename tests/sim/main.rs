//! The whole engine from a seed: simulated venue, clock and chance, and a disk that tears, flips and
//! fails under the real files of a real journal.
//!
//! Each seed is a story (`story`) of several lives of the engine (`life`), one after another on the
//! same disk (`disk`), while the venue lives on (`shore`). After every input the law holds (`law`),
//! after every end what is on the disk agrees with what the venue knows (`audit`), and damage is
//! seen for what it is (`damage`). A seed that fails is the report.
//!
//! `PINNACLE_SEEDS` says how many (`5000`) or which (`5000..9000`), `PINNACLE_SEED` plays one alone and
//! tells its story. A binary of its own, as it stands in the place of functions of the C library
//! (`system`).

#![expect(clippy::unwrap_used, reason = "a test")]

mod audit;
mod chance;
#[path = "../it/core_rig.rs"]
#[expect(dead_code, reason = "shared with tests of the thread modes")]
mod core_rig;
mod damage;
mod disk;
mod law;
mod life;
mod scratch;
mod shore;
mod story;
mod system;
mod whole;

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use story::{Counts, play};

/// Seeds of a run that is not told how many.
const SEEDS: u64 = 150;

/// A seed of each kind is `inline` for even numbers and `stepped` for odd ones.
fn played(seed: u64) -> Result<Counts, String> {
    let done = catch_unwind(AssertUnwindSafe(|| play(seed, seed % 2 == 1)));
    let told = done.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        Err(format!("panic: {}", text.unwrap_or_default()))
    });
    drop(system::unmount());
    told
}

/// One seed alone, so many, or from here to there.
fn seeds() -> Range<u64> {
    let text = |name| std::env::var(name).ok();
    if let Some(seed) = text("PINNACLE_SEED") {
        let seed: u64 = seed.parse().unwrap();
        return seed..seed + 1;
    }
    let Some(seeds) = text("PINNACLE_SEEDS") else { return 0..SEEDS };
    let (from, to) = seeds.split_once("..").unwrap_or(("0", &seeds));
    from.parse().unwrap()..to.parse().unwrap()
}

#[test]
fn every_seed_keeps_the_law() {
    let seeds = seeds();
    system::keep_memory();
    let (next, begun) = (AtomicU64::new(seeds.start), Instant::now());
    let counts = Mutex::new(Counts::default());
    let failed = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end || failed.lock().unwrap().len() >= 5 {
                        break;
                    }
                    match played(seed) {
                        Ok(told) => counts.lock().unwrap().add(&told),
                        Err(what) => failed.lock().unwrap().push(format!(
                            "seed {seed}: {what}\n  PINNACLE_SEED={seed} cargo test --test sim every_seed"
                        )),
                    }
                }
            });
        }
    });
    let (failed, counts) = (failed.into_inner().unwrap(), counts.into_inner().unwrap());
    let seconds = begun.elapsed().as_secs_f64();
    println!("{} seeds in {seconds:.1} s: {counts:#?}", seeds.end - seeds.start);
    assert!(failed.is_empty(), "\n{}", failed.join("\n"));
}

#[test]
fn one_seed_is_one_story() {
    for seed in 1000..1010 {
        assert_eq!(played(seed), played(seed), "seed {seed}");
    }
}
