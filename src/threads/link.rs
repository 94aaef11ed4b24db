//! The venue as sequencer and gateway see it: what it says comes in one order, requests go.
//!
//! The embedded venue, and market data of a real venue (recorded or live) with modelled fills, are
//! both links; nobody behind this file can tell them apart. A link has no clock: it is asked for
//! what has reached us by a time that it is given.

mod decoded;
mod embedded;
mod foreign;
mod frames;
mod modelled;
mod packed;
mod remote;
mod resyncs;

pub use decoded::{Decoded, Events};
pub use embedded::Embedded;
pub use foreign::Foreign;
pub use modelled::{Market, Modelled};
pub use packed::Packed;
pub use remote::{Remote, Served, Watch};

use crate::engine::book::{Books, Change};
use crate::engine::risk::OrderRequest;
use crate::event::Part;
use crate::types::{InstrumentId, Nanos, OrderId};
use crate::venue::recorded::replay::ReplayError;

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

/// How a link ended.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct End {
    /// Why it ended before its time, or could not be kept, if so.
    pub failure: Option<String>,
    /// What of a recording could not be read, in words.
    pub damage: Vec<String>,
}

impl End {
    /// A live venue's end, if it has ended for good.
    const fn of_live(failure: Option<String>) -> Self {
        Self { failure, damage: Vec::new() }
    }

    /// A recording's end: bytes that are no recording are damage, a system that says no is a
    /// failure.
    fn of(mut damage: Vec<String>, error: Option<ReplayError>) -> Self {
        let mut failure = None;
        match error {
            Some(error) if error.is_damage() => damage.push(error.to_string()),
            error => failure = error.map(|error| error.to_string()),
        }
        Self { failure, damage }
    }
}

/// A venue, or what stands for one.
#[derive(Debug)]
pub enum Link {
    /// The embedded venue.
    Simulated(Box<Embedded>),
    /// Market data of a real venue, and fills by a model on it.
    Modelled(Box<Modelled>),
    /// Whatever a caller brings along: what measures the way, or tests it.
    Foreign(Box<dyn Foreign>),
}

impl Link {
    /// The next thing that has reached us by `now`, if there is one. Never blocks. `books` are the
    /// engine's, behind all that was heard before, once they are lent; else nothing.
    #[inline]
    pub fn hear(&mut self, now: Nanos, part: &mut Part, books: Option<&Books>) -> bool {
        match self {
            Self::Simulated(venue) => venue.hear(now, part),
            Self::Modelled(modelled) => modelled.hear(now, part, books),
            Self::Foreign(foreign) => foreign.hear(now, part),
        }
    }

    /// From here on the engine's books are shown at each call: a model need not keep the same
    /// again.
    pub fn lend(&mut self) {
        if let Self::Modelled(modelled) = self {
            modelled.lend();
        }
    }

    /// The engine's books, which are lent, have had that input.
    #[inline]
    pub fn told(&mut self, part: &Part, change: Change, books: &Books) {
        if let Self::Modelled(modelled) = self {
            modelled.told(part, change, books);
        }
    }

    /// When the next thing will reach us; nothing where that is not known, or where nothing will.
    #[inline]
    pub fn due(&mut self) -> Option<Nanos> {
        match self {
            Self::Simulated(venue) => venue.due(),
            Self::Modelled(modelled) => modelled.due(),
            Self::Foreign(foreign) => foreign.due(),
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
            Self::Foreign(foreign) => foreign.send(request, now),
        }
    }

    /// Hands over that everything is to be cancelled; false if it has not left. Only the gateway
    /// calls this.
    pub fn cancel_all(&mut self, now: Nanos) -> bool {
        match self {
            Self::Simulated(embedded) => embedded.cancel_all(now),
            // The orders of a model end with the process that models them.
            Self::Modelled(_) => true,
            Self::Foreign(foreign) => foreign.cancel_all(now),
        }
    }

    /// Asks what has become of an order.
    pub fn query(&mut self, order: OrderId, instrument: InstrumentId, now: Nanos) {
        match self {
            // Without a connection there is no answer, and it is asked again.
            Self::Simulated(embedded) => _ = embedded.venue().query(order, instrument, now),
            Self::Modelled(modelled) => modelled.fills.query(order, instrument, now),
            Self::Foreign(foreign) => foreign.query(order, instrument, now),
        }
    }

    /// Asks for all that the venue knows of us: our trades from that number on, again, then our
    /// orders that rest, then [`OrderId::NONE`] as absent.
    pub fn query_all(&mut self, from: u64, now: Nanos) {
        match self {
            // Without a connection there is no answer, and it is asked again.
            Self::Simulated(embedded) => _ = embedded.venue().query_all(from, now),
            // A model begins with its process: there is nothing that it could know.
            Self::Modelled(modelled) => {
                modelled.fills.query(OrderId::NONE, InstrumentId::ALL, now);
            }
            Self::Foreign(foreign) => foreign.query_all(from, now),
        }
    }

    /// Does what the owner of the books wishes. A recording answers nobody.
    pub fn heed(&mut self, wish: Wish, now: Nanos) {
        match self {
            Self::Simulated(embedded) => embedded.heed(wish, now),
            Self::Modelled(modelled) => modelled.heed(wish, now),
            Self::Foreign(foreign) => foreign.heed(wish, now),
        }
    }

    /// Keeps what is to be kept, and says how it ended.
    pub fn end(&mut self) -> End {
        match self {
            Self::Simulated(embedded) => {
                let failure = embedded.persist().err().map(|error| error.to_string());
                End { failure, damage: Vec::new() }
            }
            Self::Modelled(modelled) => modelled.market().end(),
            Self::Foreign(_) => End::default(),
        }
    }

    /// Whether no market data will ever come again.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        match self {
            Self::Simulated(_) => false,
            Self::Modelled(modelled) => modelled.is_finished(),
            Self::Foreign(foreign) => foreign.is_finished(),
        }
    }
}
