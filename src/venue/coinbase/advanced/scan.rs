//! The hand scanner of the hot channels: `l2_data`, `market_trades`, `ticker`.
//!
//! It knows the recorded key order and stops behind each part; what it does not know is left to
//! the general reading, and so is a jump of the sequence.

use super::decode::{Advanced, VENUE, levels_kind, trades_kind};
use super::levels::Rows;
use super::ticker::scan_ticker;
use super::trades::scan_trade;
use crate::event::Part;
use crate::event::Shape;
use crate::types::Instrument;
use crate::venue::decode::scan::Scan;
use crate::venue::decode::{Frame, Kind, Scanned, Surprise};

/// A channel that is scanned by hand.
#[derive(Debug, Clone, Copy)]
pub(super) enum Channel {
    Levels,
    Trades,
    Tickers,
}

/// What the scan of a frame is in the middle of.
#[derive(Debug, Clone, Copy)]
pub(super) enum Stage {
    /// Nothing was read yet.
    Head,
    /// The next event of the message begins here.
    Event(Channel),
    /// Levels of an event.
    Levels(Rows),
    /// Trades of an event.
    Trades { history: bool },
    /// Tickers of an event.
    Tickers,
}

impl Advanced {
    /// Scans on from where the last call stopped and fills one part.
    #[inline]
    pub(super) fn scan_part(
        &mut self,
        frame: &Frame<'_>,
        part: &mut Part,
    ) -> Result<Scanned, Surprise> {
        let mut scan = Scan::at(frame.bytes, self.at);
        if let Stage::Head = self.stage {
            if frame.origin.rest.is_some() {
                return Err(Surprise);
            }
            self.stage = Stage::Event(self.scan_head(&mut scan)?);
        }
        if let Stage::Event(channel) = self.stage {
            self.stage = self.scan_event(channel, frame, &mut scan)?;
        }
        part.event.received = frame.origin.received;
        let (event_ended, channel) = match &mut self.stage {
            Stage::Levels(rows) => (rows.scan(&mut scan, part, self.stamp)?, Channel::Levels),
            Stage::Trades { history } => {
                let ended = scan_trade(frame, &mut scan, &mut self.stamps, *history, part)?;
                (ended, Channel::Trades)
            }
            Stage::Tickers => (scan_ticker(frame, &mut scan, self.stamp, part)?, Channel::Tickers),
            Stage::Head | Stage::Event(_) => return Err(Surprise),
        };
        if event_ended {
            if scan.take(b"}]}") {
                scan.end()?;
                return Ok(Scanned::LastPart(self.kind.ok_or(Surprise)?));
            }
            scan.literal(b"},")?;
            self.stage = Stage::Event(channel);
        }
        self.at = scan.place();
        Ok(Scanned::Part)
    }

    /// Scans what stands before the events of a hot channel.
    #[inline]
    fn scan_head(&mut self, scan: &mut Scan<'_>) -> Result<Channel, Surprise> {
        scan.literal(b"{\"channel\":\"")?;
        let channel = if scan.take(b"l2_data\",\"") {
            Channel::Levels
        } else if scan.take(b"market_trades\",\"") {
            Channel::Trades
        } else {
            scan.literal(b"ticker\",\"")?;
            Channel::Tickers
        };
        // Samples of the documentation have it, the recordings have not.
        scan.take(b"client_id\":\"\",\"");
        scan.literal(b"timestamp\":\"")?;
        self.stamp = scan.stamp(&mut self.stamps)?;
        scan.literal(b",\"sequence_num\":")?;
        // A gap is rare, and is a part before the message's own: the general reading makes it.
        if !self.sequence.follows(scan.count()?) {
            return Err(Surprise);
        }
        scan.literal(b",\"events\":[")?;
        Ok(channel)
    }

    /// Scans the head of an event.
    #[inline]
    fn scan_event(
        &mut self,
        channel: Channel,
        frame: &Frame<'_>,
        scan: &mut Scan<'_>,
    ) -> Result<Stage, Surprise> {
        let snapshot = if scan.take(b"{\"type\":\"update\",\"") {
            false
        } else {
            scan.literal(b"{\"type\":\"snapshot\",\"")?;
            true
        };
        let (stage, kind) = match channel {
            Channel::Levels => {
                scan.literal(b"product_id\":\"")?;
                let instrument = lookup(frame, scan.text()?)?;
                scan.literal(b",\"updates\":[")?;
                let shape = if snapshot { Shape::Snapshot } else { Shape::Update };
                (Stage::Levels(Rows::begin(instrument, shape)), levels_kind(snapshot))
            }
            Channel::Trades => {
                scan.literal(b"trades\":[")?;
                (Stage::Trades { history: snapshot }, trades_kind(snapshot))
            }
            Channel::Tickers => {
                scan.literal(b"tickers\":[")?;
                (Stage::Tickers, Kind::Ticker)
            }
        };
        self.kind = self.kind.or(Some(kind));
        Ok(stage)
    }
}

#[inline]
pub(super) fn lookup<'a>(frame: &Frame<'a>, symbol: &[u8]) -> Result<&'a Instrument, Surprise> {
    frame.table.lookup(VENUE, symbol).ok_or(Surprise)
}
