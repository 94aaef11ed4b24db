//! How much the price moves: an exponentially weighted average of squared returns, by time.
//!
//! The mid is sampled at most once in a configured span. A return r over dt seconds says that the
//! variance of a second is r²/dt; it enters with weight 1 − exp(−dt/τ), and what was known before
//! keeps exp(−dt/τ): the moving average of an inhomogeneous series (Zumbach and Müller, 2001) of
//! RiskMetrics' squared returns (1996). The weights given so far divide it, so that the first
//! seconds are not taken for calm ones.

use super::VolatilityParams;
use super::fair::float;
use crate::types::Nanos;
use serde::{Deserialize, Serialize};

/// Natural logarithm of two: τ = half-life / ln 2.
const LN_2: f64 = std::f64::consts::LN_2;

/// The moving average.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Volatility {
    params: VolatilityParams,
    /// ln 2 / half-life, per second.
    rate: f64,
    mid: f64,
    at: Nanos,
    /// Basis points², a second, not yet divided by the weight.
    variance: f64,
    weight: f64,
    seen: i64,
    bps: f64,
}

/// A span as seconds.
#[inline]
pub(super) const fn seconds(span: Nanos) -> f64 {
    float(span.0) * 1e-9
}

impl Volatility {
    pub(super) fn new(params: VolatilityParams) -> Self {
        Self {
            params,
            rate: LN_2 / seconds(params.half_life),
            mid: 0.0,
            at: Nanos::UNKNOWN,
            variance: 0.0,
            weight: 0.0,
            seen: 0,
            bps: 0.0,
        }
    }

    /// Whether the span since the last sample has passed.
    #[inline]
    pub(super) const fn is_due(&self, now: Nanos) -> bool {
        now.0.saturating_sub(self.at.0) >= self.params.sample.0
    }

    /// Takes the mid, in ticks.
    pub(super) fn sample(&mut self, mid: f64, now: Nanos) {
        let span = now.0.saturating_sub(self.at.0);
        if self.at.is_known() && span > 0 {
            let dt = seconds(Nanos(span));
            let r = (mid - self.mid) / self.mid * 1e4;
            let kept = libm::exp(-dt * self.rate);
            self.variance = kept * self.variance + (1.0 - kept) * (r * r / dt);
            self.weight = kept * self.weight + (1.0 - kept);
            self.seen = self.seen.saturating_add(span);
            self.bps = (self.variance / self.weight).sqrt();
        }
        (self.mid, self.at) = (mid, now);
    }

    /// The next sample begins anew: what happened while the book was stale is no return.
    pub(super) const fn interrupt(&mut self) {
        self.at = Nanos::UNKNOWN;
    }

    /// Whether enough was seen.
    #[inline]
    pub(super) const fn is_warm(&self) -> bool {
        self.at.is_known() && self.seen >= self.params.warmup.0
    }

    /// Standard deviation of the return of a second, in basis points.
    #[inline]
    pub(super) const fn bps(&self) -> f64 {
        self.bps
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_weighted_average_of_all_squared_returns() {
        let params = VolatilityParams {
            half_life: Nanos::from_seconds(3),
            sample: Nanos::from_millis(100),
            warmup: Nanos::from_seconds(1),
        };
        let mut own = Volatility::new(params);
        let mut samples: Vec<(f64, f64)> = Vec::new();
        let (mut seed, mut now, mut mid) = (7_u64, 0_i64, 1000.0);
        for _ in 0..300 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            now += 100_000_000 + i64::try_from(seed >> 34).unwrap();
            mid += float(i64::try_from(seed >> 60).unwrap() - 8) * 0.5;
            own.sample(mid, Nanos(now));
            samples.push((float(now) * 1e-9, mid));
            // The naive sum over all returns from the last to the first.
            let (mut sum, mut weights, mut age) = (0.0, 0.0, 0.0);
            for pair in samples.windows(2).rev() {
                let [(t0, m0), (t1, m1)] = [pair[0], pair[1]];
                let dt = t1 - t0;
                let weight = libm::exp(-age * LN_2 / 3.0) * (1.0 - libm::exp(-dt * LN_2 / 3.0));
                let r = (m1 / m0 - 1.0) * 1e4;
                (sum, weights, age) = (sum + weight * r * r / dt, weights + weight, age + dt);
            }
            if samples.len() > 1 {
                let naive = (sum / weights).sqrt();
                assert!((own.bps() - naive).abs() <= 1e-9 * naive, "{} {naive}", own.bps());
            }
        }
        assert!(own.is_warm() && !own.is_due(Nanos(now + 1)));
        own.interrupt();
        assert!(!own.is_warm() && own.is_due(Nanos(now + 1)));
    }
}
