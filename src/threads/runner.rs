//! The only loop: turns an agent on a named thread, bound to its core, until it is told to stop.
//!
//! The runner decides when to wait and what to count, and knows nothing of what is done. The clock
//! is read for the counters alone, once in many turns. A panic of an agent ends the process where
//! panics abort; where they unwind, the end of its thread says who it was.

use super::agent::{Agent, at_work, enter};
use super::cores::{Allowance, PinFault, pin};
use super::counters::{Readings, Tally, Watch, counters};
use super::idle::{Idling, Pause};
use super::topology::ThreadPlan;
use crate::config::{Idle, ThreadName};
use std::any::Any;
use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

/// How often a thread that is to end is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(1);

/// A thread did not come up.
#[derive(Debug)]
pub enum StartFault {
    /// It could not be bound to its core.
    Pin(PinFault),
    /// The system gave no thread.
    Spawn(ThreadName, io::Error),
}

impl fmt::Display for StartFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pin(fault) => fault.fmt(f),
            Self::Spawn(thread, error) => {
                write!(f, "thread {} cannot be started: {error}", thread.name())
            }
        }
    }
}

impl std::error::Error for StartFault {}

/// A thread did not end as it should.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum EndFault {
    /// An agent of it panicked, which is our own fault.
    Panicked {
        /// The thread.
        thread: ThreadName,
        /// Who was at work.
        agent: &'static str,
        /// What it said.
        what: String,
    },
    /// It did not end in time: its agent does not come back from a turn.
    Stuck {
        /// The thread.
        thread: ThreadName,
        /// How long it was given.
        waited: Duration,
    },
}

impl fmt::Display for EndFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Panicked { thread, agent, what } => {
                write!(f, "agent {agent} of thread {} failed: {what}", thread.name())
            }
            Self::Stuck { thread, waited } => {
                write!(f, "thread {} has not ended within {waited:?}", thread.name())
            }
        }
    }
}

impl std::error::Error for EndFault {}

/// Who failed, and what it said.
type Failure = (&'static str, String);

/// A thread that runs.
#[derive(Debug)]
pub struct Running {
    thread: ThreadName,
    stop: Arc<AtomicBool>,
    readings: Readings,
    handle: JoinHandle<Result<(), Failure>>,
}

/// Puts an agent on a thread of its own. Comes back when the thread is bound to its core: a thread
/// that spins must not keep the next one from the core that it is to leave.
///
/// # Errors
/// There is no such core, the system refuses it, or gives no thread; the agent is lost.
pub fn start<A: Agent + 'static>(
    agent: A,
    plan: &ThreadPlan,
    allowance: &Allowance,
    stall_ns: u64,
) -> Result<Running, StartFault> {
    let (name, idle) = (plan.name, plan.idle);
    let (tally, readings) = counters();
    let stop = Arc::new(AtomicBool::new(false));
    let (bound, is_bound) = sync_channel(1);
    let core = plan.core.map(|core| (core, allowance.clone()));
    let run = {
        let stop = stop.clone();
        move || {
            let pinned = core.map_or(Ok(()), |(core, allowance)| pin(name, core, &allowance));
            let is_good = pinned.is_ok();
            bound.send(pinned).expect("the starter waits for it");
            if is_good { carry(agent, &Carriage { stop, idle, stall_ns }, tally) } else { Ok(()) }
        }
    };
    let handle = Builder::new()
        .name(name.name().to_string())
        .spawn(run)
        .map_err(|error| StartFault::Spawn(name, error))?;
    is_bound.recv().expect("a thread says how it was bound").map_err(StartFault::Pin)?;
    Ok(Running { thread: name, stop, readings, handle })
}

/// How an agent is carried.
struct Carriage {
    stop: Arc<AtomicBool>,
    idle: Idle,
    stall_ns: u64,
}

/// The whole life of an agent. A panic that unwinds is told with the name of who was at work.
fn carry(mut agent: impl Agent, carriage: &Carriage, tally: Tally) -> Result<(), Failure> {
    // The agent is given up after a panic, so nobody sees what it left half done.
    let life = AssertUnwindSafe(|| {
        enter(agent.name());
        agent.on_start();
        turn_until_stopped(&mut agent, carriage, tally);
        agent.on_close();
    });
    catch_unwind(life).map_err(|payload| (at_work().unwrap_or("unknown"), words(&*payload)))
}

/// The loop.
fn turn_until_stopped(agent: &mut impl Agent, carriage: &Carriage, mut tally: Tally) {
    let begun = Instant::now();
    let now_ns = || u64::try_from(begun.elapsed().as_nanos()).expect("less than 584 years");
    let mut idling = Idling::new(carriage.idle);
    let mut watch = Watch::new(carriage.stall_ns, 0);
    while !carriage.stop.load(Ordering::Acquire) {
        let work = agent.do_work();
        tally.turned(work);
        let pause = idling.next(work);
        // Before the thread goes away, so that its absence is not taken for a long turn.
        if watch.turned() || pause.is_away() {
            tally.stretched(watch.end(now_ns()), agent.rings_full());
        }
        let is_over = match pause {
            Pause::SleepMicros(micros) => agent.wait(Duration::from_micros(micros.into())),
            _ => false,
        };
        if !is_over {
            pause.take();
        }
        if pause.is_away() {
            watch.begin(now_ns());
        }
    }
    tally.stretched(watch.end(now_ns()), agent.rings_full());
}

/// What a panic said.
fn words(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(ToString::to_string);
    let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "it said nothing".to_string())
}

impl Running {
    /// Which thread it is.
    #[must_use]
    pub const fn thread(&self) -> ThreadName {
        self.thread
    }

    /// What it has done so far.
    #[must_use]
    pub const fn readings(&self) -> &Readings {
        &self.readings
    }

    /// Whether it has ended; before it was stopped, only a panic does that.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.handle.is_finished()
    }

    /// Stops it after the turn at hand, and waits for its end, but not longer than so.
    ///
    /// # Errors
    /// An agent panicked, or the thread does not end; it is left to itself then.
    pub fn end(self, within: Duration) -> Result<(), EndFault> {
        let Self { thread, stop, handle, .. } = self;
        stop.store(true, Ordering::Release);
        let begun = Instant::now();
        while !handle.is_finished() {
            if begun.elapsed() >= within {
                return Err(EndFault::Stuck { thread, waited: within });
            }
            std::thread::sleep(LOOK_EVERY);
        }
        let failed = |(agent, what)| EndFault::Panicked { thread, agent, what };
        handle.join().expect("a panic of an agent is caught").map_err(failed)
    }
}

#[cfg(test)]
#[path = "runner_tests.rs"]
mod tests;
