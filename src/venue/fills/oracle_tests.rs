//! The fill model beside a venue that knows every order: random tapes of a market whose queues are
//! kept order by order, of which the model is told trades and levels only.
//!
//! Our order is a ghost in both: it moves nobody. The truth is what its real place gives it.

use super::tests::{event, instant, levels, model, order_id};
use super::*;
use crate::event::{Proposal, RequestKind};
use crate::types::{TimeInForce, Venue};

const PRICES: std::ops::RangeInclusive<i64> = 97..=100;

#[derive(Clone, Copy)]
struct Case {
    seed: u64,
    queue: QueueModel,
    /// Whose orders are cancelled at our price: only those behind us, or anybody's.
    only_behind: bool,
    /// Levels are told after so many actions.
    batch: u32,
    /// Trades are told behind the levels that hold them.
    book_first: bool,
}

/// One order of the market: its price, what is left, and whether it came after ours.
#[derive(Clone, Copy)]
struct Order {
    price: i64,
    qty: i64,
    behind: bool,
}

struct Market {
    random: u64,
    /// In the order in which they came.
    orders: Vec<Order>,
    time: i64,
    prints: Vec<(Event, i64, i64)>,
}

impl Market {
    fn random(&mut self, below: usize) -> usize {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        usize::try_from(self.random >> 11).unwrap() % below
    }

    fn level(&self, price: i64) -> i64 {
        self.orders.iter().filter(|o| o.price == price).map(|o| o.qty).sum()
    }

    fn act(&mut self, case: &Case, ours: Option<i64>) {
        self.time += 1;
        match self.random(10) {
            0..=4 => {
                let price = *PRICES.start() + i64::try_from(self.random(4)).unwrap();
                let qty = 1 + i64::try_from(self.random(9)).unwrap();
                self.orders.push(Order { price, qty, behind: ours.is_some() });
            }
            5..=7 => {
                let may = |o: &Order| !case.only_behind || o.behind || ours != Some(o.price);
                let those: Vec<_> =
                    (0..self.orders.len()).filter(|at| may(&self.orders[*at])).collect();
                if !those.is_empty() {
                    let at = those[self.random(those.len())];
                    self.orders.remove(at);
                }
            }
            _ => {
                let left = 1 + i64::try_from(self.random(12)).unwrap();
                self.sell(left, ours);
            }
        }
    }

    /// Somebody sells: level by level, each with a print; how much of it our place would get.
    fn sell(&mut self, mut left: i64, ours: Option<i64>) {
        for price in PRICES.rev() {
            let ahead: i64 = if ours == Some(price) {
                let before = |o: &&Order| o.price == price && !o.behind;
                self.orders.iter().filter(before).map(|o| o.qty).sum()
            } else {
                0
            };
            let mut sold = 0;
            for order in self.orders.iter_mut().filter(|o| o.price == price) {
                let qty = order.qty.min(left);
                (order.qty, left, sold) = (order.qty - qty, left - qty, sold + qty);
            }
            self.orders.retain(|o| o.qty > 0);
            if sold > 0 {
                let through = ours.is_some_and(|ours| price < ours);
                let reached = match ours {
                    _ if through => sold,
                    Some(ours) if ours == price => (sold - ahead).max(0),
                    _ => 0,
                };
                let trade = Trade {
                    price: Price(price),
                    qty: Qty(sold),
                    id: 0,
                    aggressor: Side::Ask,
                    history: false,
                };
                let supports = if through || ours == Some(price) { sold } else { 0 };
                self.prints.push((event(self.time, Body::Trade(trade)), reached, supports));
            }
        }
    }
}

/// What our order got by the model and in truth, at the end.
fn run(case: Case) -> (i64, i64) {
    let mut market =
        Market { random: case.seed * 2 + 1, orders: Vec::new(), time: 1, prints: Vec::new() };
    let mut model = model(&instant(case.queue), Venue::CoinbaseAdvanced, 0);
    for _ in 0..20 {
        market.random(2);
    }
    let mut ours = None;
    let (mut modelled, mut truth, mut supported) = (0, 0, 0);
    let whole = 5 + i64::try_from(market.random(30)).unwrap();
    let mut part = Part::empty();
    for round in 0..60 {
        for _ in 0..case.batch {
            market.act(&case, ours);
        }
        let mut all: Vec<_> = PRICES
            .map(|price| Level::new(Side::Bid, Price(price), Qty(market.level(price))))
            .collect();
        all.push(Level::new(Side::Ask, Price(200), Qty(1)));
        let shape = if round == 0 { Shape::Snapshot } else { Shape::Update };
        let book = event(market.time, levels(shape, all.len()));
        if case.book_first {
            model.observe(&book, &all);
        }
        for (print, reached, supports) in market.prints.drain(..) {
            model.observe(&print, &[]);
            truth = (truth + reached).min(whole);
            supported += supports;
        }
        if !case.book_first {
            model.observe(&book, &all);
        }
        if round == 10 {
            let price = *PRICES.start() + i64::try_from(market.random(4)).unwrap();
            ours = Some(price);
            market.orders.iter_mut().for_each(|order| order.behind = false);
            let proposal = Proposal {
                order: order_id(1),
                price: Price(price),
                qty: Qty(whole),
                instrument: InstrumentId(0),
                kind: RequestKind::Place,
                side: Side::Bid,
                time_in_force: TimeInForce::GoodTillCancel,
                post_only: true,
                reduce_only: false,
            };
            let request = OrderRequest::unpack(&proposal.pack()).unwrap();
            model.send(&request, Nanos(market.time));
        }
        while model.hear(Nanos(market.time), &mut part) {
            let Body::Report(report) = part.event.body else { unreachable!() };
            modelled +=
                if report.kind == ReportKind::Filled { part.levels()[0].qty().0 } else { 0 };
        }
        let told = format!("seed {} round {round}: {modelled} of {truth}", case.seed);
        assert!(modelled <= supported, "{told}, the tape supports {supported}");
        if case.queue == QueueModel::RiskAverse {
            assert!(modelled <= truth, "{told}: before its time");
            assert!(modelled == truth || !case.only_behind, "{told}: not what was sure");
        }
    }
    (modelled, truth)
}

#[test]
fn the_model_keeps_to_what_the_true_queue_gives() {
    let mut sums = [(0, 0); 3];
    for seed in 0..1500 {
        for batch in [1, 3] {
            for book_first in [false, true] {
                let case =
                    |queue, only_behind| Case { seed, queue, only_behind, batch, book_first };
                // Where nobody before us leaves, the estimate is no estimate.
                run(case(QueueModel::RiskAverse, true));
                for (at, queue) in
                    [QueueModel::RiskAverse, QueueModel::Power { exponent: 1 }, QueueModel::Log]
                        .into_iter()
                        .enumerate()
                {
                    let (modelled, truth) = run(case(queue, false));
                    sums[at] = (sums[at].0 + modelled, sums[at].1 + truth);
                }
            }
        }
    }
    // Anybody is as likely to leave as anybody else: the proportional model comes nearest.
    let [averse, proportional, log] = sums.map(|(modelled, truth)| modelled * 1000 / truth);
    assert!((900..=1000).contains(&proportional), "{averse} {proportional} {log}");
    assert!(averse < log && log <= proportional + 20, "{averse} {proportional} {log}");
}
