//! The phases of a session and the ways between them.
//!
//! `Waiting → Resolving → Opening → Up`, from each of the last three back to `Waiting` by a named
//! reason, and from `Up` to `Stopped` by a terminal close code.

use std::net::SocketAddr;

use mio::Token;

use super::backoff::Backoff;
use super::connection::{Connection, Heard, Lent};
use super::opening::{Failure, Opening};
use super::pacing::Bucket;
use super::reason::DropReason;
use super::{Session, Turn};
use crate::types::Nanos;

/// How long the way to an open WebSocket may take in all.
const OPEN_WITHIN: Nanos = Nanos::from_seconds(10);
/// The waits between one attempt to connect and the next.
const RECONNECT: Backoff = Backoff { base: Nanos::from_seconds(1), max: Nanos::from_seconds(60) };
/// A connection that lasted so long clears the failures before it.
const HEALTHY_AFTER: Nanos = Nanos::from_seconds(60);

const SOCKET: Token = Token(0);

/// A turn's result before it borrows from the session.
pub(super) enum Step {
    Idle,
    Up,
    Frame,
    Rest(usize),
    Stopped(DropReason),
}

#[derive(Debug)]
pub(super) enum Phase {
    /// Between two attempts.
    Waiting { until: Nanos },
    /// The host's addresses are asked for.
    Resolving { by: Nanos },
    /// Connecting, shaking hands, upgrading.
    Opening { opening: Box<Opening>, by: Nanos },
    /// Open.
    Up(Box<Connection>),
    /// Ended by a terminal close code.
    Stopped(DropReason),
}

impl Session {
    pub(super) fn step(&mut self, now: Nanos) -> Result<Step, Failure> {
        match &mut self.phase {
            Phase::Up(_) => self.step_up(now).map_err(Failure::from),
            Phase::Waiting { until } => {
                if now < *until {
                    self.is_drained = true;
                } else if self.connects.take(now, 1) {
                    self.counters.connects += 1;
                    self.resolver.ask();
                    self.phase = Phase::Resolving { by: Nanos(now.0 + OPEN_WITHIN.0) };
                } else {
                    *until = self.connects.ready_at(1);
                }
                Ok(Step::Idle)
            }
            Phase::Resolving { by } => {
                let by = *by;
                match self.resolver.answer() {
                    Some(addresses) => {
                        let address = self.choose(&addresses).ok_or(DropReason::Unresolved)?;
                        let opening = Opening::start(address, self.poll.registry(), SOCKET)?;
                        self.phase = Phase::Opening { opening: Box::new(opening), by };
                    }
                    None if now >= by => return Err(DropReason::Unresolved.into()),
                    None => self.is_drained = true,
                }
                Ok(Step::Idle)
            }
            Phase::Opening { opening, by } => match opening.turn(&self.target)? {
                Some(socket) => self.open(Connection::new(socket, &self.subscribe, now), now),
                None if now >= *by => Err(DropReason::HandshakeTimeout.into()),
                None => {
                    self.is_drained = true;
                    Ok(Step::Idle)
                }
            },
            Phase::Stopped(reason) => {
                self.is_drained = true;
                Ok(Step::Stopped(*reason))
            }
        }
    }

    /// Another address with each failure, so that one dead address does not bar the others.
    fn choose(&self, addresses: &[SocketAddr]) -> Option<SocketAddr> {
        let place = (self.failures as usize).checked_rem(addresses.len())?;
        Some(addresses[place])
    }

    /// The connection is open: the first subscribe goes at once, some venues insist on it.
    fn open(&mut self, mut connection: Connection, now: Nanos) -> Result<Step, Failure> {
        self.counters.ups += 1;
        // A limit on messages is the connection's own.
        self.messages = Bucket::new(self.facts.messages);
        let (facts, messages) = (self.facts, &mut self.messages);
        connection.send_due(&mut Lent { now, facts, messages, counters: &mut self.counters })?;
        self.recovery.up(now, self.config.symbols.len(), &mut self.random);
        self.phase = Phase::Up(Box::new(connection));
        Ok(Step::Up)
    }

    fn step_up(&mut self, now: Nanos) -> Result<Step, DropReason> {
        let Phase::Up(connection) = &mut self.phase else { unreachable!("called when up") };
        let (facts, messages) = (self.facts, &mut self.messages);
        let mut lent = Lent { now, facts, messages, counters: &mut self.counters };
        if let Some(snapshot) =
            self.recovery.turn(&self.config, connection, &mut lent, &mut self.random)
        {
            self.body = snapshot.body;
            return Ok(Step::Rest(snapshot.place));
        }
        match connection.turn(&mut lent)? {
            Heard::Text(text) => {
                self.frame = text;
                Ok(Step::Frame)
            }
            Heard::Inside => Ok(Step::Idle),
            Heard::Nothing => {
                self.is_drained = true;
                Ok(Step::Idle)
            }
        }
    }

    /// Leaves the connection, or what was to become one, and says when to come back.
    pub(super) fn down(&mut self, failure: Failure, now: Nanos) -> Turn<'static> {
        let Failure { reason, retry_after } = failure;
        self.counters.drops[reason.index()] += 1;
        self.recovery.down();
        if let DropReason::Closed(code) = reason
            && self.facts.terminal_codes.contains(&code)
        {
            self.phase = Phase::Stopped(reason);
            return Turn::Stopped(reason);
        }
        if let Phase::Up(connection) = &self.phase
            && now.0 - connection.since.0 >= HEALTHY_AFTER.0
        {
            self.failures = 0;
        }
        let delay = RECONNECT.delay(self.failures, &mut self.random);
        self.failures = self.failures.saturating_add(1);
        let delay = delay.max(retry_after.unwrap_or_default());
        self.phase = Phase::Waiting { until: Nanos(now.0 + delay.0) };
        Turn::Down(reason)
    }
}
