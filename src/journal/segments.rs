//! Where a writer's segments come from, and where they go: files, or plain memory in tests.

use super::synced::SyncedTo;
use crate::sys::mmap::Storage;
use std::io;
use std::ops::Range;

/// Where segments come from.
pub trait Segments {
    /// What they are written to.
    type Storage: Storage;

    /// Makes that segment: its whole length, all zeros, its place on the disk taken.
    ///
    /// # Errors
    /// There is no room, or the system says no.
    fn create(&mut self, number: u64) -> io::Result<Self::Storage>;

    /// Syncs a sealed segment and shortens it to what is used.
    ///
    /// # Errors
    /// The system says no.
    fn cut(&mut self, retired: Retired<Self::Storage>) -> io::Result<()>;

    /// Syncs those bytes, and notes durably that all up to there is synced.
    ///
    /// # Errors
    /// The system says no.
    fn sync(
        &mut self,
        storage: &mut Self::Storage,
        bytes: Range<usize>,
        synced: SyncedTo,
    ) -> io::Result<()>;

    /// Takes away a segment that has not begun.
    ///
    /// # Errors
    /// The system says no.
    fn discard(&mut self, number: u64, storage: Self::Storage) -> io::Result<()>;
}

/// A sealed segment that has not been shortened yet.
#[derive(Debug)]
pub struct Retired<S> {
    /// Its number.
    pub number: u64,
    /// Its used bytes.
    pub used: usize,
    /// The number of its seal.
    pub sequence: u64,
    /// The start of the process.
    pub epoch: u32,
    /// Its memory.
    pub storage: S,
}
