//! The whole engine on the embedded venue, for tests: from a config text through the real config
//! code to what a run leaves, joined in any thread mode.
//!
//! Time is virtual throughout. What a run should come to is each test's to say.

#![expect(clippy::unwrap_used, reason = "a rig of tests")]

use pinnaclemm::config::load::{Environment, load_text};
use pinnaclemm::config::{Arguments, Loaded, ThreadMode, ThreadName};
use pinnaclemm::engine::{Core, CoreParams};
use pinnaclemm::journal::Ledger;
use pinnaclemm::journal::replay::{Replayed, replay};
use pinnaclemm::threads::agent::Agent;
use pinnaclemm::threads::board::{Board, board};
use pinnaclemm::threads::cores::Allowance;
use pinnaclemm::threads::crew::{Crew, Muster};
use pinnaclemm::threads::dedicated::{self, RingSizes, stages};
use pinnaclemm::threads::fused::Fused;
use pinnaclemm::threads::gateway::Gateway;
use pinnaclemm::threads::health::HealthSlot;
use pinnaclemm::threads::hot::HotAgent;
use pinnaclemm::threads::outcome::{Outcome, Part};
use pinnaclemm::threads::pilot::{Pilot, PilotParams};
use pinnaclemm::threads::sequencer::{Sequencer, SequencerParams};
use pinnaclemm::threads::setup::{Setup, setup};
use pinnaclemm::threads::signals::Stop;
use pinnaclemm::threads::stepper::Stepper;
use pinnaclemm::threads::store::{Store, Told};
use pinnaclemm::threads::topology::{Wish, plan};
use pinnaclemm::threads::var::{DeskParams, VarReader, ends};
use pinnaclemm::types::Nanos;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

const SHIPPED: &str = include_str!("../../config/default_config.json");
/// How long cancels are awaited at the end.
const GRACE: Nanos = Nanos::from_millis(500);

/// A folder that goes away with its owner.
#[derive(Debug)]
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new(name: &str) -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("engine-{name}-{}-{count}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Puts one document over another, key by key.
fn overlay(under: &mut Value, over: Value) {
    match (under, over) {
        (Value::Object(under), Value::Object(over)) => {
            for (key, value) in over {
                overlay(under.entry(key).or_insert(Value::Null), value);
            }
        }
        (under, over) => *under = over,
    }
}

/// The shipped config with that laid over it, in virtual time.
pub(crate) fn loaded(over: &Value, data: Option<&Path>) -> Loaded {
    let mut config: Value = serde_json::from_str(SHIPPED).unwrap();
    let virtually = json!({
        "speed": "max",
        "persistence": { "sync": "process", "segmentBytes": 1 << 20 }
    });
    overlay(&mut config, virtually);
    overlay(&mut config, over.clone());
    if let Some(data) = data {
        overlay(&mut config, json!({ "persistence": { "dataDirectory": data } }));
    }
    let text = config.to_string();
    let loaded = load_text("a test", &text, &Arguments::default(), &Environment::default());
    loaded.unwrap_or_else(|fault| panic!("{fault}"))
}

/// The core's parameters for that config on the embedded venue.
pub(crate) fn core_params(over: &Value) -> CoreParams {
    let mut setup = setup(&loaded(over, None), None, None).unwrap();
    setup.begin(1, None);
    setup.core
}

/// How the stages are joined.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Way {
    /// In one piece, in the caller's thread.
    Fused,
    /// A thread for each, through the runner.
    Threads,
    /// Turned one by one in the order that a seed gives, through the least rings.
    Stepped(u64),
}

/// An engine that has not begun.
pub(crate) struct Engine {
    loaded: Loaded,
    pub(crate) core: CoreParams,
    pub(crate) sequencer: Sequencer,
    pub(crate) pilot: Pilot,
    pub(crate) ledger: Ledger,
    pub(crate) board: Board,
    pub(crate) stop: Stop,
    pub(crate) done: Arc<AtomicBool>,
}

impl Engine {
    /// Everything as a run begins it; the journal is kept where a directory is given.
    pub(crate) fn new(loaded: Loaded, data: Option<&Path>) -> Self {
        let config = &loaded.config;
        let mut setup = setup(&loaded, data, None).unwrap_or_else(|fault| panic!("{fault}"));
        let ledger = match data {
            Some(data) => {
                let currency = setup.currency;
                let store =
                    Store::open(data, config, (config.venue, currency), Told::default()).unwrap();
                store.begin(&loaded, &mut setup).unwrap().0
            }
            None => {
                setup.begin(1, None);
                Ledger::Unkept
            }
        };
        let (board, ..) = board(&setup.instruments());
        let done = Arc::new(AtomicBool::new(false));
        let stop = Stop::default();
        let Setup { link, timeline, begins, sequence, core, .. } = setup;
        let params = PilotParams { duration: config.duration, grace: GRACE };
        let pilot = Pilot::new(timeline, params, stop.clone(), done.clone());
        let gateway = Gateway::new(config.timing.order_timeout, core.risk.orders_max as usize);
        let feedback_max = Core::outputs_max(&core);
        let params = SequencerParams { sequence, latest: begins, feedback_max };
        let sequencer = Sequencer::new(link, gateway, params);
        Self { loaded, core, sequencer, pilot, ledger, board, stop, done }
    }

    /// Value at risk too, as a run has it.
    pub(crate) fn with_var(mut self, data: Option<&Path>) -> (Self, VarReader) {
        let config = &self.loaded.config;
        let params = DeskParams { config: config.var.clone(), seed: config.seed };
        let instruments: Vec<_> = self.core.instruments.iter().map(|one| one.instrument).collect();
        let ends = ends(params, (&self.core, &instruments), data, true);
        self.sequencer.hear_var(ends.results);
        self.board.risk.sample_for(ends.sampler);
        (self, ends.reader)
    }

    /// Runs to the end; what it leaves.
    pub(crate) fn run(self, way: Way) -> Outcome {
        let (said, parts) = crossbeam_channel::bounded(8);
        let done = self.done.clone();
        match way {
            Way::Fused => {
                let Self { core, sequencer, pilot, ledger, board, .. } = self;
                let fused = Fused::new(&core, sequencer, ledger, board);
                let mut hot = HotAgent::new(fused, pilot, HealthSlot::default(), said);
                while !done.load(Ordering::Acquire) {
                    hot.do_work();
                }
                hot.on_close();
            }
            Way::Threads => self.thread(said, &done),
            Way::Stepped(seed) => {
                let least = RingSizes::least(&self.core);
                let [feed, quoting, risk, journal] = self.agents(said, least);
                let mut stepper = Stepper::new(vec![feed, quoting, risk, journal], seed);
                while !done.load(Ordering::Acquire) {
                    stepper.turn();
                }
                stepper.close();
            }
        }
        Outcome::of(&parts).expect("every stage says what it leaves")
    }

    /// The four agents of the way, joined by rings of that size.
    pub(crate) fn agents(
        self,
        outcome: crossbeam_channel::Sender<Part>,
        sizes: RingSizes,
    ) -> [Box<dyn Agent>; 4] {
        let Self { core, sequencer, pilot, ledger, board, .. } = self;
        let parts = {
            let health = HealthSlot::default();
            dedicated::Parts { sequencer, pilot, ledger, board, health, outcome }
        };
        let stages = stages(&core, parts, sizes);
        let (quoting, risk) = (Box::new(stages.quoting), Box::new(stages.risk));
        [Box::new(stages.feed), quoting, risk, Box::new(stages.journal)]
    }

    /// Runs on real threads, carried as a run carries them.
    fn thread(self, said: crossbeam_channel::Sender<Part>, done: &AtomicBool) {
        let allowance = Allowance::read().unwrap();
        let params = self.loaded.config.threads.clone();
        let plan = plan(&allowance, &Wish { mode: ThreadMode::Dedicated, rest: vec![] }, &params);
        let least = RingSizes::least(&self.core);
        let names = [ThreadName::Feed, ThreadName::Quoting, ThreadName::Risk, ThreadName::Journal];
        let muster = Muster { plan: &plan, allowance: &allowance, stall_ns: params.stall_ns };
        let mut crew = Crew::default();
        for (name, agent) in names.into_iter().zip(self.agents(said, least)) {
            crew.start(name, agent, muster).unwrap();
        }
        while !done.load(Ordering::Acquire) {
            assert_eq!(crew.failed(), None);
            std::thread::sleep(Duration::from_millis(1));
        }
        let faults = crew.end(Duration::from_secs(30));
        assert!(faults.is_empty(), "{faults:?}");
    }
}

/// What a run has left, its journal among it.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) outcome: Outcome,
    /// The bytes of every segment in order.
    pub(crate) journal: Vec<u8>,
    /// What a fresh core has made of the journal.
    pub(crate) replayed: Replayed,
}

/// Runs that config with a journal, and replays it.
pub(crate) fn run(over: &Value, way: Way) -> Kept {
    let scratch = Scratch::new("run");
    let outcome = Engine::new(loaded(over, Some(scratch.path())), Some(scratch.path())).run(way);
    let (replayed, _) = replay(scratch.path()).unwrap_or_else(|error| panic!("{error}"));
    Kept { outcome, journal: segments(scratch.path()), replayed }
}

/// The bytes of every segment of a data directory, in order.
pub(crate) fn segments(data: &Path) -> Vec<u8> {
    let entries = data.join("journal").read_dir().unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "seg"));
    paths.sort();
    paths.iter().flat_map(|path| std::fs::read(path).unwrap()).collect()
}
