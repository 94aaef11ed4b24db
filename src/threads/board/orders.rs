//! Live orders and trades of ours as readers off the path see them.
//!
//! Orders are a view: the latest look wins. Trades go through a ring, as none of them may be
//! missed; one for which there is no room is counted.

use crate::engine::order::{Order, Status};
use crate::event::{Event, Level, Report};
use crate::threads::view::Words;
use crate::types::{InstrumentId, Nanos, OrderId, Price, Qty, Side};
use rtrb::{Consumer, Producer, RingBuffer};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Orders that are shown; there may be more.
pub const ORDERS_SHOWN: usize = 64;
const ORDER_WORDS: usize = 5;
/// Trades that may wait for a reader that comes ten times a second.
const FILLS_WAITING: usize = 1 << 10;

/// One live order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OrderView {
    /// Its id.
    pub id: OrderId,
    /// Its limit.
    pub price: Price,
    /// Its whole quantity.
    pub qty: Qty,
    /// What of it has traded.
    pub traded: Qty,
    /// Whose market.
    pub instrument: InstrumentId,
    /// Its side.
    pub side: Side,
    /// Where it is in its life.
    pub status: Status,
    /// It may only bring the position down.
    pub reduce_only: bool,
}

/// Live orders by instrument and side, as many as are shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OrdersView(pub [Option<OrderView>; ORDERS_SHOWN]);

impl OrdersView {
    pub(super) fn of<'a>(orders: impl Iterator<Item = &'a Order>) -> Self {
        let mut view = Self([None; ORDERS_SHOWN]);
        for (place, order) in view.0.iter_mut().zip(orders) {
            *place = Some(OrderView {
                id: order.id,
                price: order.price,
                qty: order.qty,
                traded: order.traded,
                instrument: order.instrument,
                side: order.side,
                status: order.status,
                reduce_only: order.reduce_only,
            });
        }
        view
    }
}

impl Words<{ ORDERS_SHOWN * ORDER_WORDS }> for OrdersView {
    fn to_words(&self) -> [u64; ORDERS_SHOWN * ORDER_WORDS] {
        let mut words = [0; ORDERS_SHOWN * ORDER_WORDS];
        let places = words.as_chunks_mut::<ORDER_WORDS>().0;
        for (place, order) in places.iter_mut().zip(self.0) {
            let Some(order) = order else { continue };
            let word = i64::cast_unsigned;
            let flags = u64::from(order.instrument.0)
                | (order.side as u64) << 16
                | (order.status as u64) << 24
                | u64::from(order.reduce_only) << 32
                | 1 << 40;
            let [price, qty, traded] = [order.price.0, order.qty.0, order.traded.0].map(word);
            *place = [order.id.0, price, qty, traded, flags];
        }
        words
    }

    fn from_words(words: &[u64; ORDERS_SHOWN * ORDER_WORDS]) -> Self {
        let places = words.as_chunks::<ORDER_WORDS>().0;
        Self(std::array::from_fn(|at| {
            let [id, price, qty, traded, flags] = places[at];
            let [low, high, side, status, reduce_only, is_there, ..] = flags.to_le_bytes();
            (is_there == 1).then(|| OrderView {
                id: OrderId(id),
                price: Price(price.cast_signed()),
                qty: Qty(qty.cast_signed()),
                traded: Qty(traded.cast_signed()),
                instrument: InstrumentId(u16::from_le_bytes([low, high])),
                side: Side::BOTH[usize::from(side)],
                status: Status::ALL[usize::from(status)],
                reduce_only: reduce_only == 1,
            })
        }))
    }
}

/// A trade of ours as it was told.
#[derive(Clone, Copy, Debug)]
pub struct FillTold {
    /// The input that told of it.
    pub sequence: u64,
    /// The time of that input.
    pub time: Nanos,
    /// Whose market.
    pub instrument: InstrumentId,
    /// What was told.
    pub report: Report,
    /// Side, price and quantity of the trade.
    pub level: Level,
}

/// Where risk puts the trades.
#[derive(Debug)]
pub(super) struct FillsIn {
    ring: Option<Producer<FillTold>>,
    lost: Arc<AtomicU64>,
}

/// Where a reader takes them.
#[derive(Debug)]
pub struct Fills {
    ring: Consumer<FillTold>,
    lost: Arc<AtomicU64>,
}

/// Both ends.
pub(super) fn fills() -> (FillsIn, Fills) {
    let (producer, ring) = RingBuffer::new(FILLS_WAITING);
    let lost = Arc::new(AtomicU64::new(0));
    (FillsIn { ring: Some(producer), lost: Arc::clone(&lost) }, Fills { ring, lost })
}

impl FillsIn {
    /// Tells of a trade; where nobody reads any more, nothing is kept and nothing lost.
    #[inline]
    pub(super) fn tell(&mut self, input: &Event, report: Report, level: Level) {
        let Some(ring) = &mut self.ring else { return };
        let Event { sequence, received: time, instrument, .. } = *input;
        if ring.push(FillTold { sequence, time, instrument, report, level }).is_err() {
            if ring.is_abandoned() {
                self.ring = None;
            } else {
                self.lost.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

impl Fills {
    /// The next trade.
    pub fn take(&mut self) -> Option<FillTold> {
        self.ring.pop().ok()
    }

    /// Trades for which there was no room.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_survive_their_words() {
        let order = |at: u64| OrderView {
            id: OrderId(u64::MAX - at),
            price: Price(-5),
            qty: Qty(i64::MAX),
            traded: Qty(3),
            instrument: InstrumentId(4095),
            side: Side::Ask,
            status: Status::Unknown,
            reduce_only: at == 1,
        };
        let mut view = OrdersView([None; ORDERS_SHOWN]);
        (view.0[0], view.0[ORDERS_SHOWN - 1]) = (Some(order(0)), Some(order(1)));
        assert_eq!(OrdersView::from_words(&view.to_words()), view);
    }
}
