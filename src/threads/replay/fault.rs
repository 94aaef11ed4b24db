//! Why a replay cannot be run, in words for whoever started it, and with which exit code.

use crate::config::ExitCode;
use crate::types::{Symbol, Venue};
use crate::venue::recorded::RecordingError;
use crate::venue::recorded::replay::ReplayError;
use std::fmt;
use std::io;
use std::path::PathBuf;

/// Why there is no replay, or not to its end.
#[derive(Debug)]
pub enum ReplayFault {
    /// A recording cannot be read, or not further.
    Recording(ReplayError),
    /// It is a folder, a pipe or a device: a recording is read twice.
    NoFile(PathBuf),
    /// There is nothing in any of the recordings.
    Empty,
    /// A recording of ours says that it is another venue's.
    OtherVenue {
        /// The file's name.
        path: PathBuf,
        /// Whose it is.
        venue: Venue,
    },
    /// No message in it names an instrument as that venue does.
    NoInstrument(Venue),
    /// A symbol was asked for that the recording does not hold.
    NoSymbol {
        /// What was asked for.
        symbol: Symbol,
        /// What it holds.
        held: Vec<Symbol>,
    },
    /// Whoever read our output has gone, or it cannot be written.
    Output(io::Error),
}

impl ReplayFault {
    /// The exit code, as `--help` tells it.
    #[must_use]
    pub fn code(&self) -> ExitCode {
        match self {
            Self::Output(cause) if cause.kind() == io::ErrorKind::BrokenPipe => ExitCode::Done,
            Self::OtherVenue { .. } | Self::NoInstrument(_) | Self::NoSymbol { .. } => {
                ExitCode::Refused
            }
            Self::Recording(_) | Self::NoFile(_) | Self::Empty | Self::Output(_) => {
                ExitCode::Storage
            }
        }
    }
}

impl fmt::Display for ReplayFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Recording(error) => write!(f, "{error}"),
            Self::NoFile(path) => {
                let path = path.display();
                write!(f, "{path} is no plain file, and a recording is read twice: save it first")
            }
            Self::Empty => f.write_str("there is nothing in the recording"),
            Self::OtherVenue { path, venue } => {
                let path = path.display();
                write!(f, "{path} is a recording of another venue: --venue {}", venue.name())
            }
            Self::NoInstrument(venue) => write!(
                f,
                "no message of the recording names an instrument of {}: check --venue",
                venue.name()
            ),
            Self::NoSymbol { symbol, held } => {
                write!(f, "the recording holds no {symbol}; it holds")?;
                held.iter().try_for_each(|held| write!(f, " {held}"))
            }
            Self::Output(cause) => write!(f, "cannot write the output: {cause}"),
        }
    }
}

impl std::error::Error for ReplayFault {}

impl From<ReplayError> for ReplayFault {
    fn from(error: ReplayError) -> Self {
        Self::Recording(error)
    }
}

impl From<RecordingError> for ReplayFault {
    fn from(error: RecordingError) -> Self {
        Self::Recording(error.into())
    }
}
