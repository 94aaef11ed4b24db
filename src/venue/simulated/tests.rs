//! The venue as one who is connected to it hears it: scripts and what is heard, fault by fault; the
//! crowd's market; the truth over a restart.

mod crowd;
mod scripts;
mod truth;

use super::matching::Incoming;
use super::orders::Owner;
use super::*;
use crate::event::{Level, Proposal, ReportKind, RequestKind, Shape};
use crate::types::{Currency, Price, Qty, Scale, Side, Symbol, TimeInForce};

const MILLI: i64 = 1_000_000;

fn instrument() -> InstrumentId {
    InstrumentId(0)
}

/// A venue without a crowd: 1 ms to us with market data, 3 ms with reports, 2 ms to the venue.
fn quiet() -> SimulatorParams {
    let nobody = ParticipantParams { count: 0, rate_per_minute: 0.0, notional: 100.0 };
    let unit = Scale::power_of_ten(0);
    let fixed = |millis| LatencyParams { fixed: Nanos::from_millis(millis), jitter: Nanos(0) };
    SimulatorParams {
        markets: vec![MarketParams {
            symbol: Symbol::new(b"X-Y").unwrap(),
            base: Currency::new(b"X").unwrap(),
            quote: Currency::new(b"Y").unwrap(),
            tick: unit,
            lot: unit,
            order_step: unit,
            start_price: Price(100),
            volatility: 0.0,
            drift: 0.0,
            jumps_per_hour: 0.0,
            jump_bps: 0.0,
        }],
        crowd: CrowdParams {
            taker: nobody,
            maker: nobody,
            maker_spread_bps: 4.0,
            maker_lag: Nanos(0),
            noise: nobody,
            noise_depth_bps: 10.0,
            arbitrageur: nobody,
            arbitrageur_edge_bps: 1.0,
        },
        feed: fixed(1),
        orders: fixed(2),
        reports: fixed(3),
        maker_fee: FeeRate(100),
        taker_fee: FeeRate(500),
        cancel_on_disconnect: false,
        faults: vec![],
    }
}

fn venue(params: &SimulatorParams, seed: u64, truth: Option<Truth>) -> Simulated {
    let mut table = InstrumentTable::new(8);
    params.add_to(&mut table).unwrap();
    Simulated::new(params, &table, (seed, Nanos(0)), truth).unwrap()
}

fn request(proposal: &Proposal) -> OrderRequest {
    OrderRequest::unpack(&proposal.pack()).unwrap()
}

/// A request of the epoch 1.
fn proposal(kind: RequestKind, id: u64, (side, price, qty): (Side, i64, i64)) -> Proposal {
    Proposal {
        order: OrderId(1 << 32 | id),
        price: Price(price),
        qty: Qty(qty),
        instrument: instrument(),
        kind,
        side,
        time_in_force: TimeInForce::GoodTillCancel,
        post_only: false,
        reduce_only: false,
    }
}

/// One line for what is heard.
fn line(part: &Part) -> String {
    let (at, body) = (part.event.received.0, part.event.body);
    let level = |l: &Level| format!("{} {}:{}", l.side().name(), l.price().0, l.qty().0);
    let levels: Vec<_> = part.levels().iter().map(level).collect();
    let millis = format!("{}.{:03}ms", at / MILLI, at % MILLI / 1000);
    let millis = millis.replace(".000", "");
    let text = match body {
        Body::Levels(head) => {
            let shape = if head.shape == Shape::Snapshot { "snapshot" } else { "update" };
            format!("{shape} {} [{}]", { head.id }, levels.join(" "))
        }
        Body::Trade(t) => {
            let (id, price, qty) = (t.id, t.price.0, t.qty.0);
            format!("trade #{id} {} takes {qty} at {price}", t.aggressor.name())
        }
        Body::Report(report) => {
            let (id, kind) = (report.order.0 & 0xffff, report.kind);
            let mut text = format!("{} {id} {}", kind.name(), levels[0]);
            if kind == ReportKind::Filled {
                let (trade, fee, decimals) = (report.trade_id, report.fee, report.fee_decimals);
                let who = if report.maker { "maker" } else { "taker" };
                text += &format!(" #{trade} {who} fee {fee}e-{decimals}");
            }
            if report.code != crate::event::RejectCode::None {
                text += &format!(" {}", report.code.name());
            }
            text
        }
        Body::Heartbeat { .. } => "heartbeat".to_string(),
        Body::Subscribed { .. } => "subscribed".to_string(),
        Body::Status(status) => format!("status {status:?}"),
        Body::Fault(reason) => format!("fault {}", reason.name()),
        other => panic!("the venue does not say {other:?}"),
    };
    format!("{millis} {text}")
}

/// What is told of all that it knows: our trades from that number on, what rests, and the end.
#[test]
fn all_that_it_knows_is_told_when_it_is_asked() {
    let mut venue = venue(&quiet(), 1, None);
    let acts = [(10, "place 1 bid 90 5"), (10, "place 2 bid 91 4"), (20, "them ask 91 2")];
    for (at, text) in acts.into_iter().chain([(25, "them ask 91 1"), (40, "query all 2")]) {
        let words: Vec<_> = text.split_whitespace().collect();
        act(&mut venue, Nanos(at * MILLI), &words);
    }
    let mut heard = Vec::new();
    listen(&mut venue, Nanos(60 * MILLI), &mut heard);
    heard.retain(|line| line.starts_with("45ms"));
    heard.iter_mut().for_each(|line| line.truncate(24));
    let expected = [
        "45ms fill 2 bid 91:1 #2 ",
        "45ms open 1 bid 90:5",
        "45ms open 2 bid 91:1",
        "45ms absent 0 bid 0:0",
    ];
    assert_eq!(heard, expected);
}

/// Everything heard until then.
fn listen(venue: &mut Simulated, until: Nanos, heard: &mut Vec<String>) {
    let mut part = Part::empty();
    while venue.hear(until, &mut part) {
        assert!(part.event.received <= until);
        heard.push(line(&part));
    }
}

fn side(name: &str) -> Side {
    Side::BOTH.into_iter().find(|side| side.name() == name).expect("bid or ask")
}

fn number(text: &str) -> i64 {
    text.parse().unwrap_or_else(|_| panic!("{text} is no number"))
}

/// Does what a line of a script says: who does it, what, and with which numbers.
fn act(venue: &mut Simulated, at: Nanos, words: &[&str]) {
    match *words {
        // Somebody else, one for each side: an order that rests or takes.
        ["them", name, price, qty] => {
            venue.advance(at);
            let order = Incoming {
                tag: u64::MAX,
                price: Some(Price(number(price))),
                qty: Qty(number(qty)),
                owner: Owner(7 + side(name) as u32),
                side: side(name),
                time_in_force: TimeInForce::GoodTillCancel,
                post_only: false,
            };
            venue.markets[0].place(&order);
            venue.settle(0, at, None);
        }
        [kind @ ("place" | "replace"), id, name, price, qty, ref how @ ..] => {
            let kind = if kind == "place" { RequestKind::Place } else { RequestKind::Replace };
            let terms = (side(name), number(price), number(qty));
            let mut proposal = proposal(kind, number(id).cast_unsigned(), terms);
            match *how {
                [] => {}
                ["post"] => proposal.post_only = true,
                ["ioc"] => proposal.time_in_force = TimeInForce::ImmediateOrCancel,
                ["fok"] => proposal.time_in_force = TimeInForce::FillOrKill,
                ref other => panic!("{other:?}"),
            }
            assert!(venue.send(&request(&proposal), at) == venue.is_connected());
        }
        ["cancel", id] => {
            let terms = (Side::Bid, 1, 1);
            let proposal = proposal(RequestKind::Cancel, number(id).cast_unsigned(), terms);
            assert!(venue.send(&request(&proposal), at) == venue.is_connected());
        }
        ["query", "all", from] => assert!(venue.query_all(number(from).cast_unsigned(), at)),
        ["query", id] => {
            assert!(venue.query(OrderId(1 << 32 | number(id).cast_unsigned()), instrument(), at));
        }
        ["resync"] => assert!(venue.resync(instrument(), at)),
        ["reconnect"] => assert!(venue.reconnect(at)),
        ["reconnect", "refused"] => assert!(!venue.reconnect(at)),
        ["end"] => {}
        ref other => panic!("{other:?} is no action"),
    }
}

/// Plays a script of `<ms> <action>` lines and compares what is heard, in order, with the lines
/// that begin with `<`; those at the start of every connection are left out when `heads` says so.
fn play(venue: &mut Simulated, script: &str) {
    let (mut heard, mut expected, mut asked) = (vec![], vec![], vec![]);
    for text in script.lines().map(str::trim).filter(|text| !text.is_empty()) {
        if let Some(text) = text.strip_prefix("< ") {
            expected.push(text.to_string());
            continue;
        }
        let words: Vec<_> = text.split_whitespace().collect();
        let at = Nanos(number(words[0]) * MILLI);
        listen(venue, at, &mut heard);
        act(venue, at, &words[1..]);
        asked.push(text);
    }
    assert_eq!(heard, expected, "\nasked: {asked:#?}\nheard: {heard:#?}");
}
