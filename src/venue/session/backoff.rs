//! How long to wait before the next attempt: doubling, bounded, jittered.
//!
//! Pure: the count of failures and the random source come from outside, so a seed gives one story.

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::Rng as _;

use crate::types::Nanos;

/// Waits that double from `base` to `max`, each drawn from the upper half of its bound.
///
/// Half of the wait is fixed so that no attempt comes at once; half is random so that a thousand
/// clients cut at the same instant do not come back at the same instant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Backoff {
    /// The bound of the first wait.
    pub base: Nanos,
    /// The bound of every late one.
    pub max: Nanos,
}

impl Backoff {
    /// The wait after `failures` earlier ones in a row, 0 for the first.
    #[must_use]
    pub fn delay(self, failures: u32, random: &mut Xoshiro256PlusPlus) -> Nanos {
        let base = u64::try_from(self.base.0).expect("a back-off is no negative span");
        let max = u64::try_from(self.max.0).expect("a back-off is no negative span");
        let bound = base.saturating_mul(1_u64.checked_shl(failures).unwrap_or(u64::MAX)).min(max);
        let fixed = bound / 2;
        let drawn = random.next_u64() % (bound - fixed + 1);
        Nanos(i64::try_from(fixed + drawn).expect("at most `max`, which is an i64"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_xoshiro::rand_core::SeedableRng as _;

    #[test]
    fn every_wait_lies_in_the_upper_half_of_a_doubling_bound() {
        let backoff = Backoff { base: Nanos::from_seconds(1), max: Nanos::from_seconds(60) };
        for seed in 0..50 {
            let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
            for failures in (0..200).chain([u32::MAX]) {
                let bound = Nanos::from_seconds((1_i64 << failures.min(6)).min(60));
                let wait = backoff.delay(failures, &mut random);
                assert!(
                    wait.0 >= bound.0 / 2 && wait <= bound,
                    "{failures}: {wait:?} of {bound:?}"
                );
            }
        }
    }

    #[test]
    fn one_seed_is_one_story_and_two_are_spread() {
        let backoff = Backoff { base: Nanos::from_seconds(1), max: Nanos::from_seconds(60) };
        let draw = |seed| {
            let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
            (0..8).map(|n| backoff.delay(n, &mut random)).collect::<Vec<_>>()
        };
        assert_eq!(draw(7), draw(7));
        let mut firsts: Vec<_> = (0..100).map(|seed| draw(seed)[0].0 / 50_000_000).collect();
        firsts.sort_unstable();
        firsts.dedup();
        assert!(firsts.len() >= 9, "a hundred clients fall into {} slots of 50 ms", firsts.len());
    }
}
