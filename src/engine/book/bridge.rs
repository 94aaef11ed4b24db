//! Updates that came before the snapshot they follow, kept in order until it is there.

use crate::engine::image::roomy;
use crate::event::{Level, Levels};
use serde::{Deserialize, Serialize};

/// How many parts and levels wait at most: some fifty times what a venue sends in the seconds that
/// a snapshot takes.
const PARTS_MAX: usize = 8192;
const LEVELS_MAX: usize = 131_072;

/// A bounded list of parts.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Bridge {
    #[serde(with = "roomy")]
    parts: Vec<(Levels, usize)>,
    #[serde(with = "roomy")]
    levels: Vec<Level>,
}

impl Bridge {
    pub(super) fn new() -> Self {
        let levels = Vec::with_capacity(LEVELS_MAX);
        Self { parts: Vec::with_capacity(PARTS_MAX), levels }
    }

    /// Keeps a part; false if there is no room, and then nothing is kept.
    pub(super) fn push(&mut self, head: Levels, levels: &[Level]) -> bool {
        if self.parts.len() == PARTS_MAX || self.levels.len() + levels.len() > LEVELS_MAX {
            self.clear();
            return false;
        }
        self.parts.push((head, self.levels.len()));
        self.levels.extend_from_slice(levels);
        true
    }

    pub(super) fn get(&self, at: usize) -> Option<(Levels, &[Level])> {
        let (head, first) = *self.parts.get(at)?;
        Some((head, &self.levels[first..][..usize::from(head.count)]))
    }

    pub(super) fn clear(&mut self) {
        self.parts.clear();
        self.levels.clear();
    }
}
