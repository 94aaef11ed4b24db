//! The health of the process as the sequencer hears of it: one word, the latest wins.
//!
//! Whoever finds that something must stop quoting raises a condition here; the thread of the
//! sequencer looks once a turn and makes an input of what has changed. In lock-step nobody looks:
//! there a late disk waits and decides nothing. A journal that has failed is the exception: that is
//! no input any more, as nothing can be written, and it ends the run in every mode.

use crate::event::Health;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

/// A word that any thread may raise conditions in. Copies are the same word.
#[derive(Clone, Debug, Default)]
pub struct HealthSlot(Arc<Word>);

#[derive(Debug, Default)]
struct Word {
    conditions: AtomicU32,
    /// Why the journal has failed, in the words of whoever found out first.
    failure: OnceLock<String>,
    /// Whether everything was cancelled past the journal since.
    is_cancelled: AtomicBool,
}

impl HealthSlot {
    /// Raises the condition, or takes it back.
    pub fn set(&self, condition: Health, is_raised: bool) {
        if is_raised {
            self.0.conditions.fetch_or(condition.0, Ordering::Release);
        } else {
            self.0.conditions.fetch_and(!condition.0, Ordering::Release);
        }
    }

    /// What is raised now.
    #[inline]
    #[must_use]
    pub fn get(&self) -> Health {
        Health(self.0.conditions.load(Ordering::Acquire))
    }

    /// What is raised now, for the sequencer, which alone knows whether the venue has still to tell
    /// what it knows of us: that is raised here for those who show it, and comes not back to it.
    #[inline]
    #[must_use]
    pub fn exchange(&self, is_reconciling: bool) -> Health {
        let raised = self.get();
        if raised.has(Health::RECONCILING) != is_reconciling {
            self.set(Health::RECONCILING, is_reconciling);
        }
        Health(raised.0 & !Health::RECONCILING.0)
    }

    /// The journal is dead for good.
    pub fn fail(&self, what: &str) {
        // Only the first cause counts: what follows from it is no news.
        self.0.failure.get_or_init(|| what.to_owned());
        self.set(Health::WRITE_FAILED, true);
    }

    /// Whether the journal is dead.
    #[inline]
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.get().has(Health::WRITE_FAILED)
    }

    /// The cancel of the emergency has left.
    pub fn cancelled(&self) {
        self.0.is_cancelled.store(true, Ordering::Release);
    }

    /// Whether it has.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.is_cancelled.load(Ordering::Acquire)
    }

    /// Why it is dead; nothing as long as it is not.
    #[must_use]
    pub fn failure(&self) -> Option<&str> {
        self.0.failure.get().map(String::as_str)
    }
}
