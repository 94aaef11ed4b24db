//! When each message is meant to come: known before anything is played.
//!
//! A latency is counted from that time, whatever the engine was doing then: a message that had to
//! wait behind another one has waited (Gil Tene, "How NOT to measure latency": coordinated
//! omission). Only `Saturated` and `Flood` have no
//! such time: there the next message comes when the last one is
//! done, and what is counted is the engine's own time.

use serde::Serialize;
use std::fmt;

/// How messages come.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Pace {
    /// So many a second, evenly.
    Even(u64),
    /// `size` at the same time, so many messages a second in the long run.
    Batch {
        /// Messages that come together.
        size: u32,
        /// Messages a second.
        rate: u64,
    },
    /// `size` with a microsecond between two of them, then a pause; so many messages a second in
    /// the long run.
    Burst {
        /// Messages of a burst.
        size: u32,
        /// Messages a second.
        rate: u64,
    },
    /// One every 10 ms, and before each everything is driven out of the caches.
    Cold,
    /// The next one as soon as the last one is done.
    Saturated,
    /// The same with messages that bring no orders.
    Flood,
}

/// Between two messages of a burst, in nanoseconds.
const WITHIN_BURST: u64 = 1_000;
/// Between two messages of [`Pace::Cold`].
const COLD: u64 = 10_000_000;
const SECOND: u64 = 1_000_000_000;

impl Pace {
    /// The time of the n-th message in nanoseconds behind the first; nothing if it has none.
    #[inline]
    #[must_use]
    pub const fn at(self, n: u64) -> Option<u64> {
        match self {
            Self::Even(rate) => Some(n * SECOND / rate),
            Self::Batch { size, rate } => {
                let size = size as u64;
                Some(n / size * size * SECOND / rate)
            }
            Self::Burst { size, rate } => {
                let size = size as u64;
                Some(n / size * size * SECOND / rate + n % size * WITHIN_BURST)
            }
            Self::Cold => Some(n * COLD),
            Self::Saturated | Self::Flood => None,
        }
    }

    /// Its name: one word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Even(_) => "even",
            Self::Batch { .. } => "batch",
            Self::Burst { .. } => "burst",
            Self::Cold => "cold",
            Self::Saturated => "saturated",
            Self::Flood => "flood",
        }
    }

    /// Messages a second, where that is given.
    #[must_use]
    pub const fn rate(self) -> Option<u64> {
        match self {
            Self::Even(rate) | Self::Batch { rate, .. } | Self::Burst { rate, .. } => Some(rate),
            Self::Cold => Some(SECOND / COLD),
            Self::Saturated | Self::Flood => None,
        }
    }
}

impl fmt::Display for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Even(rate) => write!(f, "{}/s", Short(*rate)),
            Self::Batch { size, rate } => write!(f, "{}/s by {size}", Short(*rate)),
            Self::Burst { size, rate } => write!(f, "{}/s bursts {size}", Short(*rate)),
            Self::Cold => f.write_str("cold 100/s"),
            Self::Saturated => f.write_str("saturated"),
            Self::Flood => f.write_str("flood, no orders"),
        }
    }
}

/// A count with the letter of its thousands.
struct Short(u64);

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            n if n >= 1_000_000 && n.is_multiple_of(1_000_000) => write!(f, "{}M", n / 1_000_000),
            n if n >= 1_000 && n.is_multiple_of(1_000) => write!(f, "{}k", n / 1_000),
            n => write!(f, "{n}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_as_the_pattern_says() {
        let check = |pace: Pace, expected: [Option<u64>; 5]| {
            assert_eq!(std::array::from_fn(|n| pace.at(n as u64)), expected, "{pace}");
        };
        check(Pace::Even(1_000), [0, 1_000_000, 2_000_000, 3_000_000, 4_000_000].map(Some));
        check(
            Pace::Batch { size: 2, rate: 1_000 },
            [0, 0, 2_000_000, 2_000_000, 4_000_000].map(Some),
        );
        check(
            Pace::Burst { size: 3, rate: 1_000 },
            [0, 1_000, 2_000, 3_000_000, 3_001_000].map(Some),
        );
        check(Pace::Cold, [0, 10_000_000, 20_000_000, 30_000_000, 40_000_000].map(Some));
        check(Pace::Saturated, [None; 5]);
        check(Pace::Flood, [None; 5]);
        assert_eq!(Pace::Batch { size: 32, rate: 100_000 }.to_string(), "100k/s by 32");
    }
}
