//! The journal played through a fresh core: the same inputs must give the same outputs, byte for
//! byte.
//!
//! Each epoch begins with a core made of what its start record says. A journal that stops inside an
//! input's outputs (the process was killed) may lack the last of them; it may never have others.

use super::{Content, Journal, Place, ReadError, Start};
use crate::engine::buffer::Buffer;
use crate::engine::risk::{OUTPUT_LINES_MAX, Output};
use crate::engine::{CORE_VERSION, Core, CoreParams};
use crate::event::{Line, Part};
use crate::types::Nanos;
use std::fmt;
use std::path::Path;

/// Why a journal does not replay.
#[derive(Debug)]
pub enum ReplayError {
    /// It cannot be read.
    Read(ReadError),
    /// It was written by another version of the core.
    Version {
        /// What wrote it.
        found: u32,
    },
    /// The parameters of an epoch cannot be understood.
    Params {
        /// Which epoch.
        epoch: u32,
        /// Why not.
        error: serde_json::Error,
    },
    /// An input or output before any start.
    NoStart {
        /// Where.
        place: Place,
    },
    /// The core has decided something else.
    Differs {
        /// Where the recorded output stands, or the input that lacks one.
        place: Place,
        /// The input.
        input: u64,
        /// What is recorded.
        recorded: String,
        /// What the core decides.
        decided: String,
    },
}

impl fmt::Display for ReplayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(error) => error.fmt(f),
            Self::Version { found } => {
                write!(f, "the journal is of core version {found}, this is version {CORE_VERSION}")
            }
            Self::Params { epoch, error } => {
                write!(f, "the parameters of epoch {epoch} cannot be understood: {error}")
            }
            Self::NoStart { place } => write!(
                f,
                "segment {} holds a record before any start at {}",
                place.segment, place.offset
            ),
            Self::Differs { place, input, recorded, decided } => write!(
                f,
                "input {input} is decided otherwise (segment {}, offset {}): recorded {recorded}, \
                 decided {decided}",
                place.segment, place.offset
            ),
        }
    }
}

impl std::error::Error for ReplayError {}

impl From<ReadError> for ReplayError {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

/// What was compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Replayed {
    /// Starts of the process.
    pub epochs: u64,
    /// Inputs.
    pub inputs: u64,
    /// Outputs, all equal.
    pub outputs: u64,
    /// Outputs of the last input that are not recorded, as the process ended inside it.
    pub missing: u64,
}

/// One epoch as it is played.
struct Epoch {
    start: Start,
    core: Core,
    out: Buffer<Output>,
    /// How many of the outputs have been met.
    met: usize,
    /// The last input and where it stands.
    input: (u64, Place),
}

impl Epoch {
    fn new(start: Start, place: Place) -> Result<Self, ReplayError> {
        if start.core_version != CORE_VERSION {
            return Err(ReplayError::Version { found: start.core_version });
        }
        let epoch = start.epoch;
        let params: CoreParams = serde_json::from_str(start.config.get())
            .map_err(|error| ReplayError::Params { epoch, error })?;
        let out = Buffer::new(Core::outputs_max(&params));
        Ok(Self { start, core: Core::new(&params), out, met: 0, input: (0, place) })
    }

    fn left(&self) -> &[Output] {
        &self.out.items()[self.met..]
    }

    /// The input at hand must have had all its outputs.
    fn complete(&self) -> Result<(), ReplayError> {
        match self.left().first() {
            None => Ok(()),
            Some(output) => Err(ReplayError::Differs {
                place: self.input.1,
                input: self.input.0,
                recorded: "nothing more".to_string(),
                decided: format!("{output:?}"),
            }),
        }
    }

    fn output(&mut self, place: Place, input: u64, recorded: &Output) -> Result<(), ReplayError> {
        let decided = self.left().first().copied();
        // Compared as they are written: a float that is no number equals itself there.
        let is_same = decided.is_some_and(|decided| lines_of(&decided) == lines_of(recorded));
        if !is_same || input != self.input.0 {
            return Err(ReplayError::Differs {
                place,
                input,
                recorded: format!("{recorded:?}"),
                decided: decided.map_or("nothing".to_string(), |output| format!("{output:?}")),
            });
        }
        self.met += 1;
        Ok(())
    }
}

fn lines_of(output: &Output) -> ([Line; OUTPUT_LINES_MAX], usize) {
    let mut lines = [Line::default(); OUTPUT_LINES_MAX];
    let count = output.pack_into(&mut lines);
    (lines, count)
}

/// The end of what was played: the last epoch's start, and its core as it was left.
#[derive(Debug)]
pub struct Left {
    /// What the epoch began with.
    pub start: Start,
    /// The core behind the last input.
    pub core: Core,
    /// The number of the last input.
    pub sequence: u64,
    /// The time of the last input, or of the start.
    pub time: Nanos,
}

/// Plays a data directory's journal; with it what is left at its end, if anything has begun.
///
/// # Errors
/// The first difference, or why it cannot be read.
pub fn replay(directory: &Path) -> Result<(Replayed, Option<Left>), ReplayError> {
    let journal = Journal::open(directory)?;
    let mut done = Replayed::default();
    let mut epoch: Option<Epoch> = None;
    let mut part = Part::empty();
    let mut last = (0, Nanos(0));
    journal.visit::<ReplayError>(|place, record| {
        match &record.content {
            Content::Start(text) => {
                let start = journal.start(place, text)?;
                last.1 = last.1.max(start.started);
                // What an epoch lacks at its end was cut off by a crash.
                done.missing += epoch.as_ref().map_or(0, |epoch| epoch.left().len() as u64);
                epoch = Some(Epoch::new(start, place)?);
                done.epochs += 1;
            }
            Content::Input(input) => {
                let epoch = epoch.as_mut().ok_or(ReplayError::NoStart { place })?;
                epoch.complete()?;
                input.read_into(&mut part);
                epoch.out.clear();
                epoch.met = 0;
                epoch.input = (part.event.sequence, place);
                epoch.core.apply(&part.event, part.levels(), &mut epoch.out);
                last = (part.event.sequence, part.event.received);
                done.inputs += 1;
            }
            Content::Output { input, output } => {
                let epoch = epoch.as_mut().ok_or(ReplayError::NoStart { place })?;
                epoch.output(place, *input, output)?;
                done.outputs += 1;
            }
            Content::End => epoch.as_ref().map_or(Ok(()), Epoch::complete)?,
            Content::Seal { .. } => {}
        }
        Ok(())
    })?;
    done.missing += epoch.as_ref().map_or(0, |epoch| epoch.left().len() as u64);
    let left = epoch.map(|Epoch { start, core, .. }| {
        let (sequence, time) = last;
        Left { start, core, sequence, time }
    });
    Ok((done, left))
}
