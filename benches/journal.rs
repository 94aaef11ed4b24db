//! What an append costs: the writer beside a plain copy with its checksum, in memory that is
//! touched already; and how far single appends lie apart. How fast a disk syncs is not measured
//! here.

mod harness;

use harness::{Arm, measuring, row};
use hdrhistogram::Histogram;
use pinnaclemm::event::{Body, Event, Level, Levels, Shape, Trade};
use pinnaclemm::journal::identity::{Account, ModeName};
use pinnaclemm::journal::segment::{Ending, Owner};
use pinnaclemm::journal::writer::{Origin, Retired, Segments, Writer};
use pinnaclemm::journal::{Identity, SyncMode, SyncedTo};
use pinnaclemm::sys::clock::{Moment, ticks};
use pinnaclemm::types::{Currency, InstanceTag, InstrumentId, Nanos, Price, Qty, Side, Venue};
use std::io;
use std::ops::Range;

/// Plain memory that was touched, the same again and again: no page is new to the writer.
struct Touched {
    spare: Vec<Vec<u8>>,
}

const SEGMENT_BYTES: usize = 8 << 20;

impl Segments for Touched {
    type Storage = Vec<u8>;
    fn create(&mut self, _: u64) -> io::Result<Vec<u8>> {
        Ok(self.spare.pop().unwrap_or_else(|| vec![1; SEGMENT_BYTES]))
    }
    fn cut(&mut self, retired: Retired<Vec<u8>>) -> io::Result<()> {
        self.spare.push(retired.storage);
        Ok(())
    }
    fn sync(&mut self, _: &mut Vec<u8>, _: Range<usize>, _: SyncedTo) -> io::Result<()> {
        Ok(())
    }
    fn discard(&mut self, _: u64, storage: Vec<u8>) -> io::Result<()> {
        self.spare.push(storage);
        Ok(())
    }
}

fn writer() -> Writer<Touched> {
    let identity = Identity {
        mode: ModeName::new(b"bench").expect("a name"),
        venue: Venue::Simulated,
        account: Account::new(b"none").expect("a name"),
        settlement_currency: Currency::new(b"USD").expect("a name"),
        instance_tag: InstanceTag::new(1),
    };
    let (owner, previous) = (Owner::this(identity), Ending::default());
    let origin = Origin { number: 1, sequence: 1, previous, epoch: 1, owner };
    let spare = vec![vec![1; SEGMENT_BYTES]; 3];
    Writer::begin(Touched { spare }, origin, SyncMode::Process).expect("memory can be had")
}

/// An event with so many levels.
fn input(count: u8) -> (Event, Vec<Level>) {
    let body = if count == 0 {
        let (price, qty, aggressor) = (Price(6_279_700), Qty(150_000), Side::Bid);
        Body::Trade(Trade { price, qty, id: 1 << 40, aggressor, history: false })
    } else {
        let (shape, id) = (Shape::Update, 1 << 40);
        let (first, last) = (true, true);
        Body::Levels(Levels { shape, first, last, count, follows: id - 1, id, checksum: None })
    };
    let (received, venue_time) = (Nanos::from_seconds(1_700_000_000), Nanos(5));
    let event = Event { sequence: 1, received, venue_time, instrument: InstrumentId(0), body };
    let level = |i: u8| Level::new(Side::Bid, Price(6_279_700 + i64::from(i)), Qty(1 << 30));
    (event, (0..count).map(level).collect())
}

/// Appends one by one, each between two readings of the counter, which are in it.
fn spread(levels: u8, count: u64) {
    let (event, levels) = input(levels);
    let mut writer = writer();
    let mut single = Histogram::<u64>::new_with_bounds(1, 1 << 40, 3).expect("the bounds are good");
    let begun = Moment::now();
    for sequence in 1..=count {
        let event = Event { sequence, ..event };
        let from = ticks();
        writer.append_input(&event, &levels).expect("memory can be had");
        single.record(ticks() - from).expect("it is within the bounds");
    }
    let rate = begun.rate();
    let nanos = |quantile| rate.nanos(single.value_at_quantile(quantile));
    let (middle, high) = (nanos(0.5), nanos(0.999));
    println!(
        "journal: {} levels, one append between two stamps: p50 {middle} ns, p99 {} ns, \
         p99.9 {high} ns ({:.1} × p50), {} appends",
        levels.len(),
        nanos(0.99),
        high as f64 / middle.max(1) as f64,
        writer.written().sequence()
    );
}

fn main() {
    let count: u64 = if measuring() { 200_000 } else { 100 };
    for levels in [0, 2, 28] {
        let (event, levels) = input(levels);
        let bytes = 16 + 64 + 16 * levels.len();
        let source = vec![7_u8; bytes];
        let mut memory = vec![1_u8; SEGMENT_BYTES];
        let mut at = 0;
        let copy = move || {
            let mut sum = 0_u64;
            for _ in 0..count {
                if at + bytes > memory.len() {
                    at = 0;
                }
                memory[at..at + bytes].copy_from_slice(&source);
                sum += u64::from(crc32c::crc32c(&memory[at..at + bytes]));
                at += bytes;
            }
            sum
        };
        let mut writer = writer();
        let append = move || {
            for sequence in 1..=count {
                let event = Event { sequence, ..event };
                writer.append_input(&event, &levels).expect("memory can be had");
            }
            writer.written().sequence()
        };
        let mut arms = [Arm::new("copy and CRC-32C", copy), Arm::new("append_input", append)];
        row(&format!("journal: append a record of about {bytes} bytes"), count, &mut arms);
    }
    for levels in [0, 2] {
        spread(levels, 10 * count);
    }
}
