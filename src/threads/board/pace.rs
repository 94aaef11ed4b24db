//! When a view gets its next value.

use crate::types::Nanos;
use std::time::{Duration, Instant};

/// Between two values, by input time.
const EVERY: Nanos = Nanos::from_millis(100);
/// The same by the wall, while no input comes.
const IDLE_EVERY: Duration = Duration::from_millis(100);

/// Where input time runs ahead of the wall's, values are no closer than this: making one costs more
/// than most inputs do, and nobody can look so often.
const LEAST: Duration = Duration::from_millis(10);

/// When to publish: by input time while inputs come, and by the wall once none do, so that the last
/// of them is not kept back.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    due: Nanos,
    /// Something has happened that is not shown.
    is_behind: bool,
    shown: Option<Instant>,
    /// Turns without input so far, while something is not shown.
    turns: u32,
}

/// Of so many turns without input one looks at the clock.
const LOOK_EVERY: u32 = 64;

impl Pace {
    pub(super) fn new() -> Self {
        Self { due: Nanos(i64::MIN), is_behind: false, shown: None, turns: 0 }
    }

    /// Whether it is time at this input.
    #[inline]
    pub(super) fn is_due(&mut self, now: Nanos) -> bool {
        let mut is_due = now >= self.due;
        if is_due {
            self.due = Nanos(now.0.saturating_add(EVERY.0));
            is_due = self.is_ago(LEAST);
        }
        self.is_behind = !is_due;
        is_due
    }

    /// Whether the value shown is so old; if so, there is a new one now.
    fn is_ago(&mut self, least: Duration) -> bool {
        let now = Instant::now();
        let is_ago = self.shown.is_none_or(|shown| now.duration_since(shown) >= least);
        if is_ago {
            self.shown = Some(now);
        }
        is_ago
    }

    /// Whether it is time though no input has come. Reads a clock only where something is not
    /// shown, and then seldom: a thread that waits for the next input must not be late for it.
    #[inline]
    pub(super) fn is_overdue(&mut self) -> bool {
        if !self.is_behind {
            return false;
        }
        self.turns = self.turns.wrapping_add(1);
        let is_overdue = self.turns.is_multiple_of(LOOK_EVERY) && self.is_ago(IDLE_EVERY);
        self.is_behind = !is_overdue;
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
        std::thread::sleep(LEAST);
        assert!(pace.is_due(Nanos(5 + EVERY.0)));
        std::thread::sleep(IDLE_EVERY);
        assert_eq!(overdue(&mut pace), 0, "it is shown");
    }

    /// A day of input time within a moment of the wall's.
    #[test]
    fn time_that_leaps_is_not_shown_at_each_leap() {
        let (mut pace, begun) = (Pace::new(), Instant::now());
        let shown = (0..864_000).filter(|n| pace.is_due(Nanos(n * EVERY.0))).count();
        let most = begun.elapsed().as_nanos() / LEAST.as_nanos() + 1;
        assert!((1..=most).contains(&(shown as u128)), "{shown} of at most {most}");
    }
}
