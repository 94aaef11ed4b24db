//! What each rule of risk was fed with, and whether it starves: one row a rule and series.
//!
//! A rule that has never been fed lacks data, which is no fault. One that was, and has waited for
//! longer than it may, starves: it would not protect. Times are those of the inputs; where these
//! carry the wall's time, that is what they are held against, as a feed that stands still moves no
//! time of its own.

use super::board::{FedView, Views};
use crate::config::breaker::FedWithin;
use crate::engine::risk::{ExitParams, HedgeParams};
use crate::types::{Nanos, Symbol};
use crate::web::state::{Feeding, RuleShown};
use std::collections::BTreeSet;

/// What rows are judged by.
#[derive(Clone, Copy, Debug)]
pub struct FedRules {
    /// How long prices and trades may stay away.
    pub within: FedWithin,
    /// The inputs carry the wall's time.
    pub is_wall_time: bool,
    /// The circuit breaker has triggers, which count what comes.
    pub has_triggers: bool,
    /// When positions are closed by themselves.
    pub exit: Option<ExitParams>,
    /// When positions are brought back.
    pub hedge: Option<HedgeParams>,
}

/// What feeds several rules at once.
#[derive(Clone, Copy)]
struct Source {
    by: &'static str,
    symbol: Option<Symbol>,
    samples: u64,
    last: Nanos,
    deadline: Option<Nanos>,
}

impl Source {
    /// A rule on it, which needs so many samples.
    fn row(self, rule: &'static str, needed: u64, now: Nanos) -> RuleShown {
        let Self { by, symbol, samples, last, deadline } = self;
        let is_late = |deadline: Nanos| now.0.saturating_sub(last.0) > deadline.0;
        let feeding = if samples > 0 && deadline.is_some_and(is_late) {
            Feeding::Starved
        } else if samples < needed {
            Feeding::Insufficient
        } else {
            Feeding::Fed
        };
        RuleShown { rule, by, symbol, samples, last_fed: last, deadline, feeding }
    }
}

/// Every row. `wall` is the wall's time.
#[must_use]
pub fn rows(views: &Views, rules: &FedRules, wall: Nanos) -> Vec<RuleShown> {
    let times = views.quotes.iter().map(|quote| quote.read().time);
    let latest = times.max().unwrap_or(Nanos(0));
    let now = if rules.is_wall_time { latest.max(wall) } else { latest };
    let mut rows = Vec::new();
    let mut prices_of_all: Option<Source> = None;
    for (instrument, fed) in views.instruments.iter().zip(&views.fed) {
        let FedView { marks, mark_at, trades, trade_at, learned, fills, .. } = fed.read();
        let symbol = Some(instrument.symbol);
        let source = |by, samples, last, deadline| Source { by, symbol, samples, last, deadline };
        let within = &rules.within;
        let prices = source("prices", marks, mark_at, Some(within.prices));
        let traded = source("trades", trades, trade_at, Some(within.trades));
        let fills = source("fills", fills.0, fills.1, None);
        if rules.has_triggers {
            let [spreads, volumes, moves] = learned;
            let learned = |known: u32, needed: u32, rule, source: Source| {
                let mut row = source.row(rule, 1, now);
                if row.feeding == Feeding::Fed && known < needed {
                    row.feeding = Feeding::Insufficient;
                }
                row
            };
            rows.push(prices.row("RAPID_PRICE_MOVE_1MIN", 2, now));
            rows.push(prices.row("RAPID_PRICE_MOVE_5MIN", 2, now));
            rows.push(learned(spreads, 60, "SPREAD_WIDENING", prices));
            rows.push(learned(volumes, 20, "VOLUME_SPIKE", traded));
            rows.push(learned(moves, 300, "MARKET_CRISIS", prices));
            rows.push(prices.row("max_notional_exposure", 1, now));
            if rules.exit.is_some() {
                rows.push(prices.row("stop_loss", 1, now));
                rows.push(prices.row("take_profit", 1, now));
            }
            let oldest = prices_of_all.filter(|all| all.last <= prices.last).unwrap_or(prices);
            prices_of_all = Some(Source { symbol: None, ..oldest });
        }
        rows.push(fills.row("max_position_size", 0, now));
        rows.push(fills.row("max_daily_volume", 0, now));
        if rules.hedge.is_some() {
            rows.push(fills.row("auto_hedge", 0, now));
        }
    }
    let all = |by, samples, last, deadline| Source { by, symbol: None, samples, last, deadline };
    if let Some(prices) = prices_of_all {
        for rule in
            ["max_drawdown_pct", "daily_loss_limit", "max_gross_exposure", "max_net_exposure"]
        {
            rows.push(prices.row(rule, 1, now));
        }
    }
    let account = views.account.read();
    let requests = all("requests", account.requests, account.request_at, None);
    rows.push(requests.row("max_orders_per_second", 0, now));
    if rules.has_triggers {
        let measured = views.latency.read().count;
        rows.push(all("latency", measured, Nanos(0), None).row("LATENCY_DEGRADATION", 1, now));
        rows.push(all("inputs", 1, latest, None).row("CONNECTIVITY_LOSS", 1, now));
    }
    if let Some(var) = views.var.as_ref().map(super::var::VarReader::read) {
        let last = Nanos(var.last_fed.1);
        let samples = if last.0 > 0 { (var.samples.0 as u64).max(1) } else { 0 };
        let deadline = Some(Nanos(var.deadline));
        let source = all("var", samples, last, deadline);
        rows.push(source.row("var_limit_pct", var.samples.1 as u64, now));
    }
    rows
}

/// The names of what starves: what feeds, and whose it is. Prices are named by their instruments.
#[must_use]
pub fn starved(rows: &[RuleShown]) -> BTreeSet<String> {
    let late = rows.iter().filter(|row| row.feeding == Feeding::Starved);
    let late = late.filter(|row| row.by != "prices" || row.symbol.is_some());
    late.map(|row| match row.symbol {
        Some(symbol) => format!("{}:{symbol}", row.by),
        None => row.by.to_owned(),
    })
    .collect()
}
