//! What an instrument is quoted with: checked numbers, in ticks and lots where they are prices and
//! quantities, in basis points (10⁻⁴ of the price) where they are spreads.
//!
//! The file's keys and their checks stand in `config::strategy`.

use super::{FairValue, Strategy};
use crate::types::{Nanos, Qty, Venue};
use serde::{Deserialize, Serialize};

/// The most orders of one side.
pub const LEVELS_MAX: usize = 8;

/// What the venue takes for a trade, in basis points of its worth; negative for a rebate.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Fees {
    /// Of an order that rested.
    pub maker_bps: f64,
    /// Of an order that took.
    pub taker_bps: f64,
}

/// How wide the two sides stand apart, all in basis points of the price, both sides together.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct SpreadParams {
    /// With no volatility and no imbalance; strategies with a formula of their own have none.
    pub base_bps: f64,
    /// Never less.
    pub min_bps: f64,
    /// Never more, but for fees.
    pub max_bps: f64,
    /// What a volatility of one basis point in a square-root second adds; of the basic strategy.
    pub volatility_factor: f64,
    /// What an imbalance of one adds, as a share of the base.
    pub imbalance_factor: f64,
    /// Imbalances up to this add nothing.
    pub imbalance_threshold: f64,
    /// Maker fee and edge of both sides: the spread is never less, whatever `max_bps` says.
    pub fees_bps: f64,
}

/// How much is quoted, in lots.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SizeParams {
    /// At a level, with nothing held.
    pub order: Qty,
    /// Never less at a level.
    pub min: Qty,
    /// Never more at a level.
    pub max: Qty,
    /// Quantities are multiples of it.
    pub step: Qty,
    /// What we would like to hold.
    pub position_target: Qty,
    /// The most held either way, working orders included.
    pub position_max: Qty,
}

/// How the volatility is measured.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct VolatilityParams {
    /// Of the weight of a return.
    pub half_life: Nanos,
    /// Returns are taken over at least that long: shorter ones are mostly the bounce of the touch.
    pub sample: Nanos,
    /// So much has to be seen before the first quote.
    pub warmup: Nanos,
}

/// How the arrivals of takers are measured: A·exp(−k·distance).
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct IntensityParams {
    /// Of the weight of an arrival.
    pub half_life: Nanos,
    /// A before anything is seen, a second.
    pub rate: f64,
    /// k before anything is seen, per basis point.
    pub decay: f64,
}

/// How many messages may be sent: a token bucket.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct BudgetParams {
    /// Messages a second in the long run.
    pub per_second: u32,
    /// Messages at once after a pause.
    pub burst: u32,
    /// Of these, so many are for cancels only.
    pub kept_for_cancels: u32,
}

/// All that one instrument is quoted with.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct QuoteParams {
    /// It is quoted at all.
    pub enabled: bool,
    /// Where spread and skew come from.
    pub strategy: Strategy,
    /// What the instrument is taken to be worth.
    pub fair_value: FairValue,
    /// Levels of each side that the imbalance counts; read when the touch changes.
    pub imbalance_levels: u32,
    /// The spread's terms and bounds.
    pub spread: SpreadParams,
    /// Quantities and the position.
    pub size: SizeParams,
    /// Orders of each side, 1 to [`LEVELS_MAX`].
    pub levels: u32,
    /// Between two levels of a side, in basis points of the price; never less than a tick.
    pub level_spacing_bps: f64,
    /// Volatility.
    pub volatility: VolatilityParams,
    /// Arrivals.
    pub intensity: IntensityParams,
    /// An order so near to its wish stays, in ticks.
    pub requote_tolerance_ticks: i64,
    /// An order so young stays, unless its side is withheld.
    pub quote_life_min: Nanos,
    /// The venue changes an order without giving it another id.
    pub can_replace: bool,
    /// This instrument's share of the account's messages.
    pub requests: BudgetParams,
}

/// Whether an order of that venue can get another price and quantity and keep its id, both in one
/// message: Coinbase Advanced `edit`, Kraken `amend_order`, Binance USD-M `order.modify`.
#[must_use]
pub const fn can_replace(venue: Venue) -> bool {
    match venue {
        Venue::CoinbaseAdvanced | Venue::Kraken | Venue::BinanceUsdm | Venue::Simulated => true,
        Venue::CoinbaseExchange | Venue::BinanceSpot | Venue::Bitstamp => false,
    }
}
