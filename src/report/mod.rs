//! The backtest report: what a run earned, what it risked, and how its quotes fared.
//!
//! A pure collector over the stream of inputs and outputs: marks, requests, reports of orders and
//! the account's profit and loss go in as they happen, in the order of their times; `finish` gives
//! a [`Finished`], which is JSON or one HTML page that needs nothing from outside. Memory is
//! bounded but for one row an hour. Nothing here decides anything, reads a clock or writes a file.

mod html;
mod market;
mod markouts;
mod quoting;
mod returns;
mod series;
mod summary;
mod svg;
pub mod sweep;
mod text;

pub use returns::Ratios;
pub use summary::{
    AccountHour, AccountSummary, DrawdownSummary, Fact, FillSums, HourSums, InstrumentSummary,
    Inventory, Markout, OrderCounts, QuotingShares, Summary,
};

use crate::engine::risk::OrderRequest;
use crate::event::{Body, Event, Level, Mark};
use crate::types::{Currency, Instrument, Money, Nanos};
use market::Market;
use returns::{Drawdown, Returns};
use series::Series;

const HOUR: i64 = 3_600_000_000_000;

/// What a report is made with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReportParams {
    /// What the account's amounts are in.
    pub currency: Currency,
    /// The period of the returns that Sharpe and Sortino are computed of; above zero.
    pub period: Nanos,
    /// What is to be known of the run: mode, input, seed, digest.
    pub facts: Vec<Fact>,
}

/// Profit and loss of the account since the start, in 10⁻¹² of its currency.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Account {
    /// Realised and unrealised, before fees.
    pub gross: i128,
    /// Fees; negative where rebates are more.
    pub fees: i128,
}

/// The account's path.
#[derive(Clone, Debug)]
struct AccountPath {
    last: Account,
    returns: Returns,
    drawdown: Drawdown,
    gross: Series,
    net: Series,
    below: Series,
    /// Each hour that saw a change, and the account before it.
    hours: Vec<(i64, Account)>,
}

/// Collects a run. See the module's head.
#[derive(Clone, Debug)]
pub struct Report {
    params: ReportParams,
    markets: Vec<Market>,
    account: AccountPath,
    begin: Option<Nanos>,
}

#[expect(clippy::cast_precision_loss, reason = "a plot shows fewer digits")]
const fn money(amount: i128) -> f64 {
    amount as f64 / 1e12
}

impl Report {
    /// A report of nothing yet.
    ///
    /// # Panics
    /// The period is not above zero: our own fault, the config has checked.
    #[must_use]
    pub fn new<'a>(
        instruments: impl IntoIterator<Item = &'a Instrument>,
        params: ReportParams,
    ) -> Self {
        let account = AccountPath {
            last: Account::default(),
            returns: Returns::new(params.period),
            drawdown: Drawdown::new(),
            gross: Series::new(),
            net: Series::new(),
            below: Series::new(),
            hours: Vec::new(),
        };
        let markets = instruments.into_iter().map(Market::new).collect();
        Self { params, markets, account, begin: None }
    }

    /// The run has begun by then.
    fn see(&mut self, now: Nanos) {
        if self.begin.is_none() {
            self.begin = Some(now);
            self.markets.iter_mut().for_each(|market| market.pass(now));
            self.account.push(now, Account::default());
        }
    }

    /// The touch of an instrument.
    pub fn on_mark(&mut self, mark: &Mark) {
        self.see(mark.received);
        self.markets[mark.instrument.index()].mark(mark);
    }

    /// A request that was released at `now`.
    pub fn on_request(&mut self, request: &OrderRequest, now: Nanos) {
        self.see(now);
        let terms = request.terms();
        let market = &mut self.markets[terms.instrument.index()];
        market.pass(now);
        let asked = (terms.order, terms.side, terms.price, terms.qty);
        market.quoting.asked(terms.kind, asked);
    }

    /// A report of an order, as an input; other events, and an answer that names no instrument,
    /// say nothing here.
    pub fn on_report(&mut self, event: &Event, level: &Level) {
        let Body::Report(report) = event.body else { return };
        self.see(event.received);
        if let Some(market) = self.markets.get_mut(event.instrument.index()) {
            market.told(event.received, &report, level);
        }
    }

    /// The account's profit and loss from `now` on; one that is as before costs nothing.
    pub fn on_account(&mut self, now: Nanos, account: &Account) {
        self.see(now);
        if *account != self.account.last {
            self.account.push(now, *account);
        }
    }

    /// The end of the run.
    #[must_use]
    pub fn finish(mut self, end: Nanos) -> Finished {
        self.see(end);
        self.markets.iter_mut().for_each(|market| market.end(end));
        let last = self.account.last;
        self.account.push(end, last);
        self.markets.retain(Market::is_seen);
        let begin = self.begin.unwrap_or(end);
        #[expect(clippy::cast_precision_loss, reason = "a report's duration")]
        let duration_s = end.0.saturating_sub(begin.0) as f64 / 1e9;
        let summary = Summary {
            schema: 1,
            facts: self.params.facts.clone(),
            from: begin.to_string(),
            to: end.to_string(),
            duration_s,
            account: self.account.summary(self.params.currency),
            instruments: self.markets.iter().map(Market::summary).collect(),
        };
        let Self { markets, account, .. } = self;
        Finished { summary, markets, account, span: (begin, end) }
    }
}

impl AccountPath {
    fn push(&mut self, now: Nanos, account: Account) {
        let hour = now.0.div_euclid(HOUR);
        if self.hours.last().is_none_or(|(last, _)| *last < hour) {
            self.hours.push((hour, self.last));
        }
        self.last = account;
        let net = account.gross - account.fees;
        self.returns.push(now, money(net));
        self.gross.push(now, money(account.gross));
        self.net.push(now, money(net));
        self.below.push(now, -money(self.drawdown.push(now, net)));
    }

    fn summary(&self, currency: Currency) -> AccountSummary {
        let text = |amount: i128| {
            let text = Money { currency, amount }.to_string();
            text.split(' ').next().unwrap_or_default().to_string()
        };
        let (amount, from, to) = self.drawdown.deepest;
        let stamp = |time: Nanos| time.is_known().then(|| time.to_string());
        let ends = self.hours.iter().skip(1).map(|(_, account)| *account).chain([self.last]);
        let hours = self.hours.iter().zip(ends).map(|((hour, begin), end)| {
            let (gross, fees) = (end.gross - begin.gross, end.fees - begin.fees);
            AccountHour {
                hour: Nanos(hour * HOUR).to_string(),
                gross: text(gross),
                fees: text(fees),
                net: text(gross - fees),
            }
        });
        AccountSummary {
            currency: currency.to_string(),
            gross: text(self.last.gross),
            fees: text(self.last.fees),
            net: text(self.last.gross - self.last.fees),
            max_drawdown: DrawdownSummary {
                amount: text(amount),
                from: stamp(from),
                to: stamp(to),
            },
            ratios: self.returns.ratios(),
            hours: hours.collect(),
        }
    }
}

/// A report that is done.
#[derive(Clone, Debug)]
pub struct Finished {
    summary: Summary,
    markets: Vec<Market>,
    account: AccountPath,
    span: (Nanos, Nanos),
}

impl Finished {
    /// Adds something to know that the run itself could not know.
    pub fn note(&mut self, name: &str, value: String) {
        self.summary.facts.push(Fact { name: name.to_string(), value });
    }

    /// All numbers.
    #[must_use]
    pub const fn summary(&self) -> &Summary {
        &self.summary
    }

    /// All numbers as JSON.
    ///
    /// # Panics
    /// Never: plain numbers and texts.
    #[must_use]
    pub fn json(&self) -> String {
        serde_json::to_string_pretty(&self.summary).expect("plain numbers and texts")
    }

    /// The figures that are looked at first, as a table for a terminal.
    #[must_use]
    pub fn text(&self) -> String {
        text::of(&self.summary)
    }

    /// One page with all that a person wants to see; it loads nothing.
    #[must_use]
    pub fn html(&self) -> String {
        html::page(self)
    }
}

#[cfg(test)]
mod tests;
