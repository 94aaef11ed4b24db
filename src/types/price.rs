//! Prices in ticks and quantities in lots.
//!
//! Both are plain counts; what a tick or a lot is worth stands in the instrument's scales. A price
//! and a quantity cannot be added or compared by accident, and neither knows a float.

use serde::{Deserialize, Serialize};

/// A price as a count of the instrument's ticks.
#[derive(
    Clone, Copy, PartialEq, Eq, Debug, Hash, PartialOrd, Ord, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
#[repr(transparent)]
pub struct Price(pub i64);

/// A quantity as a count of the instrument's lots.
#[derive(
    Clone, Copy, PartialEq, Eq, Debug, Hash, PartialOrd, Ord, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
#[repr(transparent)]
pub struct Qty(pub i64);

impl Price {
    /// The greatest price a level can carry (a level keeps its side in the lowest bit).
    pub const MAX: Self = Self((1 << 62) - 1);

    /// The count of ticks.
    #[inline]
    #[must_use]
    pub const fn ticks(self) -> i64 {
        self.0
    }
}

impl Qty {
    /// No quantity: at a level it means that the level is gone.
    pub const ZERO: Self = Self(0);

    /// The count of lots.
    #[inline]
    #[must_use]
    pub const fn lots(self) -> i64 {
        self.0
    }
}
