//! `market_trades`: by hand and generally.
//!
//! `side` is the maker's, as on Coinbase Exchange: in the recording of 2026-08-09 all 38 trades
//! marked SELL that met the standing touch did so at the best ask, all 14 marked BUY at the best
//! bid, and none the other way round. So the other side took. An event of the type `snapshot`
//! tells of trades from before the subscription, the newest first. A trade carries its own time.

use super::decode::{is_snapshot, known};
use super::scan::lookup;
use crate::event::{Body, Part, Trade};
use crate::types::Side;
use crate::types::time::StampReader;
use crate::venue::decode::parts::Parts;
use crate::venue::decode::scan::{Scales, Scan};
use crate::venue::decode::tape::{Elements, Fields};
use crate::venue::decode::{Frame, Surprise, Wrong};

/// The maker's words for bid and ask.
const SIDES: [&str; 2] = ["BUY", "SELL"];

/// Scans one trade; true when those of the event have ended.
#[inline]
pub(super) fn scan_trade(
    frame: &Frame<'_>,
    scan: &mut Scan<'_>,
    stamps: &mut StampReader,
    history: bool,
    part: &mut Part,
) -> Result<bool, Surprise> {
    scan.literal(b"{\"product_id\":\"")?;
    let instrument = lookup(frame, scan.text()?)?;
    scan.literal(b",\"trade_id\":\"")?;
    let id = scan.count()?;
    scan.literal(b"\",\"price\":\"")?;
    let price = scan.decimal()?;
    scan.literal(b"\",\"size\":\"")?;
    let qty = scan.decimal()?;
    scan.literal(b"\",\"time\":\"")?;
    let stamp = stamps.rfc3339(scan.text()?).ok_or(Surprise)?;
    let maker = if scan.take(b",\"side\":\"BUY\"}") {
        Side::Bid
    } else {
        scan.literal(b",\"side\":\"SELL\"}")?;
        Side::Ask
    };
    let ended = !scan.take(b",");
    if ended {
        scan.literal(b"]")?;
    }
    let scales = Scales::from(instrument);
    part.event.venue_time = stamp;
    part.event.instrument = instrument.id;
    part.event.body = Body::Trade(Trade {
        price: scales.price(price).map_err(|_| Surprise)?,
        qty: scales.qty(qty).map_err(|_| Surprise)?,
        id,
        aggressor: maker.opposite(),
        history,
    });
    Ok(ended)
}

pub(super) fn walk_trades(
    events: Elements<'_, '_>,
    frame: &Frame<'_>,
    parts: &mut Parts,
) -> Result<(), Wrong> {
    for event in events.iter() {
        let event = Fields::of(event, "events")?;
        let history = is_snapshot(&event)?;
        for trade in event.array("trades")?.iter() {
            let trade = Fields::of(trade, "trades")?;
            let maker = trade.side("side", SIDES)?;
            let (price, qty) = (trade.decimal("price")?, trade.decimal("size")?);
            let (id, stamp) = (trade.count("trade_id")?, trade.stamp("time")?);
            let Some(instrument) = known(&trade, frame, parts)? else {
                continue;
            };
            let level = Scales::from(instrument).level(maker, price, qty)?;
            let trade = Trade {
                price: level.price(),
                qty: level.qty(),
                id,
                aggressor: maker.opposite(),
                history,
            };
            parts.event(instrument.id, stamp, Body::Trade(trade));
        }
    }
    Ok(())
}
