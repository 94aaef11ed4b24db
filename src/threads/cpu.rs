//! What the process is given of the processor and what the control groups hold back, for whoever
//! shows it: read again once a second by a thread off the path.

use super::cgroup::Groups;
use super::cores::Allowance;
use crate::web::state::{CpuState, ThrottledState};
use std::path::Path;
use std::time::{Duration, Instant};

/// How often the groups are read.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Looks at the control groups.
#[derive(Debug)]
pub struct Cpu {
    groups: Groups,
    due: Instant,
    seen: CpuState,
}

impl Cpu {
    /// Of a process that is allowed so much.
    #[must_use]
    pub fn new(allowance: &Allowance) -> Self {
        // What cannot be found now was found at the start: it has said so, and nothing is shown.
        let groups = Groups::find(Path::new("/")).unwrap_or_default();
        let seen = CpuState {
            cores: allowance.cores.len(),
            quota: allowance.quota,
            promised: allowance.promised,
            is_own: allowance.is_own(),
            throttled: None,
        };
        Self { groups, due: Instant::now(), seen }
    }

    /// How it stands, at most a second ago.
    pub fn look(&mut self) -> CpuState {
        let now = Instant::now();
        if now >= self.due {
            self.due = now + LOOK_EVERY;
            // A file that is gone or torn for a moment leaves what was seen before.
            if let Ok(found) = self.groups.throttling() {
                self.seen.throttled = found.map(|found| ThrottledState {
                    periods: found.periods,
                    throttled: found.throttled,
                    time: Duration::from_nanos(found.throttled_ns),
                });
            }
        }
        self.seen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_again_once_a_second() {
        let allowance = Allowance::read().unwrap().promised(Some(1500));
        let mut cpu = Cpu::new(&allowance);
        let begun = Instant::now();
        let first = cpu.look();
        assert_eq!((first.cores, first.promised), (allowance.cores.len(), Some(1.5)));
        assert!(!first.is_own);
        let due = cpu.due;
        assert!(due >= begun + LOOK_EVERY);
        cpu.look();
        assert_eq!(cpu.due, due, "not due yet");
    }
}
