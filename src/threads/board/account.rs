//! The account as readers off the path see it, and how its amounts stand in words.

use crate::engine::risk::{Reconciled, Risk};
use crate::event::{RefusalCode, StateReason, TradingState};
use crate::threads::view::Words;
use crate::types::Nanos;

/// Words of the account.
pub const ACCOUNT_WORDS: usize = 30;

/// The account. Money is in 10⁻¹² of the account currency.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AccountView {
    /// The trading state.
    pub state: TradingState,
    /// Why.
    pub reason: StateReason,
    /// The gateway is closed until a confirmed resume.
    pub is_killed: bool,
    /// `flatten` runs.
    pub is_flattening: bool,
    /// Everything earned, fees taken off.
    pub profit: i128,
    /// How far capital and profit are below their high-water mark.
    pub drawdown: i128,
    /// Gross exposure, working orders included.
    pub gross: i128,
    /// Longs less shorts on the worse side.
    pub net: i128,
    /// What was earned today.
    pub profit_today: i128,
    /// What is held would earn at the last marks.
    pub unrealised: i128,
    /// What fees have cost.
    pub fees: i128,
    /// The most that capital and profit have come to.
    pub high_water: i128,
    /// Orders that are not known to be gone.
    pub open_orders: u64,
    /// Trades of ours.
    pub fills: u64,
    /// Requests released.
    pub requests: u64,
    /// Proposals refused.
    pub refusals: u64,
    /// Messages of the last second, and how many orders may make them.
    pub messages: (i64, i64),
    /// Orders of the hedge.
    pub hedge_orders: u64,
    /// When the hedge tries next, if it is to.
    pub hedge_due: Option<Nanos>,
    /// When the last request was released.
    pub request_at: Nanos,
    /// What has come of the last `reconcile`.
    pub reconciled: Reconciled,
}

impl AccountView {
    pub(super) const START: Self = Self {
        state: TradingState::Active,
        reason: StateReason::Start,
        is_killed: false,
        is_flattening: false,
        profit: 0,
        drawdown: 0,
        gross: 0,
        net: 0,
        profit_today: 0,
        unrealised: 0,
        fees: 0,
        high_water: 0,
        open_orders: 0,
        fills: 0,
        requests: 0,
        refusals: 0,
        messages: (0, 0),
        hedge_orders: 0,
        hedge_due: None,
        request_at: Nanos(0),
        reconciled: Reconciled { count: 0, at: Nanos(0), asked: 0, open: 0, absent: 0 },
    };

    pub(super) fn of(risk: &Risk, fills: u64, (requests, request_at): (u64, Nanos)) -> Self {
        let (state, reason) = risk.trading();
        let (gross, net) = risk.exposure();
        Self {
            state,
            reason,
            is_killed: risk.is_killed(),
            is_flattening: risk.is_flattening(),
            profit: risk.profit(),
            drawdown: risk.drawdown(),
            gross,
            net,
            profit_today: risk.profit_today(),
            unrealised: risk.unrealised(),
            fees: risk.fees(),
            high_water: risk.high_water(),
            open_orders: risk.open_orders(),
            fills,
            requests,
            refusals: RefusalCode::ALL.iter().map(|code| risk.refusals(*code)).sum(),
            messages: risk.messages(),
            hedge_orders: risk.hedge_orders(),
            hedge_due: risk.hedge_due(),
            request_at,
            reconciled: risk.reconciled(),
        }
    }

    const fn amounts(&self) -> [i128; 8] {
        let Self { profit, drawdown, gross, net, profit_today, unrealised, fees, .. } = *self;
        [profit, drawdown, gross, net, profit_today, unrealised, fees, self.high_water]
    }
}

impl Words<ACCOUNT_WORDS> for AccountView {
    fn to_words(&self) -> [u64; ACCOUNT_WORDS] {
        let mut words = [0; ACCOUNT_WORDS];
        let flags = u64::from(self.is_killed) << 16 | u64::from(self.is_flattening) << 24;
        words[0] = self.state as u64 | (self.reason as u64) << 8 | flags;
        let places = words[1..17].as_chunks_mut::<2>().0;
        for (place, amount) in places.iter_mut().zip(self.amounts()) {
            *place = split(amount);
        }
        let counts = [self.open_orders, self.fills, self.requests, self.refusals];
        words[17..21].copy_from_slice(&counts);
        let (used, most) = self.messages;
        // A time before the epoch is none.
        let due = self.hedge_due.map_or(-1, |due| due.0);
        let Reconciled { count, at, asked, open, absent } = self.reconciled;
        words[21..].copy_from_slice(&[
            used.cast_unsigned(),
            most.cast_unsigned(),
            self.hedge_orders,
            due.cast_unsigned(),
            self.request_at.0.cast_unsigned(),
            count,
            at.0.cast_unsigned(),
            u64::from(asked),
            u64::from(open) | u64::from(absent) << 32,
        ]);
        words
    }

    fn from_words(words: &[u64; ACCOUNT_WORDS]) -> Self {
        let [state, reason, is_killed, is_flattening, ..] = words[0].to_le_bytes();
        let amount = |at: usize| join(words[1 + 2 * at], words[2 + 2 * at]);
        let [profit, drawdown, gross, net, profit_today, unrealised, fees, high_water] =
            std::array::from_fn(amount);
        Self {
            state: TradingState::ALL[usize::from(state)],
            reason: StateReason::ALL[usize::from(reason)],
            is_killed: is_killed == 1,
            is_flattening: is_flattening == 1,
            profit,
            drawdown,
            gross,
            net,
            profit_today,
            unrealised,
            fees,
            high_water,
            open_orders: words[17],
            fills: words[18],
            requests: words[19],
            refusals: words[20],
            messages: (words[21].cast_signed(), words[22].cast_signed()),
            hedge_orders: words[23],
            hedge_due: Some(Nanos(words[24].cast_signed())).filter(|due| due.0 >= 0),
            request_at: Nanos(words[25].cast_signed()),
            reconciled: Reconciled {
                count: words[26],
                at: Nanos(words[27].cast_signed()),
                asked: low_half(words[28]),
                open: low_half(words[29]),
                absent: low_half(words[29] >> 32),
            },
        }
    }
}

fn low_half(word: u64) -> u32 {
    u32::try_from(word & u64::from(u32::MAX)).expect("32 bits")
}

pub(super) fn split(number: i128) -> [u64; 2] {
    let bits = number.cast_unsigned();
    #[expect(clippy::cast_possible_truncation, reason = "the two halves")]
    let halves = [bits as u64, (bits >> 64) as u64];
    halves
}

pub(super) fn join(low: u64, high: u64) -> i128 {
    (u128::from(high) << 64 | u128::from(low)).cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_survives_its_words() {
        let account = AccountView {
            state: TradingState::Halted,
            reason: StateReason::Kill,
            is_killed: true,
            is_flattening: false,
            profit: -1,
            drawdown: i128::MAX,
            gross: i128::MIN,
            net: 4,
            profit_today: 5,
            unrealised: 6,
            fees: 7,
            high_water: 8,
            open_orders: 9,
            fills: 10,
            requests: 11,
            refusals: 12,
            messages: (13, -14),
            hedge_orders: 15,
            hedge_due: Some(Nanos(16)),
            request_at: Nanos(17),
            reconciled: Reconciled {
                count: 19,
                at: Nanos(20),
                asked: u32::MAX,
                open: u32::MAX - 1,
                absent: 21,
            },
        };
        for account in [account, AccountView::START] {
            assert_eq!(AccountView::from_words(&account.to_words()), account);
        }
    }
}
