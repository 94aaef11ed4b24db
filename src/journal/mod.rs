//! The journal: every input and what was decided about it, written before anything leaves.
//!
//! ```text
//! DATA_DIR/identity.json     whose directory it is: mode, venue, account, currency, instance tag
//! DATA_DIR/lock              held by the one process that writes
//! DATA_DIR/synced            how far the journal outlives a loss of power
//! DATA_DIR/journal/N.seg     segments: a header, records, a seal; N has twenty digits, from 1 on
//! DATA_DIR/journal/N.seg.zst a sealed segment, packed: told in `archive`
//! DATA_DIR/reserve           room that is given up when the disk is full
//! DATA_DIR/emergency.jsonl   what was done when the journal could not be trusted any more
//! DATA_DIR/journal/N-A.torn  what stood torn at offset A of segment N when the next start cut it
//! DATA_DIR/snapshots/N.snap  the whole core behind record N
//! DATA_DIR/poison.jsonl      the records that have made a core panic
//! ```
//!
//! How a record lies in memory is told in `record`, how a segment begins in `segment`, and nowhere
//! else. Writing is a copy into a mapping; reading goes from bytes to [`record::RawRecord`] to
//! [`record::Record`], and only the check leads from the one to the other. What a core makes of
//! the inputs is found by `replay` and `playing`; `recovery` and `follower` stand on the latter.

mod ahead;
pub mod archive;
pub mod backup;
pub mod cases;
mod chain;
pub mod cut;
pub mod digest;
pub mod directory;
pub mod dump;
pub mod emergency;
pub mod export;
pub mod failure;
pub mod fault;
pub mod files;
pub mod follower;
pub mod identity;
pub mod keep;
pub mod ledger;
pub mod open;
pub mod params;
pub mod playing;
pub mod poison;
pub mod read;
pub mod reader;
pub mod record;
pub mod recovery;
pub mod released;
pub mod repair;
pub mod replay;
pub mod reserve;
pub mod segment;
pub mod segments;
pub mod snapshot;
pub mod start;
pub mod stats;
pub mod supply;
pub mod sync;
pub mod synced;
pub mod tail;
mod whole;
pub mod writer;

pub use directory::DataDirectory;
pub use emergency::{CancelAll, Emergency, EmergencyReason};
pub use failure::{OpenError, WriteError};
pub use fault::{Damage, Flaw, IdentityError, ReadError};
pub use files::FileSegments;
pub use identity::Identity;
pub use keep::{KeepParams, Keeper, PruneBound};
pub use ledger::Ledger;
pub use open::{Begun, begin};
pub use params::{DiskParams, JournalParams, SyncMode};
pub use read::{Cut, Journal, Place, Summary};
pub use record::{Content, Record};
pub use released::Journaled;
pub use start::Start;
pub use supply::Supply;
pub use sync::Syncer;
pub use synced::{Marks, MarksError, SyncedFile, SyncedTo, read_marks};
pub use writer::Writer;

#[cfg(test)]
mod tests;
