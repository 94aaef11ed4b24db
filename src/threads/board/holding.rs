//! What is held of an instrument, what it has earned, and what closes it, as readers off the path
//! see it.

use super::account::{join, split};
use crate::engine::risk::{Exit, HeldThere, Risk};
use crate::event::ExitReason;
use crate::threads::view::Words;
use crate::types::InstrumentId;

/// One instrument's position. Money is in 10⁻¹² of its quote currency, if nothing else is said.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct HoldingView {
    /// What is held, in lots; negative if it is owed.
    pub lots: i64,
    /// What was traded today, in lots.
    pub volume_today: i64,
    /// What it has cost, with the sign of the position.
    pub cost: i128,
    /// What closed trades have earned.
    pub realised: i128,
    /// What it would earn at the last mark.
    pub unrealised: i128,
    /// What fees have cost.
    pub fees: i128,
    /// Realised + unrealised − fees.
    pub profit: i128,
    /// What it may come to with its working orders, in the account currency.
    pub notional: i128,
    /// What was lost with it today, in the account currency.
    pub day_loss: i128,
    /// Lots that the hedge would take off.
    pub beyond: i64,
    /// Why it is being closed by itself, if it is.
    pub exit: Option<ExitReason>,
    /// Stop-loss and take-profit: at which unrealised profit; nothing where there is none.
    pub bounds: [Option<i128>; 2],
    /// The exits that have begun in this run.
    pub exits: ExitsTold,
    /// What the venue says that is held.
    pub there: HeldThere,
}

/// The exits of one instrument that have begun in a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ExitsTold {
    /// How many, by their reason.
    pub begun: [u64; ExitReason::ALL.len()],
    /// The input that has begun the last one.
    pub sequence: u64,
    /// What the position would have earned then, and what it was allowed to.
    pub compared: [i128; 2],
}

impl ExitsTold {
    /// Another has begun, or is over.
    pub(super) fn tell(&mut self, sequence: u64, exit: &Exit) {
        if !exit.change.is_over {
            self.begun[exit.change.reason as usize] += 1;
            (self.sequence, self.compared) = (sequence, [exit.value, exit.limit]);
        }
    }
}

/// Words of a [`HoldingView`].
pub const HOLDING_WORDS: usize = 32;

impl HoldingView {
    /// What risk holds of an instrument.
    pub(super) fn of(risk: &Risk, id: InstrumentId, exits: ExitsTold) -> Self {
        let seen = risk.position(id);
        let position = seen.position;
        let bound = |reason| {
            let params = risk.exit_params().filter(|_| position.lots != 0)?;
            params.bound(position.cost, reason)
        };
        Self {
            lots: position.lots,
            volume_today: position.volume_today,
            cost: position.cost,
            realised: position.realised,
            unrealised: seen.unrealised,
            fees: position.fees,
            profit: seen.profit,
            notional: risk.notional(id),
            day_loss: risk.day_loss_of(id),
            beyond: risk.hedge_beyond(id),
            exit: risk.exit_of(id),
            bounds: ExitReason::ALL.map(bound),
            exits,
            there: risk.held_there(id),
        }
    }

    fn amounts(&self) -> [i128; 11] {
        let Self { cost, realised, unrealised, fees, profit, notional, day_loss, .. } = *self;
        let [stop, take] = self.bounds.map(|bound| bound.unwrap_or(0));
        let [value, limit] = self.exits.compared;
        [cost, realised, unrealised, fees, profit, notional, day_loss, stop, take, value, limit]
    }
}

impl Words<HOLDING_WORDS> for HoldingView {
    fn to_words(&self) -> [u64; HOLDING_WORDS] {
        let mut words = [0; HOLDING_WORDS];
        (words[0], words[1]) = (self.lots.cast_unsigned(), self.volume_today.cast_unsigned());
        words[2] = self.beyond.cast_unsigned();
        let exit = self.exit.map_or(0, |reason| reason as u8 + 1);
        let [stop, take] = self.bounds.map(|bound| u8::from(bound.is_some()));
        words[3] = u64::from_le_bytes([exit, stop, take, 0, 0, 0, 0, 0]);
        let [stops, takes] = self.exits.begun;
        words[4..7].copy_from_slice(&[stops, takes, self.exits.sequence]);
        let HeldThere { lots, apart, times } = self.there;
        let lots =
            [u64::from(lots.is_some()) | u64::from(times) << 32, lots.unwrap_or(0).cast_unsigned()];
        words[29..].copy_from_slice(&[lots[0], lots[1], apart.cast_unsigned()]);
        for (place, amount) in words[7..29].as_chunks_mut::<2>().0.iter_mut().zip(self.amounts()) {
            *place = split(amount);
        }
        words
    }

    fn from_words(words: &[u64; HOLDING_WORDS]) -> Self {
        let amount = |at: usize| join(words[7 + 2 * at], words[8 + 2 * at]);
        let [cost, realised, unrealised, fees, profit, rest @ ..]: [i128; 11] =
            std::array::from_fn(amount);
        let [notional, day_loss, stop, take, value, limit] = rest;
        let [exit, has_stop, has_take, ..] = words[3].to_le_bytes();
        Self {
            lots: words[0].cast_signed(),
            volume_today: words[1].cast_signed(),
            beyond: words[2].cast_signed(),
            cost,
            realised,
            unrealised,
            fees,
            profit,
            notional,
            day_loss,
            exit: exit.checked_sub(1).map(|at| ExitReason::ALL[usize::from(at)]),
            bounds: [(has_stop == 1).then_some(stop), (has_take == 1).then_some(take)],
            exits: ExitsTold {
                begun: [words[4], words[5]],
                sequence: words[6],
                compared: [value, limit],
            },
            there: HeldThere {
                lots: (words[29] & 1 == 1).then_some(words[30].cast_signed()),
                apart: words[31].cast_signed(),
                times: high_half(words[29]),
            },
        }
    }
}

fn high_half(word: u64) -> u32 {
    u32::try_from(word >> 32).expect("32 bits")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_holding_survives_its_words() {
        let view = HoldingView {
            lots: -1,
            volume_today: 2,
            cost: i128::MIN,
            realised: 3,
            unrealised: -4,
            fees: 5,
            profit: i128::MAX,
            notional: 6,
            day_loss: -7,
            beyond: 8,
            exit: Some(ExitReason::TakeProfit),
            bounds: [None, Some(-9)],
            exits: ExitsTold { begun: [10, 11], sequence: 12, compared: [-13, i128::MIN] },
            there: HeldThere { lots: Some(-14), apart: i64::MIN, times: u32::MAX },
        };
        for view in [view, HoldingView::default()] {
            assert_eq!(HoldingView::from_words(&view.to_words()), view);
        }
    }
}
