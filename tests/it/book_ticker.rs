//! The touch of our books is the touch that the venue publishes beside them.
//!
//! Binance numbers its best prices with the ids of its book, so the comparison is exact. Coinbase
//! sends a ticker with a trade, the book's changes in batches a little before or after it: there
//! the figures say how often the two meet, and are pinned so that a change is noticed.

#![expect(clippy::unwrap_used, reason = "the checks of tests fail by panicking")]

use crate::play::{open, paths, plain, top_of};
use pinnaclemm::engine::book::Top;
use pinnaclemm::event::{Body, Shape};
use pinnaclemm::types::{Side, Venue};
use pinnaclemm::venue::recorded::{Kind, Reader};
use serde_json::Value;
use std::collections::BTreeMap;

/// What one instrument has shown.
#[derive(Default)]
struct Seen {
    /// The published best prices by their ids.
    published: BTreeMap<u64, Top>,
    /// The touch of our book by the id of the event that it stands behind.
    ours: Vec<(u64, Top)>,
}

/// How our touches compare with the published one of the greatest id not above theirs.
#[derive(Default, PartialEq, Eq, Debug)]
struct Agreement {
    equal: usize,
    /// Nothing had been published yet.
    early: usize,
    /// The ids behind which they differ.
    differ: Vec<u64>,
}

fn seen(venue: Venue, names: &[&str]) -> Option<Vec<Seen>> {
    let mut replay = open(venue, names)?;
    let mut all: Vec<Seen> = replay.table().iter().map(|_| Seen::default()).collect();
    let show = |event: &_, levels: &[_], books: &pinnaclemm::engine::book::Books| {
        let event: &pinnaclemm::event::Event = event;
        let Body::Levels(head) = event.body else { return };
        let seen = &mut all[event.instrument.index()];
        if let Some(top) = top_of(event, levels) {
            seen.published.insert(head.id, top);
        } else if head.last {
            // Behind a snapshot the events that waited for it are applied at once.
            let book = books.get(event.instrument);
            if book.id() != seen.ours.last().map_or(0, |(id, _)| *id) {
                seen.ours.push((book.id(), book.top().unwrap()));
            }
        }
    };
    replay.run(show).unwrap();
    Some(all)
}

fn compare(all: &[Seen]) -> Agreement {
    let mut agreement = Agreement::default();
    for seen in all {
        for (id, ours) in &seen.ours {
            match seen.published.range(..=*id).next_back() {
                None => agreement.early += 1,
                Some((_, top)) if top == ours => agreement.equal += 1,
                Some(_) => agreement.differ.push(*id),
            }
        }
    }
    agreement
}

#[test]
fn binance_spot() {
    let names = ["binance/spot/btcusdt_20240808.gz", "binance/spot/btcusdt_20240809.gz"];
    let Some(all) = seen(Venue::BinanceSpot, &names) else { return };
    // Of 6,493 events two changed the touch in a way that was never published: the stream of best
    // prices has no message of their ids.
    let differ = vec![50_093_478_174, 50_093_480_542];
    assert!(differ.iter().all(|id| !all[0].published.contains_key(id)));
    assert_eq!(compare(&all), Agreement { equal: 6491, early: 0, differ });
}

#[test]
fn binance_ten_symbols() {
    let names = ["binance/multi/10symbols_20210405.txt.zst"];
    let Some(all) = seen(Venue::BinanceSpot, &names) else { return };
    // 10 snapshots and 4,642 events; 15 of them before the first best prices of their symbol.
    assert_eq!(compare(&all), Agreement { equal: 4637, early: 15, differ: vec![] });
}

#[test]
fn binance_futures() {
    let names = ["binance/usdm/btcusdt_20240808.gz"];
    let Some(all) = seen(Venue::BinanceUsdm, &names) else { return };
    // 6,547 events, two of which were applied in one with the snapshot.
    assert_eq!(compare(&all), Agreement { equal: 6546, early: 0, differ: vec![] });
}

/// How often a ticker is the touch of the book as it stands, comes before the book, is a touch from
/// before, one to come, or none: then it stood for a moment inside a batch of changes.
fn meetings<T: PartialEq>(touches: &[Vec<T>], tickers: Vec<(usize, usize, T)>) -> [u32; 5] {
    let mut counts = [0; 5];
    for (at, before, top) in tickers {
        let (older, newer) = touches[at].split_at(before);
        let what = match older.last() {
            Some(last) if *last == top => 0,
            None => 1,
            _ if older.contains(&top) => 2,
            _ if newer.contains(&top) => 3,
            _ => 4,
        };
        counts[what] += 1;
    }
    counts
}

#[test]
fn coinbase_advanced() {
    let name = ["coinbase-advanced/ws/btcusd_ethusd_20260809_first690.jsonl.zst"];
    let Some(mut replay) = open(Venue::CoinbaseAdvanced, &name) else { return };
    // All touches of the book, and each ticker with how many of them came before it.
    let (mut touches, mut tickers) = ([vec![], vec![]], vec![]);
    let show = |event: &_, levels: &[_], books: &pinnaclemm::engine::book::Books| {
        let event: &pinnaclemm::event::Event = event;
        let at = event.instrument;
        if let Some(top) = top_of(event, levels) {
            tickers.push((at.index(), touches[at.index()].len(), top));
        } else if let Body::Levels(head) = event.body
            && head.last
            && head.shape != Shape::Top
        {
            touches[at.index()].push(books.get(at).top().unwrap());
        }
    };
    replay.run(show).unwrap();
    assert_eq!(meetings(&touches, tickers), [81, 6, 4, 14, 3]);
}

#[test]
fn coinbase_exchange() {
    let name = ["coinbase-exchange/ws/level2_matches_ticker_20210417.txt.zst"];
    let Some(mut replay) = open(Venue::CoinbaseExchange, &name) else { return };
    // In 2021 a ticker gave no quantities, so it is no event; its prices are read here.
    let mut beside = Reader::open(&paths(&name).unwrap()[0]).unwrap();
    let mut touches = vec![Vec::new(); replay.table().len()];
    let mut tickers = Vec::new();
    while beside.advance().unwrap() {
        assert!(replay.advance(|_, _, _| {}).unwrap());
        let record = beside.record().unwrap();
        if record.kind != Kind::Received {
            continue;
        }
        let message: Value = serde_json::from_slice(record.payload).unwrap();
        let Some(symbol) = message["product_id"].as_str() else { continue };
        let symbol = symbol.as_bytes();
        let instrument = replay.table().lookup(Venue::CoinbaseExchange, symbol).unwrap();
        let at = instrument.id.index();
        let best = |side| {
            let (price, _) = replay.books().get(instrument.id).side(side).best()?;
            Some(plain(&instrument.tick.text(price.ticks()).to_string().into()))
        };
        if message["type"] == "ticker" {
            let top = ["best_bid", "best_ask"].map(|name| plain(&message[name]));
            tickers.push((at, touches[at].len(), top));
        } else if let (Some(bid), Some(ask)) = (best(Side::Bid), best(Side::Ask)) {
            touches[at].push([bid, ask]);
        }
    }
    // The others stood between the changes that one taker made.
    assert_eq!(meetings(&touches, tickers), [88, 0, 0, 1, 4]);
}
