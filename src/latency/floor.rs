//! The floor: the shortest hand-written way from the same bytes to the same order text.
//!
//! It reads one form of message and checks every literal of it, keeps an array book that never
//! moves, does the arithmetic of the simplest quote, asks five limits, copies as many records of
//! the same length with a checksum into the same kind of mapping, and writes the same text with the
//! same signature. It knows no other message, no second instrument, no fill, no answer, no state of
//! an order, no clock: what the product costs beyond it is what being a product costs. The records
//! that the product writes for the answers are written behind the measured way.

use super::desk::Desk;
use super::floor_book::{ArrayBook, Touch};
use super::floor_scan::l2update;
use super::pace::Pace;
use super::probe::{Done, Sample, Task, evict};
use super::stream::Stream;
use crate::event::{Proposal, RequestKind};
use crate::sys::clock::{Rate, ticks};
use crate::sys::crc::crc32c_append;
use crate::sys::mmap::{MappedFile, Storage as _, allocate};
use crate::types::{Instrument, InstrumentId, Nanos, OrderId, Price, Qty, Side, TimeInForce};
use crate::venue::coinbase::advanced::encode::{self, Order};
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// Bytes of the records that the product writes for a message of one level, for a request, for why
/// it is made, and for an answer. A test holds them against a journal.
pub const INPUT_BYTES: usize = 72;
/// See [`INPUT_BYTES`].
pub const REQUEST_BYTES: usize = 64;
/// See [`INPUT_BYTES`].
pub const EXPLANATION_BYTES: usize = 152;
/// See [`INPUT_BYTES`].
pub const REPORT_BYTES: usize = 72;
/// Answers of the gateway and of the venue to a request.
const REPORTS_EACH: usize = 2;
/// The mapping begins anew when it is full.
const LOG_BYTES: usize = 64 << 20;

/// Half the spread, in parts of the middle: ten basis points are quoted.
const HALF_SPREAD: f64 = 0.0005;
/// A quote this near to its wish stays, in ticks.
const TOLERANCE: i64 = 20;
/// The weight of the last move in the volatility.
const WEIGHT: f64 = 0.05;
/// A lot of the made instrument is 10⁻⁸.
const ORDER_LOTS: i64 = 1_000_000;

/// The hand-written way with its state.
#[derive(Debug)]
pub struct Floor {
    stream: Arc<Stream>,
    instrument: Instrument,
    book: ArrayBook,
    quotes: [i64; 2],
    middle: f64,
    variance: f64,
    position: i64,
    tokens: i64,
    log: Log,
    desk: Desk,
    checksum: u64,
}

/// Records in a mapping.
#[derive(Debug)]
struct Log {
    map: MappedFile,
    at: usize,
    sequence: u64,
}

impl Log {
    fn new(path: &Path) -> io::Result<Self> {
        let mut file =
            File::options().read(true).write(true).create(true).truncate(true).open(path)?;
        allocate(&mut file, LOG_BYTES as u64)?;
        let mut map = MappedFile::new(&file)?;
        // Touched before it is used, as the product's segments are.
        map.bytes_mut().fill(0);
        Ok(Self { map, at: 0, sequence: 0 })
    }

    /// Copies a record of so many bytes behind the others, its checksum first.
    #[inline]
    fn append<const N: usize>(&mut self, words: [u64; 4]) {
        if self.at + N > LOG_BYTES {
            self.at = 0;
        }
        let place = &mut self.map.bytes_mut()[self.at..self.at + N];
        let (head, rest) = place.split_at_mut(16);
        head[8..].copy_from_slice(&self.sequence.to_le_bytes());
        let mut from = rest.chunks_exact_mut(8);
        for (place, word) in from.by_ref().zip(words.iter().cycle()) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        let crc = crc32c_append(0, &place[4..]);
        place[..4].copy_from_slice(&crc.to_le_bytes());
        self.at += N;
        self.sequence += 1;
    }
}

impl Floor {
    /// A floor for the made session, whose records go to a file of that name.
    ///
    /// # Errors
    /// The file cannot be made.
    pub fn new(stream: Arc<Stream>, path: &Path) -> io::Result<Self> {
        let instrument = *stream.table.get(InstrumentId(0));
        let mut own = Self {
            book: ArrayBook::new(),
            quotes: [0; 2],
            middle: 0.0,
            variance: 0.0,
            position: 0,
            tokens: i64::MAX,
            log: Log::new(path)?,
            desk: Desk::new(),
            checksum: 0,
            instrument,
            stream,
        };
        own.book.open(own.stream.get(own.stream.opening.start).1);
        Ok(own)
    }

    /// Takes one message; how many orders it brought.
    #[inline]
    fn message(&mut self, bytes: &[u8], is_signed: bool) -> u64 {
        let (side, price, qty) = l2update(bytes);
        self.book.set(side, price, qty);
        self.log.append::<INPUT_BYTES>([price.cast_unsigned(), qty.cast_unsigned(), 1, 2]);
        let Touch { bid, bid_qty, ask, ask_qty } = self.book.touch();
        let [bid_f, bid_qty_f, ask_f, ask_qty_f] = [bid, bid_qty, ask, ask_qty].map(float);
        let fair = (bid_f * ask_qty_f + ask_f * bid_qty_f) / (bid_qty_f + ask_qty_f);
        let change = fair - self.middle;
        self.middle = fair;
        self.variance += WEIGHT * (change * change - self.variance);
        let half = fair * HALF_SPREAD + self.variance.sqrt() * 1e-9;
        let skewed = fair - float(self.position) * 1e-9;
        let wishes = [whole((skewed - half).floor()), whole((skewed + half).ceil())];
        let mut orders = 0;
        for side in Side::BOTH {
            let at = side.index();
            if (wishes[at] - self.quotes[at]).abs() > TOLERANCE && self.may(side, wishes[at], fair)
            {
                if orders == 0 {
                    self.log.append::<EXPLANATION_BYTES>([fair.to_bits(), half.to_bits(), 3, 4]);
                }
                self.quotes[at] = wishes[at];
                self.order(side, wishes[at], is_signed);
                orders += 1;
            }
        }
        orders
    }

    /// Five limits: size, worth, position, collar, rate.
    #[inline]
    fn may(&mut self, side: Side, price: i64, fair: f64) -> bool {
        let worth = price.saturating_mul(ORDER_LOTS);
        let position = self.position + side.sign() * ORDER_LOTS;
        let is_good = ORDER_LOTS <= 10_000_000
            && worth <= 100_000_000_000_000_000
            && position.abs() <= 100_000_000
            && (float(price) - fair).abs() <= fair * 0.01
            && self.tokens > 0;
        self.tokens -= i64::from(is_good);
        is_good
    }

    #[inline]
    fn order(&mut self, side: Side, price: i64, is_signed: bool) {
        let terms = Proposal {
            order: OrderId(side.index() as u64),
            price: Price(price),
            qty: Qty(ORDER_LOTS),
            instrument: InstrumentId(0),
            kind: RequestKind::Replace,
            side,
            time_in_force: TimeInForce::GoodTillCancel,
            post_only: true,
            reduce_only: false,
        };
        self.log.append::<REQUEST_BYTES>([terms.order.0, price.cast_unsigned(), 5, 6]);
        let name = b"00000000-0001-8000-8000-000100000001";
        let order = Order { terms: &terms, instrument: &self.instrument, name };
        encode::encode(&order, &mut self.desk.text);
        if is_signed {
            self.desk.sign(RequestKind::Replace, Nanos(1_767_225_600_000_000_000));
            self.checksum ^= u64::from(self.desk.signature[0]);
        }
        self.checksum = self.checksum.wrapping_mul(31) ^ self.desk.text.bytes().len() as u64;
    }

    /// Does a task from its first message to its last.
    #[must_use]
    pub fn run(&mut self, task: &Task, rate: Rate, evicted: &mut [u64]) -> Done {
        let stream = Arc::clone(&self.stream);
        let cycle = stream.cycle(task.pace);
        let mut done = Done::default();
        done.samples.reserve(usize::try_from(task.count).unwrap_or(0).min(1 << 20));
        let begun = ticks();
        let mut at = cycle.start;
        for n in 0..task.warm + task.count {
            if task.pace == Pace::Cold {
                evict(evicted);
            }
            let meant = match task.pace.at(n) {
                None => ticks(),
                Some(nanos) => {
                    let meant = begun + rate.ticks(nanos);
                    while ticks() < meant {}
                    meant
                }
            };
            let orders = self.message(stream.get(at).1, task.is_signed);
            at = if at + 1 == cycle.end { cycle.start } else { at + 1 };
            if orders > 0 {
                let took = ticks().saturating_sub(meant);
                for _ in 0..orders * REPORTS_EACH as u64 {
                    self.log.append::<REPORT_BYTES>([orders, 7, 8, 9]);
                }
                if n >= task.warm {
                    done.samples.push(Sample { meant, took });
                    done.orders += orders;
                }
            }
            done.messages += u64::from(n >= task.warm);
        }
        done.span = ticks() - begun;
        done.checksum = self.checksum ^ self.log.sequence;
        done
    }
}

#[expect(clippy::cast_precision_loss, reason = "prices and quantities below 2^52")]
const fn float(number: i64) -> f64 {
    number as f64
}

#[expect(clippy::cast_possible_truncation, reason = "prices below 2^52, already whole")]
const fn whole(number: f64) -> i64 {
    number as i64
}
