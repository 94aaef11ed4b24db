//! From a venue's decimal text to integers and back, without floats.
//!
//! `Decimal` is what stood on the wire: a mantissa and how many digits stood behind the point.
//! `Scale` says what one tick or one lot is worth and turns the one into the other, exactly or not
//! at all.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The most digits a number may have, leading zeros aside: all of them fit an `i64`.
pub const DIGITS_MAX: u8 = 18;

const POW10: [i64; 19] = {
    let mut table = [1_i64; 19];
    let mut i = 1;
    while i < 19 {
        table[i] = table[i - 1] * 10;
        i += 1;
    }
    table
};

/// 10 to the power of `exponent`, which is at most [`DIGITS_MAX`].
#[inline]
#[must_use]
pub const fn pow10(exponent: u8) -> i64 {
    POW10[exponent as usize]
}

/// A number as it was written: `mantissa` × 10^-`decimals`.
///
/// Trailing zeros are kept (`1.50` has two decimals), since Kraken's checksum is over the text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Decimal {
    /// All digits, as one integer; never negative.
    pub mantissa: i64,
    /// How many of them stood behind the point, at most [`DIGITS_MAX`].
    pub decimals: u8,
}

/// Why a text is not taken as a number, or a number not as ticks or lots.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NumberError {
    /// Not a digit where one must stand.
    NotADigit,
    /// A sign; prices and quantities have none.
    Sign,
    /// `1e-8` where plain digits are expected.
    Exponent,
    /// More digits than are kept exactly.
    TooManyDigits,
    /// The count of ticks or lots does not fit.
    Overflow,
    /// Not a whole number of ticks or lots.
    OffStep,
    /// A price of zero.
    Zero,
}

impl NumberError {
    /// A stable short name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotADigit => "not_a_digit",
            Self::Sign => "sign",
            Self::Exponent => "exponent",
            Self::TooManyDigits => "too_many_digits",
            Self::Overflow => "overflow",
            Self::OffStep => "off_step",
            Self::Zero => "zero",
        }
    }
}

impl fmt::Display for NumberError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotADigit => "a digit is missing",
            Self::Sign => "a sign is not allowed here",
            Self::Exponent => "an exponent is not allowed here",
            Self::TooManyDigits => "more than 18 digits",
            Self::Overflow => "the number is too large for its tick or lot",
            Self::OffStep => "not a whole number of ticks or lots",
            Self::Zero => "a price of zero",
        })
    }
}

impl std::error::Error for NumberError {}

impl Decimal {
    /// Reads a whole text as digits with at most one point.
    ///
    /// # Errors
    /// Anything else, by name: a sign, an exponent, too many digits, a missing digit.
    pub fn parse(text: &[u8]) -> Result<Self, NumberError> {
        let (number, used) = Self::prefix(text)?;
        match text.get(used) {
            None => Ok(number),
            Some(b'e' | b'E') => Err(NumberError::Exponent),
            Some(_) => Err(NumberError::NotADigit),
        }
    }

    /// Reads a text that may carry an exponent (`1e-08`), as increments in Kraken's product list
    /// do.
    ///
    /// # Errors
    /// As [`Decimal::parse`], but for the exponent; the value must keep to [`DIGITS_MAX`] digits
    /// on both sides of the point.
    pub fn parse_exponent(text: &[u8]) -> Result<Self, NumberError> {
        let Some(at) = text.iter().position(|b| matches!(b, b'e' | b'E')) else {
            return Self::parse(text);
        };
        let number = Self::parse(&text[..at])?;
        let (negative, digits) = match &text[at + 1..] {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            rest => (false, rest),
        };
        let exponent = Self::parse(digits)?;
        if exponent.decimals != 0 || exponent.mantissa > i64::from(DIGITS_MAX) {
            return Err(NumberError::TooManyDigits);
        }
        let shift = u8::try_from(exponent.mantissa).expect("checked to be at most 18");
        if negative {
            let decimals = number.decimals + shift;
            if decimals > DIGITS_MAX {
                return Err(NumberError::TooManyDigits);
            }
            return Ok(Self { decimals, ..number });
        }
        let kept = number.decimals.saturating_sub(shift);
        let grow = shift - (number.decimals - kept);
        let mantissa = number.mantissa.checked_mul(pow10(grow)).ok_or(NumberError::Overflow)?;
        Ok(Self { mantissa, decimals: kept })
    }

    /// Reads the number at the head of `text` and says how many bytes it takes.
    ///
    /// # Errors
    /// As [`Decimal::parse`]; what stands behind the number is the caller's.
    #[inline(always)]
    pub fn prefix(text: &[u8]) -> Result<(Self, usize), NumberError> {
        // Nearly every number of a feed has up to seven digits before the point and up to eight
        // behind it: two words, no loop.
        if let Some(head) = text.first_chunk::<8>() {
            let (whole, count) = leading_digits(*head);
            if (1..8).contains(&count) {
                if head[count] != b'.' {
                    let mantissa = whole.cast_signed();
                    return Ok((Self { mantissa, decimals: 0 }, count));
                }
                if let Some((fraction, next)) = text[count + 1..].split_first_chunk::<8>() {
                    let (value, decimals) = leading_digits(*fraction);
                    let ended = decimals < 8 || next.first().is_none_or(|b| !b.is_ascii_digit());
                    if decimals > 0 && ended {
                        let unit = POW10[decimals].cast_unsigned();
                        let mantissa = whole.wrapping_mul(unit).wrapping_add(value).cast_signed();
                        #[expect(clippy::cast_possible_truncation, reason = "at most eight")]
                        let number = Self { mantissa, decimals: decimals as u8 };
                        return Ok((number, count + 1 + decimals));
                    }
                }
            }
        }
        Self::prefix_by_digits(text)
    }

    /// As [`Decimal::prefix`], digit by digit: for what is short, long or wrong.
    #[cold]
    fn prefix_by_digits(text: &[u8]) -> Result<(Self, usize), NumberError> {
        let mut at = 0;
        let mut mantissa = 0_u64;
        let mut digits = |at: &mut usize| {
            let begin = *at;
            while let Some(digit) = text.get(*at).map(|b| b.wrapping_sub(b'0')).filter(|d| *d < 10)
            {
                // Leading zeros do not count; what is too long wraps and is refused below.
                mantissa = mantissa.wrapping_mul(10).wrapping_add(u64::from(digit));
                *at += 1;
            }
            *at - begin
        };
        let whole = digits(&mut at);
        if whole == 0 {
            return Err(match text.first() {
                Some(b'-' | b'+') => NumberError::Sign,
                _ => NumberError::NotADigit,
            });
        }
        let mut decimals = 0;
        if text.get(at) == Some(&b'.') {
            at += 1;
            decimals = digits(&mut at);
            if decimals == 0 {
                return Err(NumberError::NotADigit);
            }
        }
        let zeros = text[..whole].iter().take_while(|b| **b == b'0').count();
        if whole - zeros + decimals > usize::from(DIGITS_MAX) {
            return Err(NumberError::TooManyDigits);
        }
        let decimals = u8::try_from(decimals).expect("at most eighteen");
        Ok((Self { mantissa: mantissa.cast_signed(), decimals }, at))
    }

    /// The same value without zeros at its end.
    #[must_use]
    pub fn normalized(mut self) -> Self {
        while self.decimals > 0 && self.mantissa % 10 == 0 {
            self.mantissa /= 10;
            self.decimals -= 1;
        }
        self
    }
}

/// The value of the digits that eight bytes begin with, and how many they are.
#[inline(always)]
fn leading_digits(text: [u8; 8]) -> (u64, usize) {
    let word = u64::from_le_bytes(text);
    let digits = word.wrapping_sub(EACH * 0x30);
    // A byte is a digit if neither bound is passed; a borrow only spoils bytes behind a foreign
    // one, which do not count.
    let foreign = (digits | word.wrapping_add(EACH * 0x46)) & (EACH * 0x80);
    let count = foreign.trailing_zeros() as usize / 8;
    // The digits move to the upper bytes; the zeros that enter below are leading zeros.
    #[expect(clippy::cast_possible_truncation, reason = "at most 64")]
    let shift = (64 - 8 * count) as u32;
    (eight_values(digits.unbounded_shl(shift)), count)
}

const EACH: u64 = 0x0101_0101_0101_0101;

/// The value of eight ASCII digits, the first in the lowest byte, or nothing if one is none.
#[inline(always)]
pub(super) fn eight_digits(word: u64) -> Option<u64> {
    let digits = word.wrapping_sub(EACH * 0x30);
    let foreign = (digits | word.wrapping_add(EACH * 0x46)) & (EACH * 0x80);
    (foreign == 0).then(|| eight_values(digits))
}

/// Eight bytes of 0 to 9, the first the most significant, as one number.
///
/// The usual SWAR reduction: pairs, then fours, then eight, each by one multiplication.
#[inline(always)]
const fn eight_values(digits: u64) -> u64 {
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8);
    let low = (pairs & 0x0000_00ff_0000_00ff).wrapping_mul(0x000f_4240_0000_0064);
    let high = ((pairs >> 16) & 0x0000_00ff_0000_00ff).wrapping_mul(0x0000_2710_0000_0001);
    low.wrapping_add(high) >> 32
}

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
        let units = if number.decimals <= self.decimals {
            number
                .mantissa
                .checked_mul(pow10(self.decimals - number.decimals))
                .ok_or(NumberError::Overflow)?
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
    fn texts_become_numbers_or_named_errors() {
        use NumberError as E;
        let check = |text: &str, expected: Result<(i64, u8), E>| {
            let got = Decimal::parse(text.as_bytes()).map(|d| (d.mantissa, d.decimals));
            assert_eq!(got, expected, "{text}");
        };
        check("0", Ok((0, 0)));
        check("62797.0", Ok((627_970, 1)));
        check("0.00005100", Ok((5100, 8)));
        check("335.0", Ok((3350, 1)));
        check("0.123456789012345678", Ok((123_456_789_012_345_678, 18)));
        check("999999999999999999", Ok((999_999_999_999_999_999, 0)));
        check("000000000000000000000012", Ok((12, 0)));
        check("12345678.12345678", Ok((1_234_567_812_345_678, 8)));
        check("1.1234567", Ok((11_234_567, 7)));
        check("1.123456789", Ok((1_123_456_789, 9)));
        check("", Err(E::NotADigit));
        check(".5", Err(E::NotADigit));
        check("5.", Err(E::NotADigit));
        check("1.2.3", Err(E::NotADigit));
        check("1,2", Err(E::NotADigit));
        check("-1", Err(E::Sign));
        check("+1", Err(E::Sign));
        check("1e-8", Err(E::Exponent));
        check("1.5E3", Err(E::Exponent));
        check("1000000000000000000", Err(E::TooManyDigits));
        check("0.1234567890123456789", Err(E::TooManyDigits));
        check("1234567890123456789012345678901234567890", Err(E::TooManyDigits));
        check("NaN", Err(E::NotADigit));
    }

    #[test]
    fn eight_digits_at_once_equal_one_by_one() {
        for n in (0..100_000_000_u64).step_by(997) {
            let text = format!("{n:08}");
            let eight = text.as_bytes().first_chunk().unwrap();
            assert_eq!(eight_digits(u64::from_le_bytes(*eight)), Some(n));
        }
        for at in 0..8 {
            for byte in 0..=u8::MAX {
                let mut text = *b"12345678";
                text[at] = byte;
                let eight = eight_digits(u64::from_le_bytes(text));
                assert_eq!(eight.is_some(), byte.is_ascii_digit(), "{text:?}");
                let count = text.iter().take_while(|b| b.is_ascii_digit()).count();
                let value = text[..count].iter().fold(0, |n, b| n * 10 + u64::from(b - b'0'));
                assert_eq!(leading_digits(text), (value, count), "{text:?}");
            }
        }
    }

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
