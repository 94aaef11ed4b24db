//! Snapshots: the whole core at a record, so that a start need not read the journal from its
//! beginning.
//!
//! `DATA_DIR/snapshots/N.snap`, N the last record that it knows, with twenty digits. Little-endian:
//!
//! ```text
//!  0  8 bytes  magic `PMMSNAPS`
//!  8  u32      format version
//! 12  u32      core version
//! 16  u32      epoch
//! 20  u32      shape of the core's bytes: of another program they may mean something else
//! 24  u64      record
//! 32  u64      length of the body
//! 40  u32      length of the facts in it, unpacked
//! 44  u32      CRC-32C of the body
//! 48  u32      CRC-32C of all before
//! 52  body     zstd of: facts (JSON), then the core (postcard), or nothing
//! ```
//!
//! The facts (positions, orders, trades, the trading state) can be read by every program that knows
//! the journal; the core, books and timers included, only by one whose core looks the same. Written
//! aside, synced and renamed: a name stands for a whole snapshot. When one is written is not known
//! here.

use super::files::IN_THE_MAKING;
use super::{Identity, Start};
use crate::engine::risk::Opening;
use crate::engine::{CORE_VERSION, Core, CoreParams};
use crate::sys::crc::crc32c_append;
use crate::types::Nanos;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// The format of a snapshot.
pub const SNAPSHOT_VERSION: u32 = 1;
const MAGIC: &[u8; 8] = b"PMMSNAPS";
const HEAD_BYTES: usize = 52;
/// Fast, and the long runs of a core are short all the same.
const ZSTD_LEVEL: i32 = 1;
/// More than the largest core: what a body unpacks to is not believed blindly.
const UNPACKED_MAX: usize = 4 << 30;

/// What every program can read of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Facts {
    /// What the epoch began with.
    pub start: Start,
    /// Positions, orders, trades, the trading state.
    pub opening: Opening,
    /// The last record that is known.
    pub record: u64,
    /// The number of the last input.
    pub input: u64,
    /// The time of the last input.
    pub time: Nanos,
}

/// A snapshot in memory.
#[derive(Debug)]
pub struct Image {
    /// What every program can read.
    pub facts: Facts,
    /// The core, if it is of this program's shape.
    pub core: Option<Core>,
}

/// Why a snapshot is not taken.
#[derive(Debug)]
pub enum SnapshotFlaw {
    /// The system cannot read it.
    Io(io::Error),
    /// It is damaged.
    Damaged(&'static str),
    /// It is of a format that this program does not know.
    Version(u32),
    /// It belongs to another data directory.
    Foreign(Box<Identity>),
}

impl fmt::Display for SnapshotFlaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::Damaged(what) => write!(f, "it is damaged: {what}"),
            Self::Version(found) => {
                write!(f, "its format version is {found}, this program reads {SNAPSHOT_VERSION}")
            }
            Self::Foreign(owner) => write!(f, "it belongs to {owner}"),
        }
    }
}

impl std::error::Error for SnapshotFlaw {}

/// The folder of a data directory's snapshots.
#[must_use]
pub fn folder_in(directory: &Path) -> PathBuf {
    directory.join("snapshots")
}

/// The path of the snapshot behind that record.
#[must_use]
pub fn path_in(directory: &Path, record: u64) -> PathBuf {
    folder_in(directory).join(format!("{record:020}.snap"))
}

/// The records of all snapshots, newest first.
///
/// # Errors
/// The folder cannot be read.
pub fn records(directory: &Path) -> io::Result<Vec<u64>> {
    let entries = match fs::read_dir(folder_in(directory)) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut records: Vec<u64> = Vec::new();
    for entry in entries {
        let name = entry?.file_name();
        let digits = name.to_str().and_then(|name| name.strip_suffix(".snap"));
        let record = digits.filter(|digits| digits.len() == 20).and_then(|d| d.parse::<u64>().ok());
        records.extend(record);
    }
    records.sort_unstable_by(|a, b| b.cmp(a));
    Ok(records)
}

/// The core's bytes.
///
/// # Panics
/// Never for a core: memory takes all of it.
#[must_use]
pub fn core_bytes(core: &Core) -> Vec<u8> {
    postcard::to_allocvec(core).expect("a core is numbers and lists of known length")
}

/// The core of those bytes; nothing if they are none.
#[must_use]
pub fn core_of(bytes: &[u8]) -> Option<Core> {
    postcard::from_bytes(bytes).ok()
}

/// What the bytes of a fresh core look like: other bytes mean another shape.
fn shape_of(params: &CoreParams) -> u32 {
    crc32c_append(CORE_VERSION, &core_bytes(&Core::new(params)))
}

/// The whole file.
///
/// # Errors
/// The facts' parameters cannot be understood.
pub fn to_bytes(facts: &Facts, core: Option<&Core>) -> io::Result<Vec<u8>> {
    let params: CoreParams = serde_json::from_str(facts.start.config.get())?;
    let mut body = serde_json::to_vec(facts)?;
    let length = body.len();
    let shape = core.map_or(0, |core| {
        body.extend_from_slice(&core_bytes(core));
        shape_of(&params)
    });
    let body = zstd::bulk::compress(&body, ZSTD_LEVEL)?;
    let length = u32::try_from(length).map_err(io::Error::other)?;
    let mut bytes = Vec::with_capacity(HEAD_BYTES + body.len());
    bytes.extend_from_slice(MAGIC);
    for word in [SNAPSHOT_VERSION, facts.start.core_version, facts.start.epoch, shape] {
        bytes.extend_from_slice(&word.to_le_bytes());
    }
    bytes.extend_from_slice(&facts.record.to_le_bytes());
    bytes.extend_from_slice(&(body.len() as u64).to_le_bytes());
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(&crc32c_append(0, &body).to_le_bytes());
    let checksum = crc32c_append(0, &bytes);
    bytes.extend_from_slice(&checksum.to_le_bytes());
    bytes.extend_from_slice(&body);
    Ok(bytes)
}

/// What stands in a file.
///
/// # Errors
/// It is no whole snapshot of a known format.
pub fn of_bytes(bytes: &[u8]) -> Result<Image, SnapshotFlaw> {
    let damaged = SnapshotFlaw::Damaged;
    let head = bytes.get(..HEAD_BYTES).ok_or(damaged("it is cut off"))?;
    if head[..8] != *MAGIC {
        return Err(damaged("it does not begin as a snapshot"));
    }
    let short = |at: usize| u32::from_le_bytes(*head[at..].first_chunk().expect("inside"));
    let long = |at: usize| u64::from_le_bytes(*head[at..].first_chunk().expect("inside"));
    if short(8) != SNAPSHOT_VERSION {
        return Err(SnapshotFlaw::Version(short(8)));
    }
    if short(48) != crc32c_append(0, &head[..48]) {
        return Err(damaged("the checksum of its head is wrong"));
    }
    let body = &bytes[HEAD_BYTES..];
    if body.len() as u64 != long(32) || short(44) != crc32c_append(0, body) {
        return Err(damaged("the checksum of its body is wrong"));
    }
    let body = unpack(body).map_err(|_| damaged("its body cannot be unpacked"))?;
    let length = usize::try_from(short(40)).expect("32 bits");
    let (facts, core) = body.split_at_checked(length).ok_or(damaged("its facts are cut off"))?;
    let facts: Facts =
        serde_json::from_slice(facts).map_err(|_| damaged("its facts cannot be understood"))?;
    let params: Result<CoreParams, _> = serde_json::from_str(facts.start.config.get());
    let params = params.map_err(|_| damaged("its parameters cannot be understood"))?;
    let is_own = !core.is_empty() && short(12) == CORE_VERSION && short(20) == shape_of(&params);
    Ok(Image { facts, core: is_own.then(|| core_of(core)).flatten() })
}

fn unpack(body: &[u8]) -> io::Result<Vec<u8>> {
    let size = zstd::zstd_safe::get_frame_content_size(body).ok().flatten();
    let size = size.and_then(|size| usize::try_from(size).ok()).filter(|n| *n <= UNPACKED_MAX);
    zstd::bulk::decompress(body, size.ok_or_else(|| io::Error::other("no length"))?)
}

/// Writes a snapshot aside, syncs it and gives it its name; its path.
///
/// # Errors
/// The system says no: then there is none, and those before stand.
pub fn write(directory: &Path, record: u64, bytes: &[u8]) -> io::Result<PathBuf> {
    let (folder, path) = (folder_in(directory), path_in(directory, record));
    if !folder.is_dir() {
        fs::create_dir_all(&folder)?;
        super::directory::sync_directory(directory)?;
    }
    let aside = path.with_extension(IN_THE_MAKING);
    let written = File::create(&aside).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    if let Err(error) = written {
        // On a full disk its room is needed.
        fs::remove_file(&aside).ok();
        return Err(error);
    }
    fs::rename(&aside, &path)?;
    super::directory::sync_directory(&folder)?;
    Ok(path)
}

/// Reads the snapshot behind that record.
///
/// # Errors
/// It cannot be taken.
pub fn read(directory: &Path, record: u64, owner: &Identity) -> Result<Image, SnapshotFlaw> {
    let bytes = fs::read(path_in(directory, record)).map_err(SnapshotFlaw::Io)?;
    let image = of_bytes(&bytes)?;
    if image.facts.record != record {
        return Err(SnapshotFlaw::Damaged("its name tells another record"));
    }
    if image.facts.start.identity != *owner {
        return Err(SnapshotFlaw::Foreign(Box::new(image.facts.start.identity)));
    }
    Ok(image)
}

/// Removes all but the newest, and what killed writers have left half made; the record of the
/// oldest that is kept.
///
/// # Errors
/// The system says no.
pub fn keep_last(directory: &Path, keep: usize) -> io::Result<Option<u64>> {
    let mut kept = records(directory)?;
    for record in kept.split_off(keep.max(1).min(kept.len())) {
        fs::remove_file(path_in(directory, record))?;
    }
    for entry in fs::read_dir(folder_in(directory)).into_iter().flatten() {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == IN_THE_MAKING) {
            fs::remove_file(path)?;
        }
    }
    Ok(kept.last().copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_are_kept_and_nothing_half_made() {
        let name = format!("snapshots-{}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        fs::create_dir_all(&directory).unwrap();
        for record in [5, 9, 7] {
            write(&directory, record, b"bytes").unwrap();
        }
        let half = path_in(&directory, 6).with_extension(IN_THE_MAKING);
        fs::write(&half, "by").unwrap();
        assert_eq!(keep_last(&directory, 2).unwrap(), Some(7));
        assert_eq!(records(&directory).unwrap(), [9, 7]);
        assert!(!half.exists());
        fs::remove_dir_all(&directory).unwrap();
    }
}
