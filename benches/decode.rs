//! Decoding one message: ours beside the shortest hand-written scan, and beside parsers.
//!
//! The floor checks every literal of one fixed form and reads the same numbers; it knows neither
//! symbols nor stamps nor another form. `cargo bench --bench decode`.

mod floor;
mod harness;

#[allow(dead_code, reason = "the session is for the pipeline bench")]
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
        order_step: Scale::power_of_ten(8),
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

/// Reads a message by the shortest way and shows its rows.
type Floor = fn(&[u8], &mut dyn FnMut(i64, i64));

fn main() {
    let arms = |title: &str, venue, symbol: &[u8], messages: &[Vec<u8>], floor: Floor| {
        let table = table(venue, symbol);
        let (mut fast, mut general) =
            (VenueDecoder::new(venue), VenueDecoder::new(venue).generally());
        let shortest = || {
            let mut sum = 0;
            for bytes in messages {
                floor(bytes, &mut |price, qty| sum = add(sum, price / 1_000_000, qty));
            }
            sum
        };
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
                Arm::new("floor", shortest),
                Arm::new("memcpy", copied),
                Arm::new("ours", || ours(&mut fast, &table, messages)),
                Arm::new("ours, general (simd-json)", || ours(&mut general, &table, messages)),
            ],
        );
    };
    let l2update: Floor = |bytes, row| {
        let (price, qty) = floor::l2update(bytes);
        row(price, qty);
    };
    let trade: Floor = |bytes, row| {
        let (price, qty) = floor::trade(bytes);
        row(price, qty);
    };
    let coinbase = Venue::CoinbaseExchange;
    let binance = Venue::BinanceSpot;
    arms("l2update", coinbase, b"BTC-USD", &messages::coinbase_l2update(), l2update);
    arms("match", coinbase, b"BTC-USD", &messages::coinbase_match(), trade);
    arms("depth 20+20", binance, b"BTCUSDT", &messages::binance_depth(), |b, r| floor::depth(b, r));
    arms("bookTicker", binance, b"BTCUSDT", &messages::binance_book_ticker(), |b, r| {
        floor::book_ticker(b, r);
    });
    arms("kraken v2 3+3", Venue::Kraken, b"BTC/USD", &messages::kraken_v2_book(), |b, r| {
        floor::kraken_v2(b, r);
    });
}
