//! Off the hot threads: the next segment is made, the last one cut, what is written is synced, the
//! sealed ones are packed and pruned, and the disk is watched.
//!
//! What is synced is read again by the follower: see `following`.
//!
//! Syncs come first: packing goes on in small steps between them. A sync or a segment that fails
//! ends the journal for good; what only concerns sealed segments does not.

mod following;

use super::agent::Agent;
use super::board::{JOURNAL_WORDS, JournalView};
use super::disk::{Disk, DiskSeen, Level};
use super::health::HealthSlot;
use super::view::Publisher;
use crate::event::Health;
use crate::journal::follower::Follower;
use crate::journal::reserve::{Reserve, is_full};
use crate::journal::sync::Tail;
use crate::journal::{Emergency, JournalParams, Keeper, PruneBound, Supply, SyncMode, Syncer};
use crate::logs::Log;
use following::Following;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What a journal's keeper is made of.
#[derive(Debug)]
pub struct Keeping {
    /// The data directory.
    pub directory: PathBuf,
    /// Makes and cuts segments.
    pub supply: Supply,
    /// Syncs what is written.
    pub syncer: Syncer,
    /// Packs and prunes what is sealed.
    pub keeper: Keeper,
    /// Up to where may be pruned: whoever keeps snapshots raises it.
    pub bound: PruneBound,
    /// What is saved when the journal is dead.
    pub emergency: Emergency,
    /// How large the journal may be, in bytes on the disk.
    pub bytes_max: u64,
    /// How often is synced, and whether at all.
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
    /// Nothing once the journal has failed.
    keeping: Option<Keeping>,
    synced: Synced,
    due: Instant,
    disk: Disk,
    seen: Option<DiskSeen>,
    /// All bytes written, and up to where they are counted.
    bytes: u64,
    tail: Tail,
    /// Whether sealed segments are still looked after.
    keeps: bool,
    health: HealthSlot,
    following: Following,
    view: Option<Publisher<JournalView, JOURNAL_WORDS>>,
}

impl Housekeeping {
    /// Begins now; with it the clock that tells how late it is.
    #[must_use]
    pub fn new(
        mut keeping: Keeping,
        health: HealthSlot,
        view: Option<Publisher<JournalView, JOURNAL_WORDS>>,
    ) -> (Self, Synced) {
        let synced = Synced { begun: Instant::now(), at: Arc::default() };
        let params = keeping.params;
        let (follower, log) = (keeping.follower.take(), keeping.log.take());
        let following = Following::new((follower, log), health.clone(), keeping.bound.clone());
        let housekeeping = Self {
            synced: synced.clone(),
            due: Instant::now(),
            disk: Disk::new(&keeping.directory, params.disk, params.segment_bytes),
            seen: None,
            bytes: 0,
            tail: keeping.syncer.written().tail(),
            keeps: true,
            health,
            following,
            view,
            keeping: Some(keeping),
        };
        (housekeeping, synced)
    }

    fn work(&mut self, keeping: &mut Keeping) -> io::Result<usize> {
        let mut work = match keeping.supply.work() {
            // What is left of the segment at hand is for cancels and the halt.
            Err(error) if is_full(&error) => {
                self.health.set(Health::DISK_FULL, true);
                1
            }
            done => done?,
        };
        let followed = self.following.work(keeping);
        let now = Instant::now();
        if now >= self.due {
            self.due = now + Duration::from_nanos(keeping.params.sync_interval.0.unsigned_abs());
            self.sync(keeping)?;
            self.look(keeping, now)?;
            self.publish(keeping);
            work += 1;
        } else if work == 0 && self.keeps {
            work = keeping.keeper.work().unwrap_or_else(|error| {
                // Nothing that was written is lost by that, so the run goes on.
                eprintln!("pinnaclemm: sealed segments are not packed or pruned: {error}");
                self.keeps = false;
                0
            });
        }
        Ok(work + followed)
    }

    fn sync(&self, keeping: &mut Keeping) -> io::Result<()> {
        if keeping.params.sync == SyncMode::Process {
            keeping.syncer.populate();
            return Ok(());
        }
        // What is written from here on waits for the next one.
        let begun = self.synced.now();
        keeping.syncer.sync()?;
        self.synced.at.store(begun, Ordering::Relaxed);
        Ok(())
    }

    /// Looks at the disk, and raises what follows.
    fn look(&mut self, keeping: &Keeping, now: Instant) -> io::Result<()> {
        let tail = keeping.syncer.written().tail();
        let segment = keeping.params.segment_bytes;
        // The end of a segment that was left early counts as written: it was taken.
        let rolled = segment.saturating_mul(tail.segment - self.tail.segment);
        self.bytes =
            (self.bytes + rolled + tail.offset as u64).saturating_sub(self.tail.offset as u64);
        self.tail = tail;
        let Some(mut seen) = self.disk.look(now, self.bytes)? else { return Ok(()) };
        // What is pruned in time does not fill the disk.
        let grows = keeping.bytes_max.saturating_sub(keeping.keeper.bytes());
        if keeping.bound.get() > 0 && grows < seen.free && seen.level > Level::Good {
            seen = self.disk.without_rate(seen);
        }
        self.health.set(Health::DISK_LOW, seen.level >= Level::Stop);
        // A halt is an operator's to end, so it is not taken back.
        if seen.level == Level::Halt {
            self.health.set(Health::DISK_FULL, true);
        } else if seen.level == Level::Good
            && self.seen.is_some_and(|seen| seen.level != Level::Good)
        {
            self.health.set(Health::DISK_FULL, false);
            // It was given up, and there is room again; the next look tries again if not.
            Reserve::of(&keeping.directory).ensure().ok();
        }
        self.seen = Some(seen);
        Ok(())
    }

    fn publish(&mut self, keeping: &Keeping) {
        let Some(view) = &mut self.view else { return };
        let written = keeping.syncer.written();
        let (lsn_written, lsn_synced) = (written.sequence(), written.synced());
        let is_synced = lsn_synced >= lsn_written;
        let window = if is_synced { Duration::ZERO } else { self.synced.age() };
        let bytes_per_hour = self.seen.map_or(0, |seen| seen.bytes_per_hour);
        let followed = self.following.followed();
        view.publish(&JournalView {
            lsn_written,
            lsn_synced,
            lsn_sent: written.sent(),
            loss_window_ms: u64::try_from(window.as_millis()).unwrap_or(u64::MAX),
            bytes_per_hour,
            retention_hours: keeping.bytes_max.checked_div(bytes_per_hour).unwrap_or(0),
            bytes: keeping.keeper.bytes(),
            disk_free: self.seen.map_or(0, |seen| seen.free),
            minutes_left: self.seen.and_then(|seen| seen.minutes_left),
            disk: self.seen.map(|seen| seen.level),
            followed: followed.record(),
            snapshot: followed.snapshot(),
            differences: followed.differences(),
        });
    }
}

impl Agent for Housekeeping {
    fn name(&self) -> &'static str {
        "housekeeping"
    }

    fn do_work(&mut self) -> usize {
        let Some(mut keeping) = self.keeping.take() else { return 0 };
        match self.work(&mut keeping) {
            Ok(work) => {
                self.keeping = Some(keeping);
                work
            }
            Err(error) => {
                // The supply ends with it, so that nobody waits for a segment from here.
                eprintln!("pinnaclemm: the journal cannot be kept: {error}");
                self.health.fail(&error.to_string());
                0
            }
        }
    }

    fn on_close(&mut self) {
        self.due = Instant::now();
        self.do_work();
        if let Some(keeping) = &mut self.keeping {
            self.following.finish(keeping);
        }
    }
}
