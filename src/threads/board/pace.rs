//! When a view gets its next value.

use crate::types::Nanos;
use std::time::{Duration, Instant};

/// Between two values, by input time.
const EVERY: Nanos = Nanos::from_millis(100);
/// The same by the wall, while no input comes.
const IDLE_EVERY: Duration = Duration::from_millis(100);

/// When to publish: by input time while inputs come, and by the wall once none do, so that the last
/// of them is not kept back.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    due: Nanos,
    /// Something has happened that is not shown.
    is_behind: bool,
    shown: Instant,
    /// Turns without input so far, while something is not shown.
    turns: u32,
}

/// Of so many turns without input one looks at the clock.
const LOOK_EVERY: u32 = 64;

impl Pace {
    pub(super) fn new() -> Self {
        Self { due: Nanos(i64::MIN), is_behind: false, shown: Instant::now(), turns: 0 }
    }

    /// Whether it is time at this input.
    #[inline]
    pub(super) fn is_due(&mut self, now: Nanos) -> bool {
        let is_due = now >= self.due;
        self.is_behind = !is_due;
        if is_due {
            self.due = Nanos(now.0.saturating_add(EVERY.0));
            self.shown = Instant::now();
        }
        is_due
    }

    /// Whether it is time though no input has come. Reads a clock only where something is not
    /// shown, and then seldom: a thread that waits for the next input must not be late for it.
    #[inline]
    pub(super) fn is_overdue(&mut self) -> bool {
        if !self.is_behind {
            return false;
        }
        self.turns = self.turns.wrapping_add(1);
        let is_overdue =
            self.turns.is_multiple_of(LOOK_EVERY) && self.shown.elapsed() >= IDLE_EVERY;
        if is_overdue {
            self.is_behind = false;
            self.shown = Instant::now();
        }
        is_overdue
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_input_is_shown_though_no_other_follows() {
        let mut pace = Pace::new();
        let overdue = |pace: &mut Pace| (0..2 * LOOK_EVERY).filter(|_| pace.is_overdue()).count();
        assert_eq!(overdue(&mut pace), 0, "nothing has happened");
        assert!(pace.is_due(Nanos(5)));
        assert!(!pace.is_due(Nanos(6)));
        assert_eq!(overdue(&mut pace), 0, "not yet");
        std::thread::sleep(IDLE_EVERY);
        assert_eq!(overdue(&mut pace), 1, "once");
        assert!(pace.is_due(Nanos(5 + EVERY.0)));
        std::thread::sleep(IDLE_EVERY);
        assert_eq!(overdue(&mut pace), 0, "it is shown");
    }
}
