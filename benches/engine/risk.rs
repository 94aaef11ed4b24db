//! The gate and a mark by themselves.
//!
//! Six orders of ours stand, three a side, and a position is held. Time goes on by 20 ms an input,
//! so that the budget of messages never binds; all other limits are the shipped ones.

#![allow(clippy::cast_possible_truncation, reason = "a sum that is only compared")]

use crate::harness::{Arm, measuring, row};
use pinnaclemm::engine::buffer::Buffer;
use pinnaclemm::engine::risk::{Output, Refusal, Risk};
use pinnaclemm::engine::{Core, CoreParams, risk_of};
use pinnaclemm::event::{
    Asked, Body, Command, Draft, Event, Level, Mark, Proposal, RefusalCode, Report, ReportKind,
    RequestKind,
};
use pinnaclemm::types::{InstrumentId, Nanos, OrderId, Origin, Price, Qty, Side, TimeInForce};

const BID: i64 = 6_000_000;
const ASK: i64 = 6_000_010;
const STEP: i64 = 20_000_000;

/// Risk with what it says.
struct Desk {
    risk: Risk,
    out: Buffer<Output>,
    now: i64,
    order_qty: i64,
}

impl Desk {
    fn new(params: &CoreParams) -> Self {
        let risk = risk_of(params);
        let out = Buffer::new(Core::outputs_max(params));
        let order_qty = params.instruments[0].quote.size.order.0;
        let mut own = Self { risk, out, now: 1_767_225_600_000_000_000, order_qty };
        own.mark(BID);
        for place in 0..6 {
            let proposal = own.proposal(place, 0, RequestKind::Place);
            own.propose(&proposal);
            own.answer(&proposal, ReportKind::Accepted);
        }
        let first = own.proposal(0, 0, RequestKind::Place);
        let level = Level::new(first.side, first.price, Qty(own.order_qty / 2));
        let mut report = Report::new(first.order, ReportKind::Filled);
        report.trade_id = 1;
        own.report(report, level);
        assert_eq!(own.risk.open_orders(), 6);
        own
    }

    /// The order of that place, so many ticks beyond where it first stood.
    fn proposal(&self, place: u32, shift: i64, kind: RequestKind) -> Proposal {
        let (side, level) = (Side::BOTH[(place % 2) as usize], i64::from(place / 2));
        let near = if side == Side::Bid { BID - 100 } else { ASK + 100 };
        Proposal {
            order: OrderId::new(1, Origin::Quoter, place + 1),
            price: Price(near - side.sign() * (100 * level + shift)),
            qty: Qty(self.order_qty),
            instrument: InstrumentId(0),
            kind,
            side,
            time_in_force: TimeInForce::GoodTillCancel,
            post_only: true,
            reduce_only: false,
        }
    }

    fn input(&mut self, body: Body, levels: &[Level]) {
        self.now += STEP;
        let received = Nanos(self.now);
        let (sequence, venue_time, instrument) = (1, Nanos::UNKNOWN, InstrumentId(0));
        let event = Event { sequence, received, venue_time, instrument, body };
        self.out.clear();
        self.risk.input(&event, levels, &mut self.out);
    }

    fn report(&mut self, report: Report, level: Level) {
        self.input(Body::Report(report), &[level]);
    }

    fn answer(&mut self, to: &Proposal, kind: ReportKind) {
        let level = Level::new(to.side, to.price, to.qty);
        self.report(Report::new(to.order, kind), level);
    }

    fn propose(&mut self, proposal: &Proposal) {
        self.risk.draft(&Draft::Proposal(*proposal), &mut self.out);
        let last = self.out.items().last();
        assert!(matches!(last, Some(Output::Request(_))), "{last:?}");
    }

    fn mark(&mut self, bid: i64) {
        let mark = Mark {
            sequence: 1,
            received: Nanos(self.now),
            bid: Price(bid),
            bid_qty: Qty(1000),
            ask: Price(bid + ASK - BID),
            ask_qty: Qty(1000),
            traded: Qty(0),
            instrument: InstrumentId(0),
            stale: None,
        };
        self.risk.draft(&Draft::Mark(std::hint::black_box(mark)), &mut self.out);
    }
}

/// Every row of risk.
pub(crate) fn rows(params: &CoreParams) {
    let count: u32 = if measuring() { 6_000 } else { 600 };
    let shift = |at: u32| i64::from(at / 6 % 2) + 1;
    let (mut gated, mut answered) = (Desk::new(params), Desk::new(params));
    let gate = move || {
        for at in 0..count {
            let proposal = gated.proposal(at % 6, shift(at), RequestKind::Replace);
            gated.propose(std::hint::black_box(&proposal));
            gated.answer(&proposal, ReportKind::Replaced);
        }
        u64::from(count)
    };
    let answer = move || {
        for at in 0..count {
            let proposal = answered.proposal(at % 6, shift(at), RequestKind::Replace);
            answered.answer(std::hint::black_box(&proposal), ReportKind::Replaced);
        }
        u64::from(count)
    };
    // One order too many: the last check of the row refuses it, all before it have passed. Where
    // it is halted the first one does: the difference is what all the others take.
    let mut full = params.clone();
    full.risk.orders_max = 6;
    let refused = |mut desk: Desk, code: RefusalCode| {
        move || {
            for at in 0..count {
                let new = Proposal {
                    order: OrderId::new(1, Origin::Quoter, 7 + at),
                    qty: Qty(desk.order_qty - 1),
                    ..desk.proposal(at % 6, shift(at), RequestKind::Place)
                };
                desk.out.clear();
                desk.risk.draft(&Draft::Proposal(std::hint::black_box(new)), &mut desk.out);
                let last = desk.out.items().last();
                let is_his = |refusal: &Refusal| refusal.code == code;
                assert!(matches!(last, Some(Output::Refusal(it)) if is_his(it)), "{last:?}");
            }
            u64::from(count)
        }
    };
    let (last, mut halted) = (Desk::new(&full), Desk::new(&full));
    halted.input(Body::Command(Asked::plain(Command::Halt)), &[]);
    let arms = &mut [
        Arm::new("a replace, and its answer", gate),
        Arm::new("the answer", answer),
        Arm::new("every check, and the refusal of the last", refused(last, RefusalCode::Capacity)),
        Arm::new("the first check, and its refusal", refused(halted, RefusalCode::Halted)),
    ];
    row("risk: one proposal (the difference)", count.into(), arms);
    marks(params, count);
}

/// What a mark costs, and an input that is nobody's.
fn marks(params: &CoreParams, count: u32) {
    let (mut moved, mut still, mut idle) =
        (Desk::new(params), Desk::new(params), Desk::new(params));
    let moving = move || {
        (0..count).for_each(|at| moved.mark(BID + i64::from(at % 2)));
        moved.risk.profit().unsigned_abs() as u64
    };
    let standing = move || {
        (0..count).for_each(|_| still.mark(BID));
        still.risk.profit().unsigned_abs() as u64
    };
    let nobody = move || {
        let body = Body::Heartbeat { id: 0, trade_id: 0 };
        (0..count).for_each(|_| idle.input(std::hint::black_box(body), &[]));
        idle.risk.profit().unsigned_abs() as u64
    };
    row(
        "risk: one mark, six orders and a position",
        count.into(),
        &mut [
            Arm::new("the middle moves", moving),
            Arm::new("the middle stands", standing),
            Arm::new("an input that is nobody's", nobody),
        ],
    );
}
