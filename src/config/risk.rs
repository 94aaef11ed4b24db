//! `risk_management`: the limits, all of them given, none with a default that permits.

use super::account::AccountParams;
use super::alerts::RawAlerts;
use super::breaker::RawBreaker;
use super::hedge::RawHedge;
use super::var::RawVar;
use super::{Exact, Faults};
use crate::engine::risk::unit::{Unit, trillionths};
use crate::engine::risk::{InstrumentLimits, RateParams, RiskParams};
use crate::types::decimal::pow10;
use crate::types::{Instrument, InstrumentTable, Nanos, Scale};
use serde::{Deserialize, Serialize};
use std::fmt::Display;

/// `risk_management`.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawRisk {
    /// What holds for every instrument, and for the account.
    pub limits: RawLimits,
    /// Where one instrument differs.
    pub per_symbol_limits: Vec<RawSymbolLimits>,
    /// What trips the circuit breaker.
    pub circuit_breaker: RawBreaker,
    /// Positions brought back to a part of their limit.
    pub auto_hedge: RawHedge,
    /// How alerts are raised and where they go.
    pub alerts: RawAlerts,
    /// Value at risk.
    pub var: RawVar,
}

/// `risk_management.limits`. Amounts are in the account currency, sizes in the base currency of
/// each instrument.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawLimits {
    /// The greatest position of an instrument.
    pub max_position_size: Option<Exact>,
    /// The most that the position of an instrument may come to.
    pub max_notional_exposure: Option<Exact>,
    /// The most that longs less shorts may come to.
    pub max_net_exposure: Option<Exact>,
    /// The most that all positions may come to.
    pub max_gross_exposure: Option<Exact>,
    /// The drawdown that halts, as a percentage of the capital.
    pub max_drawdown_pct: Option<Exact>,
    /// The loss of a day that halts.
    pub daily_loss_limit: Option<Exact>,
    /// The least size of an order.
    pub min_order_size: Option<Exact>,
    /// The greatest size of an order.
    pub max_order_size: Option<Exact>,
    /// The greatest price × size of an order.
    pub max_order_value: Option<Exact>,
    /// The most that is traded of an instrument in a day.
    pub max_daily_volume: Option<Exact>,
    /// Messages a second, cancels included.
    pub max_orders_per_second: Option<u32>,
    /// The part of them that is kept for cancels, in percent.
    pub cancel_reserve_pct: Option<u32>,
    /// How far on its wrong side of the book's middle a price may lie, in 1/10,000.
    pub price_collar_bps: Option<u32>,
    /// The most orders that are live at a time.
    pub orders_max: Option<u32>,
    /// How old the mark of a conversion may be.
    pub conversion_age_max_ms: Option<u32>,
}

/// One entry of `risk_management.per_symbol_limits`: what is not given is as in `limits`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawSymbolLimits {
    /// The venue's name of the instrument.
    pub symbol: String,
    /// Instead of `limits.max_position_size`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_position_size: Option<Exact>,
    /// Instead of `limits.max_notional_exposure`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_notional_exposure: Option<Exact>,
    /// The loss of a day with this instrument from which on it does not grow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub daily_loss_limit: Option<Exact>,
    /// Instead of `limits.min_order_size`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_order_size: Option<Exact>,
    /// Instead of `limits.max_order_size`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_order_size: Option<Exact>,
    /// Instead of `limits.max_daily_volume`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_daily_volume: Option<Exact>,
    /// Instead of `limits.price_collar_bps`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_collar_bps: Option<u32>,
}

/// What a check reads, and where it says what is wrong.
struct Check<'a> {
    path: &'a str,
    account: &'a AccountParams,
    faults: &'a mut Faults,
}

impl RawRisk {
    /// Checks every key against the instruments and the account. The epoch is set by who starts.
    #[must_use]
    pub fn check(
        &self,
        path: &str,
        account: &AccountParams,
        table: &InstrumentTable,
        faults: &mut Faults,
    ) -> (RiskParams, Vec<InstrumentLimits>) {
        let below = format!("{path}.limits");
        let mut check = Check { path: &below, account, faults };
        let mut params = self.limits.check(&mut check);
        params.breaker = self.circuit_breaker.check(&format!("{path}.circuit_breaker"), faults);
        params.hedge = self.auto_hedge.check(&format!("{path}.auto_hedge"), faults);
        self.check_symbols(path, table, faults);
        let limits = table.iter().map(|instrument| {
            let at = self
                .per_symbol_limits
                .iter()
                .position(|own| own.symbol == instrument.symbol.as_str());
            let own = at.map(|at| (format!("{path}.per_symbol_limits[{at}]"), at));
            let own = own.as_ref().map(|(path, at)| (path.as_str(), &self.per_symbol_limits[*at]));
            let mut check = Check { path: &below, account, faults: &mut *faults };
            self.limits.check_instrument(&mut check, own, instrument)
        });
        let limits = limits.collect();
        if faults.is_empty() {
            params.file = self.of_file(table);
        }
        (params, limits)
    }

    /// Each entry is of an instrument, and the only one of it.
    fn check_symbols(&self, path: &str, table: &InstrumentTable, faults: &mut Faults) {
        for (at, own) in self.per_symbol_limits.iter().enumerate() {
            let known = table.iter().any(|known| known.symbol.as_str() == own.symbol);
            let twice = self.per_symbol_limits[..at].iter().any(|o| o.symbol == own.symbol);
            if !known || twice {
                let path = format!("{path}.per_symbol_limits[{at}].symbol");
                faults.add(&path, &own.symbol, "the symbol of an instrument, named once");
            }
        }
    }
}

impl RawLimits {
    /// An entry for one instrument whose sizes are changed by `scale`.
    pub(super) fn scaled(&self, symbol: &str, scale: impl Fn(Exact) -> Exact) -> RawSymbolLimits {
        RawSymbolLimits {
            symbol: symbol.to_owned(),
            max_position_size: self.max_position_size.map(&scale),
            max_notional_exposure: None,
            daily_loss_limit: None,
            min_order_size: self.min_order_size.map(&scale),
            max_order_size: self.max_order_size.map(&scale),
            max_daily_volume: self.max_daily_volume.map(&scale),
            price_collar_bps: None,
        }
    }

    fn check(&self, check: &mut Check<'_>) -> RiskParams {
        let gross = check.amount("max_gross_exposure", self.max_gross_exposure);
        let net = check.amount("max_net_exposure", self.max_net_exposure);
        if net > gross {
            let value = self.max_net_exposure.map_or(String::new(), |net| net.to_string());
            check.fault("max_net_exposure", value, "at most max_gross_exposure");
        }
        let per_second =
            check.count("max_orders_per_second", self.max_orders_per_second, 1, 100_000);
        let pct = check.count("cancel_reserve_pct", self.cancel_reserve_pct, 0, 90);
        let reserve = (per_second.saturating_mul(pct)).div_ceil(100);
        if per_second > 0 && reserve >= per_second {
            let allowed = "such that a message a second is left for orders";
            check.fault("cancel_reserve_pct", pct, allowed);
        }
        let age = check.count("conversion_age_max_ms", self.conversion_age_max_ms, 1, 86_400_000);
        RiskParams {
            currency: check.account.currency,
            capital: check.account.capital,
            epoch: 0,
            gross_exposure_max: gross,
            net_exposure_max: net,
            daily_loss_max: check.amount("daily_loss_limit", self.daily_loss_limit),
            drawdown_max: self.drawdown(check),
            rate: RateParams { per_second, reserve },
            orders_max: check.count("orders_max", self.orders_max, 1, 16_384),
            conversion_age_max: Nanos::from_millis(age.into()),
            conversions: check.account.conversions.clone(),
            breaker: None,
            hedge: None,
            exit: None,
            file: Vec::new(),
        }
    }

    /// The percentage of the capital as money, rounded down.
    fn drawdown(&self, check: &mut Check<'_>) -> i128 {
        let allowed = "above 0 and at most 100";
        let Some(Exact(pct)) = self.max_drawdown_pct else {
            check.fault("max_drawdown_pct", "nothing", allowed);
            return 0;
        };
        let (mantissa, one) = (i128::from(pct.mantissa), i128::from(pow10(pct.decimals)));
        if mantissa == 0 || mantissa > 100 * one {
            check.fault("max_drawdown_pct", Exact(pct), allowed);
            return 0;
        }
        check.account.capital.saturating_mul(mantissa) / (100 * one)
    }

    fn check_instrument(
        &self,
        check: &mut Check<'_>,
        own: Option<(&str, &RawSymbolLimits)>,
        instrument: &Instrument,
    ) -> InstrumentLimits {
        let symbol = instrument.symbol;
        let rated = check.account.conversions.iter().any(|c| c.currency == instrument.quote);
        if !rated && instrument.quote != check.account.currency {
            let allowed = format!("such that {symbol}'s {} is converted", instrument.quote);
            check.faults.add("account.conversions", "without it", allowed);
        }
        let unit = Unit::of(instrument.tick, instrument.lot);
        let qty_step = lots(instrument.order_step, instrument.lot);
        if unit.is_none() || qty_step.is_none() {
            let allowed = "such that a tick times a lot can be counted, and order steps are lots";
            check.faults.add("instruments", symbol, allowed);
        }
        let own_of = |of: fn(&RawSymbolLimits) -> Option<Exact>| own.and_then(|(_, own)| of(own));
        // A fault is named where the number stands.
        let mut size = |key: &str, own_size: Option<Exact>, size: Option<Exact>, up: bool| {
            let path = own.filter(|_| own_size.is_some()).map_or(check.path, |(path, _)| path);
            let mut check = Check { path, account: check.account, faults: &mut *check.faults };
            check.size(key, own_size.or(size), instrument, up)
        };
        let qty_min =
            size("min_order_size", own_of(|own| own.min_order_size), self.min_order_size, true);
        let qty_max =
            size("max_order_size", own_of(|own| own.max_order_size), self.max_order_size, false);
        let position = own_of(|own| own.max_position_size);
        let position_max = size("max_position_size", position, self.max_position_size, false);
        let volume = own_of(|own| own.max_daily_volume);
        let volume_max = size("max_daily_volume", volume, self.max_daily_volume, false);
        if qty_min > qty_max {
            let path = own.map_or(check.path, |(path, _)| path);
            let allowed = format!("at most max_order_size, for {symbol}");
            let value = own_of(|own| own.min_order_size).or(self.min_order_size);
            let value = value.map_or(String::new(), |size| size.to_string());
            check.faults.add(&format!("{path}.min_order_size"), value, allowed);
        }
        let mut amount = |key: &str, own_amount: Option<Exact>, amount: Option<Exact>| {
            let path = own.filter(|_| own_amount.is_some()).map_or(check.path, |(path, _)| path);
            let mut check = Check { path, account: check.account, faults: &mut *check.faults };
            check.amount(key, own_amount.or(amount))
        };
        let notional = own_of(|own| own.max_notional_exposure);
        let loss = own_of(|own| own.daily_loss_limit);
        InstrumentLimits {
            quote: instrument.quote,
            tick: instrument.tick,
            lot: instrument.lot,
            unit: unit.unwrap_or(Unit::ONE),
            qty_step: qty_step.unwrap_or(1),
            qty_min,
            qty_max,
            value_max: amount("max_order_value", None, self.max_order_value),
            position_max,
            volume_max,
            daily_loss_max: amount("daily_loss_limit", loss, self.daily_loss_limit),
            notional_max: amount("max_notional_exposure", notional, self.max_notional_exposure),
            collar_bps: self.collar(check, own).into(),
        }
    }

    fn collar(&self, check: &mut Check<'_>, own: Option<(&str, &RawSymbolLimits)>) -> u32 {
        let own = own.and_then(|(path, own)| own.price_collar_bps.map(|bps| (path, bps)));
        let (path, bps) = match own {
            Some((path, bps)) => (path, Some(bps)),
            None => (check.path, self.price_collar_bps),
        };
        let mut check = Check { path, account: check.account, faults: &mut *check.faults };
        check.count("price_collar_bps", bps, 1, 5000)
    }
}

impl Check<'_> {
    fn fault(&mut self, key: &str, value: impl Display, allowed: impl Display) {
        let path = format!("{}.{key}", self.path);
        // A key that holds for every instrument is named once.
        if !self.faults.list().iter().any(|fault| fault.path == path) {
            self.faults.add(&path, value, allowed);
        }
    }

    /// An amount of the account currency.
    fn amount(&mut self, key: &str, amount: Option<Exact>) -> i128 {
        let count = amount.and_then(|amount| trillionths(amount.0, self.account.currency));
        match count {
            Some(count) if count > 0 => count,
            _ => {
                let allowed = "an amount above 0 with at most 12 decimals";
                self.fault(key, shown(amount), allowed);
                0
            }
        }
    }

    /// A quantity of an instrument in lots; a least one rounded up, a greatest one down.
    fn size(&mut self, key: &str, size: Option<Exact>, of: &Instrument, up: bool) -> i64 {
        let Some(Exact(number)) = size else {
            self.fault(key, "nothing", "a size above 0");
            return 0;
        };
        let lot = i128::from(of.lot.increment()) * i128::from(pow10(number.decimals));
        let units = i128::from(number.mantissa) * i128::from(pow10(of.lot.decimals()));
        let lots = if up { (units + lot - 1) / lot } else { units / lot };
        match i64::try_from(lots) {
            Ok(lots) if lots > 0 => lots,
            _ => {
                let allowed = format!("at least a lot of {} and countable in lots", of.symbol);
                self.fault(key, Exact(number), allowed);
                0
            }
        }
    }

    fn count(&mut self, key: &str, count: Option<u32>, min: u32, max: u32) -> u32 {
        match count {
            Some(count) if (min..=max).contains(&count) => count,
            _ => {
                let value = count.map_or("nothing".to_string(), |count| count.to_string());
                self.fault(key, value, format_args!("from {min} to {max}"));
                0
            }
        }
    }
}

fn shown(number: Option<Exact>) -> String {
    number.map_or("nothing".to_string(), |number| number.to_string())
}

/// How many lots a step is; nothing if it is no whole number of them.
fn lots(step: Scale, lot: Scale) -> Option<i64> {
    let step_units = i128::from(step.increment()) * i128::from(pow10(lot.decimals()));
    let lot_units = i128::from(lot.increment()) * i128::from(pow10(step.decimals()));
    let whole = step_units % lot_units == 0;
    whole.then(|| i64::try_from(step_units / lot_units).ok()).flatten()
}

#[cfg(test)]
#[path = "risk_tests.rs"]
mod tests;
