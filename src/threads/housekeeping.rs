//! Off the hot threads: the next segment is made, the last one cut, what is written is synced, and
//! the follower reads it.

use super::agent::Agent;
use super::health::HealthSlot;
use crate::event::Health;
use crate::journal::follower::Follower;
use crate::journal::{JournalParams, Supply, SyncMode, Syncer};
use crate::logs::Log;
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
    /// Reads behind the writer and writes the snapshots, if the run keeps any.
    pub follower: Option<Follower>,
    /// Where it is told; tests may do without.
    pub log: Option<Log>,
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
        let work = self.keeping.supply.work()? + self.follow(RECORDS_A_TURN);
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

/// Records that the follower takes in a turn: a millisecond, so that a sync is not late for it.
const RECORDS_A_TURN: usize = 1024;
/// How long it may catch up at the end of a run; a snapshot of the end is none that is needed.
const CATCH_UP: Duration = Duration::from_secs(2);

impl Housekeeping {
    /// Lets the follower go on; how much it did. Its end is no end of the run: the journal stands.
    fn follow(&mut self, most: usize) -> usize {
        let Keeping { syncer, params, follower: Some(follower), .. } = &mut self.keeping else {
            return 0;
        };
        let written = syncer.written();
        // Where nothing is synced in between, it is synced for the snapshot.
        let is_synced = params.sync != SyncMode::Process;
        let upto = if is_synced { written.synced() } else { written.sequence() };
        if !is_synced && follower.is_due() && syncer.sync().is_err() {
            // The next sync says so.
            return 0;
        }
        let done = follower.work(upto, most);
        let difference = follower.take_difference();
        if let Some(difference) = difference {
            self.health.set(Health::CORE_DIFFERS, true);
            self.error("decided_otherwise", format!("SYSTEM_ERROR: {difference}"));
        }
        done.unwrap_or_else(|error| {
            self.error("follower_ended", format!("SYSTEM_ERROR: {error}"));
            self.keeping.follower = None;
            0
        })
    }

    /// Reads to the journal's end and writes the last snapshot, if that does not take long.
    fn finish(&mut self) {
        let begun = Instant::now();
        while self.follow(RECORDS_A_TURN) > 0 {
            if begun.elapsed() > CATCH_UP {
                return;
            }
        }
        let Some(follower) = &mut self.keeping.follower else { return };
        if let Err(error) = follower.finish() {
            self.error("snapshot", format!("SYSTEM_ERROR: {error}"));
        }
    }

    fn error(&self, event: &'static str, text: String) {
        if let Some(log) = &self.keeping.log {
            log.error(event, vec![("text", text.into())]);
        }
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
        if self.failure.is_none() {
            self.finish();
        }
    }
}
