//! Why a run cannot be set up.

use crate::config::{ExitCode, Faults};
use crate::types::{Symbol, Venue};
use crate::venue::recorded::lists::ListFileError;
use crate::venue::recorded::replay::ReplayError;
use crate::venue::recorded::{PackedError, RecordingError};
use crate::venue::session::config::{ConfigError, RootsError};
use crate::venue::session::products::FetchError;
use crate::venue::session::reason::DropReason;
use crate::venue::simulated::TruthError;
use std::fmt;
use std::io;
use std::path::PathBuf;

/// Why a run cannot be set up.
#[derive(Debug)]
pub enum SetupFault {
    /// The config does not fit the instruments.
    Config(Faults),
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
    /// The venue of another process does not listen there.
    Socket(PathBuf, io::Error),
    /// The certificates that are to be believed cannot be read.
    Roots(RootsError),
    /// The product list cannot be fetched.
    Fetch(FetchError),
    /// The file of the product list holds none.
    ListFile(ListFileError),
    /// What was fetched is no product list.
    List {
        /// Whose it should be.
        venue: Venue,
        /// What is wrong with it.
        wrong: String,
    },
    /// The venue has no such product.
    NotListed {
        /// The venue.
        venue: Venue,
        /// What was asked for.
        symbol: Symbol,
        /// How many it has.
        count: usize,
        /// Those that may have been meant.
        alike: Vec<Symbol>,
    },
    /// No session can be made for these instruments.
    Session(ConfigError),
    /// There is no way to the feed.
    Unreachable {
        /// Where it is.
        address: String,
        /// Why the last attempt failed.
        reason: DropReason,
    },
    /// Nobody waits for the run any more.
    Stopped,
}

impl SetupFault {
    /// The exit code.
    #[must_use]
    pub const fn code(&self) -> ExitCode {
        match self {
            Self::Stopped => ExitCode::Done,
            Self::Config(_)
            | Self::OtherVenue { .. }
            | Self::NoSymbol { .. }
            | Self::NotListed { .. }
            | Self::Session(_) => ExitCode::Refused,
            Self::Recording(_)
            | Self::Cut(_)
            | Self::NoFile(_)
            | Self::Empty
            | Self::NoInstrument(_)
            | Self::Roots(_)
            | Self::ListFile(_) => ExitCode::Storage,
            Self::Fetch(_) | Self::List { .. } | Self::Unreachable { .. } => ExitCode::Venue,
            Self::Truth(_) => ExitCode::ForeignData,
            Self::Socket(..) => ExitCode::Venue,
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
            Self::Socket(path, error) => {
                write!(f, "no simulated venue listens at {}: {error}", path.display())
            }
            Self::Roots(error) => error.fmt(f),
            Self::Fetch(error) => error.fmt(f),
            Self::ListFile(error) => write!(f, "exchange.live.productsFile: {error}"),
            Self::List { venue, wrong } => {
                write!(f, "what {venue} gave is no product list: {wrong}")
            }
            Self::NotListed { venue, symbol, count, alike } => {
                write!(f, "{venue} lists no {symbol} among its {count} products")?;
                alike.iter().enumerate().try_for_each(|(at, held)| {
                    write!(f, "{} {held}", if at == 0 { "; it has" } else { "," })
                })
            }
            Self::Session(error) => error.fmt(f),
            Self::Unreachable { address, reason } => {
                write!(f, "there is no connection to {address}: {reason}")
            }
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
