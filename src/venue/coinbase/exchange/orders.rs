//! The `full` channel's orders, by hand and generally: `received`, `open`, `done`, `change`.
//!
//! Each keeps its sequence, also those that touch no book, for the book follows the chain. One
//! recording renders its REST snapshot as `open` messages that have no stamp and all the same
//! sequence: they are the orders of a snapshot. Which orders rest is not known here.

use super::decode::{Exchange, SIDES, VENUE, scan_side};
use crate::event::{Body, Level, OrderAction, OrderKey, OrderUpdate, Part};
use crate::types::{InstrumentId, Nanos, Price, Qty};
use crate::venue::decode::parts::Parts;
use crate::venue::decode::scan::{Scales, Scan};
use crate::venue::decode::tape::{Fields, decimal};
use crate::venue::decode::{Frame, Kind, Scanned, Surprise, Wrong};

impl Exchange {
    /// A live message of `full` was read.
    fn live(&mut self) {
        self.full = true;
        self.rendered = None;
    }

    /// An order of a rendered snapshot was read; true for its first one.
    fn first_rendered(&mut self, instrument: InstrumentId, id: u64) -> bool {
        self.full = true;
        self.rendered.replace((instrument, id)) != Some((instrument, id))
    }

    /// Scans a message of an order.
    pub(super) fn scan_order(
        &mut self,
        frame: &Frame<'_>,
        mut scan: Scan<'_>,
        part: &mut Part,
    ) -> Result<Scanned, Surprise> {
        if scan.take(b"{\"type\":\"open\",\"sequence\":") {
            self.scan_open(frame, scan, part)
        } else if scan.take(b"{\"type\":\"done\",\"order_type\":\"limit\",\"side\":\"") {
            self.scan_done(frame, scan, part)
        } else if scan.take(b"{\"type\":\"received\",\"sequence\":") {
            self.scan_received(frame, scan, part)
        } else {
            self.scan_rendered(frame, scan, part)
        }
    }

    /// Scans a live `open`.
    fn scan_open(
        &mut self,
        frame: &Frame<'_>,
        mut scan: Scan<'_>,
        part: &mut Part,
    ) -> Result<Scanned, Surprise> {
        let id = scan.count()?;
        scan.literal(b",\"side\":\"")?;
        let side = scan_side(&mut scan)?;
        scan.literal(b",\"price\":\"")?;
        let price = scan.decimal()?;
        scan.literal(b"\",\"order_id\":\"")?;
        let key = order_key(scan.text()?).ok_or(Surprise)?;
        scan.literal(b",\"remaining_size\":\"")?;
        let qty = scan.decimal()?;
        scan.literal(b"\",\"product_id\":\"")?;
        let instrument = self.named.scan(&mut scan, frame.table)?;
        let stamp = self.last_stamp(&mut scan)?;
        let level = Scales::from(instrument).level(side, price, qty).map_err(|_| Surprise)?;
        self.live();
        let order = live_order(key, OrderAction::Open, id);
        set_order(part, frame, (instrument.id, stamp), order, level);
        Ok(Scanned::LastPart(Kind::OrderOpen))
    }

    /// Scans the `done` of a limit order; that of a market order goes the other way.
    fn scan_done(
        &mut self,
        frame: &Frame<'_>,
        mut scan: Scan<'_>,
        part: &mut Part,
    ) -> Result<Scanned, Surprise> {
        let side = scan_side(&mut scan)?;
        scan.literal(b",\"sequence\":")?;
        let id = scan.count()?;
        scan.literal(b",\"order_id\":\"")?;
        let key = order_key(scan.text()?).ok_or(Surprise)?;
        scan.literal(b",\"reason\":\"")?;
        scan.text()?;
        scan.literal(b",\"product_id\":\"")?;
        let instrument = self.named.scan(&mut scan, frame.table)?;
        scan.literal(b",\"time\":\"")?;
        let stamp = scan.stamp(&mut self.stamps)?;
        scan.literal(b",\"price\":\"")?;
        let price = scan.decimal()?;
        scan.literal(b"\",\"remaining_size\":\"")?;
        scan.text()?;
        scan.literal(b"}")?;
        scan.end()?;
        let price = Scales::from(instrument).price(price).map_err(|_| Surprise)?;
        self.live();
        let order = live_order(key, OrderAction::Done, id);
        set_order(part, frame, (instrument.id, stamp), order, Level::new(side, price, Qty::ZERO));
        Ok(Scanned::LastPart(Kind::OrderDone))
    }

    /// Scans the `received` of a limit order.
    fn scan_received(
        &mut self,
        frame: &Frame<'_>,
        mut scan: Scan<'_>,
        part: &mut Part,
    ) -> Result<Scanned, Surprise> {
        let id = scan.count()?;
        scan.literal(b",\"order_id\":\"")?;
        let key = order_key(scan.text()?).ok_or(Surprise)?;
        scan.literal(b",\"order_type\":\"limit\",\"size\":\"")?;
        scan.text()?;
        scan.literal(b",\"price\":\"")?;
        let price = scan.decimal()?;
        scan.literal(b"\",\"side\":\"")?;
        let side = scan_side(&mut scan)?;
        scan.take(b",\"funds\":null");
        if scan.take(b",\"client_oid\":\"") {
            scan.text()?;
        }
        scan.literal(b",\"product_id\":\"")?;
        let instrument = self.named.scan(&mut scan, frame.table)?;
        let stamp = self.last_stamp(&mut scan)?;
        let price = Scales::from(instrument).price(price).map_err(|_| Surprise)?;
        self.live();
        let order = live_order(key, OrderAction::Received, id);
        set_order(part, frame, (instrument.id, stamp), order, Level::new(side, price, Qty::ZERO));
        Ok(Scanned::LastPart(Kind::OrderReceived))
    }

    /// Scans an order of a rendered snapshot, in the form that its recording has.
    fn scan_rendered(
        &mut self,
        frame: &Frame<'_>,
        mut scan: Scan<'_>,
        part: &mut Part,
    ) -> Result<Scanned, Surprise> {
        scan.literal(b"{\"product_id\": \"")?;
        let instrument = self.named.scan(&mut scan, frame.table)?;
        scan.literal(b", \"remaining_size\": \"")?;
        let qty = scan.decimal()?;
        scan.literal(b"\", \"time\": \"\", \"order_id\": \"")?;
        let key = order_key(scan.text()?).ok_or(Surprise)?;
        scan.literal(b", \"price\": \"")?;
        let price = scan.decimal()?;
        scan.literal(b"\", \"sequence\": ")?;
        let id = scan.count()?;
        scan.literal(b", \"type\": \"open\", \"side\": \"")?;
        let side = scan_side(&mut scan)?;
        scan.literal(b"}")?;
        scan.end()?;
        let level = Scales::from(instrument).level(side, price, qty).map_err(|_| Surprise)?;
        let first = self.first_rendered(instrument.id, id);
        let order = OrderUpdate { key, action: OrderAction::Open, snapshot: true, first, id };
        set_order(part, frame, (instrument.id, Nanos::UNKNOWN), order, level);
        Ok(Scanned::LastPart(Kind::OrderOpen))
    }

    /// The stamp that ends a message.
    fn last_stamp(&mut self, scan: &mut Scan<'_>) -> Result<Nanos, Surprise> {
        scan.literal(b",\"time\":\"")?;
        let stamp = scan.stamp(&mut self.stamps)?;
        scan.literal(b"}")?;
        scan.end()?;
        Ok(stamp)
    }

    /// An order's life in the `full` channel.
    pub(super) fn walk_order(
        &mut self,
        fields: &Fields<'_, '_>,
        frame: &Frame<'_>,
        parts: &mut Parts,
        action: OrderAction,
    ) -> Result<Kind, Wrong> {
        let instrument = fields.instrument("product_id", VENUE, frame.table, parts)?;
        let scales = Scales::from(instrument);
        let id = fields.count("sequence")?;
        let key = fields.text("order_id")?;
        let key = order_key(key.as_bytes()).ok_or(Wrong::Field("order_id"))?;
        let side = fields.side("side", SIDES)?;
        let (size, new_price, kind) = match action {
            OrderAction::Open => (Some("remaining_size"), None, Kind::OrderOpen),
            // A modified order names its new price; one cut by self-trade prevention its only one.
            OrderAction::Change => (Some("new_size"), fields.get("new_price")?, Kind::OrderChange),
            OrderAction::Done => (None, None, Kind::OrderDone),
            OrderAction::Received | OrderAction::Match => (None, None, Kind::OrderReceived),
        };
        let price = match new_price.or(fields.get("price")?) {
            Some(value) => scales
                .price(decimal(value, "price")?)
                .map_err(|error| Wrong::Number("price", error))?,
            None if action == OrderAction::Open => return Err(Wrong::Missing("price")),
            None => Price(0),
        };
        // A market order has no price and rests nowhere: of its change only the sequence counts.
        let at_market = action == OrderAction::Change && price == Price(0);
        let action = if at_market { OrderAction::Received } else { action };
        let qty = match size {
            Some(name) if !at_market => {
                scales.qty(fields.decimal(name)?).map_err(|error| Wrong::Number("size", error))?
            }
            _ => Qty::ZERO,
        };
        let snapshot = action == OrderAction::Open && fields.text("time")?.is_empty();
        let stamp = if snapshot { Nanos::UNKNOWN } else { fields.stamp("time")? };
        let mut order = live_order(key, action, id);
        if snapshot {
            let first = self.first_rendered(instrument.id, id);
            order = OrderUpdate { snapshot, first, ..order };
        } else {
            self.live();
        }
        parts.order(instrument.id, stamp, Body::Order(order), Level::new(side, price, qty));
        Ok(kind)
    }
}

pub(super) const fn live_order(key: OrderKey, action: OrderAction, id: u64) -> OrderUpdate {
    OrderUpdate { key, action, snapshot: false, first: false, id }
}

#[inline]
pub(super) fn set_order(
    part: &mut Part,
    frame: &Frame<'_>,
    (instrument, stamp): (InstrumentId, Nanos),
    order: OrderUpdate,
    level: Level,
) {
    part.places()[0] = level;
    part.event.received = frame.origin.received;
    part.event.venue_time = stamp;
    part.event.instrument = instrument;
    part.event.body = Body::Order(order);
}

/// The value of each hexadecimal digit; 0xff for any other byte.
const HEX: [u8; 256] = {
    let mut table = [0xff; 256];
    let mut digit = 0;
    while digit < 16 {
        table[b"0123456789abcdef"[digit as usize] as usize] = digit;
        table[b"0123456789ABCDEF"[digit as usize] as usize] = digit;
        digit += 1;
    }
    table
};

/// A UUID as one number: groups of 8, 4, 4, 4 and 12 hexadecimal digits.
#[inline]
pub(super) fn order_key(text: &[u8]) -> Option<OrderKey> {
    let text: &[u8; 36] = text.try_into().ok()?;
    let mut wrong = 0;
    let mut digits = |range: std::ops::Range<usize>| {
        text[range].iter().fold(0_u64, |number, byte| {
            let digit = HEX[usize::from(*byte)];
            wrong |= digit;
            number << 4 | u64::from(digit)
        })
    };
    let high = digits(0..8) << 32 | digits(9..13) << 16 | digits(14..18);
    let low = digits(19..23) << 48 | digits(24..36);
    let dashes = [8, 13, 18, 23].iter().all(|at| text[*at] == b'-');
    (dashes && wrong < 16).then_some(OrderKey { high, low })
}
