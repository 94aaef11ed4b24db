//! How a segment begins: the one place that knows.
//!
//! Little-endian:
//!
//! ```text
//!   0  8 bytes  magic `PMMSEGMT`, written last: without it nothing has begun
//!   8  u32      format version
//!  12  u32      length of the text
//!  16  u64      number of the segment, from 1
//!  24  u64      sequence of its first record
//!  32  u64      bytes that the file was made with
//!  40  u64      used bytes of the segment before, its seal included; 0 for the first
//!  48  u64      digest of the segment before, its seal included; 0 for the first
//!  56  u32      epoch
//!  60  text     JSON: the directory's identity, the program's version and commit; then zeros
//! 508  u32      CRC-32C over all before
//! ```
//!
//! Records begin at offset 512 and are told in `record`. A file whose magic is zero and that holds
//! nothing from offset 512 on was made ahead and has not begun.

use super::Identity;
use super::fault::Damage;
use crc32c::crc32c;
use serde::{Deserialize, Serialize};

/// The format of header and records; another one is refused.
pub const FORMAT_VERSION: u32 = 1;
/// Bytes of the header: where the first record stands.
pub const HEADER_BYTES: usize = 512;
const MAGIC: &[u8; 8] = b"PMMSEGMT";
const TEXT: usize = 60;
const CHECKSUM: usize = HEADER_BYTES - 4;

/// What the header of a segment says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Header {
    /// Its number, from 1.
    pub number: u64,
    /// The sequence of its first record.
    pub first_sequence: u64,
    /// How long its file was made.
    pub allocated: u64,
    /// Where the segment before ended; zeros for the first.
    pub previous: Ending,
    /// Which start of the process wrote it.
    pub epoch: u32,
    /// Whose it is.
    pub owner: Owner,
}

/// How a segment ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Ending {
    /// Its used bytes, seal included.
    pub used: u64,
    /// The digest of all of them.
    pub digest: u64,
}

/// Who wrote a segment.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Owner {
    /// Whose data directory it stands in.
    pub identity: Identity,
    /// The version of the program.
    pub program: String,
    /// The commit that it was built from; empty where the build was not told.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub commit: String,
}

impl Owner {
    /// This program, with the directory of that identity.
    #[must_use]
    pub fn this(identity: Identity) -> Self {
        let commit = option_env!("PINNACLE_COMMIT").unwrap_or_default().to_string();
        Self { identity, program: env!("CARGO_PKG_VERSION").to_string(), commit }
    }
}

impl Header {
    /// Writes it, and gives its checksum.
    ///
    /// # Panics
    /// The owner's text is too long: names are bounded, so it is our own fault.
    pub fn write(&self, to: &mut [u8]) -> u32 {
        let mut bytes = [0; HEADER_BYTES];
        bytes[..8].copy_from_slice(MAGIC);
        let text = serde_json::to_vec(&self.owner).expect("names are JSON");
        assert!(text.len() <= CHECKSUM - TEXT, "names are bounded");
        let length = u32::try_from(text.len()).expect("shorter than the header");
        bytes[8..12].copy_from_slice(&FORMAT_VERSION.to_le_bytes());
        bytes[12..16].copy_from_slice(&length.to_le_bytes());
        let words = [
            self.number,
            self.first_sequence,
            self.allocated,
            self.previous.used,
            self.previous.digest,
        ];
        for (place, word) in bytes[16..56].as_chunks_mut().0.iter_mut().zip(words) {
            *place = word.to_le_bytes();
        }
        bytes[56..TEXT].copy_from_slice(&self.epoch.to_le_bytes());
        bytes[TEXT..TEXT + text.len()].copy_from_slice(&text);
        let checksum = crc32c(&bytes[..CHECKSUM]);
        bytes[CHECKSUM..].copy_from_slice(&checksum.to_le_bytes());
        to[8..HEADER_BYTES].copy_from_slice(&bytes[8..]);
        to[..8].copy_from_slice(&bytes[..8]);
        checksum
    }

    /// The header at the begin of a segment, and its checksum.
    ///
    /// # Errors
    /// There is none, or none that can be taken.
    pub fn read(bytes: &[u8]) -> Result<(Self, u32), Damage> {
        if bytes.get(..8) != Some(MAGIC) {
            return Err(Damage::NotASegment);
        }
        let header = bytes.get(..HEADER_BYTES).ok_or(Damage::Header("it is cut off"))?;
        let short = |at: usize| {
            u32::from_le_bytes(*header[at..].first_chunk().expect("inside of the header"))
        };
        let long = |at: usize| {
            u64::from_le_bytes(*header[at..].first_chunk().expect("inside of the header"))
        };
        let checksum = crc32c(&header[..CHECKSUM]);
        if short(CHECKSUM) != checksum {
            // Another version may keep its checksum elsewhere.
            let found = short(8);
            return Err(match found {
                FORMAT_VERSION => Damage::Header("the checksum is wrong"),
                _ => Damage::Version { found },
            });
        }
        if short(8) != FORMAT_VERSION {
            return Err(Damage::Version { found: short(8) });
        }
        let text = usize::try_from(short(12))
            .ok()
            .and_then(|length| header[TEXT..CHECKSUM].get(..length))
            .ok_or(Damage::Header("a text that is too long"))?;
        let owner = serde_json::from_slice(text)
            .map_err(|_| Damage::Header("a text that cannot be understood"))?;
        let header = Self {
            number: long(16),
            first_sequence: long(24),
            allocated: long(32),
            previous: Ending { used: long(40), digest: long(48) },
            epoch: short(56),
            owner,
        };
        Ok((header, checksum))
    }
}

/// Whether a segment was made ahead and has not begun: killed in the middle of its header, too.
///
/// A file gets its name only with its whole length, so what is shorter than a header is damaged.
#[must_use]
pub fn has_not_begun(bytes: &[u8]) -> bool {
    let zero = |bytes: &[u8]| bytes.iter().all(|byte| *byte == 0);
    bytes.len() > HEADER_BYTES && zero(&bytes[..8]) && zero(&bytes[HEADER_BYTES..])
}
