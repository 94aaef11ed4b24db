//! A change of limits as an input: which limit, of which instrument, and what it shall be.
//!
//! Each change stands in one place behind the event, after the note. Numbers are those of the
//! config, a count of 10⁻¹² of the key's own unit, so that they mean the same whatever an
//! instrument's lot is. Whether a change is allowed is risk's to say.

use super::Level;
use crate::types::{InstrumentId, Qty};
use serde::{Deserialize, Serialize};

/// A limit that an operator may tighten; the names are those of `risk_management.limits`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum LimitKey {
    /// In the base currency.
    MaxPositionSize = 0,
    /// In the account currency.
    MaxNotionalExposure = 1,
    /// In the account currency; of the account alone.
    MaxNetExposure = 2,
    /// In the account currency; of the account alone.
    MaxGrossExposure = 3,
    /// A percentage of the capital; of the account alone.
    MaxDrawdownPct = 4,
    /// In the account currency: of the account, or of one instrument.
    DailyLossLimit = 5,
    /// In the base currency.
    MaxOrderSize = 6,
    /// In the account currency.
    MaxOrderValue = 7,
    /// In the base currency.
    MaxDailyVolume = 8,
    /// A whole number; of the account alone.
    MaxOrdersPerSecond = 9,
    /// A whole number.
    PriceCollarBps = 10,
}

impl LimitKey {
    /// Every key, in the order of their numbers.
    pub const ALL: [Self; 11] = [
        Self::MaxPositionSize,
        Self::MaxNotionalExposure,
        Self::MaxNetExposure,
        Self::MaxGrossExposure,
        Self::MaxDrawdownPct,
        Self::DailyLossLimit,
        Self::MaxOrderSize,
        Self::MaxOrderValue,
        Self::MaxDailyVolume,
        Self::MaxOrdersPerSecond,
        Self::PriceCollarBps,
    ];

    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::MaxPositionSize => "max_position_size",
            Self::MaxNotionalExposure => "max_notional_exposure",
            Self::MaxNetExposure => "max_net_exposure",
            Self::MaxGrossExposure => "max_gross_exposure",
            Self::MaxDrawdownPct => "max_drawdown_pct",
            Self::DailyLossLimit => "daily_loss_limit",
            Self::MaxOrderSize => "max_order_size",
            Self::MaxOrderValue => "max_order_value",
            Self::MaxDailyVolume => "max_daily_volume",
            Self::MaxOrdersPerSecond => "max_orders_per_second",
            Self::PriceCollarBps => "price_collar_bps",
        }
    }

    /// The key of that name.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|key| key.name() == name)
    }

    /// Whether it holds for the account as a whole and for no single instrument.
    #[must_use]
    pub const fn is_of_account(self) -> bool {
        matches!(
            self,
            Self::MaxNetExposure
                | Self::MaxGrossExposure
                | Self::MaxDrawdownPct
                | Self::MaxOrdersPerSecond
        )
    }

    /// Whether only whole numbers mean something.
    #[must_use]
    pub const fn is_whole(self) -> bool {
        matches!(self, Self::MaxOrdersPerSecond | Self::PriceCollarBps)
    }
}

/// One change.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LimitChange {
    /// Which limit.
    pub key: LimitKey,
    /// Of which instrument; [`InstrumentId::ALL`] where it is that of all.
    pub instrument: InstrumentId,
    /// What it shall be, in 10⁻¹² of the key's unit; 0 ends what was set before.
    pub value: i128,
}

/// The most changes of one input: with the longest note they fill a part.
pub const LIMIT_CHANGES_MAX: usize = super::PART_LEVELS_MAX - super::NOTE_PLACES_MAX;
/// No value reaches it: what is above leaves room for key and instrument.
pub const LIMIT_VALUE_MAX: i128 = 1 << 100;

impl LimitChange {
    /// The place that says it.
    ///
    /// # Panics
    /// The value is negative or too great: whoever asks has checked that.
    #[must_use]
    pub fn pack(&self) -> Level {
        assert!((0..LIMIT_VALUE_MAX).contains(&self.value), "a limit within what a place holds");
        let [low, high] = self.instrument.0.to_le_bytes();
        let mut bytes = self.value.to_le_bytes();
        [bytes[13], bytes[14], bytes[15]] = [self.key as u8, low, high];
        let word = |at: usize| i64::from_le_bytes(std::array::from_fn(|i| bytes[at + i]));
        Level { key: word(0), qty: Qty(word(8)) }
    }

    /// The change of a place; nothing where none stands.
    #[must_use]
    pub fn unpack(place: Level) -> Option<Self> {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&place.key.to_le_bytes());
        bytes[8..].copy_from_slice(&place.qty.0.to_le_bytes());
        let key = *LimitKey::ALL.get(usize::from(bytes[13]))?;
        let instrument = InstrumentId(u16::from_le_bytes([bytes[14], bytes[15]]));
        bytes[13..].fill(0);
        let value = i128::from_le_bytes(bytes);
        (value < LIMIT_VALUE_MAX).then_some(Self { key, instrument, value })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_change_survives_its_place() {
        for (at, key) in LimitKey::ALL.into_iter().enumerate() {
            assert_eq!((key as usize, LimitKey::of(key.name())), (at, Some(key)));
            for instrument in [InstrumentId(0), InstrumentId(4095), InstrumentId::ALL] {
                for value in [0, 1, 1 << 64, LIMIT_VALUE_MAX - 1] {
                    let change = LimitChange { key, instrument, value };
                    assert_eq!(LimitChange::unpack(change.pack()), Some(change));
                }
            }
        }
        assert_eq!(LimitKey::of("min_order_size"), None);
        let foreign = Level { key: 0, qty: Qty(11 << 40) };
        assert_eq!(LimitChange::unpack(foreign), None);
    }
}
