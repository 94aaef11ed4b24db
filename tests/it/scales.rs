//! The venues' own product lists: they are read whole, and the recordings replayed with the steps
//! that they give have the same books as with the steps that their numbers have.
//!
//! Binance's list (October 2021) is half a year younger than the recording (April 2021) and does not
//! fit it: six of ten ticks have become coarser since. The other four are replayed with it.

#![expect(clippy::unwrap_used, reason = "the checks of tests fail by panicking")]

use crate::play::{paths, play, told};
use pinnaclemm::types::{Instrument, InstrumentTable, Product, Scale, Venue};
use pinnaclemm::venue::recorded::replay::Replay;
use pinnaclemm::venue::recorded::survey::{Survey, survey};
use pinnaclemm::venue::recorded::{Kind, Reader};
use pinnaclemm::venue::{binance, coinbase, kraken};
use serde_json::Value;

/// The answer of a recorded request.
fn answer(name: &str) -> Option<Vec<u8>> {
    let mut reader = Reader::open(&paths(&[name])?[0]).unwrap();
    while reader.advance().unwrap() {
        let record = reader.record().unwrap();
        if record.kind == Kind::Rest {
            return Some(record.payload.to_vec());
        }
    }
    panic!("{name} holds an answer");
}

/// The books with plain numbers, so that 1.50 and 1.5 are the same.
fn plain_books(replay: &Replay) -> Value {
    let mut books = told(replay)["books"].take();
    for book in books.as_object_mut().unwrap().values_mut() {
        for side in ["bids", "asks"] {
            book[side] = serde_json::to_value(crate::play::rows(&book[side], usize::MAX)).unwrap();
        }
    }
    books
}

/// The recording with the list's steps, for those of its instruments that are listed.
fn check(venue: Venue, name: &str, products: &[Product], listed: usize) {
    let Some(inferred) = play(venue, &[name]) else { return };
    let paths = paths(&[name]).unwrap();
    let found = survey(venue, &paths).unwrap();
    let mut table = InstrumentTable::new(found.table.len());
    let mut count = 0;
    for instrument in &found.table {
        let Instrument { symbol, base, quote, tick, lot, order_step, .. } = *instrument;
        let inferred = Product { symbol, base, quote, tick, lot, order_step, trading: true };
        let product = products.iter().find(|product| product.symbol == symbol);
        count += usize::from(product.is_some());
        table.add(venue, product.unwrap_or(&inferred)).unwrap();
    }
    assert_eq!(count, listed, "{name}");
    let listed = Survey { table, ..found };
    let mut replay = Replay::with(venue, &paths, &listed).unwrap();
    replay.run(|_, _, _| {}).unwrap();
    let mut reports = [told(&replay), told(&inferred)];
    for report in &mut reports {
        report["books"].take();
    }
    assert_eq!(reports[0], reports[1]);
    assert_eq!(plain_books(&replay), plain_books(&inferred));
}

#[test]
fn kraken_of_the_same_month() {
    let Some(list) = answer("kraken/rest/asset_pairs_20210417.txt.zst") else { return };
    let products = kraken::products::read(&list).unwrap();
    assert_eq!(products.len(), 293);
    assert!(products.iter().all(|product| product.order_step == product.lot));
    check(Venue::Kraken, "kraken/v1/book1000_20210405_10pairs.txt.zst", &products, 10);
    check(Venue::Kraken, "kraken/v1/trade_20210405_10pairs.txt.zst", &products, 3);
}

#[test]
fn coinbase_exchange_of_the_same_minute() {
    let Some(list) = answer("coinbase-exchange/rest/products_20210417.txt.zst") else { return };
    let products = coinbase::exchange::products::read(&list).unwrap();
    assert_eq!(products.len(), 162);
    let name = "coinbase-exchange/ws/level2_matches_ticker_20210417.txt.zst";
    check(Venue::CoinbaseExchange, name, &products, 6);
}

#[test]
fn coinbase_advanced_of_the_same_minute() {
    let name = "coinbase-advanced/ws/btcusd_ethusd_20260809_first690.jsonl.zst";
    let Some(list) = answer(name) else { return };
    let products = coinbase::advanced::products::read(&list).unwrap();
    assert_eq!(products.len(), 920);
    check(Venue::CoinbaseAdvanced, name, &products, 2);
}

#[test]
fn binance_of_half_a_year_later() {
    let Some(list) = answer("binance/rest/exchange_info_20211012.txt.zst") else { return };
    let products = binance::products::read(&list).unwrap();
    assert_eq!(products.len(), 1695);
    // The book's lots are those of the asset, never coarser than what an order must keep.
    let step = |product: &Product| {
        (product.lot.text(1).to_string(), product.order_step.text(1).to_string())
    };
    let named = |name: &str| products.iter().find(|p| p.symbol.as_str() == name).unwrap();
    assert_eq!(step(named("BTCUSDT")), ("0.00000001".into(), "0.00001".into()));
    let name = "binance/multi/10symbols_20210405.txt.zst";
    let Some(paths) = paths(&[name]) else { return };
    let found = survey(Venue::BinanceSpot, &paths).unwrap();
    let mut fitting: Vec<Product> = Vec::new();
    let mut finer_lots = Vec::new();
    for instrument in &found.table {
        let product = products.iter().find(|p| p.symbol == instrument.symbol).unwrap();
        let number = |scale: Scale| scale.text(1).to_string();
        if number(product.tick) == number(instrument.tick) {
            fitting.push(*product);
            if number(product.order_step).len() < number(instrument.lot).len() {
                finer_lots.push(product.symbol.as_str().to_owned());
            }
        }
    }
    let names: Vec<_> = fitting.iter().map(|product| product.symbol.as_str()).collect();
    assert_eq!(names, ["ZILUSDT", "ETHBRL", "QTUMETH", "BTCAUD"]);
    // Quantities in these books are no whole number of the order steps.
    assert_eq!(finer_lots, ["ETHBRL", "QTUMETH", "BTCAUD"]);
    check(Venue::BinanceSpot, name, &fitting, 4);
}
