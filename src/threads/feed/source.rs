//! Where a feed's frames come from: a live session, or recordings played at a pace.
//!
//! Both keep the frame they have handed on until they are turned again, so that a feed can leave it
//! in the middle without a copy.

use crate::types::{InstrumentId, InstrumentTable, Nanos, Venue};
use crate::venue::decode::{Frame, Origin};
use crate::venue::recorded::replay::frame_of;
use crate::venue::recorded::{Kind, Pace, RecordingError, Speed, Tape};
use crate::venue::session::reason::DropReason;
use crate::venue::session::{Session, Turn};

/// What a turn of a source brought.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Heard {
    /// Nothing now.
    Nothing,
    /// The connection at that place came up.
    Up(usize),
    /// The connection at that place went down.
    Down(usize),
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
    speed: Speed,
    pace: Pace,
    /// The record that the tape stands at has not been handed on: it is not due yet.
    waiting: bool,
    ended: bool,
    failure: Option<RecordingError>,
}

impl Recorded {
    /// Plays recordings of that venue at that speed.
    #[must_use]
    pub const fn new(venue: Venue, tape: Tape, speed: Speed) -> Self {
        let pace = Pace::new(speed);
        Self { venue, tape, speed, pace, waiting: false, ended: false, failure: None }
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

    /// How long until the record that waits is due; zero if none waits.
    #[must_use]
    pub fn wait(&self, now: Nanos) -> Nanos {
        match self.tape.standing() {
            Some((_, record)) if self.waiting => { self.pace }.wait(record.received, now),
            _ => Nanos(0),
        }
    }

    /// What time it is in the recording.
    fn time(&self, now: Nanos) -> Nanos {
        let Some((_, record)) = self.tape.standing() else { return Nanos::UNKNOWN };
        let wait = i128::from(self.wait(now).0);
        let Speed::Times(times) = self.speed else { return record.received };
        let early = wait * i128::from(times.mantissa) / 10_i128.pow(u32::from(times.decimals));
        let time = i128::from(record.received.0) - early;
        i64::try_from(time).map_or(Nanos::UNKNOWN, Nanos)
    }

    fn turn(&mut self, now: Nanos, table: &InstrumentTable) -> Heard {
        if !self.waiting && !self.ended {
            match self.tape.advance() {
                Ok(Some(_)) => self.waiting = true,
                Ok(None) => self.ended = true,
                Err(error) => {
                    self.failure = Some(error);
                    self.ended = true;
                }
            }
        }
        let Some((place, record)) = self.tape.standing().filter(|_| !self.ended) else {
            return Heard::Ended;
        };
        let received = record.received;
        if received.is_known() && self.pace.wait(received, now) > Nanos(0) {
            return Heard::Nothing;
        }
        self.waiting = false;
        match record.kind {
            Kind::Up => Heard::Up(place),
            Kind::Down => Heard::Down(place),
            _ => frame_of(self.venue, &record, table).map_or(Heard::Nothing, |frame| {
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
                Turn::Down(_) => Heard::Down(0),
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

    /// The stamp of something that is said now: recordings have their own time.
    #[must_use]
    pub fn received(&self, now: Nanos) -> Nanos {
        match self {
            Self::Live(_) => now,
            Self::Recorded(recorded) => recorded.time(now),
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
