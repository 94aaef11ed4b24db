//! Kraken: one grammar for both versions of the feed, and what the two share.
//!
//! A data message of v1 begins with `[`; one of v2 is an object with `channel` or `method`, an
//! event of v1 an object with `event`. Of the protocol's traps: there is no sequence, so the
//! checksum is the only gap detector; it is over the *text* of the numbers, so a checksum leaves
//! here with the digits behind the point that its message's levels had; `side` of a trade is the
//! taker's; a refused subscription goes on with heartbeats and an empty book.
//!
//! The checksum is not computed here and the book not cut to its depth: both are the book's, which
//! is told the depth by [`Body::Subscribed { depth: 0 }`].

use super::{v1, v2};
use crate::event::{Body, Checksum, Level, Levels, MarketStatus, Part, Shape, Stale};
use crate::types::time::StampReader;
use crate::types::{Decimal, Instrument, InstrumentId, InstrumentTable, Nanos, Side, Venue};
use crate::venue::decode::named::LastNamed;
use crate::venue::decode::parts::Parts;
use crate::venue::decode::scan::{Scales, Scan};
use crate::venue::decode::tape::{Fields, Value};
use crate::venue::decode::{Frame, Grammar, Kind, Scanned, Surprise, Wrong, culprit_by_key};

pub(super) const VENUE: Venue = Venue::Kraken;

/// Reads the feed of one connection.
#[derive(Debug)]
pub struct Kraken {
    pub(super) cursor: Cursor,
    pub(super) stamps: StampReader,
    pub(super) named: LastNamed,
    /// What is known of each instrument's book, by its number.
    known: Vec<Known>,
}

/// What the messages of a connection have said of a book.
#[derive(Debug, Clone, Copy, Default)]
struct Known {
    digits: Option<Digits>,
    /// The number of its book channel in v1.
    channel: Option<u64>,
}

/// Where the scan of a frame stopped.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor {
    pub(super) at: usize,
    pub(super) open: Open,
}

/// The message that is being scanned.
#[derive(Debug, Clone, Copy)]
pub(super) enum Open {
    /// None: the scan stands at the head.
    Head,
    /// A book of v1 or v2.
    BookV1(Rows),
    BookV2(Rows),
    /// Trades of one instrument.
    TradesV1(InstrumentId),
    /// Trades that name their instruments themselves.
    TradesV2,
}

/// The levels of a book message as they are read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rows {
    pub(super) instrument: InstrumentId,
    pub(super) scales: Scales,
    pub(super) shape: Shape,
    /// The side of the rows that are being read.
    pub(super) side: Side,
    pub(super) first: bool,
    digits: Option<Digits>,
    /// The latest time of a level; v2 has one for the whole message.
    pub(super) venue_time: Nanos,
}

/// How many digits stand behind the point of a message's prices and quantities.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Digits {
    price: u8,
    qty: u8,
}

impl Default for Kraken {
    fn default() -> Self {
        Self {
            cursor: Cursor { at: 0, open: Open::Head },
            stamps: StampReader::default(),
            named: LastNamed::new(VENUE),
            known: Vec::with_capacity(InstrumentTable::INSTRUMENTS_MAX),
        }
    }
}

impl Grammar for Kraken {
    fn connected(&mut self) {
        self.known.clear();
    }

    #[inline]
    fn begin(&mut self) {
        self.cursor = Cursor { at: 0, open: Open::Head };
    }

    #[inline]
    fn scan(&mut self, frame: &Frame<'_>, part: &mut Part) -> Result<Scanned, Surprise> {
        let scan = Scan::at(frame.bytes, self.cursor.at);
        match self.cursor.open {
            Open::Head if scan.peek() == Some(b'[') => v1::scan(self, frame, scan, part),
            Open::Head => v2::scan(self, frame, scan, part),
            Open::BookV1(rows) => v1::scan_book(self, frame, scan, rows, part),
            Open::BookV2(rows) => v2::scan_book(self, frame, scan, rows, part),
            Open::TradesV1(instrument) => v1::scan_trade(self, frame, scan, instrument, part),
            Open::TradesV2 => v2::scan_trade(self, frame, scan, part),
        }
    }

    fn walk(
        &mut self,
        frame: &Frame<'_>,
        message: Value<'_, '_>,
        parts: &mut Parts,
    ) -> Result<Kind, Wrong> {
        let Ok(fields) = Fields::of(message, "message") else {
            return v1::walk_data(self, frame, message, parts);
        };
        if fields.get("event")?.is_some() {
            v1::walk_event(self, &fields, frame, parts)
        } else {
            v2::walk(self, &fields, frame, parts)
        }
    }

    fn culprit(&self, frame: &Frame<'_>) -> InstrumentId {
        if frame.bytes.starts_with(b"[") {
            return v1::culprit(frame, |channel| self.of_channel(channel));
        }
        let named =
            |key| Some(culprit_by_key(frame, VENUE, key)).filter(|id| *id != InstrumentId::ALL);
        named(b"\"symbol\":").or(named(b"\"pair\":")).unwrap_or(InstrumentId::ALL)
    }
}

impl Kraken {
    fn known(&mut self, id: InstrumentId) -> &mut Known {
        if self.known.len() <= id.index() {
            self.known.resize(id.index() + 1, Known::default());
        }
        &mut self.known[id.index()]
    }

    /// Remembers that v1 sends the instrument's book under that channel number.
    pub(super) fn note_channel(&mut self, id: InstrumentId, channel: u64) {
        for other in self.known.iter_mut().filter(|known| known.channel == Some(channel)) {
            other.channel = None;
        }
        self.known(id).channel = Some(channel);
    }

    fn of_channel(&self, channel: u64) -> Option<InstrumentId> {
        let place = self.known.iter().position(|known| known.channel == Some(channel))?;
        u16::try_from(place).ok().map(InstrumentId)
    }

    /// Ends a message: remembers its digits, and joins them to its checksum if it has one. A
    /// message without levels takes the digits that were seen last, or else the instrument's own.
    #[inline]
    pub(super) fn checksum(&mut self, rows: &Rows, crc: Option<u32>) -> Option<Checksum> {
        let known = &mut self.known(rows.instrument).digits;
        if rows.digits.is_some() {
            *known = rows.digits;
        }
        let (tick, lot) = (rows.scales.tick.decimals(), rows.scales.lot.decimals());
        let Digits { price, qty } = known.unwrap_or(Digits { price: tick, qty: lot });
        crc.map(|crc| Checksum::new(crc, price, qty))
    }
}

impl Rows {
    #[inline]
    pub(super) fn begin(instrument: &Instrument, shape: Shape, side: Side) -> Self {
        Self {
            instrument: instrument.id,
            scales: Scales::from(instrument),
            shape,
            side,
            first: true,
            digits: None,
            venue_time: Nanos::UNKNOWN,
        }
    }

    /// The head of these levels' first part.
    pub(super) fn head(&self) -> Levels {
        levels_head(self.shape)
    }

    /// A level of the wire, whose digits must be as many as the other levels' of the message.
    #[inline]
    pub(super) fn level(&mut self, price: Decimal, qty: Decimal) -> Result<Level, Wrong> {
        let digits = Digits { price: price.decimals, qty: qty.decimals };
        if *self.digits.get_or_insert(digits) != digits {
            return Err(Wrong::MixedDecimals);
        }
        self.scales.level(self.side, price, qty)
    }

    /// Completes a part whose levels stand in their places; the stamp and the checksum are those
    /// of the whole message and belong to its last part only.
    #[inline]
    pub(super) fn set(
        &self,
        part: &mut Part,
        received: Nanos,
        count: usize,
        last: Option<(Nanos, Option<Checksum>)>,
    ) {
        #[expect(clippy::cast_possible_truncation, reason = "at most 28 levels")]
        let count = count as u8;
        let (venue_time, checksum) = last.unwrap_or((Nanos::UNKNOWN, None));
        part.event.received = received;
        part.event.venue_time = venue_time;
        part.event.instrument = self.instrument;
        part.event.body = Body::Levels(Levels {
            shape: self.shape,
            first: self.first,
            last: last.is_some(),
            count,
            follows: 0,
            id: 0,
            checksum,
        });
    }

    pub(super) const fn kind(&self) -> Kind {
        match self.shape {
            Shape::Snapshot => Kind::BookSnapshot,
            _ => Kind::BookUpdate,
        }
    }
}

fn levels_head(shape: Shape) -> Levels {
    Levels { shape, first: true, last: false, count: 0, follows: 0, id: 0, checksum: None }
}

/// The instrument of that name; one that is not in the table is noted.
pub(super) fn instrument<'a>(
    frame: &Frame<'a>,
    name: &str,
    parts: &mut Parts,
) -> Result<&'a Instrument, Wrong> {
    frame.table.lookup(VENUE, name.as_bytes()).ok_or_else(|| {
        parts.note_unknown(name.as_bytes());
        Wrong::UnknownSymbol
    })
}

/// The best prices that a ticker gives. Kraken writes an empty side as a price of zero.
pub(super) fn walk_top(
    instrument: &Instrument,
    stamp: Nanos,
    best: [(Side, Decimal, Decimal); 2],
    parts: &mut Parts,
) -> Result<(), Wrong> {
    let scales = Scales::from(instrument);
    parts.open(instrument.id, levels_head(Shape::Top));
    for (side, price, qty) in best.into_iter().filter(|(_, price, _)| price.mantissa != 0) {
        parts.level(scales.level(side, price, qty)?);
    }
    parts.close(stamp, None);
    Ok(())
}

/// The words of both versions for the state of the venue or of an instrument.
///
/// Limit orders are all we send; what trades only to reduce margin positions takes none of ours.
pub(super) fn market_status(word: &str) -> MarketStatus {
    match word {
        "online" | "limit_only" => MarketStatus::Trading,
        "post_only" => MarketStatus::PostOnly,
        "cancel_only" | "reduce_only" => MarketStatus::CancelOnly,
        _ => MarketStatus::Halted,
    }
}

/// The venue is alive.
pub(super) fn alive(parts: &mut Parts) -> Kind {
    let body = Body::Heartbeat { id: 0, trade_id: 0 };
    parts.event(InstrumentId::ALL, Nanos::UNKNOWN, body);
    Kind::Heartbeat
}

/// The venue refused or ended a subscription: of the instrument that it names, or else of all.
pub(super) fn unsubscribed(
    frame: &Frame<'_>,
    name: Option<&str>,
    parts: &mut Parts,
) -> Result<(), Wrong> {
    let id = match name {
        Some(name) => instrument(frame, name, parts)?.id,
        None => InstrumentId::ALL,
    };
    parts.event(id, Nanos::UNKNOWN, Body::Fault(Stale::Unsubscribed));
    Ok(())
}
