//! How the engine says to its caller what came of it.
//!
//! The numbers are stable: scripts, pods and alerts read them.

/// An exit code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum ExitCode {
    /// All was done, or ended as it was told to.
    Done = 0,
    /// It was played, but not all of it could be read.
    Damaged = 1,
    /// Nothing was started.
    Refused = 2,
    /// A file or a folder is the fault.
    Storage = 3,
    /// Orders may still stand at the venue.
    CancelsOpen = 4,
    /// The data directory belongs to something else.
    ForeignData = 5,
    /// The journal could not be written any further.
    JournalFailed = 6,
    /// There is no way to the venue, or it ended it for good.
    Venue = 7,
    /// A port of ours cannot be had.
    Port = 8,
    /// What an operator asked for is not so, or was not done.
    NotReady = 9,
    /// The journal or a snapshot is damaged: an operator has to choose.
    JournalDamaged = 10,
    /// The pod is not the first of its set.
    SecondPod = 11,
    /// The cores are not the process's own, and were to be.
    SharedCores = 12,
}

impl ExitCode {
    /// Every code, in the order of their numbers.
    pub const ALL: [Self; 13] = [
        Self::Done,
        Self::Damaged,
        Self::Refused,
        Self::Storage,
        Self::CancelsOpen,
        Self::ForeignData,
        Self::JournalFailed,
        Self::Venue,
        Self::Port,
        Self::NotReady,
        Self::JournalDamaged,
        Self::SecondPod,
        Self::SharedCores,
    ];

    /// The number.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// Whether it is the code of a start that would be refused again, so that a restart is no help.
    #[must_use]
    pub const fn is_refusal(self) -> bool {
        matches!(
            self,
            Self::Refused
                | Self::Storage
                | Self::ForeignData
                | Self::JournalFailed
                | Self::JournalDamaged
                | Self::SharedCores
        )
    }

    /// Its stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Damaged => "damaged",
            Self::Refused => "refused",
            Self::Storage => "storage",
            Self::CancelsOpen => "cancels_open",
            Self::ForeignData => "foreign_data",
            Self::JournalFailed => "journal_failed",
            Self::Venue => "venue",
            Self::Port => "port",
            Self::NotReady => "not_ready",
            Self::JournalDamaged => "journal_damaged",
            Self::SecondPod => "second_pod",
            Self::SharedCores => "shared_cores",
        }
    }

    /// What it says, as `--help` tells it.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done, or stopped by SIGINT, SIGTERM or --duration",
            Self::Damaged => "played, but parts of the recording cannot be read",
            Self::Refused => "wrong arguments, or a config with faults; nothing was started",
            Self::Storage => "a file or a directory cannot be read or written",
            Self::CancelsOpen => "stopped, but not every cancel was confirmed by the venue",
            Self::ForeignData => {
                "the data directory is in use, or of another mode, venue, account or version"
            }
            Self::JournalFailed => "the journal could not be written; quoting was stopped",
            Self::JournalDamaged => {
                "the journal or a snapshot is damaged; nothing was changed, see pinnaclemm-journal"
            }
            Self::Port => "the port of the API or WebSocket cannot be had; nothing was started",
            Self::NotReady => {
                "health, doctor, commands: not healthy, not ready, not taken, or nobody answers"
            }
            Self::SecondPod => "POD_NAME names another pod of its set than 0; nothing was started",
            Self::SharedCores => {
                "threads.requireExclusiveCores, and the cores are others' too; nothing was started"
            }
            Self::Venue => "the venue cannot be reached, or has ended the connection for good",
        }
    }

    /// All of them as a block of `--help`.
    #[must_use]
    pub fn table() -> String {
        let rows = Self::ALL.map(|code| format!("  {:>2}  {}", code.code(), code.meaning()));
        format!("Exit codes:\n{}", rows.join("\n"))
    }
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_stable() {
        let got = ExitCode::ALL.map(|code| (code.code(), code));
        use ExitCode as E;
        let expected = [
            (0, E::Done),
            (1, E::Damaged),
            (2, E::Refused),
            (3, E::Storage),
            (4, E::CancelsOpen),
            (5, E::ForeignData),
            (6, E::JournalFailed),
            (7, E::Venue),
            (8, E::Port),
            (9, E::NotReady),
            (10, E::JournalDamaged),
            (11, E::SecondPod),
            (12, E::SharedCores),
        ];
        assert_eq!(got, expected);
    }
}
