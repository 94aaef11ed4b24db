//! Recordings played through the decoders into books.
//!
//! A replay is what the tape tool, the tests and the engine's replay mode share. It takes
//! instruments as given or surveys the recording for them, keeps a decoder for each file (a file is
//! a connection), and judges silence by the records' own stamps. What is printed of it is not known
//! here.

mod error;

pub use error::ReplayError;

use super::played_events::{self, PlayedEvents};
use super::survey::{Known, Survey, survey_with};
use super::{Kind, Record, Tape};
use crate::engine::book::{BookParams, Books, Rules, WireScales};
use crate::event::{Body, Event, Level, Part, Stale};
use crate::types::{Instrument, InstrumentId, InstrumentTable, Nanos, Symbol, Venue};
use crate::venue::binance::decode::is_rest_depth;
use crate::venue::decode::{Counts, Frame, Next, Origin, Wrong};
use crate::venue::decoder::VenueDecoder;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The frame of a record, or nothing if no venue's message is in it.
#[must_use]
pub fn frame_of<'a>(
    venue: Venue,
    record: &Record<'a>,
    table: &'a InstrumentTable,
) -> Option<Frame<'a>> {
    let received = record.received;
    let rest = match record.kind {
        Kind::Rest => Some(book_of_address(venue, record.tag, table)?),
        // One recorder kept the snapshot without its address; it holds one instrument only.
        Kind::Received if is_bare_snapshot(venue, record.payload) => Some(sole(table)?),
        Kind::Received => None,
        Kind::Sent | Kind::Up | Kind::Down | Kind::Note => return None,
    };
    let tag = if record.kind == Kind::Rest { b"" } else { record.tag };
    let origin = Origin { received, rest: rest.map(|instrument| instrument.id), tag };
    Some(Frame { bytes: record.payload, origin, table })
}

fn is_bare_snapshot(venue: Venue, payload: &[u8]) -> bool {
    matches!(venue, Venue::BinanceSpot | Venue::BinanceUsdm) && is_rest_depth(payload)
}

fn sole(table: &InstrumentTable) -> Option<&Instrument> {
    let mut all = table.iter();
    all.next().filter(|_| all.next().is_none())
}

/// The instrument whose book an address asks for: `…/depth?symbol=X&…`, `…/products/X/book?…`.
fn book_of_address<'a>(
    venue: Venue,
    address: &[u8],
    table: &'a InstrumentTable,
) -> Option<&'a Instrument> {
    let address = std::str::from_utf8(address).ok()?;
    let symbol = match venue {
        Venue::BinanceSpot | Venue::BinanceUsdm => {
            let (_, query) = address.split_once("/depth?")?;
            query.split('&').find_map(|pair| pair.strip_prefix("symbol="))?
        }
        Venue::CoinbaseExchange => {
            let (_, rest) = address.split_once("/products/")?;
            rest.split_once("/book")?.0
        }
        Venue::CoinbaseAdvanced | Venue::Kraken | Venue::Bitstamp | Venue::Simulated => {
            return None;
        }
    };
    table.lookup(venue, symbol.as_bytes())
}

/// Recordings on their way through decoders into books, or a packed file on its way into books.
#[derive(Debug)]
pub struct Replay {
    venue: Venue,
    /// Empty where a packed file is played.
    tape: Tape,
    packed: Option<PlayedEvents>,
    utc: bool,
    /// When the message was received that was played last, if what was played is one.
    message: Option<Nanos>,
    unknown_symbols: BTreeMap<Symbol, u64>,
    table: InstrumentTable,
    decoders: Vec<VenueDecoder>,
    /// Files that have shown a frame: a new connection of theirs is a reconnect.
    begun: Vec<bool>,
    books: Books,
    part: Part,
    /// Faults that were laid to every instrument at once, by [`Stale`].
    common_faults: [u64; Stale::ALL.len()],
    /// REST answers that are no book.
    other_answers: u64,
}

/// Books for the instruments of a survey.
#[must_use]
pub fn books_of(venue: Venue, survey: &Survey) -> Books {
    let mut books = Books::new(Rules::of(venue).silence_max);
    for params in book_params(venue, survey) {
        books.add(&params);
    }
    books
}

/// What the books of a survey are made with, by instrument.
pub fn book_params(venue: Venue, survey: &Survey) -> impl Iterator<Item = BookParams> {
    let mut rules = Rules::of(venue);
    if !survey.utc {
        rules.clock_offset_max = Nanos(i64::MAX);
    }
    survey.table.iter().map(move |instrument| {
        let orders_max = survey.orders[instrument.id.index()];
        BookParams { orders_max, ..BookParams::new(rules, WireScales::from(instrument)) }
    })
}

impl Replay {
    /// Surveys the recordings and stands at their beginning.
    ///
    /// # Errors
    /// One of them cannot be read.
    pub fn open(venue: Venue, paths: &[PathBuf]) -> Result<Self, ReplayError> {
        Self::open_with(venue, paths, &Known::default())
    }

    /// The same with what is known of the instruments.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_with(venue: Venue, paths: &[PathBuf], known: &Known) -> Result<Self, ReplayError> {
        Self::with(venue, paths, &survey_with(venue, paths, known)?)
    }

    /// Stands at the beginning of the recordings, with instruments that are known.
    ///
    /// # Errors
    /// One of them cannot be opened.
    pub fn with(venue: Venue, paths: &[PathBuf], survey: &Survey) -> Result<Self, ReplayError> {
        let packed = match played_events::packed_of(paths)? {
            Some(path) => Some(PlayedEvents::open(venue, path)?),
            None => None,
        };
        let paths = if packed.is_some() { &[] } else { paths };
        Ok(Self {
            venue,
            tape: Tape::open(paths)?,
            packed,
            utc: survey.utc,
            message: None,
            unknown_symbols: BTreeMap::new(),
            table: survey.table.clone(),
            decoders: paths.iter().map(|_| VenueDecoder::new(venue)).collect(),
            begun: vec![false; paths.len()],
            books: books_of(venue, survey),
            part: Part::empty(),
            common_faults: [0; Stale::ALL.len()],
            other_answers: 0,
        })
    }

    /// Plays one record, or one event of a packed file; each event with its levels is shown once
    /// the books have it. False at the end.
    ///
    /// # Errors
    /// A recording cannot be read further.
    pub fn advance(
        &mut self,
        mut show: impl FnMut(&Event, &[Level], &Books),
    ) -> Result<bool, ReplayError> {
        if self.packed.is_some() {
            return self.advance_packed(show);
        }
        let Self { tape, books, part, decoders, common_faults, .. } = self;
        let Some((place, record)) = tape.advance()? else {
            return Ok(false);
        };
        if record.received.is_known() {
            books.on_time(record.received);
        }
        let decoder = &mut decoders[place];
        self.message = None;
        let mut apply = |event: &Event, levels: &[Level]| {
            count_common(event, common_faults);
            books.apply(event, levels);
            show(event, levels, books);
        };
        match record.kind {
            Kind::Up => decoder.connected(),
            Kind::Received => self.begun[place] = true,
            _ => {}
        }
        let ended = record.kind == Kind::Down || record.kind == Kind::Up;
        if ended && std::mem::take(&mut self.begun[place]) {
            apply(&disconnected(record.received), &[]);
        }
        let Some(frame) = frame_of(self.venue, &record, &self.table) else {
            self.other_answers += u64::from(record.kind == Kind::Rest);
            return Ok(true);
        };
        self.message = Some(record.received);
        decoder.begin();
        while decoder.next(&frame, part) == Next::Part {
            apply(&part.event, part.levels());
        }
        if let Some(symbol) = decoder.take_unknown_symbol() {
            *self.unknown_symbols.entry(symbol).or_default() += 1;
        }
        Ok(true)
    }

    fn advance_packed(
        &mut self,
        mut show: impl FnMut(&Event, &[Level], &Books),
    ) -> Result<bool, ReplayError> {
        let Self { packed, books, common_faults, message, .. } = self;
        let Some(events) = packed else { return Ok(false) };
        let Some((event, levels)) = events.advance()? else { return Ok(false) };
        if event.received.is_known() {
            books.on_time(event.received);
        }
        count_common(event, common_faults);
        books.apply(event, levels);
        *message = played_events::kind_of(event).map(|_| event.received);
        show(event, levels, books);
        Ok(true)
    }

    /// Plays everything that is left.
    ///
    /// # Errors
    /// A recording cannot be read further.
    pub fn run(
        &mut self,
        mut show: impl FnMut(&Event, &[Level], &Books),
    ) -> Result<(), ReplayError> {
        while self.advance(&mut show)? {}
        Ok(())
    }

    /// The venue.
    #[must_use]
    pub const fn venue(&self) -> Venue {
        self.venue
    }

    /// The instruments.
    #[must_use]
    pub const fn table(&self) -> &InstrumentTable {
        &self.table
    }

    /// The books.
    #[must_use]
    pub const fn books(&self) -> &Books {
        &self.books
    }

    /// The files with their reports.
    #[must_use]
    pub const fn tape(&self) -> &Tape {
        &self.tape
    }

    /// What the decoder of each file has counted; of a packed file, what its events say of that.
    pub fn counts(&self) -> impl Iterator<Item = &Counts> {
        let packed = self.packed.iter().map(PlayedEvents::counts);
        self.decoders.iter().map(VenueDecoder::counts).chain(packed)
    }

    /// What was wrong, for each file, with the last message that could not be read.
    pub fn last_wrongs(&self) -> impl Iterator<Item = Option<Wrong>> {
        self.decoders.iter().map(VenueDecoder::last_wrong)
    }

    /// The packed file that is played, if it is one.
    #[must_use]
    pub const fn packed(&self) -> Option<&PlayedEvents> {
        self.packed.as_ref()
    }

    /// When the message was received that was played last; nothing if the last record was none.
    /// Of a packed file only the last event of a message counts as one.
    #[must_use]
    pub const fn message(&self) -> Option<Nanos> {
        self.message
    }

    /// Whether the recorder's clock can be held against the venue's.
    #[must_use]
    pub const fn clock_is_judged(&self) -> bool {
        self.utc
    }

    /// Symbols that are in no table, and in how many messages each was met.
    #[must_use]
    pub const fn unknown_symbols(&self) -> &BTreeMap<Symbol, u64> {
        &self.unknown_symbols
    }

    /// REST answers that are no book, such as product lists.
    #[must_use]
    pub const fn other_answers(&self) -> u64 {
        self.other_answers
    }

    /// How often a fault was seen; one that was laid to every book counts once.
    #[must_use]
    pub fn fault(&self, reason: Stale) -> u64 {
        let each: u64 = self.books.iter().map(|book| book.counts().fault(reason)).sum();
        let common = self.common_faults[reason as usize];
        let books = self.books.iter().count() as u64;
        each + common - common * books
    }
}

/// Counts a fault that is laid to every instrument.
fn count_common(event: &Event, common_faults: &mut [u64; Stale::ALL.len()]) {
    if let (Body::Fault(reason), InstrumentId::ALL) = (event.body, event.instrument) {
        common_faults[reason as usize] += 1;
    }
}

fn disconnected(received: Nanos) -> Event {
    Event {
        sequence: 0,
        received,
        venue_time: Nanos::UNKNOWN,
        instrument: InstrumentId::ALL,
        body: Body::Fault(Stale::Disconnected),
    }
}
