//! What a fill model is made with: checked, and kept with the run.

use super::queue::QueueModel;
use crate::types::{Instrument, Nanos, Price, Qty};
use serde::{Deserialize, Serialize};

/// A fee as a part of the notional, in basis points: `mantissa` × 10^-`decimals`; negative for a
/// rebate.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FeeRate {
    /// All digits.
    pub mantissa: i64,
    /// How many of them stand behind the point.
    pub decimals: u8,
}

/// What a fill model is made with.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FillParams {
    /// Who leaves a queue when it shrinks without a trade.
    pub queue: QueueModel,
    /// From our send to the venue's book.
    pub order_latency: Nanos,
    /// From the venue's book to our hearing of our own orders.
    pub report_latency: Nanos,
    /// How old the recorded (or live) market data is when we hear it.
    pub feed_latency: Nanos,
    /// Of trades of our resting orders.
    pub maker_fee: FeeRate,
    /// Of trades that we take.
    pub taker_fee: FeeRate,
}

/// A fee as a report carries it: `amount` × 10^-`decimals` of the quote currency.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Fee {
    pub(super) amount: i64,
    pub(super) decimals: u8,
}

/// Money is kept to so many digits, so a fee has no more.
const FEE_DECIMALS_MAX: u8 = crate::types::money::DECIMALS;

impl FeeRate {
    /// The fee of a trade: exact where twelve digits behind the point and 64 bits hold it, else
    /// rounded against us at the last digit that does.
    pub(super) fn of(self, instrument: &Instrument, price: Price, qty: Qty) -> Fee {
        let (tick, lot) = (instrument.tick, instrument.lot);
        let notional = i128::from(price.0) * i128::from(qty.0);
        let steps = i128::from(tick.increment()) * i128::from(lot.increment());
        // Steps of a venue are small numbers; one that overflows here trades nothing real.
        let scaled = steps.saturating_mul(i128::from(self.mantissa)).saturating_mul(notional);
        // A basis point is 10^-4.
        let mut decimals = tick.decimals() + lot.decimals() + self.decimals + 4;
        let mut amount = scaled;
        while decimals > 0 && amount % 10 == 0 {
            amount /= 10;
            decimals -= 1;
        }
        while decimals > 0 && (decimals > FEE_DECIMALS_MAX || i64::try_from(amount).is_err()) {
            amount = amount.div_euclid(10) + i128::from(amount.rem_euclid(10) != 0);
            decimals -= 1;
        }
        let amount = i64::try_from(amount).expect("a fee below 10^18 of a currency");
        Fee { amount, decimals }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{Currency, InstrumentId, Scale, Symbol, Venue};

    fn instrument(tick: &[u8], lot: &[u8]) -> Instrument {
        let lot = Scale::parse(lot).unwrap();
        Instrument {
            id: InstrumentId(0),
            venue: Venue::Kraken,
            symbol: Symbol::new(b"X").unwrap(),
            base: Currency::new(b"X").unwrap(),
            quote: Currency::new(b"USD").unwrap(),
            tick: Scale::parse(tick).unwrap(),
            lot,
            order_step: lot,
        }
    }

    #[test]
    fn fees_are_exact_or_rounded_against_us() {
        let check = |(tick, lot), (mantissa, decimals), (price, qty), expected| {
            let instrument = instrument(str::as_bytes(tick), str::as_bytes(lot));
            let fee = FeeRate { mantissa, decimals }.of(&instrument, Price(price), Qty(qty));
            assert_eq!((fee.amount, fee.decimals), expected);
        };
        // 60,000.01 × 0.001 × 1.5 bp = 0.00900000150
        check(("0.01", "0.001"), (15, 1), (6_000_001, 1), (90_000_015, 10));
        // A rebate of half a basis point of 100 × 2.
        check(("1", "1"), (-5, 1), (100, 2), (-1, 2));
        check(("1", "1"), (0, 0), (100, 2), (0, 0));
        check(("0.05", "1"), (1, 0), (1, 1), (5, 6));
        // Sixteen digits behind the point: up for a fee, towards nothing for a rebate.
        check(("0.00000001", "0.0001"), (1, 0), (3, 1), (1, 12));
        check(("0.00000001", "0.0001"), (-1, 0), (3, 1), (0, 12));
        check(("0.00000001", "0.0001"), (-1, 0), (39_999, 1), (-3, 12));
        // More than 64 bits at full precision.
        check(
            ("0.01", "0.00000001"),
            (1, 0),
            (9_999_999_999, 123_456_789_000_000_001),
            (1_234_567_889_876_543_221, 5),
        );
    }
}
