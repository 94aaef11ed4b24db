//! Tapes: a line is an input, the indented lines behind it are the drafts that it must bring about.
//!
//! `M` is a mark, `E` an explanation (reasons of bid and ask), the rest are proposals. Orders are
//! named by their counter; a report says of an order what its last proposal asked for.

use super::testing_tests::{Bench, params};
use super::{BudgetParams, QuoteParams};
use crate::event::{
    Body, Command, Draft, Health, Level, MarketStatus, Proposal, RefusalCode, Refused, RejectCode,
    Report, ReportKind, Stale, StateReason, Trade, TradingState,
};
use crate::types::{Nanos, OrderId, Origin, Price, Qty, Side};
use std::collections::BTreeMap;
use std::fmt::Write;

fn text(draft: &Draft) -> String {
    match draft {
        Draft::Mark(mark) => {
            let stale = mark.stale.map_or(String::new(), |reason| format!(" {}", reason.name()));
            let (bid, ask) = ((mark.bid.0, mark.bid_qty.0), (mark.ask.0, mark.ask_qty.0));
            format!("M {}x{} {}x{} traded {}{stale}", bid.0, bid.1, ask.0, ask.1, mark.traded.0)
        }
        Draft::Explanation(own) => {
            let sides = own.sides.map(|side| {
                let code = if side.code == 0 { String::new() } else { format!(":{}", side.code) };
                format!("{}{code}", side.withheld.name())
            });
            let (fair, reservation) = (own.fair_value, own.reservation);
            format!("E {fair:.1} {reservation:.2} held {} {}", own.position, sides.join(" "))
        }
        Draft::Proposal(own) => {
            let (kind, side) = (own.kind.name(), own.side.name());
            format!("{kind} #{} {side} {}x{}", own.order.counter(), own.price.0, own.qty.0)
        }
    }
}

fn pair(word: &str) -> (i64, i64) {
    let (a, b) = word.split_once('x').unwrap();
    (a.parse().unwrap(), b.parse().unwrap())
}

fn named<T: Copy>(all: &[T], name: impl Fn(T) -> &'static str, word: &str) -> T {
    let found = all.iter().find(|one| name(**one) == word);
    *found.unwrap_or_else(|| panic!("{word}"))
}

/// Plays one line.
fn play(bench: &mut Bench, orders: &BTreeMap<u32, Proposal>, trades: &mut u64, line: &str) {
    let words: Vec<&str> = line.split_whitespace().collect();
    let now = Nanos::from_millis(words[0].parse().unwrap());
    let all = u16::MAX;
    match words[1] {
        "book" => {
            let levels = [2, 3].map(|at| match words[at] {
                "-" => vec![],
                levels => levels.split(',').map(pair).collect(),
            });
            bench.book(now, [&levels[0], &levels[1]]);
        }
        "trade" => {
            let (price, qty) = pair(words[2]);
            let (price, qty, aggressor) = (Price(price), Qty(qty), Side::Bid);
            let trade = Trade { price, qty, id: 0, aggressor, history: false };
            bench.hear(0, now, Body::Trade(trade), &[]);
        }
        "timer" => {
            assert_eq!(bench.quoter.deadline(), Some(now), "{line}");
            bench.hear(all, now, Body::Timer, &[]);
        }
        "fault" => {
            let reason = named(&Stale::ALL, Stale::name, words[2]);
            bench.hear(0, now, Body::Fault(reason), &[]);
        }
        "status" | "venue" => {
            let instrument = if words[1] == "venue" { all } else { 0 };
            let status = match words[2] {
                "trading" => MarketStatus::Trading,
                "post_only" => MarketStatus::PostOnly,
                _ => MarketStatus::Halted,
            };
            bench.hear(instrument, now, Body::Status(status), &[]);
        }
        "state" => {
            let state = named(&TradingState::ALL, TradingState::name, words[2]);
            bench.hear(all, now, Body::State { state, reason: StateReason::Operator }, &[]);
        }
        "health" => bench.hear(all, now, Body::Health(Health(words[2].parse().unwrap())), &[]),
        "command" => {
            let command = named(&Command::ALL, Command::name, words[2]);
            bench.hear(all, now, Body::Command(command), &[]);
        }
        kind => {
            let counter: u32 = words[2][1..].parse().unwrap();
            let order = OrderId::new(7, Origin::Quoter, counter);
            let last = orders.get(&counter).copied();
            if kind == "refused" {
                let code = named(&RefusalCode::ALL, RefusalCode::name, words[3]);
                let kind = last.unwrap().kind;
                return bench.hear(0, now, Body::Refused(Refused { order, kind, code }), &[]);
            }
            let kind = named(&ReportKind::ALL, ReportKind::name, kind);
            let mut report = Report::new(order, kind);
            let side = last.map_or(Side::Bid, |last| last.side);
            let price = last.map_or(Price(1), |last| last.price);
            let mut level = Level::new(side, price, last.map_or(Qty(1), |last| last.qty));
            match words.get(3) {
                Some(word) if matches!(kind, ReportKind::Filled | ReportKind::Open) => {
                    level = Level::new(side, price, Qty(word.parse().unwrap()));
                }
                Some(word) => report.code = named(&RejectCode::ALL, RejectCode::name, word),
                None => {}
            }
            if kind == ReportKind::Filled {
                *trades += u64::from(words.get(4).is_none());
                report.trade_id = *trades;
            }
            bench.hear(0, now, Body::Report(report), &[level]);
        }
    }
}

fn check(change: impl Fn(&mut QuoteParams), tape: &str) {
    let mut params = params();
    change(&mut params);
    let mut bench = Bench::new(&[params]);
    let (mut orders, mut trades, mut got) = (BTreeMap::new(), 0, String::new());
    let tape: Vec<&str> = tape.lines().map(str::trim_end).filter(|l| !l.is_empty()).collect();
    let indent = tape[0].len() - tape[0].trim_start().len();
    for line in tape.iter().filter(|line| !line[indent..].starts_with(' ')) {
        play(&mut bench, &orders, &mut trades, line);
        writeln!(got, "{}", line.trim()).unwrap();
        for draft in bench.drafts.items() {
            writeln!(got, "  {}", text(draft)).unwrap();
            if let Draft::Proposal(own) = draft {
                orders.insert(own.order.counter(), *own);
            }
        }
    }
    let expected: String = tape.iter().map(|line| format!("{}\n", &line[indent..])).collect();
    assert!(got == expected, "got:\n{got}\nexpected:\n{expected}");
}

#[test]
fn quotes_are_placed_kept_within_tolerance_and_replaced_beyond_it() {
    check(
        |_| {},
        "
        0 book 9999x5 10001x5
          M 9999x5 10001x5 traded 0
        1 sent #1
        2 accepted #1
        3 accepted #2
        4 accepted #3
        5 accepted #4
        6 book 10000x5 10002x5
        7 trade 10002x3
        8 book 10001x5 10003x5
        9 replaced #1
        10 replaced #2
        11 replaced #3
        12 replaced #4
        13 book 10001x7 10003x5
        ",
    );
}

#[test]
fn without_replace_an_order_is_cancelled_and_placed_when_it_is_gone() {
    check(
        |params| (params.can_replace, params.levels) = (false, 1),
        "
        0 book 9999x5 10001x5
        1 accepted #1
        2 accepted #2
        3 book 10009x5 10011x5
        4 book 10010x5 10012x5
        5 canceled #1
        6 fill #2 4
        7 canceled #2
        ",
    );
}

#[test]
fn at_the_limit_the_growing_side_is_gone() {
    check(
        |params| params.levels = 1,
        "
        0 book 9999x5 10001x5
        1 accepted #1
        2 accepted #2
        3 fill #1 10
        4 fill #3 6
        4 fill #3 6 twice
        5 fill #3 2
        6 fill #4 6
        7 fill #5 4
        8 fill #6 2
        9 fill #7 2
        10 fill #8 2
        11 fill #9 2
        12 fill #10 2
        13 fill #11 2
        ",
    );
}

#[test]
fn a_quote_waits_for_our_own_order_of_the_other_side() {
    check(
        |params| params.levels = 1,
        "
        0 book 9999x5 10001x5
        1 accepted #1
        2 accepted #2
        3 book 10019x5 10021x5
        4 replaced #2
        5 replaced #1
        ",
    );
}

#[test]
fn what_withholds_is_named_and_working_quotes_are_cancelled() {
    check(
        |params| params.levels = 1,
        "
        0 book 9999x5 10001x5
        1 accepted #1
        2 fault sequence_gap
        3 canceled #1
        4 accepted #2
        5 canceled #2
        6 book 9999x5 -
        7 book 9999x5 10001x5
        8 accepted #3
        9 accepted #4
        10 status halted
        11 canceled #3
        12 canceled #4
        13 status post_only
        14 health 2
        15 accepted #5
        16 canceled #5
        17 rejected #6 other
        18 health 0
        19 command halt
        20 refused #7 REJECTED_HALTED
        21 refused #8 REJECTED_HALTED
        22 state HALTED
        23 command resume
        24 state ACTIVE
        25 venue halted
        26 venue trading
        27 command shutdown
        28 state ACTIVE
        29 absent #9
        ",
    );
}

#[test]
fn a_refused_side_waits_for_its_wish_its_limit_or_its_time() {
    check(
        |params| params.levels = 1,
        "
        0 book 9999x5 10001x5
        1 accepted #2
        2 refused #1 REJECTED_EXPOSURE_LIMIT
        3 book 9989x5 9991x5
        4 book 9999x5 10001x5
        5 fill #2 2
        6 refused #3 REJECTED_PRICE_COLLAR
        7 book 9999x6 10001x5
        8 book 9994x5 9996x5
        9 refused #4 REJECTED_HALTED
        10 book 9999x5 10001x5
        4009 timer
        4010 refused #5 REJECTED_RATE_LIMIT
        4011 state ACTIVE
        ",
    );
}

#[test]
fn five_equal_rejects_withhold_a_side_until_its_time() {
    check(
        |params| params.levels = 1,
        "
        0 book 9999x5 10001x5
        1 accepted #2
        2 rejected #1 post_only
        3 rejected #3 post_only
        4 rejected #4 post_only
        5 rejected #5 post_only
        6 rejected #6 post_only
        7 book 9998x5 10000x5
        1006 timer
        1007 rejected #7 post_only
        3007 timer
        3008 accepted #8
        ",
    );
}

#[test]
fn a_time_out_blocks_its_slot_until_somebody_knows() {
    check(
        |params| params.levels = 1,
        "
        0 book 9999x5 10001x5
        1 sent #1
        2 accepted #2
        3 timed_out #1
        4 book 9989x5 9991x5
        5 replaced #2
        6 not_sent #1
        7 open #1 10
        8 timed_out #1
        9 state HALTED
        10 absent #1
        11 cancel_rejected #2 rate_limited
        1011 timer
        1012 cancel_rejected #2 unknown_order
        1013 open #2 10
        ",
    );
}

#[test]
fn the_budget_holds_back_what_would_be_refused() {
    check(
        |params| {
            params.levels = 1;
            params.requests = BudgetParams { per_second: 2, burst: 4, kept_for_cancels: 1 };
        },
        "
        0 book 9999x5 10001x5
        1 accepted #1
        2 accepted #2
        3 book 9989x5 9991x5
        4 replaced #1
        500 timer
        501 replaced #2
        502 book 9999x5 10001x5
        503 state HALTED
        ",
    );
}

#[test]
fn a_young_order_stays() {
    check(
        |params| (params.levels, params.quote_life_min) = (1, Nanos::from_millis(50)),
        "
        0 book 9999x5 10001x5
        1 accepted #1
        2 accepted #2
        3 book 9989x5 9991x5
        50 timer
        ",
    );
}
