//! What is held of an instrument, and what it has earned, as readers off the path see it.

use super::account::{join, split};
use crate::threads::view::Words;

/// One instrument's position. Money is in 10⁻¹² of its quote currency.
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
}

impl Words<12> for HoldingView {
    fn to_words(&self) -> [u64; 12] {
        let mut words = [0; 12];
        (words[0], words[1]) = (self.lots.cast_unsigned(), self.volume_today.cast_unsigned());
        let amounts = [self.cost, self.realised, self.unrealised, self.fees, self.profit];
        for (place, amount) in words[2..].as_chunks_mut::<2>().0.iter_mut().zip(amounts) {
            *place = split(amount);
        }
        words
    }

    fn from_words(words: &[u64; 12]) -> Self {
        let amount = |at: usize| join(words[2 + 2 * at], words[3 + 2 * at]);
        let [cost, realised, unrealised, fees, profit] = std::array::from_fn(amount);
        let (lots, volume_today) = (words[0].cast_signed(), words[1].cast_signed());
        Self { lots, volume_today, cost, realised, unrealised, fees, profit }
    }
}
