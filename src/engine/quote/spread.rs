//! From a shape to the wish of each side: terms, clamps, and the way from floats to ticks.

use super::fair::{ceil, floor};
use super::strategy::Shape;
use super::{QuoteParams, SpreadParams};
use crate::engine::book::Top;
use crate::event::explanation::Clamps;
use serde::{Deserialize, Serialize};

/// Every number between the book and the two prices; in ticks where nothing else is said.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Pricing {
    pub(super) fair: f64,
    pub(super) imbalance: f64,
    /// Ticks of a basis point at the fair value.
    pub(super) ticks_per_bp: f64,
    /// What imbalance adds to the spread, in basis points.
    pub(super) imbalance_bps: f64,
    /// The spread after clamps.
    pub(super) spread: f64,
    pub(super) reservation: f64,
    /// Price of the nearest level, bid and ask.
    pub(super) prices: [i64; 2],
    /// Between two levels.
    pub(super) spacing: i64,
    /// What bound the spread, and each side on top of that.
    pub(super) clamps: [Clamps; 2],
}

/// The spread in basis points and what bound it.
#[inline]
fn bounded(bps: f64, params: &SpreadParams) -> (f64, Clamps) {
    let (mut bps, mut clamps) = (bps, Clamps::default());
    if bps < params.min_bps {
        (bps, clamps) = (params.min_bps, clamps.with(Clamps::SPREAD_MIN));
    }
    if bps > params.max_bps {
        (bps, clamps) = (params.max_bps, clamps.with(Clamps::SPREAD_MAX));
    }
    // Fees come last: what loses by its fee is not worth quoting, however narrow it should be.
    if bps < params.fees_bps {
        (bps, clamps) = (params.fees_bps, clamps.with(Clamps::FEES));
    }
    (bps, clamps)
}

impl Pricing {
    /// The prices of both sides on that touch.
    #[inline]
    pub(super) fn of(params: &QuoteParams, shape: &Shape, top: &Top, imbalance: f64) -> Self {
        let fair = params.fair_value.of(top, imbalance, params.imbalance_levels);
        let ticks_per_bp = fair * 1e-4;
        let terms = &params.spread;
        let beyond = imbalance.abs() > terms.imbalance_threshold;
        let imbalance_bps =
            if beyond { terms.base_bps * terms.imbalance_factor * imbalance.abs() } else { 0.0 };
        let (bps, mut both) = bounded(shape.spread + imbalance_bps, terms);
        if shape.skew_clamped {
            both = both.with(Clamps::SKEW);
        }
        let mut spread = bps * ticks_per_bp;
        if spread < 1.0 {
            // Less than a tick could put both sides at one price.
            (spread, both) = (1.0, both.with(Clamps::SPREAD_MIN));
        }
        let reservation = fair - shape.skew * ticks_per_bp - shape.skew_spreads * spread;
        let (bid, ask) = (floor(reservation - spread * 0.5), ceil(reservation + spread * 0.5));
        // A quote must rest: it stays behind the other side, and so never locks the market.
        let prices = [bid.min(top.ask.0 - 1), ask.max(top.bid.0 + 1)];
        let clamps = [prices[0] != bid, prices[1] != ask]
            .map(|moved| if moved { both.with(Clamps::POST_ONLY) } else { both });
        let spacing = ceil(params.level_spacing_bps * ticks_per_bp - 0.5).max(1);
        Self {
            fair,
            imbalance,
            ticks_per_bp,
            imbalance_bps,
            spread,
            reservation,
            prices,
            spacing,
            clamps,
        }
    }
}
