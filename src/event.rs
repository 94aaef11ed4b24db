//! Every message that travels on a ring or stands in the journal.
//!
//! An `Event` is 64 bytes and never changes after it is made. A message's level changes travel
//! packed behind it: the event is the head of a *part* and says how many `Level`s of 16 bytes
//! follow. A message with more levels than a part holds becomes several parts under one sequence;
//! the first and the last are marked, so everybody knows where it ends. `Line` is how both lie in
//! memory between threads and in the journal: eight little-endian words.
//!
//! What text a venue used, and which thread carries an event, is not known here.

use crate::types::{InstrumentId, Nanos, Price, Qty, Side};

/// The most levels of one part: with its head eight cache lines.
pub const PART_LEVELS_MAX: usize = 28;
/// Levels that share one line.
pub const LEVELS_PER_LINE: usize = 4;
/// The most lines of one part: what must be free in a ring before a part is made.
pub const PART_LINES_MAX: usize = 1 + PART_LEVELS_MAX / LEVELS_PER_LINE;

/// One price of one side and what is left there; zero removes it. Sixteen bytes.
///
/// The side stands in the lowest bit of the key, so that sorting by key groups by price.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(C, align(16))]
pub struct Level {
    key: i64,
    qty: Qty,
}

impl Level {
    /// A level of that side.
    #[inline]
    #[must_use]
    pub const fn new(side: Side, price: Price, qty: Qty) -> Self {
        Self { key: price.0 << 1 | side as i64, qty }
    }

    /// The side it stands on.
    #[inline]
    #[must_use]
    pub const fn side(self) -> Side {
        if self.key & 1 == 0 { Side::Bid } else { Side::Ask }
    }

    /// Its price.
    #[inline]
    #[must_use]
    pub const fn price(self) -> Price {
        Price(self.key >> 1)
    }

    /// What is left there.
    #[inline]
    #[must_use]
    pub const fn qty(self) -> Qty {
        self.qty
    }
}

/// What the levels of a part mean.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Shape {
    /// The whole book: what stood before is gone.
    Snapshot = 0,
    /// Changes: each level replaces what stood at its price.
    Update = 1,
    /// The best bid and the best ask as the venue published them; not a change of the book.
    Top = 2,
}

// The three bodies below are aligned to four bytes only, so that the tag of `Body` fits into the
// same cache line.

/// Head of a part of packed levels.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(Rust, packed(4))]
pub struct Levels {
    /// What they mean.
    pub shape: Shape,
    /// The first part of its message.
    pub first: bool,
    /// The last part of its message: the book is whole again behind it, and only here `checksum`
    /// counts.
    pub last: bool,
    /// How many levels follow, at most [`PART_LEVELS_MAX`].
    pub count: u8,
    /// The update id that this message follows, or 0 where the venue has none: Binance `U` − 1 or
    /// `pu`, Coinbase's sequence − 1.
    pub follows: u64,
    /// The update id of this message, or 0 where the venue has none.
    pub id: u64,
    /// The venue's checksum over its top levels, if it sent one.
    pub checksum: Option<Checksum>,
}

/// Kraken's CRC-32 over the text of the top ten levels of each side.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Checksum {
    /// The value that the venue computed, as bytes so that an event keeps to its cache line.
    crc: [u8; 4],
    /// Digits behind the point of a price on the wire.
    pub price_decimals: u8,
    /// Digits behind the point of a quantity on the wire.
    pub qty_decimals: u8,
}

impl Checksum {
    /// What the venue computed over numbers with so many digits behind the point.
    #[must_use]
    pub const fn new(crc: u32, price_decimals: u8, qty_decimals: u8) -> Self {
        Self { crc: crc.to_le_bytes(), price_decimals, qty_decimals }
    }

    /// The value that the venue computed.
    #[must_use]
    pub const fn crc(self) -> u32 {
        u32::from_le_bytes(self.crc)
    }
}

/// The id of an order as the venue gives it: a UUID as one number, or a plain count.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Default)]
pub struct OrderKey {
    /// The upper half; zero for counts.
    pub high: u64,
    /// The lower half.
    pub low: u64,
}

/// What happened to one order of an order-by-order book.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum OrderAction {
    /// It rests now, behind all others of its price; the level's quantity is its size.
    Open = 0,
    /// It traded; the level's quantity is what it lost.
    Match = 1,
    /// Its size is now the level's quantity, its price the level's price.
    Change = 2,
    /// It is gone; the level does not count.
    Done = 3,
    /// It was announced and rests nowhere yet; the level does not count.
    Received = 4,
}

/// A change of one order; one `Level` follows with its side, price and quantity.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(Rust, packed(4))]
pub struct OrderUpdate {
    /// Which order.
    pub key: OrderKey,
    /// What happened.
    pub action: OrderAction,
    /// Part of a snapshot: the first order of one clears the book.
    pub snapshot: bool,
    /// The first order of a snapshot.
    pub first: bool,
    /// Sequence of the venue's message, or 0 where the venue has none.
    pub id: u64,
}

/// A trade that the venue reports.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(Rust, packed(4))]
pub struct Trade {
    /// Its price.
    pub price: Price,
    /// Its quantity.
    pub qty: Qty,
    /// The venue's number for it.
    pub id: u64,
    /// The side of the one who took: `Bid` bought.
    pub aggressor: Side,
    /// It was over before we subscribed.
    pub history: bool,
}

/// Whether an instrument can be traded, as far as the venue says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum MarketStatus {
    /// Orders are taken.
    Trading = 0,
    /// Only cancels are taken.
    CancelOnly = 1,
    /// Only orders that rest are taken.
    PostOnly = 2,
    /// Nothing is taken.
    Halted = 3,
}

/// Why market data cannot be trusted. The names are the ones in log, API and metrics.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Stale {
    /// No snapshot has come since the start or the last resync.
    NoSnapshot = 0,
    /// An update does not follow the one before.
    SequenceGap = 1,
    /// The venue's checksum differs from ours.
    ChecksumMismatch = 2,
    /// The best bid is at or above the best ask.
    Crossed = 3,
    /// A level was removed that was not there, where the venue promises not to.
    AbsentLevel = 4,
    /// Nothing came for longer than the venue's deadline.
    SilentFeed = 5,
    /// The venue's clock and ours are further apart than allowed.
    ClockOffset = 6,
    /// A message of a type that nobody knows.
    UnknownMessage = 7,
    /// A message that is no message: broken JSON, a missing field, an impossible number.
    Malformed = 8,
    /// More levels than the book holds far from the touch, or more orders than it has places.
    BookFull = 9,
    /// Updates outran the buffer that waits for a snapshot.
    BridgeOverflow = 10,
    /// The connection is down.
    Disconnected = 11,
    /// The venue refused or ended the subscription.
    Unsubscribed = 12,
}

impl Stale {
    /// Every reason, in the order of their numbers.
    pub const ALL: [Self; 13] = [
        Self::NoSnapshot,
        Self::SequenceGap,
        Self::ChecksumMismatch,
        Self::Crossed,
        Self::AbsentLevel,
        Self::SilentFeed,
        Self::ClockOffset,
        Self::UnknownMessage,
        Self::Malformed,
        Self::BookFull,
        Self::BridgeOverflow,
        Self::Disconnected,
        Self::Unsubscribed,
    ];

    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoSnapshot => "no_snapshot",
            Self::SequenceGap => "sequence_gap",
            Self::ChecksumMismatch => "checksum_mismatch",
            Self::Crossed => "crossed",
            Self::AbsentLevel => "absent_level",
            Self::SilentFeed => "silent_feed",
            Self::ClockOffset => "clock_offset",
            Self::UnknownMessage => "unknown_message",
            Self::Malformed => "malformed",
            Self::BookFull => "book_full",
            Self::BridgeOverflow => "bridge_overflow",
            Self::Disconnected => "disconnected",
            Self::Unsubscribed => "unsubscribed",
        }
    }
}

/// What an event says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Body {
    /// Levels follow.
    Levels(Levels),
    /// One level follows: the order's side, price and quantity.
    Order(OrderUpdate),
    /// A trade.
    Trade(Trade),
    /// The venue is alive; where it counts, its latest sequence and trade.
    Heartbeat {
        /// Sequence of the product's full feed, or 0.
        id: u64,
        /// The last trade, or 0.
        trade_id: u64,
    },
    /// The venue says how the instrument trades; of [`InstrumentId::ALL`], how the venue itself
    /// does, whatever each instrument's own status is.
    Status(MarketStatus),
    /// The data of the instrument (or of all) cannot be trusted from here on.
    Fault(Stale),
    /// The venue took the subscription of a book; its data may follow.
    Subscribed {
        /// How many levels of each side the venue keeps us told of, or 0 for the whole book: what
        /// moves beyond them is not said to be gone, and the book must cut it off itself.
        depth: u32,
    },
    /// A message that is understood and says nothing of a book (a candle, a welcome).
    Ignored,
}

/// One message between stages. 64 bytes, one cache line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(align(64))]
pub struct Event {
    /// The input's number; 0 until the sequencer gives it.
    pub sequence: u64,
    /// When its first byte was received, by our clock.
    pub received: Nanos,
    /// When the venue says that it happened, by the venue's clock.
    pub venue_time: Nanos,
    /// Whose it is; [`InstrumentId::ALL`] where it cannot be laid to one.
    pub instrument: InstrumentId,
    /// What it says.
    pub body: Body,
}

impl Event {
    /// How many levels follow the event.
    #[inline]
    #[must_use]
    pub const fn level_count(&self) -> usize {
        match self.body {
            Body::Levels(levels) => levels.count as usize,
            Body::Order(_) => 1,
            _ => 0,
        }
    }

    /// The venue's clock minus ours, the way between included; negative where theirs is behind or
    /// the way is long. Nothing where one of the stamps is unknown.
    #[inline]
    #[must_use]
    pub const fn clock_offset(&self) -> Option<Nanos> {
        if self.received.is_known() && self.venue_time.is_known() {
            Some(Nanos(self.venue_time.0.saturating_sub(self.received.0)))
        } else {
            None
        }
    }

    /// How many lines the event and its levels take.
    #[inline]
    #[must_use]
    pub const fn line_count(&self) -> usize {
        1 + self.level_count().div_ceil(LEVELS_PER_LINE)
    }
}

const _: () = {
    assert!(size_of::<Level>() == 16 && align_of::<Level>() == 16);
    assert!(size_of::<Event>() == 64 && align_of::<Event>() == 64);
    assert!(size_of::<Line>() == 64 && align_of::<Line>() == 64);
    assert!(PART_LEVELS_MAX.is_multiple_of(LEVELS_PER_LINE) && PART_LEVELS_MAX <= u8::MAX as usize);
    assert!(size_of::<Line>() == LEVELS_PER_LINE * size_of::<Level>());
};

/// One cache line of a ring or of the journal: an event's head, or four of its levels.
///
/// ```text
/// head   word 0  tag | flags<<8 | small<<16 | instrument<<32 | count<<48
///        word 1  sequence      word 2  received      word 3  venue time
///        word 4..7  by tag (see `Event::pack`)
/// levels word 2i  key of level i    word 2i+1  its quantity
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(C, align(64))]
pub struct Line(pub [u64; 8]);

/// A line that is the head of no event: damage, or another version.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NotAnEvent {
    /// The tag that stood there.
    pub tag: u8,
}

impl std::fmt::Display for NotAnEvent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a line with tag {} is the head of no event", self.tag)
    }
}

impl std::error::Error for NotAnEvent {}

pub mod pack;
mod part;

pub use part::Part;

#[cfg(test)]
mod tests;
