//! All segments of a directory in order, each held to what the one before says.

use super::archive::{held_in, read_segment};
use super::directory::identity_of;
use super::fault::{Damage, ReadError};
use super::files::{segment_numbers, segment_path};
use super::identity::Identity;
use super::reader::{End, SegmentReader};
use super::record::{Content, Record};
use super::segment::{Ending, has_not_begun};
use super::start::Start;
use super::synced::read_marks;
use std::path::{Path, PathBuf};

/// Where a record stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// The start of the process.
    pub epoch: u32,
    /// The number of the segment.
    pub segment: u64,
    /// The offset of the record in it.
    pub offset: usize,
}

/// What has been read, when all has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Summary {
    /// How many segments have begun.
    pub segments: u64,
    /// How many records there are, seals among them.
    pub records: u64,
    /// The bytes of headers and records.
    pub bytes: u64,
    /// The last epoch.
    pub epoch: u32,
    /// The last segment that has begun.
    pub last_segment: u64,
    /// How that one ends.
    pub end: End,
    /// Where it ends.
    pub used: usize,
    /// Whether the last record but the seal says that the process ended as it should.
    pub clean: bool,
}

/// A journal to be read; it may be written to meanwhile.
#[derive(Debug)]
pub struct Journal {
    folder: PathBuf,
    identity: Identity,
    numbers: Vec<u64>,
    /// The oldest segment that is kept: those before were pruned.
    first: u64,
}

impl Journal {
    /// The journal of a data directory.
    ///
    /// # Errors
    /// There is none, it is of another format, or the folder cannot be read.
    pub fn open(directory: &Path) -> Result<Self, ReadError> {
        let identity = identity_of(directory)?;
        let folder = directory.join("journal");
        let marks = read_marks(directory).map_err(ReadError::Marks)?.unwrap_or_default();
        let first = marks.first_segment.max(1);
        let mut numbers = segment_numbers(&folder).map_err(|e| ReadError::io(&folder, e))?;
        // Killed between the note and the end of its pruning.
        numbers.retain(|number| *number >= first);
        Ok(Self { folder, identity, numbers, first })
    }

    /// Whose it is.
    #[must_use]
    pub const fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Gives every record with its place, in order, and says how the journal ends; nothing if no
    /// segment has begun.
    ///
    /// # Errors
    /// The first damage, or what the visitor says.
    pub fn visit<E: From<ReadError>>(
        &self,
        mut visitor: impl FnMut(Place, &Record<'_>) -> Result<(), E>,
    ) -> Result<Option<Summary>, E> {
        let mut bytes = Vec::new();
        let next = (self.first, 1);
        let mut chain = Chain { identity: self.identity, summary: None, next };
        for number in self.numbers.iter().copied() {
            if number != chain.next.0 {
                return Err(ReadError::Missing { path: self.path(chain.next.0) }.into());
            }
            read_segment(&self.folder, number, &mut bytes)?;
            let path = held_in(&self.folder, number);
            let last = Some(&number) == self.numbers.last();
            if last && has_not_begun(&bytes) {
                break;
            }
            let damaged =
                |(offset, damage)| ReadError::Damaged { path: path.clone(), offset, damage };
            let mut reader = chain.enter(&bytes, number).map_err(|d| damaged((0, d)))?;
            let epoch = reader.header().epoch;
            loop {
                let offset = reader.at();
                let Some(record) = reader.next().map_err(damaged)? else { break };
                chain.count(&record);
                visitor(Place { epoch, segment: number, offset }, &record)?;
            }
            chain.leave(&reader);
        }
        Ok(chain.summary)
    }

    /// That no segment has begun.
    #[must_use]
    pub fn nothing(&self) -> ReadError {
        ReadError::Nothing { path: self.folder.clone() }
    }

    /// The path of a segment.
    #[must_use]
    pub fn path(&self, number: u64) -> PathBuf {
        segment_path(&self.folder, number)
    }

    /// The start that a record of this journal tells of.
    ///
    /// # Errors
    /// Its text cannot be understood.
    pub fn start(&self, place: Place, text: &str) -> Result<Start, ReadError> {
        let path = self.path(place.segment);
        serde_json::from_str(text).map_err(|error| ReadError::Start { path, error })
    }
}

/// What one segment must say so that it follows the one before.
struct Chain {
    identity: Identity,
    summary: Option<Summary>,
    /// The number of the next segment and the sequence of its first record.
    next: (u64, u64),
}

impl Chain {
    fn enter<'a>(&mut self, bytes: &'a [u8], number: u64) -> Result<SegmentReader<'a>, Damage> {
        let reader = SegmentReader::new(bytes)?;
        let header = reader.header();
        if header.number != number {
            return Err(Damage::Number { found: header.number });
        }
        if header.owner.identity != self.identity {
            let (found, expected) = (header.owner.identity.to_string(), self.identity.to_string());
            return Err(Damage::Foreign { found, expected });
        }
        let previous = match self.summary.map(|summary| summary.end) {
            // What stood before was pruned: the first that is kept is the begin.
            None if number > 1 => header.previous,
            None => Ending::default(),
            Some(End::Sealed(ending)) => ending,
            Some(End::Open | End::Torn { .. }) => return Err(Damage::NotSealed),
        };
        if header.previous != previous {
            return Err(Damage::Chain("another length or digest"));
        }
        let is_first_kept = self.summary.is_none() && number > 1;
        if header.first_sequence != self.next.1 && !is_first_kept {
            return Err(Damage::Chain("another sequence"));
        }
        let clean = self.summary.is_none_or(|summary| summary.clean);
        if self.summary.is_some_and(|summary| header.epoch < summary.epoch) {
            return Err(Damage::Chain("an older epoch"));
        }
        let (segments, records, sum) = self
            .summary
            .map_or((0, 0, 0), |summary| (summary.segments, summary.records, summary.bytes));
        self.summary = Some(Summary {
            segments: segments + 1,
            records,
            bytes: sum + reader.at() as u64,
            epoch: header.epoch,
            last_segment: number,
            end: End::Open,
            used: reader.at(),
            clean,
        });
        Ok(reader)
    }

    fn count(&mut self, record: &Record<'_>) {
        let summary = self.summary.as_mut().expect("a segment was entered");
        summary.records += 1;
        summary.bytes += record.bytes() as u64;
        match record.content {
            Content::Seal { .. } => {}
            Content::End => summary.clean = true,
            Content::Start(_) | Content::Input(_) | Content::Output { .. } => summary.clean = false,
        }
    }

    /// Whether another segment may follow is told when that one is entered: the last that has
    /// begun may be open.
    fn leave(&mut self, reader: &SegmentReader<'_>) {
        let summary = self.summary.as_mut().expect("a segment was entered");
        summary.end = reader.end().expect("it was read to its end");
        summary.used = reader.at();
        self.next = (summary.last_segment + 1, reader.sequence());
    }
}
