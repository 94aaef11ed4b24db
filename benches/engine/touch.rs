//! One change of the touch by what it brings: nothing, or a replace of every order of ours.
//!
//! A made stream: the bid's best level comes and goes by turns, so that the fair value moves to and
//! fro. No budget binds, so the path is the same each time; the venue's answers are applied between
//! the steps and not counted. Each step is timed alone, and the clock's own cost taken off.

use crate::harness::measuring;
use crate::runs::sum_of;
use pinnaclemm::engine::buffer::Buffer;
use pinnaclemm::engine::risk::Output;
use pinnaclemm::engine::{Core, CoreParams};
use pinnaclemm::event::{Body, Event, Level, Levels, Report, ReportKind, RequestKind, Shape};
use pinnaclemm::types::{InstrumentId, Nanos, Price, Qty, Side};
use std::hint::black_box;
use std::time::Instant;

const BID: i64 = 6_000_000;
const ASK: i64 = 6_000_020;
const STEP: i64 = 1_000_000;
/// What the best bid gains and loses, in ticks.
const MOVE: i64 = 10;

/// A core with a book, warm.
struct Desk {
    core: Core,
    out: Buffer<Output>,
    now: i64,
    sum: u64,
}

impl Desk {
    fn new(params: &CoreParams) -> Self {
        let out = Buffer::new(Core::outputs_max(params));
        let mut own = Self { core: Core::new(params), out, now: 1_767_225_600_000_000_000, sum: 0 };
        let side = |side: Side, best: i64| {
            (0..14).map(move |at| {
                Level::new(side, Price(best - side.sign() * 10 * at), Qty(500_000 + at))
            })
        };
        let levels: Vec<_> = side(Side::Bid, BID).chain(side(Side::Ask, ASK)).collect();
        let event = own.levels(Shape::Snapshot);
        own.apply(event, &levels);
        for turn in 0..4_000 {
            own.turn(turn % 2 == 0);
        }
        own
    }

    fn event(&mut self, body: Body) -> Event {
        self.now += STEP;
        let received = Nanos(self.now);
        let (venue_time, instrument) = (Nanos::UNKNOWN, InstrumentId(0));
        Event { sequence: 1, received, venue_time, instrument, body }
    }

    fn levels(&mut self, shape: Shape) -> Event {
        let count = if shape == Shape::Snapshot { 28 } else { 1 };
        let head =
            Levels { id: 0, follows: 0, checksum: None, shape, first: true, last: true, count };
        self.event(Body::Levels(head))
    }

    fn apply(&mut self, event: Event, levels: &[Level]) {
        self.out.clear();
        self.core.apply(&event, levels, &mut self.out);
        self.sum = self.sum.wrapping_mul(31).wrapping_add(sum_of(self.out.items()));
    }

    /// What is timed.
    #[inline(never)]
    fn step(&mut self, event: &Event, levels: &[Level]) {
        self.core.apply(event, levels, &mut self.out);
    }

    /// One change of the touch, and then what the venue says to it; what the change took.
    fn turn(&mut self, higher: bool) -> u128 {
        let event = self.levels(Shape::Update);
        let qty = if higher { 500_000 } else { 0 };
        let level = [Level::new(Side::Bid, Price(BID + MOVE), Qty(qty))];
        self.out.clear();
        let begun = Instant::now();
        self.step(black_box(&event), black_box(&level));
        let took = begun.elapsed().as_nanos();
        self.sum = self.sum.wrapping_mul(31).wrapping_add(sum_of(self.out.items()));
        let requests: Vec<_> = self
            .out
            .items()
            .iter()
            .filter_map(|output| match output {
                Output::Request(request) => Some(*request.terms()),
                _ => None,
            })
            .collect();
        for terms in requests {
            let kind = match terms.kind {
                RequestKind::Place => ReportKind::Accepted,
                RequestKind::Replace => ReportKind::Replaced,
                RequestKind::Cancel => ReportKind::Canceled,
            };
            for kind in [ReportKind::Sent, kind] {
                let event = self.event(Body::Report(Report::new(terms.order, kind)));
                self.apply(event, &[Level::new(terms.side, terms.price, terms.qty)]);
            }
        }
        took
    }
}

fn rows_of(title: &str, params: &CoreParams) {
    let steps = if measuring() { 100_000 } else { 1_000 };
    let mut desk = Desk::new(params);
    let mut clock: Vec<_> = (0..10_001).map(|_| Instant::now().elapsed().as_nanos()).collect();
    clock.sort_unstable();
    let clock = clock[clock.len() / 2];
    let mut times: Vec<_> = (0..steps).map(|turn| desk.turn(turn % 2 == 0)).collect();
    times.sort_unstable();
    let at = |share: usize| times[times.len() * share / 1000].saturating_sub(clock);
    println!(
        "  {title:<40} p50 {:>5} ns  p90 {:>5}  p99 {:>5}  p99.9 {:>5}  checksum {:016x}",
        at(500),
        at(900),
        at(990),
        at(999),
        desk.sum,
    );
}

/// Every row of a changed touch.
pub(crate) fn rows(params: &CoreParams) {
    println!("one change of the touch, step by step");
    let mut free = params.clone();
    free.risk.rate.per_second = 1_000_000;
    free.risk.rate.reserve = 1_000;
    let quote = &mut free.instruments[0].quote;
    (quote.requests.per_second, quote.requests.burst) = (1_000_000, 1_000_000);
    quote.quote_life_min = Nanos(0);
    quote.requote_tolerance_ticks = 1_000;
    for levels in [1, 3] {
        free.instruments[0].quote.levels = levels;
        rows_of(&format!("{levels} levels a side, nothing to be done"), &free);
    }
    free.instruments[0].quote.requote_tolerance_ticks = 0;
    for levels in [1, 3] {
        free.instruments[0].quote.levels = levels;
        rows_of(&format!("{levels} levels a side, all replaced"), &free);
    }
}
