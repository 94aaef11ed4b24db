//! `ticker`: the best bid and ask with their quantities, by hand and generally.
//!
//! They are as old as the ticker and change no book. The rest of a ticker is not read.

use super::decode::known;
use super::levels::head;
use super::scan::lookup;
use crate::event::{Body, Levels, Part, Shape};
use crate::types::{Nanos, Side};
use crate::venue::decode::parts::Parts;
use crate::venue::decode::scan::{Scales, Scan};
use crate::venue::decode::tape::{Elements, Fields};
use crate::venue::decode::{Frame, Surprise, Wrong};

/// The texts between a ticker's product and its best prices, in the recorded order.
const STEPPED_OVER: [&[u8]; 7] = [
    b",\"price\":\"",
    b",\"volume_24_h\":\"",
    b",\"low_24_h\":\"",
    b",\"high_24_h\":\"",
    b",\"low_52_w\":\"",
    b",\"high_52_w\":\"",
    b",\"price_percent_chg_24_h\":\"",
];

/// Scans one ticker; true when those of the event have ended.
#[inline]
pub(super) fn scan_ticker(
    frame: &Frame<'_>,
    scan: &mut Scan<'_>,
    stamp: Nanos,
    part: &mut Part,
) -> Result<bool, Surprise> {
    scan.literal(b"{\"type\":\"ticker\",\"product_id\":\"")?;
    let instrument = lookup(frame, scan.text()?)?;
    for name in STEPPED_OVER {
        scan.words(name)?;
        scan.text()?;
    }
    scan.literal(b",\"best_bid\":\"")?;
    let bid = scan.decimal()?;
    scan.literal(b"\",\"best_ask\":\"")?;
    let ask = scan.decimal()?;
    scan.literal(b"\",\"best_bid_quantity\":\"")?;
    let bid_qty = scan.decimal()?;
    scan.literal(b"\",\"best_ask_quantity\":\"")?;
    let ask_qty = scan.decimal()?;
    scan.literal(b"\"}")?;
    let ended = !scan.take(b",");
    if ended {
        scan.literal(b"]")?;
    }
    let scales = Scales::from(instrument);
    let places = part.places();
    places[0] = scales.level(Side::Bid, bid, bid_qty).map_err(|_| Surprise)?;
    places[1] = scales.level(Side::Ask, ask, ask_qty).map_err(|_| Surprise)?;
    part.event.venue_time = stamp;
    part.event.instrument = instrument.id;
    part.event.body = Body::Levels(Levels { last: true, count: 2, ..head(Shape::Top) });
    Ok(ended)
}

pub(super) fn walk_tickers(
    events: Elements<'_, '_>,
    stamp: Nanos,
    frame: &Frame<'_>,
    parts: &mut Parts,
) -> Result<(), Wrong> {
    for event in events.iter() {
        for ticker in Fields::of(event, "events")?.array("tickers")?.iter() {
            let ticker = Fields::of(ticker, "tickers")?;
            let (bid, ask) = (ticker.decimal("best_bid")?, ticker.decimal("best_ask")?);
            let bid_qty = ticker.decimal("best_bid_quantity")?;
            let ask_qty = ticker.decimal("best_ask_quantity")?;
            let Some(instrument) = known(&ticker, frame, parts)? else {
                continue;
            };
            let scales = Scales::from(instrument);
            parts.open(instrument.id, head(Shape::Top));
            parts.level(scales.level(Side::Bid, bid, bid_qty)?);
            parts.level(scales.level(Side::Ask, ask, ask_qty)?);
            parts.close(stamp, None);
        }
    }
    Ok(())
}
