//! The section `persistence`: where the data directory is, how long segments are, when a request
//! may leave.

use super::Faults;
use super::sections::check_directory;
use crate::journal::follower::FollowParams;
use crate::journal::{DiskParams, JournalParams, SyncMode};
use crate::types::Nanos;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::time::Duration;

/// The section as it stands in the file; what is left out is as here.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub struct PersistenceConfig {
    /// The data directory; `data` in simulation and paper, and no journal elsewhere, if it is not
    /// given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_directory: Option<PathBuf>,
    /// How long a segment of the journal is made.
    pub segment_bytes: u64,
    /// When a request may leave: `process`, `batch` or `each`.
    pub sync: String,
    /// How often the journal is synced with `batch`.
    pub journal_sync_interval_ms: f64,
    /// With `batch` and `each`, quoting stops when the last sync is older.
    pub unsynced_max_ms: u32,
    /// How often the whole core is written down, so that a start need not read the whole journal.
    pub snapshot_interval_min: f64,
    /// How many snapshots are kept.
    pub keep_snapshots: u32,
    /// Whether sealed segments are packed with zstd; never with `--speed max`.
    pub compress: bool,
    /// How large the journal may be on the disk; 60 % of the volume if it is not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_journal_bytes: Option<u64>,
    /// So many minutes before the disk is full it is said …
    pub disk_warn_minutes: u64,
    /// … nothing is quoted any more …
    pub disk_stop_minutes: u64,
    /// … and everything is cancelled and halted.
    pub disk_halt_minutes: u64,
}

impl Default for PersistenceConfig {
    fn default() -> Self {
        Self {
            data_directory: None,
            segment_bytes: 64 << 20,
            sync: "batch".into(),
            journal_sync_interval_ms: 10.0,
            unsynced_max_ms: 2000,
            snapshot_interval_min: 15.0,
            keep_snapshots: 5,
            compress: true,
            max_journal_bytes: None,
            disk_warn_minutes: 60,
            disk_stop_minutes: 15,
            disk_halt_minutes: 5,
        }
    }
}

const SYNC_MODES: [(&str, SyncMode); 3] =
    [("process", SyncMode::Process), ("batch", SyncMode::Batch), ("each", SyncMode::Each)];

impl PersistenceConfig {
    /// When snapshots are written; faults are named by the path of the section.
    pub fn check_snapshots(&self, path: &str, faults: &mut Faults) -> FollowParams {
        let key = |name: &str| format!("{path}.{name}");
        let minutes = self.snapshot_interval_min;
        let minutes = faults.within(&key("snapshotIntervalMin"), minutes, 0.01..=1440.0);
        let keep = faults.within(&key("keepSnapshots"), self.keep_snapshots, 1..=1000);
        // What is no number is a fault already.
        let every = Duration::try_from_secs_f64(minutes * 60.0).unwrap_or(Duration::MAX);
        FollowParams { every, keep: keep as usize }
    }

    /// What the journal is told; faults are named by the path of the section.
    pub fn check(&self, path: &str, faults: &mut Faults) -> JournalParams {
        let key = |name: &str| format!("{path}.{name}");
        check_directory(&key("dataDirectory"), self.data_directory.as_deref(), faults);
        let segment_bytes =
            faults.within(&key("segmentBytes"), self.segment_bytes, JournalParams::SEGMENT_BYTES);
        if !segment_bytes.is_multiple_of(4096) {
            faults.add(&key("segmentBytes"), segment_bytes, "a multiple of 4096");
        }
        let sync = SYNC_MODES.iter().find(|(name, _)| *name == self.sync);
        if sync.is_none() {
            faults.add(&key("sync"), format_args!("{:?}", self.sync), "process, batch or each");
        }
        let interval = faults.within(
            &key("journalSyncIntervalMs"),
            self.journal_sync_interval_ms,
            1.0..=10_000.0,
        );
        // At most 10^10, and what is no number is a fault already.
        #[expect(clippy::cast_possible_truncation, reason = "checked to be in range")]
        let sync_interval = Nanos((interval * 1e6) as i64);
        let sync = sync.map_or(SyncMode::Batch, |(_, mode)| *mode);
        let unsynced = faults.within(&key("unsyncedMaxMs"), self.unsynced_max_ms, 10..=60_000);
        if f64::from(unsynced) < interval {
            faults.add(&key("unsyncedMaxMs"), unsynced, "at least journalSyncIntervalMs");
        }
        let unsynced_max = Nanos::from_millis(i64::from(unsynced));
        JournalParams {
            segment_bytes,
            sync,
            sync_interval,
            unsynced_max,
            pack: self.compress,
            journal_bytes_max: self.check_size(&key("maxJournalBytes"), faults),
            disk: self.check_disk(&key, faults),
        }
    }

    /// Two segments are always there: the one that is written to and the next.
    fn check_size(&self, key: &str, faults: &mut Faults) -> Option<u64> {
        let least = self.segment_bytes.saturating_mul(2);
        self.max_journal_bytes.map(|bytes| faults.within(key, bytes, least..=1 << 50))
    }

    fn check_disk(&self, key: &impl Fn(&str) -> String, faults: &mut Faults) -> DiskParams {
        const WEEK: u64 = 7 * 24 * 60;
        let warn = faults.within(&key("diskWarnMinutes"), self.disk_warn_minutes, 0..=WEEK);
        let stop = faults.within(&key("diskStopMinutes"), self.disk_stop_minutes, 0..=warn);
        let halt = faults.within(&key("diskHaltMinutes"), self.disk_halt_minutes, 0..=stop);
        DiskParams { warn_minutes: warn, stop_minutes: stop, halt_minutes: halt }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_taken_or_every_fault_is_named() {
        let check = |text: &str, expected: &[&str]| {
            let section: PersistenceConfig = serde_json::from_str(text).unwrap();
            let mut faults = Faults::default();
            let params = section.check("persistence", &mut faults);
            section.check_snapshots("persistence", &mut faults);
            let told: Vec<_> = faults.list().iter().map(|fault| fault.path.as_str()).collect();
            assert_eq!(told, expected, "{text}");
            params
        };
        let params = check("{}", &[]);
        assert_eq!((params.segment_bytes, params.sync), (67_108_864, SyncMode::Batch));
        assert_eq!(params.sync_interval, Nanos::from_millis(10));
        let params = check(r#"{"sync": "each", "journalSyncIntervalMs": 2.5}"#, &[]);
        assert_eq!((params.sync, params.sync_interval), (SyncMode::Each, Nanos(2_500_000)));
        check(
            r#"{"dataDirectory": "", "segmentBytes": 5, "sync": "no", "journalSyncIntervalMs": 0}"#,
            &[
                "persistence.dataDirectory",
                "persistence.segmentBytes",
                "persistence.segmentBytes",
                "persistence.sync",
                "persistence.journalSyncIntervalMs",
            ],
        );
        check(r#"{"segmentBytes": 1073741824}"#, &[]);
        let params = check(r#"{"compress": false, "maxJournalBytes": 134217728}"#, &[]);
        assert_eq!((params.pack, params.journal_bytes_max), (false, Some(134_217_728)));
        check(r#"{"maxJournalBytes": 134217727}"#, &["persistence.maxJournalBytes"]);
        let params = check(r#"{"diskWarnMinutes": 9, "diskStopMinutes": 9}"#, &[]);
        let disk = DiskParams { warn_minutes: 9, stop_minutes: 9, halt_minutes: 5 };
        assert_eq!(params.disk, disk);
        check(r#"{"diskWarnMinutes": 14}"#, &["persistence.diskStopMinutes"]);
        check(r#"{"diskHaltMinutes": 16}"#, &["persistence.diskHaltMinutes"]);
        check(r#"{"segmentBytes": 1073745920}"#, &["persistence.segmentBytes"]);
        check(
            r#"{"snapshotIntervalMin": 0, "keepSnapshots": 0}"#,
            &["persistence.snapshotIntervalMin", "persistence.keepSnapshots"],
        );
        check(r#"{"journalSyncIntervalMs": -1}"#, &["persistence.journalSyncIntervalMs"]);
        for unknown in [r#"{"dir": ""}"#, r#"{"segmentBytes": -1}"#] {
            assert!(serde_json::from_str::<PersistenceConfig>(unknown).is_err(), "{unknown}");
        }
    }
}
