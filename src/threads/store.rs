//! The data directory of a run: taken, read to its end, and begun anew.
//!
//! What an earlier process has left (positions, profit, orders, the trading state) follows from the
//! newest snapshot and the journal after it, and is carried over in the next start; what was torn
//! off the journal's end is cut and saved aside first.

use super::disk;
use super::housekeeping::Keeping;
use super::setup::Setup;
use super::signals::Stop;
use crate::config::{Config, ExitCode, Loaded, Mode};
use crate::engine::risk::{Opening, limits};
use crate::engine::{CORE_VERSION, CoreParams};
use crate::journal::cases::Case;
use crate::journal::follower::Follower;
use crate::journal::recovery::{Far, Passed, Recovered, RecoveryError, recover};
use crate::journal::reserve::Reserve;
use crate::journal::{
    self, Begun, Cut, DataDirectory, Emergency, Identity, JournalParams, KeepParams, Keeper,
    Ledger, OpenError, PruneBound, Start, poison, snapshot,
};
use crate::logs::{Level, Log};
use crate::types::name::NameError;
use crate::types::{Currency, InstanceTag, Instrument, Nanos, Venue};
use crate::venue::recorded::Speed;
use crate::web::source::Progress;
use serde_json::value::RawValue;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Between two lines on how far a recovery is.
const LINE_EVERY: Duration = Duration::from_secs(1);
/// The account of venues that are not real.
const NO_ACCOUNT: &str = "none";

/// Why a data directory cannot be used.
#[derive(Debug)]
pub enum StoreFault {
    /// It cannot be taken, or not be gone on with.
    Open(OpenError),
    /// What an earlier process has left is not known.
    Recovery(Box<RecoveryError>),
    /// It was written with other instruments.
    Instruments {
        /// The directory.
        path: PathBuf,
        /// What it was written with.
        held: Vec<Instrument>,
    },
    /// A recording is played into a directory that holds a journal.
    NotEmpty(PathBuf),
    /// The mode's name is none.
    Name(NameError),
}

impl StoreFault {
    /// Its stable name, where the process is held for it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Recovery(error) => error.case().map_or("storage", Case::name),
            _ => self.code().name(),
        }
    }

    /// The exit code.
    #[must_use]
    pub fn code(&self) -> ExitCode {
        match self {
            Self::Open(
                OpenError::Locked { .. } | OpenError::Identity(_) | OpenError::Other { .. },
            ) => ExitCode::ForeignData,
            Self::Open(_) => ExitCode::Storage,
            Self::Recovery(error) => match error.case() {
                Some(Case::NewerVersion | Case::Foreign) => ExitCode::ForeignData,
                Some(_) => ExitCode::JournalDamaged,
                None => ExitCode::Storage,
            },
            Self::Instruments { .. } | Self::NotEmpty(_) | Self::Name(_) => ExitCode::ForeignData,
        }
    }
}

impl fmt::Display for StoreFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open(error) => error.fmt(f),
            Self::Recovery(error) => {
                write!(f, "what the last run has left is not known: {error}")
            }
            Self::Instruments { path, held } => {
                write!(f, "{} was written with", path.display())?;
                held.iter().try_for_each(|one| write!(f, " {}", one.symbol))?;
                f.write_str(" and the steps they had then: use them again, or another --data-dir")
            }
            Self::NotEmpty(path) => write!(
                f,
                "{} holds a journal already: a recording is played into an empty --data-dir",
                path.display()
            ),
            Self::Name(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for StoreFault {}

/// A data directory that this process has taken.
#[derive(Debug)]
pub struct Store {
    path: PathBuf,
    directory: DataDirectory,
    left: Option<Box<Recovered>>,
    /// Where it is told what was found; tests may do without.
    log: Option<Log>,
}

/// Who hears how far the recovery is, and can end it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Told<'a> {
    /// Lines.
    pub log: Option<&'a Log>,
    /// What the probes show.
    pub progress: Option<&'a Progress>,
    /// A signal ends it.
    pub stop: Option<&'a Stop>,
}

impl Store {
    /// Takes the directory and reads what an earlier process has left.
    ///
    /// # Errors
    /// It is in use, of something else, damaged, or cannot be read.
    pub fn open(
        path: &Path,
        config: &Config,
        (venue, currency): (Venue, Currency),
        told: Told<'_>,
    ) -> Result<Self, StoreFault> {
        let mode = config.mode.name();
        let identity = Identity {
            mode: journal::identity::ModeName::new(mode.as_bytes()).map_err(StoreFault::Name)?,
            venue,
            account: journal::identity::Account::new(NO_ACCOUNT.as_bytes())
                .map_err(StoreFault::Name)?,
            settlement_currency: currency,
            instance_tag: tag(config),
        };
        let directory = DataDirectory::open(path, &identity).map_err(StoreFault::Open)?;
        poison::arm(path).map_err(|error| poison_fault("open", path, error))?;
        let left = recovered(path, told)?;
        if left.is_some() && matches!(config.mode, Mode::Replay | Mode::Backtest) {
            return Err(StoreFault::NotEmpty(path.to_owned()));
        }
        let (path, log) = (path.to_owned(), told.log.cloned());
        Ok(Self { path, directory, left, log })
    }

    /// The last time of an earlier run.
    #[must_use]
    pub fn latest(&self) -> Option<Nanos> {
        self.left.as_ref().map(|left| left.time)
    }

    /// Begins the epoch: in the journal, and in the run's parameters.
    ///
    /// # Errors
    /// The instruments are others than before, or the journal cannot be written.
    pub fn begin(
        self,
        loaded: &Loaded,
        setup: &mut Setup,
    ) -> Result<(Ledger, Keeping), StoreFault> {
        let instruments = setup.instruments();
        let Self { path, directory, left, log } = self;
        let (mut opening, mut is_poisoned) = (None, false);
        if let Some(left) = left {
            if left.start.instruments != instruments {
                let held = left.start.instruments;
                return Err(StoreFault::Instruments { path, held });
            }
            setup.sequence = left.input;
            is_poisoned = left.poison.is_some();
            if let Some(cut) = left.cut() {
                cut_off(&directory, cut, log.as_ref())?;
            }
            opening = Some(carried(*left, setup));
        }
        let seconds = setup.begins.0.div_euclid(1_000_000_000);
        let epoch_min = u32::try_from(seconds).unwrap_or(1).max(1);
        let identity = *directory.identity();
        setup.tag = Some(identity.instance_tag);
        let config = &loaded.config;
        let start = |epoch| {
            setup.begin(epoch, opening);
            let core = serde_json::to_string(&setup.core).expect("parameters are JSON");
            Start {
                core_version: CORE_VERSION,
                program: env!("CARGO_PKG_VERSION").to_string(),
                identity,
                epoch,
                started: setup.begins,
                seed: config.seed,
                instruments,
                config: RawValue::from_string(core).expect("it was just written"),
            }
        };
        let begun = journal::begin(directory, &config.journal, epoch_min, start)
            .map_err(StoreFault::Open)?;
        tell_cut(Case::UnsyncedSegment, &begun.put_aside, log.as_ref());
        let epoch = begun.start.epoch;
        poison::writes(epoch, begun.writer.written());
        if is_poisoned {
            poison::acknowledge(&path, epoch).map_err(|e| poison_fault("write", &path, e))?;
        }
        let is_recorded = matches!(config.mode, Mode::Replay | Mode::Backtest);
        if !is_recorded {
            // On a disk that is full already there is nothing to reserve; the disk's level says so.
            Reserve::of(&path).ensure().ok();
        }
        // Packing takes its time by the wall, and so do snapshots: in virtual time one seed gives
        // one journal, and nobody need read behind it.
        let is_paced = config.speed != Speed::Max && !is_recorded;
        let mut params = config.journal;
        params.pack &= is_paced;
        let written = begun.syncer.written().clone();
        let (ledger, mut keeping) = keeping(&path, begun, params);
        if is_paced {
            keeping.follower =
                Some(Follower::new(&path, &written, setup.sequence, config.snapshots));
            let oldest = snapshot::records(&path).ok().and_then(|records| records.last().copied());
            keeping.bound.raise(oldest.unwrap_or(0));
        }
        keeping.log = log;
        Ok((ledger, keeping))
    }
}

/// What is carried over, without the limits that the config has changed since.
fn carried(left: Recovered, setup: &mut Setup) -> Opening {
    let mut opening = left.opening;
    let before = serde_json::from_str::<CoreParams>(left.start.config.get());
    let before = before.map(|params| params.risk.file).unwrap_or_default();
    setup.dropped = limits::drop_changed(&mut opening.limits, &before, &setup.core.risk.file);
    opening
}

fn poison_fault(doing: &'static str, directory: &Path, error: io::Error) -> StoreFault {
    StoreFault::Open(OpenError::Io { doing, path: poison::path_in(directory), error })
}

/// What an earlier process has left, said to the log.
fn recovered(path: &Path, told: Told<'_>) -> Result<Option<Box<Recovered>>, StoreFault> {
    let (begun, mut line_at) = (Instant::now(), Duration::ZERO);
    let Told { log, progress: shown, stop } = told;
    let say = |level, event, fields| {
        if let Some(log) = log {
            log.line(level, event, fields);
        }
    };
    let mut progress = |far: Far| {
        if let Some(shown) = shown {
            shown.done(far.part, far.whole);
            shown.touch();
        }
        if begun.elapsed() >= line_at {
            line_at = begun.elapsed() + LINE_EVERY;
            let percent = far.part.saturating_mul(100) / far.whole.max(1);
            let fields = vec![("record", far.record.into()), ("percent", percent.into())];
            say(Level::Info, "recovering", fields);
        }
        !stop.is_some_and(Stop::requested)
    };
    let left = recover(path, &mut progress)
        .map_err(|error| StoreFault::Recovery(Box::new(error)))?
        .map(Box::new);
    let Some(left) = left else { return Ok(None) };
    for Passed { path, flaw } in &left.passed {
        let text = format!("{}: {flaw}", path.display());
        say(Level::Warn, "snapshot_passed", vec![("text", text.into())]);
    }
    if let Some(first) = &left.tally.first {
        let count = left.tally.differences;
        let text = format!("SYSTEM_ERROR: {first}");
        say(
            Level::Error,
            "decided_otherwise",
            vec![("inputs", count.into()), ("text", text.into())],
        );
    }
    if let Some((input, poison)) = &left.poison {
        let text = format!("poison_input seq={input}: {}", poison.said);
        say(Level::Error, "halted", vec![("text", text.into())]);
    }
    let millis = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    say(
        Level::Info,
        "recovered",
        vec![
            ("case", left.summary.case().name().into()),
            ("snapshot", left.snapshot.unwrap_or(0).into()),
            ("record", left.summary.last_record.into()),
            ("inputs", left.tally.inputs.into()),
            ("open_orders", (left.opening.orders.len() as u64).into()),
            ("differences", left.tally.differences.into()),
            ("contradictions", left.tally.contradictions.into()),
            ("millis", millis.into()),
        ],
    );
    Ok(Some(left))
}

/// Cuts what was never synced and is not sound.
fn cut_off(directory: &DataDirectory, cut: Cut, log: Option<&Log>) -> Result<(), StoreFault> {
    let Cut { segment, offset, case } = cut;
    let saved = journal::cut::cut(directory, segment, offset).map_err(StoreFault::Open)?;
    tell_cut(case, &saved, log);
    Ok(())
}

fn tell_cut(case: Case, saved: &[PathBuf], log: Option<&Log>) {
    for path in saved {
        let text = format!("{}: saved as {}", case.name(), path.display());
        if let Some(log) = log {
            log.warn("journal_cut", vec![("text", text.into())]);
        }
    }
}

/// The journal's two ends: who writes it, and who keeps it.
#[must_use]
pub fn keeping(path: &Path, begun: Begun, params: JournalParams) -> (Ledger, Keeping) {
    let Begun { writer, syncer, start, marks, .. } = begun;
    let written = syncer.written().clone();
    let bound = PruneBound::default();
    // A volume that does not say its size sets no bound.
    let volume = disk::volume_bytes(path).unwrap_or(u64::MAX);
    let bytes_max = params.journal_bytes_max.unwrap_or(volume / 10 * 6);
    let keep = KeepParams { pack: params.pack, bytes_max };
    let keeper = Keeper::new(path, marks, (written.clone(), bound.clone()), keep);
    let emergency = Emergency::new(path, start.epoch, written);
    let (ledger, supply) = Ledger::kept(writer);
    let directory = path.to_owned();
    let (follower, log) = (None, None);
    let keeping = Keeping {
        directory,
        supply,
        syncer,
        keeper,
        bound,
        emergency,
        bytes_max,
        params,
        follower,
        log,
    };
    (ledger, keeping)
}

/// What tells this instance's orders from others: chance, but in virtual time the seed alone, so
/// that one seed gives one journal.
fn tag(config: &Config) -> InstanceTag {
    if config.speed == Speed::Max {
        return InstanceTag::new(config.seed);
    }
    let time = super::timeline::wall().0.cast_unsigned();
    InstanceTag::new(time.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ u64::from(std::process::id()))
}
