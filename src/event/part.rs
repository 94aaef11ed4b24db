//! A part in memory: an event and room for the most levels it can have.

use super::{Body, Event, Level, PART_LEVELS_MAX};
use crate::types::{InstrumentId, Nanos};

/// An event and the levels behind it.
#[derive(Clone, Debug)]
pub struct Part {
    /// The head.
    pub event: Event,
    levels: [Level; PART_LEVELS_MAX],
}

impl Part {
    /// A part to decode into; it says nothing yet.
    #[must_use]
    pub fn empty() -> Self {
        let event = Event {
            sequence: 0,
            received: Nanos::UNKNOWN,
            venue_time: Nanos::UNKNOWN,
            instrument: InstrumentId::ALL,
            body: Body::Ignored,
        };
        Self { event, levels: [Level::default(); PART_LEVELS_MAX] }
    }

    /// The levels that belong to the event.
    #[inline]
    #[must_use]
    pub fn levels(&self) -> &[Level] {
        &self.levels[..self.event.level_count()]
    }

    /// All places for levels; how many count is the event's to say.
    #[inline]
    pub fn places(&mut self) -> &mut [Level; PART_LEVELS_MAX] {
        &mut self.levels
    }

    /// Takes over an event and its levels.
    pub fn set(&mut self, event: &Event, levels: &[Level]) {
        self.event = *event;
        self.levels[..levels.len()].copy_from_slice(levels);
    }
}
