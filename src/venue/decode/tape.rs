//! The general reading: simd-json's tape over reused buffers.
//!
//! Every number is quoted while the frame is copied into the buffer that simd-json needs anyway:
//! so the parser makes no float of it, and the digits arrive as they stood on the wire. A field
//! that is asked for and stands there twice is an error.

use super::Wrong;
use crate::types::{Decimal, Instrument, InstrumentTable, Nanos, Side, Venue};
use simd_json::prelude::{ValueAsScalar, ValueIntoString};
use simd_json::{Buffers, Tape};

pub use simd_json::tape::Value;

/// The deepest nesting of any venue's message is seven.
const DEPTH_MAX: usize = 32;

/// A JSON reader that keeps its buffers.
pub struct Json {
    text: Vec<u8>,
    buffers: Buffers,
    tape: Tape<'static>,
}

impl std::fmt::Debug for Json {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Json").field("text_bytes", &self.text.capacity()).finish_non_exhaustive()
    }
}

impl Json {
    pub(in crate::venue) fn new() -> Self {
        let buffers = Buffers::with_max_depth(4096, DEPTH_MAX);
        Self { text: Vec::with_capacity(8192), buffers, tape: Tape(Vec::with_capacity(1024)) }
    }

    /// Reads a message and hands its tape on.
    pub(in crate::venue) fn read<T>(
        &mut self,
        bytes: &[u8],
        read: impl FnOnce(Value<'_, '_>) -> Result<T, Wrong>,
    ) -> Result<T, Wrong> {
        quote_numbers(bytes, &mut self.text);
        let mut tape = std::mem::replace(&mut self.tape, Tape(Vec::new())).reset();
        let parsed = simd_json::fill_tape(&mut self.text, &mut self.buffers, &mut tape);
        let result = match parsed {
            Ok(()) => read(tape.as_value()),
            Err(_) => Err(Wrong::Json),
        };
        self.tape = tape.reset();
        result
    }
}

/// Copies JSON text with quotes around each bare number.
fn quote_numbers(bytes: &[u8], text: &mut Vec<u8>) {
    text.clear();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let rest = &bytes[at..];
        let length = match byte {
            b'"' => string_length(rest),
            b'-' | b'0'..=b'9' => {
                let digits = |b: &u8| b.is_ascii_digit() || b"+-.eE".contains(b);
                let length = rest.iter().take_while(|b| digits(b)).count();
                text.push(b'"');
                text.extend_from_slice(&rest[..length]);
                text.push(b'"');
                at += length;
                continue;
            }
            _ => 1,
        };
        text.extend_from_slice(&rest[..length]);
        at += length;
    }
}

/// The length of the string that begins here, quotes included; up to the end if it has none.
fn string_length(text: &[u8]) -> usize {
    let mut at = 1;
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    text.len()
}

/// An object of the tape whose fields are asked for by name.
#[derive(Debug, Clone, Copy)]
pub struct Fields<'t, 'i>(Value<'t, 'i>);

impl<'t, 'i> Fields<'t, 'i> {
    /// The fields of an object; `name` says whose, if it is none.
    ///
    /// # Errors
    /// The value is no object.
    pub fn of(value: Value<'t, 'i>, name: &'static str) -> Result<Self, Wrong> {
        if value.is_object() { Ok(Self(value)) } else { Err(Wrong::Field(name)) }
    }

    /// All fields in the order of the text.
    pub fn iter(&self) -> impl Iterator<Item = (&'i str, Value<'t, 'i>)> + use<'t, 'i> {
        self.0.as_object().expect("checked when it was made").iter()
    }

    /// A field, if it is there and not null.
    ///
    /// # Errors
    /// It stands there twice.
    pub fn get(&self, name: &'static str) -> Result<Option<Value<'t, 'i>>, Wrong> {
        let mut fields = self.iter().filter(|(key, _)| *key == name);
        let found = fields.next().map(|(_, value)| value).filter(|v| v.as_null().is_none());
        if fields.next().is_some() { Err(Wrong::Twice(name)) } else { Ok(found) }
    }

    /// A field that must be there.
    ///
    /// # Errors
    /// It is missing or stands there twice.
    pub fn need(&self, name: &'static str) -> Result<Value<'t, 'i>, Wrong> {
        self.get(name)?.ok_or(Wrong::Missing(name))
    }

    /// The text of a field; of a number its digits.
    ///
    /// # Errors
    /// It is missing, twice there, or no text.
    pub fn text(&self, name: &'static str) -> Result<&'i str, Wrong> {
        text(self.need(name)?, name)
    }

    /// Whether a field is there and true.
    ///
    /// # Errors
    /// It stands there twice, or is neither true nor false.
    pub fn flag(&self, name: &'static str) -> Result<bool, Wrong> {
        match self.get(name)? {
            Some(value) => value.as_bool().ok_or(Wrong::Field(name)),
            None => Ok(false),
        }
    }

    /// The elements of a field that is an array.
    ///
    /// # Errors
    /// It is missing, twice there, or no array.
    pub fn array(&self, name: &'static str) -> Result<Elements<'t, 'i>, Wrong> {
        Elements::of(self.need(name)?, name)
    }

    /// A decimal number, quoted on the wire or not.
    ///
    /// # Errors
    /// It is missing, twice there, or no number.
    pub fn decimal(&self, name: &'static str) -> Result<Decimal, Wrong> {
        decimal(self.need(name)?, name)
    }

    /// A count, quoted on the wire or not.
    ///
    /// # Errors
    /// It is missing, twice there, or no count that fits.
    pub fn count(&self, name: &'static str) -> Result<u64, Wrong> {
        self.text(name)?.parse().map_err(|_| Wrong::Field(name))
    }

    /// A stamp in RFC 3339.
    ///
    /// # Errors
    /// It is missing, twice there, or no stamp.
    pub fn stamp(&self, name: &'static str) -> Result<Nanos, Wrong> {
        Nanos::parse_rfc3339(self.text(name)?.as_bytes()).ok_or(Wrong::Field(name))
    }

    /// The instrument that a field names; an unknown one is noted.
    ///
    /// # Errors
    /// It is missing, twice there, or not in the table.
    pub fn instrument<'a>(
        &self,
        name: &'static str,
        venue: Venue,
        table: &'a InstrumentTable,
        parts: &mut super::Parts,
    ) -> Result<&'a Instrument, Wrong> {
        let symbol = self.text(name)?.as_bytes();
        table.lookup(venue, symbol).ok_or_else(|| {
            parts.note_unknown(symbol);
            Wrong::UnknownSymbol
        })
    }

    /// A side, by the two words that the venue has for bid and ask.
    ///
    /// # Errors
    /// It is missing, twice there, or neither.
    pub fn side(&self, name: &'static str, words: [&str; 2]) -> Result<Side, Wrong> {
        side(self.text(name)?, name, words)
    }
}

/// An array of the tape; `name` says in errors whose.
#[derive(Debug, Clone, Copy)]
pub struct Elements<'t, 'i> {
    array: Value<'t, 'i>,
    name: &'static str,
}

impl<'t, 'i> Elements<'t, 'i> {
    /// The elements of an array.
    ///
    /// # Errors
    /// The value is no array.
    pub fn of(array: Value<'t, 'i>, name: &'static str) -> Result<Self, Wrong> {
        if array.is_array() { Ok(Self { array, name }) } else { Err(Wrong::Field(name)) }
    }

    /// All elements in order.
    pub fn iter(&self) -> impl Iterator<Item = Value<'t, 'i>> + use<'t, 'i> {
        self.array.as_array().expect("checked when it was made").iter()
    }

    /// All elements, each of which must be an array itself.
    pub fn rows(&self) -> impl Iterator<Item = Result<Self, Wrong>> + use<'t, 'i> {
        let name = self.name;
        self.iter().map(move |row| Self::of(row, name))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// The element at that place.
    ///
    /// # Errors
    /// There are fewer.
    pub fn need(&self, at: usize) -> Result<Value<'t, 'i>, Wrong> {
        self.array.get_idx(at).ok_or(Wrong::Missing(self.name))
    }

    /// The text of the element at that place; of a number its digits.
    ///
    /// # Errors
    /// There are fewer, or it is no text.
    pub fn text(&self, at: usize) -> Result<&'i str, Wrong> {
        text(self.need(at)?, self.name)
    }

    /// The decimal number at that place, quoted on the wire or not.
    ///
    /// # Errors
    /// There are fewer, or it is no number.
    pub fn decimal(&self, at: usize) -> Result<Decimal, Wrong> {
        decimal(self.need(at)?, self.name)
    }
}

/// The text of a value; of a number its digits.
///
/// # Errors
/// It has none.
pub fn text<'i>(value: Value<'_, 'i>, name: &'static str) -> Result<&'i str, Wrong> {
    value.into_string().ok_or(Wrong::Field(name))
}

/// The side that a word names, the bids' word first.
///
/// # Errors
/// It is neither.
pub fn side(word: &str, name: &'static str, words: [&str; 2]) -> Result<Side, Wrong> {
    match words.iter().position(|w| *w == word) {
        Some(0) => Ok(Side::Bid),
        Some(_) => Ok(Side::Ask),
        None => Err(Wrong::Field(name)),
    }
}

/// A decimal number, quoted on the wire or not.
///
/// # Errors
/// It is no text, or no number.
pub fn decimal(value: Value<'_, '_>, name: &'static str) -> Result<Decimal, Wrong> {
    let text = text(value, name)?;
    Decimal::parse(text.as_bytes()).map_err(|error| Wrong::Number(name, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_quoted_and_nothing_else_is() {
        let check = |text: &str, expected: &str| {
            let mut out = Vec::new();
            quote_numbers(text.as_bytes(), &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        };
        check(r#"{"a":1.50,"b":[-2e-8,"3"]}"#, r#"{"a":"1.50","b":["-2e-8","3"]}"#);
        check(r#"{"a\"1":true,"b\\":7}"#, r#"{"a\"1":true,"b\\":"7"}"#);
        check(r#"["unended \" 12"#, r#"["unended \" 12"#);
        check(r#"["x\"#, r#"["x\"#);
    }
}
