//! The lines that stand on a terminal while a run goes on.
//!
//! Made of views and nothing else; where they are written is not known here.

use crate::event::explanation::Withheld;
use crate::threads::board::{AccountView, HoldingView, QuoteView, SideView};
use crate::threads::latency::LatencyView;
use crate::types::{Currency, Instrument, Money};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Rates are of so long.
const WINDOW: Duration = Duration::from_secs(5);

/// What has happened so far.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Counted {
    pub(super) inputs: u64,
    pub(super) requests: u64,
    pub(super) fills: u64,
}

/// Of each, how many came in a second.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct PerSecond {
    inputs: f64,
    requests: f64,
    fills: f64,
}

/// What was counted over the last seconds.
#[derive(Debug, Default)]
pub(super) struct Rates(VecDeque<(Instant, Counted)>);

impl Rates {
    /// What came in a second, now that so much has happened.
    pub(super) fn of(&mut self, now: Instant, counted: Counted) -> PerSecond {
        while self.0.front().is_some_and(|(at, _)| now.duration_since(*at) > WINDOW) {
            self.0.pop_front();
        }
        self.0.push_back((now, counted));
        let (begun, before) = self.0[0];
        let span = now.duration_since(begun).as_secs_f64();
        let rate = |now: u64, before: u64| {
            #[expect(clippy::cast_precision_loss, reason = "a number for the eye")]
            let more = now.saturating_sub(before) as f64;
            if span > 0.0 { more / span } else { 0.0 }
        };
        PerSecond {
            inputs: rate(counted.inputs, before.inputs),
            requests: rate(counted.requests, before.requests),
            fills: rate(counted.fills, before.fills),
        }
    }
}

/// What is told of the whole run.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) account: AccountView,
    pub(super) counted: Counted,
    pub(super) rates: PerSecond,
    pub(super) latency: LatencyView,
}

impl Head {
    /// As lines; `amount` tells money as decimal text.
    pub(super) fn lines(&self, amount: impl Fn(i128) -> String, currency: Currency) -> Vec<String> {
        let Self { account, counted, rates, latency } = self;
        let first = format!(
            "{} ({})  P&L {} {currency}  drawdown {}  exposure {}",
            account.state.name(),
            account.reason.name(),
            cents(&amount(account.profit)),
            cents(&amount(account.drawdown)),
            cents(&amount(account.gross)),
        );
        let second = format!(
            "{} fills ({:.1}/s)  {} requests ({:.1}/s)  {} open  {} refused",
            counted.fills,
            rates.fills,
            counted.requests,
            rates.requests,
            account.open_orders,
            account.refusals,
        );
        let mut third = format!("{} inputs ({:.0}/s)", counted.inputs, rates.inputs);
        if latency.count > 0 {
            let (p50, p99) = (span(latency.p50), span(latency.p99));
            third += &format!("  input to request: p50 {p50}, p99 {p99}");
        }
        vec![first, second, third]
    }
}

/// What stands above the rows.
pub(super) fn titles() -> String {
    line(["", "bid", "ask", "our bid", "our ask", "position", "P&L"])
}

/// One instrument.
pub(super) fn row(instrument: &Instrument, quote: &QuoteView, held: HoldingView) -> String {
    let price = |ticks: i64| instrument.tick.text(ticks).to_string();
    let market = |side: &SideView| match side.market_qty.0 {
        0 => "-".to_owned(),
        _ => price(side.market.0),
    };
    let own = |side: &SideView| match side.own_qty.0 {
        0 => "-".to_owned(),
        _ => price(side.own.0),
    };
    let [bid, ask] = &quote.sides;
    let currency = instrument.quote;
    let profit = Money { currency, amount: held.profit }.to_string();
    let mut text = line([
        instrument.symbol.as_str(),
        &market(bid),
        &market(ask),
        &own(bid),
        &own(ask),
        &instrument.lot.text(held.lots).to_string(),
        &cents(profit.split(' ').next().unwrap_or_default()),
    ]);
    let [bid, ask] = quote.sides.map(|side| match (side.own_qty.0, side.withheld) {
        (1.., _) | (_, Withheld::Quoted) => String::new(),
        (_, why) => why.reason(side.code),
    });
    match (quote.stale, bid == ask) {
        (Some(reason), _) => text += &format!("  book_stale:{}", reason.name()),
        (None, true) if bid.is_empty() => {}
        (None, true) => text += &format!("  {bid}"),
        (None, false) => {
            let both = [("bid", bid), ("ask", ask)];
            for (side, why) in both.iter().filter(|(_, why)| !why.is_empty()) {
                text += &format!("  {side} {why}");
            }
        }
    }
    text
}

fn line(cells: [&str; 7]) -> String {
    let [symbol, bid, ask, our_bid, our_ask, position, profit] = cells;
    format!("{symbol:<10}{bid:>11}{ask:>11}{our_bid:>11}{our_ask:>11}{position:>13}{profit:>10}")
}

/// The text with two digits behind the point, cut and not rounded.
fn cents(text: &str) -> String {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    format!("{whole}.{:0<2}", &fraction[..fraction.len().min(2)])
}

/// A span of nanoseconds in the unit that suits it.
fn span(ns: u64) -> String {
    match ns {
        0..1_000 => format!("{ns} ns"),
        1_000..1_000_000 => format!("{}.{} us", ns / 1_000, ns / 100 % 10),
        1_000_000..1_000_000_000 => format!("{}.{} ms", ns / 1_000_000, ns / 100_000 % 10),
        _ => format!("{}.{} s", ns / 1_000_000_000, ns / 100_000_000 % 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_and_amounts_are_short() {
        let check = |ns, expected: &str| assert_eq!(span(ns), expected);
        check(0, "0 ns");
        check(999, "999 ns");
        check(1_000, "1.0 us");
        check(48_370, "48.3 us");
        check(7_250_000, "7.2 ms");
        check(61_999_000_000, "61.9 s");
        let check = |text: &str, expected: &str| assert_eq!(cents(text), expected);
        check("-1.239", "-1.23");
        check("12", "12.00");
        check("0.5", "0.50");
    }

    #[test]
    fn rates_are_of_the_last_seconds() {
        let begun = Instant::now();
        let mut rates = Rates::default();
        let mut at = |seconds: u64, inputs: u64| {
            let counted = Counted { inputs, ..Counted::default() };
            rates.of(begun + Duration::from_secs(seconds), counted).inputs
        };
        let got = [at(0, 7), at(2, 17), at(4, 17), at(8, 57), at(60, 58)];
        assert_eq!(got, [0.0, 5.0, 2.5, 10.0, 0.0]);
    }
}
