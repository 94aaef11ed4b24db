//! Messages of Kraken, both versions, and the parts they must become.

use super::decode::Kraken;
use super::products;
use crate::event::{Body, Event, Level, Stale};
use crate::types::{InstrumentId, InstrumentTable, Nanos, NumberError, Scale, Venue};
use crate::venue::decode::tests::{check, parts_of, table};
use crate::venue::decode::{Decoder, Frame, Origin, Wrong};

fn pairs() -> InstrumentTable {
    table(Venue::Kraken, &["XBT/USD 0.1", "BTC/USD 0.1", "ALGO/XBT 1e-8", "XBT/EUR"])
}

const V1_UPDATE: &str = r#"[320,{"a":[["58729.40000","0.45000000","1617666424.100000"],["58731.00000","0.00000000","1617666424.200000","r"]],"c":"974947235"},"book-10","XBT/USD"]"#;
const V1_BOTH: &str = r#"[320,{"a":[["58729.40000","0.45000000","1617666425.300000"]]},{"b":[["58729.30000","1.00000000","1617666424.500000"]],"c":"7"},"book-1000","XBT/USD"]"#;
const V1_SNAPSHOT: &str = r#"[320,{"as":[["0.00002379","401.28","1617666420.000001"]],"bs":[["0.00002376","6190.00","1617666421.000001"],["0.00002375","0.25","1617666419.000001"]]},"book-1000","ALGO/XBT"]"#;
const V1_TRADES: &str = r#"[321,[["58729.40000","0.01000000","1617666424.321597","s","l",""],["58730.00000","0.02000000","1617666424.321598","b","m","x"]],"trade","XBT/USD"]"#;
const V2_UPDATE: &str = r#"{"channel":"book","type":"update","data":[{"symbol":"BTC/USD","bids":[{"price":62802.5,"qty":0.02987767}],"asks":[{"price":62806.6,"qty":0.00000000},{"price":62808.0,"qty":0.79607759}],"checksum":265834348,"timestamp":"2026-08-16T23:37:05.376419Z"}]}"#;
const V2_SNAPSHOT: &str = r#"{"channel":"book","type":"snapshot","data":[{"symbol":"BTC/USD","bids":[{"price":100.0,"qty":1.50}],"asks":[],"checksum":5,"timestamp":"2026-08-16T23:37:04Z"}]}"#;
const V2_TRADES: &str = r#"{"channel":"trade","type":"update","data":[{"symbol":"BTC/USD","side":"buy","price":62802.5,"qty":0.00027625,"ord_type":"limit","trade_id":10218208,"timestamp":"2026-08-16T23:37:05Z"},{"symbol":"BTC/USD","side":"sell","price":62802.4,"qty":1.5,"ord_type":"market","trade_id":10218209,"timestamp":"2026-08-16T23:37:06Z"}]}"#;

/// Every form that is scanned by hand.
const HOT: [&str; 7] =
    [V1_UPDATE, V1_BOTH, V1_SNAPSHOT, V1_TRADES, V2_UPDATE, V2_SNAPSHOT, V2_TRADES];

#[test]
fn hot_messages_are_scanned_by_hand() {
    let surprises = check(
        Kraken::default,
        &pairs(),
        &[
            (
                V1_UPDATE,
                &[
                    "XBT/USD update crc 974947235 (5, 8) | ask 58729.4 0.45000000 | ask 58731.0 0.00000000 at 1617666424200000000",
                ],
            ),
            (
                V1_BOTH,
                &[
                    "XBT/USD update crc 7 (5, 8) | ask 58729.4 0.45000000 | bid 58729.3 1.00000000 at 1617666425300000000",
                ],
            ),
            (
                V1_SNAPSHOT,
                &[
                    "ALGO/XBT snapshot | ask 0.00002379 401.28000000 | bid 0.00002376 6190.00000000 | bid 0.00002375 0.25000000 at 1617666421000001000",
                ],
            ),
            (
                V1_TRADES,
                &[
                    "XBT/USD trade 0 ask 0.01000000 @ 58729.4 at 1617666424321597000",
                    "XBT/USD trade 0 bid 0.02000000 @ 58730.0 at 1617666424321598000",
                ],
            ),
            (
                V2_UPDATE,
                &[
                    "BTC/USD update crc 265834348 (1, 8) | bid 62802.5 0.02987767 | ask 62806.6 0.00000000 | ask 62808.0 0.79607759 at 1786923425376419000",
                ],
            ),
            (
                V2_SNAPSHOT,
                &["BTC/USD snapshot crc 5 (1, 2) | bid 100.0 1.50000000 at 1786923424000000000"],
            ),
            (
                V2_TRADES,
                &[
                    "BTC/USD trade 10218208 bid 0.00027625 @ 62802.5 at 1786923425000000000",
                    "BTC/USD trade 10218209 ask 1.50000000 @ 62802.4 at 1786923426000000000",
                ],
            ),
            (r#"[1,{"as":[],"bs":[]},"book-10","XBT/USD"]"#, &["XBT/USD snapshot"]),
        ],
    );
    assert_eq!(surprises, 0);
}

#[test]
fn a_checksum_is_over_the_digits_that_its_levels_have_or_had() {
    let empty = r#"{"channel":"book","type":"update","data":[{"symbol":"BTC/USD","bids":[],"asks":[],"checksum":1,"timestamp":"2026-08-16T23:37:05Z"}]}"#;
    let at = "at 1786923425000000000";
    let own = format!("BTC/USD update crc 1 (1, 8) {at}");
    let seen = format!("BTC/USD update crc 1 (1, 2) {at}");
    let snapshot = "BTC/USD snapshot crc 5 (1, 2) | bid 100.0 1.50000000 at 1786923424000000000";
    let cases: &[(&str, &[&str])] =
        &[(empty, &[&own]), (V2_SNAPSHOT, &[snapshot]), (empty, &[&seen])];
    check(Kraken::default, &pairs(), cases);
    // v1 remembers those of a snapshot, which has no checksum itself; a new connection forgets.
    let table = pairs();
    let mut decoder = Decoder::new(Kraken::default());
    let update = r#"[320,{"c":"9"},"book-10","ALGO/XBT"]"#;
    let digits = |message: &str, decoder: &mut Decoder<Kraken>| {
        let parts = parts_of(decoder, &frame(message.as_bytes(), &table));
        let Body::Levels(head) = parts[0].0.body else { panic!("{message}: {parts:?}") };
        head.checksum.map(|sum| (sum.price_decimals, sum.qty_decimals))
    };
    assert_eq!(digits(update, &mut decoder), Some((8, 8)));
    assert_eq!(digits(V1_SNAPSHOT, &mut decoder), None);
    assert_eq!(digits(update, &mut decoder), Some((8, 2)));
    decoder.connected();
    assert_eq!(digits(update, &mut decoder), Some((8, 8)));
}

#[test]
fn other_data_of_v1_is_named() {
    check(
        Kraken::default,
        &pairs(),
        &[
            (
                r#"[1337,{"a":["5525.40000",1,"1.000"],"b":["5525.10000",1,"2.000"],"c":["5525.10000","0.00398963"]},"ticker","XBT/USD"]"#,
                &["XBT/USD top | bid 5525.1 2.00000000 | ask 5525.4 1.00000000"],
            ),
            (
                r#"[1337,{"a":["5525.40000",1,"1.000"],"b":["0.00000",0,"0.000"]},"ticker","XBT/USD"]"#,
                &["XBT/USD top | ask 5525.4 1.00000000"],
            ),
            (
                r#"[13,["5698.40000","5700.00000","1542057299.5","1.01234567","0.98765432"],"spread","XBT/USD"]"#,
                &[
                    "XBT/USD top | bid 5698.4 1.01234567 | ask 5700.0 0.98765432 at 1542057299500000000",
                ],
            ),
            (r#"[13,["1542057314.7","1542057360.4","1"],"ohlc-5","XBT/USD"]"#, &[]),
            (r#"[[{"A":{"fee":"1600.00000","pair":"XBT/USD"}}],"ownTrades",{"sequence":1}]"#, &[]),
            (r#"[[{"A":{"status":"open"}}],"openOrders",{"sequence":2}]"#, &[]),
            (r#"[321,[],"trade","XBT/USD"]"#, &[]),
            (r#"[1,{},"level9","XBT/USD"]"#, &["XBT/USD fault unknown_message"]),
            (r#"[1,{"a":[],"c":"1"},"book-10","DOT/USD"]"#, &[]),
        ],
    );
}

#[test]
fn events_of_v1_are_named() {
    check(
        Kraken::default,
        &pairs(),
        &[
            (r#"{"event":"heartbeat"}"#, &["* heartbeat 0 0"]),
            (r#"{"event":"pong","reqid":42}"#, &["* heartbeat 0 0"]),
            (
                r#"{"connectionID":17413893361151983591,"event":"systemStatus","status":"online","version":"1.8.3"}"#,
                &["* Status(Trading)"],
            ),
            (r#"{"event":"systemStatus","status":"maintenance"}"#, &["* Status(Halted)"]),
            (
                r#"{"channelID":320,"channelName":"book-1000","event":"subscriptionStatus","pair":"XBT/USD","status":"subscribed","subscription":{"depth":1000,"name":"book"}}"#,
                &["XBT/USD Subscribed { depth: 1000 }"],
            ),
            (
                r#"{"channelID":321,"channelName":"trade","event":"subscriptionStatus","pair":"XBT/USD","status":"subscribed","subscription":{"name":"trade"}}"#,
                &[],
            ),
            (
                r#"{"channelID":320,"channelName":"book-1000","event":"subscriptionStatus","pair":"XBT/USD","status":"unsubscribed","subscription":{"depth":1000,"name":"book"}}"#,
                &["XBT/USD fault unsubscribed"],
            ),
            (
                r#"{"errorMessage":"Subscription depth not supported","event":"subscriptionStatus","pair":"XBT/USD","status":"error","subscription":{"depth":42,"name":"book"}}"#,
                &["XBT/USD fault unsubscribed"],
            ),
            (
                r#"{"errorMessage":"Currency pair not supported","event":"subscriptionStatus","pair":"XXX/USD","status":"error"}"#,
                &[],
            ),
            (r#"{"errorMessage":"Malformed request","event":"error"}"#, &["* fault unsubscribed"]),
            (r#"{"event":"addOrderStatus","status":"ok","txid":"O-1"}"#, &[]),
            (r#"{"event":"earthquake"}"#, &["* fault unknown_message"]),
        ],
    );
}

#[test]
fn other_messages_of_v2_are_named() {
    check(
        Kraken::default,
        &pairs(),
        &[
            (r#"{"channel":"heartbeat"}"#, &["* heartbeat 0 0"]),
            (
                r#"{"method":"pong","req_id":42,"time_in":"2023-09-25T09:05:00.1Z","time_out":"2023-09-25T09:05:00.2Z"}"#,
                &["* heartbeat 0 0"],
            ),
            (
                r#"{"channel":"status","type":"update","data":[{"version":"2.0.10","system":"online","api_version":"v2","connection_id":769405522530892351}]}"#,
                &["* Status(Trading)"],
            ),
            (
                r#"{"channel":"status","type":"update","data":[{"system":"cancel_only"}]}"#,
                &["* Status(CancelOnly)"],
            ),
            (
                r#"{"channel":"instrument","type":"update","data":{"assets":[],"pairs":[{"symbol":"BTC/USD","status":"post_only","price_increment":0.1,"qty_increment":1e-08},{"symbol":"DOT/USD","status":"online"}]}}"#,
                &["BTC/USD Status(PostOnly)"],
            ),
            (
                r#"{"channel":"ticker","type":"update","data":[{"symbol":"BTC/USD","bid":105944.2,"bid_qty":2.5,"ask":105944.3,"ask_qty":3.2,"last":105899.4,"change_pct":-0.24}]}"#,
                &["BTC/USD top | bid 105944.2 2.50000000 | ask 105944.3 3.20000000"],
            ),
            (
                r#"{"channel":"ticker","type":"snapshot","data":[{"symbol":"BTC/USD","bid":0.0,"bid_qty":0,"ask":105944.3,"ask_qty":3.2,"timestamp":"1970-01-01T00:00:01Z"}]}"#,
                &["BTC/USD top | ask 105944.3 3.20000000 at 1000000000"],
            ),
            (
                r#"{"channel":"trade","type":"snapshot","data":[{"symbol":"BTC/USD","side":"sell","price":62802.5,"qty":2,"ord_type":"limit","trade_id":1,"timestamp":"1970-01-01T00:00:01Z"}]}"#,
                &["BTC/USD trade 1 ask 2.00000000 @ 62802.5 history at 1000000000"],
            ),
            (r#"{"channel":"ohlc","type":"update","data":[{"symbol":"BTC/USD"}]}"#, &[]),
            (r#"{"channel":"executions","type":"update","data":[],"sequence":1}"#, &[]),
            (r#"{"channel":"level3","type":"update","data":[]}"#, &["* fault unknown_message"]),
            (r#"{"error":[],"result":{}}"#, &["* fault unknown_message"]),
        ],
    );
}

#[test]
fn answers_of_v2_are_asked_for_their_success() {
    let cases: &[(&str, &[&str])] = &[
        (
            r#"{"method":"subscribe","result":{"channel":"book","depth":10,"snapshot":true,"symbol":"BTC/USD"},"success":true,"time_in":"2026-08-16T23:37:04.334090Z"}"#,
            &["BTC/USD Subscribed { depth: 10 }"],
        ),
        (
            r#"{"method":"subscribe","result":{"channel":"ticker","symbol":"BTC/USD"},"success":true}"#,
            &[],
        ),
        (
            r#"{"method":"unsubscribe","result":{"channel":"book","depth":10,"symbol":"BTC/USD"},"success":true}"#,
            &["BTC/USD fault unsubscribed"],
        ),
        (
            r#"{"error":"Already subscribed","method":"subscribe","success":false,"symbol":"BTC/USD"}"#,
            &["BTC/USD fault unsubscribed"],
        ),
        (
            r#"{"error":"Subscription depth not supported","method":"subscribe","success":false}"#,
            &["* fault unsubscribed"],
        ),
        (r#"{"error":"Malformed request","success":false}"#, &["* fault unsubscribed"]),
        (r#"{"error":"not supported","method":"subscribe","success":false,"symbol":"X/Y"}"#, &[]),
        (r#"{"method":"subscribe","params":{"channel":"book"}}"#, &["* fault malformed"]),
        (r#"{"method":"add_order","success":false,"error":"EOrder:Insufficient funds"}"#, &[]),
        (r#"{"method":"dance","success":true}"#, &["* fault unknown_message"]),
    ];
    check(Kraken::default, &pairs(), cases);
}

#[test]
fn items_of_unknown_symbols_are_skipped() {
    let table = pairs();
    let item = |symbol: &str| {
        format!(
            r#"{{"symbol":"{symbol}","side":"buy","price":1.0,"qty":1,"ord_type":"limit","trade_id":7,"timestamp":"1970-01-01T00:00:01Z"}}"#
        )
    };
    let line = "BTC/USD trade 7 bid 1.00000000 @ 1.0 at 1000000000";
    let message = |items: &[&str]| {
        let items: Vec<_> = items.iter().map(|symbol| item(symbol)).collect();
        format!(r#"{{"channel":"trade","type":"update","data":[{}]}}"#, items.join(","))
    };
    let (first, middle, none) = (
        message(&["DOT/USD", "BTC/USD"]),
        message(&["BTC/USD", "DOT/USD", "BTC/USD"]),
        message(&["DOT/USD"]),
    );
    let cases: &[(&str, &[&str])] = &[(&first, &[line]), (&middle, &[line, line]), (&none, &[])];
    check(Kraken::default, &table, cases);
    let mut decoder = Decoder::new(Kraken::default());
    for message in [&first, &none] {
        parts_of(&mut decoder, &frame(message.as_bytes(), &table));
        assert_eq!(decoder.take_unknown_symbol().unwrap().as_str(), "DOT/USD");
    }
    assert_eq!(decoder.counts().unknown_symbol, 2);
    assert_eq!(decoder.counts().kinds.iter().sum::<u64>(), 1);
}

fn frame<'a>(bytes: &'a [u8], table: &'a InstrumentTable) -> Frame<'a> {
    Frame { bytes, origin: Origin::stream(Nanos(7)), table }
}

type Parts = Vec<(Event, Vec<Level>)>;

/// Reads the bytes by hand and generally. The two must give the same, but that the scan of a
/// message which breaks in the middle gives its good beginning as well.
fn both(decoders: &mut [Decoder<Kraken>; 2], bytes: &[u8], table: &InstrumentTable) -> Parts {
    let [fast, general] = decoders.each_mut().map(|d| parts_of(d, &frame(bytes, table)));
    let broken = matches!(general.as_slice(), [(event, _)] if matches!(event.body, Body::Fault(_)));
    let text = String::from_utf8_lossy(bytes);
    if broken {
        assert_eq!(fast.last(), general.last(), "{text}");
        let before = &fast[..fast.len() - 1];
        assert!(before.iter().all(|(event, _)| !matches!(event.body, Body::Fault(_))), "{text}");
    } else {
        assert_eq!(fast, general, "{text}");
    }
    let [fast_counts, general_counts] = [&decoders[0], &decoders[1]].map(|d| d.counts().kinds);
    assert_eq!(fast_counts, general_counts, "{text}");
    fast
}

fn decoders() -> [Decoder<Kraken>; 2] {
    [Decoder::new(Kraken::default()), Decoder::new(Kraken::default()).generally()]
}

#[test]
fn long_messages_are_cut_alike() {
    let table = pairs();
    let rows = |count: usize, row: &dyn Fn(usize) -> String| {
        (0..count).map(row).collect::<Vec<_>>().join(",")
    };
    let v2 = |at: usize| format!(r#"{{"price":{}.5,"qty":1.0}}"#, at + 1);
    let v1 = |at: usize| format!(r#"["{}.5","1.0","{}.000000"]"#, at + 1, 100 + at);
    for bids in [0, 1, 27, 28, 29, 56, 60] {
        for asks in [0, 1, 27, 28, 29, 100] {
            let (b, a) = (rows(bids, &v2), rows(asks, &v2));
            let v2 = format!(
                r#"{{"channel":"book","type":"snapshot","data":[{{"symbol":"BTC/USD","bids":[{b}],"asks":[{a}],"checksum":1,"timestamp":"1970-01-01T00:00:01Z"}}]}}"#
            );
            let (b, a) = (rows(bids, &v1), rows(asks, &v1));
            let v1 = format!(r#"[1,{{"as":[{a}],"bs":[{b}]}},"book-100","XBT/USD"]"#);
            for message in [v1, v2] {
                let mut decoders = decoders();
                let parts = both(&mut decoders, message.as_bytes(), &table);
                assert_eq!(parts.len(), (bids + asks).div_ceil(28).max(1));
                let levels: usize = parts.iter().map(|(_, levels)| levels.len()).sum();
                assert_eq!(levels, bids + asks);
                assert_eq!(decoders[0].counts().surprises, 0, "{message}");
                // Whatever is cut off: the parts that were whole stand, then a fault.
                for cut in (0..message.len()).step_by(97) {
                    let broken = both(&mut decoders, &message.as_bytes()[..cut], &table);
                    let (fault, whole) = broken.split_last().unwrap();
                    assert!(matches!(fault.0.body, Body::Fault(Stale::Malformed)));
                    assert_eq!(whole, &parts[..whole.len()]);
                }
            }
        }
    }
}

#[test]
fn a_spoiled_byte_anywhere_is_seen_alike_and_the_next_message_is_read() {
    let table = pairs();
    for message in HOT {
        let mut decoders = decoders();
        let good = both(&mut decoders, message.as_bytes(), &table);
        for at in 0..message.len() {
            let cut = both(&mut decoders, &message.as_bytes()[..at], &table);
            let (fault, whole) = cut.split_last().unwrap();
            assert!(matches!(fault.0.body, Body::Fault(Stale::Malformed)), "{message} at {at}");
            assert_eq!(whole, &good[..whole.len()]);
            for byte in *b"0579ab\"\\{}[]:,.- \n\0\xff" {
                let mut bytes = message.as_bytes().to_vec();
                bytes[at] = byte;
                both(&mut decoders, &bytes, &table);
                bytes.clone_from(&message.as_bytes().to_vec());
                bytes.insert(at, byte);
                both(&mut decoders, &bytes, &table);
            }
            assert_eq!(both(&mut decoders, message.as_bytes(), &table), good);
        }
    }
}

#[test]
fn bad_messages_are_refused_by_name() {
    let table = pairs();
    let check = |message: &str, expected: Wrong, culprit: &str| {
        let mut decoders = decoders();
        let parts = both(&mut decoders, message.as_bytes(), &table);
        let id =
            table.lookup(Venue::Kraken, culprit.as_bytes()).map_or(InstrumentId::ALL, |i| i.id);
        assert_eq!(parts.last().unwrap().0.instrument, id, "{message}");
        for decoder in &decoders {
            assert_eq!(decoder.last_wrong(), Some(expected), "{message}");
        }
        let good = both(&mut decoders, V2_UPDATE.as_bytes(), &table);
        assert_eq!(good.len(), 1, "after {message}");
    };
    use NumberError as E;
    let v1 = |from: &str, to: &str, expected: Wrong| {
        assert_eq!(V1_UPDATE.matches(from).count(), 1, "{from}");
        check(&V1_UPDATE.replace(from, to), expected, "XBT/USD");
    };
    let v2 = |from: &str, to: &str, expected: Wrong| {
        assert_eq!(V2_UPDATE.matches(from).count(), 1, "{from}");
        check(&V2_UPDATE.replace(from, to), expected, "BTC/USD");
    };
    let forty = "1234567890123456789012345678901234567890";
    v1("58731.00000", "0.00000", Wrong::Number("price", E::Zero));
    v1("58731.00000", "-1.00000", Wrong::Number("a", E::Sign));
    v1("58731.00000", forty, Wrong::Number("a", E::TooManyDigits));
    v1("58731.00000", "5e4", Wrong::Number("a", E::Exponent));
    v1("58731.00000", "58731.05000", Wrong::Number("price", E::OffStep));
    v1("58731.00000", "58731.0000", Wrong::MixedDecimals);
    v1("\"0.00000000\"", "\"0.0000000\"", Wrong::MixedDecimals);
    v1("\"0.00000000\"", "\"NaN\"", Wrong::Number("a", E::NotADigit));
    v1("1617666424.200000", "161766642400000000", Wrong::Number("time", E::Overflow));
    v1(",\"r\"", ",\"x\"", Wrong::Field("level"));
    v1(",\"r\"", ",\"r\",\"r\"", Wrong::Field("level"));
    v1("\"974947235\"", "\"4294967296\"", Wrong::Field("c"));
    v1(",\"c\":\"974947235\"", "", Wrong::Missing("c"));
    v1("{\"a\":", "{\"c\":\"1\",\"a\":", Wrong::Twice("c"));
    v1(",\"c\"", ",\"a\":[],\"c\"", Wrong::Twice("a"));
    v1(",\"c\"", ",\"as\":[],\"c\"", Wrong::Field("book"));
    v1("\"a\":[[", "\"d\":[[", Wrong::Field("book"));
    v2("62808.0", "0.0", Wrong::Number("price", E::Zero));
    v2("62808.0", "-1.0", Wrong::Number("price", E::Sign));
    v2("62808.0", forty, Wrong::Number("price", E::TooManyDigits));
    v2("0.79607759", "7e-8", Wrong::Number("qty", E::Exponent));
    v2("62808.0", "62808.00", Wrong::MixedDecimals);
    v2("0.79607759", "0.796", Wrong::MixedDecimals);
    v2("0.79607759", "null", Wrong::Missing("qty"));
    v2("265834348", "4294967296", Wrong::Field("checksum"));
    v2(",\"checksum\":265834348", "", Wrong::Missing("checksum"));
    v2(",\"checksum\"", ",\"checksum\":1,\"checksum\"", Wrong::Twice("checksum"));
    v2("\"bids\":", "\"asks\":[],\"bids\":", Wrong::Twice("asks"));
    v2(",\"timestamp\":\"2026-08-16T23:37:05.376419Z\"", "", Wrong::Missing("timestamp"));
    v2("2026-08-16T23", "2026-08-16 23", Wrong::Field("timestamp"));
    v2("\"update\"", "\"partial\"", Wrong::Field("type"));
    v2(
        "\"symbol\":\"BTC/USD\",",
        "\"symbol\":\"BTC/USD\",\"symbol\":\"BTC/USD\",",
        Wrong::Twice("symbol"),
    );
    v2("\"bids\":[", "\"bids\":7,\"ignored\":[", Wrong::Field("bids"));
    check(&format!("{V2_UPDATE}}}"), Wrong::Json, "BTC/USD");
    check(&format!("{V1_UPDATE}]"), Wrong::Json, "");
    check("", Wrong::Json, "");
    check("7", Wrong::Field("message"), "");
    check("[]", Wrong::Missing("channel name"), "");
    check("[7]", Wrong::Missing("channel name"), "");
    check("[\"book-10\",\"XBT/USD\"]", Wrong::Field("book"), "XBT/USD");
    check(r#"[1,{"as":[]},"book-10","XBT/USD"]"#, Wrong::Missing("as or bs"), "XBT/USD");
    check(r#"[1,{"bs":[]},"book-10","XBT/EUR"]"#, Wrong::Missing("as or bs"), "XBT/EUR");
    check(r#"[1,{"a":[],"c":"1"},"book-4294967296","XBT/USD"]"#, Wrong::UnknownType, "XBT/USD");
    check(&"[".repeat(10_000), Wrong::Json, "");
    check(&format!("{}{}", "[".repeat(10_000), "]".repeat(10_000)), Wrong::Json, "");
}

#[test]
fn a_broken_message_is_laid_to_its_book() {
    let table = pairs();
    let mut decoders = decoders();
    let culprit = |bytes: &[u8], decoders: &mut _| both(decoders, bytes, &table)[0].0.instrument;
    let cut = br#"[320,{"a":[["58729.40000","0.4500"#;
    assert_eq!(culprit(cut, &mut decoders), InstrumentId::ALL);
    let subscribed = |channel: u64, pair: &str| {
        format!(
            r#"{{"channelID":{channel},"channelName":"book-10","event":"subscriptionStatus","pair":"{pair}","status":"subscribed","subscription":{{"depth":10,"name":"book"}}}}"#
        )
    };
    both(&mut decoders, subscribed(319, "XBT/USD").as_bytes(), &table);
    both(&mut decoders, subscribed(320, "XBT/EUR").as_bytes(), &table);
    assert_eq!(culprit(cut, &mut decoders), InstrumentId(3));
    both(&mut decoders, subscribed(320, "XBT/USD").as_bytes(), &table);
    assert_eq!(culprit(cut, &mut decoders), InstrumentId(0));
    assert_eq!(culprit(b"[320 \"ALGO/XBT\"]", &mut decoders), InstrumentId(2));
    assert_eq!(culprit(b"{\"event\":\"x\",\"pair\":\"XBT/EUR", &mut decoders), InstrumentId::ALL);
    assert_eq!(culprit(b"{\"event\":\"x\",\"pair\":\"XBT/EUR\"", &mut decoders), InstrumentId(3));
    decoders.iter_mut().for_each(Decoder::connected);
    assert_eq!(culprit(cut, &mut decoders), InstrumentId::ALL);
}

#[test]
fn products_have_the_names_of_both_versions() {
    let list = r#"{"error":[],"result":{
        "XXBTZUSD":{"altname":"XBTUSD","wsname":"XBT\/USD","base":"XXBT","pair_decimals":1,"lot_decimals":8},
        "XXBTZUSD.d":{"altname":"XBTUSD.d","base":"XXBT","pair_decimals":1,"lot_decimals":8},
        "XDGUSD":{"wsname":"XDG/USD","pair_decimals":7,"lot_decimals":8,"tick_size":"0.0000005","status":"cancel_only"},
        "ETHXBT":{"wsname":"ETH/XBT","pair_decimals":5,"lot_decimals":6,"tick_size":"0.00001","status":"limit_only"}}}"#;
    let products = products::read(list.as_bytes()).unwrap();
    let lines: Vec<_> = products
        .iter()
        .map(|p| (p.symbol.as_str(), products::for_v2(p), p.tick, p.lot, p.trading))
        .map(|(v1, v2, tick, lot, trading)| {
            assert_eq!((v2.tick, v2.lot, v2.trading), (tick, lot, trading));
            format!(
                "{v1} {} {} {} {} {} {trading}",
                v2.symbol,
                v2.base,
                v2.quote,
                tick.text(1),
                lot.text(1)
            )
        })
        .collect();
    assert_eq!(
        lines,
        [
            "XBT/USD BTC/USD BTC USD 0.1 0.00000001 true",
            "XDG/USD DOGE/USD DOGE USD 0.0000005 0.00000001 false",
            "ETH/XBT ETH/BTC ETH BTC 0.00001 0.000001 true",
        ]
    );
    assert_eq!(products[1].tick, Scale::parse(b"5e-7").unwrap());
    let check = |list: &str, expected: Wrong| {
        assert_eq!(products::read(list.as_bytes()), Err(expected), "{list}");
    };
    check(r#"{"error":["EGeneral:Temporary lockout"]}"#, Wrong::Field("error"));
    check("{", Wrong::Json);
    check(r#"{"error":[]}"#, Wrong::Missing("result"));
    let one = |rest: &str| format!(r#"{{"error":[],"result":{{"A":{{"wsname":"A/B"{rest}}}}}}}"#);
    check(&one(""), Wrong::Missing("pair_decimals"));
    check(&one(r#","pair_decimals":1"#), Wrong::Missing("lot_decimals"));
    check(&one(r#","pair_decimals":19"#), Wrong::Field("pair_decimals"));
    check(&one(r#","tick_size":"0""#), Wrong::Number("tick_size", NumberError::Zero));
    let nameless = one(r#","pair_decimals":1,"lot_decimals":8"#).replace("A/B", "AB");
    check(&nameless, Wrong::Field("wsname"));
}
