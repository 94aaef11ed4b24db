//! `exchange.simulator`: the embedded venue, its market and what goes wrong there.
//!
//! A market is simulated for every symbol that is traded; `markets` says where one differs from the
//! rest. What the venue does with all this is not known here.

use super::simulator_crowd::{RawCrowd, nanos};
use super::simulator_faults::RawFault;
use super::{Exact, Faults};
use crate::types::{Currency, Decimal, Price, Scale, Symbol};
use crate::venue::simulated::{FeeRate, LatencyParams, MarketParams, SimulatorParams};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Ten seconds in microseconds: no way to a venue is longer.
const LATENCY_US_MAX: u32 = 10_000_000;
/// What a market needs so that basis points are visible, and what an `i64` of lots carries.
const START_TICKS: std::ops::RangeInclusive<i64> = 100..=1_000_000_000_000;

/// The section as it is written.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub struct RawSimulator {
    /// Standard deviation of a year's return: 0.5 for 50 %.
    pub volatility: f64,
    /// Mean return of a year.
    pub drift: f64,
    /// Jumps of the fair value in an hour, on average.
    pub jumps_per_hour: f64,
    /// Standard deviation of a jump, in basis points.
    pub jump_bps: f64,
    /// One price step.
    pub tick_size: Exact,
    /// One quantity step.
    pub lot_size: Exact,
    /// The step of order quantities; the lot if it is not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_step: Option<Exact>,
    /// The fair value at the start; if it is not given, a usual one of the base currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_price: Option<Exact>,
    /// Where a symbol differs from the above.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub markets: BTreeMap<String, RawMarket>,
    /// Who trades there.
    pub participants: RawCrowd,
    /// From market data to us, the least.
    pub feed_latency_us: u32,
    /// What chance may add to it.
    pub feed_jitter_us: u32,
    /// From a request to the venue, the least.
    pub order_latency_us: u32,
    /// What chance may add to it.
    pub order_jitter_us: u32,
    /// From an answer or a fill to us, the least.
    pub report_latency_us: u32,
    /// What chance may add to it.
    pub report_jitter_us: u32,
    /// What an order pays that rested; negative for a rebate.
    pub maker_fee_bps: f64,
    /// What an order pays that took.
    pub taker_fee_bps: f64,
    /// The venue cancels our orders when the connection drops.
    pub cancel_on_disconnect: bool,
    /// What goes wrong.
    pub faults: Vec<RawFault>,
    /// The venue is another process, which listens there: see `pinnaclemm-drill`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub socket: Option<PathBuf>,
}

/// Where one symbol differs.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
#[expect(missing_docs, reason = "as in the section")]
pub struct RawMarket {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volatility: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drift: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tick_size: Option<Exact>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lot_size: Option<Exact>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_step: Option<Exact>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_price: Option<Exact>,
}

impl Default for RawSimulator {
    fn default() -> Self {
        let exact = |mantissa, decimals| Exact(Decimal { mantissa, decimals });
        Self {
            volatility: 0.5,
            drift: 0.0,
            jumps_per_hour: 30.0,
            jump_bps: 5.0,
            tick_size: exact(1, 2),
            lot_size: exact(1, 5),
            order_step: None,
            start_price: None,
            markets: BTreeMap::new(),
            participants: RawCrowd::default(),
            feed_latency_us: 200,
            feed_jitter_us: 100,
            order_latency_us: 300,
            order_jitter_us: 100,
            report_latency_us: 300,
            report_jitter_us: 100,
            maker_fee_bps: 1.0,
            taker_fee_bps: 5.0,
            cancel_on_disconnect: false,
            faults: Vec::new(),
            socket: None,
        }
    }
}

impl RawSimulator {
    /// Checks every key and makes a market for each symbol. What has a fault comes out as something
    /// that is not used.
    #[must_use]
    pub fn check(&self, path: &str, symbols: &[Symbol], faults: &mut Faults) -> SimulatorParams {
        for symbol in self.markets.keys() {
            if Symbol::new(symbol.as_bytes()).is_err() {
                faults.add(&format!("{path}.markets"), symbol, "the symbol of an instrument");
            }
        }
        let latency = |name: &str, fixed: u32, jitter: u32, faults: &mut Faults| LatencyParams {
            fixed: nanos(&format!("{path}.{name}LatencyUs"), (fixed, LATENCY_US_MAX), 1000, faults),
            jitter: nanos(
                &format!("{path}.{name}JitterUs"),
                (jitter, LATENCY_US_MAX),
                1000,
                faults,
            ),
        };
        let feed = latency("feed", self.feed_latency_us, self.feed_jitter_us, faults);
        let orders = latency("order", self.order_latency_us, self.order_jitter_us, faults);
        let reports = latency("report", self.report_latency_us, self.report_jitter_us, faults);
        faults.within(&format!("{path}.jumpsPerHour"), self.jumps_per_hour, 0.0..=1e6);
        faults.within(&format!("{path}.jumpBps"), self.jump_bps, 0.0..=1000.0);
        SimulatorParams {
            markets: symbols
                .iter()
                .filter_map(|symbol| self.market(path, *symbol, faults))
                .collect(),
            crowd: self.participants.check(&format!("{path}.participants"), faults),
            feed,
            orders,
            reports,
            maker_fee: fee(&format!("{path}.makerFeeBps"), self.maker_fee_bps, faults),
            taker_fee: fee(&format!("{path}.takerFeeBps"), self.taker_fee_bps, faults),
            cancel_on_disconnect: self.cancel_on_disconnect,
            faults: (0_usize..)
                .zip(&self.faults)
                .filter_map(|(at, fault)| fault.check(&format!("{path}.faults[{at}]"), faults))
                .collect(),
        }
    }

    fn market(&self, path: &str, symbol: Symbol, faults: &mut Faults) -> Option<MarketParams> {
        let own = self.markets.get(symbol.as_str()).copied().unwrap_or_default();
        let at = |differs: bool, name: &str| match differs {
            true => format!("{path}.markets.{symbol}.{name}"),
            false => format!("{path}.{name}"),
        };
        let Some((base, quote)) = currencies(symbol) else {
            faults.add(&format!("{path} symbol"), symbol, "two currencies, such as BTC-USD");
            return None;
        };
        let tick_at = at(own.tick_size.is_some(), "tickSize");
        let lot_at = at(own.lot_size.is_some(), "lotSize");
        let step_at = at(own.order_step.is_some(), "orderStep");
        let price_at = at(own.start_price.is_some(), "startPrice");
        let tick = scale(&tick_at, own.tick_size.unwrap_or(self.tick_size), faults)?;
        let lot_size = own.lot_size.unwrap_or(self.lot_size);
        let lot = scale(&lot_at, lot_size, faults)?;
        if tick.decimals() + lot.decimals() > crate::types::money::DECIMALS {
            faults.add(&lot_at, lot_size, "at most twelve decimals together with tickSize");
            return None;
        }
        let step_size = own.order_step.or(self.order_step).unwrap_or(lot_size);
        let order_step = scale(&step_at, step_size, faults)?;
        if lot.steps(step_size.0).is_err() {
            faults.add(&step_at, step_size, "a whole number of lots");
            return None;
        }
        let start = own.start_price.or(self.start_price).unwrap_or_else(|| usual_price(base));
        let Some(ticks) = tick.steps(start.0).ok().filter(|ticks| START_TICKS.contains(ticks))
        else {
            let (least, most) = (START_TICKS.start(), START_TICKS.end());
            let allowed = format!("a whole number of ticks from {least} to {most}");
            faults.add(&price_at, start, allowed);
            return None;
        };
        let volatility = own.volatility.unwrap_or(self.volatility);
        let drift = own.drift.unwrap_or(self.drift);
        Some(MarketParams {
            symbol,
            base,
            quote,
            tick,
            lot,
            order_step,
            start_price: Price(ticks),
            volatility: faults.within(
                &at(own.volatility.is_some(), "volatility"),
                volatility,
                0.0..=10.0,
            ),
            drift: faults.within(&at(own.drift.is_some(), "drift"), drift, -10.0..=10.0),
            jumps_per_hour: self.jumps_per_hour,
            jump_bps: self.jump_bps,
        })
    }
}

/// `BTC-USD` or `XBT/USD` taken apart.
fn currencies(symbol: Symbol) -> Option<(Currency, Currency)> {
    let (base, quote) = symbol.as_str().split_once(['-', '/'])?;
    Some((Currency::new(base.as_bytes()).ok()?, Currency::new(quote.as_bytes()).ok()?))
}

/// What a unit of a currency may be worth where nobody says.
fn usual_price(base: Currency) -> Exact {
    let mantissa = match base.as_str() {
        "BTC" | "XBT" => 60_000,
        "ETH" => 3000,
        "SOL" => 150,
        _ => 100,
    };
    Exact(Decimal { mantissa, decimals: 0 })
}

fn scale(path: &str, step: Exact, faults: &mut Faults) -> Option<Scale> {
    let scale = Scale::parse(step.to_string().as_bytes()).ok();
    if scale.is_none() {
        faults.add(path, step, "a step above zero");
    }
    scale
}

/// Hundredths of a basis point.
fn fee(path: &str, bps: f64, faults: &mut Faults) -> FeeRate {
    faults.within(path, bps, -100.0..=100.0);
    let hundredths = bps * 100.0;
    if (hundredths - hundredths.round()).abs() > 1e-6 {
        faults.add(path, bps, "a number with at most two decimals");
    }
    #[expect(clippy::cast_possible_truncation, reason = "bounded above; what is not is a fault")]
    FeeRate(hundredths.round() as i32)
}

#[cfg(test)]
#[path = "simulator_tests.rs"]
mod simulator_tests;
