//! The hand scanner: a place in the bytes that moves on over what is expected.
//!
//! Every literal is checked. Strings are plain: printable ASCII without escapes. What is anything
//! else is a `Surprise`, and the general reading decides.

use super::Surprise;
use crate::event::Level;
use crate::types::time::StampReader;
use crate::types::{Decimal, Instrument, Nanos, NumberError, Price, Qty, Scale, Side, Symbol};

/// A place in a frame.
#[derive(Debug, Clone, Copy)]
pub struct Scan<'a> {
    /// What is ahead; a slice that shrinks costs one check a step, a place in the whole two.
    rest: &'a [u8],
    length: usize,
}

impl<'a> Scan<'a> {
    /// Begins or goes on at that place.
    #[inline]
    #[must_use]
    pub fn at(bytes: &'a [u8], at: usize) -> Self {
        Self { rest: bytes.get(at..).unwrap_or(&[]), length: bytes.len() }
    }

    /// The place, to go on from later.
    #[inline]
    #[must_use]
    pub const fn place(&self) -> usize {
        self.length - self.rest.len()
    }

    /// Steps over that text.
    ///
    /// # Errors
    /// Something else stands there.
    #[inline(always)]
    pub fn literal<const N: usize>(&mut self, text: &[u8; N]) -> Result<(), Surprise> {
        // The length is part of the type, so that the compare is a few wide loads and no call.
        match self.rest.split_first_chunk::<N>() {
            Some((head, rest)) if equal(head, text) => {
                self.rest = rest;
                Ok(())
            }
            _ => Err(Surprise),
        }
    }

    /// Steps over a text whose length is known only now.
    ///
    /// # Errors
    /// Something else stands there.
    #[inline]
    pub fn words(&mut self, text: &[u8]) -> Result<(), Surprise> {
        self.rest = self.rest.strip_prefix(text).ok_or(Surprise)?;
        Ok(())
    }

    /// Steps over that name and its closing quote if they stand there.
    #[inline(always)]
    pub(super) fn take_name(&mut self, name: &Symbol) -> bool {
        let rest = name.strip_from(self.rest).and_then(|rest| rest.strip_prefix(b"\""));
        if let Some(rest) = rest {
            self.rest = rest;
        }
        rest.is_some()
    }

    /// Steps over that text if it stands there.
    #[inline(always)]
    pub fn take<const N: usize>(&mut self, text: &[u8; N]) -> bool {
        self.literal(text).is_ok()
    }

    /// The next byte, if there is one.
    #[inline]
    #[must_use]
    pub fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// Steps over one byte, which the caller has looked at.
    #[inline]
    pub fn skip(&mut self) {
        self.rest = self.rest.get(1..).unwrap_or(&[]);
    }

    /// A plain text up to its closing quote; the opening one is behind us.
    ///
    /// # Errors
    /// It has an escape, a byte that is not printable ASCII, or no end.
    #[inline]
    pub fn text(&mut self) -> Result<&'a [u8], Surprise> {
        let rest = self.rest;
        let mut length = 0;
        // Eight bytes a step while none of them ends or breaks the text.
        while let Some(eight) = rest[length..].first_chunk::<8>() {
            let word = u64::from_le_bytes(*eight);
            let found = not_plain(word);
            if found != 0 {
                length += found.trailing_zeros() as usize / 8;
                return self.end_text(rest, length);
            }
            length += 8;
        }
        length += rest[length..].iter().take_while(|b| is_plain(**b)).count();
        self.end_text(rest, length)
    }

    #[inline]
    fn end_text(&mut self, rest: &'a [u8], length: usize) -> Result<&'a [u8], Surprise> {
        match rest.split_at_checked(length) {
            Some((text, [b'"', rest @ ..])) => {
                self.rest = rest;
                Ok(text)
            }
            _ => Err(Surprise),
        }
    }

    /// A plain text of exactly `N` bytes up to its closing quote; the opening one is behind us.
    ///
    /// # Errors
    /// It is of another length, or not plain.
    #[inline(always)]
    pub fn text_of<const N: usize>(&mut self) -> Result<&'a [u8; N], Surprise> {
        let (text, rest) = self.rest.split_first_chunk::<N>().ok_or(Surprise)?;
        // Without a branch a byte, so that the compiler looks at many at once.
        let plain = text.iter().fold(true, |plain, b| plain & is_plain(*b));
        match rest {
            [b'"', rest @ ..] if plain => {
                self.rest = rest;
                Ok(text)
            }
            _ => Err(Surprise),
        }
    }

    /// A stamp in RFC 3339 with its closing quote; the opening one is behind us.
    ///
    /// # Errors
    /// It is none.
    #[inline(always)]
    pub fn stamp(&mut self, stamps: &mut StampReader) -> Result<Nanos, Surprise> {
        if let Some((text, rest)) = self.rest.split_first_chunk::<28>()
            && let Some(stamp) = stamps.micros_of_last_minute(text)
        {
            self.rest = rest;
            return Ok(stamp);
        }
        stamps.rfc3339(self.text()?).ok_or(Surprise)
    }

    /// A decimal number; what follows it is the caller's to check.
    ///
    /// # Errors
    /// There is none, or it is one that has to be named as an error.
    #[inline(always)]
    pub fn decimal(&mut self) -> Result<Decimal, Surprise> {
        let (number, used) = Decimal::prefix(self.rest).map_err(|_| Surprise)?;
        self.rest = &self.rest[used..];
        Ok(number)
    }

    /// A count of at most eighteen digits.
    ///
    /// # Errors
    /// There is none.
    #[inline]
    pub fn count(&mut self) -> Result<u64, Surprise> {
        let text = self.rest;
        let mut value = 0_u64;
        while let [byte @ b'0'..=b'9', rest @ ..] = self.rest {
            value = value.wrapping_mul(10).wrapping_add(u64::from(byte - b'0'));
            self.rest = rest;
        }
        let digits = text.len() - self.rest.len();
        // A leading zero would be no JSON number.
        let leading = digits > 1 && text[0] == b'0';
        if digits == 0 || digits > 18 || leading { Err(Surprise) } else { Ok(value) }
    }

    /// The frame ends here.
    ///
    /// # Errors
    /// It does not.
    #[inline]
    pub fn end(&self) -> Result<(), Surprise> {
        if self.rest.is_empty() { Ok(()) } else { Err(Surprise) }
    }
}

/// Whether they are equal, by 32 bytes at most: of more the compiler makes a call.
#[inline(always)]
fn equal<const N: usize>(a: &[u8; N], b: &[u8; N]) -> bool {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<32>(), b.as_chunks::<32>());
    a == b && a_rest == b_rest
}

const LOW: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

const fn is_plain(byte: u8) -> bool {
    (byte >= 0x20) & (byte < 0x7f) & (byte != b'"') & (byte != b'\\')
}

/// Marks, in the high bit of its byte, the first byte of the word that is not plain text.
///
/// Bytes above the first marked one may be marked wrongly, as the borrow runs upwards.
#[inline]
const fn not_plain(word: u64) -> u64 {
    let quote = word ^ (LOW * b'"' as u64);
    let slash = word ^ (LOW * b'\\' as u64);
    let del = word ^ (LOW * 0x7f);
    (quote.wrapping_sub(LOW) & !quote
        | slash.wrapping_sub(LOW) & !slash
        | del.wrapping_sub(LOW) & !del
        | word.wrapping_sub(LOW * 0x20) & !word
        | word)
        & HIGH
}

/// The two scales of an instrument, at hand while its levels are read.
#[derive(Clone, Copy, Debug)]
pub struct Scales {
    /// One price step.
    pub tick: Scale,
    /// One quantity step.
    pub lot: Scale,
}

impl From<&Instrument> for Scales {
    fn from(instrument: &Instrument) -> Self {
        Self { tick: instrument.tick, lot: instrument.lot }
    }
}

impl Scales {
    /// A price of the wire in ticks.
    ///
    /// # Errors
    /// It is zero, off the tick, or too large.
    #[inline(always)]
    pub fn price(&self, number: Decimal) -> Result<Price, NumberError> {
        let ticks = self.tick.steps(number)?;
        match ticks {
            0 => Err(NumberError::Zero),
            _ if ticks > Price::MAX.0 => Err(NumberError::Overflow),
            _ => Ok(Price(ticks)),
        }
    }

    /// A quantity of the wire in lots.
    ///
    /// # Errors
    /// It is off the lot, or too large.
    #[inline(always)]
    pub fn qty(&self, number: Decimal) -> Result<Qty, NumberError> {
        self.lot.steps(number).map(Qty)
    }

    /// A level of the wire.
    ///
    /// # Errors
    /// As [`Scales::price`] and [`Scales::qty`], with the field's name.
    #[inline(always)]
    pub fn level(&self, side: Side, price: Decimal, qty: Decimal) -> Result<Level, super::Wrong> {
        let price = self.price(price).map_err(|error| super::Wrong::Number("price", error))?;
        let qty = self.qty(qty).map_err(|error| super::Wrong::Number("quantity", error))?;
        Ok(Level::new(side, price, qty))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_end_at_their_quote_and_hold_only_plain_bytes() {
        for byte in 0..=u8::MAX {
            for at in 0..20 {
                let mut text = vec![b'a'; 20];
                text[at] = byte;
                text.push(b'"');
                let got = Scan::at(&text, 0).text();
                let expected = match byte {
                    b'"' => Ok(&text[..at]),
                    _ if is_plain(byte) => Ok(&text[..20]),
                    _ => Err(Surprise),
                };
                assert_eq!(got, expected, "byte {byte} at {at}");
            }
        }
        let mut scan = Scan::at(b"abc\"", 0);
        assert_eq!(scan.text_of::<3>(), Ok(b"abc"));
        assert_eq!(scan.end(), Ok(()));
        for (text, what) in [("abcd\"", "longer"), ("ab\"", "shorter"), ("a\\c\"", "escape")] {
            assert_eq!(Scan::at(text.as_bytes(), 0).text_of::<3>(), Err(Surprise), "{what}");
        }
        assert_eq!(Scan::at(b"no end", 0).text(), Err(Surprise));
        assert_eq!(Scan::at(b"", 3).text(), Err(Surprise));
    }

    #[test]
    fn counts_are_json_numbers() {
        let check = |text: &str, expected: Result<u64, Surprise>| {
            assert_eq!(Scan::at(text.as_bytes(), 0).count(), expected, "{text}");
        };
        check("0,", Ok(0));
        check("760636964,", Ok(760_636_964));
        check("999999999999999999", Ok(999_999_999_999_999_999));
        check("1000000000000000000", Err(Surprise));
        check("01", Err(Surprise));
        check("-1", Err(Surprise));
        check("", Err(Surprise));
    }
}
