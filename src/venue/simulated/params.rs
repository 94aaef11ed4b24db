//! What the simulated venue is made with, checked and in integers where it counts.
//!
//! The names of the config's keys are not known here.

use super::faults::FaultParams;
use crate::types::instrument::TableError;
use crate::types::{Currency, InstrumentTable, Nanos, Price, Product, Scale, Symbol, Venue};
use serde::{Deserialize, Serialize};

/// The whole venue.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct SimulatorParams {
    /// Its instruments.
    pub markets: Vec<MarketParams>,
    /// Who trades there beside us; the same crowd in each market.
    pub crowd: CrowdParams,
    /// From the venue's market data to us.
    pub feed: LatencyParams,
    /// From us to the venue.
    pub orders: LatencyParams,
    /// From the venue's answers and fills to us.
    pub reports: LatencyParams,
    /// What an order pays that rested.
    pub maker_fee: FeeRate,
    /// What an order pays that took.
    pub taker_fee: FeeRate,
    /// The venue cancels our orders when the connection drops.
    pub cancel_on_disconnect: bool,
    /// What goes wrong, and when.
    pub faults: Vec<FaultParams>,
}

/// One instrument and how its fair value moves.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct MarketParams {
    /// Its name.
    pub symbol: Symbol,
    /// What is bought and sold.
    pub base: Currency,
    /// What it is paid in.
    pub quote: Currency,
    /// One price step.
    pub tick: Scale,
    /// One quantity step; with the tick's it has at most twelve decimals, so that money is exact.
    pub lot: Scale,
    /// The step of order quantities: a whole number of lots.
    pub order_step: Scale,
    /// The fair value at the start.
    pub start_price: Price,
    /// Standard deviation of the fair value's return over a year of 365.25 days: 0.5 for 50 %.
    pub volatility: f64,
    /// Its mean return over a year.
    pub drift: f64,
    /// Jumps of the fair value in an hour, on average.
    pub jumps_per_hour: f64,
    /// Standard deviation of a jump, in 10⁻⁴ of the price.
    pub jump_bps: f64,
}

/// Some participants of one kind.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct ParticipantParams {
    /// How many there are.
    pub count: u32,
    /// How often each of them acts.
    pub rate_per_minute: f64,
    /// What an order of theirs is worth on average, in the quote currency.
    pub notional: f64,
}

/// The participants of a market.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct CrowdParams {
    /// They take, on either side alike.
    pub taker: ParticipantParams,
    /// They quote both sides of the fair value, which they learn late.
    pub maker: ParticipantParams,
    /// Ask minus bid of the tightest maker, in 10⁻⁴ of the price.
    pub maker_spread_bps: f64,
    /// In this time a maker learns half of what the fair value has moved.
    pub maker_lag: Nanos,
    /// They rest orders away from the touch and cancel them again.
    pub noise: ParticipantParams,
    /// How far from the fair value they do it on average, in 10⁻⁴ of the price.
    pub noise_depth_bps: f64,
    /// They know the fair value and take what is stale.
    pub arbitrageur: ParticipantParams,
    /// What they must gain to do so, in 10⁻⁴ of the price.
    pub arbitrageur_edge_bps: f64,
}

/// How long a message is on its way: never shorter than `fixed`, never past the one before it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LatencyParams {
    /// The least.
    pub fixed: Nanos,
    /// What may be added, each amount up to this as likely.
    pub jitter: Nanos,
}

/// A fee in 10⁻⁶ of what was traded: hundredths of a basis point; negative for a rebate.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FeeRate(pub i32);

impl FeeRate {
    /// The fee in basis points.
    #[must_use]
    pub fn bps(self) -> f64 {
        f64::from(self.0) / 100.0
    }
}

impl SimulatorParams {
    /// The product list of the venue.
    pub fn products(&self) -> impl Iterator<Item = Product> + '_ {
        self.markets.iter().map(|market| {
            let MarketParams { symbol, base, quote, tick, lot, order_step, .. } = *market;
            Product { symbol, base, quote, tick, lot, order_step, trading: true }
        })
    }

    /// Gives each of the venue's instruments its id.
    ///
    /// # Errors
    /// The table has one of them already, or is full.
    pub fn add_to(&self, table: &mut InstrumentTable) -> Result<(), TableError> {
        self.products().try_for_each(|product| table.add(Venue::Simulated, &product).map(drop))
    }
}

impl MarketParams {
    /// Lots of one order step.
    ///
    /// # Panics
    /// The order step is no whole number of lots: the config has checked it.
    #[must_use]
    pub fn step_lots(&self) -> i64 {
        let (step, lot) = (self.order_step, self.lot);
        let number =
            crate::types::Decimal { mantissa: step.increment(), decimals: step.decimals() };
        lot.steps(number).expect("the order step was checked to be a whole number of lots")
    }
}
