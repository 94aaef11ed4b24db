//! Watches over the threads of a run, from the process's own: a late sync or a stalled agent stops
//! quoting by name.

use super::board::{HOLDING_WORDS, HoldingView};
use super::counters::Counts;
use super::crew::Crew;
use super::health::HealthSlot;
use super::housekeeping::Synced;
use super::latency::{LATENCY_WORDS, LatencyView};
use super::view::View;
use crate::config::ThreadName;
use crate::event::Health;
use crate::logs::Field;
use crate::types::Nanos;
use std::time::{Duration, Instant};

/// A hot thread that has not turned for so long has stalled.
const STALL: Duration = Duration::from_millis(500);
/// Requests that have to be measured before their latency is judged.
const REQUESTS_MIN: u64 = 1000;

/// What is watched, and what was seen last.
#[derive(Debug)]
pub struct Watch {
    health: HealthSlot,
    unsynced_max: Duration,
    synced: Option<Synced>,
    /// From inputs to requests, and how slow the slowest of a hundred may be.
    latency: Option<(View<LatencyView, LATENCY_WORDS>, Nanos)>,
    /// What is held here and there.
    holdings: Vec<View<HoldingView, HOLDING_WORDS>>,
    /// Turns of each thread, and since when they have not changed.
    turns: Vec<(ThreadName, u64, Instant)>,
}

impl Watch {
    /// Nothing was seen yet.
    #[must_use]
    pub const fn new(health: HealthSlot, unsynced_max: Nanos) -> Self {
        let unsynced_max = Duration::from_nanos(unsynced_max.0.unsigned_abs());
        Self {
            health,
            unsynced_max,
            synced: None,
            latency: None,
            holdings: Vec::new(),
            turns: Vec::new(),
        }
    }

    /// From now on a sync that is late stops quoting.
    pub fn watch_syncs(&mut self, synced: Synced) {
        self.synced = Some(synced);
    }

    /// From now on an engine that is slower than that trips the circuit breaker.
    pub fn watch_latency(&mut self, latency: View<LatencyView, LATENCY_WORDS>, max: Nanos) {
        self.latency = Some((latency, max));
    }

    /// From now on a position that is not the venue's stops quoting.
    pub fn watch_positions(&mut self, holdings: Vec<View<HoldingView, HOLDING_WORDS>>) {
        self.holdings = holdings;
    }

    /// Looks at everything once.
    pub fn look(&mut self, crew: &Crew) {
        if let Some(synced) = &self.synced {
            self.health.set(Health::SYNC_LATE, synced.age() > self.unsynced_max);
        }
        if let Some((latency, max)) = &self.latency {
            let seen = latency.read();
            let is_slow = seen.count >= REQUESTS_MIN && seen.p99 > max.0.unsigned_abs();
            self.health.set(Health::LATENCY_HIGH, is_slow);
        }
        let differs = self.holdings.iter().any(|held| held.read().there.differs());
        self.health.set(Health::POSITION_DIFFERS, differs);
        let now = Instant::now();
        let mut is_stalled = false;
        for (thread, counts) in crew.counts().filter(|(thread, _)| thread.is_hot()) {
            match self.turns.iter_mut().find(|(known, ..)| *known == thread) {
                Some((_, turns, since)) if *turns == counts.turns => {
                    is_stalled |= now.duration_since(*since) > STALL;
                }
                Some(known) => *known = (thread, counts.turns, now),
                None => self.turns.push((thread, counts.turns, now)),
            }
        }
        self.health.set(Health::AGENT_STALLED, is_stalled);
    }

    /// Whether the journal can no longer be kept.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.health.get().0 & Health::WRITE_FAILED.0 != 0
    }
}

/// What a thread has done, for the log.
#[must_use]
pub fn thread_fields(thread: ThreadName, counts: &Counts) -> Vec<Field> {
    vec![
        ("thread", thread.name().into()),
        ("turns", counts.turns.into()),
        ("work", counts.work.into()),
        ("duty", counts.duty().into()),
        ("turn_ns_max", counts.turn_ns_max.into()),
        ("stalls", counts.stalls.into()),
        ("rings_full", counts.rings_full.into()),
    ]
}
