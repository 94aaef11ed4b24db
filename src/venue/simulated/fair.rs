//! The fair value of an instrument: a path that nobody is shown, but arbitrageurs know.
//!
//! A geometric diffusion with jumps (Merton, 1976), stepped whenever somebody looks.

use super::chance::Chance;
use super::params::MarketParams;
use crate::types::Nanos;

/// Nanoseconds of a year of 365.25 days.
const YEAR: f64 = 31_557_600.0e9;
/// The path stays within this factor of where it began, so that every price has a meaning.
const REACH: f64 = 100.0;

/// The path at its last look.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct FairValue {
    /// In ticks.
    ticks: f64,
    at: Nanos,
    start: f64,
    drift: f64,
    volatility: f64,
}

/// A count as a float; prices and spans here lie far below 2⁵³.
#[expect(clippy::cast_precision_loss, reason = "far below 2^53, or a span whose ns do not count")]
pub(super) const fn float(steps: i64) -> f64 {
    steps as f64
}

impl FairValue {
    /// The path that begins at that time and value, in ticks.
    #[must_use]
    pub(super) fn new(params: &MarketParams, at: Nanos, ticks: f64) -> Self {
        let start = float(params.start_price.0);
        let volatility = params.volatility / YEAR.sqrt();
        Self { ticks, at, start, drift: params.drift / YEAR, volatility }
    }

    /// In ticks, as of the last look.
    #[must_use]
    pub(super) const fn ticks(&self) -> f64 {
        self.ticks
    }

    /// In ticks, now.
    #[inline]
    pub(super) fn look(&mut self, now: Nanos, chance: &mut Chance) -> f64 {
        let passed = float(now.0 - self.at.0);
        self.at = now;
        self.change(self.drift * passed + self.volatility * passed.sqrt() * chance.normal());
        self.ticks
    }

    /// It jumps by so much of itself.
    pub(super) fn change(&mut self, part: f64) {
        // One step may not lose more than half, or a wild volatility would turn the sign.
        let moved = self.ticks * (1.0 + part.max(-0.5));
        self.ticks = moved.clamp((self.start / REACH).max(1.0), self.start * REACH);
    }
}
