//! Seeded storms of inputs: no output too many, sums that are sums, limits that hold.

use super::rig::{EPOCH, limits, params};
use super::*;
use crate::engine::order::Order;
use crate::event::{Asked, Command, Proposal, RejectCode, ReportKind, RequestKind, Stale};
use crate::types::{OrderId, Price, Qty, Side, TimeInForce};

struct Storm {
    risk: Risk,
    out: Buffer<Output>,
    now: i64,
    next: u32,
    trade: u64,
    seed: u64,
    /// Reports also say what cannot be.
    wild: bool,
}

impl Storm {
    fn below(&mut self, bound: i64) -> i64 {
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(99);
        i64::try_from(self.seed >> 33).unwrap() % bound
    }

    fn any_order(&mut self) -> Option<Order> {
        let live = self.risk.live_orders().count();
        let at = self.below(i64::try_from(live.max(1)).unwrap());
        self.risk.live_orders().nth(usize::try_from(at).unwrap()).copied()
    }

    fn draft(&mut self) -> Draft {
        let instrument = InstrumentId(u16::try_from(self.below(4)).unwrap());
        let bid = 95 + self.below(10);
        if self.below(3) == 0 {
            return Draft::Mark(Mark {
                sequence: 0,
                received: Nanos(self.now),
                bid: Price(bid),
                bid_qty: Qty(1),
                ask: Price(bid + 1 + self.below(3)),
                ask_qty: Qty(1),
                traded: Qty(0),
                instrument,
                stale: (self.below(20) == 0).then_some(Stale::Crossed),
            });
        }
        let order = self.any_order();
        let kind = RequestKind::ALL[usize::try_from(self.below(3)).unwrap()];
        let side = Side::BOTH[usize::try_from(self.below(2)).unwrap()];
        let mut proposal = Proposal {
            order: OrderId::new(EPOCH, Origin::Quoter, self.next),
            price: Price(95 + self.below(12)),
            qty: Qty(1 + self.below(52)),
            instrument,
            kind,
            side,
            time_in_force: TimeInForce::GoodTillCancel,
            post_only: true,
            reduce_only: self.below(4) == 0,
        };
        match order {
            Some(order) if kind != RequestKind::Place => {
                proposal.order = order.id;
                (proposal.instrument, proposal.side) = (order.instrument, order.side);
                proposal.reduce_only = order.reduce_only;
            }
            _ => {
                proposal.kind = RequestKind::Place;
                self.next += 1;
            }
        }
        Draft::Proposal(proposal)
    }

    fn body(&mut self) -> (Body, InstrumentId, Level) {
        let none = Level::new(Side::Bid, Price(0), Qty(0));
        if self.below(40) == 0 {
            let command = Command::ALL[usize::try_from(self.below(6)).unwrap()];
            return (Body::Command(Asked::plain(command)), InstrumentId::ALL, none);
        }
        let Some(order) = self.any_order() else { return (Body::Timer, InstrumentId::ALL, none) };
        let kind = ReportKind::ALL[usize::try_from(self.below(12)).unwrap()];
        let mut report = Report::new(order.id, kind);
        self.trade += 1;
        report.trade_id = self.trade;
        if self.below(3) == 0 {
            report.code = RejectCode::UnknownOrder;
        }
        let left = order.leaves().max(1);
        let qty = match kind {
            ReportKind::Replaced => order.qty_asked.0,
            ReportKind::Filled => 1 + self.below(left),
            ReportKind::Open => left,
            _ => order.qty.0,
        };
        if self.wild && self.below(4) == 0 {
            report.order = OrderId(order.id.0 - u64::try_from(self.below(9)).unwrap());
            let level = Level::new(order.side, Price(1 + self.below(200)), Qty(self.below(90)));
            return (Body::Report(report), order.instrument, level);
        }
        let level = Level::new(order.side, order.price_asked, Qty(qty));
        (Body::Report(report), order.instrument, level)
    }

    fn step(&mut self) {
        let (body, instrument, level) = self.body();
        self.now += self.below(300_000_000);
        let (sequence, received) = (0, Nanos(self.now));
        let event = Event { sequence, received, venue_time: Nanos::UNKNOWN, instrument, body };
        self.out.clear();
        self.risk.input(&event, &[level], &mut self.out);
        for _ in 0..self.below(4) {
            let draft = self.draft();
            self.risk.draft(&draft, &mut self.out);
        }
    }

    fn check(&self, step: usize) {
        for place in 0..4 {
            let instrument = InstrumentId(place);
            let lots = self.risk.position(instrument).position.lots;
            let limits = &self.risk.accounts.get(instrument).limits;
            for side in Side::BOTH {
                let live: Vec<_> = self.risk.orders.live_of(instrument, side).collect();
                let open = self.risk.orders.open(instrument, side);
                let sum = |of: &dyn Fn(&Order) -> i64| live.iter().map(|o| of(o)).sum::<i64>();
                assert_eq!(open.leaves, sum(&Order::leaves), "step {step}");
                let reducing = |o: &Order| if o.reduce_only { o.leaves() } else { 0 };
                assert_eq!(open.reducing, sum(&reducing), "step {step}");
                assert_eq!(open.count as usize, live.len());
                let key = |o: &&Order| {
                    let sign = side.sign();
                    (sign * o.price.0).max(sign * o.price_asked.0)
                };
                let best = live.iter().map(key).max();
                assert_eq!(open.best, best.unwrap_or(OpenSide::NO_PRICE), "step {step}");
                if self.wild {
                    continue;
                }
                let held = (-side.sign() * lots).max(0);
                let kept = |o: &Order| if o.cancel_asked { 0 } else { reducing(o) };
                let due = self.risk.sweep.due != NEVER;
                assert!(sum(&kept) <= held || due, "step {step}: reducing beyond {held}");
                let reached = side.sign() * lots + open.leaves;
                assert!(reached <= limits.position_max, "step {step}: {reached}");
            }
        }
        let profit = (0..4).map(|at| {
            let profit = self.risk.position(InstrumentId(at)).profit;
            self.risk.accounts.convert(InstrumentId(at), profit)
        });
        assert_eq!(self.risk.profit(), profit.sum::<i128>(), "step {step}");
        if self.risk.trading().0 == TradingState::Halted {
            let forgotten =
                |order: &&Order| !order.cancel_asked && order.id.origin() == Origin::Quoter;
            let left = self.risk.live_orders().filter(forgotten).count();
            assert!(left == 0 || self.risk.deadline().is_some(), "step {step}: nobody cancels");
        }
    }
}

fn storm(seed: u64, wild: bool, steps: usize) -> Opening {
    let (mut params, mut limits) = (params(), limits());
    params.rate = RateParams { per_second: 50, reserve: 10 };
    for limits in &mut limits {
        limits.volume_max = 2_000;
    }
    let out = Buffer::new(Risk::outputs_max(&params, limits.len(), 3));
    let risk = Risk::new(&params, &limits);
    let mut storm = Storm { risk, out, now: 0, next: 1, trade: 0, seed, wild };
    for step in 0..steps {
        storm.step();
        storm.check(step);
    }
    storm.risk.closing()
}

#[test]
fn sums_and_limits_hold_in_a_storm() {
    for seed in 1..=10 {
        storm(seed, false, 10_000);
    }
}

#[test]
fn sums_hold_whatever_a_venue_says() {
    for seed in 1..=10 {
        storm(seed, true, 10_000);
    }
}

#[test]
fn the_same_inputs_lead_to_the_same_end() {
    assert_eq!(storm(3, true, 5_000), storm(3, true, 5_000));
}
