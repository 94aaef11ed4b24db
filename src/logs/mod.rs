//! What the process tells in lines of JSON: `{"ts":…,"level":…,"event":…, fields…}`.
//!
//! A line is made where something happens, off the hot threads, and put into a bounded channel; a
//! thread of its own writes it. Whoever logs never waits: where the channel is full the line is
//! dropped, and the writer tells how many were. What the hot threads have to say they say in inputs
//! and counters; nothing on them comes here.

mod file;
mod line;
mod writer;

pub use file::LogFile;
pub use line::{Field, Level, Line};
pub use writer::{LogCounts, LogError, Logs};

use crate::types::Nanos;
use crossbeam_channel::{Sender, TrySendError};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What is logged, and where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogParams {
    /// The least level that is kept.
    pub level: Level,
    /// Whether lines go to stderr where it is no terminal.
    pub console: bool,
    /// Where the files are; none are written without it.
    pub directory: Option<PathBuf>,
    /// The name of the file that is written; older ones have `.1`, `.2` … behind it.
    pub file_name: String,
    /// A file that a line would make longer is put aside first.
    pub file_bytes_max: u64,
    /// Files that were put aside and are kept.
    pub files_kept: u32,
}

impl LogParams {
    /// No files: for what has to be said before a config is known.
    #[must_use]
    pub const fn to_console() -> Self {
        Self {
            level: Level::Info,
            console: true,
            directory: None,
            file_name: String::new(),
            file_bytes_max: 0,
            files_kept: 0,
        }
    }
}

/// Where lines are put in; as many as wanted, for any thread that may wait a microsecond.
#[derive(Clone, Debug)]
pub struct Log {
    lines: Sender<Line>,
    level: Level,
    clock: fn() -> Nanos,
    dropped: Arc<AtomicU64>,
}

impl Log {
    /// Puts in a line if its level is kept.
    pub fn line(&self, level: Level, event: &'static str, fields: Vec<Field>) {
        if level < self.level {
            return;
        }
        let line = Line { ts: (self.clock)(), level, event, fields };
        match self.lines.try_send(line) {
            Ok(()) => {}
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                self.dropped.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// What happens: a start, a stop, a state.
    pub fn info(&self, event: &'static str, fields: Vec<Field>) {
        self.line(Level::Info, event, fields);
    }

    /// What should not happen often.
    pub fn warn(&self, event: &'static str, fields: Vec<Field>) {
        self.line(Level::Warn, event, fields);
    }

    /// What stops something.
    pub fn error(&self, event: &'static str, fields: Vec<Field>) {
        self.line(Level::Error, event, fields);
    }
}

#[cfg(test)]
mod tests;
