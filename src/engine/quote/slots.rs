//! The places of a side's orders: what the quoter knows of each from what it has heard.
//!
//! A slot is *empty*, *proposed* (a place or a replace is on its way), *working*, or *cancelling*.
//! Nothing is proposed for a slot in flight. It is no order table: risk has the one, with every
//! status; here it only matters whether a place is taken, and by how much.

use crate::event::{Level, RefusalCode, Refused, RejectCode, Report, ReportKind, RequestKind};
use crate::types::{Nanos, OrderId, Price};
use serde::{Deserialize, Serialize};

/// After the end of an order failed, it is tried again after that span.
pub(super) const RETRY: Nanos = Nanos::from_seconds(1);

/// What is known of a place.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum SlotState {
    /// There is no order.
    #[default]
    Empty,
    /// A place or a replace was proposed and not yet answered.
    Proposed,
    /// The venue has the order.
    Working,
    /// Its end was proposed and not yet answered.
    Cancelling,
}

/// A price and a whole quantity, what is traded of it included.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Terms {
    /// The limit, in ticks.
    pub price: Price,
    /// The whole quantity, in lots.
    pub qty: i64,
}

/// A place for one order of a side.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Slot {
    /// What is known.
    pub state: SlotState,
    /// The order in it.
    pub order: OrderId,
    /// What the venue has; nothing before it has taken the order.
    pub standing: Option<Terms>,
    /// What was proposed last.
    pub asked: Terms,
    /// How much of the order has traded, in lots.
    pub traded: i64,
    /// When a place or replace was proposed last.
    pub since: Nanos,
    /// No cancel and no replace before, as the last one failed.
    pub(super) retry_at: Nanos,
    /// The last request has left: what is later said not to be sent is another one.
    pub(super) sent: bool,
}

/// What a report means for the side.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Effect {
    /// Nothing that a decision could depend on.
    Nothing,
    /// The slot has changed.
    Changed,
    /// The venue has taken an order or a replace.
    Accepted,
    /// The venue or the gateway says no.
    Rejected(RejectCode),
}

impl Slot {
    /// A new order is proposed.
    pub(super) const fn place(order: OrderId, asked: Terms, now: Nanos) -> Self {
        let state = SlotState::Proposed;
        let (retry_at, sent) = (Nanos::UNKNOWN, false);
        Self { state, order, standing: None, asked, traded: 0, since: now, retry_at, sent }
    }

    /// Other terms are proposed.
    pub(super) const fn replace(&mut self, asked: Terms, now: Nanos) {
        (self.state, self.asked, self.since) = (SlotState::Proposed, asked, now);
        self.sent = false;
    }

    /// Its end is proposed.
    pub(super) const fn cancel(&mut self) {
        (self.state, self.sent) = (SlotState::Cancelling, false);
    }

    /// What is left of the order at the venue, in lots.
    #[inline]
    #[must_use]
    pub const fn left(&self) -> i64 {
        match self.standing {
            Some(terms) => terms.qty.saturating_sub(self.traded),
            None => 0,
        }
    }

    /// The most that can still trade of it, whatever is answered.
    #[inline]
    #[must_use]
    pub const fn exposed(&self) -> i64 {
        let asked = self.asked.qty.saturating_sub(self.traded);
        match self.state {
            SlotState::Empty => 0,
            SlotState::Proposed if asked > self.left() => asked,
            _ if self.standing.is_none() => asked,
            _ => self.left(),
        }
    }

    fn work(&mut self, terms: Terms) {
        (self.standing, self.asked) = (Some(terms), terms);
        self.state = SlotState::Working;
        self.end_if_done();
    }

    /// The last request has failed: the order is what it was before.
    fn fall_back(&mut self, now: Nanos) {
        self.retry_at = Nanos(now.0.saturating_add(RETRY.0));
        match self.standing {
            Some(terms) => self.work(terms),
            None => *self = Self::default(),
        }
    }

    fn end_if_done(&mut self) {
        let most = self.standing.map_or(0, |terms| terms.qty);
        let most = if self.state == SlotState::Proposed { most.max(self.asked.qty) } else { most };
        if self.standing.is_some() && self.traded >= most {
            *self = Self::default();
        }
    }

    fn trade(&mut self, lots: i64) {
        self.traded = self.traded.saturating_add(lots);
        if self.standing.is_none() {
            // Who trades has been accepted.
            self.work(self.asked);
        } else {
            self.end_if_done();
        }
    }

    fn cancel_rejected(&mut self, code: RejectCode, now: Nanos) {
        if matches!(code, RejectCode::None | RejectCode::UnknownOrder) {
            *self = Self::default();
        } else if self.state == SlotState::Cancelling {
            self.fall_back(now);
        }
    }

    /// Risk has refused what was proposed for it.
    pub(super) fn refused(&mut self, refused: &Refused) {
        match refused.kind {
            RequestKind::Place => *self = Self::default(),
            // Risk has made a cancel of it.
            RequestKind::Replace => self.cancel(),
            RequestKind::Cancel => {
                if refused.code == RefusalCode::UnknownOrder {
                    *self = Self::default();
                }
            }
        }
    }

    /// The venue or the gateway reports on its order; not a trade that was heard before.
    pub(super) fn report(&mut self, report: &Report, level: Level, now: Nanos) -> Effect {
        let terms = Terms { price: level.price(), qty: level.qty().0 };
        let (state, code) = (self.state, report.code);
        match report.kind {
            ReportKind::Sent => self.sent = true,
            // Unknown is not gone: the slot stays as it is until somebody knows.
            ReportKind::TimedOut => {}
            ReportKind::NotSent if self.sent || state == SlotState::Working => {}
            ReportKind::NotSent => {
                self.fall_back(now);
                let is_quote = state == SlotState::Proposed;
                return if is_quote { Effect::Rejected(code) } else { Effect::Changed };
            }
            ReportKind::Accepted => {
                // A fill may have come before; what was proposed since is not answered by this.
                if self.standing.is_none() {
                    self.work(terms);
                }
                return Effect::Accepted;
            }
            ReportKind::Replaced => {
                if state == SlotState::Cancelling {
                    self.standing = Some(terms);
                    self.end_if_done();
                } else {
                    self.work(terms);
                }
                return Effect::Accepted;
            }
            ReportKind::Rejected => {
                *self = Self::default();
                return Effect::Rejected(code);
            }
            ReportKind::ReplaceRejected if state == SlotState::Proposed => {
                self.fall_back(now);
                // What stands may be moved at once: the side's rejects bound how often.
                self.retry_at = Nanos::UNKNOWN;
                return Effect::Rejected(code);
            }
            ReportKind::ReplaceRejected => return Effect::Rejected(code),
            ReportKind::Filled => {
                self.trade(terms.qty);
                return Effect::Changed;
            }
            ReportKind::Canceled => {
                *self = Self::default();
                let ours = state == SlotState::Cancelling || code == RejectCode::None;
                return if ours { Effect::Changed } else { Effect::Rejected(code) };
            }
            ReportKind::CancelRejected => {
                self.cancel_rejected(code, now);
                return Effect::Changed;
            }
            ReportKind::Open => {
                self.work(Terms { qty: self.traded.saturating_add(terms.qty), ..terms });
                return Effect::Changed;
            }
            ReportKind::Absent => {
                *self = Self::default();
                return Effect::Changed;
            }
        }
        Effect::Nothing
    }
}
