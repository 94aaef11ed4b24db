//! Where an order can be in its life, what can happen to it, and what of that is odd.
//!
//! Where an event leads is the transition table's to say.

use serde::{Deserialize, Serialize};

/// Where an order is in its life.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[repr(u8)]
pub enum Status {
    /// Released by risk; the gateway has not said yet that it left.
    Requested = 0,
    /// It has left; the venue has not answered.
    Sent = 1,
    /// The venue has it.
    Working = 2,
    /// Another price or quantity is asked for.
    Replacing = 3,
    /// Its cancel was released before it was said to have left.
    Recalling = 4,
    /// Its cancel is asked for.
    Cancelling = 5,
    /// No answer came: the venue may have it or not. Only a query's answer or its last fill ends
    /// this.
    Unknown = 6,
    /// All of it has traded.
    Filled = 7,
    /// It is gone without (further) trade.
    Canceled = 8,
    /// The venue did not take it, or it never left.
    Rejected = 9,
    /// The venue had no such order when it was asked; it may still come late.
    Lost = 10,
}

impl Status {
    /// Every status, in the order of their numbers.
    pub const ALL: [Self; 11] = [
        Self::Requested,
        Self::Sent,
        Self::Working,
        Self::Replacing,
        Self::Recalling,
        Self::Cancelling,
        Self::Unknown,
        Self::Filled,
        Self::Canceled,
        Self::Rejected,
        Self::Lost,
    ];

    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Sent => "sent",
            Self::Working => "working",
            Self::Replacing => "replacing",
            Self::Recalling => "recalling",
            Self::Cancelling => "cancelling",
            Self::Unknown => "unknown",
            Self::Filled => "filled",
            Self::Canceled => "canceled",
            Self::Rejected => "rejected",
            Self::Lost => "lost",
        }
    }

    /// Whether nothing of it can trade any more, as far as is known.
    #[inline]
    #[must_use]
    pub const fn is_done(self) -> bool {
        matches!(self, Self::Filled | Self::Canceled | Self::Rejected | Self::Lost)
    }

    /// Whether a cancel is on its way.
    #[inline]
    #[must_use]
    pub const fn is_cancelling(self) -> bool {
        matches!(self, Self::Recalling | Self::Cancelling)
    }
}

/// What happens to an order: what is reported of it, and what we ask for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum OrderEvent {
    /// A request of it has left.
    Sent = 0,
    /// A request of it has not left and never will.
    NotSent = 1,
    /// No answer came in time.
    TimedOut = 2,
    /// The venue has it.
    Accepted = 3,
    /// The venue does not take it.
    Rejected = 4,
    /// It has traded, and something is left.
    PartFilled = 5,
    /// Nothing is left of it.
    Completed = 6,
    /// It is gone.
    Canceled = 7,
    /// The venue does not cancel it and has it still.
    CancelRefused = 8,
    /// The venue knows no such order to cancel.
    CancelMissed = 9,
    /// It has new terms.
    Replaced = 10,
    /// The venue leaves it as it was.
    ReplaceRefused = 11,
    /// The venue knows no such order to replace.
    ReplaceMissed = 12,
    /// A query's answer: it rests.
    Open = 13,
    /// A query's answer: it does not.
    Absent = 14,
    /// We ask for new terms.
    AskReplace = 15,
    /// We ask for its end.
    AskCancel = 16,
}

impl OrderEvent {
    /// Every event, in the order of their numbers.
    pub const ALL: [Self; 17] = [
        Self::Sent,
        Self::NotSent,
        Self::TimedOut,
        Self::Accepted,
        Self::Rejected,
        Self::PartFilled,
        Self::Completed,
        Self::Canceled,
        Self::CancelRefused,
        Self::CancelMissed,
        Self::Replaced,
        Self::ReplaceRefused,
        Self::ReplaceMissed,
        Self::Open,
        Self::Absent,
        Self::AskReplace,
        Self::AskCancel,
    ];
}

/// What is out of the ordinary: each is counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Odd {
    /// It traded before it was acknowledged.
    FillBeforeAck = 0,
    /// It traded after it was said to be done.
    LateFill = 1,
    /// Something else was said of it after it was done.
    LateReport = 2,
    /// The same was said before.
    Repeated = 3,
    /// An answer to nothing that was asked.
    Unasked = 4,
    /// An answer that does not end the doubt.
    Undecided = 5,
    /// What was said before excludes it.
    Contradiction = 6,
    /// The venue has it after all.
    Revived = 7,
    /// A trade that was reported before; it is not counted twice.
    RepeatedTrade = 8,
    /// A report of an order that is not in the table.
    UnknownOrder = 9,
    /// More has traded than was ordered.
    Overfill = 10,
    /// A trade of no quantity, or of an instrument that does not exist: it is ignored.
    Nonsense = 11,
}

impl Odd {
    /// Every case, in the order of their numbers.
    pub const ALL: [Self; 12] = [
        Self::FillBeforeAck,
        Self::LateFill,
        Self::LateReport,
        Self::Repeated,
        Self::Unasked,
        Self::Undecided,
        Self::Contradiction,
        Self::Revived,
        Self::RepeatedTrade,
        Self::UnknownOrder,
        Self::Overfill,
        Self::Nonsense,
    ];

    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::FillBeforeAck => "fill_before_ack",
            Self::LateFill => "late_fill",
            Self::LateReport => "late_report",
            Self::Repeated => "repeated_report",
            Self::Unasked => "unasked_answer",
            Self::Undecided => "undecided_answer",
            Self::Contradiction => "contradiction",
            Self::Revived => "revived",
            Self::RepeatedTrade => "repeated_trade",
            Self::UnknownOrder => "unknown_order",
            Self::Overfill => "overfill",
            Self::Nonsense => "nonsense",
        }
    }
}
