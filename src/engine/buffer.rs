//! Room for what one input can bring about, made once.

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
