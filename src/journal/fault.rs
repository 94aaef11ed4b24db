//! What can be wrong with a journal, and what is to be done about it.
//!
//! A *flaw* is what is wrong with one record or header; a *damage* is what follows from it for the
//! segment; the errors say in which file.

use super::synced::MarksError;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// What is wrong with what stands at a place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Flaw {
    /// A length that no record has there.
    Length(u64),
    /// A length of zero, and yet something stands behind it.
    Unfinished,
    /// The checksum is not the one of the bytes.
    Checksum,
    /// The record is sound and has another number than it must have.
    Sequence {
        /// The number after the last.
        expected: u64,
        /// The number that stands there.
        found: u64,
    },
    /// The record is sound and of a kind that nobody knows.
    Kind(u8),
    /// The record is sound and says nothing that makes sense.
    Content(&'static str),
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length(length) => write!(f, "a length of {length} bytes cannot be there"),
            Self::Unfinished => f.write_str("bytes stand there, but no length"),
            Self::Checksum => f.write_str("the checksum is wrong"),
            Self::Sequence { expected, found } => {
                write!(f, "record {found} stands where record {expected} must be")
            }
            Self::Kind(kind) => write!(f, "record kind {kind} is unknown to this version"),
            Self::Content(what) => write!(f, "{what}"),
        }
    }
}

/// What is wrong with a segment. An end that is torn off is none: see [`super::reader::End`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Damage {
    /// The file does not begin as a segment does.
    NotASegment,
    /// The segment has another format.
    Version {
        /// The format of the segment.
        found: u32,
    },
    /// The header is damaged.
    Header(&'static str),
    /// It was packed, and that is damaged.
    Packed(&'static str),
    /// A record that the writer cannot have left so.
    Record(Flaw),
    /// A record is damaged, and sound records stand behind it.
    Hole {
        /// What is wrong.
        flaw: Flaw,
        /// Where the next sound record stands.
        sound_at: usize,
    },
    /// The file was shortened: it is neither sealed nor as long as it was made.
    Shortened {
        /// How long it was made.
        allocated: u64,
    },
    /// Something stands behind the seal.
    BehindSeal,
    /// The seal tells another digest than the segment has.
    SealDigest,
    /// It follows a segment that is not sealed.
    NotSealed,
    /// The segment is not the one that it is by its name.
    Number {
        /// The number in its header.
        found: u64,
    },
    /// The header says other things about the segment before than stand there.
    Chain(&'static str),
    /// It ends before what is known to have been synced.
    LostSynced {
        /// The segment up to which everything was synced.
        segment: u64,
        /// Where in that segment.
        offset: u64,
    },
    /// The segment belongs to another data directory.
    Foreign {
        /// Whose it is.
        found: String,
        /// Whose it must be.
        expected: String,
    },
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotASegment => f.write_str("it does not begin as a segment of a journal"),
            Self::Version { found } => write!(
                f,
                "its format version is {found}, this program reads {}",
                super::segment::FORMAT_VERSION
            ),
            Self::Packed(what) => write!(f, "the packed segment is damaged: {what}"),
            Self::Header(what) => write!(f, "the header is damaged: {what}"),
            Self::Record(flaw) => write!(f, "damaged record: {flaw}"),
            Self::Hole { flaw, sound_at } => {
                write!(f, "damaged record: {flaw}; sound records follow from offset {sound_at}")
            }
            Self::Shortened { allocated } => {
                write!(f, "the file was shortened: it was made with {allocated} bytes and no seal")
            }
            Self::BehindSeal => f.write_str("bytes stand behind the seal"),
            Self::SealDigest => f.write_str("the seal tells another digest"),
            Self::NotSealed => f.write_str("the segment before is not sealed"),
            Self::Number { found } => write!(f, "its header says that it is segment {found}"),
            Self::Chain(what) => write!(f, "it does not follow the segment before: {what}"),
            Self::LostSynced { segment, offset } => write!(
                f,
                "the journal ends here, and was synced up to offset {offset} of segment {segment}"
            ),
            Self::Foreign { found, expected } => {
                write!(f, "it belongs to {found}, and the directory to {expected}")
            }
        }
    }
}

/// Why a journal cannot be read to its end.
#[derive(Debug)]
pub enum ReadError {
    /// The system could not read.
    Io {
        /// Which file or folder.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// What was read is damaged.
    Damaged {
        /// Which file.
        path: PathBuf,
        /// The segment's number.
        segment: u64,
        /// Where in it.
        offset: usize,
        /// The number of the record that must be there.
        sequence: u64,
        /// How.
        damage: Damage,
    },
    /// A segment is missing.
    Missing {
        /// The file that should be there.
        path: PathBuf,
    },
    /// The start record of an epoch cannot be understood.
    Start {
        /// Which file.
        path: PathBuf,
        /// Why.
        error: serde_json::Error,
    },
    /// There is no journal.
    Nothing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The directory's identity cannot be taken.
    Identity(IdentityError),
    /// How far it was synced cannot be read.
    Marks(MarksError),
}

impl ReadError {
    pub(super) fn io(path: &Path, error: io::Error) -> Self {
        Self::Io { path: path.to_path_buf(), error }
    }

    /// Whether the journal is there and damaged; else it cannot be used at all.
    #[must_use]
    pub const fn is_damage(&self) -> bool {
        match self {
            Self::Damaged { damage, .. } => !matches!(damage, Damage::Version { .. }),
            Self::Missing { .. } | Self::Start { .. } => true,
            Self::Marks(error) => matches!(error, MarksError::Damaged { .. }),
            Self::Io { .. } | Self::Nothing { .. } | Self::Identity(_) => false,
        }
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { path, error } => write!(f, "{}: {error}", path.display()),
            Self::Damaged { path, offset, sequence, damage, .. } => {
                write!(f, "{} at offset {offset}, record {sequence}: {damage}", path.display())
            }
            Self::Missing { path } => write!(f, "{} is missing", path.display()),
            Self::Start { path, error } => {
                write!(f, "{}: the start record cannot be understood: {error}", path.display())
            }
            Self::Nothing { path } => write!(f, "{} holds no journal", path.display()),
            Self::Identity(error) => write!(f, "{error}"),
            Self::Marks(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for ReadError {}

/// Why the identity of a data directory cannot be taken.
#[derive(Debug)]
pub enum IdentityError {
    /// It cannot be read or written.
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The directory is of another format.
    Version {
        /// Which file says so.
        path: PathBuf,
        /// The format.
        found: u64,
    },
    /// It cannot be understood.
    Text {
        /// Which file.
        path: PathBuf,
        /// Why.
        error: serde_json::Error,
    },
    /// There is none, and yet there is a journal.
    Missing {
        /// The file that should be there.
        path: PathBuf,
    },
}

impl fmt::Display for IdentityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { path, error } => write!(f, "{}: {error}", path.display()),
            Self::Version { path, found } => write!(
                f,
                "{} has format version {found}, this program knows {}: use the program that wrote \
                it, or choose another --data-dir",
                path.display(),
                super::segment::FORMAT_VERSION
            ),
            Self::Text { path, error } => {
                write!(f, "{} cannot be understood: {error}", path.display())
            }
            Self::Missing { path } => {
                write!(f, "{} is missing although there is a journal beside it", path.display())
            }
        }
    }
}

impl std::error::Error for IdentityError {}
