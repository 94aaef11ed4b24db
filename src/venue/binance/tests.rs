//! Messages of Binance and the parts they must become.

use super::decode::{Binance, is_rest_depth};
use super::products;
use crate::event::{Body, PART_LEVELS_MAX, Stale};
use crate::types::{InstrumentId, InstrumentTable, Nanos, NumberError, Venue};
use crate::venue::decode::tests::{check, parts_of, table};
use crate::venue::decode::{Decoder, Frame, Kind, Origin, Wrong};

const DEPTH: &str = r#"{"stream":"abcusdt@depth@100ms","data":{"e":"depthUpdate","E":1700000000123,"s":"ABCUSDT","U":11,"u":15,"b":[["10.01000000","0.50000000"],["9.99000000","0.00000000"]],"a":[["10.02000000","1.25000000"]]}}"#;
const TRADE: &str = r#"{"stream":"abcusdt@trade","data":{"e":"trade","E":1700000000124,"s":"ABCUSDT","t":77,"p":"10.01000000","q":"0.02000000","T":1700000000120,"m":true,"M":true}}"#;
const AGGREGATE: &str = r#"{"stream":"abcusdt@aggTrade","data":{"e":"aggTrade","E":1700000000124,"s":"ABCUSDT","a":5,"p":"10.02000000","q":"2.00000000","f":77,"l":79,"T":1700000000120,"m":false,"M":true}}"#;
const TOP: &str = r#"{"stream":"abcusdt@bookTicker","data":{"u":16,"s":"ABCUSDT","b":"10.01000000","B":"0.50000000","a":"10.02000000","A":"1.25000000"}}"#;
const TOP_LINE: &str = "ABCUSDT top 0->16 | bid 10.01 0.50000000 | ask 10.02 1.25000000";

fn spot() -> InstrumentTable {
    table(Venue::BinanceSpot, &["ABCUSDT"])
}

fn check_spot(cases: &[(&str, &[&str])]) -> u64 {
    check(|| Binance::new(Venue::BinanceSpot), &spot(), cases)
}

#[test]
fn hot_messages_of_spot_are_scanned_by_hand() {
    let unwrapped = &DEPTH[DEPTH.find("{\"e\"").unwrap()..DEPTH.len() - 1];
    let depth = "ABCUSDT update 10->15 | bid 10.01 0.50000000 | bid 9.99 0.00000000 | ask 10.02 1.25000000 at 1700000000123000000";
    let surprises = check_spot(&[
        (DEPTH, &[depth]),
        (unwrapped, &[depth]),
        (TRADE, &["ABCUSDT trade 77 ask 0.02000000 @ 10.01 at 1700000000120000000"]),
        (AGGREGATE, &["ABCUSDT trade 5 bid 2.00000000 @ 10.02 at 1700000000120000000"]),
        (TOP, &[TOP_LINE]),
        (&TOP[TOP.find("{\"u\"").unwrap()..TOP.len() - 1], &[TOP_LINE]),
        (
            r#"{"e":"depthUpdate","E":1700000000123456,"s":"ABCUSDT","U":16,"u":16,"b":[],"a":[["10.02","3"]]}"#,
            &["ABCUSDT update 15->16 | ask 10.02 3.00000000 at 1700000000123456000"],
        ),
        (
            r#"{"e":"depthUpdate","E":1700000000123,"s":"ABCUSDT","U":16,"u":16,"b":[],"a":[]}"#,
            &["ABCUSDT update 15->16 at 1700000000123000000"],
        ),
        (
            r#"{"e":"trade","E":1,"s":"ABCUSDT","t":78,"p":"10.01","q":"1","b":5,"a":6,"T":2,"m":false,"M":false}"#,
            &["ABCUSDT trade 78 bid 1.00000000 @ 10.01 at 2000000"],
        ),
    ]);
    assert_eq!(surprises, 0);
}

#[test]
fn hot_messages_of_futures_are_scanned_by_hand() {
    let table = table(Venue::BinanceUsdm, &["ABCUSDT 0.1 0.001"]);
    let surprises = check(
        || Binance::new(Venue::BinanceUsdm),
        &table,
        &[
            (
                r#"{"stream":"abcusdt@depth@0ms","data":{"e":"depthUpdate","E":1700000000299,"T":1700000000298,"s":"ABCUSDT","U":30,"u":55,"pu":21,"b":[["100.10","0.014"]],"a":[["100.20","0.000"]]}}"#,
                &[
                    "ABCUSDT update 21->55 | bid 100.1 0.014 | ask 100.2 0.000 at 1700000000298000000",
                ],
            ),
            (
                r#"{"e":"bookTicker","u":56,"s":"ABCUSDT","b":"100.10","B":"2.507","a":"100.20","A":"2.510","T":1700000000313,"E":1700000000314}"#,
                &["ABCUSDT top 0->56 | bid 100.1 2.507 | ask 100.2 2.510 at 1700000000313000000"],
            ),
            (
                r#"{"e":"trade","E":1700000000322,"T":1700000000321,"s":"ABCUSDT","t":9,"p":"100.20","q":"0.006","X":"MARKET","m":false}"#,
                &["ABCUSDT trade 9 bid 0.006 @ 100.2 at 1700000000321000000"],
            ),
            (
                r#"{"e":"aggTrade","E":1700000000322,"s":"ABCUSDT","a":3,"p":"100.20","q":"0.006","f":9,"l":9,"T":1700000000321,"m":true}"#,
                &["ABCUSDT trade 3 ask 0.006 @ 100.2 at 1700000000321000000"],
            ),
        ],
    );
    assert_eq!(surprises, 0);
    // What fills no order is numbered like a trade; an insurance fund's trade is one.
    let surprises = check(
        || Binance::new(Venue::BinanceUsdm),
        &table,
        &[
            (
                r#"{"e":"trade","E":3,"T":2,"s":"ABCUSDT","t":9,"p":"0","q":"0","X":"NA","m":true}"#,
                &[],
            ),
            (
                r#"{"e":"trade","E":3,"T":2,"s":"ABCUSDT","t":10,"p":"100.2","q":"1","X":"INSURANCE_FUND","m":true}"#,
                &["ABCUSDT trade 10 ask 1.000 @ 100.2 at 2000000"],
            ),
            (
                r#"{"e":"depthUpdate","E":3,"T":2,"s":"ABCUSDT","U":30,"u":55,"b":[],"a":[]}"#,
                &["ABCUSDT fault malformed"],
            ),
        ],
    );
    assert_eq!(surprises, 3);
}

#[test]
fn other_messages_are_understood() {
    let cases: &[(&str, &[&str])] = &[
        (r#"{"result":null,"id":1}"#, &["* Subscribed"]),
        (r#"{"id":"a","status":200,"result":{"subscriptionId":0}}"#, &["* Subscribed"]),
        (r#"{"error":{"code":2,"msg":"no"},"id":1}"#, &["* fault unsubscribed"]),
        (r#"{"code":2,"msg":"Invalid request"}"#, &["* fault unsubscribed"]),
        (r#"{"e":"serverShutdown","E":1770000000000}"#, &["* fault disconnected"]),
        (r#"{"event":{"e":"serverShutdown","E":1770000000000}}"#, &["* fault disconnected"]),
        (r#"{"e":"24hrTicker","s":"ABCUSDT","b":"1"}"#, &[]),
        (r#"{"stream":"abcusdt@kline_1m","data":{"e":"kline","s":"ABCUSDT","k":{"o":"1"}}}"#, &[]),
        (r#"{"e":"executionReport","s":"ABCUSDT","t":-1,"p":"1"}"#, &[]),
        (r#"{"subscriptionId":0,"event":{"e":"outboundAccountPosition","B":[]}}"#, &[]),
        (r#"{"stream":"key","data":{"e":"balanceUpdate","a":"BTC","d":"-1.5"}}"#, &[]),
        // Any key order, white space, and keys that were added since.
        (
            r#"{ "data": {"A":"1.25","a":"10.02","B":"0.5","b":"10.01","s":"ABCUSDT","u":16,"new":{}}, "stream":"abcusdt@bookTicker"}"#,
            &[TOP_LINE],
        ),
        // A side without orders.
        (
            r#"{"u":17,"s":"ABCUSDT","b":"10.01","B":"1","a":"0.00000000","A":"0.00000000"}"#,
            &["ABCUSDT top 0->17 | bid 10.01 1.00000000"],
        ),
        (
            r#"{"u":18,"s":"ABCUSDT","b":"10.01","B":"1","a":"10.02","A":"1","T":1,"E":2}"#,
            &["ABCUSDT top 0->18 | bid 10.01 1.00000000 | ask 10.02 1.00000000 at 1000000"],
        ),
    ];
    check_spot(cases);
    let (table, mut decoder) = (spot(), Decoder::new(Binance::new(Venue::BinanceSpot)));
    let mut count = |message: &str| {
        let origin = Origin::stream(Nanos(1));
        parts_of(&mut decoder, &Frame { bytes: message.as_bytes(), origin, table: &table });
    };
    cases.iter().for_each(|(message, _)| count(message));
    let counted = |kind: Kind| decoder.counts().kinds[kind as usize];
    let kinds = [Kind::Subscription, Kind::Error, Kind::Status, Kind::User, Kind::BookTop];
    assert_eq!(kinds.map(counted), [2, 2, 2, 3, 3]);
    assert_eq!([Kind::Ticker, Kind::Candle].map(counted), [1, 1]);
}

#[test]
fn rest_answers_are_laid_to_the_instrument_that_was_asked_for() {
    let table = table(Venue::BinanceUsdm, &["XUSDT", "ABCUSDT"]);
    let check = |bytes: &str, stamp: Nanos, surprises| {
        let origin = Origin { rest: Some(InstrumentId(1)), ..Origin::stream(Nanos(7)) };
        let frame = Frame { bytes: bytes.as_bytes(), origin, table: &table };
        let mut fast = Decoder::new(Binance::new(Venue::BinanceUsdm));
        let parts = parts_of(&mut fast, &frame);
        let general = Decoder::new(Binance::new(Venue::BinanceUsdm)).generally();
        assert_eq!(parts, parts_of(&mut { general }, &frame));
        let (event, levels) = &parts[0];
        assert_eq!((event.instrument, event.venue_time), (InstrumentId(1), stamp), "{bytes}");
        let Body::Levels(head) = event.body else { panic!("{bytes}") };
        let (follows, id) = (head.follows, head.id);
        assert_eq!((follows, id, levels.len()), (0, 99, 2));
        assert_eq!(fast.counts().surprises, surprises);
    };
    let spot = r#"{"lastUpdateId":99,"bids":[["10.01","1"]],"asks":[["10.02","1"]]}"#;
    assert!(is_rest_depth(spot.as_bytes()) && !is_rest_depth(TOP.as_bytes()));
    check(spot, Nanos::UNKNOWN, 0);
    let futures = r#"{"lastUpdateId":99,"E":1700000000500,"T":1700000000493,"bids":[["10.01","1"]],"asks":[["10.02","1"]]}"#;
    check(futures, Nanos(1_700_000_000_493_000_000), 0);
    check(&spot.replace(':', ": "), Nanos::UNKNOWN, 1);
}

#[test]
fn long_messages_are_cut_at_the_same_places() {
    let rows = |n: usize, first: usize| {
        let row = |i: usize| format!(r#"["{}.50","{}"]"#, first + i, i + 1);
        (0..n).map(row).collect::<Vec<_>>().join(",")
    };
    let table = spot();
    let most = PART_LEVELS_MAX;
    for (bids, asks) in [(most, 0), (0, most), (most, most), (most - 1, 1), (3 * most, most + 1)] {
        let message = format!(
            r#"{{"e":"depthUpdate","E":5,"s":"ABCUSDT","U":16,"u":16,"b":[{}],"a":[{}]}}"#,
            rows(bids, 100),
            rows(asks, 500)
        );
        let frame =
            Frame { bytes: message.as_bytes(), origin: Origin::stream(Nanos(7)), table: &table };
        let mut fast = Decoder::new(Binance::new(Venue::BinanceSpot));
        let mut general = Decoder::new(Binance::new(Venue::BinanceSpot)).generally();
        let parts = parts_of(&mut fast, &frame);
        assert_eq!(parts, parts_of(&mut general, &frame));
        assert_eq!(parts.len(), (bids + asks).div_ceil(most));
        assert_eq!(fast.counts().surprises, 0);
        // Broken behind the first part: what stands, stands, and then comes one fault.
        let broken = message.replacen("]}", "]x}", 1);
        let frame = Frame { bytes: broken.as_bytes(), ..frame };
        let mut with_fault = parts_of(&mut fast, &frame);
        let (fault, _) = with_fault.pop().unwrap();
        assert_eq!(fault.body, Body::Fault(Stale::Malformed));
        assert_eq!(fault.instrument, InstrumentId(0));
        assert_eq!(with_fault, parts[..parts.len() - 1]);
    }
}

/// A bad message has the named outcome, and the next good one decodes.
fn check_bad(message: &[u8], expected: Wrong) {
    let table = spot();
    for mut decoder in [Decoder::new, |grammar| Decoder::new(grammar).generally()]
        .map(|make| make(Binance::new(Venue::BinanceSpot)))
    {
        let origin = Origin::stream(Nanos(7));
        let text = String::from_utf8_lossy(message);
        let parts = parts_of(&mut decoder, &Frame { bytes: message, origin, table: &table });
        let bodies: Vec<_> = parts.iter().map(|(event, _)| event.body).collect();
        assert_eq!(decoder.last_wrong(), Some(expected), "{text}");
        let counts = decoder.counts().clone();
        let fault = match expected {
            Wrong::UnknownSymbol => None,
            Wrong::UnknownType => Some(Body::Fault(Stale::UnknownMessage)),
            _ => Some(Body::Fault(Stale::Malformed)),
        };
        assert_eq!(bodies, fault.into_iter().collect::<Vec<_>>(), "{text}");
        assert_eq!(counts.malformed + counts.unknown + counts.unknown_symbol, 1, "{text}");
        let good = Frame { bytes: TOP.as_bytes(), origin, table: &table };
        assert_eq!(parts_of(&mut decoder, &good).len(), 1);
        assert_eq!(decoder.counts().kinds[Kind::BookTop as usize], 1);
    }
}

#[test]
fn messages_cut_anywhere_are_malformed() {
    for message in [DEPTH, TRADE, AGGREGATE, TOP] {
        for length in 0..message.len() {
            check_bad(&message.as_bytes()[..length], Wrong::Json);
        }
        check_bad(format!("{message}}}").as_bytes(), Wrong::Json);
        check_bad(format!("{message}x").as_bytes(), Wrong::Json);
    }
}

#[test]
fn bad_messages_are_named() {
    use NumberError as E;
    let change = |message: &str, from: &str, to: &str, expected| {
        assert!(message.contains(from), "{from} in {message}");
        check_bad(message.replacen(from, to, 1).as_bytes(), expected);
    };
    for message in [DEPTH, TOP, TRADE, AGGREGATE] {
        change(message, "ABCUSDT", "XYZUSDT", Wrong::UnknownSymbol);
        change(message, "ABCUSDT", "no symbol of any table", Wrong::UnknownSymbol);
        change(message, "\"s\":\"ABCUSDT\"", "\"x\":0", Wrong::Missing("s"));
        change(message, "\"s\":", "\"s\":\"ABCUSDT\",\"s\":", Wrong::Twice("s"));
    }
    change(DEPTH, "depthUpdate", "depthupdate", Wrong::UnknownType);
    change(DEPTH, "\"U\":11", "\"U\":0", Wrong::Field("U"));
    change(DEPTH, "\"u\":15", "\"u\":-15", Wrong::Field("u"));
    change(DEPTH, "\"u\":15", "\"u\":1.5", Wrong::Field("u"));
    change(DEPTH, "1700000000123", "999999999999999999999", Wrong::Field("E"));
    change(DEPTH, "1700000000123", "99999999999999999", Wrong::Field("E"));
    change(DEPTH, "\"a\":[[", "\"b\":[[", Wrong::Twice("b"));
    change(DEPTH, "[\"9.99000000\",\"0.00000000\"]", "7", Wrong::Field("b"));
    change(DEPTH, "[\"9.99000000\",\"0.00000000\"]", "[\"9.99\"]", Wrong::Missing("b"));
    change(TRADE, "\"trade\"", "\"made\"", Wrong::UnknownType);
    change(TRADE, "\"m\":true,", "", Wrong::Missing("m"));
    change(TRADE, "\"m\":true", "\"m\":1", Wrong::Field("m"));
    change(TRADE, "\"T\":", "\"x\":", Wrong::Missing("T"));
    for (text, price, qty) in [
        ("0.00", Some(E::Zero), None),
        ("-1", Some(E::Sign), Some(E::Sign)),
        ("1e2", Some(E::Exponent), Some(E::Exponent)),
        ("0.001", Some(E::OffStep), None),
        ("0.000000001", Some(E::OffStep), Some(E::OffStep)),
        ("999999999999999999", Some(E::Overflow), Some(E::Overflow)),
        (
            "1234567890123456789012345678901234567890",
            Some(E::TooManyDigits),
            Some(E::TooManyDigits),
        ),
        ("", Some(E::NotADigit), Some(E::NotADigit)),
    ] {
        // A number that cannot be read is named by its key, one that does not fit by its meaning.
        let named = |key: &'static str, meaning: &'static str, error| match error {
            E::Zero | E::OffStep | E::Overflow => Wrong::Number(meaning, error),
            _ => Wrong::Number(key, error),
        };
        if let Some(error) = price {
            change(DEPTH, "10.01000000", text, named("b", "price", error));
            change(TRADE, "10.01000000", text, named("p", "price", error));
            change(TOP, "10.02000000", text, named("a", "price", error));
        }
        if let Some(error) = qty {
            change(DEPTH, "1.25000000", text, named("a", "quantity", error));
            change(TRADE, "0.02000000", text, named("q", "quantity", error));
            change(TOP, "0.50000000", text, named("B", "quantity", error));
        }
    }
    check_bad(b"{\"e\":\"trade\",\"s\":\"\xff\"}", Wrong::Json);
    check_bad("[".repeat(10_000).as_bytes(), Wrong::Json);
    check_bad(b"[]", Wrong::Field("message"));
    check_bad(b"{\"stream\":\"x\",\"data\":[]}", Wrong::Field("data"));
    check_bad(b"{\"stream\":\"x\"}", Wrong::Missing("data"));
    check_bad(b"{\"e\":\"noSuchThing\"}", Wrong::UnknownType);
    check_bad(b"{}", Wrong::UnknownType);
    check_bad(b"{\"lastUpdateId\":9,\"bids\":[],\"asks\":[]}", Wrong::UnknownType);
}

const SYMBOL: &str = r#"{"symbol":"ABCUSDT","status":"TRADING","baseAsset":"ABC","baseAssetPrecision":8,"quoteAsset":"USDT","filters":[{"filterType":"PRICE_FILTER","minPrice":"0.01","tickSize":"0.05000000"},{"filterType":"LOT_SIZE","minQty":"0.1","stepSize":"0.00100000"}]}"#;

#[test]
fn products_have_their_steps_from_the_filters() {
    let list = |symbols: &str| {
        products::read(format!(r#"{{"timezone":"UTC","symbols":[{symbols}]}}"#).as_bytes())
    };
    let other = SYMBOL.replace("ABCUSDT", "ABCUSDT_271231").replace("TRADING", "BREAK");
    // There are symbols in Chinese, which nobody can ask for.
    let chinese = SYMBOL.replace("ABC", "币");
    let products = list(&[SYMBOL, &chinese, &other].join(",")).unwrap();
    let line = |p: &crate::types::Product| {
        let (tick, lot, step) = (p.tick.text(1), p.lot.text(1), p.order_step.text(1));
        format!("{} {} {} {tick} {lot} {step} {}", p.symbol, p.base, p.quote, p.trading)
    };
    assert_eq!(
        products.iter().map(line).collect::<Vec<_>>(),
        [
            "ABCUSDT ABC USDT 0.05 0.00000001 0.001 true",
            "ABCUSDT_271231 ABC USDT 0.05 0.00000001 0.001 false",
        ]
    );
    let check = |from: &str, to: &str, expected| {
        assert_eq!(list(&SYMBOL.replacen(from, to, 1)), Err(expected), "{from} as {to}");
    };
    check("LOT_SIZE", "LOTS", Wrong::Missing("LOT_SIZE"));
    check("Precision\":8", "Precision\":19", Wrong::Field("baseAssetPrecision"));
    check("0.05000000", "0.00000000", Wrong::Number("tickSize", NumberError::Zero));
    check("0.00100000", "x", Wrong::Number("stepSize", NumberError::NotADigit));
    check("\"status\"", "\"state\"", Wrong::Missing("status"));
    check("ABCUSDT", "ABC USDT", Wrong::Field("symbol"));
    assert_eq!(products::read(b"{}"), Err(Wrong::Missing("symbols")));
    assert_eq!(products::read(b"oops"), Err(Wrong::Json));
}
