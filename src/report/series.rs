//! A path through time in bounded memory: what a plot shows of a value that changes a million
//! times.

use crate::types::Nanos;

/// More columns than a screen has.
const BUCKETS_MAX: i64 = 2048;

/// What a value did in a span of time.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Bucket {
    /// The number of the span.
    at: i64,
    pub(super) min: f64,
    pub(super) max: f64,
    pub(super) last: f64,
}

/// A value that holds until it changes: its least, greatest and last value by span of time. The
/// spans are doubled whenever there would be too many, so that no extreme is ever lost.
#[derive(Clone, Debug)]
pub(super) struct Series {
    start: Option<Nanos>,
    width: i64,
    buckets: Vec<Bucket>,
}

impl Series {
    pub(super) const fn new() -> Self {
        Self { start: None, width: 1_000_000, buckets: Vec::new() }
    }

    /// The value from that time on. Times do not go back, and values are finite.
    pub(super) fn push(&mut self, time: Nanos, value: f64) {
        debug_assert!(value.is_finite());
        let start = self.start.get_or_insert(time).0;
        let since = time.0.saturating_sub(start).max(0);
        while since / self.width >= BUCKETS_MAX {
            self.widen();
        }
        let at = since / self.width;
        match self.buckets.last_mut() {
            Some(last) if last.at >= at => {
                last.min = last.min.min(value);
                last.max = last.max.max(value);
                last.last = value;
            }
            _ => self.buckets.push(Bucket { at, min: value, max: value, last: value }),
        }
    }

    fn widen(&mut self) {
        self.width *= 2;
        let mut kept: Vec<Bucket> = Vec::with_capacity(self.buckets.len());
        for bucket in self.buckets.drain(..) {
            let at = bucket.at / 2;
            match kept.last_mut() {
                Some(last) if last.at == at => {
                    last.min = last.min.min(bucket.min);
                    last.max = last.max.max(bucket.max);
                    last.last = bucket.last;
                }
                _ => kept.push(Bucket { at, ..bucket }),
            }
        }
        self.buckets = kept;
    }

    /// Each span with its beginning, oldest first.
    pub(super) fn points(&self) -> impl Iterator<Item = (Nanos, &Bucket)> {
        let start = self.start.map_or(0, |start| start.0);
        self.buckets.iter().map(move |b| (Nanos(start + b.at * self.width), b))
    }
}

/// Every so many-th thing, so many that at most `MARKS_MAX` are kept.
#[derive(Clone, Debug)]
pub(super) struct Thinned<T> {
    every: u64,
    seen: u64,
    kept: Vec<T>,
}

const MARKS_MAX: usize = 2048;

impl<T> Thinned<T> {
    pub(super) const fn new() -> Self {
        Self { every: 1, seen: 0, kept: Vec::new() }
    }

    pub(super) fn push(&mut self, item: T) {
        if self.seen.is_multiple_of(self.every) {
            if self.kept.len() == MARKS_MAX {
                let mut at = 0;
                self.kept.retain(|_| {
                    at += 1;
                    at % 2 == 1
                });
                self.every *= 2;
            }
            if self.seen.is_multiple_of(self.every) {
                self.kept.push(item);
            }
        }
        self.seen += 1;
    }

    pub(super) fn kept(&self) -> &[T] {
        &self.kept
    }

    /// 1 where nothing was left out.
    pub(super) const fn every(&self) -> u64 {
        self.every
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_path_keeps_its_extremes_and_its_end() {
        for step in [1_000_i64, 700_000, 1_000_000_000] {
            let mut series = Series::new();
            for i in 0..100_000_i64 {
                let value = if i == 77_777 { 1e6 } else { (i % 10) as f64 };
                series.push(Nanos(5 + i * step), value);
            }
            let points: Vec<_> = series.points().collect();
            assert!(points.len() <= 2048 && points.len() >= 100);
            assert!(points.windows(2).all(|w| w[0].0 < w[1].0));
            let max = points.iter().map(|(_, b)| b.max).fold(0.0, f64::max);
            let min = points.iter().map(|(_, b)| b.min).fold(9.0, f64::min);
            assert_eq!((min, max), (0.0, 1e6));
            assert_eq!((points[0].0, points[points.len() - 1].1.last), (Nanos(5), 9.0));
        }
    }

    #[test]
    fn thinning_keeps_an_even_part() {
        let mut marks = Thinned::new();
        (0..10_000).for_each(|i| marks.push(i));
        assert_eq!(marks.every(), 8);
        assert!(marks.kept().iter().zip(0..).all(|(kept, i)| *kept == i * 8));
        assert_eq!(marks.kept().len(), 1250);
    }
}
