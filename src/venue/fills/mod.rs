//! Fills for `replay`, `backtest` and `paper`: what would have become of our orders, had they been
//! at the venue that was recorded (or is listened to).
//!
//! A pure struct without a clock: it sees every market event as the venue had it (`observe`), takes
//! our requests (`send`) and gives their reports when they are due (`hear`). Orders at rest are
//! filled by trades of the tape alone, by their place in the queue (`queue`); orders that take,
//! take what the book shows, once. No fill happens while the book cannot be trusted.
//!
//! All times are the tape's, on which market data is as old as it was heard: a message that the
//! tape has at t left the venue at t − `feed_latency`. So a request that is sent at t meets the
//! tape of t + `order_latency` + `feed_latency`, and of what the tape shows at t we hear after
//! `report_latency` − `feed_latency`, at once where that is negative. A stamp that a request and a
//! market event share belongs to the market first.
//!
//! It keeps books of its own, or sees those of the engine where both are in one thread: then one
//! update of a book serves both, and what an event means for our orders is said behind it (`told`).
//!
//! Orders do not move the market: nobody reacts to them, and what they traded others traded too.
//! `Sent` is the gateway's to report, not the venue's. Restarts are not known here.

mod answers;
mod market;
mod params;
mod queue;
mod requests;

pub use params::{FeeRate, FillParams};
pub use queue::QueueModel;

use crate::engine::book::{Books, Change};
use crate::engine::risk::OrderRequest;
use crate::event::{Body, Event, Level, OrderAction, Part, Report, ReportKind, Shape, Trade};
use crate::types::{InstrumentId, InstrumentTable, Nanos, OrderId, Price, Qty, Side};
use answers::Answers;
use market::Market;
use requests::Ids;
use std::collections::VecDeque;

/// What is on its way to the venue.
#[derive(Clone, Copy, Debug)]
enum Asked {
    Request(OrderRequest),
    Query(OrderId, InstrumentId),
}

/// What a fill model has counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct FillCounts {
    /// Requests that have reached the venue.
    pub requests: u64,
    /// Of these, those it said no to.
    pub rejects: u64,
    /// Trades of orders at rest.
    pub maker_fills: u64,
    /// Trades of orders that took.
    pub taker_fills: u64,
    /// Trades of the tape that could fill nothing, as the book could not be trusted.
    pub trades_untrusted: u64,
}

/// The venue that a recording is played at.
#[derive(Debug)]
pub struct FillModel {
    queue: QueueModel,
    /// From our send to the tape's time at which the venue has it.
    way_there: Nanos,
    /// Its own; nothing where it is shown the engine's.
    books: Option<Books>,
    markets: Vec<Market>,
    ids: Ids,
    /// In the order in which they arrive.
    pending: VecDeque<(Nanos, Asked)>,
    answers: Answers,
    /// The last time seen; never goes back.
    now: Nanos,
    counts: FillCounts,
}

impl FillModel {
    /// The venue of these instruments; `books` are new ones of the same, as the engine has them.
    #[must_use]
    pub fn new(params: &FillParams, table: &InstrumentTable, books: Books) -> Self {
        Self {
            queue: params.queue,
            way_there: Nanos(params.order_latency.0 + params.feed_latency.0),
            books: Some(books),
            markets: table.iter().map(Market::new).collect(),
            ids: Ids::default(),
            pending: VecDeque::with_capacity(64),
            answers: Answers::new(params),
            now: Nanos::UNKNOWN,
            counts: FillCounts::default(),
        }
    }

    /// What was counted.
    #[must_use]
    pub const fn counts(&self) -> &FillCounts {
        &self.counts
    }

    /// From here on it is shown the engine's books, which have had every event that it has had: by
    /// [`Self::approach`], [`Self::told`] and [`Self::hear_with`].
    pub fn lend(&mut self) {
        self.books = None;
    }

    /// Whether it is shown the engine's books.
    #[must_use]
    pub const fn is_lent(&self) -> bool {
        self.books.is_none()
    }

    /// Takes its own books for a while; whoever takes them puts them back.
    fn own(&mut self) -> Books {
        self.books.take().expect("whoever lends books shows them at each call")
    }

    /// A market event, as the venue had it. Requests that arrive before it are met first. Inputs
    /// that do not come from the market are none of its business.
    ///
    /// # Panics
    /// It is shown the engine's books: our own fault.
    #[inline]
    pub fn observe(&mut self, event: &Event, levels: &[Level]) {
        if event.received > self.now {
            self.now = event.received;
            if self.pending.front().is_some_and(|(at, _)| *at < event.received) {
                self.arrive_by_own(Nanos(event.received.0 - 1));
            }
        }
        let mut books = self.own();
        if books.on_time(event.received).state {
            self.judge(InstrumentId::ALL, &books);
        }
        let change = books.apply(event, levels);
        self.told(event, change, &books);
        self.books = Some(books);
    }

    /// Time has come to that event, which the books shown have not had yet: requests that arrive
    /// before it are met.
    #[inline]
    pub fn approach(&mut self, event: &Event, books: &Books) {
        if event.received > self.now {
            self.now = event.received;
            if self.pending.front().is_some_and(|(at, _)| *at < event.received) {
                self.arrive(Nanos(event.received.0 - 1), books);
            }
        }
    }

    /// The books have had that event; a timer, too, where it has found a silence.
    #[inline]
    pub fn told(&mut self, event: &Event, change: Change, books: &Books) {
        if change.state {
            let id = if event.body == Body::Timer { InstrumentId::ALL } else { event.instrument };
            self.judge(id, books);
        }
        match event.body {
            Body::Levels(head) if head.last && head.shape != Shape::Top => {
                self.settle(event, false, books);
            }
            Body::Order(order) => {
                self.settle(event, order.action == OrderAction::Match, books);
            }
            Body::Trade(trade) if !trade.history => self.traded(event, &trade, books),
            Body::Status(status) => {
                for market in each(&mut self.markets, event.instrument) {
                    market.status = status;
                }
            }
            _ => {}
        }
    }

    /// The book of that instrument, or all of them, can be trusted no more or again.
    fn judge(&mut self, id: InstrumentId, books: &Books) {
        each(&mut self.markets, id).iter_mut().for_each(|market| {
            market.judge(books.get(market.instrument.id));
        });
    }

    #[inline]
    fn settle(&mut self, event: &Event, is_match: bool, books: &Books) {
        let market = &mut self.markets[event.instrument.index()];
        market.told(event.venue_time);
        if !market.is_idle() {
            market.settle(books.get(event.instrument), is_match, self.queue);
        }
    }

    #[inline]
    fn traded(&mut self, event: &Event, trade: &Trade, books: &Books) {
        let Self { markets, answers, counts, now, .. } = self;
        let market = &mut markets[event.instrument.index()];
        if market.is_idle() {
            return;
        }
        if !market.trusts(books.get(event.instrument)) {
            counts.trades_untrusted += 1;
            return;
        }
        let instrument = market.instrument;
        market.traded(trade, event.venue_time, |fill| {
            counts.maker_fills += 1;
            answers.filled(*now, &instrument, fill, true);
        });
    }

    /// A request leaves us at `now`.
    ///
    /// # Panics
    /// Its instrument is in no table: our own fault.
    pub fn send(&mut self, request: &OrderRequest, now: Nanos) {
        assert!(request.terms().instrument.index() < self.markets.len());
        self.post(Asked::Request(*request), now);
    }

    /// Asks what has become of an order; the answer is `Open` or `Absent`.
    pub fn query(&mut self, order: OrderId, instrument: InstrumentId, now: Nanos) {
        self.post(Asked::Query(order, instrument), now);
    }

    fn post(&mut self, asked: Asked, now: Nanos) {
        let at = Nanos(now.0.saturating_add(self.way_there.0));
        // Nothing overtakes what was sent before.
        let at = self.pending.back().map_or(at, |(last, _)| at.max(*last));
        self.pending.push_back((at, asked));
    }

    /// When `hear` has something to do or to say.
    #[must_use]
    pub fn due(&self) -> Option<Nanos> {
        let arrival = self.pending.front().map(|(at, _)| *at);
        Nanos::earlier(arrival, self.answers.due())
    }

    /// Lets arrive what is due and gives the next report that is due, oldest first; false when
    /// there is none.
    ///
    /// # Panics
    /// As [`Self::observe`].
    pub fn hear(&mut self, now: Nanos, part: &mut Part) -> bool {
        self.arrive_by_own(now);
        self.answers.take(now, part)
    }

    /// The same with the books as the engine has them now.
    #[inline]
    pub fn hear_with(&mut self, now: Nanos, part: &mut Part, books: &Books) -> bool {
        self.arrive(now, books);
        self.answers.take(now, part)
    }

    /// Everything that reaches the venue until then. A silence before it is found before it.
    fn arrive_by_own(&mut self, until: Nanos) {
        let mut books = self.own();
        while let Some(at) = self.pending.front().map(|(at, _)| *at).filter(|at| *at <= until) {
            if books.on_time(at).state {
                self.judge(InstrumentId::ALL, &books);
            }
            self.arrive(at, &books);
        }
        self.books = Some(books);
    }

    /// Everything that reaches the venue until then.
    #[inline]
    fn arrive(&mut self, until: Nanos, books: &Books) {
        while let Some((at, asked)) = self.pending.front().copied()
            && at <= until
        {
            self.pending.pop_front();
            self.now = self.now.max(at);
            match asked {
                Asked::Request(request) => self.request(request.terms(), books),
                Asked::Query(order, instrument) => self.answer(order, instrument),
            }
        }
    }

    fn answer(&mut self, id: OrderId, instrument: InstrumentId) {
        let found = self.markets.get_mut(instrument.index()).and_then(|market| market.find(id));
        let (kind, level) = match found {
            Some((side, order)) => {
                (ReportKind::Open, Level::new(side, order.price, Qty(order.left)))
            }
            None => (ReportKind::Absent, Level::new(Side::Bid, Price(0), Qty::ZERO)),
        };
        self.answers.tell(self.now, instrument, Report::new(id, kind), level);
    }
}

/// The market of that instrument, or all of them.
fn each(markets: &mut [Market], id: InstrumentId) -> &mut [Market] {
    if id == InstrumentId::ALL { markets } else { std::slice::from_mut(&mut markets[id.index()]) }
}

#[cfg(test)]
mod oracle_tests;
#[cfg(test)]
mod tests;
