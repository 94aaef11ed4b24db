//! Recordings played through the decoders into books.
//!
//! A replay is what the tape tool, the tests and the engine's replay mode share. It takes
//! instruments as given or surveys the recording for them, keeps a decoder for each file (a file is
//! a connection), and judges silence by the records' own stamps. What is printed of it is not known
//! here.

use super::packed::PackedError;
use super::survey::{Survey, survey};
use super::{Kind, Record, RecordingError, Tape};
use crate::engine::book::{BookParams, Books, Rules, WireScales};
use crate::event::{Body, Event, Level, Part, Stale};
use crate::types::{Instrument, InstrumentId, InstrumentTable, Nanos, Venue};
use crate::venue::binance::decode::is_rest_depth;
use crate::venue::decode::{Counts, Frame, Next, Origin};
use crate::venue::decoder::VenueDecoder;
use std::fmt;
use std::path::PathBuf;

/// Why a recording cannot be replayed.
#[derive(Debug)]
pub enum ReplayError {
    /// A file cannot be read.
    Recording(RecordingError),
    /// A packed file cannot be read or written.
    Packed(PackedError),
    /// No power of ten takes all numbers of the recording.
    Scale {
        /// Digits behind the point of prices that were tried last.
        price_decimals: u8,
        /// Digits behind the point of quantities that were tried last.
        qty_decimals: u8,
    },
}

impl fmt::Display for ReplayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Recording(error) => write!(f, "{error}"),
            Self::Packed(error) => write!(f, "{error}"),
            Self::Scale { price_decimals, qty_decimals } => write!(
                f,
                "the numbers of the recording span more digits than are kept exactly (tried \
                 {price_decimals} decimals for prices and {qty_decimals} for quantities last); \
                 check --venue"
            ),
        }
    }
}

impl std::error::Error for ReplayError {}

impl From<RecordingError> for ReplayError {
    fn from(error: RecordingError) -> Self {
        Self::Recording(error)
    }
}

impl From<PackedError> for ReplayError {
    fn from(error: PackedError) -> Self {
        Self::Packed(error)
    }
}

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
        Venue::CoinbaseAdvanced | Venue::Kraken | Venue::Bitstamp => return None,
    };
    table.lookup(venue, symbol.as_bytes())
}

/// Recordings on their way through decoders into books.
#[derive(Debug)]
pub struct Replay {
    venue: Venue,
    tape: Tape,
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
    let mut rules = Rules::of(venue);
    if !survey.utc {
        rules.clock_offset_max = Nanos(i64::MAX);
    }
    let mut books = Books::new(rules.silence_max);
    for instrument in &survey.table {
        let orders_max = survey.orders[instrument.id.index()];
        let params = BookParams::new(rules, WireScales::from(instrument));
        books.add(&BookParams { orders_max, ..params });
    }
    books
}

impl Replay {
    /// Surveys the recordings and stands at their beginning.
    ///
    /// # Errors
    /// One of them cannot be read.
    pub fn open(venue: Venue, paths: &[PathBuf]) -> Result<Self, ReplayError> {
        let survey = survey(venue, paths)?;
        Self::with(venue, paths, &survey)
    }

    /// Stands at the beginning of the recordings, with instruments that are known.
    ///
    /// # Errors
    /// One of them cannot be opened.
    pub fn with(venue: Venue, paths: &[PathBuf], survey: &Survey) -> Result<Self, ReplayError> {
        Ok(Self {
            venue,
            tape: Tape::open(paths)?,
            table: survey.table.clone(),
            decoders: paths.iter().map(|_| VenueDecoder::new(venue)).collect(),
            begun: vec![false; paths.len()],
            books: books_of(venue, survey),
            part: Part::empty(),
            common_faults: [0; Stale::ALL.len()],
            other_answers: 0,
        })
    }

    /// Plays one record; each event with its levels is shown once the books have it. False at the
    /// end.
    ///
    /// # Errors
    /// A recording cannot be read further.
    pub fn advance(
        &mut self,
        mut show: impl FnMut(&Event, &[Level], &Books),
    ) -> Result<bool, ReplayError> {
        let Self { tape, books, part, decoders, common_faults, .. } = self;
        let Some((place, record)) = tape.advance()? else {
            return Ok(false);
        };
        if record.received.is_known() {
            books.on_time(record.received);
        }
        let decoder = &mut decoders[place];
        let mut apply = |event: &Event, levels: &[Level]| {
            if let (Body::Fault(reason), InstrumentId::ALL) = (event.body, event.instrument) {
                common_faults[reason as usize] += 1;
            }
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
        decoder.begin();
        while decoder.next(&frame, part) == Next::Part {
            apply(&part.event, part.levels());
        }
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

    /// What the decoder of each file has counted.
    pub fn counts(&self) -> impl Iterator<Item = &Counts> {
        self.decoders.iter().map(VenueDecoder::counts)
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

fn disconnected(received: Nanos) -> Event {
    Event {
        sequence: 0,
        received,
        venue_time: Nanos::UNKNOWN,
        instrument: InstrumentId::ALL,
        body: Body::Fault(Stale::Disconnected),
    }
}
