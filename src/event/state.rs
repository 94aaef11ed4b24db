//! What may be done at all: trading states, and the health of the process.
//!
//! The table of what each state allows stands in risk.

use serde::{Deserialize, Serialize};

/// What may be done, breaker aside.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[repr(u8)]
pub enum TradingState {
    /// Everything within the limits.
    Active = 0,
    /// Cancels, and what brings a position down.
    Reducing = 1,
    /// Cancels only; while `flatten` runs, its own orders too.
    Halted = 2,
}

impl TradingState {
    /// Every state, in the order of their numbers.
    pub const ALL: [Self; 3] = [Self::Active, Self::Reducing, Self::Halted];

    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Reducing => "REDUCING",
            Self::Halted => "HALTED",
        }
    }
}

/// Why the trading state is what it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[repr(u8)]
pub enum StateReason {
    /// It was so at the start.
    Start = 0,
    /// An operator wants it so.
    Operator = 1,
    /// The loss of the day has reached its limit.
    DailyLossLimit = 2,
    /// The drawdown has reached its limit.
    DrawdownLimit = 3,
    /// `flatten` has begun, or has come to its end.
    Flatten = 4,
    /// `kill`: the gateway is closed too.
    Kill = 5,
    /// The process is about to end.
    Shutdown = 6,
    /// An input made the core panic; what followed from it is not known.
    PoisonInput = 7,
    /// The disk is about to be full.
    DiskFull = 8,
}

impl StateReason {
    /// Every reason, in the order of their numbers.
    pub const ALL: [Self; 9] = [
        Self::Start,
        Self::Operator,
        Self::DailyLossLimit,
        Self::DrawdownLimit,
        Self::Flatten,
        Self::Kill,
        Self::Shutdown,
        Self::PoisonInput,
        Self::DiskFull,
    ];

    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Operator => "operator",
            Self::DailyLossLimit => "daily_loss_limit",
            Self::DrawdownLimit => "drawdown_limit",
            Self::Flatten => "flatten",
            Self::Kill => "kill",
            Self::Shutdown => "shutdown",
            Self::PoisonInput => "poison_input",
            Self::DiskFull => "disk_full",
        }
    }
}

/// What stops quoting from outside the core: a set of named conditions, empty when all is well.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Health(pub u32);

impl Health {
    /// All is well.
    pub const GOOD: Self = Self(0);
    /// A ring has hardly room left.
    pub const RING_NEAR_FULL: Self = Self(1);
    /// What is not synced has passed its bound.
    pub const SYNC_LATE: Self = Self(1 << 1);
    /// The journal could not be written.
    pub const WRITE_FAILED: Self = Self(1 << 2);
    /// An agent has not turned for too long.
    pub const AGENT_STALLED: Self = Self(1 << 3);
    /// The engine answers its inputs too slowly: it trips the circuit breaker, and does not stop
    /// quoting by itself.
    pub const LATENCY_HIGH: Self = Self(1 << 4);
    /// The disk will be full soon.
    pub const DISK_LOW: Self = Self(1 << 5);
    /// The disk is about to be full: everything is cancelled and halted.
    pub const DISK_FULL: Self = Self(1 << 6);
    /// A second core decides otherwise than is recorded.
    pub const CORE_DIFFERS: Self = Self(1 << 7);

    /// The venue has not told yet what it knows of us that we may not know.
    pub const RECONCILING: Self = Self(1 << 8);
    /// The venue holds something else for us than we know.
    pub const POSITION_DIFFERS: Self = Self(1 << 9);

    /// Each condition by itself, with its stable name.
    pub const ALL: [(Self, &'static str); 10] = [
        (Self::RING_NEAR_FULL, "ring_near_full"),
        (Self::SYNC_LATE, "sync_late"),
        (Self::WRITE_FAILED, "write_failed"),
        (Self::AGENT_STALLED, "agent_stalled"),
        (Self::LATENCY_HIGH, "latency_high"),
        (Self::DISK_LOW, "disk_low"),
        (Self::DISK_FULL, "disk_full"),
        (Self::CORE_DIFFERS, "core_differs"),
        (Self::RECONCILING, "reconciling"),
        (Self::POSITION_DIFFERS, "position_differs"),
    ];

    /// Whether nothing of it stops quoting.
    #[inline]
    #[must_use]
    pub const fn lets_quote(self) -> bool {
        self.0 & !Self::LATENCY_HIGH.0 == 0
    }

    /// Whether nothing is wrong.
    #[inline]
    #[must_use]
    pub const fn is_good(self) -> bool {
        self.0 == 0
    }

    /// Whether all of those conditions are raised.
    #[inline]
    #[must_use]
    pub const fn has(self, conditions: Self) -> bool {
        self.0 & conditions.0 == conditions.0
    }

    /// Both sets of conditions.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}
