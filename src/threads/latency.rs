//! How long it takes from an input to its requests, and in the stages between: measured where both
//! ends are, shown as views.
//!
//! The processor's counter is read once for each look for an input and once for each request, and
//! around each stage of one input in 64, chosen by its number. Each thread counts into a histogram
//! of its own; readers off the path get its percentiles. Nothing of it reaches a decision or the
//! journal. In virtual time nothing is measured, as nobody waits for a request there.

use super::view::{Publisher, View, Words, view};
use crate::sys::clock::{Moment, ticks};
use hdrhistogram::Histogram;
use std::time::Duration;

/// Between two values of a view.
const EVERY: Duration = Duration::from_millis(100);
/// Values between two counts of the spread.
const SPREAD_EVERY: u32 = 10;
/// The longest that is told apart, in ticks of the counter: ten seconds at least.
const LONGEST: u64 = 1 << 36;
/// Two digits: a bucket is at most a hundredth of its value wide.
const DIGITS: u8 = 2;
/// Stages are measured of inputs whose number has none of these bits.
const SAMPLED: u64 = 63;

/// Until where spans are counted together, in nanoseconds; a last count has all of them.
pub const BOUNDS: [u64; 20] = [
    250,
    500,
    1_000,
    2_500,
    5_000,
    10_000,
    25_000,
    50_000,
    100_000,
    250_000,
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    25_000_000,
    50_000_000,
    100_000_000,
    500_000_000,
    1_000_000_000,
];

/// Spans over the whole run, in nanoseconds: from hearing an input to releasing a request of it, or
/// of a stage.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct LatencyView {
    /// Spans that were measured.
    pub count: u64,
    /// Half of them were no longer.
    pub p50: u64,
    /// 99 of 100 were no longer.
    pub p99: u64,
    /// The longest.
    pub max: u64,
    /// How they are spread.
    pub spread: Spread,
}

/// How spans are spread; counted anew once a second.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Spread {
    /// Spans that are counted here.
    pub count: u64,
    /// What they come to together.
    pub sum: u64,
    /// Of these, how many were no longer than each of [`BOUNDS`].
    pub up_to: [u64; BOUNDS.len()],
}

/// Words of a [`LatencyView`].
pub const LATENCY_WORDS: usize = 6 + BOUNDS.len();

impl Words<LATENCY_WORDS> for LatencyView {
    fn to_words(&self) -> [u64; LATENCY_WORDS] {
        let mut words = [0; LATENCY_WORDS];
        let Spread { count, sum, up_to } = self.spread;
        words[..6].copy_from_slice(&[self.count, self.p50, self.p99, self.max, count, sum]);
        words[6..].copy_from_slice(&up_to);
        words
    }

    fn from_words(words: &[u64; LATENCY_WORDS]) -> Self {
        let [count, p50, p99, max, counted, sum, ..] = *words;
        let up_to = std::array::from_fn(|at| words[6 + at]);
        Self { count, p50, p99, max, spread: Spread { count: counted, sum, up_to } }
    }
}

/// What a thread measures of one kind of span.
#[derive(Debug)]
struct Spans {
    histogram: Histogram<u64>,
    /// When it was turned on: how long a tick is follows from it.
    on: Moment,
    /// When the next value is to be shown, in ticks; nothing before a tick's length is known.
    due: u64,
    /// All of them together, in ticks.
    sum: u64,
    /// How they were spread when that was counted last, and how often was shown since.
    spread: (Spread, u32),
}

impl Spans {
    fn new() -> Self {
        let histogram = Histogram::new_with_bounds(1, LONGEST, DIGITS);
        let histogram = histogram.expect("the bounds are good");
        let on = Moment::now();
        Self { histogram, due: on.ticks(), on, sum: 0, spread: (Spread::default(), 0) }
    }

    #[inline]
    fn record(&mut self, span: u64) {
        self.histogram.saturating_record(span.max(1));
        self.sum = self.sum.saturating_add(span);
    }

    /// Whether it is time to show something.
    #[inline]
    const fn is_due(&self, now: u64) -> bool {
        now >= self.due
    }

    /// Shows what is known; the spread, which takes longest to count, only now and then.
    fn show(&mut self, publisher: &mut Publisher<LatencyView, LATENCY_WORDS>) {
        if self.spread.1 == 0 {
            self.count_spread();
        }
        self.spread.1 = (self.spread.1 + 1) % SPREAD_EVERY;
        let rate = self.on.rate();
        let every = u64::try_from(EVERY.as_nanos()).expect("a tenth of a second");
        self.due = ticks() + rate.ticks(every);
        let all = &self.histogram;
        publisher.publish(&LatencyView {
            count: all.len(),
            p50: rate.nanos(all.value_at_quantile(0.5)),
            p99: rate.nanos(all.value_at_quantile(0.99)),
            max: rate.nanos(all.max()),
            spread: self.spread.0,
        });
    }

    /// Shows all of it, as it is now.
    fn show_all(&mut self, publisher: &mut Publisher<LatencyView, LATENCY_WORDS>) {
        self.spread.1 = 0;
        self.show(publisher);
    }

    fn count_spread(&mut self) {
        let rate = self.on.rate();
        let (count, sum) = (self.histogram.len(), rate.nanos(self.sum));
        let mut up_to = [0; BOUNDS.len()];
        for step in self.histogram.iter_recorded() {
            let span = rate.nanos(step.value_iterated_to());
            let at = BOUNDS.partition_point(|bound| *bound < span);
            if let Some(place) = up_to.get_mut(at) {
                *place += step.count_since_last_iteration();
            }
        }
        for at in 1..up_to.len() {
            up_to[at] += up_to[at - 1];
        }
        self.spread.0 = Spread { count, sum, up_to };
    }
}

/// The way from an input to its requests, on the thread that hears and releases.
#[derive(Debug)]
pub struct Latency {
    publisher: Publisher<LatencyView, LATENCY_WORDS>,
    /// From the look that brings an input until it has its number.
    hear: Stage,
    /// Nothing while nothing is measured.
    measure: Option<Box<Measure>>,
}

#[derive(Debug)]
struct Measure {
    spans: Spans,
    /// The last look for an input.
    begun: u64,
    /// When the inputs on their way were heard, by the low bits of their numbers.
    heard: Vec<u64>,
}

/// Both ends of the way and of its first stage; nothing is measured yet.
#[must_use]
pub fn latency() -> (Latency, View<LatencyView, LATENCY_WORDS>, View<LatencyView, LATENCY_WORDS>) {
    let (publisher, all) = view(LatencyView::default());
    let (hear, first) = stage();
    (Latency { publisher, hear, measure: None }, all, first)
}

impl Latency {
    /// Measures from now on. No more than `inputs_max` inputs are ever on their way.
    pub fn turn_on(&mut self, inputs_max: usize) {
        self.hear.turn_on();
        self.measure = Some(Box::new(Measure {
            spans: Spans::new(),
            begun: ticks(),
            heard: vec![ticks(); inputs_max.next_power_of_two()],
        }));
    }

    /// It was looked for an input when the counter showed that.
    #[inline]
    pub fn begin(&mut self, looked: impl FnOnce() -> u64) {
        if let Some(measure) = &mut self.measure {
            measure.begun = looked();
        }
    }

    /// The look has brought that input.
    #[inline]
    pub fn heard(&mut self, sequence: u64) {
        if let Some(measure) = &mut self.measure {
            let place = measure.place(sequence);
            measure.heard[place] = measure.begun;
            self.hear.begin_at(sequence, measure.begun);
            self.hear.end();
        }
    }

    /// A request of that input has been released.
    #[inline]
    pub fn released(&mut self, sequence: u64) {
        let Some(measure) = &mut self.measure else { return };
        let now = ticks();
        let heard = measure.heard[measure.place(sequence)];
        measure.spans.record(now.saturating_sub(heard));
        if measure.spans.is_due(now) {
            measure.spans.show(&mut self.publisher);
        }
    }

    /// Shows all that was measured.
    pub fn publish(&mut self) {
        self.hear.publish();
        if let Some(measure) = &mut self.measure {
            measure.spans.show_all(&mut self.publisher);
        }
    }
}

impl Measure {
    #[inline]
    fn place(&self, sequence: u64) -> usize {
        let mask = self.heard.len() as u64 - 1;
        usize::try_from(sequence & mask).expect("less than a length")
    }
}

/// One stage of the way, on the thread that does it.
#[derive(Debug)]
pub struct Stage {
    publisher: Publisher<LatencyView, LATENCY_WORDS>,
    /// When the input at hand came to it; nothing if it is not one of those that are measured.
    begun: Option<u64>,
    /// Nothing while nothing is measured.
    spans: Option<Box<Spans>>,
}

/// Both ends of a stage; nothing is measured yet.
#[must_use]
pub fn stage() -> (Stage, View<LatencyView, LATENCY_WORDS>) {
    let (publisher, view) = view(LatencyView::default());
    (Stage { publisher, begun: None, spans: None }, view)
}

impl Stage {
    /// Measures from now on.
    pub fn turn_on(&mut self) {
        self.spans = Some(Box::new(Spans::new()));
    }

    /// That input comes to the stage.
    #[inline]
    pub fn begin(&mut self, sequence: u64) {
        if sequence & SAMPLED == 0 && self.spans.is_some() {
            self.begun = Some(ticks());
        }
    }

    /// That input came to the stage when the counter showed that.
    #[inline]
    fn begin_at(&mut self, sequence: u64, begun: u64) {
        if sequence & SAMPLED == 0 {
            self.begun = Some(begun);
        }
    }

    /// The stage has done with the input at hand.
    #[inline]
    pub fn end(&mut self) {
        if let Some(begun) = self.begun.take() {
            self.record(begun);
        }
    }

    #[cold]
    fn record(&mut self, begun: u64) {
        let Some(spans) = &mut self.spans else { return };
        let now = ticks();
        spans.record(now.saturating_sub(begun));
        if spans.is_due(now) {
            spans.show(&mut self.publisher);
        }
    }

    /// Shows all that was measured.
    pub fn publish(&mut self) {
        if let Some(spans) = &mut self.spans {
            spans.show_all(&mut self.publisher);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_measured_from_its_own_input() {
        let (mut latency, view, _) = latency();
        latency.begin(ticks);
        latency.heard(1);
        latency.released(1);
        latency.publish();
        assert_eq!(view.read(), LatencyView::default(), "nothing was turned on");
        latency.turn_on(3);
        let wait = Duration::from_millis(20);
        for sequence in 5..8 {
            latency.begin(ticks);
            latency.heard(sequence);
            if sequence == 5 {
                std::thread::sleep(wait);
            }
        }
        latency.released(7);
        latency.released(5);
        latency.publish();
        let LatencyView { count, p50, p99, max, spread } = view.read();
        assert_eq!(count, 2);
        let below = BOUNDS.iter().filter(|bound| **bound < 20_000_000).count();
        assert_eq!((spread.count, spread.up_to[below - 1], spread.up_to[19]), (2, 1, 2));
        assert!(spread.up_to.is_sorted() && spread.sum >= 20_000_000, "{spread:?}");
        assert!(p50 < 20_000_000 && p99 >= 20_000_000 && max >= 20_000_000, "{p50} {p99} {max}");
    }

    #[test]
    fn one_input_in_64_is_measured_in_a_stage() {
        let (mut stage, view) = stage();
        stage.begin(64);
        stage.end();
        stage.publish();
        assert_eq!(view.read().count, 0, "nothing was turned on");
        stage.turn_on();
        let wait = Duration::from_millis(20);
        for sequence in 1..=640 {
            stage.begin(sequence);
            if sequence == 128 {
                std::thread::sleep(wait);
            }
            stage.end();
            stage.end();
        }
        stage.publish();
        let LatencyView { count, p50, max, .. } = view.read();
        assert_eq!(count, 10);
        assert!(p50 < 20_000_000 && max >= 20_000_000, "{p50} {max}");
    }
}
