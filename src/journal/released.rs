//! What has been written and may leave.

/// Something that stands in the journal. Only the journal can make one, and a gateway takes
/// nothing else: an order that is not written cannot be sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Journaled<T>(T);

impl<T> Journaled<T> {
    /// The writer's word that it stands there.
    pub(super) const fn by_writer(item: T) -> Self {
        Self(item)
    }

    /// What was written.
    #[inline]
    pub const fn get(&self) -> &T {
        &self.0
    }
}
