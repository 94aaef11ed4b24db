//! How good a forecast of risk was: how often it was passed, and whether that is chance.
//!
//! Kupiec 1995 asks whether it is passed as often as its confidence says, Christoffersen 1998
//! whether one exception makes the next more likely, and both together. Each gives a likelihood
//! ratio and the probability of one as great if the forecast is right: below 0.05 it is wrong at
//! that level. Only counts are kept, so a grade is as small after years as at first.

use super::normal::{chi_square_1_survival, chi_square_2_survival};
use libm::log;
use serde::{Deserialize, Serialize};

/// What was seen of one forecast.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grade {
    /// Periods that were judged, by whether the one before and this one were exceptions; the first
    /// has none before and stands for itself.
    after: [[u64; 2]; 2],
    first: Option<bool>,
    last: bool,
}

/// A likelihood ratio and the probability of one as great by chance.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Verdict {
    /// −2 times the logarithm of the ratio.
    pub ratio: f64,
    /// The probability by chance.
    pub p_value: f64,
}

impl Grade {
    /// One more period: whether the loss was greater than forecast.
    pub fn push(&mut self, is_exception: bool) {
        if self.first.is_none() {
            self.first = Some(is_exception);
        } else {
            self.after[usize::from(self.last)][usize::from(is_exception)] += 1;
        }
        self.last = is_exception;
    }

    /// Periods that were judged.
    #[must_use]
    pub fn periods(&self) -> u64 {
        self.after.iter().flatten().sum::<u64>() + u64::from(self.first.is_some())
    }

    /// Of these, periods with a greater loss than forecast.
    #[must_use]
    pub fn exceptions(&self) -> u64 {
        self.after[0][1] + self.after[1][1] + u64::from(self.first == Some(true))
    }

    /// Whether it is passed as often as a tail of that probability says: Kupiec's proportion of
    /// failures. Nothing before the first period.
    #[must_use]
    pub fn kupiec(&self, tail: f64) -> Option<Verdict> {
        let (n, x) = (self.periods(), self.exceptions());
        if n == 0 {
            return None;
        }
        let seen = x as f64 / n as f64;
        let ratio = 2.0 * (likelihood([n - x, x], seen) - likelihood([n - x, x], tail));
        Some(Verdict::of(ratio, chi_square_1_survival))
    }

    /// Whether exceptions come independently of each other: Christoffersen's test. Nothing before
    /// the second period.
    #[must_use]
    pub fn independence(&self) -> Option<Verdict> {
        let [calm, bad] = self.after;
        let all = [calm[0] + bad[0], calm[1] + bad[1]];
        if all[0] + all[1] == 0 {
            return None;
        }
        let share = |[no, yes]: [u64; 2]| {
            if no + yes == 0 { 0.0 } else { yes as f64 / (no + yes) as f64 }
        };
        let apart = likelihood(calm, share(calm)) + likelihood(bad, share(bad));
        let ratio = 2.0 * (apart - likelihood(all, share(all)));
        Some(Verdict::of(ratio, chi_square_1_survival))
    }

    /// Both at once: Christoffersen's conditional coverage.
    #[must_use]
    pub fn coverage(&self, tail: f64) -> Option<Verdict> {
        let ratio = self.kupiec(tail)?.ratio + self.independence()?.ratio;
        Some(Verdict::of(ratio, chi_square_2_survival))
    }
}

impl Verdict {
    fn of(ratio: f64, survival: fn(f64) -> f64) -> Self {
        // Rounding may leave a ratio of nothing just below zero.
        let ratio = ratio.max(0.0);
        Self { ratio, p_value: survival(ratio) }
    }
}

/// The logarithm of the likelihood of that many noes and yeses; 0·ln 0 is 0.
fn likelihood([no, yes]: [u64; 2], probability: f64) -> f64 {
    let part = |count: u64, probability: f64| {
        if count == 0 { 0.0 } else { count as f64 * log(probability) }
    };
    part(no, 1.0 - probability) + part(yes, probability)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grade(text: &str) -> Grade {
        let mut grade = Grade::default();
        text.bytes().for_each(|byte| grade.push(byte == b'x'));
        grade
    }

    fn near(found: f64, expected: f64) {
        assert!((found - expected).abs() < 5e-4, "{found} is not {expected}");
    }

    /// Kupiec's own table: exceptions of 255 days at 99 % that are not refused at 5 % are fewer
    /// than 7; of 510 days at 95 % more than 16 and fewer than 36.
    #[test]
    fn the_regions_of_kupiecs_table() {
        let accepted = |periods: usize, tail: f64| {
            let counts: Vec<_> = (0..periods)
                .filter(|x| {
                    let text = "x".repeat(*x) + &".".repeat(periods - x);
                    grade(&text).kupiec(tail).unwrap().p_value >= 0.05
                })
                .collect();
            (counts[0], counts[counts.len() - 1])
        };
        // With no exception at all the ratio is 5.13 here, which refuses too.
        assert_eq!(accepted(255, 0.01), (1, 6));
        assert_eq!(accepted(510, 0.01), (2, 10));
        assert_eq!(accepted(255, 0.05), (7, 20));
        assert_eq!(accepted(510, 0.05), (17, 35));
        assert_eq!(accepted(1000, 0.05), (38, 64));
    }

    /// 20 of 1000 at 1 %: ratio 2·(20·ln 2 + 980·ln(0.98/0.99)) = 7.827, p 0.0051.
    #[test]
    fn a_ratio_that_is_worked_out_by_hand() {
        let found = grade(&("x".to_owned() + &".".repeat(49)).repeat(20)).kupiec(0.01).unwrap();
        near(found.ratio, 2.0 * (20.0 * libm::log(2.0) + 980.0 * libm::log(0.98 / 0.99)));
        near(found.p_value, 0.00515);
    }

    #[test]
    fn exceptions_in_a_row_are_not_independent() {
        let clustered = grade(&("x".repeat(10) + &".".repeat(190)));
        let spread = grade(&("x".to_owned() + &".".repeat(19)).repeat(10));
        assert_eq!(clustered.exceptions(), spread.exceptions());
        assert!(clustered.independence().unwrap().p_value < 1e-9);
        assert!(spread.independence().unwrap().p_value > 0.2);
        let both = clustered.coverage(0.05).unwrap();
        let parts = [clustered.kupiec(0.05).unwrap(), clustered.independence().unwrap()];
        near(both.ratio, parts[0].ratio + parts[1].ratio);
        near(both.p_value, libm::exp(-0.5 * both.ratio));
    }

    #[test]
    fn too_little_is_no_verdict() {
        assert_eq!(grade("").kupiec(0.05), None);
        assert_eq!((grade("x").independence(), grade("x").coverage(0.05)), (None, None));
        let perfect = grade(&".".repeat(100)).independence().unwrap();
        assert_eq!((perfect.ratio, perfect.p_value), (0.0, 1.0));
        assert_eq!((grade("xx.x").periods(), grade("xx.x").exceptions()), (4, 3));
    }
}
