//! At which points the engine is killed, drawn from a seed; how often each was met.
//!
//! How a point is found in a process that knows nothing of drills is not known here.

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng as _, SeedableRng as _};
use serde::Serialize;
use std::collections::{BTreeMap, VecDeque};

/// A point in the life of an engine.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Point {
    /// After so many thousandths of the time that a start takes until it is ready.
    Start,
    /// So many thousandths of the time that a recovery takes after one has begun. There is no
    /// snapshot then, so that all of the journal is read; often several starts in a row.
    Recovery,
    /// So many milliseconds after it was ready.
    Quoting,
    /// An order, that number since the start, is written and has not come to the venue.
    Unsent,
    /// It has come to the venue, and its answer has not come back.
    Unanswered,
    /// So many microseconds after a segment of the journal has taken the place of a full one.
    Roll,
    /// So many microseconds after a snapshot is seen to be written.
    Snapshot,
}

impl Point {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Start,
        Self::Recovery,
        Self::Quoting,
        Self::Unsent,
        Self::Unanswered,
        Self::Roll,
        Self::Snapshot,
    ];

    /// What stands in the report.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Start => "while it starts",
            Self::Recovery => "while it recovers",
            Self::Quoting => "while it quotes",
            Self::Unsent => "written, not sent",
            Self::Unanswered => "sent, not answered",
            Self::Roll => "as a segment begins",
            Self::Snapshot => "as a snapshot is written",
        }
    }

    /// Below which its number is drawn.
    const fn span(self) -> u64 {
        match self {
            Self::Start => 1_000,
            // Some are killed behind it, as the next epoch begins.
            Self::Recovery => 1_300,
            Self::Quoting => 700,
            Self::Unsent | Self::Unanswered => 40,
            Self::Roll => 2_000,
            Self::Snapshot => 2_000,
        }
    }
}

/// A kill to come.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Kill {
    /// Where.
    pub point: Point,
    /// The point's own number.
    pub at: u64,
}

/// The kills of a drill, one after another.
#[derive(Debug)]
pub(super) struct Plan {
    chance: Xoshiro256PlusPlus,
    drawn: VecDeque<Kill>,
}

impl Plan {
    /// What follows from that seed, and from nothing else.
    pub(super) fn new(seed: u64) -> Self {
        Self { chance: Xoshiro256PlusPlus::seed_from_u64(seed), drawn: VecDeque::new() }
    }

    /// The next one.
    pub(super) fn next(&mut self) -> Kill {
        if self.drawn.is_empty() {
            self.draw();
        }
        self.drawn.pop_front().expect("one was drawn")
    }

    fn draw(&mut self) {
        let draw = self.chance.next_u64();
        let (point, times) = match draw % 16 {
            0..2 => (Point::Start, 1),
            2..4 => (Point::Recovery, 1 + (draw >> 8) % 3),
            4..7 => (Point::Quoting, 1),
            7..10 => (Point::Unsent, 1),
            10..13 => (Point::Unanswered, 1),
            13 => (Point::Roll, 1),
            _ => (Point::Snapshot, 1),
        };
        for _ in 0..times {
            let at = self.chance.next_u64() % point.span();
            self.drawn.push_back(Kill { point, at });
        }
    }
}

/// How often an engine was killed at a point.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Met {
    /// Kills that were meant for it.
    pub kills: u32,
    /// Those that have met it, as what was left shows.
    pub met: u32,
}

/// All points.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
#[serde(transparent)]
pub struct Points(pub BTreeMap<Point, Met>);

impl Points {
    /// One more.
    pub(super) fn count(&mut self, point: Point, met: bool) {
        let entry = self.0.entry(point).or_default();
        entry.kills += 1;
        entry.met += u32::from(met);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_draws_the_same_kills_and_every_point() {
        let drawn = |seed| {
            let mut plan = Plan::new(seed);
            (0..200).map(|_| plan.next()).collect::<Vec<_>>()
        };
        assert_eq!(drawn(1), drawn(1));
        assert_ne!(drawn(1), drawn(2));
        let kills = drawn(1);
        for point in Point::ALL {
            let count = kills.iter().filter(|kill| kill.point == point).count();
            assert!(count >= 5, "{point:?}: {count}");
        }
        let pair = |kills: &[Kill]| kills.iter().all(|kill| kill.point == Point::Recovery);
        assert!(kills.windows(3).any(pair), "never in a row");
        assert!(kills.iter().all(|kill| kill.at < kill.point.span()));
    }
}
