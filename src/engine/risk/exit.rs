//! The exit of a position that has lost, or earned, a part of what it has cost: stop-loss and
//! take-profit.
//!
//! Each instrument is judged by itself, on marks of a fresh book with both sides, fees aside. An
//! exit that has begun goes on until nothing is held that could be sold, whatever the price does
//! and over a restart: what works for the instrument is cancelled, quotes are refused, and orders
//! that take and only reduce close the position, as `flatten` does. HALTED and a stale book hold it
//! back and do not end it.

use super::flatten::{Pace, in_steps};
use super::{Exit, NEVER, Output, Risk, instrument_at};
use crate::engine::buffer::Buffer;
use crate::event::{ExitChange, ExitReason, Mark, TradingState};
use crate::types::InstrumentId;
use serde::{Deserialize, Serialize};

const MILLION: i128 = 1_000_000;

/// When a position is closed, as parts of what it has cost in 10⁻⁶; 0 is never.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ExitParams {
    /// It has lost so much.
    pub stop_ppm: u32,
    /// It has earned so much.
    pub take_ppm: u32,
}

impl ExitParams {
    /// Why a position that has cost that and would earn that is to be closed.
    #[inline]
    fn judge(&self, cost: i128, earned: i128) -> Option<ExitReason> {
        let (cost, earned) = (cost.saturating_abs(), earned.saturating_mul(MILLION));
        let part = |ppm: u32| cost.saturating_mul(ppm.into());
        if self.stop_ppm > 0 && earned <= -part(self.stop_ppm) {
            Some(ExitReason::StopLoss)
        } else if self.take_ppm > 0 && earned >= part(self.take_ppm) {
            Some(ExitReason::TakeProfit)
        } else {
            None
        }
    }

    /// Whether a position is ever closed for that reason.
    #[must_use]
    pub fn closes(&self, reason: ExitReason) -> bool {
        self.bound(0, reason).is_some()
    }

    /// What a position that has cost that may earn, with its sign, in the money of the cost;
    /// nothing where that has no bound.
    #[must_use]
    pub fn bound(&self, cost: i128, reason: ExitReason) -> Option<i128> {
        let (ppm, sign) = match reason {
            ExitReason::StopLoss => (self.stop_ppm, -1),
            ExitReason::TakeProfit => (self.take_ppm, 1),
        };
        let part = cost.saturating_abs().saturating_mul(ppm.into()) / MILLION;
        (ppm > 0).then_some(sign * part)
    }
}

/// Which positions are being closed, and when the next try is due.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Exits {
    running: Box<[Option<ExitReason>]>,
    pub(super) pace: Pace,
}

impl Exits {
    pub(super) fn new(instruments: usize) -> Self {
        Self { running: vec![None; instruments].into(), pace: Pace::default() }
    }

    /// Why the instrument's position is being closed, if it is.
    #[inline]
    pub(super) fn of(&self, instrument: InstrumentId) -> Option<ExitReason> {
        self.running[instrument.index()]
    }

    /// A change as it was recorded.
    pub(super) fn recorded(&mut self, exit: &Exit) {
        let ExitChange { reason, is_over } = exit.change;
        self.running[exit.instrument.index()] = (!is_over).then_some(reason);
    }

    /// Begins with what was running before.
    pub(super) fn open(&mut self, running: &[(InstrumentId, ExitReason)]) {
        for (instrument, reason) in running {
            self.running[instrument.index()] = Some(*reason);
            self.pace.due = crate::types::Nanos(0);
        }
    }

    /// What is running.
    pub(super) fn running(&self) -> impl Iterator<Item = (InstrumentId, ExitReason)> {
        let places = self.running.iter().enumerate();
        places.filter_map(|(place, reason)| Some((instrument_at(place), (*reason)?)))
    }
}

impl Risk {
    /// What was earned with the mark's instrument has changed.
    #[inline]
    pub(super) fn judge_exit(&mut self, mark: &Mark, out: &mut Buffer<Output>) {
        let Some(params) = self.params.exit else { return };
        let holding = self.accounts.get(mark.instrument);
        let position = &holding.position;
        if position.lots == 0 || mark.stale.is_some() || mark.bid_qty.0 == 0 || mark.ask_qty.0 == 0
        {
            return;
        }
        let earned = position.unrealised(holding.limits.unit);
        if let Some(reason) = params.judge(position.cost, earned) {
            self.begin_exit(mark.instrument, reason, (params, earned), out);
        }
    }

    #[cold]
    fn begin_exit(
        &mut self,
        instrument: InstrumentId,
        reason: ExitReason,
        (params, value): (ExitParams, i128),
        out: &mut Buffer<Output>,
    ) {
        let holding = self.accounts.get(instrument);
        let position = holding.position;
        let can_sell = in_steps(position.lots.saturating_abs(), holding) > 0;
        let is_halted = self.trading.state() == TradingState::Halted;
        if !can_sell || is_halted || self.exits.of(instrument).is_some() {
            return;
        }
        let change = ExitChange { reason, is_over: false };
        let limit = params.bound(position.cost, reason).unwrap_or(0);
        let exit = Exit { instrument, change, value, limit };
        self.exits.recorded(&exit);
        self.exits.pace = Pace::begun(self.now);
        out.push(Output::Exit(exit));
        self.cancel_of(instrument, out);
        self.exit_when_due(out);
    }

    /// One try at every position that is being closed, or its end.
    pub(super) fn exit_when_due(&mut self, out: &mut Buffer<Output>) {
        if self.now < self.exits.pace.due {
            return;
        }
        self.exits.pace.due = NEVER;
        self.bucket.fill(self.now);
        let mut goes_on = false;
        for place in 0..self.accounts.holdings.len() {
            let instrument = instrument_at(place);
            if let Some(reason) = self.exits.of(instrument) {
                goes_on |= self.exit_one(instrument, reason, out);
            }
        }
        if goes_on {
            self.exits.pace.next(self.now);
        }
        self.set_wake();
    }

    /// Whether it goes on.
    fn exit_one(
        &mut self,
        instrument: InstrumentId,
        reason: ExitReason,
        out: &mut Buffer<Output>,
    ) -> bool {
        let holding = self.accounts.get(instrument);
        let can_sell = in_steps(holding.position.lots.saturating_abs(), holding) > 0;
        if !can_sell && self.is_idle(instrument) {
            let change = ExitChange { reason, is_over: true };
            let value = holding.position.unrealised(holding.limits.unit);
            let exit = Exit { instrument, change, value, limit: 0 };
            self.exits.recorded(&exit);
            out.push(Output::Exit(exit));
            return false;
        }
        let is_held_back = holding.stale.is_some() || self.trading.state() == TradingState::Halted;
        if !is_held_back {
            self.flatten_one(instrument, false, out);
        }
        true
    }

    /// Why the instrument's position is being closed by itself, if it is.
    #[must_use]
    pub fn exit_of(&self, instrument: InstrumentId) -> Option<ExitReason> {
        self.exits.of(instrument)
    }

    /// When a position is closed by itself; nothing where none is.
    #[must_use]
    pub const fn exit_params(&self) -> Option<ExitParams> {
        self.params.exit
    }
}
