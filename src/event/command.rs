//! What an operator wants, as an input: the command, its number, and who wants it and why.
//!
//! The text stands behind the event where levels would stand, sixteen bytes a place. What a command
//! brings about is risk's to say.

use super::{Level, LimitChange};
use crate::types::Qty;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What an operator wants.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Command {
    /// HALTED, and all orders cancelled.
    Halt = 0,
    /// Back to ACTIVE; after a kill only when confirmed.
    Resume = 1,
    /// As `Resume`, also after a kill.
    ResumeConfirmed = 2,
    /// REDUCING.
    Reduce = 3,
    /// Reduce-only orders that take, inside the collar, until nothing is held; then HALTED.
    Flatten = 4,
    /// As `Halt`, and the gateway is closed.
    Kill = 5,
    /// The process is about to end: nothing is quoted any more, all orders are cancelled. It does
    /// not outlive the process.
    Shutdown = 6,
    /// The circuit breaker is opened, until it is reset.
    Trip = 7,
    /// The circuit breaker is closed.
    Reset = 8,
    /// Limits are changed: which, and to what, stands behind the note.
    Limits = 9,
    /// The process itself, as the disk is about to be full: as `Halt`, with that reason.
    HaltDiskFull = 10,
    /// The venue is asked about every order that works or is in doubt.
    Reconcile = 11,
}

impl Command {
    /// Every command, in the order of their numbers.
    pub const ALL: [Self; 12] = [
        Self::Halt,
        Self::Resume,
        Self::ResumeConfirmed,
        Self::Reduce,
        Self::Flatten,
        Self::Kill,
        Self::Shutdown,
        Self::Trip,
        Self::Reset,
        Self::Limits,
        Self::HaltDiskFull,
        Self::Reconcile,
    ];

    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Halt => "halt",
            Self::Resume => "resume",
            Self::ResumeConfirmed => "resume_confirmed",
            Self::Reduce => "reduce",
            Self::Flatten => "flatten",
            Self::Kill => "kill",
            Self::Shutdown => "shutdown",
            Self::Trip => "trip",
            Self::Reset => "reset",
            Self::Limits => "limits",
            Self::HaltDiskFull => "halt_disk_full",
            Self::Reconcile => "reconcile",
        }
    }
}

/// A command as it was asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Asked {
    /// What is wanted.
    pub command: Command,
    /// Places behind the event: those of a [`Note`], and behind them one for each change.
    pub places: u8,
    /// Of these, how many hold a [`LimitChange`].
    pub changes: u8,
    /// Its number among those of this process; 0 if nobody waits for an answer.
    pub id: u64,
}

impl Asked {
    /// A command of the process itself: nobody waits for an answer, and there is no note.
    #[must_use]
    pub const fn plain(command: Command) -> Self {
        Self { command, places: 0, changes: 0, id: 0 }
    }
}

impl Asked {
    /// The note that stands in the places behind the event.
    #[must_use]
    pub fn note(&self, places: &[Level]) -> Option<Note> {
        Note::read(places.iter().copied().take(usize::from(self.places - self.changes)))
    }

    /// The changes that stand there.
    pub fn changes(self, places: &[Level]) -> impl Iterator<Item = LimitChange> {
        let from = usize::from(self.places - self.changes).min(places.len());
        places[from..].iter().filter_map(|place| LimitChange::unpack(*place))
    }
}

/// The most bytes of who asks.
pub const WHO_MAX: usize = 46;
/// The most bytes of why.
pub const WHY_MAX: usize = 240;
/// Places that the longest note takes.
pub const NOTE_PLACES_MAX: usize = NOTE_BYTES / PLACE_BYTES;

const PLACE_BYTES: usize = 16;
/// Both lengths and both texts.
const NOTE_BYTES: usize = 2 + WHO_MAX + WHY_MAX;

const _: () = {
    assert!(NOTE_BYTES.is_multiple_of(PLACE_BYTES));
    assert!(NOTE_PLACES_MAX <= super::PART_LEVELS_MAX);
    assert!(WHO_MAX < WHY_MAX && WHY_MAX <= u8::MAX as usize);
};

/// Who asks for something, and why: short texts of one line.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Note {
    /// Both lengths, both texts, zeros.
    bytes: [u8; NOTE_BYTES],
}

/// Why a text cannot stand in a note.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NoteError {
    /// There is none.
    Empty {
        /// Which of the two texts.
        what: &'static str,
    },
    /// It is too long.
    TooLong {
        /// Which of the two texts.
        what: &'static str,
        /// The most bytes that fit.
        max: usize,
    },
    /// It has a line's end or another control character.
    Control {
        /// Which of the two texts.
        what: &'static str,
    },
}

impl fmt::Display for NoteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty { what } => write!(f, "{what} is empty: say it"),
            Self::TooLong { what, max } => {
                write!(f, "{what} is longer than {max} bytes: shorten it")
            }
            Self::Control { what } => {
                write!(f, "{what} has a control character: give one line of text")
            }
        }
    }
}

impl std::error::Error for NoteError {}

impl Note {
    /// Takes both texts.
    ///
    /// # Errors
    /// One of them is empty, too long, or no single line.
    pub fn new(who: &str, why: &str) -> Result<Self, NoteError> {
        let mut bytes = [0; NOTE_BYTES];
        let mut at = 2;
        let texts = [("who asks", who, WHO_MAX), ("the reason", why, WHY_MAX)];
        for (place, (what, text, max)) in texts.into_iter().enumerate() {
            if text.trim().is_empty() {
                return Err(NoteError::Empty { what });
            }
            if text.len() > max {
                return Err(NoteError::TooLong { what, max });
            }
            if text.chars().any(char::is_control) {
                return Err(NoteError::Control { what });
            }
            bytes[place] = u8::try_from(text.len()).expect("a length below 256");
            bytes[at..at + text.len()].copy_from_slice(text.as_bytes());
            at += text.len();
        }
        Ok(Self { bytes })
    }

    /// Who asks.
    #[must_use]
    pub fn who(&self) -> &str {
        self.text(2, self.bytes[0])
    }

    /// Why.
    #[must_use]
    pub fn why(&self) -> &str {
        self.text(2 + usize::from(self.bytes[0]), self.bytes[1])
    }

    fn text(&self, from: usize, len: u8) -> &str {
        let bytes = &self.bytes[from..from + usize::from(len)];
        std::str::from_utf8(bytes).expect("a note holds whole texts")
    }

    /// How many places it takes.
    #[must_use]
    pub fn places(&self) -> u8 {
        let bytes = 2 + usize::from(self.bytes[0]) + usize::from(self.bytes[1]);
        u8::try_from(bytes.div_ceil(PLACE_BYTES)).expect("few places")
    }

    /// Writes it into the places behind an event.
    pub fn put(&self, places: &mut [Level]) {
        let chunks = self.bytes.as_chunks::<PLACE_BYTES>().0;
        for (place, chunk) in places.iter_mut().zip(&chunks[..usize::from(self.places())]) {
            let word = |at: usize| i64::from_le_bytes(std::array::from_fn(|i| chunk[at + i]));
            *place = Level { key: word(0), qty: Qty(word(8)) };
        }
    }

    /// The note that stands in these places; nothing where none does.
    #[must_use]
    pub fn read(places: impl IntoIterator<Item = Level>) -> Option<Self> {
        let mut bytes = [0; NOTE_BYTES];
        for (chunk, level) in bytes.as_chunks_mut::<PLACE_BYTES>().0.iter_mut().zip(places) {
            chunk[..8].copy_from_slice(&level.key.to_le_bytes());
            chunk[8..].copy_from_slice(&level.qty.0.to_le_bytes());
        }
        let (who, why) = (usize::from(bytes[0]), usize::from(bytes[1]));
        let whole = who > 0 && who <= WHO_MAX && why > 0 && why <= WHY_MAX;
        let text = |range| std::str::from_utf8(&bytes[range]).is_ok();
        let sound = whole && text(2..2 + who) && text(2 + who..2 + who + why);
        sound.then_some(Self { bytes })
    }
}

/// Who has asked for something, as it is kept: the part of a note that outlives it.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Who([u8; WHO_BYTES]);

/// A length and the text.
const WHO_BYTES: usize = 48;

impl Who {
    /// Words of it.
    pub const WORDS: usize = WHO_BYTES / 8;
    /// Nobody is named.
    pub const NOBODY: Self = Self([0; WHO_BYTES]);

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.0[1..=usize::from(self.0[0])]).unwrap_or_default()
    }

    /// As words, for whoever publishes it.
    #[must_use]
    pub fn to_words(&self) -> [u64; Self::WORDS] {
        let words = self.0.as_chunks::<8>().0;
        std::array::from_fn(|at| u64::from_le_bytes(words[at]))
    }

    /// Of such words; nobody where they are not.
    #[must_use]
    pub fn of_words(words: &[u64]) -> Self {
        let mut bytes = [0; WHO_BYTES];
        for (chunk, word) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(words) {
            *chunk = word.to_le_bytes();
        }
        if usize::from(bytes[0]) <= WHO_MAX { Self(bytes) } else { Self::NOBODY }
    }

    fn of_text(text: &str) -> Option<Self> {
        let mut bytes = [0; WHO_BYTES];
        bytes[0] = u8::try_from(text.len()).ok().filter(|len| usize::from(*len) <= WHO_MAX)?;
        bytes[1..=text.len()].copy_from_slice(text.as_bytes());
        Some(Self(bytes))
    }
}

impl From<&Note> for Who {
    fn from(note: &Note) -> Self {
        Self::of_text(note.who()).expect("a note's name fits")
    }
}

impl From<Who> for String {
    fn from(who: Who) -> Self {
        who.text().to_owned()
    }
}

impl TryFrom<String> for Who {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::of_text(&text).ok_or_else(|| format!("{text:?} is longer than {WHO_MAX} bytes"))
    }
}

impl fmt::Debug for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text().fmt(f)
    }
}

impl fmt::Debug for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Note").field("who", &self.who()).field("why", &self.why()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_survives_its_places() {
        let (long_who, long_why) = ("w".repeat(WHO_MAX), "y".repeat(WHY_MAX));
        for (who, why) in [("a", "b"), ("ops", "Mühle – стоп"), (&long_who, &long_why)] {
            let note = Note::new(who, why).unwrap();
            assert_eq!((note.who(), note.why()), (who, why));
            let mut places = [Level::default(); NOTE_PLACES_MAX];
            note.put(&mut places);
            let count = usize::from(note.places());
            assert_eq!(count, (2 + who.len() + why.len()).div_ceil(16));
            assert_eq!(Note::read(places[..count].iter().copied()), Some(note));
        }
        assert_eq!(Note::read([]), None);
    }

    #[test]
    fn what_is_no_short_line_is_refused() {
        let check = |who: &str, why: &str, expected: &str| {
            assert_eq!(Note::new(who, why).unwrap_err().to_string(), expected);
        };
        check("", "x", "who asks is empty: say it");
        check("x", "  ", "the reason is empty: say it");
        check("x", &"y".repeat(241), "the reason is longer than 240 bytes: shorten it");
        check("x", "a\nb", "the reason has a control character: give one line of text");
    }
}
