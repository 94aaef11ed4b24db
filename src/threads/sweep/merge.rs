//! `--merge`: the results of all shards of a sweep put together. Nothing is run.

use super::publish;
use crate::config::ExitCode;
use crate::report::sweep::{MergeFault, SweepResults};
use crate::threads::run::RunFault;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Why results could not be merged.
#[derive(Debug)]
pub enum MergeError {
    /// A file cannot be read.
    Read(PathBuf, io::Error),
    /// It holds no results of a sweep.
    Malformed(PathBuf, serde_json::Error),
    /// They are not all shards of one sweep.
    Fault(MergeFault),
    /// The merged results cannot be written.
    Write(RunFault),
}

impl MergeError {
    /// The exit code.
    #[must_use]
    pub fn code(&self) -> ExitCode {
        match self {
            Self::Read(..) => ExitCode::Storage,
            Self::Malformed(..) | Self::Fault(_) => ExitCode::Refused,
            Self::Write(fault) => fault.code(),
        }
    }
}

impl fmt::Display for MergeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(path, cause) => write!(f, "cannot read {}: {cause}", path.display()),
            Self::Malformed(path, cause) => {
                write!(f, "{} holds no results of a sweep: {cause}", path.display())
            }
            Self::Fault(fault) => write!(f, "the results cannot be merged: {fault}"),
            Self::Write(fault) => fault.fmt(f),
        }
    }
}

impl std::error::Error for MergeError {}

/// Merges the files into `sweep.json` and `sweep.html` of the directory.
///
/// # Errors
/// As [`MergeError`] names them; then nothing is written.
pub fn merge(paths: &[PathBuf], directory: &Path) -> Result<(), MergeError> {
    let mut shards = Vec::with_capacity(paths.len());
    for path in paths {
        let text =
            fs::read_to_string(path).map_err(|cause| MergeError::Read(path.clone(), cause))?;
        let shard: SweepResults = serde_json::from_str(&text)
            .map_err(|cause| MergeError::Malformed(path.clone(), cause))?;
        shards.push(shard);
    }
    let whole = SweepResults::merge(shards).map_err(MergeError::Fault)?;
    let made = fs::create_dir_all(directory);
    let fault = |cause| RunFault::Report { path: directory.to_owned(), cause };
    made.map_err(fault).and_then(|()| publish(directory, &whole)).map_err(MergeError::Write)
}
