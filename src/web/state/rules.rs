//! What the rules of risk were fed with, how much of each limit is used, and what risk does by
//! itself.

use crate::engine::risk::{ExitParams, HedgeParams, HeldThere, Reconciled};
use crate::event::ExitReason;
use crate::types::{Nanos, Symbol};

/// Whether a rule has what it needs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Feeding {
    /// It has.
    Fed,
    /// Too little has come yet.
    Insufficient,
    /// Nothing has come for too long.
    Starved,
}

impl Feeding {
    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fed => "fed",
            Self::Insufficient => "insufficient data",
            Self::Starved => "starved",
        }
    }
}

/// One rule and what feeds it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RuleShown {
    /// The rule: a trigger's, a limit's or an alert's own name.
    pub rule: &'static str,
    /// What feeds it: `prices`, `trades`, `fills`, `requests`, `inputs`, `latency`, `var`.
    pub by: &'static str,
    /// Whose it is; nothing where it is the account's.
    pub symbol: Option<Symbol>,
    /// What has come so far.
    pub samples: u64,
    /// When the last of it came; 0 if nothing has.
    pub last_fed: Nanos,
    /// How long it may wait; nothing where silence is no fault, as of our own trades.
    pub deadline: Option<Nanos>,
    /// Whether that is enough.
    pub feeding: Feeding,
}

/// A number against its limit, as decimal text in the unit of the limit's key.
#[derive(Clone, Debug)]
pub struct UsageShown {
    /// The limit's name.
    pub key: &'static str,
    /// Whose it is; nothing where it is the account's.
    pub symbol: Option<Symbol>,
    /// What it is.
    pub used: String,
    /// What it may be.
    pub limit: String,
    /// The part of it that is used.
    pub ratio: f64,
    /// How near that is: `ok`, `soft` or `hard`.
    pub near: &'static str,
}

/// What risk does by itself, and is asked for.
#[derive(Clone, Copy, Debug)]
pub struct DeedsShown {
    /// When positions are brought back; nothing where they are not.
    pub hedge: Option<HedgeParams>,
    /// Orders of the hedge.
    pub hedge_orders: u64,
    /// When it tries next, if it is to.
    pub hedge_due: Option<Nanos>,
    /// When a position is closed by itself; nothing where none is.
    pub exit: Option<ExitParams>,
    /// What has come of the last `reconcile`.
    pub reconciled: Reconciled,
    /// Messages of the last second, and how many orders may make them.
    pub messages: (i64, i64),
}

/// What closes one instrument's position by itself, and what the venue says of it; money is of its
/// quote currency.
#[derive(Clone, Copy, Debug)]
pub struct ExitShown {
    /// Why it is being closed, if it is.
    pub running: Option<ExitReason>,
    /// Stop-loss and take-profit: at which unrealised profit, where there is one.
    pub bounds: [Option<i128>; ExitReason::ALL.len()],
    /// How often each has begun in this run.
    pub begun: [u64; ExitReason::ALL.len()],
    /// Lots that the hedge would take off.
    pub beyond: i64,
    /// What the venue says that is held.
    pub there: HeldThere,
}
