//! Memory that outlives the process: a file of fixed length, mapped to be written.
//!
//! The journal and its crash tests know only [`Storage`], so they run on plain memory as well. The
//! file is allocated for real before it is mapped, so that a full disk is an error when a segment
//! is made and never a signal in the middle of a record. Nothing is grown or mapped anew.
//!
//! JUSTIFICATION: a record that is stored into a mapping survives `kill -9` without a system call.
//! `write()` for each record costs 541 ns at p50 where a store with its checksum costs 10 ns
//! (measured with 128-byte records), and a buffer in front of `write()` would lose what it holds.

use memmap2::{Advice, MmapRaw};
use rustix::fs::{FallocateFlags, fallocate};
use rustix::io::Errno;
use std::fs::File;
use std::io::{self, Write as _};
use std::ops::Range;
use std::sync::Arc;

/// A fixed stretch of bytes that may outlive the process.
pub trait Storage {
    /// How many bytes there are.
    fn len(&self) -> usize {
        self.bytes().len()
    }

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All of them.
    fn bytes(&self) -> &[u8];

    /// All of them, to be written; what is written stands when the process is killed.
    fn bytes_mut(&mut self) -> &mut [u8];

    /// Returns when those bytes would outlive a loss of power.
    ///
    /// # Errors
    /// The system could not write them; they may be lost, whatever a later call says.
    fn sync(&mut self, range: Range<usize>) -> io::Result<()>;
}

/// A file of fixed length, mapped.
#[derive(Debug)]
pub struct MappedFile {
    map: Arc<MmapRaw>,
}

/// The pages of a mapped file, for a thread that looks after them and never looks into them.
#[derive(Clone, Debug)]
pub struct Pages {
    map: Arc<MmapRaw>,
}

impl MappedFile {
    /// Maps a file that nobody else writes to or shortens.
    ///
    /// # Errors
    /// The system cannot map it; an empty file cannot be mapped.
    pub fn new(file: &File) -> io::Result<Self> {
        Ok(Self { map: Arc::new(MmapRaw::map_raw(file)?) })
    }

    /// Its pages, for another thread.
    #[must_use]
    pub fn pages(&self) -> Pages {
        Pages { map: Arc::clone(&self.map) }
    }
}

impl Pages {
    /// How many bytes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.map.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.map.len() == 0
    }

    /// Returns when those bytes, and what else stands in their pages, would outlive a loss of
    /// power.
    ///
    /// # Errors
    /// The system could not write them; they may be lost, whatever a later call says.
    pub fn sync(&self, range: Range<usize>) -> io::Result<()> {
        if range.is_empty() { Ok(()) } else { self.map.flush_range(range.start, range.len()) }
    }

    /// Makes the pages of those bytes ready to be stored into, so that a store there meets no fault
    /// of a page that is not there yet, or that a sync has made read-only.
    ///
    /// # Errors
    /// The system does not know how (before Linux 5.14), or cannot: stores will then meet the
    /// faults themselves.
    pub fn populate(&self, range: Range<usize>) -> io::Result<()> {
        if range.is_empty() {
            return Ok(());
        }
        self.map.advise_range(Advice::PopulateWrite, range.start, range.len())
    }
}

impl Storage for MappedFile {
    #[inline]
    fn len(&self) -> usize {
        self.map.len()
    }

    #[inline]
    fn bytes(&self) -> &[u8] {
        // SAFETY: pointer and length are those of a mapping that lives as long as `self`. A slice
        // of it is sound while nobody else changes or shortens the file: the data directory is
        // locked by this process before a segment is opened, every segment is made with its whole
        // length allocated, and it is shortened only after this handle is gone. `Pages`, which may
        // live longer, hands addresses to the system and neither reads nor stores there. Tools read
        // the file and do not map it.
        unsafe { std::slice::from_raw_parts(self.map.as_ptr(), self.map.len()) }
    }

    #[inline]
    fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `bytes`; there is one `MappedFile` of a mapping, it cannot be cloned, and
        // it is borrowed for as long as the slice lives, so no other slice of it exists.
        unsafe { std::slice::from_raw_parts_mut(self.map.as_mut_ptr(), self.map.len()) }
    }

    fn sync(&mut self, range: Range<usize>) -> io::Result<()> {
        self.pages().sync(range)
    }
}

/// Gives an empty file so many bytes of zeros that have their place on the disk.
///
/// # Errors
/// There is no such place, or the file cannot be written.
pub fn allocate(file: &mut File, length: u64) -> io::Result<()> {
    match fallocate(&*file, FallocateFlags::empty(), 0, length) {
        Ok(()) => Ok(()),
        Err(Errno::OPNOTSUPP | Errno::NOSYS) => write_zeros(file, length),
        Err(error) => Err(error.into()),
    }
}

/// Gives a file its place on the disk up to so many bytes, whatever its length is and stays.
///
/// # Errors
/// There is no such place, or the file system cannot set any aside.
pub fn set_aside(file: &File, upto: u64) -> io::Result<()> {
    Ok(fallocate(file, FallocateFlags::KEEP_SIZE, 0, upto)?)
}

/// What takes its place on every file system.
fn write_zeros(file: &mut File, length: u64) -> io::Result<()> {
    let zeros = vec![0; 1 << 16];
    let mut left = length;
    while left > 0 {
        let part = usize::try_from(left).map_or(zeros.len(), |left| left.min(zeros.len()));
        file.write_all(&zeros[..part])?;
        left -= part as u64;
    }
    Ok(())
}

impl Storage for Vec<u8> {
    fn bytes(&self) -> &[u8] {
        self
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        self
    }

    fn sync(&mut self, _: Range<usize>) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_stands_in_the_file_and_its_place_is_allocated() {
        use std::os::unix::fs::MetadataExt as _;
        let path = std::env::temp_dir().join(format!("pinnaclemm-mmap-{}", std::process::id()));
        for by_zeros in [false, true] {
            let mut file = File::options()
                .read(true)
                .write(true)
                .create(true)
                .truncate(true)
                .open(&path)
                .unwrap();
            let length = 100_001;
            if by_zeros {
                write_zeros(&mut file, length).unwrap();
            } else {
                allocate(&mut file, length).unwrap();
            }
            let facts = file.metadata().unwrap();
            assert_eq!(facts.len(), length);
            file.sync_all().unwrap();
            assert!(file.metadata().unwrap().blocks() * 512 >= length, "the file has holes");
            let mut map = MappedFile::new(&file).unwrap();
            assert!(map.bytes().iter().all(|byte| *byte == 0));
            map.bytes_mut()[99_999] = 7;
            map.sync(0..map.len()).unwrap();
            map.sync(5..5).unwrap();
            let pages = map.pages();
            pages.populate(4090..8200).expect("the system knows how");
            pages.sync(0..pages.len()).unwrap();
            drop(map);
            let read = std::fs::read(&path).unwrap();
            assert_eq!((read[99_999], read.len()), (7, 100_001));
        }
        std::fs::remove_file(&path).unwrap();
    }
}
