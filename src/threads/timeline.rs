//! What time it is for the engine: the wall clock's, a recording's at some speed, or the next due
//! time of all.
//!
//! The one file of `threads` that says what time an input gets. Waiting is the runner's.

use crate::types::Nanos;
use crate::venue::recorded::Speed;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Where time comes from.
#[derive(Clone, Copy, Debug)]
pub enum Timeline {
    /// UTC, as the machine has it.
    Wall,
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

impl Timeline {
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

    /// What time it is; nothing in lock-step while nothing is due.
    #[inline]
    pub fn now(&mut self, due: Option<Nanos>) -> Option<Nanos> {
        match self {
            Self::Wall => Some(wall()),
            Self::LockStep => due,
            Self::Scaled { origin, begun, mantissa, decimals } => {
                let Some(origin) = *origin else {
                    *origin = due;
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
            Self::Wall | Self::LockStep => wall,
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
    fn scaled_time_begins_with_what_is_due_first_and_runs() {
        let mut time = Timeline::new("1000".parse().unwrap(), None);
        assert_eq!(time.now(None), None);
        assert_eq!(time.now(Some(Nanos(7))), Some(Nanos(7)));
        std::thread::sleep(std::time::Duration::from_millis(2));
        let now = time.now(Some(Nanos(7))).unwrap();
        assert!(now >= Nanos::from_seconds(2), "{now:?}");
        assert_eq!(time.span(Nanos(3)), Nanos(3000));
    }
}
