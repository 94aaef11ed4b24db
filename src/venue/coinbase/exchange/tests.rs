//! Messages of Coinbase Exchange and the parts they must become.

use super::decode::Exchange;
use super::products;
use crate::event::Part;
use crate::types::{InstrumentId, InstrumentTable, NumberError, Venue};
use crate::venue::coinbase::products::ListError;
use crate::venue::coinbase::tests::{check_cuts, check_wrong};
use crate::venue::decode::parts::Parts;
use crate::venue::decode::tape::Value;
use crate::venue::decode::tests::{check, table};
use crate::venue::decode::{Frame, Grammar, Kind, Scanned, Surprise, Wrong};

fn products_table() -> InstrumentTable {
    table(Venue::CoinbaseExchange, &["BTC-USD", "SKL-USD 0.0001 0.1"])
}

/// The messages are REST answers for the first product.
struct Rest(Exchange);

fn rest<'a>(frame: &Frame<'a>) -> Frame<'a> {
    let mut frame = *frame;
    frame.origin.rest = Some(InstrumentId(0));
    frame
}

impl Grammar for Rest {
    fn connected(&mut self) {
        self.0.connected();
    }
    fn begin(&mut self) {
        self.0.begin();
    }
    fn scan(&mut self, frame: &Frame<'_>, part: &mut Part) -> Result<Scanned, Surprise> {
        self.0.scan(&rest(frame), part)
    }
    fn walk(
        &mut self,
        frame: &Frame<'_>,
        message: Value<'_, '_>,
        parts: &mut Parts,
    ) -> Result<Kind, Wrong> {
        self.0.walk(&rest(frame), message, parts)
    }
    fn culprit(&self, frame: &Frame<'_>) -> InstrumentId {
        self.0.culprit(&rest(frame))
    }
}

const L2UPDATE: &str = r#"{"type":"l2update","product_id":"SKL-USD","changes":[["buy","0.8001","335.0"],["sell","0.8002","0.0"]],"time":"2021-04-17T16:43:30.244075Z"}"#;
const SNAPSHOT: &str = r#"{"type":"snapshot","product_id":"BTC-USD","asks":[["100.02","1"],["100.03","2.5"]],"bids":[["100.01","0.1"]]}"#;
const MATCH: &str = r#"{"type":"match","trade_id":889760,"maker_order_id":"fc850f11-c268-4f38-8412-065bea96957d","taker_order_id":"5e123235-943a-4afc-94f4-5641e12e09ff","side":"buy","size":"0.000007","price":"412.60","product_id":"BTC-USD","sequence":451724584,"time":"2021-04-17T16:43:15.270101Z"}"#;
const RECEIVED: &str = r#"{"type":"received","sequence":11,"order_id":"fb498858-661f-4496-b91b-e15993eacfe1","order_type":"limit","size":"2.25","price":"413.65","side":"sell","funds":null,"client_oid":"40f88c39-aff4-4983-a168-3d9614b2abe0","product_id":"BTC-USD","time":"2016-03-12T05:08:36.8Z"}"#;
const OPEN: &str = r#"{"type":"open","sequence":12,"side":"sell","price":"413.65","order_id":"fb498858-661f-4496-b91b-e15993eacfe1","remaining_size":"2.25","product_id":"BTC-USD","time":"2016-03-12T05:08:36.8Z"}"#;
const DONE: &str = r#"{"type":"done","order_type":"limit","side":"sell","sequence":14,"order_id":"fb498858-661f-4496-b91b-e15993eacfe1","reason":"canceled","product_id":"BTC-USD","time":"2016-03-12T05:08:36.8Z","price":"413.70","remaining_size":"0.2"}"#;
const FULL_MATCH: &str = r#"{"type":"match","sequence":13,"trade_id":5,"maker_order_id":"fb498858-661f-4496-b91b-e15993eacfe1","taker_order_id":"1ee273da-4cad-456c-abcd-6f5de66f2431","side":"sell","size":"2","price":"413.65","product_id":"BTC-USD","time":"2016-03-12T05:08:36.9Z"}"#;
const RENDERED: &str = r#"{"product_id": "BTC-USD", "remaining_size": "4", "time": "", "order_id": "db32e2a2-aa29-43e6-bcc2-418882e4d90d", "price": "412.75", "sequence": 10, "type": "open", "side": "buy"}"#;
const RENDERED_SELL: &str = r#"{"product_id": "BTC-USD", "remaining_size": "1", "time": "", "order_id": "b2fc75ac-c4ed-4e70-80f2-669d263ae8f6", "price": "412.80", "sequence": 10, "type": "open", "side": "sell"}"#;
const TICKER: &str = r#"{"type":"ticker","sequence":3,"product_id":"BTC-USD","price":"412.60","open_24h":"400","volume_24h":"9","low_24h":"1","high_24h":"2","volume_30d":"3","best_bid":"412.59","best_bid_size":"0.5","best_ask":"412.61","best_ask_size":"7","side":"buy","time":"2022-10-19T23:28:22.5Z","trade_id":5,"last_size":"1"}"#;
const HEARTBEAT: &str = r#"{"type":"heartbeat","sequence":90,"last_trade_id":20,"product_id":"BTC-USD","time":"2014-11-07T08:19:28.5Z"}"#;
const STATUS: &str = r#"{"type":"status","products":[{"id":"BTC-USD","status":"online","cancel_only":false,"post_only":true,"trading_disabled":false},{"id":"SKL-USD","status":"delisted"},{"id":"XYZ-USD","status":"online"}],"currencies":[{"id":"BTC","max_precision":"0.0000000100000000000000000000000000000000"}]}"#;
const SUBSCRIPTIONS: &str =
    r#"{"type":"subscriptions","channels":[{"name":"level2","product_ids":["BTC-USD"]}]}"#;

#[test]
fn hot_messages_are_scanned_by_hand() {
    let surprises = check(
        Exchange::default,
        &products_table(),
        &[
            (
                L2UPDATE,
                &["SKL-USD update | bid 0.8001 335.0 | ask 0.8002 0.0 at 1618677810244075000"],
            ),
            (
                r#"{"type":"l2update","product_id":"BTC-USD","changes":[],"time":"2021-04-17T16:43:30.2Z"}"#,
                &["BTC-USD update at 1618677810200000000"],
            ),
            (
                r#"{"type":"l2update","product_id":"BTC-USD","changes":[["buy","46961.95","0.00000000"]],"time":"0001-01-01T00:00:00.000000Z"}"#,
                &["BTC-USD update | bid 46961.95 0.00000000"],
            ),
            (
                SNAPSHOT,
                &[
                    "BTC-USD snapshot | ask 100.02 1.00000000 | ask 100.03 2.50000000 | bid 100.01 0.10000000",
                ],
            ),
            (
                r#"{"type":"snapshot","product_id":"BTC-USD","bids":[],"asks":[],"time":"2021-04-17T16:43:30.2Z"}"#,
                &["BTC-USD snapshot at 1618677810200000000"],
            ),
            (
                r#"{"type":"snapshot","product_id":"BTC-USD","bids":[],"asks":[["1","2"]]}"#,
                &["BTC-USD snapshot | ask 1.00 2.00000000"],
            ),
            (
                r#"{"type":"snapshot","product_id":"BTC-USD","bids":[["1","2"]],"asks":[]}"#,
                &["BTC-USD snapshot | bid 1.00 2.00000000"],
            ),
            // The maker bought, so the taker sold.
            (MATCH, &["BTC-USD trade 889760 ask 0.00000700 @ 412.60 at 1618677795270101000"]),
        ],
    );
    assert_eq!(surprises, 0);
}

#[test]
fn the_life_of_an_order_is_scanned_by_hand() {
    const KEY: &str = "fb498858661f4496:b91be15993eacfe1";
    let (received, open) = (format!("BTC-USD Received {KEY} id 11"), format!("BTC-USD Open {KEY}"));
    let (matched, done) = (format!("BTC-USD Match {KEY} id 13"), format!("BTC-USD Done {KEY}"));
    let at = "at 1457759316800000000";
    let surprises = check(
        Exchange::default,
        &products_table(),
        &[
            // Before an order was seen, a match is a trade.
            (FULL_MATCH, &["BTC-USD trade 5 bid 2.00000000 @ 413.65 at 1457759316900000000"]),
            (
                RENDERED,
                &[
                    "BTC-USD Open db32e2a2aa2943e6:bcc2418882e4d90d id 10 snapshot first | bid 412.75 4.00000000",
                ],
            ),
            (
                RENDERED_SELL,
                &[
                    "BTC-USD Open b2fc75acc4ed4e70:80f2669d263ae8f6 id 10 snapshot | ask 412.80 1.00000000",
                ],
            ),
            (RECEIVED, &[&format!("{received} | ask 413.65 0.00000000 {at}")]),
            (OPEN, &[&format!("{open} id 12 | ask 413.65 2.25000000 {at}")]),
            (
                FULL_MATCH,
                &[
                    &format!("{matched} | ask 413.65 2.00000000 at 1457759316900000000"),
                    "BTC-USD trade 5 bid 2.00000000 @ 413.65 at 1457759316900000000",
                ],
            ),
            // It leaves at another price than it was opened at.
            (DONE, &[&format!("{done} id 14 | ask 413.70 0.00000000 {at}")]),
            // A second snapshot, of the same sequence, begins anew behind any live message.
            (
                RENDERED,
                &[
                    "BTC-USD Open db32e2a2aa2943e6:bcc2418882e4d90d id 10 snapshot first | bid 412.75 4.00000000",
                ],
            ),
            (DONE, &[&format!("{done} id 14 | ask 413.70 0.00000000 {at}")]),
            (
                RENDERED,
                &[
                    "BTC-USD Open db32e2a2aa2943e6:bcc2418882e4d90d id 10 snapshot first | bid 412.75 4.00000000",
                ],
            ),
        ],
    );
    assert_eq!(surprises, 0);
}

#[test]
fn rare_messages_are_read_generally() {
    let id = r#""order_id":"fb498858-661f-4496-b91b-e15993eacfe1","product_id":"BTC-USD""#;
    let time = r#""time":"2014-11-07T08:19:27.5Z""#;
    let key = "fb498858661f4496:b91be15993eacfe1";
    let at = "at 1415348367500000000";
    check(
        Exchange::default,
        &products_table(),
        &[
            (
                &MATCH.replace("\"match\"", "\"last_match\""),
                &["BTC-USD trade 889760 ask 0.00000700 @ 412.60 history at 1618677795270101000"],
            ),
            (
                TICKER,
                &[
                    "BTC-USD top | bid 412.59 0.50000000 | ask 412.61 7.00000000 at 1666222102500000000",
                ],
            ),
            (&TICKER.replace("_size", "_other"), &[]),
            (HEARTBEAT, &["BTC-USD heartbeat 90 20 at 1415348368500000000"]),
            (STATUS, &["BTC-USD Status(PostOnly)", "SKL-USD Status(Halted)"]),
            (
                r#"{"type":"status","products":[{"id":"SKL-USD","status":"online","cancel_only":true},{"id":"BTC-USD","status":"online","trading_disabled":true}]}"#,
                &["SKL-USD Status(CancelOnly)", "BTC-USD Status(Halted)"],
            ),
            (
                r#"{"type":"status","products":[{"id":"SKL-USD","status":"online"}]}"#,
                &["SKL-USD Status(Trading)"],
            ),
            (SUBSCRIPTIONS, &["* Subscribed"]),
            (r#"{"type":"subscriptions","channels":[]}"#, &["* fault unsubscribed"]),
            (r#"{"type":"error","message":"ErrSlowConsume"}"#, &["* fault unsubscribed"]),
            // Cut by self-trade prevention, then modified.
            (
                &format!(
                    r#"{{"type":"change",{id},{time},"sequence":80,"new_size":"5","old_size":"12","price":"400.23","side":"sell"}}"#
                ),
                &[&format!("BTC-USD Change {key} id 80 | ask 400.23 5.00000000 {at}")],
            ),
            (
                &format!(
                    r#"{{"type":"change","reason":"modify_order",{id},{time},"sequence":81,"new_size":"4","old_size":"5","old_price":"400.23","new_price":"400.24","side":"sell"}}"#
                ),
                &[&format!("BTC-USD Change {key} id 81 | ask 400.24 4.00000000 {at}")],
            ),
            // Market orders have no price and rest nowhere.
            (
                &format!(
                    r#"{{"type":"change",{id},{time},"sequence":82,"new_funds":"5","old_funds":"9","price":null,"side":"sell"}}"#
                ),
                &[&format!("BTC-USD Received {key} id 82 | ask 0.00 0.00000000 {at}")],
            ),
            (
                &format!(
                    r#"{{"type":"received",{id},{time},"sequence":83,"order_type":"market","funds":"30","side":"buy"}}"#
                ),
                &[&format!("BTC-USD Received {key} id 83 | bid 0.00 0.00000000 {at}")],
            ),
            (
                &format!(
                    r#"{{"type":"done",{id},{time},"sequence":84,"order_type":"market","side":"buy"}}"#
                ),
                &[&format!("BTC-USD Done {key} id 84 | bid 0.00 0.00000000 {at}")],
            ),
            (
                r#"{"type":"activate","product_id":"BTC-USD","timestamp":"1483736448.299","stop_price":"80"}"#,
                &[],
            ),
        ],
    );
}

#[test]
fn a_subscription_to_full_makes_each_match_an_order_as_well() {
    let full = SUBSCRIPTIONS.replace("level2", "full");
    let trade = "BTC-USD trade 889760 ask 0.00000700 @ 412.60 at 1618677795270101000";
    let order = "BTC-USD Match fc850f11c2684f38:8412065bea96957d id 451724584 | bid 412.60 0.00000700 at 1618677795270101000";
    check(
        Exchange::default,
        &products_table(),
        &[
            (MATCH, &[trade]),
            (&full, &["* Subscribed"]),
            (MATCH, &[order, trade]),
            (SUBSCRIPTIONS, &["* Subscribed"]),
            (MATCH, &[trade]),
        ],
    );
}

#[test]
fn any_key_order_gives_the_same_parts() {
    let surprises = check(
        Exchange::default,
        &products_table(),
        &[
            (
                r#"{"time":"2021-04-17T16:43:30.244075Z", "changes":[["buy","0.8001","335.0"]], "product_id":"SKL-USD", "type":"l2update"}"#,
                &["SKL-USD update | bid 0.8001 335.0 at 1618677810244075000"],
            ),
            (
                "{\"type\":\"l2update\",\"product_id\":\"SKL-USD\",\"changes\":[[\"buy\",\"0.8001\",\"335.0\"]],\"time\":\"2021-04-17T16:43:30.244075Z\"}\n",
                &["SKL-USD update | bid 0.8001 335.0 at 1618677810244075000"],
            ),
            (
                r#"{"type":"l2update","product_id":"SKL\u002dUSD","changes":[["buy","0.8001",335]],"time":"2021-04-17T16:43:30.244075Z"}"#,
                &["SKL-USD update | bid 0.8001 335.0 at 1618677810244075000"],
            ),
        ],
    );
    assert_eq!(surprises, 3);
}

#[test]
fn a_long_snapshot_is_cut_into_parts_and_faults_where_it_breaks() {
    let row = |n: u32| format!(r#"["{}.5","1"]"#, n + 1);
    let rows = |n: u32| (0..n).map(row).collect::<Vec<_>>().join(",");
    let snapshot = |last: &str| {
        format!(
            r#"{{"type":"snapshot","product_id":"BTC-USD","bids":[{}],"asks":[{},{last}]}}"#,
            rows(28),
            rows(28)
        )
    };
    let levels = |side: &str| {
        (0..28).map(|n| format!(" | {side} {}.50 1.00000000", n + 1)).collect::<String>()
    };
    let first = format!("BTC-USD snapshot open{}", levels("bid"));
    let second = format!("BTC-USD snapshot more open{}", levels("ask"));
    let third = "BTC-USD snapshot more | ask 99.00 2.00000000";
    let lines = [first.as_str(), second.as_str(), third];
    let odd = snapshot(r#"["99", "2"]"#);
    check(
        Exchange::default,
        &products_table(),
        &[(&snapshot(r#"["99","2"]"#), &lines), (&odd, &lines)],
    );
    check_cuts(Exchange::default, &products_table(), &[&snapshot(r#"["99","2"]"#)]);
}

#[test]
fn rest_books_become_orders_or_levels() {
    check(
        || Rest(Exchange::default()),
        &products_table(),
        &[
            (
                r#"{"sequence":7,"bids":[["9","1","f9987469-a0e9-42ce-9b5f-69877afe2fdc"]],"asks":[["10","2","07c5d173-c625-4e01-a147-cff1f08a9f15"]],"time":"2022-10-19T23:28:22.5Z"}"#,
                &[
                    "BTC-USD Open f9987469a0e942ce:9b5f69877afe2fdc id 7 snapshot first | bid 9.00 1.00000000",
                    "BTC-USD Open 7c5d173c6254e01:a147cff1f08a9f15 id 7 snapshot | ask 10.00 2.00000000",
                ],
            ),
            (
                r#"{"bids":[["9","1",3]],"asks":[["10","2",1]],"sequence":7,"time":"2022-10-19T23:28:22.5Z"}"#,
                &[
                    "BTC-USD snapshot 0->7 | bid 9.00 1.00000000 | ask 10.00 2.00000000 at 1666222102500000000",
                ],
            ),
            (r#"{"sequence":7,"bids":[],"asks":[]}"#, &["BTC-USD snapshot 0->7"]),
            (r#"{"message":"NotFound"}"#, &["BTC-USD fault malformed"]),
            (r#"{"sequence":7,"bids":[["9","1","f998"]],"asks":[]}"#, &["BTC-USD fault malformed"]),
        ],
    );
}

#[test]
fn cut_messages_are_malformed_and_nothing_else() {
    let messages = [
        L2UPDATE,
        SNAPSHOT,
        MATCH,
        RECEIVED,
        OPEN,
        DONE,
        FULL_MATCH,
        RENDERED,
        TICKER,
        HEARTBEAT,
        STATUS,
        SUBSCRIPTIONS,
    ];
    check_cuts(Exchange::default, &products_table(), &messages);
}

#[test]
fn what_is_wrong_has_a_name() {
    let (btc, skl) = (Some(InstrumentId(0)), Some(InstrumentId(1)));
    let number = |text: &str, name, error| {
        let quoted = L2UPDATE.replace("0.8001", text);
        let bare = L2UPDATE.replace("\"0.8001\"", text);
        let wrong = Wrong::Number(name, error);
        [(quoted, wrong, skl), (bare, wrong, skl)]
    };
    let forty = "1234567890123456789012345678901234567890";
    let deep = format!(r#"{{"type":"l2update","x":{}{}}}"#, "[".repeat(10_000), "]".repeat(10_000));
    let huge = format!("{}{}", L2UPDATE, " ".repeat(crate::venue::decode::FRAME_BYTES_MAX));
    let mut cases = vec![
        (L2UPDATE.replace("SKL-USD", "XYZ-USD"), Wrong::UnknownSymbol, None),
        (MATCH.replace("BTC-USD", "XYZ-USD"), Wrong::UnknownSymbol, None),
        (SNAPSHOT.replace("snapshot", "snapshots"), Wrong::UnknownType, btc),
        (r#"{"type":"rfq"}"#.to_owned(), Wrong::UnknownType, Some(InstrumentId::ALL)),
        (r#"{"product_id":"SKL-USD"}"#.to_owned(), Wrong::Missing("type"), skl),
        ("[]".to_owned(), Wrong::Field("message"), Some(InstrumentId::ALL)),
        (deep, Wrong::Json, Some(InstrumentId::ALL)),
        (huge, Wrong::TooLong, skl),
        (
            L2UPDATE.replace("\"changes\"", "\"product_id\":\"SKL-USD\",\"changes\""),
            Wrong::Twice("product_id"),
            skl,
        ),
        (L2UPDATE.replace("}", ",\"changes\":[]}"), Wrong::Twice("changes"), skl),
        (SNAPSHOT.replace("}", ",\"bids\":[]}"), Wrong::Twice("bids"), btc),
        (L2UPDATE.replace("buy", "bid"), Wrong::Field("side"), skl),
        (L2UPDATE.replace("\"335.0\"", "null"), Wrong::Field("changes"), skl),
        (L2UPDATE.replace(",\"335.0\"", ""), Wrong::Missing("changes"), skl),
        (L2UPDATE.replace("2021-04-17", "2021-02-30"), Wrong::Field("time"), skl),
        (L2UPDATE.replace("335.0", "1e-8"), Wrong::Number("changes", NumberError::Exponent), skl),
        (L2UPDATE.replace("335.0", "0.15"), Wrong::Number("quantity", NumberError::OffStep), skl),
        (MATCH.replace("412.60", "0"), Wrong::Number("price", NumberError::Zero), btc),
        (MATCH.replace("0.000007", "-1"), Wrong::Number("size", NumberError::Sign), btc),
        (OPEN.replace("-b91b-", "-b91-"), Wrong::Field("order_id"), btc),
        (OPEN.replace("413.65", "0.00"), Wrong::Number("price", NumberError::Zero), btc),
        (OPEN.replace("\"price\"", "\"prize\""), Wrong::Missing("price"), btc),
        (DONE.replace("413.70", "-413.70"), Wrong::Number("price", NumberError::Sign), btc),
        (RECEIVED.replace("\"sell\"", "\"sale\""), Wrong::Field("side"), btc),
        (RECEIVED.replace("11", "-11"), Wrong::Field("sequence"), btc),
    ];
    cases.extend(number("0.0000", "price", NumberError::Zero));
    cases.extend(number("-0.8001", "changes", NumberError::Sign));
    cases.extend(number(forty, "changes", NumberError::TooManyDigits));
    cases.extend(number("8001e-4", "changes", NumberError::Exponent));
    cases.extend(number("0.80015", "price", NumberError::OffStep));
    let mut cases: Vec<_> =
        cases.iter().map(|(text, wrong, culprit)| (text.as_bytes(), *wrong, *culprit)).collect();
    let mut latin = L2UPDATE.as_bytes().to_vec();
    let year = L2UPDATE.find("2021").unwrap();
    latin[year] = 0xff;
    cases.push((&latin, Wrong::Json, skl));
    check_wrong(Exchange::default, &products_table(), MATCH, &cases);
}

#[test]
fn the_product_list_is_read() {
    const LIST: &str = r#"[{"id":"SKL-EUR","base_currency":"SKL","quote_currency":"EUR","base_min_size":"5","quote_increment":"0.0001","base_increment":"0.1","limit_only":false,"cancel_only":false,"trading_disabled":false,"status":"online"},{"id":"X-Y","base_currency":"X","quote_currency":"Y","quote_increment":"0.05","base_increment":"1","cancel_only":true,"status":"online"}]"#;
    let read = |text: &str| {
        products::read(text.as_bytes()).map(|list| {
            let line = |p: &crate::types::Product| {
                let (tick, lot) = (p.tick.text(1), p.lot.text(1));
                format!("{} {} {} {tick} {lot} {}", p.symbol, p.base, p.quote, p.trading)
            };
            list.iter().map(line).collect::<Vec<_>>().join(", ")
        })
    };
    let both = "SKL-EUR SKL EUR 0.0001 0.1 true, X-Y X Y 0.05 1 false";
    assert_eq!(read(LIST).as_deref(), Ok(both));
    assert_eq!(read("[]").as_deref(), Ok(""));
    assert_eq!(read("{}"), Err(ListError::List(Wrong::Field("products"))));
    assert_eq!(read(&LIST[1..]), Err(ListError::List(Wrong::Json)));
    let wrong = |from: &str, to: &str, wrong| {
        assert_eq!(read(&LIST.replace(from, to)), Err(ListError::Product { at: 1, wrong }));
    };
    wrong("0.05", "0", Wrong::Number("quote_increment", NumberError::Zero));
    wrong("\"X-Y\"", "\"X Y\"", Wrong::Field("id"));
    wrong("\"base_currency\":\"X\",", "", Wrong::Missing("base_currency"));
}
