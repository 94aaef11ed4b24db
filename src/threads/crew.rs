//! All threads of a run: started in the order of the way, ended in the same order.
//!
//! So a stage ends when nothing comes any more from above, and takes what is left below on its way
//! out. When to end is decided elsewhere.

use super::agent::{Agent, at_work};
use super::cores::Allowance;
use super::counters::{Counts, Readings};
use super::health::HealthSlot;
use super::runner::{EndFault, Running, StartFault, start};
use super::topology::Plan;
use crate::config::ThreadName;
use crate::journal::{CancelAll, Emergency, EmergencyReason, poison};
use std::time::{Duration, Instant};

/// How long the gateway's thread is given to cancel everything when another one has panicked.
const CANCEL_WITHIN: Duration = Duration::from_millis(200);

/// The threads that run.
#[derive(Debug, Default)]
pub struct Crew {
    threads: Vec<Running>,
}

/// What all threads of a crew are started with.
#[derive(Clone, Copy, Debug)]
pub struct Muster<'a> {
    /// Which threads there are.
    pub plan: &'a Plan,
    /// The cores they are bound to.
    pub allowance: &'a Allowance,
    /// A stretch of turns longer than this is a stall.
    pub stall_ns: u64,
}

impl Crew {
    /// Starts one more, below those that run.
    ///
    /// # Errors
    /// It does not come up; those that run go on.
    ///
    /// # Panics
    /// The plan has no such thread: our own fault.
    pub fn start(
        &mut self,
        name: ThreadName,
        agent: impl Agent + 'static,
        muster: Muster<'_>,
    ) -> Result<(), StartFault> {
        let plan = muster.plan.thread(name).expect("a thread is started that was planned");
        self.threads.push(start(agent, plan, muster.allowance, muster.stall_ns)?);
        Ok(())
    }

    /// What each thread has done so far.
    pub fn counts(&self) -> impl Iterator<Item = (ThreadName, Counts)> {
        self.threads.iter().map(|thread| (thread.thread(), thread.readings().get()))
    }

    /// Where each thread's counts are read.
    #[must_use]
    pub fn readings(&self) -> Vec<(ThreadName, Readings)> {
        self.threads.iter().map(|thread| (thread.thread(), thread.readings().clone())).collect()
    }

    /// A thread that ended though nobody asked it to: its agent failed, and the run is over.
    #[must_use]
    pub fn failed(&self) -> Option<ThreadName> {
        self.threads.iter().find(|thread| thread.has_ended()).map(Running::thread)
    }

    /// Ends them one after another, each within so long; the faults of those that did not end well.
    pub fn end(self, within: Duration) -> Vec<EndFault> {
        self.threads.into_iter().filter_map(|thread| thread.end(within).err()).collect()
    }
}

/// The agents that do nothing but apply inputs.
const APPLIES: [&str; 3] = ["hot", "quoting", "risk"];

/// From now on a panic names the agent that was at work, on stderr, before all else that is said of
/// it: where panics abort, nobody is left to say it afterwards. An input that made the core panic
/// is noted beside the journal.
pub fn name_panics() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if let Some(agent) = at_work() {
            eprintln!("pinnaclemm: agent {agent} failed");
        }
        poison::note(info, at_work().is_some_and(|agent| APPLIES.contains(&agent)));
        before(info);
    }));
}

/// From now on a panic saves what can be saved before the process goes: everything is cancelled,
/// what is mapped is synced, and why stands in the emergency file.
pub fn save_on_panic(emergency: Emergency, health: HealthSlot) {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        before(info);
        let what = info.to_string();
        // Whoever has the gateway cancels everything in its next turn, unless it is the one who
        // has panicked.
        health.fail(&what);
        let is_gateway_gone = matches!(at_work(), Some("hot" | "feed"));
        let begun = Instant::now();
        while !is_gateway_gone && !health.is_cancelled() && begun.elapsed() < CANCEL_WITHIN {
            std::thread::sleep(Duration::from_millis(1));
        }
        let sent = (!is_gateway_gone).then(|| health.is_cancelled());
        save(&emergency, CancelAll { reason: EmergencyReason::Panicked }, &what, sent);
    }));
}

/// Saves, and says so on stderr; nothing if it was done before.
pub fn save(emergency: &Emergency, cancel: CancelAll, what: &str, sent: Option<bool>) {
    let Some(saved) = emergency.save(cancel, what, sent) else { return };
    let told = |done: &std::io::Result<()>| match done {
        Ok(()) => "done".to_string(),
        Err(error) => error.to_string(),
    };
    eprintln!(
        "pinnaclemm: EMERGENCY SAVE ({}): {what}; written to record {}, sync: {}, emergency file: \
         {}, cancel of everything: {}",
        cancel.reason.name(),
        saved.written,
        told(&saved.synced),
        told(&saved.recorded),
        match sent {
            Some(true) => "sent",
            Some(false) => "not sent",
            None => "nobody left to send it",
        }
    );
}
