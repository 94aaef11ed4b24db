//! What the breaker does to orders: where its changes are told, and what they bring about.

use super::checks::Compared;
use super::{Output, Risk};
use crate::engine::buffer::Buffer;
use crate::event::{
    BreakerChange, BreakerState, Health, Mark, Proposal, RefusalCode, RequestKind, Stale, Trigger,
};
use crate::types::InstrumentId;

impl Risk {
    /// Takes a mark for the breaker.
    #[inline]
    pub(super) fn guard(&mut self, mark: &Mark, out: &mut Buffer<Output>) {
        if let Some(trigger) = self.breaker.mark(mark) {
            self.trip(trigger, mark.instrument, out);
        }
        if mark.stale.is_none() && self.breaker.is_lost() {
            let change = self.breaker.found(self.now);
            self.changed(change, InstrumentId::ALL, out);
            self.set_wake();
        }
    }

    /// A fault of the connection, not of one book.
    pub(super) fn lost(&mut self, reason: Stale) {
        if matches!(reason, Stale::Disconnected | Stale::SilentFeed) {
            self.breaker.lost(self.now);
            self.set_wake();
        }
    }

    /// The health of the process: slowness trips.
    pub(super) fn health(&mut self, health: Health, out: &mut Buffer<Output>) {
        if self.is_slow(health) {
            self.trip(Trigger::LatencyDegradation, InstrumentId::ALL, out);
        }
    }

    /// Whether the process is so slow that it trips.
    pub(super) const fn is_slow(&self, health: Health) -> bool {
        health.has(Health::LATENCY_HIGH) && self.breaker.has_triggers()
    }

    #[cold]
    pub(super) fn trip(
        &mut self,
        trigger: Trigger,
        instrument: InstrumentId,
        out: &mut Buffer<Output>,
    ) {
        let change = self.breaker.trip(trigger, instrument, self.now);
        self.changed(change, instrument, out);
        self.set_wake();
    }

    /// An operator closes the breaker.
    pub(super) fn reset_breaker(&mut self, out: &mut Buffer<Output>) {
        let change = self.breaker.reset(self.now);
        self.changed(change, InstrumentId::ALL, out);
    }

    /// Tells of a change; where it has opened, what grows is cancelled.
    pub(super) fn changed(
        &mut self,
        change: Option<BreakerChange>,
        instrument: InstrumentId,
        out: &mut Buffer<Output>,
    ) {
        let Some(change) = change else { return };
        out.push(Output::Breaker { change, instrument });
        if change.state == BreakerState::Open {
            self.keep_reducing(out);
        }
    }

    /// The second check: whether an order that is no reducing one by its own word may grow.
    ///
    /// While the breaker is open it may not, but for what can only reduce: true then.
    #[inline]
    pub(super) fn check_breaker(&self, proposal: &Proposal) -> Result<bool, Compared> {
        match self.breaker.state() {
            BreakerState::Closed => Ok(false),
            BreakerState::Open if self.only_reduces(proposal) => Ok(true),
            state => self.check_tripped(proposal, state).map(|()| false),
        }
    }

    #[cold]
    fn check_tripped(&self, proposal: &Proposal, state: BreakerState) -> Result<(), Compared> {
        let code = RefusalCode::CircuitBreaker;
        if state == BreakerState::Open {
            return Err(Compared { code, value: state as i128, limit: 0 });
        }
        let limits = &self.accounts.get(proposal.instrument).limits;
        let most = self.breaker.small(limits.qty_min, limits.qty_max);
        if proposal.qty.0 > most {
            return Err(Compared { code, value: proposal.qty.0.into(), limit: most.into() });
        }
        let (count, most) = self.breaker.counted(self.now);
        if proposal.kind == RequestKind::Place && count > most {
            return Err(Compared { code, value: count.into(), limit: most.into() });
        }
        Ok(())
    }

    /// Whether all that works on the side with it would only bring the position down.
    fn only_reduces(&self, proposal: &Proposal) -> bool {
        let held = self.held_against(proposal.instrument, proposal.side);
        let open = self.orders.open(proposal.instrument, proposal.side);
        let before = match proposal.kind {
            RequestKind::Replace => self.orders.get(proposal.order).map_or(0, |one| one.leaves()),
            _ => 0,
        };
        let left = open.leaves.saturating_sub(before);
        left.saturating_add(proposal.qty.0) <= held
    }
}
