//! A packed file as market data, on its own time.

use crate::event::Part;
use crate::types::Nanos;
use crate::venue::recorded::{PackedError, PackedReader};

/// Events that were decoded before.
#[derive(Debug)]
pub struct Packed {
    reader: PackedReader,
    /// When the next event was received, once that was looked at.
    next: Option<Nanos>,
    ended: bool,
    latest: Nanos,
    failure: Option<PackedError>,
}

impl Packed {
    /// Plays from where the reader stands.
    #[must_use]
    pub fn new(reader: PackedReader) -> Self {
        Self { reader, next: None, ended: false, latest: Nanos::UNKNOWN, failure: None }
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
        if self.next.is_none() && !self.ended {
            match self.reader.due() {
                Ok(Some(received)) => {
                    self.latest = self.latest.max(received);
                    self.next = Some(self.latest);
                }
                Ok(None) => self.ended = true,
                Err(error) => self.fail(error),
            }
        }
        self.next
    }

    #[inline]
    pub(super) fn hear(&mut self, now: Nanos, part: &mut Part) -> bool {
        if self.due().is_none_or(|due| due > now) {
            return false;
        }
        self.next = None;
        match self.reader.take(part) {
            Ok(is_there) => {
                part.event.sequence = 0;
                is_there
            }
            Err(error) => {
                self.fail(error);
                false
            }
        }
    }

    #[cold]
    fn fail(&mut self, error: PackedError) {
        self.failure = Some(error);
        self.ended = true;
    }

    pub(super) const fn is_finished(&self) -> bool {
        self.ended
    }
}
