//! The circuit breaker in the whole core: each trigger opens it, what grows ends and what reduces
//! stays, it is half open after its cool-down, trips again or closes; and the proof of a start.

#![expect(clippy::unwrap_used, reason = "a test")]

use crate::core_rig::core_params;
use pinnaclemm::engine::buffer::Buffer;
use pinnaclemm::engine::risk::{ExitParams, Opening, Output};
use pinnaclemm::engine::{Core, CoreParams};
use pinnaclemm::event::{
    Asked, Body, Command, Event, Health, Level, Levels, Report, ReportKind, RequestKind, Shape,
    Stale, Trade,
};
use pinnaclemm::threads::fused::fed_back;
use pinnaclemm::threads::proof::prove;
use pinnaclemm::types::{InstrumentId, Nanos, Price, Qty, Side};
use serde_json::{Value, json};
use std::collections::VecDeque;

const ORIGIN_MS: i64 = 20_454 * 86_400_000;

fn config(over: &[(&str, Value)]) -> CoreParams {
    let mut breaker = json!({});
    over.iter().for_each(|(key, value)| breaker[*key] = value.clone());
    core_params(&json!({
        "account": { "capital": 1_000_000 },
        "risk_management": {
            "limits": {
                "max_position_size": 40, "max_notional_exposure": 1_000_000,
                "max_net_exposure": 1_000_000, "max_gross_exposure": 1_000_000,
                "max_drawdown_pct": 50, "daily_loss_limit": 50_000, "min_order_size": 2,
                "max_order_size": 20, "max_order_value": 300_000, "max_daily_volume": 10_000,
                "max_orders_per_second": 4000, "price_collar_bps": 100
            },
            "circuit_breaker": breaker
        },
        "strategy": {
            "fairValue": "mid", "baseSpreadBps": 10, "minSpreadBps": 5, "edgeBps": 1,
            "volatilityFactor": 0, "imbalanceFactor": 0, "referencePrice": 10_000,
            "orderQuantity": 10, "minOrderQuantity": 2, "maxOrderQuantity": 20,
            "maxPosition": 30, "maxLevels": 1, "requoteToleranceTicks": 3, "minQuoteLifeMs": 0,
            "volatilityWarmupMs": 0, "requestsPerSecond": 3000
        },
        "exchange": { "simulator": { "tickSize": 1, "lotSize": 1, "startPrice": 10_000 } }
    }))
}

/// The core and a venue that takes every order at once and fills none.
struct Bench {
    core: Core,
    out: Buffer<Output>,
    now: i64,
    sequence: u64,
    waiting: VecDeque<(InstrumentId, Body, Vec<Level>)>,
    /// What the breaker did, and what orders were asked for, in order.
    told: Vec<String>,
}

impl Bench {
    fn new(params: &CoreParams) -> Self {
        Self {
            core: Core::new(params),
            out: Buffer::new(Core::outputs_max(params)),
            now: 0,
            sequence: 0,
            waiting: VecDeque::new(),
            told: Vec::new(),
        }
    }

    fn input(&mut self, instrument: InstrumentId, body: Body, levels: &[Level]) {
        self.sequence += 1;
        let received = Nanos::from_millis(ORIGIN_MS + self.now);
        let venue_time = Nanos::UNKNOWN;
        let event = Event { sequence: self.sequence, received, venue_time, instrument, body };
        self.out.clear();
        self.core.apply(&event, levels, &mut self.out);
        for output in self.out.items() {
            if let Some((instrument, body)) = fed_back(output) {
                self.waiting.push_back((instrument, body, Vec::new()));
            }
            match output {
                Output::Breaker { change, .. } => {
                    let (was, state) = (change.was.name(), change.state.name());
                    let trigger = change.trigger.name();
                    self.told.push(format!("{} {was} -> {state} {trigger}", self.now));
                }
                Output::Refusal(refusal) => self.told.push(refusal.code.name().to_owned()),
                Output::Request(request) => {
                    let terms = *request.terms();
                    let (kind, side) = (terms.kind.name(), terms.side.name());
                    self.told.push(format!("{kind} {side} {}", terms.qty.0));
                    let level = vec![Level::new(terms.side, terms.price, terms.qty)];
                    let answers: &[ReportKind] = match terms.kind {
                        RequestKind::Place => &[ReportKind::Sent, ReportKind::Accepted],
                        RequestKind::Replace => &[ReportKind::Replaced],
                        RequestKind::Cancel => &[ReportKind::Canceled],
                    };
                    for kind in answers {
                        let report = Body::Report(Report::new(terms.order, *kind));
                        self.waiting.push_back((terms.instrument, report, level.clone()));
                    }
                }
                _ => {}
            }
        }
    }

    /// An input, and all that comes back of it.
    fn hear(&mut self, instrument: InstrumentId, body: Body, levels: &[Level]) {
        self.input(instrument, body, levels);
        while let Some((instrument, body, levels)) = self.waiting.pop_front() {
            self.input(instrument, body, &levels);
        }
    }

    fn hear_all(&mut self, body: Body) {
        self.hear(InstrumentId::ALL, body, &[]);
    }

    fn command(&mut self, command: Command) {
        self.hear_all(Body::Command(Asked::plain(command)));
    }

    /// Time goes on to there, with every timer that the core has named.
    fn wait(&mut self, until: i64) {
        while let Some(due) = self.core.deadline() {
            let due = due.0.div_euclid(1_000_000) + 1 - ORIGIN_MS;
            if due > until {
                break;
            }
            self.now = self.now.max(due);
            self.hear_all(Body::Timer);
        }
        self.now = until;
    }

    /// A book around the price, after so many milliseconds.
    fn book(&mut self, after: i64, price: i64, spread: i64) {
        self.wait(self.now + after);
        let bid = price - spread / 2;
        let levels = [
            Level::new(Side::Bid, Price(bid), Qty(5)),
            Level::new(Side::Ask, Price(bid + spread), Qty(5)),
        ];
        let head = Levels {
            shape: Shape::Snapshot,
            first: true,
            last: true,
            count: 2,
            follows: 0,
            id: 0,
            checksum: None,
        };
        self.hear(InstrumentId(0), Body::Levels(head), &levels);
    }

    fn trade(&mut self, qty: i64) {
        let (price, qty, aggressor) = (Price(10_000), Qty(qty), Side::Bid);
        let trade = Trade { price, qty, id: 0, aggressor, history: false };
        self.hear(InstrumentId(0), Body::Trade(trade), &[]);
    }

    /// Our resting bid or ask trades so much.
    fn fill(&mut self, side: Side, qty: i64) {
        let order = self.core.risk().live_orders().find(|order| order.side == side).unwrap();
        let mut report = Report::new(order.id, ReportKind::Filled);
        (report.trade_id, report.maker) = (self.sequence, true);
        let level = Level::new(side, order.price, Qty(qty));
        self.hear(InstrumentId(0), Body::Report(report), &[level]);
    }

    /// What was told since the last call.
    fn take(&mut self) -> String {
        std::mem::take(&mut self.told).join("\n")
    }

    /// What the breaker did since the last call.
    fn moves(&mut self) -> String {
        let told = std::mem::take(&mut self.told);
        let moves: Vec<_> = told.into_iter().filter(|line| line.contains(" -> ")).collect();
        moves.join("\n")
    }
}

/// Plays a market that trips; the first change, without its time.
fn trips(over: &[(&str, Value)], market: impl FnOnce(&mut Bench)) -> String {
    let mut bench = Bench::new(&config(over));
    market(&mut bench);
    let moves = bench.moves();
    let first = moves.lines().next().unwrap_or("0 nothing");
    first.split_once(' ').unwrap().1.to_owned()
}

#[test]
fn every_trigger_opens_the_breaker() {
    let calm = |bench: &mut Bench, seconds: i64| {
        (0..seconds).for_each(|_| bench.book(1000, 10_000, 2));
    };
    let check = |name: &str, market: &dyn Fn(&mut Bench)| {
        let told = trips(&[], |bench| market(bench));
        assert_eq!(told, format!("CLOSED -> OPEN {name}"));
    };
    check("RAPID_PRICE_MOVE_1MIN", &|bench| {
        calm(bench, 3);
        bench.book(100, 10_201, 2);
    });
    // A spike that comes back at once is seen too.
    check("RAPID_PRICE_MOVE_1MIN", &|bench| {
        calm(bench, 3);
        bench.book(10, 9_790, 2);
        bench.book(10, 10_000, 2);
    });
    check("RAPID_PRICE_MOVE_5MIN", &|bench| {
        for minute in 0..5 {
            (0..65).for_each(|_| bench.book(1000, 10_000 + minute * 130, 2));
        }
    });
    check("SPREAD_WIDENING", &|bench| {
        calm(bench, 70);
        (0..20).for_each(|second| bench.book(1000, 10_000 + second % 2, 40));
    });
    check("VOLUME_SPIKE", &|bench| {
        for second in 0..1320 {
            bench.trade(if second < 1260 { 10 } else { 60 });
            bench.book(1000, 10_000, 2);
        }
    });
    check("MARKET_CRISIS", &|bench| {
        (0..320).for_each(|second| bench.book(1000, 10_000 + second % 2, 2));
        (0..60).for_each(|second| bench.book(1000, 10_000 + second % 2 * 40, 2));
    });
    check("LATENCY_DEGRADATION", &|bench| bench.hear_all(Body::Health(Health::LATENCY_HIGH)));
    check("CONNECTIVITY_LOSS", &|bench| {
        calm(bench, 1);
        bench.hear_all(Body::Fault(Stale::Disconnected));
        bench.wait(10_000);
    });
    check("MANUAL", &|bench| bench.command(Command::Trip));
}

#[test]
fn what_stays_below_its_threshold_trips_nothing() {
    let told = trips(&[], |bench| {
        // A move of 1.99 % within a minute, a spread of nine basis points, a short disconnection.
        (0..70).for_each(|_| bench.book(1000, 10_000, 2));
        bench.book(100, 10_199, 2);
        (0..20).for_each(|_| bench.book(1000, 10_100, 9));
        bench.hear_all(Body::Fault(Stale::Disconnected));
        bench.book(4000, 10_100, 2);
        bench.wait(200_000);
    });
    assert_eq!(told, "nothing");
    let off = [("enabled", json!(false))];
    let told = trips(&off, |bench| {
        bench.book(1000, 10_000, 2);
        bench.book(1000, 11_000, 2);
        bench.hear_all(Body::Health(Health::LATENCY_HIGH));
    });
    assert_eq!(told, "nothing");
}

#[test]
fn it_cools_down_is_half_open_trips_again_and_closes() {
    let mut bench = Bench::new(&config(&[]));
    bench.book(0, 10_000, 2);
    bench.book(1000, 10_201, 2);
    (0..29).for_each(|_| bench.book(1000, 10_201, 2));
    assert_eq!(bench.moves(), "1000 CLOSED -> OPEN RAPID_PRICE_MOVE_1MIN");
    (0..5).for_each(|_| bench.book(1000, 10_201, 2));
    let moves = bench.moves();
    assert_eq!(moves, "31000 OPEN -> HALF_OPEN RAPID_PRICE_MOVE_1MIN");
    bench.book(0, 10_000, 2);
    bench.book(0, 9_990, 2);
    assert_eq!(bench.moves(), "35000 HALF_OPEN -> OPEN RAPID_PRICE_MOVE_1MIN");
    assert_eq!(bench.core.risk().breaker().trips, 2);
    // A silent market: the core names the time itself.
    bench.wait(80_000);
    assert_eq!(
        bench.moves(),
        "65001 OPEN -> HALF_OPEN RAPID_PRICE_MOVE_1MIN\n\
         75002 HALF_OPEN -> CLOSED RAPID_PRICE_MOVE_1MIN"
    );
}

#[test]
fn the_loss_of_the_connection_ends_when_the_venue_is_heard() {
    let mut bench = Bench::new(&config(&[]));
    bench.book(0, 10_000, 2);
    bench.hear_all(Body::Fault(Stale::Disconnected));
    bench.wait(100_000);
    bench.book(0, 10_000, 2);
    bench.wait(111_000);
    assert_eq!(
        bench.moves(),
        "5001 CLOSED -> OPEN CONNECTIVITY_LOSS\n\
         100000 OPEN -> HALF_OPEN CONNECTIVITY_LOSS\n\
         110001 HALF_OPEN -> CLOSED CONNECTIVITY_LOSS"
    );
}

#[test]
fn open_lets_only_what_reduces_and_half_open_small_orders() {
    let mut bench = Bench::new(&config(&[]));
    bench.book(0, 10_000, 2);
    assert_eq!(bench.take(), "place bid 10\nplace ask 10");
    bench.fill(Side::Bid, 4);
    bench.take();
    bench.command(Command::Trip);
    // Four are held: what buys ends, and what sells is no more than four.
    let told = bench.take();
    assert!(told.starts_with("0 CLOSED -> OPEN MANUAL\ncancel bid"), "{told}");
    assert!(told.contains("ask 4") && !told.contains("place bid"), "{told}");
    bench.book(1000, 10_050, 2);
    let told = bench.take();
    assert!(told.contains("ask 4") && !told.contains("bid"), "{told}");
    // By hand it stays so, whatever time goes by.
    (0..200).for_each(|_| bench.book(5000, 10_050, 2));
    assert_eq!(bench.moves(), "");
    bench.fill(Side::Ask, 4);
    assert_eq!(bench.take(), "", "nothing is held, and nothing may grow");
    bench.command(Command::Reset);
    let told = bench.take();
    assert_eq!(told.lines().next(), Some("1001000 OPEN -> CLOSED MANUAL"));
    assert!(told.contains("place bid 10\nplace ask 10"), "{told}");
    bench.book(1000, 10_050, 2);
    bench.book(1000, 10_300, 2);
    bench.take();
    bench.wait(bench.now + 31_000);
    bench.book(0, 10_300, 2);
    let told = bench.take();
    assert!(told.contains("OPEN -> HALF_OPEN"), "{told}");
    assert!(told.contains("place bid 2\nplace ask 2"), "a quarter of ten: {told}");
}

#[test]
fn reducing_quotes_the_side_that_reduces() {
    let mut bench = Bench::new(&config(&[]));
    bench.book(0, 10_000, 2);
    bench.fill(Side::Ask, 10);
    bench.take();
    bench.command(Command::Reduce);
    bench.book(1000, 10_050, 2);
    let told = bench.take();
    let live: Vec<_> = bench.core.risk().live_orders().map(|o| (o.side, o.leaves())).collect();
    assert_eq!(live, [(Side::Bid, 10)], "{told}");
    bench.fill(Side::Bid, 7);
    let live: Vec<_> = bench.core.risk().live_orders().map(|o| (o.side, o.leaves())).collect();
    assert_eq!(live, [(Side::Bid, 3)]);
    bench.fill(Side::Bid, 3);
    assert_eq!(bench.core.risk().live_orders().count(), 0);
    bench.command(Command::Resume);
    assert!(bench.take().contains("place bid 10\nplace ask 10"));
}

#[test]
fn it_outlives_a_restart() {
    let mut params = config(&[]);
    let mut bench = Bench::new(&params);
    bench.book(0, 10_000, 2);
    bench.command(Command::Trip);
    let left = bench.core.risk().closing();
    let text = serde_json::to_string(&left).unwrap();
    params.opening = Some(serde_json::from_str::<Opening>(&text).unwrap());
    let mut next = Bench::new(&params);
    next.book(2000, 10_000, 2);
    assert_eq!(next.take(), "", "it is still open");
    next.command(Command::Reset);
    assert!(next.take().starts_with("2000 OPEN -> CLOSED MANUAL"));
}

#[test]
fn the_proof_of_a_start_breaks_every_rule() {
    let proved = prove(&core_params(&json!({}))).unwrap();
    // Limits, losses, triggers, value at risk.
    assert_eq!(proved.len(), 8 + 2 + 8 + 1, "{proved:?}");
    // However little of a limit the hedge leaves alone.
    for left in [0.5, 50.0, 100.0] {
        let with = core_params(&json!({
            "risk": { "stopLossPct": 3, "takeProfitPct": 5 },
            "risk_management": { "auto_hedge": { "enabled": true, "threshold_pct": left } }
        }));
        let proved = prove(&with).unwrap();
        for rule in ["auto_hedge", "stop_loss", "take_profit"] {
            assert!(proved.iter().any(|one| one == rule), "{left} {rule}: {proved:?}");
        }
    }
    // Without automatic triggers the limits are left.
    let off = config(&[("enabled", json!(false))]);
    assert_eq!(prove(&off).unwrap().len(), 10 + 1);
    // A rule that cannot fire is found.
    let mut deaf = config(&[]);
    deaf.instruments[0].limits.qty_max = i64::MAX;
    assert_eq!(prove(&deaf).unwrap_err().rule, "max_order_size");
    assert!(prove(&deaf).unwrap_err().to_string().contains("nothing starts"));
    // So is a loss that no price comes to.
    let mut deaf = config(&[]);
    deaf.risk.exit = Some(ExitParams { stop_ppm: u32::MAX, take_ppm: 0 });
    assert_eq!(prove(&deaf).unwrap_err().rule, "stop_loss");
}
