//! How the journal gets on, as readers see it.

use crate::threads::disk::Level;
use crate::threads::view::Words;

/// How the journal gets on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct JournalView {
    /// The last record that is written: it survives the end of the process.
    pub lsn_written: u64,
    /// The last record that is synced: it survives a loss of power.
    pub lsn_synced: u64,
    /// The last request that was released to leave.
    pub lsn_sent: u64,
    /// What a loss of power would take, in milliseconds of writing.
    pub loss_window_ms: u64,
    /// What is written in an hour, at the rate of the last minutes; 0 before that is known.
    pub bytes_per_hour: u64,
    /// How many hours of records the journal may hold at that rate; 0 before that is known.
    pub retention_hours: u64,
    /// What it takes on the disk now.
    pub bytes: u64,
    /// What is free on the disk.
    pub disk_free: u64,
    /// Minutes until the disk is full at that rate, if that is known and will be.
    pub minutes_left: Option<u64>,
    /// What that means.
    pub disk: Option<Level>,
    /// The last record that the follower has read.
    pub followed: u64,
    /// The record behind which the newest snapshot of this run stands; 0 for none.
    pub snapshot: u64,
    /// Inputs that the follower decides otherwise than is recorded.
    pub differences: u64,
}

/// Words of a [`JournalView`].
pub const JOURNAL_WORDS: usize = 13;

impl Words<JOURNAL_WORDS> for JournalView {
    fn to_words(&self) -> [u64; JOURNAL_WORDS] {
        [
            self.lsn_written,
            self.lsn_synced,
            self.lsn_sent,
            self.loss_window_ms,
            self.bytes_per_hour,
            self.retention_hours,
            self.bytes,
            self.disk_free,
            self.minutes_left.map_or(0, |minutes| minutes.saturating_add(1)),
            self.disk.map_or(0, |level| level as u64 + 1),
            self.followed,
            self.snapshot,
            self.differences,
        ]
    }

    fn from_words(words: &[u64; JOURNAL_WORDS]) -> Self {
        let level = usize::try_from(words[9]).expect("a small number").checked_sub(1);
        Self {
            lsn_written: words[0],
            lsn_synced: words[1],
            lsn_sent: words[2],
            loss_window_ms: words[3],
            bytes_per_hour: words[4],
            retention_hours: words[5],
            bytes: words[6],
            disk_free: words[7],
            minutes_left: words[8].checked_sub(1),
            disk: level.map(|at| Level::ALL[at]),
            followed: words[10],
            snapshot: words[11],
            differences: words[12],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_what_was_seen() {
        let nothing = JournalView::default();
        assert_eq!(JournalView::from_words(&nothing.to_words()), nothing);
        for disk in Level::ALL {
            let view = JournalView {
                lsn_written: 1,
                lsn_synced: 2,
                lsn_sent: 3,
                loss_window_ms: 4,
                bytes_per_hour: 5,
                retention_hours: 6,
                bytes: 7,
                disk_free: 8,
                minutes_left: Some(0),
                disk: Some(disk),
                followed: 8,
                snapshot: 9,
                differences: 10,
            };
            assert_eq!(JournalView::from_words(&view.to_words()), view);
        }
    }
}
