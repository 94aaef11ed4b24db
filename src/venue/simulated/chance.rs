//! Random draws of the simulated venue: from one seed, the same on every machine.
//!
//! Logarithms are `libm`'s, which are; the system's are not.

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng as _, SeedableRng as _};

/// A stream of draws.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Chance(Xoshiro256PlusPlus);

/// Tells streams of one seed apart.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

impl Chance {
    /// The stream of that number.
    #[must_use]
    pub(super) fn new(seed: u64, stream: u64) -> Self {
        Self(Xoshiro256PlusPlus::seed_from_u64(seed ^ stream.wrapping_mul(GOLDEN)))
    }

    /// A whole number below `bound`, which is not 0.
    ///
    /// By multiplication (Lemire, 2019) without its rejection: for our small bounds the draws
    /// differ in likelihood by less than 2⁻³².
    #[inline]
    pub(super) fn below(&mut self, bound: u32) -> u32 {
        let drawn = (self.0.next_u64() >> 32) * u64::from(bound);
        u32::try_from(drawn >> 32).expect("below a bound of 32 bits")
    }

    /// A span of up to `max`, both ends included.
    #[inline]
    pub(super) fn span(&mut self, max: i64) -> i64 {
        if max <= 0 {
            return 0;
        }
        let bound = max.unsigned_abs() + 1;
        i64::try_from(self.0.next_u64() % bound).expect("at most `max`")
    }

    /// A number from 0 to 1, 1 excluded.
    #[inline]
    pub(super) fn unit(&mut self) -> f64 {
        /// 2⁻⁵³.
        const STEP: f64 = 1.0 / 9_007_199_254_740_992.0;
        #[expect(clippy::cast_precision_loss, reason = "53 bits are exact")]
        let bits = (self.0.next_u64() >> 11) as f64;
        bits * STEP
    }

    /// Heads or tails.
    #[inline]
    pub(super) fn coin(&mut self) -> bool {
        self.0.next_u64() >> 63 == 1
    }

    /// Exponentially distributed with mean 1.
    #[inline]
    pub(super) fn exponential(&mut self) -> f64 {
        -libm::log(1.0 - self.unit())
    }

    /// Mean 0, variance 1, nearly normal: the sum of four uniform numbers (Irwin–Hall). A path adds
    /// up thousands of them, and such a sum is normal for all that is done with it.
    #[inline]
    pub(super) fn normal(&mut self) -> f64 {
        let bits = self.0.next_u64();
        let sum: u64 = (0..4).map(|i| bits >> (16 * i) & 0xffff).sum();
        #[expect(clippy::cast_precision_loss, reason = "18 bits are exact")]
        let sum = sum as f64;
        // Each has mean 65535/2 and variance (2^32 − 1)/12.
        (sum - 131_070.0) / 37_837.227_237_206_48
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_have_their_means_and_bounds() {
        let mut chance = Chance::new(7, 1);
        let n = 200_000;
        let (mut sum, mut square, mut wait, mut small) = (0.0, 0.0, 0.0, [0; 5]);
        for _ in 0..n {
            let z = chance.normal();
            (sum, square) = (sum + z, square + z * z);
            wait += chance.exponential();
            small[chance.below(5) as usize] += 1;
            assert!((0..=3).contains(&chance.span(3)));
            assert!((0.0..1.0).contains(&chance.unit()));
        }
        let n = f64::from(n);
        assert!((sum / n).abs() < 0.01, "mean {}", sum / n);
        assert!((square / n - 1.0).abs() < 0.01, "variance {}", square / n);
        assert!((wait / n - 1.0).abs() < 0.01, "mean wait {}", wait / n);
        assert!(small.iter().all(|count| (f64::from(*count) / n - 0.2).abs() < 0.005), "{small:?}");
        assert_eq!(Chance::new(7, 1).span(0), 0);
        assert_ne!(Chance::new(7, 1), Chance::new(7, 2));
    }
}
