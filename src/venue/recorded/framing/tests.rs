//! One line of each framing and what it is cut into, and every way to spoil it.

use super::*;

const SECONDS: i64 = 1_617_647_603_424_944_900;

/// The record as text: `stamp kind [tag] payload`.
fn cut(framing: Framing, line: &str) -> Result<String, Malformed> {
    let mut unescaped = b"left over".to_vec();
    let parts = framing.cut(line.as_bytes(), &mut unescaped)?;
    let text =
        |place: &Place| String::from_utf8(place.of(line.as_bytes(), &unescaped).to_vec()).unwrap();
    let stamp = parts.received.is_known().then_some(parts.received.0);
    let stamp = stamp.map_or("-".to_owned(), |stamp| stamp.to_string());
    Ok(format!("{stamp} {} [{}] {}", parts.kind.name(), text(&parts.tag), text(&parts.payload)))
}

#[test]
fn the_first_line_tells_the_framing() {
    use Framing as F;
    let check = |line: &str, expected: Option<F>| {
        assert_eq!(Framing::detect(line.as_bytes()), expected, "{line}");
    };
    check("pinnaclemm-recording 1 venue=kraken", Some(F::Own));
    check("configuration: {\"ticker\":[]}", Some(F::CryptofeedText));
    check("wss://ws.kraken.com <-> 1617666422.653664", Some(F::CryptofeedText));
    check("https://api.x.com/a -> 1618677816.8: [{}]", Some(F::CryptofeedText));
    check("1617647603.4249449: {\"a\":1}", Some(F::CryptofeedText));
    check("{\"t\":\"header\",\"format\":2}", Some(F::CryptofeedJson));
    check("{\"t\":\"header\",\"for", Some(F::CryptofeedJson));
    check("{\"t\":12,\"e\":\"trade\"}", Some(F::JsonLines));
    check("1723161253937085768 {\"stream\":1}", Some(F::NanosJson));
    check("2016-03-12 00:08:37,352 {}", Some(F::LogTime));
    check("1430438404518 order_created {}", Some(F::EventLog));
    check("{\"rx_ns\": 1, \"frame\": {}}", Some(F::RxNanos));
    check("[1337,{},\"ticker\"]", Some(F::JsonLines));
    check("  {", Some(F::Document));
    check("[", Some(F::Document));
    check("id,timestamp,exchange_timestamp,price,volume,action,direction", Some(F::OrderRows));
    check(
        "trade_id,timestamp,exchange_timestamp,price,amount,buy_order_id,sell_order_id,side",
        Some(F::TradeRows),
    );
    for line in ["", "hello", "1723161253937085768", "12 34", "a: b", "timestamp,price", "-1 {}"] {
        check(line, None);
    }
}

#[test]
fn lines_are_cut_into_records() {
    use Framing as F;
    let check = |framing: F, line: &str, expected: &str| {
        assert_eq!(cut(framing, line).as_deref(), Ok(expected), "{line}");
    };
    let text = F::CryptofeedText;
    check(text, "1617647603.4249449: {\"a\": 1}", &format!("{SECONDS} recv [] {{\"a\": 1}}"));
    check(
        text,
        "wss://x.y/?a=b <-> 1617647603.4249449",
        &format!("{SECONDS} up [wss://x.y/?a=b] "),
    );
    check(text, "wss://x <- 1617647603.4249449: {}", &format!("{SECONDS} sent [wss://x] {{}}"));
    check(
        text,
        "https://x:1/ -> 1617647603.4249449: []",
        &format!("{SECONDS} rest [https://x:1/] []"),
    );
    check(text, "configuration: {}", "- note [] configuration: {}");
    let json = F::CryptofeedJson;
    check(
        json,
        r#"{"t":"recv","conn":"C","ts":1617647603.4249449,"data":"{\"a\":\"\u20ac\"}"}"#,
        &format!("{SECONDS} recv [] {{\"a\":\"€\"}}"),
    );
    check(
        json,
        r#"{"t":"http","conn":"C","ts":1.5,"url":"https://x","data":"[]"}"#,
        "1500000000 rest [https://x] []",
    );
    check(json, r#"{"t":"connect","ts":1.5,"addr":"wss://x"}"#, "1500000000 up [wss://x] ");
    check(json, r#"{"t":"send","ts":2,"addr":"w","data":"{}"}"#, "2000000000 sent [w] {}");
    check(json, r#"{"t":"header","format":2}"#, r#"- note [] {"t":"header","format":2}"#);
    check(F::NanosJson, "1723161253937085768 {}", "1723161253937085768 recv [] {}");
    check(
        F::LogTime,
        "1970-01-02 00:00:01,352 {\"a\":\"b c\"}",
        "86401352000000 recv [] {\"a\":\"b c\"}",
    );
    check(
        F::EventLog,
        "1430438404518 trade {\"a\": 1}",
        "1430438404518000000 recv [trade] {\"a\": 1}",
    );
    check(F::RxNanos, r#"{"rx_ns": 7, "frame": {"p":1.50 }}"#, r#"7 recv [] {"p":1.50 }"#);
    check(F::RxNanos, r#"{"rx_ns": 7, "dir": "tx", "frame": {}}"#, "7 sent [] {}");
    check(F::JsonLines, "[1]", "- recv [] [1]");
    check(
        F::OrderRows,
        "1,1777,3,4,5,created,bid",
        "1777000000 recv [csv-order] 1,1777,3,4,5,created,bid",
    );
    check(F::TradeRows, "1,2,3,4,5,6,7,buy", "2000000 recv [csv-trade] 1,2,3,4,5,6,7,buy");
    let columns = "id,timestamp,exchange_timestamp,price,volume,action,direction";
    check(F::OrderRows, columns, &format!("- note [csv-order] {columns}"));
}

#[test]
fn spoilt_lines_are_named() {
    use Framing as F;
    use Malformed as M;
    let check = |framing: F, line: &str, expected: M| {
        assert_eq!(cut(framing, line), Err(expected), "{line}");
    };
    for (line, expected) in [
        ("1617647603.x: {}", M::Stamp),
        ("1617647603.1", M::Stamp),
        ("1617647603.1:{}", M::NoPayload),
        ("1617647603.1: ", M::NoPayload),
        ("garbage", M::Stamp),
        ("wss://x => 1.5", M::Direction),
        ("wss://x <-> soon", M::Stamp),
        ("wss://x <- 1.5", M::NoPayload),
        ("wss://x <- 1.5:", M::NoPayload),
    ] {
        check(F::CryptofeedText, line, expected);
    }
    for (line, expected) in [
        (r#"{"t":"recv","ts":1.5,"data":"{}"#, M::Json),
        (r#"{"t":"recv","ts":"1.5","data":"{}"}"#, M::Stamp),
        (r#"{"t":"recv","data":"{}"}"#, M::Stamp),
        (r#"{"t":"recv","ts":1.5,"data":{}}"#, M::Field),
        (r#"{"t":"recv","ts":1.5}"#, M::Field),
        (r#"{"ts":1.5,"data":"{}"}"#, M::Field),
        (r#"{"t":"close","ts":1.5}"#, M::Kind),
        (r#"{"t":"recv","ts":1.5,"data":"\x"}"#, M::Escape),
    ] {
        check(F::CryptofeedJson, line, expected);
    }
    check(F::NanosJson, "x {}", M::Stamp);
    check(F::NanosJson, "17231612539370857680 {}", M::Stamp);
    check(F::NanosJson, "1", M::NoPayload);
    check(F::NanosJson, "1 ", M::NoPayload);
    check(F::LogTime, "2016-13-12 00:08:37,352 {}", M::Stamp);
    check(F::LogTime, "2016-03-12 00:08:37.352 {}", M::Stamp);
    check(F::LogTime, "2016-03-12 00:08", M::Stamp);
    check(F::LogTime, "2016-03-12 00:08:37,352", M::NoPayload);
    check(F::EventLog, "9430438404518000 trade {}", M::Stamp);
    check(F::EventLog, "1430438404518 trade", M::NoPayload);
    check(F::RxNanos, r#"{"rx_ns":1.5,"frame":{}}"#, M::Stamp);
    check(F::RxNanos, r#"{"frame":{}}"#, M::Stamp);
    check(F::RxNanos, r#"{"rx_ns":1}"#, M::Field);
    check(F::RxNanos, r#"{"rx_ns":1,"dir":"up","frame":{}}"#, M::Kind);
    check(F::RxNanos, r#"{"rx_ns":1,"frame":{}"#, M::Json);
    check(F::OrderRows, "1,2,3,4,5,created", M::Columns);
    check(F::OrderRows, "1,2,3,4,5,created,bid,more", M::Columns);
    check(F::OrderRows, "1,soon,3,4,5,created,bid", M::Stamp);
}

/// One line of each framing that is cut by lines.
const SAMPLES: &[(Framing, &str)] = &[
    (Framing::CryptofeedText, "1617647603.4249449: {\"a\": 1}"),
    (Framing::CryptofeedText, "https://x:1/ -> 1617647603.4249449: [\"a\"]"),
    (Framing::CryptofeedText, "wss://x <-> 1617647603.4249449"),
    (Framing::CryptofeedJson, r#"{"t":"recv","ts":1.5,"data":"{\"a\":\"\ud83d\ude00\"}"}"#),
    (Framing::NanosJson, "1723161253937085768 {}"),
    (Framing::LogTime, "2016-03-12 00:08:37,352 {}"),
    (Framing::EventLog, "1430438404518 trade {}"),
    (Framing::RxNanos, r#"{"rx_ns": 7, "dir": "tx", "frame": {"a":["b"]}}"#),
    (Framing::JsonLines, r#"{"a":["b"]}"#),
    (Framing::OrderRows, "1,1777,3,4,5,created,bid"),
    (Framing::TradeRows, "1,2,3,4,5,6,7,buy"),
];

#[test]
fn no_beginning_of_a_line_passes_for_a_whole_one() {
    for (framing, line) in SAMPLES {
        assert!(cut(*framing, line).is_ok(), "{line}");
        for end in 0..line.len() {
            let start = &line.as_bytes()[..end];
            let mut unescaped = Vec::new();
            let whole = framing
                .cut(start, &mut unescaped)
                .is_ok_and(|parts| framing.is_whole(start, parts.payload.of(start, &unescaped)));
            assert!(!whole, "{}", &line[..end]);
        }
    }
}

#[test]
fn no_byte_breaks_the_cut() {
    let mut unescaped = Vec::new();
    let mut cuts = [0; 2];
    for (framing, line) in SAMPLES {
        for place in 0..line.len() {
            for byte in 0..=u8::MAX {
                let mut spoilt = line.as_bytes().to_vec();
                spoilt[place] = byte;
                let _ = Framing::detect(&spoilt);
                let parts = framing.cut(&spoilt, &mut unescaped);
                cuts[usize::from(parts.is_ok())] += 1;
                if let Ok(parts) = parts {
                    // Places lie within their buffers, or this panics.
                    parts.tag.of(&spoilt, &unescaped);
                    parts.payload.of(&spoilt, &unescaped);
                }
            }
        }
    }
    assert!(cuts.iter().all(|count| *count > 1000), "{cuts:?}");
}
