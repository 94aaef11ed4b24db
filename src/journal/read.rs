//! All segments of a directory in order, each held to what the one before says.

use super::ahead::Ahead;
use super::archive::{held_in, read_head};
use super::cases::Case;
use super::chain::Chain;
use super::directory::identity_of;
use super::fault::{Damage, ReadError};
use super::files::segment_numbers;
use super::identity::Identity;
use super::reader::{End, SegmentReader};
use super::record::Record;
use super::segment::{Header, has_not_begun};
use super::start::Start;
use super::synced::{SyncedTo, read_marks};
use super::whole::{Whole, wholes};
use std::num::NonZero;
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

/// What comes behind a segment.
enum Behind {
    /// The next, if one is listed.
    More,
    /// Nothing: it has not begun, or what is there is not held to be the journal's.
    Nothing,
    /// Nothing: its end is no more.
    Cut,
}

/// A journal to be read; it may be written to meanwhile.
#[derive(Debug)]
pub struct Journal {
    folder: PathBuf,
    identity: Identity,
    numbers: Vec<u64>,
    /// How far it was synced before it was read, where that is known.
    synced: Option<SyncedTo>,
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
        // Where the file is gone nothing is known; where it says nothing, nothing was synced.
        let marks = read_marks(directory).map_err(ReadError::Marks)?;
        let synced = marks.map(|marks| marks.synced);
        let first = marks.unwrap_or_default().first_segment.max(1);
        let mut numbers = segment_numbers(&folder).map_err(|e| ReadError::io(&folder, e))?;
        // Killed between the note and the end of its pruning.
        numbers.retain(|number| *number >= first);
        Ok(Self { folder, identity, numbers, synced, first })
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
        self.read((1, None), &[], visitor)
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
        self.read((record, self.synced), &[], visitor)
    }

    /// As [`visit`](Self::visit), with nobody who visits: every byte against its checksums, and
    /// the records of sealed segments for what their masks tell, not understood one by one.
    /// Segments are looked at by so many threads.
    ///
    /// # Errors
    /// As [`visit`](Self::visit).
    pub fn verify(
        &self,
        threads: NonZero<usize>,
        progress: impl Fn() + Sync,
    ) -> Result<Option<Summary>, ReadError> {
        let wholes = wholes(&self.folder, &self.numbers, threads, progress);
        self.read((1, None), &wholes, |_, _| Ok(()))
    }

    /// How many segments there are.
    #[must_use]
    pub const fn segments(&self) -> usize {
        self.numbers.len()
    }

    /// Where `synced` is not given, all is held for synced. What is in `wholes` is not read again.
    fn read<E: From<ReadError>>(
        &self,
        (record, synced): (u64, Option<SyncedTo>),
        wholes: &[Option<Whole>],
        mut visitor: impl FnMut(Place, &Record<'_>) -> Result<(), E>,
    ) -> Result<Option<Summary>, E> {
        let first = if record > 1 { self.segment_of(record) } else { 0 };
        // Where segments were pruned, or none before the first that is asked for is needed.
        let begin = if first > 0 { self.numbers[first] } else { self.first };
        let mut chain = Chain::new(self.identity, begin);
        let whole_at = |place: usize| wholes.get(place).and_then(Option::as_ref);
        let listed = self.numbers[first..].iter().copied().enumerate();
        let unread = listed.clone().filter(|(place, _)| whole_at(*place).is_none());
        std::thread::scope(|scope| {
            let ahead = Ahead::of(scope, &self.folder, unread.map(|(_, number)| number));
            let mut bytes = Vec::new();
            for (place, number) in listed {
                if number != chain.next.0 {
                    return Err(ReadError::Missing { path: self.path(chain.next.0) }.into());
                }
                if let Some(whole) = whole_at(place) {
                    let passed = chain.pass(whole);
                    passed.map_err(|damage| self.damaged(&chain, (number, 0), damage))?;
                    continue;
                }
                bytes = ahead.next(bytes)?;
                match self.segment(&mut chain, (number, &bytes), (record, synced), &mut visitor)? {
                    Behind::More => {}
                    Behind::Nothing => break,
                    Behind::Cut => return Ok(chain.summary),
                }
            }
            self.must_reach_synced(&chain)?;
            Ok(chain.summary)
        })
    }

    fn segment<E: From<ReadError>>(
        &self,
        chain: &mut Chain,
        (number, bytes): (u64, &[u8]),
        (record, synced): (u64, Option<SyncedTo>),
        visitor: &mut impl FnMut(Place, &Record<'_>) -> Result<(), E>,
    ) -> Result<Behind, E> {
        if Some(&number) == self.numbers.last() && has_not_begun(bytes) {
            return Ok(Behind::Nothing);
        }
        let entered = SegmentReader::new(bytes).and_then(|reader| {
            chain.enter(reader.header(), number)?;
            Ok(reader)
        });
        let mut reader = match entered {
            Ok(reader) => reader,
            Err(damage) if chain.cut_before(number, &damage, synced) => {
                return Ok(Behind::Nothing);
            }
            Err(damage) => return Err(self.damaged(chain, (number, 0), damage).into()),
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
                        return Ok(Behind::Cut);
                    }
                    return Err(self.damaged(chain, place, damage).into());
                }
            };
            let Some(found) = read else { break };
            chain.count(&found);
            if found.sequence >= record {
                visitor(Place { epoch, segment: number, offset }, &found)?;
            }
        }
        chain.leave(&reader);
        Ok(Behind::More)
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
            let head = read_head(&self.folder, number).ok();
            let header = head.and_then(|head| Header::read(&head).ok());
            header.is_some_and(|(header, _)| header.first_sequence <= record)
        };
        self.numbers.iter().rposition(|number| begins(*number)).unwrap_or(0)
    }

    fn damaged(&self, chain: &Chain, place: (u64, usize), damage: Damage) -> ReadError {
        let ((segment, offset), sequence) = (place, chain.next.1);
        ReadError::Damaged { path: self.path(segment), segment, offset, sequence, damage }
    }

    /// The number of the last segment; 0 where there is none.
    #[must_use]
    pub fn last_segment(&self) -> u64 {
        self.numbers.last().copied().unwrap_or(0)
    }

    /// That no segment has begun.
    #[must_use]
    pub fn nothing(&self) -> ReadError {
        ReadError::Nothing { path: self.folder.clone() }
    }

    /// The path of a segment, packed or not.
    #[must_use]
    pub fn path(&self, number: u64) -> PathBuf {
        held_in(&self.folder, number)
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
