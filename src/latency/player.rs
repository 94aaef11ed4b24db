//! Plays a stream into the product's own decoder, message by message.

use super::stream::Stream;
use crate::event::Part;
use crate::types::Nanos;
use crate::venue::decode::{Frame, Next, Origin};
use crate::venue::decoder::VenueDecoder;
use std::ops::Range;
use std::sync::Arc;

/// A place in a stream.
#[derive(Debug)]
pub(super) struct Player {
    stream: Arc<Stream>,
    decoder: VenueDecoder,
    range: Range<usize>,
    at: usize,
    /// The message at hand and when it came.
    open: (usize, Nanos),
}

impl Player {
    pub(super) fn new(stream: Arc<Stream>) -> Self {
        let decoder = VenueDecoder::new(stream.venue);
        Self { stream, decoder, range: 0..0, at: 0, open: (0, Nanos::UNKNOWN) }
    }

    /// From here on those messages are played, again and again.
    pub(super) fn select(&mut self, range: Range<usize>) {
        self.at = range.start;
        self.range = range;
    }

    /// Whether the next message is the first of all of them.
    pub(super) const fn is_at_start(&self) -> bool {
        self.at == self.range.start
    }

    /// The next message comes; whether it is a mover.
    #[inline]
    pub(super) fn begin(&mut self, now: Nanos) -> bool {
        self.open = (self.at, now);
        let message = self.stream.get(self.at).0;
        if message.is_first {
            self.decoder.connected();
        }
        self.decoder.begin();
        self.at += 1;
        if self.at == self.range.end {
            self.at = self.range.start;
        }
        message.is_mover
    }

    /// Decodes the next part of the message that came.
    #[inline]
    pub(super) fn next(&mut self, part: &mut Part) -> bool {
        let (at, received) = self.open;
        let (message, bytes) = self.stream.get(at);
        let origin = Origin { received, rest: message.rest, tag: &message.tag };
        let frame = Frame { bytes, origin, table: &self.stream.table };
        self.decoder.next(&frame, part) == Next::Part
    }

    /// Messages that could not be read.
    pub(super) fn malformed(&self) -> u64 {
        self.decoder.counts().malformed
    }
}
