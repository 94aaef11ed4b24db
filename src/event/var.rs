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
