//! The circuit breaker as it is told of: its states, and what may trip it.
//!
//! When it trips is risk's to say.

use serde::{Deserialize, Serialize};

/// What the breaker lets pass.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[repr(u8)]
pub enum BreakerState {
    /// Everything within the limits.
    #[default]
    Closed = 0,
    /// Cancels, and what brings a position down.
    Open = 1,
    /// Also small orders, and few of them.
    HalfOpen = 2,
}

impl BreakerState {
    /// Every state, in the order of their numbers.
    pub const ALL: [Self; 3] = [Self::Closed, Self::Open, Self::HalfOpen];

    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Closed => "CLOSED",
            Self::Open => "OPEN",
            Self::HalfOpen => "HALF_OPEN",
        }
    }
}

/// What has tripped the breaker.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[repr(u8)]
pub enum Trigger {
    /// It never was, or was reset.
    #[default]
    None = 0,
    /// The price has moved too far within a minute.
    RapidPriceMove1Min = 1,
    /// The price has moved too far within five minutes.
    RapidPriceMove5Min = 2,
    /// The spread is too wide against what it was.
    SpreadWidening = 3,
    /// Too much is traded against what was.
    VolumeSpike = 4,
    /// The price moves too fast against how it did.
    MarketCrisis = 5,
    /// The engine is too slow.
    LatencyDegradation = 6,
    /// The venue is not heard for too long.
    ConnectivityLoss = 7,
    /// An operator wants it so.
    Manual = 8,
}

impl Trigger {
    /// Every trigger, in the order of their numbers.
    pub const ALL: [Self; 9] = [
        Self::None,
        Self::RapidPriceMove1Min,
        Self::RapidPriceMove5Min,
        Self::SpreadWidening,
        Self::VolumeSpike,
        Self::MarketCrisis,
        Self::LatencyDegradation,
        Self::ConnectivityLoss,
        Self::Manual,
    ];

    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "NONE",
            Self::RapidPriceMove1Min => "RAPID_PRICE_MOVE_1MIN",
            Self::RapidPriceMove5Min => "RAPID_PRICE_MOVE_5MIN",
            Self::SpreadWidening => "SPREAD_WIDENING",
            Self::VolumeSpike => "VOLUME_SPIKE",
            Self::MarketCrisis => "MARKET_CRISIS",
            Self::LatencyDegradation => "LATENCY_DEGRADATION",
            Self::ConnectivityLoss => "CONNECTIVITY_LOSS",
            Self::Manual => "MANUAL",
        }
    }
}

/// A change of the breaker's state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BreakerChange {
    /// What it was.
    pub was: BreakerState,
    /// What it is now.
    pub state: BreakerState,
    /// What has tripped it last.
    pub trigger: Trigger,
}
