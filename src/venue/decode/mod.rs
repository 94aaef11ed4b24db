//! From one message of a venue to parts: events with their levels.
//!
//! A decoder is pulled: `begin` a frame, then `next` until it ends. A part holds at most 28 levels,
//! so a frame of 46,000 can be left and taken up again between any two. The *grammar* of a venue
//! has two readings of a message that give the same parts: `scan`, by hand, in the venue's usual
//! key order and from where it stopped; and `walk`, over simd-json's tape, in any order. On any
//! surprise the driver leaves the first for the second. Books, sequence rules and checksums are
//! judged elsewhere.

mod kind;
pub mod named;
pub mod parts;
pub mod scan;
pub mod tape;
mod wrong;

#[cfg(test)]
pub(crate) mod tests;

pub use kind::Kind;
pub use wrong::Wrong;

use crate::event::Part;
use crate::types::{InstrumentId, InstrumentTable, Nanos, Symbol};
use parts::Parts;
use tape::{Json, Value};

/// The longest frame that is looked at.
pub const FRAME_BYTES_MAX: usize = 64 << 20;

/// The hand scanner met something it was not made for; the general reading decides.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Surprise;

/// How far a scan came.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scanned {
    /// A part is ready and more may follow.
    Part,
    /// The part is ready and is the last of its message.
    LastPart(Kind),
    /// The message says nothing more.
    End(Kind),
}

/// Where the frame came from and what is known beside its bytes.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// When its first byte was received.
    pub received: Nanos,
    /// A REST answer, and whose: REST answers do not name their symbol.
    pub rest: Option<InstrumentId>,
    /// A word that the recording keeps outside the message (Bitstamp's event names).
    pub tag: &'a [u8],
}

impl Origin<'_> {
    /// A message of the stream.
    #[must_use]
    pub const fn stream(received: Nanos) -> Self {
        Origin { received, rest: None, tag: b"" }
    }
}

/// A message with what a grammar needs to read it.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// The text as it was received.
    pub bytes: &'a [u8],
    /// Where it came from.
    pub origin: Origin<'a>,
    /// The instruments that may be named in it.
    pub table: &'a InstrumentTable,
}

/// A venue's messages, read in two ways that give the same parts.
pub trait Grammar {
    /// A new connection: sequences and channel numbers of the old one are void.
    fn connected(&mut self);

    /// A new frame: the scan begins at its head.
    fn begin(&mut self);

    /// Scans on from where the last call stopped and fills one part.
    ///
    /// # Errors
    /// Anything but the usual form of a hot message.
    fn scan(&mut self, frame: &Frame<'_>, part: &mut Part) -> Result<Scanned, Surprise>;

    /// Reads the whole message into parts, whatever its key order.
    ///
    /// # Errors
    /// What is wrong with it.
    fn walk(
        &mut self,
        frame: &Frame<'_>,
        message: Value<'_, '_>,
        parts: &mut Parts,
    ) -> Result<Kind, Wrong>;

    /// Reads a message that is no JSON (rows of a recording) into parts; `None` leaves it to
    /// [`Grammar::walk`].
    fn walk_plain(
        &mut self,
        _frame: &Frame<'_>,
        _parts: &mut Parts,
    ) -> Option<Result<Kind, Wrong>> {
        None
    }

    /// Whose message it is, found in the bytes of one that is broken.
    fn culprit(&self, frame: &Frame<'_>) -> InstrumentId;
}

/// What a decoder has counted.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// Messages by [`Kind`].
    pub kinds: [u64; Kind::ALL.len()],
    /// Messages of an unknown type.
    pub unknown: u64,
    /// Broken messages.
    pub malformed: u64,
    /// Messages for symbols that are not subscribed.
    pub unknown_symbol: u64,
    /// Messages that the hand scanner left to the general reading.
    pub surprises: u64,
}

/// What `next` found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Next {
    /// A part is filled.
    Part,
    /// The frame is used up.
    End,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Reading {
    Scan,
    /// The general reading's parts, from this one on.
    Queue(usize),
    End,
}

/// Drives a grammar: pulls parts out of one frame after the other and counts.
#[derive(Debug)]
pub struct Decoder<G> {
    grammar: G,
    json: Json,
    parts: Parts,
    reading: Reading,
    emitted: usize,
    counts: Counts,
    last_wrong: Option<Wrong>,
    unknown_symbol: Option<Symbol>,
    scanning: bool,
}

impl<G: Grammar> Decoder<G> {
    /// A decoder of that grammar.
    #[must_use]
    pub fn new(grammar: G) -> Self {
        Self {
            grammar,
            json: Json::new(),
            parts: Parts::new(),
            reading: Reading::End,
            emitted: 0,
            counts: Counts::default(),
            last_wrong: None,
            unknown_symbol: None,
            scanning: true,
        }
    }

    /// The same decoder without its hand scanner: the oracle of the differential test.
    #[must_use]
    pub fn generally(self) -> Self {
        Self { scanning: false, ..self }
    }

    /// A new connection begins.
    pub fn connected(&mut self) {
        self.grammar.connected();
    }

    /// A new frame begins; what was left of the last one is dropped.
    #[inline]
    pub fn begin(&mut self) {
        self.grammar.begin();
        self.emitted = 0;
        self.reading = Reading::Scan;
    }

    /// Fills the next part of the frame, which must be the one since `begin`.
    #[inline]
    pub fn next(&mut self, frame: &Frame<'_>, part: &mut Part) -> Next {
        if self.has_ended() {
            return Next::End;
        }
        let fits = frame.bytes.len() <= FRAME_BYTES_MAX;
        if self.reading == Reading::Scan && self.scanning && fits {
            match self.grammar.scan(frame, part) {
                Ok(Scanned::Part) => {
                    self.emitted += 1;
                    return Next::Part;
                }
                Ok(Scanned::LastPart(kind)) => {
                    self.counts.kinds[kind as usize] += 1;
                    self.reading = Reading::End;
                    return Next::Part;
                }
                Ok(Scanned::End(kind)) => {
                    self.counts.kinds[kind as usize] += 1;
                    self.reading = Reading::End;
                    return Next::End;
                }
                Err(Surprise) => {}
            }
        }
        self.next_general(frame, part)
    }

    /// Whether nothing more is in the frame: `next` would say so.
    #[inline]
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.reading == Reading::End
    }

    #[cold]
    fn next_general(&mut self, frame: &Frame<'_>, part: &mut Part) -> Next {
        if self.reading == Reading::Scan {
            self.counts.surprises += 1;
            self.read_generally(frame);
            self.reading = Reading::Queue(self.emitted);
        }
        let Reading::Queue(at) = self.reading else {
            return Next::End;
        };
        match self.parts.get(at) {
            Some((event, levels)) => {
                part.set(event, levels);
                self.reading = Reading::Queue(at + 1);
                Next::Part
            }
            None => {
                self.reading = Reading::End;
                Next::End
            }
        }
    }

    /// Reads the whole frame into the queue; a message that cannot be read becomes one fault.
    fn read_generally(&mut self, frame: &Frame<'_>) {
        self.parts.clear(frame.origin.received);
        let Self { grammar, json, parts, .. } = self;
        let read = if frame.bytes.len() > FRAME_BYTES_MAX {
            Err(Wrong::TooLong)
        } else if let Some(read) = grammar.walk_plain(frame, parts) {
            read
        } else {
            json.read(frame.bytes, |message| grammar.walk(frame, message, parts))
        };
        if let Some(symbol) = self.parts.unknown_symbol() {
            self.counts.unknown_symbol += 1;
            self.unknown_symbol = Some(symbol);
            self.last_wrong = Some(Wrong::UnknownSymbol);
        }
        let wrong = match read {
            Ok(kind) => {
                self.counts.kinds[kind as usize] += 1;
                return;
            }
            Err(wrong) => wrong,
        };
        self.last_wrong = Some(wrong);
        match wrong {
            // Counted above with its name, but for one that no instrument could have.
            Wrong::UnknownSymbol if self.parts.unknown_symbol().is_some() => {}
            Wrong::UnknownSymbol => self.counts.unknown_symbol += 1,
            Wrong::UnknownType => self.counts.unknown += 1,
            _ => self.counts.malformed += 1,
        }
        self.parts.clear(frame.origin.received);
        if let Some(stale) = wrong.stale() {
            self.parts.fault(self.grammar.culprit(frame), stale);
            // The parts that the scan gave away already stand before the fault.
            self.emitted = 0;
        }
    }

    /// What was counted since the start.
    #[must_use]
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// What was wrong with the last message that could not be read.
    #[must_use]
    pub fn last_wrong(&self) -> Option<Wrong> {
        self.last_wrong
    }

    /// The symbol that was met last and is not in the table; asking forgets it.
    pub fn take_unknown_symbol(&mut self) -> Option<Symbol> {
        self.unknown_symbol.take()
    }
}

/// The instrument whose symbol stands as a string behind the first `key` of the bytes; all of them
/// where it cannot be told.
#[must_use]
pub fn culprit_by_key(frame: &Frame<'_>, venue: crate::types::Venue, key: &[u8]) -> InstrumentId {
    let named = || {
        let at = frame.bytes.windows(key.len()).position(|window| window == key)?;
        let text = frame.bytes[at + key.len()..].trim_ascii_start().strip_prefix(b"\"")?;
        let end = text.iter().position(|b| *b == b'"')?;
        frame.table.lookup(venue, &text[..end])
    };
    frame.origin.rest.or(named().map(|known| known.id)).unwrap_or(InstrumentId::ALL)
}
