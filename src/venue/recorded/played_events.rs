//! A packed file as what a replay plays: its events, counted as the messages that they were.
//!
//! A packed file keeps events, not texts. So a message whose trades are several counts as several
//! here, and one that says nothing of a book (most tickers, candles) no longer has a kind.

use super::packed::{PackedError, PackedReader, Totals};
use super::replay::ReplayError;
use super::survey::{Survey, is_utc};
use crate::event::{Body, Event, Level, OrderAction, Shape, Stale};
use crate::types::{InstrumentId, Nanos, Venue};
use crate::venue::decode::{Counts, Kind};
use std::path::{Path, PathBuf};

/// The kind of message that ends with this event; nothing in the middle of one.
#[must_use]
pub const fn kind_of(event: &Event) -> Option<Kind> {
    match event.body {
        Body::Levels(head) if !head.last => None,
        Body::Levels(head) => Some(match head.shape {
            Shape::Snapshot => Kind::BookSnapshot,
            Shape::Update => Kind::BookUpdate,
            Shape::Top => Kind::BookTop,
        }),
        Body::Order(order) => Some(match order.action {
            OrderAction::Open => Kind::OrderOpen,
            OrderAction::Match => Kind::OrderMatch,
            OrderAction::Change => Kind::OrderChange,
            OrderAction::Done => Kind::OrderDone,
            OrderAction::Received => Kind::OrderReceived,
        }),
        Body::Trade(trade) if trade.history => Some(Kind::TradeHistory),
        Body::Trade(_) => Some(Kind::Trade),
        Body::Heartbeat { .. } => Some(Kind::Heartbeat),
        Body::Status(_) => Some(Kind::Status),
        Body::Subscribed { .. } => Some(Kind::Subscription),
        // What else there is comes not from a venue's public messages.
        _ => None,
    }
}

/// The packed file, if the only one is; an error if it is one of several.
pub(super) fn packed_of(paths: &[PathBuf]) -> Result<Option<&Path>, ReplayError> {
    match paths.iter().find(|path| PackedReader::is_packed(path)) {
        Some(path) if paths.len() > 1 => Err(ReplayError::PackedAmongOthers(path.clone())),
        found => Ok(found.map(PathBuf::as_path)),
    }
}

fn open(venue: Venue, path: &Path) -> Result<PackedReader, ReplayError> {
    let reader = PackedReader::open(path)?;
    let found = reader.venue();
    if found == venue {
        Ok(reader)
    } else {
        Err(ReplayError::Venue { path: path.to_owned(), found, asked: venue })
    }
}

/// Reads a packed file once, for what its books have to be made with.
pub(super) fn survey(venue: Venue, path: &Path) -> Result<Survey, ReplayError> {
    let mut reader = open(venue, path)?;
    let table = reader.instruments().clone();
    let mut orders = vec![0; table.len()];
    let (mut prices, mut utc) = (vec![None; table.len()], None);
    let mut last = Nanos::UNKNOWN;
    while let Some((event, levels)) = reader.advance()? {
        last = last.max(event.received);
        if event.instrument == InstrumentId::ALL {
            continue;
        }
        if let Some(offset) = event.clock_offset() {
            utc.get_or_insert(is_utc(offset));
        }
        let traded = if let Body::Trade(trade) = event.body { Some(trade.price) } else { None };
        let price = levels.first().map(|level| level.price()).or(traded);
        if let Some(price) = price.filter(|price| price.0 > 0) {
            prices[event.instrument.index()].get_or_insert(price);
        }
        if let Body::Order(order) = event.body {
            orders[event.instrument.index()] += usize::from(order.action == OrderAction::Open);
        }
    }
    Ok(Survey { table, orders, prices, utc: utc.unwrap_or(false), last })
}

/// A packed file that is being played.
#[derive(Debug)]
pub struct PlayedEvents {
    path: PathBuf,
    reader: PackedReader,
    counts: Counts,
}

impl PlayedEvents {
    pub(super) fn open(venue: Venue, path: &Path) -> Result<Self, ReplayError> {
        let reader = open(venue, path)?;
        Ok(Self { path: path.to_owned(), reader, counts: Counts::default() })
    }

    pub(super) fn advance(&mut self) -> Result<Option<(&Event, &[Level])>, PackedError> {
        let next = self.reader.advance()?;
        if let Some((event, _)) = next {
            match event.body {
                Body::Fault(Stale::UnknownMessage) => self.counts.unknown += 1,
                Body::Fault(Stale::Malformed) => self.counts.malformed += 1,
                _ => {}
            }
            if let Some(kind) = kind_of(event) {
                self.counts.kinds[kind as usize] += 1;
            }
        }
        Ok(next)
    }

    /// The file's name.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What was played of it.
    #[must_use]
    pub const fn totals(&self) -> Totals {
        self.reader.totals()
    }

    /// The messages that its events were.
    #[must_use]
    pub const fn counts(&self) -> &Counts {
        &self.counts
    }
}
