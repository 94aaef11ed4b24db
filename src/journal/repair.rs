//! What an operator can do about a journal that a start stops at: everything from the bad place on
//! is put aside, and the next start goes on from what stands before it.
//!
//! Nothing is changed before it is confirmed, and nothing is ever removed: what is put aside keeps
//! its bytes under another name, in the same folder. What the journal has lost that way the venue
//! has to tell: the orders that were known to stand are asked about at the next start.

use super::DataDirectory;
use super::cut;
use super::directory::identity_of;
use super::failure::OpenError;
use super::fault::{Damage, ReadError};
use super::recovery::{RecoveryError, recover};
use super::synced::marks_path;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

/// What a repair would do.
#[derive(Debug)]
pub enum Plan {
    /// There is nothing to be done.
    Nothing,
    /// A start does it by itself.
    AtStart,
    /// The journal ends before that place of that segment.
    Cut {
        /// The segment.
        segment: u64,
        /// Where in it.
        offset: usize,
        /// Why.
        reason: Box<RecoveryError>,
    },
    /// A snapshot is put aside.
    PutAside {
        /// Which one.
        path: PathBuf,
        /// Why.
        reason: Box<RecoveryError>,
    },
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("nothing to repair"),
            Self::AtStart => f.write_str("nothing to repair: the next start cuts the torn end"),
            Self::Cut { segment, offset, reason } => write!(
                f,
                "{reason}\nrepair puts everything from offset {offset} of segment {segment} on \
                 aside; what the journal loses by that the venue has to tell"
            ),
            Self::PutAside { path, reason } => {
                write!(f, "{reason}\nrepair puts {} aside", path.display())
            }
        }
    }
}

/// Why there is no repair.
#[derive(Debug)]
pub enum RepairError {
    /// What is wrong is nothing that a repair mends.
    NotMended(Box<RecoveryError>),
    /// The directory cannot be taken, or the system says no.
    Open(OpenError),
}

impl fmt::Display for RepairError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotMended(error) => write!(f, "a repair cannot mend this: {error}"),
            Self::Open(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for RepairError {}

/// What has to be done. Reads only.
///
/// # Errors
/// What is wrong is nothing that a repair mends.
pub fn plan(directory: &Path) -> Result<Plan, RepairError> {
    let reason = match recover(directory, &mut |_| true) {
        Ok(Some(left)) if left.cut().is_some() => return Ok(Plan::AtStart),
        Ok(_) => return Ok(Plan::Nothing),
        Err(error) => Box::new(error),
    };
    match &*reason {
        RecoveryError::Read(ReadError::Damaged { damage: Damage::Version { .. }, .. }, _) => {
            Err(RepairError::NotMended(reason))
        }
        RecoveryError::Read(ReadError::Damaged { segment, offset, .. }, _) => {
            Ok(Plan::Cut { segment: *segment, offset: *offset, reason })
        }
        RecoveryError::Read(ReadError::Missing { path }, _) => {
            let number = path.file_stem().and_then(|stem| stem.to_str()?.parse().ok());
            match number {
                Some(segment) if segment > 1 => Ok(Plan::Cut { segment, offset: 0, reason }),
                _ => Err(RepairError::NotMended(reason)),
            }
        }
        RecoveryError::SnapshotAhead { path, .. } => {
            Ok(Plan::PutAside { path: path.clone(), reason })
        }
        _ => Err(RepairError::NotMended(reason)),
    }
}

/// Does it; the files that hold what was put aside.
///
/// # Errors
/// An engine has the directory, or the system says no.
pub fn repair(directory: &Path, plan: &Plan) -> Result<Vec<PathBuf>, RepairError> {
    let identity = identity_of(directory).map_err(|e| RepairError::Open(OpenError::from(e)))?;
    let taken = DataDirectory::open(directory, &identity).map_err(RepairError::Open)?;
    match plan {
        Plan::Nothing | Plan::AtStart => Ok(Vec::new()),
        Plan::Cut { segment, offset, .. } => {
            let mut saved = Vec::new();
            // How far it was synced is not true of what is left.
            let marks = marks_path(directory);
            if marks.exists() {
                saved.push(put_aside(&marks)?);
            }
            // Where the segment is missing, those behind it are put aside.
            saved.extend(cut::cut(&taken, *segment, *offset).map_err(RepairError::Open)?);
            Ok(saved)
        }
        Plan::PutAside { path, .. } => Ok(vec![put_aside(path)?]),
    }
}

fn put_aside(path: &Path) -> Result<PathBuf, RepairError> {
    let names = (1_u32..).map(|n| path.with_extension(format!("{n}.aside")));
    let aside = { names }.find(|name| !name.exists()).expect("numbers do not end");
    let done = fs::rename(path, &aside);
    done.map_err(|error| RepairError::Open(OpenError::io("put aside", path, error)))?;
    Ok(aside)
}
