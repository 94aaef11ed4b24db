//! A record: one thing that a recording says happened, whatever its framing.

use crate::types::Nanos;

/// What happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Kind {
    /// A frame came in on the feed; the payload is its exact text.
    Received = 0,
    /// A frame went out, such as a subscription.
    Sent = 1,
    /// An answer to a REST request came in; the tag is its address.
    Rest = 2,
    /// A connection was made; the tag is its address.
    Up = 3,
    /// A connection ended; the payload says why.
    Down = 4,
    /// A remark of the recorder: its configuration, a column line.
    Note = 5,
}

impl Kind {
    /// Every kind, in the order of their numbers.
    pub const ALL: [Self; 6] =
        [Self::Received, Self::Sent, Self::Rest, Self::Up, Self::Down, Self::Note];

    /// The word for it in our own framing and in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Received => "recv",
            Self::Sent => "sent",
            Self::Rest => "rest",
            Self::Up => "up",
            Self::Down => "down",
            Self::Note => "note",
        }
    }

    /// The kind of that word, if there is one.
    #[must_use]
    pub fn from_name(name: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name().as_bytes() == name)
    }
}

/// One record, borrowed from its reader until the next one is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Record<'a> {
    /// When it was received, by the clock of the recorder; [`Nanos::UNKNOWN`] where the framing
    /// has no stamp.
    pub received: Nanos,
    /// What happened.
    pub kind: Kind,
    /// What the framing says of the payload: the address of an answer or a connection, the event
    /// word of a Bitstamp log, the kind of a CSV row; else empty.
    pub tag: &'a [u8],
    /// The exact bytes that were exchanged.
    pub payload: &'a [u8],
    /// The recording stops inside this record: what is left of it is the payload.
    pub torn: bool,
}
