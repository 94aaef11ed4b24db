//! What becomes of sealed segments: packed one after another, and the oldest removed when the
//! journal is larger than it may be.
//!
//! Removed is only what no snapshot needs: whoever keeps snapshots says up to which record. Nothing
//! here is near the thread that appends.

use super::archive::{Packing, held_in, packed_path, read_head};
use super::directory::sync_directory;
use super::files::{segment_numbers, segment_path};
use super::segment::Header;
use super::sync::Written;
use super::synced::SyncedFile;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Records before this one are not needed to recover. Copies are the same number.
///
/// It is 0 until somebody says otherwise: without a snapshot everything is needed.
#[derive(Clone, Debug, Default)]
pub struct PruneBound(Arc<AtomicU64>);

impl PruneBound {
    /// Records before that one are held by the oldest snapshot that is kept.
    pub fn raise(&self, sequence: u64) {
        self.0.fetch_max(sequence, Ordering::AcqRel);
    }

    /// Records before this one are not needed.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }
}

/// What the keeper is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KeepParams {
    /// Whether sealed segments are packed.
    pub pack: bool,
    /// How large the journal may be, in bytes on the disk.
    pub bytes_max: u64,
}

/// Looks after the sealed segments of a journal.
#[derive(Debug)]
pub struct Keeper {
    folder: PathBuf,
    marks: SyncedFile,
    written: Written,
    bound: PruneBound,
    params: KeepParams,
    packing: Option<Packing>,
    /// The segment that was written to when it was looked last.
    looked: u64,
    /// Segments to be packed, the next one last.
    to_pack: Vec<u64>,
    bytes: u64,
}

impl Keeper {
    /// Of the journal of that data directory.
    #[must_use]
    pub fn new(
        directory: &Path,
        marks: SyncedFile,
        (written, bound): (Written, PruneBound),
        params: KeepParams,
    ) -> Self {
        Self {
            folder: directory.join("journal"),
            marks,
            written,
            bound,
            params,
            packing: None,
            looked: 0,
            to_pack: Vec::new(),
            bytes: 0,
        }
    }

    /// What the journal takes on the disk, as it was looked last.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Does one small step; how much was done.
    ///
    /// # Errors
    /// The system says no; nothing that was written is lost by that.
    pub fn work(&mut self) -> io::Result<usize> {
        if let Some(packing) = self.packing.take() {
            self.packing = packing.step()?;
            if self.packing.is_none() {
                self.bytes = self.measure()?;
            }
            return Ok(1);
        }
        if let Some(number) = self.to_pack.pop() {
            self.packing = Some(Packing::begin(&self.folder, number)?);
            return Ok(1);
        }
        let tail = self.written.tail().segment;
        if tail == self.looked {
            return Ok(0);
        }
        self.looked = tail;
        self.look(tail)?;
        Ok(1)
    }

    /// Another segment was begun: the sealed ones are packed, and the oldest removed.
    fn look(&mut self, tail: u64) -> io::Result<()> {
        self.bytes = self.measure()?;
        if self.bytes > self.params.bytes_max {
            self.prune(tail)?;
        }
        if self.params.pack {
            // The last sealed one may still be on its way to its used length.
            let sealed = segment_numbers(&self.folder)?.into_iter().rev();
            self.to_pack = sealed
                .filter(|number| number + 1 < tail && segment_path(&self.folder, *number).exists())
                .collect();
        }
        Ok(())
    }

    fn measure(&self) -> io::Result<u64> {
        let mut sum = 0;
        for entry in fs::read_dir(&self.folder)? {
            // A file may be gone since it was listed.
            sum += entry?.metadata().map_or(0, |facts| facts.len());
        }
        Ok(sum)
    }

    /// Removes the oldest segments until the rest is small enough, as far as nobody needs them. The
    /// first that is kept is noted before.
    fn prune(&mut self, tail: u64) -> io::Result<()> {
        let numbers = segment_numbers(&self.folder)?;
        let mut left = self.bytes;
        let mut remove = Vec::new();
        for pair in numbers.windows(2) {
            let (oldest, next) = (pair[0], pair[1]);
            // All records of a segment stand before the first of the next one.
            let is_needed = next >= tail || self.first_sequence(next)? > self.bound.get();
            if is_needed || left <= self.params.bytes_max {
                break;
            }
            left -= fs::metadata(held_in(&self.folder, oldest))?.len();
            remove.push(oldest);
        }
        let Some(last) = remove.last() else { return Ok(()) };
        self.marks.note_first(last + 1)?;
        for number in remove {
            for path in [segment_path(&self.folder, number), packed_path(&self.folder, number)] {
                match fs::remove_file(path) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    _ => {}
                }
            }
        }
        sync_directory(&self.folder)?;
        self.bytes = self.measure()?;
        Ok(())
    }

    fn first_sequence(&self, number: u64) -> io::Result<u64> {
        let head = read_head(&self.folder, number)?;
        let (header, _) =
            Header::read(&head).map_err(|damage| io::Error::other(damage.to_string()))?;
        Ok(header.first_sequence)
    }
}
