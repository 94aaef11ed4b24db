//! Messages that change no book: `ticker`, `heartbeat`, `status`, `subscriptions`.
//!
//! They come a few times a second at most, so none of them is scanned by hand.

use super::decode::VENUE;
use super::levels::head;
use crate::event::{Body, MarketStatus, Shape, Stale};
use crate::types::{InstrumentId, Nanos, Side};
use crate::venue::decode::parts::Parts;
use crate::venue::decode::scan::Scales;
use crate::venue::decode::tape::Fields;
use crate::venue::decode::{Frame, Kind, Wrong};

/// The ticker: its best prices, where their sizes are given (they were not in 2021).
pub(super) fn walk_ticker(
    fields: &Fields<'_, '_>,
    frame: &Frame<'_>,
    parts: &mut Parts,
) -> Result<Kind, Wrong> {
    let instrument = fields.instrument("product_id", VENUE, frame.table, parts)?;
    if fields.get("best_bid_size")?.is_none() || fields.get("best_ask_size")?.is_none() {
        return Ok(Kind::Ticker);
    }
    let scales = Scales::from(instrument);
    let stamp = fields.stamp("time")?;
    parts.open(instrument.id, head(Shape::Top, 0));
    for (side, price, size) in
        [(Side::Bid, "best_bid", "best_bid_size"), (Side::Ask, "best_ask", "best_ask_size")]
    {
        parts.level(scales.level(side, fields.decimal(price)?, fields.decimal(size)?)?);
    }
    parts.close(stamp, None);
    Ok(Kind::Ticker)
}

/// Once a second: the latest sequence of the product's `full` feed and its last trade.
pub(super) fn walk_heartbeat(
    fields: &Fields<'_, '_>,
    frame: &Frame<'_>,
    parts: &mut Parts,
) -> Result<Kind, Wrong> {
    let instrument = fields.instrument("product_id", VENUE, frame.table, parts)?;
    let (id, trade_id) = (fields.count("sequence")?, fields.count("last_trade_id")?);
    parts.event(instrument.id, fields.stamp("time")?, Body::Heartbeat { id, trade_id });
    Ok(Kind::Heartbeat)
}

/// The state of every product, of which only the known ones matter.
pub(super) fn walk_status(
    fields: &Fields<'_, '_>,
    frame: &Frame<'_>,
    parts: &mut Parts,
) -> Result<Kind, Wrong> {
    for product in fields.array("products")?.iter() {
        let product = Fields::of(product, "products")?;
        let Some(known) = frame.table.lookup(VENUE, product.text("id")?.as_bytes()) else {
            continue;
        };
        let status = match product.text("status")? {
            "online" if product.flag("cancel_only")? => MarketStatus::CancelOnly,
            "online" if product.flag("trading_disabled")? => MarketStatus::Halted,
            "online" if product.flag("post_only")? => MarketStatus::PostOnly,
            "online" => MarketStatus::Trading,
            _ => MarketStatus::Halted,
        };
        parts.event(known.id, Nanos::UNKNOWN, Body::Status(status));
    }
    Ok(Kind::Status)
}

/// All that the connection is subscribed to now; true if `full` is among it.
///
/// Without any channel the venue sends nothing more, however well the socket lives.
pub(super) fn walk_subscriptions(
    fields: &Fields<'_, '_>,
    parts: &mut Parts,
) -> Result<bool, Wrong> {
    let channels = fields.array("channels")?;
    let mut full = false;
    for channel in channels.iter() {
        full |= Fields::of(channel, "channels")?.text("name")? == "full";
    }
    let none = Body::Fault(Stale::Unsubscribed);
    let body = if channels.is_empty() { none } else { Body::Subscribed { depth: 0 } };
    parts.event(InstrumentId::ALL, Nanos::UNKNOWN, body);
    Ok(full)
}
