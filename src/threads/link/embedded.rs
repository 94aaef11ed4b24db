//! The embedded venue with the one habit that a live session has too: it comes back.

use super::Wish;
use crate::engine::risk::OrderRequest;
use crate::event::Part;
use crate::types::{InstrumentId, Nanos};
use crate::venue::simulated::{Simulated, TruthError};

/// Between a lost connection and each attempt at the next, and between two snapshots of a book.
const RETRY: Nanos = Nanos::from_millis(100);

/// What the venue is given to cancel everything, in its own time.
const CANCELLED_WITHIN: Nanos = Nanos::from_millis(1000);

/// The embedded venue and when to connect to it again.
#[derive(Debug)]
pub struct Embedded {
    venue: Simulated,
    /// Set while there is no connection.
    retry_at: Option<Nanos>,
    /// By instrument: when its last snapshot was asked for, and whether another one is wanted.
    resyncs: Vec<(Nanos, bool)>,
}

impl Embedded {
    /// A connection to that venue.
    #[must_use]
    pub const fn new(venue: Simulated) -> Self {
        Self { venue, retry_at: None, resyncs: Vec::new() }
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
        if self.resync_due().is_some_and(|due| due <= now) {
            self.resync(now);
        }
        let has_heard = self.venue.hear(now, part);
        if self.retry_at.is_none() && !self.venue.is_connected() {
            self.retry_at = Some(Nanos(now.0 + RETRY.0));
        }
        has_heard
    }

    #[inline]
    pub(super) fn due(&self) -> Option<Nanos> {
        [self.venue.due(), self.retry_at, self.resync_due()].into_iter().flatten().min()
    }

    /// When the next snapshot may be asked for, if one is wanted.
    fn resync_due(&self) -> Option<Nanos> {
        let wanted = self.resyncs.iter().filter(|(_, is_wanted)| *is_wanted);
        wanted.map(|(at, _)| Nanos(at.0.saturating_add(RETRY.0))).min()
    }

    /// Asks for the snapshots that are due.
    fn resync(&mut self, now: Nanos) {
        for (place, (at, is_wanted)) in (0_u16..).zip(&mut self.resyncs) {
            if *is_wanted && at.0.saturating_add(RETRY.0) <= now.0 {
                (*at, *is_wanted) = (now, false);
                // Without a connection none comes; the next one begins with them.
                self.venue.resync(InstrumentId(place), now);
            }
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
                let known = self.resyncs.len().max(instrument.index() + 1);
                self.resyncs.resize(known, (Nanos(i64::MIN), false));
                self.resyncs[instrument.index()].1 = true;
                self.resync(now);
            }
            Wish::Reconnect => _ = self.venue.reconnect(now),
            Wish::Synced(instrument) => {
                if let Some((_, is_wanted)) = self.resyncs.get_mut(instrument.index()) {
                    *is_wanted = false;
                }
            }
        }
    }
}
