//! The demonstration tape in `tests/tapes`: a minute of a market that never was.
//!
//! A bare clone has no recordings, and those of others are not ours to give away. So the tape is
//! written by [`tape`] from a fixed seed, in the form of Coinbase Exchange's public channels. It
//! says of itself that it is no recording. To write it again after a change here:
//! `PINNACLE_WRITE_DEMO=1 cargo test --test it the_tape_is_what`.

#![expect(clippy::unwrap_used, reason = "a test")]

use pinnaclemm::types::Scale;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng as _, SeedableRng as _};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

const SECONDS: u64 = 60;
/// 2026-01-05T12:00:00Z.
const BEGIN_MICROS: u64 = 1_767_614_400_000_000;
const LEVELS: usize = 20;

/// Where the tape lies in the package.
pub(crate) fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tapes/demo_coinbase_exchange.txt")
}

struct Random(Xoshiro256PlusPlus);

impl Random {
    /// From `low` to `high`, both included.
    fn of(&mut self, low: i64, high: i64) -> i64 {
        let span = u64::try_from(high - low).unwrap() + 1;
        low + i64::try_from(self.0.next_u64() % span).unwrap()
    }
}

/// One product: its book in cents and lots of 0.0001.
struct Market {
    symbol: &'static str,
    /// Cents between two levels, at most.
    gap: i64,
    lots: i64,
    /// Bids under their negated price, so that both sides begin with their best.
    sides: [BTreeMap<i64, i64>; 2],
    changes: Vec<String>,
    sequence: u64,
    trade_id: u64,
}

fn cents(price: i64) -> String {
    Scale::power_of_ten(2).text(price.abs()).to_string()
}

fn lots(qty: i64) -> String {
    Scale::power_of_ten(4).text(qty).to_string()
}

impl Market {
    fn new(symbol: &'static str, mid: i64, gap: i64, lots: i64, random: &mut Random) -> Self {
        let sides = [BTreeMap::new(), BTreeMap::new()];
        let mut market =
            Self { symbol, gap, lots, sides, changes: Vec::new(), sequence: 7000, trade_id: 500 };
        market.sides[0].insert(-mid, random.of(1, lots));
        market.sides[1].insert(mid + 1 + random.of(0, gap), random.of(1, lots));
        market.trim(random);
        market.changes.clear();
        market
    }

    fn set(&mut self, side: usize, key: i64, qty: i64) {
        let word = ["buy", "sell"][side];
        self.changes.push(format!(r#"["{word}","{}","{}"]"#, cents(key), lots(qty)));
        if qty == 0 {
            self.sides[side].remove(&key).expect("only what is there is removed");
        } else {
            self.sides[side].insert(key, qty);
        }
    }

    /// Keeps each side near its usual count of levels.
    fn trim(&mut self, random: &mut Random) {
        for side in 0..2 {
            while self.sides[side].len() < LEVELS {
                let last = *self.sides[side].last_key_value().unwrap().0;
                let (step, qty) = (random.of(1, self.gap), random.of(1, self.lots * 3));
                self.set(side, last + step, qty);
            }
            while self.sides[side].len() > LEVELS + 5 {
                let last = *self.sides[side].last_key_value().unwrap().0;
                self.set(side, last, 0);
            }
        }
    }

    fn best(&self, side: usize) -> (i64, i64) {
        let (key, qty) = self.sides[side].first_key_value().unwrap();
        (*key, *qty)
    }

    /// Somebody changes an order.
    fn resize(&mut self, random: &mut Random) {
        let side = usize::try_from(random.of(0, 1)).unwrap();
        let place = usize::try_from(random.of(0, 3) * random.of(0, 4)).unwrap();
        let key = *self.sides[side].keys().nth(place).unwrap();
        let qty = random.of(1, self.lots * (1 + i64::try_from(place).unwrap() / 4));
        self.set(side, key, qty);
    }

    /// A side improves its best price, or gives it up where there is no room left.
    fn shift(&mut self, random: &mut Random) {
        let side = usize::try_from(random.of(0, 1)).unwrap();
        let (own, other) = (self.best(side).0, self.best(1 - side).0);
        // Keys of the sides have opposite signs: their sum is the spread.
        let room = own + other - 1;
        if room > 0 && random.of(0, 2) > 0 {
            let step = random.of(1, room.min(self.gap));
            let qty = random.of(1, self.lots);
            self.set(side, own - step, qty);
        } else {
            self.set(side, own, 0);
        }
    }

    /// A taker meets the best level.
    fn trade(&mut self, random: &mut Random, time: &str) -> String {
        let side = usize::try_from(random.of(0, 1)).unwrap();
        let (key, there) = self.best(side);
        let taken = if random.of(0, 2) == 0 { there } else { random.of(1, there) };
        self.set(side, key, there - taken);
        self.trade_id += 1;
        let mut order = || {
            let (head, tail) = (random.of(0, 0xffff_ffff), random.of(0, 0xffff_ffff_ffff));
            format!("{head:08x}-0000-4000-8000-{tail:012x}")
        };
        format!(
            concat!(
                r#"{{"type":"match","trade_id":{},"maker_order_id":"{}","taker_order_id":"{}","#,
                r#""side":"{}","size":"{}","price":"{}","product_id":"{}","sequence":{},"#,
                r#""time":"{}"}}"#
            ),
            self.trade_id,
            order(),
            order(),
            ["buy", "sell"][side],
            lots(taken),
            cents(key),
            self.symbol,
            self.sequence,
            time
        )
    }

    fn update(&mut self, random: &mut Random, time: &str) -> String {
        self.trim(random);
        assert!(self.best(0).0 + self.best(1).0 > 0, "the market never crosses");
        let changes = std::mem::take(&mut self.changes).join(",");
        let symbol = self.symbol;
        format!(
            r#"{{"type":"l2update","product_id":"{symbol}","changes":[{changes}],"time":"{time}"}}"#
        )
    }

    fn snapshot(&self) -> String {
        let rows = |side: usize| {
            let row = |(key, qty): (&i64, &i64)| format!(r#"["{}","{}"]"#, cents(*key), lots(*qty));
            self.sides[side].iter().map(row).collect::<Vec<_>>().join(",")
        };
        let (symbol, bids, asks) = (self.symbol, rows(0), rows(1));
        format!(r#"{{"type":"snapshot","product_id":"{symbol}","bids":[{bids}],"asks":[{asks}]}}"#)
    }

    fn heartbeat(&self, time: &str) -> String {
        let Self { symbol, sequence, trade_id, .. } = self;
        format!(
            concat!(
                r#"{{"type":"heartbeat","sequence":{},"last_trade_id":{},"product_id":"{}","#,
                r#""time":"{}"}}"#
            ),
            sequence, trade_id, symbol, time
        )
    }
}

/// The whole tape.
fn tape() -> String {
    let mut random = Random(Xoshiro256PlusPlus::seed_from_u64(20_260_105));
    let mut markets = [
        Market::new("BTC-USD", 9_512_340, 60, 9_000, &mut random),
        Market::new("ETH-USD", 331_275, 9, 60_000, &mut random),
    ];
    let mut text = String::from(
        "configuration: written by tests/it/demo_tape.rs, a recording of no venue and no market\n",
    );
    let mut now = 0;
    let write = |text: &mut String, now: u64, message: &str| {
        let micros = BEGIN_MICROS + now;
        writeln!(text, "{}.{:06}: {message}", micros / 1_000_000, micros % 1_000_000).unwrap();
    };
    let channel =
        |name: &str| format!(r#"{{"name":"{name}","product_ids":["BTC-USD","ETH-USD"]}}"#);
    let channels = ["level2", "matches", "heartbeat"].map(channel).join(",");
    write(&mut text, now, &format!(r#"{{"type":"subscriptions","channels":[{channels}]}}"#));
    for market in &markets {
        write(&mut text, now, &market.snapshot());
    }
    let mut heartbeat_due = 1_000_000;
    loop {
        now += u64::try_from(random.of(1_000, 30_000) * random.of(2, 10)).unwrap();
        if now >= SECONDS * 1_000_000 {
            return text;
        }
        // What the venue stamped was on its way for some milliseconds.
        let sent = now.saturating_sub(u64::try_from(random.of(4_000, 9_000)).unwrap());
        let time = format!("2026-01-05T12:00:{:02}.{:06}Z", sent / 1_000_000, sent % 1_000_000);
        while now >= heartbeat_due {
            heartbeat_due += 1_000_000;
            markets.iter().for_each(|market| write(&mut text, now, &market.heartbeat(&time)));
        }
        let market = &mut markets[usize::from(random.of(0, 2) == 0)];
        market.sequence += u64::try_from(random.of(1, 9)).unwrap();
        match random.of(0, 9) {
            0..5 => market.resize(&mut random),
            5..8 => market.shift(&mut random),
            _ => {
                let trade = market.trade(&mut random, &time);
                write(&mut text, now, &trade);
            }
        }
        let update = market.update(&mut random, &time);
        write(&mut text, now, &update);
    }
}

#[test]
fn the_tape_is_what_its_generator_writes() {
    let tape = tape();
    if std::env::var_os("PINNACLE_WRITE_DEMO").is_some() {
        std::fs::write(path(), &tape).unwrap();
    }
    assert!(tape == std::fs::read_to_string(path()).unwrap(), "see the head of this file");
}

#[test]
fn the_tape_is_whole() {
    let tool = Command::new(env!("CARGO_BIN_EXE_pinnaclemm-tape"))
        .args(["check", "--venue", "coinbase-exchange"])
        .arg(path())
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&tool.stdout), "whole\n");
    assert!(tool.status.success());
}
