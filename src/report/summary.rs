//! What a report says, as JSON. A number that does not exist is `null`, never infinite.
//!
//! Amounts of an instrument are in its quote currency and quantities in its base currency, as
//! floats; those of the account are exact decimal texts in the account's currency.

use super::returns::Ratios;
use serde::{Deserialize, Serialize};

/// The whole report.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Summary {
    /// The version of this layout.
    pub schema: u32,
    /// What was run: whatever its caller names.
    pub facts: Vec<Fact>,
    /// The first input, RFC 3339.
    pub from: String,
    /// The end of the run.
    pub to: String,
    /// Between them.
    pub duration_s: f64,
    /// The account.
    pub account: AccountSummary,
    /// Each instrument that was marked, asked for or traded.
    pub instruments: Vec<InstrumentSummary>,
}

/// Something to know of a run.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fact {
    /// What, such as `seed`.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// Profit and loss of the account.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct AccountSummary {
    /// What amounts are in.
    pub currency: String,
    /// Realised and unrealised, before fees.
    pub gross: String,
    /// Paid; negative where rebates are more.
    pub fees: String,
    /// Gross without fees.
    pub net: String,
    /// The deepest fall of the net profit from its highest point.
    pub max_drawdown: DrawdownSummary,
    /// Sharpe, Sortino and the like.
    #[serde(flatten)]
    pub ratios: Ratios,
    /// What each hour (UTC) changed.
    pub hours: Vec<AccountHour>,
}

/// A fall from the highest point.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct DrawdownSummary {
    /// How deep.
    pub amount: String,
    /// When the highest point was; nothing without a fall.
    pub from: Option<String>,
    /// When the lowest was.
    pub to: Option<String>,
}

/// What an hour changed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct AccountHour {
    /// Its beginning.
    pub hour: String,
    /// Before fees.
    pub gross: String,
    /// Fees.
    pub fees: String,
    /// Gross without fees.
    pub net: String,
}

/// One instrument.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct InstrumentSummary {
    /// Its venue.
    pub venue: String,
    /// Its symbol.
    pub symbol: String,
    /// What quantities are in.
    pub base: String,
    /// What amounts are in.
    pub quote: String,
    /// Cash and position at the last mid, before fees; nothing where there was never a mid.
    pub gross: Option<f64>,
    /// Fees; those in base at the mid of their time.
    pub fees: f64,
    /// Gross without fees.
    pub net: Option<f64>,
    /// What was traded, bought and sold.
    pub turnover: f64,
    /// The position.
    pub inventory: Inventory,
    /// What was asked for and what became of it.
    pub orders: OrderCounts,
    /// How much of the time quotes stood.
    pub quoting: QuotingShares,
    /// All trades of ours.
    pub total: FillSums,
    /// Bought.
    pub bid: FillSums,
    /// Sold.
    pub ask: FillSums,
    /// By the place of the order among ours of its side when it traded; the first is the nearest to
    /// the touch.
    pub levels: Vec<FillSums>,
    /// By hour (UTC).
    pub hours: Vec<HourSums>,
}

/// The path of a position.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Inventory {
    /// At the end.
    pub last: f64,
    /// The least.
    pub min: f64,
    /// The greatest.
    pub max: f64,
    /// Mean of its size over time.
    pub mean_abs: Option<f64>,
}

/// Requests and their fates.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct OrderCounts {
    /// New orders.
    pub placed: u64,
    /// Replaces.
    pub replaced: u64,
    /// Cancels.
    pub canceled: u64,
    /// New orders that the venue did not take.
    pub rejected: u64,
    /// Orders that traded at all.
    pub filled: u64,
    /// `filled` over `placed`.
    pub fill_ratio: Option<f64>,
    /// The quantity traded over the quantity of all orders placed.
    pub quantity_ratio: Option<f64>,
}

/// Shares of the time of the run.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct QuotingShares {
    /// The book was fresh, with both sides.
    pub book_fresh: Option<f64>,
    /// A bid of ours stood.
    pub bid: Option<f64>,
    /// An ask of ours stood.
    pub ask: Option<f64>,
    /// Both stood: a spread was quoted.
    pub two_sided: Option<f64>,
    /// Our bid stood at the best bid or before it.
    pub bid_at_touch: Option<f64>,
    /// Our ask stood at the best ask or before it.
    pub ask_at_touch: Option<f64>,
    /// Our own spread over the mid, in basis points, mean over the time when it was quoted.
    pub spread_bps: Option<f64>,
}

/// Trades of ours, added up.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct FillSums {
    /// How many.
    pub fills: u64,
    /// How much.
    pub quantity: f64,
    /// What was paid or taken in for it.
    pub turnover: f64,
    /// Fees.
    pub fees: f64,
    /// The part of the turnover of orders that rested.
    pub maker_share: Option<f64>,
    /// What the trades were worth at once and later.
    pub markouts: Vec<Markout>,
}

/// What trades were worth after a while.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct Markout {
    /// After how long.
    pub seconds: i64,
    /// Trades that were marked.
    pub fills: u64,
    /// Trades that could not be: no mid at that time, or the run ended before.
    pub unmarked: u64,
    /// All of them together; positive is our gain.
    pub money: f64,
    /// Over their turnover.
    pub bps: Option<f64>,
}

/// An hour of an instrument.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct HourSums {
    /// Its beginning.
    pub hour: String,
    /// Its trades.
    #[serde(flatten)]
    pub sums: FillSums,
}
