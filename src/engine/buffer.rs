//! Room for what one input can bring about, made once, and who else takes drafts.

use crate::event::{Draft, Explanation, Mark, Proposal};

/// Who takes what quoting says, in its order: a buffer where a ring follows, or risk itself.
pub trait Drafts {
    /// A top or a state changed.
    fn mark(&mut self, mark: &Mark);
    /// Why the proposals behind it are made.
    fn explanation(&mut self, explanation: &Explanation);
    /// A proposal.
    fn proposal(&mut self, proposal: &Proposal);
}

impl Drafts for Buffer<Draft> {
    #[inline]
    fn mark(&mut self, mark: &Mark) {
        self.push(Draft::Mark(*mark));
    }

    #[inline]
    fn explanation(&mut self, explanation: &Explanation) {
        self.push(Draft::Explanation(*explanation));
    }

    #[inline]
    fn proposal(&mut self, proposal: &Proposal) {
        self.push(Draft::Proposal(*proposal));
    }
}

/// A list that never grows beyond what it was made for, so that nothing is allocated in the way.
#[derive(Debug, Clone)]
pub struct Buffer<T> {
    items: Vec<T>,
}

impl<T: Copy> Buffer<T> {
    /// An empty list with room for `items_max`.
    #[must_use]
    pub fn new(items_max: usize) -> Self {
        Self { items: Vec::with_capacity(items_max) }
    }

    /// Adds an item.
    ///
    /// # Panics
    /// There is no room: the bound of what an input can bring about was computed wrong.
    #[inline]
    pub fn push(&mut self, item: T) {
        assert!(self.items.len() < self.items.capacity(), "more outputs than an input can have");
        self.items.push(item);
    }

    /// Forgets all items.
    #[inline]
    pub fn clear(&mut self) {
        self.items.clear();
    }

    /// What was added since the last `clear`, in order.
    #[inline]
    #[must_use]
    pub fn items(&self) -> &[T] {
        &self.items
    }

    /// How many more fit.
    #[must_use]
    pub fn room(&self) -> usize {
        self.items.capacity() - self.items.len()
    }
}
