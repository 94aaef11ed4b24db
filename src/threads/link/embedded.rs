//! The embedded venue with the one habit that a live session has too: it comes back.

use super::Wish;
use super::resyncs::Resyncs;
use crate::engine::risk::OrderRequest;
use crate::event::Part;
use crate::types::Nanos;
use crate::venue::simulated::{Simulated, TruthError};

/// Between a lost connection and each attempt at the next.
const RETRY: Nanos = Nanos::from_millis(100);

/// What the venue is given to cancel everything, in its own time.
const CANCELLED_WITHIN: Nanos = Nanos::from_millis(1000);

/// The embedded venue and when to connect to it again.
#[derive(Debug)]
pub struct Embedded {
    venue: Simulated,
    /// Set while there is no connection.
    retry_at: Option<Nanos>,
    resyncs: Resyncs,
}

impl Embedded {
    /// A connection to that venue.
    #[must_use]
    pub fn new(venue: Simulated) -> Self {
        Self { venue, retry_at: None, resyncs: Resyncs::default() }
    }

    /// Writes and syncs what the venue knows.
    ///
    /// # Errors
    /// It cannot be written, or could not be before.
    pub fn persist(&mut self) -> Result<(), TruthError> {
        self.venue.persist()
    }

    #[inline]
    pub(super) fn hear(&mut self, now: Nanos, part: &mut Part) -> bool {
        if self.retry_at.is_some_and(|at| at <= now) {
            self.retry_at = None;
            self.venue.reconnect(now);
        }
        self.resync(now);
        let has_heard = self.venue.hear(now, part);
        if self.retry_at.is_none() && !self.venue.is_connected() {
            self.retry_at = Some(Nanos(now.0 + RETRY.0));
        }
        has_heard
    }

    #[inline]
    pub(super) fn due(&self) -> Option<Nanos> {
        Nanos::earlier(self.venue.due(), Nanos::earlier(self.retry_at, self.resyncs.due()))
    }

    /// Asks for the snapshots that are due. Without a connection none comes; the next one begins
    /// with them.
    fn resync(&mut self, now: Nanos) {
        while let Some(instrument) = self.resyncs.take(now) {
            self.venue.resync(instrument, now);
        }
    }

    pub(super) fn send(&mut self, request: &OrderRequest, now: Nanos) -> bool {
        self.venue.send(request, now)
    }

    /// Cancels everything, and gives the venue the time to do so: this process is about to end, and
    /// the venue with it. Nobody hears what it answers.
    pub(super) fn cancel_all(&mut self, now: Nanos) -> bool {
        if !self.venue.is_connected() {
            self.venue.reconnect(now);
        }
        let has_left = self.venue.cancel_all(now);
        let until = Nanos(now.0.saturating_add(CANCELLED_WITHIN.0));
        let mut part = Part::empty();
        while let Some(due) = self.venue.due().filter(|due| *due <= until) {
            self.venue.hear(due, &mut part);
        }
        has_left
    }

    pub(super) const fn venue(&mut self) -> &mut Simulated {
        &mut self.venue
    }

    pub(super) fn heed(&mut self, wish: Wish, now: Nanos) {
        match wish {
            Wish::Resync(instrument) => {
                self.resyncs.want(instrument);
                self.resync(now);
            }
            Wish::Reconnect => _ = self.venue.reconnect(now),
            Wish::Synced(instrument) => self.resyncs.synced(instrument),
        }
    }
}
