//! Runs in lines, figures by their place in the JSON out.

use super::*;
use crate::event::{FeeIn, Proposal, Report as OrderReport, ReportKind, RequestKind, Stale};
use crate::types::{
    InstrumentId, InstrumentTable, OrderId, Origin, Price, Product, Qty, Scale, Side, Symbol,
    TimeInForce, Venue,
};
use serde_json::Value;

fn name(text: &[u8]) -> Currency {
    Currency::new(text).unwrap()
}

/// A tick is 0.5 USD, a lot 0.01 BTC.
fn empty() -> Report {
    let mut table = InstrumentTable::new(2);
    for symbol in [b"BTC-USD", b"ETH-USD"] {
        let lot = Scale::parse(b"0.01").unwrap();
        let product = Product {
            symbol: Symbol::new(symbol).unwrap(),
            base: name(&symbol[..3]),
            quote: name(b"USD"),
            tick: Scale::parse(b"0.5").unwrap(),
            lot,
            order_step: lot,
            trading: true,
        };
        table.add(Venue::Kraken, &product).unwrap();
    }
    let fact = Fact { name: "seed".to_string(), value: "<7>".to_string() };
    let period = Nanos::from_seconds(1);
    Report::new(table.iter(), ReportParams { currency: name(b"USD"), period, facts: vec![fact] })
}

fn feed(report: &mut Report, line: &str) {
    let words: Vec<_> = line.split_whitespace().collect();
    let number = |at: usize| words[at].parse::<i64>().unwrap_or_else(|_| panic!("{line}"));
    let millis: f64 = words[0].parse().unwrap();
    #[expect(clippy::cast_possible_truncation, reason = "a test's times")]
    let now = Nanos((millis * 1e9) as i64);
    let instrument = InstrumentId(0);
    if words[1] == "mark" {
        return report.on_mark(&Mark {
            sequence: 0,
            received: now,
            bid: Price(number(2)),
            bid_qty: Qty(1),
            ask: Price(number(3)),
            ask_qty: Qty(1),
            traded: Qty(0),
            instrument,
            stale: words.get(4).map(|_| Stale::Crossed),
        });
    }
    if words[1] == "account" {
        let unit = 1_000_000_000_000;
        let (gross, fees) = (i128::from(number(2)) * unit, i128::from(number(3)) * unit);
        return report.on_account(now, &Account { gross, fees });
    }
    let order = OrderId::new(1, Origin::Quoter, u32::try_from(number(2)).unwrap());
    let side = if words[3] == "bid" { Side::Bid } else { Side::Ask };
    let (price, qty) = (Price(number(4)), Qty(number(5)));
    let request = [("place", RequestKind::Place), ("cancel", RequestKind::Cancel)];
    if let Some((_, kind)) = request.into_iter().find(|(word, _)| *word == words[1]) {
        let proposal = Proposal {
            order,
            price,
            qty,
            instrument,
            kind,
            side,
            time_in_force: TimeInForce::GoodTillCancel,
            post_only: true,
            reduce_only: false,
        };
        return report.on_request(&OrderRequest::unpack(&proposal.pack()).unwrap(), now);
    }
    let kind = ReportKind::ALL.into_iter().find(|kind| kind.name() == words[1]).unwrap();
    let mut told = OrderReport::new(order, kind);
    if kind == ReportKind::Filled {
        (told.fee, told.fee_decimals, told.maker) = (number(6), 2, words[7] == "maker");
        told.fee_in = if words.len() > 8 { FeeIn::Base } else { FeeIn::Quote };
    }
    let event =
        Event { sequence: 0, received: now, venue_time: now, instrument, body: Body::Report(told) };
    report.on_report(&event, &Level::new(side, price, qty));
}

fn run(lines: &str, end: i64) -> Finished {
    let mut report = empty();
    lines.lines().filter(|line| !line.trim().is_empty()).for_each(|l| feed(&mut report, l));
    report.finish(Nanos::from_seconds(end))
}

fn check(lines: &str, end: i64, expected: &[(&str, &str)]) {
    let json: Value = serde_json::from_str(&run(lines, end).json()).unwrap();
    for (path, expected) in expected {
        let full = match path.strip_prefix('/') {
            Some(rest) => format!("/instruments/0/{rest}"),
            None => format!("/{path}"),
        };
        let told = json.pointer(&full).unwrap_or_else(|| panic!("{full} is absent"));
        match (told.as_f64(), expected.parse::<f64>()) {
            (Some(told), Ok(number)) => {
                assert!((told - number).abs() < 1e-9, "{full} is {told}, not {number}");
            }
            _ => assert_eq!(told.to_string().trim_matches('"'), *expected, "{full}"),
        }
    }
}

#[test]
fn profit_inventory_and_mark_outs_add_up() {
    // Bought 2 lots at 200 ticks, sold 1 at 206; a tick times a lot is 0.005 USD.
    check(
        "0 mark 200 204
         1 place 1 bid 200 4
         1 accepted 1 bid 200 4
         2 fill 1 bid 200 2 3 maker
         2.5 mark 202 206
         4 place 2 ask 206 1
         4 accepted 2 ask 206 1
         5 fill 2 ask 206 1 -1 taker
         6.5 mark 190 194
         8 mark 191 195 stale",
        40,
        &[
            ("/turnover", "3.03"),
            ("/fees", "0.02"),
            // 206 − 400 + 192 = −2 ticks times lots.
            ("/gross", "-0.01"),
            ("/net", "-0.03"),
            ("/inventory/last", "0.01"),
            ("/inventory/max", "0.02"),
            ("/inventory/min", "0"),
            ("/inventory/mean_abs", "0.01025"), // (2 × 3 + 1 × 35) / 40 lots
            ("/orders/placed", "2"),
            ("/orders/filled", "2"),
            ("/orders/fill_ratio", "1"),
            ("/orders/quantity_ratio", "0.6"),
            ("/total/fills", "2"),
            ("/total/maker_share", "0.6600660066006601"), // 400 / 606
            ("/bid/markouts/0/money", "0.02"),            // 2 × (202 − 200)
            ("/bid/markouts/0/bps", "100"),
            ("/bid/markouts/1/money", "0.04"),  // 204 from 2.5 s on
            ("/bid/markouts/2/money", "-0.08"), // at 7 s the mid is 192
            ("/bid/markouts/3/unmarked", "1"),  // stale at 32 s
            ("/bid/markouts/3/fills", "0"),
            ("/bid/markouts/3/bps", "null"),
            ("/ask/markouts/0/money", "0.01"),
            ("/ask/markouts/1/money", "0.01"),
            ("/ask/markouts/2/unmarked", "1"),
            ("/ask/markouts/3/unmarked", "1"),
            ("/total/markouts/1/money", "0.05"),
            ("/levels/0/fills", "2"),
            ("/hours/0/fills", "2"),
            ("/hours/0/hour", "1970-01-01T00:00:00.000000000Z"),
            ("/quoting/book_fresh", "0.2"),
            ("/quoting/bid", "0.975"),
            ("/quoting/ask", "0.025"),
            ("/quoting/two_sided", "0.025"),
            ("/quoting/bid_at_touch", "0.075"), // 1 to 2.5 s, and 6.5 to 8 s
            ("duration_s", "40"),
            ("facts/0/value", "<7>"),
        ],
    );
}

#[test]
fn a_level_is_the_place_of_the_order_when_it_trades() {
    check(
        "0 mark 200 204
         1 place 1 bid 200 1
         1 place 2 bid 199 1
         1 place 3 bid 198 1
         1 accepted 1 bid 200 1
         1 accepted 2 bid 199 1
         1 accepted 3 bid 198 1
         2 fill 2 bid 199 1 0 maker
         3 fill 1 bid 200 1 0 maker
         4 fill 3 bid 198 1 100 maker base
         3601 place 4 ask 204 1
         3601 rejected 4 ask 204 1
         3602 place 5 ask 205 1
         3602 accepted 5 ask 205 1
         3603 cancel 5 ask 205 1
         3603 canceled 5 ask 205 1
         3604 fill 5 ask 205 1 0 maker",
        3700,
        &[
            ("/levels/0/fills", "3"),
            ("/levels/1/fills", "1"),
            ("/levels/1/markouts/0/bps", "150.7537688442211"), // 3 of 199
            ("/hours/0/fills", "3"),
            ("/hours/1/fills", "1"),
            ("/hours/1/hour", "1970-01-01T01:00:00.000000000Z"),
            ("/orders/rejected", "1"),
            ("/orders/canceled", "1"),
            ("/orders/filled", "3"),
            ("/fees", "101"), // one bitcoin at the mid
        ],
    );
}

#[test]
fn the_account_is_told_by_what_it_was() {
    check(
        "0 account 0 0
         1 account 10 1
         2 account 7 1
         3 account 9 -1
         3600 account 9 -1
         3601.5 account 4 2",
        3602,
        &[
            ("account/gross", "4"),
            ("account/fees", "2"),
            ("account/net", "2"),
            ("account/max_drawdown/amount", "8"),
            ("account/max_drawdown/from", "1970-01-01T00:00:03.000000000Z"),
            ("account/max_drawdown/to", "1970-01-01T01:00:01.500000000Z"),
            ("account/periods", "3602"),
            ("account/profit_factor", "1.1818181818181819"), // (9 + 4) / (3 + 8)
            ("account/hours/0/net", "10"),
            ("account/hours/1/gross", "-5"),
            ("account/hours/1/fees", "3"),
        ],
    );
}

#[test]
fn a_run_without_anything_is_a_report_too() {
    for lines in ["", "0 mark 200 204 stale", "0 mark 200 204", "0 account 1 1"] {
        let told = run(lines, 0);
        let json: Value = serde_json::from_str(&told.json()).unwrap();
        assert_eq!(json.pointer("/account/sharpe"), Some(&Value::Null));
        let page = told.html();
        for word in ["NaN", "inf<", "<7>", "http:", "https:", "src=", "href=", "<script"] {
            assert!(!page.contains(word), "{word}");
        }
        assert!(page.contains("&lt;7&gt;") && page.ends_with("</html>\n"));
    }
}
