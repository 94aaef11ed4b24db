//! The thread that writes the lines.

use super::{Level, Line, Log, LogFile, LogParams};
use crate::types::Nanos;
use crossbeam_channel::{Receiver, bounded};
use std::fmt;
use std::io::{self, IsTerminal as _, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::SystemTime;

/// Lines that may wait: more than a start and a stop tell together.
const LINES_MAX: usize = 1 << 12;

/// Why there is no log.
#[derive(Debug)]
pub enum LogError {
    /// Its file cannot be opened.
    File {
        /// Its name.
        path: PathBuf,
        /// Why not.
        cause: io::Error,
    },
    /// Its thread cannot be started.
    Thread(io::Error),
}

impl fmt::Display for LogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, cause } => {
                write!(f, "the log {} cannot be opened: {cause}", path.display())
            }
            Self::Thread(cause) => write!(f, "the log's thread cannot be started: {cause}"),
        }
    }
}

impl std::error::Error for LogError {}

/// What became of the lines.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct LogCounts {
    /// Lines that were written wherever they belong.
    pub written: u64,
    /// Lines for which there was no room.
    pub dropped: u64,
    /// Lines that a file or a stream did not take.
    pub failed: u64,
}

/// The log: its thread, and the way to it.
#[derive(Debug)]
pub struct Logs {
    log: Log,
    thread: JoinHandle<LogCounts>,
}

impl Logs {
    /// Opens the file and starts the thread.
    ///
    /// # Errors
    /// As [`LogError`] names them.
    pub fn start(params: &LogParams) -> Result<Self, LogError> {
        let stderr = io::stderr();
        let console = (params.console && !stderr.is_terminal()).then(|| Box::new(stderr) as _);
        Self::start_with(params, console, LINES_MAX, wall)
    }

    /// The same with a stream, a size and a clock of the caller's.
    pub(super) fn start_with(
        params: &LogParams,
        console: Option<Box<dyn Write + Send>>,
        lines_max: usize,
        clock: fn() -> Nanos,
    ) -> Result<Self, LogError> {
        let file = match &params.directory {
            None => None,
            Some(directory) => {
                let path = directory.join(&params.file_name);
                let open = LogFile::open(path.clone(), params.file_bytes_max, params.files_kept);
                Some(open.map_err(|cause| LogError::File { path, cause })?)
            }
        };
        let (lines, incoming) = bounded(lines_max);
        let dropped = Arc::new(AtomicU64::new(0));
        let log = Log { lines, level: params.level, clock, dropped: dropped.clone() };
        let writer =
            Writer { console, file, clock, dropped, told: 0, counts: LogCounts::default() };
        let thread = thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || writer.run(&incoming))
            .map_err(LogError::Thread)?;
        Ok(Self { log, thread })
    }

    /// Where lines are put in.
    #[must_use]
    pub fn log(&self) -> Log {
        self.log.clone()
    }

    /// Writes what waits, and ends when every other [`Log`] is gone.
    ///
    /// # Panics
    /// The thread panicked: our own fault.
    #[must_use]
    pub fn close(self) -> LogCounts {
        drop(self.log);
        self.thread.join().expect("the log's thread does not panic")
    }
}

fn wall() -> Nanos {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Nanos(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}

struct Writer {
    console: Option<Box<dyn Write + Send>>,
    file: Option<LogFile>,
    clock: fn() -> Nanos,
    dropped: Arc<AtomicU64>,
    /// Dropped lines that were told of.
    told: u64,
    counts: LogCounts,
}

impl Writer {
    fn run(mut self, incoming: &Receiver<Line>) -> LogCounts {
        for line in incoming {
            self.write(&line);
            self.tell_dropped();
        }
        self.tell_dropped();
        self.counts.dropped = self.told;
        self.counts
    }

    fn tell_dropped(&mut self) {
        let dropped = self.dropped.load(Ordering::Relaxed);
        if dropped == self.told {
            return;
        }
        let fields = vec![("lines", (dropped - self.told).into()), ("all", dropped.into())];
        self.told = dropped;
        let event = "log_lines_dropped";
        self.write(&Line { ts: (self.clock)(), level: Level::Warn, event, fields });
    }

    fn write(&mut self, line: &Line) {
        let text = format!("{line}\n");
        let mut is_whole = true;
        if let Some(console) = &mut self.console {
            is_whole &= console.write_all(text.as_bytes()).is_ok();
        }
        if let Some(file) = &mut self.file
            && let Err(cause) = file.append(&text)
        {
            is_whole = false;
            // Told once: a full disk would fill the console as well.
            if self.counts.failed == 0 {
                let path = file.path().display();
                writeln!(io::stderr(), "pinnaclemm: the log {path} cannot be written: {cause}")
                    .ok();
            }
        }
        if is_whole {
            self.counts.written += 1;
        } else {
            self.counts.failed += 1;
        }
    }
}
