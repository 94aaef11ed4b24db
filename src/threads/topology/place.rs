//! Which thread gets which core.
//!
//! The first allowed core goes to the rest, as systems put their interrupts there; the hot threads
//! take the following ones, as many as the quota carries. How a thread waits is not decided here.

use super::is_tight;
use crate::config::{ThreadName, ThreadsParams};
use crate::threads::cores::Allowance;

/// Who wants a core.
pub(super) struct Ask<'a> {
    pub(super) allowance: &'a Allowance,
    pub(super) hot: &'a [ThreadName],
    pub(super) rest: &'a [ThreadName],
    pub(super) params: &'a ThreadsParams,
}

/// The n-th allowed core of each thread, in the order of the asking.
pub(super) struct Placement {
    pub(super) hot: Vec<Option<usize>>,
    pub(super) rest: Vec<Option<usize>>,
}

impl Placement {
    /// How many threads are bound to that core.
    pub(super) fn threads_on(&self, core: Option<usize>) -> usize {
        self.hot.iter().chain(&self.rest).filter(|other| **other == core).count()
    }
}

/// Gives each thread its core.
pub(super) fn place(ask: &Ask<'_>, remarks: &mut Vec<String>) -> Placement {
    let cores = ask.allowance.cores.len();
    if !ask.params.pin && !ask.hot.is_empty() {
        remarks.push("no thread is bound to a core: threads.pin is false".to_string());
    }
    // On one core there is nothing to choose, and a chain turned by its caller has no hot core.
    if !ask.params.pin || cores < 2 || ask.hot.is_empty() {
        return Placement { hot: vec![None; ask.hot.len()], rest: vec![None; ask.rest.len()] };
    }
    let hot = place_hot(ask, remarks);
    let cold: Vec<_> = (0..cores).filter(|core| !hot.contains(core)).collect();
    let rest = place_rest(ask, &cold, remarks);
    Placement {
        hot: hot.into_iter().map(Some).collect(),
        rest: rest.into_iter().map(Some).collect(),
    }
}

/// The core that the operator named for a thread, if there is such a core.
fn asked(ask: &Ask<'_>, name: ThreadName, remarks: &mut Vec<String>) -> Option<usize> {
    let core = *ask.params.cores.get(&name)?;
    if core < ask.allowance.cores.len() {
        return Some(core);
    }
    let name = name.name();
    remarks.push(format!("{name} does not get core {core}: allowed: {}", ask.allowance));
    None
}

fn place_hot(ask: &Ask<'_>, remarks: &mut Vec<String>) -> Vec<usize> {
    let cores = ask.allowance.cores.len();
    let named: Vec<_> = ask.hot.iter().map(|name| asked(ask, *name, remarks)).collect();
    // Not more cores than the quota keeps busy; where none is kept busy, all.
    let usable = if is_tight(ask.allowance) { cores } else { ask.allowance.whole() };
    let for_rest = ask.rest.iter().filter_map(|name| ask.params.cores.get(name).copied());
    let mut reserved: Vec<_> = for_rest.filter(|core| *core < usable).collect();
    if reserved.is_empty() {
        reserved.push((0..usable).find(|core| !named.contains(&Some(*core))).unwrap_or(0));
    }
    let mut open: Vec<_> = (0..usable).filter(|core| !reserved.contains(core)).collect();
    if open.is_empty() {
        open = (1..usable).collect();
    }
    let mut taken: Vec<usize> = named.iter().flatten().copied().collect();
    named
        .into_iter()
        .map(|named| {
            named.unwrap_or_else(|| {
                let load = |core: &usize| taken.iter().filter(|taken| *taken == core).count();
                let core = *open.iter().min_by_key(|core| load(core)).expect("two cores or more");
                taken.push(core);
                core
            })
        })
        .collect()
}

fn place_rest(ask: &Ask<'_>, cold: &[usize], remarks: &mut Vec<String>) -> Vec<usize> {
    if cold.is_empty() && !ask.rest.is_empty() {
        remarks.push("no core is left to the rest: it shares core 0".to_string());
    }
    let mut turn = cold.iter().cycle();
    let mut next = || turn.next().copied().unwrap_or(0);
    ask.rest
        .iter()
        .map(|name| match asked(ask, *name, remarks) {
            Some(core) if cold.contains(&core) => core,
            Some(core) => {
                let name = name.name();
                remarks.push(format!("{name} does not get core {core}: a hot thread is there"));
                next()
            }
            None => next(),
        })
        .collect()
}
