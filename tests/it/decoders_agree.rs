//! The two readings of a venue's message say the same, on all recordings and on damaged ones.
//!
//! Each received line and each REST answer goes through the hand scanner and through the general
//! reading. Whole, they give the same parts and the same counts. Where the general reading knows
//! only a fault, the scanner may have given parts of the beginning, and ends in the same fault.

#![expect(clippy::unwrap_used, reason = "the checks of tests fail by panicking")]

use crate::agreement::{Readings, parts};
use crate::bitstamp_peers;
use crate::damage::{Damage, effort};
use crate::play::paths;
use pinnaclemm::types::{InstrumentTable, Venue};
use pinnaclemm::venue::decode::{Frame, Kind as Message};
use pinnaclemm::venue::decoder::VenueDecoder;
use pinnaclemm::venue::recorded::replay::frame_of;
use pinnaclemm::venue::recorded::survey::survey;
use pinnaclemm::venue::recorded::{Kind, Reader};
use std::collections::BTreeMap;

/// A recording, and which of its messages the hand scanner leaves to the general reading.
///
/// Of the feeds as they are today no book update, trade, order or best price is among them. What is
/// left are rare messages, another project's rewritten samples (`fixtures`), Bitstamp's `diff` form,
/// the trades and frames of its log of 2015, and rows that begin a snapshot or have exponents.
type Case = (Venue, &'static str, &'static str);

const CASES: &[Case] = &[
    (
        Venue::CoinbaseExchange,
        "coinbase-exchange/ws/level2_matches_ticker_20210417.txt.zst",
        "subscription 3, ticker 93, trade_history 6",
    ),
    (
        Venue::CoinbaseExchange,
        "coinbase-exchange/full/btcusd_20160312_first10899.txt.zst",
        "order_done 1, order_received 1",
    ),
    (
        Venue::CoinbaseAdvanced,
        "coinbase-advanced/ws/btcusd_ethusd_20260809_first690.jsonl.zst",
        "candle 4, heartbeat 16, subscription 5",
    ),
    (
        Venue::CoinbaseAdvanced,
        "coinbase-advanced/ws/btcusd_l2_20260824_top15band.jsonl",
        "subscription 1",
    ),
    (
        Venue::Kraken,
        "kraken/v1/book1000_20210405_10pairs.txt.zst",
        "heartbeat 119, status 1, subscription 10",
    ),
    (
        Venue::Kraken,
        "kraken/v1/ticker_20210405_10pairs.txt.zst",
        "heartbeat 119, status 1, subscription 10, ticker 22",
    ),
    (
        Venue::Kraken,
        "kraken/v1/trade_20210405_10pairs.txt.zst",
        "heartbeat 119, status 1, subscription 10",
    ),
    (
        Venue::Kraken,
        "kraken/v1/single_messages.jsonl",
        "book_top 1, candle 1, heartbeat 1, status 1, ticker 1, user 1",
    ),
    (Venue::Kraken, "kraken/v1/own_trades_messages.jsonl", "user 6"),
    (
        Venue::Kraken,
        "kraken/v2_book_btcusd_d10_20260816.ndjson",
        "heartbeat 6, status 1, subscription 1",
    ),
    (
        Venue::Kraken,
        "kraken/v2_book_btcusd_d10_20260824.jsonl",
        "heartbeat 2, status 1, subscription 1",
    ),
    (Venue::BinanceSpot, "binance/spot/btcusdt_20240808.gz", ""),
    (Venue::BinanceSpot, "binance/spot/btcusdt_20240809.gz", ""),
    (Venue::BinanceUsdm, "binance/usdm/btcusdt_20240808.gz", ""),
    (Venue::BinanceSpot, "binance/multi/10symbols_20210405.txt.zst", ""),
    (
        Venue::BinanceSpot,
        "binance/fixtures/gct_ws_messages.jsonl",
        "book_update 1, candle 1, ticker 1, trade 1, user 4",
    ),
    (
        Venue::Bitstamp,
        "bitstamp/l3_events_trades_btcusd_20150501_first3h20.log.zst",
        "book_top 3567, trade 448",
    ),
    (
        Venue::Bitstamp,
        "bitstamp/l3_orders_btcusd_20260502_first20min.csv.zst",
        "order_change 1, order_done 1, order_open 190",
    ),
    (Venue::Bitstamp, "bitstamp/trades_btcusd_20260502_first20min.csv", "trade 10"),
    (Venue::Bitstamp, "bitstamp/live_orders_btcusd_20260824.jsonl.zst", "subscription 1"),
    (
        Venue::Bitstamp,
        "bitstamp/diff_order_book_btcusd_20260824.jsonl",
        "book_update 11, subscription 1",
    ),
];

fn table_of(venue: Venue, path: &std::path::Path) -> InstrumentTable {
    let table = survey(venue, &[path.to_owned()]).unwrap().table;
    // Bitstamp's recorded forms do not name their only instrument.
    if table.is_empty() && venue == Venue::Bitstamp {
        bitstamp_peers::survey().table
    } else {
        table
    }
}

#[test]
fn on_every_line_of_every_recording() {
    for (venue, name, expected) in CASES {
        let Some(paths) = paths(&[*name]) else { continue };
        let table = table_of(*venue, &paths[0]);
        let mut pair = Readings::new(*venue);
        let mut reader = Reader::open(&paths[0]).unwrap();
        let mut left: BTreeMap<&str, u64> = BTreeMap::new();
        while reader.advance().unwrap() {
            let record = reader.record().unwrap();
            if record.kind == Kind::Up {
                pair.connected();
            }
            let Some(frame) = frame_of(*venue, &record, &table) else { continue };
            let before = pair.by_hand().clone();
            pair.read(&frame);
            let after = pair.by_hand();
            if after.surprises > before.surprises {
                let grown =
                    |kind: &&Message| after.kinds[**kind as usize] > before.kinds[**kind as usize];
                let kind = Message::ALL.iter().find(grown).map_or("none", |kind| kind.name());
                *left.entry(kind).or_default() += 1;
            }
        }
        let left: Vec<_> = left.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
        assert_eq!(left.join(", "), *expected, "{name}");
    }
}

/// The first messages of each kind, told apart by what the decoder counts them as.
const SAMPLES: u32 = 6;
const CHANGES: usize = 400;

#[test]
fn on_damaged_messages() {
    let mut damage = Damage::seeded(2);
    for (venue, name, _) in CASES {
        let Some(paths) = paths(&[*name]) else { continue };
        let table = table_of(*venue, &paths[0]);
        let (mut pair, mut probe) = (Readings::new(*venue), VenueDecoder::new(*venue));
        let mut reader = Reader::open(&paths[0]).unwrap();
        let mut met: BTreeMap<_, u32> = BTreeMap::new();
        while reader.advance().unwrap() {
            let record = reader.record().unwrap();
            let Some(frame) = frame_of(*venue, &record, &table) else { continue };
            let before = probe.counts().kinds;
            parts(&mut probe, &frame);
            let kind = (0..before.len()).find(|kind| before[*kind] < probe.counts().kinds[*kind]);
            let count = met.entry(kind).or_default();
            *count += 1;
            if *count > SAMPLES || frame.bytes.len() > 100_000 {
                continue;
            }
            let bytes = frame.bytes;
            if bytes.len() < 2000 {
                for end in 0..bytes.len() {
                    pair.read(&Frame { bytes: &bytes[..end], ..frame });
                }
            }
            for _ in 0..CHANGES.min(2_000_000 / (bytes.len() + 1)) * effort() {
                pair.read(&Frame { bytes: &damage.of(bytes), ..frame });
            }
            // The message itself is read as ever.
            pair.read(&frame);
        }
    }
}
