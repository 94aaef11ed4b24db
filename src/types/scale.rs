//! What one tick or one lot is worth, and how many of them a number of the wire is.
//!
//! A number becomes steps exactly or not at all, and steps become text again. Reading the number's
//! own text is [`Decimal`]'s.

use super::decimal::{DIGITS_MAX, Decimal, NumberError, pow10};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What one step (a tick or a lot) is worth: `increment` × 10^-`decimals`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Scale {
    increment: i64,
    decimals: u8,
}

impl Scale {
    /// Steps of 10^-`decimals`.
    ///
    /// # Panics
    /// `decimals` above [`DIGITS_MAX`]: our own fault.
    #[must_use]
    pub const fn power_of_ten(decimals: u8) -> Self {
        assert!(decimals <= DIGITS_MAX);
        Self { increment: 1, decimals }
    }

    /// The step that a venue writes as `0.05`, `1`, `0.01000000` or `1e-08`.
    ///
    /// # Errors
    /// The text is no number, or is zero.
    pub fn parse(text: &[u8]) -> Result<Self, NumberError> {
        let step = Decimal::parse_exponent(text)?.normalized();
        if step.mantissa == 0 {
            return Err(NumberError::Zero);
        }
        Ok(Self { increment: step.mantissa, decimals: step.decimals })
    }

    /// The integer part of the step: 1 for a power of ten, 5 for `0.05`.
    #[inline]
    #[must_use]
    pub const fn increment(self) -> i64 {
        self.increment
    }

    /// Digits behind the point of one step.
    #[inline]
    #[must_use]
    pub const fn decimals(self) -> u8 {
        self.decimals
    }

    /// How many steps the number is.
    ///
    /// # Errors
    /// It is no whole number of steps, or too many.
    #[inline(always)]
    pub fn steps(self, number: Decimal) -> Result<i64, NumberError> {
        // On most feeds a price and a quantity have as many decimals as their step.
        let units = if number.decimals == self.decimals {
            number.mantissa
        } else if number.decimals < self.decimals {
            let missing = pow10(self.decimals - number.decimals);
            number.mantissa.checked_mul(missing).ok_or(NumberError::Overflow)?
        } else {
            exact_by_power(number.mantissa, number.decimals - self.decimals)?
        };
        if self.increment == 1 { Ok(units) } else { exact(units, self.increment) }
    }

    /// The decimal text of that many steps, with all the decimals of the step.
    #[must_use]
    pub const fn text(self, steps: i64) -> Scaled {
        Scaled { steps, scale: self }
    }
}

/// Modulo 2⁶⁴, 5^exponent times this is 1.
const INVERSE_OF_POWER_OF_5: [u64; 19] = {
    // Newton's step doubles the digits that are right; five is its own inverse to three.
    let mut inverse_of_5 = 5_u64;
    let mut step = 0;
    while step < 5 {
        let error = 2_u64.wrapping_sub(inverse_of_5.wrapping_mul(5));
        inverse_of_5 = inverse_of_5.wrapping_mul(error);
        step += 1;
    }
    let mut table = [1_u64; 19];
    let mut i = 1;
    while i < 19 {
        table[i] = table[i - 1].wrapping_mul(inverse_of_5);
        i += 1;
    }
    table
};

/// The greatest number divided by 5^exponent.
const QUOTIENT_MAX: [u64; 19] = {
    let mut table = [u64::MAX; 19];
    let mut i = 1;
    while i < 19 {
        table[i] = table[i - 1] / 5;
        i += 1;
    }
    table
};

/// A number that is not negative, divided by 10^`exponent` if that leaves nothing.
///
/// A multiplication in place of a division: behind the zeros of the twos, a multiple of 5ᵉ times
/// the inverse of 5ᵉ is the quotient, and any other number comes out too large (Granlund and
/// Montgomery, 1994, section 9).
#[inline(always)]
fn exact_by_power(number: i64, exponent: u8) -> Result<i64, NumberError> {
    let number = number.cast_unsigned();
    let quotient = (number >> exponent).wrapping_mul(INVERSE_OF_POWER_OF_5[exponent as usize]);
    let twos = number & ((1 << exponent) - 1);
    if twos == 0 && quotient <= QUOTIENT_MAX[exponent as usize] {
        Ok(quotient.cast_signed())
    } else {
        Err(NumberError::OffStep)
    }
}

#[inline]
fn exact(number: i64, divisor: i64) -> Result<i64, NumberError> {
    if number % divisor == 0 { Ok(number / divisor) } else { Err(NumberError::OffStep) }
}

/// A count of steps on its way to text.
#[derive(Clone, Copy, Debug)]
pub struct Scaled {
    steps: i64,
    scale: Scale,
}

impl fmt::Display for Scaled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = i128::from(self.steps) * i128::from(self.scale.increment);
        let sign = if units < 0 { "-" } else { "" };
        let units = units.unsigned_abs();
        let one = u128::from(pow10(self.scale.decimals).unsigned_abs());
        write!(f, "{sign}{}", units / one)?;
        if self.scale.decimals > 0 {
            let width = usize::from(self.scale.decimals);
            write!(f, ".{:0width$}", units % one)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn division_by_a_power_is_division() {
        let check = |number: i64, exponent: u8| {
            let divisor = pow10(exponent);
            let expected = (number % divisor == 0).then(|| number / divisor);
            assert_eq!(exact_by_power(number, exponent).ok(), expected, "{number} {exponent}");
        };
        let mut seed = 1_u64;
        for exponent in 0..19_u8 {
            for number in 0..2_000 {
                check(number, exponent);
                check(i64::MAX - number, exponent);
            }
            for _ in 0..20_000 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let number = (seed >> 1 >> (seed % 60)).cast_signed();
                check(number, exponent);
                if let Some(product) = number.checked_mul(pow10(exponent)) {
                    check(product, exponent);
                    check(product.saturating_add(1), exponent);
                }
            }
        }
    }

    #[test]
    fn exponents_are_read_where_increments_are() {
        let check = |text: &str, expected: Result<(i64, u8), NumberError>| {
            let got = Scale::parse(text.as_bytes()).map(|s| (s.increment, s.decimals));
            assert_eq!(got, expected, "{text}");
        };
        check("1e-08", Ok((1, 8)));
        check("0.01000000", Ok((1, 2)));
        check("5e-1", Ok((5, 1)));
        check("2.5E+2", Ok((250, 0)));
        check("1", Ok((1, 0)));
        check("1e-19", Err(NumberError::TooManyDigits));
        check("1e19", Err(NumberError::TooManyDigits));
        check("12e17", Ok((1_200_000_000_000_000_000, 0)));
        check("12e18", Err(NumberError::Overflow));
        check("0.00", Err(NumberError::Zero));
        check("1e", Err(NumberError::NotADigit));
    }

    #[test]
    fn steps_are_exact_and_read_back_as_the_same_number() {
        let check = |step: &str, text: &str, expected: Result<(i64, &str), NumberError>| {
            let scale = Scale::parse(step.as_bytes()).unwrap();
            let got = Decimal::parse(text.as_bytes()).and_then(|d| scale.steps(d));
            assert_eq!(got, expected.map(|e| e.0), "{text} in {step}");
            if let Ok((steps, back)) = expected {
                assert_eq!(scale.text(steps).to_string(), back);
            }
        };
        check("0.01", "413.1", Ok((41310, "413.10")));
        check("0.01", "413.10000", Ok((41310, "413.10")));
        check("0.01", "413.105", Err(NumberError::OffStep));
        check("0.05", "413.15", Ok((8263, "413.15")));
        check("0.05", "413.11", Err(NumberError::OffStep));
        check("1e-08", "0.00005100", Ok((5100, "0.00005100")));
        check("10", "120", Ok((12, "120")));
        check("1e-18", "999999999", Err(NumberError::Overflow));
    }

    #[test]
    fn every_count_of_steps_survives_its_text() {
        for scale in
            [Scale::power_of_ten(0), Scale::power_of_ten(8), Scale::parse(b"0.25").unwrap()]
        {
            for shift in 0..50 {
                for steps in [(1_i64 << shift) - 1, 1_i64 << shift, (1_i64 << shift) + 1] {
                    let text = scale.text(steps).to_string();
                    let back = Decimal::parse(text.as_bytes()).and_then(|d| scale.steps(d));
                    assert_eq!(back, Ok(steps), "{text}");
                }
            }
        }
        assert_eq!(Scale::power_of_ten(2).text(-5).to_string(), "-0.05");
    }
}
