//! What a named bad day would cost. No probability is claimed.

use super::covariance::Covariance;
use super::normal::quantile;
use super::tail::Confidence;
use serde::{Deserialize, Serialize};

/// One bad day.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub enum Scenario {
    /// Every price, or that of one asset, changes by that share at once; −0.1 is a fall by 10 %.
    PriceShock {
        /// The asset; all of them if nothing is said.
        asset: Option<usize>,
        /// The change.
        share: f64,
    },
    /// Every standard deviation is so many times as great, correlations as they are.
    Volatility {
        /// How many times.
        times: f64,
    },
    /// Every position is left across a gap of that share of its price.
    LiquidityGap {
        /// The gap.
        share: f64,
    },
    /// All assets move as one, each by its own standard deviation: what spreads risk over assets no
    /// longer does, and a hedge holds as far as its deviations match.
    CorrelationToOne,
}

impl Scenario {
    /// The loss, of holdings with these values in money; the two that scale a distribution say its
    /// value at risk at that confidence. `returns` are simple returns of one period.
    #[must_use]
    pub fn loss(
        &self,
        returns: &Covariance,
        values: &[f64],
        (horizon, confidence): (f64, Confidence),
    ) -> f64 {
        let quantile = -quantile(confidence.tail()) * horizon.sqrt();
        match *self {
            Self::PriceShock { asset, share } => {
                let hit =
                    values.iter().enumerate().filter(|(at, _)| asset.is_none_or(|a| a == *at));
                -share * hit.map(|(_, value)| value).sum::<f64>()
            }
            Self::Volatility { times } => {
                let against = |(row, value): (usize, &f64)| {
                    let with = values.iter().zip(returns.row(row)).map(|(other, c)| other * c);
                    value * with.sum::<f64>()
                };
                let variance: f64 = values.iter().enumerate().map(against).sum();
                times * quantile * variance.max(0.0).sqrt()
            }
            Self::LiquidityGap { share } => {
                share * values.iter().map(|value| value.abs()).sum::<f64>()
            }
            Self::CorrelationToOne => {
                let moved = values.iter().enumerate();
                let sum: f64 = moved.map(|(at, value)| value * returns.deviation(at)).sum();
                quantile * sum.abs()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_day_costs_what_it_says() {
        let mut returns = Covariance::new(2);
        returns.set(&[0.0, 0.0], &[0.04, 0.0, 0.0, 0.01]);
        let at = (4.0, Confidence::P99);
        let z = quantile(0.99) * 2.0;
        let check = |scenario: Scenario, values: [f64; 2], expected: f64| {
            let found = scenario.loss(&returns, &values, at);
            assert!((found - expected).abs() < 1e-9, "{scenario:?}: {found} is not {expected}");
        };
        let all = Scenario::PriceShock { asset: None, share: -0.1 };
        check(all, [1000.0, -300.0], 70.0);
        check(Scenario::PriceShock { asset: Some(1), share: -0.1 }, [1000.0, -300.0], -30.0);
        check(Scenario::Volatility { times: 3.0 }, [150.0, 400.0], z * 150.0);
        check(Scenario::LiquidityGap { share: 0.02 }, [1000.0, -300.0], 26.0);
        check(Scenario::CorrelationToOne, [150.0, 400.0], z * 70.0);
        check(Scenario::CorrelationToOne, [150.0, -300.0], 0.0);
    }
}
