//! Binance's messages in any key order.
//!
//! Market data of other streams (tickers, candles, index prices) and our own account's events are
//! told apart and counted; nothing is read out of them here.

use super::decode::stamp;
use super::trades::aggressor;
use crate::event::{Body, Levels, Shape, Stale, Trade};
use crate::types::{Decimal, Instrument, InstrumentId, Nanos, Price, Qty, Side, Venue};
use crate::venue::decode::parts::Parts;
use crate::venue::decode::scan::Scales;
use crate::venue::decode::tape::{Fields, Value};
use crate::venue::decode::{Frame, Kind, Wrong};

/// Reads a message of that venue into parts.
pub(super) fn message(
    venue: Venue,
    frame: &Frame<'_>,
    message: Value<'_, '_>,
    parts: &mut Parts,
) -> Result<Kind, Wrong> {
    let outer = Fields::of(message, "message")?;
    if let Some(id) = frame.origin.rest {
        return snapshot(&outer, frame.table.get(id), parts);
    }
    let fields = if outer.get("stream")?.is_some() {
        Fields::of(outer.need("data")?, "data")?
    } else if let Some(event) = outer.get("event")? {
        // Account events, and notices of the connection, of the WebSocket API.
        Fields::of(event, "event")?
    } else {
        outer
    };
    let Some(_) = fields.get("e")? else {
        return untyped(venue, &fields, frame, parts);
    };
    let instrument = |parts: &mut Parts| fields.instrument("s", venue, frame.table, parts);
    match fields.text("e")? {
        "depthUpdate" => update(&fields, instrument(parts)?, parts),
        "trade" => trade(&fields, "t", instrument(parts)?, parts),
        "aggTrade" => trade(&fields, "a", instrument(parts)?, parts),
        "bookTicker" => top(&fields, instrument(parts)?, parts),
        "24hrTicker" | "24hrMiniTicker" | "1hTicker" | "4hTicker" | "1dTicker" | "avgPrice"
        | "markPriceUpdate" => Ok(Kind::Ticker),
        "kline" | "continuous_kline" => Ok(Kind::Candle),
        "executionReport"
        | "outboundAccountPosition"
        | "balanceUpdate"
        | "listStatus"
        | "externalLockUpdate"
        | "eventStreamTerminated"
        | "listenKeyExpired"
        | "ACCOUNT_UPDATE"
        | "ACCOUNT_CONFIG_UPDATE"
        | "ORDER_TRADE_UPDATE"
        | "TRADE_LITE"
        | "MARGIN_CALL" => Ok(Kind::User),
        // The venue will close the connection within minutes and asks for a new one at once: what
        // stands on this one is given up while there is still time.
        "serverShutdown" => {
            let fault = Body::Fault(Stale::Disconnected);
            parts.event(InstrumentId::ALL, Nanos::UNKNOWN, fault);
            Ok(Kind::Status)
        }
        _ => Err(Wrong::UnknownType),
    }
}

/// Messages that do not name their type: spot's best bid and ask, and answers to requests.
fn untyped(
    venue: Venue,
    fields: &Fields<'_, '_>,
    frame: &Frame<'_>,
    parts: &mut Parts,
) -> Result<Kind, Wrong> {
    if fields.get("u")?.is_some() && fields.get("B")?.is_some() {
        let instrument = fields.instrument("s", venue, frame.table, parts)?;
        return top(fields, instrument, parts);
    }
    let refused = fields.get("error")?.is_some()
        || fields.get("code")?.is_some() && fields.get("msg")?.is_some();
    // A subscription's result is null, which `get` takes as absent.
    let answered = fields.get("id")?.is_some() && fields.iter().any(|(key, _)| key == "result");
    let (body, kind) = match (refused, answered) {
        (true, _) => (Body::Fault(Stale::Unsubscribed), Kind::Error),
        (false, true) => (Body::Subscribed { depth: 0 }, Kind::Subscription),
        (false, false) => return Err(Wrong::UnknownType),
    };
    parts.event(InstrumentId::ALL, Nanos::UNKNOWN, body);
    Ok(kind)
}

/// When the matching engine did it, or else when the event was made; spot gives one or neither.
fn time(fields: &Fields<'_, '_>) -> Result<Nanos, Wrong> {
    for name in ["T", "E"] {
        if fields.get(name)?.is_some() {
            return stamp(fields.count(name)?).ok_or(Wrong::Field(name));
        }
    }
    Ok(Nanos::UNKNOWN)
}

fn head(shape: Shape, follows: u64, id: u64) -> Levels {
    Levels { shape, first: true, last: false, count: 0, follows, id, checksum: None }
}

fn rows(
    fields: &Fields<'_, '_>,
    scales: Scales,
    names: [&'static str; 2],
    parts: &mut Parts,
) -> Result<(), Wrong> {
    for (side, name) in Side::BOTH.into_iter().zip(names) {
        for row in fields.array(name)?.rows() {
            let row = row?;
            parts.level(scales.level(side, row.decimal(0)?, row.decimal(1)?)?);
        }
    }
    Ok(())
}

fn update(
    fields: &Fields<'_, '_>,
    instrument: &Instrument,
    parts: &mut Parts,
) -> Result<Kind, Wrong> {
    let follows = match instrument.venue {
        Venue::BinanceUsdm => fields.count("pu")?,
        _ => fields.count("U")?.checked_sub(1).ok_or(Wrong::Field("U"))?,
    };
    let stamp = time(fields)?;
    parts.open(instrument.id, head(Shape::Update, follows, fields.count("u")?));
    rows(fields, Scales::from(instrument), ["b", "a"], parts)?;
    parts.close(stamp, None);
    Ok(Kind::BookUpdate)
}

fn snapshot(
    fields: &Fields<'_, '_>,
    instrument: &Instrument,
    parts: &mut Parts,
) -> Result<Kind, Wrong> {
    let stamp = time(fields)?;
    parts.open(instrument.id, head(Shape::Snapshot, 0, fields.count("lastUpdateId")?));
    rows(fields, Scales::from(instrument), ["bids", "asks"], parts)?;
    parts.close(stamp, None);
    Ok(Kind::BookSnapshot)
}

fn top(fields: &Fields<'_, '_>, instrument: &Instrument, parts: &mut Parts) -> Result<Kind, Wrong> {
    let scales = Scales::from(instrument);
    let stamp = time(fields)?;
    parts.open(instrument.id, head(Shape::Top, 0, fields.count("u")?));
    for (side, price, qty) in [(Side::Bid, "b", "B"), (Side::Ask, "a", "A")] {
        let (price, qty) = (fields.decimal(price)?, fields.decimal(qty)?);
        // A side without any order is written as zero at zero.
        if !is_zero(price) || !is_zero(qty) {
            parts.level(scales.level(side, price, qty)?);
        }
    }
    parts.close(stamp, None);
    Ok(Kind::BookTop)
}

fn is_zero(number: Decimal) -> bool {
    number.mantissa == 0
}

fn trade(
    fields: &Fields<'_, '_>,
    id: &'static str,
    instrument: &Instrument,
    parts: &mut Parts,
) -> Result<Kind, Wrong> {
    // Futures number what was no trade as well: kind `NA`, zero at a price of zero.
    if let Some("NA") = fields.get("X")?.map(|_| fields.text("X")).transpose()? {
        return Ok(Kind::Trade);
    }
    let number = |name| fields.decimal(name);
    let level = Scales::from(instrument).level(Side::Bid, number("p")?, number("q")?)?;
    let (price, qty): (Price, Qty) = (level.price(), level.qty());
    fields.need("m")?;
    let aggressor = aggressor(fields.flag("m")?);
    let stamp = stamp(fields.count("T")?).ok_or(Wrong::Field("T"))?;
    let trade = Trade { price, qty, id: fields.count(id)?, aggressor, history: false };
    parts.event(instrument.id, stamp, Body::Trade(trade));
    Ok(Kind::Trade)
}
