//! What risk is told at the start, checked by the config and written into the journal's `Start`.

use super::breaker::BreakerParams;
use super::exit::ExitParams;
use super::hedge::HedgeParams;
use super::limits::FileLimit;
use super::unit::Unit;
use crate::types::{Currency, InstrumentId, Nanos, Scale};
use serde::{Deserialize, Serialize};

/// The limits of the account, and what is the same for all instruments. Money is in 10⁻¹² of the
/// account currency.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RiskParams {
    /// What everything is added up in.
    pub currency: Currency,
    /// What drawdown is counted from; the high-water mark begins here.
    pub capital: i128,
    /// The number of this start of the process: ids of its orders carry it.
    pub epoch: u32,
    /// The most that all positions may come to, whatever their sign.
    pub gross_exposure_max: i128,
    /// The most that longs less shorts, or the reverse, may come to.
    pub net_exposure_max: i128,
    /// The loss of a day that halts.
    pub daily_loss_max: i128,
    /// The distance below the high-water mark that halts.
    pub drawdown_max: i128,
    /// Messages to the venue.
    pub rate: RateParams,
    /// The most orders that are live at a time.
    pub orders_max: u32,
    /// How old the mark of a conversion may be.
    pub conversion_age_max: Nanos,
    /// How other currencies are counted.
    pub conversions: Vec<Conversion>,
    /// What trips the circuit breaker; nothing where only an operator does.
    #[serde(default)]
    pub breaker: Option<BreakerParams>,
    /// When positions are brought back; nothing where only quotes do it.
    #[serde(default)]
    pub hedge: Option<HedgeParams>,
    /// When a position is closed by itself; nothing where none is.
    #[serde(default)]
    pub exit: Option<ExitParams>,
    /// The limits that can be tightened, as the config has written them.
    #[serde(default)]
    pub file: Vec<FileLimit>,
}

/// The budget of messages.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RateParams {
    /// Messages a second; as many may come at once.
    pub per_second: u32,
    /// Messages of these that are kept for cancels.
    pub reserve: u32,
}

/// How a currency is counted in the account currency.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Conversion {
    /// Which currency.
    pub currency: Currency,
    /// What it is worth.
    pub source: RateSource,
}

/// Where the worth of a currency comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RateSource {
    /// The operator says so: 10⁻¹² of the account currency for one.
    Fixed(i64),
    /// The middle of an instrument whose base is the currency and whose quote is the account's.
    Instrument {
        /// Which one.
        instrument: InstrumentId,
        /// One price step of it.
        tick: Scale,
    },
}

/// What one instrument is and how much of it may be done.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct InstrumentLimits {
    /// What a price counts.
    pub quote: Currency,
    /// One price step.
    pub tick: Scale,
    /// One lot; what was written before limits could be tightened had no use for it.
    #[serde(default = "whole")]
    pub lot: Scale,
    /// What one tick times one lot is worth.
    pub unit: Unit,
    /// The step of order quantities, in lots.
    pub qty_step: i64,
    /// The least quantity of an order, in lots.
    pub qty_min: i64,
    /// The greatest quantity of an order, in lots.
    pub qty_max: i64,
    /// The greatest price × quantity of an order, in 10⁻¹² of the account currency.
    pub value_max: i128,
    /// The greatest position on either side, in lots.
    pub position_max: i64,
    /// The most that is traded in a day, in lots.
    pub volume_max: i64,
    /// The loss of a day with this instrument from which on it does not grow.
    pub daily_loss_max: i128,
    /// The most that its position may come to, in 10⁻¹² of the account currency.
    pub notional_max: i128,
    /// How far on the wrong side of the middle a price may lie, in 1/10,000.
    pub collar_bps: i64,
}

const fn whole() -> Scale {
    Scale::power_of_ten(0)
}
