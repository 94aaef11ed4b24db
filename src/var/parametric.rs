//! Value at risk by formula: the sample gives a few moments, a distribution gives the tail.
//!
//! Not here: a sample's own tail (`tail`), and chance (`monte_carlo`).

use super::covariance::Covariance;
use super::normal::{density, quantile};
use super::tail::{Confidence, Tail};

/// How fast the past loses its weight: RiskMetrics 1996, for daily returns.
pub const DECAY: f64 = 0.94;

/// The first four moments of a sample of profits.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Moments {
    /// How many there are.
    pub count: usize,
    /// Their mean.
    pub mean: f64,
    /// Their standard deviation, with n − 1.
    pub deviation: f64,
    /// Third central moment over the cube of the deviation, both with n.
    pub skewness: f64,
    /// Fourth central moment over the fourth power of the deviation, both with n, less 3.
    pub excess_kurtosis: f64,
}

impl Moments {
    /// Of a sample; one of less than two has none.
    #[must_use]
    pub fn of(profits: &[f64]) -> Self {
        let count = profits.len();
        if count < 2 {
            return Self { count, ..Self::default() };
        }
        let n = count as f64;
        let mean = profits.iter().sum::<f64>() / n;
        let [mut two, mut three, mut four] = [0.0; 3];
        for profit in profits {
            let off = profit - mean;
            let square = off * off;
            two += square;
            three += square * off;
            four += square * square;
        }
        let (m2, m3, m4) = (two / n, three / n, four / n);
        let known = m2 > 0.0;
        Self {
            count,
            mean,
            deviation: (two / (n - 1.0)).sqrt(),
            skewness: if known { m3 / (m2 * m2.sqrt()) } else { 0.0 },
            excess_kurtosis: if known { m4 / (m2 * m2) - 3.0 } else { 0.0 },
        }
    }

    /// The moments of the sum of so many independent periods.
    #[must_use]
    pub fn over(self, horizon: f64) -> Self {
        Self {
            mean: self.mean * horizon,
            deviation: self.deviation * horizon.sqrt(),
            skewness: self.skewness / horizon.sqrt(),
            excess_kurtosis: self.excess_kurtosis / horizon,
            ..self
        }
    }
}

/// As if profits were normal.
#[must_use]
pub fn normal(moments: &Moments, confidence: Confidence) -> Tail {
    let alpha = confidence.tail();
    let z = quantile(alpha);
    Tail {
        value_at_risk: -(moments.mean + moments.deviation * z),
        expected_shortfall: -(moments.mean - moments.deviation * density(z) / alpha),
    }
}

/// The normal quantile corrected for skewness and kurtosis (Cornish and Fisher 1938; "modified"
/// value at risk: Favre and Galeano 2002). The deviation is the one with n, as those who named it
/// have it. The shortfall is the mean of the same expansion over the tail (Maillard 2018).
#[must_use]
pub fn cornish_fisher(moments: &Moments, confidence: Confidence) -> Tail {
    let alpha = confidence.tail();
    let z = quantile(alpha);
    let (s, k) = (moments.skewness, moments.excess_kurtosis);
    let at = z + (z * z - 1.0) * s / 6.0 + (z * z - 3.0) * z * k / 24.0
        - (2.0 * z * z - 5.0) * z * s * s / 36.0;
    // Integrals of Hermite polynomials under the density are those of one order less.
    let mean = -density(z) / alpha
        * (1.0 + z * s / 6.0 + (z * z - 1.0) * k / 24.0 - (2.0 * z * z - 1.0) * s * s / 36.0);
    let n = moments.count as f64;
    let deviation = moments.deviation * ((n - 1.0).max(0.0) / n.max(1.0)).sqrt();
    Tail {
        value_at_risk: -(moments.mean + deviation * at),
        expected_shortfall: -(moments.mean + deviation * mean),
    }
}

/// Whether the expansion grows everywhere, as a quantile has to (Maillard 2018); beyond that, what
/// [`cornish_fisher`] says is to be doubted.
#[must_use]
pub fn is_monotone(moments: &Moments) -> bool {
    let (s, k) = (moments.skewness, moments.excess_kurtosis);
    // The derivative is a·z² + b·z + c.
    let (a, b, c) = (k / 8.0 - s * s / 6.0, s / 3.0, 1.0 - k / 8.0 + 5.0 * s * s / 36.0);
    (a == 0.0 && b == 0.0 && c > 0.0) || (a > 0.0 && b * b < 4.0 * a * c)
}

/// The deviation of the next profit with exponentially fading weights, mean zero; the recursion
/// begins with the first square (RiskMetrics 1996). Oldest first.
#[must_use]
pub fn faded_deviation(profits: &[f64], decay: f64) -> f64 {
    let Some((first, rest)) = profits.split_first() else { return 0.0 };
    let fade = |variance: f64, profit: &f64| decay * variance + (1.0 - decay) * profit * profit;
    // The first square stands for the past and is heard once more as an observation.
    rest.iter().fold(fade(first * first, first), fade).sqrt()
}

/// As if the next profit were normal with mean zero and the faded deviation.
#[must_use]
pub fn faded(profits: &[f64], decay: f64, horizon: f64, confidence: Confidence) -> Tail {
    let deviation = faded_deviation(profits, decay) * horizon.sqrt();
    normal(&Moments { deviation, ..Moments::default() }, confidence)
}

/// What each asset adds to the normal value at risk (Euler): the parts sum up to
/// `value_at_risk` of [`normal`] over the same returns. Values in money, `out` a part per asset.
///
/// # Panics
/// They are not as many.
pub fn components(
    returns: &Covariance,
    values: &[f64],
    (horizon, confidence): (f64, Confidence),
    out: &mut [f64],
) {
    assert!(values.len() == out.len() && values.len() == returns.assets(), "one an asset");
    let z = quantile(confidence.tail());
    let mut variance = 0.0;
    for (asset, out) in out.iter_mut().enumerate() {
        *out = values.iter().zip(returns.row(asset)).map(|(value, c)| value * c).sum();
        variance += values[asset] * *out;
    }
    let deviation = variance.max(0.0).sqrt();
    for (asset, out) in out.iter_mut().enumerate() {
        let share = if deviation > 0.0 { values[asset] * *out / deviation } else { 0.0 };
        *out = -(values[asset] * returns.mean()[asset] * horizon + share * z * horizon.sqrt());
    }
}
