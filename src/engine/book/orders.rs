//! An order-by-order book: each order with its place in the queue of its price.
//!
//! Orders lie in one array made at the start and are linked by price, oldest first. The ladder
//! keeps the sums; this file keeps who stands where. An order leaves by its id, whatever price the
//! venue names when it does.

use super::ladder::{Full, Ladder};
use crate::engine::image::runs;
use crate::engine::table::Table;
use crate::event::{Level, OrderAction, OrderKey};
use crate::types::{Price, Qty, Side};
use serde::{Deserialize, Serialize};

/// The end of a list.
const END: u32 = u32::MAX;

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Order {
    key: OrderKey,
    level: Level,
    older: u32,
    younger: u32,
}

/// Oldest and youngest order of a price.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Queue {
    oldest: u32,
    youngest: u32,
}

impl Default for Queue {
    fn default() -> Self {
        Self { oldest: END, youngest: END }
    }
}

/// All orders of one book.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Orders {
    #[serde(with = "runs")]
    orders: Box<[Order]>,
    /// The first free place; they are linked by `younger`.
    free: u32,
    len: usize,
    places: Table<OrderKey, u32>,
    queues: Table<i64, Queue>,
}

/// What an order's change came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// The book changed.
    Changed,
    /// Nothing to do: it was only announced, or left without ever resting.
    Nothing,
    /// It changes an order that is not in the book.
    Absent,
}

/// A price of a side as a key that is never zero.
#[inline]
const fn queue_key(level: Level) -> i64 {
    level.price().0 << 1 | level.side() as i64
}

impl Orders {
    /// Room for that many orders.
    ///
    /// # Panics
    /// For more than a place's number can name: our own fault, the config has checked.
    #[must_use]
    pub fn new(orders_max: usize) -> Self {
        assert!(u32::try_from(orders_max).is_ok_and(|count| count < END));
        let empty =
            Order { key: OrderKey::default(), level: Level::default(), older: END, younger: END };
        let mut made = Self {
            orders: vec![empty; orders_max].into(),
            free: END,
            len: 0,
            places: Table::new(orders_max),
            queues: Table::new(orders_max),
        };
        made.link_free();
        made
    }

    /// How many orders rest.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether none rests.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Where an order stands: its level, and the quantity before it in the queue.
    #[must_use]
    pub fn position(&self, key: OrderKey) -> Option<(Level, Qty)> {
        let order = self.orders[self.places.get(key)? as usize];
        let mut ahead = 0;
        let mut at = order.older;
        while at != END {
            let older = &self.orders[at as usize];
            ahead += older.level.qty().0;
            at = older.older;
        }
        Some((order.level, Qty(ahead)))
    }

    /// The orders of a price, oldest first.
    pub fn queue(&self, side: Side, price: Price) -> impl Iterator<Item = (OrderKey, Qty)> + '_ {
        let queue = self.queues.get(queue_key(Level::new(side, price, Qty::ZERO)));
        let mut at = queue.unwrap_or_default().oldest;
        std::iter::from_fn(move || {
            let order = self.orders.get(at as usize)?;
            at = order.younger;
            Some((order.key, order.level.qty()))
        })
    }

    /// Applies one change to the orders and to the ladder of its side.
    ///
    /// # Errors
    /// There is no place for one more order, or its level has none.
    pub fn apply(
        &mut self,
        key: OrderKey,
        action: OrderAction,
        level: Level,
        ladders: &mut [Ladder; 2],
    ) -> Result<Outcome, Full> {
        let place = self.places.get(key);
        match (action, place) {
            (OrderAction::Received, _) | (OrderAction::Done, None) => Ok(Outcome::Nothing),
            (OrderAction::Open, None) => {
                self.insert(key, level, ladders)?;
                Ok(Outcome::Changed)
            }
            // Announced again: what it says now counts, and it goes to the back.
            (OrderAction::Open, Some(place)) => {
                self.remove(place, ladders)?;
                self.insert(key, level, ladders)?;
                Ok(Outcome::Changed)
            }
            (OrderAction::Match | OrderAction::Change, None) => Ok(Outcome::Absent),
            (OrderAction::Done, Some(place)) => {
                self.remove(place, ladders)?;
                Ok(Outcome::Changed)
            }
            (OrderAction::Match, Some(place)) => {
                let held = self.orders[place as usize].level;
                let left = (held.qty().0 - level.qty().0).max(0);
                self.resize(place, Qty(left), ladders)?;
                Ok(Outcome::Changed)
            }
            (OrderAction::Change, Some(place)) => {
                let held = self.orders[place as usize].level;
                let grows = level.qty() > held.qty();
                if held.price() == level.price() && held.side() == level.side() && !grows {
                    self.resize(place, level.qty(), ladders)?;
                } else {
                    // A new price or a greater size costs the place in the queue.
                    self.remove(place, ladders)?;
                    self.insert(key, level, ladders)?;
                }
                Ok(Outcome::Changed)
            }
        }
    }

    /// Puts an order behind all others of its price. One of no size rests nowhere.
    fn insert(
        &mut self,
        key: OrderKey,
        level: Level,
        ladders: &mut [Ladder; 2],
    ) -> Result<(), Full> {
        if level.qty() == Qty::ZERO {
            return Ok(());
        }
        if self.free == END || key == OrderKey::default() {
            return Err(Full);
        }
        add(ladders, level, level.qty().0)?;
        let place = self.free;
        let queue = self.queues.get(queue_key(level)).unwrap_or_default();
        let order = &mut self.orders[place as usize];
        self.free = order.younger;
        *order = Order { key, level, older: queue.youngest, younger: END };
        let oldest = if queue.youngest == END {
            place
        } else {
            self.orders[queue.youngest as usize].younger = place;
            queue.oldest
        };
        self.queues.insert(queue_key(level), Queue { oldest, youngest: place });
        self.places.insert(key, place);
        self.len += 1;
        Ok(())
    }

    fn remove(&mut self, place: u32, ladders: &mut [Ladder; 2]) -> Result<(), Full> {
        let Order { key, level, older, younger } = self.orders[place as usize];
        add(ladders, level, -level.qty().0)?;
        let mut queue = self.queues.get(queue_key(level)).expect("an order's price has a queue");
        match self.orders.get_mut(older as usize) {
            Some(older) => older.younger = younger,
            None => queue.oldest = younger,
        }
        match self.orders.get_mut(younger as usize) {
            Some(younger) => younger.older = older,
            None => queue.youngest = older,
        }
        if queue.oldest == END {
            self.queues.remove(queue_key(level));
        } else {
            self.queues.insert(queue_key(level), queue);
        }
        self.places.remove(key);
        self.orders[place as usize].younger = self.free;
        self.free = place;
        self.len -= 1;
        Ok(())
    }

    /// Leaves an order with less, at its place in the queue.
    fn resize(&mut self, place: u32, qty: Qty, ladders: &mut [Ladder; 2]) -> Result<(), Full> {
        if qty == Qty::ZERO {
            return self.remove(place, ladders);
        }
        let order = &mut self.orders[place as usize];
        let level = order.level;
        order.level = Level::new(level.side(), level.price(), qty);
        add(ladders, level, qty.0 - level.qty().0)
    }

    /// Forgets every order; the ladders are the caller's to clear.
    pub fn clear(&mut self) {
        self.places.clear();
        self.queues.clear();
        self.link_free();
        self.len = 0;
    }

    /// Links all places as free, the first one first.
    fn link_free(&mut self) {
        let mut next = 0;
        for order in &mut self.orders {
            next += 1;
            order.younger = next;
        }
        if let Some(last) = self.orders.last_mut() {
            last.younger = END;
        }
        self.free = if self.orders.is_empty() { END } else { 0 };
    }
}

/// Adds to the sum of a level.
fn add(ladders: &mut [Ladder; 2], level: Level, lots: i64) -> Result<(), Full> {
    let ladder = &mut ladders[level.side().index()];
    let sum = ladder.qty(level.price()).0.checked_add(lots).ok_or(Full)?;
    ladder.set(level.price(), Qty(sum)).map(|_| ())
}
