//! What the core is told about each instrument: the sections that count in ticks and lots, checked
//! against the instruments of the run.
//!
//! The instruments come with the venue's product list or the recording, after the config was read.
//! So that a fault is still told before anything is started, the config is also checked against
//! instruments that stand in for them, with their names and fine steps.

use super::sections::RawInstrument;
use super::strategy::StrategyConfig;
use super::{Faults, RawConfig};
use crate::engine::quote::{Fees, QuoteParams};
use crate::engine::risk::{InstrumentLimits, RateParams, RiskParams};
use crate::types::{Currency, Instrument, InstrumentTable, Product, Scale, Symbol, Venue};
use crate::venue::fills::FeeRate;
use serde::{Deserialize, Serialize};

/// What the core is made with; it stands in the journal's first record.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct EngineParams {
    /// How each instrument is quoted, by id.
    pub quotes: Vec<QuoteParams>,
    /// The limits of the account.
    pub risk: RiskParams,
    /// The limits of each instrument, by id.
    pub limits: Vec<InstrumentLimits>,
}

/// A fee in basis points, for the quoter.
#[must_use]
pub fn bps(rate: FeeRate) -> f64 {
    let one = crate::types::decimal::pow10(rate.decimals);
    #[expect(clippy::cast_precision_loss, reason = "a fee has few digits")]
    let bps = rate.mantissa as f64 / one as f64;
    bps
}

impl RawConfig {
    /// The core's parameters for the instruments of a table; every fault is named.
    pub fn bind(
        &self,
        table: &InstrumentTable,
        fees: Fees,
        faults: &mut Faults,
    ) -> Option<EngineParams> {
        let mut found = Faults::default();
        let quotes: Vec<_> = table.iter().map(|it| self.quote(it, fees, &mut found)).collect();
        let account = self.account.check("account", table, &mut found);
        let exit = self.risk.check("risk", &mut found);
        let risk = account.map(|account| {
            let path = "risk_management";
            let (params, limits) = self.risk_management.check(path, &account, table, &mut found);
            (RiskParams { exit, ..params }, limits)
        });
        if let Some((risk, limits)) = &risk
            && found.is_empty()
        {
            for it in table.iter() {
                self.check_soft(it, &quotes[it.id.index()], &limits[it.id.index()], &mut found);
            }
            self.check_rate(&quotes, risk.rate, &mut found);
        }
        let is_good = found.is_empty();
        faults.add_once(found);
        let (risk, limits) = risk.filter(|_| is_good)?;
        Some(EngineParams { quotes, risk, limits })
    }

    /// How an instrument is quoted: as `strategy` says, but for its own keys.
    fn quote(&self, instrument: &Instrument, fees: Fees, faults: &mut Faults) -> QuoteParams {
        let named = |raw: &&RawInstrument| raw.symbol == instrument.symbol.as_str();
        let at = self.instruments.iter().position(|raw| named(&raw));
        let Some((at, own)) = at.map(|at| (at, &self.instruments[at])) else {
            return self.strategy.check("strategy", faults, instrument, fees);
        };
        let mut strategy: StrategyConfig = self.strategy.clone();
        let mut keys = Vec::new();
        put(&mut strategy.base_spread_bps, own.base_spread_bps, "baseSpreadBps", &mut keys);
        put(&mut strategy.order_quantity, own.order_quantity, "orderQuantity", &mut keys);
        let min = own.min_order_quantity;
        put(&mut strategy.min_order_quantity, min, "minOrderQuantity", &mut keys);
        let max = own.max_order_quantity;
        put(&mut strategy.max_order_quantity, max, "maxOrderQuantity", &mut keys);
        put(&mut strategy.max_position, own.max_position, "maxPosition", &mut keys);
        let mut found = Faults::default();
        let params = strategy.check("strategy", &mut found, instrument, fees);
        // A fault is named where the value stands.
        found.rename(|path| {
            let key = path.strip_prefix("strategy.").filter(|key| keys.contains(key));
            key.map(|key| format!("instruments[{at}].{key}"))
        });
        faults.add_once(found);
        let is_traded =
            if self.symbols.is_empty() { own.enabled } else { self.symbols.contains(&own.symbol) };
        QuoteParams { enabled: params.enabled && is_traded, ..params }
    }

    /// What the quoter keeps to lies within what the gate refuses, or the gate would quote.
    fn check_soft(
        &self,
        instrument: &Instrument,
        quote: &QuoteParams,
        limits: &InstrumentLimits,
        faults: &mut Faults,
    ) {
        let size = quote.size;
        let rows = [
            ("minOrderQuantity", size.min, "at least the min_order_size", limits.qty_min, true),
            ("maxOrderQuantity", size.max, "at most the max_order_size", limits.qty_max, false),
            (
                "maxPosition",
                size.position_max,
                "at most the max_position_size",
                limits.position_max,
                false,
            ),
        ];
        for (key, soft, allowed, hard, is_least) in rows {
            if if is_least { soft.0 >= hard } else { soft.0 <= hard } {
                continue;
            }
            let symbol = instrument.symbol;
            let own = self.instruments.iter().position(|own| {
                own.symbol == symbol.as_str() && key == "maxPosition" && own.max_position.is_some()
            });
            let path = own.map_or("strategy".to_owned(), |at| format!("instruments[{at}]"));
            let path = format!("{path}.{key}");
            // What holds for every instrument is told of the first.
            if !faults.list().iter().any(|fault| fault.path == path) {
                let (soft, hard) = (instrument.lot.text(soft.0), instrument.lot.text(hard));
                faults.add(&path, soft, format_args!("{allowed} of {symbol}, {hard}"));
            }
        }
    }

    /// All quoters together ask for no more messages than the gate lets pass, or it would refuse
    /// some of them for ever.
    fn check_rate(&self, quotes: &[QuoteParams], rate: RateParams, faults: &mut Faults) {
        let allowed = rate.per_second - rate.reserve;
        let quoting = quotes.iter().filter(|quote| quote.enabled);
        let (count, sum) = quoting.fold((0_u64, 0_u64), |(count, sum), quote| {
            (count + 1, sum + u64::from(quote.requests.per_second))
        });
        // The instruments of a recording are not the config's: they share what there is.
        if sum > u64::from(allowed) && !self.mode.is_recorded() {
            let allowed = format!(
                "at most {}: max_orders_per_second less cancel_reserve_pct leaves {allowed} a \
                 second to {count} instruments",
                u64::from(allowed) / count
            );
            faults.add("strategy.requestsPerSecond", self.strategy.requests_per_second, allowed);
        }
    }

    /// Gives so many instruments of a recording equal shares of the messages that the gate lets
    /// pass; what each has, if that is less than the config says.
    pub fn share_rate(&mut self, instruments: usize) -> Option<u32> {
        let limits = &self.risk_management.limits;
        let per_second = limits.max_orders_per_second?;
        let kept = per_second.saturating_mul(limits.cancel_reserve_pct?).div_ceil(100);
        let count = u32::try_from(instruments.max(1)).unwrap_or(u32::MAX);
        let share = (per_second.saturating_sub(kept) / count).max(1);
        let own = &mut self.strategy.requests_per_second;
        (share < *own).then(|| {
            *own = share;
            share
        })
    }

    /// Names what can be known to be wrong before the instruments are known.
    pub(super) fn check_before_bound(&self, faults: &mut Faults) {
        // Fees are checked in their own section, and those of a config with faults go nowhere.
        let fills = self.exchange.fills.check("exchange.fills", &mut Faults::default());
        let fees = Fees { maker_bps: bps(fills.maker_fee), taker_bps: bps(fills.taker_fee) };
        self.bind(&self.stand_in(), fees, faults);
    }

    /// An instrument for every symbol that the config names, or one if it names none.
    pub(super) fn stand_in(&self) -> InstrumentTable {
        let account = self.account.currency;
        let currency = account.unwrap_or(Currency::new(b"USD").expect("it is a code"));
        let mut table = InstrumentTable::new(InstrumentTable::INSTRUMENTS_MAX);
        let mut add = |text: &str, base: Option<Currency>| {
            let Ok(symbol) = super::arguments::symbol(text) else { return };
            let (own_base, quote) = currencies(symbol, currency);
            let base = base.unwrap_or(own_base);
            let quote = if account.is_some() && base != own_base { currency } else { quote };
            let (tick, lot) = (Scale::power_of_ten(2), Scale::power_of_ten(8));
            let product =
                Product { symbol, base, quote, tick, lot, order_step: lot, trading: true };
            // Who is named twice, or beyond the table's end, stands in it or is named elsewhere.
            table.add(Venue::Simulated, &product).ok();
        };
        for conversion in &self.account.conversions {
            if let Some(symbol) = &conversion.instrument {
                add(symbol, Some(conversion.currency));
            }
        }
        let limits = self.risk_management.per_symbol_limits.iter().map(|own| &own.symbol);
        let own = self.instruments.iter().map(|own| &own.symbol);
        self.symbols.iter().chain(own).chain(limits).for_each(|symbol| add(symbol, None));
        if table.is_empty() {
            let product = Product {
                symbol: Symbol::new(b"any").expect("it is a name"),
                base: currency,
                quote: currency,
                tick: Scale::power_of_ten(2),
                lot: Scale::power_of_ten(8),
                order_step: Scale::power_of_ten(8),
                trading: true,
            };
            table.add(Venue::Simulated, &product).expect("there is room for one");
        }
        table
    }
}

/// `BTC-USD` and `XBT/USD` name their currencies; of others the account's is assumed.
fn currencies(symbol: Symbol, account: Currency) -> (Currency, Currency) {
    let parts = symbol.as_str().split_once(['-', '/']);
    let parts = parts.and_then(|(base, quote)| {
        Some((Currency::new(base.as_bytes()).ok()?, Currency::new(quote.as_bytes()).ok()?))
    });
    parts.unwrap_or((account, account))
}

/// Puts an instrument's own value over that of `strategy`.
fn put<T>(over: &mut T, own: Option<T>, key: &'static str, keys: &mut Vec<&'static str>) {
    if let Some(own) = own {
        *over = own;
        keys.push(key);
    }
}
