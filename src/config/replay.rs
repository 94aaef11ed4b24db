//! What the replay of recorded books is told.

use super::{Config, Mode};
use crate::types::{Nanos, Symbol, Venue};
use crate::venue::recorded::Speed;
use std::path::PathBuf;

/// What a replay is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReplayConfig {
    /// Whose messages they are.
    pub venue: Venue,
    /// The recordings.
    pub inputs: Vec<PathBuf>,
    /// How fast they are played.
    pub speed: Speed,
    /// When it stops, if before the end.
    pub duration: Option<Nanos>,
    /// The instruments that are shown; all if it is empty.
    pub symbols: Vec<Symbol>,
    /// Lines of the ring between feed and books.
    pub lane_lines: usize,
    /// How often a line tells the books where nobody looks at a terminal.
    pub line_every: Nanos,
}

impl ReplayConfig {
    /// What a replay takes of a config; nothing in another mode.
    #[must_use]
    pub fn of(config: &Config) -> Option<Self> {
        (config.mode == Mode::Replay).then(|| Self {
            venue: config.venue,
            inputs: config.input.clone(),
            speed: config.speed,
            duration: config.duration,
            symbols: config.symbols.clone(),
            lane_lines: config.rings.feed_to_quoting as usize,
            line_every: config.timing.publish_stats_interval,
        })
    }
}
