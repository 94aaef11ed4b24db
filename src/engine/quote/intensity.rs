//! How often takers come, and how deep they reach: λ(δ) = A·exp(−k·δ), calibrated from the trades.
//!
//! Avellaneda and Stoikov (2008, section 2.5) take the depth of a market order, its distance from
//! the mid when it arrives, to be exponential: then A is the rate of arrivals and 1/k their mean
//! depth. Both are estimated as the posterior means of a Poisson and of an exponential rate under
//! their conjugate gamma priors, whose means are the configured values: A = (n + A₀·t₀)/(t + t₀),
//! k = (n + n₀)/(Σδ + n₀/k₀), where n, Σδ and t fade with a half-life. Trades of one time and
//! aggressor are one arrival, as deep as the deepest of them. The depth counts from the mid, half
//! the market's spread included: that keeps k finite where nearly every trade takes the touch.

use super::IntensityParams;
use super::volatility::seconds;
use crate::types::{Nanos, Side};
use serde::{Deserialize, Serialize};

/// The prior counts like so many seconds of watching.
const PRIOR_SECONDS: f64 = 60.0;
/// The prior counts like so many arrivals.
const PRIOR_ARRIVALS: f64 = 20.0;

/// The two estimates: `rate` is A a second, `decay` is k per basis point.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Arrivals {
    pub(super) rate: f64,
    pub(super) decay: f64,
}

/// What was seen of the trades.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Intensity {
    prior: IntensityParams,
    /// ln 2 / half-life, per second.
    fade: f64,
    at: Nanos,
    count: f64,
    depths: f64,
    /// Seconds watched.
    time: f64,
    /// Time, aggressor and depth of the last arrival: its other trades belong to it.
    last: (Nanos, Side, f64),
}

impl Intensity {
    pub(super) fn new(prior: IntensityParams) -> Self {
        Self {
            prior,
            fade: std::f64::consts::LN_2 / seconds(prior.half_life),
            at: Nanos::UNKNOWN,
            count: 0.0,
            depths: 0.0,
            time: 0.0,
            last: (Nanos::UNKNOWN, Side::Bid, 0.0),
        }
    }

    /// Lets what was seen fade until now.
    fn advance(&mut self, now: Nanos) {
        let span = now.0.saturating_sub(self.at.0);
        if self.at.is_known() && span > 0 {
            let kept = libm::exp(-seconds(Nanos(span)) * self.fade);
            self.count *= kept;
            self.depths *= kept;
            self.time = self.time * kept + (1.0 - kept) / self.fade;
        }
        self.at = now;
    }

    /// A trade so many basis points from the mid, with the venue's time or ours as `stamp`.
    pub(super) fn trade(&mut self, depth: f64, aggressor: Side, stamp: Nanos, now: Nanos) {
        let (last_stamp, last_side, last_depth) = self.last;
        if stamp == last_stamp && aggressor == last_side {
            if depth > last_depth {
                self.depths += depth - last_depth;
                self.last.2 = depth;
            }
            return;
        }
        self.advance(now);
        self.count += 1.0;
        self.depths += depth;
        self.last = (stamp, aggressor, depth);
    }

    /// A and k as far as they are known now.
    pub(super) fn arrivals(&mut self, now: Nanos) -> Arrivals {
        self.advance(now);
        let IntensityParams { rate, decay, .. } = self.prior;
        Arrivals {
            rate: (self.count + rate * PRIOR_SECONDS) / (self.time + PRIOR_SECONDS),
            decay: (self.count + PRIOR_ARRIVALS) / (self.depths + PRIOR_ARRIVALS / decay),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_finds_the_numbers_that_the_trades_were_drawn_from() {
        let prior = IntensityParams { half_life: Nanos::from_seconds(3600), rate: 9.0, decay: 9.0 };
        let mut own = Intensity::new(prior);
        let first = own.arrivals(Nanos(0));
        assert!((first.rate - 9.0).abs() < 1e-9 && (first.decay - 9.0).abs() < 1e-9);
        // Two arrivals a second, each of three trades, exponential depths of mean 4: k = 0.25.
        let mut seed = 3_u64;
        for i in 1..=20_000_i64 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888);
            let (now, uniform) =
                (Nanos(i * 500_000_000), ((seed >> 40) as f64 + 0.5) / 16_777_216.0);
            let depth = -4.0 * libm::log(uniform);
            for part in [0.5, 1.0, 0.7] {
                own.trade(depth * part, Side::Bid, now, now);
            }
        }
        let Arrivals { rate, decay } = own.arrivals(Nanos(20_000 * 500_000_000));
        assert!((rate - 2.0).abs() < 0.15 && (decay - 0.25).abs() < 0.01, "{rate} {decay}");
    }
}
