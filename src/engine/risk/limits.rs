//! Limits that an operator has tightened while it runs.
//!
//! What the config says is hard: each limit that holds is the least of the config's and of what was
//! set, so that nothing set can ever loosen one. A change is judged as a whole, before any of it
//! holds. Who sets them, and what the words for a refusal are, is not known here.

use super::{InstrumentLimits, RateParams, RiskParams};
use crate::event::{LimitChange, LimitKey, Who};
use crate::types::decimal::pow10;
use crate::types::money::{self, Trillionths};
use crate::types::{InstrumentId, Nanos, Scale};
use serde::{Deserialize, Serialize};

/// The most limits that are set at a time.
pub const LIMITS_SET_MAX: usize = 32;
const ONE: i128 = Trillionths::ONE;

/// A limit as the config has it, in 10⁻¹² of the key's unit.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FileLimit {
    /// Which.
    pub key: LimitKey,
    /// Of which instrument; [`InstrumentId::ALL`] where it is that of all which have no own.
    pub instrument: InstrumentId,
    /// What it is.
    pub value: i128,
}

/// A limit as an operator has set it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LimitSet {
    /// Which.
    pub key: LimitKey,
    /// Of which instrument; [`InstrumentId::ALL`] where it is that of all.
    pub instrument: InstrumentId,
    /// What it is, in 10⁻¹² of the key's unit.
    pub value: i128,
    /// The input that has set it.
    pub sequence: u64,
    /// The time of that input.
    pub time: Nanos,
    /// Who has.
    pub who: Who,
}

/// All that operators have set.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct LimitsSet {
    list: [Option<LimitSet>; LIMITS_SET_MAX],
    /// The input of the last change: another one, and the list may be another.
    pub revision: u64,
}

/// The limits of the account that can be tightened.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AccountLimits {
    /// The most that all positions may come to.
    pub gross_exposure_max: i128,
    /// The most that longs less shorts, or the reverse, may come to.
    pub net_exposure_max: i128,
    /// The loss of a day that halts.
    pub daily_loss_max: i128,
    /// The distance below the high-water mark that halts.
    pub drawdown_max: i128,
    /// Messages to the venue.
    pub rate: RateParams,
}

/// Why a change is not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LimitFault {
    /// It is more than the config has.
    AboveFile {
        /// What was wanted.
        change: LimitChange,
        /// What the config has.
        file: i128,
    },
    /// It is a limit of the account, and an instrument was named; or there is no such instrument.
    NotOfInstrument {
        /// What was wanted.
        change: LimitChange,
    },
    /// It leaves less than another limit needs; numbers in 10⁻¹² of the key's unit.
    BelowLeast {
        /// Which limit.
        key: LimitKey,
        /// Of which instrument; [`InstrumentId::ALL`] where it is that of the account.
        instrument: InstrumentId,
        /// What would hold.
        value: i128,
        /// What must hold at least.
        least: i128,
    },
    /// Too many are set.
    NoRoom {
        /// The first that finds none.
        change: LimitChange,
    },
}

impl LimitFault {
    /// The limit that it is about.
    #[must_use]
    pub const fn key(&self) -> LimitKey {
        match self {
            Self::AboveFile { change, .. }
            | Self::NotOfInstrument { change }
            | Self::NoRoom { change } => change.key,
            Self::BelowLeast { key, .. } => *key,
        }
    }
}

impl LimitsSet {
    /// Those that were carried over.
    ///
    /// # Panics
    /// There are more than ever are set at a time.
    #[must_use]
    pub fn of(all: &[LimitSet]) -> Self {
        assert!(all.len() <= LIMITS_SET_MAX, "no more than are set at a time are carried over");
        let mut list = [None; LIMITS_SET_MAX];
        list.iter_mut().zip(all).for_each(|(place, one)| *place = Some(*one));
        Self { list, revision: all.iter().map(|one| one.sequence).max().unwrap_or(0) }
    }

    /// The same as places, with the input of the last change.
    #[must_use]
    pub const fn of_places(list: [Option<LimitSet>; LIMITS_SET_MAX], revision: u64) -> Self {
        Self { list, revision }
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &LimitSet> {
        self.list.iter().flatten()
    }

    /// What was set of exactly that.
    #[must_use]
    pub fn get(&self, key: LimitKey, instrument: InstrumentId) -> Option<&LimitSet> {
        self.iter().find(|one| one.key == key && one.instrument == instrument)
    }

    /// Puts one in place of what was set of the same; false if there is no room.
    fn put(&mut self, change: &LimitChange, by: (u64, Nanos, Who)) -> bool {
        let is_same = |one: &LimitSet| (one.key, one.instrument) == (change.key, change.instrument);
        let same = self.list.iter().position(|one| one.as_ref().is_some_and(is_same));
        let LimitChange { key, instrument, value } = *change;
        let (sequence, time, who) = by;
        let new = LimitSet { key, instrument, value, sequence, time, who };
        let place = same.or_else(|| self.list.iter().position(Option::is_none));
        match place {
            Some(place) => self.list[place] = (value > 0).then_some(new),
            None => return value == 0,
        }
        true
    }
}

/// The limits of the config, with which everything begins.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct HardLimits {
    capital: i128,
    account: AccountLimits,
    instruments: Box<[InstrumentLimits]>,
    file: Vec<FileLimit>,
}

impl HardLimits {
    /// Those of these parameters.
    #[must_use]
    pub fn new(params: &RiskParams, instruments: &[InstrumentLimits]) -> Self {
        let account = AccountLimits {
            gross_exposure_max: params.gross_exposure_max,
            net_exposure_max: params.net_exposure_max,
            daily_loss_max: params.daily_loss_max,
            drawdown_max: params.drawdown_max,
            rate: params.rate,
        };
        let (capital, file) = (params.capital, params.file.clone());
        Self { capital, account, instruments: instruments.into(), file }
    }

    /// What the config has for it; an instrument without a number of its own has that of all.
    #[must_use]
    pub fn file(&self, key: LimitKey, instrument: InstrumentId) -> Option<i128> {
        file_value(&self.file, key, instrument)
    }

    /// What the config has, in its order.
    #[must_use]
    pub fn all_of_file(&self) -> &[FileLimit] {
        &self.file
    }

    /// The limits of the account that hold with these.
    #[must_use]
    pub fn account(&self, set: &LimitsSet) -> AccountLimits {
        let mut held = self.account;
        for LimitSet { key, value, .. } in set.iter().filter(|one| one.instrument == ALL) {
            let least = |limit: &mut i128, value: i128| *limit = (*limit).min(value);
            match key {
                LimitKey::MaxGrossExposure => least(&mut held.gross_exposure_max, *value),
                LimitKey::MaxNetExposure => least(&mut held.net_exposure_max, *value),
                LimitKey::DailyLossLimit => least(&mut held.daily_loss_max, *value),
                // In this order it fits for every capital; what is lost is below 10⁻⁶ of a 10⁻¹².
                LimitKey::MaxDrawdownPct => least(
                    &mut held.drawdown_max,
                    (self.capital / 1_000_000).saturating_mul(*value) / (100 * ONE / 1_000_000),
                ),
                LimitKey::MaxOrdersPerSecond => {
                    let per_second = u32::try_from(value / ONE).unwrap_or(u32::MAX);
                    held.rate = slower(self.account.rate, per_second);
                }
                _ => {}
            }
        }
        held
    }

    /// The limits of an instrument that hold with these.
    #[must_use]
    pub fn instrument(&self, set: &LimitsSet, id: InstrumentId) -> InstrumentLimits {
        let mut held = self.instruments[id.index()];
        let own = set.iter().filter(|one| one.instrument == ALL || one.instrument == id);
        for LimitSet { key, value, .. } in own {
            let lots = lots_within(*value, held.lot);
            match key {
                LimitKey::MaxPositionSize => held.position_max = held.position_max.min(lots),
                LimitKey::MaxOrderSize => held.qty_max = held.qty_max.min(lots),
                LimitKey::MaxDailyVolume => held.volume_max = held.volume_max.min(lots),
                LimitKey::MaxNotionalExposure => held.notional_max = held.notional_max.min(*value),
                LimitKey::DailyLossLimit => held.daily_loss_max = held.daily_loss_max.min(*value),
                LimitKey::MaxOrderValue => held.value_max = held.value_max.min(*value),
                LimitKey::PriceCollarBps => {
                    let bps = i64::try_from(value / ONE).unwrap_or(i64::MAX);
                    held.collar_bps = held.collar_bps.min(bps);
                }
                _ => {}
            }
        }
        held
    }

    /// What is set once all of the changes are taken.
    ///
    /// # Errors
    /// One of them cannot be, and none is taken.
    pub fn judge(
        &self,
        set: &LimitsSet,
        changes: impl Iterator<Item = LimitChange>,
        by: (u64, Nanos, Who),
    ) -> Result<LimitsSet, LimitFault> {
        let mut next = LimitsSet { revision: by.0, ..*set };
        for change in changes {
            let LimitChange { key, instrument, value } = change;
            let is_there = instrument.index() < self.instruments.len() && !key.is_of_account();
            if instrument != ALL && !is_there {
                return Err(LimitFault::NotOfInstrument { change });
            }
            if let Some(file) = self.file(key, instrument).filter(|file| value > *file) {
                return Err(LimitFault::AboveFile { change, file });
            }
            if !next.put(&change, by) {
                return Err(LimitFault::NoRoom { change });
            }
        }
        self.agree(&next)?;
        Ok(next)
    }

    /// The limits that hold must leave room for one another, as those of the config do.
    fn agree(&self, set: &LimitsSet) -> Result<(), LimitFault> {
        let account = self.account(set);
        let at_least = |key, instrument, value: i128, least: i128| {
            let fault = LimitFault::BelowLeast { key, instrument, value, least };
            if value < least { Err(fault) } else { Ok(()) }
        };
        let AccountLimits { gross_exposure_max: gross, net_exposure_max: net, .. } = account;
        at_least(LimitKey::MaxGrossExposure, ALL, gross, net)?;
        at_least(LimitKey::MaxDrawdownPct, ALL, account.drawdown_max, 1)?;
        let RateParams { per_second, reserve } = account.rate;
        let [per_second, least] = [per_second, reserve + 1].map(|count| i128::from(count) * ONE);
        at_least(LimitKey::MaxOrdersPerSecond, ALL, per_second, least)?;
        for (at, hard) in (0_u16..).zip(&self.instruments) {
            let id = InstrumentId(at);
            let held = self.instrument(set, id);
            let size = |lots| size_of(lots, hard.lot);
            at_least(LimitKey::MaxOrderSize, id, size(held.qty_max), size(held.qty_min))?;
            at_least(LimitKey::MaxPositionSize, id, size(held.position_max), size(1))?;
            at_least(LimitKey::MaxDailyVolume, id, size(held.volume_max), size(1))?;
            let bps = i128::from(held.collar_bps) * ONE;
            at_least(LimitKey::PriceCollarBps, id, bps, ONE)?;
        }
        Ok(())
    }
}

const ALL: InstrumentId = InstrumentId::ALL;

/// Takes out what was set of a limit that the config has changed since; what was taken out.
pub fn drop_changed(
    set: &mut Vec<LimitSet>,
    before: &[FileLimit],
    now: &[FileLimit],
) -> Vec<LimitSet> {
    let value = |file, one: &LimitSet| file_value(file, one.key, one.instrument);
    let (held, dropped) = set.iter().partition(|one| value(before, one) == value(now, one));
    *set = held;
    dropped
}

fn file_value(file: &[FileLimit], key: LimitKey, instrument: InstrumentId) -> Option<i128> {
    let of = |id| file.iter().find(|one| one.key == key && one.instrument == id);
    of(instrument).or_else(|| of(ALL)).map(|one| one.value)
}

/// Fewer messages, of which the same part is kept for cancels.
fn slower(rate: RateParams, per_second: u32) -> RateParams {
    if per_second >= rate.per_second {
        return rate;
    }
    let part = u64::from(rate.reserve) * u64::from(per_second);
    let reserve = part.div_ceil(u64::from(rate.per_second));
    RateParams { per_second, reserve: u32::try_from(reserve).unwrap_or(u32::MAX) }
}

/// The whole lots of a size in 10⁻¹².
fn lots_within(size: i128, lot: Scale) -> i64 {
    let increment = i128::from(lot.increment());
    let lots = match money::DECIMALS.checked_sub(lot.decimals()) {
        Some(more) => size / increment.saturating_mul(i128::from(pow10(more))),
        None => {
            let more = i128::from(pow10(lot.decimals() - money::DECIMALS));
            size.saturating_mul(more) / increment
        }
    };
    i64::try_from(lots).unwrap_or(i64::MAX)
}

/// A quantity as a size in 10⁻¹², rounded up.
fn size_of(lots: i64, lot: Scale) -> i128 {
    let units = i128::from(lots) * i128::from(lot.increment());
    match money::DECIMALS.checked_sub(lot.decimals()) {
        Some(more) => units.saturating_mul(i128::from(pow10(more))),
        None => {
            let less = i128::from(pow10(lot.decimals() - money::DECIMALS));
            units / less + i128::from(units % less != 0)
        }
    }
}

#[cfg(test)]
#[path = "limits_tests.rs"]
mod tests;
