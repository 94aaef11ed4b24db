//! The venue's limits on what we send: so many of something within so long.
//!
//! Pure: time comes from outside. A bucket says whether it may be done now, and if not, when.

use crate::types::Nanos;

/// At most `count` within any span of `per`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rate {
    /// How many, as the venue states it.
    pub count: u32,
    /// Within how long.
    pub per: Nanos,
}

impl Rate {
    /// So many within a second.
    #[must_use]
    pub const fn per_second(count: u32) -> Self {
        Self { count, per: Nanos::from_seconds(1) }
    }
}

/// A token bucket that keeps a [`Rate`] in every window, not on average only.
///
/// A plain bucket of the venue's count that refills at the venue's rate lets twice the count
/// through in one unlucky window. This one holds half of the count and refills with the rest.
#[derive(Clone, Debug)]
pub struct Bucket {
    /// What one token costs in time of refilling.
    interval: i64,
    /// How many tokens a full bucket holds.
    burst: i64,
    /// When the bucket will be full again.
    full_at: i64,
}

impl Bucket {
    /// A full bucket.
    ///
    /// # Panics
    /// The rate allows fewer than two: our own table of facts is wrong.
    #[must_use]
    pub fn new(rate: Rate) -> Self {
        let count = i64::from(rate.count);
        assert!(count >= 2 && rate.per.0 > 0);
        let burst = count / 2;
        let refill = count - burst;
        // Rounded up: never a token too early.
        Self { interval: (rate.per.0 + refill - 1) / refill, burst, full_at: i64::MIN / 2 }
    }

    /// When `cost` tokens will be there, if nothing else is taken; a time in the past means now.
    #[must_use]
    pub fn ready_at(&self, cost: u32) -> Nanos {
        let cost = i64::from(cost);
        assert!(cost <= self.burst, "a cost of {cost} never fits a bucket of {}", self.burst);
        Nanos(self.full_at - (self.burst - cost) * self.interval)
    }

    /// Takes `cost` tokens, or nothing if they are not there.
    pub fn take(&mut self, now: Nanos, cost: u32) -> bool {
        let ready = self.ready_at(cost) <= now;
        if ready {
            self.owe(now, cost);
        }
        ready
    }

    /// Takes `cost` tokens whether they are there or not: for what cannot wait, such as a pong.
    pub fn owe(&mut self, now: Nanos, cost: u32) {
        self.full_at = self.full_at.max(now.0) + i64::from(cost) * self.interval;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_xoshiro::Xoshiro256PlusPlus;
    use rand_xoshiro::rand_core::{Rng as _, SeedableRng as _};

    /// Asks at random instants and holds every window against the rate.
    fn check(rate: Rate, seed: u64, gap_max: i64) {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
        let mut bucket = Bucket::new(rate);
        let mut now = 0_i64;
        let mut taken: Vec<i64> = Vec::new();
        for _ in 0..5_000 {
            now += i64::try_from(random.next_u64() % gap_max.unsigned_abs()).unwrap();
            if bucket.take(Nanos(now), 1) {
                taken.push(now);
            }
        }
        for (at, first) in taken.iter().enumerate() {
            let within = taken[at..].iter().take_while(|t| **t < first + rate.per.0).count();
            assert!(within <= rate.count as usize, "{within} from {first} on, {rate:?}");
        }
        assert!(taken.len() > 10, "hardly anything was let through");
    }

    #[test]
    fn no_window_ever_holds_more_than_the_rate() {
        for seed in 0..20 {
            for rate in [
                Rate::per_second(5),
                Rate::per_second(8),
                Rate { count: 300, per: Nanos::from_seconds(300) },
                Rate { count: 2, per: Nanos(7) },
            ] {
                check(rate, seed, rate.per.0 / 2 + 2);
                check(rate, seed, (rate.per.0 / i64::from(rate.count)).max(2));
            }
        }
    }

    #[test]
    fn what_is_not_there_is_there_when_it_was_promised() {
        let mut bucket = Bucket::new(Rate::per_second(5));
        let mut now = Nanos(1_000);
        for _ in 0..100 {
            while bucket.take(now, 1) {}
            let ready = bucket.ready_at(2);
            assert!(!bucket.take(Nanos(ready.0 - 1), 2));
            assert!(bucket.take(ready, 2));
            now = ready;
        }
        bucket.owe(now, 1);
        let debt = bucket.ready_at(1);
        assert!(debt.0 - now.0 > 333_000_000, "a pong is paid for later");
    }
}
