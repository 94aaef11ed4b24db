//! A run from its config to its last line: set up, carried by threads, watched, ended.
//!
//! This is the process's own thread: it starts the others, shows what they publish, and waits.
//! Nothing on the path needs it.

use super::alarms::AlarmParams;
use super::backtest;
use super::cores::Allowance;
use super::crew::{name_panics, save};
use super::health::HealthSlot;
use super::housekeeping::Keeping;
use super::outcome::Outcome;
use super::proof;
use super::setup::{Setup, SetupFault, setup};
use super::signals::Stop;
use super::status::Status;
use super::store::Store;
use super::sweep;
use super::topology::{self, Plan, Wish};
use super::watch::thread_fields;
use super::web;
use crate::config::{Config, ExitCode, Loaded, Mode, ThreadName};
use crate::journal::{CancelAll, Emergency, EmergencyReason, Ledger};
use crate::logs::Log;
use crate::types::{InstanceTag, OrderId};
use crate::venue::recorded::Speed;
use std::path::Path;
use std::time::{Duration, Instant};

mod begun;
mod fault;

use begun::{Begun, begin};
pub(super) use begun::{Ready, ready};
pub use fault::RunFault;

/// How long a thread is given to end once the run is over.
const END_WITHIN: Duration = Duration::from_secs(5);
/// A run that may begin: its venue's side, its journal.
pub(super) struct Prepared {
    pub(super) setup: Setup,
    pub(super) ledger: Ledger,
    pub(super) keeping: Option<Keeping>,
}

/// Sets up the venue's side, and takes the data directory if there is one.
pub(super) fn prepare(loaded: &Loaded, stop: &Stop, log: &Log) -> Result<Prepared, RunFault> {
    let config = &loaded.config;
    let data = config.data_directory.as_deref();
    let is_recorded = matches!(config.mode, Mode::Replay | Mode::Backtest);
    // An engine's directory tells when its time goes on; a recording tells what it is counted in.
    let mut store = match (data, loaded.effective.account.currency) {
        (Some(path), Some(currency)) if !is_recorded => {
            Some(Store::open(path, config, config.venue, currency).map_err(RunFault::Store)?)
        }
        _ => None,
    };
    let after = store.as_ref().and_then(Store::latest);
    let own = (loaded.clone(), data.map(Path::to_owned));
    let mut setup = interruptible(stop, move || setup(&own.0, own.1.as_deref(), after))?;
    for remark in &setup.remarks {
        log.info("remark", vec![("text", remark.as_str().into())]);
    }
    if let Some(path) = data.filter(|_| is_recorded) {
        let opened = Store::open(path, config, config.venue, setup.currency);
        store = Some(opened.map_err(RunFault::Store)?);
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

/// Runs until its end, its duration or a signal, and says the last line.
///
/// # Errors
/// Why it could not begin, or did not end well; nothing is lost that stands in the journal.
pub fn run(loaded: &Loaded, stop: &Stop, log: &Log) -> Result<ExitCode, RunFault> {
    name_panics();
    let config = &loaded.config;
    if let Some(plan) = &loaded.sweep {
        return sweep::run(loaded, plan, stop);
    }
    if config.mode == Mode::Backtest {
        return backtest::run(loaded, stop, log);
    }
    let allowance = Allowance::read().map_err(RunFault::Allowance)?;
    let plan = plan(config, &allowance);
    // Before recovery, so that probes see how far it has come.
    let web = web::start(config, (&plan, &allowance), log)?;
    if let Some(web) = &web {
        web.progress.phase("recovering");
    }
    let Prepared { setup, ledger, keeping } = prepare(loaded, stop, log)?;
    let (currency, tag) = (setup.currency, setup.tag);
    let mut status = Status::new(config, currency, log.clone());
    let proved = proof::prove(&setup.core).map_err(RunFault::Proof)?;
    log.info("risk_proved", vec![("rules", proved.into())]);
    let told = AlarmParams::open(config, log).map_err(RunFault::Alerts)?;
    let mut begun = begin(config, setup, (ledger, keeping, told), (&plan, &allowance, stop))?;
    for remark in &plan.remarks {
        log.info("threads", vec![("text", remark.as_str().into())]);
    }
    if let Some(remark) = &begun.remark {
        log.warn("remark", vec![("text", remark.as_str().into())]);
    }
    if let (Some(web), Some(fills)) = (&web, begun.fills.take()) {
        web.run(begun.looking(fills, (currency, tag), web::facts(loaded, &plan)));
    }
    begun.watch_over(web.as_ref(), (&mut status, stop))?;
    if let Some(web) = web {
        web.end();
    }
    let Begun { crew, parts, views, health, emergency, .. } = begun;
    for (thread, counts) in crew.counts() {
        log.info("thread_ended", thread_fields(thread, &counts));
    }
    let faults = crew.end(END_WITHIN);
    let outcome = Outcome::of(&parts);
    save_if_failed(&health, emergency.as_ref(), outcome.as_ref(), log);
    if let Some(fault) = faults.into_iter().next() {
        return Err(RunFault::End(fault));
    }
    let outcome = outcome.expect("every stage says what it leaves");
    let open: Vec<_> = outcome.open_orders.iter().map(|order| order_name(*order, tag)).collect();
    status.stopped(&views, &outcome, &open).map_err(RunFault::Output)?;
    if let Some(what) = health.failure() {
        return Err(RunFault::Kept(what.to_owned()));
    }
    judge(config, outcome, open)
}

/// A journal that has failed: what can be saved is, and it is said why.
fn save_if_failed(
    health: &HealthSlot,
    emergency: Option<&Emergency>,
    outcome: Option<&Outcome>,
    log: &Log,
) {
    let closed = outcome.and_then(|outcome| outcome.journal_failure.as_ref());
    let what = health.failure().map(str::to_owned).or_else(|| closed.map(ToString::to_string));
    let (Some(what), Some(emergency)) = (what, emergency) else { return };
    let sent = outcome.and_then(|outcome| outcome.gateway.cancel_all);
    save(emergency, CancelAll { reason: EmergencyReason::JournalFailed }, &what, sent);
    let fields = vec![("reason", "journal_failed".into()), ("what", what.into())];
    log.error("emergency_save", fields);
}

/// The order's name at the venue, and in the journal.
pub(super) fn order_name(order: OrderId, tag: Option<InstanceTag>) -> String {
    tag.map_or_else(|| order.0.to_string(), |tag| tag.whole(order).to_string())
}

/// Does what reads files on a thread of its own: a first pass over a recording reads all of it, a
/// venue may be slow to answer, and a signal need not wait for that.
pub(super) fn interruptible<T: Send + 'static>(
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

/// Which threads there are, and where.
fn plan(config: &Config, allowance: &Allowance) -> Plan {
    let mut rest = vec![ThreadName::Main, ThreadName::Housekeeping];
    if config.web.is_some() {
        rest.extend([ThreadName::Web, ThreadName::Front]);
    }
    if config.speed != Speed::Max {
        rest.push(ThreadName::Var);
    }
    topology::plan(allowance, &Wish { mode: config.threads.mode, rest }, &config.threads)
}

/// What the end of a run means to the caller. `open` are the orders that may still stand at the
/// venue.
pub(super) fn judge(
    config: &Config,
    outcome: Outcome,
    open: Vec<String>,
) -> Result<ExitCode, RunFault> {
    if let Some(error) = outcome.journal_failure {
        return Err(RunFault::Journal(error));
    }
    let is_live = config.mode == Mode::Paper;
    if is_live && !open.is_empty() {
        let (waited, failure) = (config.shutdown.cancel_timeout, outcome.venue.failure);
        return Err(RunFault::CancelsOpen { orders: open, waited, failure });
    }
    match outcome.venue.failure {
        Some(failure) if is_live => Err(RunFault::Ended(failure)),
        Some(failure) => Err(RunFault::Venue(failure)),
        None if outcome.venue.damage.is_empty() => Ok(ExitCode::Done),
        None => Err(RunFault::Damaged(outcome.venue.damage)),
    }
}
