//! The figures of small recordings, computed by hand.

use super::*;
use crate::types::Venue;

/// The figures of a recording of that text.
fn told(venue: Venue, name: &str, text: &str) -> Stats {
    let folder = std::env::temp_dir().join(format!("pmm-stats-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    let mut replay = Replay::open(venue, std::slice::from_ref(&path)).unwrap();
    let stats = stats(&mut replay).unwrap();
    std::fs::remove_file(&path).unwrap();
    stats
}

#[test]
fn ids_that_come_at_once_may_come_newest_first() {
    let check = |ids: &[(u64, i64)], expected: Option<(u64, u64, u64)>| {
        let mut gathered = Gathered::default();
        ids.iter().for_each(|(id, received)| gathered.note(Nanos(*received), *id));
        gathered.settle_trades();
        let found = gathered.trade_ids.map(|ids| (ids.first, ids.last, ids.breaks));
        assert_eq!(found, expected, "{ids:?}");
    };
    check(&[(0, 1), (0, 2)], None);
    check(&[(3, 1), (2, 1), (1, 1), (4, 2)], Some((1, 4, 0)));
    check(&[(3, 1), (2, 2), (3, 3)], Some((3, 3, 1)));
    check(&[(3, 1), (3, 1), (5, 2)], Some((3, 5, 2)));
}

/// A match of Coinbase with its id, a second of 2021-04-17 and the recorder's time after it.
fn trade(id: u64, second: u8, late_ms: i64) -> String {
    let start = Nanos::parse_rfc3339(b"2021-04-17T16:00:00Z").unwrap().0 / SECOND;
    let at = (start + i64::from(second)) * 1000 + late_ms;
    format!(
        "{}.{:03}: {{\"type\":\"match\",\"trade_id\":{id},\"maker_order_id\":\"x\",\
         \"taker_order_id\":\"y\",\"side\":\"buy\",\"size\":\"1\",\"price\":\"2.5\",\
         \"product_id\":\"A-B\",\"sequence\":{id},\"time\":\"2021-04-17T16:00:{second:02}.000000Z\"\
         }}\n",
        at / 1000,
        at % 1000
    )
}

#[test]
fn rates_offsets_and_trade_ids() {
    let text = [(5, 1, 10), (6, 1, 20), (8, 1, 40), (9, 3, -30)]
        .map(|(id, second, late)| trade(id, second, late))
        .concat();
    let stats = told(Venue::CoinbaseExchange, "trades", &text);
    assert_eq!(stats.messages, BTreeMap::from([("trade", 4)]));
    assert_eq!(stats.span.first.as_deref(), Some("2021-04-17T16:00:01.010000000Z"));
    assert_eq!(stats.span.last.as_deref(), Some("2021-04-17T16:00:02.970000000Z"));
    assert_eq!(stats.span.seconds, Some(1.96));
    let rate = stats.rate.as_ref().unwrap();
    assert_eq!((rate.busiest, rate.busiest_at.as_str()), (3, "2021-04-17T16:00:01.000000000Z"));
    assert!((rate.mean.unwrap() - 4.0 / 1.96).abs() < 1e-9);
    let instrument = &stats.instruments["A-B"];
    let ids = TradeIds { first: 5, last: 9, breaks: 1 };
    assert_eq!((instrument.trade_ids, instrument.messages["trade"]), (Some(ids), 4));
    let [min_ns, median_ns, max_ns] = [-40, -10, 30].map(|ms| ms * 1_000_000);
    let offset = ClockOffset { judged: true, stamped: 4, min_ns, median_ns, max_ns };
    assert_eq!(stats.clock_offset, Some(offset));
    let table = stats.to_string();
    assert!(table.contains("-40.000 ms least, -10.000 ms median, 30.000 ms most"), "{table}");
    assert!(!table.contains("not judged"), "{table}");
}

#[test]
fn another_idea_of_time_is_not_judged() {
    // Five hours behind UTC.
    let stats = told(Venue::CoinbaseExchange, "local", &trade(5, 0, -5 * 3_600_000));
    let offset = stats.clock_offset.as_ref().unwrap();
    assert_eq!((offset.judged, offset.median_ns), (false, 5 * 3600 * SECOND));
    assert!(stats.to_string().contains("not judged"));
    assert_eq!(stats.faults, BTreeMap::new());
    // One message takes no time.
    assert_eq!(stats.rate.unwrap().mean, None);
}

#[test]
fn files_name_what_is_wrong_in_them() {
    let text = format!(
        "{}{}no record\n1618675203.5: {{\"type\":\"new\"}}\n1618675203.6: {{\"type\":\"ma",
        trade(5, 1, 0),
        trade(6, 1, 0).replace("\"2.5\"", "\"-2.5\"")
    );
    let stats = told(Venue::CoinbaseExchange, "wrong", &text);
    let file = &stats.files[0];
    assert_eq!(file.records, BTreeMap::from([("recv", 4)]));
    assert_eq!((file.lines, file.malformed_lines), (5, 1));
    assert_eq!(file.named, ["line 3: direction"]);
    assert_eq!((file.malformed_messages, file.unknown_messages), (2, 1));
    assert_eq!(file.last_error.as_deref(), Some("the message is no JSON"));
    assert_eq!(file.torn, Some(25));
    assert_eq!((stats.malformed, stats.unknown), (3, 1));
    assert_eq!(stats.faults, BTreeMap::from([("malformed", 2), ("unknown_message", 1)]));
    let table = stats.to_string();
    for part in ["1 lines are no records", "line 3: direction", "25 bytes are left", "is no JSON"] {
        assert!(table.contains(part), "{part}: {table}");
    }
}
