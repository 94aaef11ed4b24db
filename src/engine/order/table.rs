//! The one order table: every order from its release until long after its end.
//!
//! Made once for `orders_max` live orders and as many done ones, which are kept to take late fills.
//! Each side of an instrument has its live orders in a list, their sums and its best price, so that
//! no check walks all orders.

use super::kept::{Fill, OddCounts, OpenSide, Order, Reported, event_of, take_terms};
use super::lists::Lists;
use super::status::{Odd, OrderEvent, Status};
use super::trades::Trades;
use super::transition::transition;
use crate::engine::image::runs;
use crate::engine::table::Table;
use crate::event::{Level, Proposal, Report, ReportKind};
use crate::types::{InstrumentId, OrderId, Origin, Price, Qty, Side, TimeInForce};
use serde::{Deserialize, Serialize};

const FREE: usize = 0;
const DONE: usize = 1;
const FIRST_SIDE: usize = 2;

/// All orders by id and by side.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OrderTable {
    #[serde(with = "runs")]
    orders: Box<[Order]>,
    lists: Lists,
    places: Table<u64, u32>,
    sides: Box<[[OpenSide; 2]]>,
    live: usize,
    orders_max: usize,
    /// The id given last, by origin: ids only grow.
    last: [OrderId; 2],
    trades: Trades,
    odd: OddCounts,
}

impl OrderTable {
    /// A table for that many live orders over that many instruments.
    #[must_use]
    pub fn new(orders_max: usize, instruments: usize) -> Self {
        let nothing = Order {
            id: OrderId(0),
            price: Price(0),
            qty: Qty(0),
            price_asked: Price(0),
            qty_asked: Qty(0),
            traded: Qty(0),
            instrument: InstrumentId(0),
            side: Side::Bid,
            status: Status::Rejected,
            time_in_force: TimeInForce::GoodTillCancel,
            post_only: false,
            reduce_only: false,
            cancel_asked: false,
        };
        let places = Self::places_max(orders_max);
        Self {
            orders: vec![nothing; places].into(),
            lists: Lists::new(places, FIRST_SIDE + 2 * instruments),
            places: Table::new(places),
            sides: vec![[OpenSide::EMPTY; 2]; instruments].into(),
            live: 0,
            orders_max,
            last: [OrderId(0); 2],
            trades: Trades::new(),
            odd: OddCounts::default(),
        }
    }

    /// How many orders, live and done, are kept: the most that one sweep can cancel.
    #[must_use]
    pub const fn places_max(orders_max: usize) -> usize {
        2 * orders_max
    }

    /// How many orders are live.
    #[inline]
    #[must_use]
    pub const fn live_count(&self) -> usize {
        self.live
    }

    /// The order of that id, live or done.
    #[inline]
    #[must_use]
    pub fn get(&self, id: OrderId) -> Option<&Order> {
        // The zero id is nobody's: it marks an empty place.
        let place = self.places.get(id.0).filter(|_| id.0 != 0)?;
        Some(&self.orders[place as usize])
    }

    /// What is live on that side.
    #[inline]
    #[must_use]
    pub fn open(&self, instrument: InstrumentId, side: Side) -> &OpenSide {
        &self.sides[instrument.index()][side.index()]
    }

    /// What is live on both sides.
    #[inline]
    #[must_use]
    pub fn open_sides(&self, instrument: InstrumentId) -> &[OpenSide; 2] {
        &self.sides[instrument.index()]
    }

    /// The live orders of that side, the newest first.
    #[inline]
    pub fn live_of(&self, instrument: InstrumentId, side: Side) -> impl Iterator<Item = &Order> {
        self.lists.iter(list_of(instrument, side)).map(|place| &self.orders[place as usize])
    }

    /// All live orders, by instrument and side.
    pub fn live_orders(&self) -> impl Iterator<Item = &Order> {
        (FIRST_SIDE..FIRST_SIDE + 2 * self.sides.len())
            .flat_map(|list| self.lists.iter(list))
            .map(|place| &self.orders[place as usize])
    }

    /// See [`Core::glance`](crate::engine::Core::glance).
    pub(in crate::engine) fn glance(&self, instrument: InstrumentId) -> i64 {
        let live = Side::BOTH.into_iter().flat_map(|side| self.live_of(instrument, side));
        let live = live.fold(0, |sum, order| {
            sum ^ self.places.get(order.id.0).map_or(0, i64::from) ^ order.price_asked.0
        });
        live ^ self.open(instrument, Side::Bid).leaves
    }

    /// The first live order's place, by instrument and side; orders may be asked to end while
    /// their places are walked.
    pub(in crate::engine) fn first_live(&self) -> Option<u32> {
        self.first_live_from(FIRST_SIDE)
    }

    /// The place behind it.
    pub(in crate::engine) fn next_live(&self, place: u32) -> Option<u32> {
        let order = self.at(place);
        let list = list_of(order.instrument, order.side);
        self.lists.after(place).or_else(|| self.first_live_from(list + 1))
    }

    fn first_live_from(&self, list: usize) -> Option<u32> {
        (list..FIRST_SIDE + 2 * self.sides.len()).find_map(|list| self.lists.newest(list))
    }

    /// The order of a place.
    #[inline]
    pub(in crate::engine) fn at(&self, place: u32) -> &Order {
        &self.orders[place as usize]
    }

    /// How many orders are live.
    #[inline]
    #[must_use]
    pub const fn live(&self) -> usize {
        self.live
    }

    /// The id that was given last by that origin.
    #[inline]
    #[must_use]
    pub const fn last_id(&self, origin: Origin) -> OrderId {
        self.last[origin as usize]
    }

    /// How often each odd case occurred.
    #[must_use]
    pub const fn odd_counts(&self) -> &OddCounts {
        &self.odd
    }

    /// Takes a new order in.
    ///
    /// # Panics
    /// There is no room or the id was used: the gate has checked both.
    #[inline]
    pub fn place(&mut self, new: &Proposal, reduce_only: bool) {
        assert!(self.live < self.orders_max, "the gate checks the capacity");
        let last = &mut self.last[new.order.origin() as usize];
        assert!(*last < new.order, "the gate checks that ids grow");
        *last = new.order;
        let place = match self.lists.oldest(FREE) {
            Some(place) => place,
            None => self.forget_oldest(),
        };
        self.places.insert(new.order.0, place);
        self.orders[place as usize] = Order {
            id: new.order,
            price: new.price,
            qty: new.qty,
            price_asked: new.price,
            qty_asked: new.qty,
            traded: Qty(0),
            instrument: new.instrument,
            side: new.side,
            status: Status::Requested,
            time_in_force: new.time_in_force,
            post_only: new.post_only,
            reduce_only,
            cancel_asked: false,
        };
        self.lists.shift(place, list_of(new.instrument, new.side));
        self.live += 1;
        self.add(place, 1);
    }

    /// The place of the order that has been done for the longest time.
    #[cold]
    fn forget_oldest(&mut self) -> u32 {
        let place = self.lists.oldest(DONE).expect("half of the places are for done orders");
        self.places.remove(self.orders[place as usize].id.0);
        place
    }

    /// Other terms are asked for.
    ///
    /// # Panics
    /// The order is not working: the gate has checked it.
    pub fn replace(&mut self, new: &Proposal, reduce_only: bool) {
        let place = self.places.get(new.order.0).expect("the gate checks that it is there");
        let from = self.orders[place as usize].status;
        let step = transition(from, OrderEvent::AskReplace).expect("the gate checks the status");
        self.change(place, |order| {
            order.status = step.to;
            order.price_asked = new.price;
            order.qty_asked = new.qty;
            order.reduce_only = reduce_only;
        });
    }

    /// The order's end is asked for; of an order that is not known, nothing happens.
    pub fn ask_cancel(&mut self, id: OrderId) {
        let Some(place) = self.places.get(id.0).filter(|_| id.0 != 0) else { return };
        let order = &mut self.orders[place as usize];
        let step = transition(order.status, OrderEvent::AskCancel).expect("a cancel always may");
        order.status = step.to;
        order.cancel_asked = true;
    }

    /// From now on it may only bring the position down.
    pub fn mark_reduce_only(&mut self, id: OrderId) {
        let place = self.places.get(id.0).expect("the caller holds the order");
        self.change(place, |order| order.reduce_only = true);
    }

    /// An order that an earlier epoch has left, as it was known then; false if there is no room or
    /// it is here already.
    pub(in crate::engine) fn restore(&mut self, order: &Order) -> bool {
        let side = self.sides.get(order.instrument.index());
        let Some(place) = self.lists.oldest(FREE).filter(|_| side.is_some()) else { return false };
        let is_known = order.id.0 == 0 || self.places.get(order.id.0).is_some();
        if is_known || order.status.is_done() || self.live == self.orders_max {
            return false;
        }
        self.places.insert(order.id.0, place);
        self.orders[place as usize] = *order;
        self.lists.shift(place, list_of(order.instrument, order.side));
        self.live += 1;
        self.add(place, 1);
        true
    }

    /// Whether an order of that id may be placed: ids grow, and there is room.
    pub(in crate::engine) fn takes(&self, id: OrderId) -> bool {
        self.live < self.orders_max && self.last[id.origin() as usize] < id
    }

    /// The trades that are remembered, oldest first.
    pub(in crate::engine) fn trades(&self) -> impl Iterator<Item = (OrderId, u64)> {
        self.trades.iter()
    }

    /// A trade that was counted before; from now on it is not counted again.
    pub(in crate::engine) fn remember(&mut self, (order, trade): (OrderId, u64)) {
        self.trades.is_new(order, trade);
    }

    /// Every trade with that number of the venue's or a greater one that was counted is remembered.
    pub(in crate::engine) const fn trades_from(&self) -> u64 {
        self.trades.from()
    }

    /// Trades with lower numbers may have been counted and forgotten.
    pub(in crate::engine) fn forget_below(&mut self, from: u64) {
        self.trades.forget_below(from);
    }

    /// What the gateway or the venue says of an order.
    pub fn report(&mut self, instrument: InstrumentId, report: &Report, level: Level) -> Reported {
        let mut reported = Reported::default();
        if report.kind == ReportKind::Filled {
            if level.qty().0 <= 0 || instrument.index() >= self.sides.len() {
                self.odd.count(Some(Odd::Nonsense));
                return reported;
            }
            let id = report.order;
            if !self.trades.is_new(id, report.trade_id) {
                self.odd.count(Some(Odd::RepeatedTrade));
                return reported;
            }
            let (side, price, qty) = (level.side(), level.price(), level.qty());
            reported.fill = Some(Fill { side, price, qty });
        }
        let id = report.order;
        if id == OrderId::NONE && report.kind == ReportKind::Absent {
            return reported;
        }
        let Some(place) = self.places.get(id.0).filter(|_| id.0 != 0) else {
            self.odd.count(Some(Odd::UnknownOrder));
            return reported;
        };
        let before = self.orders[place as usize];
        self.take(place, report, level);
        let after = &self.orders[place as usize];
        reported.ended = !before.status.is_done() && after.status.is_done();
        reported.came_back = before.cancel_asked && !after.cancel_asked;
        reported
    }

    /// Lets the report have its effect on the order.
    fn take(&mut self, place: u32, report: &Report, level: Level) {
        let order = &self.orders[place as usize];
        let traded = order.traded.0.saturating_add(level.qty().0);
        let whole = order.qty.0.max(order.qty_asked.0);
        let event = event_of(report, traded >= whole);
        let step = transition(order.status, event).expect("a report is no request");
        self.odd.count(step.odd);
        if report.kind == ReportKind::Filled && traded > whole {
            self.odd.count(Some(Odd::Overfill));
        }
        self.change(place, |order| {
            take_terms(order, event, step, level);
            order.status = step.to;
            if step.to == Status::Working {
                order.cancel_asked = false;
            }
            // New terms can be what has traded already: then nothing is left of it.
            if !order.status.is_done() && order.traded.0 >= order.qty.0.max(order.qty_asked.0) {
                let step = transition(order.status, OrderEvent::Completed);
                order.status = step.expect("a completion is no request").to;
            }
        });
    }

    /// Changes an order and keeps sums, lists and best prices right.
    #[inline]
    fn change(&mut self, place: u32, change: impl FnOnce(&mut Order)) {
        let old = self.orders[place as usize];
        self.add(place, -1);
        change(&mut self.orders[place as usize]);
        let new = self.orders[place as usize];
        match (old.status.is_done(), new.status.is_done()) {
            (false, true) => {
                self.lists.shift(place, DONE);
                self.live -= 1;
            }
            (true, false) => {
                self.lists.shift(place, list_of(new.instrument, new.side));
                self.live += 1;
            }
            _ => {}
        }
        self.add(place, 1);
        let open = &mut self.sides[old.instrument.index()][old.side.index()];
        let receded = new.status.is_done() || new.key() < old.key();
        if receded && old.key() == open.best {
            let live = self.lists.iter(list_of(old.instrument, old.side));
            let best = live.map(|place| self.orders[place as usize].key()).max();
            open.best = best.unwrap_or(OpenSide::NO_PRICE);
        }
    }

    /// Adds the order to the sums of its side, or takes it out.
    #[inline]
    fn add(&mut self, place: u32, sign: i64) {
        let order = &self.orders[place as usize];
        if order.status.is_done() {
            return;
        }
        let open = &mut self.sides[order.instrument.index()][order.side.index()];
        let leaves = sign * order.leaves();
        open.leaves = open.leaves.saturating_add(leaves);
        open.reducing = open.reducing.saturating_add(if order.reduce_only { leaves } else { 0 });
        if sign > 0 {
            open.count += 1;
            open.best = open.best.max(order.key());
        } else {
            open.count -= 1;
        }
    }
}

#[inline]
fn list_of(instrument: InstrumentId, side: Side) -> usize {
    FIRST_SIDE + 2 * instrument.index() + side.index()
}
