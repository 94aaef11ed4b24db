//! Messages in the venues' usual form from a seed, so that the benches run on a bare clone.
//!
//! The lengths are those of `PERFORMANCE.md`'s table: an l2update of one level, a match, a Binance
//! depth update of 20 and 20 levels, a bookTicker, a Kraken v2 book update of 3 and 3.

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};
use std::fmt::Write as _;

/// How many different messages of a kind there are: all of them stay in the cache.
pub(crate) const MESSAGES: usize = 1000;

struct Dice(Xoshiro256PlusPlus);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0.next_u64() % bound
    }

    /// A price near 63,000 with two decimals.
    fn price(&mut self) -> String {
        let cents = 6_300_000 + self.below(20_000);
        format!("{}.{:02}", cents / 100, cents % 100)
    }

    /// A quantity with eight decimals, now and then zero.
    fn qty(&mut self) -> String {
        let lots = if self.below(4) == 0 { 0 } else { self.below(300_000_000) };
        format!("{}.{:08}", lots / 100_000_000, lots % 100_000_000)
    }

    fn time(&mut self) -> String {
        let (second, micro) = (self.below(60), self.below(1_000_000));
        format!("2026-08-09T21:05:{second:02}.{micro:06}Z")
    }

    fn uuid(&mut self) -> String {
        let (a, b) = (self.0.next_u64(), self.0.next_u64());
        let hex = format!("{a:016x}{b:016x}");
        [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
    }

    fn side(&mut self) -> &'static str {
        if self.below(2) == 0 { "buy" } else { "sell" }
    }
}

fn messages(seed: u64, mut make: impl FnMut(&mut Dice, usize) -> String) -> Vec<Vec<u8>> {
    let mut dice = Dice(Xoshiro256PlusPlus::seed_from_u64(seed));
    (0..MESSAGES).map(|n| make(&mut dice, n).into_bytes()).collect()
}

pub(crate) fn coinbase_l2update() -> Vec<Vec<u8>> {
    messages(1, |dice, _| {
        let (side, price, qty, time) = (dice.side(), dice.price(), dice.qty(), dice.time());
        format!(
            "{{\"type\":\"l2update\",\"product_id\":\"BTC-USD\",\"changes\":[[\"{side}\",\
             \"{price}\",\"{qty}\"]],\"time\":\"{time}\"}}"
        )
    })
}

pub(crate) fn coinbase_match() -> Vec<Vec<u8>> {
    messages(2, |dice, n| {
        let (maker, taker, side, time) = (dice.uuid(), dice.uuid(), dice.side(), dice.time());
        let (size, price) = (dice.qty(), dice.price());
        format!(
            "{{\"type\":\"match\",\"trade_id\":{},\"maker_order_id\":\"{maker}\",\
             \"taker_order_id\":\"{taker}\",\"side\":\"{side}\",\"size\":\"{size}\",\
             \"price\":\"{price}\",\"product_id\":\"BTC-USD\",\"sequence\":{},\
             \"time\":\"{time}\"}}",
            889_760 + n,
            451_724_584 + n * 7,
        )
    })
}

/// Rows of `["price","qty"]`.
fn rows(dice: &mut Dice, count: usize) -> String {
    let mut text = String::new();
    for i in 0..count {
        let comma = if i == 0 { "" } else { "," };
        write!(text, r#"{comma}["{}000000","{}"]"#, dice.price(), dice.qty()).expect("a string");
    }
    text
}

pub(crate) fn binance_depth() -> Vec<Vec<u8>> {
    messages(3, |dice, n| {
        let (bids, asks, id) = (rows(dice, 20), rows(dice, 20), 50_093_239_189 + n * 10);
        format!(
            "{{\"e\":\"depthUpdate\",\"E\":1723161255208,\"s\":\"BTCUSDT\",\"U\":{},\"u\":{},\
             \"b\":[{bids}],\"a\":[{asks}]}}",
            id + 1,
            id + 10,
        )
    })
}

pub(crate) fn binance_book_ticker() -> Vec<Vec<u8>> {
    messages(4, |dice, n| {
        let (bid, ask, b, a) = (dice.price(), dice.price(), dice.qty(), dice.qty());
        format!(
            r#"{{"u":{},"s":"BTCUSDT","b":"{bid}000000","B":"{b}","a":"{ask}000000","A":"{a}"}}"#,
            50_093_239_189 + n,
        )
    })
}

pub(crate) fn kraken_v2_book() -> Vec<Vec<u8>> {
    messages(5, |dice, n| {
        let mut side = |count: usize| {
            let row = |_| {
                let (price, qty) = (dice.price(), dice.qty());
                format!(r#"{{"price":{},"qty":{qty}}}"#, &price[..price.len() - 1])
            };
            (0..count).map(row).collect::<Vec<_>>().join(",")
        };
        let (bids, asks) = (side(3), side(3));
        let time = dice.time();
        format!(
            "{{\"channel\":\"book\",\"type\":\"update\",\"data\":[{{\"symbol\":\"BTC/USD\",\
             \"bids\":[{bids}],\"asks\":[{asks}],\"checksum\":{},\"timestamp\":\"{time}\"}}]}}",
            2_439_117_997_u32.wrapping_add(u32::try_from(n).expect("a thousand")),
        )
    })
}

/// A session of one Binance connection in the mix of the spot recording, a stamp before each
/// message: the REST snapshot, then of a hundred messages 6 depth updates, 20 trades and 74
/// bookTickers. It never crosses, and its ids chain.
pub(crate) fn binance_session(count: usize) -> Vec<u8> {
    let mut dice = Dice(Xoshiro256PlusPlus::seed_from_u64(6));
    let mut id = 50_093_239_189_u64;
    let mut bytes = Vec::new();
    let mut line = |at: usize, message: String| {
        bytes.extend(format!("{} {message}\n", 1_723_161_253_937_085_768 + at * 6_000_000).bytes());
    };
    let (bids, asks) = (side(&mut dice, 6_300_000, 1000), side(&mut dice, 6_310_000, 1000));
    line(0, format!(r#"{{"lastUpdateId":{id},"bids":[{bids}],"asks":[{asks}]}}"#));
    for at in 1..count {
        let message = match dice.below(100) {
            0..6 => {
                let (first, time) = (id + 1, 1_723_161_253_937 + at * 6);
                id += 10;
                let (bids, asks) = (side(&mut dice, 6_300_000, 20), side(&mut dice, 6_310_000, 20));
                format!(
                    "{{\"e\":\"depthUpdate\",\"E\":{time},\"s\":\"BTCUSDT\",\"U\":{first},\
                     \"u\":{id},\"b\":[{bids}],\"a\":[{asks}]}}"
                )
            }
            6..26 => {
                let (qty, time) = (dice.below(300_000_000) + 1, 1_723_161_253_937 + at * 6);
                let maker = dice.below(2) == 0;
                format!(
                    "{{\"e\":\"trade\",\"E\":{time},\"s\":\"BTCUSDT\",\"t\":{at},\
                     \"p\":\"63100.00000000\",\"q\":\"{}.{:08}\",\"T\":{time},\"m\":{maker},\
                     \"M\":true}}",
                    qty / 100_000_000,
                    qty % 100_000_000,
                )
            }
            _ => {
                let (bid, ask) = (row(&mut dice, 6_300_000), row(&mut dice, 6_310_000));
                let (bid, ask) = (bid.replace(',', r#","B":"#), ask.replace(',', r#","A":"#));
                format!(r#"{{"u":{id},"s":"BTCUSDT","b":{bid},"a":{ask}}}"#)
            }
        };
        line(at, message);
    }
    bytes
}

/// `"price","qty"` within 100 above `base` cents.
fn row(dice: &mut Dice, base: u64) -> String {
    let cents = base + dice.below(9_999);
    format!(r#""{}.{:02}000000","{}""#, cents / 100, cents % 100, dice.qty())
}

fn side(dice: &mut Dice, base: u64, count: usize) -> String {
    let rows: Vec<_> = (0..count).map(|_| format!("[{}]", row(dice, base))).collect();
    rows.join(",")
}
