//! One instrument: our orders at rest, what we took from the book, and what the tape does to both.
//!
//! Orders of a side stand by priority, so that one trade goes to the first of ours and then to the
//! next, and never twice. What requests do is not said here.

use super::queue::{Place, Print, QueueModel, Shown};
use crate::engine::book::{Book, BookState, Crossing, Rules};
use crate::event::{MarketStatus, Stale, Trade};
use crate::types::{Instrument, Nanos, OrderId, Price, Qty, Side, decimal::pow10};

/// An order of ours at rest.
#[derive(Clone, Copy, Debug)]
pub(super) struct Resting {
    pub(super) id: OrderId,
    pub(super) price: Price,
    /// What is left of it.
    pub(super) left: i64,
    /// What it has traded.
    pub(super) filled: i64,
    /// Nothing where it came while the book could not be trusted: it joins when that ends.
    pub(super) place: Option<Place>,
}

/// What of a level we took, and the recording still shows.
#[derive(Clone, Copy, Debug)]
struct Taken {
    side: Side,
    price: Price,
    qty: i64,
}

/// A trade of one of our orders at rest.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fill {
    pub(super) order: OrderId,
    pub(super) side: Side,
    pub(super) price: Price,
    pub(super) qty: Qty,
}

/// One instrument's part of the venue.
#[derive(Debug)]
pub(super) struct Market {
    pub(super) instrument: Instrument,
    /// By priority: the best price first, then who came first.
    orders: [Vec<Resting>; 2],
    taken: Vec<Taken>,
    pub(super) status: MarketStatus,
    /// A crossed book of this venue is about to trade, not wrong.
    crossing: Crossing,
    /// Until when the book is told, by the venue's clock.
    book_time: Nanos,
    /// The book could not be trusted since the orders last saw it.
    gap: bool,
    /// One lot in units of the base currency.
    lot: f64,
}

impl Market {
    pub(super) fn new(instrument: &Instrument) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "a scale of a model's probability")]
        let lot = instrument.lot.increment() as f64 / pow10(instrument.lot.decimals()) as f64;
        Self {
            instrument: *instrument,
            orders: [Vec::new(), Vec::new()],
            taken: Vec::new(),
            status: MarketStatus::Trading,
            crossing: Rules::of(instrument.venue).crossing,
            book_time: Nanos::UNKNOWN,
            gap: false,
            lot,
        }
    }

    /// Whether the book is what the venue had.
    pub(super) fn trusts(&self, book: &Book) -> bool {
        match book.state() {
            BookState::Fresh => true,
            BookState::Stale(reason) => {
                reason == Stale::Crossed && self.crossing == Crossing::Passing
            }
        }
    }

    /// Nothing of ours is here that the tape could concern.
    #[inline]
    pub(super) const fn is_idle(&self) -> bool {
        self.orders[0].is_empty() && self.orders[1].is_empty() && self.taken.is_empty()
    }

    /// The state of the book has changed.
    pub(super) fn judge(&mut self, book: &Book) {
        self.gap |= !self.trusts(book);
    }

    /// The book is told until then.
    #[inline]
    pub(super) fn told(&mut self, time: Nanos) {
        self.book_time = self.book_time.max(time);
    }

    /// Our orders and takings after a message of the book.
    pub(super) fn settle(&mut self, book: &Book, is_match: bool, model: QueueModel) {
        if self.is_idle() || !self.trusts(book) {
            return;
        }
        let (time, lot, gap) = (self.book_time, self.lot, std::mem::take(&mut self.gap));
        for side in Side::BOTH {
            for order in &mut self.orders[side.index()] {
                let qty = book.side(side).qty(order.price).0;
                match &mut order.place {
                    Some(place) if gap => place.resumed(qty, time),
                    Some(place) => place.shown(Shown { qty, time, is_match }, model, lot),
                    None => order.place = Some(Place::at_back(qty, time)),
                }
            }
        }
        self.taken.retain_mut(|taken| {
            taken.qty = taken.qty.min(book.side(taken.side).qty(taken.price).0);
            taken.qty > 0
        });
    }

    /// A trade of the tape goes to our orders that it reaches.
    pub(super) fn traded(&mut self, trade: &Trade, time: Nanos, mut fill: impl FnMut(Fill)) {
        let side = trade.aggressor.opposite();
        let (book_time, price) = (self.book_time, trade.price);
        let orders = &mut self.orders[side.index()];
        let mut taken = 0;
        for order in &mut *orders {
            let beyond = is_better(side, order.price, price);
            if !beyond && order.price != price {
                break;
            }
            let Some(place) = order.place.as_mut().filter(|place| !place.is_before(time)) else {
                continue;
            };
            let reached = if beyond {
                place.traded_through();
                trade.qty.0 - taken
            } else {
                place.traded(Print { qty: trade.qty.0, taken, time, book_time })
            };
            let qty = reached.min(order.left);
            if qty > 0 {
                order.left -= qty;
                order.filled += qty;
                taken += qty;
                fill(Fill { order: order.id, side, price: order.price, qty: Qty(qty) });
            }
        }
        if taken > 0 {
            orders.retain(|order| order.left > 0);
        }
    }

    /// Puts an order at rest behind everything of its price.
    pub(super) fn rest(&mut self, side: Side, order: Resting, book: &Book) {
        let shown = book.side(side).qty(order.price).0;
        let place = self.trusts(book).then(|| Place::at_back(shown, self.book_time));
        let orders = &mut self.orders[side.index()];
        let is_behind = |other: &Resting| is_better(side, order.price, other.price);
        let at = orders.iter().position(is_behind).unwrap_or(orders.len());
        orders.insert(at, Resting { place, ..order });
    }

    /// An order at rest.
    pub(super) fn find(&mut self, id: OrderId) -> Option<(Side, &mut Resting)> {
        Side::BOTH.into_iter().zip(&mut self.orders).find_map(|(side, orders)| {
            Some((side, orders.iter_mut().find(|order| order.id == id)?))
        })
    }

    /// Takes an order out.
    pub(super) fn remove(&mut self, id: OrderId) -> Option<(Side, Resting)> {
        Side::BOTH.into_iter().zip(&mut self.orders).find_map(|(side, orders)| {
            let at = orders.iter().position(|order| order.id == id)?;
            Some((side, orders.remove(at)))
        })
    }

    /// Whether an order of that side and limit would meet one of ours, but for `itself`.
    pub(super) fn meets_own(&self, side: Side, limit: Price, itself: OrderId) -> bool {
        let others = &self.orders[side.opposite().index()];
        others.iter().any(|o| o.id != itself && !is_better(side, o.price, limit))
    }

    /// What an order of that side and limit could take now: price and quantity of each level.
    pub(super) fn reachable(
        &self,
        side: Side,
        limit: Price,
        book: &Book,
    ) -> impl Iterator<Item = (Price, i64)> {
        let from = side.opposite();
        let within = move |(price, _): &(Price, Qty)| !is_better(side, *price, limit);
        book.side(from).iter().take_while(within).map(move |(price, qty)| {
            let of = |taken: &&Taken| taken.side == from && taken.price == price;
            let gone = self.taken.iter().find(of).map_or(0, |taken| taken.qty);
            (price, (qty.0 - gone).max(0))
        })
    }

    /// Remembers that we took so much there, as the recording goes on to show it.
    pub(super) fn take(&mut self, side: Side, price: Price, qty: i64) {
        let from = side.opposite();
        match self.taken.iter_mut().find(|taken| taken.side == from && taken.price == price) {
            Some(taken) => taken.qty += qty,
            None => self.taken.push(Taken { side: from, price, qty }),
        }
    }
}

/// Whether `a` is a better price than `b` for an order of that side to trade at: higher for a bid.
pub(super) const fn is_better(side: Side, a: Price, b: Price) -> bool {
    match side {
        Side::Bid => a.0 > b.0,
        Side::Ask => a.0 < b.0,
    }
}
