//! Our orders as the reports tell of them, and how much of the time they stood where.

use super::summary::{OrderCounts, QuotingShares};
use crate::event::{ReportKind, RequestKind};
use crate::types::{Nanos, OrderId, Price, Qty, Side};

/// An order of ours that is not known to be over.
#[derive(Clone, Copy, Debug)]
struct Order {
    id: OrderId,
    side: Side,
    price: Price,
    whole: i64,
    filled: i64,
    /// The venue has it.
    rests: bool,
}

/// The touch of the market, in ticks; nothing while the book is stale or a side is empty.
pub(super) type Touch = Option<(Price, Price)>;

/// Spans of time in which something held.
#[derive(Clone, Copy, Debug, Default)]
struct Spans {
    whole: i64,
    fresh: i64,
    sides: [i64; 2],
    both: i64,
    at_touch: [i64; 2],
    /// Nanoseconds times basis points, and the nanoseconds they were quoted for beside a mid.
    spread: f64,
    spread_time: i64,
}

/// Orders and time of one instrument.
#[derive(Clone, Debug, Default)]
pub(super) struct Quoting {
    orders: Vec<Order>,
    /// Our best bid and ask.
    best: [Option<Price>; 2],
    since: Option<Nanos>,
    spans: Spans,
    counts: OrderCounts,
    placed_lots: i128,
    filled_lots: i128,
}

#[expect(clippy::cast_precision_loss, reason = "a report's sums")]
fn share(part: i64, whole: i64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

impl Quoting {
    /// Until `now` everything was as it is.
    pub(super) fn pass(&mut self, now: Nanos, touch: Touch) {
        let span = now.0.saturating_sub(self.since.unwrap_or(now).0).max(0);
        self.since = Some(now);
        if span == 0 {
            return;
        }
        let spans = &mut self.spans;
        spans.whole += span;
        spans.fresh += if touch.is_some() { span } else { 0 };
        for side in Side::BOTH {
            let Some(best) = self.best[side.index()] else { continue };
            spans.sides[side.index()] += span;
            let is_at_touch = touch.is_some_and(|(bid, ask)| match side {
                Side::Bid => best >= bid,
                Side::Ask => best <= ask,
            });
            spans.at_touch[side.index()] += if is_at_touch { span } else { 0 };
        }
        if let [Some(bid), Some(ask)] = self.best {
            spans.both += span;
            if let Some((touch_bid, touch_ask)) = touch {
                #[expect(clippy::cast_precision_loss, reason = "a report's mean")]
                let (spread, sum, time) =
                    ((ask.0 - bid.0) as f64, (touch_bid.0 + touch_ask.0) as f64, span as f64);
                spans.spread += time * spread / (sum * 0.5) * 1e4;
                spans.spread_time += span;
            }
        }
    }

    /// A request left us.
    pub(super) fn asked(&mut self, kind: RequestKind, (id, side, price, qty): Terms) {
        match kind {
            RequestKind::Place => {
                self.counts.placed += 1;
                self.placed_lots += i128::from(qty.0);
                let order = Order { id, side, price, whole: qty.0, filled: 0, rests: false };
                self.orders.push(order);
            }
            RequestKind::Replace => self.counts.replaced += 1,
            RequestKind::Cancel => self.counts.canceled += 1,
        }
    }

    /// Something is told of an order; the price and quantity are the report's.
    pub(super) fn told(&mut self, kind: ReportKind, id: OrderId, price: Price, qty: Qty) {
        let Some(at) = self.orders.iter().position(|order| order.id == id) else {
            // A trade that comes behind the end of its order.
            self.filled_lots += if kind == ReportKind::Filled { i128::from(qty.0) } else { 0 };
            return;
        };
        let order = &mut self.orders[at];
        let is_over = match kind {
            ReportKind::Accepted | ReportKind::Replaced => {
                (order.rests, order.price, order.whole) = (true, price, qty.0);
                order.filled >= order.whole
            }
            ReportKind::Open => {
                (order.rests, order.price) = (true, price);
                false
            }
            ReportKind::Filled => {
                self.counts.filled += u64::from(order.filled == 0);
                self.filled_lots += i128::from(qty.0);
                order.filled += qty.0;
                order.filled >= order.whole
            }
            ReportKind::Rejected | ReportKind::NotSent => {
                self.counts.rejected += 1;
                true
            }
            ReportKind::Canceled | ReportKind::Absent => true,
            ReportKind::Sent
            | ReportKind::TimedOut
            | ReportKind::CancelRejected
            | ReportKind::ReplaceRejected => false,
        };
        if is_over {
            self.orders.remove(at);
        }
        self.find_best();
    }

    fn find_best(&mut self) {
        for side in Side::BOTH {
            let prices = self.orders.iter().filter(|o| o.rests && o.side == side).map(|o| o.price);
            self.best[side.index()] = match side {
                Side::Bid => prices.max(),
                Side::Ask => prices.min(),
            };
        }
    }

    /// How many orders of ours stand before that price.
    pub(super) fn before(&self, side: Side, price: Price) -> usize {
        let better = |o: &&Order| {
            let is_better = if side == Side::Bid { o.price > price } else { o.price < price };
            o.rests && o.side == side && is_better
        };
        self.orders.iter().filter(better).count()
    }

    pub(super) fn counts(&self) -> OrderCounts {
        #[expect(clippy::cast_precision_loss, reason = "a report's ratios")]
        let over = |a: i128, b: i128| (b > 0).then(|| a as f64 / b as f64);
        OrderCounts {
            fill_ratio: over(self.counts.filled.into(), self.counts.placed.into()),
            quantity_ratio: over(self.filled_lots, self.placed_lots),
            ..self.counts.clone()
        }
    }

    pub(super) fn shares(&self) -> QuotingShares {
        let Spans { whole, fresh, sides, both, at_touch, spread, spread_time } = self.spans;
        #[expect(clippy::cast_precision_loss, reason = "a report's mean")]
        let spread_bps = (spread_time > 0).then(|| spread / spread_time as f64);
        QuotingShares {
            book_fresh: share(fresh, whole),
            bid: share(sides[0], whole),
            ask: share(sides[1], whole),
            two_sided: share(both, whole),
            bid_at_touch: share(at_touch[0], whole),
            ask_at_touch: share(at_touch[1], whole),
            spread_bps,
        }
    }
}

/// Order, side, price and whole quantity of a request.
pub(super) type Terms = (OrderId, Side, Price, Qty);
