//! Which threads there are, on which cores, and how each waits: a pure function of what the process
//! is allowed, what the run wishes and what the config says.
//!
//! The rules: at most one thread spins on a core, and only one that has it for itself; threads that
//! burn their core leave one core of the quota to the rest; the rest never shares a core with a hot
//! thread where there is another. A core or a `yield` that the operator names stands where it can.
//! What cannot be had is replaced by what runs correctly, and said in a remark. What the threads
//! carry is not known here.

mod place;

use super::cores::Allowance;
use crate::config::{Idle, ThreadMode, ThreadName, ThreadsParams};
use std::fmt;

/// The hot threads of `dedicated`, in the order of the way. The gateway is on the feed's thread.
const STAGES: [ThreadName; 4] =
    [ThreadName::Feed, ThreadName::Quoting, ThreadName::Risk, ThreadName::Journal];
/// Whole cores that `dedicated` needs: one for each stage, one for the rest.
pub const DEDICATED_CORES: usize = STAGES.len() + 1;

/// What a run wishes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wish {
    /// The mode asked for.
    pub mode: ThreadMode,
    /// The threads off the path that this run has.
    pub rest: Vec<ThreadName>,
}

/// One thread. `main` is among them where it was wished: the thread that is there already is bound
/// after it has started the others, see `settle`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ThreadPlan {
    /// Its name, also in the system.
    pub name: ThreadName,
    /// The n-th allowed core, from 0; none where there is nothing to choose.
    pub core: Option<usize>,
    /// What it does in a turn without work.
    pub idle: Idle,
}

impl fmt::Display for ThreadPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, core, idle } = self;
        let core = core.map_or_else(|| "any".to_string(), |core| core.to_string());
        write!(f, "{} {core} {}", name.name(), idle.name())?;
        match idle {
            Idle::SleepMicros(micros) => write!(f, " {micros}"),
            _ => Ok(()),
        }
    }
}

/// How the stages are carried.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Plan {
    /// Never `Auto`.
    pub mode: ThreadMode,
    /// The hot threads in the order of the way, then the rest. No hot one in `Inline`.
    pub threads: Vec<ThreadPlan>,
    /// What was chosen, and what was wished and cannot be had, in words.
    pub remarks: Vec<String>,
}

impl Plan {
    /// The plan of one thread.
    #[must_use]
    pub fn thread(&self, name: ThreadName) -> Option<&ThreadPlan> {
        self.threads.iter().find(|thread| thread.name == name)
    }
}

/// Lays allowance, wish and config together.
#[must_use]
pub fn plan(allowance: &Allowance, wish: &Wish, params: &ThreadsParams) -> Plan {
    let mut remarks = Vec::new();
    let mode = choose(allowance, wish.mode, &mut remarks);
    let hot = match mode {
        ThreadMode::Dedicated => &STAGES[..],
        ThreadMode::Shared => &[ThreadName::Hot],
        ThreadMode::Inline | ThreadMode::Auto => &[],
    };
    let place =
        place::place(&place::Ask { allowance, hot, rest: &wish.rest, params }, &mut remarks);
    let may_burn = may_burn(allowance, &place.hot, &mut remarks);
    let mut threads = Vec::with_capacity(hot.len() + wish.rest.len());
    for (name, core) in hot.iter().zip(&place.hot) {
        let alone = core.is_some() && place.threads_on(*core) == 1;
        let asked = params.idle.get(name).copied();
        let idle = hot_idle(asked, may_burn, alone);
        if asked.is_some_and(|asked| asked != idle) {
            let (name, idle) = (name.name(), idle.name());
            let why = if may_burn { "its core is not its own" } else { "the cores are too few" };
            remarks.push(format!("{name} waits by {idle}: {why}"));
        }
        threads.push(ThreadPlan { name: *name, core: *core, idle });
    }
    for (name, core) in wish.rest.iter().zip(&place.rest) {
        let idle = params.idle.get(name).copied().unwrap_or_else(|| rest_idle(*name));
        threads.push(ThreadPlan { name: *name, core: *core, idle });
    }
    Plan { mode, threads, remarks }
}

/// Fewer than two whole cores: whoever burns one takes it from the others.
fn is_tight(allowance: &Allowance) -> bool {
    allowance.whole() < 2 || allowance.is_fractional()
}

/// The mode, and why.
fn choose(allowance: &Allowance, mode: ThreadMode, remarks: &mut Vec<String>) -> ThreadMode {
    let is_enough = allowance.whole() >= DEDICATED_CORES && !is_tight(allowance);
    let needs = format!("dedicated needs {DEDICATED_CORES} whole cores, allowed: {allowance}");
    match mode {
        ThreadMode::Auto if is_enough => {
            remarks.push(format!("auto is dedicated: {needs}"));
            ThreadMode::Dedicated
        }
        ThreadMode::Auto => {
            remarks.push(format!("auto is shared: {needs}"));
            ThreadMode::Shared
        }
        ThreadMode::Dedicated if !is_enough => {
            remarks.push(format!("dedicated does not spin on every stage: {needs}"));
            mode
        }
        _ => mode,
    }
}

/// Whether hot threads may keep their cores busy while they wait, and leave one to the rest.
fn may_burn(allowance: &Allowance, hot: &[Option<usize>], remarks: &mut Vec<String>) -> bool {
    if hot.is_empty() {
        return false;
    }
    let mut cores: Vec<_> = hot.iter().flatten().collect();
    cores.sort_unstable();
    cores.dedup();
    let free = hot.iter().filter(|core| core.is_none()).count();
    let may = !is_tight(allowance) && cores.len() + free < allowance.whole();
    if !may {
        let busy = cores.len() + free;
        remarks.push(format!("no thread spins: {busy} busy and the rest, allowed: {allowance}"));
    }
    may
}

/// How a hot thread waits.
const fn hot_idle(asked: Option<Idle>, may_burn: bool, alone: bool) -> Idle {
    match (asked, may_burn, alone) {
        (Some(asked @ (Idle::Backoff | Idle::SleepMicros(_) | Idle::Yield)), _, _)
        | (Some(asked), true, true) => asked,
        (None, true, true) => Idle::Spin,
        (_, true, false) => Idle::Yield,
        (_, false, _) => Idle::Backoff,
    }
}

/// How a thread off the path waits: it polls on a timer, as nobody wakes it.
pub(crate) const fn rest_idle(name: ThreadName) -> Idle {
    match name {
        // Signals and the status line: a tenth of what a person notices.
        ThreadName::Main => Idle::SleepMicros(20_000),
        ThreadName::Var => Idle::SleepMicros(10_000),
        _ => Idle::SleepMicros(1_000),
    }
}

#[cfg(test)]
#[path = "topology_tests.rs"]
mod tests;
