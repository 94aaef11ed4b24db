//! Off the hot threads: the next segment is made, the last one cut, and what is written is synced.

use super::agent::Agent;
use super::health::HealthSlot;
use crate::event::Health;
use crate::journal::{JournalParams, Supply, SyncMode, Syncer};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What a journal's keeper is made of.
#[derive(Debug)]
pub struct Keeping {
    /// Makes and cuts segments.
    pub supply: Supply,
    /// Syncs what is written.
    pub syncer: Syncer,
    /// How often, and whether at all.
    pub params: JournalParams,
}

/// When everything written was last synced, for whoever watches over it.
#[derive(Clone, Debug)]
pub struct Synced {
    begun: Instant,
    /// Milliseconds since `begun`.
    at: Arc<AtomicU64>,
}

impl Synced {
    fn now(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// How long ago.
    #[must_use]
    pub fn age(&self) -> Duration {
        Duration::from_millis(self.now().saturating_sub(self.at.load(Ordering::Relaxed)))
    }
}

/// Keeps a journal.
#[derive(Debug)]
pub struct Housekeeping {
    keeping: Keeping,
    synced: Synced,
    due: Instant,
    health: HealthSlot,
    failure: Option<io::Error>,
}

impl Housekeeping {
    /// Begins now; with it the clock that tells how late it is.
    #[must_use]
    pub fn new(keeping: Keeping, health: HealthSlot) -> (Self, Synced) {
        let synced = Synced { begun: Instant::now(), at: Arc::default() };
        let due = Instant::now();
        (Self { keeping, synced: synced.clone(), due, health, failure: None }, synced)
    }

    fn work(&mut self) -> io::Result<usize> {
        let work = self.keeping.supply.work()?;
        let now = Instant::now();
        if self.keeping.params.sync != SyncMode::Batch || now < self.due {
            return Ok(work);
        }
        let interval = self.keeping.params.sync_interval.0.unsigned_abs();
        self.due = now + Duration::from_nanos(interval);
        // What is written from here on waits for the next one.
        let begun = self.synced.now();
        self.keeping.syncer.sync()?;
        self.synced.at.store(begun, Ordering::Relaxed);
        Ok(work + 1)
    }
}

impl Agent for Housekeeping {
    fn name(&self) -> &'static str {
        "housekeeping"
    }

    fn do_work(&mut self) -> usize {
        if self.failure.is_some() {
            return 0;
        }
        match self.work() {
            Ok(work) => work,
            Err(error) => {
                eprintln!("pinnaclemm: the journal cannot be kept: {error}");
                self.health.set(Health::WRITE_FAILED, true);
                self.failure = Some(error);
                0
            }
        }
    }

    fn on_close(&mut self) {
        self.due = Instant::now();
        self.do_work();
    }
}
