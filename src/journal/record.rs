//! How a record lies in a segment: the one place that knows.
//!
//! Little-endian, at a multiple of eight bytes:
//!
//! ```text
//!  0  u32  CRC-32C over all that follows, padding too, begun with epoch and segment number
//!  4  u32  length in bytes, these 16 included, padding not; 0: nothing stands here yet
//!  8  u48  sequence, dense over the whole journal, from 1
//! 14  u8   kind
//! 15  u8   detail, by kind
//! 16       payload, then zeros up to a multiple of eight
//!
//! kind      detail                 payload
//! 1 start   0                      JSON of `Start`
//! 2 input   mask of the head line  words of the head that are not zero; 16 bytes a level
//! 3 output  how many lines         input's sequence; masks, a byte a line; words that are not zero
//! 4 end     0                      none: the process came to its end as it should
//! 5 seal    0 full or closed,      digest of the segment before the seal; nothing follows in the
//!           1 cut by a later start segment
//! ```
//!
//! A mask has a bit for each of the eight words of a line; a word whose bit is not set is zero. An
//! input's stamps are words of its head line. What stands in a line is told in `event::pack` and
//! `engine::risk::pack`.

use super::fault::Flaw;
use crate::engine::risk::Output;
use crate::event::pack::unpack_levels;
use crate::event::{Event, Level, Line, Part};
use crate::sys::crc::crc32c_append;

mod write;

pub use write::{PlainForm, Words};

/// Bytes before the payload.
pub const HEAD_BYTES: usize = 16;
/// Bytes of a seal: what a writer keeps free in each segment.
pub const SEAL_BYTES: usize = HEAD_BYTES + 8;
/// The most lines of an output: a byte of masks for each.
pub const OUTPUT_LINES_MAX: usize = 8;
/// Records begin at multiples of this.
const ALIGN: usize = 8;

/// What a record is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Kind {
    /// The first of an epoch.
    Start = 1,
    /// An event and its levels.
    Input = 2,
    /// What was decided about the input before it.
    Output = 3,
    /// The process came to its end as it should.
    End = 4,
    /// Nothing follows in the segment.
    Seal = 5,
}

impl Kind {
    /// Every kind, in the order of their numbers.
    pub const ALL: [Self; 5] = [Self::Start, Self::Input, Self::Output, Self::End, Self::Seal];

    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Input => "input",
            Self::Output => "output",
            Self::End => "end",
            Self::Seal => "seal",
        }
    }
}

/// Where a checksum begins: different for each epoch and segment, so that a record of another
/// place is not taken for one of this.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Seed(u32);

impl Seed {
    /// The seed of that segment.
    #[must_use]
    pub fn new(epoch: u32, segment: u64) -> Self {
        Self(crc32c_append(crc32c_append(0, &epoch.to_le_bytes()), &segment.to_le_bytes()))
    }
}

/// The length with its padding.
#[inline]
#[must_use]
pub const fn padded(length: usize) -> usize {
    length.next_multiple_of(ALIGN)
}

/// What stands at a place, unchecked.
#[derive(Clone, Copy, Debug)]
pub struct RawRecord<'a> {
    /// The record with its padding.
    bytes: &'a [u8],
    length: usize,
}

impl<'a> RawRecord<'a> {
    /// What stands at the begin of `bytes`; nothing where its length is zero.
    ///
    /// # Errors
    /// Its length is none that a record can have, or reaches beyond the bytes.
    #[inline]
    pub fn at(bytes: &'a [u8]) -> Result<Option<Self>, Flaw> {
        let Some(head) = bytes.first_chunk::<HEAD_BYTES>() else {
            return Ok(None);
        };
        let length = word_of(head) >> 32;
        if length == 0 {
            return Ok(None);
        }
        let whole = usize::try_from(length).ok().filter(|length| *length >= HEAD_BYTES);
        let taken = whole.and_then(|length| Some((length, bytes.get(..padded(length))?)));
        match taken {
            Some((length, bytes)) => Ok(Some(Self { bytes, length })),
            None => Err(Flaw::Length(length)),
        }
    }

    /// What it says its sequence is.
    #[must_use]
    pub fn sequence(&self) -> u64 {
        let (_, rest) = self.bytes.split_first_chunk::<8>().expect("at least a head");
        word_of(rest) & ((1 << 48) - 1)
    }

    /// Whether its checksum is the one of its bytes.
    #[inline]
    #[must_use]
    pub fn is_sound(&self, seed: Seed) -> bool {
        crc32c_append(seed.0, &self.bytes[4..]).to_le_bytes() == self.bytes[..4]
    }

    /// The record, if it is one of that segment and has that sequence.
    ///
    /// # Errors
    /// It is not, by name.
    #[inline]
    pub fn check(self, seed: Seed, sequence: u64) -> Result<Record<'a>, Flaw> {
        if !self.is_sound(seed) {
            return Err(Flaw::Checksum);
        }
        if self.sequence() != sequence {
            return Err(Flaw::Sequence { expected: sequence, found: self.sequence() });
        }
        let (payload, padding) = self.bytes[HEAD_BYTES..].split_at(self.length - HEAD_BYTES);
        if padding.iter().any(|byte| *byte != 0) {
            return Err(Flaw::Content("padding that is not zero"));
        }
        let content = Content::read([self.bytes[14], self.bytes[15]], payload)?;
        let (first, bytes) = (word_of(self.bytes), self.bytes.len());
        Ok(Record { sequence, content, first, bytes })
    }
}

/// The word at the begin of at least eight bytes.
fn word_of(bytes: &[u8]) -> u64 {
    u64::from_le_bytes(*bytes.first_chunk().expect("at least eight bytes"))
}

/// What stands at a place, checked.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// Its number, dense over the whole journal.
    pub sequence: u64,
    /// What it says.
    pub content: Content<'a>,
    /// Checksum and length.
    first: u64,
    bytes: usize,
}

impl Record<'_> {
    /// How many bytes it takes.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// What the digest of its segment is folded with.
    #[must_use]
    pub const fn first_word(&self) -> u64 {
        self.first
    }

    /// What it is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self.content {
            Content::Start(_) => Kind::Start,
            Content::Input(_) => Kind::Input,
            Content::Output { .. } => Kind::Output,
            Content::End => Kind::End,
            Content::Seal { .. } => Kind::Seal,
        }
    }
}

/// What a record says.
#[derive(Clone, Copy, Debug)]
pub enum Content<'a> {
    /// The first of an epoch: the JSON of a [`Start`](super::Start).
    Start(&'a str),
    /// An event and its levels.
    Input(Input<'a>),
    /// What was decided.
    Output {
        /// The number of the input that it answers.
        input: u64,
        /// What it is.
        output: Output,
    },
    /// The process came to its end as it should.
    End,
    /// Nothing follows in the segment.
    Seal {
        /// A later start has closed the segment, as its writer did not come to it.
        cut: bool,
        /// The digest of all that stands before it in the segment.
        digest: u64,
    },
}

/// An event and its levels as they stand.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// The event.
    pub event: Event,
    levels: &'a [u8],
}

impl Input<'_> {
    /// Puts event and levels into a part.
    pub fn read_into(&self, part: &mut Part) {
        part.event = self.event;
        for (place, level) in part.places().iter_mut().zip(self.levels()) {
            *place = level;
        }
    }

    /// The levels behind the event.
    pub fn levels(&self) -> impl ExactSizeIterator<Item = Level> {
        self.levels.as_chunks::<16>().0.iter().map(|bytes| {
            let (key, qty) = bytes.split_at(8);
            let [level, ..] = unpack_levels(&Line([word_of(key), word_of(qty), 0, 0, 0, 0, 0, 0]));
            level
        })
    }
}

impl<'a> Content<'a> {
    fn read([kind, detail]: [u8; 2], payload: &'a [u8]) -> Result<Self, Flaw> {
        let known = Kind::ALL.into_iter().find(|known| *known as u8 == kind);
        match known.ok_or(Flaw::Kind(kind))? {
            Kind::Start if detail == 0 => std::str::from_utf8(payload)
                .map(Self::Start)
                .map_err(|_| Flaw::Content("a start that is no text")),
            Kind::Input => Self::read_input(detail, payload),
            Kind::Output => Self::read_output(detail, payload),
            Kind::End if detail == 0 && payload.is_empty() => Ok(Self::End),
            Kind::Seal if detail <= 1 && payload.len() == 8 => {
                Ok(Self::Seal { cut: detail == 1, digest: word_of(payload) })
            }
            Kind::Start | Kind::End | Kind::Seal => Err(Flaw::Content("an impossible detail")),
        }
    }

    fn read_input(mask: u8, payload: &'a [u8]) -> Result<Self, Flaw> {
        let mut levels = payload;
        let head = take_line(&mut levels, mask).ok_or(Flaw::Content("a head that is cut off"))?;
        let event = Event::unpack(&head).map_err(|_| Flaw::Content("no event of this version"))?;
        if levels.len() != 16 * event.level_count() {
            return Err(Flaw::Content("another number of levels than the event says"));
        }
        Ok(Self::Input(Input { event, levels }))
    }

    fn read_output(count: u8, payload: &'a [u8]) -> Result<Self, Flaw> {
        let wrong = Flaw::Content("an output that is cut off");
        let (input, rest) = payload.split_first_chunk().ok_or(wrong)?;
        let (masks, mut words) = rest.split_first_chunk::<OUTPUT_LINES_MAX>().ok_or(wrong)?;
        let mut lines = [Line::default(); OUTPUT_LINES_MAX];
        for (line, mask) in lines.iter_mut().zip(masks) {
            *line = take_line(&mut words, *mask).ok_or(wrong)?;
        }
        let more = Flaw::Content("an output with more than its lines");
        let lines = lines.get(..usize::from(count)).ok_or(more)?;
        if !words.is_empty() || masks[lines.len()..].iter().any(|mask| *mask != 0) {
            return Err(more);
        }
        let output =
            Output::unpack(lines).map_err(|_| Flaw::Content("no output of this version"))?;
        if output.line_count() != lines.len() {
            return Err(more);
        }
        Ok(Self::Output { input: u64::from_le_bytes(*input), output })
    }
}

/// Takes the line that a mask tells of; none if there are not so many words, or one of them is
/// zero although its bit says that it is not.
fn take_line(from: &mut &[u8], mask: u8) -> Option<Line> {
    let mut line = Line::default();
    for (at, word) in line.0.iter_mut().enumerate() {
        if mask >> at & 1 != 0 {
            let (bytes, rest) = from.split_first_chunk()?;
            *word = u64::from_le_bytes(*bytes);
            *from = rest;
            if *word == 0 {
                return None;
            }
        }
    }
    Some(line)
}
