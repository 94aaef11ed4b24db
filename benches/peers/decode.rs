//! Decoding one message: ours beside the JSON crates, all giving the same prices and quantities.
//!
//! The peers read into borrowed structs that hold what we read, and turn the texts of numbers into
//! integers by our own reading of decimals: what differs is the JSON alone. Where a peer parses in
//! place, the copy into its buffer is in its figure. `cargo bench --bench decode` in this folder.

mod forms;

#[path = "../harness.rs"]
mod harness;

#[path = "../messages.rs"]
#[allow(dead_code, reason = "the session is not needed here")]
mod messages;

use forms::Form;
use harness::{Arm, row};
use pinnaclemm::event::{Body, Part};
use pinnaclemm::types::{Currency, InstrumentTable, Nanos, Product, Scale, Symbol, Venue};
use pinnaclemm::venue::decode::{Frame, Next, Origin};
use pinnaclemm::venue::decoder::VenueDecoder;

fn table(venue: Venue, symbol: &[u8]) -> InstrumentTable {
    let name = Currency::new(b"X").expect("a name");
    let mut table = InstrumentTable::new(8);
    let product = Product {
        symbol: Symbol::new(symbol).expect("a symbol"),
        base: name,
        quote: name,
        tick: Scale::power_of_ten(8),
        lot: Scale::power_of_ten(8),
        order_step: Scale::power_of_ten(8),
        trading: true,
    };
    table.add(venue, &product).expect("room");
    table
}

fn add(sum: u64, price: i64, qty: i64) -> u64 {
    sum.wrapping_mul(31).wrapping_add(price.cast_unsigned()).wrapping_add(qty.cast_unsigned())
}

/// Decodes every message and sums what was read.
fn ours(decoder: &mut VenueDecoder, table: &InstrumentTable, messages: &[Vec<u8>]) -> u64 {
    let mut part = Part::empty();
    let mut sum = 0_u64;
    for bytes in messages {
        let frame = Frame { bytes, origin: Origin::stream(Nanos(1)), table };
        decoder.begin();
        while decoder.next(&frame, &mut part) == Next::Part {
            for level in part.levels() {
                sum = add(sum, level.price().0, level.qty().0);
            }
            if let Body::Trade(trade) = part.event.body {
                sum = add(sum, trade.price.0, trade.qty.0);
            }
        }
    }
    sum
}

/// Sums what a parser has made of every message.
fn theirs(messages: &[Vec<u8>], mut parse: impl FnMut(&[u8], &mut dyn FnMut(i64, i64))) -> u64 {
    let mut sum = 0;
    for bytes in messages {
        parse(bytes, &mut |price, qty| sum = add(sum, price, qty));
    }
    sum
}

/// One kind of message through every arm. A macro, as a form borrows from its message.
macro_rules! kind {
    ($title:literal, $venue:expr, $symbol:literal, $messages:expr, $form:ident) => {{
        let (venue, messages) = ($venue, $messages);
        let table = table(venue, $symbol);
        let mut decoder = VenueDecoder::new(venue);
        let mut copy = Vec::new();
        let mut buffers = simd_json::Buffers::default();
        let mut simd = |bytes: &[u8], row: &mut dyn FnMut(i64, i64)| {
            copy.clear();
            copy.extend_from_slice(bytes);
            let form: forms::$form<'_> =
                simd_json::serde::from_slice_with_buffers(&mut copy, &mut buffers)
                    .expect("a message");
            form.rows(row);
        };
        let sonic = |bytes: &[u8], row: &mut dyn FnMut(i64, i64)| {
            let form: forms::$form<'_> = sonic_rs::from_slice(bytes).expect("a message");
            form.rows(row);
        };
        let serde = |bytes: &[u8], row: &mut dyn FnMut(i64, i64)| {
            let form: forms::$form<'_> = serde_json::from_slice(bytes).expect("a message");
            form.rows(row);
        };
        let sums = row(
            $title,
            messages.len() as u64,
            &mut [
                Arm::new("ours", || ours(&mut decoder, &table, &messages)),
                Arm::new("sonic-rs, struct", || theirs(&messages, sonic)),
                Arm::new("simd-json serde, reused buffers", || theirs(&messages, &mut simd)),
                Arm::new("serde_json, borrowed struct", || theirs(&messages, serde)),
            ],
        );
        assert!(sums.iter().all(|sum| *sum == sums[0]), "all read the same numbers");
    }};
}

fn main() {
    use messages as made;
    let coinbase = Venue::CoinbaseExchange;
    let binance = Venue::BinanceSpot;
    kind!("l2update", coinbase, b"BTC-USD", made::coinbase_l2update(), Changes);
    kind!("match", coinbase, b"BTC-USD", made::coinbase_match(), Match);
    kind!("depth 20+20", binance, b"BTCUSDT", made::binance_depth(), Depth);
    kind!("bookTicker", binance, b"BTCUSDT", made::binance_book_ticker(), Ticker);
    kind!("kraken v2 3+3", Venue::Kraken, b"BTC/USD", made::kraken_v2_book(), KrakenBook);
}
