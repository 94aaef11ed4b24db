//! Whether the directories of a config can be written, found out before anything is started.
//!
//! A directory that is not there is made, a file is written into it, synced and taken away again.
//! Nothing that stands there is looked at or changed.

use super::{Config, ExitCode, Mode, relations};
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Why a directory cannot be used.
#[derive(Debug)]
pub enum DirectoryFault {
    /// It cannot be made, or nothing can be written into it.
    NotWritable {
        /// What it is for.
        what: &'static str,
        /// Its name.
        path: PathBuf,
        /// Why not.
        cause: io::Error,
    },
    /// With its links followed, the data directory lies inside the log directory.
    Inside {
        /// The data directory.
        data: PathBuf,
        /// The log directory.
        logs: PathBuf,
    },
}

impl DirectoryFault {
    /// The exit code.
    #[must_use]
    pub const fn code(&self) -> ExitCode {
        match self {
            Self::NotWritable { .. } => ExitCode::Storage,
            Self::Inside { .. } => ExitCode::Refused,
        }
    }
}

impl fmt::Display for DirectoryFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotWritable { what, path, cause } => {
                write!(f, "the {what} directory {} cannot be written: {cause}", path.display())
            }
            Self::Inside { data, logs } => {
                let (data, logs) = (data.display(), logs.display());
                write!(f, "the data directory {data} lies inside the log directory {logs}")
            }
        }
    }
}

impl std::error::Error for DirectoryFault {}

/// The data directory that was made for a run which may not begin.
#[derive(Debug)]
pub struct Made(Option<PathBuf>);

impl Made {
    /// Takes the directory away again if nothing was put into it.
    pub fn take_back(self) {
        if let Some(path) = self.0 {
            // What is not empty stays.
            fs::remove_dir(path).ok();
        }
    }
}

/// Makes and tries the directories of a config.
///
/// # Errors
/// As [`DirectoryFault`] names them.
pub fn prepare(config: &Config) -> Result<Made, DirectoryFault> {
    let (data, logs) = (config.data_directory.as_deref(), config.logging.directory.as_deref());
    let made = Made(data.filter(|path| !path.exists()).map(Path::to_owned));
    let report = (config.mode == Mode::Backtest).then_some(config.report.directory.as_path());
    for (what, path) in [("data", data), ("log", logs), ("report", report)] {
        let Some(path) = path else { continue };
        try_directory(path).map_err(|cause| DirectoryFault::NotWritable {
            what,
            path: path.to_owned(),
            cause,
        })?;
    }
    match (data, logs) {
        (Some(data), Some(logs)) if relations::is_inside(data, logs) => {
            Err(DirectoryFault::Inside { data: data.to_owned(), logs: logs.to_owned() })
        }
        _ => Ok(made),
    }
}

fn try_directory(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)?;
    // The process is in the name: another that starts beside us must not meet our file.
    let probe = path.join(format!(".writable.{}", std::process::id()));
    let mut file = File::create_new(&probe)?;
    let written = file.write_all(b"pinnaclemm\n").and_then(|()| file.sync_all());
    fs::remove_file(&probe)?;
    written
}
