//! What the journal is told by the config, checked.

use crate::types::Nanos;
use serde::{Deserialize, Serialize};

/// When a request may leave.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SyncMode {
    /// Once it is written: it survives the end of the process. Nothing is synced before the end.
    Process,
    /// The same, and what is written is synced at intervals.
    Batch,
    /// Once it is synced: it survives a loss of power.
    Each,
}

/// What the journal is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct JournalParams {
    /// How long a segment is made.
    pub segment_bytes: u64,
    /// When a request may leave.
    pub sync: SyncMode,
    /// How often is synced with [`SyncMode::Batch`].
    pub sync_interval: Nanos,
    /// Quoting stops when the last sync is older, but with [`SyncMode::Process`].
    pub unsynced_max: Nanos,
    /// Whether sealed segments are packed.
    pub pack: bool,
    /// How large the journal may be; 60 % of the volume if nothing is said.
    pub journal_bytes_max: Option<u64>,
    /// What happens when the disk runs full.
    pub disk: DiskParams,
}

/// At how many minutes before the disk is full something happens.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DiskParams {
    /// It is said.
    pub warn_minutes: u64,
    /// Nothing is quoted any more.
    pub stop_minutes: u64,
    /// Everything is cancelled and halted.
    pub halt_minutes: u64,
}

impl Default for DiskParams {
    fn default() -> Self {
        Self { warn_minutes: 60, stop_minutes: 15, halt_minutes: 5 }
    }
}

impl JournalParams {
    /// How long segments may be: an offset fits into 32 bits, and a start record into the least.
    pub const SEGMENT_BYTES: std::ops::RangeInclusive<u64> = 1 << 20..=1 << 30;
}
