//! Two runs of the tool beside each other: a verdict for each row that both have.
//!
//! What is compared is the ratio to the floor of the same second, repeat by repeat, since machines
//! and their moods differ; the nanoseconds are compared only where a row has no floor. A difference
//! counts when the medians differ by more than the repeats of either run differ among themselves,
//! and by more than a twentieth.

use super::result::{Results, Row};
use super::spread::median;
use std::fmt;

/// What is held against each other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// The second is faster.
    Faster,
    /// The second is slower.
    Slower,
    /// They do not differ by more than chance.
    Same,
    /// There are too few repeats to say.
    Unknown,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Faster => "faster",
            Self::Slower => "slower",
            Self::Same => "same",
            Self::Unknown => "too few repeats",
        })
    }
}

/// Fewer repeats than this say nothing of their own spread.
const REPEATS_MIN: usize = 3;
/// What differs by less is the same for all that anybody needs.
const TWENTIETH: f64 = 0.05;
/// Of the median of absolute deviations, the standard deviation of a normal distribution.
const NORMAL: f64 = 1.4826;

/// One row of both.
#[derive(Clone, PartialEq, Debug)]
pub struct Compared {
    /// Which row.
    pub key: String,
    /// p50 or p99.
    pub of: &'static str,
    /// The ratio to the floor, or nanoseconds where there is none.
    pub unit: &'static str,
    /// The medians.
    pub medians: [f64; 2],
    /// What of the medians' difference may be chance.
    pub noise: f64,
    /// What it comes to.
    pub verdict: Verdict,
}

impl fmt::Display for Compared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, of, unit, medians: [a, b], noise, verdict } = self;
        write!(
            f,
            "{key:<44} {of} {a:>9.2} → {b:>9.2} {unit:<6} {:>+6.1} % (± {:.1} %)  {verdict}",
            100.0 * (b / a - 1.0),
            100.0 * noise / a
        )
    }
}

/// Every row that both runs have, and those that only one has.
#[must_use]
pub fn compare(a: &Results, b: &Results) -> (Vec<Compared>, Vec<String>) {
    let rows = |all: &Results| -> Vec<Row> { [&all.rows[..], &all.wire[..]].concat() };
    let (mut found, mut alone) = (Vec::new(), Vec::new());
    let (first, second) = (rows(a), rows(b));
    for row in &first {
        match second.iter().find(|other| other.key() == row.key()) {
            Some(other) => found.extend(both(row, other)),
            None => alone.push(format!("{}: only in the first", row.key())),
        }
    }
    let known = |row: &&Row| first.iter().any(|other| other.key() == row.key());
    alone.extend(
        second
            .iter()
            .filter(|row| !known(row))
            .map(|row| format!("{}: only in the second", row.key())),
    );
    (found, alone)
}

fn both(a: &Row, b: &Row) -> Vec<Compared> {
    let has_floor = a.floor_ns.is_some() && b.floor_ns.is_some();
    let unit = if has_floor { "× floor" } else { "ns" };
    let mut found = Vec::new();
    for of in ["p50", "p99"] {
        let values = |row: &Row| -> Vec<f64> {
            let each = row.repeats.iter().filter_map(|one| {
                let (own, floor) = match of {
                    "p50" => (Some(one.p50), one.floor_p50),
                    _ => (one.p99, one.floor_p99),
                };
                if has_floor { Some(own? / floor?) } else { own }
            });
            each.collect()
        };
        let (first, second) = (values(a), values(b));
        if let Some((medians, noise, verdict)) = judge(&first, &second) {
            found.push(Compared { key: a.key(), of, unit, medians, noise, verdict });
        }
    }
    found
}

/// Medians, noise and verdict; nothing where a run has no value at all.
fn judge(first: &[f64], second: &[f64]) -> Option<([f64; 2], f64, Verdict)> {
    let medians = [median(first)?, median(second)?];
    // Twice the standard error of the difference of two medians, near enough.
    let error = |values: &[f64]| deviation(values) * 1.2533 / count(values).sqrt();
    let noise = 2.0 * error(first).hypot(error(second));
    if first.len().min(second.len()) < REPEATS_MIN {
        return Some((medians, noise, Verdict::Unknown));
    }
    let difference = medians[1] - medians[0];
    let verdict = if difference.abs() <= noise.max(TWENTIETH * medians[0]) {
        Verdict::Same
    } else if difference < 0.0 {
        Verdict::Faster
    } else {
        Verdict::Slower
    };
    Some((medians, noise, verdict))
}

/// How far values lie around their median, as a standard deviation that outliers do not move.
fn deviation(values: &[f64]) -> f64 {
    let middle = median(values).unwrap_or(0.0);
    let away: Vec<_> = values.iter().map(|value| (value - middle).abs()).collect();
    NORMAL * median(&away).unwrap_or(0.0)
}

#[expect(clippy::cast_precision_loss, reason = "a few repeats")]
const fn count(values: &[f64]) -> f64 {
    values.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_needs_more_than_noise() {
        let check = |first: &[f64], second: &[f64], expected| {
            assert_eq!(judge(first, second).map(|found| found.2), expected, "{first:?} {second:?}");
        };
        let steady = [1.50, 1.51, 1.49, 1.50, 1.52];
        check(&steady, &[1.50, 1.52, 1.50, 1.49, 1.51], Some(Verdict::Same));
        check(&steady, &[1.80, 1.79, 1.82, 1.80, 1.81], Some(Verdict::Slower));
        check(&steady, &[1.20, 1.19, 1.22, 1.20, 1.21], Some(Verdict::Faster));
        // A step of a fiftieth is no news, however steady.
        check(&steady, &[1.53, 1.53, 1.53, 1.53, 1.53], Some(Verdict::Same));
        // Repeats that differ by as much as the runs do.
        check(&[1.0, 2.0, 1.5, 1.1, 2.2], &[1.7, 1.2, 2.4, 2.0, 1.6], Some(Verdict::Same));
        // One outlier moves neither median nor noise.
        check(
            &[1.50, 1.51, 1.49, 1.50, 9.0],
            &[1.80, 1.79, 1.82, 1.80, 0.1],
            Some(Verdict::Slower),
        );
        check(&[1.0, 1.0], &[2.0, 2.0, 2.0], Some(Verdict::Unknown));
        check(&[], &steady, None);
    }
}
