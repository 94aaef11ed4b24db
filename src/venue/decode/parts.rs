//! The parts of one message as the general reading finds them.
//!
//! Levels are cut into parts exactly where the hand scanners cut them, so that the two readings of
//! a message can be compared, and one can go on where the other stopped.

use crate::event::{Body, Event, Level, Levels, PART_LEVELS_MAX, Stale};
use crate::types::{InstrumentId, Nanos, Symbol};

/// A reused list of events with their levels.
#[derive(Debug)]
pub struct Parts {
    events: Vec<(Event, usize)>,
    levels: Vec<Level>,
    received: Nanos,
    unknown_symbol: Option<Symbol>,
}

impl Parts {
    pub(super) fn new() -> Self {
        Self {
            events: Vec::with_capacity(64),
            levels: Vec::with_capacity(1024),
            received: Nanos::UNKNOWN,
            unknown_symbol: None,
        }
    }

    pub(super) fn clear(&mut self, received: Nanos) {
        self.events.clear();
        self.levels.clear();
        self.received = received;
        self.unknown_symbol = None;
    }

    pub(super) fn get(&self, at: usize) -> Option<(&Event, &[Level])> {
        let (event, first) = self.events.get(at)?;
        Some((event, &self.levels[*first..][..event.level_count()]))
    }

    pub(super) fn fault(&mut self, instrument: InstrumentId, stale: Stale) {
        self.event(instrument, Nanos::UNKNOWN, Body::Fault(stale));
    }

    /// Notes the name of a symbol that is not in the table.
    pub fn note_unknown(&mut self, symbol: &[u8]) {
        self.unknown_symbol = Symbol::new(symbol).ok();
    }

    pub(super) fn unknown_symbol(&self) -> Option<Symbol> {
        self.unknown_symbol
    }

    /// Adds an event that no level follows.
    pub fn event(&mut self, instrument: InstrumentId, venue_time: Nanos, body: Body) {
        let event = Event { sequence: 0, received: self.received, venue_time, instrument, body };
        self.events.push((event, self.levels.len()));
    }

    /// Adds an event that one level follows.
    pub fn order(&mut self, instrument: InstrumentId, venue_time: Nanos, body: Body, level: Level) {
        self.event(instrument, venue_time, body);
        self.levels.push(level);
    }

    /// Begins a message of levels; `head` gives shape, `follows` and `id`.
    pub fn open(&mut self, instrument: InstrumentId, head: Levels) {
        let first = Levels { first: true, last: false, count: 0, checksum: None, ..head };
        self.event(instrument, Nanos::UNKNOWN, Body::Levels(first));
    }

    /// Adds a level to the message that is open.
    ///
    /// # Panics
    /// None is open: our own fault.
    pub fn level(&mut self, level: Level) {
        let (event, _) = self.events.last_mut().expect("a message of levels is open");
        let Body::Levels(levels) = &mut event.body else {
            panic!("a level outside a message of levels");
        };
        if usize::from(levels.count) < PART_LEVELS_MAX {
            levels.count += 1;
        } else {
            let next = Levels { first: false, count: 1, ..*levels };
            let event = Event { body: Body::Levels(next), ..*event };
            self.events.push((event, self.levels.len()));
        }
        self.levels.push(level);
    }

    /// Ends the message of levels: the stamp and the checksum stand on its last part.
    ///
    /// # Panics
    /// None is open: our own fault.
    pub fn close(&mut self, venue_time: Nanos, checksum: Option<crate::event::Checksum>) {
        let (event, _) = self.events.last_mut().expect("a message of levels is open");
        let Body::Levels(levels) = &mut event.body else {
            panic!("no message of levels is open");
        };
        levels.last = true;
        levels.checksum = checksum;
        event.venue_time = venue_time;
    }
}
