//! What the core has decided about one input: the records that the journal writes behind it.

use super::OrderRequest;
use crate::event::{
    BreakerChange, BreakerState, Command, ExitChange, Explanation, LimitKey, Proposal, RefusalCode,
    StateReason, TradingState,
};
use crate::types::{InstrumentId, OrderId, Side};

/// A refusal, with the two numbers compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// What was refused.
    pub proposal: Proposal,
    /// By which check.
    pub code: RefusalCode,
    /// What it would have come to, in the unit of the limit.
    pub value: i128,
    /// What is allowed: lots, ticks, requests, or 10⁻¹² of the account currency.
    pub limit: i128,
}

/// Whether a command was taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum CommandVerdict {
    /// It was.
    Taken = 0,
    /// It was not: after a kill only a confirmed resume is.
    NeedsConfirmation = 1,
    /// It was not: the process is about to end.
    Ending = 2,
    /// It was not: a limit cannot be so.
    LimitRefused = 3,
}

impl CommandVerdict {
    /// Every verdict, in the order of their numbers.
    pub const ALL: [Self; 4] =
        [Self::Taken, Self::NeedsConfirmation, Self::Ending, Self::LimitRefused];

    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Taken => "taken",
            Self::NeedsConfirmation => "needs_confirmation",
            Self::Ending => "ending",
            Self::LimitRefused => "limit_refused",
        }
    }
}

/// What became of a command that somebody waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Answer {
    /// The command's number.
    pub id: u64,
    /// What was wanted.
    pub command: Command,
    /// Whether it was taken.
    pub verdict: CommandVerdict,
    /// The trading state behind it.
    pub state: TradingState,
    /// Why it is so.
    pub reason: StateReason,
    /// The circuit breaker behind it.
    pub breaker: BreakerState,
    /// The limit that cannot be so, where that is why it was not taken.
    pub limit: Option<LimitKey>,
    /// The high-water mark before a resume that has reset it to what capital and profit are now,
    /// in 10⁻¹² of the account currency.
    pub high_water_was: Option<i128>,
}

/// A position that is closed by itself: begun, with the two numbers compared, or over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Exit {
    /// Whose position.
    pub instrument: InstrumentId,
    /// Why, and whether it is over.
    pub change: ExitChange,
    /// What the position would earn at the mark, in 10⁻¹² of the quote currency.
    pub value: i128,
    /// What it was allowed to, with its sign.
    pub limit: i128,
}

/// One thing decided.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Output {
    /// Why the requests behind it are made; only ever before a request.
    Explanation(Explanation),
    /// What is to be sent once it is written.
    Request(OrderRequest),
    /// What is not to be sent; comes back as an input.
    Refusal(Refusal),
    /// The trading state has changed; comes back as an input.
    State {
        /// What it is now.
        state: TradingState,
        /// Why.
        reason: StateReason,
    },
    /// What became of a command.
    Answer(Answer),
    /// The circuit breaker has changed its state; comes back as an input.
    Breaker {
        /// From what, to what, and why.
        change: BreakerChange,
        /// Whose market has tripped it; [`InstrumentId::ALL`] where it was none's.
        instrument: InstrumentId,
    },
    /// A position is closed by itself; comes back as an input.
    Exit(Exit),
    /// What has become of that order is to be asked; comes back as an input, whose gateway asks.
    Query {
        /// Which order.
        order: OrderId,
        /// Whose market.
        instrument: InstrumentId,
        /// Its side.
        side: Side,
    },
}
