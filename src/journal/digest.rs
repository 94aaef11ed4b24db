//! The digest of a segment: 64 bits over the checksums of its header and its records in order.
//!
//! It stands in the segment's seal and in the header of the next, so that a segment that was
//! exchanged as a whole is seen although each of its records is sound. It is no defence against an
//! author who wants to deceive.

/// What has been folded in so far.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Digest(u64);

impl Digest {
    /// The digest of a segment that has a header and nothing else.
    #[must_use]
    pub const fn of_header(checksum: u32) -> Self {
        let mut digest = Self(0);
        digest.fold(checksum as u64);
        digest
    }

    /// Folds in the first word of a record: its checksum and its length.
    ///
    /// Each step can be undone, so two runs of records that differ in one word never meet again.
    #[inline]
    pub const fn fold(&mut self, word: u64) {
        // 2⁶⁴ divided by the golden ratio, made odd: Knuth, TAOCP vol. 3, 6.4.
        self.0 = (self.0.rotate_left(23) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    /// Its number.
    #[inline]
    #[must_use]
    pub const fn value(self) -> u64 {
        self.0
    }
}
