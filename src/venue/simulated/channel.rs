//! A way with a delay: what goes in comes out later, in the same order.

use super::chance::Chance;
use super::params::LatencyParams;
use crate::event::{Event, Level, Part};
use crate::types::Nanos;
use std::collections::VecDeque;

/// When something that sets out now arrives.
#[derive(Debug)]
pub(super) struct Delay {
    params: LatencyParams,
    chance: Chance,
    last: Nanos,
}

impl Delay {
    /// No message is on its way yet.
    #[must_use]
    pub(super) const fn new(params: LatencyParams, chance: Chance) -> Self {
        Self { params, chance, last: Nanos(i64::MIN) }
    }

    /// When what sets out at `at` arrives: never before what set out earlier.
    #[inline]
    pub(super) fn arrival(&mut self, at: Nanos) -> Nanos {
        let way = self.params.fixed.0 + self.chance.span(self.params.jitter.0);
        self.last = self.last.max(Nanos(at.0 + way));
        self.last
    }

    /// Nothing that sets out from here on arrives before that time.
    pub(super) fn hold(&mut self, until: Nanos) {
        self.last = self.last.max(until);
    }

    /// Nothing is on its way any more: what sets out from here on waits for nobody.
    pub(super) fn release(&mut self, now: Nanos) {
        self.last = self.last.min(now);
    }
}

/// Events and their levels on their way to us.
#[derive(Debug, Default)]
pub(super) struct Channel {
    events: VecDeque<Event>,
    levels: VecDeque<Level>,
}

impl Channel {
    /// Sends an event, whose `received` says when it arrives, and its levels.
    #[inline]
    pub(super) fn push(&mut self, event: &Event, levels: &[Level]) {
        debug_assert_eq!(event.level_count(), levels.len());
        self.events.push_back(*event);
        self.levels.extend(levels);
    }

    /// When the next one arrives; never where there is none.
    #[inline]
    #[must_use]
    pub(super) fn due(&self) -> Nanos {
        self.events.front().map_or(Nanos(i64::MAX), |event| event.received)
    }

    /// Takes the next one out.
    #[inline]
    pub(super) fn pop(&mut self, part: &mut Part) -> bool {
        let Some(event) = self.events.pop_front() else { return false };
        part.event = event;
        for place in &mut part.places()[..event.level_count()] {
            *place = self.levels.pop_front().expect("pushed with their event");
        }
        true
    }

    /// Loses everything that would arrive after that time, the last first; what it lost is told
    /// with the first of its levels.
    pub(super) fn lose_after(&mut self, now: Nanos, mut lost: impl FnMut(Event, Level)) {
        while let Some(event) = self.events.back().copied()
            && event.received > now
        {
            self.events.pop_back();
            let kept = self.levels.len() - event.level_count();
            lost(event, self.levels.get(kept).copied().unwrap_or_default());
            self.levels.truncate(kept);
        }
    }
}
