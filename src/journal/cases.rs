//! Every state that a start can find its journal and snapshots in, and what is done about it: the
//! one table.
//!
//! | case | what was found | decision |
//! |---|---|---|
//! | `clean_end` | the last segment is sealed | go on |
//! | `killed` | the last segment ends in zeros, behind all that was synced | go on |
//! | `torn_tail` | what never became a record, behind all that was synced | cut, save aside |
//! | `hole` | sound records behind a bad one, behind all that was synced: power was lost | cut |
//! | `unsynced_segment` | a header is bad, behind all that was synced | cut |
//! | `damage` | a bad record or header before what was synced | stop |
//! | `lost_synced` | the journal ends before what was synced | stop |
//! | `missing_segment` | a segment is not there | stop |
//! | `older_epoch` | a segment of an older epoch behind a newer one | stop |
//! | `foreign` | a segment of another data directory | stop |
//! | `newer_version` | a segment of a format that this program does not know | stop |
//! | `snapshot_ahead` | a snapshot knows records that the journal has not | stop |
//! | `snapshot_corrupt` | a snapshot is damaged | take the one before |
//! | `snapshot_newer` | a snapshot of a format that this program does not know | the one before |
//! | `snapshot_foreign` | a snapshot of another data directory | the one before |
//!
//! Nothing is ever skipped without a word, and what is cut is kept beside. Where it is not known
//! how far the journal was synced, sound records behind a bad one are damage.

use super::fault::{Damage, ReadError};
use super::snapshot::SnapshotFlaw;
use super::synced::SyncedTo;

/// What a start can find.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Case {
    /// The last segment is sealed.
    CleanEnd,
    /// The last segment ends in zeros.
    Killed,
    /// What never became a record stands at the end.
    TornTail,
    /// Sound records stand behind a bad one, and none of it was synced.
    Hole,
    /// A segment whose header is bad, and none of it was synced.
    UnsyncedSegment,
    /// What was synced is bad.
    Damage,
    /// What was synced is not there.
    LostSynced,
    /// A segment is not there.
    MissingSegment,
    /// An older epoch behind a newer one.
    OlderEpoch,
    /// A segment of another directory.
    Foreign,
    /// A format that this program does not know.
    NewerVersion,
    /// A snapshot knows records that the journal has not.
    SnapshotAhead,
    /// A snapshot is damaged.
    SnapshotCorrupt,
    /// A snapshot's format is not known.
    SnapshotNewer,
    /// A snapshot of another directory.
    SnapshotForeign,
}

/// What is done about it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Decision {
    /// Nothing.
    GoOn,
    /// Everything from there on is cut and saved aside.
    Cut,
    /// The snapshot before is taken.
    TakeEarlier,
    /// The start ends here, with the choices.
    Stop,
}

impl Case {
    /// Every case.
    pub const ALL: [Self; 15] = [
        Self::CleanEnd,
        Self::Killed,
        Self::TornTail,
        Self::Hole,
        Self::UnsyncedSegment,
        Self::Damage,
        Self::LostSynced,
        Self::MissingSegment,
        Self::OlderEpoch,
        Self::Foreign,
        Self::NewerVersion,
        Self::SnapshotAhead,
        Self::SnapshotCorrupt,
        Self::SnapshotNewer,
        Self::SnapshotForeign,
    ];

    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::CleanEnd => "clean_end",
            Self::Killed => "killed",
            Self::TornTail => "torn_tail",
            Self::Hole => "hole",
            Self::UnsyncedSegment => "unsynced_segment",
            Self::Damage => "damage",
            Self::LostSynced => "lost_synced",
            Self::MissingSegment => "missing_segment",
            Self::OlderEpoch => "older_epoch",
            Self::Foreign => "foreign",
            Self::NewerVersion => "newer_version",
            Self::SnapshotAhead => "snapshot_ahead",
            Self::SnapshotCorrupt => "snapshot_corrupt",
            Self::SnapshotNewer => "snapshot_newer",
            Self::SnapshotForeign => "snapshot_foreign",
        }
    }

    /// What is done about it.
    #[must_use]
    pub const fn decision(self) -> Decision {
        match self {
            Self::CleanEnd | Self::Killed => Decision::GoOn,
            Self::TornTail | Self::Hole | Self::UnsyncedSegment => Decision::Cut,
            Self::SnapshotCorrupt | Self::SnapshotNewer | Self::SnapshotForeign => {
                Decision::TakeEarlier
            }
            Self::Damage
            | Self::LostSynced
            | Self::MissingSegment
            | Self::OlderEpoch
            | Self::Foreign
            | Self::NewerVersion
            | Self::SnapshotAhead => Decision::Stop,
        }
    }

    /// What an operator can do where the start stops.
    #[must_use]
    pub const fn choices(self) -> &'static str {
        match self {
            Self::Damage | Self::LostSynced | Self::MissingSegment | Self::OlderEpoch => {
                "restore a backup (pinnaclemm-journal restore), or cut the journal there and let \
                 the venue tell the rest (pinnaclemm-journal repair)"
            }
            Self::SnapshotAhead => {
                "restore a backup (pinnaclemm-journal restore), or put the snapshot aside and let \
                 the venue tell the rest (pinnaclemm-journal repair)"
            }
            Self::Foreign => "use the data directory that it belongs to, or restore a backup",
            Self::NewerVersion => "use the program that wrote it, or another --data-dir",
            _ => "",
        }
    }

    /// The case of what a segment's reader says. `synced` is how far the journal is known to be
    /// synced, if that is known.
    #[must_use]
    pub fn of_damage(damage: &Damage, place: (u64, usize), synced: Option<SyncedTo>) -> Self {
        let (segment, offset) = place;
        // What is not known to be behind all that was synced is taken for synced.
        let was_synced = synced.is_none_or(|synced| synced.covers(segment, offset as u64));
        match damage {
            Damage::Version { .. } => Self::NewerVersion,
            Damage::Foreign { .. } => Self::Foreign,
            Damage::Chain("an older epoch") => Self::OlderEpoch,
            // Packed is only what was synced.
            Damage::Packed(_) => Self::Damage,
            _ if was_synced => Self::Damage,
            Damage::Record(_) | Damage::Hole { .. } | Damage::BehindSeal | Damage::SealDigest => {
                Self::Hole
            }
            Damage::NotASegment
            | Damage::Header(_)
            | Damage::NotSealed
            | Damage::Chain(_)
            | Damage::Number { .. } => Self::UnsyncedSegment,
            Damage::Shortened { .. } | Damage::LostSynced { .. } => Self::Damage,
        }
    }

    /// The case of a journal that cannot be read.
    #[must_use]
    pub fn of_error(error: &ReadError, synced: Option<SyncedTo>) -> Option<Self> {
        match error {
            ReadError::Damaged { damage: Damage::LostSynced { .. }, .. } => Some(Self::LostSynced),
            ReadError::Damaged { segment, offset, damage, .. } => {
                Some(Self::of_damage(damage, (*segment, *offset), synced))
            }
            ReadError::Missing { .. } => Some(Self::MissingSegment),
            _ => None,
        }
    }

    /// The case of a snapshot that is not taken; nothing where the system could not read it.
    #[must_use]
    pub const fn of_snapshot(flaw: &SnapshotFlaw) -> Option<Self> {
        match flaw {
            SnapshotFlaw::Damaged(_) => Some(Self::SnapshotCorrupt),
            SnapshotFlaw::Version(_) => Some(Self::SnapshotNewer),
            SnapshotFlaw::Foreign(_) => Some(Self::SnapshotForeign),
            SnapshotFlaw::Io(_) => None,
        }
    }
}
