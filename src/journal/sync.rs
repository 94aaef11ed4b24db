//! Syncs what another thread writes, so that the writer never waits for a disk.

use crossbeam_channel::Receiver;
use std::fs::File;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The sequence of the last record that is written, for other threads to read.
#[derive(Clone, Debug, Default)]
pub struct Written(Arc<AtomicU64>);

impl Written {
    /// All records up to this one are written.
    #[inline]
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }

    #[inline]
    pub(super) fn publish(&self, sequence: u64) {
        self.0.store(sequence, Ordering::Release);
    }
}

/// Syncs the segments of a writer from another thread.
#[derive(Debug)]
pub struct Syncer {
    made: Receiver<Arc<File>>,
    written: Written,
    /// The files that can hold what is not synced, oldest first.
    files: Vec<Arc<File>>,
    synced: u64,
    dead: bool,
}

impl Syncer {
    pub(super) const fn new(made: Receiver<Arc<File>>, written: Written) -> Self {
        Self { made, written, files: Vec::new(), synced: 0, dead: false }
    }

    /// The last record that is written.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.written.sequence()
    }

    /// The last record that would outlive a loss of power.
    #[must_use]
    pub const fn synced(&self) -> u64 {
        self.synced
    }

    /// Syncs all that is written now, and gives the last record of it.
    ///
    /// # Errors
    /// The system cannot write: now, or at an earlier call; what was not synced may be lost.
    pub fn sync(&mut self) -> io::Result<u64> {
        if self.dead {
            return Err(io::Error::other("an earlier sync has failed"));
        }
        let written = self.written.sequence();
        self.files.extend(self.made.try_iter());
        if written == self.synced {
            return Ok(written);
        }
        for file in &self.files {
            file.sync_data().inspect_err(|_| self.dead = true)?;
        }
        // A segment is made when the one before the last is sealed or after, so two are enough.
        self.files.drain(..self.files.len().saturating_sub(2));
        self.synced = written;
        Ok(written)
    }
}
