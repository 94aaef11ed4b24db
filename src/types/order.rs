//! Orders: their ids and how long they stand.
//!
//! An id is given once and never again: by the quoter or by risk, counted up within an epoch. What
//! state an order is in is not known here.

use super::InstrumentId;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Who gave an order its id: each counts for itself, so that none waits for the other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Origin {
    /// The quoter, for a quote.
    Quoter = 0,
    /// Risk, for an order that brings a position down.
    Risk = 1,
}

/// The lower half of an order's id: epoch, origin and counter. The upper half is the instance's
/// [`InstanceTag`], the same for every order of a data directory.
#[derive(
    Clone, Copy, PartialEq, Eq, Debug, Hash, PartialOrd, Ord, Default, Serialize, Deserialize,
)]
#[repr(transparent)]
pub struct OrderId(pub u64);

impl OrderId {
    /// No order's: where the venue is asked for all that it knows, the end of its answer.
    pub const NONE: Self = Self(0);

    /// The greatest counter of an epoch: at a thousand orders a second it lasts for 24 days.
    pub const COUNTER_MAX: u32 = (1 << 31) - 1;

    /// What is asked for where a position is meant and no order: risk gives orders no epoch 0.
    #[inline]
    #[must_use]
    pub const fn position_of(instrument: InstrumentId) -> Self {
        Self::new(0, Origin::Risk, instrument.0 as u32)
    }

    /// Whether a position is meant.
    #[inline]
    #[must_use]
    pub const fn is_position(self) -> bool {
        self.epoch() == 0 && matches!(self.origin(), Origin::Risk)
    }

    /// The id of that epoch, origin and counter.
    ///
    /// # Panics
    /// The counter is above [`Self::COUNTER_MAX`]: the one who counts has to stop before.
    #[inline]
    #[must_use]
    pub const fn new(epoch: u32, origin: Origin, counter: u32) -> Self {
        assert!(counter <= Self::COUNTER_MAX);
        Self((epoch as u64) << 32 | (origin as u64) << 31 | counter as u64)
    }

    /// The start of the process that gave it.
    #[inline]
    #[must_use]
    pub const fn epoch(self) -> u32 {
        (self.0 >> 32) as u32
    }

    /// Who gave it.
    #[inline]
    #[must_use]
    pub const fn origin(self) -> Origin {
        if self.0 >> 31 & 1 == 0 { Origin::Quoter } else { Origin::Risk }
    }

    /// Its number within epoch and origin.
    #[inline]
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "31 bits")]
    pub const fn counter(self) -> u32 {
        (self.0 & Self::COUNTER_MAX as u64) as u32
    }
}

/// The upper half of our order ids: 48 bits that tell this instance's orders from all others of
/// the account.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Serialize, Deserialize)]
#[repr(transparent)]
#[serde(transparent)]
pub struct InstanceTag(u64);

impl InstanceTag {
    /// The tag of those bits; what is above the 48th is mixed into them.
    #[must_use]
    pub const fn new(bits: u64) -> Self {
        Self((bits ^ bits >> 48) & 0xffff_ffff_ffff)
    }

    /// The whole 128-bit id of one of our orders, as a UUID of the free version 8 (RFC 9562, 5.8):
    /// 48 bits tag, version, the epoch's two highest bits; variant, and the rest of the id.
    #[must_use]
    pub const fn whole(self, id: OrderId) -> WholeId {
        let high = self.0 << 16 | 0x8000 | id.0 >> 62;
        WholeId([high, 1 << 63 | id.0 << 2 >> 2])
    }
}

/// A whole order id, whose text is a UUID.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WholeId([u64; 2]);

impl fmt::Display for WholeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [high, low] = self.0;
        let (a, b, c) = (high >> 32, high >> 16 & 0xffff, high & 0xffff);
        write!(f, "{a:08x}-{b:04x}-{c:04x}-{:04x}-{:012x}", low >> 48, low & 0xffff_ffff_ffff)
    }
}

/// How long an order stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[repr(u8)]
pub enum TimeInForce {
    /// Until it is filled or cancelled.
    GoodTillCancel = 0,
    /// What cannot trade at once is cancelled.
    ImmediateOrCancel = 1,
    /// It trades at once and whole, or not at all.
    FillOrKill = 2,
}

impl TimeInForce {
    /// Every one, in the order of their numbers.
    pub const ALL: [Self; 3] = [Self::GoodTillCancel, Self::ImmediateOrCancel, Self::FillOrKill];

    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::GoodTillCancel => "gtc",
            Self::ImmediateOrCancel => "ioc",
            Self::FillOrKill => "fok",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_keeps_its_parts_and_its_text_is_a_uuid() {
        let check = |tag, (epoch, origin, counter), expected: &str| {
            let id = OrderId::new(epoch, origin, counter);
            assert_eq!((id.epoch(), id.origin(), id.counter()), (epoch, origin, counter));
            assert_eq!(InstanceTag::new(tag).whole(id).to_string(), expected);
        };
        check(0, (0, Origin::Quoter, 0), "00000000-0000-8000-8000-000000000000");
        check(1, (1, Origin::Quoter, 1), "00000000-0001-8000-8000-000100000001");
        check(1, (1, Origin::Risk, 1), "00000000-0001-8000-8000-000180000001");
        let last = OrderId::COUNTER_MAX;
        check(
            u64::MAX >> 16,
            (u32::MAX, Origin::Risk, last),
            "ffffffff-ffff-8003-bfff-ffffffffffff",
        );
        check(1 << 48, (1 << 30, Origin::Quoter, 7), "00000000-0001-8001-8000-000000000007");
    }
}
