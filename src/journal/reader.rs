//! One segment, from its bytes to its records, and how it ends.
//!
//! What may stand at the end of a segment that was written to when its process was killed is an
//! end and no damage; what the writer cannot have left so is damage, by name. A damaged record
//! with a sound one behind it is never an end.

use super::digest::Digest;
use super::fault::{Damage, Flaw};
use super::record::{Content, HEAD_BYTES, RawRecord, Record, Seed};
use super::segment::{Ending, HEADER_BYTES, Header};

/// How a segment ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// Sealed: its used bytes, and the digest of all of them.
    Sealed(Ending),
    /// Behind its last record are zeros.
    Open,
    /// Behind its last record stands what never became one.
    Torn {
        /// What is wrong with it.
        flaw: Flaw,
        /// Its bytes, up to the last that is not zero.
        bytes: usize,
    },
}

/// Reads the records of a segment in order.
#[derive(Clone, Debug)]
pub struct SegmentReader<'a> {
    bytes: &'a [u8],
    header: Header,
    seed: Seed,
    digest: Digest,
    at: usize,
    sequence: u64,
    end: Option<End>,
}

/// Damage, and where it is.
pub type Found = (usize, Damage);

impl<'a> SegmentReader<'a> {
    /// A reader at the first record.
    ///
    /// # Errors
    /// The header cannot be taken.
    pub fn new(bytes: &'a [u8]) -> Result<Self, Damage> {
        let (header, checksum) = Header::read(bytes)?;
        Ok(Self {
            bytes,
            seed: Seed::new(header.epoch, header.number),
            digest: Digest::of_header(checksum),
            at: HEADER_BYTES,
            sequence: header.first_sequence,
            header,
            end: None,
        })
    }

    /// What the header says.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// Where the next record stands, or would.
    #[must_use]
    pub const fn at(&self) -> usize {
        self.at
    }

    /// The sequence of the next record.
    #[must_use]
    pub const fn sequence(&self) -> u64 {
        self.sequence
    }

    /// The digest of all that was read.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// The checksums' begin in this segment.
    #[must_use]
    pub const fn seed(&self) -> Seed {
        self.seed
    }

    /// How the segment ends, once [`next`](Self::next) has given nothing.
    #[must_use]
    pub const fn end(&self) -> Option<End> {
        self.end
    }

    /// The next record, its seal among them; nothing at the end.
    ///
    /// # Errors
    /// Damage.
    #[expect(clippy::should_implement_trait, reason = "it can fail")]
    pub fn next(&mut self) -> Result<Option<Record<'a>>, Found> {
        if self.end.is_some() {
            return Ok(None);
        }
        let rest = &self.bytes[self.at..];
        let checked = match RawRecord::at(rest) {
            Ok(Some(raw)) => raw.check(self.seed, self.sequence),
            Ok(None) if is_zero(rest) => {
                self.end = Some(End::Open);
                return self.must_not_be_shortened();
            }
            Ok(None) => Err(Flaw::Unfinished),
            Err(flaw) => Err(flaw),
        };
        match checked {
            Ok(record) => self.take(record).map(Some),
            Err(flaw) => self.judge(flaw),
        }
    }

    fn take(&mut self, record: Record<'a>) -> Result<Record<'a>, Found> {
        let before = self.digest;
        self.digest.fold(record.first_word());
        self.sequence += 1;
        let at = self.at;
        self.at += record.bytes();
        if let Content::Seal { digest, .. } = record.content {
            if digest != before.value() {
                return Err((at, Damage::SealDigest));
            }
            let rest = &self.bytes[self.at..];
            if !is_zero(rest) {
                return Err((self.at, Damage::BehindSeal));
            }
            let used = self.at as u64;
            self.end = Some(End::Sealed(Ending { used, digest: self.digest.value() }));
            if !rest.is_empty() {
                self.must_not_be_shortened()?;
            }
        }
        Ok(record)
    }

    /// What follows from a flaw at the next record's place.
    fn judge(&mut self, flaw: Flaw) -> Result<Option<Record<'a>>, Found> {
        let torn = matches!(flaw, Flaw::Length(_) | Flaw::Unfinished | Flaw::Checksum);
        if !torn {
            return Err((self.at, Damage::Record(flaw)));
        }
        if let Some(sound_at) = self.sound_behind() {
            return Err((self.at, Damage::Hole { flaw, sound_at }));
        }
        self.must_not_be_shortened()?;
        let rest = &self.bytes[self.at..];
        let bytes = rest.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        self.end = Some(End::Torn { flaw, bytes });
        Ok(None)
    }

    /// Where the first sound record stands behind the place of a damaged one.
    fn sound_behind(&self) -> Option<usize> {
        let rest = &self.bytes[self.at..];
        let most = self.sequence + (rest.len() / HEAD_BYTES) as u64;
        (8..rest.len()).step_by(8).find_map(|skip| {
            let raw = RawRecord::at(&rest[skip..]).ok()??;
            let may_be = (self.sequence..=most).contains(&raw.sequence());
            (may_be && raw.is_sound(self.seed)).then_some(self.at + skip)
        })
    }

    /// A segment that is not closed has the length that it was made with.
    fn must_not_be_shortened(&self) -> Result<Option<Record<'a>>, Found> {
        let allocated = self.header.allocated;
        if self.bytes.len() as u64 == allocated {
            return Ok(None);
        }
        Err((self.at, Damage::Shortened { allocated }))
    }
}

/// Whether nothing stands there, by words where it can.
fn is_zero(bytes: &[u8]) -> bool {
    let (words, rest) = bytes.as_chunks::<64>();
    words.iter().all(|word| *word == [0; 64]) && rest.iter().all(|byte| *byte == 0)
}
