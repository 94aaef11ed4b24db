//! What readers off the path may see of risk.

use super::{Position, Risk};
use crate::engine::curb::Curb;
use crate::engine::order::{OddCounts, Order, OrderTable};
use crate::event::{RefusalCode, StateReason, TradingState};
use crate::types::{InstrumentId, Nanos};

/// One instrument's position and money, in 10⁻¹² of its quote currency.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PositionView {
    /// The position and its books.
    pub position: Position,
    /// What it would earn at the last mark, less what it has cost.
    pub unrealised: i128,
    /// Realised + unrealised − fees.
    pub profit: i128,
}

impl Risk {
    /// What is held of an instrument.
    #[must_use]
    pub fn position(&self, instrument: InstrumentId) -> PositionView {
        let holding = self.accounts.get(instrument);
        let (position, unit) = (holding.position, holding.limits.unit);
        let unrealised = position.unrealised(unit);
        PositionView { position, unrealised, profit: position.profit(unit) }
    }

    /// What a position is worth at the last mark, with its sign, in 10⁻¹² of the account currency.
    #[must_use]
    pub fn worth(&self, instrument: InstrumentId) -> i128 {
        let Position { mark_twice, lots, .. } = self.accounts.get(instrument).position;
        let unit = self.accounts.get(instrument).limits.unit;
        self.accounts.convert(instrument, unit.value_at_half(mark_twice, lots))
    }

    /// What the position of an instrument may come to, without its sign and with its working
    /// orders, in 10⁻¹² of the account currency.
    #[must_use]
    pub fn notional(&self, instrument: InstrumentId) -> i128 {
        self.accounts.notional_now(instrument, &self.orders)
    }

    /// What was lost today with an instrument, in 10⁻¹² of the account currency.
    #[must_use]
    pub fn day_loss_of(&self, instrument: InstrumentId) -> i128 {
        let holding = self.accounts.get(instrument);
        let lost = holding.position.day_start.saturating_sub(holding.profit);
        self.accounts.convert(instrument, lost)
    }

    /// Messages of the last second, and how many orders may make them.
    #[must_use]
    pub fn messages(&self) -> (i64, i64) {
        self.bucket.used(self.now)
    }

    /// Price steps of the last mark times the rate of their currency: what returns are taken of. 0
    /// while one of them is not known.
    #[must_use]
    pub fn price_converted(&self, instrument: InstrumentId) -> f64 {
        // A million of the currency, so that the rate keeps its digits.
        let rate = self.accounts.convert(instrument, 1_000_000_000_000_000_000);
        self.accounts.get(instrument).position.mark_twice as f64 * rate as f64
    }

    /// Capital and everything earned, in 10⁻¹² of the account currency.
    #[must_use]
    pub fn equity_now(&self) -> i128 {
        self.equity()
    }

    /// What value at risk has made of the size of quotes.
    #[must_use]
    pub const fn curb(&self) -> &Curb {
        &self.curb
    }

    /// The value at risk above which quotes are made smaller, as a share of equity in 10⁻⁶.
    pub fn set_var_limit(&mut self, limit: Option<u32>) {
        self.curb = Curb::new(limit);
    }

    /// How many instruments there are.
    #[must_use]
    pub fn instruments(&self) -> usize {
        self.accounts.holdings.len()
    }

    /// Everything earned, fees taken off, in 10⁻¹² of the account currency.
    #[must_use]
    pub const fn profit(&self) -> i128 {
        self.accounts.profit
    }

    /// What fees have cost, rebates taken off, at the rates of now.
    #[must_use]
    pub fn fees(&self) -> i128 {
        let ids = (0..).map(InstrumentId).zip(&self.accounts.holdings);
        let fees = ids.map(|(id, held)| self.accounts.convert(id, held.position.fees));
        fees.fold(0, i128::saturating_add)
    }

    /// What is held would earn at the last marks, at the rates of now.
    #[must_use]
    pub fn unrealised(&self) -> i128 {
        let ids = (0..).map(InstrumentId).zip(&self.accounts.holdings);
        let each = ids.map(|(id, held)| {
            self.accounts.convert(id, held.position.unrealised(held.limits.unit))
        });
        each.fold(0, i128::saturating_add)
    }

    /// What of it was earned today.
    #[must_use]
    pub const fn profit_today(&self) -> i128 {
        self.accounts.profit.saturating_sub(self.day_start)
    }

    /// The most that capital and profit have come to.
    #[must_use]
    pub const fn high_water(&self) -> i128 {
        self.high_water
    }

    /// How far below that they are.
    #[must_use]
    pub fn drawdown(&self) -> i128 {
        self.drawdown_now()
    }

    /// All positions without their signs, and longs less shorts on the worse side; working orders
    /// count in both as if they had filled.
    #[must_use]
    pub fn exposure(&self) -> (i128, i128) {
        self.accounts.exposure(&self.orders)
    }

    /// The trading state and why it is so.
    #[must_use]
    pub const fn trading(&self) -> (TradingState, StateReason) {
        self.trading.shown()
    }

    /// Whether the gateway is closed until a confirmed resume.
    #[must_use]
    pub const fn is_killed(&self) -> bool {
        self.trading.is_killed()
    }

    /// Whether `flatten` runs.
    #[must_use]
    pub const fn is_flattening(&self) -> bool {
        self.trading.is_flattening()
    }

    /// All orders.
    #[must_use]
    pub const fn orders(&self) -> &OrderTable {
        &self.orders
    }

    /// The live orders.
    pub fn live_orders(&self) -> impl Iterator<Item = &Order> {
        self.orders.live_orders()
    }

    /// How many orders are not known to be gone.
    #[inline]
    #[must_use]
    pub const fn open_orders(&self) -> u64 {
        self.orders.live_count() as u64
    }

    /// How often each odd case of an order occurred.
    #[must_use]
    pub const fn odd_counts(&self) -> &OddCounts {
        self.orders.odd_counts()
    }

    /// How many proposals that check has refused.
    #[must_use]
    pub const fn refusals(&self, code: RefusalCode) -> u64 {
        self.refusals[code as usize]
    }

    /// How many commands the trading state did not take.
    #[must_use]
    pub const fn commands_not_taken(&self) -> u64 {
        self.commands_not_taken
    }

    /// The time of the last input.
    #[must_use]
    pub const fn now(&self) -> Nanos {
        self.now
    }
}
