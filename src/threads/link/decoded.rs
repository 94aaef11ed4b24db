//! A recording decoded once into memory, played by many runs at a time.

use super::Market;
use crate::event::{Event, Level, Part};
use crate::types::Nanos;
use std::sync::Arc;

/// The events of a recording in the order and at the times at which a run hears them.
#[derive(Debug, Default)]
pub struct Events {
    events: Vec<Event>,
    /// Those of all events, one behind the other.
    levels: Vec<Level>,
}

impl Events {
    /// Everything that the market says; nothing if it takes more than so many bytes.
    ///
    /// # Errors
    /// Why it ended before its end.
    pub fn read(mut market: Market, bytes_max: usize) -> Result<Option<Self>, String> {
        let mut all = Self::default();
        let mut part = Part::empty();
        while let Some(due) = market.due() {
            if !market.hear(due, &mut part) {
                continue;
            }
            all.events.push(Event { received: due, ..part.event });
            all.levels.extend_from_slice(part.levels());
            let bytes = size_of_val(&all.events[..]) + size_of_val(&all.levels[..]);
            if bytes > bytes_max {
                return Ok(None);
            }
        }
        // What of it could not be read is told by the runs' survey, which has read it before.
        market.end().failure.map_or(Ok(Some(all)), Err)
    }
}

/// One run's place in the events.
#[derive(Debug)]
pub struct Decoded {
    all: Arc<Events>,
    event: usize,
    level: usize,
    /// Somebody has asked for the next one, and there is none.
    ended: bool,
}

impl Decoded {
    /// From the beginning.
    #[must_use]
    pub const fn new(all: Arc<Events>) -> Self {
        Self { all, event: 0, level: 0, ended: false }
    }

    #[inline]
    pub(super) fn due(&mut self) -> Option<Nanos> {
        let next = self.all.events.get(self.event).map(|event| event.received);
        // Said as late as a recording says it, so that both runs end with the same input.
        self.ended |= next.is_none();
        next
    }

    #[inline]
    pub(super) fn hear(&mut self, now: Nanos, part: &mut Part) -> bool {
        let Some(event) = self.all.events.get(self.event).filter(|event| event.received <= now)
        else {
            return false;
        };
        let end = self.level + event.level_count();
        part.set(event, &self.all.levels[self.level..end]);
        (self.event, self.level) = (self.event + 1, end);
        true
    }

    pub(super) const fn is_finished(&self) -> bool {
        self.ended
    }
}
