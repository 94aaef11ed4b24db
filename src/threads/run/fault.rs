//! Why a run could not begin, or did not end well.

use crate::config::{ExitCode, ThreadName};
use crate::journal::WriteError;
use crate::threads::cores::AllowanceFault;
use crate::threads::exclusive::SharedCores;
use crate::threads::proof::ProofFault;
use crate::threads::runner::{EndFault, StartFault};
use crate::threads::setup::SetupFault;
use crate::threads::store::StoreFault;
use crate::threads::web::WebFault;
use crate::types::Nanos;
use std::fmt;
use std::io;
use std::path::PathBuf;

/// Why a run could not begin, or did not end well.
#[derive(Debug)]
pub enum RunFault {
    /// The venue's side cannot be made.
    Setup(SetupFault),
    /// The data directory cannot be used.
    Store(StoreFault),
    /// HTTP and WebSocket cannot be served.
    Web(WebFault),
    /// What the process is allowed cannot be found out.
    Allowance(AllowanceFault),
    /// The cores are others' too, and were not to be.
    Cores(SharedCores),
    /// A thread did not come up.
    Start(StartFault),
    /// A thread ended though nobody asked it to.
    Thread(ThreadName),
    /// A thread did not end as it should.
    End(EndFault),
    /// The journal could not be written.
    Journal(WriteError),
    /// The journal is dead: it could not be written, synced or kept.
    Kept(String),
    /// The venue's side ended before its time, or could not be kept.
    Venue(String),
    /// A live venue has ended it for good.
    Ended(String),
    /// Orders may still stand at the venue.
    CancelsOpen {
        /// Their names.
        orders: Vec<String>,
        /// How long their cancels were awaited.
        waited: Nanos,
        /// Why the venue's side ended before its time, if it did.
        failure: Option<String>,
    },
    /// It was played and kept, but not all of the recording could be read.
    Damaged(Vec<String>),
    /// A result could not be written.
    Report {
        /// The file or directory.
        path: PathBuf,
        /// Why not.
        cause: io::Error,
    },
    /// A run of a sweep.
    Run {
        /// Its keys and values.
        point: String,
        /// What went wrong.
        fault: Box<RunFault>,
    },
    /// The last line could not be said.
    Output(io::Error),
    /// The alerts that were kept cannot be read, or none can be delivered.
    Alerts(io::Error),
    /// A rule of risk does not protect.
    Proof(ProofFault),
    /// It was stopped before it began.
    Stopped,
}

impl RunFault {
    /// Its stable name, where the process is held for it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Store(fault) => fault.name(),
            _ => self.code().name(),
        }
    }

    /// The exit code.
    #[must_use]
    pub fn code(&self) -> ExitCode {
        match self {
            Self::Setup(fault) => fault.code(),
            Self::Store(fault) => fault.code(),
            Self::Journal(_) | Self::Kept(_) => ExitCode::JournalFailed,
            Self::Web(_) => ExitCode::Port,
            Self::Damaged(_) => ExitCode::Damaged,
            Self::Stopped => ExitCode::Done,
            Self::Proof(_) => ExitCode::Refused,
            Self::Cores(_) => ExitCode::SharedCores,
            Self::Ended(_) => ExitCode::Venue,
            Self::CancelsOpen { .. } => ExitCode::CancelsOpen,
            // Whoever read the last line has gone, as `head` does.
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::Done,
            Self::Allowance(_)
            | Self::Start(_)
            | Self::Thread(_)
            | Self::End(_)
            | Self::Venue(_)
            | Self::Report { .. }
            | Self::Alerts(_)
            | Self::Output(_) => ExitCode::Storage,
            Self::Run { fault, .. } => fault.code(),
        }
    }
}

impl fmt::Display for RunFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Setup(fault) => fault.fmt(f),
            Self::Store(fault) => fault.fmt(f),
            Self::Web(fault) => fault.fmt(f),
            Self::Allowance(fault) => fault.fmt(f),
            Self::Cores(fault) => fault.fmt(f),
            Self::Proof(fault) => fault.fmt(f),
            Self::Alerts(error) => write!(f, "alerts cannot be kept or delivered: {error}"),
            Self::Start(fault) => fault.fmt(f),
            Self::Thread(thread) => write!(f, "thread {} ended unasked", thread.name()),
            Self::End(fault) => fault.fmt(f),
            Self::Journal(error) => write!(f, "the journal could not be written: {error}"),
            Self::Kept(what) => {
                write!(f, "the journal is dead, and quoting was stopped: {what}")
            }
            Self::Venue(failure) | Self::Ended(failure) => f.write_str(failure),
            Self::CancelsOpen { orders, waited, failure } => {
                if let Some(failure) = failure {
                    writeln!(f, "{failure}")?;
                }
                let (count, millis) = (orders.len(), waited.0 / 1_000_000);
                write!(
                    f,
                    "{count} orders may still stand at the venue, as their cancels were not \
                     confirmed within {millis} ms:"
                )?;
                orders.iter().try_for_each(|order| write!(f, "\n  {order}"))
            }
            Self::Damaged(found) => {
                f.write_str("played, but the recording is damaged:")?;
                found.iter().try_for_each(|one| write!(f, "\n  {one}"))
            }
            Self::Report { path, cause } => {
                write!(f, "the report cannot be written to {}: {cause}", path.display())
            }
            Self::Run { point, fault } => write!(f, "the run with {point}: {fault}"),
            Self::Output(error) => write!(f, "cannot write the output: {error}"),
            Self::Stopped => f.write_str("stopped before it began"),
        }
    }
}

impl std::error::Error for RunFault {}
