//! The account as readers off the path see it, and how its amounts stand in words.

use crate::event::{StateReason, TradingState};
use crate::threads::view::Words;

/// The account. Money is in 10⁻¹² of the account currency.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AccountView {
    /// The trading state.
    pub state: TradingState,
    /// Why.
    pub reason: StateReason,
    /// Everything earned, fees taken off.
    pub profit: i128,
    /// How far capital and profit are below their high-water mark.
    pub drawdown: i128,
    /// Gross exposure, working orders included.
    pub gross: i128,
    /// Orders that are not known to be gone.
    pub open_orders: u64,
    /// Trades of ours.
    pub fills: u64,
    /// Requests released.
    pub requests: u64,
    /// Proposals refused.
    pub refusals: u64,
}

impl Words<11> for AccountView {
    fn to_words(&self) -> [u64; 11] {
        let ([p0, p1], [d0, d1], [g0, g1]) =
            (split(self.profit), split(self.drawdown), split(self.gross));
        let state = self.state as u64 | (self.reason as u64) << 8;
        [state, p0, p1, d0, d1, g0, g1, self.open_orders, self.fills, self.requests, self.refusals]
    }

    fn from_words(words: &[u64; 11]) -> Self {
        let [state, reason, ..] = words[0].to_le_bytes();
        Self {
            state: TradingState::ALL[usize::from(state)],
            reason: StateReason::ALL[usize::from(reason)],
            profit: join(words[1], words[2]),
            drawdown: join(words[3], words[4]),
            gross: join(words[5], words[6]),
            open_orders: words[7],
            fills: words[8],
            requests: words[9],
            refusals: words[10],
        }
    }
}

fn split(number: i128) -> [u64; 2] {
    let bits = number.cast_unsigned();
    #[expect(clippy::cast_possible_truncation, reason = "the two halves")]
    let halves = [bits as u64, (bits >> 64) as u64];
    halves
}

fn join(low: u64, high: u64) -> i128 {
    (u128::from(high) << 64 | u128::from(low)).cast_signed()
}

/// One instrument's position. Money is in 10⁻¹² of its quote currency.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct HoldingView {
    /// What is held, in lots; negative if it is owed.
    pub lots: i64,
    /// Realised + unrealised − fees.
    pub profit: i128,
}

impl Words<3> for HoldingView {
    fn to_words(&self) -> [u64; 3] {
        let [low, high] = split(self.profit);
        [self.lots.cast_unsigned(), low, high]
    }

    fn from_words(words: &[u64; 3]) -> Self {
        Self { lots: words[0].cast_signed(), profit: join(words[1], words[2]) }
    }
}
