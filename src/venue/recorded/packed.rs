//! The packed form: decoded events as they lie in rings and journal, replayed without parsing.
//!
//! ```text
//! pinnaclemm-packed 1 venue=kraken instruments=2
//! XBT/USD XBT USD 0.1 0.00000001          symbol, base, quote, tick, lot: in the order of ids
//! AUD/USD AUD USD 0.00001 0.00000001
//! block   64 bytes of head, then lines of 64 bytes (`event::Line`): events, each with its levels
//! …
//! end     64 bytes like a block's head, with the sums over the file
//!
//! head    word 0  "pmmBLOCK" or "pmmCLOSE"     word 1  lines      word 2  events
//!         word 3  levels    word 4  number     word 5, 6  zero    word 7  CRC-32
//! ```
//!
//! Words are little-endian. The CRC runs over all bytes from the first on, but for the words that
//! hold it; so a block that is damaged, missing or in the wrong place is noticed before any of its
//! events is given out. An event and its levels never lie in two blocks. The file ends with the
//! end: without it, it was cut.
//!
//! Compressed if the name ends in `.zst`. What the events mean is not known here.

use crate::event::{Line, NotAnEvent};
use crate::types::InstrumentId;
use std::io;
use std::path::PathBuf;

mod read;
mod write;

#[cfg(test)]
mod tests;

pub use read::PackedReader;
pub use write::PackedWriter;

const MAGIC: &str = "pinnaclemm-packed ";
const VERSION: &str = "1";

/// Bytes of a line, and of a head.
const LINE: usize = size_of::<Line>();
/// Bytes of a head before its CRC.
const SUMMED: usize = LINE - size_of::<u64>();
/// The most lines of a block: 256 KiB are read at once.
const BLOCK_LINES_MAX: usize = 4096;

const BLOCK: u64 = u64::from_le_bytes(*b"pmmBLOCK");
const CLOSE: u64 = u64::from_le_bytes(*b"pmmCLOSE");

/// What a block or a file holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Totals {
    /// Lines of 64 bytes, heads of blocks not counted.
    pub lines: u64,
    /// Events.
    pub events: u64,
    /// Levels behind them.
    pub levels: u64,
}

impl Totals {
    const fn add(&mut self, other: Self) {
        self.lines += other.lines;
        self.events += other.events;
        self.levels += other.levels;
    }
}

/// The head of a block, and the end of the file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct BlockHead {
    magic: u64,
    totals: Totals,
    number: u64,
}

impl BlockHead {
    /// All but the CRC.
    fn to_bytes(self) -> [u8; SUMMED] {
        let Totals { lines, events, levels } = self.totals;
        let mut bytes = [0; SUMMED];
        let words = [self.magic, lines, events, levels, self.number];
        for (place, word) in bytes.chunks_exact_mut(8).zip(words) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }

    /// The head and the CRC that stand there, if it can be a head.
    fn from_bytes(bytes: &[u8; LINE]) -> Option<(Self, u32)> {
        let Line([magic, lines, events, levels, number, 0, 0, crc]) = line(bytes) else {
            return None;
        };
        let head = Self { magic, totals: Totals { lines, events, levels }, number };
        Some((head, u32::try_from(crc).ok()?))
    }
}

/// The line that these bytes are.
#[inline]
fn line(bytes: &[u8; LINE]) -> Line {
    let (words, _) = bytes.as_chunks();
    Line(std::array::from_fn(|place| u64::from_le_bytes(words[place])))
}

/// Why a packed file cannot be written or read.
#[derive(Debug)]
pub struct PackedError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub fault: PackedFault,
}

/// What is wrong with a packed file.
#[derive(Debug)]
pub enum PackedFault {
    /// It cannot be made; one of that name is never written over.
    Create(io::Error),
    /// Writing failed; every later call says the same, and the file is not to be used.
    Write(String),
    /// It cannot be opened, read or unpacked.
    Read(io::Error),
    /// It does not begin like a packed file.
    NotPacked,
    /// It was written by another version.
    Version(String),
    /// The text before the first block is not understood.
    Header(String),
    /// It stops before its end.
    Truncated {
        /// Blocks that are whole.
        blocks: u64,
    },
    /// The bytes of a block, or of what stands before it, are not those that were written.
    Damaged {
        /// The number of the block.
        block: u64,
    },
    /// Something stands behind its end.
    Trailing,
    /// The sums at the end are not those of the blocks.
    Totals {
        /// What stands there.
        written: Totals,
        /// What was read.
        read: Totals,
    },
    /// A line that is the head of no event, though its block is as it was written.
    NotAnEvent(NotAnEvent),
    /// An event that does not end within its block.
    Overlong,
    /// An event of an instrument that the file does not name.
    Instrument(InstrumentId),
}

impl std::fmt::Display for PackedFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Create(cause) if cause.kind() == io::ErrorKind::AlreadyExists => {
                f.write_str("it exists: move it away or choose another name")
            }
            Self::Create(cause) => write!(f, "it cannot be made: {cause}"),
            Self::Write(cause) => write!(f, "writing failed, convert again: {cause}"),
            Self::Read(cause) => write!(f, "it cannot be read: {cause}"),
            Self::NotPacked => {
                f.write_str("it is no packed file: `pinnaclemm-tape convert` makes one")
            }
            Self::Version(found) => {
                write!(f, "it is of version {found}, this program reads {VERSION}: convert again")
            }
            Self::Header(found) => write!(f, "its header is not understood at {found:?}"),
            Self::Truncated { blocks } => {
                write!(f, "it stops before its end, behind {blocks} whole blocks: convert again")
            }
            Self::Damaged { block } => {
                write!(f, "it is damaged in block {block} or before: convert again")
            }
            Self::Trailing => f.write_str("something stands behind its end: convert again"),
            Self::Totals { written, read } => {
                write!(f, "it says that it holds {written:?}, but {read:?} were read")
            }
            Self::NotAnEvent(line) => write!(f, "{line}: it was written by another version"),
            Self::Overlong => f.write_str("an event does not end within its block"),
            Self::Instrument(id) => write!(f, "an event is of instrument {}, unnamed here", id.0),
        }
    }
}

impl std::fmt::Display for PackedError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.fault)
    }
}

impl std::error::Error for PackedError {}
