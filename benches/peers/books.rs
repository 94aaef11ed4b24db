//! One level into a book and its touch out: ours beside `hftbacktest`'s vector book and the floor.
//!
//! The peer holds a range of prices that is fixed when it is made, and drops what lies beyond. It
//! is shown in two sizes: 64 k ticks a side around the middle, as much as our window, and all
//! prices from zero to twice the middle. What it drops is counted, and so is how often it reads
//! another touch than ours: it also moves the other side when a level crosses, which one message of
//! several levels does now and then. `cargo bench --bench books` in this folder.

#[path = "../floor_book.rs"]
mod floor_book;
#[path = "../harness.rs"]
mod harness;
#[path = "../recordings.rs"]
mod recordings;
#[path = "../streams.rs"]
mod streams;

use floor_book::Floor;
use harness::{measuring, row};
use hftbacktest::depth::{L2MarketDepth, MarketDepth, ROIVectorMarketDepth};
use pinnaclemm::engine::book::Ladder;
use pinnaclemm::event::Level;
use pinnaclemm::types::Side;
use std::cell::RefCell;
use streams::{Maps, Sides, Stream, Touch};

struct Ladders([Ladder; 2]);

impl Ladders {
    fn of(start: &[Level]) -> Self {
        let mut own = Self(Side::BOTH.map(|side| Ladder::new(side, 1 << 16, 1 << 16)));
        start.iter().for_each(|level| own.set(*level));
        own
    }
}

impl Sides for Ladders {
    #[inline]
    fn set(&mut self, level: Level) {
        let ladder = &mut self.0[level.side().index()];
        ladder.set(level.price(), level.qty()).expect("room");
    }

    #[inline]
    fn touch(&self) -> Touch {
        self.0.each_ref().map(|side| side.best().map_or((0, 0), |(price, qty)| (price.0, qty.0)))
    }
}

/// The peer, in units of ticks and lots: whole numbers, so that its floats are exact.
struct Roi(ROIVectorMarketDepth);

impl Roi {
    fn of(start: &[Level], [low, high]: [i64; 2]) -> Self {
        let (low, high) = (low as f64, high as f64);
        // Its steps come at run time, as they would from a product list.
        let step = std::hint::black_box(1.0);
        let mut own = Self(ROIVectorMarketDepth::new(step, step, low, high));
        start.iter().for_each(|level| own.set(*level));
        own
    }
}

impl Sides for Roi {
    #[inline]
    fn set(&mut self, level: Level) {
        let (price, qty) = (level.price().0 as f64, level.qty().0 as f64);
        match level.side() {
            Side::Bid => self.0.update_bid_depth(price, qty, 0),
            Side::Ask => self.0.update_ask_depth(price, qty, 0),
        };
    }

    #[inline]
    fn touch(&self) -> Touch {
        let (bid, ask) = (self.0.best_bid_tick(), self.0.best_ask_tick());
        [(bid, self.0.best_bid_qty() as i64), (ask, self.0.best_ask_qty() as i64)]
    }
}

/// How many updates lie beyond that range, and behind how many the peer reads another touch.
fn print_roi(stream: &Stream, range: [i64; 2]) {
    let (mut roi, mut maps) = (Roi::of(&stream.start, range), Maps::of(&stream.start));
    let (mut dropped, mut other) = (0, 0);
    for level in &stream.updates {
        dropped += usize::from(!(range[0]..=range[1]).contains(&level.price().0));
        roi.set(*level);
        maps.set(*level);
        other += usize::from(roi.touch() != maps.touch());
    }
    println!(
        "{}: hftbacktest over ticks {range:?} drops {dropped} of {} updates, and reads another \
         touch behind {other}",
        stream.name,
        stream.updates.len(),
    );
}

fn main() {
    for stream in streams::all(measuring()) {
        let [bid, ask] = Maps::of(&stream.start).touch();
        let middle = (bid.0 + ask.0) / 2;
        let near = [middle - (1 << 15), middle + (1 << 15) - 1];
        let wide = [1, 2 * middle];
        print_roi(&stream, near);
        print_roi(&stream, wide);
        let floor = RefCell::new(Floor::of(&stream));
        let ladders = RefCell::new(Ladders::of(&stream.start));
        let narrow = RefCell::new(Roi::of(&stream.start, near));
        let broad = RefCell::new(Roi::of(&stream.start, wide));
        let sums = row(
            &stream.name,
            stream.updates.len() as u64,
            &mut [
                stream.arm("ours: two ladders", &ladders),
                stream.arm("floor: array, bitmap, map", &floor),
                stream.arm("hftbacktest ROI, 64 k ticks", &narrow),
                stream.arm("hftbacktest ROI, 0 to 2x middle", &broad),
            ],
        );
        assert_eq!(sums[0], sums[1], "both read the same touch all the way");
    }
}
