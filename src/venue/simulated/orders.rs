//! Orders that rest: a slab of them, a queue for each price, the prices of each side in order.
//!
//! The best price of a side stands last in its row, so that what happens near the touch moves
//! little. A book of a simulated market has some hundred prices; a row beats a tree there. Whether
//! an order may trade is `matching`'s to say.

use crate::types::{Price, Qty, Side};

/// Whose an order is; [`Owner::US`] is the account that this program trades for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Owner(pub(super) u32);

impl Owner {
    /// The account of this program.
    pub(super) const US: Self = Self(0);
}

/// The place of an order that rests. It is void once the order is gone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Place(u32);

const NONE: u32 = u32::MAX;

/// An order that rests.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Resting {
    /// What its owner knows it by.
    pub(super) tag: u64,
    /// Its limit.
    pub(super) price: Price,
    /// What is left of it.
    pub(super) left: Qty,
    /// Whose it is.
    pub(super) owner: Owner,
    /// Its side.
    pub(super) side: Side,
    before: u32,
    after: u32,
}

/// A price, all that rests there, and the ends of its queue.
#[derive(Clone, Copy, Debug)]
struct Shelf {
    /// The price, its sign turned for asks: the best one is the greatest on both sides.
    key: i64,
    total: i64,
    head: u32,
    tail: u32,
}

/// A level that changed, with what stood there when the change began.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Touched {
    /// Whose side.
    pub(super) side: Side,
    /// The price.
    pub(super) price: Price,
    /// The quantity before.
    pub(super) before: Qty,
    /// The quantity now.
    pub(super) after: Qty,
}

/// The orders of one instrument.
#[derive(Debug, Default)]
pub(super) struct RestingOrders {
    slab: Vec<Resting>,
    free: Vec<u32>,
    sides: [Vec<Shelf>; 2],
    touched: Vec<Touched>,
}

impl RestingOrders {
    /// No orders, with room for so many before it has to grow.
    #[must_use]
    pub(super) fn new(orders: usize) -> Self {
        Self {
            slab: Vec::with_capacity(orders),
            free: Vec::with_capacity(orders),
            sides: [Vec::with_capacity(orders), Vec::with_capacity(orders)],
            touched: Vec::with_capacity(orders),
        }
    }

    /// The order at a place.
    #[inline]
    #[must_use]
    pub(super) fn get(&self, place: Place) -> &Resting {
        &self.slab[place.0 as usize]
    }

    /// The best price of a side and all that rests there.
    #[inline]
    #[must_use]
    pub(super) fn best(&self, side: Side) -> Option<(Price, Qty)> {
        self.sides[side.index()].last().map(|shelf| shelf.level(side))
    }

    /// The oldest order of the best price.
    #[inline]
    #[must_use]
    pub(super) fn first(&self, side: Side) -> Option<Place> {
        self.sides[side.index()].last().map(|shelf| Place(shelf.head))
    }

    /// The levels of a side from the best one.
    pub(super) fn levels(&self, side: Side) -> impl Iterator<Item = (Price, Qty)> + '_ {
        self.sides[side.index()].iter().rev().map(move |shelf| shelf.level(side))
    }

    /// The orders of a side by price, then by time.
    pub(super) fn iter(&self, side: Side) -> impl Iterator<Item = Place> + '_ {
        self.sides[side.index()].iter().rev().flat_map(move |shelf| {
            let at = |place: u32| (place != NONE).then_some(Place(place));
            std::iter::successors(
                at(shelf.head),
                move |place| at(self.slab[place.0 as usize].after),
            )
        })
    }

    /// The levels changed since [`Self::forget_touched`], in the order of their first change.
    #[inline]
    #[must_use]
    pub(super) fn touched(&self) -> &[Touched] {
        &self.touched
    }

    /// What changed is known now.
    #[inline]
    pub(super) fn forget_touched(&mut self) {
        self.touched.clear();
    }

    /// Puts an order behind all others of its price.
    pub(super) fn rest(
        &mut self,
        owner: Owner,
        tag: u64,
        (side, price, left): (Side, Price, Qty),
    ) -> Place {
        assert!(left.0 > 0, "an order without quantity does not rest");
        let (row, key) = (&mut self.sides[side.index()], key_of(side, price));
        let at = row.partition_point(|shelf| shelf.key < key);
        if row.get(at).is_none_or(|shelf| shelf.key != key) {
            row.insert(at, Shelf { key, total: 0, head: NONE, tail: NONE });
        }
        let shelf = &mut row[at];
        let order = Resting { tag, price, left, owner, side, before: shelf.tail, after: NONE };
        let place = if let Some(place) = self.free.pop() {
            self.slab[place as usize] = order;
            place
        } else {
            self.slab.push(order);
            u32::try_from(self.slab.len() - 1).expect("fewer orders than 2^32")
        };
        if shelf.tail == NONE {
            shelf.head = place;
        } else {
            self.slab[shelf.tail as usize].after = place;
        }
        shelf.tail = place;
        let before = shelf.total;
        shelf.total += left.0;
        let after = shelf.total;
        self.touch(side, price, before, after);
        Place(place)
    }

    /// Takes a quantity from an order; at nothing left it is gone. Gives what is left.
    pub(super) fn take(&mut self, place: Place, qty: Qty) -> Qty {
        let order = &mut self.slab[place.0 as usize];
        order.left.0 -= qty.0;
        assert!(order.left.0 >= 0, "more is taken than rests");
        let Resting { side, price, left, before: older, after: newer, .. } = *order;
        let (row, key) = (&mut self.sides[side.index()], key_of(side, price));
        // What trades is the best level: no search then.
        let last = row.len() - 1;
        let at = if row[last].key == key { last } else { row.partition_point(|s| s.key < key) };
        let shelf = &mut row[at];
        let before = shelf.total;
        shelf.total -= qty.0;
        let after = shelf.total;
        if left == Qty::ZERO {
            *self.slab.get_mut(older as usize).map_or(&mut shelf.head, |o| &mut o.after) = newer;
            *self.slab.get_mut(newer as usize).map_or(&mut shelf.tail, |o| &mut o.before) = older;
            self.free.push(place.0);
            if after == 0 {
                row.remove(at);
            }
        }
        self.touch(side, price, before, after);
        left
    }

    #[inline]
    fn touch(&mut self, side: Side, price: Price, before: i64, after: i64) {
        let known = self.touched.iter_mut().rev().find(|t| t.price == price && t.side == side);
        match known {
            Some(touched) => touched.after = Qty(after),
            None => {
                let (before, after) = (Qty(before), Qty(after));
                self.touched.push(Touched { side, price, before, after });
            }
        }
    }
}

impl Shelf {
    #[inline]
    const fn level(&self, side: Side) -> (Price, Qty) {
        (Price(self.key * side.sign()), Qty(self.total))
    }
}

#[inline]
const fn key_of(side: Side, price: Price) -> i64 {
    price.0 * side.sign()
}
