//! Keeps off the hot cores whatever no plan binds: the process's own thread, and those of the log,
//! of the server, of alerts and of a venue's slow questions.
//!
//! A planned thread binds itself as it starts. The others are started where they are needed, by
//! libraries too, and the system would put them where there is room: a core that spins looks no
//! busier to it than one that answers a thousand requests. What they start later inherits their
//! cores. Recovery reads on all cores, so this is called behind it.

use super::cores::Allowance;
use super::topology::Plan;
use crate::config::ThreadName;
use rustix::process::Pid;
use rustix::thread::{CpuSet, sched_setaffinity};
use std::collections::BTreeSet;
use std::fs;
use std::io;

/// Where the system lists the threads of this process.
const TASKS: &str = "/proc/self/task";

/// Binds the process's own thread to its planned core, and every thread that is not planned to all
/// allowed cores but the hot ones; how many were bound. Nothing is done where no thread has a core.
///
/// # Errors
/// The system does not list its threads, or refuses.
pub fn settle(plan: &Plan, allowance: &Allowance) -> io::Result<usize> {
    let cores = |is_wanted: &dyn Fn(usize) -> bool| {
        let mut set = CpuSet::new();
        let wanted = allowance.cores.iter().enumerate().filter(|(at, _)| is_wanted(*at));
        for (_, core) in wanted.filter(|(_, core)| core.id < CpuSet::MAX_CPU) {
            set.set(core.id);
        }
        set
    };
    let hot: BTreeSet<_> =
        plan.threads.iter().filter(|one| one.name.is_hot()).filter_map(|one| one.core).collect();
    let cold = cores(&|at| !hot.contains(&at));
    if hot.is_empty() || cold.count() == 0 {
        return Ok(0);
    }
    let own = plan.thread(ThreadName::Main).and_then(|main| main.core);
    let own = own.map_or(cold, |core| cores(&|at| at == core));
    let planned: BTreeSet<_> = plan.threads.iter().map(|one| one.name.name()).collect();
    let process = std::process::id().cast_signed();
    let (mut seen, mut bound) = (BTreeSet::new(), 0);
    loop {
        let known = seen.len();
        for id in tasks()?.into_iter().filter(|id| seen.insert(*id)).collect::<Vec<_>>() {
            let is_own = id == process;
            // A thread that has ended since has no name any more.
            let Ok(name) = fs::read_to_string(format!("{TASKS}/{id}/comm")) else { continue };
            if !is_own && planned.contains(name.trim_end()) {
                continue;
            }
            match sched_setaffinity(Pid::from_raw(id), if is_own { &own } else { &cold }) {
                Ok(()) => bound += 1,
                Err(rustix::io::Errno::SRCH) => {}
                Err(error) => return Err(error.into()),
            }
        }
        // What was started meanwhile by one that was not bound yet is found in the next pass.
        if seen.len() == known {
            return Ok(bound);
        }
    }
}

/// The threads of this process by their numbers.
fn tasks() -> io::Result<Vec<i32>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(TASKS)? {
        found.extend(entry?.file_name().to_str().and_then(|name| name.parse::<i32>().ok()));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Idle, ThreadMode};
    use crate::threads::topology::ThreadPlan;

    #[test]
    fn nothing_is_bound_where_no_hot_thread_has_a_core() {
        let allowance = Allowance::read().unwrap();
        let main = ThreadPlan { name: ThreadName::Main, core: None, idle: Idle::Backoff };
        let hot = ThreadPlan { name: ThreadName::Hot, ..main.clone() };
        let plan = Plan { mode: ThreadMode::Shared, threads: vec![hot, main], remarks: Vec::new() };
        assert_eq!(settle(&plan, &allowance).unwrap(), 0);
    }
}
