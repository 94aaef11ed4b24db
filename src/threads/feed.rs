//! The first stage: a venue's frames come in, parts go into the lane.
//!
//! A plain struct that is turned: no thread, no clock. A turn decodes a bounded count of levels and
//! may leave a frame in the middle, to go on with it next time; while the lane has no room the
//! source is not read at all, so a slow reader slows the venue's socket and nothing else. What a
//! broken book needs is said by whoever owns the books, as a [`Wish`]; a fault that cannot be laid
//! to one book is the connection's, and the feed leaves it by itself.
//!
//! Not here: books, sequence numbers of inputs, how a thread waits.

mod source;

pub use source::{Heard, Message, Recorded, Source};

use super::lane::Sender;
use crate::event::{Body, Event, PART_LEVELS_MAX, Part, Stale};
use crate::types::{InstrumentId, InstrumentTable, Nanos, Venue};
use crate::venue::decode::{Counts, Next};
use crate::venue::decoder::VenueDecoder;
use crate::venue::session::Session;

/// What the owner of the books asks of the feed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wish {
    /// The book is stale: a snapshot of it, the venue's cheapest way.
    Resync(InstrumentId),
    /// The book is whole.
    Synced(InstrumentId),
    /// No book can be trusted: another connection.
    Reconnect,
}

/// What a feed is made with.
#[derive(Debug)]
pub struct FeedParams {
    /// Whose frames they are.
    pub venue: Venue,
    /// The instruments; every symbol of a session is among them.
    pub table: InstrumentTable,
    /// The most levels that one turn decodes, at least one whole part.
    pub levels_per_turn_max: usize,
}

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
    /// Parts sent.
    pub parts: u64,
    /// Turns that left a frame in the middle.
    pub left_inside: u64,
    /// Connections left for a fault that could not be laid to one book.
    pub reconnects: u64,
}

/// Frames in, parts out.
#[derive(Debug)]
pub struct Feed {
    params: FeedParams,
    source: Source,
    connections: Vec<Connection>,
    lane: Sender,
    part: Part,
    /// The message that is not decoded to its end.
    open: Option<Message>,
    /// Every book is to be told that the connection is gone.
    owes_end: bool,
    counts: FeedCounts,
}

impl Feed {
    /// A feed that has not begun.
    ///
    /// # Panics
    /// A turn may not decode even one part: our own fault, the config has checked.
    #[must_use]
    pub fn new(params: FeedParams, source: Source, lane: Sender) -> Self {
        assert!(params.levels_per_turn_max >= PART_LEVELS_MAX, "a turn takes one whole part");
        let make = |_| Connection { decoder: VenueDecoder::new(params.venue), begun: false };
        let connections = (0..source.connection_count()).map(make).collect();
        let part = Part::empty();
        let counts = FeedCounts::default();
        Self { params, source, connections, lane, part, open: None, owes_end: false, counts }
    }

    /// Goes on with the frame at hand, or takes the next; says how much was done. Never blocks.
    pub fn turn(&mut self, now: Nanos) -> usize {
        if !self.lane.has_room() {
            return 0;
        }
        if std::mem::take(&mut self.owes_end) {
            self.push_end(now);
            return 1;
        }
        if self.open.is_some() {
            return self.decode(now);
        }
        match self.source.turn(now, &self.params.table) {
            Heard::Nothing => 0,
            Heard::Ended => {
                // The end of a recording is not the end of what it recorded.
                let is_new = self.source.is_live() && self.connections[0].begun;
                if is_new {
                    self.end(0, now);
                }
                usize::from(is_new)
            }
            Heard::Up(place) => {
                self.connections[place].decoder.connected();
                self.end(place, now);
                1
            }
            Heard::Down(place) => {
                self.end(place, now);
                1
            }
            Heard::Message(message) => {
                self.counts.messages += 1;
                let connection = &mut self.connections[message.place];
                // A REST answer needs no connection and says nothing of one.
                connection.begun |= message.rest.is_none();
                connection.decoder.begin();
                self.open = Some(message);
                1 + self.decode(now)
            }
        }
    }

    /// Decodes on, as far as room and measure allow.
    fn decode(&mut self, now: Nanos) -> usize {
        let Some(message) = self.open else { return 0 };
        let (mut levels, mut parts) = (0, 0);
        while levels + PART_LEVELS_MAX <= self.params.levels_per_turn_max {
            let Self { params, source, connections, part, lane, .. } = self;
            let decoder = &mut connections[message.place].decoder;
            let frame = source.frame(&message, &params.table);
            if decoder.next(&frame, part) == Next::End {
                self.open = None;
                break;
            }
            lane.push(&part.event, part.levels());
            parts += 1;
            levels += part.levels().len().max(1);
            if is_the_connections(&part.event) && self.source.is_live() {
                self.counts.reconnects += 1;
                self.reconnect(now);
                break;
            }
            if !self.lane.has_room() {
                break;
            }
        }
        self.counts.left_inside += u64::from(self.open.is_some());
        self.counts.parts += parts as u64;
        parts
    }

    /// The connection at `place` has ended, or another has taken its place.
    fn end(&mut self, place: usize, now: Nanos) {
        if std::mem::take(&mut self.connections[place].begun) {
            self.push_end(now);
        }
    }

    fn push_end(&mut self, now: Nanos) {
        let event = Event {
            sequence: 0,
            received: self.source.received(now),
            venue_time: Nanos::UNKNOWN,
            instrument: InstrumentId::ALL,
            body: Body::Fault(Stale::Disconnected),
        };
        self.lane.push(&event, &[]);
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
