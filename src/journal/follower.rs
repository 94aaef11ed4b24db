//! The follower: a second core that reads the journal behind its writer, compares what it decides
//! with what is recorded, and writes the snapshots.
//!
//! It lives off the path, on whatever thread keeps the journal, and does a bounded part of its work
//! in a turn; the hot threads never wait for it. It reads no further than is synced, so that no
//! snapshot ever knows what a loss of power could take from the journal.

use super::fault::ReadError;
use super::playing::{Difference, Playing, Tally};
use super::record::Content;
use super::snapshot;
use super::sync::Written;
use super::tail::Tail;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How often, and how many are kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FollowParams {
    /// Between two snapshots.
    pub every: Duration,
    /// Snapshots that are kept.
    pub keep: usize,
}

/// What others may know of a follower. Clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Followed(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    record: AtomicU64,
    differences: AtomicU64,
    snapshot: AtomicU64,
    oldest: AtomicU64,
}

impl Followed {
    /// The last record that it has read.
    #[must_use]
    pub fn record(&self) -> u64 {
        self.0.record.load(Ordering::Relaxed)
    }

    /// Inputs that were decided otherwise than is recorded.
    #[must_use]
    pub fn differences(&self) -> u64 {
        self.0.differences.load(Ordering::Relaxed)
    }

    /// The record of the newest snapshot of this run; 0 for none.
    #[must_use]
    pub fn snapshot(&self) -> u64 {
        self.0.snapshot.load(Ordering::Relaxed)
    }

    /// The record of the oldest snapshot that is kept; 0 as long as this run has written none.
    #[must_use]
    pub fn oldest(&self) -> u64 {
        self.0.oldest.load(Ordering::Relaxed)
    }
}

/// Why it follows no more.
#[derive(Debug)]
pub enum FollowError {
    /// The journal cannot be read.
    Read(ReadError),
    /// The parameters of the epoch cannot be understood.
    Params(serde_json::Error),
    /// A snapshot cannot be written.
    Snapshot(io::Error),
}

impl fmt::Display for FollowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(error) => error.fmt(f),
            Self::Params(error) => write!(f, "the parameters cannot be understood: {error}"),
            Self::Snapshot(error) => write!(f, "a snapshot cannot be written: {error}"),
        }
    }
}

impl std::error::Error for FollowError {}

impl From<ReadError> for FollowError {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

/// The second core and where it is.
#[derive(Debug)]
pub struct Follower {
    directory: PathBuf,
    tail: Tail,
    playing: Option<Playing>,
    tally: Tally,
    /// The last input before this epoch.
    before: u64,
    params: FollowParams,
    due: Instant,
    /// The last record, and whether nothing more can follow from the input at hand.
    last: (u64, bool),
    followed: Followed,
    /// The difference was taken note of.
    is_told: bool,
}

impl Follower {
    /// From the start record on that the writer has just written; `before` is the last input
    /// before it.
    #[must_use]
    pub fn new(directory: &Path, written: &Written, before: u64, params: FollowParams) -> Self {
        let tail = Tail::new(directory.join("journal"), written.tail().segment);
        Self {
            directory: directory.to_path_buf(),
            tail,
            playing: None,
            tally: Tally::default(),
            before,
            params,
            due: Instant::now() + params.every,
            last: (0, false),
            followed: Followed::default(),
            is_told: false,
        }
    }

    /// For others to read.
    #[must_use]
    pub fn followed(&self) -> Followed {
        self.followed.clone()
    }

    /// The oldest segment that it has still to read: those before may go.
    #[must_use]
    pub const fn segment(&self) -> u64 {
        self.tail.segment()
    }

    /// Whether a snapshot is due.
    #[must_use]
    pub fn is_due(&self) -> bool {
        Instant::now() >= self.due
    }

    /// Reads at most so many records up to that one, and writes a snapshot if one is due; how many
    /// there were.
    ///
    /// # Errors
    /// It follows no more.
    pub fn work(&mut self, upto: u64, most: usize) -> Result<usize, FollowError> {
        let is_due = self.is_due();
        let Self { directory, tail, playing, tally, before, last, params, .. } = self;
        let mut taken = None;
        let count = tail.read::<FollowError>((upto, most), |place, record| {
            match (&record.content, &mut *playing) {
                (Content::Start(text), playing) => {
                    let start = serde_json::from_str(text).map_err(FollowError::Params)?;
                    let begun = Playing::begin(start, Vec::new());
                    *playing = Some(begun.map_err(FollowError::Params)?.after(*before));
                }
                (Content::Input(input), Some(playing)) => {
                    if is_due && taken.is_none() && last.0 > 0 {
                        // Whatever comes of it, this input is played.
                        taken = Some(take(directory, (playing, tally), last.0, params.keep));
                    }
                    playing.input(place, record.sequence, input, tally);
                }
                (Content::Output { input, output }, Some(playing)) => {
                    playing.output(place, *input, output, tally);
                }
                _ => {}
            }
            let is_whole = !matches!(record.content, Content::Input(_) | Content::Output { .. });
            *last = (record.sequence, is_whole);
            Ok(())
        })?;
        self.followed.0.record.store(self.last.0, Ordering::Relaxed);
        self.followed.0.differences.store(self.tally.differences, Ordering::Relaxed);
        taken.map_or(Ok(count), |taken| self.noted(taken).map(|()| count))
    }

    /// Writes a snapshot of the journal's end, where it is read to its end and the process ends as
    /// it should.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn finish(&mut self) -> Result<bool, FollowError> {
        let (record, is_whole) = self.last;
        let Some(playing) = self.playing.as_ref().filter(|_| is_whole) else { return Ok(false) };
        let taken = take(&self.directory, (playing, &self.tally), record, self.params.keep);
        self.noted(taken).map(|()| true)
    }

    fn noted(&mut self, taken: io::Result<Taken>) -> Result<(), FollowError> {
        self.due = Instant::now() + self.params.every;
        let Taken { record, oldest } = taken.map_err(FollowError::Snapshot)?;
        self.followed.0.snapshot.store(record, Ordering::Relaxed);
        self.followed.0.oldest.store(oldest, Ordering::Relaxed);
        Ok(())
    }

    /// The first difference, once.
    pub fn take_difference(&mut self) -> Option<Difference> {
        if self.is_told || self.tally.first.is_none() {
            return None;
        }
        self.is_told = true;
        self.tally.first.clone()
    }
}

/// A snapshot that was written.
struct Taken {
    record: u64,
    /// The record of the oldest that is kept.
    oldest: u64,
}

/// Writes a snapshot behind that record.
fn take(
    directory: &Path,
    (playing, tally): (&Playing, &Tally),
    record: u64,
    keep: usize,
) -> io::Result<Taken> {
    // A core that decides otherwise than is recorded is no basis; the facts are.
    let core = playing.core().filter(|_| tally.differences == 0);
    let bytes = snapshot::to_bytes(&playing.facts_at(record), core)?;
    snapshot::write(directory, record, &bytes)?;
    let oldest = snapshot::keep_last(directory, keep)?.unwrap_or(record);
    Ok(Taken { record, oldest })
}
