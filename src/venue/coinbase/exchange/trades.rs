//! `match` and `last_match`, by hand and generally.
//!
//! `side` is the maker's, so the other side took. On the `matches` channel a match is a trade; on
//! `full` it takes from the maker's order as well and becomes two parts, the order's first.

use super::decode::{Exchange, SIDES, Stage, VENUE, scan_side};
use super::orders::{live_order, order_key, set_order};
use crate::event::{Body, OrderAction, Part, Trade};
use crate::types::{InstrumentId, Nanos};
use crate::venue::decode::parts::Parts;
use crate::venue::decode::scan::{Scales, Scan};
use crate::venue::decode::tape::Fields;
use crate::venue::decode::{Frame, Kind, Scanned, Surprise, Wrong};

/// A trade that is given away behind its order's part.
#[derive(Debug, Clone, Copy)]
pub(super) struct Held {
    instrument: InstrumentId,
    stamp: Nanos,
    trade: Trade,
}

impl Held {
    #[inline]
    fn fill(&self, frame: &Frame<'_>, part: &mut Part) {
        part.event.received = frame.origin.received;
        part.event.venue_time = self.stamp;
        part.event.instrument = self.instrument;
        part.event.body = Body::Trade(self.trade);
    }

    /// Gives the trade away as the last part of a match in `full`.
    pub(super) fn give(&self, frame: &Frame<'_>, part: &mut Part) -> Scanned {
        self.fill(frame, part);
        Scanned::LastPart(Kind::OrderMatch)
    }
}

impl Exchange {
    /// Scans a match; its sequence stood behind the type in 2016 and stands before the time now.
    #[inline]
    pub(super) fn scan_match(
        &mut self,
        frame: &Frame<'_>,
        mut scan: Scan<'_>,
        part: &mut Part,
    ) -> Result<Scanned, Surprise> {
        let mut sequence = 0;
        let sequence_first = scan.take(b"sequence\":");
        if sequence_first {
            sequence = scan.count()?;
            scan.literal(b",\"")?;
        }
        scan.literal(b"trade_id\":")?;
        let id = scan.count()?;
        scan.literal(b",\"maker_order_id\":\"")?;
        let maker_order = scan.text_of::<36>()?;
        scan.literal(b",\"taker_order_id\":\"")?;
        scan.text_of::<36>()?;
        scan.literal(b",\"side\":\"")?;
        let maker = scan_side(&mut scan)?;
        scan.literal(b",\"size\":\"")?;
        let qty = scan.decimal()?;
        scan.literal(b"\",\"price\":\"")?;
        let price = scan.decimal()?;
        scan.literal(b"\",\"product_id\":\"")?;
        let instrument = self.named.scan(&mut scan, frame.table)?;
        if !sequence_first {
            scan.literal(b",\"sequence\":")?;
            sequence = scan.count()?;
        }
        scan.literal(b",\"time\":\"")?;
        let stamp = scan.stamp(&mut self.stamps)?;
        scan.literal(b"}")?;
        scan.end()?;
        let level = Scales::from(instrument).level(maker, price, qty).map_err(|_| Surprise)?;
        let trade = Trade {
            price: level.price(),
            qty: level.qty(),
            id,
            aggressor: maker.opposite(),
            history: false,
        };
        let held = Held { instrument: instrument.id, stamp, trade };
        if !self.full {
            held.fill(frame, part);
            return Ok(Scanned::LastPart(Kind::Trade));
        }
        let key = order_key(maker_order).ok_or(Surprise)?;
        let order = live_order(key, OrderAction::Match, sequence);
        set_order(part, frame, (instrument.id, stamp), order, level);
        self.rendered = None;
        self.stage = Stage::Trade(held);
        Ok(Scanned::Part)
    }

    pub(super) fn walk_match(
        &mut self,
        fields: &Fields<'_, '_>,
        frame: &Frame<'_>,
        parts: &mut Parts,
        history: bool,
    ) -> Result<Kind, Wrong> {
        let instrument = fields.instrument("product_id", VENUE, frame.table, parts)?;
        let maker = fields.side("side", SIDES)?;
        let level = Scales::from(instrument).level(
            maker,
            fields.decimal("price")?,
            fields.decimal("size")?,
        )?;
        let stamp = fields.stamp("time")?;
        let trade = Trade {
            price: level.price(),
            qty: level.qty(),
            id: fields.count("trade_id")?,
            aggressor: maker.opposite(),
            history,
        };
        let mut kind = if history { Kind::TradeHistory } else { Kind::Trade };
        if self.full && !history {
            let key = fields.text("maker_order_id")?;
            let key = order_key(key.as_bytes()).ok_or(Wrong::Field("maker_order_id"))?;
            let order = live_order(key, OrderAction::Match, fields.count("sequence")?);
            parts.order(instrument.id, stamp, Body::Order(order), level);
            self.rendered = None;
            kind = Kind::OrderMatch;
        }
        parts.event(instrument.id, stamp, Body::Trade(trade));
        Ok(kind)
    }
}
