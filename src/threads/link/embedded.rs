//! The embedded venue with the one habit that a live session has too: it comes back.

use super::Wish;
use crate::engine::risk::OrderRequest;
use crate::event::Part;
use crate::types::Nanos;
use crate::venue::simulated::{Simulated, TruthError};

/// Between a lost connection and each attempt at the next.
const RETRY: Nanos = Nanos::from_millis(100);

/// The embedded venue and when to connect to it again.
#[derive(Debug)]
pub struct Embedded {
    venue: Simulated,
    /// Set while there is no connection.
    retry_at: Option<Nanos>,
}

impl Embedded {
    /// A connection to that venue.
    #[must_use]
    pub const fn new(venue: Simulated) -> Self {
        Self { venue, retry_at: None }
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
        let has_heard = self.venue.hear(now, part);
        if self.retry_at.is_none() && !self.venue.is_connected() {
            self.retry_at = Some(Nanos(now.0 + RETRY.0));
        }
        has_heard
    }

    #[inline]
    pub(super) fn due(&self) -> Option<Nanos> {
        [self.venue.due(), self.retry_at].into_iter().flatten().min()
    }

    pub(super) fn send(&mut self, request: &OrderRequest, now: Nanos) -> bool {
        self.venue.send(request, now)
    }

    pub(super) const fn venue(&mut self) -> &mut Simulated {
        &mut self.venue
    }

    pub(super) fn heed(&mut self, wish: Wish, now: Nanos) {
        match wish {
            Wish::Resync(instrument) => _ = self.venue.resync(instrument, now),
            Wish::Reconnect => _ = self.venue.reconnect(now),
            Wish::Synced(_) => {}
        }
    }
}
