//! What a thread does when there is nothing to do.
//!
//! The decision is a small machine without clock or system call; only `Pause::take` waits. Which
//! thread gets which strategy is the topology's.
//!
//! On the development machine a `sched_yield` costs 0.4 µs, a sleep of 50 µs lasts 124 µs, and two
//! threads that spin on one core hand over in milliseconds. Nobody is woken: a wake costs the waker
//! 9 µs, and the hot thread is the waker.

use crate::config::Idle;
use std::time::Duration;

/// Turns without work before a thread gives way: some microseconds.
const SPINS_MAX: u32 = 200;
/// Times it gives way before it sleeps: a tenth of a millisecond where it is alone.
const YIELDS_MAX: u32 = 200;
/// The first sleep of a back-off, doubled each time.
const SLEEP_MICROS_MIN: u32 = 50;
/// The longest sleep of a back-off: what an input waits at most on a machine that is not ours.
const SLEEP_MICROS_MAX: u32 = 1_000;

/// What comes between two turns.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pause {
    /// There was work: nothing.
    None,
    /// A hint to the core that this is a loop.
    Spin,
    /// Others of this core come first.
    Yield,
    /// So many microseconds.
    SleepMicros(u32),
}

impl Pause {
    /// Waits.
    #[inline]
    pub fn take(self) {
        match self {
            Self::None => {}
            Self::Spin => std::hint::spin_loop(),
            Self::Yield => std::thread::yield_now(),
            Self::SleepMicros(micros) => {
                std::thread::sleep(Duration::from_micros(u64::from(micros)));
            }
        }
    }

    /// Whether the thread may be off its core meanwhile.
    #[inline]
    #[must_use]
    pub const fn is_away(self) -> bool {
        matches!(self, Self::Yield | Self::SleepMicros(_))
    }
}

/// A strategy, and how long there has been nothing to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Idling {
    idle: Idle,
    /// Turns without work in a row; it stops counting at the last step.
    empty: u32,
}

impl Idling {
    /// A thread that has just had work.
    #[must_use]
    pub const fn new(idle: Idle) -> Self {
        Self { idle, empty: 0 }
    }

    /// What follows a turn that did so much.
    #[inline]
    pub fn next(&mut self, work: usize) -> Pause {
        if work > 0 {
            self.empty = 0;
            return Pause::None;
        }
        let empty = self.empty;
        self.empty = empty.saturating_add(1);
        match self.idle {
            Idle::Spin => Pause::Spin,
            Idle::SpinYield if empty < SPINS_MAX => Pause::Spin,
            Idle::SpinYield | Idle::Yield => Pause::Yield,
            Idle::Backoff if empty < YIELDS_MAX => Pause::Yield,
            Idle::Backoff => Pause::SleepMicros(backoff(empty - YIELDS_MAX)),
            Idle::SleepMicros(micros) => Pause::SleepMicros(micros),
        }
    }
}

/// The n-th sleep of a back-off, from 0.
const fn backoff(n: u32) -> u32 {
    // The fifth doubling is beyond the longest already.
    let doublings = if n < 5 { n } else { 5 };
    let micros = SLEEP_MICROS_MIN << doublings;
    if micros < SLEEP_MICROS_MAX { micros } else { SLEEP_MICROS_MAX }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Turns by their work, `0x200` for two hundred without; what comes after the last.
    fn check(idle: Idle, turns: &str, expected: Pause) {
        let mut idling = Idling::new(idle);
        let mut last = Pause::None;
        for word in turns.split(' ') {
            let (work, times) = word.split_once('x').unwrap_or((word, "1"));
            for _ in 0..times.parse().unwrap() {
                last = idling.next(work.parse().unwrap());
            }
        }
        assert_eq!(last, expected, "{idle:?} after {turns}");
    }

    #[test]
    fn each_strategy_goes_its_steps_and_back_to_the_first_with_work() {
        for idle in [Idle::Spin, Idle::SpinYield, Idle::Yield, Idle::Backoff, Idle::SleepMicros(7)]
        {
            check(idle, "0x1000 3", Pause::None);
        }
        check(Idle::Spin, "0", Pause::Spin);
        check(Idle::Spin, "0x100000", Pause::Spin);
        check(Idle::SpinYield, "0x200", Pause::Spin);
        check(Idle::SpinYield, "0x201", Pause::Yield);
        check(Idle::SpinYield, "0x201 1 0", Pause::Spin);
        check(Idle::Yield, "0", Pause::Yield);
        check(Idle::Yield, "0x1000", Pause::Yield);
        check(Idle::Backoff, "0x200", Pause::Yield);
        for (n, micros) in [(201, 50), (202, 100), (203, 200), (204, 400), (205, 800)] {
            check(Idle::Backoff, &format!("0x{n}"), Pause::SleepMicros(micros));
        }
        check(Idle::Backoff, "0x206", Pause::SleepMicros(1_000));
        check(Idle::Backoff, "0x100000", Pause::SleepMicros(1_000));
        check(Idle::Backoff, "0x206 1 0", Pause::Yield);
        check(Idle::SleepMicros(7), "0", Pause::SleepMicros(7));
    }

    #[test]
    fn the_count_of_empty_turns_does_not_run_over() {
        let mut idling = Idling { idle: Idle::Backoff, empty: u32::MAX };
        assert_eq!(idling.next(0), Pause::SleepMicros(1_000));
        assert_eq!(idling.next(0), Pause::SleepMicros(1_000));
    }

    #[test]
    fn a_pause_lasts() {
        let begun = std::time::Instant::now();
        Pause::SleepMicros(2_000).take();
        assert!(begun.elapsed() >= Duration::from_millis(2));
        assert!(Pause::Yield.is_away() && !Pause::Spin.is_away());
    }
}
