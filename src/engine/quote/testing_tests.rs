//! What the tests of quoting share: parameters in round numbers, and a desk of books and a quoter.

use super::*;
use crate::engine::book::{BookParams, Books, Rules, WireScales};
use crate::engine::buffer::Buffer;
use crate::event::{Body, Draft, Event, Level, Levels, Shape};
use crate::types::{InstrumentId, Nanos, Price, Qty, Scale, Side, Venue};

/// At a price of 10,000 a basis point is a tick; two levels of ten lots, three ticks apart.
pub(super) fn params() -> QuoteParams {
    QuoteParams {
        enabled: true,
        strategy: Strategy::BasicMarketMaker { inventory_skew_factor: 0.5 },
        fair_value: FairValue::Mid,
        imbalance_levels: 1,
        spread: SpreadParams {
            base_bps: 10.0,
            min_bps: 5.0,
            max_bps: 50.0,
            volatility_factor: 0.0,
            imbalance_factor: 0.0,
            imbalance_threshold: 0.3,
            fees_bps: 4.0,
        },
        size: SizeParams {
            order: Qty(10),
            min: Qty(2),
            max: Qty(20),
            step: Qty(2),
            position_target: Qty(0),
            position_max: Qty(40),
        },
        levels: 2,
        level_spacing_bps: 3.0,
        volatility: VolatilityParams {
            half_life: Nanos::from_seconds(10),
            sample: Nanos::from_millis(100),
            warmup: Nanos(0),
        },
        intensity: IntensityParams { half_life: Nanos::from_seconds(60), rate: 1.0, decay: 0.5 },
        requote_tolerance_ticks: 1,
        quote_life_min: Nanos(0),
        can_replace: true,
        requests: BudgetParams { per_second: 1000, burst: 1000, kept_for_cancels: 10 },
    }
}

/// Books and a quoter, and what the last input brought about.
pub(super) struct Bench {
    pub(super) books: Books,
    pub(super) quoter: Quoter,
    pub(super) drafts: Buffer<Draft>,
    sequence: u64,
}

impl Bench {
    pub(super) fn new(params: &[QuoteParams]) -> Self {
        let one = Scale::power_of_ten(0);
        let mut books = Books::new(Nanos::from_seconds(1_000_000));
        for _ in params {
            let scales = WireScales { tick: one, lot: one };
            let rules = Rules::of(Venue::Simulated);
            let (window_ticks, far_levels_max) = (4096, 64);
            books.add(&BookParams {
                window_ticks,
                far_levels_max,
                ..BookParams::new(rules, scales)
            });
        }
        let drafts = Buffer::new(Quoter::drafts_max(params));
        Self { books, quoter: Quoter::new(params, 7), drafts, sequence: 0 }
    }

    pub(super) fn hear(&mut self, instrument: u16, now: Nanos, body: Body, levels: &[Level]) {
        self.sequence += 1;
        let (sequence, venue_time) = (self.sequence, Nanos::UNKNOWN);
        let instrument = InstrumentId(instrument);
        let event = Event { sequence, received: now, venue_time, instrument, body };
        let change = self.books.apply(&event, levels);
        self.drafts.clear();
        self.quoter.apply(Heard { event: &event, levels, change }, &self.books, &mut self.drafts);
    }

    /// The book is these levels and nothing else: (price, quantity) of bids and of asks.
    pub(super) fn book(&mut self, now: Nanos, sides: [&[(i64, i64)]; 2]) {
        self.book_of(0, now, sides);
    }

    pub(super) fn book_of(&mut self, instrument: u16, now: Nanos, sides: [&[(i64, i64)]; 2]) {
        let levels: Vec<Level> = Side::BOTH
            .into_iter()
            .flat_map(|side| {
                let level = move |(price, qty): &(i64, i64)| (side, *price, *qty);
                sides[side.index()].iter().map(level)
            })
            .map(|(side, price, qty)| Level::new(side, Price(price), Qty(qty)))
            .collect();
        let count = u8::try_from(levels.len()).unwrap();
        let head = Levels {
            shape: Shape::Snapshot,
            first: true,
            last: true,
            count,
            follows: 0,
            id: 0,
            checksum: None,
        };
        self.hear(instrument, now, Body::Levels(head), &levels);
    }
}
