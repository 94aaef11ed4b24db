//! Where a feed's frames come from: a live session, or recordings on their own time.
//!
//! Both keep the frame they have handed on until they are turned again, so that a feed can leave it
//! in the middle without a copy.

use crate::types::{InstrumentId, InstrumentTable, Nanos, Venue};
use crate::venue::decode::{Frame, Origin};
use crate::venue::recorded::replay::frame_of;
use crate::venue::recorded::{Kind, RecordingError, Tape};
use crate::venue::session::reason::DropReason;
use crate::venue::session::{Session, Turn};

/// What a turn of a source brought.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Heard {
    /// Nothing now.
    Nothing,
    /// A record that says nothing: there may be more.
    Skipped,
    /// The connection at that place came up.
    Up(usize),
    /// The connection at that place went down, for that reason where it is a live one.
    Down(usize, Option<DropReason>),
    /// A message to decode.
    Message(Message),
    /// Nothing will ever come again.
    Ended,
}

/// What is known of a message beside its bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Message {
    /// The place of its connection.
    pub place: usize,
    /// When it was received.
    pub received: Nanos,
    /// A REST answer, and whose book it is.
    pub rest: Option<InstrumentId>,
}

/// A live session or recordings.
#[derive(Debug)]
pub enum Source {
    /// The venue itself.
    Live(Box<Session>),
    /// What somebody received of it.
    Recorded(Box<Recorded>),
}

/// Recordings on their way into a feed; each file is a connection.
#[derive(Debug)]
pub struct Recorded {
    venue: Venue,
    tape: Tape,
    /// The record that the tape stands at has not been handed on: it may not be due yet.
    waiting: bool,
    ended: bool,
    /// The greatest stamp so far: a record without one, or with a lesser one, follows at once.
    latest: Nanos,
    failure: Option<RecordingError>,
}

impl Recorded {
    /// Plays recordings of that venue.
    #[must_use]
    pub const fn new(venue: Venue, tape: Tape) -> Self {
        let latest = Nanos::UNKNOWN;
        Self { venue, tape, waiting: false, ended: false, latest, failure: None }
    }

    /// Why it ended before the end, if it did; said once.
    pub const fn take_failure(&mut self) -> Option<RecordingError> {
        self.failure.take()
    }

    /// The recordings with their reports.
    #[must_use]
    pub const fn tape(&self) -> &Tape {
        &self.tape
    }

    /// All lines that could not be read so far, in words.
    pub(super) fn damage(&self) -> Vec<String> {
        let mut found = Vec::new();
        for reader in self.tape.readers() {
            let (path, report) = (reader.path().display(), reader.report());
            if let Some(bytes) = report.torn {
                found.push(format!("{path} stops inside a record; {bytes} bytes are left of it"));
            }
            if let Some((line, why)) = report.named.first() {
                let (count, why) = (report.malformed, why.name());
                found.push(format!("{path}: {count} lines are no records, first {line}: {why}"));
            }
        }
        found
    }

    /// When the next record was received; nothing behind the last one.
    fn due(&mut self) -> Option<Nanos> {
        if !self.waiting && !self.ended {
            match self.tape.advance() {
                Ok(Some((_, record))) => {
                    self.waiting = true;
                    self.latest = self.latest.max(record.received);
                }
                Ok(None) => self.ended = true,
                Err(error) => {
                    self.failure = Some(error);
                    self.ended = true;
                }
            }
        }
        (!self.ended).then_some(self.latest)
    }

    fn turn(&mut self, now: Nanos, table: &InstrumentTable) -> Heard {
        let Some(due) = self.due() else { return Heard::Ended };
        if due > now {
            return Heard::Nothing;
        }
        self.waiting = false;
        let (place, record) = self.tape.standing().expect("a record is due");
        match record.kind {
            Kind::Up => Heard::Up(place),
            Kind::Down => Heard::Down(place, None),
            _ => frame_of(self.venue, &record, table).map_or(Heard::Skipped, |frame| {
                let received = record.received;
                Heard::Message(Message { place, received, rest: frame.origin.rest })
            }),
        }
    }
}

impl Source {
    /// How many connections it has.
    #[must_use]
    pub fn connection_count(&self) -> usize {
        match self {
            Self::Live(_) => 1,
            Self::Recorded(recorded) => recorded.tape.readers().len(),
        }
    }

    /// Whether there is a venue that answers.
    #[must_use]
    pub const fn is_live(&self) -> bool {
        matches!(self, Self::Live(_))
    }

    /// Does what is due and says what came; the message before is gone. Never blocks.
    pub fn turn(&mut self, now: Nanos, table: &InstrumentTable) -> Heard {
        match self {
            Self::Live(session) => match session.turn(now) {
                Turn::Idle => Heard::Nothing,
                Turn::Up => Heard::Up(0),
                Turn::Down(reason) => Heard::Down(0, Some(reason)),
                Turn::Stopped(_) => Heard::Ended,
                Turn::Frame(_) => Heard::Message(Message { place: 0, received: now, rest: None }),
                Turn::Rest { symbol, .. } => {
                    let venue = session.venue();
                    let known = table.lookup(venue, symbol.as_bytes());
                    let rest = Some(known.expect("a session's symbols are in the table").id);
                    Heard::Message(Message { place: 0, received: now, rest })
                }
            },
            Self::Recorded(recorded) => recorded.turn(now, table),
        }
    }

    /// The message that was handed on last, until the next turn.
    #[must_use]
    pub fn frame<'a>(&'a self, message: &Message, table: &'a InstrumentTable) -> Frame<'a> {
        match self {
            Self::Live(session) => {
                let bytes = if message.rest.is_some() { session.body() } else { session.frame() };
                let origin = Origin { received: message.received, rest: message.rest, tag: b"" };
                Frame { bytes, origin, table }
            }
            Self::Recorded(recorded) => {
                let standing = recorded.tape.standing();
                let frame = standing.and_then(|(_, at)| frame_of(recorded.venue, &at, table));
                frame.expect("the tape still stands at the record of the message")
            }
        }
    }

    /// When the next thing will be heard: a recording knows, a venue does not.
    pub fn due(&mut self) -> Option<Nanos> {
        match self {
            Self::Live(_) => None,
            Self::Recorded(recorded) => recorded.due(),
        }
    }

    /// When the message at hand was received, in a recording.
    #[must_use]
    pub const fn latest(&self) -> Option<Nanos> {
        match self {
            Self::Live(_) => None,
            Self::Recorded(recorded) => Some(recorded.latest),
        }
    }

    /// Why a live session is of no use any more, if it is not.
    #[must_use]
    pub const fn stopped(&self) -> Option<DropReason> {
        match self {
            Self::Live(session) => session.stopped(),
            Self::Recorded(_) => None,
        }
    }

    /// Whether nothing more will come.
    #[must_use]
    pub fn is_ended(&self) -> bool {
        match self {
            Self::Live(session) => session.stopped().is_some(),
            Self::Recorded(recorded) => recorded.ended,
        }
    }
}
