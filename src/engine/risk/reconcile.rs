//! `reconcile`: every order that works or is in doubt is asked about, and what comes of it counted.
//!
//! The questions leave by the gateway, which repeats each until the venue answers; the answers are
//! reports as all others, and what they make of an order is the order table's to say.

use super::{Output, Risk};
use crate::engine::buffer::Buffer;
use crate::engine::order::Status;
use crate::event::ReportKind;
use crate::types::Nanos;
use serde::{Deserialize, Serialize};

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

impl Reconciled {
    /// A report may be an answer; there are no more of them than questions.
    pub(super) const fn hear(&mut self, kind: ReportKind) {
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
    /// Asks about each order that the venue should know, or may.
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
        let count = self.reconciled.count + 1;
        self.reconciled = Reconciled { count, at: self.now, asked, open: 0, absent: 0 };
    }

    /// What has come of the last `reconcile`.
    #[must_use]
    pub const fn reconciled(&self) -> Reconciled {
        self.reconciled
    }
}
