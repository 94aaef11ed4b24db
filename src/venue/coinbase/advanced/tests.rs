//! Messages of Coinbase Advanced Trade and the parts they must become.

use super::decode::Advanced;
use super::products;
use crate::types::{InstrumentId, InstrumentTable, Nanos, NumberError, Venue};
use crate::venue::coinbase::products::ListError;
use crate::venue::coinbase::tests::{check_cuts, check_wrong};
use crate::venue::decode::tests::{check, parts_of, table};
use crate::venue::decode::{Decoder, Frame, Origin, Wrong};

fn products_table() -> InstrumentTable {
    table(Venue::CoinbaseAdvanced, &["BTC-USD", "ETH-USD"])
}

/// A message of that channel and number with those events.
fn message(channel: &str, number: u64, events: &str) -> String {
    format!(
        r#"{{"channel":"{channel}","timestamp":"2026-08-09T21:05:48.5Z","sequence_num":{number},"events":[{events}]}}"#
    )
}

const AT: &str = "at 1786309548500000000";

fn levels(kind: &str, symbol: &str, rows: &[(&str, &str, &str)]) -> String {
    let row = |(side, price, qty): &(&str, &str, &str)| {
        format!(
            r#"{{"side":"{side}","event_time":"2026-08-09T21:05:48.170326Z","price_level":"{price}","new_quantity":"{qty}"}}"#
        )
    };
    let rows = rows.iter().map(row).collect::<Vec<_>>().join(",");
    format!(r#"{{"type":"{kind}","product_id":"{symbol}","updates":[{rows}]}}"#)
}

fn trades(kind: &str, rows: &[(&str, u64, &str)]) -> String {
    let row = |(symbol, id, side): &(&str, u64, &str)| {
        format!(
            r#"{{"product_id":"{symbol}","trade_id":"{id}","price":"100.5","size":"0.25","time":"2026-08-09T21:05:42.5Z","side":"{side}"}}"#
        )
    };
    let rows = rows.iter().map(row).collect::<Vec<_>>().join(",");
    format!(r#"{{"type":"{kind}","trades":[{rows}]}}"#)
}

fn ticker(symbol: &str) -> String {
    format!(
        r#"{{"type":"ticker","product_id":"{symbol}","price":"65086.18","volume_24_h":"28.5","low_24_h":"1","high_24_h":"2","low_52_w":"0.5","high_52_w":"3","price_percent_chg_24_h":"-0.09","best_bid":"65083.66","best_ask":"65083.67","best_bid_quantity":"0.25","best_ask_quantity":"0.5"}}"#
    )
}

fn tickers(kind: &str, symbols: &[&str]) -> String {
    let rows = symbols.iter().map(|symbol| ticker(symbol)).collect::<Vec<_>>().join(",");
    format!(r#"{{"type":"{kind}","tickers":[{rows}]}}"#)
}

#[test]
fn hot_messages_are_scanned_by_hand() {
    let two = [("bid", "65083.66", "0.25"), ("offer", "65083.67", "0")];
    let update = levels("update", "BTC-USD", &two);
    let traded = "@ 100.50";
    let surprises = check(
        Advanced::default,
        &products_table(),
        &[
            (
                &message("l2_data", 0, &levels("snapshot", "BTC-USD", &two)),
                &[&format!(
                    "BTC-USD snapshot | bid 65083.66 0.25000000 | ask 65083.67 0.00000000 {AT}"
                )],
            ),
            (
                &message("l2_data", 1, &update),
                &[&format!(
                    "BTC-USD update | bid 65083.66 0.25000000 | ask 65083.67 0.00000000 {AT}"
                )],
            ),
            (
                &message("l2_data", 2, &levels("update", "BTC-USD", &[])),
                &[&format!("BTC-USD update {AT}")],
            ),
            // Two products in one message: each has its own end.
            (
                &message(
                    "l2_data",
                    3,
                    &format!("{update},{}", levels("update", "ETH-USD", &two[..1])),
                ),
                &[
                    &format!(
                        "BTC-USD update | bid 65083.66 0.25000000 | ask 65083.67 0.00000000 {AT}"
                    ),
                    &format!("ETH-USD update | bid 65083.66 0.25000000 {AT}"),
                ],
            ),
            // The maker's side: who took from a SELL has bought.
            (
                &message(
                    "market_trades",
                    4,
                    &trades("update", &[("BTC-USD", 8, "SELL"), ("ETH-USD", 9, "BUY")]),
                ),
                &[
                    &format!("BTC-USD trade 8 bid 0.25000000 {traded} at 1786309542500000000"),
                    &format!("ETH-USD trade 9 ask 0.25000000 {traded} at 1786309542500000000"),
                ],
            ),
            (
                &message("market_trades", 5, &trades("snapshot", &[("BTC-USD", 8, "SELL")])),
                &[&format!(
                    "BTC-USD trade 8 bid 0.25000000 {traded} history at 1786309542500000000"
                )],
            ),
            (
                &message("ticker", 6, &tickers("update", &["BTC-USD", "ETH-USD"])),
                &[
                    &format!(
                        "BTC-USD top | bid 65083.66 0.25000000 | ask 65083.67 0.50000000 {AT}"
                    ),
                    &format!(
                        "ETH-USD top | bid 65083.66 0.25000000 | ask 65083.67 0.50000000 {AT}"
                    ),
                ],
            ),
            (
                &message("ticker", 7, &tickers("snapshot", &["ETH-USD"])),
                &[&format!("ETH-USD top | bid 65083.66 0.25000000 | ask 65083.67 0.50000000 {AT}")],
            ),
            (
                &message("l2_data", 8, &levels("update", "BTC-USD", &[]))
                    .replace(r#""timestamp""#, r#""client_id":"","timestamp""#),
                &[&format!("BTC-USD update {AT}")],
            ),
        ],
    );
    assert_eq!(surprises, 0);
}

#[test]
fn rare_messages_are_read_generally() {
    let heartbeat = r#"{"current_time":"2026-08-09 21:05:48.8 +0000 UTC m=+41691.2","heartbeat_counter":41691}"#;
    let candles = r#"{"type":"update","candles":[{"start":"1786309500","high":"1919.6","product_id":"ETH-USD"}]}"#;
    let orders = r#"{"type":"snapshot","orders":[{"order_id":"a1b2c3d4","product_id":"BTC-USD","order_side":"BUY"}]}"#;
    let subscriptions = r#"{"subscriptions":{"level2":["BTC-USD"]}}"#;
    let row = r#"{"new_quantity":2,"price_level":1.5,"side":"offer"}"#;
    let odd = format!(r#"{{"updates":[{row}],"product_id":"BTC-USD","type":"update"}}"#);
    check(
        Advanced::default,
        &products_table(),
        &[
            (&message("heartbeats", 0, heartbeat), &[&format!("* heartbeat 0 0 {AT}")]),
            (&message("subscriptions", 1, subscriptions), &[&format!("* Subscribed {AT}")]),
            (
                &message("subscriptions", 2, r#"{"subscriptions":{}}"#),
                &[&format!("* fault unsubscribed {AT}")],
            ),
            (&message("candles", 3, candles), &[]),
            (&message("user", 4, orders), &[]),
            (r#"{"type":"error","message":"authentication failure"}"#, &["* fault unsubscribed"]),
            (
                &message("l2_data", 5, &odd),
                &[&format!("BTC-USD update | ask 1.50 2.00000000 {AT}")],
            ),
            (&message("l2_data", 6, ""), &[]),
            (&message("market_trades", 7, &trades("update", &[])), &[]),
        ],
    );
}

#[test]
fn an_unknown_product_leaves_the_others_of_its_message() {
    let table = products_table();
    let bid = [("bid", "1", "2")];
    let (unknown, known) = (levels("update", "X-Y", &bid), levels("update", "ETH-USD", &bid));
    let eth = format!("ETH-USD update | bid 1.00 2.00000000 {AT}");
    let trade = "BTC-USD trade 2 bid 0.25000000 @ 100.50 at 1786309542500000000";
    let top = format!("BTC-USD top | bid 65083.66 0.25000000 | ask 65083.67 0.50000000 {AT}");
    check(
        Advanced::default,
        &table,
        &[
            (&message("l2_data", 0, &format!("{unknown},{known}")), &[&eth]),
            (&message("l2_data", 1, &format!("{known},{unknown}")), &[&eth]),
            (
                &message(
                    "market_trades",
                    2,
                    &trades("update", &[("X-Y", 1, "BUY"), ("BTC-USD", 2, "SELL")]),
                ),
                &[trade],
            ),
            (&message("ticker", 3, &tickers("update", &["BTC-USD", "X-Y"])), &[&top]),
            (&message("l2_data", 4, &unknown), &[]),
        ],
    );
    let text = message("l2_data", 0, &unknown);
    let frame = Frame { bytes: text.as_bytes(), origin: Origin::stream(Nanos(7)), table: &table };
    let mut decoder = Decoder::new(Advanced::default());
    parts_of(&mut decoder, &frame);
    assert_eq!(decoder.counts().unknown_symbol, 1);
    assert_eq!(decoder.take_unknown_symbol().unwrap().as_str(), "X-Y");
}

#[test]
fn a_jump_of_the_sequence_stands_before_the_message_that_shows_it() {
    let gap = "* fault sequence_gap";
    let update = levels("update", "BTC-USD", &[]);
    let line = format!("BTC-USD update {AT}");
    let l2 = |number| message("l2_data", number, &update);
    let odd = |number| message("l2_data", number, &update.replace("\"updates\":", "\"updates\": "));
    check(
        Advanced::default,
        &products_table(),
        &[
            (&l2(40), &[&line]),
            (&l2(41), &[&line]),
            (&l2(43), &[gap, &line]),
            // Read half by hand and then generally, it is judged once.
            (&odd(44), &[&line]),
            (&l2(45), &[&line]),
            (&odd(47), &[gap, &line]),
            (&l2(48), &[&line]),
            (&l2(48), &[gap, &line]),
            (&l2(3), &[gap, &line]),
            (&message("candles", 4, ""), &[]),
            (&message("candles", 6, ""), &[gap]),
            (&l2(7), &[&line]),
            // What cannot be read is taken for the one that was due.
            (&l2(8)[1..], &["BTC-USD fault malformed"]),
            (&l2(9), &[&line]),
            (&message("l3_data", 10, ""), &["* fault unknown_message"]),
            (&l2(11), &[&line]),
            (&l2(13).replace("48.5Z", "48.5"), &["BTC-USD fault malformed"]),
            (&l2(14), &[gap, &line]),
            (r#"{"type":"error"}"#, &["* fault unsubscribed"]),
            (&l2(15), &[&line]),
        ],
    );
}

#[test]
fn a_new_connection_counts_anew() {
    let table = products_table();
    let text = message("l2_data", 5, &levels("update", "BTC-USD", &[]));
    let frame = Frame { bytes: text.as_bytes(), origin: Origin::stream(Nanos(7)), table: &table };
    let mut decoder = Decoder::new(Advanced::default());
    assert_eq!(parts_of(&mut decoder, &frame).len(), 1);
    assert_eq!(parts_of(&mut decoder, &frame).len(), 2);
    decoder.connected();
    assert_eq!(parts_of(&mut decoder, &frame).len(), 1);
}

#[test]
fn a_long_snapshot_is_cut_into_parts_and_faults_where_it_breaks() {
    let prices: Vec<_> = (1..=60).map(|n| n.to_string()).collect();
    let side = |n: usize| if n < 28 { "bid" } else { "offer" };
    let rows: Vec<_> =
        prices.iter().enumerate().map(|(n, price)| (side(n), price.as_str(), "1")).collect();
    let snapshot = message("l2_data", 0, &levels("snapshot", "BTC-USD", &rows));
    let line = |head: &str, from: usize, to: usize, side: &str| {
        let levels = prices[from..to].iter().map(|p| format!(" | {side} {p}.00 1.00000000"));
        format!("BTC-USD snapshot{head}{}", levels.collect::<String>())
    };
    let lines = [
        line(" open", 0, 28, "bid"),
        line(" more open", 28, 56, "ask"),
        format!("{} {AT}", line(" more", 56, 60, "ask")),
    ];
    let lines = lines.each_ref().map(String::as_str);
    // The second is read generally from its last row on.
    let odd = snapshot.replace("\"60\"", " \"60\"").replace("_num\":0", "_num\":1");
    let table = products_table();
    assert_eq!(check(Advanced::default, &table, &[(&snapshot, &lines), (&odd, &lines)]), 1);
    check_cuts(Advanced::default, &table, &[&snapshot]);
}

#[test]
fn cut_messages_are_malformed_and_nothing_else() {
    let two = [("bid", "65083.66", "0.25"), ("offer", "65083.67", "0")];
    let both =
        format!("{},{}", levels("update", "BTC-USD", &two), levels("update", "ETH-USD", &two));
    let messages = [
        message("l2_data", 0, &both),
        message(
            "market_trades",
            0,
            &trades("update", &[("BTC-USD", 8, "SELL"), ("ETH-USD", 9, "BUY")]),
        ),
        message("ticker", 0, &tickers("update", &["BTC-USD", "ETH-USD"])),
        message("heartbeats", 0, r#"{"heartbeat_counter":41691}"#),
        message("subscriptions", 0, r#"{"subscriptions":{"level2":["BTC-USD"]}}"#),
        message("user", 0, r#"{"type":"snapshot","orders":[]}"#),
    ];
    let messages = messages.each_ref().map(String::as_str);
    check_cuts(Advanced::default, &products_table(), &messages);
}

#[test]
fn what_is_wrong_has_a_name() {
    let (btc, eth, all) = (Some(InstrumentId(0)), Some(InstrumentId(1)), Some(InstrumentId::ALL));
    let l2 = |from: &str, to: &str| {
        let row = [("bid", "65083.66", "0.25")];
        message("l2_data", 0, &levels("update", "BTC-USD", &row)).replace(from, to)
    };
    let trade = |from: &str, to: &str| {
        message("market_trades", 0, &trades("update", &[("ETH-USD", 8, "SELL")])).replace(from, to)
    };
    let two = |from: &str, to: &str| {
        message("ticker", 0, &tickers("update", &["BTC-USD", "ETH-USD"])).replacen(from, to, 1)
    };
    let price = |to: &str, name, error| (l2("65083.66", to), Wrong::Number(name, error), btc);
    let forty = "1234567890123456789012345678901234567890";
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let mut latin = l2("", "").into_bytes();
    let year = l2("", "").find("2026").unwrap();
    latin[year] = 0xff;
    let cases = [
        price("0.00", "price", NumberError::Zero),
        price("-1", "price_level", NumberError::Sign),
        price(forty, "price_level", NumberError::TooManyDigits),
        price("1e5", "price_level", NumberError::Exponent),
        price("1.005", "price", NumberError::OffStep),
        price("", "price_level", NumberError::NotADigit),
        (l2("0.25", "-0.25"), Wrong::Number("new_quantity", NumberError::Sign), btc),
        (l2("\"bid\"", "\"ask\""), Wrong::Field("side"), btc),
        (l2("\"update\"", "\"delta\""), Wrong::Field("type"), btc),
        (l2("\"side\":\"bid\",", ""), Wrong::Missing("side"), btc),
        (l2("\"product_id\":\"BTC-USD\",", ""), Wrong::Missing("product_id"), all),
        (l2("\"events\"", "\"event\""), Wrong::Missing("events"), btc),
        (l2("\"sequence_num\":0", "\"sequence_num\":-1"), Wrong::Field("sequence_num"), btc),
        (l2("\"events\"", "\"channel\":\"user\",\"events\""), Wrong::Twice("channel"), btc),
        (l2("\"0.25\"", "\"0.25\",\"side\":\"bid\""), Wrong::Twice("side"), btc),
        (l2("[{\"side\"", &format!("[{deep},{{\"side\"")), Wrong::Json, btc),
        (l2("l2_data", "l4_data"), Wrong::UnknownType, btc),
        (trade("\"8\"", "\"eight\""), Wrong::Field("trade_id"), eth),
        (trade("SELL", "sell"), Wrong::Field("side"), eth),
        (trade("100.5", "0"), Wrong::Number("price", NumberError::Zero), eth),
        (trade("42.5Z", "42.5"), Wrong::Field("time"), eth),
        // It cannot be said whose ticker is broken, so nobody's is trusted.
        (two("65083.66", "0"), Wrong::Number("price", NumberError::Zero), all),
        (two("best_bid_quantity", "quantity"), Wrong::Missing("best_bid_quantity"), all),
        ("{}".to_owned(), Wrong::Missing("type"), all),
        ("7".to_owned(), Wrong::Field("message"), all),
    ];
    let mut cases: Vec<_> =
        cases.iter().map(|(text, wrong, culprit)| (text.as_bytes(), *wrong, *culprit)).collect();
    cases.push((&latin, Wrong::Json, btc));
    check_wrong(Advanced::default, &products_table(), &trade("", ""), &cases);
}

#[test]
fn the_product_list_is_read() {
    let product = |id: &str, kind: &str, base: &str, rest: &str| {
        format!(
            r#"{{"product_id":"{id}","product_type":"{kind}","base_currency_id":"{base}","quote_currency_id":"USD","base_increment":"0.00000001","quote_increment":"0.01","price_increment":"0.05","status":"online"{rest}}}"#
        )
    };
    let list = [
        product("BTC-USD", "SPOT", "BTC", r#","trading_disabled":false,"cancel_only":false"#),
        product("BIP-20DEC30-CDE", "FUTURE", "", ""),
        product("ETH-USD", "SPOT", "ETH", r#","trading_disabled":true"#),
    ];
    let list = format!(r#"{{"products":[{}],"num_products":3}}"#, list.join(","));
    let read = |text: &str| {
        products::read(text.as_bytes()).map(|list| {
            let line = |p: &crate::types::Product| {
                let (tick, lot) = (p.tick.text(1), p.lot.text(1));
                format!("{} {} {} {tick} {lot} {}", p.symbol, p.base, p.quote, p.trading)
            };
            list.iter().map(line).collect::<Vec<_>>().join(", ")
        })
    };
    let both = "BTC-USD BTC USD 0.05 0.00000001 true, ETH-USD ETH USD 0.05 0.00000001 false";
    assert_eq!(read(&list).as_deref(), Ok(both));
    assert_eq!(read("[]"), Err(ListError::List(Wrong::Field("answer"))));
    assert_eq!(read("{}"), Err(ListError::List(Wrong::Missing("products"))));
    let wrong = Wrong::Missing("status");
    let halted = list.replace("\"status\"", "\"state\"");
    assert_eq!(read(&halted), Err(ListError::Product { at: 0, wrong }));
}

#[test]
fn a_recorded_product_list_is_read() {
    let root = std::env::var_os("PINNACLE_TEST_DATA").map_or_else(
        || std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"),
        std::path::PathBuf::from,
    );
    let path = root.join("coinbase-advanced/fixtures/http_products.json");
    let Ok(bytes) = std::fs::read(&path) else {
        println!("skipped: there is no recording at {}", path.display());
        return;
    };
    let list = products::read(&bytes).unwrap();
    let symbols: Vec<_> = list.iter().map(|product| product.symbol.as_str()).collect();
    assert_eq!(symbols, ["BTC-USD", "BTC-USDC"]);
}
