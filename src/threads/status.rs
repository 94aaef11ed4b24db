//! What a run shows of itself: lines in place on a terminal, lines of the log elsewhere, and the
//! last line on stdout.
//!
//! Everything comes from views; nothing on the path is asked. Numbers of the market are exact
//! decimal text.

mod block;

use super::board::{JournalView, Views};
use super::disk::Level;
use super::feed::Connected;
use super::outcome::Outcome;
use crate::config::Config;
use crate::event::Stale;
use crate::logs::Log;
use crate::types::{Currency, Money, Nanos};
use block::{Counted, Head, Rates};
use crossbeam_channel::Receiver;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

/// Instruments that the terminal has room for.
const SHOWN_MAX: usize = 8;
const BLOCK_EVERY: Duration = Duration::from_millis(200);

/// Shows a run from time to time.
#[derive(Debug)]
pub struct Status {
    currency: Currency,
    log: Log,
    has_block: bool,
    /// Lines of the block that stand on the terminal.
    standing: usize,
    block_at: Instant,
    line_every: Duration,
    line_at: Instant,
    rates: Rates,
    /// How the disk stood when it was told last.
    disk: Option<Level>,
    /// What becomes of the connection to a live venue.
    connected: Option<Receiver<Connected>>,
}

/// The last line.
#[derive(Serialize)]
struct Stopped<'a> {
    event: &'static str,
    records: u64,
    fills: u64,
    position: String,
    positions: BTreeMap<String, String>,
    pnl: String,
    currency: String,
    open_orders: usize,
    /// Which, where there are some.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    open_order_ids: &'a [String],
    digest: &'a str,
}

impl Status {
    /// Nothing was shown yet.
    #[must_use]
    pub fn new(config: &Config, currency: Currency, log: Log) -> Self {
        let now = Instant::now();
        let Nanos(every) = config.timing.publish_stats_interval;
        Self {
            currency,
            log,
            has_block: io::stderr().is_terminal(),
            standing: 0,
            block_at: now,
            line_every: Duration::from_nanos(every.unsigned_abs()),
            line_at: now,
            rates: Rates::default(),
            disk: Some(Level::Good),
            connected: None,
        }
    }

    /// From now on it is said what becomes of that connection.
    pub fn listen(&mut self, connected: Option<Receiver<Connected>>) {
        self.connected = connected;
    }

    /// Nothing is written over the terminal: somebody else does.
    #[must_use]
    pub fn without_block(mut self) -> Self {
        self.has_block = false;
        self
    }

    /// Shows what is due.
    pub fn show(&mut self, views: &Views) {
        let now = Instant::now();
        if self.has_block && now >= self.block_at {
            self.block_at = now + BLOCK_EVERY;
            self.block(views, now);
        }
        if now >= self.line_at {
            self.line_at = now + self.line_every;
            self.line(views);
        }
        self.disk(&views.journal.read());
        for change in self.connected.iter().flat_map(Receiver::try_iter) {
            match change {
                Connected::Up => self.log.info("venue_up", vec![]),
                Connected::Down(reason) => {
                    let text = reason.to_string();
                    let fields = vec![("reason", reason.name().into()), ("text", text.into())];
                    self.log.warn("venue_down", fields);
                }
            }
        }
    }

    /// Says when the disk has come to another level.
    fn disk(&mut self, journal: &JournalView) {
        let Some(level) = journal.disk.filter(|_| journal.disk != self.disk) else { return };
        self.disk = Some(level);
        let fields = vec![
            ("level", level.name().into()),
            ("free_bytes", journal.disk_free.into()),
            ("minutes_left", journal.minutes_left.into()),
            ("bytes_per_hour", journal.bytes_per_hour.into()),
        ];
        if level == Level::Good {
            self.log.info("disk", fields);
        } else {
            self.log.warn("disk", fields);
        }
    }

    /// The last look, and the last line on stdout. `open` are the names of the orders that are not
    /// known to be gone.
    ///
    /// # Errors
    /// Nobody reads stdout.
    pub fn stopped(&mut self, views: &Views, outcome: &Outcome, open: &[String]) -> io::Result<()> {
        if self.has_block {
            self.block(views, Instant::now());
        }
        let held = views.instruments.iter().zip(&outcome.positions);
        let texts: Vec<_> = held
            .map(|(one, lots)| (one.symbol.to_string(), one.lot.text(*lots).to_string()))
            .collect();
        let position = match &texts[..] {
            [(_, text)] => text.clone(),
            many => many
                .iter()
                .map(|(name, text)| format!("{text} {name}"))
                .collect::<Vec<_>>()
                .join(", "),
        };
        let last = Stopped {
            event: "stopped",
            records: outcome.records,
            fills: outcome.fills,
            position,
            positions: texts.into_iter().collect(),
            pnl: self.amount(outcome.profit),
            currency: self.currency.to_string(),
            open_orders: open.len(),
            open_order_ids: open,
            digest: &outcome.digest,
        };
        let text = serde_json::to_string(&last).map_err(io::Error::other)?;
        let mut out = io::stdout().lock();
        writeln!(out, "{text}")?;
        out.flush()
    }

    /// An amount of the account currency as decimal text.
    fn amount(&self, amount: i128) -> String {
        let money = Money { currency: self.currency, amount }.to_string();
        money.split(' ').next().unwrap_or_default().to_owned()
    }

    /// Writes the block over the one before.
    fn block(&mut self, views: &Views, now: Instant) {
        let account = views.account.read();
        let inputs = views.quotes.iter().map(|quote| quote.read().sequence).max().unwrap_or(0);
        let counted = Counted { inputs, requests: account.requests, fills: account.fills };
        let rates = self.rates.of(now, counted);
        let amount = |amount| self.amount(amount);
        let head = Head { account, counted, rates, latency: views.latency.read() };
        let mut lines = head.lines(amount, self.currency);
        lines.push(block::titles());
        let shown = views.instruments.iter().enumerate().take(SHOWN_MAX);
        lines.extend(shown.map(|(at, instrument)| {
            block::row(instrument, &views.quotes[at].read(), views.holdings[at].read())
        }));
        let more = views.instruments.len().saturating_sub(SHOWN_MAX);
        if more > 0 {
            lines.push(format!("and {more} more instruments"));
        }
        // Without wrapping, so that a line is a row of a narrow terminal too.
        let mut text = String::from("\x1b[?7l");
        if self.standing > 0 {
            write!(text, "\x1b[{}A", self.standing).expect("a string takes all");
        }
        for line in &lines {
            write!(text, "\r{line}\x1b[K\n").expect("a string takes all");
        }
        text.push_str("\x1b[?7h");
        self.standing = lines.len();
        // A terminal that has gone is nobody who could be told.
        io::stderr().write_all(text.as_bytes()).ok();
    }

    /// A line of the log.
    fn line(&self, views: &Views) {
        let account = views.account.read();
        let latency = views.latency.read();
        let stages = views.stages.iter().map(|(name, view)| (*name, view.read()));
        let stages: serde_json::Map<_, _> = stages
            .filter(|(_, seen)| seen.count > 0)
            .map(|(name, seen)| (name.to_string(), json!({"p50_ns": seen.p50, "p99_ns": seen.p99})))
            .collect();
        let inputs = views.quotes.iter().map(|quote| quote.read().sequence).max().unwrap_or(0);
        let mut fields: Vec<(&'static str, Value)> = vec![
            ("state", account.state.name().into()),
            ("reason", account.reason.name().into()),
            ("pnl", self.amount(account.profit).into()),
            ("fills", account.fills.into()),
            ("requests", account.requests.into()),
            ("refusals", account.refusals.into()),
            ("open_orders", account.open_orders.into()),
            ("inputs", inputs.into()),
            ("latency_p50_ns", latency.p50.into()),
            ("latency_p99_ns", latency.p99.into()),
            ("stages", stages.into()),
        ];
        let journal = views.journal.read();
        if journal.lsn_written > 0 {
            fields.extend([
                ("lsn_written", Value::from(journal.lsn_written)),
                ("lsn_synced", journal.lsn_synced.into()),
                ("lsn_sent", journal.lsn_sent.into()),
                ("loss_window_ms", journal.loss_window_ms.into()),
                ("journal_bytes_per_hour", journal.bytes_per_hour.into()),
                ("journal_retention_hours", journal.retention_hours.into()),
            ]);
        }
        let mut books = serde_json::Map::new();
        for (at, instrument) in views.instruments.iter().enumerate().take(SHOWN_MAX) {
            let quote = views.quotes[at].read();
            let held = views.holdings[at].read();
            let prices = |own: bool| {
                quote.sides.map(|side| {
                    let (price, qty) =
                        if own { (side.own, side.own_qty) } else { (side.market, side.market_qty) };
                    if qty.0 == 0 {
                        Value::Null
                    } else {
                        instrument.tick.text(price.0).to_string().into()
                    }
                })
            };
            books.insert(
                instrument.symbol.to_string(),
                json!({
                    "market": prices(false),
                    "quotes": prices(true),
                    "withheld": quote.sides.map(|side| side.withheld.reason(side.code)),
                    "book": quote.stale.map_or("fresh", Stale::name),
                    "position": instrument.lot.text(held.lots).to_string(),
                }),
            );
        }
        fields.push(("instruments", Value::Object(books)));
        self.log.info("status", fields);
    }
}
