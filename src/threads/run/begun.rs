//! A run that has begun: its threads are started here, then shown and watched until the end.
//!
//! What has to stand before that (recovery, the proof of the rules) and what the end means are not
//! known here.

use super::RunFault;
use crate::config::sections::RingParams;
use crate::config::{Config, Idle, Mode, ThreadMode, ThreadName};
use crate::engine::{Core, CoreParams};
use crate::journal::{Emergency, Ledger, SyncMode};
use crate::threads::alarms::{AlarmParams, Alarms};
use crate::threads::board::{Fills, Views, board};
use crate::threads::commands::CommandDesk;
use crate::threads::cores::Allowance;
use crate::threads::cpu::Cpu;
use crate::threads::crew::{Crew, Muster, save_on_panic};
use crate::threads::dedicated::{self, RingSizes};
use crate::threads::feeding::FedRules;
use crate::threads::fused::Fused;
use crate::threads::gateway::Gateway;
use crate::threads::health::HealthSlot;
use crate::threads::hot::HotAgent;
use crate::threads::housekeeping::{Housekeeping, Keeping, Synced};
use crate::threads::limits::LimitDesk;
use crate::threads::outcome::Part;
use crate::threads::pilot::{Pilot, PilotParams};
use crate::threads::sequencer::{Sequencer, SequencerParams};
use crate::threads::setup::Setup;
use crate::threads::signals::Stop;
use crate::threads::status::Status;
use crate::threads::timeline::{self, Timeline};
use crate::threads::topology::Plan;
use crate::threads::var::{self, DeskParams};
use crate::threads::watch::Watch;
use crate::threads::web::{Looking, Web};
use crate::types::{Currency, InstanceTag, Nanos};
use crate::web::state::Facts;
use crossbeam_channel::{Receiver, bounded};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How often the process looks whether the run is over, and for something to show.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// How long cancels are awaited where only a model would miss them.
const GRACE: Nanos = Nanos::from_millis(500);

/// A run that has begun.
pub(super) struct Begun {
    pub(super) crew: Crew,
    pub(super) parts: Receiver<Part>,
    pub(super) done: Arc<AtomicBool>,
    pub(super) views: Views,
    pub(super) watch: Watch,
    pub(super) alarms: Alarms,
    pub(super) emergency: Option<Emergency>,
    /// Trades, for whoever shows them.
    pub(super) fills: Option<Fills>,
    pub(super) health: HealthSlot,
    pub(super) synced: Option<Synced>,
    pub(super) desk: Option<CommandDesk>,
    pub(super) limits: LimitDesk,
    /// What makes its rules starve.
    pub(super) fed: FedRules,
    /// What was found amiss with what earlier runs have left, if anything.
    pub(super) remark: Option<String>,
}

impl Begun {
    /// What the web is shown of it.
    pub(super) fn looking(
        &self,
        fills: Fills,
        (currency, tag): (Currency, Option<InstanceTag>),
        (facts, cpu): (Facts, Cpu),
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
            limits: self.limits.clone(),
            fed: self.fed,
            soft_pct: self.alarms.warning_pct(),
            alerts: self.alarms.alerts(),
            cpu,
            facts,
        }
    }

    /// Shows and watches it until its end; a failure to keep what is decided asks for the end.
    pub(super) fn watch_over(
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

/// The venue's side of a run, ready to be turned.
pub(in crate::threads) struct Ready {
    pub(in crate::threads) core: CoreParams,
    pub(in crate::threads) sequencer: Sequencer,
    pub(in crate::threads) pilot: Pilot,
    /// Value at risk, but for the end that the sequencer has.
    pub(in crate::threads) var: var::Ends,
    /// Said when the run is over.
    pub(in crate::threads) done: Arc<AtomicBool>,
}

/// Puts the venue's side under a sequencer and a pilot.
pub(in crate::threads) fn ready(config: &Config, setup: Setup, stop: &Stop) -> Ready {
    let done = Arc::new(AtomicBool::new(false));
    let params = DeskParams { config: config.var.clone(), seed: config.seed };
    let made_of = (&setup.core, &setup.instruments()[..]);
    let data = config.data_directory.as_deref();
    let mut var = var::ends(params, made_of, data, setup.timeline.is_lock_step());
    let grace = if config.mode == Mode::Paper { config.shutdown.cancel_timeout } else { GRACE };
    let params = PilotParams { duration: config.duration, grace };
    let pilot = Pilot::new(setup.timeline, params, stop.clone(), Arc::clone(&done));
    let orders_max = setup.core.risk.orders_max as usize;
    let mut gateway = Gateway::new(config.timing.order_timeout, orders_max);
    if let Some(opening) = &setup.core.opening {
        gateway.ask_about(opening, setup.begins);
        gateway.ask_positions(setup.core.instruments.len(), setup.begins);
    }
    let begins = SequencerParams {
        sequence: setup.sequence,
        latest: setup.begins,
        feedback_max: Core::outputs_max(&setup.core),
    };
    let mut sequencer = Sequencer::new(setup.link, gateway, begins);
    sequencer.hear_var(std::mem::take(&mut var.results));
    Ready { core: setup.core, sequencer, pilot, var, done }
}

/// The path: a thread a stage, or one for all.
fn start_stages(
    crew: &mut Crew,
    core: &CoreParams,
    parts: dedicated::Parts,
    (sizes, muster): (RingSizes, Muster<'_>),
) -> Result<(), RunFault> {
    if muster.plan.mode == ThreadMode::Dedicated {
        let stages = dedicated::stages(core, parts, sizes);
        crew.start(ThreadName::Feed, stages.feed, muster).map_err(RunFault::Start)?;
        crew.start(ThreadName::Quoting, stages.quoting, muster).map_err(RunFault::Start)?;
        crew.start(ThreadName::Risk, stages.risk, muster).map_err(RunFault::Start)?;
        return crew.start(ThreadName::Journal, stages.journal, muster).map_err(RunFault::Start);
    }
    let dedicated::Parts { sequencer, pilot, ledger, board, health, outcome } = parts;
    let mut fused = Fused::new(core, sequencer, ledger, board);
    let spins = muster.plan.thread(ThreadName::Hot).is_some_and(|hot| hot.idle == Idle::Spin);
    if spins && !pilot.is_lock_step() {
        fused.rehearse(core);
    }
    let hot = HotAgent::new(fused, pilot, health, outcome);
    crew.start(ThreadName::Hot, hot, muster).map_err(RunFault::Start)
}

/// Starts the threads.
pub(super) fn begin(
    config: &Config,
    setup: Setup,
    (ledger, keeping, told): (Ledger, Option<Keeping>, AlarmParams),
    (plan, allowance, stop): (&Plan, &Allowance, &Stop),
) -> Result<Begun, RunFault> {
    let instruments = setup.instruments();
    let (mut board, mut views, fills) = board(&instruments);
    let limits = LimitDesk::new(&setup.core, setup.dropped.clone(), views.limits.clone());
    let journal_view = board.keeping.take();
    let sizes = ring_sizes(&config.rings);
    if !setup.timeline.is_lock_step() {
        // In one thread the input at hand is the only one.
        let is_cut = plan.mode == ThreadMode::Dedicated;
        board.turn_on(if is_cut { sizes.inputs_max() } else { 1 });
    }
    let is_timed = !setup.timeline.is_lock_step();
    let fed = fed_rules(config, &setup);
    let Ready { core, sequencer, pilot, var, done } = ready(config, setup, stop);
    board.risk.sample_for(var.sampler);
    views.var = Some(var.reader);
    // In lock-step time waits for nobody, so nobody can come between two inputs.
    let desk = is_timed.then(|| sequencer.desk());
    let (said, left) = bounded(8);
    let (mut crew, health) = (Crew::default(), HealthSlot::default());
    let muster = Muster { plan, allowance, stall_ns: config.threads.stall_ns };
    let parts =
        dedicated::Parts { sequencer, pilot, ledger, board, health: health.clone(), outcome: said };
    start_stages(&mut crew, &core, parts, (sizes, muster))?;
    if let Some(agent) = var.agent {
        crew.start(ThreadName::Var, agent, muster).map_err(RunFault::Start)?;
    }
    let alarms = Alarms::new(told, (limits.clone(), fed), health.clone());
    let mut watch = Watch::new(health.clone(), config.journal.unsynced_max);
    watch.watch_latency(views.latency.clone(), config.latency_max);
    watch.watch_positions(views.holdings.clone());
    let (mut synced, mut emergency) = (None, None);
    if let Some(keeping) = keeping {
        save_on_panic(keeping.emergency.clone(), health.clone());
        emergency = Some(keeping.emergency.clone());
        let (housekeeping, age) = Housekeeping::new(keeping, health.clone(), journal_view);
        if config.journal.sync != SyncMode::Process {
            watch.watch_syncs(age.clone());
            synced = Some(age);
        }
        // Last, so that it outlives those whose segments it makes.
        crew.start(ThreadName::Housekeeping, housekeeping, muster).map_err(RunFault::Start)?;
    }
    let (fills, remark) = (Some(fills), var.remark);
    Ok(Begun {
        crew,
        parts: left,
        done,
        views,
        watch,
        alarms,
        emergency,
        fills,
        health,
        synced,
        desk,
        limits,
        fed,
        remark,
    })
}

/// What makes a rule of this run starve.
const fn fed_rules(config: &Config, setup: &Setup) -> FedRules {
    let risk = &setup.core.risk;
    FedRules {
        within: config.fed_within,
        is_wall_time: matches!(setup.timeline, Timeline::Wall(_)),
        has_triggers: risk.breaker.is_some(),
        exit: risk.exit,
        hedge: risk.hedge,
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
