//! `account`: the currency that everything is added up in, the capital, and what other currencies
//! are worth.

use super::{Exact, Faults};
use crate::engine::risk::unit::trillionths;
use crate::engine::risk::{Conversion, RateSource};
use crate::types::{Currency, Instrument, InstrumentTable, Scale};
use serde::{Deserialize, Serialize};

/// `account`.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawAccount {
    /// What limits, P&L and exposure are counted in.
    pub currency: Option<Currency>,
    /// What drawdown is a part of.
    pub capital: Option<Exact>,
    /// A rate for each other quote currency.
    pub conversions: Vec<RawConversion>,
}

/// One entry of `account.conversions`: an instrument that makes the rate, or the rate.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawConversion {
    /// Which currency.
    pub currency: Currency,
    /// The symbol of an instrument of that base, quoted in the account currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instrument: Option<String>,
    /// What one is worth in the account currency, by the operator's word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<Exact>,
}

/// `account`, checked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AccountParams {
    /// What everything is counted in.
    pub currency: Currency,
    /// What drawdown is counted from, in 10⁻¹².
    pub capital: i128,
    /// How other currencies are counted.
    pub conversions: Vec<Conversion>,
}

impl RawAccount {
    /// Checks every key; nothing if there is no currency to count in.
    pub fn check(
        &self,
        path: &str,
        table: &InstrumentTable,
        faults: &mut Faults,
    ) -> Option<AccountParams> {
        let missing = "given: the currency that limits and P&L are counted in";
        let Some(currency) = self.currency else {
            faults.add(&format!("{path}.currency"), "nothing", missing);
            return None;
        };
        let capital = match self.capital.map(|capital| trillionths(capital.0, currency)) {
            Some(Some(capital)) if capital > 0 => capital,
            _ => {
                let value =
                    self.capital.map_or("nothing".to_string(), |capital| capital.to_string());
                let allowed = "an amount above 0 with at most 12 decimals";
                faults.add(&format!("{path}.capital"), value, allowed);
                0
            }
        };
        let mut conversions: Vec<Conversion> = Vec::new();
        for (at, raw) in self.conversions.iter().enumerate() {
            let path = format!("{path}.conversions[{at}]");
            let twice = conversions.iter().any(|other| other.currency == raw.currency);
            if twice || raw.currency == currency {
                let allowed = "a currency that is not the account's, and named once";
                faults.add(&format!("{path}.currency"), raw.currency, allowed);
            } else if let Some(source) = raw.check(&path, currency, table, faults) {
                conversions.push(Conversion { currency: raw.currency, source });
            }
        }
        Some(AccountParams { currency, capital, conversions })
    }
}

impl RawConversion {
    fn check(
        &self,
        path: &str,
        account: Currency,
        table: &InstrumentTable,
        faults: &mut Faults,
    ) -> Option<RateSource> {
        match (&self.instrument, &self.rate) {
            (Some(symbol), None) => {
                let found = table.iter().find(|known| {
                    known.symbol.as_str() == symbol
                        && known.base == self.currency
                        && known.quote == account
                        && tick_is_kept(known)
                });
                if found.is_none() {
                    let allowed = format!("an instrument of {} in {account}", self.currency);
                    faults.add(&format!("{path}.instrument"), symbol, allowed);
                }
                found.map(|known| RateSource::Instrument { instrument: known.id, tick: known.tick })
            }
            (None, Some(rate)) => {
                let count = trillionths(rate.0, account).and_then(|rate| i64::try_from(rate).ok());
                let count = count.filter(|count| *count > 0);
                if count.is_none() {
                    let allowed = "above 0, below 9,000,000, with at most 12 decimals";
                    faults.add(&format!("{path}.rate"), rate, allowed);
                }
                count.map(RateSource::Fixed)
            }
            (instrument, _) => {
                let value = if instrument.is_some() { "both" } else { "neither" };
                faults.add(path, value, "either with an `instrument` or with a `rate`");
                None
            }
        }
    }
}

/// Whether a price of it can be counted in 10⁻¹².
fn tick_is_kept(instrument: &Instrument) -> bool {
    crate::engine::risk::unit::Unit::of(instrument.tick, Scale::power_of_ten(0)).is_some()
}
