//! `risk_management.circuit_breaker`: what trips the breaker, and for how long.

use super::{Exact, Faults};
use crate::engine::risk::BreakerParams;
use crate::types::Nanos;
use crate::types::decimal::pow10;
use serde::{Deserialize, Serialize};

/// `risk_management.circuit_breaker`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawBreaker {
    /// Whether anything but an operator trips it.
    pub enabled: bool,
    /// A move of the price within a minute, in percent.
    pub price_move_1min_pct: Exact,
    /// A move of the price within five minutes, in percent.
    pub price_move_5min_pct: Exact,
    /// So many times the spread that was learned.
    pub spread_widen_multiplier: Exact,
    /// A spread below never trips, in 1/10,000 of the middle.
    pub spread_floor_bps: u32,
    /// So many times the volume of a minute that was learned.
    pub volume_spike_multiplier: Exact,
    /// So many times the speed of the price that was learned.
    pub crisis_speed_multiplier: Exact,
    /// A price that moves less in a second is in no crisis, in 1/10,000.
    pub crisis_floor_bps: u32,
    /// From an input to its requests, the slowest of a hundred.
    pub max_latency_us: u32,
    /// The venue may be away for so long.
    pub max_disconnect_ms: u32,
    /// From OPEN to HALF_OPEN.
    pub cooldown_period_ms: u32,
    /// From HALF_OPEN to CLOSED.
    pub half_open_test_duration_ms: u32,
    /// What an order may be in HALF_OPEN, in percent of the usual.
    pub half_open_size_pct: u32,
    /// Growing orders a second in HALF_OPEN.
    pub half_open_orders_per_second: u32,
    /// Prices of a market that stay away for longer starve the rules on them.
    pub prices_deadline_ms: u32,
    /// Trades of a market that stay away for longer starve the rule on them.
    pub trades_deadline_ms: u32,
}

/// How long what feeds the rules may stay away, once it has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FedWithin {
    /// Prices of a market.
    pub prices: Nanos,
    /// Trades of a market.
    pub trades: Nanos,
}

impl Default for RawBreaker {
    fn default() -> Self {
        let whole = |number: i64| Exact(crate::types::Decimal { mantissa: number, decimals: 0 });
        Self {
            enabled: true,
            price_move_1min_pct: whole(2),
            price_move_5min_pct: whole(5),
            spread_widen_multiplier: whole(3),
            spread_floor_bps: 10,
            volume_spike_multiplier: whole(5),
            crisis_speed_multiplier: whole(10),
            crisis_floor_bps: 2,
            max_latency_us: 10_000,
            max_disconnect_ms: 5000,
            cooldown_period_ms: 30_000,
            half_open_test_duration_ms: 10_000,
            half_open_size_pct: 25,
            half_open_orders_per_second: 5,
            prices_deadline_ms: 60_000,
            trades_deadline_ms: 900_000,
        }
    }
}

impl RawBreaker {
    /// How slow the engine may be.
    pub(super) const fn latency_max(&self) -> Nanos {
        Nanos(self.max_latency_us as i64 * 1000)
    }

    /// How long what feeds the rules may stay away.
    pub(super) const fn fed_within(&self) -> FedWithin {
        FedWithin {
            prices: Nanos::from_millis(self.prices_deadline_ms as i64),
            trades: Nanos::from_millis(self.trades_deadline_ms as i64),
        }
    }

    /// Checks every key; nothing where only an operator trips the breaker.
    pub(super) fn check(&self, path: &str, faults: &mut Faults) -> Option<BreakerParams> {
        let mut check = Check { path, faults };
        let millis = |ms: u32| Nanos::from_millis(ms.into());
        let day = 86_400_000;
        check.count("max_latency_us", self.max_latency_us, 1, 60_000_000);
        let params = BreakerParams {
            // A percent is 10,000 millionths.
            move_1min_ppm: check.part("price_move_1min_pct", self.price_move_1min_pct, 10_000, 100),
            move_5min_ppm: check.part("price_move_5min_pct", self.price_move_5min_pct, 10_000, 100),
            spread_multiplier: check.times("spread_widen_multiplier", self.spread_widen_multiplier),
            spread_floor_bps: check.count("spread_floor_bps", self.spread_floor_bps, 0, 10_000),
            volume_multiplier: check.times("volume_spike_multiplier", self.volume_spike_multiplier),
            crisis_multiplier: check.times("crisis_speed_multiplier", self.crisis_speed_multiplier),
            crisis_floor_bps: check.count("crisis_floor_bps", self.crisis_floor_bps, 0, 10_000),
            disconnect_max: millis(self.max_disconnect_ms),
            cooldown: millis(self.cooldown_period_ms),
            half_open: millis(self.half_open_test_duration_ms),
            half_open_size_pct: self.half_open_size_pct,
            half_open_per_second: self.half_open_orders_per_second,
        };
        for (key, value, max) in [
            ("max_disconnect_ms", self.max_disconnect_ms, day),
            ("cooldown_period_ms", self.cooldown_period_ms, day),
            ("half_open_test_duration_ms", self.half_open_test_duration_ms, day),
            ("half_open_size_pct", self.half_open_size_pct, 100),
            ("half_open_orders_per_second", self.half_open_orders_per_second, 100_000),
            ("prices_deadline_ms", self.prices_deadline_ms, day),
            ("trades_deadline_ms", self.trades_deadline_ms, day),
        ] {
            check.count(key, value, 1, max);
        }
        self.enabled.then_some(params)
    }
}

struct Check<'a> {
    path: &'a str,
    faults: &'a mut Faults,
}

impl Check<'_> {
    fn count(&mut self, key: &str, count: u32, min: u32, max: u32) -> i64 {
        if !(min..=max).contains(&count) {
            let path = format!("{}.{key}", self.path);
            self.faults.add(&path, count, format_args!("from {min} to {max}"));
        }
        count.into()
    }

    /// A number above 0 in parts of which `one` are one.
    fn part(&mut self, key: &str, number: Exact, one: i64, max: i64) -> i64 {
        let Exact(decimal) = number;
        let parts = i128::from(decimal.mantissa) * i128::from(one);
        let parts = parts / i128::from(pow10(decimal.decimals));
        match i64::try_from(parts) {
            Ok(parts) if parts > 0 && parts <= max * one => parts,
            _ => {
                let path = format!("{}.{key}", self.path);
                self.faults.add(&path, number, format_args!("above 0 and at most {max}"));
                0
            }
        }
    }

    /// A multiplier in thousandths: what is as ever must not trip.
    fn times(&mut self, key: &str, number: Exact) -> i64 {
        let parts = self.part(key, number, 1000, 1_000_000);
        if parts > 0 && parts <= 1000 {
            let path = format!("{}.{key}", self.path);
            self.faults.add(&path, number, "above 1");
        }
        parts
    }
}
