//! Market data: a venue's frames come in, parts go out, one for each call.
//!
//! A plain struct that is turned: no thread, no clock. A frame may be left in the middle as long as
//! the caller likes; while nobody calls, the source is not read at all, so a slow reader slows
//! the venue's socket and nothing else. What a broken book needs is said by whoever owns the books,
//! as a [`Wish`]; a fault that cannot be laid to one book is the connection's, and the feed leaves
//! it by itself.
//!
//! Not here: books, sequence numbers of inputs, how a thread waits.

mod source;

pub use source::{Heard, Message, Recorded, Source};

use super::link::Wish;
use crate::event::{Body, Event, Part, Stale};
use crate::types::{InstrumentId, InstrumentTable, Nanos, Venue};
use crate::venue::decode::{Counts, Next};
use crate::venue::decoder::VenueDecoder;
use crate::venue::session::Session;
use crate::venue::session::reason::DropReason;
use crossbeam_channel::Sender;

/// What a feed is made with.
#[derive(Debug)]
pub struct FeedParams {
    /// Whose frames they are.
    pub venue: Venue,
    /// The instruments; every symbol of a session is among them.
    pub table: InstrumentTable,
}

/// Frames without a part that one call passes over: the caller has other work too.
const EMPTY_FRAMES_MAX: usize = 64;

/// One connection of a recording, or the live one.
#[derive(Debug)]
struct Connection {
    decoder: VenueDecoder,
    /// A frame has come since it came up: its end is the end of every book.
    begun: bool,
}

/// What a feed has counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct FeedCounts {
    /// Frames and REST bodies taken.
    pub messages: u64,
    /// Parts given out.
    pub parts: u64,
    /// Connections left for a fault that could not be laid to one book.
    pub reconnects: u64,
}

/// What has become of the live connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Connected {
    /// It has come up again.
    Up,
    /// It failed or went down.
    Down(DropReason),
}

/// Frames in, parts out.
#[derive(Debug)]
pub struct Feed {
    params: FeedParams,
    source: Source,
    connections: Vec<Connection>,
    /// The message that is not decoded to its end.
    open: Option<Message>,
    /// Every book is to be told that the connection is gone.
    owes_end: bool,
    counts: FeedCounts,
    /// Whom the live connection's changes are told; where nobody has listened for long, no more.
    told: Option<Sender<Connected>>,
}

impl Feed {
    /// A feed that has not begun.
    #[must_use]
    pub fn new(params: FeedParams, source: Source) -> Self {
        let make = |_| Connection { decoder: VenueDecoder::new(params.venue), begun: false };
        let connections = (0..source.connection_count()).map(make).collect();
        let counts = FeedCounts::default();
        Self { params, source, connections, open: None, owes_end: false, counts, told: None }
    }

    /// From now on the live connection's changes are told.
    #[must_use]
    pub fn telling(mut self, told: Sender<Connected>) -> Self {
        self.told = Some(told);
        self
    }

    /// It may be full, or nobody there: what is told changes nothing here.
    #[cold]
    fn tell(&self, change: Connected) {
        if let Some(told) = &self.told {
            told.try_send(change).ok();
        }
    }

    /// The next part, if one has come by `now`. Never blocks.
    #[inline]
    pub fn hear(&mut self, now: Nanos, part: &mut Part) -> bool {
        for _ in 0..EMPTY_FRAMES_MAX {
            if std::mem::take(&mut self.owes_end) {
                self.tell_end(now, part);
                return true;
            }
            if let Some(message) = self.open {
                if self.decode(&message, now, part) {
                    return true;
                }
                continue;
            }
            match self.source.turn(now, &self.params.table) {
                Heard::Nothing => return false,
                Heard::Skipped => {}
                Heard::Ended => {
                    // The end of a recording is not the end of what it recorded.
                    let is_new = self.source.is_live() && self.connections[0].begun;
                    if !is_new {
                        return false;
                    }
                    self.end(0);
                }
                Heard::Up(place) => {
                    self.tell(Connected::Up);
                    self.connections[place].decoder.connected();
                    self.end(place);
                }
                Heard::Down(place, why) => {
                    why.into_iter().for_each(|reason| self.tell(Connected::Down(reason)));
                    self.end(place);
                }
                Heard::Message(message) => {
                    self.counts.messages += 1;
                    let connection = &mut self.connections[message.place];
                    // A REST answer needs no connection and says nothing of one.
                    connection.begun |= message.rest.is_none();
                    connection.decoder.begin();
                    self.open = Some(message);
                }
            }
        }
        false
    }

    /// The next part of the message at hand; false behind its last one.
    #[inline]
    fn decode(&mut self, message: &Message, now: Nanos, part: &mut Part) -> bool {
        let decoder = &mut self.connections[message.place].decoder;
        let frame = self.source.frame(message, &self.params.table);
        if decoder.next(&frame, part) == Next::End {
            self.open = None;
            return false;
        }
        self.counts.parts += 1;
        if is_the_connections(&part.event) && self.source.is_live() {
            self.counts.reconnects += 1;
            self.reconnect(now);
        }
        true
    }

    /// When the next thing will be heard, where that is known: a recording knows, a venue does not.
    pub fn due(&mut self) -> Option<Nanos> {
        if self.open.is_some() || self.owes_end {
            return self.source.latest();
        }
        self.source.due()
    }

    /// The connection at `place` has ended, or another has taken its place.
    fn end(&mut self, place: usize) {
        self.owes_end |= std::mem::take(&mut self.connections[place].begun);
    }

    fn tell_end(&mut self, now: Nanos, part: &mut Part) {
        part.event = Event {
            sequence: 0,
            received: now,
            venue_time: Nanos::UNKNOWN,
            instrument: InstrumentId::ALL,
            body: Body::Fault(Stale::Disconnected),
        };
        self.counts.parts += 1;
    }

    /// Does what the owner of the books wishes. A recording answers nobody.
    ///
    /// # Panics
    /// The instrument is not of this feed's session: our own fault.
    pub fn heed(&mut self, wish: Wish, now: Nanos) {
        if wish == Wish::Reconnect {
            // One that has said nothing yet is not the one that was meant.
            if self.connections[0].begun {
                self.reconnect(now);
            }
            return;
        }
        let Source::Live(session) = &mut self.source else { return };
        match wish {
            Wish::Resync(id) => session.resync(&self.params.table.get(id).symbol, now),
            Wish::Synced(id) => session.synced(&self.params.table.get(id).symbol),
            Wish::Reconnect => unreachable!("done above"),
        }
    }

    /// Leaves the connection with what is left of its frame.
    fn reconnect(&mut self, now: Nanos) {
        let Source::Live(session) = &mut self.source else { return };
        session.reconnect(now);
        self.open = None;
        self.owes_end |= std::mem::take(&mut self.connections[0].begun);
        self.tell(Connected::Down(DropReason::Asked));
    }

    /// The live session, if it is one.
    #[must_use]
    pub fn session(&self) -> Option<&Session> {
        match &self.source {
            Source::Live(session) => Some(session),
            Source::Recorded(_) => None,
        }
    }

    /// Where the frames come from, for a caller that waits on it.
    #[must_use]
    pub const fn source(&mut self) -> &mut Source {
        &mut self.source
    }

    /// What was counted.
    #[must_use]
    pub const fn counts(&self) -> &FeedCounts {
        &self.counts
    }

    /// What the decoder of each connection has counted.
    pub fn decoded(&self) -> impl Iterator<Item = &Counts> {
        self.connections.iter().map(|connection| connection.decoder.counts())
    }

    /// All of a recording that could not be read on the way, in words; nothing of a live session.
    #[must_use]
    pub fn damage(&self) -> Vec<String> {
        let Source::Recorded(recorded) = &self.source else { return Vec::new() };
        let mut found = recorded.damage();
        for connection in &self.connections {
            let count = connection.decoder.counts().malformed;
            if let (1.., Some(wrong)) = (count, connection.decoder.last_wrong()) {
                found.push(format!("{count} messages cannot be read, the last one: {wrong}"));
            }
        }
        found
    }

    /// Whether a frame was left in the middle.
    #[must_use]
    pub const fn is_inside(&self) -> bool {
        self.open.is_some()
    }

    /// Whether nothing more will come.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.open.is_none() && !self.owes_end && self.source.is_ended()
    }
}

/// A fault that cannot be laid to one book, and that no snapshot on this connection mends. A venue
/// that refuses a subscription would refuse it on the next connection too.
const fn is_the_connections(event: &Event) -> bool {
    match event.body {
        Body::Fault(reason) => {
            event.instrument.index() == InstrumentId::ALL.index()
                && !matches!(reason, Stale::Unsubscribed)
        }
        _ => false,
    }
}
