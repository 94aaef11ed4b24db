//! One seed, one journal: in virtual time a run gives the same bytes however its stages are joined,
//! whatever goes wrong at the venue, and every such journal replays.

#![expect(clippy::unwrap_used, reason = "a test")]

use crate::core_rig::{Kept, Way, run};
use pinnaclemm::engine::CoreParams;
use serde_json::{Value, json};

/// A lively market, so that a short run is enough: quotes at the touch, short timers.
fn config(seed: u64, more: Value) -> Value {
    let mut config = json!({
        "seed": seed,
        "duration": "2s",
        "strategy": {
            "baseSpreadBps": 3, "minSpreadBps": 2, "edgeBps": 0, "volatilityFactor": 0,
            "requoteToleranceTicks": 50, "minQuoteLifeMs": 0, "volatilityWarmupMs": 100
        },
        "timing": { "orderTimeoutMs": 100 },
        "exchange": { "simulator": {
            "makerFeeBps": 0,
            "participants": { "taker": { "ratePerMinute": 600.0 } }
        } }
    });
    let (under, Value::Object(over)) = (config.as_object_mut().unwrap(), more) else {
        panic!("a document")
    };
    for (key, value) in over {
        match (key.as_str(), under.get_mut(&key)) {
            ("faults", _) => under["exchange"]["simulator"]["faults"] = value,
            (_, Some(Value::Object(own))) => own.extend(value.as_object().unwrap().clone()),
            _ => drop(under.insert(key, value)),
        }
    }
    config
}

/// What a run must have in common with every other one of its config.
fn told(kept: &Kept) -> (String, u64, u64, Vec<i64>, i128) {
    let Kept { outcome, replayed, .. } = kept;
    assert_eq!(replayed.missing, 0);
    assert_eq!((replayed.epochs, replayed.inputs), (1, outcome.sequence));
    assert_eq!(replayed.inputs + replayed.outputs, outcome.records);
    assert!(outcome.journal_failure.is_none() && outcome.venue.failure.is_none());
    let digest = outcome.digest.clone();
    (digest, outcome.sequence, outcome.fills, outcome.positions.clone(), outcome.profit)
}

/// Runs the config in each of those ways; the journal, and what the first one told.
fn check(config: &Value, ways: &[Way]) -> Kept {
    let first = run(config, Way::Fused);
    let expected = told(&first);
    for way in ways {
        let other = run(config, *way);
        assert_eq!(told(&other), expected, "{way:?} of {config}");
        assert!(other.journal == first.journal, "{way:?} of {config}: another journal");
    }
    first
}

#[test]
fn one_seed_gives_one_journal_in_every_mode() {
    for seed in 1..4 {
        let steps = (0..6).map(|step| Way::Stepped(100 * seed + step));
        let ways: Vec<_> = std::iter::once(Way::Threads).chain(steps).collect();
        let kept = check(&config(seed, json!({})), &ways);
        let outcome = &kept.outcome;
        assert!(outcome.fills > 0, "seed {seed} trades");
        assert!(outcome.gateway.sent > 20, "seed {seed} quotes: {:?}", outcome.gateway);
        assert_eq!(outcome.open_orders, []);
    }
}

#[test]
fn another_seed_gives_another_journal() {
    let [one, other] = [5, 6].map(|seed| run(&config(seed, json!({})), Way::Fused));
    assert_ne!(one.outcome.digest, other.outcome.digest);
    assert!(one.journal != other.journal);
}

#[test]
fn several_instruments_share_one_way() {
    let symbols = json!(["BTC-USD", "ETH-USD", "SOL-USD", "ETH-BTC"]);
    let more = json!({
        "symbols": symbols,
        "instruments": [],
        "account": { "conversions": [{ "currency": "BTC", "instrument": "BTC-USD" }] },
        "exchange": { "simulator": { "markets": {
            "ETH-BTC": { "tickSize": "0.00001", "lotSize": "0.0001", "startPrice": "0.05" },
            "SOL-USD": { "tickSize": "0.01" }
        } } }
    });
    let ways = [Way::Threads, Way::Stepped(1), Way::Stepped(2), Way::Stepped(3)];
    let kept = check(&config(9, more), &ways);
    assert_eq!(kept.outcome.positions.len(), 4);
    assert!(kept.outcome.positions.iter().filter(|lots| **lots != 0).count() > 1);
}

#[test]
fn faults_of_the_venue_change_no_journal() {
    let every = |kind: &str, amount: Value| {
        let mut fault = json!({ "kind": kind, "atMs": 400, "everyMs": 700, "forMs": 250 });
        fault.as_object_mut().unwrap().extend(amount.as_object().unwrap().clone());
        fault
    };
    let faults = [
        every("disconnect", json!({})),
        every("stall", json!({})),
        every("reject_all", json!({})),
        every("rate_limited", json!({})),
        every("lost_ack", json!({})),
        every("late_fill", json!({ "delayMs": 150 })),
        every("clock_offset", json!({ "offsetMs": -70_000 })),
    ];
    for (step, fault) in (0..).zip(&faults) {
        let kind = &fault["kind"];
        let ways = [Way::Stepped(step), Way::Stepped(step + 50)];
        let kept = check(&config(11, json!({ "faults": [fault] })), &ways);
        let plain = run(&config(11, json!({})), Way::Fused);
        assert_ne!(kept.outcome.digest, plain.outcome.digest, "{kind} is felt");
        if kind == "lost_ack" {
            let counts = kept.outcome.gateway;
            assert!(counts.timed_out > 0 && counts.queries > 0, "{counts:?}");
        }
    }
    let all = config(12, json!({ "faults": faults, "duration": "4s" }));
    check(&all, &[Way::Threads, Way::Stepped(7), Way::Stepped(8)]);
}

#[test]
fn a_journal_says_what_the_core_was_made_of() {
    let kept = run(&config(1, json!({ "duration": "1s" })), Way::Fused);
    let text = String::from_utf8_lossy(&kept.journal);
    let begin = text.find(r#"{"epoch":"#).unwrap();
    let mut values = serde_json::Deserializer::from_str(&text[begin..]).into_iter();
    let params: CoreParams = values.next().unwrap().unwrap();
    assert_eq!(params.instruments.len(), 1);
    assert_eq!((params.epoch, params.risk.epoch), (params.epoch, params.epoch));
}
