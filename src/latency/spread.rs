//! How latencies are spread: percentiles of many, and of the medians of repeats.

use super::probe::Sample;
use crate::sys::clock::Rate;
use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

/// The longest that is told apart, in nanoseconds.
const LONGEST_NS: u64 = 60_000_000_000;
/// Three digits: a bucket is at most a thousandth of its value wide.
const DIGITS: u8 = 3;

/// An empty histogram of nanoseconds.
///
/// # Panics
/// Never: the bounds are constants.
#[must_use]
pub fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, LONGEST_NS, DIGITS).expect("the bounds are good")
}

/// Counts samples into a histogram of nanoseconds.
pub fn count(samples: &[Sample], rate: Rate, into: &mut Histogram<u64>) {
    for sample in samples {
        into.saturating_record(rate.nanos(sample.took).max(1));
    }
}

/// Percentiles in nanoseconds. One that so few samples cannot show is absent: a p99.9 of less than
/// a thousand samples would be their maximum by another name.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Spread {
    /// Half took no longer.
    pub p50: Option<u64>,
    /// Nine of ten.
    pub p90: Option<u64>,
    /// 99 of 100.
    pub p99: Option<u64>,
    /// 999 of 1,000.
    #[serde(rename = "p99.9")]
    pub p999: Option<u64>,
    /// 9,999 of 10,000.
    #[serde(rename = "p99.99")]
    pub p9999: Option<u64>,
    /// The longest.
    pub max: Option<u64>,
    /// How many there are.
    pub count: u64,
}

impl Spread {
    /// Of a histogram.
    #[must_use]
    pub fn of(all: &Histogram<u64>) -> Self {
        let count = all.len();
        let at =
            |quantile: f64, least: u64| (count >= least).then(|| all.value_at_quantile(quantile));
        Self {
            p50: at(0.5, 1),
            p90: at(0.9, 10),
            p99: at(0.99, 100),
            p999: at(0.999, 1_000),
            p9999: at(0.9999, 10_000),
            max: (count > 0).then(|| all.max()),
            count,
        }
    }
}

/// The middle of values; of an even count the mean of the middle two. Nothing of nothing.
#[must_use]
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted: Vec<_> = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let half = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        n if n % 2 == 1 => Some(sorted[half]),
        _ => Some(f64::midpoint(sorted[half - 1], sorted[half])),
    }
}

/// Nanoseconds as a float.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "below 2^52")]
pub const fn float(nanos: u64) -> f64 {
    nanos as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_there_when_enough_samples_are() {
        let mut all = histogram();
        assert_eq!(Spread::of(&all), Spread::default());
        for value in 1..=99 {
            all.record(value).unwrap();
        }
        let few = Spread::of(&all);
        assert_eq!((few.p50, few.p90, few.p99, few.max), (Some(50), Some(90), None, Some(99)));
        (0..901).for_each(|_| all.record(200).unwrap());
        let more = Spread::of(&all);
        assert_eq!((more.p999, more.p9999, more.count), (Some(200), None, 1_000));
    }

    #[test]
    fn the_middle_of_values() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[3.0]), Some(3.0));
        assert_eq!(median(&[5.0, 1.0, 3.0]), Some(3.0));
        assert_eq!(median(&[4.0, 1.0, 3.0, 2.0]), Some(2.5));
    }
}
