//! The bytes that are played: a session made from a seed, or a recording.
//!
//! The made session is of Coinbase Exchange's `level2` form: a snapshot of a thousand levels a
//! side, then cycles of `l2update` messages with one level each. A cycle ends in the book with
//! which it began, so that it can be played again and again from memory. Of a known share of its
//! messages, the *movers*, each moves the touch by a dollar, which is more than the quoter's
//! tolerance: these are the messages that bring orders. All others change a size, mostly behind
//! the touch.

use super::pace::Pace;
use crate::types::{InstrumentId, InstrumentTable, Venue};
use crate::venue::recorded::replay::frame_of;
use crate::venue::recorded::{Kind, RecordingError, Tape};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng as _, SeedableRng as _};
use std::fmt::Write as _;
use std::ops::Range;
use std::path::PathBuf;

/// One in so many messages of the usual cycle is a mover.
pub const MOVER_EVERY: usize = 16;
/// Messages of the usual cycle: all of them stay in the second cache.
pub const CYCLE: usize = 512;
/// Messages of the cycle that has only movers: there and back on either side.
pub const MOVERS: usize = 4;
/// The most bytes of a recording that are kept.
const BYTES_MAX: usize = 512 << 20;

/// Where the cycle without any mover begins, behind snapshot and the other two.
const QUIET: usize = 1 + CYCLE + MOVERS;

/// Levels a side of the made book, and how far they stand apart, in cents.
const LEVELS: u64 = 1000;
const SPACING: u64 = 47;
/// The touch of the made book, in cents, and how far a mover goes before it.
const TOUCH: [u64; 2] = [5_999_800, 6_000_200];
const MOVE: u64 = 200;

/// What is known of a message beside its bytes.
#[derive(Clone, Debug)]
pub struct Message {
    place: Range<usize>,
    /// A REST answer, and whose.
    pub rest: Option<InstrumentId>,
    /// The word outside the message, where the framing has one.
    pub tag: Box<[u8]>,
    /// A connection begins with it.
    pub is_first: bool,
    /// It moves the touch of the made book.
    pub is_mover: bool,
}

/// Messages in memory.
#[derive(Clone, Debug)]
pub struct Stream {
    /// Whose they are.
    pub venue: Venue,
    /// The instruments named in them.
    pub table: InstrumentTable,
    /// What it is, in words.
    pub title: String,
    bytes: Vec<u8>,
    messages: Vec<Message>,
    /// Played once: what a book needs to begin.
    pub opening: Range<usize>,
    /// Played again and again; a recording has only the first and begins it with its snapshots.
    cycles: [Range<usize>; 3],
    /// Whether it is the made session.
    pub is_made: bool,
}

impl Stream {
    /// A message and its bytes.
    #[inline]
    #[must_use]
    pub fn get(&self, at: usize) -> (&Message, &[u8]) {
        let message = &self.messages[at];
        (message, &self.bytes[message.place.clone()])
    }

    /// What is played again and again at that pace.
    #[must_use]
    pub fn cycle(&self, pace: Pace) -> Range<usize> {
        let [usual, movers, quiet] = &self.cycles;
        match pace {
            Pace::Cold => movers.clone(),
            Pace::Flood => quiet.clone(),
            _ => usual.clone(),
        }
    }

    /// The made session; `table` has its one instrument.
    #[must_use]
    pub fn made(seed: u64, table: InstrumentTable) -> Self {
        let made = Made::new(seed);
        Self {
            venue: Venue::CoinbaseExchange,
            table,
            title: format!("Coinbase Exchange l2update, made from seed {seed}"),
            bytes: made.bytes,
            messages: made.messages,
            opening: 0..1,
            cycles: [1..1 + CYCLE, 1 + CYCLE..QUIET, QUIET..QUIET + CYCLE],
            is_made: true,
        }
    }

    /// What recordings hold, until so many bytes are kept.
    ///
    /// # Errors
    /// One cannot be read.
    pub fn recorded(
        venue: Venue,
        paths: &[PathBuf],
        table: InstrumentTable,
    ) -> Result<Self, RecordingError> {
        let mut tape = Tape::open(paths)?;
        let (mut bytes, mut messages) = (Vec::new(), Vec::new());
        let mut is_first = true;
        while let Some((_, record)) = tape.advance()? {
            is_first |= record.kind == Kind::Up;
            let Some(frame) = frame_of(venue, &record, &table) else { continue };
            if bytes.len() + frame.bytes.len() > BYTES_MAX {
                break;
            }
            let begin = bytes.len();
            bytes.extend_from_slice(frame.bytes);
            messages.push(Message {
                place: begin..bytes.len(),
                rest: frame.origin.rest,
                tag: frame.origin.tag.into(),
                is_first: std::mem::take(&mut is_first),
                is_mover: false,
            });
        }
        let names: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
        Ok(Self {
            venue,
            table,
            title: format!("{venue}: {}", names.join(", ")),
            bytes,
            opening: 0..0,
            cycles: [0..messages.len(), 0..messages.len(), 0..messages.len()],
            messages,
            is_made: false,
        })
    }

    /// The made session as a recording, for who reads files: a stamp and a message a line.
    #[must_use]
    pub fn as_lines(&self) -> Vec<u8> {
        let mut lines = Vec::new();
        for at in self.opening.start..self.cycles[0].end {
            let stamp = 1_767_225_600_000_000_000 + 1_000_000 * at;
            lines.extend_from_slice(format!("{stamp} ").as_bytes());
            lines.extend_from_slice(self.get(at).1);
            lines.push(b'\n');
        }
        lines
    }
}

/// The made session while it is made.
struct Made {
    dice: Xoshiro256PlusPlus,
    bytes: Vec<u8>,
    messages: Vec<Message>,
    /// Levels behind the touch that are gone at the moment.
    removed: Vec<(usize, u64)>,
}

impl Made {
    fn new(seed: u64) -> Self {
        let mut own = Self {
            dice: Xoshiro256PlusPlus::seed_from_u64(seed),
            bytes: Vec::new(),
            messages: Vec::new(),
            removed: Vec::new(),
        };
        own.snapshot();
        for at in 0..CYCLE {
            if at % MOVER_EVERY == MOVER_EVERY - 1 {
                own.mover(at / MOVER_EVERY);
            } else {
                own.usual(CYCLE - at);
            }
        }
        assert!(own.removed.is_empty(), "the cycle ends as it began");
        (0..MOVERS).for_each(|at| own.mover(at));
        (0..CYCLE).for_each(|at| own.usual(CYCLE - at));
        assert!(own.removed.is_empty(), "the cycle ends as it began");
        own
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.dice.next_u64() % bound
    }

    fn push(&mut self, text: &str, is_mover: bool) {
        let begin = self.bytes.len();
        self.bytes.extend_from_slice(text.as_bytes());
        let (place, tag) = (begin..self.bytes.len(), Box::default());
        let is_first = self.messages.is_empty();
        self.messages.push(Message { place, rest: None, tag, is_first, is_mover });
    }

    fn snapshot(&mut self) {
        let mut text = String::from(r#"{"type":"snapshot","product_id":"BTC-USD","#);
        for (side, name) in ["bids", "asks"].into_iter().enumerate() {
            let comma = if side == 0 { "" } else { "," };
            write!(text, r#"{comma}"{name}":["#).expect("a string");
            for level in 0..LEVELS {
                let comma = if level == 0 { "" } else { "," };
                let price = price(side, level);
                write!(text, r#"{comma}["{price}","2.00000000"]"#).expect("a string");
            }
            text.push(']');
        }
        text.push('}');
        self.push(&text, false);
    }

    fn update(&mut self, side: usize, price: &str, qty: u64, is_mover: bool) {
        let micros = self.below(1_000_000);
        let side = ["buy", "sell"][side];
        let text = format!(
            "{{\"type\":\"l2update\",\"product_id\":\"BTC-USD\",\"changes\":[[\"{side}\",\
             \"{price}\",\"{}.{:08}\"]],\"time\":\"2026-01-01T00:00:00.{micros:06}Z\"}}",
            qty / 100_000_000,
            qty % 100_000_000,
        );
        self.push(&text, is_mover);
    }

    /// Bid up, bid back, ask down, ask back.
    fn mover(&mut self, number: usize) {
        let (side, is_back) = (number / 2 % 2, number % 2 == 1);
        let cents = if side == 0 { TOUCH[0] + MOVE } else { TOUCH[1] - MOVE };
        self.update(side, &text(cents), if is_back { 0 } else { 200_000_000 }, true);
    }

    /// Another size; now and then a level goes and comes again. `left` is the way to the end.
    fn usual(&mut self, left: usize) {
        // One in sixteen messages is a mover: those left are enough while this holds.
        if left < 8 * (self.removed.len() + 2)
            && let Some((side, level)) = self.removed.pop()
        {
            return self.update(side, &price(side, level), 200_000_000, false);
        }
        let side = usize::from(self.below(2) == 0);
        if self.below(8) == 0 {
            let qty = 200_000_000 + self.below(4_000_000);
            return self.update(side, &price(side, 0), qty, false);
        }
        // Geometric behind the touch, with a mean of twenty levels.
        let mut level = 1;
        while self.below(20) != 0 && level < LEVELS - 1 {
            level += 1;
        }
        let qty = match self.removed.iter().position(|one| *one == (side, level)) {
            Some(found) => {
                self.removed.remove(found);
                1 + self.below(300_000_000)
            }
            None if self.below(10) < 3 && left > 16 * (self.removed.len() + 2) => {
                self.removed.push((side, level));
                0
            }
            None => 1 + self.below(300_000_000),
        };
        self.update(side, &price(side, level), qty, false);
    }
}

fn price(side: usize, level: u64) -> String {
    let away = SPACING * level;
    text(if side == 0 { TOUCH[0] - away } else { TOUCH[1] + away })
}

fn text(cents: u64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}
