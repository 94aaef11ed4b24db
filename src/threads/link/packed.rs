//! A packed file as market data, on its own time.

use crate::event::Part;
use crate::types::Nanos;
use crate::venue::recorded::{PackedError, PackedReader};

/// Events that were decoded before.
#[derive(Debug)]
pub struct Packed {
    reader: PackedReader,
    /// The event that is not handed on yet.
    next: Part,
    waiting: bool,
    ended: bool,
    latest: Nanos,
    failure: Option<PackedError>,
}

impl Packed {
    /// Plays from where the reader stands.
    #[must_use]
    pub fn new(reader: PackedReader) -> Self {
        Self {
            reader,
            next: Part::empty(),
            waiting: false,
            ended: false,
            latest: Nanos::UNKNOWN,
            failure: None,
        }
    }

    /// Why it ended before the end, if it did; said once.
    pub const fn take_failure(&mut self) -> Option<PackedError> {
        self.failure.take()
    }

    /// How many events were read.
    #[must_use]
    pub const fn events(&self) -> u64 {
        self.reader.totals().events
    }

    #[inline]
    pub(super) fn due(&mut self) -> Option<Nanos> {
        if !self.waiting && !self.ended {
            match self.reader.advance() {
                Ok(Some((event, levels))) => {
                    self.next.set(event, levels);
                    self.latest = self.latest.max(event.received);
                    self.waiting = true;
                }
                Ok(None) => self.ended = true,
                Err(error) => {
                    self.failure = Some(error);
                    self.ended = true;
                }
            }
        }
        (!self.ended).then_some(self.latest)
    }

    #[inline]
    pub(super) fn hear(&mut self, now: Nanos, part: &mut Part) -> bool {
        if self.due().is_none_or(|due| due > now) {
            return false;
        }
        self.waiting = false;
        // The one who hears gets the event, and gives the place for the next one.
        std::mem::swap(part, &mut self.next);
        part.event.sequence = 0;
        true
    }

    pub(super) const fn is_finished(&self) -> bool {
        self.ended
    }
}
