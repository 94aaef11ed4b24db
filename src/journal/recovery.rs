//! What an earlier process has left: the newest snapshot that can be taken, and the journal after.
//!
//! Recorded outputs are facts: `playing` follows them, and what this core would decide otherwise is
//! counted and named and never applied. Which state of the files means what stands in `cases`. Here
//! nothing is written: whoever starts does what is said here.

use super::cases::Case;
use super::fault::ReadError;
use super::playing::{Playing, Tally};
use super::poison::{self, Poison};
use super::snapshot::{self, Image, SnapshotFlaw};
use super::{Content, Cut, Journal, Start, Summary};
use crate::engine::risk::Opening;
use crate::event::StateReason;
use crate::types::Nanos;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why it is not known what was left.
#[derive(Debug)]
pub enum RecoveryError {
    /// The journal cannot be read; the case where the table has one.
    Read(ReadError, Option<Case>),
    /// A snapshot knows records that the journal has not.
    SnapshotAhead {
        /// The snapshot.
        path: PathBuf,
        /// The last record that it knows.
        record: u64,
        /// The last record of the journal.
        last: u64,
    },
    /// The parameters of an epoch cannot be understood.
    Params {
        /// Which epoch.
        epoch: u32,
        /// Why not.
        error: serde_json::Error,
    },
    /// A record before any start.
    NoStart {
        /// Which one.
        record: u64,
    },
    /// It was told not to go on.
    Stopped,
    /// What was noted beside the journal cannot be read.
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
}

impl RecoveryError {
    /// The case of the table, where it is one.
    #[must_use]
    pub const fn case(&self) -> Option<Case> {
        match self {
            Self::Read(_, case) => *case,
            Self::SnapshotAhead { .. } => Some(Case::SnapshotAhead),
            _ => None,
        }
    }
}

impl fmt::Display for RecoveryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(error, _) => error.fmt(f)?,
            Self::SnapshotAhead { path, record, last } => write!(
                f,
                "{} knows record {record}, and the journal ends with record {last}",
                path.display()
            )?,
            Self::Params { epoch, error } => {
                write!(f, "the parameters of epoch {epoch} cannot be understood: {error}")?;
            }
            Self::NoStart { record } => write!(f, "record {record} stands before any start")?,
            Self::Stopped => f.write_str("stopped before it was done")?,
            Self::Io { path, error } => write!(f, "{}: {error}", path.display())?,
        }
        match self.case() {
            Some(case) if !case.choices().is_empty() => {
                write!(f, " ({}): nothing was changed; {}", case.name(), case.choices())
            }
            _ => Ok(()),
        }
    }
}

impl std::error::Error for RecoveryError {}

impl From<ReadError> for RecoveryError {
    fn from(error: ReadError) -> Self {
        Self::Read(error, None)
    }
}

/// A snapshot that was not taken.
#[derive(Debug)]
pub struct Passed {
    /// The snapshot.
    pub path: PathBuf,
    /// What is wrong with it.
    pub flaw: SnapshotFlaw,
}

/// What an earlier process has left.
#[derive(Debug)]
pub struct Recovered {
    /// What the last epoch began with.
    pub start: Start,
    /// Positions, orders, trades and the trading state, for the next epoch.
    pub opening: Opening,
    /// The number of the last input.
    pub input: u64,
    /// The time of the last input, or of the start.
    pub time: Nanos,
    /// The record that the snapshot knew, if one was taken.
    pub snapshot: Option<u64>,
    /// The snapshots that were not.
    pub passed: Vec<Passed>,
    /// How the journal ends.
    pub summary: Summary,
    /// What was played and compared.
    pub tally: Tally,
    /// Outputs of last inputs that are not recorded, as the process ended there.
    pub missing: u64,
    /// The input that made the core panic, if that ended the last epoch.
    pub poison: Option<(u64, Poison)>,
}

impl Recovered {
    /// What has to be cut before anything is written.
    #[must_use]
    pub const fn cut(&self) -> Option<Cut> {
        self.summary.cut
    }
}

/// How far it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Far {
    /// The record at hand.
    pub record: u64,
    /// Segments that are read.
    pub part: u64,
    /// Segments that are to be read.
    pub whole: u64,
}

/// Hears how far it is, and says whether to go on.
pub type Progress<'a> = &'a mut dyn FnMut(Far) -> bool;

/// Records between two words on the progress.
const PROGRESS_EVERY: u64 = 1 << 16;

/// Finds what was left in a data directory; nothing if no epoch has begun.
///
/// # Errors
/// It is not known what was left: see [`RecoveryError`].
pub fn recover(
    directory: &Path,
    progress: Progress<'_>,
) -> Result<Option<Recovered>, RecoveryError> {
    let journal = Journal::open(directory)?;
    let noted = poison::read(directory);
    let path = poison::path_in(directory);
    let noted = noted.map_err(|error| RecoveryError::Io { path, error })?;
    let (image, passed) = newest(directory, &journal)?;
    let snapshot = image.as_ref().map(|image| image.facts.record);
    let mut play = Play::new(&journal, &noted.records, image)?;
    let mut begin = None;
    let read = journal.visit_from::<RecoveryError>(snapshot.unwrap_or(0) + 1, |place, record| {
        let begin = *begin.get_or_insert(place.segment);
        if record.sequence.is_multiple_of(PROGRESS_EVERY) {
            let (part, whole) = (place.segment - begin, journal.last_segment() + 1 - begin);
            if !progress(Far { record: record.sequence, part, whole }) {
                return Err(RecoveryError::Stopped);
            }
        }
        play.take(place, record)
    });
    let summary = read.map_err(|error| match error {
        RecoveryError::Read(error, _) => {
            let case = Case::of_error(&error, journal.synced());
            RecoveryError::Read(error, case)
        }
        error => error,
    })?;
    let last = summary.map_or(0, |summary| summary.last_record);
    if let Some(record) = snapshot.filter(|record| *record > last) {
        let path = snapshot::path_in(directory, record);
        return Err(RecoveryError::SnapshotAhead { path, record, last });
    }
    let (Some(summary), Some(playing)) = (summary, play.playing.take()) else { return Ok(None) };
    let (input, time) = playing.last();
    let mut opening = playing.facts().closing().carried();
    if noted.fresh.is_some() {
        opening = opening.halted(StateReason::PoisonInput);
    }
    Ok(Some(Recovered {
        start: playing.start().clone(),
        opening,
        input,
        time: time.max(play.time),
        snapshot,
        passed,
        summary,
        missing: play.missing + playing.missing(),
        tally: play.tally,
        poison: noted.fresh.map(|poison| (input, poison)),
    }))
}

/// The newest snapshot that can be taken, and those that cannot.
fn newest(
    directory: &Path,
    journal: &Journal,
) -> Result<(Option<Image>, Vec<Passed>), RecoveryError> {
    let path = snapshot::folder_in(directory);
    let records = snapshot::records(directory);
    let mut passed = Vec::new();
    for record in records.map_err(|error| RecoveryError::Io { path, error })? {
        let path = snapshot::path_in(directory, record);
        match snapshot::read(directory, record, journal.identity()) {
            Ok(image) => return Ok((Some(image), passed)),
            Err(SnapshotFlaw::Io(error)) => return Err(RecoveryError::Io { path, error }),
            Err(flaw) => passed.push(Passed { path, flaw }),
        }
    }
    Ok((None, passed))
}

/// The journal as it is played.
struct Play<'a> {
    journal: &'a Journal,
    poisons: &'a [u64],
    playing: Option<Playing>,
    tally: Tally,
    missing: u64,
    time: Nanos,
    /// The record that follows what is known.
    next: u64,
}

impl<'a> Play<'a> {
    fn new(
        journal: &'a Journal,
        poisons: &'a [u64],
        image: Option<Image>,
    ) -> Result<Self, RecoveryError> {
        let records = poisons.to_vec();
        let known = image.as_ref().map_or(0, |image| image.facts.record);
        let playing = image.map(|image| {
            let epoch = image.facts.start.epoch;
            Playing::resume(image, records).map_err(|error| RecoveryError::Params { epoch, error })
        });
        let playing = playing.transpose()?;
        let (tally, time, next) = (Tally::default(), Nanos(0), known + 1);
        Ok(Self { journal, poisons, playing, tally, missing: 0, time, next })
    }

    fn take(
        &mut self,
        place: super::Place,
        record: &super::Record<'_>,
    ) -> Result<(), RecoveryError> {
        let sequence = record.sequence;
        // A start tells all that was known then, so it needs nothing before it.
        let follows = sequence == self.next || matches!(record.content, Content::Start(_));
        if !follows {
            let path = self.journal.path(place.segment.saturating_sub(1));
            let missing = ReadError::Missing { path };
            return Err(RecoveryError::Read(missing, Some(Case::MissingSegment)));
        }
        self.next = sequence + 1;
        if let Content::Start(text) = &record.content {
            let start = self.journal.start(place, text)?;
            // What an epoch lacks at its end was cut off by a crash.
            self.missing += self.playing.as_ref().map_or(0, Playing::missing);
            self.time = self.time.max(start.started);
            let epoch = start.epoch;
            let before = self.playing.as_ref().map_or(0, |playing| playing.last().0);
            let playing = Playing::begin(start, self.poisons.to_vec())
                .map_err(|error| RecoveryError::Params { epoch, error })?;
            self.playing = Some(playing.after(before));
            return Ok(());
        }
        let Some(playing) = &mut self.playing else {
            return match record.content {
                Content::Seal { .. } => Ok(()),
                _ => Err(RecoveryError::NoStart { record: sequence }),
            };
        };
        match &record.content {
            Content::Input(input) => playing.input(place, sequence, input, &mut self.tally),
            Content::Output { input, output } => {
                playing.output(place, *input, output, &mut self.tally);
            }
            Content::End => playing.complete(place, &mut self.tally),
            Content::Start(_) | Content::Seal { .. } => {}
        }
        self.time = self.time.max(playing.last().1);
        Ok(())
    }
}
