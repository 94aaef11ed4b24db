//! Decoding one message: ours beside the shortest hand-written scan, and beside parsers.
//!
//! The floor checks every literal of one fixed form and reads the same numbers; it knows neither
//! symbols nor stamps nor another form. `cargo bench --bench decode`.

mod harness;
mod messages;

use harness::{Arm, row};
use messages::MESSAGES;
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
        tick: Scale::power_of_ten(2),
        lot: Scale::power_of_ten(8),
        trading: true,
    };
    table.add(venue, &product).expect("room");
    table
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

fn add(sum: u64, price: i64, qty: i64) -> u64 {
    sum.wrapping_mul(31).wrapping_add(price.cast_unsigned()).wrapping_add(qty.cast_unsigned())
}

fn main() {
    let arms = |title: &str, venue, symbol: &[u8], messages: &[Vec<u8>]| {
        let table = table(venue, symbol);
        let (mut fast, mut general) =
            (VenueDecoder::new(venue), VenueDecoder::new(venue).generally());
        let copied = || {
            let mut copy = [0_u8; 4096];
            messages.iter().fold(0_u64, |sum, bytes| {
                copy[..bytes.len()].copy_from_slice(bytes);
                sum + u64::from(std::hint::black_box(&copy)[bytes.len() / 2])
            })
        };
        row(
            title,
            MESSAGES as u64,
            &mut [
                Arm::new("memcpy", copied),
                Arm::new("ours", || ours(&mut fast, &table, messages)),
                Arm::new("ours, general (simd-json)", || ours(&mut general, &table, messages)),
            ],
        );
    };
    arms("l2update", Venue::CoinbaseExchange, b"BTC-USD", &messages::coinbase_l2update());
    arms("match", Venue::CoinbaseExchange, b"BTC-USD", &messages::coinbase_match());
    arms("depth 20+20", Venue::BinanceSpot, b"BTCUSDT", &messages::binance_depth());
    arms("bookTicker", Venue::BinanceSpot, b"BTCUSDT", &messages::binance_book_ticker());
    arms("kraken v2 3+3", Venue::Kraken, b"BTC/USD", &messages::kraken_v2_book());
}
