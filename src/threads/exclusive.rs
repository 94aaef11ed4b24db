//! `threads.requireExclusiveCores`: a start is refused where the hot threads would share their
//! cores. Without the key such a start is not refused: the plan spins less, and says so.

use super::cores::Allowance;
use super::topology::{DEDICATED_CORES, Plan};
use crate::config::{Config, ThreadMode};
use std::fmt;

/// Whole cores that `shared` needs: one for the hot thread, one for the rest.
const SHARED_CORES: usize = 2;

/// The cores were to be this process's own, and are not.
#[derive(Clone, PartialEq, Debug)]
pub struct SharedCores {
    mode: &'static str,
    needed: usize,
    allowance: Allowance,
}

impl fmt::Display for SharedCores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "threads.requireExclusiveCores is true, and the cores are not this process's own: {} \
             needs {} whole cores, allowed: {}. Give the pod whole CPUs, as many in requests as in \
             limits, on a node with the static CPU manager; or set the key to false",
            self.mode, self.needed, self.allowance
        )
    }
}

impl std::error::Error for SharedCores {}

/// Whether a run that is carried so may begin on what it is allowed.
///
/// # Errors
/// Own cores are required and not there.
pub fn check(config: &Config, plan: &Plan, allowance: &Allowance) -> Result<(), SharedCores> {
    // What plays a recording is in nobody's hurry.
    if !config.threads.requires_own_cores || config.mode.is_recorded() {
        return Ok(());
    }
    judge(plan.mode, allowance)
}

fn judge(mode: ThreadMode, allowance: &Allowance) -> Result<(), SharedCores> {
    let needed = if mode == ThreadMode::Dedicated { DEDICATED_CORES } else { SHARED_CORES };
    if allowance.is_own() && allowance.whole() >= needed {
        return Ok(());
    }
    Err(SharedCores { mode: mode.name(), needed, allowance: allowance.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use core_affinity::CoreId;

    #[test]
    fn own_cores_are_enough_of_them_and_nobody_elses() {
        let check = |mode, (cores, quota, promised), expected: &str| {
            let cores = (0..cores).map(|id| CoreId { id }).collect();
            let said = judge(mode, &Allowance { cores, quota, promised });
            let said = said.map_or_else(|fault| fault.to_string(), |()| String::new());
            let is_as_expected = said.contains(expected) && said.is_empty() == expected.is_empty();
            assert!(is_as_expected, "{mode:?} {promised:?}: {said}");
        };
        use ThreadMode::{Dedicated, Shared};
        check(Shared, (2, None, Some(2.0)), "");
        check(Shared, (4, Some(4.0), Some(4.0)), "");
        check(Dedicated, (6, None, Some(6.0)), "");
        // On one's own machine nobody says how much was asked for.
        check(Shared, (2, None, None), "");
        check(Shared, (1, None, Some(1.0)), "shared needs 2 whole cores, allowed: 1 core, 1 prom");
        check(Dedicated, (4, None, Some(4.0)), "dedicated needs 5 whole cores, allowed: 4 cores");
        check(Shared, (8, None, Some(2.0)), "allowed: 8 cores, 2 promised to the pod. Give");
        check(Shared, (8, Some(2.0), None), "allowed: 8 cores, a quota of 2 cores. Give");
        check(Shared, (2, Some(2.0), Some(0.5)), "a quota of 2 cores, 0.5 promised to the pod.");
    }
}
