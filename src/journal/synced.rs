//! How far the journal is known to outlive a loss of power: `DATA_DIR/synced`.
//!
//! Two slots, each in a page of its own, written in turn after each sync, so that a slot that is
//! torn leaves the other. Little-endian, at offsets 0 and 4096:
//!
//! ```text
//!  0  8 bytes  magic `PMMSYNCD`
//!  8  u64      generation: the greater one counts; an even one stands in the first slot
//! 16  u32      format version
//! 20  u32      epoch
//! 24  u64      segment
//! 32  u64      offset in it: all bytes before are synced, and all segments before
//! 40  u64      sequence of a record that ends at or before the offset, the last known one
//! 48  u64      the oldest segment that is kept; those before were pruned
//! 56  u32      zero
//! 60  u32      CRC-32C over all before
//! ```
//!
//! Damage before that place was on the disk once, so it is never a torn end; behind it, what is not
//! sound never has been promised. What follows from it is decided by whoever opens the journal.

use super::segment::FORMAT_VERSION;
use crate::sys::crc::crc32c_append;
use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

const MAGIC: &[u8; 8] = b"PMMSYNCD";
const SLOT_BYTES: usize = 64;
const SLOT_AT: [u64; 2] = [0, 4096];
const FILE_BYTES: usize = 8192;

/// How far the journal is synced.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct SyncedTo {
    /// The segment that was written to.
    pub segment: u64,
    /// All its bytes before this one are synced, and all segments before it.
    pub offset: u64,
    /// The last record of which that is known by its number.
    pub sequence: u64,
    /// The epoch that has synced.
    pub epoch: u32,
}

impl SyncedTo {
    /// Whether what stands at that place was synced once, so that it can only be damaged and never
    /// torn.
    #[must_use]
    pub const fn covers(&self, segment: u64, offset: u64) -> bool {
        segment < self.segment || (segment == self.segment && offset < self.offset)
    }
}

/// What stands in the file.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Marks {
    /// How far the journal is synced; nothing was if its segment is 0.
    pub synced: SyncedTo,
    /// The oldest segment that is kept; 0 before anything was pruned.
    pub first_segment: u64,
}

/// Why the file cannot be taken.
#[derive(Debug)]
pub enum MarksError {
    /// The system said no.
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Neither slot is sound, and one was written: no crash leaves that.
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// It is of another format.
    Version {
        /// The file.
        path: PathBuf,
        /// The format.
        found: u32,
    },
}

impl fmt::Display for MarksError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { path, error } => write!(f, "{}: {error}", path.display()),
            Self::Damaged { path } => write!(
                f,
                "{} is damaged, so it is not known how far the journal was synced",
                path.display()
            ),
            Self::Version { path, found } => write!(
                f,
                "{} has format version {found}, this program knows {FORMAT_VERSION}",
                path.display()
            ),
        }
    }
}

impl std::error::Error for MarksError {}

/// The path of the file.
#[must_use]
pub fn marks_path(directory: &Path) -> PathBuf {
    directory.join("synced")
}

/// What a data directory's file says; nothing if there is none.
///
/// # Errors
/// It cannot be read, or is damaged in both slots.
pub fn read_marks(directory: &Path) -> Result<Option<Marks>, MarksError> {
    let path = marks_path(directory);
    let mut bytes = Vec::new();
    match File::open(&path).and_then(|mut file| file.read_to_end(&mut bytes)) {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(MarksError::Io { path, error }),
    }
    // A file that says nothing says that nothing was synced.
    newest(&bytes, &path).map(|found| Some(found.map_or_else(Marks::default, |(_, marks)| marks)))
}

/// The sound slot of the greater generation.
fn newest(bytes: &[u8], path: &Path) -> Result<Option<(u64, Marks)>, MarksError> {
    let slots = SLOT_AT.map(|at| {
        let at = usize::try_from(at).expect("a small number");
        bytes.get(at..at + SLOT_BYTES).and_then(<[u8]>::first_chunk)
    });
    let read: Vec<_> = slots.into_iter().flatten().map(read_slot).collect();
    let sound = read.iter().filter_map(|slot| slot.as_ref().ok()).max_by_key(|slot| slot.0);
    if let Some(found) = sound {
        return Ok(Some(*found));
    }
    if let Some(found) = read.iter().find_map(|slot| slot.as_ref().err().copied().flatten()) {
        return Err(MarksError::Version { path: path.to_path_buf(), found });
    }
    if bytes.iter().all(|byte| *byte == 0) {
        return Ok(None);
    }
    Err(MarksError::Damaged { path: path.to_path_buf() })
}

fn write_slot(generation: u64, marks: &Marks) -> [u8; SLOT_BYTES] {
    let Marks { synced, first_segment } = marks;
    let mut slot = [0; SLOT_BYTES];
    slot[..8].copy_from_slice(MAGIC);
    slot[8..16].copy_from_slice(&generation.to_le_bytes());
    slot[16..20].copy_from_slice(&FORMAT_VERSION.to_le_bytes());
    slot[20..24].copy_from_slice(&synced.epoch.to_le_bytes());
    let words = [synced.segment, synced.offset, synced.sequence, *first_segment];
    for (place, word) in slot[24..56].as_chunks_mut().0.iter_mut().zip(words) {
        *place = word.to_le_bytes();
    }
    let crc = crc32c_append(0, &slot[..60]);
    slot[60..].copy_from_slice(&crc.to_le_bytes());
    slot
}

/// The generation and what it says; an error is a sound slot of another version, by its number, or
/// no sound one.
fn read_slot(slot: &[u8; SLOT_BYTES]) -> Result<(u64, Marks), Option<u32>> {
    let short = |at: usize| u32::from_le_bytes(*slot[at..].first_chunk().expect("inside"));
    let long = |at: usize| u64::from_le_bytes(*slot[at..].first_chunk().expect("inside"));
    if slot[..8] != *MAGIC || short(60) != crc32c_append(0, &slot[..60]) {
        return Err(None);
    }
    if short(16) != FORMAT_VERSION {
        return Err(Some(short(16)));
    }
    let synced =
        SyncedTo { segment: long(24), offset: long(32), sequence: long(40), epoch: short(20) };
    Ok((long(8), Marks { synced, first_segment: long(48) }))
}

/// The file, for whoever syncs; clones are the same file.
#[derive(Clone, Debug)]
pub struct SyncedFile(Arc<Mutex<Slots>>);

#[derive(Debug)]
struct Slots {
    file: File,
    generation: u64,
    marks: Marks,
    /// A sync has failed, of whomever.
    is_dead: bool,
}

impl SyncedFile {
    /// Opens the file of a data directory that this process has locked, or makes it.
    ///
    /// # Errors
    /// The system says no, or it is damaged.
    pub fn open(directory: &Path) -> Result<Self, MarksError> {
        let path = marks_path(directory);
        let io_error = |error| MarksError::Io { path: path.clone(), error };
        let mut options = File::options();
        let mut file = options
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(io_error)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(io_error)?;
        if bytes.len() < FILE_BYTES {
            // Made, or killed while it was made: its place is taken before anything counts on it.
            bytes.resize(FILE_BYTES, 0);
            let made = file.write_all_at(&bytes, 0).and_then(|()| file.sync_all());
            made.map_err(io_error)?;
            super::directory::sync_directory(directory).map_err(io_error)?;
        }
        let (generation, marks) = newest(&bytes, &path)?.unwrap_or_default();
        let is_dead = false;
        Ok(Self(Arc::new(Mutex::new(Slots { file, generation, marks, is_dead }))))
    }

    /// What stands there.
    #[must_use]
    pub fn marks(&self) -> Marks {
        self.slots().marks
    }

    /// Syncs by that, and notes durably how far the journal is synced then; what is not further
    /// than before is known. One syncs at a time, and nobody after one that has failed: of pages
    /// that it could not write the system tells once, and to whoever asks again they are written.
    ///
    /// # Errors
    /// The system says no: now, or to anybody before.
    pub fn sync(&self, synced: SyncedTo, sync: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
        let mut slots = self.slots();
        if slots.is_dead {
            return Err(io::Error::other("an earlier sync has failed"));
        }
        let done = sync().and_then(|()| slots.note(synced));
        slots.is_dead = done.is_err();
        done
    }

    /// As [`Self::sync`], where all is synced already.
    ///
    /// # Errors
    /// As [`Self::sync`].
    pub fn note(&self, synced: SyncedTo) -> io::Result<()> {
        self.sync(synced, || Ok(()))
    }

    /// Notes durably which segment is the oldest that is kept, before those before it are removed.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn note_first(&self, first_segment: u64) -> io::Result<()> {
        let mut slots = self.slots();
        let marks = Marks { first_segment, ..slots.marks };
        slots.write(marks)
    }

    fn slots(&self) -> std::sync::MutexGuard<'_, Slots> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slots {
    fn note(&mut self, synced: SyncedTo) -> io::Result<()> {
        let known = self.marks.synced;
        if (synced.segment, synced.offset) <= (known.segment, known.offset) {
            return Ok(());
        }
        self.write(Marks { synced, ..self.marks })
    }

    fn write(&mut self, marks: Marks) -> io::Result<()> {
        let generation = self.generation + 1;
        let at = SLOT_AT[usize::from(!generation.is_multiple_of(2))];
        self.file.write_all_at(&write_slot(generation, &marks), at)?;
        self.file.sync_data()?;
        (self.generation, self.marks) = (generation, marks);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Folder(PathBuf);

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    fn folder(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("pinnaclemm-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    const fn to(segment: u64, offset: u64) -> SyncedTo {
        SyncedTo { segment, offset, sequence: offset / 8, epoch: 5 }
    }

    /// The writer and whoever syncs for it share the pages: what one could not write the other is
    /// told to be written.
    #[test]
    fn after_a_sync_that_has_failed_nobody_notes_anything() {
        let folder = folder("failed");
        let (writer, other) = (SyncedFile::open(&folder.0).unwrap(), &folder.0);
        let syncer = writer.clone();
        syncer.sync(to(1, 512), || Ok(())).unwrap();
        writer.sync(to(1, 600), || Err(io::Error::other("no"))).unwrap_err();
        syncer.sync(to(1, 9000), || panic!("not even asked")).unwrap_err();
        syncer.note(to(1, 9000)).unwrap_err();
        assert_eq!(read_marks(other).unwrap().unwrap().synced, to(1, 512));
    }

    #[test]
    fn the_last_note_is_found_again_and_never_goes_back() {
        let folder = folder("synced");
        assert!(read_marks(&folder.0).unwrap().is_none());
        let file = SyncedFile::open(&folder.0).unwrap();
        assert_eq!(read_marks(&folder.0).unwrap(), Some(Marks::default()));
        for (note, found) in
            [(to(1, 512), to(1, 512)), (to(1, 9000), to(1, 9000)), (to(1, 600), to(1, 9000))]
        {
            file.note(note).unwrap();
            assert_eq!(read_marks(&folder.0).unwrap().unwrap().synced, found);
        }
        file.note_first(1).unwrap();
        file.note(to(2, 512)).unwrap();
        drop(file);
        let marks = SyncedFile::open(&folder.0).unwrap().marks();
        assert_eq!(marks, Marks { synced: to(2, 512), first_segment: 1 });
        let covered = [(1, 1 << 30), (2, 0), (2, 511)].map(|(n, at)| marks.synced.covers(n, at));
        assert_eq!((covered, marks.synced.covers(2, 512)), ([true; 3], false));
    }

    #[test]
    fn a_slot_that_is_torn_leaves_the_one_before_and_two_are_damage() {
        let folder = folder("synced-torn");
        let file = SyncedFile::open(&folder.0).unwrap();
        (1..6).for_each(|n| file.note(to(1, 1000 * n)).unwrap());
        let path = marks_path(&folder.0);
        let whole = std::fs::read(&path).unwrap();
        // The fifth stands in the second slot.
        for bit in 0..8 * SLOT_BYTES {
            let mut bytes = whole.clone();
            bytes[4096 + bit / 8] ^= 1 << (bit % 8);
            std::fs::write(&path, &bytes).unwrap();
            assert_eq!(read_marks(&folder.0).unwrap().unwrap().synced, to(1, 4000), "bit {bit}");
            bytes[bit / 8] ^= 1 << (bit % 8);
            std::fs::write(&path, &bytes).unwrap();
            let error = read_marks(&folder.0).unwrap_err();
            assert!(matches!(error, MarksError::Damaged { .. }), "bit {bit}: {error}");
        }
        let mut newer = whole;
        newer[16] = 2;
        for at in [0, 4096] {
            newer[at + 16] = 2;
            let crc = crc32c_append(0, &newer[at..at + 60]).to_le_bytes();
            newer[at + 60..at + 64].copy_from_slice(&crc);
        }
        std::fs::write(&path, &newer).unwrap();
        let error = read_marks(&folder.0).unwrap_err();
        assert!(matches!(error, MarksError::Version { found: 2, .. }), "{error}");
    }

    /// A file that was cut short while it was made is made anew.
    #[test]
    fn a_file_that_was_killed_while_it_was_made_is_made() {
        let folder = folder("synced-short");
        std::fs::write(marks_path(&folder.0), [0; 100]).unwrap();
        assert_eq!(read_marks(&folder.0).unwrap(), Some(Marks::default()));
        SyncedFile::open(&folder.0).unwrap().note(to(1, 512)).unwrap();
        assert_eq!(std::fs::read(marks_path(&folder.0)).unwrap().len(), FILE_BYTES);
        assert_eq!(read_marks(&folder.0).unwrap().unwrap().synced, to(1, 512));
    }
}
