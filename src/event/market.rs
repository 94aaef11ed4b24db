//! What a venue says of a market: the bodies of market-data events.
//!
//! The order-by-order and level bodies are aligned to four bytes only, so that the tag of `Body`
//! fits into the same cache line. What a book makes of them is not known here.

use crate::types::{Price, Qty, Side};
use serde::{Deserialize, Serialize};

/// What the levels of a part mean.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[repr(u8)]
pub enum Shape {
    /// The whole book: what stood before is gone.
    Snapshot = 0,
    /// Changes: each level replaces what stood at its price.
    Update = 1,
    /// The best bid and the best ask as the venue published them; not a change of the book.
    Top = 2,
}

/// Head of a part of packed levels.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[repr(Rust, packed(4))]
pub struct Levels {
    /// What they mean.
    pub shape: Shape,
    /// The first part of its message.
    pub first: bool,
    /// The last part of its message: the book is whole again behind it, and only here `checksum`
    /// counts.
    pub last: bool,
    /// How many levels follow, at most [`PART_LEVELS_MAX`](super::PART_LEVELS_MAX).
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
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
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
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Default, Serialize, Deserialize)]
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
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
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
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, PartialOrd, Ord, Serialize, Deserialize)]
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
