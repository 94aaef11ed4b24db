//! Rows of CSV as the ob-analytics package wrote them in 2026.
//!
//! The first rows are the REST snapshot, written as `created` with one stamp: as long as both
//! stamps are those of the first row they are orders of a snapshot. Volumes are printed floats, but
//! the shortest ones, so that they read exactly; small ones have an exponent. The line with the
//! names of the columns says nothing and is passed over.

use super::decode::{Bitstamp, Deed, Order, event, only_instrument, stamp};
use crate::event::{Body, OrderUpdate, Part, Trade};
use crate::types::{Decimal, Instrument, Nanos, Side};
use crate::venue::decode::parts::Parts;
use crate::venue::decode::scan::{Scales, Scan};
use crate::venue::decode::{Frame, Kind, Scanned, Surprise, Wrong};

/// Where the rows stand to the snapshot at their head.
#[derive(Debug, Default, Clone, Copy)]
pub(super) enum Rendered {
    /// No row has come yet.
    #[default]
    Ahead,
    /// The rows with these stamps are of the snapshot.
    Within([u64; 2]),
    /// The snapshot is over.
    Past,
}

impl Rendered {
    /// Takes the next row: whether it is of the snapshot, and whether its first.
    fn next(&mut self, deed: Deed, stamps: [u64; 2]) -> (bool, bool) {
        let (snapshot, first) = match *self {
            Self::Ahead => (deed == Deed::Created, deed == Deed::Created),
            Self::Within(held) => (held == stamps && deed == Deed::Created, false),
            Self::Past => (false, false),
        };
        *self = if snapshot { Self::Within(stamps) } else { Self::Past };
        (snapshot, first)
    }
}

/// A row of orders.
struct Row {
    /// When it was received and when the venue made it, in milliseconds.
    stamps: [u64; 2],
    order: Order,
}

/// The row without the carriage return that CSV may end its lines with.
fn text<'a>(frame: &Frame<'a>) -> &'a [u8] {
    frame.bytes.strip_suffix(b"\r").unwrap_or(frame.bytes)
}

fn comma(scan: &mut Scan<'_>) -> Result<(), Surprise> {
    scan.literal(b",")
}

/// Scans `id,timestamp,exchange_timestamp,price,volume,`, which also a trade's row begins with.
fn scan_head(scan: &mut Scan<'_>) -> Result<(u64, [u64; 2], [Decimal; 2]), Surprise> {
    let id = scan.count()?;
    comma(scan)?;
    let received = scan.count()?;
    comma(scan)?;
    let made = scan.count()?;
    comma(scan)?;
    let price = scan.decimal()?;
    comma(scan)?;
    let volume = scan.decimal()?;
    comma(scan)?;
    Ok((id, [received, made], [price, volume]))
}

/// When the venue made it.
fn time(stamps: [u64; 2]) -> Result<Nanos, Wrong> {
    stamp(stamps[1], 1_000_000).ok_or(Wrong::Field("exchange_timestamp"))
}

impl Bitstamp {
    /// Scans a row of orders.
    pub(super) fn scan_row(
        &mut self,
        frame: &Frame<'_>,
        part: &mut Part,
    ) -> Result<Scanned, Surprise> {
        let instrument = only_instrument(frame.table).ok_or(Surprise)?;
        let mut scan = Scan::at(text(frame), 0);
        let (id, stamps, [price, amount]) = scan_head(&mut scan)?;
        let deed = if scan.take(b"created,") {
            Deed::Created
        } else if scan.take(b"deleted,") {
            Deed::Deleted
        } else {
            scan.literal(b"changed,")?;
            Deed::Changed
        };
        let side = if scan.take(b"bid") {
            Side::Bid
        } else {
            scan.literal(b"ask")?;
            Side::Ask
        };
        scan.end()?;
        let row = Row { stamps, order: Order { deed, id, side, price, amount } };
        let (venue_time, update, level) = self.row(&row, instrument).map_err(|_| Surprise)?;
        let event = event(frame, instrument.id, venue_time, Body::Order(update));
        Ok(self.set_order(part, (event, level, deed.kind()), false))
    }

    /// What both readings make of a row.
    fn row(
        &mut self,
        row: &Row,
        instrument: &Instrument,
    ) -> Result<(Nanos, OrderUpdate, crate::event::Level), Wrong> {
        let venue_time = time(row.stamps)?;
        let (update, level) = row.order.update(Scales::from(instrument))?;
        let (snapshot, first) = self.rendered.next(row.order.deed, row.stamps);
        Ok((venue_time, OrderUpdate { snapshot, first, ..update }, level))
    }

    /// Reads a row of orders column by column.
    pub(super) fn walk_row(&mut self, frame: &Frame<'_>, parts: &mut Parts) -> Result<Kind, Wrong> {
        if frame.bytes.starts_with(b"id,") {
            return Ok(Kind::Status);
        }
        let instrument = only_instrument(frame.table).ok_or(Wrong::Missing("symbol"))?;
        let [id, received, made, price, volume, action, direction] = columns(text(frame))?;
        let deed = match action {
            b"created" => Deed::Created,
            b"changed" => Deed::Changed,
            b"deleted" => Deed::Deleted,
            _ => return Err(Wrong::Field("action")),
        };
        let side = match direction {
            b"bid" => Side::Bid,
            b"ask" => Side::Ask,
            _ => return Err(Wrong::Field("direction")),
        };
        let stamps = [count(received, "timestamp")?, count(made, "exchange_timestamp")?];
        let (id, price) = (count(id, "id")?, decimal(price, "price")?);
        let order = Order { deed, id, side, price, amount: decimal(volume, "volume")? };
        let (venue_time, update, level) = self.row(&Row { stamps, order }, instrument)?;
        parts.order(instrument.id, venue_time, Body::Order(update), level);
        Ok(deed.kind())
    }
}

/// Scans a row of trades.
pub(super) fn scan_trade(frame: &Frame<'_>, part: &mut Part) -> Result<Scanned, Surprise> {
    let instrument = only_instrument(frame.table).ok_or(Surprise)?;
    let mut scan = Scan::at(text(frame), 0);
    let (id, stamps, numbers) = scan_head(&mut scan)?;
    scan.count()?;
    comma(&mut scan)?;
    scan.count()?;
    comma(&mut scan)?;
    let aggressor = if scan.take(b"buy") {
        Side::Bid
    } else {
        scan.literal(b"sell")?;
        Side::Ask
    };
    scan.end()?;
    let venue_time = time(stamps).map_err(|_| Surprise)?;
    let body = trade(id, aggressor, numbers, instrument).map_err(|_| Surprise)?;
    part.event = event(frame, instrument.id, venue_time, body);
    Ok(Scanned::LastPart(Kind::Trade))
}

/// Reads a row of trades column by column.
pub(super) fn walk_trade(frame: &Frame<'_>, parts: &mut Parts) -> Result<Kind, Wrong> {
    if frame.bytes.starts_with(b"trade_id,") {
        return Ok(Kind::Status);
    }
    let instrument = only_instrument(frame.table).ok_or(Wrong::Missing("symbol"))?;
    let [id, received, made, price, amount, buyer, seller, side] = columns(text(frame))?;
    let aggressor = match side {
        b"buy" => Side::Bid,
        b"sell" => Side::Ask,
        _ => return Err(Wrong::Field("side")),
    };
    count(buyer, "buy_order_id")?;
    count(seller, "sell_order_id")?;
    let stamps = [count(received, "timestamp")?, count(made, "exchange_timestamp")?];
    let numbers = [decimal(price, "price")?, decimal(amount, "amount")?];
    let body = trade(count(id, "trade_id")?, aggressor, numbers, instrument)?;
    parts.event(instrument.id, time(stamps)?, body);
    Ok(Kind::Trade)
}

fn trade(
    id: u64,
    aggressor: Side,
    [price, amount]: [Decimal; 2],
    instrument: &Instrument,
) -> Result<Body, Wrong> {
    let level = Scales::from(instrument).level(aggressor, price, amount)?;
    let (price, qty) = (level.price(), level.qty());
    Ok(Body::Trade(Trade { price, qty, id, aggressor, history: false }))
}

/// The columns of a row, of which there must be exactly so many.
fn columns<const N: usize>(row: &[u8]) -> Result<[&[u8]; N], Wrong> {
    let mut columns = row.split(|b| *b == b',');
    let mut all = [&row[..0]; N];
    for column in &mut all {
        *column = columns.next().ok_or(Wrong::Missing("column"))?;
    }
    if columns.next().is_some() { Err(Wrong::Field("columns")) } else { Ok(all) }
}

fn decimal(text: &[u8], name: &'static str) -> Result<Decimal, Wrong> {
    Decimal::parse_exponent(text).map_err(|error| Wrong::Number(name, error))
}

fn count(text: &[u8], name: &'static str) -> Result<u64, Wrong> {
    match Decimal::parse(text) {
        Ok(Decimal { mantissa, decimals: 0 }) => Ok(mantissa.cast_unsigned()),
        _ => Err(Wrong::Field(name)),
    }
}
