//! Coinbase Exchange: the grammar of one connection, and which file reads what message.
//!
//! Of the protocol's traps: `side` of a match is the maker's; `last_match` is history; level2 has
//! no sequence at all; in `full`, `done` and `change` may name orders that never rested, an order
//! leaves by its id whatever price is given, and a market order has no price. No sequence is
//! judged here: that of `full` runs by product, and the books follow it.

use super::levels::{Rows, walk_snapshot, walk_update};
use super::notices::{walk_heartbeat, walk_status, walk_subscriptions, walk_ticker};
use super::rest::walk_book;
use super::trades::Held;
use crate::event::{Body, OrderAction, Part, Stale};
use crate::types::time::StampReader;
use crate::types::{InstrumentId, Nanos, Side, Venue};
use crate::venue::decode::named::LastNamed;
use crate::venue::decode::parts::Parts;
use crate::venue::decode::scan::Scan;
use crate::venue::decode::tape::{Fields, Value};
use crate::venue::decode::{Frame, Grammar, Kind, Scanned, Surprise, Wrong, culprit_by_key};

/// The words for bid and ask.
pub(super) const SIDES: [&str; 2] = ["buy", "sell"];
pub(super) const VENUE: Venue = Venue::CoinbaseExchange;

/// What the scan of a frame is in the middle of.
#[derive(Debug, Clone, Copy)]
pub(super) enum Stage {
    /// Nothing was read yet.
    Head,
    /// Rows of a book.
    Rows(Rows),
    /// The order's side of a match is given away, the trade is not.
    Trade(Held),
}

/// Reads the feed of one connection.
#[derive(Debug)]
pub struct Exchange {
    pub(super) stage: Stage,
    /// Where the scan goes on.
    pub(super) at: usize,
    pub(super) stamps: StampReader,
    pub(super) named: LastNamed,
    /// The `full` channel is on: matches change orders, and are not only trades.
    pub(super) full: bool,
    /// The order-by-order snapshot that is coming in as messages: whose, and its sequence.
    pub(super) rendered: Option<(InstrumentId, u64)>,
}

impl Default for Exchange {
    fn default() -> Self {
        Self {
            stage: Stage::Head,
            at: 0,
            stamps: StampReader::default(),
            named: LastNamed::new(VENUE),
            full: false,
            rendered: None,
        }
    }
}

impl Grammar for Exchange {
    fn connected(&mut self) {
        self.full = false;
        self.rendered = None;
    }

    #[inline]
    fn begin(&mut self) {
        self.stage = Stage::Head;
        self.at = 0;
    }

    #[inline]
    fn scan(&mut self, frame: &Frame<'_>, part: &mut Part) -> Result<Scanned, Surprise> {
        let mut scan = Scan::at(frame.bytes, self.at);
        match self.stage {
            Stage::Rows(rows) => self.scan_more(frame, scan, rows, part),
            Stage::Trade(held) => Ok(held.give(frame, part)),
            Stage::Head if frame.origin.rest.is_some() => Err(Surprise),
            Stage::Head if scan.take(b"{\"type\":\"l2update\",\"product_id\":\"") => {
                self.scan_update(frame, scan, part)
            }
            Stage::Head if scan.take(b"{\"type\":\"match\",\"") => {
                self.scan_match(frame, scan, part)
            }
            Stage::Head if scan.take(b"{\"type\":\"snapshot\",\"product_id\":\"") => {
                self.scan_snapshot(frame, scan, part)
            }
            Stage::Head => self.scan_order(frame, scan, part),
        }
    }

    fn walk(
        &mut self,
        frame: &Frame<'_>,
        message: Value<'_, '_>,
        parts: &mut Parts,
    ) -> Result<Kind, Wrong> {
        let fields = Fields::of(message, "message")?;
        if let Some(id) = frame.origin.rest {
            return walk_book(&fields, frame.table.get(id), parts);
        }
        match fields.text("type")? {
            "l2update" => walk_update(&fields, frame, parts),
            "snapshot" => walk_snapshot(&fields, frame, parts),
            "match" => self.walk_match(&fields, frame, parts, false),
            "last_match" => self.walk_match(&fields, frame, parts, true),
            "ticker" => walk_ticker(&fields, frame, parts),
            "heartbeat" => walk_heartbeat(&fields, frame, parts),
            "received" => self.walk_order(&fields, frame, parts, OrderAction::Received),
            "open" => self.walk_order(&fields, frame, parts, OrderAction::Open),
            "done" => self.walk_order(&fields, frame, parts, OrderAction::Done),
            "change" => self.walk_order(&fields, frame, parts, OrderAction::Change),
            // An activated stop order has no sequence and rests nowhere.
            "activate" => Ok(Kind::OrderActivate),
            "status" => walk_status(&fields, frame, parts),
            "subscriptions" => {
                self.full = walk_subscriptions(&fields, parts)?;
                Ok(Kind::Subscription)
            }
            // It does not say whom it concerns.
            "error" => {
                let fault = Body::Fault(Stale::Unsubscribed);
                parts.event(InstrumentId::ALL, Nanos::UNKNOWN, fault);
                Ok(Kind::Error)
            }
            _ => Err(Wrong::UnknownType),
        }
    }

    fn culprit(&self, frame: &Frame<'_>) -> InstrumentId {
        culprit_by_key(frame, VENUE, b"\"product_id\":")
    }
}

#[inline]
pub(super) fn scan_side(scan: &mut Scan<'_>) -> Result<Side, Surprise> {
    if scan.take(b"buy\"") {
        return Ok(Side::Bid);
    }
    scan.literal(b"sell\"")?;
    Ok(Side::Ask)
}
