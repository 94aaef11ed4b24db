//! The connection between the venue and us: what is on its way, and what is lost with it.
//!
//! What the venue does is not known here, only how and when we hear of it.

use super::agenda::Turn;
use super::chance::Chance;
use super::channel::{Channel, Delay};
use super::faults::{Active, FaultKind};
use super::market::Stamps;
use super::params::SimulatorParams;
use crate::event::{Body, Event, Level, Part, Proposal, Report, ReportKind, Stale};
use crate::types::{InstrumentId, Nanos, OrderId};
use std::collections::VecDeque;

/// What reaches the venue from us.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Ask {
    /// A request.
    Order(Proposal),
    /// What has become of an order?
    Query(OrderId, InstrumentId),
    /// What has traded of ours from that number on, and which of our orders rest?
    QueryAll(u64),
    /// None of our orders is to rest any more.
    CancelAll,
    /// A snapshot is wanted.
    Snapshot(InstrumentId),
    /// A connection is wanted.
    Connect,
}

/// Whether there is a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Link {
    Down,
    /// We have begun it, the venue has not seen it yet.
    Opening,
    Up,
}

/// The connection.
#[derive(Debug)]
pub(super) struct Wire {
    link: Link,
    asks: VecDeque<(Nanos, Ask)>,
    pub(super) feed: Channel,
    reports: Channel,
    /// Fills that a fault holds back while other reports pass them.
    late: Channel,
    /// Fills that could not be told yet.
    owed: VecDeque<(Event, Level)>,
    feed_delay: Delay,
    order_delay: Delay,
    report_delay: Delay,
    late_last: Nanos,
}

/// The next thing that comes about at the venue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Next {
    Turn(Nanos, Turn),
    Ask(Nanos, Ask),
}

impl Wire {
    /// No connection yet; each way has a stream of draws of its own, so that our requests change
    /// nothing of what the market does by itself.
    pub(super) fn new(params: &SimulatorParams, seed: u64) -> Self {
        let delay = |params, stream| Delay::new(params, Chance::new(seed, stream));
        Self {
            link: Link::Down,
            asks: VecDeque::new(),
            feed: Channel::default(),
            reports: Channel::default(),
            late: Channel::default(),
            owed: VecDeque::new(),
            feed_delay: delay(params.feed, 1),
            order_delay: delay(params.orders, 2),
            report_delay: delay(params.reports, 3),
            late_last: Nanos(i64::MIN),
        }
    }

    /// Whether something can be sent.
    pub(super) fn is_open(&self) -> bool {
        self.link != Link::Down
    }

    /// Something sets out to the venue; without a connection it does not.
    pub(super) fn ask(&mut self, ask: Ask, now: Nanos) -> bool {
        if self.is_open() {
            self.asks.push_back((self.order_delay.arrival(now), ask));
        }
        self.is_open()
    }

    /// We begin a connection; an old one is given up.
    pub(super) fn open(&mut self, now: Nanos) {
        if self.is_open() {
            self.drop_connection(now);
        }
        self.link = Link::Opening;
        self.ask(Ask::Connect, now);
    }

    /// The venue has our connection: what it owes us is told first.
    pub(super) fn connected(&mut self, at: Nanos) {
        self.link = Link::Up;
        while let Some((mut event, level)) = self.owed.pop_front() {
            event.received = self.report_delay.arrival(at);
            self.reports.push(&event, &[level]);
        }
    }

    /// The connection is gone with all that was still on its way, but fills: the venue owes us
    /// those.
    pub(super) fn drop_connection(&mut self, now: Nanos) {
        self.link = Link::Down;
        self.asks.clear();
        self.feed.lose_after(now, |_, _| ());
        let mut owed = Vec::new();
        for channel in [&mut self.late, &mut self.reports] {
            channel.lose_after(now, |event, levels| {
                if is_fill(&event) {
                    owed.push((event, levels));
                }
            });
        }
        self.report_delay.release(now);
        // They were lost from the last one on.
        self.owed.extend(owed.into_iter().rev());
        let body = Body::Fault(Stale::Disconnected);
        let (instrument, venue_time) = (InstrumentId::ALL, Nanos::UNKNOWN);
        let event = Event { sequence: 0, received: now, venue_time, instrument, body };
        self.feed.push(&event, &[]);
    }

    /// When something told of the market now is heard.
    #[inline]
    pub(super) fn feed_stamps(&mut self, at: Nanos, active: &Active) -> Stamps {
        let silent = active.until(FaultKind::Stall, at).is_some();
        let heard = self.link == Link::Up && !silent;
        let received = heard.then(|| self.feed_delay.arrival(at));
        Stamps { venue_time: venue_time(at, active), received }
    }

    /// The venue tells something of an order of ours.
    pub(super) fn report(
        &mut self,
        (instrument, report): (InstrumentId, Report),
        level: Level,
        at: Nanos,
        active: &Active,
    ) {
        let body = Body::Report(report);
        let (sequence, received) = (0, at);
        let venue_time = venue_time(at, active);
        let mut event = Event { sequence, received, venue_time, instrument, body };
        let fill = report.kind == ReportKind::Filled;
        if self.link != Link::Up {
            if fill {
                self.owed.push_back((event, level));
            }
            return;
        }
        let answer =
            !matches!(report.kind, ReportKind::Filled | ReportKind::Open | ReportKind::Absent);
        if answer && active.until(FaultKind::LostAck, at).is_some() {
            return;
        }
        if let Some(end) = active.until(FaultKind::Stall, at) {
            self.report_delay.hold(end);
        }
        event.received = self.report_delay.arrival(at);
        if fill && active.until(FaultKind::LateFill, at).is_some() {
            let late = event.received.0 + active.amount(FaultKind::LateFill, at).0;
            self.late_last = self.late_last.max(Nanos(late));
            event.received = self.late_last;
            self.late.push(&event, &[level]);
        } else {
            self.reports.push(&event, &[level]);
        }
    }

    /// When the next thing is heard; never where nothing is on its way.
    #[inline]
    pub(super) fn due(&self) -> Nanos {
        self.late.due().min(self.reports.due()).min(self.feed.due())
    }

    /// Gives what is heard next, if it is heard by `now`: of one time, what is late before reports
    /// before the feed.
    #[inline]
    pub(super) fn hear(&mut self, now: Nanos, part: &mut Part) -> bool {
        let due = self.due();
        if due > now {
            return false;
        }
        let mut ways = [&mut self.late, &mut self.reports, &mut self.feed].into_iter();
        ways.find(|way| way.due() == due).is_some_and(|way| way.pop(part))
    }

    /// What comes about next: the venue's own turns come before what reaches it at the same time,
    /// so that it is one story however often it is asked.
    #[inline]
    pub(super) fn next(&self, turn: Option<(Nanos, Turn)>) -> Option<Next> {
        match (turn, self.asks.front()) {
            (Some((at, turn)), Some((asked, _))) if at <= *asked => Some(Next::Turn(at, turn)),
            (_, Some((at, ask))) => Some(Next::Ask(*at, *ask)),
            (Some((at, turn)), None) => Some(Next::Turn(at, turn)),
            (None, None) => None,
        }
    }

    /// The next ask has been taken.
    pub(super) fn taken(&mut self) {
        self.asks.pop_front();
    }
}

fn is_fill(event: &Event) -> bool {
    matches!(event.body, Body::Report(report) if report.kind == ReportKind::Filled)
}

fn venue_time(at: Nanos, active: &Active) -> Nanos {
    Nanos(at.0 + active.amount(FaultKind::ClockOffset, at).0)
}
