//! What goes wrong at the venue, when, and until when.
//!
//! What each does to connection, reports and stamps stands where those are made.

use crate::types::Nanos;
use serde::{Deserialize, Serialize};

/// What goes wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum FaultKind {
    /// The connection drops and none is taken until it is over. Answers on their way are lost;
    /// fills are told on the next connection.
    Disconnect = 0,
    /// The connection is open and nothing comes: market data is lost, reports wait for the end.
    /// A new connection is a good one.
    Stall = 1,
    /// New orders and replaces are rejected as `other`.
    RejectAll = 2,
    /// New orders and replaces are rejected as `rate_limited`.
    RateLimited = 3,
    /// What is asked is done, but the answer is lost; fills and answers to queries are not.
    LostAck = 4,
    /// Fills are told late, while other answers are not: a cancel overtakes the fill before it.
    LateFill = 5,
    /// The venue's clock is wrong.
    ClockOffset = 6,
}

impl FaultKind {
    /// Every kind, in the order of their numbers.
    pub const ALL: [Self; 7] = [
        Self::Disconnect,
        Self::Stall,
        Self::RejectAll,
        Self::RateLimited,
        Self::LostAck,
        Self::LateFill,
        Self::ClockOffset,
    ];

    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Disconnect => "disconnect",
            Self::Stall => "stall",
            Self::RejectAll => "reject_all",
            Self::RateLimited => "rate_limited",
            Self::LostAck => "lost_ack",
            Self::LateFill => "late_fill",
            Self::ClockOffset => "clock_offset",
        }
    }
}

/// A fault, when it begins and how long it lasts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FaultParams {
    /// What goes wrong.
    pub kind: FaultKind,
    /// When it first begins, after the start.
    pub at: Nanos,
    /// It begins again after so long; once if there is none.
    pub every: Option<Nanos>,
    /// How long it lasts.
    pub lasts: Nanos,
    /// By how much: the delay of [`FaultKind::LateFill`], the venue's clock minus the right one of
    /// [`FaultKind::ClockOffset`]; else 0.
    pub amount: Nanos,
}

/// The faults of this moment.
#[derive(Clone, Debug)]
pub(super) struct Active {
    until: [Nanos; FaultKind::ALL.len()],
    amount: [Nanos; FaultKind::ALL.len()],
}

impl Active {
    /// All is well.
    #[must_use]
    pub(super) const fn none() -> Self {
        let (never, zero) = (Nanos(i64::MIN), Nanos(0));
        Self { until: [never; FaultKind::ALL.len()], amount: [zero; FaultKind::ALL.len()] }
    }

    /// A fault begins; where one of its kind lasts longer, that end stands.
    pub(super) fn begin(&mut self, fault: &FaultParams, now: Nanos) {
        let until = &mut self.until[fault.kind as usize];
        *until = (*until).max(Nanos(now.0 + fault.lasts.0));
        self.amount[fault.kind as usize] = fault.amount;
    }

    /// When the fault of that kind ends, if there is one now.
    #[inline]
    #[must_use]
    pub(super) fn until(&self, kind: FaultKind, now: Nanos) -> Option<Nanos> {
        let until = self.until[kind as usize];
        (now < until).then_some(until)
    }

    /// By how much it is wrong now; nothing if it is not.
    #[inline]
    #[must_use]
    pub(super) fn amount(&self, kind: FaultKind, now: Nanos) -> Nanos {
        self.until(kind, now).map_or(Nanos(0), |_| self.amount[kind as usize])
    }

    /// A fault of that kind is over.
    pub(super) fn end(&mut self, kind: FaultKind) {
        self.until[kind as usize] = Nanos(i64::MIN);
    }
}
