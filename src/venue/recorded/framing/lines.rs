//! One function a framing: a line in, the places of its parts out.

use super::json::{Fields, unescape};
use super::{
    Framing, Kind, Malformed, ORDER_COLUMNS, ORDER_ROW, Parts, Place, TRADE_COLUMNS, TRADE_ROW,
};
use crate::types::Nanos;
use std::ops::Range;

const NANOS_PER_MILLI: i64 = 1_000_000;

impl Framing {
    /// Cuts a line; text that was escaped goes to `unescaped`, which is emptied first.
    pub(crate) fn cut(self, line: &[u8], unescaped: &mut Vec<u8>) -> Result<Parts, Malformed> {
        unescaped.clear();
        match self {
            Self::Own => unreachable!("our own framing is not cut by lines"),
            Self::CryptofeedText => cryptofeed_text(line),
            Self::CryptofeedJson => cryptofeed_json(line, unescaped),
            Self::NanosJson => stamped(line, 1),
            Self::LogTime => log_time(line),
            Self::EventLog => event_log(line),
            Self::RxNanos => rx_nanos(line),
            Self::JsonLines | Self::Document => Ok(received(Nanos::UNKNOWN, 0..line.len())),
            Self::OrderRows => row(line, ORDER_COLUMNS, ORDER_ROW),
            Self::TradeRows => row(line, TRADE_COLUMNS, TRADE_ROW),
        }
    }
}

fn received(received: Nanos, payload: Range<usize>) -> Parts {
    Parts { received, kind: Kind::Received, tag: Place::NONE, payload: Place::Line(payload) }
}

/// The place from `at` to the end, if anything stands there.
fn rest(line: &[u8], at: usize) -> Result<Range<usize>, Malformed> {
    if at < line.len() { Ok(at..line.len()) } else { Err(Malformed::NoPayload) }
}

/// Digits only, times `unit`.
pub(crate) fn count(text: &[u8], unit: i64) -> Option<Nanos> {
    let number = text.iter().try_fold(0_i64, |sum, byte| {
        let digit = byte.is_ascii_digit().then(|| i64::from(byte - b'0'))?;
        sum.checked_mul(10)?.checked_add(digit)
    })?;
    (!text.is_empty()).then_some(Nanos(number.checked_mul(unit)?))
}

fn find(line: &[u8], byte: u8) -> Option<usize> {
    memchr::memchr(byte, line)
}

fn cryptofeed_text(line: &[u8]) -> Result<Parts, Malformed> {
    if line.first().is_some_and(u8::is_ascii_digit) {
        let colon = find(line, b':').ok_or(Malformed::Stamp)?;
        let stamp = Nanos::parse_seconds(&line[..colon]).ok_or(Malformed::Stamp)?;
        if line.get(colon + 1) != Some(&b' ') {
            return Err(Malformed::NoPayload);
        }
        return Ok(received(stamp, rest(line, colon + 2)?));
    }
    if line.starts_with(b"configuration:") {
        return Ok(Parts { kind: Kind::Note, ..received(Nanos::UNKNOWN, 0..line.len()) });
    }
    let space = find(line, b' ').ok_or(Malformed::Stamp)?;
    let behind = &line[space + 1..];
    let (kind, arrow) = if behind.starts_with(b"<-> ") {
        (Kind::Up, 4)
    } else if behind.starts_with(b"<- ") {
        (Kind::Sent, 3)
    } else if behind.starts_with(b"-> ") {
        (Kind::Rest, 3)
    } else {
        return Err(Malformed::Direction);
    };
    let at = space + 1 + arrow;
    let (stamp, payload) = if kind == Kind::Up {
        (at..line.len(), line.len()..line.len())
    } else {
        let colon = at + find(&line[at..], b':').ok_or(Malformed::NoPayload)?;
        (at..colon, rest(line, colon + 2)?)
    };
    let stamp = Nanos::parse_seconds(&line[stamp]).ok_or(Malformed::Stamp)?;
    let tag = Place::Line(0..space);
    Ok(Parts { kind, tag, ..received(stamp, payload) })
}

fn cryptofeed_json(line: &[u8], unescaped: &mut Vec<u8>) -> Result<Parts, Malformed> {
    let (mut kind, mut stamp, mut data, mut address) = (None, Nanos::UNKNOWN, None, None);
    let mut fields = Fields::new(line);
    while let Some((key, value)) = fields.next().map_err(|()| Malformed::Json)? {
        match key {
            b"t" => {
                kind = Some(match &line[value] {
                    b"\"recv\"" => Kind::Received,
                    b"\"send\"" => Kind::Sent,
                    b"\"http\"" => Kind::Rest,
                    b"\"connect\"" => Kind::Up,
                    b"\"header\"" => Kind::Note,
                    _ => return Err(Malformed::Kind),
                });
            }
            b"ts" => stamp = Nanos::parse_seconds(&line[value]).ok_or(Malformed::Stamp)?,
            b"data" => data = Some(value),
            b"url" | b"addr" => address = Some(value),
            // The name of the connection and the settings in the header say nothing of the feed.
            _ => {}
        }
    }
    let kind = kind.ok_or(Malformed::Field)?;
    if kind == Kind::Note {
        return Ok(Parts { kind, ..received(stamp, 0..line.len()) });
    }
    if !stamp.is_known() {
        return Err(Malformed::Stamp);
    }
    let mut text = |quoted: Range<usize>| {
        let quoted = &line[quoted];
        let inner = quoted.strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\""));
        let start = unescaped.len();
        unescape(inner.ok_or(Malformed::Field)?, unescaped).ok_or(Malformed::Escape)?;
        Ok(Place::Unescaped(start..unescaped.len()))
    };
    let tag = match address {
        Some(address) => text(address)?,
        None => Place::NONE,
    };
    let payload = match data {
        Some(data) => text(data)?,
        None if kind == Kind::Up => Place::NONE,
        None => return Err(Malformed::Field),
    };
    Ok(Parts { received: stamp, kind, tag, payload })
}

/// `N {json}` with N in `unit` nanoseconds.
fn stamped(line: &[u8], unit: i64) -> Result<Parts, Malformed> {
    let space = find(line, b' ').ok_or(Malformed::NoPayload)?;
    let stamp = count(&line[..space], unit).ok_or(Malformed::Stamp)?;
    Ok(received(stamp, rest(line, space + 1)?))
}

fn event_log(line: &[u8]) -> Result<Parts, Malformed> {
    let parts = stamped(line, NANOS_PER_MILLI)?;
    let Place::Line(behind) = parts.payload else {
        unreachable!("a stamped payload is in the line")
    };
    let word = find(&line[behind.clone()], b' ').ok_or(Malformed::NoPayload)?;
    let tag = Place::Line(behind.start..behind.start + word);
    let payload = Place::Line(rest(line, behind.start + word + 1)?);
    Ok(Parts { tag, payload, ..parts })
}

/// `2016-03-12 00:08:37,352 {json}`.
fn log_time(line: &[u8]) -> Result<Parts, Malformed> {
    const STAMP: usize = "2016-03-12 00:08:37,352".len();
    let written: &[u8; STAMP] = line.first_chunk().ok_or(Malformed::Stamp)?;
    if written[10] != b' ' || written[19] != b',' {
        return Err(Malformed::Stamp);
    }
    let mut text = [b'Z'; STAMP + 1];
    text[..STAMP].copy_from_slice(written);
    text[10] = b'T';
    text[19] = b'.';
    let stamp = Nanos::parse_rfc3339(&text).ok_or(Malformed::Stamp)?;
    match line.get(STAMP) {
        Some(b' ') => Ok(received(stamp, rest(line, STAMP + 1)?)),
        Some(_) => Err(Malformed::Stamp),
        None => Err(Malformed::NoPayload),
    }
}

fn rx_nanos(line: &[u8]) -> Result<Parts, Malformed> {
    let (mut kind, mut stamp, mut frame) = (Kind::Received, None, None);
    let mut fields = Fields::new(line);
    while let Some((key, value)) = fields.next().map_err(|()| Malformed::Json)? {
        match key {
            b"rx_ns" => stamp = Some(count(&line[value], 1).ok_or(Malformed::Stamp)?),
            b"dir" => {
                kind = match &line[value] {
                    b"\"tx\"" => Kind::Sent,
                    b"\"rx\"" => Kind::Received,
                    _ => return Err(Malformed::Kind),
                }
            }
            b"frame" => frame = Some(value),
            _ => return Err(Malformed::Field),
        }
    }
    let stamp = stamp.ok_or(Malformed::Stamp)?;
    Ok(Parts { kind, ..received(stamp, frame.ok_or(Malformed::Field)?) })
}

/// A row that has the columns of the file's first line, or that line itself.
fn row(line: &[u8], columns: &[u8], tag: &'static [u8]) -> Result<Parts, Malformed> {
    let tag = Place::Fixed(tag);
    if line == columns {
        let note = received(Nanos::UNKNOWN, 0..line.len());
        return Ok(Parts { kind: Kind::Note, tag, ..note });
    }
    let commas = |text: &[u8]| memchr::memchr_iter(b',', text).count();
    if commas(line) != commas(columns) {
        return Err(Malformed::Columns);
    }
    let second = line.split(|byte| *byte == b',').nth(1).ok_or(Malformed::Columns)?;
    let stamp = count(second, NANOS_PER_MILLI).ok_or(Malformed::Stamp)?;
    Ok(Parts { tag, ..received(stamp, 0..line.len()) })
}
