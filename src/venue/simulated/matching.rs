//! The matching engine: price, then time, in integers.
//!
//! An incoming order trades with the best price first and there with the oldest order, at the price
//! that rested. It never trades with an order of its own owner: *cancel newest*, its rest is
//! cancelled where it would. Who is told what, and what it costs, is not known here.

use super::orders::{Owner, Place, RestingOrders};
use crate::event::RejectCode;
use crate::types::{Price, Qty, Side, TimeInForce};

/// An order that comes in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Incoming {
    /// What its owner knows it by.
    pub(super) tag: u64,
    /// Its limit; nothing for a market order.
    pub(super) price: Option<Price>,
    /// What is to be traded.
    pub(super) qty: Qty,
    /// Whose it is.
    pub(super) owner: Owner,
    /// Its side.
    pub(super) side: Side,
    /// How long it stands; what a market order cannot trade is cancelled in any case.
    pub(super) time_in_force: TimeInForce,
    /// It must rest or not be at all.
    pub(super) post_only: bool,
}

/// What became of an order that came in; what it traded stands in the matches.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Placed {
    /// Nothing was done.
    Refused(RejectCode),
    /// It traded whole.
    Traded,
    /// What is left rests.
    Rests(Place),
    /// What is left was cancelled.
    Ended {
        /// How much.
        left: Qty,
        /// Why.
        code: RejectCode,
    },
}

/// A trade with an order that rested.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Match {
    /// What the owner of the resting order knows it by.
    pub(super) tag: u64,
    /// Its price, at which they traded.
    pub(super) price: Price,
    /// How much.
    pub(super) qty: Qty,
    /// What is left of the resting order; nothing and it is gone.
    pub(super) left: Qty,
    /// The owner of the resting order.
    pub(super) owner: Owner,
    /// The side of the incoming order.
    pub(super) aggressor: Side,
}

/// Whether an order of that side and limit trades with that price of the other side.
#[inline]
#[must_use]
pub(super) fn crosses(side: Side, limit: Option<Price>, other: Price) -> bool {
    limit.is_none_or(|limit| limit.0 * side.sign() >= other.0 * side.sign())
}

/// Takes an order in: trades what it can, and lets the rest stand, or not. The matches are added.
pub(super) fn place(
    orders: &mut RestingOrders,
    order: &Incoming,
    matches: &mut Vec<Match>,
) -> Placed {
    let other = order.side.opposite();
    let touch = orders.best(other).filter(|(price, _)| crosses(order.side, order.price, *price));
    if touch.is_some() && order.post_only {
        return Placed::Refused(RejectCode::PostOnly);
    }
    let whole = order.time_in_force == TimeInForce::FillOrKill;
    if whole && let Err(code) = can_fill(orders, order) {
        return Placed::Refused(code);
    }
    let mut left = order.qty;
    while left > Qty::ZERO {
        let Some(place) = orders.first(other) else { break };
        let resting = *orders.get(place);
        if !crosses(order.side, order.price, resting.price) {
            break;
        }
        if resting.owner == order.owner {
            return ended(order, left, RejectCode::SelfTrade);
        }
        let qty = left.min(resting.left);
        left.0 -= qty.0;
        let resting_left = orders.take(place, qty);
        matches.push(Match {
            tag: resting.tag,
            price: resting.price,
            qty,
            left: resting_left,
            owner: resting.owner,
            aggressor: order.side,
        });
    }
    match order.price {
        _ if left == Qty::ZERO => Placed::Traded,
        Some(price) if order.time_in_force == TimeInForce::GoodTillCancel => {
            Placed::Rests(orders.rest(order.owner, order.tag, (order.side, price, left)))
        }
        _ => ended(order, left, RejectCode::Unfilled),
    }
}

/// An order that traded nothing is refused, so that its owner is told once and not twice.
fn ended(order: &Incoming, left: Qty, code: RejectCode) -> Placed {
    if left == order.qty { Placed::Refused(code) } else { Placed::Ended { left, code } }
}

/// Whether the order can be filled whole before it meets one of its own owner.
fn can_fill(orders: &RestingOrders, order: &Incoming) -> Result<(), RejectCode> {
    let mut left = order.qty.0;
    for place in orders.iter(order.side.opposite()) {
        let resting = orders.get(place);
        if left <= 0 || !crosses(order.side, order.price, resting.price) {
            break;
        }
        if resting.owner == order.owner {
            return Err(RejectCode::SelfTrade);
        }
        left -= resting.left.0;
    }
    if left <= 0 { Ok(()) } else { Err(RejectCode::Unfilled) }
}

#[cfg(test)]
#[path = "matching_tests.rs"]
mod matching_tests;
