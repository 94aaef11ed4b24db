//! The venue as sequencer and gateway see it: what it says comes in one order, requests go.
//!
//! The embedded venue, and market data of a real venue (recorded or live) with modelled fills, are
//! both links; nobody behind this file can tell them apart. A link has no clock: it is asked for
//! what has reached us by a time that it is given.

mod embedded;
mod modelled;
mod packed;

pub use embedded::Embedded;
pub use modelled::{Market, Modelled};
pub use packed::Packed;

use crate::engine::risk::OrderRequest;
use crate::event::Part;
use crate::types::{InstrumentId, Nanos, OrderId};

/// What the owner of the books asks of the feed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wish {
    /// The book is stale: a snapshot of it, the venue's cheapest way.
    Resync(InstrumentId),
    /// The book is whole.
    Synced(InstrumentId),
    /// No book can be trusted: another connection.
    Reconnect,
}

/// A venue, or what stands for one.
#[derive(Debug)]
pub enum Link {
    /// The embedded venue.
    Simulated(Box<Embedded>),
    /// Market data of a real venue, and fills by a model on it.
    Modelled(Box<Modelled>),
}

impl Link {
    /// The next thing that has reached us by `now`, if there is one. Never blocks.
    #[inline]
    pub fn hear(&mut self, now: Nanos, part: &mut Part) -> bool {
        match self {
            Self::Simulated(venue) => venue.hear(now, part),
            Self::Modelled(modelled) => modelled.hear(now, part),
        }
    }

    /// When the next thing will reach us; nothing where that is not known, or where nothing will.
    #[inline]
    pub fn due(&mut self) -> Option<Nanos> {
        match self {
            Self::Simulated(venue) => venue.due(),
            Self::Modelled(modelled) => modelled.due(),
        }
    }

    /// Takes a request on its way; false if it has not left and never will. Only the gateway calls
    /// this.
    pub fn send(&mut self, request: &OrderRequest, now: Nanos) -> bool {
        match self {
            Self::Simulated(embedded) => embedded.send(request, now),
            Self::Modelled(modelled) => {
                modelled.fills.send(request, now);
                true
            }
        }
    }

    /// Asks what has become of an order.
    pub fn query(&mut self, order: OrderId, instrument: InstrumentId, now: Nanos) {
        match self {
            // Without a connection there is no answer, and it is asked again.
            Self::Simulated(embedded) => _ = embedded.venue().query(order, instrument, now),
            Self::Modelled(modelled) => modelled.fills.query(order, instrument, now),
        }
    }

    /// Does what the owner of the books wishes. A recording answers nobody.
    pub fn heed(&mut self, wish: Wish, now: Nanos) {
        match self {
            Self::Simulated(embedded) => embedded.heed(wish, now),
            Self::Modelled(modelled) => modelled.heed(wish, now),
        }
    }

    /// Keeps what is to be kept; why it ended before its time, if it did.
    pub fn end(&mut self) -> Option<String> {
        match self {
            Self::Simulated(embedded) => embedded.persist().err().map(|error| error.to_string()),
            Self::Modelled(modelled) => modelled.market().take_failure(),
        }
    }

    /// Whether no market data will ever come again.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        match self {
            Self::Simulated(_) => false,
            Self::Modelled(modelled) => modelled.is_finished(),
        }
    }
}
