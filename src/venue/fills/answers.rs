//! Reports on their way back to us, in the order in which they were made.

use super::market::Fill;
use super::params::{FeeRate, FillParams};
use crate::event::{Body, Event, FeeIn, Level, Part, Report, ReportKind};
use crate::types::{Instrument, InstrumentId, Nanos};
use std::collections::VecDeque;

/// Reports that are not heard yet.
#[derive(Debug)]
pub(super) struct Answers {
    /// Maker and taker.
    fees: [FeeRate; 2],
    /// From the tape's time of what happened to our hearing of it.
    way_back: Nanos,
    reports: VecDeque<(Event, Level)>,
    last_trade_id: u64,
}

impl Answers {
    pub(super) fn new(params: &FillParams) -> Self {
        Self {
            fees: [params.maker_fee, params.taker_fee],
            way_back: Nanos((params.report_latency.0 - params.feed_latency.0).max(0)),
            reports: VecDeque::with_capacity(64),
            last_trade_id: 0,
        }
    }

    /// What happened at `now` will be heard a way later.
    pub(super) fn tell(&mut self, now: Nanos, id: InstrumentId, report: Report, level: Level) {
        let event = Event {
            sequence: 0,
            received: Nanos(now.0.saturating_add(self.way_back.0)),
            venue_time: now,
            instrument: id,
            body: Body::Report(report),
        };
        self.reports.push_back((event, level));
    }

    pub(super) fn filled(&mut self, now: Nanos, of: &Instrument, fill: Fill, maker: bool) {
        let Fill { order, side, price, qty } = fill;
        let fee = self.fees[usize::from(!maker)].of(of, price, qty);
        // Of the time, so that the numbers of a later run of the same account are new ones.
        self.last_trade_id = (self.last_trade_id + 1).max(now.0.max(0).unsigned_abs());
        let report = Report {
            trade_id: self.last_trade_id,
            fee: fee.amount,
            fee_decimals: fee.decimals,
            fee_in: FeeIn::Quote,
            maker,
            ..Report::new(order, ReportKind::Filled)
        };
        self.tell(now, of.id, report, Level::new(side, price, qty));
    }

    pub(super) fn due(&self) -> Option<Nanos> {
        self.reports.front().map(|(event, _)| event.received)
    }

    /// The oldest report, if it is due.
    pub(super) fn take(&mut self, now: Nanos, part: &mut Part) -> bool {
        if self.due().is_none_or(|due| due > now) {
            return false;
        }
        let (event, level) = self.reports.pop_front().expect("it has a due time");
        part.set(&event, &[level]);
        true
    }
}
