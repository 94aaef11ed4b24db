//! One instrument of the venue: its orders, its crowd, and what is told of them.
//!
//! Every change is told at once: first its trades, then the levels that it left different, under
//! the next id. Whether anybody hears it is not known here.

use super::agenda::Kind;
use super::channel::Channel;
use super::matching::{Incoming, Match, Placed, place};
use super::orders::{Owner, Place, RestingOrders};
use super::params::MarketParams;
use super::participants::{Crowd, Floor};
use crate::event::{Body, Event, Level, Levels, MarketStatus, PART_LEVELS_MAX, Shape, Trade};
use crate::types::{Instrument, InstrumentId, Nanos, Price, Qty, Side};

/// Orders that a market has room for before it must grow.
const ORDERS: usize = 4096;

/// One instrument of the venue.
#[derive(Debug)]
pub(super) struct Market {
    /// What is traded.
    pub(super) instrument: Instrument,
    /// What it was made with.
    pub(super) params: MarketParams,
    orders: RestingOrders,
    crowd: Crowd,
    matches: Vec<Match>,
    /// The levels of one message.
    levels: Vec<Level>,
    /// The number of the last message of changed levels.
    id: u64,
}

/// When something is told, and when it is heard.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stamps {
    /// The venue's time.
    pub(super) venue_time: Nanos,
    /// When it arrives; nothing if nobody hears it.
    pub(super) received: Option<Nanos>,
}

impl Stamps {
    /// An event at that time.
    fn event(self, instrument: InstrumentId, received: Nanos, body: Body) -> Event {
        Event { sequence: 0, received, venue_time: self.venue_time, instrument, body }
    }
}

impl Market {
    /// An empty market with its crowd.
    #[must_use]
    pub(super) fn new(instrument: Instrument, params: MarketParams, crowd: Crowd) -> Self {
        Self {
            instrument,
            params,
            orders: RestingOrders::new(ORDERS),
            crowd,
            matches: Vec::with_capacity(ORDERS),
            levels: Vec::with_capacity(ORDERS),
            id: 0,
        }
    }

    /// The crowd's turn before anybody hears: the book fills.
    pub(super) fn open(&mut self, now: Nanos) {
        let Self { orders, crowd, matches, .. } = self;
        crowd.open(now, &mut Floor { orders, matches });
        self.orders.forget_touched();
    }

    /// Somebody of the crowd acts; gives the wait for the next of the kind.
    #[inline]
    pub(super) fn act(&mut self, kind: Kind, now: Nanos) -> Option<Nanos> {
        let Self { orders, crowd, matches, .. } = self;
        crowd.act(kind, now, &mut Floor { orders, matches });
        crowd.wait(kind)
    }

    /// The wait for the first of a kind.
    pub(super) fn first(&mut self, kind: Kind) -> Option<Nanos> {
        self.crowd.wait(kind)
    }

    /// An order of ours comes in.
    pub(super) fn place(&mut self, order: &Incoming) -> Placed {
        place(&mut self.orders, order, &mut self.matches)
    }

    /// Puts an order of ours back that rested before a restart.
    pub(super) fn put_back(&mut self, tag: u64, order: (Side, Price, Qty)) -> Place {
        self.orders.rest(Owner::US, tag, order)
    }

    /// The book.
    #[must_use]
    pub(super) const fn orders(&self) -> &RestingOrders {
        &self.orders
    }

    /// Takes a quantity of a resting order of ours away.
    pub(super) fn reduce(&mut self, place: Place, qty: Qty) {
        self.orders.take(place, qty);
    }

    /// The fair value, in ticks.
    #[must_use]
    pub(super) const fn fair(&self) -> f64 {
        self.crowd.fair()
    }

    /// The trades since `told`.
    #[inline]
    #[must_use]
    pub(super) fn matches(&self) -> &[Match] {
        &self.matches
    }

    /// Tells of the trades, whose numbers begin with `trade_id`, and of the levels; orders of the
    /// crowd that have traded whole are forgotten.
    pub(super) fn tell(&mut self, trade_id: u64, stamps: Stamps, feed: &mut Channel) {
        let instrument = self.instrument.id;
        for (id, matched) in (trade_id..).zip(&self.matches) {
            let Match { price, qty, aggressor, owner, tag, left } = *matched;
            if owner != Owner::US && left == Qty::ZERO {
                self.crowd.traded_whole(tag);
            }
            if let Some(received) = stamps.received {
                let body = Body::Trade(Trade { price, qty, id, aggressor, history: false });
                feed.push(&stamps.event(instrument, received, body), &[]);
            }
        }
        self.matches.clear();
        self.levels.clear();
        let changed = self.orders.touched().iter().filter(|t| t.before != t.after);
        self.levels.extend(changed.map(|t| Level::new(t.side, t.price, t.after)));
        self.orders.forget_touched();
        if !self.levels.is_empty() {
            self.id += 1;
            self.push_levels(Shape::Update, stamps, feed);
        }
    }

    /// Tells that the subscription stands, and how the instrument trades.
    pub(super) fn welcome(&self, stamps: Stamps, feed: &mut Channel) {
        let Some(received) = stamps.received else { return };
        for body in [Body::Subscribed { depth: 0 }, Body::Status(MarketStatus::Trading)] {
            feed.push(&stamps.event(self.instrument.id, received, body), &[]);
        }
    }

    /// Tells the whole book.
    pub(super) fn tell_all(&mut self, stamps: Stamps, feed: &mut Channel) {
        self.levels.clear();
        for side in Side::BOTH {
            let levels = self.orders.levels(side);
            self.levels.extend(levels.map(|(price, qty)| Level::new(side, price, qty)));
        }
        self.push_levels(Shape::Snapshot, stamps, feed);
    }

    /// The levels as one message, in as many parts as it takes.
    #[inline]
    fn push_levels(&self, shape: Shape, stamps: Stamps, feed: &mut Channel) {
        let Some(received) = stamps.received else { return };
        let follows = if shape == Shape::Update { self.id - 1 } else { 0 };
        let mut rest = self.levels.as_slice();
        let mut first = true;
        loop {
            let (levels, behind) = rest.split_at(rest.len().min(PART_LEVELS_MAX));
            let last = behind.is_empty();
            let count = u8::try_from(levels.len()).expect("at most 28");
            let body = Body::Levels(Levels {
                shape,
                first,
                last,
                count,
                follows,
                id: self.id,
                checksum: None,
            });
            feed.push(&stamps.event(self.instrument.id, received, body), levels);
            if last {
                return;
            }
            (rest, first) = (behind, false);
        }
    }
}
