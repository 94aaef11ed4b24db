//! As much of JSON as a framing needs: where a value ends, the fields of one object, and the text
//! of a string. Whether a payload is good JSON is its decoder's business.

use std::ops::Range;

/// One behind the value that begins at `at`, or nothing if it does not end within the text.
///
/// Objects and arrays are only counted, not checked.
pub(crate) fn value_end(text: &[u8], at: usize) -> Option<usize> {
    match text.get(at)? {
        b'"' => string_end(text, at),
        b'{' | b'[' => {
            let (mut depth, mut at) = (0_usize, at);
            loop {
                match text.get(at)? {
                    b'"' => {
                        at = string_end(text, at)?;
                        continue;
                    }
                    b'{' | b'[' => depth += 1,
                    b'}' | b']' => depth -= 1,
                    _ => {}
                }
                at += 1;
                if depth == 0 {
                    return Some(at);
                }
            }
        }
        _ => {
            let len = text[at..].iter().take_while(|b| !b" \t\r\n,]}".contains(b)).count();
            (len > 0).then_some(at + len)
        }
    }
}

/// One behind the string that begins at `at`.
fn string_end(text: &[u8], at: usize) -> Option<usize> {
    let mut at = at + 1;
    loop {
        at += first_of(text.get(at..)?, b'"', b'\\')?;
        if text[at] == b'"' {
            return Some(at + 1);
        }
        at += 2;
    }
}

/// The place of the first byte that is one of the two.
///
/// Not `memchr`: in an escaped JSON text every eighth byte or so is one, and such short runs do not
/// pay for its set-up.
#[inline]
fn first_of(text: &[u8], one: u8, other: u8) -> Option<usize> {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    // The lowest set bit tells the first byte of the word that equals.
    let equals = |word: u64, byte: u8| {
        let word = word ^ (ONES * u64::from(byte));
        word.wrapping_sub(ONES) & !word & (ONES << 7)
    };
    let (words, rest) = text.as_chunks::<8>();
    for (place, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let found = equals(word, one) | equals(word, other);
        if found != 0 {
            return Some(place * 8 + found.trailing_zeros() as usize / 8);
        }
    }
    let at = rest.iter().position(|byte| *byte == one || *byte == other)?;
    Some(words.len() * 8 + at)
}

/// Whether the text is one whole object or array: what a recording that was cut cannot end with.
pub(crate) fn is_whole(text: &[u8]) -> bool {
    let text = text.trim_ascii();
    matches!(text.first(), Some(b'{' | b'[')) && value_end(text, 0) == Some(text.len())
}

/// The fields of one object in their order, as places in its text.
#[derive(Debug)]
pub(crate) struct Fields<'a> {
    text: &'a [u8],
    at: usize,
}

/// A field: the key without quotes and as it stands, the place of the value.
pub(crate) type Field<'a> = (&'a [u8], Range<usize>);

impl<'a> Fields<'a> {
    /// The fields of the object that the text begins with.
    pub(crate) fn new(text: &'a [u8]) -> Self {
        Self { text, at: 0 }
    }

    fn skip_blanks(&mut self) -> Option<u8> {
        while self.text.get(self.at)?.is_ascii_whitespace() {
            self.at += 1;
        }
        self.text.get(self.at).copied()
    }

    /// The next field; `Err` where the text is no object or stops.
    pub(crate) fn next(&mut self) -> Result<Option<Field<'a>>, ()> {
        self.step().ok_or(())
    }

    fn step(&mut self) -> Option<Option<Field<'a>>> {
        let opening = if self.at == 0 { b'{' } else { b',' };
        match self.skip_blanks()? {
            b'}' if self.at > 0 => return Some(None),
            byte if byte == opening => self.at += 1,
            _ => return None,
        }
        match self.skip_blanks()? {
            b'"' => {}
            b'}' if opening == b'{' => return Some(None),
            _ => return None,
        }
        let key = self.at + 1..string_end(self.text, self.at)? - 1;
        self.at = key.end + 1;
        if self.skip_blanks()? != b':' {
            return None;
        }
        self.at += 1;
        self.skip_blanks()?;
        let value = self.at..value_end(self.text, self.at)?;
        self.at = value.end;
        Some(Some((&self.text[key], value)))
    }
}

/// Appends what the string between the quotes says; nothing if an escape is none.
pub(crate) fn unescape(mut text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    // An escape is never shorter than what it says.
    out.reserve(text.len());
    while let Some(at) = first_of(text, b'\\', b'\\') {
        out.extend_from_slice(&text[..at]);
        let byte = match text.get(at + 1)? {
            byte @ (b'"' | b'\\' | b'/') => *byte,
            b'n' => b'\n',
            b't' => b'\t',
            b'r' => b'\r',
            b'b' => 8,
            b'f' => 12,
            b'u' => {
                let (letter, used) = unicode(&text[at + 2..])?;
                out.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
                text = &text[at + 2 + used..];
                continue;
            }
            _ => return None,
        };
        out.push(byte);
        text = &text[at + 2..];
    }
    out.extend_from_slice(text);
    Some(())
}

/// The letter of `XXXX`, or of `XXXX\uXXXX` where it takes two halves, and how many bytes it took.
fn unicode(text: &[u8]) -> Option<(char, usize)> {
    let half = |at: usize| {
        text.get(at..at + 4)?
            .iter()
            .try_fold(0_u32, |sum, byte| Some(sum << 4 | char::from(*byte).to_digit(16)?))
    };
    let first = half(0)?;
    if !(0xd800..0xdc00).contains(&first) {
        return Some((char::from_u32(first)?, 4));
    }
    if text.get(4..6)? != b"\\u" {
        return None;
    }
    let second = half(6)?.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
    Some((char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + second)?, 10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_two_is_found_at_every_place() {
        for len in 0..40 {
            for place in 0..len {
                // Neighbours by one bit and by one are what the word trick could trip over.
                for filler in [b'"' - 1, b'"' + 1, b'\\' ^ 1, b'"' | 0x80, 0, 0xff] {
                    let mut text = vec![filler; len];
                    assert_eq!(first_of(&text, b'"', b'\\'), None);
                    text[place..].fill(b'"');
                    assert_eq!(first_of(&text, b'"', b'\\'), Some(place));
                    assert_eq!(first_of(&text, b'\\', b'"'), Some(place));
                }
            }
        }
    }

    #[test]
    fn values_end_where_they_end() {
        let check = |text: &str, expected: Option<usize>| {
            assert_eq!(value_end(text.as_bytes(), 0), expected, "{text}");
        };
        check("{}", Some(2));
        check(r#"{"a":[1,{"b":"}]\""}]} x"#, Some(22));
        check(r#""a\\" "#, Some(5));
        check("-1.5e3,", Some(6));
        check("true}", Some(4));
        check("{", None);
        check(r#"["]"#, None);
        check(r#""\"#, None);
        check("", None);
        check(",", None);
    }

    #[test]
    fn fields_come_in_order_or_fail() {
        let check = |text: &str, expected: &[(&str, &str)], whole: bool| {
            let mut fields = Fields::new(text.as_bytes());
            let mut got = Vec::new();
            let end = loop {
                match fields.next() {
                    Ok(Some((key, value))) => {
                        got.push((std::str::from_utf8(key).unwrap(), &text[value]));
                    }
                    Ok(None) => break true,
                    Err(()) => break false,
                }
            };
            assert_eq!((got.as_slice(), end), (expected, whole), "{text}");
        };
        check("{}", &[], true);
        check(r#" { "a" : 1 , "b":{"c":[2]} }"#, &[("a", "1"), ("b", r#"{"c":[2]}"#)], true);
        check(r#"{"a":1"#, &[("a", "1")], false);
        check(r#"{"a":1,}"#, &[("a", "1")], false);
        check(r#"{"a" 1}"#, &[], false);
        check("[1]", &[], false);
        check("", &[], false);
    }

    #[test]
    fn strings_say_what_they_mean() {
        let check = |text: &str, expected: Option<&str>| {
            let mut out = b">".to_vec();
            let got = unescape(text.as_bytes(), &mut out).map(|()| &out[1..]);
            assert_eq!(got, expected.map(str::as_bytes), "{text}");
        };
        check("", Some(""));
        check(r#"{\"a\":\"b\"}"#, Some(r#"{"a":"b"}"#));
        check(r"a\\\/\n\t\r\b\f", Some("a\\/\n\t\r\u{8}\u{c}"));
        check(r"\u20AC\ud83d\ude00é", Some("€😀é"));
        check(r"\u0000", Some("\0"));
        check(r"\ud83d", None);
        check(r"\ud83d\u0041", None);
        check(r"\udc00", None);
        check(r"\u12", None);
        check(r"\u+123", None);
        check(r"\x", None);
        check("\\", None);
    }
}
