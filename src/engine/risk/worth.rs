//! What positions and orders come to in money, by instrument and summed up.

use super::unit::Rate;
use crate::types::Price;
use serde::{Deserialize, Serialize};

/// What one instrument adds to the sums of its currency: what its position would come to if all
/// working bids fill, if all working asks fill, and the greater of both without sign. All in 10⁻¹²
/// of the quote currency, or for sums over currencies of the account's.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Worth {
    pub(super) gross: i128,
    pub(super) up: i128,
    pub(super) down: i128,
}

impl Worth {
    /// What is to be added to the other to come to this.
    #[inline]
    pub(super) const fn less(&self, other: &Self) -> Self {
        Self {
            gross: self.gross - other.gross,
            up: self.up - other.up,
            down: self.down - other.down,
        }
    }

    /// Adds another.
    #[inline]
    pub(super) const fn add(&mut self, other: &Self) {
        self.gross += other.gross;
        self.up += other.up;
        self.down += other.down;
    }

    /// Adds another at that rate.
    pub(super) fn add_at(&mut self, other: &Self, rate: Rate) {
        self.gross += rate.convert(other.gross);
        self.up += rate.convert(other.up);
        self.down += rate.convert(other.down);
    }
}

/// Takes the old part out of a sum and the new one in.
#[inline]
pub(super) const fn shift(sum: &mut i128, old: i128, new: i128) {
    *sum += new - old;
}

/// What the account would come to with one order more. All in 10⁻¹² of the account currency.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Exposure {
    /// The instrument's position, without sign.
    pub(super) notional: i128,
    /// Whether the order makes that greater.
    pub(super) grows: bool,
    /// All positions, without sign.
    pub(super) gross: i128,
    /// Longs less shorts toward the order's side: positive if it makes it worse.
    pub(super) net: i128,
}

/// The sum of bid and ask; where one side was never quoted, twice the other.
#[inline]
pub(super) const fn middle_twice(bid: Price, ask: Price) -> i64 {
    match (bid.0, ask.0) {
        (0, price) | (price, 0) => price.saturating_mul(2),
        (bid, ask) => bid.saturating_add(ask),
    }
}
