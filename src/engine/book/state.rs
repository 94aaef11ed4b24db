//! What a book is made with, what can be said of it, and what it counts.

use super::{Rules, WireScales};
use crate::event::Stale;
use serde::{Deserialize, Serialize};

/// What a book is made with.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct BookParams {
    /// Ticks of each side kept in the window near the touch; a power of two of at least 4096.
    pub window_ticks: usize,
    /// Levels of each side kept beyond the window.
    pub far_levels_max: usize,
    /// Orders of an order-by-order book; 0 for a book of levels.
    pub orders_max: usize,
    /// The venue's promises.
    pub rules: Rules,
    /// The instrument's scales.
    pub scales: WireScales,
}

impl BookParams {
    /// The usual window (65,536 ticks) and store (65,536 far levels) of each side.
    #[must_use]
    pub fn new(rules: Rules, scales: WireScales) -> Self {
        Self { window_ticks: 1 << 16, far_levels_max: 1 << 16, orders_max: 0, rules, scales }
    }
}

/// Whether a book can be quoted on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum BookState {
    /// It is what the venue has.
    Fresh,
    /// It is not, for that reason; it takes a resync to be fresh again.
    Stale(Stale),
}

/// What an event changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Change {
    /// The best level of a side.
    pub top: bool,
    /// The state.
    pub state: bool,
}

/// What a book has counted since it was made.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct BookCounts {
    /// Messages applied to it.
    pub applied: u64,
    /// Updates that the snapshot already held, or that came twice.
    pub old: u64,
    /// Updates before the first snapshot that could not wait for it.
    pub unbased: u64,
    /// Checksums that agree.
    pub checksums_ok: u64,
    /// Removals of absent levels, and changes of absent orders.
    pub absent: u64,
    /// Faults by [`Stale`], while stale already included.
    pub faults: [u64; Stale::ALL.len()],
}

impl BookCounts {
    /// How often that fault was seen.
    #[must_use]
    pub const fn fault(&self, reason: Stale) -> u64 {
        self.faults[reason as usize]
    }
}
