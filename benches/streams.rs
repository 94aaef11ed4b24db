//! Streams of single levels for the book benches: one made from a seed, others out of recordings.
//!
//! A stream is what a book stands at, then one level after the other, each replacing what stood at
//! its price. Levels that a venue's depth cuts off are in it as removals, so that a book without
//! any rules ends where ours does. Sequences, checksums and states are not in it.

use crate::harness::Arm;
use crate::recordings;
use pinnaclemm::engine::book::{Book, BookState, Books};
use pinnaclemm::event::{Body, Event, Level, Shape};
use pinnaclemm::types::{InstrumentId, Price, Qty, Side, Venue};
use pinnaclemm::venue::recorded::replay::Replay;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// Price and quantity of the best bid and the best ask; zeros for an empty side.
pub(crate) type Touch = [(i64, i64); 2];

/// A book that takes one level after the other.
pub(crate) trait Sides {
    fn set(&mut self, level: Level);
    fn touch(&self) -> Touch;
}

/// Both sides as maps from the coordinate, which grows away from the touch, to the quantity: the
/// plainest book, an arm of its own and the model behind the streams.
#[derive(Debug, Clone, Default)]
pub(crate) struct Maps([BTreeMap<i64, i64>; 2]);

/// The coordinate of a price: both sides grow away from the touch.
#[inline(always)]
pub(crate) const fn coordinate(side: Side, price: i64) -> i64 {
    match side {
        Side::Bid => -price,
        Side::Ask => price,
    }
}

impl Sides for Maps {
    #[inline]
    fn set(&mut self, level: Level) {
        let side = &mut self.0[level.side().index()];
        let at = coordinate(level.side(), level.price().0);
        if level.qty() == Qty::ZERO {
            side.remove(&at);
        } else {
            side.insert(at, level.qty().0);
        }
    }

    #[inline]
    fn touch(&self) -> Touch {
        Side::BOTH.map(|side| {
            let best = self.0[side.index()].first_key_value();
            best.map_or((0, 0), |(at, qty)| (coordinate(side, *at), *qty))
        })
    }
}

impl Maps {
    pub(crate) fn of(start: &[Level]) -> Self {
        let mut own = Self::default();
        start.iter().for_each(|level| own.set(*level));
        own
    }

    fn levels(&self) -> Vec<Level> {
        let of = |side: Side| {
            let map = self.0[side.index()].iter();
            map.map(move |(at, qty)| Level::new(side, Price(coordinate(side, *at)), Qty(*qty)))
        };
        Side::BOTH.into_iter().flat_map(of).collect()
    }

    /// Removes the deepest levels and returns their removals.
    fn truncate(&mut self, depth: usize) -> Vec<Level> {
        let mut gone = Vec::new();
        for side in Side::BOTH {
            let map = &mut self.0[side.index()];
            while map.len() > depth {
                let (at, _) = map.pop_last().expect("more than none");
                gone.push(Level::new(side, Price(coordinate(side, at)), Qty::ZERO));
            }
        }
        gone
    }
}

/// What is played through every arm.
#[derive(Debug)]
pub(crate) struct Stream {
    pub(crate) name: String,
    /// What the book stands at, best first on each side.
    pub(crate) start: Vec<Level>,
    pub(crate) updates: Vec<Level>,
    /// From the end back to the start, removals first so that nothing crosses on the way.
    pub(crate) undo: Vec<Level>,
}

impl Stream {
    fn new(name: &str, start: &Maps, end: &Maps, updates: Vec<Level>) -> Self {
        let missing = |here: &Maps, level: &Level| {
            let at = coordinate(level.side(), level.price().0);
            here.0[level.side().index()].get(&at) != Some(&level.qty().0)
        };
        let added = end.levels().into_iter().filter(|level| missing(start, level));
        let removals = added.map(|level| Level::new(level.side(), level.price(), Qty::ZERO));
        let lost = start.levels().into_iter().filter(|level| missing(end, level));
        let undo = removals.chain(lost).collect();
        Self { name: name.to_owned(), start: start.levels(), updates, undo }
    }

    /// An arm that plays the updates through a book that stands at the start, and sums the touch
    /// behind each. The way back to the start is not timed.
    pub(crate) fn arm<'a>(&'a self, name: &'a str, book: &'a RefCell<impl Sides + 'a>) -> Arm<'a> {
        let forward = || {
            let mut book = book.borrow_mut();
            self.updates.iter().fold(0_u64, |sum, level| {
                book.set(*level);
                add(sum, book.touch())
            })
        };
        let back = || {
            let mut book = book.borrow_mut();
            self.undo.iter().for_each(|level| book.set(*level));
        };
        // It stands at the start, from where the way back changes nothing.
        Arm::new(name, forward).before(back)
    }
}

#[inline(always)]
fn add(sum: u64, [bid, ask]: Touch) -> u64 {
    let word = bid.0 ^ ask.0.rotate_left(20) ^ (bid.1 + ask.1).rotate_left(40);
    sum.wrapping_mul(31).wrapping_add(word.cast_unsigned())
}

/// A book of `levels` contiguous levels a side. Updates fall at a geometric distance from the touch
/// with that mean; of the hits on a level 30 % delete it; 3 % improve the touch where there is
/// room. It never crosses.
pub(crate) fn synthetic(levels: i64, mean: u64, count: usize) -> Stream {
    let mut dice = Xoshiro256PlusPlus::seed_from_u64(mean);
    let mut maps = Maps::default();
    for n in 0..levels {
        maps.set(Level::new(Side::Bid, Price(6_300_000 - n), Qty(n + 1)));
        maps.set(Level::new(Side::Ask, Price(6_300_002 + n), Qty(n + 1)));
    }
    let start = maps.clone();
    let (mut updates, mut moves) = (Vec::with_capacity(count), 0_usize);
    while updates.len() < count {
        let side = if dice.next_u64() & 1 == 0 { Side::Bid } else { Side::Ask };
        let before = maps.touch();
        let best = coordinate(side, before[side.index()].0);
        let room = before[1].0 - before[0].0 > 1;
        let distance = if room && dice.next_u64() % 100 < 3 {
            -1
        } else {
            // The inverse of the geometric distribution's tail.
            let unit = (dice.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
            let ratio = mean as f64 / (mean + 1) as f64;
            let steps = ((1.0 - unit).ln() / ratio.ln()).floor();
            #[expect(clippy::cast_possible_truncation, reason = "a few times the mean")]
            let steps = steps as i64;
            steps
        };
        let held = maps.0[side.index()].contains_key(&(best + distance));
        let gone = held && dice.next_u64() % 10 < 3;
        let qty = if gone { 0 } else { (dice.next_u64() % 1_000_000).cast_signed() + 1 };
        let update = Level::new(side, Price(coordinate(side, best + distance)), Qty(qty));
        maps.set(update);
        let after = maps.touch();
        moves += usize::from(after[0].0 != before[0].0 || after[1].0 != before[1].0);
        updates.push(update);
    }
    let share = moves as f64 * 100.0 / count as f64;
    let name = format!("synthetic, {levels} levels, mean {mean}, touch moves {share:.1} %");
    Stream::new(&name, &start, &maps, updates)
}

/// What is kept while a recording runs through our own books.
struct Collector {
    depth: usize,
    old: u64,
    start: Option<Maps>,
    maps: Maps,
    updates: Vec<Level>,
}

impl Collector {
    fn take(&mut self, event: &Event, levels: &[Level], book: &Book) {
        match event.body {
            Body::Subscribed { depth } if depth > 0 => self.depth = depth as usize,
            Body::Levels(head) if head.shape == Shape::Snapshot && head.last => {
                assert!(self.start.is_none(), "one snapshot a stream");
                let mut all = Vec::new();
                for side in Side::BOTH {
                    book.side(side).collect_into(&mut all);
                }
                all.iter().for_each(|level| self.maps.set(*level));
                self.start = Some(self.maps.clone());
            }
            // Those that the book has skipped as old are none of its levels.
            Body::Levels(head)
                if head.shape == Shape::Update
                    && self.start.is_some()
                    && book.counts().old == self.old =>
            {
                assert_eq!(book.state(), BookState::Fresh);
                levels.iter().for_each(|level| self.maps.set(*level));
                self.updates.extend_from_slice(levels);
                if head.last {
                    self.updates.extend(self.maps.truncate(self.depth));
                }
            }
            _ => {}
        }
        self.old = book.counts().old;
    }
}

/// The levels of one instrument out of a recording; nothing where it is absent.
pub(crate) fn recorded(venue: Venue, symbol: &str, files: &[&str]) -> Option<Stream> {
    let paths = recordings::find(files)?;
    let mut replay = Replay::open(venue, &paths).expect("a recording that is whole");
    let id = replay.table().lookup(venue, symbol.as_bytes()).expect("its instrument").id;
    let mut kept = Collector {
        depth: usize::MAX,
        old: 0,
        start: None,
        maps: Maps::default(),
        updates: Vec::new(),
    };
    let show = |event: &Event, levels: &[Level], books: &Books| {
        if [id, InstrumentId::ALL].contains(&event.instrument) {
            kept.take(event, levels, books.get(id));
        }
    };
    replay.run(show).expect("a recording that is whole");
    let top = replay.books().get(id).top().expect("both sides");
    let own = [(top.bid.0, top.bid_qty.0), (top.ask.0, top.ask_qty.0)];
    assert_eq!(kept.maps.touch(), own, "the stream ends where the book does");
    let start = kept.start.expect("a snapshot");
    Some(Stream::new(&format!("{venue} {symbol}"), &start, &kept.maps, kept.updates))
}

/// The streams that every book bench plays.
pub(crate) fn all(measuring: bool) -> Vec<Stream> {
    let count = if measuring { 1_000_000 } else { 20_000 };
    let advanced = "coinbase-advanced/ws/btcusd_ethusd_20260809_first690.jsonl.zst";
    let spot = ["binance/spot/btcusdt_20240808.gz", "binance/spot/btcusdt_20240809.gz"];
    let kraken = "kraken/v1/book1000_20210405_10pairs.txt.zst";
    let made = [synthetic(1000, 20, count), synthetic(10_000, 2000, count)];
    let read = [
        recorded(Venue::CoinbaseAdvanced, "BTC-USD", &[advanced]),
        recorded(Venue::BinanceSpot, "BTCUSDT", &spot),
        recorded(Venue::Kraken, "XBT/USD", &[kraken]),
    ];
    made.into_iter().chain(read.into_iter().flatten()).collect()
}
