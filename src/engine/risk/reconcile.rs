//! `reconcile`: every order that works or is in doubt is asked about, and every position; what
//! comes of it is counted and compared.
//!
//! The questions leave by the gateway, which repeats each until the venue answers; the answers are
//! reports as all others, and what they make of an order is the order table's to say. A position is
//! never changed by what the venue says of it: only fills do that.

use super::{NEVER, Output, Risk, instrument_at};
use crate::engine::buffer::Buffer;
use crate::engine::order::Status;
use crate::event::{Level, Report, ReportKind};
use crate::types::{InstrumentId, Nanos, OrderId, Side};
use serde::{Deserialize, Serialize};

/// A position that is not the venue's is asked about again after so long, and after twice as long
/// each time, up to the longest wait.
const WAIT: Nanos = Nanos::from_millis(1000);
const WAIT_MAX: Nanos = Nanos::from_millis(60_000);
/// A fill may be on its way behind the answer: only what differs so often in a row is a finding.
const TIMES_MIN: u32 = 2;

/// What has come of the last `reconcile`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Reconciled {
    /// How often it was asked for.
    pub count: u64,
    /// When that was done last, by input time.
    pub at: Nanos,
    /// Orders that were asked about then.
    pub asked: u32,
    /// Of these, the venue has said so far that so many rest.
    pub open: u32,
    /// Of these, the venue has said so far that so many do not.
    pub absent: u32,
}

/// What the venue has said of one position.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct HeldThere {
    /// In lots, negative if it is owed; nothing where the venue has not said, or cannot.
    pub lots: Option<i64>,
    /// That, less what we held when it was said.
    pub apart: i64,
    /// How often in a row it was not the same.
    pub times: u32,
}

impl HeldThere {
    /// Whether the venue holds something else for us than we know, and no fill on its way explains
    /// it.
    #[must_use]
    pub const fn differs(&self) -> bool {
        self.times >= TIMES_MIN
    }
}

/// What was asked and told, and when positions that differ are asked about again.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Reconciliation {
    orders: Reconciled,
    there: Box<[HeldThere]>,
    pub(super) due: Nanos,
    wait: Nanos,
}

impl Reconciliation {
    pub(super) fn new(instruments: usize) -> Self {
        let there = vec![HeldThere::default(); instruments].into();
        Self { orders: Reconciled::default(), there, due: NEVER, wait: WAIT }
    }

    /// What is held there; whether it is what we hold is known by then.
    fn hear(&mut self, instrument: InstrumentId, held: HeldThere, now: Nanos) {
        let Self { there, due, wait, .. } = self;
        there[instrument.index()] = held;
        if there.iter().all(|one| one.apart == 0) {
            (*due, *wait) = (NEVER, WAIT);
        } else if *due == NEVER {
            *due = Nanos(now.0.saturating_add(wait.0));
            *wait = Nanos(wait.0 * 2).min(WAIT_MAX);
        }
    }
}

impl Reconciled {
    /// A report may be an answer; there are no more of them than questions.
    const fn hear(&mut self, kind: ReportKind) {
        if self.open + self.absent < self.asked {
            match kind {
                ReportKind::Open => self.open += 1,
                ReportKind::Absent => self.absent += 1,
                _ => {}
            }
        }
    }
}

impl Risk {
    /// Asks about each order that the venue should know, or may, and about each position.
    ///
    /// An order on its way there is not asked about: the answer could be older than the order.
    pub(super) fn reconcile(&mut self, out: &mut Buffer<Output>) {
        let mut asked = 0;
        for order in self.orders.live_orders() {
            if matches!(order.status, Status::Working | Status::Replacing | Status::Unknown) {
                asked += 1;
                let (order, instrument, side) = (order.id, order.instrument, order.side);
                out.push(Output::Query { order, instrument, side });
            }
        }
        let own = &mut self.reconciliation;
        let count = own.orders.count + 1;
        own.orders = Reconciled { count, at: self.now, asked, open: 0, absent: 0 };
        (own.due, own.wait) = (NEVER, WAIT);
        (0..own.there.len()).for_each(|place| out.push(question(place)));
    }

    /// Asks again about each position that is not the venue's.
    pub(super) fn ask_positions_when_due(&mut self, out: &mut Buffer<Output>) {
        let own = &mut self.reconciliation;
        if self.now < own.due {
            return;
        }
        own.due = NEVER;
        let apart = own.there.iter().enumerate().filter(|(_, one)| one.apart != 0);
        apart.for_each(|(place, _)| out.push(question(place)));
    }

    /// A report may be the venue's answer, also about an order that nobody here knows of; whether
    /// it was one about a position.
    pub(super) fn hear_answer(
        &mut self,
        instrument: InstrumentId,
        report: &Report,
        level: Level,
    ) -> bool {
        let own = &mut self.reconciliation;
        if !report.order.is_position() {
            own.orders.hear(report.kind);
            self.adopt(instrument, report, level);
            return false;
        }
        let Some(before) = own.there.get(instrument.index()) else { return true };
        let held = match report.kind {
            ReportKind::Open => {
                let lots = level.qty().0.saturating_mul(level.side().sign());
                let ours = self.accounts.get(instrument).position.lots;
                let apart = lots.saturating_sub(ours);
                let times = if apart == 0 { 0 } else { before.times.saturating_add(1) };
                HeldThere { lots: Some(lots), apart, times }
            }
            ReportKind::Absent => HeldThere::default(),
            _ => return true,
        };
        own.hear(instrument, held, self.now);
        true
    }

    /// What has come of the last `reconcile`.
    #[must_use]
    pub const fn reconciled(&self) -> Reconciled {
        self.reconciliation.orders
    }

    /// What the venue has said of a position.
    #[must_use]
    pub fn held_there(&self, instrument: InstrumentId) -> HeldThere {
        self.reconciliation.there[instrument.index()]
    }
}

fn question(place: usize) -> Output {
    let instrument = instrument_at(place);
    Output::Query { order: OrderId::position_of(instrument), instrument, side: Side::Bid }
}
