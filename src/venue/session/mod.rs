//! A live session: one connection to a venue's public feed, kept up and subscribed.
//!
//! The caller turns it: `turn(now)` does what is due without blocking and says what came. No clock
//! is read and no randomness drawn here but from the seed, so a session's decisions are a function
//! of what it hears and when. Frames are handed on as bytes; what they mean is the decoders'
//! business. Host names and REST snapshots, which block, have a thread each.
//!
//! Not here: private channels, order entry, the books. A book that turns stale asks by
//! [`Session::resync`]; a book that is whole again says so by [`Session::synced`].

pub mod backoff;
pub mod config;
mod connection;
pub mod facts;
mod opening;
pub mod pacing;
mod phase;
pub mod products;
pub mod reason;
mod recovery;
mod resolve;
mod rest;
mod resync;
mod socket;
#[cfg(test)]
mod tests;
mod tls;

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use mio::{Events, Poll, Token, Waker};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng as _;
use tungstenite::Utf8Bytes;

use self::config::{Endpoint, SessionConfig};
use self::connection::Outgoing;
use self::facts::{Facts, Plan};
use self::opening::Target;
use self::pacing::Bucket;
use self::phase::{Phase, Step};
use self::reason::{Counters, DropReason};
use self::recovery::Recovery;
use self::resolve::Resolver;
use crate::types::{Nanos, Symbol, Venue};

pub use self::config::ConfigError;

/// How we name ourselves to a venue.
const USER_AGENT: &str = concat!("pinnaclemm/", env!("CARGO_PKG_VERSION"));
const WAKER: Token = Token(1);

/// What a turn brought.
#[derive(PartialEq, Eq, Debug)]
pub enum Turn<'a> {
    /// Nothing for the caller.
    Idle,
    /// A connection has come up and is being subscribed: every book waits for a snapshot.
    Up,
    /// It failed or went down, and will be tried again: every book is stale.
    Down(DropReason),
    /// The payload of one text frame.
    Frame(&'a [u8]),
    /// A snapshot by REST.
    Rest {
        /// Whose.
        symbol: Symbol,
        /// The body as the venue sent it.
        body: &'a [u8],
    },
    /// It went down and is of no use to come back; every later turn says so again.
    Stopped(DropReason),
}

/// One connection to a venue, kept up.
#[derive(Debug)]
pub struct Session {
    config: SessionConfig,
    facts: &'static Facts,
    target: Target,
    subscribe: Vec<Outgoing>,
    phase: Phase,
    poll: Poll,
    events: Events,
    resolver: Resolver,
    recovery: Recovery,
    connects: Bucket,
    messages: Bucket,
    random: Xoshiro256PlusPlus,
    /// Attempts in a row that did not last.
    failures: u32,
    /// Nothing more can come before the socket or a thread wakes us, or time passes.
    is_drained: bool,
    now: Nanos,
    frame: Utf8Bytes,
    body: Vec<u8>,
    counters: Counters,
}

impl Session {
    /// A session that connects at its first turn.
    ///
    /// # Errors
    /// The config asks for what the venue or one connection cannot give.
    ///
    /// # Panics
    /// The system gives no epoll descriptor or no thread.
    pub fn new(config: SessionConfig, seed: u64) -> Result<Self, ConfigError> {
        let facts = config.check()?;
        let own = || Endpoint { host: facts.host.into(), port: 443 };
        let endpoint = config.feed.clone().unwrap_or_else(own);
        let path = (facts.path)(config.content).expect("the config is checked");
        let tls = tls::for_socket(&config.roots)?;
        let target = Target::new(&endpoint, path, tls, facts.frame_bytes_max)?;
        let plan = Plan { symbols: &config.symbols, depth: config.depth, content: config.content };
        let subscribe = (facts.subscribe)(&plan)
            .into_iter()
            .map(|request| Outgoing { text: request.text.into(), answers: request.answers })
            .collect();
        let poll = Poll::new().expect("the system gives an epoll descriptor at start");
        let waker = Waker::new(poll.registry(), WAKER).expect("a fresh poll takes a waker");
        let waker = Arc::new(waker);
        Ok(Self {
            recovery: Recovery::new(&config, facts, &waker),
            resolver: Resolver::start(endpoint.host, endpoint.port, waker),
            target,
            subscribe,
            phase: Phase::Waiting { until: Nanos(i64::MIN) },
            poll,
            events: Events::with_capacity(8),
            connects: Bucket::new(facts.connects),
            messages: Bucket::new(facts.messages),
            random: Xoshiro256PlusPlus::seed_from_u64(seed),
            failures: 0,
            is_drained: false,
            now: Nanos(i64::MIN),
            frame: Utf8Bytes::default(),
            body: Vec::new(),
            counters: Counters::default(),
            config,
            facts,
        })
    }

    /// Does what is due and says what came. Never blocks.
    pub fn turn(&mut self, now: Nanos) -> Turn<'_> {
        // Given back first, so that tungstenite can use the buffer again instead of a new one.
        self.frame = Utf8Bytes::default();
        self.now = now;
        self.is_drained = false;
        match self.step(now) {
            Ok(Step::Idle) => Turn::Idle,
            Ok(Step::Up) => Turn::Up,
            Ok(Step::Frame) => {
                self.counters.frames += 1;
                self.counters.bytes += self.frame.len() as u64;
                Turn::Frame(self.frame.as_bytes())
            }
            Ok(Step::Rest(place)) => {
                Turn::Rest { symbol: self.config.symbols[place], body: &self.body }
            }
            Ok(Step::Stopped(reason)) => Turn::Stopped(reason),
            Err(failure) => self.down(failure, now),
        }
    }

    /// The book of `symbol` is stale: brings it back the venue's cheapest way, within its limits.
    ///
    /// While one is under way another wish only counts. It is tried again, ever later, until
    /// [`Session::synced`]. Without a connection there is nothing to ask: the next one brings every
    /// book anew.
    ///
    /// # Panics
    /// The symbol is not of this session, or the session carries no books: our own fault.
    pub fn resync(&mut self, symbol: &Symbol, now: Nanos) {
        assert!(self.config.content.books(), "a session of trades has no book to bring back");
        let place = self.place(symbol);
        let is_up = matches!(self.phase, Phase::Up(_));
        if !is_up || !self.recovery.want(place, now, &mut self.random) {
            self.counters.resyncs_coalesced += 1;
        }
        self.is_drained = false;
    }

    /// The book of `symbol` is whole.
    ///
    /// # Panics
    /// The symbol is not of this session: our own fault.
    pub fn synced(&mut self, symbol: &Symbol) {
        let place = self.place(symbol);
        self.recovery.calm(place);
    }

    fn place(&self, symbol: &Symbol) -> usize {
        let place = self.config.symbols.iter().position(|held| held == symbol);
        place.expect("a symbol of this session")
    }

    /// Leaves the connection, if there is one, and comes back as after any other end of it.
    pub fn reconnect(&mut self, now: Nanos) -> Turn<'static> {
        match &mut self.phase {
            Phase::Up(connection) => connection.close(),
            Phase::Stopped(reason) => return Turn::Stopped(*reason),
            Phase::Waiting { .. } => return Turn::Idle,
            Phase::Resolving { .. } | Phase::Opening { .. } => {}
        }
        self.down(DropReason::Asked.into(), now)
    }

    /// When a turn has something to do even if nothing arrives; [`Nanos`] of `i64::MAX` for never.
    #[must_use]
    pub fn next_due(&self) -> Nanos {
        match &self.phase {
            Phase::Waiting { until } => *until,
            Phase::Resolving { by } | Phase::Opening { by, .. } => *by,
            Phase::Up(connection) => {
                let due = connection.next_due(self.facts, &self.messages);
                // Until all is subscribed nothing is asked for, however long it has been due.
                let recovery = connection
                    .is_subscribed()
                    .then(|| self.recovery.next_due(self.config.depth, &self.messages));
                recovery.flatten().map_or(due, |recovery| due.min(recovery))
            }
            Phase::Stopped(_) => Nanos(i64::MAX),
        }
    }

    /// Sleeps until something arrives or is due, `timeout` at most; for callers that do not poll.
    ///
    /// Returns at once unless the last turn found nothing more to read.
    ///
    /// # Panics
    /// The system's poll fails otherwise than by an interrupt.
    pub fn wait(&mut self, timeout: Duration) {
        if !self.is_drained {
            return;
        }
        let due_in = self.next_due().0.saturating_sub(self.now.0).max(0);
        let due_in = Duration::from_nanos(due_in.unsigned_abs());
        match self.poll.poll(&mut self.events, Some(timeout.min(due_in))) {
            Err(error) if error.kind() != ErrorKind::Interrupted => panic!("epoll: {error}"),
            _ => {}
        }
    }

    /// The payload of the last [`Turn::Frame`], kept until the next turn: a caller may leave it in
    /// the middle and go on later.
    #[must_use]
    pub fn frame(&self) -> &[u8] {
        self.frame.as_bytes()
    }

    /// The body of the last [`Turn::Rest`], kept until the next one.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Whose feed it is.
    #[must_use]
    pub const fn venue(&self) -> Venue {
        self.config.venue
    }

    /// Where the feed is, as a URL.
    #[must_use]
    pub fn address(&self) -> String {
        self.target.address()
    }

    /// Where the snapshot of `symbol` is fetched from; nothing where it comes on the feed.
    #[must_use]
    pub fn snapshot_address(&self, symbol: &Symbol) -> Option<String> {
        self.recovery.address(symbol, self.config.depth)
    }

    /// Why it is of no use to come back, if it is not.
    #[must_use]
    pub const fn stopped(&self) -> Option<DropReason> {
        match self.phase {
            Phase::Stopped(reason) => Some(reason),
            _ => None,
        }
    }

    /// What happened so far.
    #[must_use]
    pub const fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Whether a connection is up with every subscription answered.
    #[must_use]
    pub fn is_subscribed(&self) -> bool {
        matches!(&self.phase, Phase::Up(connection) if connection.is_subscribed())
    }
}

impl Drop for Session {
    /// Says good-bye, so that the venue frees the connection at once.
    fn drop(&mut self) {
        if let Phase::Up(connection) = &mut self.phase {
            connection.close();
        }
    }
}
