//! What a quoter reads of a book: the touch and averages near it.
//!
//! Prices that are not whole ticks are floats, in ticks; they become ticks again only where a
//! quote is made, with the rounding named there.

use super::Ladder;
use crate::types::{Price, Qty};
use serde::{Deserialize, Serialize};

/// The best level of both sides.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Top {
    /// The highest bid.
    pub bid: Price,
    /// What is bid there.
    pub bid_qty: Qty,
    /// The lowest ask.
    pub ask: Price,
    /// What is asked there.
    pub ask_qty: Qty,
}

#[expect(clippy::cast_precision_loss, reason = "prices and quantities lie far below 2^53 steps")]
const fn float(steps: i64) -> f64 {
    steps as f64
}

impl Top {
    /// Halfway between the touch, in ticks.
    #[inline]
    #[must_use]
    pub const fn mid(&self) -> f64 {
        float(self.bid.0 + self.ask.0) * 0.5
    }

    /// The touch weighted by the quantity of the other side, in ticks: where the next trade is
    /// more likely to push (Gatheral and Oomen, 2010; Stoikov, 2018, starts from the same).
    #[inline]
    #[must_use]
    pub fn microprice(&self) -> f64 {
        let (bid, ask) = (float(self.bid_qty.0), float(self.ask_qty.0));
        (float(self.bid.0) * ask + float(self.ask.0) * bid) / (bid + ask)
    }

    /// Ask minus bid, in ticks; zero or less in a locked or crossed book.
    #[inline]
    #[must_use]
    pub const fn spread(&self) -> i64 {
        self.ask.0 - self.bid.0
    }

    /// Whether the bid reaches the ask.
    #[inline]
    #[must_use]
    pub const fn is_crossed(&self) -> bool {
        self.bid.0 >= self.ask.0
    }
}

/// (bid − ask) / (bid + ask) of the quantities of the best `levels` of each side, from −1 to 1; 0
/// where both are empty.
#[must_use]
pub fn imbalance(bids: &Ladder, asks: &Ladder, levels: usize) -> f64 {
    let sum = |side: &Ladder| side.iter().take(levels).map(|(_, qty)| float(qty.0)).sum::<f64>();
    let (bid, ask) = (sum(bids), sum(asks));
    if bid + ask == 0.0 { 0.0 } else { (bid - ask) / (bid + ask) }
}

/// The average price of the best `levels` of a side by their quantities, in ticks.
#[must_use]
pub fn depth_weighted(side: &Ladder, levels: usize) -> Option<f64> {
    let mut notional = 0.0;
    let mut total = 0.0;
    for (price, qty) in side.iter().take(levels) {
        notional += float(price.0) * float(qty.0);
        total += float(qty.0);
    }
    (total > 0.0).then(|| notional / total)
}

/// The average price for taking `qty` from a side, in ticks; nothing if it holds less.
#[must_use]
pub fn price_to_take(side: &Ladder, qty: Qty) -> Option<f64> {
    let mut left = qty.0;
    let mut notional = 0.0;
    for (price, here) in side.iter() {
        let take = left.min(here.0);
        notional += float(price.0) * float(take);
        left -= take;
        if left == 0 {
            return (qty.0 > 0).then(|| notional / float(qty.0));
        }
    }
    None
}
