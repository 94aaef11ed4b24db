//! Binance's streams by hand: diff depth, trades, aggregated trades, the best bid and ask, and the
//! REST snapshot that diff depth is bridged with.
//!
//! Of the protocol's traps: a depth message follows `U` − 1 on spot, but `pu` on futures; `m` says
//! that the *buyer* was the maker; spot's `bookTicker` names neither its type nor a time; the REST
//! answer does not name its symbol; symbols in stream names are lower case, in `s` upper case.
//! Whether a message follows the one before is the book's to judge.

use crate::event::{Body, Levels, PART_LEVELS_MAX, Part, Shape};
use crate::types::{Instrument, InstrumentId, Nanos, Side, Venue};
use crate::venue::decode::named::LastNamed;
use crate::venue::decode::parts::Parts;
use crate::venue::decode::scan::{Scales, Scan};
use crate::venue::decode::tape::Value;
use crate::venue::decode::{Frame, Grammar, Kind, Scanned, Surprise, Wrong, culprit_by_key};

/// How a REST answer to `depth` begins.
const REST_DEPTH: &[u8] = b"{\"lastUpdateId\":";

/// Whether these bytes are a REST answer to `depth`, which some recordings hold among the stream's
/// messages: the reader has to say whose it is.
#[must_use]
pub fn is_rest_depth(bytes: &[u8]) -> bool {
    bytes.starts_with(REST_DEPTH)
}

/// The message of levels that is being scanned.
#[derive(Debug, Clone, Copy)]
struct Rows {
    instrument: InstrumentId,
    scales: Scales,
    shape: Shape,
    side: Side,
    follows: u64,
    id: u64,
    venue_time: Nanos,
    first: bool,
}

/// Reads the streams of one connection.
#[derive(Debug)]
pub struct Binance {
    pub(super) venue: Venue,
    named: LastNamed,
    /// Where the scan of the frame stopped.
    at: usize,
    rows: Option<Rows>,
    /// The frame is a combined stream's: `{"stream":…,"data":…}`.
    wrapped: bool,
}

impl Binance {
    /// The grammar of spot or of USD-M futures.
    ///
    /// # Panics
    /// It is another venue: our own fault.
    #[must_use]
    pub fn new(venue: Venue) -> Self {
        assert!(matches!(venue, Venue::BinanceSpot | Venue::BinanceUsdm));
        Self { venue, named: LastNamed::new(venue), at: 0, rows: None, wrapped: false }
    }
}

impl Grammar for Binance {
    // Ids belong to the books, not to the connection.
    fn connected(&mut self) {}

    #[inline]
    fn begin(&mut self) {
        self.at = 0;
        self.rows = None;
        self.wrapped = false;
    }

    #[inline]
    fn scan(&mut self, frame: &Frame<'_>, part: &mut Part) -> Result<Scanned, Surprise> {
        let mut scan = Scan::at(frame.bytes, self.at);
        if let Some(rows) = self.rows {
            return self.scan_rows(rows, frame, scan, part);
        }
        if let Some(id) = frame.origin.rest {
            return self.scan_snapshot(id, frame, scan, part);
        }
        self.wrapped = scan.take(b"{\"stream\":\"");
        if self.wrapped {
            scan.text()?;
            scan.literal(b",\"data\":")?;
        }
        if scan.take(b"{\"u\":") {
            return self.scan_top(frame, scan, part);
        }
        scan.literal(b"{\"e\":\"")?;
        if scan.take(b"bookTicker\",\"u\":") {
            self.scan_top(frame, scan, part)
        } else if scan.take(b"trade\",\"E\":") {
            self.scan_trade(frame, scan, part)
        } else if scan.take(b"depthUpdate\",\"E\":") {
            self.scan_depth(frame, scan, part)
        } else if scan.take(b"aggTrade\",\"E\":") {
            self.scan_aggregate(frame, scan, part)
        } else {
            Err(Surprise)
        }
    }

    fn walk(
        &mut self,
        frame: &Frame<'_>,
        message: Value<'_, '_>,
        parts: &mut Parts,
    ) -> Result<Kind, Wrong> {
        super::walk::message(self.venue, frame, message, parts)
    }

    fn culprit(&self, frame: &Frame<'_>) -> InstrumentId {
        culprit_by_key(frame, self.venue, b"\"s\":")
    }
}

/// A stamp in milliseconds, or in microseconds where the connection asked for them: the two differ
/// by three digits until the year 5138.
#[inline]
pub(super) fn stamp(count: u64) -> Option<Nanos> {
    let nanos = if count < 100_000_000_000_000 { 1_000_000 } else { 1000 };
    i64::try_from(count).ok()?.checked_mul(nanos).map(Nanos)
}

#[inline]
pub(super) fn scan_stamp(scan: &mut Scan<'_>) -> Result<Nanos, Surprise> {
    stamp(scan.count()?).ok_or(Surprise)
}

impl Rows {
    /// Steps over what follows a row; true when the rows of the whole message have ended.
    #[inline]
    fn ended(&mut self, scan: &mut Scan<'_>) -> Result<bool, Surprise> {
        if scan.take(b",") {
            return Ok(false);
        }
        scan.literal(b"]")?;
        if self.side == Side::Ask {
            return Ok(true);
        }
        self.side = Side::Ask;
        if self.shape == Shape::Update {
            scan.literal(b",\"a\":[")?;
        } else {
            scan.literal(b",\"asks\":[")?;
        }
        if scan.peek() == Some(b']') { self.ended(scan) } else { Ok(false) }
    }
}

impl Binance {
    /// Steps over the end of the message, its wrapping included.
    #[inline]
    pub(super) fn scan_end(&self, mut scan: Scan<'_>) -> Result<(), Surprise> {
        if self.wrapped {
            scan.literal(b"}}")?;
        } else {
            scan.literal(b"}")?;
        }
        scan.end()
    }

    #[inline]
    pub(super) fn scan_symbol<'a>(
        &mut self,
        frame: &Frame<'a>,
        scan: &mut Scan<'_>,
    ) -> Result<&'a Instrument, Surprise> {
        scan.literal(b",\"s\":\"")?;
        self.named.scan(scan, frame.table)
    }

    /// Scans the head of a diff of the book, then its rows.
    fn scan_depth(
        &mut self,
        frame: &Frame<'_>,
        mut scan: Scan<'_>,
        part: &mut Part,
    ) -> Result<Scanned, Surprise> {
        let mut venue_time = scan_stamp(&mut scan)?;
        if scan.take(b",\"T\":") {
            venue_time = scan_stamp(&mut scan)?;
        }
        let instrument = self.scan_symbol(frame, &mut scan)?;
        scan.literal(b",\"U\":")?;
        let begin = scan.count()?;
        scan.literal(b",\"u\":")?;
        let id = scan.count()?;
        let follows = if self.venue == Venue::BinanceUsdm {
            scan.literal(b",\"pu\":")?;
            scan.count()?
        } else {
            begin.checked_sub(1).ok_or(Surprise)?
        };
        scan.literal(b",\"b\":[")?;
        let rows = Rows {
            instrument: instrument.id,
            scales: Scales::from(instrument),
            shape: Shape::Update,
            side: Side::Bid,
            follows,
            id,
            venue_time,
            first: true,
        };
        self.scan_rows(rows, frame, scan, part)
    }

    /// Scans the head of a REST answer, then its rows.
    fn scan_snapshot(
        &mut self,
        instrument: InstrumentId,
        frame: &Frame<'_>,
        mut scan: Scan<'_>,
        part: &mut Part,
    ) -> Result<Scanned, Surprise> {
        scan.words(REST_DEPTH)?;
        let id = scan.count()?;
        let mut venue_time = Nanos::UNKNOWN;
        if scan.take(b",\"E\":") {
            scan_stamp(&mut scan)?;
            scan.literal(b",\"T\":")?;
            venue_time = scan_stamp(&mut scan)?;
        }
        scan.literal(b",\"bids\":[")?;
        let rows = Rows {
            instrument,
            scales: Scales::from(frame.table.get(instrument)),
            shape: Shape::Snapshot,
            side: Side::Bid,
            follows: 0,
            id,
            venue_time,
            first: true,
        };
        self.scan_rows(rows, frame, scan, part)
    }

    /// Scans rows into one part; behind the last one, the end of the message.
    #[inline]
    fn scan_rows(
        &mut self,
        mut rows: Rows,
        frame: &Frame<'_>,
        mut scan: Scan<'_>,
        part: &mut Part,
    ) -> Result<Scanned, Surprise> {
        let places = part.places();
        let mut count = 0;
        let mut ended = rows.first && scan.peek() == Some(b']') && rows.ended(&mut scan)?;
        while !ended && count < PART_LEVELS_MAX {
            scan.literal(b"[\"")?;
            let price = scan.decimal()?;
            scan.literal(b"\",\"")?;
            let qty = scan.decimal()?;
            scan.literal(b"\"]")?;
            places[count] = rows.scales.level(rows.side, price, qty).map_err(|_| Surprise)?;
            count += 1;
            ended = rows.ended(&mut scan)?;
        }
        if ended {
            self.scan_end(scan)?;
        }
        #[expect(clippy::cast_possible_truncation, reason = "at most 28 levels")]
        let count = count as u8;
        part.event.received = frame.origin.received;
        part.event.venue_time = if ended { rows.venue_time } else { Nanos::UNKNOWN };
        part.event.instrument = rows.instrument;
        part.event.body = Body::Levels(Levels {
            shape: rows.shape,
            first: rows.first,
            last: ended,
            count,
            follows: rows.follows,
            id: rows.id,
            checksum: None,
        });
        if ended {
            let snapshot = rows.shape == Shape::Snapshot;
            return Ok(Scanned::LastPart(if snapshot {
                Kind::BookSnapshot
            } else {
                Kind::BookUpdate
            }));
        }
        rows.first = false;
        self.rows = Some(rows);
        self.at = scan.place();
        Ok(Scanned::Part)
    }

    /// Scans the best bid and ask; spot gives no time.
    fn scan_top(
        &mut self,
        frame: &Frame<'_>,
        mut scan: Scan<'_>,
        part: &mut Part,
    ) -> Result<Scanned, Surprise> {
        let id = scan.count()?;
        let instrument = self.scan_symbol(frame, &mut scan)?;
        let scales = Scales::from(instrument);
        scan.literal(b",\"b\":\"")?;
        let price = scan.decimal()?;
        scan.literal(b"\",\"B\":\"")?;
        let qty = scan.decimal()?;
        let bid = scales.level(Side::Bid, price, qty).map_err(|_| Surprise)?;
        scan.literal(b"\",\"a\":\"")?;
        let price = scan.decimal()?;
        scan.literal(b"\",\"A\":\"")?;
        let qty = scan.decimal()?;
        let ask = scales.level(Side::Ask, price, qty).map_err(|_| Surprise)?;
        scan.literal(b"\"")?;
        let mut venue_time = Nanos::UNKNOWN;
        if scan.take(b",\"T\":") {
            venue_time = scan_stamp(&mut scan)?;
            scan.literal(b",\"E\":")?;
            scan_stamp(&mut scan)?;
        }
        self.scan_end(scan)?;
        part.places()[..2].copy_from_slice(&[bid, ask]);
        part.event.received = frame.origin.received;
        part.event.venue_time = venue_time;
        part.event.instrument = instrument.id;
        part.event.body = Body::Levels(Levels {
            shape: Shape::Top,
            first: true,
            last: true,
            count: 2,
            follows: 0,
            id,
            checksum: None,
        });
        Ok(Scanned::LastPart(Kind::BookTop))
    }
}
