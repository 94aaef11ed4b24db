//! Rows: tasks played in turn on product and floor, repeat after repeat, and what came of them.

use super::crew::{Bench, Crew, CrewFault};
use super::pace::Pace;
use super::probe::{Done, Sample, Subject, Task};
use super::result::{Ratio, Repeat, Row};
use super::spread::{Spread, count, float, histogram, median};
use crate::journal::SyncMode;
use crate::sys::clock::{Moment, Rate};
use hdrhistogram::Histogram;

/// What a row plays.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// How messages come.
    pub pace: Pace,
    /// How many in a repeat.
    pub count: u64,
    /// How many before them, which are not counted.
    pub warm: u64,
    /// Whether orders are signed.
    pub is_signed: bool,
}

/// A row with all its samples, for plots.
#[derive(Debug)]
pub struct Measured {
    /// What is told of it.
    pub row: Row,
    /// All samples of the product.
    pub product: Histogram<u64>,
    /// All samples of the floor.
    pub floor: Histogram<u64>,
    /// When each was meant, in seconds since the run began, and what it took, in nanoseconds.
    pub series: Vec<(f64, u64)>,
}

/// A row while its repeats are played.
#[derive(Debug)]
pub struct Growing {
    plan: Plan,
    product: Histogram<u64>,
    floor: Histogram<u64>,
    series: Vec<(f64, u64)>,
    repeats: Vec<Repeat>,
    messages: u64,
    orders: u64,
    other_orders: u64,
    malformed: u64,
    nanos: [u64; 2],
    plays: u64,
}

impl Growing {
    /// Nothing was played yet.
    #[must_use]
    pub fn new(plan: Plan) -> Self {
        Self {
            plan,
            product: histogram(),
            floor: histogram(),
            series: Vec::new(),
            repeats: Vec::new(),
            messages: 0,
            orders: 0,
            other_orders: 0,
            malformed: 0,
            nanos: [0; 2],
            plays: 0,
        }
    }

    fn task(&self, subject: Subject) -> Task {
        let Plan { pace, count, warm, is_signed } = self.plan;
        Task { subject, pace, count, warm, is_signed }
    }

    /// Plays one repeat: the product, then the floor if there is one.
    ///
    /// # Errors
    /// A task does not end.
    pub fn play(&mut self, crew: &Crew, bench: &Bench, begun: &Moment) -> Result<(), CrewFault> {
        let done = crew.play(self.task(Subject::Product))?;
        let floor = match bench.stream.is_made {
            true => Some(crew.play(self.task(Subject::Floor))?),
            false => None,
        };
        self.take(&done, floor.as_ref(), (bench.rate, begun));
        Ok(())
    }

    /// Takes what one repeat has brought.
    pub fn take(&mut self, done: &Done, floor: Option<&Done>, (rate, begun): (Rate, &Moment)) {
        let since = |ticks: u64| float(rate.nanos(ticks.saturating_sub(begun.ticks()))) / 1e9;
        self.series.extend(
            done.samples.iter().map(|sample| (since(sample.meant), rate.nanos(sample.took))),
        );
        let (p50, p99) = ends(&done.samples, rate, &mut self.product);
        let (floor_p50, floor_p99) = match floor {
            Some(floor) => ends(&floor.samples, rate, &mut self.floor),
            None => (None, None),
        };
        if let Some(p50) = p50 {
            let at_s = since(done.samples[0].meant);
            self.repeats.push(Repeat { at_s, p50, p99, floor_p50, floor_p99 });
        }
        self.plays += 1;
        self.messages += done.messages;
        self.orders += done.orders;
        self.other_orders += done.other_orders;
        self.malformed = done.malformed;
        self.nanos[0] += rate.nanos(done.span);
        self.nanos[1] += floor.map_or(0, |floor| rate.nanos(floor.span));
    }

    /// The row.
    #[must_use]
    pub fn finish(self, mode: &str, sync: SyncMode) -> Measured {
        let Self { plan, product, floor, series, repeats, messages, orders, nanos, .. } = self;
        let has_floor = !floor.is_empty();
        let played = messages + plan.warm * self.plays;
        let per_second = |nanos: u64| float(played) * 1e9 / float(nanos.max(1));
        let row = Row {
            mode: mode.to_string(),
            pattern: plan.pace.name().to_string(),
            title: plan.pace.to_string(),
            rate: plan.pace.rate(),
            text: if plan.is_signed { "signed" } else { "encoded" }.to_string(),
            sync: match sync {
                SyncMode::Process => "process",
                SyncMode::Batch => "batch",
                SyncMode::Each => "each",
            }
            .to_string(),
            tick_to_order_ns: Spread::of(&product),
            floor_ns: has_floor.then(|| Spread::of(&floor)),
            floor_is: None,
            hand_over: None,
            ratio: ratio(&repeats),
            messages,
            orders,
            other_orders: self.other_orders,
            malformed: self.malformed,
            reached_per_s: per_second(nanos[0]),
            floor_per_s: (nanos[1] > 0).then(|| per_second(nanos[1])),
            repeats,
        };
        Measured { row, product, floor, series }
    }
}

/// The middle and the 99th percentile of samples, which are counted on the way.
fn ends(samples: &[Sample], rate: Rate, all: &mut Histogram<u64>) -> (Option<f64>, Option<f64>) {
    let mut own = histogram();
    count(samples, rate, &mut own);
    all.add(&own).expect("both have the same bounds");
    let spread = Spread::of(&own);
    (spread.p50.map(float), spread.p99.map(float))
}

/// The median of the ratios of the repeats.
#[must_use]
pub fn ratio(repeats: &[Repeat]) -> Option<Ratio> {
    let p50: Vec<_> = repeats.iter().filter_map(|one| Some(one.p50 / one.floor_p50?)).collect();
    let p99: Vec<_> = repeats.iter().filter_map(|one| Some(one.p99? / one.floor_p99?)).collect();
    Some(Ratio { p50: median(&p50)?, p99: median(&p99) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_is_the_median_of_the_pairs() {
        let pair =
            |p50, floor_p50| Repeat { at_s: 0.0, p50, p99: None, floor_p50, floor_p99: Some(1.0) };
        let found =
            ratio(&[pair(100.0, Some(50.0)), pair(900.0, Some(300.0)), pair(10.0, Some(1.0))]);
        assert_eq!(found, Some(Ratio { p50: 3.0, p99: None }));
        assert_eq!(ratio(&[pair(1.0, None)]), None);
    }
}
