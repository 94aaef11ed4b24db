//! A run from its config to its last line: set up, carried by threads, watched, ended.
//!
//! This is the process's own thread: it starts the others, shows what they publish, and waits.
//! Nothing on the path needs it.

use super::alarms::{AlarmParams, Alarms};
use super::backtest;
use super::board::{Fills, Views, board};
use super::commands::CommandDesk;
use super::cores::Allowance;
use super::crew::{Crew, Muster, name_panics};
use super::dedicated::{self, RingSizes};
use super::fused::Fused;
use super::gateway::Gateway;
use super::health::HealthSlot;
use super::hot::HotAgent;
use super::housekeeping::{Housekeeping, Keeping, Synced};
use super::outcome::{Outcome, Part};
use super::pilot::{Pilot, PilotParams};
use super::proof;
use super::sequencer::{Sequencer, SequencerParams};
use super::setup::{Setup, SetupFault, setup};
use super::signals::Stop;
use super::status::Status;
use super::store::Store;
use super::sweep;
use super::timeline;
use super::topology::{self, Plan, Wish};
use super::var::{self, DeskParams};
use super::watch::{Watch, thread_fields};
use super::web::{self, Looking, Web};
use crate::config::sections::RingParams;
use crate::config::{Config, ExitCode, Loaded, Mode, ThreadMode, ThreadName};
use crate::engine::{Core, CoreParams};
use crate::journal::{Ledger, SyncMode};
use crate::logs::Log;
use crate::types::{Currency, InstanceTag, Nanos, OrderId};
use crate::venue::recorded::Speed;
use crate::web::state::Facts;
use crossbeam_channel::{Receiver, bounded};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

mod fault;

pub use fault::RunFault;

/// How often the process looks whether the run is over, and for something to show.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// How long a thread is given to end once the run is over.
const END_WITHIN: Duration = Duration::from_secs(5);
/// How long cancels are awaited where only a model would miss them.
const GRACE: Nanos = Nanos::from_millis(500);

/// A run that has begun.
struct Begun {
    crew: Crew,
    parts: Receiver<Part>,
    done: Arc<AtomicBool>,
    views: Views,
    watch: Watch,
    alarms: Alarms,
    /// Trades, for whoever shows them.
    fills: Option<Fills>,
    health: HealthSlot,
    synced: Option<Synced>,
    desk: Option<CommandDesk>,
    /// What was found amiss with what earlier runs have left, if anything.
    remark: Option<String>,
}

impl Begun {
    /// What the web is shown of it.
    fn looking(
        &self,
        fills: Fills,
        (currency, tag): (Currency, Option<InstanceTag>),
        facts: Facts,
    ) -> Looking {
        Looking {
            views: self.views.clone(),
            fills,
            health: self.health.clone(),
            synced: self.synced.clone(),
            readings: self.crew.readings(),
            tag,
            currency,
            desk: self.desk.clone(),
            facts,
        }
    }

    /// Shows and watches it until its end; a failure to keep what is decided asks for the end.
    fn watch_over(
        &mut self,
        web: Option<&Web>,
        (status, stop): (&mut Status, &Stop),
    ) -> Result<(), RunFault> {
        while !self.done.load(Ordering::Acquire) {
            if let Some(thread) = self.crew.failed().or_else(|| web.and_then(Web::failed)) {
                return Err(RunFault::Thread(thread));
            }
            status.show(&self.views);
            self.alarms.look(&self.views, timeline::wall());
            self.watch.look(&self.crew);
            if self.watch.has_failed() {
                stop.request();
            }
            std::thread::sleep(LOOK_EVERY);
        }
        Ok(())
    }
}

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
    let Begun { crew, parts, views, watch, .. } = begun;
    for (thread, counts) in crew.counts() {
        log.info("thread_ended", thread_fields(thread, &counts));
    }
    let faults = crew.end(END_WITHIN);
    if let Some(fault) = faults.into_iter().next() {
        return Err(RunFault::End(fault));
    }
    let outcome = Outcome::of(&parts).expect("every stage says what it leaves");
    let open: Vec<_> = outcome.open_orders.iter().map(|order| order_name(*order, tag)).collect();
    status.stopped(&views, &outcome, &open).map_err(RunFault::Output)?;
    if watch.has_failed() {
        return Err(RunFault::Kept);
    }
    judge(config, outcome, open)
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

/// The venue's side of a run, ready to be turned.
pub(super) struct Ready {
    pub(super) core: CoreParams,
    pub(super) sequencer: Sequencer,
    pub(super) pilot: Pilot,
    /// Value at risk, but for the end that the sequencer has.
    pub(super) var: var::Ends,
    /// Said when the run is over.
    pub(super) done: Arc<AtomicBool>,
}

/// Puts the venue's side under a sequencer and a pilot.
pub(super) fn ready(config: &Config, setup: Setup, stop: &Stop) -> Ready {
    let done = Arc::new(AtomicBool::new(false));
    let params = DeskParams { config: config.var.clone(), seed: config.seed };
    let made_of = (&setup.core, &setup.instruments()[..]);
    let data = config.data_directory.as_deref();
    let mut var = var::ends(params, made_of, data, setup.timeline.is_lock_step());
    let grace = if config.mode == Mode::Paper { config.shutdown.cancel_timeout } else { GRACE };
    let params = PilotParams { duration: config.duration, grace };
    let pilot = Pilot::new(setup.timeline, params, stop.clone(), Arc::clone(&done));
    let orders_max = setup.core.risk.orders_max as usize;
    let gateway = Gateway::new(config.timing.order_timeout, orders_max);
    let begins = SequencerParams {
        sequence: setup.sequence,
        latest: setup.begins,
        feedback_max: Core::outputs_max(&setup.core),
    };
    let mut sequencer = Sequencer::new(setup.link, gateway, begins);
    sequencer.hear_var(std::mem::take(&mut var.results));
    Ready { core: setup.core, sequencer, pilot, var, done }
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

/// Starts the threads.
fn begin(
    config: &Config,
    setup: Setup,
    (ledger, keeping, told): (Ledger, Option<Keeping>, AlarmParams),
    (plan, allowance, stop): (&Plan, &Allowance, &Stop),
) -> Result<Begun, RunFault> {
    let instruments = setup.instruments();
    let (mut board, mut views, fills) = board(&instruments);
    let sizes = ring_sizes(&config.rings);
    if !setup.timeline.is_lock_step() {
        // In one thread the input at hand is the only one.
        let is_cut = plan.mode == ThreadMode::Dedicated;
        board.turn_on(if is_cut { sizes.inputs_max() } else { 1 });
    }
    let is_timed = !setup.timeline.is_lock_step();
    let Ready { core, sequencer, pilot, var, done } = ready(config, setup, stop);
    board.risk.sample_for(var.sampler);
    views.var = Some(var.reader);
    // In lock-step time waits for nobody, so nobody can come between two inputs.
    let desk = is_timed.then(|| sequencer.desk());
    let (said, parts) = bounded(8);
    let (mut crew, health) = (Crew::default(), HealthSlot::default());
    let muster = Muster { plan, allowance, stall_ns: config.threads.stall_ns };
    if plan.mode == ThreadMode::Dedicated {
        let health = health.clone();
        let parts = dedicated::Parts { sequencer, pilot, ledger, board, health, outcome: said };
        let stages = dedicated::stages(&core, parts, sizes);
        crew.start(ThreadName::Feed, stages.feed, muster).map_err(RunFault::Start)?;
        crew.start(ThreadName::Quoting, stages.quoting, muster).map_err(RunFault::Start)?;
        crew.start(ThreadName::Risk, stages.risk, muster).map_err(RunFault::Start)?;
        crew.start(ThreadName::Journal, stages.journal, muster).map_err(RunFault::Start)?;
    } else {
        let fused = Fused::new(&core, sequencer, ledger, board);
        let hot = HotAgent::new(fused, pilot, health.clone(), said);
        crew.start(ThreadName::Hot, hot, muster).map_err(RunFault::Start)?;
    }
    if let Some(agent) = var.agent {
        crew.start(ThreadName::Var, agent, muster).map_err(RunFault::Start)?;
    }
    let alarms = Alarms::new(told, &core, health.clone());
    let mut watch = Watch::new(health.clone(), config.journal.unsynced_max);
    watch.watch_latency(views.latency.clone(), config.latency_max);
    let mut synced = None;
    if let Some(keeping) = keeping {
        let (housekeeping, age) = Housekeeping::new(keeping, health.clone());
        if config.journal.sync == SyncMode::Batch {
            watch.watch_syncs(age.clone());
            synced = Some(age);
        }
        // Last, so that it outlives those whose segments it makes.
        crew.start(ThreadName::Housekeeping, housekeeping, muster).map_err(RunFault::Start)?;
    }
    let (fills, remark) = (Some(fills), var.remark);
    Ok(Begun { crew, parts, done, views, watch, alarms, fills, health, synced, desk, remark })
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

/// The rings as the config has them.
fn ring_sizes(rings: &RingParams) -> RingSizes {
    let size = |lines: u32| lines as usize;
    RingSizes {
        inputs: size(rings.feed_to_quoting),
        drafts: size(rings.quoting_to_risk),
        outputs: size(rings.risk_to_journal),
        requests: size(rings.journal_to_gateway),
        feedback: size(rings.back_to_feed),
    }
}
