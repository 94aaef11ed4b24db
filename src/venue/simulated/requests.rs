//! What the venue does with what reaches it from us, and what it tells us of our orders.
//!
//! Checks come before matching; the answer comes before the fills; a rest that was cancelled is
//! told last. A spot venue knows no reduce-only orders: that promise is the risk gate's.

use super::Simulated;
use super::account::{Fill, Ours, fee};
use super::faults::FaultKind;
use super::market::Market;
use super::matching::{Incoming, Match, Placed, crosses};
use super::orders::Owner;
use super::truth::{Entry, Rested};
use super::wire::Ask;
use crate::event::{Level, Proposal, RejectCode, Report, ReportKind, RequestKind};
use crate::types::{InstrumentId, Nanos, OrderId, Price, Qty, Side, TimeInForce};

/// No order is taken above so many times the price at the start.
const PRICE_REACH: i64 = 1000;
/// The most order steps of one order.
const STEPS_MAX: i64 = 1_000_000_000;
/// So many trade numbers are set aside at a time.
const TRADES_AHEAD: u64 = 1_000_000;

impl Simulated {
    /// Something of ours has reached the venue.
    pub(super) fn take(&mut self, at: Nanos, ask: &Ask) {
        match *ask {
            Ask::Order(request) => self.request(&request, at),
            Ask::Query(order, instrument) => self.answer_query(order, instrument, at),
            Ask::QueryAll(from) => self.tell_all(from, at),
            Ask::CancelAll => self.clear(at),
            Ask::Snapshot(instrument) => {
                if let Some(market) = self.market_of(instrument) {
                    let stamps = self.wire.feed_stamps(at, &self.active);
                    self.markets[usize::from(market)].tell_all(stamps, &mut self.wire.feed);
                }
            }
            Ask::Connect => {
                self.wire.connected(at);
                for market in &mut self.markets {
                    let stamps = self.wire.feed_stamps(at, &self.active);
                    market.welcome(stamps, &mut self.wire.feed);
                    market.tell_all(stamps, &mut self.wire.feed);
                }
            }
        }
    }

    fn request(&mut self, request: &Proposal, at: Nanos) {
        let no = match request.kind {
            RequestKind::Place => ReportKind::Rejected,
            RequestKind::Replace => ReportKind::ReplaceRejected,
            RequestKind::Cancel => ReportKind::CancelRejected,
        };
        let Some(market) = self.market_of(request.instrument) else {
            return self.refuse(request, no, RejectCode::Other, at);
        };
        if request.kind != RequestKind::Cancel
            && let Some(code) = self.objection(request, market, at)
        {
            return self.refuse(request, no, code, at);
        }
        match request.kind {
            RequestKind::Place if self.account.ids.take(request.order) => {
                self.place(request, market, at);
            }
            RequestKind::Place => self.refuse(request, no, RejectCode::DuplicateId, at),
            RequestKind::Replace | RequestKind::Cancel => {
                match self.account.get(request.order).copied() {
                    None => self.refuse(request, no, RejectCode::UnknownOrder, at),
                    Some(order) if request.kind == RequestKind::Cancel => self.cancel(&order, at),
                    Some(order) => self.replace(request, &order, at),
                }
            }
        }
    }

    /// What the venue has against an order or a replace before it looks at the book.
    fn objection(&self, request: &Proposal, market: u16, at: Nanos) -> Option<RejectCode> {
        let params = &self.markets[usize::from(market)].params;
        let step = params.step_lots();
        let price_max = params.start_price.0.saturating_mul(PRICE_REACH).min(Price::MAX.0);
        if self.active.until(FaultKind::RejectAll, at).is_some() {
            Some(RejectCode::Other)
        } else if self.active.until(FaultKind::RateLimited, at).is_some() {
            Some(RejectCode::RateLimited)
        } else if !(1..=price_max).contains(&request.price.0) {
            Some(RejectCode::Price)
        } else if request.qty.0 % step != 0 || !(1..=STEPS_MAX).contains(&(request.qty.0 / step)) {
            Some(RejectCode::Quantity)
        } else {
            None
        }
    }

    fn place(&mut self, request: &Proposal, market: u16, at: Nanos) {
        if let Some(truth) = &mut self.truth {
            truth.add(&Entry::Ids(self.account.ids.used()));
        }
        let placed = self.markets[usize::from(market)].place(&incoming(request, request.qty));
        if let Placed::Refused(code) = placed {
            return self.refuse(request, ReportKind::Rejected, code, at);
        }
        self.say(request.instrument, (request.order, ReportKind::Accepted), level(request), at);
        self.placed(request, (market, Qty::ZERO), placed, at);
    }

    /// An order of ours has come in: what rests of it is known, its trades are told, and what was
    /// cancelled of it. It had traded so much before.
    fn placed(
        &mut self,
        request: &Proposal,
        (market, traded): (u16, Qty),
        placed: Placed,
        at: Nanos,
    ) {
        let Proposal { order: id, side, price, qty: whole, .. } = *request;
        if let Placed::Rests(place) = placed {
            let now: i64 =
                self.markets[usize::from(market)].matches().iter().map(|m| m.qty.0).sum();
            let traded = Qty(traded.0 + now);
            self.put(Ours { id, market, side, price, whole, traded, place });
        }
        self.settle(market, at, Some(request));
        if let Placed::Ended { left, code } = placed {
            let report = Report { code, ..Report::new(id, ReportKind::Canceled) };
            let level = Level::new(side, price, left);
            self.wire.report((request.instrument, report), level, at, &self.active);
        }
    }

    fn cancel(&mut self, order: &Ours, at: Nanos) {
        let market = &mut self.markets[usize::from(order.market)];
        let instrument = market.instrument.id;
        market.reduce(order.place, order.left());
        self.gone(order.id);
        self.say(instrument, (order.id, ReportKind::Canceled), order.level(order.left()), at);
        self.settle(order.market, at, None);
    }

    /// All our orders are cancelled.
    pub(super) fn clear(&mut self, at: Nanos) {
        for order in self.account.orders().to_vec() {
            self.cancel(&order, at);
        }
    }

    /// Another price or whole quantity. Only what becomes smaller at its price keeps its place in
    /// the queue; what has nothing left is cancelled; one that may not trade and would is left as
    /// it was.
    fn replace(&mut self, request: &Proposal, order: &Ours, at: Nanos) {
        let left = Qty(request.qty.0 - order.traded.0);
        if left <= Qty::ZERO {
            return self.cancel(order, at);
        }
        let instrument = request.instrument;
        let market = &mut self.markets[usize::from(order.market)];
        let touch = market.orders().best(order.side.opposite());
        let trades =
            touch.is_some_and(|(touch, _)| crosses(order.side, Some(request.price), touch));
        let code = if request.side != order.side
            || request.time_in_force != TimeInForce::GoodTillCancel
            || market.instrument.id != instrument
        {
            Some(RejectCode::Other)
        } else {
            (request.post_only && trades).then_some(RejectCode::PostOnly)
        };
        if let Some(code) = code {
            return self.refuse(request, ReportKind::ReplaceRejected, code, at);
        }
        if request.price == order.price && left <= order.left() {
            market.reduce(order.place, Qty(order.left().0 - left.0));
            self.put(Ours { whole: request.qty, ..*order });
            self.say(instrument, (order.id, ReportKind::Replaced), level(request), at);
            return self.settle(order.market, at, None);
        }
        market.reduce(order.place, order.left());
        let placed = match market.place(&incoming(request, left)) {
            // The order is out of its old place; it does not come back.
            Placed::Refused(code) => Placed::Ended { left, code },
            placed => placed,
        };
        if !matches!(placed, Placed::Rests(_)) {
            self.gone(order.id);
        }
        self.say(instrument, (order.id, ReportKind::Replaced), level(request), at);
        self.placed(request, (order.market, order.traded), placed, at);
    }

    /// Books and tells what has just happened in a market; `taker` is our order that came in.
    pub(super) fn settle(&mut self, market: u16, at: Nanos, taker: Option<&Proposal>) {
        let place = usize::from(market);
        let count = self.markets[place].matches().len();
        let first = self.next_trade;
        if count > 0 {
            self.number_trades(count as u64);
            for index in 0..count {
                let matched = self.markets[place].matches()[index];
                if matched.owner == Owner::US || taker.is_some() {
                    self.traded(market, &matched, taker, first + index as u64, at);
                }
            }
        }
        let stamps = self.wire.feed_stamps(at, &self.active);
        self.markets[place].tell(first, stamps, &mut self.wire.feed);
    }

    /// Sets the next numbers aside. None is used that the truth may give again after a restart.
    fn number_trades(&mut self, count: u64) {
        self.next_trade += count;
        if self.next_trade > self.trades_below {
            self.trades_below = self.next_trade + TRADES_AHEAD;
            if let Some(truth) = &mut self.truth {
                truth.add(&Entry::TradesBelow(self.trades_below));
                // If it fails now it fails again before a report is told.
                self.failed = self.failed.take().or_else(|| truth.write().err());
            }
        }
    }

    /// A trade of ours; never with ourselves, so we are on one side of it.
    fn traded(
        &mut self,
        market: u16,
        matched: &Match,
        taker: Option<&Proposal>,
        trade_id: u64,
        at: Nanos,
    ) {
        let Market { instrument, .. } = &self.markets[usize::from(market)];
        let maker = matched.owner == Owner::US;
        let (order, side) = match taker {
            Some(taker) if !maker => (taker.order, taker.side),
            _ => (OrderId(matched.tag), matched.aggressor.opposite()),
        };
        let rate = if maker { self.params.maker_fee } else { self.params.taker_fee };
        let (price, qty) = (matched.price, matched.qty);
        let (fee, fee_decimals) = fee(instrument, price, qty, rate);
        let order = order.0;
        let fill = Fill { order, market, side, price, qty, trade_id, fee, fee_decimals, maker };
        self.account.book(fill, instrument);
        let (report, level) = fill.report();
        self.wire.report((instrument.id, report), level, at, &self.active);
        let rests = maker.then(|| self.account.traded(OrderId(order), qty)).flatten();
        let Some(truth) = &mut self.truth else { return };
        truth.add(&Entry::Fill(fill));
        let holding = self.account.holdings()[usize::from(market)];
        truth.add(&Entry::Holding { market, holding });
        if let Some(ours) = rests {
            truth.add(&match ours.left() {
                Qty::ZERO => Entry::Gone(ours.id.0),
                _ => Entry::Order(Rested::of(&ours)),
            });
        }
    }

    fn answer_query(&mut self, id: OrderId, instrument: InstrumentId, at: Nanos) {
        if let Some(holding) = self.holding(instrument).filter(|_| id.is_position()) {
            let side = if holding.position < 0 { Side::Ask } else { Side::Bid };
            let level = Level::new(side, Price(0), Qty(holding.position.saturating_abs()));
            return self.say(instrument, (id, ReportKind::Open), level, at);
        }
        let fills: Vec<Fill> = self.account.fills().filter(|f| f.order == id.0).copied().collect();
        for fill in &fills {
            let (report, level) = fill.report();
            let instrument = self.markets[usize::from(fill.market)].instrument.id;
            self.wire.report((instrument, report), level, at, &self.active);
        }
        match self.account.get(id).copied() {
            Some(order) => {
                let instrument = self.markets[usize::from(order.market)].instrument.id;
                self.say(instrument, (id, ReportKind::Open), order.level(order.left()), at);
            }
            None => {
                let level =
                    Level::new(fills.last().map_or(Side::Bid, |f| f.side), Price(0), Qty(0));
                self.say(instrument, (id, ReportKind::Absent), level, at);
            }
        }
    }

    /// Our fills from that number on again, under their numbers; our orders that rest; and that it
    /// is all.
    fn tell_all(&mut self, from: u64, at: Nanos) {
        let known: Vec<Fill> =
            self.account.fills().filter(|f| f.trade_id >= from).copied().collect();
        for fill in known {
            let (report, level) = fill.report();
            let instrument = self.markets[usize::from(fill.market)].instrument.id;
            self.wire.report((instrument, report), level, at, &self.active);
        }
        for order in self.account.orders().to_vec() {
            let instrument = self.markets[usize::from(order.market)].instrument.id;
            self.say(instrument, (order.id, ReportKind::Open), order.level(order.left()), at);
        }
        let nothing = Level::new(Side::Bid, Price(0), Qty(0));
        self.say(InstrumentId::ALL, (OrderId::NONE, ReportKind::Absent), nothing, at);
    }

    fn say(
        &mut self,
        instrument: InstrumentId,
        (order, kind): (OrderId, ReportKind),
        level: Level,
        at: Nanos,
    ) {
        self.wire.report((instrument, Report::new(order, kind)), level, at, &self.active);
    }

    fn refuse(&mut self, request: &Proposal, kind: ReportKind, code: RejectCode, at: Nanos) {
        let report = Report { code, ..Report::new(request.order, kind) };
        self.wire.report((request.instrument, report), level(request), at, &self.active);
    }

    /// An order of ours rests, or rests otherwise.
    fn put(&mut self, order: Ours) {
        self.account.put(order);
        if let Some(truth) = &mut self.truth {
            truth.add(&Entry::Order(Rested::of(&order)));
        }
    }

    /// An order of ours rests no more.
    fn gone(&mut self, id: OrderId) {
        self.account.remove(id);
        if let Some(truth) = &mut self.truth {
            truth.add(&Entry::Gone(id.0));
        }
    }
}

fn level(request: &Proposal) -> Level {
    Level::new(request.side, request.price, request.qty)
}

fn incoming(request: &Proposal, qty: Qty) -> Incoming {
    let Proposal { order, price, side, time_in_force, post_only, .. } = *request;
    let (tag, price, owner) = (order.0, Some(price), Owner::US);
    Incoming { tag, price, qty, owner, side, time_in_force, post_only }
}
