//! What the batch thread answers about value at risk.

/// Value at risk of what was held, as it enters the core.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct VarResult {
    /// The input behind which positions and prices were taken.
    pub as_of: u64,
    /// Where chance began.
    pub seed: u64,
    /// The loss that the limit is held against, as a share of capital and profit in 10⁻⁶; the
    /// greatest number where nothing is left of them.
    pub share: u32,
    /// Returns that it rests on.
    pub samples: u16,
}

impl VarResult {
    /// As words, the last one empty.
    #[must_use]
    pub fn words(&self) -> [u64; 4] {
        let Self { as_of, seed, share, samples } = *self;
        [as_of, seed, u64::from(share) | u64::from(samples) << 32, 0]
    }

    /// The result of words that [`Self::words`] gave.
    #[must_use]
    pub fn of_words([as_of, seed, rest, _]: [u64; 4]) -> Self {
        let [s0, s1, s2, s3, n0, n1, ..] = rest.to_le_bytes();
        let share = u32::from_le_bytes([s0, s1, s2, s3]);
        Self { as_of, seed, share, samples: u16::from_le_bytes([n0, n1]) }
    }

    /// A share in its units of 10⁻⁶, rounded up; the greatest number where it is none.
    #[must_use]
    pub fn share_of(loss: f64, equity: f64) -> u32 {
        if equity <= 0.0 {
            return if loss > 0.0 { u32::MAX } else { 0 };
        }
        let parts = (loss / equity * 1e6).ceil();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a cast clamps"
        )]
        let parts = parts as u32;
        parts
    }
}
