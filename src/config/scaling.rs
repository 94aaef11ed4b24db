//! Quantities that are meant for one price, for instruments of another: a recording's instruments,
//! and those that a flag names, are not known when the config is written.
//!
//! With `strategy.referencePrice` the quantities of `strategy` and of the limits are those of an
//! instrument at that price; one at another price gets what is worth the same, in whole order
//! steps. An instrument that has a quantity of its own in `instruments`, or limits of its own,
//! stands as it is written.

use super::sections::RawInstrument;
use super::{Exact, RawConfig};
use crate::types::decimal::pow10;
use crate::types::{Decimal, Instrument, Price, Scale};

/// A factor: the reference price over the instrument's.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scaling {
    above: i128,
    below: i128,
    step: Scale,
}

impl Scaling {
    /// What is worth the same as at `reference`, for an instrument at `price`; nothing where one of
    /// the two is zero.
    #[must_use]
    pub(super) fn new(reference: Decimal, price: Price, instrument: &Instrument) -> Option<Self> {
        let tick = instrument.tick;
        let ticks = i128::from(price.0).checked_mul(i128::from(tick.increment()))?;
        let above =
            i128::from(reference.mantissa).checked_mul(i128::from(pow10(tick.decimals())))?;
        let below = ticks.checked_mul(i128::from(pow10(reference.decimals)))?;
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

impl RawConfig {
    /// Gives an instrument its own quantities, where it has none and the config
    /// says what price the others are meant for.
    pub fn scale_for(&mut self, instrument: &Instrument, price: Option<Price>) {
        let symbol = instrument.symbol.as_str();
        let (Some(reference), Some(price)) = (self.strategy.reference_price, price) else { return };
        let Some(scaling) = Scaling::new(reference.0, price, instrument) else { return };
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
        if all.iter().any(|(own, _)| own.is_some()) {
            return;
        }
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
    use crate::types::{Currency, InstrumentId, Symbol, Venue};

    #[test]
    fn quantities_are_worth_the_same_in_whole_steps() {
        let check = |tick: &str, step: &str, price: i64, of: &str, expected: &str| {
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
            let reference = Decimal::parse(b"60000").unwrap();
            let scaling = Scaling::new(reference, Price(price), &instrument).unwrap();
            let got = scaling.quantity(Exact(Decimal::parse(of.as_bytes()).unwrap()));
            assert_eq!(got.to_string(), expected, "{of} at {price} of {tick}");
        };
        check("0.01", "0.00000001", 6_000_000, "0.01", "0.01000000");
        check("0.01", "0.001", 300_000, "0.01", "0.200");
        check("0.0001", "1", 12_000, "0.01", "500");
        check("0.01", "1", 6_000_000, "0.01", "1");
        check("0.05", "0.05", 24_000, "0.01", "0.50");
    }
}
