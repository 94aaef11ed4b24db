//! What time it is for the engine: the wall clock's, a recording's at some speed, or the next due
//! time of all.
//!
//! The one file of `threads` that says what time an input gets. Waiting is the runner's.

use crate::sys::clock::{Moment, Rate, ticks};
use crate::types::Nanos;
use crate::venue::recorded::Speed;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Where time comes from.
#[derive(Clone, Copy, Debug)]
pub enum Timeline {
    /// UTC, as the machine has it.
    Wall(WallClock),
    /// Runs from `origin` on, so many times as fast as the wall.
    Scaled {
        /// The first time; nothing until something is due for the first time.
        origin: Option<Nanos>,
        /// When it was there.
        begun: Instant,
        /// Seconds of this time in 10^`decimals` seconds of the wall.
        mantissa: i64,
        /// See `mantissa`.
        decimals: u8,
    },
    /// Leaps to whatever is due next, once all that is on its way has arrived.
    LockStep,
}

/// UTC by the processor's counter, set right by the machine's own clock a hundred times a second:
/// asking the system costs twice as much, and a hot thread asks at each turn.
#[derive(Clone, Copy, Debug)]
pub struct WallClock {
    /// From where on a tick's length is measured.
    begun: Moment,
    /// How long a tick is; nothing before that is known well enough.
    rate: Option<Rate>,
    /// What time it was when it was last set, and the counter then.
    set: (Nanos, u64),
    /// From then on it is to be set again.
    due: u64,
    /// The counter at the last look.
    looked: u64,
}

/// Between two looks at the machine's clock, in nanoseconds.
const SET_EVERY: u64 = 10_000_000;
/// Between the two clocks when they are laid beside each other, in nanoseconds.
const APART_MAX: u64 = 2_000;
/// A tick's length is known to a millionth after so long: ten nanoseconds between two looks.
const KNOWN_AFTER: u64 = 100_000_000;

impl WallClock {
    fn new() -> Self {
        let begun = Moment::now();
        let looked = begun.ticks();
        Self { begun, rate: None, set: (wall(), looked), due: looked, looked }
    }

    #[inline]
    fn now(&mut self) -> Nanos {
        let now = ticks();
        self.looked = now;
        match self.rate {
            // A counter that steps back is asked the machine for.
            Some(rate) if now < self.due && now >= self.set.1 => {
                let passed = i64::try_from(rate.nanos(now - self.set.1)).unwrap_or(0);
                Nanos(self.set.0.0 + passed)
            }
            _ => self.reset(),
        }
    }

    #[cold]
    fn reset(&mut self) -> Nanos {
        let rate = self.begun.rate();
        let before = ticks();
        let now = wall();
        if rate.nanos(ticks().saturating_sub(before)) > APART_MAX {
            // The thread was away between the two: they do not belong together.
            self.due = before;
            return now;
        }
        self.set = (now, before);
        self.due = before + rate.ticks(SET_EVERY);
        if rate.nanos(before.saturating_sub(self.begun.ticks())) >= KNOWN_AFTER {
            self.rate = Some(rate);
        }
        now
    }
}

impl Timeline {
    /// UTC, as the machine has it.
    #[must_use]
    pub fn of_wall() -> Self {
        Self::Wall(WallClock::new())
    }

    /// Time at that speed, from `origin` or from the first due time on.
    #[must_use]
    pub fn new(speed: Speed, origin: Option<Nanos>) -> Self {
        match speed {
            Speed::Max => Self::LockStep,
            Speed::Times(times) => Self::Scaled {
                origin,
                begun: Instant::now(),
                mantissa: times.mantissa,
                decimals: times.decimals,
            },
        }
    }

    /// Whether the time is that of what is due next.
    #[inline]
    #[must_use]
    pub const fn goes_by_due(&self) -> bool {
        matches!(self, Self::LockStep | Self::Scaled { origin: None, .. })
    }

    /// What the processor's counter showed when the time was asked for last; where it was not
    /// looked at, what it shows now.
    #[inline]
    #[must_use]
    pub fn looked(&self) -> u64 {
        match self {
            Self::Wall(clock) => clock.looked,
            Self::Scaled { .. } | Self::LockStep => ticks(),
        }
    }

    /// What time it is; nothing in lock-step while nothing is due.
    #[inline]
    pub fn now(&mut self, due: Option<Nanos>) -> Option<Nanos> {
        match self {
            Self::Wall(clock) => Some(clock.now()),
            Self::LockStep => due,
            Self::Scaled { origin, begun, mantissa, decimals } => {
                let Some(origin) = *origin else {
                    // What stands in front of the first stamp of a recording begins nothing.
                    *origin = due.filter(|due| due.is_known());
                    *begun = Instant::now();
                    return due;
                };
                let elapsed = i128::try_from(begun.elapsed().as_nanos()).unwrap_or(i128::MAX);
                let scaled = if (*mantissa, *decimals) == (1, 0) {
                    elapsed
                } else {
                    elapsed.saturating_mul(i128::from(*mantissa))
                        / 10_i128.pow(u32::from(*decimals))
                };
                let now = i128::from(origin.0).saturating_add(scaled);
                Some(i64::try_from(now).map_or(Nanos(i64::MAX), Nanos))
            }
        }
    }

    /// A span of the wall's time in this one.
    #[must_use]
    pub fn span(&self, wall: Nanos) -> Nanos {
        match self {
            Self::Wall(_) | Self::LockStep => wall,
            Self::Scaled { mantissa, decimals, .. } => {
                let span =
                    i128::from(wall.0) * i128::from(*mantissa) / 10_i128.pow(u32::from(*decimals));
                Nanos(i64::try_from(span).unwrap_or(i64::MAX))
            }
        }
    }

    /// Whether it leaps.
    #[inline]
    #[must_use]
    pub const fn is_lock_step(&self) -> bool {
        matches!(self, Self::LockStep)
    }
}

/// UTC as the machine has it.
///
/// # Panics
/// The clock stands before 1970 or behind 2261: no venue would take our stamps.
#[must_use]
pub fn wall() -> Nanos {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is behind 1970");
    Nanos(i64::try_from(since.as_nanos()).expect("the clock is before 2262"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lock_step_is_wherever_something_is_due() {
        let mut time = Timeline::new(Speed::Max, Some(Nanos(5)));
        assert_eq!([time.now(None), time.now(Some(Nanos(9)))], [None, Some(Nanos(9))]);
    }

    #[test]
    fn the_wall_by_the_counter_is_the_machines_own() {
        let mut time = Timeline::of_wall();
        let mut known = 0;
        for _ in 0..300 {
            let before = wall();
            let now = time.now(None).unwrap();
            let after = wall();
            // The counter may be a look older than the machine's clock, and by a millionth off.
            assert!(now.0 >= before.0 - 50_000 && now.0 <= after.0 + 50_000, "{now:?} {before:?}");
            known += usize::from(matches!(time, Timeline::Wall(clock) if clock.rate.is_some()));
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        assert!(known > 50, "{known}");
    }

    #[test]
    fn scaled_time_begins_with_what_is_due_first_and_runs() {
        let mut time = Timeline::new("1000".parse().unwrap(), None);
        assert_eq!(time.now(None), None);
        assert_eq!(time.now(Some(Nanos::UNKNOWN)), Some(Nanos::UNKNOWN));
        assert_eq!(time.now(Some(Nanos(7))), Some(Nanos(7)));
        std::thread::sleep(std::time::Duration::from_millis(2));
        let now = time.now(Some(Nanos(7))).unwrap();
        assert!(now >= Nanos::from_seconds(2), "{now:?}");
        assert_eq!(time.span(Nanos(3)), Nanos(3000));
    }
}
