//! `flatten`: reduce-only orders that take, inside the collar, until nothing is held.
//!
//! They pass the same checks as all others, but for the halt. What cannot be sold (less than the
//! venue's least quantity) stays and does not keep `flatten` from its end.

use super::accounts::Holding;
use super::checks::collar_price;
use super::{NEVER, Output, Risk};
use crate::engine::buffer::Buffer;
use crate::event::{Proposal, RequestKind};
use crate::types::{InstrumentId, Nanos, OrderId, Origin, Price, Qty, Side, TimeInForce};
use serde::{Deserialize, Serialize};

/// The wait between two tries; it doubles up to the last one while nothing trades.
const WAIT_MIN: Nanos = Nanos::from_millis(100);
const WAIT_MAX: Nanos = Nanos::from_millis(5000);

/// An order that takes, by risk itself.
pub(super) struct Take {
    pub(super) instrument: InstrumentId,
    pub(super) side: Side,
    /// The most that is wanted.
    pub(super) lots: i64,
    /// A price that it does not go beyond, whatever the collar is.
    pub(super) short_of: Option<i64>,
}

/// When the next try is due, and how long it is to the one behind it.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Pace {
    pub(super) due: Nanos,
    wait: Nanos,
}

impl Default for Pace {
    fn default() -> Self {
        Self { due: NEVER, wait: WAIT_MIN }
    }
}

impl Pace {
    /// The first try is due now.
    pub(super) const fn begun(now: Nanos) -> Self {
        Self { due: now, wait: WAIT_MIN }
    }

    /// A try was made.
    pub(super) fn next(&mut self, now: Nanos) {
        self.due = Nanos(now.0.saturating_add(self.wait.0));
        self.wait = Nanos(self.wait.0 * 2).min(WAIT_MAX);
    }

    /// A trade shows that the market takes: the next try need not wait long.
    pub(super) fn on_fill(&mut self, now: Nanos) {
        self.wait = WAIT_MIN;
        if self.due != NEVER {
            self.due = self.due.min(Nanos(now.0.saturating_add(WAIT_MIN.0)));
        }
    }
}

impl Risk {
    /// Cancels all that works, and begins.
    pub(super) fn begin_flatten(&mut self, out: &mut Buffer<Output>) {
        self.cancel_all(out);
        self.flatten = Pace::begun(self.now);
        self.flatten_when_due(out);
    }

    /// One try at every instrument, or the end.
    pub(super) fn flatten_when_due(&mut self, out: &mut Buffer<Output>) {
        if !self.trading.is_flattening() || self.now < self.flatten.due {
            return;
        }
        self.bucket.fill(self.now);
        let mut held = false;
        for place in 0..self.accounts.holdings.len() {
            held |= self.flatten_one(super::instrument_at(place), true, out);
        }
        if !held && self.orders.live() == 0 {
            self.move_to(self.trading.flattened(), out);
            let (state, reason) = self.trading.shown();
            out.push(Output::State { state, reason });
            return;
        }
        self.flatten.next(self.now);
    }

    /// Whether the instrument holds something that can be sold; an order for it is tried.
    ///
    /// `flatten` says whether it is the command's own, which a halt lets pass.
    pub(super) fn flatten_one(
        &mut self,
        instrument: InstrumentId,
        flatten: bool,
        out: &mut Buffer<Output>,
    ) -> bool {
        let holding = self.accounts.get(instrument);
        let side = if holding.position.lots > 0 { Side::Ask } else { Side::Bid };
        let held = self.held_against(instrument, side);
        if in_steps(held, holding) == 0 {
            return false;
        }
        // What lives may still trade, and must not be crossed: its end lets the next try go on.
        if !self.is_idle(instrument) {
            return true;
        }
        self.take(&Take { instrument, side, lots: held, short_of: None }, flatten, out);
        true
    }

    /// Tries an order that takes and only reduces, of no more than that and what one order may be;
    /// whether it leaves.
    pub(super) fn take(&mut self, take: &Take, flatten: bool, out: &mut Buffer<Output>) -> bool {
        let Take { instrument, side, lots, short_of } = *take;
        let holding = self.accounts.get(instrument);
        let middle = holding.position.mark_twice;
        let price = collar_price(side, middle, holding.limits.collar_bps);
        let price = match (short_of, side) {
            (None, _) => price,
            (Some(own), Side::Ask) => price.max(own),
            (Some(own), Side::Bid) => price.min(own),
        };
        let rate = self.accounts.rate_of(holding);
        let affordable =
            holding.limits.unit.lots_within(rate.convert_back(holding.limits.value_max), price);
        // Without a rate the worth of an order is not known, and only its size binds.
        let affordable = if rate.is_known() { affordable } else { i64::MAX };
        let most = lots.min(holding.limits.qty_max).min(affordable);
        let qty = in_steps(most, holding);
        let last = self.orders.last_id(Origin::Risk);
        let counter = if last.epoch() == self.params.epoch { last.counter() + 1 } else { 1 };
        if qty == 0 || price < 1 || counter > OrderId::COUNTER_MAX {
            return false;
        }
        let proposal = Proposal {
            order: OrderId::new(self.params.epoch, Origin::Risk, counter),
            price: Price(price),
            qty: Qty(qty),
            instrument,
            kind: RequestKind::Place,
            side,
            time_in_force: TimeInForce::ImmediateOrCancel,
            post_only: false,
            reduce_only: true,
        };
        match self.judge(&proposal, flatten) {
            Ok(reduce_only) => {
                self.release(&proposal, reduce_only, out);
                true
            }
            Err(compared) => {
                self.refuse(&proposal, compared, out);
                false
            }
        }
    }
}

/// The quantity brought down to what an order may be; 0 if it is too little for one.
pub(super) const fn in_steps(lots: i64, holding: &Holding) -> i64 {
    let limits = &holding.limits;
    let whole = lots - lots % limits.qty_step;
    if whole < limits.qty_min { 0 } else { whole }
}
