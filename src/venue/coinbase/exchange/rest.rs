//! `GET /products/X/book`: the snapshot that the `full` channel is bridged with.
//!
//! Level 3 gives `["price","size","order id"]` rows and becomes orders; levels 1 and 2 give the
//! number of orders in that place and become levels. The answer does not say which it is. When to
//! ask, and which messages of the stream are older than the answer, is for session and book.

use super::levels::walk_sides;
use super::orders::order_key;
use crate::event::{Body, OrderAction, OrderUpdate};
use crate::types::{Instrument, Nanos, Side};
use crate::venue::decode::parts::Parts;
use crate::venue::decode::scan::Scales;
use crate::venue::decode::tape::Fields;
use crate::venue::decode::{Kind, Wrong};

pub(super) fn walk_book(
    fields: &Fields<'_, '_>,
    instrument: &Instrument,
    parts: &mut Parts,
) -> Result<Kind, Wrong> {
    let id = fields.count("sequence")?;
    for name in ["bids", "asks"] {
        if let Some(row) = fields.array(name)?.rows().next() {
            let third = row?.text(2)?;
            if third.parse::<u64>().is_err() {
                return walk_orders(fields, instrument, id, parts);
            }
        }
    }
    // A book without any row is the same at each level: nothing rests there.
    walk_sides(fields, instrument, id, parts)
}

fn walk_orders(
    fields: &Fields<'_, '_>,
    instrument: &Instrument,
    id: u64,
    parts: &mut Parts,
) -> Result<Kind, Wrong> {
    let scales = Scales::from(instrument);
    let mut first = true;
    for (side, name) in [(Side::Bid, "bids"), (Side::Ask, "asks")] {
        for row in fields.array(name)?.rows() {
            let row = row?;
            let key = order_key(row.text(2)?.as_bytes()).ok_or(Wrong::Field("order_id"))?;
            let order = OrderUpdate { key, action: OrderAction::Open, snapshot: true, first, id };
            let level = scales.level(side, row.decimal(0)?, row.decimal(1)?)?;
            parts.order(instrument.id, Nanos::UNKNOWN, Body::Order(order), level);
            first = false;
        }
    }
    Ok(Kind::BookSnapshot)
}
