//! `l2_data`: the levels of a book, by hand and generally.
//!
//! Each row names its side, when it changed, the price, and what is left there now; zero removes.
//! The time of a row is not read: the head of the message has one for all.

use super::decode::{is_snapshot, known};
use crate::event::{Body, Levels, PART_LEVELS_MAX, Part, Shape};
use crate::types::{Instrument, InstrumentId, Nanos, Side};
use crate::venue::decode::parts::Parts;
use crate::venue::decode::scan::{Scales, Scan};
use crate::venue::decode::tape::{Elements, Fields};
use crate::venue::decode::{Frame, Surprise, Wrong};

/// The words for bid and ask.
const SIDES: [&str; 2] = ["bid", "offer"];

/// The event of levels that is being scanned.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rows {
    instrument: InstrumentId,
    scales: Scales,
    shape: Shape,
    first: bool,
}

impl Rows {
    #[inline]
    pub(super) fn begin(instrument: &Instrument, shape: Shape) -> Self {
        Self { instrument: instrument.id, scales: Scales::from(instrument), shape, first: true }
    }

    /// Scans rows into one part; true when those of the event have ended.
    #[inline]
    pub(super) fn scan(
        &mut self,
        scan: &mut Scan<'_>,
        part: &mut Part,
        stamp: Nanos,
    ) -> Result<bool, Surprise> {
        let places = part.places();
        let mut count = 0;
        let mut ended = self.first && scan.take(b"]");
        while !ended && count < PART_LEVELS_MAX {
            let side = if scan.take(b"{\"side\":\"bid\",\"event_time\":\"") {
                Side::Bid
            } else {
                scan.literal(b"{\"side\":\"offer\",\"event_time\":\"")?;
                Side::Ask
            };
            scan.text()?;
            scan.literal(b",\"price_level\":\"")?;
            let price = scan.decimal()?;
            scan.literal(b"\",\"new_quantity\":\"")?;
            let qty = scan.decimal()?;
            scan.literal(b"\"}")?;
            places[count] = self.scales.level(side, price, qty).map_err(|_| Surprise)?;
            count += 1;
            if !scan.take(b",") {
                scan.literal(b"]")?;
                ended = true;
            }
        }
        #[expect(clippy::cast_possible_truncation, reason = "at most 28 levels")]
        let count = count as u8;
        part.event.venue_time = if ended { stamp } else { Nanos::UNKNOWN };
        part.event.instrument = self.instrument;
        part.event.body =
            Body::Levels(Levels { first: self.first, last: ended, count, ..head(self.shape) });
        self.first = false;
        Ok(ended)
    }
}

/// The head that a message of levels begins with: the venue numbers messages, not books.
#[inline]
pub(super) const fn head(shape: Shape) -> Levels {
    Levels { shape, first: true, last: false, count: 0, follows: 0, id: 0, checksum: None }
}

pub(super) fn walk_levels(
    events: Elements<'_, '_>,
    stamp: Nanos,
    frame: &Frame<'_>,
    parts: &mut Parts,
) -> Result<(), Wrong> {
    for event in events.iter() {
        let event = Fields::of(event, "events")?;
        let shape = if is_snapshot(&event)? { Shape::Snapshot } else { Shape::Update };
        let rows = event.array("updates")?;
        let Some(instrument) = known(&event, frame, parts)? else {
            continue;
        };
        let scales = Scales::from(instrument);
        parts.open(instrument.id, head(shape));
        for row in rows.iter() {
            let row = Fields::of(row, "updates")?;
            let side = row.side("side", SIDES)?;
            let (price, qty) = (row.decimal("price_level")?, row.decimal("new_quantity")?);
            parts.level(scales.level(side, price, qty)?);
        }
        parts.close(stamp, None);
    }
    Ok(())
}
