//! Counts and books of the recordings are exactly those that were published or computed apart from
//! this program (`expected_*.json` beside the recordings), in the library and in the tool.

#![expect(clippy::unwrap_used, reason = "the checks of tests fail by panicking")]

use crate::play::{document, open, plain, play, printed, rows, told};
use pinnaclemm::event::{Body, Shape, Stale};
use pinnaclemm::types::Venue;
use pinnaclemm::venue::recorded::replay::Replay;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The final books: levels of each side, and as many of the best as were expected.
fn check_books(told: &Value, expected: &Value, instruments: usize) {
    let (books, expected) = (&told["books"], expected.as_object().unwrap());
    assert_eq!((books.as_object().unwrap().len(), expected.len()), (instruments, instruments));
    for (symbol, expected) in expected {
        let book = &books[symbol];
        assert_eq!(book["state"], "fresh", "{symbol}");
        for (side, name) in [("bids", "bid"), ("asks", "ask")] {
            let levels = format!("{name}_levels");
            assert_eq!(book[&levels], expected[&levels], "{symbol}");
            let best = &expected[format!("best_{name}")];
            let wanted = match &expected[format!("top5_{side}")] {
                Value::Null => vec![[plain(&best[0]), plain(&best[1])]],
                top => rows(top, 5),
            };
            assert_eq!(rows(&book[side], wanted.len()), wanted, "{symbol} {side}");
        }
    }
}

/// The counts that name a fault, or anything else that must not be in a whole recording.
fn check_whole(told: &Value) {
    for name in ["gaps", "crossed", "unknown", "malformed"] {
        assert_eq!(told[name], 0, "{name}");
    }
    assert_eq!((&told["checksums"]["failed"], &told["faults"]), (&json!(0), &json!({})));
}

/// How many messages of that shape each instrument had.
fn messages_of(replay: &mut Replay, shape: Shape) -> BTreeMap<String, u64> {
    let mut counts = vec![0; replay.table().len()];
    let mut show = |event: &pinnaclemm::event::Event| {
        if let Body::Levels(head) = event.body
            && (head.shape, head.last) == (shape, true)
        {
            counts[event.instrument.index()] += 1;
        }
    };
    replay.run(|event, _, _| show(event)).unwrap();
    replay.table().iter().map(|i| i.symbol.to_string()).zip(counts).collect()
}

#[test]
fn coinbase_levels() {
    let name = ["coinbase-exchange/ws/level2_matches_ticker_20210417.txt.zst"];
    let venue = Venue::CoinbaseExchange;
    let Some(expected) = document("coinbase-exchange/ws/expected_level2_20210417.json") else {
        return;
    };
    let Some(mut replay) = open(venue, &name) else { return };
    let updates = messages_of(&mut replay, Shape::Update);
    assert_eq!(serde_json::to_value(updates).unwrap(), expected["l2updates_per_product"]);
    let counts = &expected["message_counts"];
    for told in [told(&replay), printed(venue, &name).unwrap()] {
        let messages = json!({
            "book_snapshot": counts["snapshot"], "book_update": counts["l2update"],
            "subscription": counts["subscriptions"], "ticker": counts["ticker"],
            "trade": counts["match"], "trade_history": counts["last_match"],
        });
        assert_eq!(told["messages"], messages);
        check_whole(&told);
        check_books(&told, &expected["final_books"], 6);
    }
    // No level was removed that was not there.
    assert!(replay.books().iter().all(|book| book.counts().absent == 0));
}

#[test]
fn coinbase_order_by_order() {
    let name = ["coinbase-exchange/full/btcusd_20160312_first10899.txt.zst"];
    let Some(mut replay) = open(Venue::CoinbaseExchange, &name) else { return };
    for line in [9485, 10_899] {
        let expected =
            document(&format!("coinbase-exchange/full/expected_top50_after_line_{line}.json"))
                .unwrap();
        while replay.tape().readers()[0].report().lines < line {
            assert!(replay.advance(|_, _, _| {}).unwrap());
        }
        let told = told(&replay);
        for side in ["bids", "asks"] {
            let expected = rows(&expected[side], usize::MAX);
            assert_eq!(expected.len(), 50);
            assert_eq!(rows(&told["books"]["BTC-USD"][side], 50), expected, "{side} at {line}");
        }
        let book = replay.books().iter().next().unwrap();
        assert_eq!(json!(book.id()), expected["sequence"]);
    }
    assert!(!replay.advance(|_, _, _| {}).unwrap());
    let told = told(&replay);
    check_whole(&told);
    let messages = json!({
        "order_received": 1266, "order_open": 7109 + 1265, "order_done": 1258, "order_match": 1,
    });
    assert_eq!(told["messages"], messages);
    assert_eq!(printed(Venue::CoinbaseExchange, &name).unwrap(), told);
}

#[test]
fn kraken_v1() {
    let name = ["kraken/v1/book1000_20210405_10pairs.txt.zst"];
    let Some(expected) = document("kraken/v1/expected_book_20210405.json") else { return };
    let Some(mut replay) = open(Venue::Kraken, &name) else { return };
    let updates = messages_of(&mut replay, Shape::Update);
    assert_eq!(serde_json::to_value(updates).unwrap(), expected["updates_per_pair"]);
    let counts = &expected["message_counts"];
    for told in [told(&replay), printed(Venue::Kraken, &name).unwrap()] {
        let messages = json!({
            "book_snapshot": 10, "book_update": 14_496, "heartbeat": counts["heartbeat"],
            "status": counts["systemStatus"], "subscription": counts["subscriptionStatus"],
        });
        assert_eq!((&told["messages"], &counts["book-1000"]), (&messages, &json!(10 + 14_496)));
        assert_eq!(told["checksums"], json!({ "ok": 14_496, "failed": 0 }));
        assert_eq!(told["checksums"]["ok"], expected["checksums_ok"]);
        check_whole(&told);
        check_books(&told, &expected["final_books"], 10);
    }
}

#[test]
fn kraken_v2() {
    for (name, checksums) in [
        ("kraken/v2_book_btcusd_d10_20260816.ndjson", 54),
        ("kraken/v2_book_btcusd_d10_20260824.jsonl", 4),
    ] {
        let Some(replay) = play(Venue::Kraken, &[name]) else { return };
        for told in [told(&replay), printed(Venue::Kraken, &[name]).unwrap()] {
            assert_eq!(told["checksums"], json!({ "ok": checksums, "failed": 0 }));
            check_whole(&told);
            let book = &told["books"]["BTC/USD"];
            assert_eq!((&book["bid_levels"], &book["ask_levels"]), (&json!(10), &json!(10)));
            assert_eq!(book["state"], "fresh");
        }
    }
}

#[test]
fn binance_spot() {
    let names = ["binance/spot/btcusdt_20240808.gz", "binance/spot/btcusdt_20240809.gz"];
    let Some(expected) = document("binance/spot/expected_btcusdt_20240808_09.json") else {
        return;
    };
    let Some(replay) = play(Venue::BinanceSpot, &names) else { return };
    let book = replay.books().iter().next().unwrap();
    assert_eq!(json!(book.id()), expected["final_update_id"]);
    // The snapshot was applied, too; two events are those that it held already.
    assert_eq!(json!(book.counts().applied - 1), expected["applied_depth_events"]);
    assert_eq!(book.counts().old, 2);
    let best = |side: &str| json!([expected[side], expected[format!("{side}_qty")]]);
    let expected = json!({ "BTCUSDT": {
        "bid_levels": expected["bid_levels"], "ask_levels": expected["ask_levels"],
        "best_bid": best("best_bid"), "best_ask": best("best_ask"),
    }});
    for told in [told(&replay), printed(Venue::BinanceSpot, &names).unwrap()] {
        let messages = json!({
            "book_snapshot": 1, "book_update": 6495, "trade": 19_904, "book_top": 73_174,
        });
        assert_eq!(told["messages"], messages);
        check_whole(&told);
        check_books(&told, &expected, 1);
    }
}

#[test]
fn binance_ten_symbols() {
    let name = ["binance/multi/10symbols_20210405.txt.zst"];
    let Some(expected) = document("binance/multi/expected_20210405.json") else { return };
    let Some(replay) = play(Venue::BinanceSpot, &name) else { return };
    let mut old = 0;
    for instrument in replay.table() {
        let (book, symbol) = (replay.books().get(instrument.id), instrument.symbol.as_str());
        assert_eq!(json!(book.counts().applied - 1), expected["applied"][symbol], "{symbol}");
        assert_eq!(json!(book.id()), expected["final_books"][symbol]["update_id"], "{symbol}");
        old += book.counts().old;
    }
    let counts = &expected["message_counts"];
    assert_eq!((json!(old), old), (counts["stale"].clone(), 67));
    for told in [told(&replay), printed(Venue::BinanceSpot, &name).unwrap()] {
        let messages = json!({
            "book_snapshot": counts["rest depth"], "book_update": counts["depth@100ms"],
            "trade": counts["aggTrade"], "book_top": counts["bookTicker"],
        });
        assert_eq!(told["messages"], messages);
        check_whole(&told);
        check_books(&told, &expected["final_books"], 10);
    }
}

#[test]
fn coinbase_advanced() {
    let name = ["coinbase-advanced/ws/btcusd_ethusd_20260809_first690.jsonl.zst"];
    let Some(expected) = document("coinbase-advanced/ws/expected_first690.json") else { return };
    let Some(mut replay) = open(Venue::CoinbaseAdvanced, &name) else { return };
    messages_of(&mut replay, Shape::Update);
    // One frame, one number: 690 received frames without a gap are 0 to 689.
    assert_eq!(expected["sequence_num"], json!([0, 689]));
    let count = replay.tape().readers()[0].report().records[0];
    assert_eq!((count, replay.fault(Stale::SequenceGap)), (690, 0));
    let counts = &expected["message_counts"];
    for told in [told(&replay), printed(Venue::CoinbaseAdvanced, &name).unwrap()] {
        let messages = &told["messages"];
        let sum = |a: &str, b: &str| messages[a].as_u64().unwrap() + messages[b].as_u64().unwrap();
        assert_eq!(json!(sum("book_snapshot", "book_update")), counts["l2_data"]);
        assert_eq!(json!(sum("trade", "trade_history")), counts["market_trades"]);
        for (ours, theirs) in [
            ("subscription", "subscriptions"),
            ("candle", "candles"),
            ("ticker", "ticker"),
            ("heartbeat", "heartbeats"),
        ] {
            assert_eq!(messages[ours], counts[theirs], "{theirs}");
        }
        check_whole(&told);
        check_books(&told, &expected["final_books"], 2);
    }
}

#[test]
fn binance_futures() {
    let name = ["binance/usdm/btcusdt_20240808.gz"];
    let Some(replay) = play(Venue::BinanceUsdm, &name) else { return };
    let book = replay.books().iter().next().unwrap();
    for told in [told(&replay), printed(Venue::BinanceUsdm, &name).unwrap()] {
        let messages = json!({
            "book_snapshot": 1, "book_update": 6551, "trade": 21_313, "book_top": 66_089,
        });
        assert_eq!(told["messages"], messages);
        // The chain of `pu` never broke, and the book never crossed.
        check_whole(&told);
        assert_eq!(told["books"]["BTCUSDT"]["state"], "fresh");
    }
    assert_eq!(book.counts().applied - 1 + book.counts().old, 6551);
}
