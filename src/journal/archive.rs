//! Sealed segments are packed with zstd, a bit at a time, and read as if they were not.
//!
//! `N.seg.zst`, little-endian:
//!
//! ```text
//!  0  8 bytes  magic `PMMSEGZS`
//!  8  u32      format version
//! 12  u32      CRC-32C over all that follows
//! 16  u64      bytes of the segment as it was
//! 24           a zstd frame of them
//! ```
//!
//! The frame is written aside, synced and renamed before the segment is removed, so one of the two
//! always stands there whole; where both do, the segment counts and is packed again.

use super::directory::sync_directory;
use super::fault::{Damage, ReadError};
use super::files::segment_path;
use super::segment::{FORMAT_VERSION, HEADER_BYTES};
use crate::sys::crc::crc32c_append;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use zstd::stream::write::Encoder;

const MAGIC: &[u8; 8] = b"PMMSEGZS";
const HEAD_BYTES: usize = 24;
/// What is packed in one step: zstd's blocks of 128 KiB take some milliseconds by that level, and
/// syncs come between two steps.
const STEP_BYTES: usize = 1 << 16;
/// A day of Binance's BTCUSDT comes to 0.55 GB by level 3, to 0.50 by 8, and to no less by 12.
const LEVEL: i32 = 8;
/// No segment is longer.
const SEGMENT_BYTES_MAX: u64 = 1 << 30;

/// The path of a segment that was packed.
#[must_use]
pub fn packed_path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:020}.seg.zst"))
}

/// Which file holds that segment: itself, or what it was packed into.
#[must_use]
pub fn held_in(folder: &Path, number: u64) -> PathBuf {
    let (plain, packed) = (segment_path(folder, number), packed_path(folder, number));
    if !plain.exists() && packed.exists() { packed } else { plain }
}

/// The bytes of a segment, packed or not, into a buffer that is used again and again.
///
/// # Errors
/// It is not there, cannot be read, or was packed and is damaged.
pub fn read_segment(folder: &Path, number: u64, bytes: &mut Vec<u8>) -> Result<(), ReadError> {
    let path = segment_path(folder, number);
    match read_whole(&path, bytes) {
        Ok(()) => Ok(()),
        // It may have been packed since it was listed.
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let packed = packed_path(folder, number);
            if packed.exists() {
                unpack(&packed, number, bytes)
            } else {
                Err(ReadError::io(&path, error))
            }
        }
        Err(error) => Err(ReadError::io(&path, error)),
    }
}

/// The first bytes of a segment, packed or not; what was packed is not checked.
pub(super) fn read_head(folder: &Path, number: u64) -> io::Result<[u8; HEADER_BYTES]> {
    let mut head = [0; HEADER_BYTES];
    let mut file = File::open(held_in(folder, number))?;
    file.read_exact(&mut head[..MAGIC.len()])?;
    if head[..MAGIC.len()] == *MAGIC {
        file.read_exact(&mut head[MAGIC.len()..HEAD_BYTES])?;
        zstd::stream::read::Decoder::new(file)?.read_exact(&mut head)?;
    } else {
        file.read_exact(&mut head[MAGIC.len()..])?;
    }
    Ok(head)
}

fn read_whole(path: &Path, bytes: &mut Vec<u8>) -> io::Result<()> {
    bytes.clear();
    File::open(path)?.read_to_end(bytes).map(|_| ())
}

fn unpack(path: &Path, segment: u64, bytes: &mut Vec<u8>) -> Result<(), ReadError> {
    let mut held = Vec::new();
    read_whole(path, &mut held).map_err(|error| ReadError::io(path, error))?;
    unpack_from(&held, bytes).map_err(|damage| ReadError::Damaged {
        path: path.to_path_buf(),
        segment,
        offset: 0,
        sequence: 0,
        damage,
    })
}

/// Unpacks a whole file.
fn unpack_from(held: &[u8], bytes: &mut Vec<u8>) -> Result<(), Damage> {
    let short = |at: usize| u32::from_le_bytes(*held[at..].first_chunk().expect("inside"));
    if held.get(..8) != Some(MAGIC) {
        return Err(Damage::NotASegment);
    }
    if held.len() < HEAD_BYTES {
        return Err(Damage::Packed("it is cut off"));
    }
    if short(8) != FORMAT_VERSION {
        return Err(Damage::Version { found: short(8) });
    }
    if short(12) != crc32c_append(0, &held[16..]) {
        return Err(Damage::Packed("the checksum is wrong"));
    }
    let length = u64::from_le_bytes(*held[16..].first_chunk().expect("inside"));
    let length = usize::try_from(length.min(SEGMENT_BYTES_MAX)).expect("30 bits");
    bytes.clear();
    bytes.reserve(length);
    zstd::stream::copy_decode(&held[HEAD_BYTES..], &mut *bytes)
        .map_err(|_| Damage::Packed("its frame cannot be unpacked"))?;
    if bytes.len() != length {
        return Err(Damage::Packed("another length than it says"));
    }
    Ok(())
}

/// A segment that is being packed.
pub struct Packing {
    folder: PathBuf,
    number: u64,
    from: File,
    length: u64,
    encoder: Encoder<'static, Summed>,
    step: Vec<u8>,
}

impl std::fmt::Debug for Packing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Packing").field("number", &self.number).finish_non_exhaustive()
    }
}

/// A file and the checksum of what was written to it.
struct Summed {
    file: File,
    crc: u32,
}

impl io::Write for Summed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.crc = crc32c_append(self.crc, &bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Packing {
    /// Begins with a sealed segment.
    ///
    /// # Errors
    /// It cannot be read, or there is no place for what it is packed into.
    pub fn begin(folder: &Path, number: u64) -> io::Result<Self> {
        let from = File::open(segment_path(folder, number))?;
        let length = from.metadata()?.len();
        let mut file = File::create(aside(folder, number))?;
        file.write_all(&[0; 16])?;
        let mut to = Summed { file, crc: 0 };
        to.write_all(&length.to_le_bytes())?;
        let encoder = Encoder::new(to, LEVEL)?;
        let step = vec![0; STEP_BYTES];
        Ok(Self { folder: folder.to_path_buf(), number, from, length, encoder, step })
    }

    /// Packs the next bit; the packing itself as long as there is more.
    ///
    /// # Errors
    /// It cannot be read or written; the segment stands as it was.
    pub fn step(mut self) -> io::Result<Option<Self>> {
        let read = self.from.read(&mut self.step)?;
        if read > 0 {
            self.encoder.write_all(&self.step[..read])?;
            return Ok(Some(self));
        }
        let Self { folder, number, length, encoder, .. } = self;
        let Summed { file, crc } = encoder.finish()?;
        let mut head = [0; 16];
        head[..8].copy_from_slice(MAGIC);
        head[8..12].copy_from_slice(&FORMAT_VERSION.to_le_bytes());
        head[12..].copy_from_slice(&crc.to_le_bytes());
        file.write_all_at(&head, 0)?;
        file.sync_all()?;
        let plain = segment_path(&folder, number);
        // Whoever shortened or lengthened it meanwhile would have done what nobody does.
        if fs::metadata(&plain)?.len() != length {
            return Err(io::Error::other("a sealed segment has changed its length"));
        }
        fs::rename(aside(&folder, number), packed_path(&folder, number))?;
        sync_directory(&folder)?;
        fs::remove_file(plain)?;
        Ok(None)
    }
}

fn aside(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:020}.seg.zst.new"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pack(folder: &Path, number: u64) {
        let mut packing = Some(Packing::begin(folder, number).unwrap());
        while let Some(going) = packing {
            packing = going.step().unwrap();
        }
    }

    #[test]
    fn a_packed_segment_is_read_as_it_was_and_every_damage_is_seen() {
        let name = format!("pinnaclemm-archive-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let bytes: Vec<u8> = (0..600_000_u32).flat_map(|i| (i / 7).to_le_bytes()).collect();
        fs::write(segment_path(&folder, 5), &bytes).unwrap();
        assert_eq!(held_in(&folder, 5), segment_path(&folder, 5));
        pack(&folder, 5);
        assert_eq!(held_in(&folder, 5), packed_path(&folder, 5));
        let mut read = vec![1; 3];
        read_segment(&folder, 5, &mut read).unwrap();
        assert!(read == bytes);
        // Where both stand, the segment counts.
        fs::write(segment_path(&folder, 5), b"plain").unwrap();
        read_segment(&folder, 5, &mut read).unwrap();
        assert_eq!(read, b"plain");
        fs::remove_file(segment_path(&folder, 5)).unwrap();

        let held = fs::read(packed_path(&folder, 5)).unwrap();
        let bits = 8 * held.len();
        for bit in (0..8 * HEAD_BYTES).chain((8 * HEAD_BYTES..bits).step_by((bits / 2000) | 1)) {
            let mut flipped = held.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(unpack_from(&flipped, &mut read).is_err(), "bit {bit}");
        }
        for length in (0..held.len()).step_by((held.len() / 500) | 1) {
            assert!(unpack_from(&held[..length], &mut read).is_err(), "{length}");
        }
        assert!(read_segment(&folder, 6, &mut read).is_err());
        fs::remove_dir_all(&folder).unwrap();
    }
}
