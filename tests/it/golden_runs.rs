//! Journals of whole runs are kept, and the core decides today as it did then: each replays byte for
//! byte, on every machine.
//!
//! Where this fails, the core's decisions have changed: raise `CORE_VERSION` and make the journals
//! anew with `cargo test --test it golden_runs -- --ignored`. Numbers that every libm rounds in its
//! own way would show here too, as the second journal's strategy lives on `exp` and `ln`.

use crate::core_rig::{Engine, Scratch, Way, loaded, segments};
use pinnaclemm::engine::CORE_VERSION;
use pinnaclemm::journal::replay::{ReplayError, Replayed, replay};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// The kept runs: a folder, a strategy, and how many inputs and outputs stand there.
const RUNS: [(&str, &str, u64, u64); 2] =
    [("basic", "BasicMarketMaker", 1826, 314), ("glft", "GLFT", 1856, 318)];

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/journals").join(format!("run-{name}"))
}

/// A slow crowd, so that the journal is small, and a venue that fails now and then, so that it
/// holds more than quotes.
fn config(strategy: &str) -> Value {
    json!({
        "seed": 7, "duration": "3s", "symbols": ["BTC-USD", "ETH-USD"], "instruments": [],
        "strategy": {
            "name": strategy, "baseSpreadBps": 3, "minSpreadBps": 2, "edgeBps": 0, "maxLevels": 2,
            "minQuoteLifeMs": 0, "volatilityWarmupMs": 100
        },
        "timing": { "orderTimeoutMs": 100 },
        "exchange": { "simulator": {
            "makerFeeBps": 0,
            "participants": {
                "taker": { "ratePerMinute": 300.0 },
                "maker": { "count": 8, "ratePerMinute": 300.0 },
                "noise": { "count": 4, "ratePerMinute": 300.0 }
            },
            "faults": [
                { "kind": "lost_ack", "atMs": 800, "forMs": 100 },
                { "kind": "reject_all", "atMs": 1200, "forMs": 100 },
                { "kind": "disconnect", "atMs": 1700, "forMs": 200 },
                { "kind": "late_fill", "atMs": 2200, "forMs": 300, "delayMs": 100 }
            ]
        } }
    })
}

#[test]
fn the_core_decides_as_it_did_when_the_journals_were_kept() {
    for (name, _, inputs, outputs) in RUNS {
        let replayed = match replay(&folder(name)) {
            Ok((replayed, _)) => replayed,
            Err(error @ ReplayError::Version { .. }) => {
                panic!("run-{name} is of another version; make it anew: {error}")
            }
            Err(error) => panic!(
                "run-{name} is decided otherwise than by version {CORE_VERSION} before: raise \
                 CORE_VERSION and make it anew, or mend the core: {error}"
            ),
        };
        assert_eq!(replayed, Replayed { epochs: 1, inputs, outputs, missing: 0 }, "{name}");
    }
}

#[test]
#[ignore = "writes tests/journals anew, after a wanted change of the core's decisions"]
fn make_the_journals_anew() {
    for (name, strategy, ..) in RUNS {
        let scratch = Scratch::new("golden");
        let data = scratch.path();
        let engine = Engine::new(loaded(&config(strategy), Some(data)), Some(data));
        let outcome = engine.run(Way::Fused);
        assert!(outcome.fills > 3, "{name} has {} fills", outcome.fills);
        let to = folder(name);
        std::fs::create_dir_all(to.join("journal")).unwrap();
        std::fs::copy(data.join("identity.json"), to.join("identity.json")).unwrap();
        let segment = segments(data);
        assert!(segment.len() < 1 << 20, "one segment holds {name}");
        std::fs::write(to.join("journal/00000000000000000001.seg"), segment).unwrap();
        println!("{name}: {:?}", replay(&to).unwrap().0);
    }
}
