//! What the thread that answers and the thread that keeps the connections share: off the path, so
//! locks are allowed, and each is held for a copy only.

use super::feed::Feed;
use super::history::History;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// What is counted of connections.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(usize)]
pub enum Count {
    /// Connections taken.
    Accepted = 0,
    /// Connections that gave way to younger ones before they had asked for anything.
    Evicted = 1,
    /// Requests that were refused before anybody looked at what they want.
    Refused = 2,
    /// Connections that did not send or take in time.
    TimedOut = 3,
    /// WebSocket clients taken.
    Clients = 4,
    /// WebSocket clients dropped because they did not take what they had asked for.
    SlowClients = 5,
    /// Connections open now.
    Open = 6,
    /// WebSocket clients open now.
    ClientsOpen = 7,
    /// Requests that were answered.
    Answered = 8,
}

const COUNTS: usize = 9;

/// Both threads have it.
#[derive(Debug)]
pub struct Shared {
    feed: Mutex<Arc<Feed>>,
    history: Mutex<History>,
    counts: [AtomicU64; COUNTS],
    begun: Instant,
    /// When the front last turned, in milliseconds since the begin.
    turned: AtomicU64,
}

impl Shared {
    /// Nothing has happened yet.
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            feed: Mutex::default(),
            history: Mutex::default(),
            counts: std::array::from_fn(|_| AtomicU64::new(0)),
            begun: Instant::now(),
            turned: AtomicU64::new(0),
        })
    }

    /// When both began.
    #[must_use]
    pub const fn begun(&self) -> Instant {
        self.begun
    }

    /// What is fed to clients now.
    #[must_use]
    pub fn feed(&self) -> Arc<Feed> {
        Arc::clone(&self.feed.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts a newer feed in its place.
    pub fn put_feed(&self, feed: Feed) {
        *self.feed.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(feed);
    }

    /// Does something with the history.
    pub fn history<T>(&self, with: impl FnOnce(&mut History) -> T) -> T {
        with(&mut self.history.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// One more.
    pub fn count(&self, of: Count) {
        self.counts[of as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// So many now.
    pub fn set(&self, of: Count, count: usize) {
        self.counts[of as usize].store(count as u64, Ordering::Relaxed);
    }

    /// How many.
    #[must_use]
    pub fn get(&self, of: Count) -> u64 {
        self.counts[of as usize].load(Ordering::Relaxed)
    }

    /// The front has turned.
    pub fn front_turned(&self) {
        self.turned.store(self.now_ms(), Ordering::Relaxed);
    }

    /// How long ago it did, in milliseconds.
    #[must_use]
    pub fn front_age_ms(&self) -> u64 {
        self.now_ms().saturating_sub(self.turned.load(Ordering::Relaxed))
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}
