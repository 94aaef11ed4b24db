//! Kraken v1: `[channel number, data, …, "channel name", "pair"]`, and objects with `event`.
//!
//! The pair stands at the end of a frame, so the scan looks there before it begins. A snapshot has
//! no checksum; an update has one or two objects, a side each, and `c` in the last. Each level has
//! a time of its own: the stamp of a message is the latest of them, which is no later than the
//! moment for which the message holds.

use super::decode::{
    Kraken, Open, Rows, VENUE, alive, instrument, market_status, unsubscribed, walk_top,
};
use crate::event::{Body, Level, PART_LEVELS_MAX, Part, Shape, Trade};
use crate::types::{Decimal, Instrument, InstrumentId, Nanos, NumberError, Scale, Side};
use crate::venue::decode::parts::Parts;
use crate::venue::decode::scan::{Scales, Scan};
use crate::venue::decode::tape::{Elements, Fields, Value, side, text};
use crate::venue::decode::{Frame, Kind, Scanned, Surprise, Wrong};

/// The words of a trade for who bought and who sold.
const SIDES: [&str; 2] = ["b", "s"];
/// Times are seconds with a fraction.
const SECONDS: Scale = Scale::power_of_ten(9);
/// Longer than the end of any frame from the pair's opening quote on.
const TAIL_BYTES_MAX: usize = 40;

/// The last text of a frame: of a data message its pair.
#[inline]
fn pair_at_tail(bytes: &[u8]) -> Option<&[u8]> {
    let text = bytes.strip_suffix(b"\"]")?;
    let tail = &text[text.len().saturating_sub(TAIL_BYTES_MAX)..];
    let quote = tail.iter().rposition(|b| *b == b'"')?;
    Some(&tail[quote + 1..])
}

/// Whose message a broken one is: by the pair at its end, or else by the channel number at its
/// head, if the subscription's answer said whose that is.
pub(super) fn culprit(
    frame: &Frame<'_>,
    of_channel: impl FnOnce(u64) -> Option<InstrumentId>,
) -> InstrumentId {
    let by_pair = pair_at_tail(frame.bytes).and_then(|pair| frame.table.lookup(VENUE, pair));
    let by_channel = || of_channel(Scan::at(frame.bytes, 1).count().ok()?);
    by_pair.map(|known| known.id).or_else(by_channel).unwrap_or(InstrumentId::ALL)
}

#[inline]
fn nanos(seconds: Decimal) -> Result<Nanos, NumberError> {
    SECONDS.steps(seconds).map(Nanos)
}

/// Scans the head of a data message.
#[inline]
pub(super) fn scan(
    kraken: &mut Kraken,
    frame: &Frame<'_>,
    mut scan: Scan<'_>,
    part: &mut Part,
) -> Result<Scanned, Surprise> {
    let pair = pair_at_tail(frame.bytes).ok_or(Surprise)?;
    let instrument = frame.table.lookup(VENUE, pair).ok_or(Surprise)?;
    scan.literal(b"[")?;
    scan.count()?;
    let (shape, side) = if scan.take(b",{\"a\":[") {
        (Shape::Update, Side::Ask)
    } else if scan.take(b",{\"b\":[") {
        (Shape::Update, Side::Bid)
    } else if scan.take(b",{\"as\":[") {
        (Shape::Snapshot, Side::Ask)
    } else {
        scan.literal(b",[")?;
        return scan_trade(kraken, frame, scan, instrument.id, part);
    };
    scan_book(kraken, frame, scan, Rows::begin(instrument, shape, side), part)
}

/// Scans one row: `["price","qty","time"]`, with an `"r"` behind it if it is said again.
#[inline]
fn scan_row(rows: &mut Rows, scan: &mut Scan<'_>) -> Result<Level, Surprise> {
    scan.literal(b"[\"")?;
    let price = scan.decimal()?;
    scan.literal(b"\",\"")?;
    let qty = scan.decimal()?;
    scan.literal(b"\",\"")?;
    let time = nanos(scan.decimal()?).map_err(|_| Surprise)?;
    if !scan.take(b"\"]") {
        scan.literal(b"\",\"r\"]")?;
    }
    rows.venue_time = rows.venue_time.max(time);
    rows.level(price, qty).map_err(|_| Surprise)
}

/// Steps over what follows a row; true when the rows of the whole message have ended.
#[inline]
fn scan_ended(rows: &mut Rows, scan: &mut Scan<'_>) -> Result<bool, Surprise> {
    if scan.take(b",") {
        return Ok(false);
    }
    scan.literal(b"]")?;
    match (rows.shape, rows.side) {
        (Shape::Snapshot, Side::Ask) => {
            scan.literal(b",\"bs\":[")?;
            rows.side = Side::Bid;
            if scan.peek() == Some(b']') { scan_ended(rows, scan) } else { Ok(false) }
        }
        (Shape::Update, Side::Ask) if scan.take(b"},{\"b\":[") => {
            rows.side = Side::Bid;
            Ok(false)
        }
        _ => Ok(true),
    }
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
    let empty = rows.first && rows.shape == Shape::Snapshot && scan.peek() == Some(b']');
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
        kraken.cursor.open = Open::BookV1(rows);
        return Ok(Scanned::Part);
    }
    let mut crc = None;
    if rows.shape == Shape::Update {
        scan.literal(b",\"c\":\"")?;
        crc = Some(u32::try_from(scan.count()?).map_err(|_| Surprise)?);
        scan.literal(b"\"")?;
    }
    scan.literal(b"},\"book-")?;
    u32::try_from(scan.count()?).map_err(|_| Surprise)?;
    // The frame ends behind this text: it is the pair that was looked up.
    scan.literal(b"\",\"")?;
    scan.text()?;
    scan.literal(b"]")?;
    scan.end()?;
    let checksum = kraken.checksum(&rows, crc);
    rows.set(part, frame.origin.received, count, Some((rows.venue_time, checksum)));
    Ok(Scanned::LastPart(rows.kind()))
}

/// Scans one trade of a message: `["price","qty","time","b","l",""]`.
pub(super) fn scan_trade(
    kraken: &mut Kraken,
    frame: &Frame<'_>,
    mut scan: Scan<'_>,
    instrument: InstrumentId,
    part: &mut Part,
) -> Result<Scanned, Surprise> {
    scan.literal(b"[\"")?;
    let price = scan.decimal()?;
    scan.literal(b"\",\"")?;
    let qty = scan.decimal()?;
    scan.literal(b"\",\"")?;
    let time = nanos(scan.decimal()?).map_err(|_| Surprise)?;
    let aggressor = if scan.take(b"\",\"b\",\"") {
        Side::Bid
    } else {
        scan.literal(b"\",\"s\",\"")?;
        Side::Ask
    };
    scan.text()?;
    scan.literal(b",\"")?;
    scan.text()?;
    scan.literal(b"]")?;
    let more = scan.take(b",");
    if !more {
        scan.literal(b"],\"trade\",\"")?;
        scan.text()?;
        scan.literal(b"]")?;
        scan.end()?;
    }
    let scales = Scales::from(frame.table.get(instrument));
    let level = scales.level(aggressor, price, qty).map_err(|_| Surprise)?;
    part.event.received = frame.origin.received;
    part.event.venue_time = time;
    part.event.instrument = instrument;
    part.event.body = trade(level);
    kraken.cursor.at = scan.place();
    kraken.cursor.open = Open::TradesV1(instrument);
    Ok(if more { Scanned::Part } else { Scanned::LastPart(Kind::Trade) })
}

/// A trade with its taker's side; v1 gives it no number.
fn trade(level: Level) -> Body {
    Body::Trade(Trade {
        price: level.price(),
        qty: level.qty(),
        id: 0,
        aggressor: level.side(),
        history: false,
    })
}

/// Reads a data message.
pub(super) fn walk_data(
    kraken: &mut Kraken,
    frame: &Frame<'_>,
    message: Value<'_, '_>,
    parts: &mut Parts,
) -> Result<Kind, Wrong> {
    let elements = Elements::of(message, "message")?;
    let count = elements.len();
    let name = elements.text(count.checked_sub(2).ok_or(Wrong::Missing("channel name"))?)?;
    let last = elements.need(count - 1)?;
    if matches!(name, "ownTrades" | "openOrders") {
        return Ok(Kind::User);
    }
    let depth = book_depth(name).is_some();
    if !depth && !matches!(name, "trade" | "ticker" | "spread") && !name.starts_with("ohlc") {
        return Err(Wrong::UnknownType);
    }
    let instrument = instrument(frame, text(last, "pair")?, parts)?;
    match name {
        "trade" => walk_trades(&elements, instrument, parts),
        "ticker" => walk_ticker(&elements, instrument, parts),
        "spread" => walk_spread(&elements, instrument, parts),
        _ if depth => walk_book(kraken, &elements, instrument, parts),
        _ => Ok(Kind::Candle),
    }
}

/// The depth in the name of a book's channel, such as `book-1000`.
fn book_depth(channel_name: &str) -> Option<u32> {
    channel_name.strip_prefix("book-")?.parse().ok()
}

fn walk_book(
    kraken: &mut Kraken,
    elements: &Elements<'_, '_>,
    instrument: &Instrument,
    parts: &mut Parts,
) -> Result<Kind, Wrong> {
    let first = Fields::of(elements.need(1)?, "book")?;
    let snapshot = first.iter().any(|(key, _)| matches!(key, "as" | "bs"));
    let shape = if snapshot { Shape::Snapshot } else { Shape::Update };
    let mut rows = Rows::begin(instrument, shape, Side::Ask);
    parts.open(instrument.id, rows.head());
    let (mut seen, mut crc) = ([false; 2], None);
    // All elements but the channel number, the channel name and the pair.
    for at in 1..elements.len() - 2 {
        for (key, value) in Fields::of(elements.need(at)?, "book")?.iter() {
            let (side, key) = match key {
                "as" if snapshot => (Side::Ask, "as"),
                "bs" if snapshot => (Side::Bid, "bs"),
                "a" if !snapshot => (Side::Ask, "a"),
                "b" if !snapshot => (Side::Bid, "b"),
                "c" if crc.is_some() => return Err(Wrong::Twice("c")),
                "c" => {
                    crc = Some(text(value, "c")?.parse().map_err(|_| Wrong::Field("c"))?);
                    continue;
                }
                _ => return Err(Wrong::Field("book")),
            };
            if std::mem::replace(&mut seen[side.index()], true) {
                return Err(Wrong::Twice(key));
            }
            rows.side = side;
            walk_rows(&mut rows, Elements::of(value, key)?, parts)?;
        }
    }
    match crc {
        None if !snapshot => return Err(Wrong::Missing("c")),
        _ if snapshot && seen != [true; 2] => return Err(Wrong::Missing("as or bs")),
        _ => parts.close(rows.venue_time, kraken.checksum(&rows, crc)),
    }
    Ok(rows.kind())
}

fn walk_rows(rows: &mut Rows, list: Elements<'_, '_>, parts: &mut Parts) -> Result<(), Wrong> {
    for row in list.rows() {
        let row = row?;
        match row.len() {
            3 => {}
            4 if row.text(3)? == "r" => {}
            _ => return Err(Wrong::Field("level")),
        }
        let time = nanos(row.decimal(2)?).map_err(|error| Wrong::Number("time", error))?;
        rows.venue_time = rows.venue_time.max(time);
        parts.level(rows.level(row.decimal(0)?, row.decimal(1)?)?);
    }
    Ok(())
}

fn walk_trades(
    elements: &Elements<'_, '_>,
    instrument: &Instrument,
    parts: &mut Parts,
) -> Result<Kind, Wrong> {
    let scales = Scales::from(instrument);
    for row in Elements::of(elements.need(1)?, "trade")?.rows() {
        let row = row?;
        let aggressor = side(row.text(3)?, "side", SIDES)?;
        let level = scales.level(aggressor, row.decimal(0)?, row.decimal(1)?)?;
        let time = nanos(row.decimal(2)?).map_err(|error| Wrong::Number("time", error))?;
        parts.event(instrument.id, time, trade(level));
    }
    Ok(Kind::Trade)
}

/// The ticker's best prices: `"b":["price",whole lots,"quantity"]`.
fn walk_ticker(
    elements: &Elements<'_, '_>,
    instrument: &Instrument,
    parts: &mut Parts,
) -> Result<Kind, Wrong> {
    let fields = Fields::of(elements.need(1)?, "ticker")?;
    let (bid, ask) = (fields.array("b")?, fields.array("a")?);
    let best = [
        (Side::Bid, bid.decimal(0)?, bid.decimal(2)?),
        (Side::Ask, ask.decimal(0)?, ask.decimal(2)?),
    ];
    walk_top(instrument, Nanos::UNKNOWN, best, parts)?;
    Ok(Kind::Ticker)
}

/// The spread: `["bid","ask","time","bid quantity","ask quantity"]`.
fn walk_spread(
    elements: &Elements<'_, '_>,
    instrument: &Instrument,
    parts: &mut Parts,
) -> Result<Kind, Wrong> {
    let row = Elements::of(elements.need(1)?, "spread")?;
    let time = nanos(row.decimal(2)?).map_err(|error| Wrong::Number("time", error))?;
    let best = [
        (Side::Bid, row.decimal(0)?, row.decimal(3)?),
        (Side::Ask, row.decimal(1)?, row.decimal(4)?),
    ];
    walk_top(instrument, time, best, parts)?;
    Ok(Kind::BookTop)
}

/// Reads an object with `event`: all that is no data.
pub(super) fn walk_event(
    kraken: &mut Kraken,
    fields: &Fields<'_, '_>,
    frame: &Frame<'_>,
    parts: &mut Parts,
) -> Result<Kind, Wrong> {
    match fields.text("event")? {
        "heartbeat" | "pong" => Ok(alive(parts)),
        "systemStatus" => {
            let status = Body::Status(market_status(fields.text("status")?));
            parts.event(InstrumentId::ALL, Nanos::UNKNOWN, status);
            Ok(Kind::Status)
        }
        "subscriptionStatus" => walk_subscription(kraken, fields, frame, parts),
        "error" => {
            unsubscribed(frame, None, parts)?;
            Ok(Kind::Error)
        }
        "addOrderStatus"
        | "editOrderStatus"
        | "cancelOrderStatus"
        | "cancelAllStatus"
        | "cancelAllOrdersAfterStatus" => Ok(Kind::User),
        _ => Err(Wrong::UnknownType),
    }
}

fn walk_subscription(
    kraken: &mut Kraken,
    fields: &Fields<'_, '_>,
    frame: &Frame<'_>,
    parts: &mut Parts,
) -> Result<Kind, Wrong> {
    let status = fields.text("status")?;
    let name = fields.get("pair")?.map(|pair| text(pair, "pair")).transpose()?;
    if status == "error" {
        unsubscribed(frame, name, parts)?;
        return Ok(Kind::Error);
    }
    // Only a book is kept: of the other channels nothing has to be remembered.
    if let Some(depth) = book_depth(fields.text("channelName")?) {
        let name = name.ok_or(Wrong::Missing("pair"))?;
        match status {
            "subscribed" => {
                let id = instrument(frame, name, parts)?.id;
                kraken.note_channel(id, fields.count("channelID")?);
                parts.event(id, Nanos::UNKNOWN, Body::Subscribed { depth });
            }
            "unsubscribed" => unsubscribed(frame, Some(name), parts)?,
            _ => return Err(Wrong::Field("status")),
        }
    }
    Ok(Kind::Subscription)
}
