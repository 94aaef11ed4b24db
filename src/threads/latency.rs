//! How long it takes from an input to its requests: measured where both ends are, shown as a view.
//!
//! The clock is read once for each look for an input and once for each request; nothing of it
//! reaches a decision. In virtual time nothing is measured, as nobody waits for a request there.

use super::view::{Publisher, View, Words, view};
use hdrhistogram::Histogram;
use std::time::{Duration, Instant};

/// Between two values of the view.
const EVERY: Duration = Duration::from_millis(100);
/// The longest that is told apart.
const LONGEST_NS: u64 = 60_000_000_000;
/// Two digits: a bucket is at most a hundredth of its value wide.
const DIGITS: u8 = 2;

/// From hearing an input to releasing a request of it, over the whole run, in nanoseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct LatencyView {
    /// Requests that were measured.
    pub count: u64,
    /// Half of them took no longer.
    pub p50: u64,
    /// 99 of 100 took no longer.
    pub p99: u64,
    /// The longest.
    pub max: u64,
}

impl Words<4> for LatencyView {
    fn to_words(&self) -> [u64; 4] {
        [self.count, self.p50, self.p99, self.max]
    }

    fn from_words(&[count, p50, p99, max]: &[u64; 4]) -> Self {
        Self { count, p50, p99, max }
    }
}

/// The measure, on the thread that hears and releases.
#[derive(Debug)]
pub struct Latency {
    publisher: Publisher<LatencyView, 4>,
    /// Nothing while nothing is measured.
    measure: Option<Box<Measure>>,
}

#[derive(Debug)]
struct Measure {
    histogram: Histogram<u64>,
    /// The last look for an input.
    begun: Instant,
    /// When the inputs on their way were heard, by the low bits of their numbers.
    heard: Vec<Instant>,
    due: Instant,
}

/// Both ends; nothing is measured yet.
#[must_use]
pub fn latency() -> (Latency, View<LatencyView, 4>) {
    let (publisher, view) = view(LatencyView::default());
    (Latency { publisher, measure: None }, view)
}

impl Latency {
    /// Measures from now on. No more than `inputs_max` inputs are ever on their way.
    ///
    /// # Panics
    /// Never: the bounds of the histogram are constants.
    pub fn turn_on(&mut self, inputs_max: usize) {
        let now = Instant::now();
        let histogram = Histogram::new_with_bounds(1, LONGEST_NS, DIGITS);
        self.measure = Some(Box::new(Measure {
            histogram: histogram.expect("the bounds are good"),
            begun: now,
            heard: vec![now; inputs_max.next_power_of_two()],
            due: now,
        }));
    }

    /// Now it is looked for an input.
    #[inline]
    pub fn begin(&mut self) {
        if let Some(measure) = &mut self.measure {
            measure.begun = Instant::now();
        }
    }

    /// The look has brought that input.
    #[inline]
    pub fn heard(&mut self, sequence: u64) {
        if let Some(measure) = &mut self.measure {
            let place = measure.place(sequence);
            measure.heard[place] = measure.begun;
        }
    }

    /// A request of that input has been released.
    #[inline]
    pub fn released(&mut self, sequence: u64) {
        let Some(measure) = &mut self.measure else { return };
        let now = Instant::now();
        let heard = measure.heard[measure.place(sequence)];
        let took = now.duration_since(heard).as_nanos();
        measure.histogram.saturating_record(u64::try_from(took).unwrap_or(LONGEST_NS).max(1));
        if now >= measure.due {
            measure.due = now + EVERY;
            self.publish();
        }
    }

    /// Shows all that was measured.
    pub fn publish(&mut self) {
        let Some(measure) = &self.measure else { return };
        let Measure { histogram, .. } = &**measure;
        self.publisher.publish(&LatencyView {
            count: histogram.len(),
            p50: histogram.value_at_quantile(0.5),
            p99: histogram.value_at_quantile(0.99),
            max: histogram.max(),
        });
    }
}

impl Measure {
    #[inline]
    fn place(&self, sequence: u64) -> usize {
        let mask = self.heard.len() as u64 - 1;
        usize::try_from(sequence & mask).expect("less than a length")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_measured_from_its_own_input() {
        let (mut latency, view) = latency();
        latency.begin();
        latency.heard(1);
        latency.released(1);
        latency.publish();
        assert_eq!(view.read(), LatencyView::default(), "nothing was turned on");
        latency.turn_on(3);
        let wait = Duration::from_millis(20);
        for sequence in 5..8 {
            latency.begin();
            latency.heard(sequence);
            if sequence == 5 {
                std::thread::sleep(wait);
            }
        }
        latency.released(7);
        latency.released(5);
        latency.publish();
        let LatencyView { count, p50, p99, max } = view.read();
        assert_eq!(count, 2);
        assert!(p50 < 20_000_000 && p99 >= 20_000_000 && max >= 20_000_000, "{p50} {p99} {max}");
    }
}
