//! What can become of an order: one table of status × event.
//!
//! What a step does to quantities and lists is the order table's business; this file only says
//! where it leads and whether it was odd.

/// Where an order is in its life.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
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

/// Where an event leads, and whether it was odd.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Step {
    /// The status after it.
    pub to: Status,
    /// What was odd about it.
    pub odd: Option<Odd>,
}

/// The transition table. Nothing where risk must not ask: only a working order is replaced.
#[inline]
#[must_use]
pub const fn transition(from: Status, event: OrderEvent) -> Option<Step> {
    use OrderEvent as E;
    use Status as S;
    if matches!(event, E::AskReplace) {
        return if matches!(from, S::Working) { to(S::Replacing) } else { None };
    }
    match from {
        S::Requested => requested(event),
        S::Sent => sent(event),
        S::Working => working(event),
        S::Replacing => replacing(event),
        S::Recalling => recalling(event),
        S::Cancelling => cancelling(event),
        S::Unknown => unknown(event),
        S::Filled | S::Canceled | S::Rejected => done(from, event),
        S::Lost => lost(event),
    }
}

const fn to(to: Status) -> Option<Step> {
    Some(Step { to, odd: None })
}

const fn odd(to: Status, odd: Odd) -> Option<Step> {
    Some(Step { to, odd: Some(odd) })
}

const fn requested(event: OrderEvent) -> Option<Step> {
    use OrderEvent as E;
    use Status as S;
    match event {
        E::Sent => to(S::Sent),
        E::NotSent | E::Rejected => to(S::Rejected),
        E::TimedOut => to(S::Unknown),
        E::Accepted | E::Open => to(S::Working),
        E::PartFilled => odd(S::Working, Odd::FillBeforeAck),
        E::Completed => odd(S::Filled, Odd::FillBeforeAck),
        E::Canceled => to(S::Canceled),
        E::AskCancel => to(S::Recalling),
        _ => odd(S::Requested, Odd::Unasked),
    }
}

const fn sent(event: OrderEvent) -> Option<Step> {
    use OrderEvent as E;
    use Status as S;
    match event {
        E::Sent => odd(S::Sent, Odd::Repeated),
        E::NotSent => odd(S::Sent, Odd::Contradiction),
        E::TimedOut => to(S::Unknown),
        E::Accepted | E::Open => to(S::Working),
        E::Rejected => to(S::Rejected),
        E::PartFilled => odd(S::Working, Odd::FillBeforeAck),
        E::Completed => odd(S::Filled, Odd::FillBeforeAck),
        E::Canceled => to(S::Canceled),
        E::AskCancel => to(S::Cancelling),
        // A query cannot have been asked before a time-out: its answer is another's.
        _ => odd(S::Sent, Odd::Unasked),
    }
}

const fn working(event: OrderEvent) -> Option<Step> {
    use OrderEvent as E;
    use Status as S;
    match event {
        E::Sent | E::Accepted => odd(S::Working, Odd::Repeated),
        E::Rejected => odd(S::Rejected, Odd::Contradiction),
        E::PartFilled | E::Open => to(S::Working),
        E::Completed => to(S::Filled),
        E::Canceled => to(S::Canceled),
        E::Absent => to(S::Lost),
        E::AskCancel => to(S::Cancelling),
        _ => odd(S::Working, Odd::Unasked),
    }
}

const fn replacing(event: OrderEvent) -> Option<Step> {
    use OrderEvent as E;
    use Status as S;
    match event {
        E::Sent | E::PartFilled | E::Open => to(S::Replacing),
        E::Accepted => odd(S::Replacing, Odd::Repeated),
        E::NotSent | E::Replaced | E::ReplaceRefused => to(S::Working),
        E::TimedOut | E::ReplaceMissed => to(S::Unknown),
        E::Rejected => odd(S::Rejected, Odd::Contradiction),
        E::Completed => to(S::Filled),
        E::Canceled => to(S::Canceled),
        E::Absent => to(S::Lost),
        E::AskCancel => to(S::Cancelling),
        _ => odd(S::Replacing, Odd::Unasked),
    }
}

const fn recalling(event: OrderEvent) -> Option<Step> {
    use OrderEvent as E;
    use Status as S;
    match event {
        E::Sent | E::Accepted | E::Open => to(S::Cancelling),
        // The order itself never left, so neither does its cancel.
        E::NotSent | E::Rejected => to(S::Rejected),
        E::TimedOut | E::CancelMissed => to(S::Unknown),
        E::PartFilled => odd(S::Cancelling, Odd::FillBeforeAck),
        E::Completed => odd(S::Filled, Odd::FillBeforeAck),
        E::Canceled => to(S::Canceled),
        E::CancelRefused => to(S::Working),
        E::AskCancel => to(S::Recalling),
        _ => odd(S::Recalling, Odd::Unasked),
    }
}

const fn cancelling(event: OrderEvent) -> Option<Step> {
    use OrderEvent as E;
    use Status as S;
    match event {
        // What was asked before the cancel may still be answered.
        E::Sent
        | E::Accepted
        | E::PartFilled
        | E::Replaced
        | E::ReplaceRefused
        | E::ReplaceMissed
        | E::Open
        | E::AskCancel => to(S::Cancelling),
        E::NotSent | E::CancelRefused => to(S::Working),
        E::TimedOut | E::CancelMissed => to(S::Unknown),
        E::Rejected => to(S::Rejected),
        E::Completed => to(S::Filled),
        E::Canceled => to(S::Canceled),
        E::Absent => to(S::Lost),
        E::AskReplace => None,
    }
}

const fn unknown(event: OrderEvent) -> Option<Step> {
    use OrderEvent as E;
    use Status as S;
    match event {
        E::Open => to(S::Working),
        E::Absent => to(S::Lost),
        E::Completed => to(S::Filled),
        E::Sent | E::PartFilled | E::AskCancel => to(S::Unknown),
        E::TimedOut => odd(S::Unknown, Odd::Repeated),
        _ => odd(S::Unknown, Odd::Undecided),
    }
}

const fn done(from: Status, event: OrderEvent) -> Option<Step> {
    use OrderEvent as E;
    use Status as S;
    match event {
        E::PartFilled => odd(from, Odd::LateFill),
        E::Completed => odd(S::Filled, Odd::LateFill),
        // Answers to what was asked before it was done: the usual race.
        E::CancelRefused
        | E::CancelMissed
        | E::ReplaceRefused
        | E::ReplaceMissed
        | E::Absent
        | E::AskCancel => to(from),
        E::Open => odd(from, Odd::Contradiction),
        E::Canceled if matches!(from, S::Canceled) => odd(from, Odd::Repeated),
        E::Rejected if matches!(from, S::Rejected) => odd(from, Odd::Repeated),
        E::Accepted if matches!(from, S::Rejected) => odd(from, Odd::Contradiction),
        _ => odd(from, Odd::LateReport),
    }
}

const fn lost(event: OrderEvent) -> Option<Step> {
    use OrderEvent as E;
    use Status as S;
    match event {
        // The query was faster than the order.
        E::Accepted | E::PartFilled | E::Replaced | E::Open => odd(S::Working, Odd::Revived),
        E::Completed => odd(S::Filled, Odd::LateFill),
        E::Canceled => to(S::Canceled),
        E::NotSent | E::Rejected => to(S::Rejected),
        E::Absent => odd(S::Lost, Odd::Repeated),
        E::Sent | E::TimedOut => odd(S::Lost, Odd::LateReport),
        _ => to(S::Lost),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Statuses and oddities by a letter; `-` for a cell that must not be asked for.
    fn letter(step: Option<Step>) -> String {
        let Some(step) = step else { return "-".to_string() };
        let status = b"RSWPKNUFCJL"[step.to as usize];
        let odd = step.odd.map_or(b' ', |odd| b"fltru?cv"[odd as usize]);
        format!("{}{}", char::from(status), char::from(odd)).trim().to_string()
    }

    /// R requested, S sent, W working, P replacing, K recalling, N cancelling, U unknown,
    /// F filled, C canceled, J rejected, L lost; f fill before ack, l late fill, t late report,
    /// r repeated, u unasked, ? undecided, c contradiction, v revived.
    const TABLE: &str = "
          snt nsnt tout ack rej part full canc cref cmis repl rref rmis open abs askr askc
        R  S   J   U   W   J   Wf  Ff  C   Ru  Ru  Ru  Ru  Ru  W   Ru  -   K
        S  Sr  Sc  U   W   J   Wf  Ff  C   Su  Su  Su  Su  Su  W   Su  -   N
        W  Wr  Wu  Wu  Wr  Jc  W   F   C   Wu  Wu  Wu  Wu  Wu  W   L   P   N
        P  P   W   U   Pr  Jc  P   F   C   Pu  Pu  W   W   U   P   L   -   N
        K  N   J   U   N   J   Nf  Ff  C   W   U   Ku  Ku  Ku  N   Ku  -   K
        N  N   W   U   N   J   N   F   C   W   U   N   N   N   N   L   -   N
        U  U   U?  Ur  U?  U?  U   F   U?  U?  U?  U?  U?  U?  W   L   -   U
        F  Ft  Ft  Ft  Ft  Ft  Fl  Fl  Ft  F   F   Ft  F   F   Fc  F   -   F
        C  Ct  Ct  Ct  Ct  Ct  Cl  Fl  Cr  C   C   Ct  C   C   Cc  C   -   C
        J  Jt  Jt  Jt  Jc  Jr  Jl  Fl  Jt  J   J   Jt  J   J   Jc  J   -   J
        L  Lt  J   Lt  Wv  J   Wv  Fl  C   L   L   Wv  L   L   Wv  Lr  -   L";

    #[test]
    fn every_cell_of_the_table_is_as_written() {
        let rows: Vec<_> = TABLE.lines().skip(2).collect();
        assert_eq!(rows.len(), Status::ALL.len());
        for (from, row) in Status::ALL.into_iter().zip(rows) {
            let cells: Vec<_> = row.split_whitespace().skip(1).collect();
            assert_eq!(cells.len(), OrderEvent::ALL.len(), "{}", from.name());
            for (event, expected) in OrderEvent::ALL.into_iter().zip(cells) {
                let got = letter(transition(from, event));
                assert_eq!(got, expected, "{} and {event:?}", from.name());
            }
        }
    }

    #[test]
    fn doubt_is_left_only_by_a_query_or_the_last_fill() {
        for event in OrderEvent::ALL {
            let leaves =
                transition(Status::Unknown, event).is_some_and(|s| s.to != Status::Unknown);
            let may = [OrderEvent::Open, OrderEvent::Absent, OrderEvent::Completed];
            assert_eq!(leaves, may.contains(&event), "{event:?}");
        }
    }

    #[test]
    fn a_cancel_can_always_be_asked_for() {
        for from in Status::ALL {
            assert!(transition(from, OrderEvent::AskCancel).is_some_and(|step| step.odd.is_none()));
        }
    }
}
