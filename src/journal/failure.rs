//! Why a data directory is refused, a journal not begun, a record not written.

use super::fault::{IdentityError, ReadError};
use super::synced::MarksError;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why a data directory cannot be used, or a journal not be begun in it.
#[derive(Debug)]
pub enum OpenError {
    /// The system said no.
    Io {
        /// What was to be done.
        doing: &'static str,
        /// With which file or folder.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Another process has it.
    Locked {
        /// Which directory.
        path: PathBuf,
        /// The number that the process left there.
        process: String,
    },
    /// Its identity cannot be taken or written.
    Identity(IdentityError),
    /// How far it was synced cannot be read.
    Marks(MarksError),
    /// It belongs to something else.
    Other {
        /// Which directory.
        path: PathBuf,
        /// What is different.
        key: &'static str,
        /// Of the directory.
        found: String,
        /// Of this run.
        wanted: String,
    },
    /// Its journal cannot be continued.
    Read(ReadError),
    /// The first segment or record cannot be written.
    Write(WriteError),
    /// There is no epoch after the last one.
    NoEpochLeft,
}

impl OpenError {
    pub(super) fn io(doing: &'static str, path: &Path, error: io::Error) -> Self {
        Self::Io { doing, path: path.to_path_buf(), error }
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { doing, path, error } => {
                write!(f, "cannot {doing} {}: {error}", path.display())
            }
            Self::Locked { path, process } => write!(
                f,
                "{} is in use by process {process}: stop it, or choose another --data-dir",
                path.display()
            ),
            Self::Identity(error) => write!(f, "{error}"),
            Self::Marks(error) => write!(f, "{error}"),
            Self::Other { path, key, found, wanted } => write!(
                f,
                "{} belongs to {key} {found}, and this run has {key} {wanted}: choose another \
                --data-dir",
                path.display()
            ),
            Self::Read(error) => write!(f, "the journal cannot be continued: {error}"),
            Self::Write(error) => write!(f, "the journal cannot be begun: {error}"),
            Self::NoEpochLeft => f.write_str("the journal has counted its starts to the end"),
        }
    }
}

impl std::error::Error for OpenError {}

impl From<IdentityError> for OpenError {
    fn from(error: IdentityError) -> Self {
        Self::Identity(error)
    }
}

impl From<ReadError> for OpenError {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

impl From<WriteError> for OpenError {
    fn from(error: WriteError) -> Self {
        Self::Write(error)
    }
}

/// Why nothing more is written. The first one is final.
#[derive(Debug)]
pub enum WriteError {
    /// The next segment cannot be made.
    Segment {
        /// Its number.
        number: u64,
        /// Why.
        error: io::Error,
    },
    /// What is written cannot be synced, so it may be lost.
    Sync(io::Error),
    /// A record is longer than a segment.
    TooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// Another thread could not sync or keep it, so it is dead.
    Kept {
        /// Why.
        what: String,
    },
    /// There was an error before; the journal is dead.
    Dead,
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Segment { number, error } => {
                write!(f, "segment {number} of the journal cannot be made: {error}")
            }
            Self::Sync(error) => write!(f, "the journal cannot be synced: {error}"),
            Self::TooLong { length } => write!(
                f,
                "a record of {length} bytes is longer than a segment: raise \
                persistence.segmentBytes"
            ),
            Self::Kept { what } => write!(f, "the journal cannot be kept: {what}"),
            Self::Dead => f.write_str("the journal is dead after an error"),
        }
    }
}

impl std::error::Error for WriteError {}
