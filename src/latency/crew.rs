//! Puts an engine on threads the way the product does, and plays tasks on it.

use super::floor::Floor;
use super::pace::Pace;
use super::probe::{Done, Probe, ProbeParams, Subject, Task};
use super::rig::{Blueprint, Engine, Folder, RigFault};
use super::shown::Shown;
use super::stream::Stream;
use crate::config::{Idle, ThreadName};
use crate::journal::SyncMode;
use crate::sys::clock::Rate;
use crate::threads::agent::{Agent, Group};
use crate::threads::cores::{Allowance, PinFault, pin};
use crate::threads::dedicated::{self, RingSizes};
use crate::threads::fused::Fused;
use crate::threads::health::HealthSlot;
use crate::threads::hot::HotAgent;
use crate::threads::housekeeping::Housekeeping;
use crate::threads::link::Foreign;
use crate::threads::runner::{EndFault, Running, StartFault, start};
use crate::threads::topology::ThreadPlan;
use crate::threads::web::Looking;
use crossbeam_channel::{Receiver, Sender, bounded, unbounded};
use serde::Serialize;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// How the stages are joined.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, PartialOrd, Ord, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// The caller turns the fused chain.
    Inline,
    /// One pinned thread turns it.
    Shared,
    /// Feed and gateway on one pinned thread, the other stages on a second.
    Pair,
    /// A pinned thread for each stage.
    Dedicated,
}

impl Mode {
    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Inline => "inline",
            Self::Shared => "shared",
            Self::Pair => "pair",
            Self::Dedicated => "dedicated",
        }
    }

    /// How many cores spin.
    #[must_use]
    pub const fn cores(self) -> usize {
        match self {
            Self::Inline | Self::Shared => 1,
            Self::Pair => 2,
            Self::Dedicated => 4,
        }
    }

    const fn is_split(self) -> bool {
        matches!(self, Self::Pair | Self::Dedicated)
    }
}

/// Why an engine was not measured.
#[derive(Debug)]
pub enum CrewFault {
    /// It cannot be made.
    Rig(RigFault),
    /// A thread does not come up.
    Start(StartFault),
    /// A thread does not end.
    End(EndFault),
    /// The thread that turns it cannot be bound.
    Pin(PinFault),
    /// A task did not come to its end.
    Stuck(Mode),
}

impl fmt::Display for CrewFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rig(fault) => fault.fmt(f),
            Self::Start(fault) => fault.fmt(f),
            Self::End(fault) => fault.fmt(f),
            Self::Pin(fault) => fault.fmt(f),
            Self::Stuck(mode) => write!(
                f,
                "mode {} has not played its messages within {} s: the machine is too busy to \
                 measure on",
                mode.name(),
                TASK_WITHIN.as_secs()
            ),
        }
    }
}

impl std::error::Error for CrewFault {}

/// No task takes longer.
const TASK_WITHIN: Duration = Duration::from_secs(40);
const END_WITHIN: Duration = Duration::from_secs(5);
/// Lines of each ring, and requests: as the shipped config has them.
const RINGS: RingSizes =
    RingSizes { inputs: 4096, drafts: 4096, outputs: 8192, requests: 1024, feedback: 1024 };

/// What is measured and on what.
#[derive(Clone, Debug)]
pub struct Bench {
    /// What is played.
    pub stream: Arc<Stream>,
    /// What the engine is made of.
    pub blueprint: Blueprint,
    /// The cores.
    pub allowance: Allowance,
    /// How long a tick is.
    pub rate: Rate,
    /// Where journals are made.
    pub parent: std::path::PathBuf,
}

impl Bench {
    /// The n-th hot core from the end: the first ones are those that the system likes to use.
    #[must_use]
    pub fn hot_core(&self, n: usize) -> usize {
        self.allowance.cores.len().saturating_sub(n + 1)
    }
}

/// An engine that runs.
#[derive(Debug)]
pub struct Crew {
    mode: Mode,
    tasks: Sender<Task>,
    done: Receiver<Done>,
    running: Vec<Running>,
    /// The caller of mode `inline`.
    caller: Option<(JoinHandle<()>, Arc<AtomicBool>)>,
    /// What it publishes, until somebody looks.
    shown: Option<Shown>,
    folder: Folder,
}

impl Crew {
    /// Starts an engine, and plays what its books need to begin.
    ///
    /// # Errors
    /// It does not come up.
    pub fn start(bench: &Bench, mode: Mode, sync: SyncMode) -> Result<Self, CrewFault> {
        let folder = Folder::below(&bench.parent).map_err(CrewFault::Rig)?;
        let (tasks, wanted) = unbounded();
        let (said, done) = unbounded();
        let floor = match bench.stream.is_made {
            true => Some(floor(bench, folder.path()).map_err(CrewFault::Rig)?),
            false => None,
        };
        let params = ProbeParams {
            stream: Arc::clone(&bench.stream),
            rate: bench.rate,
            is_split: mode.is_split(),
            floor,
        };
        let probe = Box::new(Probe::new(params, wanted, said));
        let own = Self::on(bench, (mode, sync), folder, (probe, tasks, done))?;
        let opening = Task {
            subject: Subject::Product,
            pace: Pace::Saturated,
            count: 0,
            warm: bench.stream.opening.len() as u64,
            is_signed: false,
        };
        if opening.warm > 0 {
            own.play(opening)?;
        }
        Ok(own)
    }

    /// Starts an engine in mode `shared` on another link, which gets no tasks.
    ///
    /// # Errors
    /// It does not come up.
    pub fn linked(bench: &Bench, link: Box<dyn Foreign>) -> Result<Self, CrewFault> {
        let folder = Folder::below(&bench.parent).map_err(CrewFault::Rig)?;
        let ((tasks, _), (_, done)) = (unbounded(), unbounded());
        Self::on(bench, (Mode::Shared, SyncMode::Process), folder, (link, tasks, done))
    }

    fn on(
        bench: &Bench,
        (mode, sync): (Mode, SyncMode),
        folder: Folder,
        (link, tasks, done): (Box<dyn Foreign>, Sender<Task>, Receiver<Done>),
    ) -> Result<Self, CrewFault> {
        let data = folder.path().join("data");
        let engine = Engine::new(&bench.blueprint, link, &data, sync).map_err(CrewFault::Rig)?;
        let (running, caller, shown) = (Vec::new(), None, None);
        let mut own = Self { mode, tasks, done, running, caller, shown, folder };
        own.carry(bench, engine)?;
        Ok(own)
    }

    fn carry(&mut self, bench: &Bench, engine: Engine) -> Result<(), CrewFault> {
        let Engine { core, sequencer, pilot, ledger, keeping, mut board, views, fills, .. } =
            engine;
        let health = HealthSlot::default();
        self.shown = Some(Shown { views, fills, health: health.clone() });
        let (parts, _) = bounded(8);
        board.turn_on(if self.mode.is_split() { RINGS.inputs_max() } else { 1 });
        if self.mode.is_split() {
            let made = dedicated::Parts {
                sequencer,
                pilot,
                ledger,
                board,
                health: health.clone(),
                outcome: parts,
            };
            let stages = dedicated::stages(&core, made, RINGS);
            if self.mode == Mode::Pair {
                let rest: Vec<Box<dyn Agent>> =
                    vec![Box::new(stages.quoting), Box::new(stages.risk), Box::new(stages.journal)];
                self.thread(bench, (ThreadName::Feed, 1), stages.feed)?;
                self.thread(bench, (ThreadName::Quoting, 0), Group::new("rest", rest))?;
            } else {
                self.thread(bench, (ThreadName::Feed, 3), stages.feed)?;
                self.thread(bench, (ThreadName::Quoting, 2), stages.quoting)?;
                self.thread(bench, (ThreadName::Risk, 1), stages.risk)?;
                self.thread(bench, (ThreadName::Journal, 0), stages.journal)?;
            }
        } else {
            let mut fused = Fused::new(&core, sequencer, ledger, board);
            fused.rehearse(&core);
            let hot = HotAgent::new(fused, pilot, health.clone(), parts);
            if self.mode == Mode::Shared {
                self.thread(bench, (ThreadName::Hot, 0), hot)?;
            } else {
                self.caller = Some(turn(bench, hot)?);
            }
        }
        let (keeper, _) = Housekeeping::new(keeping, health, None);
        let plan = ThreadPlan {
            name: ThreadName::Housekeeping,
            core: Some(0),
            idle: Idle::SleepMicros(1_000),
        };
        self.running
            .push(start(keeper, &plan, &bench.allowance, u64::MAX).map_err(CrewFault::Start)?);
        Ok(())
    }

    /// Starts an agent on the n-th hot core.
    fn thread(
        &mut self,
        bench: &Bench,
        (name, n): (ThreadName, usize),
        agent: impl Agent + 'static,
    ) -> Result<(), CrewFault> {
        let idle = if bench.allowance.cores.len() > n { Idle::Spin } else { Idle::Yield };
        let plan = ThreadPlan { name, core: Some(bench.hot_core(n)), idle };
        let running = start(agent, &plan, &bench.allowance, u64::MAX).map_err(CrewFault::Start)?;
        self.running.push(running);
        Ok(())
    }

    /// Plays a task to its end.
    ///
    /// # Errors
    /// It does not come to one.
    pub fn play(&self, task: Task) -> Result<Done, CrewFault> {
        self.tasks.send(task).ok();
        self.done.recv_timeout(TASK_WITHIN).map_err(|_| CrewFault::Stuck(self.mode))
    }

    /// As the web looks at it; once, as its trades are told to one only.
    #[must_use]
    pub fn looking(&mut self, bench: &Bench) -> Option<Looking> {
        let readings = self.running.iter().map(|one| (one.thread(), one.readings().clone()));
        Some(self.shown.take()?.looking(bench, readings.collect()))
    }

    /// Where its journal lies.
    #[must_use]
    pub fn data(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }

    /// Ends the engine; the journal is sealed then, and lies there until the folder goes.
    ///
    /// # Errors
    /// A thread does not end.
    pub fn end(self) -> Result<Folder, CrewFault> {
        let end = Task {
            subject: Subject::End,
            pace: Pace::Saturated,
            count: 0,
            warm: 0,
            is_signed: false,
        };
        self.tasks.send(end).ok();
        // The cancels of what stands, and their answers.
        std::thread::sleep(Duration::from_millis(20));
        if let Some((caller, stop)) = self.caller {
            stop.store(true, Ordering::Release);
            caller.join().ok();
        }
        for thread in self.running {
            thread.end(END_WITHIN).map_err(CrewFault::End)?;
        }
        Ok(self.folder)
    }
}

fn floor(bench: &Bench, folder: &Path) -> Result<Floor, RigFault> {
    let path = folder.join("floor");
    Floor::new(Arc::clone(&bench.stream), &path).map_err(|error| RigFault::Folder(path, error))
}

/// A caller of our own that turns the agent in place until it is stopped.
fn turn(
    bench: &Bench,
    mut agent: HotAgent,
) -> Result<(JoinHandle<()>, Arc<AtomicBool>), CrewFault> {
    let stop = Arc::new(AtomicBool::new(false));
    let (bound, is_bound) = bounded(1);
    let (core, allowance, asked) = (bench.hot_core(0), bench.allowance.clone(), Arc::clone(&stop));
    let caller = std::thread::spawn(move || {
        let pinned = pin(ThreadName::Hot, core, &allowance);
        let is_good = pinned.is_ok();
        bound.send(pinned).ok();
        while is_good && !asked.load(Ordering::Acquire) {
            agent.do_work();
        }
        agent.on_close();
    });
    is_bound.recv().expect("the caller says how it was bound").map_err(CrewFault::Pin)?;
    Ok((caller, stop))
}
