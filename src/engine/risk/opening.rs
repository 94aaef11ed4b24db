//! What one start of the process leaves to the next.
//!
//! Orders that may still stand at the venue are among it: nobody knows what has become of them, so
//! they count as exposure, and are cancelled before the first quote. The end of the process is no
//! halt, and does not last.

use super::breaker::OpeningBreaker;
use super::limits::LimitSet;
pub use super::state::Flattening;
use super::state::Trading;
use super::unit::Rate;
use super::{Nanos, Position, Risk};
use crate::engine::order::{Order, Status};
use crate::event::{ExitReason, Level, Report, ReportKind, StateReason, TradingState};
use crate::types::{Currency, InstrumentId, OrderId, Qty, TimeInForce};
use serde::{Deserialize, Serialize};

/// A trading state that outlives the process.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpeningState {
    /// The state.
    pub state: TradingState,
    /// Why.
    pub reason: StateReason,
    /// Only a confirmed resume ends it.
    pub killed: bool,
    /// Whether a loss of the day halts.
    pub loss_halts: bool,
    /// How far a `flatten` is; none is in another process.
    #[serde(default, skip_serializing_if = "is_default")]
    pub flattening: Flattening,
    /// The process is about to end.
    #[serde(default, skip_serializing_if = "is_default")]
    pub ending: bool,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Everything that risk begins with beside its parameters.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opening {
    /// May it trade?
    pub trading: OpeningState,
    /// The most that capital and profit have come to, in 10⁻¹² of the account currency.
    pub high_water: i128,
    /// The end of the day that the counters of the day belong to.
    pub day_end: Nanos,
    /// What was earned when that day began, in 10⁻¹² of the account currency.
    pub day_start: i128,
    /// By instrument.
    pub positions: Vec<Position>,
    /// The last rates that came from marks.
    pub rates: Vec<(Currency, Rate)>,
    /// The orders that were not known to be gone.
    #[serde(default)]
    pub orders: Vec<Order>,
    /// The trades that were counted last, oldest first: the venue may tell them again.
    #[serde(default)]
    pub trades: Vec<(OrderId, u64)>,
    /// Every trade with this number of the venue's or a greater one that was counted is among
    /// them; nothing where an older program has not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trades_from: Option<u64>,
    /// The circuit breaker.
    #[serde(default)]
    pub breaker: OpeningBreaker,
    /// The limits that operators have set.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<LimitSet>,
    /// The positions that were being closed by themselves.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exits: Vec<(InstrumentId, ExitReason)>,
}

/// Of all trades so many are carried over at least; those of live orders always.
const TRADES_CARRIED: usize = 256;

impl Opening {
    /// The same for the next epoch: no order is known to stand as it did, nobody waits for an
    /// answer any more, and no `flatten` goes on.
    #[must_use]
    pub fn carried(mut self) -> Self {
        (self.trading.flattening, self.trading.ending) = Default::default();
        for order in &mut self.orders {
            order.status = Status::Unknown;
            order.cancel_asked = false;
        }
        let last = self.trades.len().saturating_sub(TRADES_CARRIED);
        let (mut place, mut from) = (0, self.told_from());
        let orders = &self.orders;
        self.trades.retain(|(id, trade)| {
            place += 1;
            let is_kept = place > last || orders.iter().any(|order| order.id == *id);
            if !is_kept {
                from = from.max(trade.saturating_add(1));
            }
            is_kept
        });
        self.trades_from = Some(from);
        self
    }

    /// The number of the first trade that the venue may tell again without it being counted twice.
    #[must_use]
    pub fn told_from(&self) -> u64 {
        let is_whole = self.trades.len() < TRADES_CARRIED;
        self.trades_from.unwrap_or(if is_whole { 0 } else { u64::MAX })
    }

    /// The same, halted: only an operator goes on.
    #[must_use]
    pub const fn halted(mut self, reason: StateReason) -> Self {
        (self.trading.state, self.trading.reason) = (TradingState::Halted, reason);
        self
    }
}

impl Risk {
    /// Begins with what an earlier process has left.
    ///
    /// # Panics
    /// There are more positions than instruments: whoever read it has checked that.
    pub fn open(&mut self, opening: &Opening) {
        assert!(opening.positions.len() <= self.accounts.holdings.len(), "an instrument is gone");
        let OpeningState { state, reason, killed, loss_halts, flattening, ending } =
            opening.trading;
        self.trading = Trading::new(state, reason, killed).amid((flattening, ending));
        self.loss_halts = loss_halts;
        self.high_water = opening.high_water;
        self.day_end = opening.day_end;
        self.day_start = opening.day_start;
        self.accounts.open(&opening.positions, &opening.rates);
        for order in &opening.orders {
            assert!(
                self.orders.restore(order),
                "the config has room for the orders that were left"
            );
        }
        opening.trades.iter().for_each(|trade| self.orders.remember(*trade));
        self.orders.forget_below(opening.told_from());
        if !opening.orders.is_empty() {
            // Their cancels go out with the first input, before anything is quoted.
            self.sweep.due = Nanos(0);
        }
        self.breaker.open(&opening.breaker);
        self.open_limits(opening);
        self.exits.open(&opening.exits);
        self.plan_hedges();
        self.set_wake();
    }

    /// An order of an earlier epoch rests at the venue, and nobody here knows of it: what was
    /// written of it was lost with the power. It counts from now on, and is cancelled at once.
    pub(super) fn adopt(&mut self, instrument: InstrumentId, report: &Report, level: Level) {
        let (id, qty) = (report.order, level.qty());
        let is_left = report.kind == ReportKind::Open
            && id.epoch() < self.params.epoch
            && qty > Qty::ZERO
            && self.orders.get(id).is_none();
        let order = Order {
            id,
            price: level.price(),
            qty,
            price_asked: level.price(),
            qty_asked: qty,
            traded: Qty::ZERO,
            instrument,
            side: level.side(),
            status: Status::Unknown,
            time_in_force: TimeInForce::GoodTillCancel,
            post_only: true,
            reduce_only: false,
            cancel_asked: false,
        };
        if is_left && self.orders.restore(&order) {
            self.sweep.due = self.now;
            self.set_wake();
        }
    }

    /// What the next process shall begin with.
    #[must_use]
    pub fn closing(&self) -> Opening {
        let (state, reason, killed) = self.trading.lasting();
        let (flattening, ending) = self.trading.passing();
        let loss_halts = self.loss_halts;
        Opening {
            trading: OpeningState { state, reason, killed, loss_halts, flattening, ending },
            high_water: self.high_water,
            day_end: self.day_end,
            day_start: self.day_start,
            positions: self.accounts.holdings.iter().map(|holding| holding.position).collect(),
            rates: self.accounts.rates().collect(),
            orders: self.orders.live_orders().copied().collect(),
            trades: self.orders.trades().collect(),
            trades_from: Some(self.orders.trades_from()),
            breaker: self.breaker.closing(),
            limits: self.limits_set.iter().copied().collect(),
            exits: self.exits.running().collect(),
        }
    }
}
