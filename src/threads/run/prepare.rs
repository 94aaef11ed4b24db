//! What stands before a run: the data directory taken, what was left in it found, the venue's side
//! set up.

use super::RunFault;
use crate::config::{Config, Loaded, Mode};
use crate::journal::Ledger;
use crate::journal::recovery::RecoveryError;
use crate::logs::Log;
use crate::threads::housekeeping::Keeping;
use crate::threads::setup::{Setup, SetupFault, setup};
use crate::threads::signals::Stop;
use crate::threads::store::{Store, StoreFault, Told};
use crate::types::Currency;
use crate::web::source::Progress;
use std::path::Path;
use std::time::{Duration, Instant};

/// A run that may begin: its venue's side, its journal.
pub(in crate::threads) struct Prepared {
    pub(in crate::threads) setup: Setup,
    pub(in crate::threads) ledger: Ledger,
    pub(in crate::threads) keeping: Option<Keeping>,
}

/// Sets up the venue's side, and takes the data directory if there is one.
pub(in crate::threads) fn prepare(
    loaded: &Loaded,
    stop: &Stop,
    (log, progress): (&Log, Option<&Progress>),
) -> Result<Prepared, RunFault> {
    let config = &loaded.config;
    let told = Told { log: Some(log), progress, stop: Some(stop) };
    let data = config.data_directory.as_deref();
    let is_recorded = matches!(config.mode, Mode::Replay | Mode::Backtest);
    // An engine's directory tells when its time goes on; a recording tells what it is counted in.
    let mut store = match (data, loaded.effective.account.currency) {
        (Some(path), Some(currency)) if !is_recorded => Some(open(path, config, currency, told)?),
        _ => None,
    };
    if let Some(progress) = progress {
        progress.phase("setting up");
    }
    let after = store.as_ref().and_then(Store::latest);
    let own = (loaded.clone(), data.map(Path::to_owned));
    let mut setup = interruptible(stop, move || setup(&own.0, own.1.as_deref(), after))?;
    for remark in &setup.remarks {
        log.info("remark", vec![("text", remark.as_str().into())]);
    }
    if let Some(path) = data.filter(|_| is_recorded) {
        store = Some(open(path, config, setup.currency, told)?);
    }
    let (ledger, keeping) = match store {
        Some(store) => {
            let begun = store.begin(loaded, &mut setup).map_err(RunFault::Store)?;
            (begun.0, Some(begun.1))
        }
        None => {
            setup.begin(1, None);
            (Ledger::Unkept, None)
        }
    };
    Ok(Prepared { setup, ledger, keeping })
}

fn open(
    path: &Path,
    config: &Config,
    currency: Currency,
    told: Told<'_>,
) -> Result<Store, RunFault> {
    if let Some(progress) = told.progress {
        progress.phase("recovering");
    }
    Store::open(path, config, (config.venue, currency), told).map_err(|fault| match fault {
        StoreFault::Recovery(error) if matches!(*error, RecoveryError::Stopped) => {
            RunFault::Stopped
        }
        fault => RunFault::Store(fault),
    })
}

/// Does what reads files on a thread of its own: a first pass over a recording reads all of it, a
/// venue may be slow to answer, and a signal need not wait for that.
pub(in crate::threads) fn interruptible<T: Send + 'static>(
    stop: &Stop,
    pass: impl FnOnce() -> Result<T, SetupFault> + Send + 'static,
) -> Result<T, RunFault> {
    let pass = std::thread::Builder::new()
        .name("setup".into())
        .spawn(pass)
        .expect("the system gives a thread at start");
    let begun = Instant::now();
    while !pass.is_finished() {
        if stop.requested() && begun.elapsed() > Duration::from_millis(1) {
            // The pass holds nothing that has to be ended: the process need not wait for it.
            return Err(RunFault::Stopped);
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    pass.join().expect("the first pass does not panic").map_err(RunFault::Setup)
}
