//! A position that is closed by itself, because it has lost or earned enough: told as an input.
//!
//! When that is so, and which orders close it, is risk's to say.

use serde::{Deserialize, Serialize};

/// Why a position is closed by itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum ExitReason {
    /// It has lost as much of its cost as it may.
    StopLoss = 0,
    /// It has earned as much of its cost as is wanted.
    TakeProfit = 1,
}

impl ExitReason {
    /// Every reason, in the order of their numbers.
    pub const ALL: [Self; 2] = [Self::StopLoss, Self::TakeProfit];

    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::StopLoss => "stop_loss",
            Self::TakeProfit => "take_profit",
        }
    }
}

/// An exit of one instrument has begun, or is over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ExitChange {
    /// Why.
    pub reason: ExitReason,
    /// Nothing is held any more that could be sold.
    pub is_over: bool,
}
