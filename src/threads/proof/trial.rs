//! A risk of its own for the proof of a start: one instrument, made of the parameters of the run.

use super::{PRICE, SECOND};
use crate::engine::buffer::Buffer;
use crate::engine::risk::{InstrumentLimits, Output, Risk, RiskParams};
use crate::engine::{Core, CoreParams};
use crate::event::{
    Body, Draft, Event, Level, Mark, Proposal, RefusalCode, Report, ReportKind, RequestKind,
};
use crate::types::{InstrumentId, Nanos, OrderId, Origin, Price, Qty, Side, TimeInForce};

/// The begin of a day.
const ORIGIN: i64 = 20_454 * 86_400 * SECOND;
const FIRST: InstrumentId = InstrumentId(0);

/// A risk of its own, with what it was given so far.
pub(super) struct Trial {
    pub(super) risk: Risk,
    pub(super) out: Buffer<Output>,
    pub(super) now: i64,
    sequence: u64,
    epoch: u32,
}

impl Trial {
    /// The first instrument counts in the account currency: rates are no rule.
    pub(super) fn new(params: &CoreParams, risk: &RiskParams, mut own: InstrumentLimits) -> Self {
        own.quote = risk.currency;
        let drafts_max = Core::drafts_max(params);
        let out = Buffer::new(Risk::outputs_max(risk, 1, drafts_max));
        let mut risk = risk.clone();
        risk.conversions.clear();
        let epoch = risk.epoch;
        Self { risk: Risk::new(&risk, &[own]), out, now: ORIGIN, sequence: 0, epoch }
    }

    pub(super) fn hear(&mut self, body: Body, instrument: InstrumentId, levels: &[Level]) {
        self.sequence += 1;
        let (sequence, received) = (self.sequence, Nanos(self.now));
        let venue_time = Nanos::UNKNOWN;
        self.out.clear();
        let event = Event { sequence, received, venue_time, instrument, body };
        self.risk.input(&event, levels, &mut self.out);
    }

    /// A mark around the price, with what was traded since the last.
    pub(super) fn mark(&mut self, price: i64, spread: i64, traded: i64) {
        self.hear(Body::Ignored, FIRST, &[]);
        let mark = Mark {
            sequence: self.sequence,
            received: Nanos(self.now),
            bid: Price(price - spread / 2),
            bid_qty: Qty(1),
            ask: Price(price - spread / 2 + spread),
            ask_qty: Qty(1),
            traded: Qty(traded),
            instrument: FIRST,
            stale: None,
        };
        self.risk.draft(&Draft::Mark(mark), &mut self.out);
    }

    /// A mark a second for so long.
    pub(super) fn marks(&mut self, seconds: i64, mut mark: impl FnMut(i64) -> [i64; 3]) {
        for second in 0..seconds {
            self.now += SECOND;
            let [price, spread, traded] = mark(second);
            self.mark(price, spread, traded);
            if self.risk.breaker().trips > 0 {
                return;
            }
        }
    }

    pub(super) fn propose(&mut self, counter: u32, qty: i64, side: Side) -> OrderId {
        self.hear(Body::Ignored, FIRST, &[]);
        let order = OrderId::new(self.epoch, Origin::Quoter, counter);
        let proposal = Proposal {
            order,
            // A price of its own, so that no order is the same as another.
            price: Price(PRICE - side.sign() * i64::from(counter)),
            qty: Qty(qty),
            instrument: FIRST,
            kind: RequestKind::Place,
            side,
            time_in_force: TimeInForce::GoodTillCancel,
            post_only: false,
            reduce_only: false,
        };
        self.risk.draft(&Draft::Proposal(proposal), &mut self.out);
        order
    }

    pub(super) fn refused(&self) -> Option<RefusalCode> {
        self.out.items().iter().find_map(|output| match output {
            Output::Refusal(refusal) => Some(refusal.code),
            _ => None,
        })
    }

    /// So much is held: bought or sold one tick from the price.
    pub(super) fn hold(&mut self, side: Side, qty: i64) {
        self.mark(PRICE, 2, 0);
        let order = self.propose(1, qty, side);
        for kind in [ReportKind::Sent, ReportKind::Accepted] {
            let level = Level::new(side, Price(PRICE - side.sign()), Qty(qty));
            self.hear(Body::Report(Report::new(order, kind)), FIRST, &[level]);
        }
        self.fill(side, qty);
    }

    /// The first order trades so much, and maybe more than was asked.
    pub(super) fn fill(&mut self, side: Side, qty: i64) {
        let order = OrderId::new(self.epoch, Origin::Quoter, 1);
        let mut report = Report::new(order, ReportKind::Filled);
        report.trade_id = self.sequence;
        let level = Level::new(side, Price(PRICE - side.sign()), Qty(qty));
        self.hear(Body::Report(report), FIRST, &[level]);
    }

    /// Whether risk has sent an order of its own on that side.
    pub(super) fn takes(&self, side: Side) -> bool {
        self.out.items().iter().any(|output| match output {
            Output::Request(request) => {
                let terms = request.terms();
                terms.order.origin() == Origin::Risk && terms.side == side && terms.reduce_only
            }
            _ => false,
        })
    }
}
