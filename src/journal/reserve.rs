//! 8 MiB that are kept free for the worst: `DATA_DIR/reserve`, given up when the disk is full, so
//! that a halt, the next epoch and an emergency can still be written.

use crate::sys::mmap::allocate;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// How much is kept.
pub const RESERVE_BYTES: u64 = 8 << 20;
/// How long a segment is made in the room that was given up: half of it, the rest is for snapshots
/// and the emergency.
pub const SMALL_SEGMENT_BYTES: u64 = RESERVE_BYTES / 2;

/// The file. Copies are the same.
#[derive(Clone, Debug)]
pub struct Reserve {
    path: PathBuf,
}

impl Reserve {
    /// Of a data directory.
    #[must_use]
    pub fn of(directory: &Path) -> Self {
        Self { path: directory.join("reserve") }
    }

    /// Makes it if it is not there.
    ///
    /// # Errors
    /// There is no room, or the system says no.
    pub fn ensure(&self) -> io::Result<()> {
        if fs::metadata(&self.path).is_ok_and(|facts| facts.len() == RESERVE_BYTES) {
            return Ok(());
        }
        let made = File::create(&self.path).and_then(|mut file| {
            allocate(&mut file, RESERVE_BYTES)?;
            file.sync_all()
        });
        if made.is_err() {
            self.release();
        }
        made
    }

    /// Gives its room back; whether there was one.
    pub fn release(&self) -> bool {
        fs::remove_file(&self.path).is_ok()
    }
}

/// Whether an error says that the disk is full.
#[must_use]
pub fn is_full(error: &io::Error) -> bool {
    use io::ErrorKind as Kind;
    matches!(error.kind(), Kind::StorageFull | Kind::QuotaExceeded)
}
