//! What holds whatever comes: random books, answers, losses and states from a seed, a venue that
//! keeps the truth, and a naive recomputation of every explanation.

use super::testing_tests::{Bench, params};
use super::*;
use crate::event::explanation::Withheld;
use crate::event::{
    Body, Draft, Explanation, Level, Proposal, RefusalCode, Refused, RejectCode, Report,
    ReportKind, RequestKind, Stale, StateReason, TradingState,
};
use crate::types::{InstrumentId, Nanos, OrderId, Price, Qty, Side};
use std::collections::BTreeMap;

struct Random(u64);

impl Random {
    fn below(&mut self, bound: i64) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
        i64::try_from(self.0 >> 33).unwrap() % bound
    }
}

/// One order as the venue has it.
#[derive(Clone, Copy, Debug)]
struct Order {
    side: Side,
    price: i64,
    /// Whole quantity; what may be asked beyond it is in `asked`.
    qty: i64,
    traded: i64,
    accepted: bool,
    asked: Option<Proposal>,
    lost: bool,
}

struct World {
    bench: Bench,
    params: QuoteParams,
    random: Random,
    now: Nanos,
    touch: [i64; 2],
    fresh: bool,
    orders: BTreeMap<OrderId, Order>,
    position: i64,
    trades: u64,
    proposals: usize,
}

impl World {
    fn new(seed: u64, params: QuoteParams) -> Self {
        Self {
            bench: Bench::new(std::slice::from_ref(&params)),
            params,
            random: Random(seed),
            now: Nanos(1),
            touch: [9999, 10001],
            fresh: false,
            orders: BTreeMap::new(),
            position: 0,
            trades: 0,
            proposals: 0,
        }
    }

    fn hear(&mut self, body: Body, levels: &[Level]) {
        let of_all = matches!(body, Body::Timer | Body::State { .. });
        self.bench.hear(if of_all { u16::MAX } else { 0 }, self.now, body, levels);
        self.judge();
    }

    fn report(&mut self, id: OrderId, kind: ReportKind, level: (i64, i64), code: RejectCode) {
        let mut report = Report { code, ..Report::new(id, kind) };
        if kind == ReportKind::Filled {
            self.trades += 1;
            report.trade_id = self.trades;
        }
        let side = self.orders[&id].side;
        let gone = self.orders.get(&id).copied();
        let levels = [Level::new(side, Price(level.0), Qty(level.1))];
        if matches!(
            kind,
            ReportKind::Rejected | ReportKind::Canceled | ReportKind::Absent | ReportKind::NotSent
        ) && (kind != ReportKind::NotSent || !gone.unwrap().accepted)
            || gone.is_some_and(|order| order.accepted && order.traded >= order.qty)
        {
            self.orders.remove(&id);
        }
        self.hear(Body::Report(report), &levels);
    }

    /// Every draft of the last input is legal; proposals reach the venue's queue.
    fn judge(&mut self) {
        let drafts: Vec<Draft> = self.bench.drafts.items().to_vec();
        let rank = |draft: &Draft| match draft {
            Draft::Mark(_) => 0,
            Draft::Explanation(_) => 1,
            Draft::Proposal(_) => 2,
        };
        assert!(drafts.is_sorted_by_key(rank));
        let explained = drafts.iter().any(|draft| matches!(draft, Draft::Explanation(_)));
        for draft in &drafts {
            match draft {
                Draft::Proposal(own) => {
                    assert!(explained);
                    self.proposals += 1;
                    self.propose(*own);
                }
                Draft::Explanation(own) => self.recompute(own),
                Draft::Mark(_) => {}
            }
        }
        for side in Side::BOTH {
            let own: Vec<&Order> = self.orders.values().filter(|o| o.side == side).collect();
            assert!(own.len() <= self.params.levels as usize, "{own:?}");
            let open: i64 = own.iter().map(|o| self.open(o)).sum();
            let most = self.position * side.sign() + open;
            assert!(most <= self.params.size.position_max.0, "{side:?} {most} {own:?}");
            // A slot for each order, and no slot for what is gone.
            let view = self.bench.quoter.view(InstrumentId(0));
            let held = |id: &OrderId| view.slots[side.index()].iter().any(|slot| slot.order == *id);
            for (id, order) in self.orders.iter().filter(|(_, o)| o.side == side) {
                assert!(held(id), "{id:?} {order:?}");
            }
            let taken = view.slots[side.index()].iter().filter(|s| s.state != SlotState::Empty);
            assert_eq!(taken.count(), own.len());
        }
        assert_eq!(self.bench.quoter.view(InstrumentId(0)).position, Qty(self.position));
    }

    fn open(&self, order: &Order) -> i64 {
        let asked = order.asked.filter(|asked| asked.kind != RequestKind::Cancel);
        asked.map_or(order.qty, |asked| asked.qty.0.max(order.qty)) - order.traded
    }

    fn propose(&mut self, own: Proposal) {
        if own.kind == RequestKind::Cancel {
            let order = self.orders.get_mut(&own.order).expect("there is such an order");
            assert!(order.asked.is_none());
            order.asked = Some(own);
            return;
        }
        assert!(self.fresh && own.post_only);
        let [bid, ask] = self.touch;
        match own.side {
            Side::Bid => assert!(own.price.0 < ask && own.price.0 > 0),
            Side::Ask => assert!(own.price.0 > bid),
        }
        for facing in self.orders.values().filter(|order| order.side != own.side) {
            let prices = [Some(facing.price), facing.asked.map(|asked| asked.price.0)];
            for price in prices.into_iter().flatten() {
                let sign = own.side.sign();
                assert!(own.price.0 * sign < price * sign, "{own:?} faces {facing:?}");
            }
        }
        let mut traded = 0;
        if own.kind == RequestKind::Place {
            assert!(!self.orders.contains_key(&own.order));
            let (side, price, qty) = (own.side, own.price.0, own.qty.0);
            let (accepted, asked) = (false, Some(own));
            let order = Order { side, price, qty, traded: 0, accepted, asked, lost: false };
            self.orders.insert(own.order, order);
        } else {
            let order = self.orders.get_mut(&own.order).expect("there is such an order");
            assert!(order.asked.is_none() && order.accepted);
            order.asked = Some(own);
            traded = order.traded;
        }
        let left = own.qty.0 - traded;
        let size = &self.params.size;
        assert!(left >= size.min.0 && left <= size.max.0 && left % size.step.0 == 0, "{own:?}");
    }

    /// The same numbers by the shortest way.
    fn recompute(&self, own: &Explanation) {
        if own.fair_value == 0.0 || own.strategy != 0 {
            return;
        }
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-6, "{a} {b} {own:?}");
        let [bid, ask] = self.touch.map(fair::float);
        let (params, size) = (&self.params.spread, &self.params.size);
        close(own.fair_value, (bid + ask) / 2.0);
        let bp = own.fair_value / 1e4;
        let held = fair::float(self.position - size.position_target.0);
        let spread = params.base_bps * bp + params.volatility_factor * own.volatility;
        close(own.spread, spread);
        let bounded = spread.max(params.min_bps * bp).min(params.max_bps * bp);
        let bounded = bounded.max(params.fees_bps * bp).max(1.0);
        close(own.spread_final, bounded);
        close(own.spread_fees, params.fees_bps * bp);
        let share = (held / fair::float(size.position_max.0)).clamp(-1.0, 1.0);
        close(own.reservation, own.fair_value - share * 0.5 * bounded);
        assert_eq!(own.position, self.position);
        let [bids, asks] = own.sides;
        if bids.levels > 0 {
            let wish = (own.reservation - bounded / 2.0).floor().min(ask - 1.0);
            close(fair::float(bids.price.0), wish);
        }
        if asks.levels > 0 {
            let wish = (own.reservation + bounded / 2.0).ceil().max(bid + 1.0);
            close(fair::float(asks.price.0), wish);
        }
        let reasons = [bids.withheld, asks.withheld];
        assert!(!reasons.contains(&Withheld::IdsExhausted));
    }

    fn book(&mut self) {
        let drift = self.random.below(7) - 3;
        let drift = if self.random.below(20) == 0 { drift * 15 } else { drift };
        let bid = (self.touch[0] + drift).clamp(5000, 20_000);
        self.touch = [bid, bid + 1 + self.random.below(4)];
        self.fresh = true;
        let qty = [1 + self.random.below(50), 1 + self.random.below(50)];
        let [bid, ask] = self.touch;
        self.bench.book(self.now, [&[(bid, qty[0])], &[(ask, qty[1])]]);
        self.judge();
    }

    /// The venue does something with one of the orders.
    fn answer(&mut self, faults: bool) {
        let Some(at) =
            usize::try_from(self.random.below(64)).ok().filter(|_| !self.orders.is_empty())
        else {
            return;
        };
        let (id, order) = self.orders.iter().nth(at % self.orders.len()).unwrap();
        let (id, order) = (*id, *order);
        let dice = if faults { self.random.below(10) } else { 5 };
        let Some(asked) = order.asked else {
            // It trades, or the venue ends it by itself.
            let lots = 1 + self.random.below(order.qty - order.traded);
            return if dice < 2 && faults {
                self.fill(id, lots);
            } else if dice == 2 {
                self.report(id, ReportKind::Canceled, (order.price, 1), RejectCode::None);
            };
        };
        let own = self.orders.get_mut(&id).unwrap();
        let terms = (asked.price.0, asked.qty.0);
        if order.lost {
            (own.asked, own.lost) = (None, false);
            if !order.accepted {
                return self.report(id, ReportKind::Absent, (0, 0), RejectCode::None);
            }
            let left = order.qty - order.traded;
            return self.report(id, ReportKind::Open, (order.price, left), RejectCode::None);
        }
        match (asked.kind, dice) {
            (_, 0) => {
                own.lost = true;
                self.report(id, ReportKind::TimedOut, (0, 0), RejectCode::None);
                self.orders.get_mut(&id).unwrap().lost = true;
            }
            (RequestKind::Place, 1) => {
                self.report(id, ReportKind::Rejected, terms, RejectCode::Other);
            }
            (RequestKind::Place | RequestKind::Replace, 2) => self.refuse(id, asked),
            (_, 3) => {
                own.asked = None;
                self.report(id, ReportKind::NotSent, terms, RejectCode::Disconnected);
            }
            (RequestKind::Place, _) => {
                (own.asked, own.accepted) = (None, true);
                self.report(id, ReportKind::Accepted, terms, RejectCode::None);
            }
            (RequestKind::Replace, 4) => {
                own.asked = None;
                self.report(id, ReportKind::ReplaceRejected, terms, RejectCode::Other);
            }
            (RequestKind::Replace, _) => {
                (own.asked, own.price, own.qty) = (None, terms.0, terms.1);
                self.report(id, ReportKind::Replaced, terms, RejectCode::None);
            }
            (RequestKind::Cancel, 4) => {
                own.asked = None;
                self.report(id, ReportKind::CancelRejected, terms, RejectCode::RateLimited);
            }
            (RequestKind::Cancel, _) => {
                self.report(id, ReportKind::Canceled, terms, RejectCode::None);
            }
        }
    }

    fn refuse(&mut self, order: OrderId, asked: Proposal) {
        if asked.kind == RequestKind::Place {
            self.orders.remove(&order);
        } else {
            let own = self.orders.get_mut(&order).unwrap();
            own.asked = Some(Proposal { kind: RequestKind::Cancel, ..asked });
        }
        let at = usize::try_from(self.random.below(16)).unwrap();
        let code = RefusalCode::ALL[at];
        self.hear(Body::Refused(Refused { order, kind: asked.kind, code }), &[]);
    }

    fn fill(&mut self, id: OrderId, lots: i64) {
        let order = self.orders.get_mut(&id).unwrap();
        order.traded += lots;
        let (price, side) = (order.price, order.side);
        self.position += lots * side.sign();
        self.report(id, ReportKind::Filled, (price, lots), RejectCode::None);
    }

    fn step(&mut self) {
        self.now.0 += self.random.below(40_000_000);
        if let Some(due) = self.bench.quoter.deadline().filter(|due| *due <= self.now) {
            assert!(due.0 > 0);
            self.hear(Body::Timer, &[]);
            assert!(self.bench.quoter.deadline().is_none_or(|next| next > self.now));
        }
        match self.random.below(100) {
            0 => {
                self.fresh = false;
                self.hear(Body::Fault(Stale::SequenceGap), &[]);
            }
            1 => {
                let at = usize::try_from(self.random.below(3)).unwrap();
                let state = TradingState::ALL[at];
                self.hear(Body::State { state, reason: StateReason::Operator }, &[]);
            }
            2..10 => {
                let (state, reason) = (TradingState::Active, StateReason::Operator);
                self.hear(Body::State { state, reason }, &[]);
            }
            10..50 => self.book(),
            _ => self.answer(true),
        }
    }
}

fn storm(seed: u64, params: QuoteParams) -> usize {
    let mut world = World::new(seed, params);
    for _ in 0..6_000 {
        world.step();
    }
    // The end: nothing may stand, and nothing may be held in a slot.
    let halted = TradingState::Halted;
    world.hear(Body::State { state: halted, reason: StateReason::Operator }, &[]);
    for _ in 0..2_000 {
        world.now.0 += 10_000_000;
        if world.bench.quoter.deadline().is_some_and(|due| due <= world.now) {
            world.hear(Body::Timer, &[]);
        }
        world.answer(false);
    }
    assert!(world.orders.is_empty(), "{:?}", world.orders);
    let view = world.bench.quoter.view(InstrumentId(0));
    assert!(view.slots.iter().flat_map(|side| side.iter()).all(|s| s.state == SlotState::Empty));
    world.proposals
}

#[test]
fn slots_never_leak_and_every_proposal_is_legal() {
    for seed in 1..=12 {
        let mut params = params();
        params.can_replace = seed % 2 == 0;
        params.levels = u32::try_from(1 + seed % 4).unwrap();
        params.spread.volatility_factor = 0.5;
        if seed > 8 {
            let horizon = Nanos::from_seconds(1);
            params.strategy = match seed % 2 {
                0 => Strategy::AvellanedaStoikov { gamma: 0.0001, horizon },
                _ => Strategy::Glft { gamma: 0.0001 },
            };
        }
        params.quote_life_min = Nanos::from_millis(i64::try_from(seed % 3).unwrap() * 30);
        if seed % 3 == 0 {
            params.spread.base_bps = 5.0;
            params.requote_tolerance_ticks = 4;
            params.requests = BudgetParams { per_second: 20, burst: 10, kept_for_cancels: 3 };
        }
        let proposals = storm(seed, params);
        assert!(proposals > 300, "seed {seed}: {proposals}");
    }
}

#[test]
fn proposals_per_refusal_are_bounded() {
    for code in RefusalCode::ALL {
        let mut world = World::new(u64::from(code as u8) + 1, params());
        let (mut refusals, mut spans) = (0, 0);
        for _ in 0..20_000 {
            // Two hundred seconds, a new touch each ten milliseconds.
            world.now.0 += 10_000_000;
            if world.bench.quoter.deadline().is_some_and(|due| due <= world.now) {
                spans += 1;
                world.hear(Body::Timer, &[]);
            }
            world.book();
            let asked: Vec<_> = world.orders.iter().map(|(id, o)| (*id, o.asked)).collect();
            for (order, asked) in asked {
                let kind = asked.unwrap().kind;
                world.orders.remove(&order);
                world.hear(Body::Refused(Refused { order, kind, code }), &[]);
                refusals += 1;
            }
        }
        assert!(world.proposals <= refusals, "{code:?}");
        let moves = holdback::ends(code).price;
        // What another price cannot mend is tried again by time alone: 1, 2, 4 … 60 seconds.
        let most = 4 * (1 + spans);
        assert!(moves || (world.proposals <= most && spans <= 16), "{code:?} {}", world.proposals);
    }
}

#[test]
fn the_skew_is_monotone_in_what_is_held() {
    let strategies = [
        Strategy::BasicMarketMaker { inventory_skew_factor: 0.5 },
        Strategy::AvellanedaStoikov { gamma: 0.0005, horizon: Nanos::from_seconds(30) },
        Strategy::Glft { gamma: 0.05 },
    ];
    for strategy in strategies {
        let mut last: Option<Explanation> = None;
        for held in -45..=45 {
            let mut bench = Bench::new(&[QuoteParams { strategy, ..params() }]);
            bench.quoter.set_position(InstrumentId(0), Qty(held));
            bench.book(Nanos::from_seconds(1), [&[(9_999, 5)], &[(10_001, 5)]]);
            bench.book(Nanos::from_seconds(2), [&[(10_005, 5)], &[(10_007, 5)]]);
            bench.book(Nanos::from_seconds(3), [&[(9_995, 5)], &[(9_997, 5)]]);
            // What was withheld and is quoted again is explained anew.
            bench.hear(
                u16::MAX,
                Nanos::from_seconds(4),
                Body::State { state: TradingState::Halted, reason: StateReason::Operator },
                &[],
            );
            let own = *bench.quoter.view(InstrumentId(0)).explanation.unwrap();
            assert!(own.volatility > 0.0 && own.strategy == strategy.number());
            bench.hear(
                u16::MAX,
                Nanos::from_seconds(5),
                Body::State { state: TradingState::Active, reason: StateReason::Operator },
                &[],
            );
            let own = *bench.quoter.view(InstrumentId(0)).explanation.unwrap();
            let [bid, ask] = own.sides;
            assert_eq!(bid.levels == 0, held >= 39, "{held} {own:?}");
            assert_eq!(ask.levels == 0, held <= -39, "{held} {own:?}");
            if let Some(before) = last {
                let limit = held > 40 || held <= -40;
                assert!(limit || own.reservation < before.reservation, "{held}");
                assert!(own.reservation <= before.reservation);
                let [bid_before, ask_before] = before.sides;
                assert!(bid.levels == 0 || bid_before.levels == 0 || bid.price <= bid_before.price);
                assert!(ask.levels == 0 || ask_before.levels == 0 || ask.price <= ask_before.price);
            }
            last = Some(own);
        }
    }
}
