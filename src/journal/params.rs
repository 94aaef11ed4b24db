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
    /// With [`SyncMode::Batch`] quoting stops when the last sync is older.
    pub unsynced_max: Nanos,
}

impl JournalParams {
    /// How long segments may be: an offset fits into 32 bits, and a start record into the least.
    pub const SEGMENT_BYTES: std::ops::RangeInclusive<u64> = 1 << 20..=1 << 30;
}
