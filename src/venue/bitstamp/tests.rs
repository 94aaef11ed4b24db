//! Messages of Bitstamp, in all three forms, and the parts they must become.

use super::decode::Bitstamp;
use crate::event::{Body, Stale};
use crate::types::{InstrumentId, InstrumentTable, Nanos, NumberError, Venue};
use crate::venue::decode::tests::{check, line, parts_of, table};
use crate::venue::decode::{Decoder, Frame, Kind, Origin, Wrong};
use crate::venue::recorded::framing::{ORDER_ROW, TRADE_ROW};

fn usd() -> InstrumentTable {
    table(Venue::Bitstamp, &["abcusd", "xyzusd"])
}

/// A live message about order 255 of `abcusd`, with the ids of its event and the one before.
fn live(event: &str, price: &str, amount: &str, [id, before]: [u8; 2]) -> String {
    format!(
        r#"{{"data":{{"id":255,"id_str":"255","order_type":0,"order_subtype":5,"datetime":"1787620345","microtimestamp":"1787620344640000","amount":2.5e-05,"amount_str":"{amount}","amount_traded":"0","amount_at_create":"1.0","price":79640.78,"price_str":"{price}","is_liquidation":false}},"channel":"live_orders_abcusd","event":"{event}","event_id":"000659d4-cba2-b200-0000-0001010000{id:02x}","pre_event_id":"000659d4-cba2-b200-0000-0001010000{before:02x}","order_source":"orderbook"}}"#
    )
}

#[test]
fn live_orders_are_scanned_by_hand_and_chained() {
    let at = "at 1787620344640000000";
    let open = format!("abcusd Open 0:ff id 0 | bid 10.01 0.00002500 {at}");
    let change = format!("abcusd Change 0:ff id 0 | bid 10.02 0.50000000 {at}");
    let done = format!("abcusd Done 0:ff id 0 | bid 10.02 0.00000000 {at}");
    let market = format!("abcusd Received 0:ff id 0 | bid 0.00 0.00000000 {at}");
    let gap = "abcusd fault sequence_gap";
    let surprises = check(
        Bitstamp::default,
        &usd(),
        &[
            (&live("order_created", "10.01", "0.00002500", [7, 6]), &[&open]),
            (&live("order_changed", "10.02", "0.50000000", [8, 7]), &[&change]),
            (&live("order_deleted", "10.02", "0.50000000", [9, 8]), &[&done]),
            // A market order has no price.
            (&live("order_created", "0.00", "1.00000000", [10, 9]), &[&market]),
            (
                &live("order_deleted", "0.00", "1.00000000", [11, 10]),
                &[&market.replace("Received", "Done")],
            ),
            // An order of nothing, changed to nothing.
            (&live("order_created", "10.02", "0", [12, 11]), &[&done.replace("Done", "Received")]),
            (&live("order_changed", "10.02", "0", [13, 12]), &[&done]),
            // One is missing, and is named once.
            (&live("order_created", "10.01", "0.00002500", [16, 14]), &[gap, &open]),
            (&live("order_created", "10.01", "0.00002500", [17, 16]), &[&open]),
        ],
    );
    assert_eq!(surprises, 0);
}

#[test]
fn a_broken_message_leaves_the_chain_as_it_was_and_another_connection_begins_a_new_one() {
    let table = usd();
    let faults = |decoder: &mut Decoder<Bitstamp>, message: &str| {
        let origin = Origin::stream(Nanos(7));
        let frame = Frame { bytes: message.as_bytes(), origin, table: &table };
        let parts = parts_of(decoder, &frame);
        let is_gap = |body| body == Body::Fault(Stale::SequenceGap);
        parts.iter().filter(|(event, _)| is_gap(event.body)).count()
    };
    for mut decoder in [Decoder::new, |grammar| Decoder::new(grammar).generally()]
        .map(|make| make(Bitstamp::default()))
    {
        let mut next = |message: &str| faults(&mut decoder, message);
        assert_eq!(next(&live("order_created", "10.01", "1", [2, 1])), 0);
        assert_eq!(next(&live("order_created", "10.001", "1", [3, 2])), 0);
        assert_eq!(next(&live("order_created", "10.01", "1", [4, 3])), 1);
        decoder.connected();
        assert_eq!(faults(&mut decoder, &live("order_created", "10.01", "1", [9, 8])), 0);
        assert_eq!(decoder.counts().malformed, 1);
    }
}

#[test]
fn other_live_messages_are_read_generally() {
    let unchained = live("order_created", "10.01", "0.00002500", [7, 6]);
    let unchained = unchained.split(",\"event_id\"").next().unwrap().to_owned() + "}";
    check(
        Bitstamp::default,
        &usd(),
        &[
            (&unchained, &["abcusd Open 0:ff id 0 | bid 10.01 0.00002500 at 1787620344640000000"]),
            (
                r#"{"data":{"id":9,"amount":0.3,"amount_str":"0.30000000","price":10.5,"price_str":"10.50","type":1,"microtimestamp":"1000000","buy_order_id":1,"sell_order_id":2},"channel":"live_trades_abcusd","event":"trade"}"#,
                &["abcusd trade 9 ask 0.30000000 @ 10.50 at 1000000000"],
            ),
            (
                r#"{"data":{"timestamp":"1","microtimestamp":"1000000","bids":[["10.01","1.5"]],"asks":[["10.02","0.00000000"]]},"channel":"diff_order_book_xyzusd","event":"data"}"#,
                &["xyzusd update | bid 10.01 1.50000000 | ask 10.02 0.00000000 at 1000000000"],
            ),
            (
                r#"{"event":"bts:subscription_succeeded","channel":"live_orders_abcusd","data":{}}"#,
                &["* Subscribed"],
            ),
            (
                r#"{"event":"bts:heartbeat","channel":"","data":{"status":"success"}}"#,
                &["* heartbeat 0 0"],
            ),
            (
                r#"{"event":"bts:request_reconnect","channel":"","data":""}"#,
                &["* fault disconnected"],
            ),
            (
                r#"{"event":"bts:unsubscription_succeeded","channel":"live_orders_abcusd","data":{}}"#,
                &["* fault unsubscribed"],
            ),
            (
                r#"{"event":"bts:error","channel":"","data":{"code":4009,"message":"no"}}"#,
                &["* fault unsubscribed"],
            ),
        ],
    );
}

/// Reads frames that all have that origin, by hand and generally, and gives their lines.
fn lines(origin: Origin<'_>, table: &InstrumentTable, messages: &[&str]) -> Vec<String> {
    let make: [fn(Bitstamp) -> Decoder<Bitstamp>; 2] =
        [Decoder::new, |grammar| Decoder::new(grammar).generally()];
    let [fast, general] = make.map(|make| {
        let mut decoder = make(Bitstamp::default());
        let mut all = Vec::new();
        for message in messages {
            let frame = Frame { bytes: message.as_bytes(), origin, table };
            let parts = parts_of(&mut decoder, &frame);
            all.extend(parts.iter().map(|(event, levels)| line(table, event, levels)));
        }
        all
    });
    assert_eq!(fast, general);
    fast
}

#[test]
fn rest_books_hold_orders_or_levels() {
    let rest = Origin { rest: Some(InstrumentId(1)), ..Origin::stream(Nanos(7)) };
    let check = |bids: &str, asks: &str, expected: &[&str]| {
        let book = format!(
            r#"{{"timestamp":"1","microtimestamp":"1000000","bids":[{bids}],"asks":[{asks}]}}"#
        );
        assert_eq!(lines(rest, &usd(), &[&book]), expected, "{book}");
    };
    check(
        r#"["10.01","1.5","16"],["0.00","2","17"]"#,
        r#"["10.02","2","18"]"#,
        &[
            "xyzusd Open 0:10 id 0 snapshot first | bid 10.01 1.50000000 at 1000000000",
            "xyzusd Received 0:11 id 0 snapshot | bid 0.00 0.00000000 at 1000000000",
            "xyzusd Open 0:12 id 0 snapshot | ask 10.02 2.00000000 at 1000000000",
        ],
    );
    check(
        "",
        r#"["10.02","2","18"]"#,
        &["xyzusd Open 0:12 id 0 snapshot first | ask 10.02 2.00000000 at 1000000000"],
    );
    check(
        r#"["10.01","1.5"]"#,
        r#"["10.02","2"]"#,
        &["xyzusd snapshot | bid 10.01 1.50000000 | ask 10.02 2.00000000 at 1000000000"],
    );
    check("", "", &["xyzusd snapshot at 1000000000"]);
    check(r#"["10.01","1.5","-1"]"#, "", &["xyzusd fault malformed"]);
}

#[test]
fn the_log_of_2015_is_read_by_its_tags() {
    let table = table(Venue::Bitstamp, &["btcusd"]);
    let check = |tagged: &[(&str, &str)], expected: &[&str]| {
        let make: [fn(Bitstamp) -> Decoder<Bitstamp>; 2] =
            [Decoder::new, |grammar| Decoder::new(grammar).generally()];
        for mut decoder in make.map(|make| make(Bitstamp::default())) {
            let mut all = Vec::new();
            for (tag, message) in tagged {
                let origin = Origin { tag: tag.as_bytes(), ..Origin::stream(Nanos(7)) };
                let frame = Frame { bytes: message.as_bytes(), origin, table: &table };
                let parts = parts_of(&mut decoder, &frame);
                all.extend(parts.iter().map(|(event, levels)| line(&table, event, levels)));
            }
            assert_eq!(all, expected);
        }
    };
    let order = r#"{"price": "236.47", "amount": "2.00000000", "datetime": "1430438404", "id": 16, "order_type": 1}"#;
    let trade = r#"{"price": 236.61000000000001, "amount": 1.7885566900000001, "id": 8}"#;
    let book = r#"{"bids": [["236.50", "1.0"], ["236.40", "9"]], "asks": [["236.60", "3.5"]]}"#;
    check(
        &[
            ("order_created", order),
            ("order_changed", order),
            ("order_deleted", order),
            ("order_created", &order.replace(", ", ",")),
            // No best prices yet, so nobody knows who took.
            ("trade", trade),
            ("order_book", book),
            ("trade", trade),
            ("trade", r#"{"price": 236.55, "amount": 9.2e-06, "id": 9}"#),
            ("order_book", r#"{"bids": [], "asks": [["236.60", "3.5"]]}"#),
            ("trade", trade),
            ("trade", &trade.replace("236.61000000000001", "236.611")),
            ("trade", &trade.replace("236.61000000000001", "0.0")),
            ("order_lost", order),
        ],
        &[
            "btcusd Open 0:10 id 0 | ask 236.47 2.00000000 at 1430438404000000000",
            "btcusd Change 0:10 id 0 | ask 236.47 2.00000000",
            "btcusd Done 0:10 id 0 | ask 236.47 0.00000000",
            "btcusd Open 0:10 id 0 | ask 236.47 2.00000000 at 1430438404000000000",
            "btcusd top | bid 236.50 1.00000000 | ask 236.60 3.50000000",
            "btcusd trade 8 bid 1.78855669 @ 236.61",
            "btcusd trade 9 ask 0.00000920 @ 236.55",
            "btcusd top | ask 236.60 3.50000000",
            "btcusd fault malformed",
            "btcusd fault malformed",
            "btcusd fault unknown_message",
        ],
    );
}

#[test]
fn rows_of_csv_begin_with_a_snapshot() {
    let table = table(Venue::Bitstamp, &["btcusd"]);
    let orders = Origin { tag: ORDER_ROW, ..Origin::stream(Nanos(7)) };
    let expected = [
        "btcusd Open 0:10 id 0 snapshot first | bid 78318.00 1.53453667 at 500000000",
        "btcusd Received 0:11 id 0 snapshot | bid 0.00 0.00000000 at 500000000",
        "btcusd Open 0:12 id 0 snapshot | ask 483980000.00 0.00000260 at 500000000",
        "btcusd Open 0:13 id 0 | ask 78319.00 0.07500000 at 501000000",
        "btcusd Open 0:14 id 0 | ask 78319.00 0.07500000 at 500000000",
        "btcusd Change 0:13 id 0 | ask 78318.50 0.05000000 at 502000000",
        "btcusd Done 0:13 id 0 | ask 78318.50 0.00000000 at 502000000",
        "btcusd fault malformed",
        "btcusd fault malformed",
        "btcusd fault malformed",
        "btcusd fault malformed",
    ];
    let rows = [
        "id,timestamp,exchange_timestamp,price,volume,action,direction",
        "16,900,500,78318.0,1.53453667,created,bid",
        "17,900,500,0.0,10.0,created,bid",
        "18,900,500,483980000.0,2.6e-06,created,ask\r",
        "19,800,501,78319.0,0.075,created,ask",
        "20,900,500,78319.0,0.075,created,ask",
        "19,801,502,78318.5,0.05,changed,ask",
        "19,801,502,78318.5,0.05,deleted,ask",
        "19,801,502,78318.5,0.05,deleted",
        "19,801,502,78318.5,0.05,deleted,ask,1",
        "19,801,502,78318.5,0.05,lost,ask",
        "19,801,,78318.5,0.05,deleted,ask",
    ];
    assert_eq!(lines(orders, &table, &rows), expected);
    let trades = Origin { tag: TRADE_ROW, ..orders };
    let rows = [
        "trade_id,timestamp,exchange_timestamp,price,amount,buy_order_id,sell_order_id,side",
        "5,900,500,78319.0,0.121,17,16,buy",
        "6,900,500,78319.0,7.18e-06,17,16,sell\r",
        "6,900,500,78319.0,1,17,,sell",
    ];
    let expected = [
        "btcusd trade 5 bid 0.12100000 @ 78319.00 at 500000000",
        "btcusd trade 6 ask 0.00000718 @ 78319.00 at 500000000",
        "btcusd fault malformed",
    ];
    assert_eq!(lines(trades, &table, &rows), expected);
    // With two instruments nobody can say whose row it is.
    assert_eq!(lines(trades, &usd(), &rows[1..2]), ["* fault malformed"]);
}

/// A bad message has the named outcome, and the next good one decodes.
fn check_bad(message: &[u8], expected: Wrong) {
    let table = usd();
    let origin = Origin::stream(Nanos(7));
    let make: [fn(Bitstamp) -> Decoder<Bitstamp>; 2] =
        [Decoder::new, |grammar| Decoder::new(grammar).generally()];
    for mut decoder in make.map(|make| make(Bitstamp::default())) {
        let text = String::from_utf8_lossy(message);
        let parts = parts_of(&mut decoder, &Frame { bytes: message, origin, table: &table });
        let bodies: Vec<_> = parts.iter().map(|(event, _)| event.body).collect();
        assert_eq!(decoder.last_wrong(), Some(expected), "{text}");
        let fault = match expected {
            Wrong::UnknownSymbol => None,
            Wrong::UnknownType => Some(Body::Fault(Stale::UnknownMessage)),
            _ => Some(Body::Fault(Stale::Malformed)),
        };
        assert_eq!(bodies, fault.into_iter().collect::<Vec<_>>(), "{text}");
        let counts = decoder.counts();
        assert_eq!(counts.malformed + counts.unknown + counts.unknown_symbol, 1, "{text}");
        let good = live("order_deleted", "10.01", "1", [2, 1]);
        let good = Frame { bytes: good.as_bytes(), origin, table: &table };
        assert_eq!(parts_of(&mut decoder, &good).len(), 1);
        assert_eq!(decoder.counts().kinds[Kind::OrderDone as usize], 1);
    }
}

#[test]
fn bad_messages_are_named() {
    use NumberError as E;
    let message = live("order_created", "10.01", "1.5", [2, 1]);
    for length in 0..message.len() {
        check_bad(&message.as_bytes()[..length], Wrong::Json);
    }
    check_bad(format!("{message} x").as_bytes(), Wrong::Json);
    let change = |from: &str, to: &str, expected| {
        assert!(message.contains(from), "{from}");
        check_bad(message.replacen(from, to, 1).as_bytes(), expected);
    };
    change("live_orders_abcusd", "live_orders_defusd", Wrong::UnknownSymbol);
    change("live_orders_abcusd", "my_orders_abcusd", Wrong::UnknownType);
    change("order_created", "order_lost", Wrong::UnknownType);
    change("\"order_type\":0", "\"order_type\":2", Wrong::Field("order_type"));
    change("\"id\":255", "\"id\":-255", Wrong::Field("id"));
    change("\"id\":255", "\"id\":255,\"id\":255", Wrong::Twice("id"));
    change("\"id\":255,", "", Wrong::Missing("id"));
    change("1787620344640000", "99999999999999999999", Wrong::Field("microtimestamp"));
    change("1787620344640000", "99999999999999999", Wrong::Field("microtimestamp"));
    change("\"000659d4-cba2", "\"000659d4-cbax", Wrong::Field("event_id"));
    change("\"000659d4-cba2", "\"000659d4-cba", Wrong::Field("event_id"));
    change("\"pre_event_id\"", "\"pre\"", Wrong::Missing("pre_event_id"));
    let number = |field, to: &str, error| {
        let from = if field == "price_str" { "\"10.01\"" } else { "\"1.5\"" };
        let name = match (field, error) {
            ("price_str", E::OffStep | E::Overflow) => "price",
            (_, E::OffStep | E::Overflow) => "amount",
            _ => field,
        };
        change(from, &format!("\"{to}\""), Wrong::Number(name, error));
    };
    for field in ["price_str", "amount_str"] {
        number(field, "-1", E::Sign);
        number(field, "1e5", E::Exponent);
        number(field, "0.000000001", E::OffStep);
        number(field, "999999999999999999", E::Overflow);
        number(field, &"9".repeat(40), E::TooManyDigits);
    }
    check_bad(b"{\"event\":\"bts:\xff\"}", Wrong::Json);
    check_bad("{\"data\":".repeat(10_000).as_bytes(), Wrong::Json);
    check_bad(b"{\"event\":\"data\",\"channel\":\"order_book_abcusd\"}", Wrong::UnknownType);
    check_bad(b"{\"event\":\"no\"}", Wrong::UnknownType);
    check_bad(b"7", Wrong::Field("message"));
}
