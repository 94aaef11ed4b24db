//! What a replay is told as: the final books, the counts, and whether the recording is whole.
//!
//! The JSON is made for programs: numbers of the venue are exact decimal text, names are stable.

use super::replay::Replay;
use crate::engine::book::{Book, BookState};
use crate::event::Stale;
use crate::types::{Instrument, Nanos, Side};
use crate::venue::decode::Kind;
use serde::Serialize;
use std::collections::BTreeMap;

/// One instrument's book.
#[derive(Debug, Serialize)]
pub struct BookReport {
    /// `fresh` or `stale`.
    pub state: &'static str,
    /// Why it is stale.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// Price and quantity, best first.
    pub bids: Vec<[String; 2]>,
    /// Price and quantity, best first.
    pub asks: Vec<[String; 2]>,
    /// How many bids there are, shown or not.
    pub bid_levels: usize,
    /// How many asks there are, shown or not.
    pub ask_levels: usize,
}

/// Checksums that the venue sent.
#[derive(Debug, Serialize)]
pub struct Checksums {
    /// Those that agree with ours.
    pub ok: u64,
    /// Those that do not.
    pub failed: u64,
}

/// The final books of a recording and what was counted on the way.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The venue's name.
    pub venue: &'static str,
    /// By symbol.
    pub books: BTreeMap<String, BookReport>,
    /// By kind, as far as there were any.
    pub messages: BTreeMap<&'static str, u64>,
    /// Checksums that the venue sent.
    pub checksums: Checksums,
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
}

/// The report of a replay with the best `depth` levels of each side; 0 shows all.
#[must_use]
pub fn report(replay: &Replay, depth: usize) -> Report {
    let table = replay.table();
    let books = table.iter().map(|instrument| {
        let book = book_report(replay.books().get(instrument.id), instrument, depth);
        (instrument.symbol.to_string(), book)
    });
    let mut messages = BTreeMap::new();
    let (mut unknown, mut malformed) = (0, 0);
    for counts in replay.counts() {
        for kind in Kind::ALL {
            *messages.entry(kind.name()).or_insert(0) += counts.kinds[kind as usize];
        }
        unknown += counts.unknown;
        malformed += counts.malformed;
    }
    messages.retain(|_, count| *count > 0);
    malformed += replay.tape().readers().iter().map(|r| r.report().malformed).sum::<u64>();
    let faults = Stale::ALL.map(|reason| (reason.name(), replay.fault(reason)));
    Report {
        venue: replay.venue().name(),
        books: books.collect(),
        messages,
        checksums: Checksums {
            ok: replay.books().iter().map(|book| book.counts().checksums_ok).sum(),
            failed: replay.fault(Stale::ChecksumMismatch),
        },
        gaps: replay.fault(Stale::SequenceGap),
        crossed: replay.fault(Stale::Crossed),
        unknown,
        malformed,
        faults: faults.into_iter().filter(|(_, count)| *count > 0).collect(),
    }
}

/// One book with the best `depth` levels of each side; 0 shows all.
#[must_use]
pub fn book_report(book: &Book, instrument: &Instrument, depth: usize) -> BookReport {
    let (state, reason) = match book.state() {
        BookState::Fresh => ("fresh", None),
        BookState::Stale(reason) => ("stale", Some(reason.name())),
    };
    let rows = |side| {
        let mut levels = Vec::new();
        book.side(side).collect_into(&mut levels);
        levels.truncate(if depth == 0 { usize::MAX } else { depth });
        let text = |level: &crate::event::Level| {
            let price = instrument.tick.text(level.price().ticks());
            [price.to_string(), instrument.lot.text(level.qty().lots()).to_string()]
        };
        levels.iter().map(text).collect()
    };
    BookReport {
        state,
        reason,
        bids: rows(Side::Bid),
        asks: rows(Side::Ask),
        bid_levels: book.side(Side::Bid).len(),
        ask_levels: book.side(Side::Ask).len(),
    }
}

/// Everything for which a recording is not whole; nothing if it is.
#[must_use]
pub fn damage(replay: &Replay) -> Vec<String> {
    let mut found = Vec::new();
    for reader in replay.tape().readers() {
        let report = reader.report();
        let path = reader.path().display();
        if let Some(bytes) = report.torn {
            found.push(format!("{path} stops inside a record; {bytes} bytes are left of it"));
        }
        for (line, why) in &report.named {
            found.push(format!("{path}:{line}: {}", why.name()));
        }
        let more = report.malformed - report.named.len() as u64;
        if more > 0 {
            found.push(format!("{path}: {more} more lines are no records"));
        }
    }
    for counts in replay.counts() {
        let kinds = [
            (counts.malformed, "messages cannot be read"),
            (counts.unknown, "messages are of unknown types"),
            (counts.unknown_symbol, "messages name unknown symbols"),
        ];
        found.extend(
            kinds.iter().filter(|(count, _)| *count > 0).map(|(n, what)| format!("{n} {what}")),
        );
    }
    found.extend(replay.last_wrongs().flatten().map(|wrong| format!("the last of them: {wrong}")));
    for reason in Stale::ALL {
        let count = replay.fault(reason);
        if count > 0 {
            found.push(format!("{}: {count}", reason.name()));
        }
    }
    for instrument in replay.table() {
        let book = replay.books().get(instrument.id);
        let symbol = instrument.symbol;
        // Only an instrument that has a book at all can lack its end.
        if let BookState::Stale(reason) = book.state()
            && (book.counts().applied > 0 || book.counts().unbased > 0)
        {
            found.push(format!("{symbol} ends stale: {}", reason.name()));
        }
    }
    found
}

/// Seconds between two stamps.
#[must_use]
pub fn seconds(from: Nanos, to: Nanos) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "shown with three digits")]
    let span = || (to.0 - from.0) as f64 / 1e9;
    (from.is_known() && to.is_known()).then(span)
}
