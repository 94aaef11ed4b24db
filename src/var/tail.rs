//! The bad end of a sample of profits: its quantile and the mean beyond it.
//!
//! The quantile is the smallest profit that at least the share α of all profits does not exceed
//! (Hyndman and Fan 1996, type 1; R's `quantile(type = 1)`). The shortfall is the mean of the worst
//! α·n profits, where the last of them counts with the part that is left of α·n (Acerbi and Tasche
//! 2002): so it does not depend on which quantile is taken. Found by selection; nothing is sorted.

/// How sure a figure is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Confidence {
    /// One period of twenty is worse.
    P95,
    /// One of forty is worse.
    P97_5,
    /// One of a hundred is worse.
    P99,
}

impl Confidence {
    /// What a risk report has: 95 % and 99 %.
    pub const REPORTED: [Self; 2] = [Self::P95, Self::P99];

    /// The tail in 1/1000: whole, so that no rounding decides which observation is meant.
    #[must_use]
    pub const fn tail_permille(self) -> usize {
        match self {
            Self::P95 => 50,
            Self::P97_5 => 25,
            Self::P99 => 10,
        }
    }

    /// The probability of the tail.
    #[must_use]
    pub const fn tail(self) -> f64 {
        self.tail_permille() as f64 / 1000.0
    }
}

/// Both figures of one confidence; a loss is positive.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Tail {
    /// The loss that is passed only in the tail.
    pub value_at_risk: f64,
    /// The mean loss in the tail.
    pub expected_shortfall: f64,
}

/// Which observations make the tail of a sample.
#[derive(Clone, Copy, Debug)]
struct Cut {
    /// Observations in the tail, the last one in part.
    count: usize,
    /// What α·n comes to.
    weight: f64,
}

impl Cut {
    fn of(sample: usize, confidence: Confidence) -> Self {
        let thousandths = sample * confidence.tail_permille();
        Self { count: thousandths.div_ceil(1000), weight: thousandths as f64 / 1000.0 }
    }

    /// The tail, from a sample that holds at least the worst `count` observations.
    fn tail(self, profits: &mut [f64]) -> Tail {
        let (worse, last, _) = profits.select_nth_unstable_by(self.count - 1, f64::total_cmp);
        let whole: f64 = worse.iter().sum();
        let part = self.weight - worse.len() as f64;
        Tail { value_at_risk: -*last, expected_shortfall: -(whole + part * *last) / self.weight }
    }
}

/// The tail of a sample, which is left in another order.
///
/// # Panics
/// The sample is empty.
#[must_use]
pub fn tail(profits: &mut [f64], confidence: Confidence) -> Tail {
    assert!(!profits.is_empty(), "a sample has observations");
    Cut::of(profits.len(), confidence).tail(profits)
}

/// The tails at the reported confidences; the sample is left in another order.
///
/// # Panics
/// The sample is empty.
#[must_use]
pub fn tails(profits: &mut [f64]) -> [Tail; 2] {
    let [wide, narrow] = Confidence::REPORTED.map(|one| Cut::of(profits.len(), one));
    assert!(wide.count > 0, "a sample has observations");
    let first = wide.tail(profits);
    // What lies in the narrow tail lies in the wide one, which stands in front now.
    [first, narrow.tail(&mut profits[..wide.count])]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By sorting, and by the mean of the quantile function over the tail.
    fn oracle(profits: &[f64], confidence: Confidence) -> Tail {
        let mut sorted = profits.to_vec();
        sorted.sort_by(f64::total_cmp);
        let thousandths = profits.len() * confidence.tail_permille();
        let mut sum = 0.0;
        let mut quantile = sorted[0];
        for (place, profit) in sorted.iter().enumerate() {
            let left = thousandths.saturating_sub(1000 * place).min(1000);
            sum += profit * left as f64;
            if left > 0 {
                quantile = *profit;
            }
        }
        Tail { value_at_risk: -quantile, expected_shortfall: -sum / thousandths as f64 }
    }

    #[test]
    fn selection_gives_what_sorting_gives() {
        let mut seed = 7_u64;
        for size in (1..300).chain([999, 1000, 1001]) {
            let profits: Vec<f64> = std::iter::repeat_with(|| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                // Few different values, so that many are equal.
                (seed >> 58) as f64 - 40.0
            })
            .take(size)
            .collect();
            for confidence in [Confidence::P95, Confidence::P97_5, Confidence::P99] {
                let (found, expected) =
                    (tail(&mut profits.clone(), confidence), oracle(&profits, confidence));
                assert_eq!(found.value_at_risk, expected.value_at_risk, "{size} {confidence:?}");
                let gap = found.expected_shortfall - expected.expected_shortfall;
                assert!(gap.abs() < 1e-12, "{size} {confidence:?}: {gap}");
            }
            let both = tails(&mut profits.clone());
            let each = Confidence::REPORTED.map(|one| tail(&mut profits.clone(), one));
            for (both, each) in both.iter().zip(each) {
                assert_eq!(both.value_at_risk, each.value_at_risk);
                assert!((both.expected_shortfall - each.expected_shortfall).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn a_hundred_known_profits() {
        let mut profits: Vec<f64> = (1..=100).map(|n| -f64::from(n)).collect();
        let [wide, narrow] = tails(&mut profits);
        assert_eq!((wide.value_at_risk, wide.expected_shortfall), (96.0, 98.0));
        assert_eq!((narrow.value_at_risk, narrow.expected_shortfall), (100.0, 100.0));
        // Of 150, seven and a half make the tail.
        let mut profits: Vec<f64> = (1..=150).map(|n| -f64::from(n)).collect();
        let wide = tail(&mut profits, Confidence::P95);
        let mean = (144..=150).sum::<i32>() as f64 + 0.5 * 143.0;
        assert_eq!((wide.value_at_risk, wide.expected_shortfall), (143.0, mean / 7.5));
    }
}
