//! The circuit breaker as it is shown: its state, its last changes, and what its triggers hear.

use crate::engine::risk::{BreakerSeen, Gauge};
use crate::event::BreakerChange;
use crate::types::{InstrumentId, Nanos};

/// The circuit breaker.
#[derive(Clone, Debug)]
pub struct BreakerShown {
    /// As it is now.
    pub seen: BreakerSeen,
    /// Its last changes, the oldest first.
    pub history: Vec<MoveShown>,
    /// What was lost today, in 10⁻¹² of the account currency.
    pub day_loss: i128,
    /// By instrument.
    pub fed: Vec<FedShown>,
}

/// A change of its state.
#[derive(Clone, Copy, Debug)]
pub struct MoveShown {
    /// The input that brought it about, and its time.
    pub sequence: u64,
    /// See `sequence`.
    pub time: Nanos,
    /// From what, to what, and why.
    pub change: BreakerChange,
    /// Whose market it was; [`InstrumentId::ALL`] where it was none's.
    pub instrument: InstrumentId,
}

/// What the triggers of an instrument hear, and how near they are.
#[derive(Clone, Copy, Debug)]
pub struct FedShown {
    /// How near each is.
    pub gauge: Gauge,
    /// Marks of a fresh book, and the time of the last.
    pub marks: (u64, Nanos),
    /// Those that brought trades of the market, and the time of the last.
    pub trades: (u64, Nanos),
    /// Seconds of spreads, minutes of volumes, seconds of moves that were learned.
    pub learned: [u32; 3],
}
