//! The messages as structs for serde: the fields that we read, borrowed from the text.

use pinnaclemm::types::Scale;
use pinnaclemm::types::decimal::Decimal;
use serde::Deserialize;

/// A message that shows its prices and quantities in units of 10⁻⁸.
pub(crate) trait Form {
    fn rows(&self, row: &mut dyn FnMut(i64, i64));
}

#[inline]
fn number(text: &str) -> i64 {
    let number = Decimal::parse(text.as_bytes()).expect("a number");
    Scale::power_of_ten(8).steps(number).expect("at most eight decimals")
}

#[derive(Deserialize)]
pub(crate) struct Changes<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    product_id: &'a str,
    #[serde(borrow)]
    changes: Vec<(&'a str, &'a str, &'a str)>,
    time: &'a str,
}

impl Form for Changes<'_> {
    fn rows(&self, row: &mut dyn FnMut(i64, i64)) {
        std::hint::black_box((self.kind, self.product_id, self.time));
        for (side, price, qty) in &self.changes {
            assert!(matches!(*side, "buy" | "sell"));
            row(number(price), number(qty));
        }
    }
}

#[derive(Deserialize)]
pub(crate) struct Match<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    trade_id: u64,
    product_id: &'a str,
    sequence: u64,
    side: &'a str,
    size: &'a str,
    price: &'a str,
    time: &'a str,
}

impl Form for Match<'_> {
    fn rows(&self, row: &mut dyn FnMut(i64, i64)) {
        std::hint::black_box((self.kind, self.product_id, self.time, self.side));
        std::hint::black_box((self.trade_id, self.sequence));
        row(number(self.price), number(self.size));
    }
}

#[derive(Deserialize)]
pub(crate) struct Depth<'a> {
    #[serde(rename = "E")]
    time: u64,
    s: &'a str,
    #[serde(rename = "U")]
    first: u64,
    u: u64,
    #[serde(borrow)]
    b: Vec<(&'a str, &'a str)>,
    #[serde(borrow)]
    a: Vec<(&'a str, &'a str)>,
}

impl Form for Depth<'_> {
    fn rows(&self, row: &mut dyn FnMut(i64, i64)) {
        std::hint::black_box((self.time, self.s, self.first, self.u));
        for (price, qty) in self.b.iter().chain(&self.a) {
            row(number(price), number(qty));
        }
    }
}

#[derive(Deserialize)]
pub(crate) struct Ticker<'a> {
    u: u64,
    s: &'a str,
    b: &'a str,
    #[serde(rename = "B")]
    bid_qty: &'a str,
    a: &'a str,
    #[serde(rename = "A")]
    ask_qty: &'a str,
}

impl Form for Ticker<'_> {
    fn rows(&self, row: &mut dyn FnMut(i64, i64)) {
        std::hint::black_box((self.u, self.s));
        row(number(self.b), number(self.bid_qty));
        row(number(self.a), number(self.ask_qty));
    }
}

/// Kraken's numbers are bare. `f64` is the only thing that all three crates read them as; eight
/// decimals of a price below 10⁷ come back exactly.
#[derive(Deserialize)]
struct Row {
    price: f64,
    qty: f64,
}

#[derive(Deserialize)]
struct Book<'a> {
    symbol: &'a str,
    bids: Vec<Row>,
    asks: Vec<Row>,
    checksum: u32,
    timestamp: &'a str,
}

#[derive(Deserialize)]
pub(crate) struct KrakenBook<'a> {
    channel: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(borrow)]
    data: Vec<Book<'a>>,
}

impl Form for KrakenBook<'_> {
    fn rows(&self, row: &mut dyn FnMut(i64, i64)) {
        std::hint::black_box((self.channel, self.kind));
        let units = |number: f64| (number * 1e8).round() as i64;
        for book in &self.data {
            std::hint::black_box((book.symbol, book.checksum, book.timestamp));
            for Row { price, qty } in book.bids.iter().chain(&book.asks) {
                row(units(*price), units(*qty));
            }
        }
    }
}
