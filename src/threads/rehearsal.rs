//! Rehearsal: while no input comes, a core of its own is given made ones, so that the code of a
//! decision stays near the processor.
//!
//! A market moves the touch seldom, and between two moves the caches forget the way that a move
//! takes. What is decided here goes nowhere: the engine's own state, its journal and its counts are
//! not touched, and it makes no input. Where a thread gives way while it is idle, nothing is
//! rehearsed.

use crate::engine::buffer::Buffer;
use crate::engine::risk::{Output, RateSource};
use crate::engine::{Core, CoreParams, InstrumentParams};
use crate::event::{Body, Event, Level, Levels, Report, ReportKind, RequestKind, Shape};
use crate::types::{InstrumentId, Nanos, Price, Qty, Side};

/// From one rehearsal to the next, in ticks of the processor's counter: 40 to 60 µs.
pub const EVERY: u64 = 1 << 17;
/// Where the made market stands, in ticks.
const BID: i64 = 1 << 20;
/// Far more than any limit asks for, and far from an overflow.
const PLENTY: i64 = 1 << 40;

/// Longer than any run.
const AGE: Nanos = Nanos::from_seconds(1 << 32);

/// A core that is given made inputs.
#[derive(Debug)]
pub struct Rehearsal {
    core: Core,
    out: Buffer<Output>,
    answers: Buffer<(Event, Level)>,
    /// How far the bid is moved up and down.
    step: i64,
    is_up: bool,
    sequence: u64,
    /// When the next one is due, in ticks of the counter.
    due: u64,
    /// How many instruments the engine has, and which was looked at last.
    instruments: u16,
    looked_at: u16,
}

impl Rehearsal {
    /// A rehearsal of what a core of those parameters does; nothing where it quotes nothing.
    #[must_use]
    pub fn new(params: &CoreParams) -> Option<Self> {
        let first = params.instruments.iter().find(|one| one.quote.enabled)?;
        let instruments = u16::try_from(params.instruments.len()).expect("an id has 16 bits");
        let params = made(params, first);
        let tolerance = first.quote.requote_tolerance_ticks;
        let outputs_max = Core::outputs_max(&params);
        let mut own = Self {
            core: Core::new(&params),
            out: Buffer::new(outputs_max),
            answers: Buffer::new(outputs_max),
            step: tolerance.saturating_mul(4).clamp(8, BID / 8),
            is_up: false,
            sequence: 0,
            due: 0,
            instruments,
            looked_at: 0,
        };
        let far = own.step * 4;
        let sides = [(Side::Bid, BID), (Side::Bid, BID - far), (Side::Ask, BID + far)];
        let levels = sides.map(|(side, price)| Level::new(side, Price(price), Qty(PLENTY)));
        own.hear(Shape::Snapshot, &levels, Nanos(1));
        own.answer(Nanos(1));
        Some(own)
    }

    /// Rehearses if it is time: a move of the touch and what follows of it. How many requests the
    /// move has brought, if it was.
    #[inline]
    pub fn perform(&mut self, now: Nanos, looked: u64) -> Option<usize> {
        if looked < self.due {
            return None;
        }
        self.due = looked + EVERY;
        Some(self.play(now))
    }

    /// The instrument whose turn it is to be looked at.
    pub fn look_at(&mut self) -> InstrumentId {
        self.looked_at = (self.looked_at + 1) % self.instruments;
        InstrumentId(self.looked_at)
    }

    fn play(&mut self, now: Nanos) -> usize {
        self.is_up = !self.is_up;
        let qty = if self.is_up { Qty(PLENTY) } else { Qty::ZERO };
        let level = Level::new(Side::Bid, Price(BID + self.step), qty);
        self.hear(Shape::Update, &[level], now);
        self.answer(now)
    }

    /// What a venue says when all goes well, to each request of the last input; how many they were.
    fn answer(&mut self, now: Nanos) -> usize {
        for output in self.out.items() {
            if let Output::Request(request) = output {
                let terms = request.terms();
                let kind = match terms.kind {
                    RequestKind::Place => ReportKind::Accepted,
                    RequestKind::Replace => ReportKind::Replaced,
                    RequestKind::Cancel => ReportKind::Canceled,
                };
                let body = Body::Report(Report::new(terms.order, kind));
                let event = made_event(now, body);
                self.answers.push((event, Level::new(terms.side, terms.price, terms.qty)));
            }
        }
        let requests = self.answers.items().len();
        for at in 0..requests {
            let (event, level) = self.answers.items()[at];
            self.take(event, &[level]);
        }
        self.answers.clear();
        requests
    }

    fn hear(&mut self, shape: Shape, levels: &[Level], now: Nanos) {
        let count = u8::try_from(levels.len()).expect("a few levels");
        let (first, last) = (true, true);
        let body =
            Body::Levels(Levels { shape, first, last, count, follows: 0, id: 0, checksum: None });
        self.take(made_event(now, body), levels);
    }

    fn take(&mut self, mut event: Event, levels: &[Level]) {
        self.sequence += 1;
        event.sequence = self.sequence;
        self.out.clear();
        self.core.apply(&event, levels, &mut self.out);
    }
}

const fn made_event(received: Nanos, body: Body) -> Event {
    let (venue_time, instrument) = (Nanos::UNKNOWN, InstrumentId(0));
    Event { sequence: 0, received, venue_time, instrument, body }
}

/// The first instrument alone, with limits that never bind, so that each move brings orders.
fn made(params: &CoreParams, first: &InstrumentParams) -> CoreParams {
    let mut one = first.clone();
    one.instrument.id = InstrumentId(0);
    let book = &mut one.book;
    (book.window_ticks, book.far_levels_max, book.orders_max) = (1 << 12, 1 << 6, 0);
    book.rules.bridges = false;
    book.rules.clock_offset_max = AGE;
    let quote = &mut one.quote;
    quote.volatility.warmup = Nanos(0);
    quote.quote_life_min = Nanos(0);
    // New ids run out some day.
    quote.can_replace = true;
    (quote.requests.per_second, quote.requests.burst) = (1 << 30, 1 << 30);
    quote.requests.kept_for_cancels = 0;
    let limits = &mut one.limits;
    (limits.value_max, limits.notional_max) = (i128::MAX >> 2, i128::MAX >> 2);
    limits.volume_max = PLENTY;
    limits.collar_bps = 10_000;
    let mut risk = params.risk.clone();
    (risk.gross_exposure_max, risk.net_exposure_max) = (i128::MAX >> 2, i128::MAX >> 2);
    (risk.rate.per_second, risk.rate.reserve) = (1 << 30, 0);
    for conversion in &mut risk.conversions {
        conversion.source = RateSource::Fixed(1_000_000_000_000);
    }
    risk.hedge = None;
    if let Some(breaker) = &mut risk.breaker {
        (breaker.move_1min_ppm, breaker.move_5min_ppm) = (i64::MAX, i64::MAX);
        (breaker.spread_multiplier, breaker.crisis_multiplier) = (i64::MAX, i64::MAX);
    }
    let (instruments, opening) = (vec![one], None);
    CoreParams {
        silence_max: AGE,
        instruments,
        risk,
        opening,
        epoch: params.epoch,
        var_limit: params.var_limit,
    }
}
