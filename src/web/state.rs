//! What is shown of a run, as plain data: the web knows nothing of where it comes from.
//!
//! Prices are in ticks, quantities in lots, money in 10⁻¹² of its currency; text is made where it
//! is shown.

mod breaker;
mod rules;

pub use breaker::{BreakerShown, FedShown, MoveShown};
pub use rules::{DeedsShown, ExitShown, Feeding, RuleShown, UsageShown};

use crate::event::explanation::Withheld;
use crate::event::{Health, Stale, StateReason, TradingState};
use crate::types::{Currency, Instrument, InstrumentId, Money, Nanos, Price, Qty, Side};
use crate::var::VarView;
use serde_json::{Map, Value};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// What does not change while the process runs.
#[derive(Clone, Debug)]
pub struct Facts {
    /// What the run does.
    pub mode: &'static str,
    /// Whose market.
    pub venue: &'static str,
    /// How the stages are joined.
    pub threads: &'static str,
    /// The strategy's name.
    pub strategy: String,
    /// The config as it runs, as JSON, without what may be a secret.
    pub config: String,
    /// What the file held when it was read.
    pub config_digest: String,
    /// Where the config was read from; nothing where it is the shipped one.
    pub config_file: Option<PathBuf>,
    /// The limits of the config.
    pub limits: Map<String, Value>,
    /// What of the wished threads and cores could not be had, in words.
    pub remarks: Vec<String>,
}

/// One side of an instrument's market, and of our quotes on it.
#[derive(Clone, Debug, Default)]
pub struct SideState {
    /// The best price of the market; nothing is there if `market_qty` is zero.
    pub market: Price,
    /// What is there.
    pub market_qty: Qty,
    /// Our best price at the venue; nothing is there if `own_qty` is zero.
    pub own: Price,
    /// What of ours is there.
    pub own_qty: Qty,
    /// Why we do not quote.
    pub withheld: Withheld,
    /// The number of what stands behind that.
    pub code: u8,
    /// The levels of the market, best first.
    pub levels: Vec<(Price, Qty)>,
}

/// One instrument.
#[derive(Clone, Debug)]
pub struct InstrumentState {
    /// What the numbers are of.
    pub instrument: Instrument,
    /// The last input of its quoting.
    pub sequence: u64,
    /// The time of that input.
    pub time: Nanos,
    /// Why the book is stale, if it is.
    pub stale: Option<Stale>,
    /// What the strategy takes it to be worth, in ticks.
    pub fair_value: f64,
    /// Standard deviation of the price in a second, in ticks.
    pub volatility: f64,
    /// Bid and ask.
    pub sides: [SideState; 2],
    /// What is held, in lots.
    pub lots: i64,
    /// What it has cost, with the sign of the position.
    pub cost: i128,
    /// What closed trades have earned.
    pub realised: i128,
    /// What is held would earn at the last mark.
    pub unrealised: i128,
    /// What fees have cost.
    pub fees: i128,
    /// What was traded today, in lots.
    pub volume_today: i64,
    /// What closes it by itself.
    pub exit: ExitShown,
}

/// The account; money is of the account currency.
#[derive(Clone, Copy, Debug)]
pub struct AccountState {
    /// What everything is added up in.
    pub currency: Currency,
    /// The trading state.
    pub state: TradingState,
    /// Why.
    pub reason: StateReason,
    /// The gateway is closed until a confirmed resume.
    pub is_killed: bool,
    /// `flatten` runs.
    pub is_flattening: bool,
    /// Everything earned, fees taken off.
    pub profit: i128,
    /// What of it was earned today.
    pub profit_today: i128,
    /// What is held would earn at the last marks.
    pub unrealised: i128,
    /// What fees have cost.
    pub fees: i128,
    /// How far capital and profit are below their high-water mark.
    pub drawdown: i128,
    /// The most that capital and profit have come to.
    pub high_water: i128,
    /// Gross exposure, working orders included.
    pub gross: i128,
    /// Longs less shorts on the worse side.
    pub net: i128,
    /// Orders that are not known to be gone.
    pub open_orders: u64,
    /// Trades of ours.
    pub fills: u64,
    /// Requests released.
    pub requests: u64,
    /// Proposals refused.
    pub refusals: u64,
}

/// One live order.
#[derive(Clone, Debug)]
pub struct OrderState {
    /// Its name at the venue.
    pub id: String,
    /// Whose market.
    pub instrument: InstrumentId,
    /// Its side.
    pub side: Side,
    /// Its limit.
    pub price: Price,
    /// Its whole quantity.
    pub qty: Qty,
    /// What of it has traded.
    pub traded: Qty,
    /// The stable name of its status.
    pub status: &'static str,
    /// It may only bring the position down.
    pub reduce_only: bool,
}

/// One trade of ours.
#[derive(Clone, Debug)]
pub struct FillState {
    /// The input that told of it.
    pub sequence: u64,
    /// The time of that input.
    pub time: Nanos,
    /// The order's name at the venue.
    pub order: String,
    /// The venue's number of the trade.
    pub trade_id: u64,
    /// Whose market.
    pub instrument: InstrumentId,
    /// Our side.
    pub side: Side,
    /// Its price.
    pub price: Price,
    /// Its quantity.
    pub qty: Qty,
    /// The fee, in decimal text, and its currency.
    pub fee: (String, Currency),
    /// Our order rested.
    pub maker: bool,
}

/// How long one stage takes, in nanoseconds.
#[derive(Clone, Debug)]
pub struct StageState {
    /// The stage.
    pub name: &'static str,
    /// How often it was measured.
    pub count: u64,
    /// Quantiles: the share, and what so many took at most.
    pub quantiles: Vec<(f64, u64)>,
    /// The longest.
    pub max: u64,
    /// How they are spread: until where, and how many were no longer.
    pub spread: Vec<(u64, u64)>,
    /// Spans in that, and what they come to together.
    pub spread_of: (u64, u64),
}

/// What a thread has done.
#[derive(Clone, Debug)]
pub struct ThreadState {
    /// Its name.
    pub name: &'static str,
    /// It stands on the way of the data.
    pub is_vital: bool,
    /// Turns.
    pub turns: u64,
    /// Turns that did something.
    pub busy_turns: u64,
    /// No turn took longer, in nanoseconds.
    pub turn_ns_max: u64,
    /// Turns that took too long.
    pub stalls: u64,
    /// How often a ring below had no room.
    pub rings_full: u64,
}

/// How the journal gets on.
#[derive(Clone, Copy, Debug)]
pub struct JournalState {
    /// The last record that is written: it survives the end of the process.
    pub lsn_written: u64,
    /// The last record that is synced: it survives a loss of power.
    pub lsn_synced: u64,
    /// The last request that was released to leave.
    pub lsn_sent: u64,
    /// What a loss of power would take, in milliseconds of writing.
    pub loss_window_ms: u64,
    /// What is written in an hour; 0 before that is known.
    pub bytes_per_hour: u64,
    /// How many hours of records the journal may hold at that rate; 0 before that is known.
    pub retention_hours: u64,
    /// What it takes on the disk.
    pub bytes: u64,
    /// What is free on the disk.
    pub disk_free: u64,
    /// Minutes until the disk is full at that rate, if that is known and will be.
    pub minutes_left: Option<u64>,
    /// What that means, by its stable name; nothing before the disk was looked at.
    pub disk: Option<&'static str>,
    /// The last record that the follower has read.
    pub followed: u64,
    /// The record behind which the newest snapshot of this run stands; 0 for none.
    pub snapshot: u64,
    /// Inputs that the follower decides otherwise than is recorded.
    pub differences: u64,
}

/// What the process is given of the processor.
#[derive(Clone, Copy, Debug)]
pub struct CpuState {
    /// Cores that it may run on.
    pub cores: usize,
    /// The CPU time it may take, in cores, where that is bounded.
    pub quota: Option<f64>,
    /// What its pod has asked for, in cores, where the pod says so.
    pub promised: Option<f64>,
    /// The cores are its own, as far as it can see.
    pub is_own: bool,
    /// What the quota held back; nothing where no control group is seen.
    pub throttled: Option<ThrottledState>,
}

/// How often a quota has stopped the process.
#[derive(Clone, Copy, Debug)]
pub struct ThrottledState {
    /// Periods in which it ran.
    pub periods: u64,
    /// Periods in which it was stopped.
    pub throttled: u64,
    /// How long it stood still, all threads together.
    pub time: Duration,
}

/// A look at a run.
#[derive(Clone, Debug)]
pub struct State {
    /// By id.
    pub instruments: Vec<InstrumentState>,
    /// The account.
    pub account: AccountState,
    /// The circuit breaker.
    pub breaker: BreakerShown,
    /// Value at risk; nothing where it is not worked out.
    pub var: Option<Arc<VarView>>,
    /// Live orders, as many as are shown.
    pub orders: Vec<OrderState>,
    /// The limits as they hold, as they are shown.
    pub limits: Value,
    /// How much of each is used.
    pub usages: Vec<UsageShown>,
    /// From how many percent on a limit is near.
    pub soft_pct: u32,
    /// What every rule was fed with.
    pub rules: Vec<RuleShown>,
    /// The names of what starves.
    pub starved: Vec<String>,
    /// What risk does by itself.
    pub deeds: DeedsShown,
    /// By stage.
    pub latency: Vec<StageState>,
    /// What stops quoting from outside the core.
    pub health: Health,
    /// When everything written was last synced; nothing where that is not waited for.
    pub synced_ago: Option<Duration>,
    /// How the journal gets on; nothing where none is kept.
    pub journal: Option<JournalState>,
    /// What the process is given of the processor.
    pub cpu: CpuState,
}

impl InstrumentState {
    /// A price as decimal text.
    #[must_use]
    pub fn price(&self, price: Price) -> String {
        self.instrument.tick.text(price.0).to_string()
    }

    /// A quantity as decimal text.
    #[must_use]
    pub fn qty(&self, lots: i64) -> String {
        self.instrument.lot.text(lots).to_string()
    }

    /// An amount of the quote currency as decimal text.
    #[must_use]
    pub fn amount(&self, amount: i128) -> String {
        amount_text(self.instrument.quote, amount)
    }

    /// The middle of the best bid and ask, in ticks and halves.
    #[must_use]
    pub fn mid_ticks_twice(&self) -> Option<i64> {
        let [bid, ask] = &self.sides;
        (bid.market_qty.0 > 0 && ask.market_qty.0 > 0).then(|| bid.market.0 + ask.market.0)
    }

    /// What it is called in paths: the symbol without signs that a path has another use for.
    #[must_use]
    pub fn strategy_id(&self) -> String {
        strategy_id(&self.instrument)
    }
}

/// See [`InstrumentState::strategy_id`].
#[must_use]
pub fn strategy_id(instrument: &Instrument) -> String {
    let plain = |sign: char| if sign.is_ascii_alphanumeric() || sign == '.' { sign } else { '-' };
    instrument.symbol.as_str().chars().map(plain).collect()
}

impl AccountState {
    /// An amount of the account currency as decimal text.
    #[must_use]
    pub fn amount(&self, amount: i128) -> String {
        amount_text(self.currency, amount)
    }
}

/// An amount as decimal text without its currency.
#[must_use]
pub fn amount_text(currency: Currency, amount: i128) -> String {
    let money = Money { currency, amount }.to_string();
    money.split(' ').next().unwrap_or_default().to_owned()
}
