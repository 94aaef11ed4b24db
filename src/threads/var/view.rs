//! Where readers off the path get value at risk from.

use crate::var::VarView;
use std::sync::{Arc, Mutex, PoisonError};

/// The reading end; copies read the same. Readers and the writer are all off the path, so a lock is
/// held for the time of a pointer's copy.
#[derive(Clone, Debug)]
pub struct VarReader(Arc<Mutex<Arc<VarView>>>);

impl VarReader {
    pub(super) fn new(first: VarView) -> Self {
        Self(Arc::new(Mutex::new(Arc::new(first))))
    }

    /// Value at risk as it is now.
    #[must_use]
    pub fn read(&self) -> Arc<VarView> {
        Arc::clone(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn publish(&self, view: VarView) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(view);
    }
}
