//! What is seen of a replay: a block on the terminal, or lines of JSON for a program.
//!
//! A person who looks at stderr gets one line a book, written over a few times a second. Where
//! stdout or stderr goes elsewhere, stdout gets a line of JSON from time to time. The last line is
//! always JSON on stdout. Numbers of the venue are exact decimal text.

use super::Wire;
use crate::engine::book::{Book, BookState};
use crate::event::Stale;
use crate::types::{Instrument, Nanos, Side};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write as _};

/// Books that the block has room for.
const SHOWN_MAX: usize = 8;
const BLOCK_EVERY: Nanos = Nanos::from_millis(200);

/// One side's best level: price and quantity.
type Best = Option<[String; 2]>;

#[derive(Serialize)]
struct BookLine {
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    bid: Best,
    ask: Best,
}

#[derive(Serialize)]
struct Line {
    event: &'static str,
    records: u64,
    messages: u64,
    books: BTreeMap<String, BookLine>,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
}

/// Shows a replay from time to time.
pub(super) struct View {
    has_block: bool,
    has_lines: bool,
    block_due: Nanos,
    line_every: Nanos,
    line_due: Nanos,
    /// Lines of the block that stand on the terminal.
    standing: usize,
    /// Events by instrument when the block was last shown, and when that was.
    before: (Nanos, Vec<u64>),
}

impl View {
    pub(super) fn new(line_every: Nanos) -> Self {
        let has_block = io::stderr().is_terminal();
        Self {
            has_block,
            has_lines: !has_block || !io::stdout().is_terminal(),
            block_due: Nanos(0),
            line_every,
            line_due: line_every,
            standing: 0,
            before: (Nanos(0), Vec::new()),
        }
    }

    /// Shows what is due.
    pub(super) fn show(&mut self, wire: &mut Wire, now: Nanos) -> io::Result<()> {
        if self.has_block && now >= self.block_due {
            self.block_due = Nanos(now.0 + BLOCK_EVERY.0);
            self.block(wire, now);
        }
        if self.has_lines && now >= self.line_due {
            self.line_due = Nanos(now.0 + self.line_every.0);
            print(&line("books", Some(wire)))?;
        }
        Ok(())
    }

    /// The last look, and the last line; a replay that never began has no books.
    pub(super) fn stopped(&mut self, wire: Option<&mut Wire>, now: Nanos) -> io::Result<()> {
        let line = match wire {
            Some(wire) => {
                if self.has_block {
                    // What stays on the terminal tells the rate of the whole run.
                    self.before = (Nanos(0), Vec::new());
                    self.block(wire, now);
                }
                Line { digest: Some(wire.digest()), ..line("stopped", Some(wire)) }
            }
            None => line("stopped", None),
        };
        print(&line)
    }

    /// Writes the block over the one before.
    fn block(&mut self, wire: &mut Wire, now: Nanos) {
        let mut text = String::new();
        // A line that is too long for the terminal must not wrap: the way back is counted in lines.
        text.push_str("\x1b[?7l");
        if self.standing > 0 {
            write!(text, "\x1b[{}A", self.standing).expect("a string takes all");
        }
        let records = wire.records();
        let messages = wire.feed.counts().messages;
        let hidden = wire.shown.len().saturating_sub(SHOWN_MAX);
        write!(text, "\r{records} records, {messages} messages").expect("a string takes all");
        if hidden > 0 {
            write!(text, ", {hidden} more books").expect("a string takes all");
        }
        text.push_str("\x1b[K\n");
        self.before.1.resize(wire.events.len(), 0);
        let span = now.0 - self.before.0.0;
        for instrument in wire.shown().take(SHOWN_MAX) {
            let at = instrument.id.index();
            let events = i128::from(wire.events[at] - self.before.1[at]);
            let rate = (span > 0).then(|| events * 1_000_000_000 / i128::from(span));
            let row = row(wire.books.books().get(instrument.id), instrument, rate);
            writeln!(text, "{row}\x1b[K").expect("a string takes all");
        }
        text.push_str("\x1b[?7h");
        self.standing = 1 + wire.shown.len().min(SHOWN_MAX);
        self.before = (now, wire.events.clone());
        // A terminal that has gone is nobody who could be told.
        io::stderr().write_all(text.as_bytes()).ok();
    }
}

/// One line of the block.
fn row(book: &Book, instrument: &Instrument, rate: Option<i128>) -> String {
    let (state, reason) = state(book);
    let state = reason.unwrap_or(state);
    let symbol = instrument.symbol.as_str();
    let mut text = format!("{symbol:<10} {state:<17}");
    match book.top() {
        Some(top) => {
            let (price, qty) =
                (|ticks| instrument.tick.text(ticks), |lots| instrument.lot.text(lots));
            let bid = format!("{} @ {}", qty(top.bid_qty.0), price(top.bid.0));
            let ask = format!("{} @ {}", qty(top.ask_qty.0), price(top.ask.0));
            let spread = top.spread();
            write!(text, " {bid:>24} | {ask:<24} {spread:>5} ticks")
        }
        None => write!(text, " {:>24} | {:<24} {:>5} ticks", "-", "-", "-"),
    }
    .expect("a string takes all");
    let far: usize = Side::BOTH.iter().map(|side| book.side(*side).far_len()).sum();
    let rate = rate.map_or_else(|| "-".to_string(), |rate| rate.to_string());
    write!(text, " {rate:>6}/s {far:>5} far").expect("a string takes all");
    text
}

/// The state and, if it is stale, why.
const fn state(book: &Book) -> (&'static str, Option<&'static str>) {
    match book.state() {
        BookState::Fresh => ("fresh", None),
        BookState::Stale(reason) => ("stale", Some(Stale::name(reason))),
    }
}

fn line(event: &'static str, wire: Option<&mut Wire>) -> Line {
    let mut line = Line { event, records: 0, messages: 0, books: BTreeMap::new(), digest: None };
    let Some(wire) = wire else { return line };
    line.records = wire.records();
    line.messages = wire.feed.counts().messages;
    for instrument in wire.shown() {
        let book = wire.books.books().get(instrument.id);
        let (state, reason) = state(book);
        let level = |price: i64, qty: i64| {
            [instrument.tick.text(price).to_string(), instrument.lot.text(qty).to_string()]
        };
        let top = book.top();
        let bid = top.map(|top| level(top.bid.0, top.bid_qty.0));
        let ask = top.map(|top| level(top.ask.0, top.ask_qty.0));
        let one = BookLine { state, reason, bid, ask };
        line.books.insert(instrument.symbol.to_string(), one);
    }
    line
}

fn print(line: &Line) -> io::Result<()> {
    let mut out = io::stdout().lock();
    serde_json::to_writer(&mut out, line)?;
    out.write_all(b"\n")?;
    out.flush()
}
