//! From a venue's decimal text to integers and back, without floats.
//!
//! `Decimal` is what stood on the wire: a mantissa and how many digits stood behind the point. How
//! many ticks or lots that is, a [`Scale`](super::Scale) says.

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
        // Nearly every number of a feed has up to seven digits before the point, and behind it
        // exactly eight or fewer.
        if let Some(head) = text.first_chunk::<8>() {
            let (whole, count) = go_on(0, head);
            if (1..8).contains(&count) {
                if head[count] != b'.' {
                    let mantissa = whole.cast_signed();
                    return Ok((Self { mantissa, decimals: 0 }, count));
                }
                if let Some((fraction, next)) = text[count + 1..].split_first_chunk::<8>() {
                    if let Some(value) = eight_digits(u64::from_le_bytes(*fraction)) {
                        if next.first().is_none_or(|b| !b.is_ascii_digit()) {
                            let mantissa =
                                whole.wrapping_mul(100_000_000).wrapping_add(value).cast_signed();
                            return Ok((Self { mantissa, decimals: 8 }, count + 9));
                        }
                    } else {
                        let (value, decimals) = go_on(whole, fraction);
                        if decimals > 0 {
                            let mantissa = value.cast_signed();
                            #[expect(clippy::cast_possible_truncation, reason = "at most eight")]
                            let number = Self { mantissa, decimals: decimals as u8 };
                            return Ok((number, count + 1 + decimals));
                        }
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

/// Goes on with a number by the digits that eight bytes begin with, and says how many they are.
///
/// One by one and not at once: how many they are seldom changes from message to message, so the
/// branches are foreseen and what stands behind the number is read without waiting for it.
#[inline(always)]
fn go_on(mut number: u64, text: &[u8; 8]) -> (u64, usize) {
    for (at, byte) in text.iter().enumerate() {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return (number, at);
        }
        number = number.wrapping_mul(10).wrapping_add(u64::from(digit));
    }
    (number, text.len())
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
    fn the_usual_forms_are_read_as_any_other() {
        let digits = b"907316524870213569";
        let ends: [&[u8]; 6] = [b"", b"\"", b"\",\"12345678", b".", b"e-812345678", b":0000000000"];
        for whole in 0..=10 {
            for decimals in 0..=18 {
                for end in ends {
                    let mut text = digits[..whole].to_vec();
                    if decimals > 0 {
                        text.push(b'.');
                        text.extend(&digits[..decimals]);
                    }
                    text.extend(end);
                    let expected = Decimal::prefix_by_digits(&text);
                    let shown = String::from_utf8_lossy(&text);
                    assert_eq!(Decimal::prefix(&text), expected, "{shown}");
                }
            }
        }
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
                assert_eq!(go_on(0, &text), (value, count), "{text:?}");
            }
        }
    }
}
