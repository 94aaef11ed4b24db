//! Rows of a book: `snapshot` and `l2update`, by hand and generally.
//!
//! A snapshot's row is `["price","size"]`, an update's begins with its side; the size is what is
//! left there, and zero removes. A snapshot may begin with either side. What a book makes of the
//! rows is its own business.

use super::decode::{Exchange, SIDES, Stage, VENUE};
use crate::event::{Body, Level, Levels, PART_LEVELS_MAX, Part, Shape};
use crate::types::{Instrument, InstrumentId, Nanos, Side};
use crate::venue::decode::parts::Parts;
use crate::venue::decode::scan::{Scales, Scan};
use crate::venue::decode::tape::{Fields, side};
use crate::venue::decode::{Frame, Kind, Scanned, Surprise, Wrong};

/// The message of levels that is being scanned.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rows {
    instrument: InstrumentId,
    scales: Scales,
    shape: Shape,
    /// The side of a snapshot's rows; an update's rows name their own.
    side: Side,
    /// How many sides of a snapshot have ended.
    sides_ended: u8,
    first: bool,
}

impl Rows {
    #[inline]
    pub(super) fn begin(instrument: &Instrument, shape: Shape, side: Side) -> Self {
        let scales = Scales::from(instrument);
        Self { instrument: instrument.id, scales, shape, side, sides_ended: 0, first: true }
    }

    /// Scans one row: a snapshot's `["p","q"]`, or an update's, which begins with its side.
    #[inline(always)]
    fn row(&self, scan: &mut Scan<'_>) -> Result<Level, Surprise> {
        let side = match self.shape {
            Shape::Snapshot => {
                scan.literal(b"[\"")?;
                self.side
            }
            _ if scan.take(b"[\"buy\",\"") => Side::Bid,
            _ => {
                scan.literal(b"[\"sell\",\"")?;
                Side::Ask
            }
        };
        let price = scan.decimal()?;
        scan.literal(b"\",\"")?;
        let qty = scan.decimal()?;
        scan.literal(b"\"]")?;
        self.scales.level(side, price, qty).map_err(|_| Surprise)
    }

    /// Steps over what follows a row; true when the rows of the whole message have ended.
    #[inline(always)]
    fn ended(&mut self, scan: &mut Scan<'_>) -> Result<bool, Surprise> {
        if scan.take(b",") {
            return Ok(false);
        }
        scan.literal(b"]")?;
        if self.shape == Shape::Update || self.sides_ended == 1 {
            return Ok(true);
        }
        self.sides_ended = 1;
        self.side = self.side.opposite();
        scan.literal(if self.side == Side::Ask { b",\"asks\":[" } else { b",\"bids\":[" })?;
        Ok(scan.take(b"]"))
    }

    /// Whether there is no row at all; steps over the empty sides.
    #[inline(always)]
    fn none(&mut self, scan: &mut Scan<'_>) -> Result<bool, Surprise> {
        if scan.peek() == Some(b']') { self.ended(scan) } else { Ok(false) }
    }
}

impl Exchange {
    /// Scans an update from its symbol on.
    #[inline]
    pub(super) fn scan_update(
        &mut self,
        frame: &Frame<'_>,
        mut scan: Scan<'_>,
        part: &mut Part,
    ) -> Result<Scanned, Surprise> {
        let instrument = self.named.scan(&mut scan, frame.table)?;
        scan.literal(b",\"changes\":[")?;
        self.scan_rows(frame, scan, Rows::begin(instrument, Shape::Update, Side::Bid), part)
    }

    /// Scans a snapshot from its symbol on; either side may come first.
    pub(super) fn scan_snapshot(
        &mut self,
        frame: &Frame<'_>,
        mut scan: Scan<'_>,
        part: &mut Part,
    ) -> Result<Scanned, Surprise> {
        let instrument = self.named.scan(&mut scan, frame.table)?;
        let side = if scan.take(b",\"asks\":[") {
            Side::Ask
        } else {
            scan.literal(b",\"bids\":[")?;
            Side::Bid
        };
        self.scan_more(frame, scan, Rows::begin(instrument, Shape::Snapshot, side), part)
    }

    /// As [`Self::scan_rows`], for any rows.
    #[inline(never)]
    pub(super) fn scan_more(
        &mut self,
        frame: &Frame<'_>,
        scan: Scan<'_>,
        rows: Rows,
        part: &mut Part,
    ) -> Result<Scanned, Surprise> {
        self.scan_rows(frame, scan, rows, part)
    }

    /// Scans rows into one part; behind the last one, the rest of the message. Made twice, so that
    /// one of the two knows that it is at the first row of an update.
    #[inline(always)]
    fn scan_rows(
        &mut self,
        frame: &Frame<'_>,
        mut scan: Scan<'_>,
        mut rows: Rows,
        part: &mut Part,
    ) -> Result<Scanned, Surprise> {
        let places = part.places();
        let mut count = 0;
        let mut ended = rows.first && rows.none(&mut scan)?;
        while !ended && count < PART_LEVELS_MAX {
            places[count] = rows.row(&mut scan)?;
            count += 1;
            ended = rows.ended(&mut scan)?;
        }
        let mut venue_time = Nanos::UNKNOWN;
        if ended {
            if scan.take(b",\"time\":\"") {
                venue_time = scan.stamp(&mut self.stamps)?;
            } else if rows.shape == Shape::Update {
                return Err(Surprise);
            }
            scan.literal(b"}")?;
            scan.end()?;
        }
        #[expect(clippy::cast_possible_truncation, reason = "at most 28 levels")]
        let count = count as u8;
        part.event.received = frame.origin.received;
        part.event.venue_time = venue_time;
        part.event.instrument = rows.instrument;
        part.event.body =
            Body::Levels(Levels { first: rows.first, last: ended, count, ..head(rows.shape, 0) });
        if ended {
            let update = rows.shape == Shape::Update;
            let kind = if update { Kind::BookUpdate } else { Kind::BookSnapshot };
            return Ok(Scanned::LastPart(kind));
        }
        rows.first = false;
        self.at = scan.place();
        self.stage = Stage::Rows(rows);
        Ok(Scanned::Part)
    }
}

/// The head that a message of levels begins with.
#[inline]
pub(super) const fn head(shape: Shape, id: u64) -> Levels {
    Levels { shape, first: true, last: false, count: 0, follows: 0, id, checksum: None }
}

pub(super) fn walk_update(
    fields: &Fields<'_, '_>,
    frame: &Frame<'_>,
    parts: &mut Parts,
) -> Result<Kind, Wrong> {
    let instrument = fields.instrument("product_id", VENUE, frame.table, parts)?;
    let scales = Scales::from(instrument);
    let stamp = fields.stamp("time")?;
    parts.open(instrument.id, head(Shape::Update, 0));
    for change in fields.array("changes")?.rows() {
        let change = change?;
        let side = side(change.text(0)?, "side", SIDES)?;
        parts.level(scales.level(side, change.decimal(1)?, change.decimal(2)?)?);
    }
    parts.close(stamp, None);
    Ok(Kind::BookUpdate)
}

pub(super) fn walk_snapshot(
    fields: &Fields<'_, '_>,
    frame: &Frame<'_>,
    parts: &mut Parts,
) -> Result<Kind, Wrong> {
    let instrument = fields.instrument("product_id", VENUE, frame.table, parts)?;
    walk_sides(fields, instrument, 0, parts)
}

/// A whole book of `["price","size",…]` rows under `bids` and `asks`.
pub(super) fn walk_sides(
    fields: &Fields<'_, '_>,
    instrument: &Instrument,
    id: u64,
    parts: &mut Parts,
) -> Result<Kind, Wrong> {
    let scales = Scales::from(instrument);
    let (bids, asks) = (fields.array("bids")?, fields.array("asks")?);
    parts.open(instrument.id, head(Shape::Snapshot, id));
    // In the order of the text, as the scanner meets them.
    for (key, _) in fields.iter() {
        let (side, rows) = match key {
            "bids" => (Side::Bid, &bids),
            "asks" => (Side::Ask, &asks),
            _ => continue,
        };
        for row in rows.rows() {
            let row = row?;
            parts.level(scales.level(side, row.decimal(0)?, row.decimal(1)?)?);
        }
    }
    // A snapshot of the stream had no stamp in 2021; those of REST have one today.
    let stamp = match fields.get("time")? {
        Some(_) => fields.stamp("time")?,
        None => Nanos::UNKNOWN,
    };
    parts.close(stamp, None);
    Ok(Kind::BookSnapshot)
}
