//! What a tick times a lot is worth, and what a currency is worth in another: integers only.
//!
//! Money is a count of 10⁻¹². What falls below is rounded down, which no more than 10⁻¹² a step can
//! come to. No amount is greater than `AMOUNT_MAX`, where every limit refuses it: so sums over
//! all instruments need no care of their own.

use crate::types::decimal::pow10;
use crate::types::{Decimal, Money, Scale, money};
use serde::{Deserialize, Serialize};

/// The greatest amount, 10¹⁸ of a currency and more: 65,536 of them fit their sum, and its double.
pub(super) const AMOUNT_MAX: i128 = 1 << 100;

/// The amount, or the greatest of its sign.
#[inline]
pub(super) const fn bounded(amount: i128) -> i128 {
    // What has no bit above is within, and so nearly is all that comes.
    if matches!(amount >> 100, 0 | -1) {
        amount
    } else if amount < 0 {
        -AMOUNT_MAX
    } else {
        AMOUNT_MAX
    }
}

/// What one tick times one lot is worth: `mul` / `div` of 10⁻¹² of the quote currency.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Unit {
    mul: i64,
    /// 1 unless tick and lot have more than twelve decimals together.
    div: i64,
}

impl Unit {
    /// A whole one of the quote currency.
    pub const ONE: Self = Self { mul: pow10(money::DECIMALS), div: 1 };

    /// The worth of that tick and lot; nothing if it does not fit.
    #[must_use]
    pub fn of(tick: Scale, lot: Scale) -> Option<Self> {
        let increments = tick.increment().checked_mul(lot.increment())?;
        let decimals = tick.decimals() + lot.decimals();
        if decimals <= money::DECIMALS {
            let mul = increments.checked_mul(pow10(money::DECIMALS - decimals))?;
            return Some(Self { mul, div: 1 });
        }
        let below = decimals - money::DECIMALS;
        // Half of it must be a divisor too: marks are sums of two prices.
        (below < 18).then(|| Self { mul: increments, div: pow10(below) })
    }

    /// What `lots` are worth at `ticks`, rounded down.
    #[inline]
    #[must_use]
    pub fn value(self, ticks: i64, lots: i64) -> i128 {
        self.scaled(ticks, lots, 0)
    }

    /// What `lots` are worth at half of `ticks_twice`: a middle is the sum of bid and ask.
    #[inline]
    #[must_use]
    pub fn value_at_half(self, ticks_twice: i64, lots: i64) -> i128 {
        self.scaled(ticks_twice, lots, 1)
    }

    /// The same for two quantities: what a lot is worth is worked out once.
    #[inline]
    #[must_use]
    pub fn values_at_half(self, ticks_twice: i64, lots: [i64; 2]) -> [i128; 2] {
        match ticks_twice.checked_mul(self.mul) {
            // No product of two words overflows.
            Some(lot) if self.div == 1 => {
                lots.map(|lots| bounded(i128::from(lot).wrapping_mul(i128::from(lots)) >> 1))
            }
            _ => lots.map(|lots| self.value_at_half(ticks_twice, lots)),
        }
    }

    #[inline]
    fn scaled(self, ticks: i64, lots: i64, halvings: u32) -> i128 {
        // What a lot is worth fits a word but for absurd prices, and then the product cannot
        // overflow.
        let whole = match ticks.checked_mul(self.mul) {
            Some(lot) => i128::from(lot).wrapping_mul(i128::from(lots)),
            None => {
                let lot = i128::from(ticks).wrapping_mul(i128::from(self.mul));
                lot.saturating_mul(i128::from(lots))
            }
        };
        let value = whole >> halvings;
        bounded(if self.div == 1 { value } else { value.div_euclid(i128::from(self.div)) })
    }

    /// The quantity that is worth no more than `value` at `ticks`, in lots.
    #[must_use]
    pub fn lots_within(self, value: i128, ticks: i64) -> i64 {
        let lot = i128::from(ticks).saturating_mul(i128::from(self.mul)).max(1);
        let lots = value.saturating_mul(i128::from(self.div)) / lot;
        i64::try_from(lots).unwrap_or(i64::MAX)
    }
}

/// What one of a currency is worth in the account's: a count of 10⁻¹², and the same as a mantissa
/// of 62 bits, so that an amount is converted by a multiplication. Zero while it is not known.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(from = "i64", into = "i64")]
pub struct Rate {
    count: i64,
    mantissa: i64,
    shift: u32,
}

/// 10⁻¹² in one.
const TRILLION: i64 = pow10(money::DECIMALS);
const MANTISSA_BITS: u32 = 62;

impl From<i64> for Rate {
    fn from(count: i64) -> Self {
        Self::of_trillionths(count)
    }
}

impl From<Rate> for i64 {
    fn from(rate: Rate) -> Self {
        rate.count
    }
}

impl Rate {
    /// The account currency itself.
    pub const ONE: Self = Self::of_trillionths(TRILLION);
    /// Not known yet.
    pub const UNKNOWN: Self = Self { count: 0, mantissa: 0, shift: 1 };

    /// The rate of that many 10⁻¹².
    #[must_use]
    pub const fn of_trillionths(count: i64) -> Self {
        if count <= 0 {
            return Self::UNKNOWN;
        }
        // The quotient has as many bits as the mantissa, or one less.
        let shift = MANTISSA_BITS + 40 - (i64::BITS - count.leading_zeros());
        let mantissa = ((count as i128) << shift) / TRILLION as i128;
        #[expect(clippy::cast_possible_truncation, reason = "at most 63 bits")]
        let mantissa = mantissa as i64;
        Self { count, mantissa, shift }
    }

    /// The rate at the middle of an instrument: half of `ticks_twice`.
    #[must_use]
    pub fn of_middle(ticks_twice: i64, tick: Scale) -> Self {
        // A price for one is a value of one lot where the lot is one.
        let unit = Unit::of(tick, Scale::power_of_ten(0));
        let count = unit.map_or(0, |unit| unit.value_at_half(ticks_twice, 1));
        Self::of_trillionths(i64::try_from(count).unwrap_or(0))
    }

    /// Whether there is one.
    #[inline]
    #[must_use]
    pub const fn is_known(self) -> bool {
        self.count != 0
    }

    /// That amount in the account currency, rounded to the nearest.
    #[inline]
    #[must_use]
    pub fn convert(self, amount: i128) -> i128 {
        if self.count == TRILLION { amount } else { self.multiply(amount) }
    }

    fn multiply(self, amount: i128) -> i128 {
        let mantissa = i128::from(self.mantissa);
        match i64::try_from(amount) {
            Ok(amount) => {
                let product = i128::from(amount).wrapping_mul(mantissa);
                (product + (1 << (self.shift - 1))) >> self.shift
            }
            // Above nine millions of the currency the lowest 32 bits, 4 × 10⁻³ of one, do not
            // count; a shift is at least 39.
            Err(_) => bounded((amount >> 32).saturating_mul(mantissa) >> (self.shift - 32)),
        }
    }

    /// That amount of the account currency in this one, rounded down; nothing while the rate is
    /// not known.
    #[must_use]
    pub fn convert_back(self, amount: i128) -> i128 {
        if self.count == TRILLION {
            return amount;
        }
        let product = amount.saturating_mul(i128::from(TRILLION));
        product.checked_div(i128::from(self.count)).unwrap_or(0)
    }
}

/// A count of 10^-`decimals` as a count of 10⁻¹², rounded up: a fee is never less than it is.
#[must_use]
pub fn fee_amount(count: i64, decimals: u8) -> i128 {
    let count = i128::from(count);
    match money::DECIMALS.checked_sub(decimals) {
        Some(more) => count * i128::from(pow10(more)),
        None => ceil(count, i128::from(pow10(decimals.min(18) - money::DECIMALS))),
    }
}

/// An amount of the base currency at a price, in the quote currency, rounded up.
#[must_use]
pub fn at_price(amount: i128, ticks: i64, tick: Scale) -> i128 {
    let price = i128::from(ticks) * i128::from(tick.increment());
    ceil(amount.saturating_mul(price), i128::from(pow10(tick.decimals())))
}

fn ceil(number: i128, divisor: i128) -> i128 {
    number.div_euclid(divisor) + i128::from(number.rem_euclid(divisor) != 0)
}

/// A decimal number of the config as a count of 10⁻¹²; nothing if it has digits below.
#[must_use]
pub fn trillionths(number: Decimal, currency: crate::types::Currency) -> Option<i128> {
    Money::from_decimal(number, currency).ok().map(|money| money.amount)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scale(text: &str) -> Scale {
        Scale::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn ticks_and_lots_are_worth_what_they_are() {
        let check = |tick: &str, lot: &str, ticks: i64, lots: i64, expected: i128| {
            let unit = Unit::of(scale(tick), scale(lot)).unwrap();
            assert_eq!(unit.value(ticks, lots), expected, "{ticks} of {tick} × {lots} of {lot}");
        };
        check("0.01", "0.00000001", 1, 1, 100);
        check("0.01", "0.00000001", 6_000_000, 100_000_000, 60_000_000_000_000_000);
        check("0.05", "0.1", 3, -2, -30_000_000_000);
        check("1", "1", 7, 3, 21_000_000_000_000);
        // Fourteen decimals: what is below 10⁻¹² is rounded down.
        check("0.000001", "0.00000001", 1, 199, 1);
        check("0.000001", "0.00000001", 1, -199, -2);
        // What does not fit stays at the end.
        check("1", "1", i64::MAX, i64::MAX, AMOUNT_MAX);
        check("1", "1", i64::MAX, -i64::MAX, -AMOUNT_MAX);
        let unit = Unit::of(scale("0.01"), scale("0.1")).unwrap();
        assert_eq!(unit.value_at_half(3, 1), 1_500_000_000);
        for (tick, lot) in [("0.01", "0.1"), ("0.000001", "0.00000001"), ("1", "1")] {
            let unit = Unit::of(scale(tick), scale(lot)).unwrap();
            for ticks in [0, 3, -3, 12_345_679, i64::MAX, i64::MIN] {
                for lots in [[7, -1_234_567_891], [i64::MAX, i64::MIN]] {
                    let each = lots.map(|lots| unit.value_at_half(ticks, lots));
                    assert_eq!(unit.values_at_half(ticks, lots), each);
                }
            }
        }
        assert_eq!(unit.lots_within(unit.value(100, 7), 100), 7);
        assert_eq!(unit.lots_within(unit.value(100, 7) - 1, 100), 6);
        assert_eq!(Unit::of(scale("1000000000000000"), scale("10000")), None);
    }

    #[test]
    fn rates_convert_and_convert_back() {
        let rate = Rate::of_middle(216, scale("0.01"));
        assert_eq!(rate, Rate::of_trillionths(1_080_000_000_000));
        assert_eq!(rate.convert(1_000_000_000_000), 1_080_000_000_000);
        assert_eq!(rate.convert(-1_000_000_000_000), -1_080_000_000_000);
        assert_eq!((rate.convert(5), rate.convert(-5), rate.convert(7)), (5, -5, 8));
        assert_eq!(Rate::ONE.convert(i128::MIN), i128::MIN);
        // Every rate converts a large amount to within 10⁻¹² of it.
        for count in [1, 999, 123_456_789, 999_999_999_999, 64_000_123_456_789_012, i64::MAX] {
            let rate = Rate::of_trillionths(count);
            let million = 1_000_000_000_000_000_000_i128;
            let exact = million / 1_000_000 * i128::from(count) / 1_000_000;
            let error = (rate.convert(million) - exact).abs();
            assert!(error <= exact / 1_000_000_000_000 + 1, "{count}: {error}");
            let error = (rate.convert(1000 * million) - 1000 * exact).abs();
            assert!(error <= exact / 100_000_000 + 1000, "{count}: {error} of a billion");
        }
        assert!(rate.convert(i128::MAX) > 1 << 90);
        assert_eq!(Rate::of_trillionths(2_000_000_000_000).convert_back(7), 3);
        assert_eq!(Rate::UNKNOWN.convert_back(7), 0);
        assert!(!Rate::of_middle(0, scale("0.01")).is_known());
    }

    #[test]
    fn fees_are_rounded_against_us() {
        let check = |count: i64, decimals: u8, expected: i128| {
            assert_eq!(fee_amount(count, decimals), expected, "{count} of {decimals}");
        };
        check(25, 2, 250_000_000_000);
        check(-25, 12, -25);
        check(1, 18, 1);
        check(-1, 18, 0);
        check(1_000_000, 18, 1);
        assert_eq!(at_price(1, 150, scale("0.01")), 2);
        assert_eq!(at_price(-1, 150, scale("0.01")), -1);
        assert_eq!(at_price(2_000_000, 6_000_050, scale("0.01")), 120_001_000_000);
    }
}
