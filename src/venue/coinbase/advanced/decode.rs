//! Coinbase Advanced Trade: the grammar of one connection, and which file reads what message.
//!
//! Of the protocol's traps: `sequence_num` counts all messages of the connection, so that a jump
//! on any channel casts doubt on every book; the side of a trade is the maker's (see `trades`); a
//! level's quantity is absolute; the first book is a frame of 5 MB. A message holds events, each
//! with the levels, trades or tickers of its own.

use super::levels::walk_levels;
use super::scan::Stage;
use super::sequence::Sequence;
use super::ticker::walk_tickers;
use super::trades::walk_trades;
use crate::event::{Body, Part, Stale};
use crate::types::time::StampReader;
use crate::types::{Instrument, InstrumentId, Nanos, Venue};
use crate::venue::decode::parts::Parts;
use crate::venue::decode::tape::{Elements, Fields, Value};
use crate::venue::decode::{Frame, Grammar, Kind, Scanned, Surprise, Wrong};

pub(super) const VENUE: Venue = Venue::CoinbaseAdvanced;

/// Reads the feed of one connection.
#[derive(Debug)]
pub struct Advanced {
    pub(super) stage: Stage,
    /// Where the scan goes on.
    pub(super) at: usize,
    /// The stamp at the head of the message.
    pub(super) stamp: Nanos,
    /// What the message counts as: its first event decides.
    pub(super) kind: Option<Kind>,
    pub(super) stamps: StampReader,
    pub(super) sequence: Sequence,
}

impl Default for Advanced {
    fn default() -> Self {
        Self {
            stage: Stage::Head,
            at: 0,
            stamp: Nanos::UNKNOWN,
            kind: None,
            stamps: StampReader::default(),
            sequence: Sequence::default(),
        }
    }
}

impl Grammar for Advanced {
    fn connected(&mut self) {
        self.sequence = Sequence::default();
    }

    #[inline]
    fn begin(&mut self) {
        self.stage = Stage::Head;
        self.at = 0;
        self.kind = None;
        self.sequence.begin();
    }

    #[inline]
    fn scan(&mut self, frame: &Frame<'_>, part: &mut Part) -> Result<Scanned, Surprise> {
        let scanned = self.scan_part(frame, part);
        if scanned.is_err() {
            // Whether the message can be read at all is now the general reading's to say.
            self.sequence.unread();
        }
        scanned
    }

    fn walk(
        &mut self,
        frame: &Frame<'_>,
        message: Value<'_, '_>,
        parts: &mut Parts,
    ) -> Result<Kind, Wrong> {
        if frame.origin.rest.is_some() {
            // The stream opens each book with its snapshot: nothing is asked for by REST.
            self.sequence.unnumbered();
            return Err(Wrong::UnknownType);
        }
        let read = self.walk_message(frame, message, parts);
        if read.is_err() {
            self.sequence.unread();
        }
        read
    }

    /// The one product that is named in the bytes; all, where several are.
    fn culprit(&self, frame: &Frame<'_>) -> InstrumentId {
        const KEY: &[u8] = b"\"product_id\":";
        if let Some(id) = frame.origin.rest {
            return id;
        }
        let places = frame.bytes.windows(KEY.len()).enumerate().filter(|(_, text)| *text == KEY);
        let mut culprit = None;
        for (at, _) in places {
            let text = frame.bytes[at + KEY.len()..].trim_ascii_start();
            let named = text.strip_prefix(b"\"").and_then(|text| text.split(|b| *b == b'"').next());
            match named.and_then(|symbol| frame.table.lookup(VENUE, symbol)) {
                Some(known) if culprit.is_none_or(|id| id == known.id) => culprit = Some(known.id),
                _ => return InstrumentId::ALL,
            }
        }
        culprit.unwrap_or(InstrumentId::ALL)
    }
}

impl Advanced {
    fn walk_message(
        &mut self,
        frame: &Frame<'_>,
        message: Value<'_, '_>,
        parts: &mut Parts,
    ) -> Result<Kind, Wrong> {
        let fields = Fields::of(message, "message")?;
        if fields.get("channel")?.is_none() && fields.text("type")? == "error" {
            self.sequence.unnumbered();
            // It does not say whom it concerns.
            let fault = Body::Fault(Stale::Unsubscribed);
            parts.event(InstrumentId::ALL, Nanos::UNKNOWN, fault);
            return Ok(Kind::Error);
        }
        let channel = fields.text("channel")?;
        let stamp = fields.stamp("timestamp")?;
        if !self.sequence.follows(fields.count("sequence_num")?) {
            let fault = Body::Fault(Stale::SequenceGap);
            parts.event(InstrumentId::ALL, Nanos::UNKNOWN, fault);
        }
        let events = fields.array("events")?;
        match channel {
            "l2_data" => {
                let snapshot = first_is_snapshot(events)?;
                walk_levels(events, stamp, frame, parts)?;
                Ok(levels_kind(snapshot))
            }
            "market_trades" => {
                let snapshot = first_is_snapshot(events)?;
                walk_trades(events, frame, parts)?;
                Ok(trades_kind(snapshot))
            }
            "ticker" => {
                walk_tickers(events, stamp, frame, parts)?;
                Ok(Kind::Ticker)
            }
            "heartbeats" => {
                // It counts the heartbeats of the connection, no sequence of a product.
                let body = Body::Heartbeat { id: 0, trade_id: 0 };
                parts.event(InstrumentId::ALL, stamp, body);
                Ok(Kind::Heartbeat)
            }
            "subscriptions" => {
                let body = walk_subscriptions(events)?;
                parts.event(InstrumentId::ALL, stamp, body);
                Ok(Kind::Subscription)
            }
            "candles" => Ok(Kind::Candle),
            "user" => Ok(Kind::User),
            _ => Err(Wrong::UnknownType),
        }
    }
}

pub(super) const fn levels_kind(snapshot: bool) -> Kind {
    if snapshot { Kind::BookSnapshot } else { Kind::BookUpdate }
}

pub(super) const fn trades_kind(snapshot: bool) -> Kind {
    if snapshot { Kind::TradeHistory } else { Kind::Trade }
}

/// The product that an object names. An unknown one is noted; the rest of the message is read on.
pub(super) fn known<'a>(
    fields: &Fields<'_, '_>,
    frame: &Frame<'a>,
    parts: &mut Parts,
) -> Result<Option<&'a Instrument>, Wrong> {
    match fields.instrument("product_id", VENUE, frame.table, parts) {
        Ok(instrument) => Ok(Some(instrument)),
        Err(Wrong::UnknownSymbol) => Ok(None),
        Err(wrong) => Err(wrong),
    }
}

/// Whether an event opens its channel, or carries on with it.
pub(super) fn is_snapshot(event: &Fields<'_, '_>) -> Result<bool, Wrong> {
    match event.text("type")? {
        "snapshot" => Ok(true),
        "update" => Ok(false),
        _ => Err(Wrong::Field("type")),
    }
}

fn first_is_snapshot(events: Elements<'_, '_>) -> Result<bool, Wrong> {
    events.iter().next().map_or(Ok(false), |event| is_snapshot(&Fields::of(event, "events")?))
}

/// All that the connection is subscribed to now.
///
/// Without any channel the venue sends nothing more, however well the socket lives.
fn walk_subscriptions(events: Elements<'_, '_>) -> Result<Body, Wrong> {
    let mut none = true;
    for event in events.iter() {
        let channels = Fields::of(event, "events")?.need("subscriptions")?;
        none &= Fields::of(channels, "subscriptions")?.iter().next().is_none();
    }
    Ok(if none { Body::Fault(Stale::Unsubscribed) } else { Body::Subscribed { depth: 0 } })
}
