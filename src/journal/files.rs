//! Segments as files: their names, how they are made, cut and listed.

use super::directory::{DataDirectory, sync_directory};
use super::reserve::{Reserve, SMALL_SEGMENT_BYTES, is_full};
use super::sync::{Mapped, populate_begin};
use super::synced::{SyncedFile, SyncedTo};
use super::writer::{Retired, Segments};
use crate::sys::mmap::{MappedFile, Storage as _, allocate};
use crossbeam_channel::{Receiver, Sender};
use std::fs::{self, File};
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// The extension of a file or folder while it is made, before it gets its name.
pub const IN_THE_MAKING: &str = "new";

/// The path of that segment.
#[must_use]
pub fn segment_path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:020}.seg"))
}

/// The numbers of all segments of a folder, packed ones among them, in order.
///
/// # Errors
/// The folder cannot be read.
pub fn segment_numbers(folder: &Path) -> io::Result<Vec<u64>> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        let name = name.to_str().map(|name| name.strip_suffix(".zst").unwrap_or(name));
        let number = name.and_then(|name| name.strip_suffix(".seg"));
        if let Some(digits) = number
            && digits.len() == 20
            && let Ok(number) = digits.parse()
        {
            numbers.push(number);
        }
    }
    numbers.sort_unstable();
    // Packed and not removed yet.
    numbers.dedup();
    Ok(numbers)
}

/// Makes and cuts segment files. Clones work on the same directory, so that another thread can
/// make the next segment and cut the last one.
#[derive(Clone, Debug)]
pub struct FileSegments {
    /// Keeps the lock of the directory.
    directory: DataDirectory,
    segment_bytes: u64,
    /// To the one who syncs.
    made: Sender<Mapped>,
    marks: SyncedFile,
}

impl FileSegments {
    /// Segments of that length in that directory; the pages of each go to the receiver, which may
    /// be dropped.
    #[must_use]
    pub(super) fn new(
        directory: DataDirectory,
        segment_bytes: u64,
        marks: SyncedFile,
    ) -> (Self, Receiver<Mapped>) {
        let (made, mapped) = crossbeam_channel::unbounded();
        (Self { directory, segment_bytes, made, marks }, mapped)
    }

    /// Makes that segment with that length.
    fn create_of(&mut self, number: u64, bytes: u64) -> io::Result<MappedFile> {
        let (folder, aside) = (self.folder(), self.folder().join(format!("{number:020}.new")));
        let mut file =
            File::options().read(true).write(true).create(true).truncate(true).open(&aside)?;
        let made = allocate(&mut file, bytes).and_then(|()| {
            file.sync_all()?;
            // The name of a segment is never given twice.
            fs::hard_link(&aside, segment_path(&folder, number))
        });
        fs::remove_file(&aside)?;
        made?;
        sync_directory(&folder)?;
        let map = MappedFile::new(&file)?;
        // Whoever does not sync has dropped the other end.
        let pages = map.pages();
        populate_begin(&pages);
        let _ = self.made.send(Mapped { number, pages, synced: 0 });
        Ok(map)
    }

    fn folder(&self) -> PathBuf {
        self.directory.journal_path()
    }
}

impl Segments for FileSegments {
    type Storage = MappedFile;

    fn create(&mut self, number: u64) -> io::Result<MappedFile> {
        match self.create_of(number, self.segment_bytes) {
            // What is still to be said finds a place in the room of the reserve.
            Err(error) if is_full(&error) && Reserve::of(self.directory.path()).release() => {
                self.create_of(number, self.segment_bytes.min(SMALL_SEGMENT_BYTES))
            }
            made => made,
        }
    }

    fn cut(&mut self, retired: Retired<MappedFile>) -> io::Result<()> {
        let Retired { number, used, sequence, epoch, storage } = retired;
        drop(storage);
        let file = File::options().write(true).open(segment_path(&self.folder(), number))?;
        let synced = SyncedTo { segment: number, offset: used as u64, sequence, epoch };
        self.marks.sync(synced, || {
            // The bytes have to stand before their end is fixed.
            file.sync_data()?;
            file.set_len(used as u64)?;
            file.sync_all()
        })
    }

    fn sync(
        &mut self,
        storage: &mut MappedFile,
        bytes: Range<usize>,
        synced: SyncedTo,
    ) -> io::Result<()> {
        self.marks.sync(synced, || storage.sync(bytes))
    }

    fn discard(&mut self, number: u64, storage: MappedFile) -> io::Result<()> {
        drop(storage);
        fs::remove_file(segment_path(&self.folder(), number))?;
        sync_directory(&self.folder())
    }
}
