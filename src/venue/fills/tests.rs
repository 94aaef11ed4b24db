//! Tapes in, reports out: what each request and each market event brings about, and when it is heard.

use super::*;
use crate::engine::book::{BookParams, Rules, WireScales};
use crate::event::{
    Levels, MarketStatus, OrderKey, OrderUpdate, Proposal, RejectCode, RequestKind, Stale,
};
use crate::types::{Currency, Origin, Product, Scale, Symbol, TimeInForce, Venue};

pub(super) fn table(venue: Venue) -> InstrumentTable {
    let mut table = InstrumentTable::new(1);
    let scale = Scale::power_of_ten(0);
    let name = Currency::new(b"X").unwrap();
    let symbol = Symbol::new(b"X").unwrap();
    let product = Product {
        symbol,
        base: name,
        quote: name,
        tick: scale,
        lot: scale,
        order_step: scale,
        trading: true,
    };
    table.add(venue, &product).unwrap();
    table
}

pub(super) fn model(params: &FillParams, venue: Venue, orders_max: usize) -> FillModel {
    let table = table(venue);
    let rules = Rules::of(venue);
    let mut books = Books::new(rules.silence_max);
    let scales = WireScales::from(table.get(InstrumentId(0)));
    let book = BookParams::new(rules, scales);
    books.add(&BookParams { window_ticks: 4096, far_levels_max: 64, orders_max, ..book });
    FillModel::new(params, &table, books)
}

/// No latency, the given queue model, 1 bp for making and 5 for taking.
pub(super) fn instant(queue: QueueModel) -> FillParams {
    FillParams {
        queue,
        order_latency: Nanos(0),
        report_latency: Nanos(0),
        feed_latency: Nanos(0),
        maker_fee: FeeRate { mantissa: 1, decimals: 0 },
        taker_fee: FeeRate { mantissa: 5, decimals: 0 },
    }
}

pub(super) fn event(time: i64, body: Body) -> Event {
    Event {
        sequence: 0,
        received: Nanos(time),
        venue_time: Nanos(time),
        instrument: InstrumentId(0),
        body,
    }
}

pub(super) fn levels(shape: Shape, count: usize) -> Body {
    let count = u8::try_from(count).unwrap();
    Body::Levels(Levels {
        shape,
        first: true,
        last: true,
        count,
        follows: 0,
        id: 0,
        checksum: None,
    })
}

fn side(word: &str) -> Side {
    match word {
        "bid" => Side::Bid,
        "ask" => Side::Ask,
        _ => panic!("{word} is no side"),
    }
}

fn number(word: &str) -> i64 {
    word.parse().unwrap_or_else(|_| panic!("{word} is no number"))
}

pub(super) fn order_id(counter: i64) -> OrderId {
    OrderId::new(1, Origin::Quoter, u32::try_from(counter).unwrap())
}

fn request(words: &[&str]) -> OrderRequest {
    let kind = match words[0] {
        "place" => RequestKind::Place,
        "replace" => RequestKind::Replace,
        _ => RequestKind::Cancel,
    };
    let has = |word| words.contains(&word);
    let proposal = Proposal {
        order: order_id(number(words[1])),
        price: Price(words.get(3).map_or(0, |w| number(w))),
        qty: Qty(words.get(4).map_or(0, |w| number(w))),
        instrument: InstrumentId(0),
        kind,
        side: words.get(2).map_or(Side::Bid, |w| side(w)),
        time_in_force: if has("ioc") {
            TimeInForce::ImmediateOrCancel
        } else if has("fok") {
            TimeInForce::FillOrKill
        } else {
            TimeInForce::GoodTillCancel
        },
        post_only: has("post"),
        reduce_only: false,
    };
    OrderRequest::unpack(&proposal.pack()).unwrap()
}

/// One report as a line: when it is heard, what, and the numbers that its kind has.
pub(super) fn line(part: &Part) -> String {
    let Body::Report(report) = part.event.body else { panic!("no report") };
    let level = part.levels()[0];
    let (at, kind, order) = (part.event.received.0, report.kind.name(), report.order.counter());
    let mut line = format!(
        "{at} {kind} {order} {} {} {}",
        level.side().name(),
        level.price().0,
        level.qty().0
    );
    if report.code != RejectCode::None {
        line += &format!(" {}", report.code.name());
    }
    if report.kind == ReportKind::Filled {
        let part = if report.maker { "maker" } else { "taker" };
        let (fee, decimals) = (report.fee, report.fee_decimals);
        line += &format!(" {part} {fee}e-{decimals}");
    }
    line
}

fn market_event(time: i64, words: &[&str]) -> (Event, Vec<Level>) {
    let level = |w: &[&str]| Level::new(side(w[0]), Price(number(w[1])), Qty(number(w[2])));
    let order = |action| {
        let key = OrderKey { high: 1, low: number(words[1]).unsigned_abs() };
        let update = OrderUpdate { key, action, snapshot: false, first: false, id: 0 };
        (event(time, Body::Order(update)), vec![level(&words[2..5])])
    };
    match words[0] {
        kind @ ("book" | "set" | "top") => {
            let all: Vec<_> = words[1..].chunks(3).map(level).collect();
            let shape = match kind {
                "book" => Shape::Snapshot,
                "set" => Shape::Update,
                _ => Shape::Top,
            };
            (event(time, levels(shape, all.len())), all)
        }
        kind @ ("trade" | "old") => {
            let (price, qty) = (Price(number(words[2])), Qty(number(words[3])));
            let aggressor = side(words[1]);
            let history = kind == "old";
            (event(time, Body::Trade(Trade { price, qty, id: 0, aggressor, history })), vec![])
        }
        // A trade that is told late: its venue time stands last.
        "late" => {
            let (price, qty) = (Price(number(words[2])), Qty(number(words[3])));
            let trade = Trade { price, qty, id: 0, aggressor: side(words[1]), history: false };
            let venue_time = Nanos(number(words[4]));
            (Event { venue_time, ..event(time, Body::Trade(trade)) }, vec![])
        }
        "open" => order(OrderAction::Open),
        "match" => order(OrderAction::Match),
        "done" => order(OrderAction::Done),
        "fault" => (event(time, Body::Fault(Stale::Disconnected)), vec![]),
        "halt" => (event(time, Body::Status(MarketStatus::Halted)), vec![]),
        word => panic!("{word} is nothing"),
    }
}

/// Plays lines of `TIME what…`; then everything that is to be heard until time 10,000.
fn play(mut model: FillModel, tape: &str) -> Vec<String> {
    let mut heard = Vec::new();
    let mut part = Part::empty();
    for text in tape.lines().map(str::trim).filter(|text| !text.is_empty()) {
        let words: Vec<_> = text.split_whitespace().collect();
        let (time, words) = (number(words[0]), &words[1..]);
        // What is due before the event is heard before it.
        while model.hear(Nanos(time - 1), &mut part) {
            heard.push(line(&part));
        }
        match words[0] {
            "place" | "replace" | "cancel" => model.send(&request(words), Nanos(time)),
            "query" => {
                let order = order_id(number(words[1]));
                model.query(order, InstrumentId(0), Nanos(time));
            }
            _ => {
                let (event, levels) = market_event(time, words);
                model.observe(&event, &levels);
            }
        }
    }
    while let Some(due) = model.due() {
        assert!(due.0 <= 10_000);
        while model.hear(due, &mut part) {
            heard.push(line(&part));
        }
    }
    heard
}

fn check(params: &FillParams, tape: &str, expected: &[&str]) {
    let heard = play(model(params, Venue::CoinbaseExchange, 0), tape);
    assert_eq!(heard, expected, "{tape}");
}

fn averse(tape: &str, expected: &[&str]) {
    check(&instant(QueueModel::RiskAverse), tape, expected);
}

#[test]
fn an_order_waits_for_its_turn_and_is_filled_in_parts() {
    averse(
        "10 book bid 100 5 ask 102 5
         11 place 1 bid 100 4 post
         20 trade ask 100 3
         21 set bid 100 2
         22 trade ask 100 4
         23 set bid 100 0 bid 99 7
         24 trade ask 100 1
         25 trade ask 99 1",
        &[
            "11 accepted 1 bid 100 4",
            "22 fill 1 bid 100 2 maker 2e-2",
            "24 fill 1 bid 100 1 maker 1e-2",
            "25 fill 1 bid 100 1 maker 1e-2",
        ],
    );
}

#[test]
fn trades_of_the_other_direction_history_and_tops_fill_nothing() {
    averse(
        "10 book bid 100 5 ask 102 5
         11 place 1 bid 101 4 post
         12 place 2 ask 102 4 post
         20 trade bid 101 9
         21 old ask 101 9
         22 top bid 90 1 ask 91 1
         23 trade ask 102 9
         24 trade bid 101 9",
        &["11 accepted 1 bid 101 4", "12 accepted 2 ask 102 4"],
    );
}

#[test]
fn a_trade_that_was_over_when_an_order_came_is_none_of_its() {
    averse(
        "10 book bid 100 5 ask 110 5
         20 set bid 100 2
         21 place 1 bid 100 4 post
         22 place 2 bid 101 4 post
         23 late ask 100 3 19
         24 late ask 99 9 20
         25 late ask 100 3 21",
        &["21 accepted 1 bid 100 4", "22 accepted 2 bid 101 4", "25 fill 2 bid 101 3 maker 303e-4"],
    );
}

#[test]
fn one_trade_is_shared_by_our_orders_best_price_first() {
    averse(
        "10 book bid 100 5 ask 110 5
         11 place 1 bid 100 2 post
         12 place 2 bid 100 2 post
         13 place 3 bid 101 2 post
         20 trade ask 100 8
         21 trade ask 99 2
         22 trade ask 100 1",
        &[
            "11 accepted 1 bid 100 2",
            "12 accepted 2 bid 100 2",
            "13 accepted 3 bid 101 2",
            "20 fill 3 bid 101 2 maker 202e-4",
            "20 fill 1 bid 100 1 maker 1e-2",
            "21 fill 1 bid 100 1 maker 1e-2",
            "21 fill 2 bid 100 1 maker 1e-2",
            "22 fill 2 bid 100 1 maker 1e-2",
        ],
    );
}

#[test]
fn orders_that_take_take_what_is_shown_once() {
    averse(
        "10 book bid 100 5 ask 102 5 ask 103 5
         11 place 1 bid 102 3 ioc
         12 place 2 bid 103 9
         13 place 3 bid 103 9 fok
         14 place 4 bid 102 1 ioc
         15 set ask 102 6 ask 103 7
         16 place 5 bid 103 4 fok
         17 place 6 bid 103 3 fok
         18 set ask 102 0
         19 set ask 102 4
         20 place 7 bid 102 9 ioc",
        &[
            "11 accepted 1 bid 102 3",
            "11 fill 1 bid 102 3 taker 153e-3",
            "12 accepted 2 bid 103 9",
            "12 fill 2 bid 102 2 taker 102e-3",
            "12 fill 2 bid 103 5 taker 2575e-4",
            "13 rejected 3 bid 103 9 unfilled",
            "14 rejected 4 bid 102 1 unfilled",
            "16 rejected 5 bid 103 4 unfilled",
            "17 accepted 6 bid 103 3",
            "17 fill 6 bid 102 1 taker 51e-3",
            "17 fill 6 bid 103 2 taker 103e-3",
            "20 accepted 7 bid 102 9",
            "20 fill 7 bid 102 4 taker 204e-3",
            "20 canceled 7 bid 102 5",
        ],
    );
}

#[test]
fn the_venue_says_no_by_name() {
    averse(
        "10 book bid 100 5 ask 102 5
         11 place 1 bid 102 1 post
         12 place 2 bid 101 1 post
         13 place 2 bid 101 1 post
         14 place 3 ask 101 1
         15 place 4 bid 0 1
         16 place 5 bid 90 0
         17 cancel 9
         18 replace 9 bid 90 1
         19 replace 2 bid 102 1 post
         20 halt
         21 place 6 bid 90 1
         22 cancel 2
         23 query 2",
        &[
            "11 rejected 1 bid 102 1 post_only",
            "12 accepted 2 bid 101 1",
            "13 rejected 2 bid 101 1 duplicate_id",
            "14 rejected 3 ask 101 1 self_trade",
            "15 rejected 4 bid 0 1 price",
            "16 rejected 5 bid 90 0 quantity",
            "17 cancel_rejected 9 bid 0 0 unknown_order",
            "18 replace_rejected 9 bid 90 1 unknown_order",
            "19 replace_rejected 2 bid 102 1 post_only",
            "21 rejected 6 bid 90 1 market_halted",
            "22 canceled 2 bid 101 1",
            "23 absent 2 bid 0 0",
        ],
    );
}

#[test]
fn a_replace_keeps_its_place_only_where_it_asks_for_less() {
    averse(
        "10 book bid 100 5 ask 102 5
         11 place 1 bid 100 4 post
         12 trade ask 100 6
         13 set bid 100 6
         14 replace 1 bid 100 3 post
         15 trade ask 100 1
         16 replace 1 bid 100 9 post
         17 trade ask 100 5
         18 query 1
         19 replace 1 bid 99 5 post
         20 replace 1 bid 99 2 post
         21 query 1",
        &[
            "11 accepted 1 bid 100 4",
            "12 fill 1 bid 100 1 maker 1e-2",
            "14 replaced 1 bid 100 3",
            "15 fill 1 bid 100 1 maker 1e-2",
            "16 replaced 1 bid 100 9",
            "18 open 1 bid 100 7",
            "19 replaced 1 bid 99 5",
            "20 canceled 1 bid 99 3",
            "21 absent 1 bid 0 0",
        ],
    );
}

#[test]
fn latencies_pass_both_ways_and_the_market_goes_first() {
    let params = FillParams {
        order_latency: Nanos(50),
        report_latency: Nanos(30),
        feed_latency: Nanos(10),
        ..instant(QueueModel::RiskAverse)
    };
    // Sent at 100, there at 150, which the tape has at 160; heard at 160 − 10 + 30.
    check(
        &params,
        "90 book bid 100 5 ask 102 5
         100 place 1 bid 101 4 post
         160 trade ask 101 1
         161 trade ask 101 1
         170 cancel 1
         230 trade ask 101 1
         231 trade ask 101 1",
        &[
            "180 accepted 1 bid 101 4",
            "181 fill 1 bid 101 1 maker 101e-4",
            "250 fill 1 bid 101 1 maker 101e-4",
            "250 canceled 1 bid 101 2",
        ],
    );
    // Of two that are on their way, one is there before the trade and one with it.
    check(
        &params,
        "90 book bid 100 5 ask 103 5
         99 place 1 bid 101 1 post
         100 place 2 bid 102 4 post
         160 trade ask 101 2
         161 trade ask 102 1",
        &[
            "179 accepted 1 bid 101 1",
            "180 fill 1 bid 101 1 maker 101e-4",
            "180 accepted 2 bid 102 4",
            "181 fill 2 bid 102 1 maker 102e-4",
        ],
    );
    // The market has come between: what would have rested would now trade.
    check(
        &params,
        "90 book bid 100 5 ask 102 5
         100 place 1 bid 101 4 post
         160 set ask 101 1",
        &["180 rejected 1 bid 101 4 post_only"],
    );
}

#[test]
fn no_fill_while_the_book_cannot_be_trusted() {
    averse(
        "10 book bid 100 5 ask 102 5
         11 place 1 bid 100 4 post
         12 fault
         13 trade ask 99 9
         14 place 2 bid 101 1
         15 place 3 bid 102 1 ioc
         20 book bid 101 3 bid 100 2 ask 102 5
         21 trade ask 101 3
         22 trade ask 101 1
         23 trade ask 100 3",
        &[
            "11 accepted 1 bid 100 4",
            "14 accepted 2 bid 101 1",
            "15 rejected 3 bid 102 1 unfilled",
            "22 fill 2 bid 101 1 maker 101e-4",
            "23 fill 1 bid 100 1 maker 1e-2",
        ],
    );
    // Who left in the gap is not known, so nobody before us did.
    check(
        &instant(QueueModel::Power { exponent: 1 }),
        "10 book bid 100 10 ask 102 5
         11 place 1 bid 100 4 post
         12 set bid 100 20
         13 fault
         14 book bid 100 10 ask 102 5
         15 trade ask 100 11",
        &["11 accepted 1 bid 100 4", "15 fill 1 bid 100 1 maker 1e-2"],
    );
}

#[test]
fn an_order_by_order_tape_tells_each_trade_twice() {
    let params = instant(QueueModel::Power { exponent: 1 });
    let tape = "10 open 1 bid 100 6
         11 open 2 ask 102 5
         12 place 1 bid 100 4 post
         13 open 3 bid 100 6
         14 match 1 bid 100 4
         14 trade ask 100 4
         15 done 3 bid 100 0
         16 match 1 bid 100 2
         16 trade ask 100 2
         17 trade ask 100 1";
    let mut model = model(&params, Venue::CoinbaseExchange, 8);
    // The first order of a snapshot, and none behind it.
    let key = OrderKey { high: 9, low: 9 };
    let update = OrderUpdate { key, action: OrderAction::Open, snapshot: true, first: true, id: 0 };
    model.observe(&event(1, Body::Order(update)), &[Level::new(Side::Bid, Price(1), Qty(1))]);
    let expected = [
        "12 accepted 1 bid 100 4",
        "16 fill 1 bid 100 1 maker 1e-2",
        "17 fill 1 bid 100 1 maker 1e-2",
    ];
    assert_eq!(play(model, tape), expected);
}
