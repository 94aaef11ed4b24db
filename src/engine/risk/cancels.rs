//! The cancels that risk asks for by itself: of all orders in a halt, of what does not reduce.

use super::{NEVER, Output, Risk};
use crate::engine::buffer::Buffer;
use crate::engine::order::{Order, Status};
use crate::event::{BreakerState, Proposal, RequestKind, TradingState};
use crate::types::{InstrumentId, Nanos, Origin, Side};
use serde::{Deserialize, Serialize};

/// How long it waits before it asks again for the end of an order that still lives.
const RETRY: Nanos = Nanos::from_millis(1000);

/// When orders that have outlived their cancels are to be cancelled again.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Sweep {
    pub(super) due: Nanos,
}

impl Default for Sweep {
    fn default() -> Self {
        Self { due: NEVER }
    }
}

/// The cancel of an order.
pub(super) const fn cancel_of(order: &Order) -> Proposal {
    Proposal {
        order: order.id,
        price: order.price,
        qty: order.qty,
        instrument: order.instrument,
        kind: RequestKind::Cancel,
        side: order.side,
        time_in_force: order.time_in_force,
        post_only: order.post_only,
        reduce_only: order.reduce_only,
    }
}

impl Risk {
    /// Asks for the end of every live order whose end is not asked for.
    pub(super) fn cancel_all(&mut self, out: &mut Buffer<Output>) {
        self.cancel_where(|order| !order.cancel_asked, out);
    }

    /// The same for one instrument.
    pub(super) fn cancel_of(&mut self, instrument: InstrumentId, out: &mut Buffer<Output>) {
        self.cancel_where(|order| order.instrument == instrument && !order.cancel_asked, out);
    }

    /// Asks again for the end of what must not stay: while halted, of all that has no cancel on
    /// its way (in doubt a cancel does no harm); else of what does not reduce as it should.
    pub(super) fn retry_cancels(&mut self, out: &mut Buffer<Output>) {
        if self.now < self.sweep.due {
            return;
        }
        self.sweep.due = NEVER;
        if self.trading.state() != TradingState::Halted {
            self.cancel_left(out);
        }
        match self.trading.state() {
            TradingState::Halted => {
                self.cancel_where(|order| !order.status.is_cancelling(), out);
            }
            TradingState::Reducing => self.keep_reducing(out),
            TradingState::Active if self.breaker.state() == BreakerState::Open => {
                self.keep_reducing(out);
            }
            TradingState::Active => {
                for place in 0..self.accounts.holdings.len() {
                    self.trim(super::instrument_at(place), out);
                }
            }
        }
        self.plan_sweep();
    }

    /// Cancels what an earlier epoch has left.
    fn cancel_left(&mut self, out: &mut Buffer<Output>) {
        let epoch = self.params.epoch;
        self.cancel_where(|order| order.id.epoch() != epoch && !order.cancel_asked, out);
    }

    /// Names the next time for it, if there is something to do.
    pub(super) fn plan_sweep(&mut self) {
        if self.orders.live() == 0 {
            self.sweep.due = NEVER;
        } else if self.trading.state() == TradingState::Halted {
            self.retry_later();
        }
    }

    /// An order works though its end was asked for: it is looked at again, but not at once, as the
    /// venue would say the same.
    pub(super) fn retry_later(&mut self) {
        if self.sweep.due == NEVER {
            self.sweep.due = Nanos(self.now.0.saturating_add(RETRY.0));
            self.set_wake();
        }
    }

    /// Cancels the live orders that are meant, by instrument and side, the newest first.
    fn cancel_where(&mut self, meant: impl Fn(&Order) -> bool, out: &mut Buffer<Output>) {
        self.bucket.fill(self.now);
        let mut next = self.orders.first_live();
        while let Some(place) = next {
            next = self.orders.next_live(place);
            let order = *self.orders.at(place);
            // What flatten has sent ends by itself at once.
            if meant(&order) && !self.is_own_at_work(&order) {
                self.release_cancel(cancel_of(&order), out);
            }
        }
    }

    /// An order of `flatten` that has been sent and not come to doubt.
    fn is_own_at_work(&self, order: &Order) -> bool {
        self.trading.is_flattening()
            && order.id.origin() == Origin::Risk
            && order.status != Status::Unknown
    }

    /// On the way into REDUCING: what reduces may stay as far as the position goes, all else ends.
    pub(super) fn keep_reducing(&mut self, out: &mut Buffer<Output>) {
        self.bucket.fill(self.now);
        let mut next = self.orders.first_live();
        let (mut of, mut kept) = (None, 0_i64);
        while let Some(place) = next {
            next = self.orders.next_live(place);
            let order = *self.orders.at(place);
            if of != Some((order.instrument, order.side)) {
                (of, kept) = (Some((order.instrument, order.side)), 0);
            }
            let held = self.held_against(order.instrument, order.side);
            let with = kept.saturating_add(order.leaves());
            if with <= held {
                kept = with;
                self.orders.mark_reduce_only(order.id);
            } else if !order.cancel_asked {
                self.release_cancel(cancel_of(&order), out);
            }
        }
    }

    /// After a trade: reduce-only orders that are more than the position is are cancelled, the
    /// newest first.
    pub(super) fn trim(&mut self, instrument: InstrumentId, out: &mut Buffer<Output>) {
        for side in Side::BOTH {
            let held = self.held_against(instrument, side);
            if self.orders.open(instrument, side).reducing <= held {
                continue;
            }
            self.bucket.fill(self.now);
            let stays = |order: &&Order| order.reduce_only && !order.cancel_asked;
            let live = self.orders.live_of(instrument, side).filter(stays);
            let mut working = live.map(Order::leaves).fold(0, i64::saturating_add);
            while working > held {
                let first = self.orders.live_of(instrument, side).find(stays).copied();
                let order = first.expect("what works is the sum of these");
                working -= order.leaves();
                self.release_cancel(cancel_of(&order), out);
            }
        }
    }

    /// Lots that an order of that side can bring the position down by.
    pub(super) fn held_against(&self, instrument: InstrumentId, side: Side) -> i64 {
        let lots = self.accounts.get(instrument).position.lots;
        lots.saturating_mul(-side.sign()).max(0)
    }
}
