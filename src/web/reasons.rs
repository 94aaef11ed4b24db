//! Why a run is not ready, or not alive: the one place where these names are made.
//!
//! Log, API, metrics, dashboard and `doctor` show what is made here.

use super::state::{State, ThreadState};
use crate::event::{BreakerState, Health, TradingState};
use std::time::{Duration, Instant};

/// A thread on the way, or the web itself, that has not turned for so long is not alive.
const TURN_WITHIN: Duration = Duration::from_secs(5);
/// A start that has not moved for so long is stuck.
pub const PROGRESS_WITHIN: Duration = Duration::from_secs(30);

/// Why nothing grows: empty when it is ready.
#[must_use]
pub fn readiness(state: &State) -> Vec<String> {
    let mut reasons = Vec::new();
    let account = &state.account;
    if account.state == TradingState::Halted {
        reasons.push(format!("halted:{}", account.reason.name()));
    }
    if state.breaker.seen.state == BreakerState::Open {
        reasons.push(format!("breaker_open:{}", state.breaker.seen.trigger.name()));
    }
    reasons.extend(state.starved.iter().map(|name| format!("starved:{name}")));
    for one in &state.instruments {
        if let Some(stale) = one.stale {
            reasons.push(format!("book_stale:{}:{}", one.instrument.symbol, stale.name()));
        }
    }
    for (condition, name) in Health::ALL {
        if state.health.0 & condition.0 != 0 {
            reasons.push(format!("unhealthy:{name}"));
        }
    }
    reasons
}

/// When each thread turned last, as far as we have looked.
#[derive(Debug, Default)]
pub struct Pulse(Vec<(&'static str, u64, Instant)>);

impl Pulse {
    /// Takes note of the turns.
    pub fn look(&mut self, threads: &[ThreadState], now: Instant) {
        for thread in threads {
            match self.0.iter_mut().find(|(name, ..)| *name == thread.name) {
                Some((_, turns, _)) if *turns == thread.turns => {}
                Some(known) => *known = (thread.name, thread.turns, now),
                None => self.0.push((thread.name, thread.turns, now)),
            }
        }
    }

    /// How long ago that thread turned.
    #[must_use]
    pub fn age(&self, name: &str, now: Instant) -> Option<Duration> {
        let known = self.0.iter().find(|(known, ..)| *known == name)?;
        Some(now.duration_since(known.2))
    }

    /// Which of the threads that keep it alive have not turned.
    #[must_use]
    pub fn liveness(&self, threads: &[ThreadState], now: Instant) -> Vec<String> {
        let late = |thread: &&ThreadState| {
            thread.is_vital && self.age(thread.name, now).is_some_and(|age| age > TURN_WITHIN)
        };
        threads.iter().filter(late).map(|thread| format!("stalled:{}", thread.name)).collect()
    }
}
