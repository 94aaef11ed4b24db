//! Kraken v2: objects with `channel` and `data`, and answers with `method`.
//!
//! Prices and quantities are bare JSON numbers whose text counts. Snapshot and update of a book
//! both have a checksum. An answer to a subscription has no `channel` and has to be asked for its
//! `success`; the first trades after it are history.

use super::decode::{
    Kraken, Open, Rows, VENUE, alive, instrument, market_status, unsubscribed, walk_top,
};
use crate::event::{Body, Level, PART_LEVELS_MAX, Part, Shape, Trade};
use crate::types::{Instrument, InstrumentId, Nanos, Side};
use crate::venue::decode::parts::Parts;
use crate::venue::decode::scan::{Scales, Scan};
use crate::venue::decode::tape::{Fields, text};
use crate::venue::decode::{Frame, Kind, Scanned, Surprise, Wrong};

/// The words of a trade for who bought and who sold.
const SIDES: [&str; 2] = ["buy", "sell"];

/// Scans the head of a message.
#[inline]
pub(super) fn scan(
    kraken: &mut Kraken,
    frame: &Frame<'_>,
    mut scan: Scan<'_>,
    part: &mut Part,
) -> Result<Scanned, Surprise> {
    scan.literal(b"{\"channel\":\"")?;
    let shape = if scan.take(b"book\",\"type\":\"update\",\"data\":[{\"symbol\":\"") {
        Shape::Update
    } else if scan.take(b"book\",\"type\":\"snapshot\",\"data\":[{\"symbol\":\"") {
        Shape::Snapshot
    } else {
        scan.literal(b"trade\",\"type\":\"update\",\"data\":[")?;
        return scan_trade(kraken, frame, scan, part);
    };
    let instrument = kraken.named.scan(&mut scan, frame.table)?;
    scan.literal(b",\"bids\":[")?;
    scan_book(kraken, frame, scan, Rows::begin(instrument, shape, Side::Bid), part)
}

/// Scans one row: `{"price":62802.5,"qty":0.02987767}`.
#[inline]
fn scan_row(rows: &mut Rows, scan: &mut Scan<'_>) -> Result<Level, Surprise> {
    scan.literal(b"{\"price\":")?;
    let price = scan.decimal()?;
    scan.literal(b",\"qty\":")?;
    let qty = scan.decimal()?;
    scan.literal(b"}")?;
    rows.level(price, qty).map_err(|_| Surprise)
}

/// Steps over what follows a row; true when both sides have ended.
#[inline]
fn scan_ended(rows: &mut Rows, scan: &mut Scan<'_>) -> Result<bool, Surprise> {
    if scan.take(b",") {
        return Ok(false);
    }
    scan.literal(b"]")?;
    if rows.side == Side::Ask {
        return Ok(true);
    }
    scan.literal(b",\"asks\":[")?;
    rows.side = Side::Ask;
    Ok(scan.take(b"]"))
}

/// Scans rows into one part; behind the last one, the rest of the message.
#[inline]
pub(super) fn scan_book(
    kraken: &mut Kraken,
    frame: &Frame<'_>,
    mut scan: Scan<'_>,
    mut rows: Rows,
    part: &mut Part,
) -> Result<Scanned, Surprise> {
    let places = part.places();
    let mut count = 0;
    let empty = rows.first && scan.peek() == Some(b']');
    let mut ended = empty && scan_ended(&mut rows, &mut scan)?;
    while !ended && count < PART_LEVELS_MAX {
        places[count] = scan_row(&mut rows, &mut scan)?;
        count += 1;
        ended = scan_ended(&mut rows, &mut scan)?;
    }
    if !ended {
        rows.set(part, frame.origin.received, count, None);
        rows.first = false;
        kraken.cursor.at = scan.place();
        kraken.cursor.open = Open::BookV2(rows);
        return Ok(Scanned::Part);
    }
    scan.literal(b",\"checksum\":")?;
    let crc = u32::try_from(scan.count()?).map_err(|_| Surprise)?;
    scan.literal(b",\"timestamp\":\"")?;
    let stamp = scan.stamp(&mut kraken.stamps)?;
    scan.literal(b"}]}")?;
    scan.end()?;
    let checksum = kraken.checksum(&rows, Some(crc));
    rows.set(part, frame.origin.received, count, Some((stamp, checksum)));
    Ok(Scanned::LastPart(rows.kind()))
}

/// Scans one trade of a message.
pub(super) fn scan_trade(
    kraken: &mut Kraken,
    frame: &Frame<'_>,
    mut scan: Scan<'_>,
    part: &mut Part,
) -> Result<Scanned, Surprise> {
    scan.literal(b"{\"symbol\":\"")?;
    let instrument = kraken.named.scan(&mut scan, frame.table)?;
    let aggressor = if scan.take(b",\"side\":\"buy\",\"price\":") {
        Side::Bid
    } else {
        scan.literal(b",\"side\":\"sell\",\"price\":")?;
        Side::Ask
    };
    let price = scan.decimal()?;
    scan.literal(b",\"qty\":")?;
    let qty = scan.decimal()?;
    scan.literal(b",\"ord_type\":\"")?;
    scan.text()?;
    scan.literal(b",\"trade_id\":")?;
    let id = scan.count()?;
    scan.literal(b",\"timestamp\":\"")?;
    let stamp = scan.stamp(&mut kraken.stamps)?;
    scan.literal(b"}")?;
    let more = scan.take(b",");
    if !more {
        scan.literal(b"]}")?;
        scan.end()?;
    }
    let level = Scales::from(instrument).level(aggressor, price, qty).map_err(|_| Surprise)?;
    part.event.received = frame.origin.received;
    part.event.venue_time = stamp;
    part.event.instrument = instrument.id;
    part.event.body = trade(level, id, false);
    kraken.cursor.at = scan.place();
    kraken.cursor.open = Open::TradesV2;
    Ok(if more { Scanned::Part } else { Scanned::LastPart(Kind::Trade) })
}

/// A trade with its taker's side.
fn trade(level: Level, id: u64, history: bool) -> Body {
    let (price, qty, aggressor) = (level.price(), level.qty(), level.side());
    Body::Trade(Trade { price, qty, id, aggressor, history })
}

/// Reads a message that is no event of v1.
pub(super) fn walk(
    kraken: &mut Kraken,
    fields: &Fields<'_, '_>,
    frame: &Frame<'_>,
    parts: &mut Parts,
) -> Result<Kind, Wrong> {
    if fields.get("channel")?.is_none() {
        return walk_answer(fields, frame, parts);
    }
    match fields.text("channel")? {
        "book" => {
            let shape = match walk_type(fields)? {
                "snapshot" => Shape::Snapshot,
                _ => Shape::Update,
            };
            walk_items(fields, frame, parts, |item, instrument, parts| {
                walk_book(kraken, item, Rows::begin(instrument, shape, Side::Bid), parts)
            })?;
            Ok(if shape == Shape::Snapshot { Kind::BookSnapshot } else { Kind::BookUpdate })
        }
        "trade" => {
            let history = walk_type(fields)? == "snapshot";
            walk_items(fields, frame, parts, |item, instrument, parts| {
                walk_trade(history, item, instrument, parts)
            })?;
            Ok(if history { Kind::TradeHistory } else { Kind::Trade })
        }
        "ticker" => {
            walk_items(fields, frame, parts, walk_ticker)?;
            Ok(Kind::Ticker)
        }
        "ohlc" => Ok(Kind::Candle),
        "heartbeat" => Ok(alive(parts)),
        "status" => walk_status(fields, parts),
        "instrument" => walk_instruments(fields, frame, parts),
        "executions" | "balances" => Ok(Kind::User),
        // `level3`, order by order, needs a token and is not read.
        _ => Err(Wrong::UnknownType),
    }
}

fn walk_type<'i>(fields: &Fields<'_, 'i>) -> Result<&'i str, Wrong> {
    match fields.text("type")? {
        known @ ("snapshot" | "update") => Ok(known),
        _ => Err(Wrong::Field("type")),
    }
}

/// Reads each item of `data` that is of a known instrument.
fn walk_items(
    fields: &Fields<'_, '_>,
    frame: &Frame<'_>,
    parts: &mut Parts,
    mut walk: impl FnMut(&Fields<'_, '_>, &Instrument, &mut Parts) -> Result<(), Wrong>,
) -> Result<(), Wrong> {
    let (mut items, mut known) = (0, 0);
    for item in fields.array("data")?.iter() {
        let item = Fields::of(item, "data")?;
        items += 1;
        match item.instrument("symbol", VENUE, frame.table, parts) {
            Ok(instrument) => {
                known += 1;
                walk(&item, instrument, parts)?;
            }
            Err(Wrong::UnknownSymbol) => {}
            Err(wrong) => return Err(wrong),
        }
    }
    if items > 0 && known == 0 { Err(Wrong::UnknownSymbol) } else { Ok(()) }
}

fn walk_book(
    kraken: &mut Kraken,
    item: &Fields<'_, '_>,
    mut rows: Rows,
    parts: &mut Parts,
) -> Result<(), Wrong> {
    let (bids, asks) = (item.array("bids")?, item.array("asks")?);
    parts.open(rows.instrument, rows.head());
    // In the order of the text, as the scanner meets them.
    for (key, _) in item.iter() {
        let (side, list) = match key {
            "bids" => (Side::Bid, &bids),
            "asks" => (Side::Ask, &asks),
            _ => continue,
        };
        rows.side = side;
        for row in list.iter() {
            let row = Fields::of(row, "level")?;
            parts.level(rows.level(row.decimal("price")?, row.decimal("qty")?)?);
        }
    }
    let crc = u32::try_from(item.count("checksum")?).map_err(|_| Wrong::Field("checksum"))?;
    // The documents show snapshots with and without a stamp.
    let stamp = match (rows.shape, item.get("timestamp")?) {
        (Shape::Snapshot, None) => Nanos::UNKNOWN,
        _ => item.stamp("timestamp")?,
    };
    parts.close(stamp, kraken.checksum(&rows, Some(crc)));
    Ok(())
}

fn walk_trade(
    history: bool,
    item: &Fields<'_, '_>,
    instrument: &Instrument,
    parts: &mut Parts,
) -> Result<(), Wrong> {
    let aggressor = item.side("side", SIDES)?;
    let (price, qty) = (item.decimal("price")?, item.decimal("qty")?);
    let level = Scales::from(instrument).level(aggressor, price, qty)?;
    let body = trade(level, item.count("trade_id")?, history);
    parts.event(instrument.id, item.stamp("timestamp")?, body);
    Ok(())
}

fn walk_ticker(
    item: &Fields<'_, '_>,
    instrument: &Instrument,
    parts: &mut Parts,
) -> Result<(), Wrong> {
    let best = [
        (Side::Bid, item.decimal("bid")?, item.decimal("bid_qty")?),
        (Side::Ask, item.decimal("ask")?, item.decimal("ask_qty")?),
    ];
    let stamp = match item.get("timestamp")? {
        Some(_) => item.stamp("timestamp")?,
        None => Nanos::UNKNOWN,
    };
    walk_top(instrument, stamp, best, parts)
}

/// The state of the venue as a whole.
fn walk_status(fields: &Fields<'_, '_>, parts: &mut Parts) -> Result<Kind, Wrong> {
    for item in fields.array("data")?.iter() {
        let status = market_status(Fields::of(item, "data")?.text("system")?);
        parts.event(InstrumentId::ALL, Nanos::UNKNOWN, Body::Status(status));
    }
    Ok(Kind::Status)
}

/// The state of every pair of the venue, of which only the known ones matter.
fn walk_instruments(
    fields: &Fields<'_, '_>,
    frame: &Frame<'_>,
    parts: &mut Parts,
) -> Result<Kind, Wrong> {
    let data = Fields::of(fields.need("data")?, "data")?;
    for pair in data.array("pairs")?.iter() {
        let pair = Fields::of(pair, "pairs")?;
        if let Some(known) = frame.table.lookup(VENUE, pair.text("symbol")?.as_bytes()) {
            let status = market_status(pair.text("status")?);
            parts.event(known.id, Nanos::UNKNOWN, Body::Status(status));
        }
    }
    Ok(Kind::Status)
}

/// An answer to a request, of which only those to a subscription and a ping matter here.
fn walk_answer(
    fields: &Fields<'_, '_>,
    frame: &Frame<'_>,
    parts: &mut Parts,
) -> Result<Kind, Wrong> {
    let method = match fields.get("method")? {
        Some(method) => text(method, "method")?,
        // What it could not read, Kraken refuses without naming it.
        None if fields.get("success")?.is_some() => "subscribe",
        None => return Err(Wrong::UnknownType),
    };
    match method {
        "subscribe" | "unsubscribe" => {}
        "pong" => return Ok(alive(parts)),
        "add_order"
        | "amend_order"
        | "edit_order"
        | "cancel_order"
        | "cancel_all"
        | "cancel_all_orders_after"
        | "batch_add"
        | "batch_cancel" => return Ok(Kind::User),
        _ => return Err(Wrong::UnknownType),
    }
    fields.need("success")?;
    if !fields.flag("success")? {
        let name = fields.get("symbol")?.map(|name| text(name, "symbol")).transpose()?;
        unsubscribed(frame, name, parts)?;
        return Ok(Kind::Error);
    }
    let result = Fields::of(fields.need("result")?, "result")?;
    // Only a book is kept: of the other channels nothing has to be remembered.
    if result.text("channel")? == "book" {
        let name = result.text("symbol")?;
        if method == "unsubscribe" {
            unsubscribed(frame, Some(name), parts)?;
        } else {
            let depth = result.count("depth")?;
            let depth = u32::try_from(depth).map_err(|_| Wrong::Field("depth"))?;
            let id = instrument(frame, name, parts)?.id;
            parts.event(id, Nanos::UNKNOWN, Body::Subscribed { depth });
        }
    }
    Ok(Kind::Subscription)
}
