//! How much of each limit is used: of the account, and of each instrument. Alerts and API read it
//! here.
//!
//! What halts or refuses is the core's to say; a soft limit only tells.

use super::board::{AccountView, HoldingView};
use crate::engine::risk::limits::AccountLimits;
use crate::engine::risk::{HardLimits, InstrumentLimits, LimitsSet};
use crate::event::LimitKey;
use crate::types::InstrumentId;

/// How near a limit is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum Near {
    /// Below the soft limit.
    #[default]
    Far,
    /// The soft limit is reached.
    Soft,
    /// The limit itself is.
    Hard,
}

impl Near {
    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Far => "ok",
            Self::Soft => "soft",
            Self::Hard => "hard",
        }
    }
}

/// What a limit counts in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UsedIn {
    /// Lots of the instrument.
    Lots,
    /// 10⁻¹² of the account currency.
    Money,
    /// Messages of a second.
    Messages,
}

/// A number against its limit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Usage {
    /// Which limit.
    pub key: LimitKey,
    /// Of which instrument; [`InstrumentId::ALL`] where it is the account's.
    pub instrument: InstrumentId,
    /// What both count.
    pub used_in: UsedIn,
    /// What it is, never below 0.
    pub value: i128,
    /// What it may be.
    pub limit: i128,
}

impl Usage {
    /// Whole percent of the limit, rounded down.
    #[must_use]
    pub fn percent(&self) -> i128 {
        self.value.saturating_mul(100) / self.limit.max(1)
    }

    /// How near it is, where a limit is near from so many percent on.
    #[must_use]
    pub fn near(&self, soft_pct: u32) -> Near {
        if self.value >= self.limit {
            Near::Hard
        } else if self.value.saturating_mul(100) >= self.limit.saturating_mul(soft_pct.into()) {
            Near::Soft
        } else {
            Near::Far
        }
    }
}

/// The limits that hold, as they were when that was last asked for.
#[derive(Clone, Debug)]
pub struct Held {
    account: AccountLimits,
    instruments: Vec<InstrumentLimits>,
    /// The change of limits behind which that is so.
    pub revision: u64,
}

impl Held {
    /// Those of so many instruments.
    #[must_use]
    pub fn of(hard: &HardLimits, set: &LimitsSet, instruments: usize) -> Self {
        let id = |at: usize| InstrumentId(u16::try_from(at).expect("an id has 16 bits"));
        Self {
            account: hard.account(set),
            instruments: (0..instruments).map(|at| hard.instrument(set, id(at))).collect(),
            revision: set.revision,
        }
    }

    /// Every usage, the account's first, in an order that never changes; a day's loss is not in the
    /// account's view.
    #[must_use]
    pub fn usages(
        &self,
        (account, day_loss): (&AccountView, i128),
        holdings: &[HoldingView],
    ) -> Vec<Usage> {
        use LimitKey as K;
        let (all, limits) = (InstrumentId::ALL, &self.account);
        let money = |key, instrument, value: i128, limit| Usage {
            key,
            instrument,
            used_in: UsedIn::Money,
            value: value.max(0),
            limit,
        };
        let (used, most) = account.messages;
        let mut rows = vec![
            money(K::MaxGrossExposure, all, account.gross, limits.gross_exposure_max),
            money(K::MaxNetExposure, all, account.net.saturating_abs(), limits.net_exposure_max),
            money(K::MaxDrawdownPct, all, account.drawdown, limits.drawdown_max),
            money(K::DailyLossLimit, all, day_loss, limits.daily_loss_max),
            Usage {
                key: K::MaxOrdersPerSecond,
                instrument: all,
                used_in: UsedIn::Messages,
                value: i128::from(used).max(0),
                limit: most.into(),
            },
        ];
        for ((limits, held), at) in self.instruments.iter().zip(holdings).zip(0..) {
            let id = InstrumentId(at);
            let lots = |key, value: i64, limit: i64| Usage {
                key,
                instrument: id,
                used_in: UsedIn::Lots,
                value: value.into(),
                limit: limit.into(),
            };
            rows.extend([
                lots(K::MaxPositionSize, held.lots.saturating_abs(), limits.position_max),
                money(K::MaxNotionalExposure, id, held.notional, limits.notional_max),
                lots(K::MaxDailyVolume, held.volume_today, limits.volume_max),
                money(K::DailyLossLimit, id, held.day_loss, limits.daily_loss_max),
            ]);
        }
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_near_from_its_part_on_and_there_at_its_whole() {
        let check = |value, limit, percent, near| {
            let key = LimitKey::MaxDailyVolume;
            let instrument = InstrumentId(0);
            let usage = Usage { key, instrument, used_in: UsedIn::Lots, value, limit };
            assert_eq!((usage.percent(), usage.near(80)), (percent, near), "{value} of {limit}");
        };
        check(0, 10, 0, Near::Far);
        check(799, 1000, 79, Near::Far);
        check(800, 1000, 80, Near::Soft);
        check(999, 1000, 99, Near::Soft);
        check(1000, 1000, 100, Near::Hard);
        check(2500, 1000, 250, Near::Hard);
    }
}
