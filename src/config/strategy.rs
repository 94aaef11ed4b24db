//! The section `strategy`: how quotes are made, in the words of the file, and its check.
//!
//! Quantities are of the instrument's base currency, spreads in basis points of the price. The
//! defaults are those of an instrument like BTC-USD. What the numbers do stands in `engine::quote`.

use super::{Exact, Faults};
use crate::engine::quote::{
    BudgetParams, FairValue, Fees, IntensityParams, LEVELS_MAX, QuoteParams, SizeParams,
    SpreadParams, Strategy, VolatilityParams, can_replace,
};
use crate::types::{Decimal, Instrument, Nanos, NumberError, Qty};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use std::fmt;

/// A decimal number that may be negative, as it stands in the file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Signed {
    /// Below zero.
    pub negative: bool,
    /// How far from zero.
    pub magnitude: Exact,
}

impl<'de> Deserialize<'de> for Signed {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(from)?;
        let text = raw.get();
        let bare = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
        let (negative, digits) = bare.strip_prefix('-').map_or((false, bare), |rest| (true, rest));
        let magnitude = Decimal::parse_exponent(digits.as_bytes()).map_err(|wrong| {
            D::Error::custom(format!("{text} is no number that is taken: {wrong}"))
        })?;
        Ok(Self { negative, magnitude: Exact(magnitude) })
    }
}

impl Serialize for Signed {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let raw = RawValue::from_string(self.to_string()).expect("a decimal number is JSON");
        raw.serialize(to)
    }
}

impl fmt::Display for Signed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.negative { "-" } else { "" }, self.magnitude)
    }
}

/// The strategies by name.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum StrategyName {
    /// Spread by volatility and imbalance, skew by inventory.
    BasicMarketMaker,
    /// Avellaneda and Stoikov, 2008.
    AvellanedaStoikov,
    /// Guéant, Lehalle and Fernandez-Tapia, 2013.
    #[serde(rename = "GLFT")]
    Glft,
}

/// The section as it stands in the file.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub struct StrategyConfig {
    /// Quotes are made at all.
    pub enabled: bool,
    /// Which strategy.
    pub name: StrategyName,
    /// What the instrument is taken to be worth: `mid`, `microprice` or `imbalanceAdjusted`.
    pub fair_value: FairValue,
    /// Bid to ask of the basic strategy, with no volatility and no imbalance.
    pub base_spread_bps: f64,
    /// Never nearer.
    pub min_spread_bps: f64,
    /// Never wider.
    pub max_spread_bps: f64,
    /// What each trade has to bring beyond its fee.
    pub edge_bps: f64,
    /// Basis points of spread for a basis point of volatility in a square-root second (basic).
    pub volatility_factor: f64,
    /// So much of the base spread is added by an imbalance of one.
    pub imbalance_factor: f64,
    /// Imbalances up to this add nothing.
    pub imbalance_threshold: f64,
    /// Levels of each side that the imbalance counts. More than one costs time at each change.
    pub imbalance_levels: u32,
    /// What the quantities here and in the limits are meant for: in simulation and of a recording,
    /// an instrument at another price gets what is worth the same. If it is not given they stand as
    /// they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference_price: Option<Exact>,
    /// At a level, with nothing held.
    pub order_quantity: Exact,
    /// Never less at a level.
    pub min_order_quantity: Exact,
    /// Never more at a level.
    pub max_order_quantity: Exact,
    /// What we would like to hold.
    pub target_position: Signed,
    /// The most held either way.
    pub max_position: Exact,
    /// Share of the spread that the reservation price moves at the position limit (basic).
    pub inventory_skew_factor: f64,
    /// Orders of each side.
    pub max_levels: u32,
    /// Between two levels, as a share of the base spread.
    pub price_level_spacing: f64,
    /// An order so near to its wish stays.
    pub requote_tolerance_ticks: u32,
    /// An order so young stays.
    pub min_quote_life_ms: u32,
    /// Orders are replaced where the venue can, instead of cancelled and placed.
    pub use_replace: bool,
    /// Half-life of a return in the volatility.
    pub volatility_half_life_ms: u32,
    /// Returns are taken over at least so long.
    pub volatility_sample_ms: u32,
    /// So much is seen before the first quote.
    pub volatility_warmup_ms: u32,
    /// γ, aversion to risk, per basis point and order (Avellaneda–Stoikov, GLFT).
    pub gamma: f64,
    /// T − t (Avellaneda–Stoikov).
    pub horizon_ms: u32,
    /// A before trades are seen, a second (Avellaneda–Stoikov, GLFT).
    pub arrival_rate: f64,
    /// k before trades are seen, per basis point (Avellaneda–Stoikov, GLFT).
    pub arrival_decay: f64,
    /// Half-life of an arrival in A and k.
    pub arrival_half_life_ms: u32,
    /// Messages a second for each instrument, in the long run.
    pub requests_per_second: u32,
    /// Messages at once after a pause.
    pub requests_burst: u32,
    /// Of these, so many are for cancels only.
    pub requests_kept_for_cancels: u32,
}

/// A default that is a power of ten.
const fn tenth_power(mantissa: i64, decimals: u8) -> Exact {
    Exact(Decimal { mantissa, decimals })
}

impl Default for StrategyConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            name: StrategyName::BasicMarketMaker,
            fair_value: FairValue::Microprice,
            base_spread_bps: 10.0,
            min_spread_bps: 5.0,
            max_spread_bps: 50.0,
            edge_bps: 0.5,
            volatility_factor: 1.0,
            imbalance_factor: 0.5,
            imbalance_threshold: 0.3,
            imbalance_levels: 1,
            reference_price: None,
            order_quantity: tenth_power(1, 2),
            min_order_quantity: tenth_power(1, 3),
            max_order_quantity: tenth_power(1, 0),
            target_position: Signed { negative: false, magnitude: tenth_power(0, 0) },
            max_position: tenth_power(10, 0),
            inventory_skew_factor: 0.5,
            max_levels: 3,
            price_level_spacing: 0.1,
            requote_tolerance_ticks: 20,
            min_quote_life_ms: 100,
            use_replace: true,
            volatility_half_life_ms: 60_000,
            volatility_sample_ms: 100,
            volatility_warmup_ms: 1_000,
            gamma: 0.01,
            horizon_ms: 60_000,
            arrival_rate: 1.0,
            arrival_decay: 0.5,
            arrival_half_life_ms: 300_000,
            requests_per_second: 20,
            requests_burst: 40,
            requests_kept_for_cancels: 10,
        }
    }
}

/// The keys of a section under check.
struct Keys<'a> {
    path: &'a str,
    faults: &'a mut Faults,
    instrument: &'a Instrument,
}

impl Keys<'_> {
    fn within<T: PartialOrd + fmt::Display>(&mut self, key: &str, value: T, [from, to]: [T; 2]) {
        let path = format!("{}.{key}", self.path);
        self.faults.within(&path, value, from..=to);
    }

    fn holds(&mut self, holds: bool, key: &str, value: impl fmt::Display, allowed: &str) {
        if !holds {
            self.faults.add(&format!("{}.{key}", self.path), value, allowed);
        }
    }

    /// A quantity as lots, a multiple of `step` lots.
    fn lots(&mut self, key: &str, value: Exact, step: i64) -> Qty {
        let lots = self.instrument.lot.steps(value.0);
        let fits = lots.is_ok_and(|lots| lots % step == 0);
        let text = self.instrument.lot.text(step);
        let symbol = self.instrument.symbol;
        self.holds(fits, key, value, &format!("a multiple of {text}, the step of {symbol}"));
        Qty(lots.ok().filter(|_| fits).unwrap_or(0))
    }
}

/// The step of orders in lots, at least one.
fn step_of(instrument: &Instrument) -> Result<i64, NumberError> {
    let step = instrument.order_step;
    let number = Decimal { mantissa: step.increment(), decimals: step.decimals() };
    match instrument.lot.steps(number) {
        // Orders may be finer than what the book counts; we stay with the book's lots.
        Err(NumberError::OffStep) => Ok(1),
        other => other,
    }
}

const YEAR_MS: u32 = 2_000_000_000;

impl StrategyConfig {
    /// The parameters of an instrument; every fault is named under `path`.
    pub fn check(
        &self,
        path: &str,
        faults: &mut Faults,
        instrument: &Instrument,
        fees: Fees,
    ) -> QuoteParams {
        let mut keys = Keys { path, faults, instrument };
        let millis = |ms: u32| Nanos::from_millis(i64::from(ms));
        let spread = self.check_spread(&mut keys, fees);
        let size = self.check_size(&mut keys);
        self.check_market(&mut keys);
        self.check_messages(&mut keys);
        QuoteParams {
            enabled: self.enabled,
            strategy: match self.name {
                StrategyName::BasicMarketMaker => {
                    Strategy::BasicMarketMaker { inventory_skew_factor: self.inventory_skew_factor }
                }
                StrategyName::AvellanedaStoikov => Strategy::AvellanedaStoikov {
                    gamma: self.gamma,
                    horizon: millis(self.horizon_ms),
                },
                StrategyName::Glft => Strategy::Glft { gamma: self.gamma },
            },
            fair_value: self.fair_value,
            imbalance_levels: self.imbalance_levels,
            spread,
            size,
            levels: self.max_levels,
            level_spacing_bps: self.price_level_spacing * self.base_spread_bps,
            volatility: VolatilityParams {
                half_life: millis(self.volatility_half_life_ms),
                sample: millis(self.volatility_sample_ms),
                warmup: millis(self.volatility_warmup_ms),
            },
            intensity: IntensityParams {
                half_life: millis(self.arrival_half_life_ms),
                rate: self.arrival_rate,
                decay: self.arrival_decay,
            },
            requote_tolerance_ticks: i64::from(self.requote_tolerance_ticks),
            quote_life_min: millis(self.min_quote_life_ms),
            can_replace: self.use_replace && can_replace(instrument.venue),
            requests: BudgetParams {
                per_second: self.requests_per_second,
                burst: self.requests_burst,
                kept_for_cancels: self.requests_kept_for_cancels,
            },
        }
    }

    fn check_spread(&self, keys: &mut Keys<'_>, fees: Fees) -> SpreadParams {
        let (base, min, max) = (self.base_spread_bps, self.min_spread_bps, self.max_spread_bps);
        keys.within("baseSpreadBps", base, [0.01, 5_000.0]);
        keys.within("minSpreadBps", min, [0.0, 5_000.0]);
        keys.within("maxSpreadBps", max, [0.01, 5_000.0]);
        keys.within("edgeBps", self.edge_bps, [-1_000.0, 1_000.0]);
        keys.holds(min <= base, "minSpreadBps", min, "at most baseSpreadBps");
        keys.holds(base <= max, "maxSpreadBps", max, "at least baseSpreadBps");
        let fees_bps = 2.0 * (fees.maker_bps + self.edge_bps);
        let needed = format!("at least {fees_bps}: maker fee and edge of both sides");
        keys.holds(fees_bps <= max, "maxSpreadBps", max, &needed);
        keys.within("volatilityFactor", self.volatility_factor, [0.0, 1_000.0]);
        keys.within("imbalanceFactor", self.imbalance_factor, [0.0, 100.0]);
        keys.within("imbalanceThreshold", self.imbalance_threshold, [0.0, 1.0]);
        keys.within("imbalanceLevels", self.imbalance_levels, [1, 100]);
        SpreadParams {
            base_bps: base,
            min_bps: min,
            max_bps: max,
            volatility_factor: self.volatility_factor,
            imbalance_factor: self.imbalance_factor,
            imbalance_threshold: self.imbalance_threshold,
            fees_bps,
        }
    }

    fn check_size(&self, keys: &mut Keys<'_>) -> SizeParams {
        let step = step_of(keys.instrument).unwrap_or(0);
        let fits = step > 0;
        keys.holds(
            fits,
            "orderQuantity",
            self.order_quantity,
            "of an instrument with usable steps",
        );
        let step = step.max(1);
        if let Some(reference) = self.reference_price {
            keys.holds(reference.0.mantissa > 0, "referencePrice", reference, "above zero");
        }
        let order = keys.lots("orderQuantity", self.order_quantity, step);
        let min = keys.lots("minOrderQuantity", self.min_order_quantity, step);
        let max = keys.lots("maxOrderQuantity", self.max_order_quantity, step);
        let position_max = keys.lots("maxPosition", self.max_position, 1);
        let target = keys.lots("targetPosition", self.target_position.magnitude, 1);
        let above_zero = "above zero";
        keys.holds(min.0 > 0, "minOrderQuantity", self.min_order_quantity, above_zero);
        keys.holds(position_max.0 > 0, "maxPosition", self.max_position, above_zero);
        let bounds = "from minOrderQuantity to maxOrderQuantity";
        let inside = min <= order && order <= max;
        keys.holds(inside, "orderQuantity", self.order_quantity, bounds);
        let near = target <= position_max;
        keys.holds(near, "targetPosition", self.target_position, "at most maxPosition either way");
        keys.holds(
            min <= position_max,
            "maxPosition",
            self.max_position,
            "at least minOrderQuantity",
        );
        let position_target = if self.target_position.negative { Qty(-target.0) } else { target };
        SizeParams { order, min, max, step: Qty(step), position_target, position_max }
    }

    fn check_market(&self, keys: &mut Keys<'_>) {
        keys.within("inventorySkewFactor", self.inventory_skew_factor, [0.0, 1.0]);
        keys.within("volatilityHalfLifeMs", self.volatility_half_life_ms, [10, YEAR_MS]);
        keys.within("volatilitySampleMs", self.volatility_sample_ms, [1, 60_000]);
        keys.within("volatilityWarmupMs", self.volatility_warmup_ms, [0, YEAR_MS]);
        keys.within("gamma", self.gamma, [1e-6, 10.0]);
        keys.within("horizonMs", self.horizon_ms, [1, YEAR_MS]);
        keys.within("arrivalRate", self.arrival_rate, [1e-6, 1e6]);
        keys.within("arrivalDecay", self.arrival_decay, [1e-3, 1e3]);
        keys.within("arrivalHalfLifeMs", self.arrival_half_life_ms, [1_000, YEAR_MS]);
    }

    fn check_messages(&self, keys: &mut Keys<'_>) {
        let levels_max = u32::try_from(LEVELS_MAX).expect("it is eight");
        keys.within("maxLevels", self.max_levels, [1, levels_max]);
        keys.within("priceLevelSpacing", self.price_level_spacing, [0.0, 100.0]);
        keys.within("requoteToleranceTicks", self.requote_tolerance_ticks, [0, 1_000_000]);
        keys.within("minQuoteLifeMs", self.min_quote_life_ms, [0, 600_000]);
        keys.within("requestsPerSecond", self.requests_per_second, [1, 100_000]);
        keys.within("requestsBurst", self.requests_burst, [1, 100_000]);
        let kept = self.requests_kept_for_cancels;
        keys.holds(
            kept < self.requests_burst,
            "requestsKeptForCancels",
            kept,
            "below requestsBurst",
        );
    }
}
