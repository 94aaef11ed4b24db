//! All segments of a directory in order, each held to what the one before says.

use super::cases::{Case, Decision};
use super::directory::identity_of;
use super::fault::{Damage, Flaw, ReadError};
use super::files::{segment_numbers, segment_path};
use super::identity::Identity;
use super::reader::{End, SegmentReader};
use super::record::{Content, Record};
use super::segment::{Ending, HEADER_BYTES, Header, has_not_begun};
use super::start::Start;
use super::synced::{SyncedTo, read_marks};
use std::fs::File;
use std::io::{self, Read as _};
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

/// From where on the journal is no more: what stands there was never synced and is not sound.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cut {
    /// The segment.
    pub segment: u64,
    /// Where in it; 0 for the whole of it.
    pub offset: usize,
    /// What was found there.
    pub case: Case,
}

/// What has been read, when all has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Summary {
    /// How many segments have begun.
    pub segments: u64,
    /// How many records there are, seals among them.
    pub records: u64,
    /// The number of the last record.
    pub last_record: u64,
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
    /// What of it is no more, if more than the torn end of the last segment.
    pub cut: Option<Cut>,
}

impl Summary {
    /// How it ends, as the table of cases names it.
    #[must_use]
    pub fn case(&self) -> Case {
        match (self.cut, self.end) {
            (Some(cut), _) => cut.case,
            (None, End::Sealed(_)) => Case::CleanEnd,
            (None, End::Open) => Case::Killed,
            (None, End::Torn { .. }) => Case::TornTail,
        }
    }
}

/// A journal to be read; it may be written to meanwhile.
#[derive(Debug)]
pub struct Journal {
    folder: PathBuf,
    identity: Identity,
    numbers: Vec<u64>,
    /// How far it was synced before it was read, where that is known.
    synced: Option<SyncedTo>,
}

impl Journal {
    /// The journal of a data directory.
    ///
    /// # Errors
    /// There is none, it is of another format, or the folder cannot be read.
    pub fn open(directory: &Path) -> Result<Self, ReadError> {
        let identity = identity_of(directory)?;
        // Where it cannot be read, all is held for synced: nothing is cut then.
        let marks = read_marks(directory).ok().flatten();
        let synced = marks.map(|marks| marks.synced).filter(|synced| synced.segment > 0);
        let folder = directory.join("journal");
        let numbers = segment_numbers(&folder).map_err(|e| ReadError::io(&folder, e))?;
        Ok(Self { folder, identity, numbers, synced })
    }

    /// Whose it is.
    #[must_use]
    pub const fn identity(&self) -> &Identity {
        &self.identity
    }

    /// How far it was synced, where that is known.
    #[must_use]
    pub const fn synced(&self) -> Option<SyncedTo> {
        self.synced
    }

    /// Gives every record with its place, in order, and says how the journal ends; nothing if no
    /// segment has begun.
    ///
    /// # Errors
    /// The first damage, or what the visitor says.
    pub fn visit<E: From<ReadError>>(
        &self,
        visitor: impl FnMut(Place, &Record<'_>) -> Result<(), E>,
    ) -> Result<Option<Summary>, E> {
        self.read((1, None), visitor)
    }

    /// As a start reads it, from that record on; segments before it are not read. What was never
    /// synced and is not sound is no damage here but the end: see [`Summary::cut`].
    ///
    /// # Errors
    /// As [`visit`](Self::visit).
    pub fn visit_from<E: From<ReadError>>(
        &self,
        record: u64,
        visitor: impl FnMut(Place, &Record<'_>) -> Result<(), E>,
    ) -> Result<Option<Summary>, E> {
        self.read((record, self.synced), visitor)
    }

    /// Where `synced` is not given, all is held for synced.
    fn read<E: From<ReadError>>(
        &self,
        (record, synced): (u64, Option<SyncedTo>),
        mut visitor: impl FnMut(Place, &Record<'_>) -> Result<(), E>,
    ) -> Result<Option<Summary>, E> {
        let mut bytes = Vec::new();
        let first = if record > 1 { self.segment_of(record) } else { 0 };
        let mut chain = Chain::new(self.identity, self.numbers.get(first).copied(), record > 1);
        for number in self.numbers[first..].iter().copied() {
            let path = segment_path(&self.folder, number);
            if number != chain.next.0 {
                return Err(ReadError::Missing { path: self.path(chain.next.0) }.into());
            }
            read_file(&path, &mut bytes)?;
            let last = Some(&number) == self.numbers.last();
            if last && has_not_begun(&bytes) {
                break;
            }
            let mut reader = match chain.enter(&bytes, number) {
                Ok(reader) => reader,
                Err(damage) if chain.cut_before(number, &damage, synced) => break,
                Err(damage) => return Err(self.damaged(&chain, (number, 0), damage).into()),
            };
            let epoch = reader.header().epoch;
            loop {
                let offset = reader.at();
                let read = match reader.next() {
                    Ok(read) => read,
                    Err((offset, damage)) => {
                        chain.at(&reader, bytes.len());
                        let place = (number, offset);
                        if chain.cut_at(place, &damage, synced) {
                            return Ok(chain.summary);
                        }
                        return Err(self.damaged(&chain, place, damage).into());
                    }
                };
                let Some(found) = read else { break };
                chain.count(&found);
                if found.sequence >= record {
                    visitor(Place { epoch, segment: number, offset }, &found)?;
                }
            }
            chain.leave(&reader);
        }
        self.must_reach_synced(&chain)?;
        Ok(chain.summary)
    }

    /// What was synced must be there.
    fn must_reach_synced(&self, chain: &Chain) -> Result<(), ReadError> {
        let Some(synced) = self.synced else { return Ok(()) };
        let summary = chain.summary.as_ref();
        let (segment, used) =
            summary.map_or((0, 0), |summary| (summary.last_segment, summary.used));
        if !synced.covers(segment, used as u64) {
            return Ok(());
        }
        let (number, offset) = (synced.segment, synced.offset);
        if segment < number && !self.numbers.contains(&number) {
            return Err(ReadError::Missing { path: self.path(number) });
        }
        let damage = match summary.map(|summary| summary.end) {
            Some(End::Torn { flaw, .. }) => Damage::Record(flaw),
            _ => Damage::LostSynced { segment: number, offset },
        };
        Err(self.damaged(chain, (segment.max(1), used), damage))
    }

    /// The place of the segment that holds that record, or would.
    fn segment_of(&self, record: u64) -> usize {
        let begins = |number: u64| {
            let mut head = [0; HEADER_BYTES];
            let path = segment_path(&self.folder, number);
            let read = File::open(path).and_then(|mut file| file.read_exact(&mut head));
            let header = read.ok().and_then(|()| Header::read(&head).ok());
            header.is_some_and(|(header, _)| header.first_sequence <= record)
        };
        self.numbers.iter().rposition(|number| begins(*number)).unwrap_or(0)
    }

    fn damaged(&self, chain: &Chain, place: (u64, usize), damage: Damage) -> ReadError {
        let ((segment, offset), sequence) = (place, chain.next.1);
        ReadError::Damaged { path: self.path(segment), segment, offset, sequence, damage }
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

/// The whole of a file, into a buffer that is used again and again.
pub(super) fn read_file(path: &Path, bytes: &mut Vec<u8>) -> Result<(), ReadError> {
    bytes.clear();
    let read = |bytes: &mut Vec<u8>| -> io::Result<usize> { File::open(path)?.read_to_end(bytes) };
    read(bytes).map(|_| ()).map_err(|error| ReadError::io(path, error))
}

/// What one segment must say so that it follows the one before.
struct Chain {
    identity: Identity,
    summary: Option<Summary>,
    /// The number of the next segment and the sequence of its first record.
    next: (u64, u64),
    /// The first segment follows one that is not read.
    is_inside: bool,
}

impl Chain {
    fn new(identity: Identity, first: Option<u64>, is_inside: bool) -> Self {
        let next = if is_inside { (first.unwrap_or(1), 0) } else { (1, 1) };
        Self { identity, summary: None, next, is_inside }
    }

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
        self.must_follow(header)?;
        let clean = self.summary.is_none_or(|summary| summary.clean);
        let (segments, records, sum) = self
            .summary
            .map_or((0, 0, 0), |summary| (summary.segments, summary.records, summary.bytes));
        self.summary = Some(Summary {
            segments: segments + 1,
            records,
            last_record: header.first_sequence.saturating_sub(1),
            bytes: sum + reader.at() as u64,
            epoch: header.epoch,
            last_segment: number,
            end: End::Open,
            used: reader.at(),
            clean,
            cut: None,
        });
        self.next = (number, header.first_sequence);
        Ok(reader)
    }

    fn must_follow(&self, header: &Header) -> Result<(), Damage> {
        if self.summary.is_some_and(|summary| header.epoch < summary.epoch) {
            return Err(Damage::Chain("an older epoch"));
        }
        let previous = match self.summary.map(|summary| summary.end) {
            None if self.is_inside => return Ok(()),
            None => Ending::default(),
            Some(End::Sealed(ending)) => ending,
            Some(End::Open | End::Torn { .. }) => return Err(Damage::NotSealed),
        };
        if header.previous != previous {
            return Err(Damage::Chain("another length or digest"));
        }
        if header.first_sequence != self.next.1 {
            return Err(Damage::Chain("another sequence"));
        }
        Ok(())
    }

    fn count(&mut self, record: &Record<'_>) {
        let summary = self.summary.as_mut().expect("a segment was entered");
        summary.records += 1;
        summary.last_record = record.sequence;
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

    /// The reader stands before something bad.
    fn at(&mut self, reader: &SegmentReader<'_>, length: usize) {
        let summary = self.summary.as_mut().expect("a segment was entered");
        summary.used = reader.at();
        summary.end = End::Torn { flaw: Flaw::Checksum, bytes: length - reader.at() };
        self.next = (summary.last_segment, reader.sequence());
    }

    /// Whether the journal may end before something bad in the segment at hand.
    fn cut_at(
        &mut self,
        (segment, offset): (u64, usize),
        damage: &Damage,
        synced: Option<SyncedTo>,
    ) -> bool {
        let case = Case::of_damage(damage, (segment, offset), synced);
        let summary = self.summary.as_mut().expect("a segment was entered");
        if case.decision() == Decision::Cut {
            summary.cut = Some(Cut { segment, offset: summary.used, case });
        }
        summary.cut.is_some()
    }

    /// Whether the journal may end before a segment that cannot be entered. One that follows an
    /// open one is not the first that is bad: the end of the open one is.
    fn cut_before(&mut self, number: u64, damage: &Damage, synced: Option<SyncedTo>) -> bool {
        let Some(summary) = &mut self.summary else { return false };
        let is_open = !matches!(summary.end, End::Sealed(_));
        let place = if is_open { (summary.last_segment, summary.used) } else { (number, 0) };
        let mut case = Case::of_damage(damage, place, synced);
        if case.decision() == Decision::Cut {
            if is_open {
                case = Case::Hole;
            }
            summary.cut = Some(Cut { segment: place.0, offset: place.1, case });
        }
        summary.cut.is_some()
    }
}
