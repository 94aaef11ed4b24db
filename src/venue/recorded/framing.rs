//! Framings: how a recording marks when a message came, which way it went and what it was.
//!
//! The framing is told from the first line that is not blank, and holds for the whole file. A line
//! is cut into places; nothing is copied but the text of escaped JSON strings. Our own framing is
//! binary safe and is cut in `own`. What a payload says is not looked at.

use super::record::Kind;
use crate::types::Nanos;
use std::ops::Range;

pub(crate) mod json;
mod lines;

#[cfg(test)]
mod tests;

/// The tag of a row of a Bitstamp order file.
pub const ORDER_ROW: &[u8] = b"csv-order";
/// The tag of a row of a Bitstamp trade file.
pub const TRADE_ROW: &[u8] = b"csv-trade";

/// The first line of a Bitstamp order file.
pub(crate) const ORDER_COLUMNS: &[u8] =
    b"id,timestamp,exchange_timestamp,price,volume,action,direction";
/// The first line of a Bitstamp trade file.
pub(crate) const TRADE_COLUMNS: &[u8] =
    b"trade_id,timestamp,exchange_timestamp,price,amount,buy_order_id,sell_order_id,side";

/// How a recording is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Framing {
    /// `pinnaclemm-recording 1 …`: ours, see [`super::own`].
    Own,
    /// cryptofeed's first: `T: {json}` received, `address <-> T` connected, `address <- T: text`
    /// sent, `address -> T: {json}` answered, `configuration: …`; T in seconds since 1970.
    CryptofeedText,
    /// cryptofeed's third: `{"t":"recv","conn":…,"ts":T,"data":"<escaped text>"}` a line.
    CryptofeedJson,
    /// `NANOS {json}`, nanoseconds since 1970.
    NanosJson,
    /// `YYYY-MM-DD HH:MM:SS,mmm {json}`. The zone is not written: the stamp is read as UTC.
    LogTime,
    /// `MILLIS word {json}`; the word is the tag.
    EventLog,
    /// `{"rx_ns":N,"frame":{…}}`, with `"dir":"tx"` for what was sent. N counts from an instant of
    /// the recorder's own (its start-up), and is given as it stands.
    RxNanos,
    /// One JSON document a line, without stamps: `received` is unknown.
    JsonLines,
    /// The whole file is one JSON document over several lines: one record, without a stamp.
    Document,
    /// Bitstamp's orders, a row each; `received` is the column `timestamp`, in milliseconds.
    OrderRows,
    /// Bitstamp's trades, a row each; stamped likewise.
    TradeRows,
}

impl Framing {
    /// The framing whose first line this is.
    #[must_use]
    pub fn detect(line: &[u8]) -> Option<Self> {
        if line.starts_with(super::own::MAGIC.as_bytes()) {
            return Some(Self::Own);
        }
        match line {
            ORDER_COLUMNS => return Some(Self::OrderRows),
            TRADE_COLUMNS => return Some(Self::TradeRows),
            _ => {}
        }
        let text = line.trim_ascii_start();
        if matches!(text.first(), Some(b'{' | b'[')) {
            return Some(Self::detect_json(text));
        }
        let space = memchr::memchr(b' ', line).unwrap_or(line.len());
        let (stamp, rest) = line.split_at(space);
        let rest = rest.trim_ascii_start();
        if stamp == b"configuration:" || memchr::memmem::find(stamp, b"://").is_some() {
            return Some(Self::CryptofeedText);
        }
        if let Some(seconds) = stamp.strip_suffix(b":") {
            return Nanos::parse_seconds(seconds).map(|_| Self::CryptofeedText);
        }
        if stamp.len() == 10 && stamp[4] == b'-' && stamp[7] == b'-' {
            return Some(Self::LogTime);
        }
        if stamp.is_empty() || !stamp.iter().all(u8::is_ascii_digit) {
            return None;
        }
        match rest.first()? {
            b'{' | b'[' => Some(Self::NanosJson),
            b'a'..=b'z' => Some(Self::EventLog),
            _ => None,
        }
    }

    fn detect_json(text: &[u8]) -> Self {
        if let Ok(Some((key, value))) = json::Fields::new(text).next() {
            match (key, &text[value]) {
                (
                    b"t",
                    b"\"header\"" | b"\"http\"" | b"\"connect\"" | b"\"send\"" | b"\"recv\"",
                ) => {
                    return Self::CryptofeedJson;
                }
                (b"rx_ns", _) => return Self::RxNanos,
                _ => {}
            }
        }
        if json::is_whole(text) { Self::JsonLines } else { Self::Document }
    }

    /// The words for it in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Own => "pinnaclemm",
            Self::CryptofeedText => "cryptofeed text",
            Self::CryptofeedJson => "cryptofeed JSON",
            Self::NanosJson => "nanoseconds and JSON",
            Self::LogTime => "log time and JSON",
            Self::EventLog => "milliseconds, event and JSON",
            Self::RxNanos => "rx_ns and frame",
            Self::JsonLines => "JSON lines",
            Self::Document => "one JSON document",
            Self::OrderRows => "Bitstamp order rows",
            Self::TradeRows => "Bitstamp trade rows",
        }
    }

    /// Whether an unfinished last line of such a recording is whole all the same: a JSON document
    /// that closes cannot have been cut, of anything else nobody knows.
    pub(crate) fn is_whole(self, line: &[u8], payload: &[u8]) -> bool {
        match self {
            Self::Own | Self::OrderRows | Self::TradeRows => false,
            Self::CryptofeedJson | Self::RxNanos => json::is_whole(line),
            _ => json::is_whole(payload),
        }
    }
}

/// Where the bytes of a part of a record lie.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Place {
    /// In the line.
    Line(Range<usize>),
    /// In the buffer of unescaped text.
    Unescaped(Range<usize>),
    /// In neither: a fixed word.
    Fixed(&'static [u8]),
}

impl Place {
    pub(crate) const NONE: Self = Self::Fixed(b"");

    pub(crate) fn of<'a>(&self, line: &'a [u8], unescaped: &'a [u8]) -> &'a [u8] {
        match self {
            Self::Line(range) => &line[range.clone()],
            Self::Unescaped(range) => &unescaped[range.clone()],
            Self::Fixed(text) => text,
        }
    }
}

/// A line cut into the parts of a record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Parts {
    pub(crate) received: Nanos,
    pub(crate) kind: Kind,
    pub(crate) tag: Place,
    pub(crate) payload: Place,
}

/// Why a line is no record of its framing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Malformed {
    /// Longer than [`super::source::LINE_MAX`].
    TooLong,
    /// No receive time where it has to stand.
    Stamp,
    /// An address, but none of `<->`, `<-` and `->` behind it.
    Direction,
    /// A stamp and nothing behind it.
    NoPayload,
    /// No JSON object where one has to stand, or one that does not close.
    Json,
    /// A field of the framing is missing or of another type.
    Field,
    /// A kind of record that this framing does not have.
    Kind,
    /// A string with an escape that is none.
    Escape,
    /// Another number of columns than the first line names.
    Columns,
    /// A record of our own framing whose head or end is not where its lengths say.
    Lengths,
}

impl Malformed {
    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::TooLong => "too_long",
            Self::Stamp => "stamp",
            Self::Direction => "direction",
            Self::NoPayload => "no_payload",
            Self::Json => "json",
            Self::Field => "field",
            Self::Kind => "kind",
            Self::Escape => "escape",
            Self::Columns => "columns",
            Self::Lengths => "lengths",
        }
    }
}
