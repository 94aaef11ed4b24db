//! What is shown of one instrument's position.

use super::account::{join, split};
use crate::threads::view::Words;

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
