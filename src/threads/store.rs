//! The data directory of a run: taken, read to its end, and begun anew.
//!
//! What an earlier process has left (positions, profit, the trading state) is found by playing its
//! journal through a fresh core, and carried over in the next start. Orders are not.

use super::disk;
use super::housekeeping::Keeping;
use super::setup::Setup;
use crate::config::{Config, ExitCode, Loaded, Mode};
use crate::engine::CORE_VERSION;
use crate::journal::replay::{Left, ReplayError, replay};
use crate::journal::reserve::Reserve;
use crate::journal::{
    self, Begun, DataDirectory, Emergency, Identity, JournalParams, KeepParams, Keeper, Ledger,
    OpenError, PruneBound, Start,
};
use crate::types::name::NameError;
use crate::types::{Currency, InstanceTag, Instrument, Nanos, Venue};
use crate::venue::recorded::Speed;
use serde_json::value::RawValue;
use std::fmt;
use std::path::{Path, PathBuf};

/// The account of venues that are not real.
const NO_ACCOUNT: &str = "none";

/// Why a data directory cannot be used.
#[derive(Debug)]
pub enum StoreFault {
    /// It cannot be taken, or not be gone on with.
    Open(OpenError),
    /// Its journal does not replay, so what it has left is unknown.
    Replay(ReplayError),
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
    /// The exit code.
    #[must_use]
    pub fn code(&self) -> ExitCode {
        match self {
            Self::Open(
                OpenError::Locked { .. } | OpenError::Identity(_) | OpenError::Other { .. },
            ) => ExitCode::ForeignData,
            Self::Open(_) => ExitCode::Storage,
            Self::Replay(_) | Self::Instruments { .. } | Self::NotEmpty(_) | Self::Name(_) => {
                ExitCode::ForeignData
            }
        }
    }
}

impl fmt::Display for StoreFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open(error) => error.fmt(f),
            Self::Replay(error) => write!(
                f,
                "the journal does not replay, so its position is not known: {error}; use another \
                 --data-dir, or the version that wrote it"
            ),
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
    left: Option<Left>,
}

impl Store {
    /// Takes the directory and reads what an earlier process has left.
    ///
    /// # Errors
    /// It is in use, of something else, damaged, or cannot be read.
    pub fn open(
        path: &Path,
        config: &Config,
        venue: Venue,
        currency: Currency,
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
        let (_, left) = replay(path).map_err(StoreFault::Replay)?;
        if left.is_some() && matches!(config.mode, Mode::Replay | Mode::Backtest) {
            return Err(StoreFault::NotEmpty(path.to_owned()));
        }
        Ok(Self { path: path.to_owned(), directory, left })
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
        let Self { path, directory, left } = self;
        let mut opening = None;
        if let Some(left) = left {
            if left.start.instruments != instruments {
                let held = left.start.instruments;
                return Err(StoreFault::Instruments { path, held });
            }
            setup.sequence = left.sequence;
            opening = Some(left.core.risk().closing());
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
        let is_recorded = matches!(config.mode, Mode::Replay | Mode::Backtest);
        if !is_recorded {
            // On a disk that is full already there is nothing to reserve; the disk's level says so.
            Reserve::of(&path).ensure().ok();
        }
        let mut params = config.journal;
        // Packing takes its time by the wall: in virtual time one seed gives one journal.
        params.pack &= config.speed != Speed::Max && !is_recorded;
        Ok(keeping(&path, begun, params))
    }
}

/// The journal's two ends: who writes it, and who keeps it.
#[must_use]
pub fn keeping(path: &Path, begun: Begun, params: JournalParams) -> (Ledger, Keeping) {
    let Begun { writer, syncer, start, marks } = begun;
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
    let keeping =
        Keeping { directory, supply, syncer, keeper, bound, emergency, bytes_max, params };
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
