//! The gateway: the only one who hands requests to the venue, and who notices that no answer comes.
//!
//! It takes nothing but what stands in the journal. That a request has left, or has not, and that
//! an answer is overdue are inputs that it makes; what they mean for an order is risk's to say. An
//! order without an answer, or of which the venue has said that it does not know it, is asked
//! about, again and again: unknown is not gone.

use super::link::Link;
use crate::engine::risk::{Opening, OrderRequest};
use crate::event::{
    Asked, Body, Command, Event, Level, RejectCode, Report, ReportKind, RequestKind,
};
use crate::journal::{CancelAll, Journaled};
use crate::types::{InstrumentId, Nanos, OrderId, Price, Qty, Side};
use std::collections::VecDeque;

/// What the gateway has counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct GatewayCounts {
    /// Requests handed to the venue.
    pub sent: u64,
    /// Requests that have not left: there was no connection, or the gateway was closed.
    pub kept_back: u64,
    /// Answers that did not come in time.
    pub timed_out: u64,
    /// Questions about an order.
    pub queries: u64,
    /// Whether the cancel of an emergency has left, if there was an emergency.
    pub cancel_all: Option<bool>,
}

/// A request whose answer is awaited.
#[derive(Clone, Copy, Debug)]
struct Awaited {
    order: OrderId,
    instrument: InstrumentId,
    side: Side,
    kind: RequestKind,
    due: Nanos,
    /// What has become of the order is in doubt: only the answer to a question ends that.
    asked: bool,
}

/// Requests out, and what becomes of them as far as this process can see.
#[derive(Debug)]
pub struct Gateway {
    /// How long an answer may take.
    timeout: Nanos,
    /// In the order in which they are due.
    awaited: VecDeque<Awaited>,
    /// What the gateway has to say itself.
    reports: VecDeque<(Event, Level)>,
    /// The venue is still asked for all that it knows of us: its trades from that number on.
    asks_all: Option<u64>,
    is_closed: bool,
    counts: GatewayCounts,
}

impl Gateway {
    /// A gateway with nothing on its way.
    #[must_use]
    pub fn new(timeout: Nanos, orders_max: usize) -> Self {
        // An order can await an answer to its placing, a replace and a cancel at once.
        let room = 3 * orders_max;
        Self {
            timeout,
            awaited: VecDeque::with_capacity(room),
            reports: VecDeque::with_capacity(room),
            asks_all: None,
            is_closed: false,
            counts: GatewayCounts::default(),
        }
    }

    /// Hands a request to the venue; that it has left comes back as an input.
    pub fn send(&mut self, request: &Journaled<OrderRequest>, link: &mut Link, now: Nanos) {
        let terms = *request.get().terms();
        let is_kept_back = self.is_closed && terms.kind != RequestKind::Cancel;
        let has_left = !is_kept_back && link.send(request.get(), now);
        let mut report = Report::new(terms.order, ReportKind::Sent);
        if has_left {
            self.counts.sent += 1;
            self.wait(Awaited {
                order: terms.order,
                instrument: terms.instrument,
                side: terms.side,
                kind: terms.kind,
                due: Nanos(now.0 + self.timeout.0),
                asked: false,
            });
        } else {
            self.counts.kept_back += 1;
            report.kind = ReportKind::NotSent;
            report.code = RejectCode::Disconnected;
        }
        let level = Level::new(terms.side, terms.price, terms.qty);
        self.reports.push_back((event(terms.instrument, report, now), level));
    }

    /// Cancels everything without the journal, which is dead, and takes nothing more that grows;
    /// whether it has left.
    pub fn cancel_all(&mut self, _: CancelAll, link: &mut Link, now: Nanos) -> bool {
        self.is_closed = true;
        let has_left = link.cancel_all(now);
        self.counts.cancel_all = Some(has_left);
        has_left
    }

    /// What the gateway has to say next.
    pub fn take_report(&mut self) -> Option<(Event, Level)> {
        self.reports.pop_front()
    }

    /// Whether it has something to say.
    #[must_use]
    pub fn has_report(&self) -> bool {
        !self.reports.is_empty()
    }

    /// When the next answer is overdue.
    #[must_use]
    pub fn deadline(&self) -> Option<Nanos> {
        self.awaited.front().map(|awaited| awaited.due)
    }

    /// Asks about the order whose answer is overdue, and says so the first time.
    pub fn on_time(&mut self, link: &mut Link, now: Nanos) {
        if self.deadline().is_none_or(|due| due > now) {
            return;
        }
        let Some(mut awaited) = self.awaited.pop_front() else { return };
        if !awaited.asked {
            self.counts.timed_out += 1;
            self.give_up(&awaited, now);
        }
        self.counts.queries += 1;
        match self.asks_all.filter(|_| awaited.order == OrderId::NONE) {
            Some(from) => link.query_all(from, now),
            None => link.query(awaited.order, awaited.instrument, now),
        }
        awaited.asked = true;
        awaited.due = Nanos(now.0 + self.timeout.0);
        self.wait(awaited);
    }

    /// Awaits an answer, behind those that are due as early.
    fn wait(&mut self, awaited: Awaited) {
        let at = self.awaited.partition_point(|other| other.due <= awaited.due);
        self.awaited.insert(at, awaited);
    }

    /// Says of every request without an answer that there is none: the process ends.
    pub fn end(&mut self, now: Nanos) {
        self.asks_all = None;
        self.awaited.retain(|awaited| !awaited.order.is_position());
        while let Some(awaited) = self.awaited.pop_front() {
            if awaited.order != OrderId::NONE {
                self.give_up(&awaited, now);
            }
        }
    }

    fn give_up(&mut self, awaited: &Awaited, now: Nanos) {
        let report = Report::new(awaited.order, ReportKind::TimedOut);
        let level = Level::new(awaited.side, Price(0), Qty::ZERO);
        self.reports.push_back((event(awaited.instrument, report, now), level));
    }

    /// Takes note of an input on its way to the core.
    #[inline]
    pub fn note(&mut self, input: &Event, levels: &[Level]) {
        match input.body {
            Body::Report(report) => {
                self.settle(report.order, report.kind);
                if is_missed(&report) {
                    self.doubt(input, report.order, levels[0].side());
                }
            }
            Body::Query { order, side } => self.doubt(input, order, side),
            Body::Command(Asked { command: Command::Kill, .. }) => self.is_closed = true,
            Body::Command(Asked { command: Command::ResumeConfirmed, .. }) => {
                self.is_closed = false;
            }
            _ => {}
        }
    }

    /// Strikes off what that report answers.
    fn settle(&mut self, order: OrderId, kind: ReportKind) {
        use ReportKind as R;
        let answers = |awaited: &Awaited| match kind {
            R::Open | R::Absent => true,
            _ if awaited.asked => false,
            R::Sent | R::NotSent | R::TimedOut => false,
            R::Accepted | R::Rejected | R::Filled => awaited.kind == RequestKind::Place,
            R::Replaced | R::ReplaceRejected => awaited.kind != RequestKind::Cancel,
            R::CancelRejected => awaited.kind == RequestKind::Cancel,
            R::Canceled => true,
        };
        self.awaited.retain(|awaited| awaited.order != order || !answers(awaited));
        if (order, kind) == (OrderId::NONE, R::Absent) {
            self.asks_all = None;
        }
    }

    /// An earlier epoch has left orders, and nobody knows what has become of them: each is asked
    /// about until the venue answers. Whether it has left more than is known (what was sent last
    /// before a loss of power, what traded since) only the venue knows: that is asked too.
    pub fn ask_about(&mut self, opening: &Opening, now: Nanos) {
        for order in &opening.orders {
            self.ask((order.id, order.instrument, order.side), now);
        }
        self.asks_all = Some(opening.told_from());
        self.ask((OrderId::NONE, InstrumentId::ALL, Side::Bid), now);
    }

    /// Whether the venue has still to tell what it knows of us.
    #[inline]
    #[must_use]
    pub const fn is_reconciling(&self) -> bool {
        self.asks_all.is_some()
    }

    fn ask(&mut self, (order, instrument, side): (OrderId, InstrumentId, Side), now: Nanos) {
        let (kind, due) = (RequestKind::Cancel, now);
        self.wait(Awaited { order, instrument, side, kind, due, asked: true });
    }

    /// What is held was taken over from an earlier epoch: the venue is asked what it says.
    pub fn ask_positions(&mut self, instruments: usize, now: Nanos) {
        for at in (0..instruments).filter_map(|at| u16::try_from(at).ok()) {
            let instrument = InstrumentId(at);
            self.ask((OrderId::position_of(instrument), instrument, Side::Bid), now);
        }
    }

    /// The venue does not know an order that we take to be there, or risk wants to know: nothing
    /// but the answer to a question ends that. It is asked at once.
    fn doubt(&mut self, input: &Event, order: OrderId, side: Side) {
        if self.awaited.iter().any(|awaited| awaited.order == order && awaited.asked) {
            return;
        }
        self.ask((order, input.instrument, side), input.received);
    }

    /// What was counted.
    #[must_use]
    pub const fn counts(&self) -> &GatewayCounts {
        &self.counts
    }
}

/// Whether the venue was asked to change an order that it does not know.
const fn is_missed(report: &Report) -> bool {
    matches!(report.kind, ReportKind::CancelRejected | ReportKind::ReplaceRejected)
        && matches!(report.code, RejectCode::UnknownOrder)
}

fn event(instrument: InstrumentId, report: Report, now: Nanos) -> Event {
    Event {
        sequence: 0,
        received: now,
        venue_time: Nanos::UNKNOWN,
        instrument,
        body: Body::Report(report),
    }
}
