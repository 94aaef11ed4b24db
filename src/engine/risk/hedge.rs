//! The hedge: a position beyond a part of its limit is brought back to it by orders that take.
//!
//! At most one try at every instrument within an interval of input time. The orders only reduce,
//! end at once, and pass the same checks as all others. They stop short of our own quotes on the
//! other side. Where the trading state is HALTED, or the book stale, nothing is tried.

use super::flatten::Take;
use super::{NEVER, Output, Risk, instrument_at};
use crate::engine::buffer::Buffer;
use crate::event::TradingState;
use crate::types::{InstrumentId, Nanos, Side};
use serde::{Deserialize, Serialize};

/// When a position is brought back, and how often it is tried.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct HedgeParams {
    /// The part of the position's limit that is left alone, in 10⁻⁶.
    pub threshold_ppm: u32,
    /// From one try to the next.
    pub interval: Nanos,
}

/// When the next try is due, and before when there is none.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Hedge {
    pub(super) due: Nanos,
    not_before: Nanos,
    /// Orders that it has sent.
    orders: u64,
}

impl Default for Hedge {
    fn default() -> Self {
        Self { due: NEVER, not_before: Nanos(0), orders: 0 }
    }
}

impl Risk {
    /// A position or a limit of it has changed: a try is due if it lies beyond its part.
    pub(super) fn plan_hedge(&mut self, instrument: InstrumentId) {
        if self.hedge.due == NEVER && self.beyond(instrument) > 0 {
            self.hedge.due = self.hedge.not_before.max(self.now);
            self.set_wake();
        }
    }

    /// The same for every instrument.
    pub(super) fn plan_hedges(&mut self) {
        for place in 0..self.accounts.holdings.len() {
            self.plan_hedge(instrument_at(place));
        }
    }

    /// One try at every instrument; the next is due after the interval while any lies beyond.
    pub(super) fn hedge_when_due(&mut self, out: &mut Buffer<Output>) {
        let Some(params) = self.params.hedge.filter(|_| self.now >= self.hedge.due) else { return };
        let next = Nanos(self.now.0.saturating_add(params.interval.0));
        self.hedge.due = NEVER;
        self.bucket.fill(self.now);
        for place in 0..self.accounts.holdings.len() {
            let instrument = instrument_at(place);
            let beyond = self.beyond(instrument);
            if beyond > 0 {
                (self.hedge.due, self.hedge.not_before) = (next, next);
                self.hedge_one(instrument, beyond, out);
            }
        }
        self.set_wake();
    }

    fn hedge_one(&mut self, instrument: InstrumentId, beyond: i64, out: &mut Buffer<Output>) {
        let is_stale = self.accounts.get(instrument).stale.is_some();
        if self.trading.state() == TradingState::Halted || is_stale {
            return;
        }
        let long = self.accounts.get(instrument).position.lots > 0;
        let side = if long { Side::Ask } else { Side::Bid };
        // What works on that side already reduces too: together they are never more than is held.
        let open = self.orders.open(instrument, side).leaves;
        let free = self.held_against(instrument, side).saturating_sub(open);
        let own = self.orders.open(instrument, side.opposite()).best;
        // One step short of our own best price there, which the table keeps growing with
        // aggression: where there is none it is far below every price.
        let short_of_own = match side {
            Side::Ask => own.saturating_add(1),
            Side::Bid => own.saturating_neg().saturating_sub(1),
        };
        let take = Take { instrument, side, lots: beyond.min(free), short_of: Some(short_of_own) };
        self.hedge.orders += u64::from(self.take(&take, false, out));
    }

    /// When positions are brought back; nothing where only quotes do it.
    #[must_use]
    pub const fn hedge_params(&self) -> Option<HedgeParams> {
        self.params.hedge
    }

    /// Orders that the hedge has sent.
    #[must_use]
    pub const fn hedge_orders(&self) -> u64 {
        self.hedge.orders
    }

    /// When the hedge tries next, if anything lies beyond its part.
    #[must_use]
    pub fn hedge_due(&self) -> Option<Nanos> {
        Some(self.hedge.due).filter(|due| *due != NEVER)
    }

    /// Lots of an instrument that the hedge would take off.
    #[must_use]
    pub fn hedge_beyond(&self, instrument: InstrumentId) -> i64 {
        self.beyond(instrument)
    }

    /// Lots beyond the part of the limit that is left alone; none while an exit closes all of it.
    fn beyond(&self, instrument: InstrumentId) -> i64 {
        let params = self.params.hedge.filter(|_| self.exits.of(instrument).is_none());
        let Some(params) = params else { return 0 };
        let holding = self.accounts.get(instrument);
        let limit = i128::from(holding.limits.position_max) * i128::from(params.threshold_ppm);
        let left = i64::try_from(limit / 1_000_000).unwrap_or(i64::MAX);
        holding.position.lots.saturating_abs().saturating_sub(left).max(0)
    }
}
