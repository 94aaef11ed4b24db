//! The engine that is measured: the product's own parts, with a probe in the place of the venue and
//! a journal in a folder that is removed behind it.
//!
//! The core is that of the shipped config, but for what would keep a quote from following the
//! market: a level a side, no least life, budgets that never bind, no warm-up. What was changed is
//! said by [`CONDITIONS`].

use crate::config::arguments::Arguments;
use crate::config::load::{ConfigFault, Environment, Loaded, load};
use crate::engine::{CORE_VERSION, Core, CoreParams};
use crate::journal::identity::{Account, Identity, ModeName};
use crate::journal::{
    self, DataDirectory, DiskParams, JournalParams, Ledger, OpenError, Start, SyncMode,
};
use crate::threads::board::{Board, Fills, Views, board};
use crate::threads::gateway::Gateway;
use crate::threads::housekeeping::Keeping;
use crate::threads::link::{Foreign, Link};
use crate::threads::pilot::{Pilot, PilotParams};
use crate::threads::sequencer::{Sequencer, SequencerParams};
use crate::threads::setup::{SetupFault, setup};
use crate::threads::signals::Stop;
use crate::threads::store::keeping;
use crate::threads::timeline::{Timeline, wall};
use crate::types::{Currency, InstanceTag, InstrumentTable, Nanos, Venue};
use crate::venue::recorded::survey::survey;
use clap::Parser as _;
use serde_json::value::RawValue;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// What differs from the shipped config, in words.
pub const CONDITIONS: &str = "shipped config but for: one level a side, no least life of a quote, \
     message budgets that never bind, no warm-up of the volatility, replaces in one message, any \
     distance of the venue's clock";

/// Bytes of a segment: the product's default.
const SEGMENT_BYTES: u64 = 64 << 20;
/// More messages a second than any run sends.
const UNBOUND: u32 = 4_000_000;
/// The epoch of every journal here.
const EPOCH: u32 = 1;
/// How long the engine may take to end.
const GRACE: Nanos = Nanos::from_millis(500);

/// Why there is no engine to measure.
#[derive(Debug)]
pub enum RigFault {
    /// Our own config is refused.
    Config(Box<ConfigFault>),
    /// The recording cannot be used.
    Setup(Box<SetupFault>),
    /// The journal cannot be begun.
    Journal(OpenError),
    /// A folder for it cannot be made.
    Folder(PathBuf, io::Error),
}

impl std::fmt::Display for RigFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Config(fault) => fault.fmt(f),
            Self::Setup(fault) => fault.fmt(f),
            Self::Journal(fault) => fault.fmt(f),
            Self::Folder(path, error) => {
                write!(f, "cannot use {}: {error}; name another --dir", path.display())
            }
        }
    }
}

impl std::error::Error for RigFault {}

/// A folder that is gone when this is.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// A new one below that.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn below(parent: &Path) -> Result<Self, RigFault> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = parent.join(format!("pinnaclemm-latency-{}-{count}", std::process::id()));
        fs::create_dir_all(&path).map_err(|error| RigFault::Folder(path.clone(), error))?;
        Ok(Self(path))
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed is left to the one who clears the temporary folder.
        fs::remove_dir_all(&self.0).ok();
    }
}

/// What an engine is made of, before it is made.
#[derive(Clone, Debug)]
pub struct Blueprint {
    core: CoreParams,
    pub(super) currency: Currency,
    /// The config that all of it is made of.
    pub(super) loaded: Loaded,
    /// The instruments of the recording.
    pub table: InstrumentTable,
}

impl Blueprint {
    /// Of a recording: its instruments under the shipped config.
    ///
    /// # Errors
    /// It cannot be read or traded.
    pub fn of(venue: Venue, path: &Path) -> Result<Self, RigFault> {
        let loaded = shipped(venue, path)?;
        let made = setup(&loaded, None, None).map_err(|fault| RigFault::Setup(Box::new(fault)))?;
        let found = survey(venue, &[path.to_owned()])
            .map_err(|error| RigFault::Setup(Box::new(error.into())))?;
        let mut core = made.core;
        for one in &mut core.instruments {
            one.book.rules.clock_offset_max = Nanos(i64::MAX);
            let quote = &mut one.quote;
            quote.levels = 1;
            quote.quote_life_min = Nanos(0);
            quote.can_replace = true;
            quote.volatility.warmup = Nanos(0);
            quote.requests.per_second = UNBOUND;
            quote.requests.burst = UNBOUND;
        }
        core.risk.rate.per_second = UNBOUND;
        // Each journal is new, so that its epoch is the first.
        (core.epoch, core.risk.epoch) = (EPOCH, EPOCH);
        Ok(Self { core, currency: made.currency, loaded, table: found.table })
    }

    /// What the core is made of.
    #[must_use]
    pub const fn core(&self) -> &CoreParams {
        &self.core
    }
}

fn shipped(venue: Venue, path: &Path) -> Result<Loaded, RigFault> {
    let mut words: Vec<std::ffi::OsString> =
        ["pinnaclemm", "--mode", "replay", "--venue"].map(Into::into).to_vec();
    words.extend([venue.name().into(), "--input".into(), path.as_os_str().to_owned()]);
    let arguments = Arguments::try_parse_from(words).expect("flags of ours");
    let loaded = load(&arguments, &Environment::default());
    loaded.map_err(|fault| RigFault::Config(Box::new(fault)))
}

/// The parts of an engine, ready for one of the topologies.
#[derive(Debug)]
pub struct Engine {
    /// What the core is made of.
    pub core: CoreParams,
    /// All inputs.
    pub sequencer: Sequencer,
    /// When it is.
    pub pilot: Pilot,
    /// The journal.
    pub ledger: Ledger,
    /// Its keeper.
    pub keeping: Keeping,
    /// What is shown.
    pub board: Board,
    /// To readers.
    pub views: Views,
    /// Trades, for whoever shows them.
    pub fills: Fills,
    /// Said when the run is over.
    pub done: Arc<AtomicBool>,
}

impl Engine {
    /// An engine whose journal lies in that folder.
    ///
    /// # Errors
    /// The journal cannot be begun.
    pub fn new(
        blueprint: &Blueprint,
        link: Box<dyn Foreign>,
        folder: &Path,
        sync: SyncMode,
    ) -> Result<Self, RigFault> {
        let now = wall();
        let core = blueprint.core.clone();
        let begun = begin(blueprint, folder, sync, now)?;
        assert_eq!(begun.epoch, EPOCH, "the folder is new");
        let instruments: Vec<_> = core.instruments.iter().map(|one| one.instrument).collect();
        let (board, views, fills) = board(&instruments);
        let gateway = Gateway::new(Nanos::from_seconds(5), core.risk.orders_max as usize);
        let params =
            SequencerParams { sequence: 0, latest: now, feedback_max: Core::outputs_max(&core) };
        let sequencer = Sequencer::new(Link::Foreign(link), gateway, params);
        let done = Arc::new(AtomicBool::new(false));
        let ends = PilotParams { duration: None, grace: GRACE };
        let pilot = Pilot::new(Timeline::of_wall(), ends, Stop::default(), Arc::clone(&done));
        let Journal { ledger, keeping, .. } = begun;
        Ok(Self { core, sequencer, pilot, ledger, keeping, board, views, fills, done })
    }
}

/// A journal alone, in that folder. Nobody makes its next segment ahead.
///
/// # Errors
/// It cannot be begun.
pub fn ledger(blueprint: &Blueprint, folder: &Path, sync: SyncMode) -> Result<Ledger, RigFault> {
    Ok(begin(blueprint, folder, sync, wall())?.ledger)
}

/// A journal that has begun.
struct Journal {
    epoch: u32,
    ledger: Ledger,
    keeping: Keeping,
}

fn begin(
    blueprint: &Blueprint,
    folder: &Path,
    sync: SyncMode,
    now: Nanos,
) -> Result<Journal, RigFault> {
    let identity = Identity {
        mode: ModeName::new(b"latency").expect("a short name"),
        venue: blueprint.core.instruments[0].instrument.venue,
        account: Account::new(b"none").expect("a short name"),
        settlement_currency: blueprint.currency,
        instance_tag: InstanceTag::new(1),
    };
    let directory = DataDirectory::open(folder, &identity).map_err(RigFault::Journal)?;
    let params = JournalParams {
        segment_bytes: SEGMENT_BYTES,
        sync,
        sync_interval: Nanos::from_millis(10),
        unsynced_max: Nanos::from_seconds(10),
        pack: false,
        journal_bytes_max: None,
        disk: DiskParams::default(),
    };
    let core = serde_json::to_string(&blueprint.core).expect("parameters are JSON");
    let start = |epoch| Start {
        core_version: CORE_VERSION,
        program: env!("CARGO_PKG_VERSION").to_string(),
        identity,
        epoch,
        started: now,
        seed: 0,
        instruments: blueprint.core.instruments.iter().map(|one| one.instrument).collect(),
        config: RawValue::from_string(core).expect("it was just written"),
    };
    let begun = journal::begin(directory, &params, EPOCH, start).map_err(RigFault::Journal)?;
    let epoch = begun.start.epoch;
    let (ledger, keeping) = keeping(folder, begun, params);
    Ok(Journal { epoch, ledger, keeping })
}
