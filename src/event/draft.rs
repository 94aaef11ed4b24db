//! What quoting says to risk: marks, proposals, and why it proposes.
//!
//! A draft is no output yet: it is recomputed by replay, and only what risk makes of it is written.

use super::{Explanation, Stale};
use crate::types::{InstrumentId, Nanos, OrderId, Price, Qty, Side, TimeInForce};
use serde::{Deserialize, Serialize};

/// What risk knows of a book: it lives on marks and never on levels. 64 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mark {
    /// The input that changed it.
    pub sequence: u64,
    /// The time of that input.
    pub received: Nanos,
    /// The best bid; with `bid_qty` 0 there is none and the price is the last one.
    pub bid: Price,
    /// What is bid there.
    pub bid_qty: Qty,
    /// The best ask; with `ask_qty` 0 there is none and the price is the last one.
    pub ask: Price,
    /// What is asked there.
    pub ask_qty: Qty,
    /// What the market has traded since the last mark.
    pub traded: Qty,
    /// Whose book it is.
    pub instrument: InstrumentId,
    /// Why the book is stale; nothing if it is fresh.
    pub stale: Option<Stale>,
}

/// What is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[repr(u8)]
pub enum RequestKind {
    /// A new order.
    Place = 0,
    /// Another price and whole quantity of an order. Its id stays.
    Replace = 1,
    /// The end of an order.
    Cancel = 2,
}

impl RequestKind {
    /// Every kind, in the order of their numbers.
    pub const ALL: [Self; 3] = [Self::Place, Self::Replace, Self::Cancel];

    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Place => "place",
            Self::Replace => "replace",
            Self::Cancel => "cancel",
        }
    }
}

/// What the quoter would like done. 40 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Proposal {
    /// Which order; a new one of a [`RequestKind::Place`].
    pub order: OrderId,
    /// Its limit; of a cancel the order's own.
    pub price: Price,
    /// Its whole quantity, what it has traded already included; of a cancel the order's own.
    pub qty: Qty,
    /// Whose market.
    pub instrument: InstrumentId,
    /// What to do.
    pub kind: RequestKind,
    /// Its side.
    pub side: Side,
    /// How long it stands.
    pub time_in_force: TimeInForce,
    /// It must rest or not be at all.
    pub post_only: bool,
    /// It may only bring the position down.
    pub reduce_only: bool,
}

/// One item on the way from quoting to risk.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Draft {
    /// A top or a state changed.
    Mark(Mark),
    /// Why the proposals behind it are made.
    Explanation(Explanation),
    /// A proposal.
    Proposal(Proposal),
}

const _: () = assert!(size_of::<Mark>() == 64);
