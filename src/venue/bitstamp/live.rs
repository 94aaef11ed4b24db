//! The live feed of 2026 and its REST answers.
//!
//! Each live order names its event and the one before it; one that does not follow is a gap, which
//! goes ahead of the order. Amounts and prices are taken from their text and not from the floats
//! beside it.

use super::decode::{Bitstamp, Deed, Order, SIDES, VENUE, event, stamp};
use crate::event::{Body, Levels, OrderUpdate, Part, Shape, Stale, Trade};
use crate::types::{Instrument, InstrumentId, Nanos, Side};
use crate::venue::decode::parts::Parts;
use crate::venue::decode::scan::{Scales, Scan};
use crate::venue::decode::tape::{Fields, Value};
use crate::venue::decode::{Frame, Kind, Scanned, Surprise, Wrong};

/// One microsecond.
const MICRO: i64 = 1000;

/// The symbol that a channel's name ends in: `btcusd` of `live_orders_btcusd`.
pub(super) fn symbol(channel: &[u8]) -> &[u8] {
    channel.rsplit(|b| *b == b'_').next().unwrap_or(channel)
}

/// The id of the last event of each instrument.
#[derive(Debug, Default)]
pub(super) struct Chain(Vec<Option<u128>>);

impl Chain {
    /// Forgets what came last of every instrument.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Takes the next event; true if another one is missing before it.
    fn link(&mut self, instrument: InstrumentId, [id, before]: [u128; 2]) -> bool {
        if self.0.len() <= instrument.index() {
            self.0.resize(instrument.index() + 1, None);
        }
        let last = self.0[instrument.index()].replace(id);
        last.is_some_and(|last| last != before)
    }
}

/// An event's id: 32 hexadecimal digits, dashes aside.
fn event_id(text: &[u8]) -> Option<u128> {
    let mut id = 0_u128;
    let mut digits = 0;
    for byte in text.iter().filter(|b| **b != b'-') {
        id = id << 4 | u128::from(char::from(*byte).to_digit(16)?);
        digits += 1;
    }
    (digits == 32).then_some(id)
}

/// Steps over a float, which is not looked at.
fn skip_float(scan: &mut Scan<'_>) -> Result<(), Surprise> {
    scan.decimal()?;
    while matches!(scan.peek(), Some(b'0'..=b'9' | b'e' | b'+' | b'-')) {
        scan.skip();
    }
    Ok(())
}

/// Steps over texts that are not looked at; each name begins with the quote of the text before it.
fn skip_texts(scan: &mut Scan<'_>, names: &[&[u8]]) -> Result<(), Surprise> {
    for name in names {
        scan.words(name)?;
        scan.text()?;
    }
    Ok(())
}

impl Bitstamp {
    /// Scans a live order.
    pub(super) fn scan_live(
        &mut self,
        frame: &Frame<'_>,
        part: &mut Part,
    ) -> Result<Scanned, Surprise> {
        let mut scan = Scan::at(frame.bytes, 0);
        scan.literal(b"{\"data\":{\"id\":")?;
        let id = scan.count()?;
        skip_texts(&mut scan, &[b",\"id_str\":\""])?;
        let side = if scan.take(b",\"order_type\":0") {
            Side::Bid
        } else {
            scan.literal(b",\"order_type\":1")?;
            Side::Ask
        };
        scan.literal(b",\"order_subtype\":")?;
        scan.count()?;
        skip_texts(&mut scan, &[b",\"datetime\":\""])?;
        scan.literal(b",\"microtimestamp\":\"")?;
        let venue_time = stamp(scan.count()?, MICRO).ok_or(Surprise)?;
        scan.literal(b"\",\"amount\":")?;
        skip_float(&mut scan)?;
        scan.literal(b",\"amount_str\":\"")?;
        let amount = scan.decimal()?;
        scan.literal(b"\"")?;
        skip_texts(&mut scan, &[b",\"amount_traded\":\"", b",\"amount_at_create\":\""])?;
        scan.literal(b",\"price\":")?;
        skip_float(&mut scan)?;
        scan.literal(b",\"price_str\":\"")?;
        let price = scan.decimal()?;
        scan.literal(b"\",\"is_liquidation\":")?;
        if !scan.take(b"false") {
            scan.literal(b"true")?;
        }
        scan.literal(b"},\"channel\":\"live_orders_")?;
        let instrument = frame.table.lookup(VENUE, scan.text()?).ok_or(Surprise)?;
        scan.literal(b",\"event\":\"order_")?;
        let deed = match scan.text()? {
            b"created" => Deed::Created,
            b"changed" => Deed::Changed,
            b"deleted" => Deed::Deleted,
            _ => return Err(Surprise),
        };
        scan.literal(b",\"event_id\":\"")?;
        let event = event_id(scan.text()?).ok_or(Surprise)?;
        scan.literal(b",\"pre_event_id\":\"")?;
        let before = event_id(scan.text()?).ok_or(Surprise)?;
        skip_texts(&mut scan, &[b",\"order_source\":\""])?;
        scan.literal(b"}")?;
        scan.end()?;
        let order = Order { deed, id, side, price, amount };
        self.set_live(frame, part, (instrument, venue_time), (order, [event, before]))
    }

    fn set_live(
        &mut self,
        frame: &Frame<'_>,
        part: &mut Part,
        (instrument, venue_time): (&Instrument, Nanos),
        (order, ids): (Order, [u128; 2]),
    ) -> Result<Scanned, Surprise> {
        let (update, level) = order.update(Scales::from(instrument)).map_err(|_| Surprise)?;
        let gap = self.chain.link(instrument.id, ids);
        let event = event(frame, instrument.id, venue_time, Body::Order(update));
        Ok(self.set_order(part, (event, level, order.deed.kind()), gap))
    }

    /// A message of the stream, or a REST answer.
    pub(super) fn walk_live(
        &mut self,
        frame: &Frame<'_>,
        message: Value<'_, '_>,
        parts: &mut Parts,
    ) -> Result<Kind, Wrong> {
        let fields = Fields::of(message, "message")?;
        if let Some(id) = frame.origin.rest {
            return walk_book(&fields, frame.table.get(id), parts);
        }
        let all = |parts: &mut Parts, body, kind| {
            parts.event(InstrumentId::ALL, Nanos::UNKNOWN, body);
            Ok(kind)
        };
        match fields.text("event")? {
            "order_created" => self.walk_order(Deed::Created, &fields, frame, parts),
            "order_changed" => self.walk_order(Deed::Changed, &fields, frame, parts),
            "order_deleted" => self.walk_order(Deed::Deleted, &fields, frame, parts),
            "trade" => walk_trade(&fields, channel(&fields, "live_trades_", frame, parts)?, parts),
            "data" => {
                let instrument = channel(&fields, "diff_order_book_", frame, parts)?;
                let data = Fields::of(fields.need("data")?, "data")?;
                walk_levels(Shape::Update, &data, instrument, parts)
            }
            "bts:subscription_succeeded" => {
                all(parts, Body::Subscribed { depth: 0 }, Kind::Subscription)
            }
            "bts:heartbeat" => all(parts, Body::Heartbeat { id: 0, trade_id: 0 }, Kind::Heartbeat),
            "bts:request_reconnect" => all(parts, Body::Fault(Stale::Disconnected), Kind::Status),
            "bts:unsubscription_succeeded" => {
                all(parts, Body::Fault(Stale::Unsubscribed), Kind::Subscription)
            }
            "bts:error" => all(parts, Body::Fault(Stale::Unsubscribed), Kind::Error),
            _ => Err(Wrong::UnknownType),
        }
    }

    fn walk_order(
        &mut self,
        deed: Deed,
        fields: &Fields<'_, '_>,
        frame: &Frame<'_>,
        parts: &mut Parts,
    ) -> Result<Kind, Wrong> {
        let instrument = channel(fields, "live_orders_", frame, parts)?;
        let data = Fields::of(fields.need("data")?, "data")?;
        let venue_time = time(&data)?;
        let order = Order {
            deed,
            id: data.count("id")?,
            side: data.side("order_type", SIDES)?,
            price: data.decimal("price_str")?,
            amount: data.decimal("amount_str")?,
        };
        let (update, level) = order.update(Scales::from(instrument))?;
        let id = |name| event_id(fields.text(name)?.as_bytes()).ok_or(Wrong::Field(name));
        // Before 2026 orders had no event ids.
        if fields.get("event_id")?.is_some()
            && self.chain.link(instrument.id, [id("event_id")?, id("pre_event_id")?])
        {
            let fault = Body::Fault(Stale::SequenceGap);
            parts.event(instrument.id, Nanos::UNKNOWN, fault);
        }
        parts.order(instrument.id, venue_time, Body::Order(update), level);
        Ok(deed.kind())
    }
}

/// The instrument of a message whose channel must begin so.
fn channel<'a>(
    fields: &Fields<'_, '_>,
    prefix: &str,
    frame: &Frame<'a>,
    parts: &mut Parts,
) -> Result<&'a Instrument, Wrong> {
    let symbol = fields.text("channel")?.strip_prefix(prefix).ok_or(Wrong::UnknownType)?;
    frame.table.lookup(VENUE, symbol.as_bytes()).ok_or_else(|| {
        parts.note_unknown(symbol.as_bytes());
        Wrong::UnknownSymbol
    })
}

fn time(fields: &Fields<'_, '_>) -> Result<Nanos, Wrong> {
    stamp(fields.count("microtimestamp")?, MICRO).ok_or(Wrong::Field("microtimestamp"))
}

fn walk_trade(
    fields: &Fields<'_, '_>,
    instrument: &Instrument,
    parts: &mut Parts,
) -> Result<Kind, Wrong> {
    let data = Fields::of(fields.need("data")?, "data")?;
    let aggressor = data.side("type", SIDES)?;
    let (price, amount) = (data.decimal("price_str")?, data.decimal("amount_str")?);
    let level = Scales::from(instrument).level(aggressor, price, amount)?;
    let (price, qty, id) = (level.price(), level.qty(), data.count("id")?);
    let trade = Trade { price, qty, id, aggressor, history: false };
    parts.event(instrument.id, time(&data)?, Body::Trade(trade));
    Ok(Kind::Trade)
}

/// The REST answer: with orders (`group=2`), or with levels.
fn walk_book(
    fields: &Fields<'_, '_>,
    instrument: &Instrument,
    parts: &mut Parts,
) -> Result<Kind, Wrong> {
    let venue_time = time(fields)?;
    let (bids, asks) = (fields.array("bids")?, fields.array("asks")?);
    let by_order = match bids.rows().chain(asks.rows()).next() {
        Some(row) => row?.len() == 3,
        None => false,
    };
    if !by_order {
        return walk_levels(Shape::Snapshot, fields, instrument, parts);
    }
    let scales = Scales::from(instrument);
    let mut first = true;
    for (side, rows) in [(Side::Bid, bids), (Side::Ask, asks)] {
        for row in rows.rows() {
            let row = row?;
            let order = Order {
                deed: Deed::Created,
                id: row.text(2)?.parse().map_err(|_| Wrong::Field("id"))?,
                side,
                price: row.decimal(0)?,
                amount: row.decimal(1)?,
            };
            let (update, level) = order.update(scales)?;
            let update = OrderUpdate { snapshot: true, first, ..update };
            parts.order(instrument.id, venue_time, Body::Order(update), level);
            first = false;
        }
    }
    Ok(Kind::BookSnapshot)
}

fn walk_levels(
    shape: Shape,
    fields: &Fields<'_, '_>,
    instrument: &Instrument,
    parts: &mut Parts,
) -> Result<Kind, Wrong> {
    let scales = Scales::from(instrument);
    let venue_time = time(fields)?;
    let head =
        Levels { shape, first: true, last: false, count: 0, follows: 0, id: 0, checksum: None };
    parts.open(instrument.id, head);
    for (side, name) in [(Side::Bid, "bids"), (Side::Ask, "asks")] {
        for row in fields.array(name)?.rows() {
            let row = row?;
            parts.level(scales.level(side, row.decimal(0)?, row.decimal(1)?)?);
        }
    }
    parts.close(venue_time, None);
    Ok(if shape == Shape::Snapshot { Kind::BookSnapshot } else { Kind::BookUpdate })
}
