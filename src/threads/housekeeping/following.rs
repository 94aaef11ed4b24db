//! The follower's turns: it reads what is synced, writes the snapshots, and says what differs.
//!
//! Whatever becomes of it, the journal stands: a follower that fails ends alone. A full disk is no
//! failure of it; the next snapshot is tried when it is due.

use super::Keeping;
use crate::event::Health;
use crate::journal::follower::{FollowError, Followed, Follower};
use crate::journal::reserve::is_full;
use crate::journal::{PruneBound, SyncMode};
use crate::logs::Log;
use crate::threads::health::HealthSlot;
use std::time::{Duration, Instant};

/// Records that the follower takes in a turn: a millisecond, so that a sync is not late for it.
const RECORDS_A_TURN: usize = 1024;
/// How long it may catch up at the end of a run: without a snapshot of the end the next start reads
/// on from the one before.
const CATCH_UP: Duration = Duration::from_secs(2);

/// A follower, if the run keeps one, and who is told.
#[derive(Debug)]
pub(super) struct Following {
    follower: Option<Follower>,
    log: Option<Log>,
    health: HealthSlot,
    bound: PruneBound,
    followed: Followed,
}

impl Following {
    pub(super) fn new(
        (follower, log): (Option<Follower>, Option<Log>),
        health: HealthSlot,
        bound: PruneBound,
    ) -> Self {
        let followed = follower.as_ref().map(Follower::followed).unwrap_or_default();
        Self { follower, log, health, bound, followed }
    }

    /// How far it is.
    pub(super) const fn followed(&self) -> &Followed {
        &self.followed
    }

    /// Lets it go on; how many records it has read.
    pub(super) fn work(&mut self, keeping: &mut Keeping) -> usize {
        let Some(follower) = &mut self.follower else { return 0 };
        let written = keeping.syncer.written();
        // Where nothing is synced in between, it is synced for the snapshot.
        let is_synced = keeping.params.sync != SyncMode::Process;
        let upto = if is_synced { written.synced() } else { written.sequence() };
        if !is_synced && follower.is_due() && keeping.syncer.sync().is_err() {
            // The next sync says so.
            return 0;
        }
        let done = follower.work(upto, RECORDS_A_TURN);
        if let Some(difference) = follower.take_difference() {
            self.health.set(Health::CORE_DIFFERS, true);
            self.error("decided_otherwise", format!("SYSTEM_ERROR: {difference}"));
        }
        self.bound.raise(self.followed.oldest());
        done.unwrap_or_else(|error| {
            self.failed(&error);
            0
        })
    }

    /// Reads to the journal's end and writes the last snapshot, if that does not take long.
    pub(super) fn finish(&mut self, keeping: &mut Keeping) {
        let begun = Instant::now();
        while self.work(keeping) > 0 {
            if begun.elapsed() > CATCH_UP {
                return;
            }
        }
        if let Some(Err(error)) = self.follower.as_mut().map(Follower::finish) {
            self.failed(&error);
        }
    }

    fn failed(&mut self, error: &FollowError) {
        if let FollowError::Snapshot(cause) = error
            && is_full(cause)
        {
            self.error("snapshot", format!("{error}: it is tried again"));
            return;
        }
        self.error("follower_ended", format!("SYSTEM_ERROR: {error}"));
        self.follower = None;
    }

    fn error(&self, event: &'static str, text: String) {
        if let Some(log) = &self.log {
            log.error(event, vec![("text", text.into())]);
        }
    }
}
