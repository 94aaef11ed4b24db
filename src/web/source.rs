//! What the web asks of the engine: a look, the trades since the last look, and commands.
//!
//! Who answers, and from which thread, is not known here.

use super::commands::Commander;
use super::state::{Facts, FillState, State, ThreadState};
use crate::alerts::Alerts;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// A run that can be looked at.
pub trait Source: Send {
    /// How it is now.
    fn look(&mut self) -> State;
    /// Trades since the last time.
    fn fills(&mut self, add: &mut dyn FnMut(FillState));
    /// Trades that had no room until they were asked for.
    fn fills_lost(&self) -> u64;
    /// What each thread has done.
    fn threads(&self) -> Vec<ThreadState>;
    /// The book of alerts; nothing where none is kept.
    fn alerts(&self) -> Option<&Alerts>;
    /// Who carries commands into the core; nothing where it takes none.
    fn commander(&self) -> Option<Arc<dyn Commander>>;
    /// What does not change.
    fn facts(&self) -> &Facts;
}

/// How far a start has come: said by those who start, read by the probes. Copies are the same.
#[derive(Clone, Debug)]
pub struct Progress(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    phase: Mutex<&'static str>,
    permille: AtomicU64,
    begun: Instant,
    /// Milliseconds since the begin at which something moved last.
    moved: AtomicU64,
    /// Why the process is held, if it is.
    held: OnceLock<&'static str>,
}

impl Default for Progress {
    fn default() -> Self {
        Self(Arc::new(Inner {
            phase: Mutex::new("starting"),
            permille: AtomicU64::new(0),
            begun: Instant::now(),
            moved: AtomicU64::new(0),
            held: OnceLock::new(),
        }))
    }
}

impl Progress {
    /// A phase begins.
    pub fn phase(&self, name: &'static str) {
        *self.0.phase.lock().unwrap_or_else(PoisonError::into_inner) = name;
        self.0.permille.store(0, Ordering::Relaxed);
        self.touch();
    }

    /// So much of the phase is done, out of so much.
    pub fn done(&self, part: u64, whole: u64) {
        let permille = part.saturating_mul(1000).checked_div(whole).unwrap_or(1000).min(1000);
        if self.0.permille.swap(permille, Ordering::Relaxed) != permille {
            self.touch();
        }
    }

    /// Something has moved.
    pub fn touch(&self) {
        let now = u64::try_from(self.0.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.0.moved.store(now, Ordering::Relaxed);
    }

    /// The process stays up although nothing runs, for a reason of that stable name.
    pub fn hold(&self, reason: &'static str) {
        self.0.held.get_or_init(|| reason);
    }

    /// Why it is held, if it is.
    #[must_use]
    pub fn held(&self) -> Option<&'static str> {
        self.0.held.get().copied()
    }

    /// The phase, and how much of it is done in percent.
    #[must_use]
    pub fn get(&self) -> (&'static str, f64) {
        let phase = *self.0.phase.lock().unwrap_or_else(PoisonError::into_inner);
        let permille = u16::try_from(self.0.permille.load(Ordering::Relaxed)).unwrap_or(1000);
        (phase, f64::from(permille) / 10.0)
    }

    /// How long nothing has moved.
    #[must_use]
    pub fn still_for(&self) -> Duration {
        let moved = Duration::from_millis(self.0.moved.load(Ordering::Relaxed));
        self.0.begun.elapsed().saturating_sub(moved)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_told_in_percent_and_only_what_moves_moves_it() {
        let progress = Progress::default();
        progress.phase("replaying the journal");
        progress.done(1, 8);
        assert_eq!(progress.get(), ("replaying the journal", 12.5));
        std::thread::sleep(Duration::from_millis(30));
        progress.done(1, 8);
        assert!(progress.still_for() >= Duration::from_millis(25));
        progress.done(2, 8);
        assert!(progress.still_for() < Duration::from_millis(25));
        progress.done(5, 0);
        assert_eq!(progress.get().1, 100.0);
    }
}
