//! An order as it is kept, what a report does to it, and the sums of a side.

use super::status::{Odd, OrderEvent, Status};
use super::transition::Step;
use crate::event::{Level, RejectCode, Report, ReportKind};
use crate::types::{InstrumentId, OrderId, Price, Qty, Side, TimeInForce};
use serde::{Deserialize, Serialize};

/// An order and what is known of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Order {
    /// Its id.
    pub id: OrderId,
    /// Its limit.
    pub price: Price,
    /// Its whole quantity.
    pub qty: Qty,
    /// The limit that is asked for; the same where nothing is.
    pub price_asked: Price,
    /// The whole quantity that is asked for; the same where nothing is.
    pub qty_asked: Qty,
    /// What of it has traded.
    pub traded: Qty,
    /// Whose market.
    pub instrument: InstrumentId,
    /// Its side.
    pub side: Side,
    /// Where it is in its life.
    pub status: Status,
    /// How long it stands.
    pub time_in_force: TimeInForce,
    /// It must rest or not be at all.
    pub post_only: bool,
    /// It may only bring the position down.
    pub reduce_only: bool,
    /// Its cancel was released and has not been refused.
    pub cancel_asked: bool,
}

impl Order {
    /// The most that may still trade of it, in lots: while other terms are asked for, the greater
    /// of both.
    #[inline]
    #[must_use]
    pub fn leaves(&self) -> i64 {
        if self.status.is_done() {
            return 0;
        }
        self.qty.0.max(self.qty_asked.0).saturating_sub(self.traded.0).max(0)
    }

    /// Its most aggressive price as a key that grows with aggression on either side.
    #[inline]
    pub(super) fn key(&self) -> i64 {
        let sign = self.side.sign();
        (sign * self.price.0).max(sign * self.price_asked.0)
    }

    /// No other terms are asked for any more.
    fn settle(&mut self, price: Price, qty: Qty) {
        (self.price, self.price_asked) = (price, price);
        (self.qty, self.qty_asked) = (qty, qty);
    }
}

/// What is live on one side of one instrument.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OpenSide {
    /// Lots that may still trade.
    pub leaves: i64,
    /// Lots of it in reduce-only orders.
    pub reducing: i64,
    /// Orders.
    pub count: u32,
    /// The most aggressive price: of bids itself, of asks its negative; [`OpenSide::NO_PRICE`]
    /// where there is no order.
    pub best: i64,
}

impl OpenSide {
    /// Less aggressive than every price, and far enough from the end to add a price to it.
    pub const NO_PRICE: i64 = i64::MIN / 2;
    pub(super) const EMPTY: Self = Self { leaves: 0, reducing: 0, count: 0, best: Self::NO_PRICE };
}

/// A trade that counts: it was not reported before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fill {
    /// Our side.
    pub side: Side,
    /// Its price.
    pub price: Price,
    /// Its quantity.
    pub qty: Qty,
}

/// What a report has brought about.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Reported {
    /// The trade, where it reports a new one, also of an order that is not known: it has moved
    /// the account all the same.
    pub fill: Option<Fill>,
    /// An order was live before and is done now.
    pub ended: bool,
    /// Its cancel was asked for, and it works all the same.
    pub came_back: bool,
}

/// How often each odd case occurred, by its number.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct OddCounts([u64; Odd::ALL.len()]);

impl OddCounts {
    /// How often that one occurred.
    #[must_use]
    pub const fn of(&self, odd: Odd) -> u64 {
        self.0[odd as usize]
    }

    pub(super) fn count(&mut self, odd: Option<Odd>) {
        if let Some(odd) = odd {
            self.0[odd as usize] += 1;
        }
    }
}

/// Which event of the transition table a report is.
pub(super) fn event_of(report: &Report, whole: bool) -> OrderEvent {
    use OrderEvent as E;
    let missed = report.code == RejectCode::UnknownOrder;
    match report.kind {
        ReportKind::Sent => E::Sent,
        ReportKind::NotSent => E::NotSent,
        ReportKind::TimedOut => E::TimedOut,
        ReportKind::Accepted => E::Accepted,
        ReportKind::Rejected => E::Rejected,
        ReportKind::Filled if whole => E::Completed,
        ReportKind::Filled => E::PartFilled,
        ReportKind::Canceled => E::Canceled,
        ReportKind::CancelRejected if missed => E::CancelMissed,
        ReportKind::CancelRejected => E::CancelRefused,
        ReportKind::Replaced => E::Replaced,
        ReportKind::ReplaceRejected if missed => E::ReplaceMissed,
        ReportKind::ReplaceRejected => E::ReplaceRefused,
        ReportKind::Open => E::Open,
        ReportKind::Absent => E::Absent,
    }
}

/// What the event says of price and quantity.
pub(super) fn take_terms(order: &mut Order, event: OrderEvent, step: Step, level: Level) {
    use OrderEvent as E;
    match event {
        E::PartFilled | E::Completed => {
            order.traded.0 = order.traded.0.saturating_add(level.qty().0);
        }
        // The venue's word on new terms counts in every status but doubt, where both may stand.
        E::Replaced if step.to != Status::Unknown && level.qty().0 > 0 => {
            order.settle(level.price(), level.qty());
        }
        E::ReplaceRefused if step.to != Status::Unknown => order.settle(order.price, order.qty),
        E::NotSent if order.status == Status::Replacing => order.settle(order.price, order.qty),
        E::Open if step.to == Status::Working && level.qty().0 > 0 => {
            let whole = order.traded.0.saturating_add(level.qty().0);
            order.settle(level.price(), Qty(whole));
        }
        _ => {}
    }
}
