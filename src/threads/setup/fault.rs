//! Why a run cannot be set up.

use crate::config::{ExitCode, Faults, Mode};
use crate::types::{Symbol, Venue};
use crate::venue::recorded::replay::ReplayError;
use crate::venue::recorded::{PackedError, RecordingError};
use crate::venue::simulated::TruthError;
use std::fmt;
use std::path::PathBuf;

/// Why a run cannot be set up.
#[derive(Debug)]
pub enum SetupFault {
    /// The config does not fit the instruments.
    Config(Faults),
    /// The mode is not there.
    Mode(Mode),
    /// A recording cannot be read.
    Recording(ReplayError),
    /// It is no plain file.
    NoFile(PathBuf),
    /// It is a recording of another venue.
    OtherVenue {
        /// The recording.
        path: PathBuf,
        /// Whose it is.
        venue: Venue,
    },
    /// A recording cannot be read to its end.
    Cut(String),
    /// There is nothing in the recordings.
    Empty,
    /// No message of them names an instrument.
    NoInstrument(Venue),
    /// They hold no such instrument.
    NoSymbol {
        /// What was asked for.
        symbol: Symbol,
        /// What they hold.
        held: Vec<Symbol>,
    },
    /// What the embedded venue keeps cannot be used.
    Truth(TruthError),
    /// Nobody waits for the run any more.
    Stopped,
}

impl SetupFault {
    /// The exit code.
    #[must_use]
    pub const fn code(&self) -> ExitCode {
        match self {
            Self::Stopped => ExitCode::Done,
            Self::Config(_) | Self::Mode(_) | Self::OtherVenue { .. } | Self::NoSymbol { .. } => {
                ExitCode::Refused
            }
            Self::Recording(_)
            | Self::Cut(_)
            | Self::NoFile(_)
            | Self::Empty
            | Self::NoInstrument(_) => ExitCode::Storage,
            Self::Truth(_) => ExitCode::ForeignData,
        }
    }
}

impl fmt::Display for SetupFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(faults) => {
                f.write_str("the config does not fit the instruments:")?;
                faults.list().iter().try_for_each(|fault| write!(f, "\n  {fault}"))
            }
            Self::Mode(mode) => write!(f, "--mode {} does not exist", mode.name()),
            Self::Recording(error) => error.fmt(f),
            Self::Cut(why) => f.write_str(why),
            Self::NoFile(path) => write!(f, "{} is no plain file", path.display()),
            Self::OtherVenue { path, venue } => {
                write!(f, "{} is a recording of {venue}: say --venue {venue}", path.display())
            }
            Self::Empty => f.write_str("there is nothing in the recording"),
            Self::NoInstrument(venue) => write!(
                f,
                "no message of the recording names an instrument of {venue}: check --venue"
            ),
            Self::NoSymbol { symbol, held } => {
                write!(f, "the recording holds no {symbol}; it holds")?;
                held.iter().try_for_each(|held| write!(f, " {held}"))
            }
            Self::Truth(error) => error.fmt(f),
            Self::Stopped => f.write_str("stopped before it began"),
        }
    }
}

impl std::error::Error for SetupFault {}

impl From<ReplayError> for SetupFault {
    fn from(error: ReplayError) -> Self {
        Self::Recording(error)
    }
}

impl From<RecordingError> for SetupFault {
    fn from(error: RecordingError) -> Self {
        Self::Recording(error.into())
    }
}

impl From<PackedError> for SetupFault {
    fn from(error: PackedError) -> Self {
        Self::Recording(error.into())
    }
}

impl From<TruthError> for SetupFault {
    fn from(error: TruthError) -> Self {
        Self::Truth(error)
    }
}
