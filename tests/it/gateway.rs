//! The sequencer with its gateway and the pilot: what gets which number and time, what becomes of a
//! request without an answer, and how a run comes to its end.
//!
//! Tapes over the embedded venue in virtual time: a line of commands, then the inputs that come,
//! market data left out. Times are milliseconds from the start.

#![expect(clippy::unwrap_used, reason = "a test")]

use crate::core_rig::{Engine, loaded};
use pinnaclemm::engine::risk::{OrderRequest, Output};
use pinnaclemm::event::{
    Body, Command, Health, Proposal, RefusalCode, Refused, RequestKind, StateReason, TradingState,
};
use pinnaclemm::journal::{Journaled, Ledger};
use pinnaclemm::threads::sequencer::Sequencer;
use pinnaclemm::types::{InstrumentId, Nanos, OrderId, Origin, Price, Qty, Side, TimeInForce};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::Path;

/// A venue of exact ways: 1 ms there and back; an answer may take 10 ms.
fn config(faults: &Value) -> Value {
    json!({
        "timing": { "orderTimeoutMs": 100 },
        "exchange": { "simulator": {
            "feedJitterUs": 0, "orderLatencyUs": 1000, "orderJitterUs": 0,
            "reportLatencyUs": 1000, "reportJitterUs": 0, "faults": faults
        } }
    })
}

fn order(counter: u32) -> OrderId {
    OrderId::new(1, Origin::Quoter, counter)
}

/// A request that stands in the journal. Bids far below the market rest.
fn request(kind: RequestKind, counter: u32) -> Journaled<OrderRequest> {
    let proposal = Proposal {
        order: order(counter),
        price: Price(5_000_000),
        qty: Qty(1000),
        instrument: InstrumentId(0),
        kind,
        side: Side::Bid,
        time_in_force: TimeInForce::GoodTillCancel,
        post_only: false,
        reduce_only: false,
    };
    let request = OrderRequest::unpack(&proposal.pack()).unwrap();
    Ledger::Unkept.output(&Output::Request(request)).unwrap().unwrap()
}

/// The sequencer in virtual time.
struct Bench {
    engine: Engine,
    begin: Nanos,
    /// The time of what is sent.
    now: Nanos,
    latest: Nanos,
    sequence: u64,
}

impl Bench {
    fn new(over: &Value) -> Self {
        let engine = Engine::new(loaded(over, None), None);
        let begin = engine.sequencer.latest();
        Self { engine, begin, now: begin, latest: begin, sequence: 0 }
    }

    fn at(&self, millis: i64) -> Nanos {
        Nanos(self.begin.0 + millis * 1_000_000)
    }

    fn sequencer(&mut self) -> &mut Sequencer {
        &mut self.engine.sequencer
    }

    /// Takes note of the input that was made; as text, if it is none of the market.
    fn heard(&mut self) -> Option<String> {
        let part = self.engine.sequencer.input();
        let event = part.event;
        assert_eq!(event.sequence, self.sequence + 1, "numbers are dense");
        assert!(event.received >= self.latest, "stamps never go back");
        assert_eq!(event.received, self.engine.sequencer.latest());
        (self.sequence, self.latest) = (event.sequence, event.received);
        let what = match event.body {
            Body::Health(health) => format!("health {}", health.0),
            Body::Command(asked) => asked.command.name().to_owned(),
            Body::Refused(refused) => format!("refused {}", refused.code.name()),
            Body::State { state, .. } => format!("state {}", state.name()),
            Body::Timer => "timer".to_owned(),
            Body::Report(report) => {
                let (kind, code) = (report.kind.name(), report.code.name());
                let code = if code == "none" { String::new() } else { format!(" {code}") };
                let order = report.order;
                format!("{kind} #{}{code}", order.counter())
            }
            _ => return None,
        };
        let micros = event.received.0.saturating_sub(self.begin.0) / 1000;
        Some(format!("{}.{} {what}", micros / 1000, micros / 100 % 10))
    }

    /// Everything that comes by then, in lock-step.
    fn run(&mut self, until: Nanos, deadline: Option<Nanos>, got: &mut String) {
        while let Some(due) = self.sequencer().due(deadline).filter(|due| *due <= until) {
            let due = due.max(self.now);
            if self.sequencer().advance(due, deadline, None)
                && let Some(text) = self.heard()
            {
                writeln!(got, "{text}").unwrap();
            }
        }
    }
}

/// Plays `: place 1`, `: cancel 1`, `: replace 1`, a command, `: until millis`; compares what comes.
fn check(faults: &Value, tape: &str) -> Bench {
    let mut bench = Bench::new(&config(faults));
    let (mut got, mut expected) = (String::new(), String::new());
    for line in tape.lines().map(str::trim).filter(|line| !line.is_empty()) {
        writeln!(expected, "{line}").unwrap();
        let Some(words) = line.strip_prefix(": ") else { continue };
        writeln!(got, "{line}").unwrap();
        let words: Vec<_> = words.split_whitespace().collect();
        let now = bench.now;
        match words[0] {
            "until" => {
                let until = bench.at(words[1].parse().unwrap());
                bench.run(until, None, &mut got);
                bench.now = until;
            }
            word => match RequestKind::ALL.into_iter().find(|kind| kind.name() == word) {
                Some(kind) => {
                    let request = request(kind, words[1].parse().unwrap());
                    bench.sequencer().send(&request, now);
                }
                None => {
                    let named = |command: &&Command| command.name() == word;
                    bench.sequencer().command(*Command::ALL.iter().find(named).unwrap());
                }
            },
        }
    }
    assert!(got == expected, "got:\n{got}\nexpected:\n{expected}");
    bench
}

#[test]
fn an_answer_ends_the_wait() {
    let mut bench = check(
        &json!([]),
        "
        : until 10
        : place 1
        : until 500
        10.0 sent #1
        12.0 accepted #1
        : replace 1
        : until 900
        500.0 sent #1
        502.0 replaced #1
        : cancel 1
        : until 1500
        900.0 sent #1
        902.0 canceled #1
    ",
    );
    let counts = *bench.sequencer().gateway().counts();
    assert_eq!((counts.sent, counts.timed_out, counts.queries), (3, 0, 0));
}

#[test]
fn without_an_answer_it_is_asked_what_has_become_of_the_order() {
    let lost = json!([{ "kind": "lost_ack", "atMs": 5, "forMs": 600_000 }]);
    let mut bench = check(
        &lost,
        "
        : until 10
        : place 1
        : until 500
        10.0 sent #1
        110.0 timed_out #1
        112.0 open #1
        : cancel 1
        : until 900
        500.0 sent #1
        600.0 timed_out #1
        602.0 absent #1
    ",
    );
    let counts = *bench.sequencer().gateway().counts();
    assert_eq!((counts.sent, counts.timed_out, counts.queries), (2, 2, 2));
}

#[test]
fn it_is_asked_again_until_there_is_an_answer() {
    let down = json!([{ "kind": "disconnect", "atMs": 11, "forMs": 450 }]);
    let mut bench = check(
        &down,
        "
        : until 10
        : place 1
        : until 1000
        10.0 sent #1
        110.0 timed_out #1
        612.0 absent #1
    ",
    );
    let counts = *bench.sequencer().gateway().counts();
    // At 110, 210 and so on up to 510 there was no connection; with it the order was lost.
    assert_eq!((counts.sent, counts.timed_out, counts.queries), (1, 1, 6));
}

#[test]
fn what_cannot_leave_has_not_left() {
    let down = json!([{ "kind": "disconnect", "atMs": 5, "forMs": 450 }]);
    let mut bench = check(
        &down,
        "
        : until 10
        : place 1
        : cancel 2
        : until 400
        10.0 not_sent #1 disconnected
        10.0 not_sent #2 disconnected
    ",
    );
    let counts = *bench.sequencer().gateway().counts();
    assert_eq!((counts.sent, counts.kept_back, counts.timed_out), (0, 2, 0));
}

#[test]
fn a_kill_closes_the_gateway_to_all_but_cancels() {
    check(
        &json!([]),
        "
        : until 10
        : place 1
        : until 100
        10.0 sent #1
        12.0 accepted #1
        : kill
        : until 110
        100.0 kill
        : place 2
        : replace 1
        : cancel 1
        : until 200
        110.0 not_sent #2 disconnected
        110.0 not_sent #1 disconnected
        110.0 sent #1
        112.0 canceled #1
        : resume
        : until 210
        200.0 resume
        : place 3
        : until 300
        210.0 not_sent #3 disconnected
        : resume_confirmed
        : until 310
        300.0 resume_confirmed
        : place 4
        : until 400
        310.0 sent #4
        312.0 accepted #4
    ",
    );
}

#[test]
fn an_order_that_the_venue_does_not_know_is_asked_about_at_once() {
    let mut bench = check(
        &json!([]),
        "
        : until 10
        : cancel 1
        : until 200
        10.0 sent #1
        12.0 cancel_rejected #1 unknown_order
        14.0 absent #1
        : replace 2
        : until 400
        200.0 sent #2
        202.0 replace_rejected #2 unknown_order
        204.0 absent #2
    ",
    );
    let counts = *bench.sequencer().gateway().counts();
    assert_eq!((counts.timed_out, counts.queries), (0, 2));
}

#[test]
fn a_late_answer_is_no_answer_to_the_question() {
    // The answer of the order is late by a stall; in doubt, only `open` or `absent` count.
    let stall = json!([{ "kind": "stall", "atMs": 11, "forMs": 150 }]);
    check(
        &stall,
        "
        : until 10
        : place 1
        : until 600
        10.0 sent #1
        110.0 timed_out #1
        161.0 accepted #1
        161.0 open #1
    ",
    );
}

#[test]
fn what_waits_at_once_has_one_order_and_health_does_not_queue() {
    let mut bench = Bench::new(&config(&json!([])));
    let mut got = String::new();
    bench.run(bench.at(5), None, &mut got);
    assert_eq!(got, "");
    let now = bench.at(5);
    let refused =
        Refused { order: order(7), kind: RequestKind::Place, code: RefusalCode::StaleBook };
    let state = Body::State { state: TradingState::Halted, reason: StateReason::Operator };
    let sequencer = bench.sequencer();
    sequencer.send(&request(RequestKind::Place, 1), now);
    sequencer.feed_back(InstrumentId(0), Body::Refused(refused));
    sequencer.feed_back(InstrumentId::ALL, state);
    sequencer.command(Command::Halt);
    sequencer.command(Command::Resume);
    sequencer.set_health(Health::SYNC_LATE);
    sequencer.set_health(Health::RING_NEAR_FULL);
    let deadline = Some(now);
    for _ in 0..7 {
        assert!(bench.sequencer().advance(now, deadline, None));
        writeln!(got, "{}", bench.heard().unwrap()).unwrap();
    }
    let expected = "health 1;halt;resume;refused REJECTED_STALE_BOOK;state HALTED;sent #1;timer;";
    let told: String = got.lines().map(|line| format!("{};", &line["5.0 ".len()..])).collect();
    assert_eq!(told, expected);
    // What was said and taken back before it was heard was never there.
    bench.sequencer().set_health(Health::GOOD);
    bench.sequencer().set_health(Health::RING_NEAR_FULL);
    assert!(!bench.sequencer().has_internal());
}

#[test]
fn a_clock_that_steps_back_moves_no_stamp() {
    let mut bench = Bench::new(&config(&json!([])));
    let mut got = String::new();
    bench.run(bench.at(50), None, &mut got);
    let (before, early) = (bench.latest, bench.at(3));
    bench.sequencer().command(Command::Halt);
    assert!(bench.sequencer().advance(early, None, None));
    assert_eq!(bench.heard().unwrap().split(' ').nth(1), Some("halt"));
    assert_eq!(bench.latest, before);
    // A timer that is long due gets the time of its turn at the earliest.
    assert!(bench.sequencer().advance(early, Some(early), None));
    assert!(bench.heard().unwrap().ends_with("timer"));
}

/// Runs the pilot with so many orders open, each input at the time that it says; what was no market
/// data, and how many inputs came before the first of it.
fn pilot(bench: &mut Bench, open_orders: impl Fn(&str) -> u64) -> String {
    let mut got = String::new();
    for _ in 0..1_000_000 {
        let Engine { pilot, sequencer, .. } = &mut bench.engine;
        let Some(now) = pilot.now(sequencer, None, open_orders(&got)) else {
            assert!(pilot.is_done(), "in lock-step nothing due is the end");
            assert!(bench.engine.done.load(std::sync::atomic::Ordering::Acquire));
            return got;
        };
        if sequencer.advance(now, None, None)
            && let Some(text) = bench.heard()
        {
            writeln!(got, "{text}").unwrap();
        }
    }
    panic!("the run does not end: {got}");
}

#[test]
fn a_run_ends_with_its_duration() {
    let mut over = config(&json!([]));
    over["duration"] = "2s".into();
    let mut bench = Bench::new(&over);
    assert_eq!(pilot(&mut bench, |_| 0), "2001.0 shutdown\n");
    assert!(bench.sequence > 50);
    let end = bench.latest;
    // What is open then is awaited until it is gone.
    let mut bench = Bench::new(&over);
    assert_eq!(pilot(&mut bench, |got| u64::from(got.is_empty())), "2001.0 shutdown\n");
    assert_eq!(bench.latest, end);
}

#[test]
fn a_stop_ends_a_run_at_once_and_what_is_unanswered_is_given_up() {
    let lost = json!([{ "kind": "lost_ack", "atMs": 5, "forMs": 600_000 }]);
    let mut over = config(&lost);
    over["timing"]["orderTimeoutMs"] = 60_000.into();
    let mut bench = Bench::new(&over);
    let mut got = String::new();
    bench.run(bench.at(100), None, &mut got);
    let at = bench.latest;
    bench.sequencer().send(&request(RequestKind::Place, 1), at);
    bench.engine.stop.request();
    let told = pilot(&mut bench, |_| 1);
    let words: Vec<_> = told.lines().map(|line| line.split_once(' ').unwrap().1).collect();
    assert_eq!(words, ["shutdown", "sent #1", "timed_out #1"]);
    // The grace of the rig is half a second.
    assert_eq!(bench.latest.0 - at.0, 500_000_000);
}

#[test]
fn a_recording_that_has_no_more_ends_the_run() {
    let tape = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tapes/demo_coinbase_exchange.txt");
    let over = json!({
        "mode": "replay", "venue": "coinbase-exchange", "input": [tape], "instruments": []
    });
    let mut bench = Bench::new(&over);
    let told = pilot(&mut bench, |_| 0);
    assert_eq!(told.lines().count(), 1, "{told}");
    assert!(told.ends_with(" shutdown\n"));
    assert!(bench.sequence > 500);
}
