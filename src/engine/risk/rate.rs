//! The budget of messages: a bucket that fills with time, in integers.
//!
//! A part of it is kept for cancels. A cancel always passes; beyond the bucket's bottom it leaves a
//! debt, so that what follows waits until the venue's own count allows it.

use super::RateParams;
use crate::types::Nanos;
use serde::{Deserialize, Serialize};

/// One message, in what the bucket counts: 10⁻⁹ of a message.
const MESSAGE: i64 = 1_000_000_000;

/// The bucket.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Bucket {
    level: i64,
    full: i64,
    reserve: i64,
    /// What comes in a nanosecond.
    per_nano: i64,
    /// Until when it was filled; unknown before the first input.
    at: Nanos,
}

impl Bucket {
    pub(super) fn new(params: RateParams) -> Self {
        let full = i64::from(params.per_second) * MESSAGE;
        Self {
            level: full,
            full,
            reserve: i64::from(params.reserve) * MESSAGE,
            per_nano: i64::from(params.per_second),
            at: Nanos::UNKNOWN,
        }
    }

    /// From now on so many messages; what is in it stays, as far as it holds that much.
    pub(super) fn set_rate(&mut self, params: RateParams) {
        let new = Self::new(params);
        *self = Self { level: self.level.min(new.full), at: self.at, ..new };
    }

    /// Time has come to `now`.
    #[inline]
    pub(super) fn fill(&mut self, now: Nanos) {
        // From the deepest debt it is full after two seconds; this also takes the first input.
        let passed = now.0.saturating_sub(self.at.0).clamp(0, 2 * MESSAGE);
        self.level = (self.level + passed * self.per_nano).min(self.full);
        self.at = self.at.max(now);
    }

    /// Whether one more message leaves what is kept for cancels.
    #[inline]
    pub(super) const fn has_room(&self) -> bool {
        self.level - MESSAGE >= self.reserve
    }

    /// One message.
    #[inline]
    pub(super) fn take(&mut self) {
        self.level = (self.level - MESSAGE).max(-self.full);
    }

    /// Messages of the last second that still count at that time, and how many orders may make
    /// them.
    pub(super) fn used(mut self, now: Nanos) -> (i64, i64) {
        self.fill(now);
        let (with_one_more, most) = self.compared();
        (with_one_more - 1, most)
    }

    /// Messages of the last second that still count, this one included, and how many may.
    pub(super) const fn compared(&self) -> (i64, i64) {
        let used = (self.full - self.level + MESSAGE - 1) / MESSAGE;
        (used + 1, (self.full - self.reserve) / MESSAGE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_fills_with_time_and_keeps_its_reserve() {
        let mut bucket = Bucket::new(RateParams { per_second: 10, reserve: 3 });
        let fill = |bucket: &mut Bucket, at: i64| bucket.fill(Nanos(at));
        fill(&mut bucket, 5);
        for taken in 0..7 {
            assert!(bucket.has_room(), "after {taken}");
            bucket.take();
        }
        assert!(!bucket.has_room());
        assert_eq!(bucket.compared(), (8, 7));
        // A message comes back in a tenth of a second, not a nanosecond earlier.
        fill(&mut bucket, 5 + MESSAGE / 10 - 1);
        assert!(!bucket.has_room());
        fill(&mut bucket, 5 + MESSAGE / 10);
        assert!(bucket.has_room());
        // Cancels go into debt, down to one second's worth.
        for _ in 0..40 {
            bucket.take();
        }
        assert_eq!(bucket.level, -bucket.full);
        fill(&mut bucket, 5 + MESSAGE / 10 + 2 * MESSAGE);
        assert_eq!(bucket.level, bucket.full);
        // Time that stands still or runs back fills nothing.
        bucket.take();
        fill(&mut bucket, 0);
        assert_eq!(bucket.level, bucket.full - MESSAGE);
    }
}
