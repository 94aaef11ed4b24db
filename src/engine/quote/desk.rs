//! What all instruments share: the trading state, the health of the process, the order ids.

use super::decision::Reason;
use super::sizing::Scope;
use crate::event::explanation::Withheld;
use crate::event::{BreakerState, Command, Health, MarketStatus, TradingState};
use crate::types::{OrderId, Origin};
use serde::{Deserialize, Serialize};

/// The shared part of a quoter.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Desk {
    epoch: u32,
    /// Ids given in this epoch.
    given: u32,
    trading: TradingState,
    breaker: BreakerState,
    /// What an order may be while the breaker is half open, in percent of the usual.
    small_pct: u32,
    /// The process is about to end; it never quotes again.
    stopped: bool,
    health: Health,
    /// How the venue itself does.
    venue: MarketStatus,
    /// What withholds every quote.
    closed: Option<Reason>,
}

/// Whether a status lets resting orders in.
pub(super) const fn takes_quotes(status: MarketStatus) -> bool {
    matches!(status, MarketStatus::Trading | MarketStatus::PostOnly)
}

impl Desk {
    pub(super) const fn new(epoch: u32) -> Self {
        Self {
            epoch,
            given: 0,
            trading: TradingState::Active,
            breaker: BreakerState::Closed,
            small_pct: 100,
            stopped: false,
            health: Health::GOOD,
            venue: MarketStatus::Trading,
            closed: None,
        }
    }

    /// What withholds every quote, if something does.
    #[inline]
    pub(super) const fn closed(&self) -> Option<Reason> {
        self.closed
    }

    fn judge(&mut self) {
        self.closed = if self.stopped || self.trading == TradingState::Halted {
            Some((Withheld::State, self.trading as u8))
        } else if !self.health.lets_quote() {
            Some((Withheld::Unhealthy, 0))
        } else if !takes_quotes(self.venue) {
            Some((Withheld::MarketStatus, self.venue as u8))
        } else {
            None
        };
    }

    /// Risk has said what may be done.
    pub(super) fn state(&mut self, state: TradingState) {
        self.trading = state;
        self.judge();
    }

    /// The breaker is so.
    pub(super) const fn breaker(&mut self, state: BreakerState) {
        self.breaker = state;
    }

    /// While the breaker is half open, orders are so many percent of the usual.
    pub(super) const fn set_small(&mut self, pct: u32) {
        self.small_pct = pct;
    }

    /// How much may be quoted, where quoting is not closed.
    pub(super) const fn scope(&self) -> Scope {
        match (self.trading, self.breaker) {
            (TradingState::Reducing, _) | (_, BreakerState::Open) => Scope::Reducing,
            (_, BreakerState::HalfOpen) => Scope::Small { pct: self.small_pct },
            _ => Scope::All,
        }
    }

    /// A command closes at once what it is going to close; what opens is risk's to say.
    pub(super) fn command(&mut self, command: Command) {
        match command {
            Command::Halt | Command::HaltDiskFull | Command::Kill | Command::Flatten => {
                self.trading = TradingState::Halted;
            }
            Command::Reduce if self.trading == TradingState::Active => {
                self.trading = TradingState::Reducing;
            }
            Command::Shutdown => self.stopped = true,
            Command::Trip => self.breaker = BreakerState::Open,
            Command::Reduce | Command::Resume | Command::ResumeConfirmed | Command::Reset => {}
            // Risk has taken it in already, and what it has refused may pass now.
            Command::Limits | Command::Reconcile => {}
        }
        self.judge();
    }

    /// The health of the process has changed.
    pub(super) fn health(&mut self, health: Health) {
        self.health = health;
        self.judge();
    }

    /// The venue as a whole has changed how it trades.
    pub(super) fn venue(&mut self, status: MarketStatus) {
        self.venue = status;
        self.judge();
    }

    /// The next id; nothing when all of the epoch are used.
    pub(super) fn next_id(&mut self) -> Option<OrderId> {
        if self.given == OrderId::COUNTER_MAX {
            return None;
        }
        self.given += 1;
        Some(OrderId::new(self.epoch, Origin::Quoter, self.given))
    }
}
