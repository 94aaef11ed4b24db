//! One life of the engine, from its start to its end: the same parts as in a run, turned here.
//!
//! `inline` is the whole way in one piece; `stepped` are the agents of `dedicated`, turned in an
//! order of chance through the least rings. Time is virtual. What housekeeping does by the clock
//! (segments made and cut, syncs, the follower, pruning) is done by chance between two turns.

use crate::chance::Chance;
use crate::law::Law;
use crate::shore::Way;
use crate::system::with_disk;
use crossbeam_channel::Receiver;
use pinnaclemm::config::Loaded;
use pinnaclemm::engine::{Core, CoreParams};
use pinnaclemm::event::{Command, Health};
use pinnaclemm::journal::follower::{FollowError, Follower};
use pinnaclemm::journal::{Ledger, SyncMode};
use pinnaclemm::threads::board::board;
use pinnaclemm::threads::dedicated::{self, RingSizes};
use pinnaclemm::threads::fused::Fused;
use pinnaclemm::threads::gateway::Gateway;
use pinnaclemm::threads::health::HealthSlot;
use pinnaclemm::threads::housekeeping::Keeping;
use pinnaclemm::threads::link::Link;
use pinnaclemm::threads::outcome::{Outcome, Part};
use pinnaclemm::threads::pilot::{Pilot, PilotParams};
use pinnaclemm::threads::sequencer::{Sequencer, SequencerParams};
use pinnaclemm::threads::setup::Setup;
use pinnaclemm::threads::signals::Stop;
use pinnaclemm::threads::stepper::Stepper;
use pinnaclemm::threads::store::{Store, StoreFault, Told};
use pinnaclemm::threads::timeline::Timeline;
use pinnaclemm::types::{Currency, Nanos, Venue};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// How long cancels are awaited at the end.
const GRACE: Nanos = Nanos::from_seconds(20);

/// What every life of a story begins with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct World<'a> {
    pub(crate) loaded: &'a Loaded,
    pub(crate) core: &'a CoreParams,
    pub(crate) currency: Currency,
    pub(crate) data: &'a Path,
    pub(crate) way: &'a Way,
    /// Agents in the order of chance, or all in one piece.
    pub(crate) stepped: bool,
}

enum Engine {
    Inline(Box<(Fused, Pilot)>),
    Stepped(Stepper, HealthSlot),
}

/// An engine that has begun.
pub(crate) struct Life {
    engine: Engine,
    keeping: Keeping,
    follower: Option<Follower>,
    chance: Chance,
    law: Law,
    stop: Stop,
    done: Arc<AtomicBool>,
    parts: Receiver<Part>,
    said: crossbeam_channel::Sender<Part>,
    /// Whether requests wait for others before they are synced.
    groups: bool,
    /// Inputs that were held against the law.
    pub(crate) inputs: u64,
    /// Between two turns of each by chance: syncs, the follower.
    pace: (u64, u64),
}

impl Life {
    /// Starts as a process does: takes the directory, recovers, begins the epoch, calls the venue.
    pub(crate) fn begin(
        world: World<'_>,
        now: Nanos,
        mut chance: Chance,
        told: &crate::audit::Told,
    ) -> Result<(Self, CoreParams), StoreFault> {
        let World { loaded, core, currency, data, way, stepped } = world;
        let config = &loaded.config;
        let store = Store::open(data, config, (Venue::Simulated, currency), Told::default())?;
        let begins = store.latest().map_or(now, |latest| latest.max(now));
        let mut setup = Setup {
            venue: Venue::Simulated,
            link: Link::Foreign(Box::new(way.clone())),
            timeline: Timeline::LockStep,
            begins,
            ends: None,
            sequence: 0,
            tag: None,
            currency,
            core: core.clone(),
            dropped: Vec::new(),
            remarks: Vec::new(),
            connected: None,
        };
        let (ledger, mut keeping) = store.begin(loaded, &mut setup)?;
        way.call(begins, setup.core.epoch);
        let law = Law::new(&setup.core, told.accounts_before(u64::MAX, &setup.core));
        let (stop, done) = (Stop::default(), Arc::new(AtomicBool::new(false)));
        let core = setup.core.clone();
        let writes = loaded.config.snapshots.every.is_zero();
        // Where no snapshot is to be written, there need not be one.
        let follower = keeping.follower.take().filter(|_| writes || chance.one_in(2));
        let (said, parts) = crossbeam_channel::bounded(8);
        let made = (stop.clone(), done.clone(), said.clone());
        let mut engine =
            join(setup, config.timing.order_timeout, ledger, stepped, made, &mut chance);
        let groups = chance.one_in(3);
        if let (true, Engine::Inline(held)) = (groups, &mut engine) {
            held.0.group();
        }
        let pace = (chance.pick(&[2, 10, 50]), if writes { 300 } else { chance.pick(&[3, 30]) });
        let life = Self {
            engine,
            keeping,
            follower,
            chance,
            law,
            stop,
            done,
            parts,
            said,
            groups,
            inputs: 0,
            pace,
        };
        Ok((life, core))
    }

    /// One turn, and what housekeeping does meanwhile; false when the run is over.
    pub(crate) fn turn(&mut self) -> Result<bool, String> {
        self.turn_engine()?;
        let dead = with_disk(|disk| disk.is_dead()) == Some(true);
        if let Err(what) = self.keep() {
            match &mut self.engine {
                Engine::Inline(held) => held.0.fail(&what),
                Engine::Stepped(stepper, health) => {
                    health.fail(&what);
                    // The others hear of it in their turn.
                    (0..50).for_each(|_| _ = stepper.turn());
                }
            }
        }
        if let Engine::Inline(held) = &mut self.engine
            && held.0.has_failed()
        {
            held.0.cancel_all();
            // Nothing is taken any more.
            if held.0.turn(Nanos(i64::MAX)) {
                return Err("a dead journal takes inputs".into());
            }
            held.1.abort();
        }
        Ok(!dead && !self.done.load(Ordering::Acquire))
    }

    fn turn_engine(&mut self) -> Result<(), String> {
        match &mut self.engine {
            Engine::Inline(held) => {
                let (fused, pilot) = &mut **held;
                let Some(now) = fused.now(pilot) else { return Ok(()) };
                if fused.turn(now) && !fused.has_failed() {
                    let seen = fused.seen();
                    let held = self.law.hold(seen.core, seen.part, seen.outputs);
                    let sequence = seen.part.event.sequence;
                    self.inputs += 1;
                    held.map_err(|what| format!("input {sequence}: {what}"))?;
                }
                if !self.groups || self.chance.one_in(3) {
                    fused.commit(now);
                }
            }
            Engine::Stepped(stepper, _) => _ = stepper.turn(),
        }
        Ok(())
    }

    /// An operator commands, or something outside is wrong; only `inline` hears it.
    pub(crate) fn trouble(&mut self) {
        let Engine::Inline(held) = &mut self.engine else { return };
        match self.chance.below(8) {
            0 => held.0.command(Command::Halt),
            1 => held.0.command(Command::Reduce),
            2 => held.0.command(Command::Flatten),
            3 => held.0.command(Command::Trip),
            4 => held.0.set_health(Health::SYNC_LATE),
            5 => held.0.command(Command::Kill),
            _ => self.calm(),
        }
    }

    /// All is well again.
    pub(crate) fn calm(&mut self) {
        let Engine::Inline(held) = &mut self.engine else { return };
        held.0.set_health(Health::GOOD);
        held.0.command(Command::ResumeConfirmed);
        held.0.command(Command::Reset);
    }

    /// What housekeeping does; why the journal cannot be kept, if so.
    fn keep(&mut self) -> Result<(), String> {
        let Self { keeping, chance, pace, .. } = self;
        keeping.supply.work().map_err(|error| error.to_string())?;
        let syncs = keeping.params.sync != SyncMode::Process;
        if syncs && chance.one_in(pace.0) {
            keeping.syncer.sync().map_err(|error| error.to_string())?;
        }
        if chance.one_in(pace.1) {
            let most = 1 + chance.place(200);
            self.follow(most)?;
        }
        Ok(())
    }

    /// Housekeeping looks after sealed segments, and removes those that nobody needs.
    pub(crate) fn prune(&mut self) {
        // What only concerns sealed segments is not the end of anything.
        self.keeping.keeper.work().ok();
    }

    fn follow(&mut self, most: usize) -> Result<usize, String> {
        let Self { keeping, follower, .. } = self;
        let Some(held) = follower else { return Ok(0) };
        if keeping.params.sync == SyncMode::Process {
            keeping.syncer.sync().map_err(|error| error.to_string())?;
        }
        let done = held.work(keeping.syncer.written().synced(), most);
        if let Some(difference) = held.take_difference() {
            panic!("the follower decides otherwise: {difference}");
        }
        keeping.bound.raise(held.followed().oldest());
        let is_sound = with_disk(|disk| disk.faults() == 0 && !disk.is_dead()).unwrap_or(true);
        match done {
            Ok(count) => return Ok(count),
            Err(FollowError::Snapshot(_)) if !is_sound => {}
            Err(error) => assert!(!is_sound, "the follower has ended: {error}"),
        }
        *follower = None;
        Ok(0)
    }

    /// A signal to end.
    pub(crate) fn request_end(&mut self) {
        self.calm();
        self.groups = false;
        self.stop.request();
    }

    /// The process ends as it should; what it leaves.
    pub(crate) fn end(mut self) -> Outcome {
        match self.engine {
            Engine::Inline(held) => {
                for part in held.0.end() {
                    self.said.send(part).expect("the other end is here");
                }
            }
            Engine::Stepped(stepper, _) => drop(stepper.close()),
        }
        let outcome = Outcome::of(&self.parts).expect("every stage says what it leaves");
        self.keeping.supply.work().expect("the disk is sound");
        self.keeping.syncer.sync().expect("the disk is sound");
        if let Some(follower) = self.follower.as_mut().filter(|_| self.chance.one_in(3)) {
            let synced = self.keeping.syncer.written().synced();
            while follower.work(synced, 1000).expect("the disk is sound") > 0 {}
            follower.finish().expect("the disk is sound");
        }
        outcome
    }
}

/// The parts of a run, joined.
fn join(
    setup: Setup,
    timeout: Nanos,
    ledger: Ledger,
    stepped: bool,
    (stop, done, outcome): (Stop, Arc<AtomicBool>, crossbeam_channel::Sender<Part>),
    chance: &mut Chance,
) -> Engine {
    let (board, ..) = board(&setup.instruments());
    let Setup { link, timeline, begins, sequence, core, .. } = setup;
    let pilot = Pilot::new(timeline, PilotParams { duration: None, grace: GRACE }, stop, done);
    let mut gateway = Gateway::new(timeout, core.risk.orders_max as usize);
    if let Some(opening) = &core.opening {
        gateway.ask_about(opening, begins);
    }
    let feedback_max = Core::outputs_max(&core);
    let params = SequencerParams { sequence, latest: begins, feedback_max };
    let sequencer = Sequencer::new(link, gateway, params);
    if !stepped {
        return Engine::Inline(Box::new((Fused::new(&core, sequencer, ledger, board), pilot)));
    }
    let health = HealthSlot::default();
    let parts =
        dedicated::Parts { sequencer, pilot, ledger, board, health: health.clone(), outcome };
    let stages = dedicated::stages(&core, parts, RingSizes::least(&core));
    let agents: Vec<Box<dyn pinnaclemm::threads::agent::Agent>> = vec![
        Box::new(stages.feed),
        Box::new(stages.quoting),
        Box::new(stages.risk),
        Box::new(stages.journal),
    ];
    Engine::Stepped(Stepper::new(agents, chance.below(u64::MAX)), health)
}
