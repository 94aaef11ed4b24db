//! What a run shows of itself: lines in place on a terminal, lines of the log elsewhere, and the
//! last line on stdout.
//!
//! Everything comes from views; nothing on the path is asked. Numbers of the market are exact
//! decimal text.

use super::board::{AccountView, QuoteView, Views};
use super::outcome::Outcome;
use crate::config::Config;
use crate::event::Stale;
use crate::event::explanation::Withheld;
use crate::logs::Log;
use crate::types::{Currency, Instrument, Money, Nanos};
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
    /// Inputs, fills and when they were counted last: for rates.
    before: (u64, u64, Instant),
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
            before: (0, 0, now),
        }
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
    }

    /// The last look, and the last line on stdout.
    ///
    /// # Errors
    /// Nobody reads stdout.
    pub fn stopped(&mut self, views: &Views, outcome: &Outcome) -> io::Result<()> {
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
            open_orders: outcome.open_orders.len(),
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
        let mut text = String::from("\x1b[?7l");
        if self.standing > 0 {
            write!(text, "\x1b[{}A", self.standing).expect("a string takes all");
        }
        let account = views.account.read();
        let (inputs, rate) = self.rate(views, account.fills, now);
        let head = self.head(&account, inputs, rate);
        writeln!(text, "\r{head}\x1b[K").expect("a string takes all");
        let shown = views.instruments.len().min(SHOWN_MAX);
        for (at, instrument) in views.instruments.iter().enumerate().take(SHOWN_MAX) {
            let quote = views.quotes[at].read();
            let held = views.holdings[at].read();
            let row = row(instrument, &quote, held.lots);
            writeln!(text, "{row}\x1b[K").expect("a string takes all");
        }
        text.push_str("\x1b[?7h");
        self.standing = 1 + shown;
        // A terminal that has gone is nobody who could be told.
        io::stderr().write_all(text.as_bytes()).ok();
    }

    fn rate(&mut self, views: &Views, fills: u64, now: Instant) -> (u64, u64) {
        let inputs = views.quotes.iter().map(|quote| quote.read().sequence).max().unwrap_or(0);
        let (before, _, at) = self.before;
        let micros = now.duration_since(at).as_micros().max(1);
        let rate = u128::from(inputs.saturating_sub(before)) * 1_000_000 / micros;
        self.before = (inputs, fills, now);
        (inputs, u64::try_from(rate).unwrap_or(u64::MAX))
    }

    fn head(&self, account: &AccountView, inputs: u64, rate: u64) -> String {
        format!(
            "{} ({})  P&L {} {}  drawdown {}  gross {}  {} open, \
             {} fills, {} requests, {} refused  {inputs} inputs, {rate}/s",
            account.state.name(),
            account.reason.name(),
            cents(&self.amount(account.profit)),
            self.currency,
            cents(&self.amount(account.drawdown)),
            cents(&self.amount(account.gross)),
            account.open_orders,
            account.fills,
            account.requests,
            account.refusals,
        )
    }

    /// A line of the log.
    fn line(&self, views: &Views) {
        let account = views.account.read();
        let mut fields: Vec<(&'static str, Value)> = vec![
            ("state", account.state.name().into()),
            ("reason", account.reason.name().into()),
            ("pnl", self.amount(account.profit).into()),
            ("fills", account.fills.into()),
            ("requests", account.requests.into()),
            ("refusals", account.refusals.into()),
            ("open_orders", account.open_orders.into()),
        ];
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
                    "withheld": quote.sides.map(|side| side.withheld.name()),
                    "book": quote.stale.map_or("fresh", Stale::name),
                    "position": instrument.lot.text(held.lots).to_string(),
                }),
            );
        }
        fields.push(("instruments", Value::Object(books)));
        self.log.info("status", fields);
    }
}

/// One instrument's line of the block.
fn row(instrument: &Instrument, quote: &QuoteView, lots: i64) -> String {
    let price = |at: i64| instrument.tick.text(at).to_string();
    let [bid, ask] = quote.sides.map(|side| {
        let market = if side.market_qty.0 == 0 { "-".to_string() } else { price(side.market.0) };
        let own = match (side.own_qty.0, side.withheld) {
            (0, Withheld::Quoted) => "-".to_string(),
            (0, why) => why.name().to_string(),
            (qty, _) => format!("{} x {}", instrument.lot.text(qty), price(side.own.0)),
        };
        (market, own)
    });
    let state = quote.stale.map_or("fresh", Stale::name);
    format!(
        "{:<10} {state:<12} market {:>12} | {:<12} ours {:>26} | {:<26} position {}",
        instrument.symbol,
        bid.0,
        ask.0,
        bid.1,
        ask.1,
        instrument.lot.text(lots)
    )
}

/// The text cut behind the second digit of its fraction.
fn cents(text: &str) -> &str {
    match text.find('.') {
        Some(point) => &text[..text.len().min(point + 3)],
        None => text,
    }
}
