//! Why a recording cannot be replayed, and whether its bytes are to blame.

use crate::types::Venue;
use crate::venue::recorded::RecordingError;
use crate::venue::recorded::packed::{PackedError, PackedFault as Fault};
use std::fmt;
use std::path::PathBuf;

/// Why a recording cannot be replayed.
#[derive(Debug)]
pub enum ReplayError {
    /// A file cannot be read.
    Recording(RecordingError),
    /// A packed file cannot be read or written.
    Packed(PackedError),
    /// A file says that it is another venue's.
    Venue {
        /// The file.
        path: PathBuf,
        /// Whose it is.
        found: Venue,
        /// Whose it should be.
        asked: Venue,
    },
    /// A packed file among others: its instruments have numbers of their own.
    PackedAmongOthers(PathBuf),
    /// No power of ten takes all numbers of the recording.
    Scale {
        /// Digits behind the point of prices that were tried last.
        price_decimals: u8,
        /// Digits behind the point of quantities that were tried last.
        qty_decimals: u8,
    },
}

impl fmt::Display for ReplayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Recording(error) => write!(f, "{error}"),
            Self::Packed(error) => write!(f, "{error}"),
            Self::Venue { path, found, asked } => {
                write!(f, "{} is of {found}, not of {asked}: say --venue {found}", path.display())
            }
            Self::PackedAmongOthers(path) => write!(
                f,
                "{} is packed and can only be played alone: convert all recordings into one",
                path.display()
            ),
            Self::Scale { price_decimals, qty_decimals } => write!(
                f,
                "the numbers of the recording span more digits than are kept exactly (tried \
                 {price_decimals} decimals for prices and {qty_decimals} for quantities last); \
                 check --venue"
            ),
        }
    }
}

impl std::error::Error for ReplayError {}

impl ReplayError {
    /// Whether the bytes of a file are at fault that could be read: it is cut or damaged.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        match self {
            // Unpacking failed, and not the system.
            Self::Recording(RecordingError::Read { cause, .. }) => cause.raw_os_error().is_none(),
            Self::Packed(error) => matches!(
                error.fault,
                Fault::Truncated { .. }
                    | Fault::Damaged { .. }
                    | Fault::Trailing
                    | Fault::Totals { .. }
            ),
            _ => false,
        }
    }
}

impl From<RecordingError> for ReplayError {
    fn from(error: RecordingError) -> Self {
        Self::Recording(error)
    }
}

impl From<PackedError> for ReplayError {
    fn from(error: PackedError) -> Self {
        Self::Packed(error)
    }
}
