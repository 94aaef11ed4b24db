//! Where spread and skew come from: the basic market maker and two optimal ones, as an enum.
//!
//! A strategy gives a *shape*, in basis points of the price, from what changes seldom: volatility,
//! arrivals, what is held. Only the shape's place in ticks is worked out at each change of the
//! touch. In the formulas σ is basis points in a square-root second, γ is per basis point and
//! order, k per basis point, A per second, and q what is held beyond the target in orders of
//! `orderQuantity`.
//!
//! * *Avellaneda–Stoikov* (High-frequency trading in a limit order book, 2008, equations 29 and
//!   30): reservation = s − q·γ·σ²·(T − t), spread = γ·σ²·(T − t) + (2/γ)·ln(1 + γ/k). Crypto
//!   markets do not close, so T − t is a constant, the configured horizon, as if each moment began
//!   a new day.
//! * *GLFT* (Guéant, Lehalle and Fernandez-Tapia, Dealing with the inventory risk, 2013, section 4,
//!   the closed-form approximation far from T): with c = √(σ²γ/(2kA)·(1 + γ/k)^(1 + k/γ)),
//!   bid distance = ln(1 + γ/k)/γ + (2q + 1)/2·c and ask distance = ln(1 + γ/k)/γ − (2q − 1)/2·c;
//!   so spread = (2/γ)·ln(1 + γ/k) + c and reservation = s − q·c.
//! * *Basic*: spread = base + factor·σ, and the whole spread times `inventorySkewFactor` is what
//!   the reservation price moves at the position limit.

use super::intensity::Arrivals;
use super::volatility::seconds;
use crate::types::Nanos;
use serde::{Deserialize, Serialize};

/// Which strategy, with what only it needs.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub enum Strategy {
    /// Spread by volatility and imbalance, skew by inventory.
    BasicMarketMaker {
        /// Share of the spread that the reservation price moves at the position limit.
        inventory_skew_factor: f64,
    },
    /// Avellaneda and Stoikov, 2008.
    AvellanedaStoikov {
        /// γ: aversion to risk, per basis point and order.
        gamma: f64,
        /// T − t.
        horizon: Nanos,
    },
    /// Guéant, Lehalle and Fernandez-Tapia, 2013.
    Glft {
        /// γ: aversion to risk, per basis point and order.
        gamma: f64,
    },
}

/// What the shape is made from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Situation {
    /// σ.
    pub(super) volatility_bps: f64,
    pub(super) arrivals: Arrivals,
    /// q: held beyond the target, in orders.
    pub(super) orders: f64,
    /// Held beyond the target, as a share of the limit, from −1 to 1.
    pub(super) share: f64,
    /// Base spread and volatility factor, of the basic strategy.
    pub(super) base_bps: f64,
    pub(super) volatility_factor: f64,
    /// The skew is never more.
    pub(super) skew_max_bps: f64,
}

/// What a strategy wants, in basis points of the price.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Shape {
    /// The whole spread before imbalance and clamps.
    pub(super) spread: f64,
    /// What of it is due to volatility.
    pub(super) volatility: f64,
    /// The reservation price lies so far below the fair value,
    pub(super) skew: f64,
    /// and so many whole spreads.
    pub(super) skew_spreads: f64,
    /// The skew was cut to its greatest.
    pub(super) skew_clamped: bool,
    /// A and k, where the strategy asks for them.
    pub(super) arrivals: Option<Arrivals>,
}

impl Strategy {
    /// The stable number in an explanation.
    #[must_use]
    pub const fn number(&self) -> u8 {
        match self {
            Self::BasicMarketMaker { .. } => 0,
            Self::AvellanedaStoikov { .. } => 1,
            Self::Glft { .. } => 2,
        }
    }

    /// The name of that number.
    #[must_use]
    pub const fn name_of(number: u8) -> Option<&'static str> {
        match number {
            0 => Some("BasicMarketMaker"),
            1 => Some("AvellanedaStoikov"),
            2 => Some("GLFT"),
            _ => None,
        }
    }

    /// Whether it asks how often takers come.
    pub(super) const fn wants_arrivals(&self) -> bool {
        !matches!(self, Self::BasicMarketMaker { .. })
    }

    pub(super) fn shape(&self, now: &Situation) -> Shape {
        let (sigma, k) = (now.volatility_bps, now.arrivals.decay);
        let (spread, volatility, skew) = match *self {
            Self::BasicMarketMaker { inventory_skew_factor } => {
                let volatility = now.volatility_factor * sigma;
                return Shape {
                    spread: now.base_bps + volatility,
                    volatility,
                    skew_spreads: inventory_skew_factor * now.share,
                    ..Shape::default()
                };
            }
            Self::AvellanedaStoikov { gamma, horizon } => {
                let risk = gamma * sigma * sigma * seconds(horizon);
                (risk + 2.0 / gamma * libm::log1p(gamma / k), risk, now.orders * risk)
            }
            Self::Glft { gamma } => {
                let log = libm::log1p(gamma / k);
                let power = libm::exp((1.0 + k / gamma) * log);
                let c = (sigma * sigma * gamma / (2.0 * k * now.arrivals.rate) * power).sqrt();
                (2.0 / gamma * log + c, c, now.orders * c)
            }
        };
        let clamped = skew.clamp(-now.skew_max_bps, now.skew_max_bps);
        Shape {
            spread,
            volatility,
            skew: clamped,
            skew_spreads: 0.0,
            skew_clamped: clamped.to_bits() != skew.to_bits(),
            arrivals: Some(now.arrivals),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn situation(sigma: f64, orders: f64) -> Situation {
        Situation {
            volatility_bps: sigma,
            arrivals: Arrivals { rate: 1.5, decay: 0.4 },
            orders,
            share: orders / 10.0,
            base_bps: 10.0,
            volatility_factor: 2.0,
            skew_max_bps: 40.0,
        }
    }

    #[test]
    fn the_formulas_give_what_their_papers_give() {
        let close = |got: f64, expected: f64| {
            assert!((got - expected).abs() < 1e-6 * expected.abs().max(1.0), "{got} {expected}");
        };
        // By hand: γσ²τ = 0.1·4·10 = 4; (2/0.1)·ln 1.25 = 4.4628710.
        let strategy = Strategy::AvellanedaStoikov { gamma: 0.1, horizon: Nanos::from_seconds(10) };
        let shape = strategy.shape(&situation(2.0, 3.0));
        close(shape.spread, 8.462_871_026);
        close(shape.skew, 12.0);
        // By hand: 1.25^5 = 3.0517578125, c = √(4·0.1/(2·0.4·1.5)·3.0517578) = 1.0085920.
        let shape = Strategy::Glft { gamma: 0.1 }.shape(&situation(2.0, -2.0));
        close(shape.spread, 4.462_871_026 + 1.008_589_41);
        close(shape.skew, -2.017_178_82);
        let basic = Strategy::BasicMarketMaker { inventory_skew_factor: 0.5 };
        let shape = basic.shape(&situation(2.0, 4.0));
        close(shape.spread, 14.0);
        close(shape.skew_spreads, 0.2);
    }

    #[test]
    fn without_aversion_both_quote_two_over_k_and_the_skew_is_bounded() {
        let strategies = [
            Strategy::AvellanedaStoikov { gamma: 1e-9, horizon: Nanos::from_seconds(60) },
            Strategy::Glft { gamma: 1e-9 },
        ];
        for strategy in strategies {
            let shape = strategy.shape(&situation(2.0, 1.0));
            assert!((shape.spread - 5.0).abs() < 1e-3, "{shape:?}");
            let far = Strategy::AvellanedaStoikov { gamma: 1.0, horizon: Nanos::from_seconds(60) };
            let shape = far.shape(&situation(2.0, -9.0));
            assert!(shape.skew_clamped && shape.skew.to_bits() == (-40.0_f64).to_bits());
        }
    }
}
