//! The health of the process as the sequencer hears of it: one word, the latest wins.
//!
//! Whoever finds that something must stop quoting raises a condition here; the thread of the
//! sequencer looks once a turn and makes an input of what has changed. In lock-step nobody looks:
//! there a late disk waits and decides nothing.

use crate::event::Health;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// A word that any thread may raise conditions in. Copies are the same word.
#[derive(Clone, Debug, Default)]
pub struct HealthSlot(Arc<AtomicU32>);

impl HealthSlot {
    /// Raises the condition, or takes it back.
    pub fn set(&self, condition: Health, is_raised: bool) {
        if is_raised {
            self.0.fetch_or(condition.0, Ordering::Relaxed);
        } else {
            self.0.fetch_and(!condition.0, Ordering::Relaxed);
        }
    }

    /// What is raised now.
    #[inline]
    #[must_use]
    pub fn get(&self) -> Health {
        Health(self.0.load(Ordering::Relaxed))
    }
}
