//! `kill -9` at any instant: the journal is whole, holds everything that the venue ever saw, and the
//! next start goes on from it; and no flipped bit of it goes unseen.
//!
//! Instants and bits are chance, from the clock, as a bug may hide behind any of them; what is said
//! of a failure tells them.

#![expect(clippy::unwrap_used, reason = "the checks of tests fail by panicking")]

use crate::engine_rig::{Home, text};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng as _, SeedableRng as _};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A number below a bound.
struct Chance(Xoshiro256PlusPlus);

impl Chance {
    /// Another one each time.
    fn new() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        Self(Xoshiro256PlusPlus::seed_from_u64(u64::from(since.subsec_nanos())))
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.0.next_u64() % bound.max(1) as u64).unwrap()
    }
}

/// The 64 bits of ours in an order's whole id: the variant of the UUID aside.
fn id_of(whole: &str) -> u64 {
    let hex = |text: &str| u64::from_str_radix(&text.replace('-', ""), 16).unwrap();
    (hex(&whole[14..18]) & 3) << 62 | hex(&whole[19..]) & (u64::MAX >> 2)
}

/// The ids of all orders that the venue's own memory tells of, and of the last one that it took.
fn known_to_the_venue(home: &Home) -> BTreeSet<u64> {
    let truth = fs::read_to_string(home.path("data/venue-truth.jsonl")).unwrap();
    let mut ids = BTreeSet::new();
    // A line that the kill has cut was not told to anybody.
    for line in truth.split_inclusive('\n').filter(|line| line.ends_with('\n')) {
        let line: Value = serde_json::from_str(line).unwrap();
        ids.extend(line["order"]["id"].as_u64());
        ids.extend(line["fill"]["order"].as_u64());
        ids.extend(line["gone"].as_u64());
        if let Some(epoch) = line["ids"]["epoch"].as_u64() {
            let next = line["ids"]["next"].as_array().unwrap();
            for (origin, next) in (0..).zip(next) {
                let last = next.as_u64().unwrap().checked_sub(1);
                ids.extend(last.map(|last| epoch << 32 | origin << 31 | last));
            }
        }
    }
    ids
}

#[test]
fn a_kill_at_any_instant_loses_nothing() {
    let home = Home::new("killed");
    let mut chance = Chance::new();
    for round in 1..=4 {
        let engine = home.start("--duration 60s");
        engine.wait_for("a request", |line| line["requests"].as_u64() > Some(0));
        let more = chance.below(1000);
        std::thread::sleep(Duration::from_millis(more as u64));
        engine.signal("KILL");
        assert_eq!(engine.end().code, -1);
        let told = format!("kill {round}, {more} ms after the first request was seen");
        let verified = home.journal("verify", "data");
        assert_eq!(verified.code, 0, "{told}: {}", verified.err);
        let requests = home.dump("request", "data");
        let written: BTreeSet<_> = requests.iter().map(|one| id_of(&text(&one["order"]))).collect();
        let known = known_to_the_venue(&home);
        assert!(known.len() > 2, "{told}: {known:?}");
        let missing: Vec<_> = known.difference(&written).collect();
        assert!(missing.is_empty(), "{told}: the journal has no request for {missing:x?}");
    }
    assert_eq!(home.dump("start", "data").len(), 4);
    let last = home.done("--duration 2s").last();
    assert_eq!(last["open_orders"], 0);
    home.check_positions("data", &last);
    home.check_journal("data");
}

#[test]
fn every_flipped_bit_is_seen() {
    let home = Home::new("flipped");
    home.config("c.json", |config| config["persistence"]["segmentBytes"] = (1 << 20).into());
    home.done("--config c.json --speed max --duration 30s");
    home.check_journal("data");
    let segments: Vec<_> = home.segments("data").into_iter().collect();
    assert!(segments.len() > 2, "only {} segments", segments.len());
    let mut chance = Chance::new();
    for _ in 0..60 {
        let (name, bytes) = &segments[chance.below(segments.len())];
        let used = bytes.iter().rposition(|byte| *byte != 0).unwrap() + 1;
        let (at, bit) = (chance.below(used), chance.below(8));
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << bit;
        let path = home.path("data/journal").join(name);
        fs::write(&path, flipped).unwrap();
        let verified = home.journal("verify", "data");
        assert_ne!(verified.code, 0, "bit {bit} of byte {at} of {name} ({used} used) is not seen");
        assert!(verified.err.contains(name), "{}", verified.err);
        fs::write(&path, bytes).unwrap();
    }
    home.check_journal("data");
}
