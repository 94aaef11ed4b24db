//! Tapes: a line is an input, the indented lines behind it are the drafts that it must bring about.
//!
//! `M` is a mark, `E` an explanation (reasons of bid and ask), the rest are proposals. Orders are
//! named by their counter; a report says of an order what its last proposal asked for.

use super::testing_tests::{Bench, params};
use super::{BudgetParams, QuoteParams};
use crate::event::{
    Asked, Body, Command, Draft, Health, Level, MarketStatus, Proposal, RefusalCode, Refused,
    RejectCode, Report, ReportKind, Stale, StateReason, Trade, TradingState,
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
            bench.hear(all, now, Body::Command(Asked::plain(command)), &[]);
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
          E 10000.0 10000.00 held 0 quoted quoted
          place #1 bid 9995x10
          place #2 bid 9992x10
          place #3 ask 10005x10
          place #4 ask 10008x10
        1 sent #1
        2 accepted #1
        3 accepted #2
        4 accepted #3
        5 accepted #4
        6 book 10000x5 10002x5
          M 10000x5 10002x5 traded 0
          E 10001.0 10001.00 held 0 quoted quoted
          replace #3 ask 10010x10
        7 trade 10002x3
          M 10000x5 10002x5 traded 3
        8 book 10001x5 10003x5
          M 10001x5 10003x5 traded 0
        9 replaced #1
        10 replaced #2
        11 replaced #3
        12 replaced #4
        13 book 10001x7 10003x5
          M 10001x7 10003x5 traded 0
        ",
    );
}

#[test]
fn without_replace_an_order_is_cancelled_and_placed_when_it_is_gone() {
    check(
        |params| (params.can_replace, params.levels) = (false, 1),
        "
        0 book 9999x5 10001x5
          M 9999x5 10001x5 traded 0
          E 10000.0 10000.00 held 0 quoted quoted
          place #1 bid 9995x10
          place #2 ask 10005x10
        1 accepted #1
        2 accepted #2
        3 book 10009x5 10011x5
          M 10009x5 10011x5 traded 0
          E 10010.0 10010.00 held 0 quoted quoted
          cancel #1 bid 9995x10
          cancel #2 ask 10005x10
        4 book 10010x5 10012x5
          M 10010x5 10012x5 traded 0
        5 canceled #1
        6 fill #2 4
        7 canceled #2
          E 10011.0 10011.50 held -4 quoted quoted
          place #3 bid 10006x10
          place #4 ask 10017x8
        ",
    );
}

#[test]
fn at_the_limit_the_growing_side_is_gone() {
    check(
        |params| params.levels = 1,
        "
        0 book 9999x5 10001x5
          M 9999x5 10001x5 traded 0
          E 10000.0 10000.00 held 0 quoted quoted
          place #1 bid 9995x10
          place #2 ask 10005x10
        1 accepted #1
        2 accepted #2
        3 fill #1 10
          E 10000.0 9998.75 held 10 quoted quoted
          place #3 bid 9993x6
        4 fill #3 6
          E 10000.0 9998.00 held 16 quoted quoted
          place #4 bid 9993x6
          replace #2 ask 10003x10
        4 fill #3 6 twice
        5 fill #3 2
        6 fill #4 6
          E 10000.0 9997.00 held 24 quoted quoted
          place #5 bid 9992x4
        7 fill #5 4
          E 10000.0 9996.50 held 28 quoted quoted
          place #6 bid 9991x2
        8 fill #6 2
          E 10000.0 9996.25 held 30 quoted quoted
          place #7 bid 9991x2
        9 fill #7 2
          E 10000.0 9996.00 held 32 quoted quoted
          place #8 bid 9991x2
        10 fill #8 2
          E 10000.0 9995.75 held 34 quoted quoted
          place #9 bid 9990x2
        11 fill #9 2
          E 10000.0 9995.50 held 36 quoted quoted
          place #10 bid 9990x2
        12 fill #10 2
          E 10000.0 9995.25 held 38 quoted quoted
          place #11 bid 9990x2
        13 fill #11 2
          E 10000.0 9995.00 held 40 position_limit quoted
        ",
    );
}

#[test]
fn a_quote_waits_for_our_own_order_of_the_other_side() {
    check(
        |params| params.levels = 1,
        "
        0 book 9999x5 10001x5
          M 9999x5 10001x5 traded 0
          E 10000.0 10000.00 held 0 quoted quoted
          place #1 bid 9995x10
          place #2 ask 10005x10
        1 accepted #1
        2 accepted #2
        3 book 10019x5 10021x5
          M 10019x5 10021x5 traded 0
          E 10020.0 10020.00 held 0 quoted quoted
          replace #2 ask 10026x10
        4 replaced #2
          E 10020.0 10020.00 held 0 quoted quoted
          replace #1 bid 10014x10
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
          M 9999x5 10001x5 traded 0
          E 10000.0 10000.00 held 0 quoted quoted
          place #1 bid 9995x10
          place #2 ask 10005x10
        1 accepted #1
        2 fault sequence_gap
          M 9999x5 10001x5 traded 0 sequence_gap
          E 0.0 0.00 held 0 book_stale:1 book_stale:1
          cancel #1 bid 9995x10
        3 canceled #1
        4 accepted #2
          E 0.0 0.00 held 0 book_stale:1 book_stale:1
          cancel #2 ask 10005x10
        5 canceled #2
        6 book 9999x5 -
          M 9999x5 10001x0 traded 0
          E 0.0 0.00 held 0 book_empty book_empty
        7 book 9999x5 10001x5
          M 9999x5 10001x5 traded 0
          E 10000.0 10000.00 held 0 quoted quoted
          place #3 bid 9995x10
          place #4 ask 10005x10
        8 accepted #3
        9 accepted #4
        10 status halted
          E 10000.0 10000.00 held 0 market_status:3 market_status:3
          cancel #3 bid 9995x10
          cancel #4 ask 10005x10
        11 canceled #3
        12 canceled #4
        13 status post_only
          E 10000.0 10000.00 held 0 quoted quoted
          place #5 bid 9995x10
          place #6 ask 10005x10
        14 health 2
          E 10000.0 10000.00 held 0 unhealthy unhealthy
        15 accepted #5
          E 10000.0 10000.00 held 0 unhealthy unhealthy
          cancel #5 bid 9995x10
        16 canceled #5
        17 rejected #6 other
        18 health 0
          E 10000.0 10000.00 held 0 quoted quoted
          place #7 bid 9995x10
          place #8 ask 10005x10
        19 command halt
          E 10000.0 10000.00 held 0 trading_state:2 trading_state:2
        20 refused #7 REJECTED_HALTED
        21 refused #8 REJECTED_HALTED
        22 state HALTED
        23 command resume
        24 state ACTIVE
          E 10000.0 10000.00 held 0 quoted quoted
          place #9 bid 9995x10
          place #10 ask 10005x10
        25 venue halted
          E 10000.0 10000.00 held 0 market_status:3 market_status:3
        26 venue trading
          E 10000.0 10000.00 held 0 quoted quoted
        27 command shutdown
          E 10000.0 10000.00 held 0 trading_state trading_state
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
          M 9999x5 10001x5 traded 0
          E 10000.0 10000.00 held 0 quoted quoted
          place #1 bid 9995x10
          place #2 ask 10005x10
        1 accepted #2
        2 refused #1 REJECTED_EXPOSURE_LIMIT
          E 10000.0 10000.00 held 0 refused:7 quoted
        3 book 9998x5 10000x5
          M 9998x5 10000x5 traded 0
        4 book 9999x5 10001x5
          M 9999x5 10001x5 traded 0
        5 fill #2 2
          E 10000.0 10000.25 held -2 quoted quoted
          place #3 bid 9995x10
        6 refused #3 REJECTED_PRICE_COLLAR
          E 10000.0 10000.25 held -2 refused:8 quoted
        7 book 9999x6 10001x5
          M 9999x6 10001x5 traded 0
        8 book 9994x5 9996x5
          M 9994x5 9996x5 traded 0
          E 9995.0 9995.25 held -2 quoted quoted
          place #4 bid 9990x10
          replace #2 ask 10001x10
        9 refused #4 REJECTED_HALTED
          E 9995.0 9995.25 held -2 refused quoted
        10 book 9999x5 10001x5
          M 9999x5 10001x5 traded 0
        4009 timer
          E 10000.0 10000.25 held -2 quoted quoted
          place #5 bid 9995x10
        4010 refused #5 REJECTED_RATE_LIMIT
          E 10000.0 10000.25 held -2 refused:1 quoted
        4011 state ACTIVE
          E 10000.0 10000.25 held -2 quoted quoted
          place #6 bid 9995x10
        ",
    );
}

#[test]
fn five_equal_rejects_withhold_a_side_until_its_time() {
    check(
        |params| params.levels = 1,
        "
        0 book 9999x5 10001x5
          M 9999x5 10001x5 traded 0
          E 10000.0 10000.00 held 0 quoted quoted
          place #1 bid 9995x10
          place #2 ask 10005x10
        1 accepted #2
        2 rejected #1 post_only
          E 10000.0 10000.00 held 0 quoted quoted
          place #3 bid 9995x10
        3 rejected #3 post_only
          E 10000.0 10000.00 held 0 quoted quoted
          place #4 bid 9995x10
        4 rejected #4 post_only
          E 10000.0 10000.00 held 0 quoted quoted
          place #5 bid 9995x10
        5 rejected #5 post_only
          E 10000.0 10000.00 held 0 quoted quoted
          place #6 bid 9995x10
        6 rejected #6 post_only
          E 10000.0 10000.00 held 0 venue_rejecting:1 quoted
        7 book 9998x5 10000x5
          M 9998x5 10000x5 traded 0
        1006 timer
          E 9999.0 9999.00 held 0 quoted quoted
          place #7 bid 9994x10
        1007 rejected #7 post_only
          E 9999.0 9999.00 held 0 venue_rejecting:1 quoted
        3007 timer
          E 9999.0 9999.00 held 0 quoted quoted
          place #8 bid 9994x10
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
          M 9999x5 10001x5 traded 0
          E 10000.0 10000.00 held 0 quoted quoted
          place #1 bid 9995x10
          place #2 ask 10005x10
        1 sent #1
        2 accepted #2
        3 timed_out #1
        4 book 9989x5 9991x5
          M 9989x5 9991x5 traded 0
        5 replaced #2
        6 not_sent #1
        7 open #1 10
          E 9990.0 9990.00 held 0 quoted quoted
          replace #1 bid 9985x10
        8 timed_out #1
        9 state HALTED
          E 9990.0 9990.00 held 0 trading_state:2 trading_state:2
          cancel #2 ask 10005x10
        10 absent #1
        11 cancel_rejected #2 rate_limited
        1011 timer
          E 9990.0 9990.00 held 0 trading_state:2 trading_state:2
          cancel #2 ask 10005x10
        1012 cancel_rejected #2 unknown_order
        1013 open #2 10
          E 9990.0 9990.00 held 0 trading_state:2 trading_state:2
          cancel #2 ask 10005x10
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
          M 9999x5 10001x5 traded 0
          E 10000.0 10000.00 held 0 quoted quoted
          place #1 bid 9995x10
          place #2 ask 10005x10
        1 accepted #1
        2 accepted #2
        3 book 9989x5 9991x5
          M 9989x5 9991x5 traded 0
          E 9990.0 9990.00 held 0 quoted quoted
          replace #1 bid 9985x10
        4 replaced #1
          E 9990.0 9990.00 held 0 quoted rate_budget
        500 timer
          E 9990.0 9990.00 held 0 quoted quoted
          replace #2 ask 9995x10
        501 replaced #2
        502 book 9999x5 10001x5
          M 9999x5 10001x5 traded 0
          E 10000.0 10000.00 held 0 quoted rate_budget
        503 state HALTED
          E 10000.0 10000.00 held 0 trading_state:2 trading_state:2
          cancel #1 bid 9985x10
          cancel #2 ask 9995x10
        ",
    );
}

#[test]
fn a_young_order_stays() {
    check(
        |params| (params.levels, params.quote_life_min) = (1, Nanos::from_millis(50)),
        "
        0 book 9999x5 10001x5
          M 9999x5 10001x5 traded 0
          E 10000.0 10000.00 held 0 quoted quoted
          place #1 bid 9995x10
          place #2 ask 10005x10
        1 accepted #1
        2 accepted #2
        3 book 9989x5 9991x5
          M 9989x5 9991x5 traded 0
        50 timer
          E 9990.0 9990.00 held 0 quoted quoted
          replace #1 bid 9985x10
        ",
    );
}

#[test]
fn an_input_for_all_marks_all_first_and_in_order() {
    let mut bench = Bench::new(&[params(), params()]);
    for instrument in [0, 1] {
        bench.book_of(instrument, Nanos(1), [&[(9999, 5)], &[(10001, 5)]]);
        assert_eq!(bench.drafts.items().len(), 6);
    }
    bench.hear(u16::MAX, Nanos(2), Body::Fault(Stale::Disconnected), &[]);
    let got: Vec<String> = bench.drafts.items().iter().map(text).collect();
    let mark = "M 9999x5 10001x5 traded 0 disconnected";
    let explained = "E 0.0 0.00 held 0 book_stale:11 book_stale:11";
    assert_eq!(got, [mark, mark, explained, explained]);
    let marked = bench.drafts.items().iter().filter_map(|draft| match draft {
        Draft::Mark(mark) => Some(mark.instrument.0),
        _ => None,
    });
    assert_eq!(marked.collect::<Vec<_>>(), [0, 1]);
}
