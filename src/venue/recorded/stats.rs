//! What a recording holds, in figures: rates, instruments, clock offsets, files and their faults.
//!
//! Counts that `book` prints, too, are those of `report`. How the figures are laid out for people
//! is `table`'s.

mod table;

#[cfg(test)]
mod tests;

use super::Kind as RecordKind;
use super::played_events::kind_of;
use super::replay::{Replay, ReplayError};
use super::report::{Report, report, seconds};
use crate::engine::book::Book;
use crate::event::{Body, Event, Level, Shape};
use crate::types::{Nanos, Side};
use crate::venue::decode::Kind;
use serde::Serialize;
use std::collections::BTreeMap;

/// The figures of a recording.
#[derive(Debug, Serialize)]
pub struct Stats {
    /// The venue's name.
    pub venue: &'static str,
    /// From when to when messages were received.
    pub span: Span,
    /// Messages a second by their receive time; nothing where they have none.
    pub rate: Option<Rate>,
    /// By kind, as far as there were any.
    pub messages: BTreeMap<&'static str, u64>,
    /// By symbol.
    pub instruments: BTreeMap<String, InstrumentStats>,
    /// Checksums that the venue sent.
    pub checksums: super::report::Checksums,
    /// Breaks in the venue's sequences.
    pub gaps: u64,
    /// Times a book crossed.
    pub crossed: u64,
    /// Messages of unknown types.
    pub unknown: u64,
    /// Messages that cannot be read, and lines that are no record.
    pub malformed: u64,
    /// Every fault by name, those above included, as far as there were any.
    pub faults: BTreeMap<&'static str, u64>,
    /// The venue's clock minus the recorder's; nothing where one of the stamps is missing.
    pub clock_offset: Option<ClockOffset>,
    /// Symbols that are in no table, and in how many messages.
    pub unknown_symbols: BTreeMap<String, u64>,
    /// The recordings in the order they were named.
    pub files: Vec<FileStats>,
    /// The packed file, where one was played.
    pub packed: Option<PackedStats>,
}

/// From when to when, by the recorder's clock.
#[derive(Debug, Default, PartialEq, Serialize)]
pub struct Span {
    /// The earliest stamp.
    pub first: Option<String>,
    /// The latest stamp.
    pub last: Option<String>,
    /// Seconds between them.
    pub seconds: Option<f64>,
}

/// Messages a second.
#[derive(Debug, PartialEq, Serialize)]
pub struct Rate {
    /// Over the whole span; nothing where that is no time at all.
    pub mean: Option<f64>,
    /// In the busiest second of the recorder's clock.
    pub busiest: u64,
    /// When that second began.
    pub busiest_at: String,
}

/// What one instrument had.
#[derive(Debug, Default, Serialize)]
pub struct InstrumentStats {
    /// `fresh` or `stale`.
    pub state: &'static str,
    /// Why it is stale.
    pub reason: Option<&'static str>,
    /// Messages and trades by kind, as far as there were any.
    pub messages: BTreeMap<&'static str, u64>,
    /// Levels in its updates.
    pub level_changes: u64,
    /// Bids and asks that there are at the end.
    pub levels: u64,
    /// Of these, how many lie beyond the book's window.
    pub far_levels: u64,
    /// The ids of its live trades; nothing where the venue gives none.
    pub trade_ids: Option<TradeIds>,
    /// Faults by name, as far as there were any.
    pub faults: BTreeMap<&'static str, u64>,
}

/// The ids of live trades.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct TradeIds {
    /// The first.
    pub first: u64,
    /// The last.
    pub last: u64,
    /// How often one is not the next after that before it.
    pub breaks: u64,
}

/// The venue's clock minus the recorder's, in nanoseconds.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct ClockOffset {
    /// Whether a book is judged by it: the recorder's clock shows UTC.
    pub judged: bool,
    /// How many updates and live trades have both stamps.
    pub stamped: usize,
    /// The least.
    pub min_ns: i64,
    /// The one in the middle.
    pub median_ns: i64,
    /// The greatest.
    pub max_ns: i64,
}

/// What one recording is made of.
#[derive(Debug, Serialize)]
pub struct FileStats {
    /// Its name.
    pub path: String,
    /// Lines, or records of our own framing.
    pub lines: u64,
    /// Records by kind, as far as there were any.
    pub records: BTreeMap<&'static str, u64>,
    /// Lines that are no records.
    pub malformed_lines: u64,
    /// The line and the reason of the first of them.
    pub named: Vec<String>,
    /// Bytes that are left of the record it stops in.
    pub torn: Option<usize>,
    /// Records whose stamp lies before that of the one before.
    pub steps_back: u64,
    /// Messages that cannot be read.
    pub malformed_messages: u64,
    /// Messages of unknown types.
    pub unknown_messages: u64,
    /// Messages that name unknown symbols.
    pub unknown_symbols: u64,
    /// What was wrong with the last of these messages.
    pub last_error: Option<String>,
}

/// What a packed file is made of.
#[derive(Debug, Serialize)]
pub struct PackedStats {
    /// Its name.
    pub path: String,
    /// Events.
    pub events: u64,
    /// Levels behind them.
    pub levels: u64,
}

/// What is gathered of one instrument while it is played.
#[derive(Debug, Clone, Default)]
struct Gathered {
    kinds: [u64; Kind::ALL.len()],
    level_changes: u64,
    trade_ids: Option<TradeIds>,
    /// Ids of live trades that were received at once: a venue may send the newest first.
    at_once: Vec<u64>,
    received: Nanos,
}

/// Gathers figures while a replay is played.
#[derive(Debug, Default)]
struct Collector {
    instruments: Vec<Gathered>,
    offsets: Vec<i64>,
    /// Messages by the second of their receive time.
    seconds: BTreeMap<i64, u64>,
    first: Option<Nanos>,
    last: Option<Nanos>,
}

/// Plays all of a replay and tells its figures.
///
/// # Errors
/// The recording cannot be read further.
pub fn stats(replay: &mut Replay) -> Result<Stats, ReplayError> {
    let mut collector = Collector {
        instruments: vec![Gathered::default(); replay.table().len()],
        ..Collector::default()
    };
    while replay.advance(|event, levels, _| collector.see(event, levels))? {
        if let Some(received) = replay.message().filter(|received| received.is_known()) {
            collector.count(received);
        }
    }
    Ok(collector.finish(replay))
}

impl Collector {
    fn see(&mut self, event: &Event, levels: &[Level]) {
        // An event of all instruments is none's, and is counted as a fault or a message elsewhere.
        let Some(gathered) = self.instruments.get_mut(event.instrument.index()) else { return };
        if let Some(kind) = kind_of(event) {
            gathered.kinds[kind as usize] += 1;
        }
        let is_judged = match event.body {
            Body::Levels(head) if head.shape == Shape::Update => {
                gathered.level_changes += levels.len() as u64;
                true
            }
            Body::Trade(trade) if !trade.history => {
                gathered.note(event.received, trade.id);
                true
            }
            _ => false,
        };
        if let Some(offset) = event.clock_offset().filter(|_| is_judged) {
            self.offsets.push(offset.0);
        }
    }

    fn count(&mut self, received: Nanos) {
        *self.seconds.entry(received.0.div_euclid(SECOND)).or_default() += 1;
        self.first = Some(self.first.map_or(received, |first| first.min(received)));
        self.last = Some(self.last.map_or(received, |last| last.max(received)));
    }

    fn span(&self) -> Span {
        let (Some(first), Some(last)) = (self.first, self.last) else { return Span::default() };
        let text = |at: Nanos| Some(at.to_string());
        Span { first: text(first), last: text(last), seconds: seconds(first, last) }
    }

    fn rate(&self, span: &Span) -> Option<Rate> {
        // Of equal seconds the first.
        let (second, busiest) = self.seconds.iter().rev().max_by_key(|(_, count)| **count)?;
        let messages: u64 = self.seconds.values().sum();
        #[expect(clippy::cast_precision_loss, reason = "shown with one digit")]
        let mean = span.seconds.filter(|span| *span > 0.0).map(|span| messages as f64 / span);
        let busiest_at = Nanos::from_seconds(*second).to_string();
        Some(Rate { mean, busiest: *busiest, busiest_at })
    }

    fn clock_offset(&mut self, judged: bool) -> Option<ClockOffset> {
        let (min, max) = (*self.offsets.iter().min()?, *self.offsets.iter().max()?);
        let stamped = self.offsets.len();
        let (_, median, _) = self.offsets.select_nth_unstable(stamped / 2);
        Some(ClockOffset { judged, stamped, min_ns: min, median_ns: *median, max_ns: max })
    }

    fn finish(mut self, replay: &Replay) -> Stats {
        let Report {
            venue,
            mut books,
            messages,
            checksums,
            gaps,
            crossed,
            unknown,
            malformed,
            faults,
        } = report(replay, 1);
        self.instruments.iter_mut().for_each(Gathered::settle_trades);
        let instruments = replay.table().iter().map(|instrument| {
            let symbol = instrument.symbol.to_string();
            let told = books.remove(&symbol).expect("the report tells of every instrument");
            let gathered = &self.instruments[instrument.id.index()];
            let book = replay.books().get(instrument.id);
            let (state, reason) = (told.state, told.reason);
            (symbol, InstrumentStats { state, reason, ..gathered.with(book) })
        });
        let instruments = instruments.collect();
        let span = self.span();
        let unknown_symbols = replay.unknown_symbols().iter();
        Stats {
            venue,
            rate: self.rate(&span),
            span,
            messages,
            instruments,
            checksums,
            gaps,
            crossed,
            unknown,
            malformed,
            faults,
            clock_offset: self.clock_offset(replay.clock_is_judged()),
            unknown_symbols: unknown_symbols.map(|(name, n)| (name.to_string(), *n)).collect(),
            files: files(replay),
            packed: replay.packed().map(|packed| PackedStats {
                path: packed.path().display().to_string(),
                events: packed.totals().events,
                levels: packed.totals().levels,
            }),
        }
    }
}

/// Nanoseconds of a second.
const SECOND: i64 = Nanos::from_seconds(1).0;

impl Gathered {
    /// Takes the id of a live trade; a venue that has none gives zero.
    fn note(&mut self, received: Nanos, id: u64) {
        if received != self.received {
            self.settle_trades();
            self.received = received;
        }
        if id != 0 {
            self.at_once.push(id);
        }
    }

    /// Judges the ids that came at once against those before.
    fn settle_trades(&mut self) {
        self.at_once.sort_unstable();
        for id in self.at_once.drain(..) {
            let ids = self.trade_ids.get_or_insert(TradeIds {
                first: id,
                last: id.wrapping_sub(1),
                breaks: 0,
            });
            ids.breaks += u64::from(id != ids.last.wrapping_add(1));
            ids.last = id;
        }
    }

    fn with(&self, book: &Book) -> InstrumentStats {
        let messages = Kind::ALL.map(|kind| (kind.name(), self.kinds[kind as usize]));
        let faults = crate::event::Stale::ALL.map(|why| (why.name(), book.counts().fault(why)));
        let sum = |of: fn(&crate::engine::book::Ladder) -> usize| {
            Side::BOTH.iter().map(|side| of(book.side(*side)) as u64).sum()
        };
        InstrumentStats {
            messages: present(messages),
            level_changes: self.level_changes,
            levels: sum(crate::engine::book::Ladder::len),
            far_levels: sum(crate::engine::book::Ladder::far_len),
            trade_ids: self.trade_ids,
            faults: present(faults),
            ..InstrumentStats::default()
        }
    }
}

fn files(replay: &Replay) -> Vec<FileStats> {
    let readers = replay.tape().readers().iter();
    let decoders = replay.counts().zip(replay.last_wrongs());
    let told = readers.zip(decoders).map(|(reader, (counts, wrong))| {
        let report = reader.report();
        let records = RecordKind::ALL.map(|kind| (kind.name(), report.count(kind)));
        let named = report.named.iter().map(|(line, why)| format!("line {line}: {}", why.name()));
        FileStats {
            path: reader.path().display().to_string(),
            lines: report.lines,
            records: present(records),
            malformed_lines: report.malformed,
            named: named.collect(),
            torn: report.torn,
            steps_back: report.steps_back,
            malformed_messages: counts.malformed,
            unknown_messages: counts.unknown,
            unknown_symbols: counts.unknown_symbol,
            last_error: wrong.map(|wrong| wrong.to_string()),
        }
    });
    told.collect()
}

/// Those that are not zero.
fn present<const N: usize>(counts: [(&'static str, u64); N]) -> BTreeMap<&'static str, u64> {
    counts.into_iter().filter(|(_, count)| *count > 0).collect()
}
