//! Every message that travels on a ring or stands in the journal.
//!
//! An `Event` is 64 bytes and never changes after it is made. A message's level changes travel
//! packed behind it: the event is the head of a *part* and says how many `Level`s of 16 bytes
//! follow. A message with more levels than a part holds becomes several parts under one sequence;
//! the first and the last are marked, so everybody knows where it ends. `Line` is how both lie in
//! memory between threads and in the journal: eight little-endian words.
//!
//! What text a venue used, and which thread carries an event, is not known here.

use crate::types::{InstrumentId, Nanos, OrderId, Price, Qty, Side};
use serde::{Deserialize, Serialize};

/// The most levels of one part: with its head eight cache lines.
pub const PART_LEVELS_MAX: usize = 28;
/// Levels that share one line.
pub const LEVELS_PER_LINE: usize = 4;
/// The most lines of one part: what must be free in a ring before a part is made.
pub const PART_LINES_MAX: usize = 1 + PART_LEVELS_MAX / LEVELS_PER_LINE;

/// One price of one side and what is left there; zero removes it. Sixteen bytes.
///
/// The side stands in the lowest bit of the key, so that sorting by key groups by price.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
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
    /// What the gateway or the venue says of one of our orders; one level follows, which says what
    /// its [`ReportKind`] tells.
    Report(Report),
    /// Risk refused what the quoter proposed.
    Refused(Refused),
    /// Risk has changed the trading state.
    State {
        /// What it is now.
        state: TradingState,
        /// Why.
        reason: StateReason,
    },
    /// The circuit breaker has changed its state; of that instrument where it was one's.
    Breaker(BreakerChange),
    /// A deadline that the core has named is due.
    Timer,
    /// What stops quoting from outside the core, as it is now.
    Health(Health),
    /// An operator, or the end of the process, wants it so.
    /// A [`Note`] follows where somebody waits for an answer.
    Command(Asked),
    /// What is at risk, as the batch thread has worked it out.
    Var(VarResult),
    /// The instrument's position is being closed by itself, or is closed.
    Exit(ExitChange),
    /// Risk wants to hear of the venue what has become of that order.
    Query {
        /// Which order.
        order: OrderId,
        /// Its side.
        side: Side,
    },
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
            Body::Order(_) | Body::Report(_) => 1,
            Body::Command(asked) => asked.places as usize,
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

mod breaker;
mod command;
mod draft;
mod exit;
pub mod explanation;
mod limits;
mod market;
mod order;
pub mod pack;
mod part;
mod state;
mod var;

pub use breaker::{BreakerChange, BreakerState, Trigger};
pub use command::{Asked, Command, NOTE_PLACES_MAX, Note, NoteError, WHO_MAX, WHY_MAX, Who};
pub use draft::{Draft, Mark, Proposal, RequestKind};
pub use exit::{ExitChange, ExitReason};
pub use explanation::Explanation;
pub use limits::{LIMIT_CHANGES_MAX, LIMIT_VALUE_MAX, LimitChange, LimitKey};
pub use market::{
    Checksum, Levels, MarketStatus, OrderAction, OrderKey, OrderUpdate, Shape, Stale, Trade,
};
pub use order::{FeeIn, RefusalCode, Refused, RejectCode, Report, ReportKind};
pub use part::Part;
pub use state::{Health, StateReason, TradingState};
pub use var::VarResult;

#[cfg(test)]
mod tests;
