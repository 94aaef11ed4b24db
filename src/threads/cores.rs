//! The cores that this process may use, and the binding of a thread to one of them.
//!
//! A core is named as the n-th allowed one, never by its number in the machine: a pod is given
//! other cores at each start. Which thread gets which core is the topology's.

use super::cgroup::{CgroupFault, Groups};
use crate::config::ThreadName;
use core_affinity::CoreId;
use std::fmt;
use std::path::Path;

/// What the process may use.
#[derive(Clone, PartialEq, Debug)]
pub struct Allowance {
    /// Its cores, ascending.
    pub cores: Vec<CoreId>,
    /// The CPU time it may take, in cores, where that is bounded.
    pub quota: Option<f64>,
    /// The CPU time that it gets whatever others want, in cores, where a pod says so.
    pub promised: Option<f64>,
}

/// The allowance cannot be told.
#[derive(Debug)]
pub enum AllowanceFault {
    /// The system does not say on which cores the process may run.
    NoAffinity,
    /// A control group cannot be read.
    Cgroup(CgroupFault),
}

impl fmt::Display for AllowanceFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAffinity => f.write_str("the system does not say which cores are allowed"),
            Self::Cgroup(fault) => fault.fmt(f),
        }
    }
}

impl std::error::Error for AllowanceFault {}

impl Allowance {
    /// What this process may use now. To be asked before any thread is bound: a bound one is told
    /// its own core.
    ///
    /// # Errors
    /// As [`AllowanceFault`] names them.
    pub fn read() -> Result<Self, AllowanceFault> {
        let groups = Groups::find(Path::new("/")).map_err(AllowanceFault::Cgroup)?;
        let cores = core_affinity::get_core_ids().filter(|cores| !cores.is_empty());
        Self::of(cores.ok_or(AllowanceFault::NoAffinity)?, &groups)
    }

    /// The cores of the affinity that lie in the cpuset too, and the quota.
    fn of(mut cores: Vec<CoreId>, groups: &Groups) -> Result<Self, AllowanceFault> {
        let quota = groups.quota().map_err(AllowanceFault::Cgroup)?.map(|(quota, _)| quota);
        if let Some(set) = groups.cpuset().map_err(AllowanceFault::Cgroup)? {
            cores.retain(|core| set.contains(&core.id));
        }
        if cores.is_empty() {
            return Err(AllowanceFault::NoAffinity);
        }
        cores.sort_unstable();
        Ok(Self { cores, quota, promised: None })
    }

    /// The same in a pod that asks for so much.
    #[must_use]
    pub fn promised(self, millis: Option<u32>) -> Self {
        Self { promised: millis.map(|millis| f64::from(millis) / 1e3), ..self }
    }

    /// What can be relied on, where that is bounded.
    fn bound(&self) -> Option<f64> {
        let least = |one: f64| self.promised.map_or(one, |other| one.min(other));
        self.quota.map_or(self.promised, |quota| Some(least(quota)))
    }

    /// The cores that can be kept busy without being stopped, and without taking others' time:
    /// quota, promise and cores, whichever is least.
    #[must_use]
    pub fn whole(&self) -> usize {
        let is_granted = |n: &usize| self.bound().is_none_or(|bound| as_cores(*n) <= bound);
        (1..=self.cores.len()).take_while(is_granted).count()
    }

    /// What can be relied on is less than the cores, and no whole number: some thread will be
    /// stopped, or takes others' time.
    #[must_use]
    pub fn is_fractional(&self) -> bool {
        self.bound().is_some_and(|bound| {
            bound < as_cores(self.cores.len()) && (bound - as_cores(self.whole())).abs() > 1e-9
        })
    }

    /// Whether the cores are this process's own, as far as it can see: no quota is less than they
    /// are, and where a pod says how much it asked for, they are exactly as many. A pool that is
    /// shared has another number of them, but by chance.
    #[must_use]
    pub fn is_own(&self) -> bool {
        let cores = as_cores(self.cores.len());
        self.quota.is_none_or(|quota| quota >= cores)
            && self.promised.is_none_or(|promised| (promised - cores).abs() < 1e-9)
    }
}

/// Counts of cores are small.
#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
const fn as_cores(n: usize) -> f64 {
    n as f64
}

impl fmt::Display for Allowance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.cores.len() == 1 { "" } else { "s" };
        write!(f, "{} core{plural}", self.cores.len())?;
        if let Some(quota) = self.quota {
            write!(f, ", a quota of {quota} cores")?;
        }
        self.promised.map_or(Ok(()), |promised| write!(f, ", {promised} promised to the pod"))
    }
}

/// A thread could not be bound.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PinFault {
    /// There is no such core among the allowed ones.
    NotAllowed {
        /// The thread.
        thread: ThreadName,
        /// The core it was to have, counted from 0.
        core: usize,
        /// How many are allowed.
        allowed: usize,
    },
    /// The system refused.
    Refused {
        /// The thread.
        thread: ThreadName,
        /// The core it was to have, counted from 0.
        core: usize,
        /// Its number in the machine.
        id: usize,
    },
}

impl fmt::Display for PinFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAllowed { thread, core, allowed } => write!(
                f,
                "thread {} cannot be bound to allowed core {core}: there are {allowed}, counted \
                 from 0; correct threads.cores.{0} or allow more cores",
                thread.name()
            ),
            Self::Refused { thread, core, id } => write!(
                f,
                "thread {} cannot be bound to allowed core {core} (number {id} of the machine): \
                 the system refused; allow it, or set threads.pin to false",
                thread.name()
            ),
        }
    }
}

impl std::error::Error for PinFault {}

/// Binds the calling thread to the n-th allowed core: the first thing that it does.
///
/// # Errors
/// There is no such core, or the system refuses.
pub fn pin(thread: ThreadName, core: usize, allowance: &Allowance) -> Result<(), PinFault> {
    let allowed = allowance.cores.len();
    let id = *allowance.cores.get(core).ok_or(PinFault::NotAllowed { thread, core, allowed })?;
    if core_affinity::set_for_current(id) {
        Ok(())
    } else {
        Err(PinFault::Refused { thread, core, id: id.id })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowance(cores: usize, quota: Option<f64>) -> Allowance {
        Allowance { cores: (0..cores).map(|id| CoreId { id }).collect(), quota, promised: None }
    }

    #[test]
    fn quota_and_cores_bound_each_other() {
        let check = |cores, quota, whole, is_fractional| {
            let allowance = allowance(cores, quota);
            let got = (allowance.whole(), allowance.is_fractional());
            assert_eq!(got, (whole, is_fractional), "{allowance}");
        };
        check(1, None, 1, false);
        check(8, None, 8, false);
        check(8, Some(8.0), 8, false);
        check(8, Some(9.5), 8, false);
        check(8, Some(5.0), 5, false);
        check(8, Some(4.5), 4, true);
        check(8, Some(0.3), 0, true);
        check(1, Some(1.0), 1, false);
        check(2, Some(1.0), 1, false);
        check(2, Some(150_000.0 / 100_000.0), 1, true);
        check(4, Some(300_000.0 / 100_000.0), 3, false);
    }

    #[test]
    fn a_promise_bounds_what_is_kept_busy_and_tells_own_cores_from_shared_ones() {
        let check = |cores, quota, millis, expected: (usize, bool, bool), text: &str| {
            let allowance = allowance(cores, quota).promised(millis);
            let got = (allowance.whole(), allowance.is_fractional(), allowance.is_own());
            assert_eq!(got, expected, "{allowance}");
            assert_eq!(allowance.to_string(), text);
        };
        // The guaranteed pod on whole cores, and on a node without them.
        check(2, None, Some(2000), (2, false, true), "2 cores, 2 promised to the pod");
        check(8, None, Some(2000), (2, false, false), "8 cores, 2 promised to the pod");
        let quota = "8 cores, a quota of 2 cores, 2 promised to the pod";
        check(8, Some(2.0), Some(2000), (2, false, false), quota);
        // The burstable one.
        let burstable = "2 cores, a quota of 2 cores, 0.5 promised to the pod";
        check(2, Some(2.0), Some(500), (0, true, false), burstable);
        check(8, None, Some(0), (0, false, false), "8 cores, 0 promised to the pod");
        check(4, None, Some(1500), (1, true, false), "4 cores, 1.5 promised to the pod");
        // Out of a pod.
        check(4, None, None, (4, false, true), "4 cores");
        check(4, Some(3.0), None, (3, false, false), "4 cores, a quota of 3 cores");
        check(4, Some(4.0), None, (4, false, true), "4 cores, a quota of 4 cores");
    }

    #[test]
    fn the_machine_says_something() {
        let allowance = Allowance::read().unwrap();
        assert!(!allowance.cores.is_empty());
        assert!(allowance.cores.is_sorted());
        println!("allowed here: {allowance}");
    }

    #[test]
    fn a_core_that_is_not_allowed_is_named() {
        let allowance = allowance(2, None);
        let fault = pin(ThreadName::Risk, 2, &allowance).unwrap_err();
        let expected = PinFault::NotAllowed { thread: ThreadName::Risk, core: 2, allowed: 2 };
        assert_eq!(fault, expected);
        assert!(fault.to_string().contains("thread risk cannot be bound to allowed core 2"));
        // No machine has this one.
        let far = Allowance { cores: vec![CoreId { id: 1023 }], quota: None, promised: None };
        let fault = pin(ThreadName::Feed, 0, &far).unwrap_err();
        assert_eq!(fault, PinFault::Refused { thread: ThreadName::Feed, core: 0, id: 1023 });
        assert!(fault.to_string().contains("thread feed cannot be bound"), "{fault}");
    }
}
