//! Bitstamp's order-by-order feed in three forms: live messages, the log of 2015 and rows of CSV.
//!
//! The live messages (and the REST answers that they are bridged with) name their symbol; the two
//! recorded forms do not, and are laid to the only Bitstamp instrument of the table. There the
//! event's name stands beside the payload, in the origin's tag.

use super::{live, log, rows};
use crate::event::{Body, Event, Level, OrderAction, OrderKey, OrderUpdate, Part, Stale};
use crate::types::{
    Decimal, Instrument, InstrumentId, InstrumentTable, Nanos, Price, Qty, Side, Venue,
};
use crate::venue::decode::parts::Parts;
use crate::venue::decode::scan::Scales;
use crate::venue::decode::tape::Value;
use crate::venue::decode::{Frame, Grammar, Kind, Scanned, Surprise, Wrong};
use crate::venue::recorded::framing::{ORDER_ROW, TRADE_ROW};

pub(super) const VENUE: Venue = Venue::Bitstamp;

/// Reads the feed of one connection, or one recording.
#[derive(Debug, Default)]
pub struct Bitstamp {
    pub(super) chain: live::Chain,
    pub(super) quoted: log::Quoted,
    pub(super) rendered: rows::Rendered,
    /// An order that waits behind the fault that its message began with.
    waiting: Option<(Event, Level, Kind)>,
}

impl Grammar for Bitstamp {
    fn connected(&mut self) {
        // The chain keeps its memory, so that a reconnect allocates nothing.
        let mut chain = std::mem::take(&mut self.chain);
        chain.clear();
        *self = Self { chain, ..Self::default() };
    }

    #[inline]
    fn begin(&mut self) {
        self.waiting = None;
    }

    #[inline]
    fn scan(&mut self, frame: &Frame<'_>, part: &mut Part) -> Result<Scanned, Surprise> {
        if let Some((event, level, kind)) = self.waiting.take() {
            part.set(&event, &[level]);
            return Ok(Scanned::LastPart(kind));
        }
        if frame.origin.rest.is_some() {
            return Err(Surprise);
        }
        match frame.origin.tag {
            b"" => self.scan_live(frame, part),
            ORDER_ROW => self.scan_row(frame, part),
            TRADE_ROW => rows::scan_trade(frame, part),
            tag => log::scan(tag, frame, part),
        }
    }

    fn walk(
        &mut self,
        frame: &Frame<'_>,
        message: Value<'_, '_>,
        parts: &mut Parts,
    ) -> Result<Kind, Wrong> {
        if frame.origin.rest.is_some() || frame.origin.tag.is_empty() {
            self.walk_live(frame, message, parts)
        } else {
            self.walk_log(frame, message, parts)
        }
    }

    fn walk_plain(&mut self, frame: &Frame<'_>, parts: &mut Parts) -> Option<Result<Kind, Wrong>> {
        match frame.origin.tag {
            ORDER_ROW => Some(self.walk_row(frame, parts)),
            TRADE_ROW => Some(rows::walk_trade(frame, parts)),
            _ => None,
        }
    }

    fn culprit(&self, frame: &Frame<'_>) -> InstrumentId {
        let named = || {
            if !frame.origin.tag.is_empty() {
                return only_instrument(frame.table);
            }
            let key = b"\"channel\":\"";
            let at = frame.bytes.windows(key.len()).position(|window| window == key)?;
            let channel = frame.bytes[at + key.len()..].split(|b| *b == b'"').next()?;
            frame.table.lookup(VENUE, live::symbol(channel))
        };
        frame.origin.rest.or(named().map(|known| known.id)).unwrap_or(InstrumentId::ALL)
    }
}

impl Bitstamp {
    /// Fills the part with an order; where it does not follow the one before, with the fault, and
    /// keeps the order for the next part.
    pub(super) fn set_order(
        &mut self,
        part: &mut Part,
        (event, level, kind): (Event, Level, Kind),
        gap: bool,
    ) -> Scanned {
        if gap {
            let body = Body::Fault(Stale::SequenceGap);
            part.event = Event { venue_time: Nanos::UNKNOWN, body, ..event };
            self.waiting = Some((event, level, kind));
            Scanned::Part
        } else {
            part.set(&event, &[level]);
            Scanned::LastPart(kind)
        }
    }
}

/// The instrument of a recording that names none.
pub(super) fn only_instrument(table: &InstrumentTable) -> Option<&Instrument> {
    let mut all = table.iter().filter(|known| known.venue == VENUE);
    all.next().filter(|_| all.next().is_none())
}

/// What a message says has happened to an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deed {
    Created,
    Changed,
    Deleted,
}

impl Deed {
    pub(super) const fn kind(self) -> Kind {
        match self {
            Self::Created => Kind::OrderOpen,
            Self::Changed => Kind::OrderChange,
            Self::Deleted => Kind::OrderDone,
        }
    }
}

/// The part of a message that all forms have in common.
#[derive(Debug, Clone, Copy)]
pub(super) struct Order {
    pub(super) deed: Deed,
    pub(super) id: u64,
    pub(super) side: Side,
    pub(super) price: Decimal,
    /// What is left of it; of a deleted one what was left.
    pub(super) amount: Decimal,
}

impl Order {
    /// The update and its level.
    ///
    /// A market order is created with a price of zero and rests nowhere, and so does one of
    /// nothing; what is changed to nothing rests no longer.
    pub(super) fn update(&self, scales: Scales) -> Result<(OrderUpdate, Level), Wrong> {
        let price = match self.price.mantissa {
            0 => Price(0),
            _ => scales.price(self.price).map_err(|error| Wrong::Number("price", error))?,
        };
        let left = scales.qty(self.amount).map_err(|error| Wrong::Number("amount", error))?;
        let action = match self.deed {
            Deed::Deleted => OrderAction::Done,
            _ if price == Price(0) => OrderAction::Received,
            Deed::Created if left == Qty::ZERO => OrderAction::Received,
            Deed::Changed if left == Qty::ZERO => OrderAction::Done,
            Deed::Created => OrderAction::Open,
            Deed::Changed => OrderAction::Change,
        };
        let rests = matches!(action, OrderAction::Open | OrderAction::Change);
        let qty = if rests { left } else { Qty::ZERO };
        let key = OrderKey { high: 0, low: self.id };
        let update = OrderUpdate { key, action, snapshot: false, first: false, id: 0 };
        Ok((update, Level::new(self.side, price, qty)))
    }
}

/// A side as the numbers 0 and 1 name it.
pub(super) const SIDES: [&str; 2] = ["0", "1"];

/// An event of that frame.
pub(super) fn event(
    frame: &Frame<'_>,
    instrument: InstrumentId,
    venue_time: Nanos,
    body: Body,
) -> Event {
    Event { sequence: 0, received: frame.origin.received, venue_time, instrument, body }
}

/// That many units of so many nanoseconds since 1970.
#[inline]
pub(super) fn stamp(count: u64, nanos: i64) -> Option<Nanos> {
    i64::try_from(count).ok()?.checked_mul(nanos).map(Nanos)
}
