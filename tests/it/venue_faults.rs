//! Whatever goes wrong at the embedded venue, through the running engine: quoting stops for a reason
//! with a name, and comes back by itself.
//!
//! Each fault begins ten seconds after the start of a run of a minute in virtual time. What is
//! looked for stands in the journal, or in the status lines of a run in real time where the reason
//! is one that nothing is released with.

#![expect(clippy::unwrap_used, reason = "the checks of tests fail by panicking")]

use crate::engine_rig::{Home, text};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A second of the minute, and its thousandths.
fn millis(record: &Value) -> u64 {
    let time = text(&record["time"]);
    let number = |from: usize, to: usize| time[from..to].parse::<u64>().unwrap();
    number(14, 16) * 60_000 + number(17, 19) * 1000 + number(20, 23)
}

/// Records of a run.
struct Run {
    inputs: Vec<Value>,
    outputs: Vec<Value>,
}

/// Plays a minute with that fault from the tenth second on.
fn run(name: &str, fault: &Value) -> Run {
    let home = Home::new(&format!("fault_{name}"));
    home.config("c.json", |config| {
        config["exchange"]["simulator"]["faults"] = json!([fault]);
        config["timing"]["orderTimeoutMs"] = json!(500);
        if name == "stall" {
            // Orders that stand, not ones that are on their way to other prices.
            config["strategy"]["requoteToleranceTicks"] = json!(3000);
        }
    });
    let ended = home.done("--config c.json --speed max --duration 60s");
    let last = ended.last();
    assert_eq!(last["open_orders"], 0, "{name}: {last}");
    home.check_journal("data");
    home.check_positions("data", &last);
    Run { inputs: home.dump("input", "data"), outputs: home.dump("output", "data") }
}

impl Run {
    /// Times at which orders were placed.
    fn places(&self) -> Vec<u64> {
        let places = self.outputs.iter().filter(|one| one["request"] == "place");
        places.map(millis).collect()
    }

    /// How many orders were placed from one time to another.
    fn placed(&self, from: u64, to: u64) -> usize {
        self.places().iter().filter(|at| (from..to).contains(*at)).count()
    }

    /// Times of the inputs that say this.
    fn times(&self, key: &str, value: &str) -> Vec<u64> {
        self.inputs.iter().filter(|one| one[key] == value).map(millis).collect()
    }

    /// What withheld a side in the explanations from one time to another.
    fn withheld(&self, from: u64, to: u64) -> BTreeSet<String> {
        let inside = |one: &&Value| (from..to).contains(&millis(one));
        let explained = self.outputs.iter().filter(|one| one["type"] == "explanation");
        explained
            .filter(inside)
            .flat_map(|one| ["bid", "ask"].map(|side| text(&one[side]["withheld"])))
            .collect()
    }

    /// It quoted before and quotes again from then on.
    fn check_back(&self, from: u64) {
        assert!(self.placed(0, 10_000) > 0, "nothing is quoted before");
        assert!(self.placed(from, 60_000) > 0, "quoting does not come back after {from}");
    }
}

#[test]
fn a_lost_connection() {
    let run = run("disconnect", &json!({"kind": "disconnect", "atMs": 10_000, "forMs": 5000}));
    assert_eq!(run.times("reason", "disconnected").first(), Some(&10_000));
    // Nothing leaves without a market.
    assert_eq!(run.placed(10_010, 15_000), 0);
    run.check_back(15_000);
}

#[test]
fn a_connection_that_says_nothing() {
    let run = run("stall", &json!({"kind": "stall", "atMs": 10_000, "forMs": 30_000}));
    // The venue may be silent for ten seconds; then orders are cancelled, by that name, and a new
    // connection is a good one.
    let timer = run.times("event", "timer");
    assert!(timer.iter().any(|at| (19_000..21_000).contains(at)), "{timer:?}");
    let reasons = run.withheld(19_000, 21_000);
    assert!(reasons.contains("book_stale:silent_feed"), "{reasons:?}");
    assert_eq!(run.placed(10_500, 20_000), 0);
    run.check_back(20_000);
    assert!(run.placed(20_000, 30_000) > 0, "another connection is a good one");
}

#[test]
fn rejects() {
    for (kind, code) in [("reject_all", "other"), ("rate_limited", "rate_limited")] {
        let run = run(kind, &json!({"kind": kind, "atMs": 10_000, "forMs": 10_000}));
        let rejected: Vec<_> = run.inputs.iter().filter(|one| one["code"] == code).collect();
        assert!(rejected.iter().all(|one| (10_000..20_010).contains(&millis(one))), "{kind}");
        // Five in a row withhold a side for a second at first and longer each time.
        assert!((10..60).contains(&rejected.len()), "{kind}: {} rejects", rejected.len());
        run.check_back(20_000);
    }
}

#[test]
fn rejects_are_named_while_they_last() {
    let home = Home::new("fault_named");
    home.config("c.json", |config| {
        config["exchange"]["simulator"]["faults"] = json!([
            {"kind": "reject_all", "atMs": 3000, "forMs": 3000},
            {"kind": "rate_limited", "atMs": 16_000, "forMs": 3000},
        ]);
        config["timing"]["publishStatsIntervalMs"] = json!(100);
    });
    let ended = home.done("--config c.json --speed 4 --duration 36s");
    let lines = ended.lines("status");
    let withheld = |line: &Value| line["instruments"]["BTC-USD"]["withheld"].clone();
    for reason in ["venue_rejecting:other", "venue_rejecting:rate_limited"] {
        let named = |line: &&Value| withheld(line).as_array().unwrap().contains(&json!(reason));
        assert!(lines.iter().any(|line| named(&line)), "{reason} is never named: {lines:?}");
    }
    let quotes = &lines.last().unwrap()["instruments"]["BTC-USD"]["quotes"];
    assert!(quotes[0].is_string() && quotes[1].is_string(), "{quotes}");
}

#[test]
fn answers_that_are_lost() {
    let run = run("lost_ack", &json!({"kind": "lost_ack", "atMs": 10_000, "forMs": 3000}));
    let timed_out: Vec<_> = run.inputs.iter().filter(|one| one["event"] == "timed_out").collect();
    assert!(!timed_out.is_empty());
    for lost in timed_out {
        // Unknown is asked about, and the venue tells.
        let order = &lost["order"];
        let answers = ["open", "absent", "filled", "fill", "canceled"];
        let answered = run.inputs.iter().any(|one| {
            one["order"] == *order
                && millis(one) >= millis(lost)
                && answers.contains(&text(&one["event"]).as_str())
        });
        assert!(answered, "{lost}");
    }
    assert!(!run.times("event", "open").is_empty());
    run.check_back(15_000);
}

#[test]
fn fills_that_come_late() {
    let fault = json!({"kind": "late_fill", "atMs": 10_000, "forMs": 40_000, "delayMs": 3000});
    let run = run("late_fill", &fault);
    let mut ended = BTreeSet::new();
    let mut late = 0;
    for input in &run.inputs {
        let Some(order) = input["order"].as_str() else { continue };
        match input["event"].as_str().unwrap() {
            // The venue knows it no more, as it has traded.
            "canceled" => drop(ended.insert(order)),
            _ if input["code"] == "unknown_order" => drop(ended.insert(order)),
            "fill" if ended.contains(order) => late += 1,
            _ => {}
        }
    }
    // They are in the position all the same: `run` has compared it.
    assert!(late > 0, "no fill came after the end of its order");
    run.check_back(50_000);
}

#[test]
fn a_clock_that_is_wrong() {
    let fault = json!({"kind": "clock_offset", "atMs": 10_000, "forMs": 5000, "offsetMs": -60_000});
    let run = run("clock_offset", &fault);
    let reasons = run.withheld(10_000, 15_000);
    assert!(reasons.contains("book_stale:clock_offset"), "{reasons:?}");
    assert_eq!(run.placed(10_100, 15_000), 0);
    run.check_back(15_000);
}
