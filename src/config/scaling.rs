//! Quantities that are meant for one price, for instruments of another: a recording's instruments,
//! and those that a flag names, are not known when the config is written.
//!
//! With `strategy.referencePrice` the quantities of `strategy` and of the limits are those of an
//! instrument at that price in the account currency; one at another price gets what is worth the
//! same, in whole order steps. A price in another currency counts at the rate of
//! `account.conversions`, or at the price of the instrument that is named there. An instrument that
//! has a quantity of its own in `instruments`, or limits of its own, stands as it is written.

use super::sections::RawInstrument;
use super::{Exact, Faults, RawConfig};
use crate::types::decimal::pow10;
use crate::types::{Currency, Decimal, Instrument, InstrumentTable, Price, Scale};

/// One of the account currency, and what a currency counts for where nothing is counted in it.
const ONE: Decimal = Decimal { mantissa: 1, decimals: 0 };

/// A factor: the reference price over the instrument's in the same currency.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scaling {
    above: i128,
    below: i128,
    step: Scale,
}

impl Scaling {
    /// What is worth the same as at `reference`, for an instrument at `price`, whose currency is
    /// worth `rate`; nothing where one of the three is zero.
    #[must_use]
    pub(super) fn new(
        (reference, rate): (Decimal, Decimal),
        price: Price,
        instrument: &Instrument,
    ) -> Option<Self> {
        let tick = instrument.tick;
        let product = |mantissa: i64, other: i64, decimals: u8| {
            let product = i128::from(mantissa).checked_mul(i128::from(other))?;
            product.checked_mul(i128::from(pow10(decimals)))
        };
        let above = product(reference.mantissa, pow10(tick.decimals()), rate.decimals)?;
        let below = product(price.0, tick.increment(), reference.decimals)?;
        let below = below.checked_mul(i128::from(rate.mantissa))?;
        let common = common(above, below);
        let (above, below) = (above / common, below / common);
        (above > 0 && below > 0).then_some(Self { above, below, step: instrument.order_step })
    }

    /// The quantity in whole steps, the nearest, at least one.
    #[must_use]
    pub(super) fn quantity(&self, of: Exact) -> Exact {
        let step = self.step;
        let units = i128::from(of.0.mantissa).saturating_mul(i128::from(pow10(step.decimals())));
        let below = self
            .below
            .saturating_mul(i128::from(pow10(of.0.decimals)))
            .saturating_mul(i128::from(step.increment()));
        let above = units.saturating_mul(self.above);
        let steps = ((above + below / 2) / below).max(1);
        let mantissa = steps.saturating_mul(i128::from(step.increment()));
        // More than 18 digits are no quantity of any market; the check of the key says so.
        let mantissa = i64::try_from(mantissa).unwrap_or(i64::MAX);
        Exact(Decimal { mantissa, decimals: step.decimals() })
    }
}

/// The greatest number that divides both, and 1 for nothing.
fn common(a: i128, b: i128) -> i128 {
    let (mut a, mut b) = (a, b);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a.max(1)
}

/// Whether it is that instrument's entry, with a quantity of its own.
fn is_sized(own: &RawInstrument, instrument: &Instrument) -> bool {
    let quantities =
        [own.order_quantity, own.min_order_quantity, own.max_order_quantity, own.max_position];
    own.symbol == instrument.symbol.as_str() && quantities.iter().any(Option::is_some)
}

impl RawConfig {
    /// Gives each instrument its own quantities, where it has none and the config says what price
    /// the others are meant for. The prices are by instrument, as far as they are known.
    pub fn scale_for(
        &mut self,
        table: &InstrumentTable,
        prices: &[Option<Price>],
        faults: &mut Faults,
    ) {
        let Some(reference) = self.strategy.reference_price else { return };
        for (instrument, price) in table.iter().zip(prices) {
            let Some(price) = *price else { continue };
            if self.instruments.iter().any(|own| is_sized(own, instrument)) {
                continue;
            }
            let Some(rate) = self.worth(instrument.quote, table, prices) else {
                let (symbol, quote) = (instrument.symbol, instrument.quote);
                let allowed = format!(
                    "null, or {symbol} with quantities of its own in `instruments`: no price tells \
                     what {quote} is worth"
                );
                faults.add("strategy.referencePrice", reference, allowed);
                continue;
            };
            if let Some(scaling) = Scaling::new((reference.0, rate), price, instrument) {
                self.scale(instrument, &scaling);
            }
        }
    }

    /// What a currency is worth in the account's, if a price tells. One without a conversion, or
    /// with one that cannot be, is named where the account is checked, or never traded.
    fn worth(
        &self,
        quote: Currency,
        table: &InstrumentTable,
        prices: &[Option<Price>],
    ) -> Option<Decimal> {
        if self.account.currency.is_none_or(|own| own == quote) {
            return Some(ONE);
        }
        let Some(found) = self.account.conversions.iter().find(|one| one.currency == quote) else {
            return Some(ONE);
        };
        let Some(symbol) = &found.instrument else {
            return Some(found.rate.map_or(ONE, |rate| rate.0));
        };
        let named = |(one, _): &(&Instrument, _)| one.symbol.as_str() == symbol;
        let Some((source, price)) = table.iter().zip(prices).find(named) else {
            return Some(ONE);
        };
        let mantissa = (*price)?.0.checked_mul(source.tick.increment())?;
        (mantissa > 0).then_some(Decimal { mantissa, decimals: source.tick.decimals() })
    }

    fn scale(&mut self, instrument: &Instrument, scaling: &Scaling) {
        let symbol = instrument.symbol.as_str();
        let at = self.instruments.iter().position(|own| own.symbol == symbol);
        let at = at.unwrap_or_else(|| {
            self.instruments.push(RawInstrument::plain(symbol.to_owned()));
            self.instruments.len() - 1
        });
        let (own, strategy) = (&mut self.instruments[at], &self.strategy);
        let all = [
            (&mut own.order_quantity, strategy.order_quantity),
            (&mut own.min_order_quantity, strategy.min_order_quantity),
            (&mut own.max_order_quantity, strategy.max_order_quantity),
            (&mut own.max_position, strategy.max_position),
        ];
        for (own, meant) in all {
            *own = Some(scaling.quantity(meant));
        }
        let risk = &mut self.risk_management;
        if !risk.per_symbol_limits.iter().any(|own| own.symbol == symbol) {
            let own = risk.limits.scaled(symbol, |quantity| scaling.quantity(quantity));
            risk.per_symbol_limits.push(own);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{InstrumentId, Symbol, Venue};

    #[test]
    fn quantities_are_worth_the_same_in_whole_steps() {
        let check = |tick: &str, step: &str, [price, rate]: [&str; 2], of: &str, expected: &str| {
            let name = Currency::new(b"X").unwrap();
            let step = Scale::parse(step.as_bytes()).unwrap();
            let instrument = Instrument {
                id: InstrumentId(0),
                venue: Venue::Kraken,
                symbol: Symbol::new(b"X").unwrap(),
                base: name,
                quote: name,
                tick: Scale::parse(tick.as_bytes()).unwrap(),
                lot: step,
                order_step: step,
            };
            let [reference, rate] =
                ["60000", rate].map(|text| Decimal::parse(text.as_bytes()).unwrap());
            let price = Price(price.parse().unwrap());
            let scaling = Scaling::new((reference, rate), price, &instrument).unwrap();
            let got = scaling.quantity(Exact(Decimal::parse(of.as_bytes()).unwrap()));
            assert_eq!(got.to_string(), expected, "{of} at {price:?} of {tick}");
        };
        check("0.01", "0.00000001", ["6000000", "1"], "0.01", "0.01000000");
        check("0.01", "0.001", ["300000", "1"], "0.01", "0.200");
        check("0.0001", "1", ["12000", "1"], "0.01", "500");
        check("0.01", "1", ["6000000", "1"], "0.01", "1");
        check("0.05", "0.05", ["24000", "1"], "0.01", "0.50");
        // 0.05 BTC at 60,000 is 3,000; 4,000 of a currency that is worth 1.5 is 6,000.
        check("0.00001", "0.001", ["5000", "60000.00"], "0.01", "0.200");
        check("0.01", "0.001", ["400000", "1.500000000000"], "0.01", "0.100");
    }
}
