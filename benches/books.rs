//! One level into a book and its touch out: ours beside the shortest array and two `BTreeMap`s.
//!
//! Every arm plays the same stream and reads best bid, best ask and their quantities behind each
//! level; all must read the same all the way. `cargo bench --bench books`.

mod floor_book;
mod harness;
mod recordings;
mod streams;

use floor_book::Floor;
use harness::{measuring, row};
use pinnaclemm::engine::book::{Book, BookParams, Ladder, Rules, WireScales};
use pinnaclemm::event::{Body, Event, Level, Levels, Shape};
use pinnaclemm::types::{InstrumentId, Nanos, Scale, Side, Venue};
use std::cell::RefCell;
use streams::{Maps, Sides, Stream, Touch};

/// Our two sides alone.
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

/// Our book, a message a level: what it costs with its rules.
struct Messages(Book);

impl Messages {
    fn of(start: &[Level]) -> Self {
        let scales = WireScales { tick: Scale::power_of_ten(2), lot: Scale::power_of_ten(8) };
        // No promise of theirs is broken by one level of a message at a time but crossing, and
        // a book that is stale for it is kept up like a fresh one.
        let params = BookParams::new(Rules::of(Venue::CoinbaseAdvanced), scales);
        let mut own = Self(Book::new(&params));
        for (at, level) in start.iter().enumerate() {
            own.apply(Shape::Snapshot, [at == 0, at + 1 == start.len()], *level);
        }
        own
    }

    #[inline]
    fn apply(&mut self, shape: Shape, [first, last]: [bool; 2], level: Level) {
        let head = Levels { shape, first, last, count: 1, follows: 0, id: 0, checksum: None };
        let event = Event {
            sequence: 0,
            received: Nanos(1),
            venue_time: Nanos(1),
            instrument: InstrumentId(0),
            body: Body::Levels(head),
        };
        self.0.apply(&event, &[level]);
    }
}

impl Sides for Messages {
    #[inline]
    fn set(&mut self, level: Level) {
        self.apply(Shape::Update, [true, true], level);
    }

    #[inline]
    fn touch(&self) -> Touch {
        let top = self.0.top().expect("no side runs empty in a stream");
        [(top.bid.0, top.bid_qty.0), (top.ask.0, top.ask_qty.0)]
    }
}

/// Says how much of a stream falls beyond the floor's 64 k ticks, which stand still.
fn print_far(stream: &Stream) {
    let floor = Floor::of(stream);
    let count = |levels: &[Level]| levels.iter().filter(|level| floor.is_far(**level)).count();
    let (far, all) = (count(&stream.updates), stream.updates.len());
    println!(
        "{}: {} levels at the start, {} beyond a 64 k window; {far} of {all} updates beyond it \
         ({:.1} %)",
        stream.name,
        stream.start.len(),
        count(&stream.start),
        far as f64 * 100.0 / all as f64,
    );
}

fn main() {
    for stream in streams::all(measuring()) {
        print_far(&stream);
        let floor = RefCell::new(Floor::of(&stream));
        let ladders = RefCell::new(Ladders::of(&stream.start));
        let messages = RefCell::new(Messages::of(&stream.start));
        let maps = RefCell::new(Maps::of(&stream.start));
        let sums = row(
            &stream.name,
            stream.updates.len() as u64,
            &mut [
                stream.arm("floor: array, bitmap, map", &floor),
                stream.arm("ours: two ladders", &ladders),
                stream.arm("ours: a book, a message a level", &messages),
                stream.arm("two BTreeMaps", &maps),
            ],
        );
        assert!(sums.iter().all(|sum| *sum == sums[0]), "all read the same touch all the way");
        let ends = [floor.borrow().touch(), ladders.borrow().touch(), messages.borrow().touch()];
        assert_eq!(ends, [maps.borrow().touch(); 3], "all end at the same touch");
    }
}
