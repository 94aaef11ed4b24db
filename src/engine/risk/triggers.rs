//! What one instrument's market says to the breaker: how far and how fast the price has moved, how
//! wide the spread is, how much is traded; each against what was learned before.
//!
//! Everything is counted by seconds of input time, in integers. A mark inside the price range of
//! its second costs a few comparisons; a new extreme is compared with those of the last minute and
//! the last five; averages move once a second. A window has between 60 and 61 (300 and 301)
//! seconds. A price holds until the next one, so a silent second has the price before it.

use super::BreakerParams;
use crate::engine::image::lots;
use crate::event::{Mark, Trigger};
use crate::types::Nanos;
use serde::{Deserialize, Serialize};

const SECOND: i64 = 1_000_000_000;
/// Seconds of the longer and of the shorter window.
const LONG: usize = 300;
const SHORT: usize = 60;
/// Averages are kept in so many parts of one.
const ONE: i64 = 1 << 16;
/// What an average is at most, so that the difference of two fits.
const AVERAGE_MAX: i64 = i64::MAX / 4;
/// Samples that a baseline needs before anything is compared with it: seconds of spreads, minutes
/// of volumes, seconds of moves.
const SPREADS_MIN: u32 = 60;
const VOLUMES_MIN: u32 = 20;
const MOVES_MIN: u32 = 300;
/// How the price moves: as ever, at half of what is a crisis, in a crisis.
pub(super) const REGIMES: [&str; 3] = ["NORMAL", "VOLATILE", "CRISIS"];

/// A learned average and how many samples it has.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Learned {
    /// The average, in 2⁻¹⁶ of the unit.
    pub average: i64,
    /// Samples so far; counting stops at the greatest number.
    pub samples: u32,
}

impl Learned {
    /// Takes a sample: fast while few are known, then a `slow`-th part of the difference.
    fn take(&mut self, sample: i64, early: u32, slow: i64) {
        let sample = sample.clamp(-AVERAGE_MAX, AVERAGE_MAX);
        self.samples = self.samples.saturating_add(1);
        let part = if self.samples <= early { i64::from(self.samples) } else { slow };
        self.average += (sample - self.average) / part;
    }
}

/// What one instrument has taught the breaker; it outlives a restart.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Baselines {
    /// Ticks of the spread, a sample a second.
    pub spread: Learned,
    /// Lots traded, a sample a minute.
    pub volume: Learned,
    /// Half ticks that the price moves in a second.
    pub moves: Learned,
}

/// The range of a price.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Range {
    low: i64,
    high: i64,
}

impl Range {
    const NONE: Self = Self { low: i64::MAX, high: i64::MIN };

    const fn of(price: i64) -> Self {
        Self { low: price, high: price }
    }

    fn with(self, other: Self) -> Self {
        Self { low: self.low.min(other.low), high: self.high.max(other.high) }
    }

    /// How far that price is from the other end, in millionths of it.
    fn moved(self, price: i64) -> i64 {
        let up = i128::from(price) - i128::from(self.low);
        let down = i128::from(self.high) - i128::from(price);
        let of = |way: i128, from: i64| way.saturating_mul(1_000_000) / i128::from(from.max(1));
        i64::try_from(of(up, self.low).max(of(down, self.high))).unwrap_or(i64::MAX)
    }
}

/// What an instrument's rules were fed with.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Fed {
    /// Marks of a fresh book, and the last of them.
    pub marks: (u64, Nanos),
    /// Those that brought trades of the market, and the last of them.
    pub trades: (u64, Nanos),
    /// What was learned of them.
    pub baselines: Baselines,
}

/// What of an instrument is shown: how near each trigger is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Gauge {
    /// The furthest move within a minute that ended in the last second, in millionths.
    pub move_1min_ppm: i64,
    /// The same within five minutes.
    pub move_5min_ppm: i64,
    /// The spread against its baseline, in thousandths; 0 while that is not learned.
    pub spread_ratio: i64,
    /// The volume of the last minute against its baseline, in thousandths; 0 likewise.
    pub volume_ratio: i64,
    /// How fast the price moves against its baseline, in thousandths; 0 likewise.
    pub speed_ratio: i64,
    /// NORMAL, VOLATILE or CRISIS by its number.
    pub regime: u8,
}

impl Gauge {
    /// The name of its regime.
    #[must_use]
    pub fn regime_name(&self) -> &'static str {
        REGIMES.get(usize::from(self.regime)).copied().unwrap_or(REGIMES[0])
    }
}

/// One instrument.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Watch {
    /// The price range of the second at hand, in half ticks, and its end.
    range: Range,
    end: i64,
    /// Of the last mark: price in half ticks, spread in ticks.
    price: i64,
    spread: i64,
    /// Lots traded in the second at hand.
    traded: i64,
    /// The last seconds, and the place of the next.
    #[serde(with = "lots")]
    prices: Box<[Range; LONG]>,
    #[serde(with = "lots")]
    volumes: Box<[i64; SHORT]>,
    next: usize,
    /// Ranges of the windows, the second at hand included.
    minute: Range,
    five: Range,
    /// Lots of the last whole minute, and seconds since a minute was learned.
    minute_traded: i64,
    since_learned: usize,
    /// The spread and the move of a second, over the last few.
    near_spread: Learned,
    near_move: Learned,
    /// The price at the end of the last second.
    second_end: i64,
    pub(super) baselines: Baselines,
    pub(super) gauge: Gauge,
    /// Marks that were counted, those with trades among them, and the last of each.
    pub(super) marks: (u64, Nanos),
    pub(super) trades: (u64, Nanos),
}

impl Watch {
    pub(super) fn new(baselines: Baselines) -> Self {
        Self {
            range: Range::NONE,
            end: 0,
            price: 0,
            spread: 0,
            traded: 0,
            prices: Box::new([Range::NONE; LONG]),
            volumes: Box::new([0; SHORT]),
            next: 0,
            minute: Range::NONE,
            five: Range::NONE,
            minute_traded: 0,
            since_learned: 0,
            near_spread: Learned::default(),
            near_move: Learned::default(),
            second_end: 0,
            baselines,
            gauge: Gauge::default(),
            marks: (0, Nanos(0)),
            trades: (0, Nanos(0)),
        }
    }

    /// Takes a mark of a fresh book; what it trips.
    #[inline]
    pub(super) fn mark(&mut self, mark: &Mark, params: &BreakerParams) -> Option<Trigger> {
        let price = mark.bid.0.saturating_add(mark.ask.0);
        self.traded = self.traded.saturating_add(mark.traded.0);
        let spread = mark.ask.0.saturating_sub(mark.bid.0);
        let before = std::mem::replace(&mut self.price, price);
        let held = std::mem::replace(&mut self.spread, spread);
        self.marks = (self.marks.0 + 1, mark.received);
        if mark.traded.0 > 0 {
            self.trades = (self.trades.0 + 1, mark.received);
        }
        let is_known = price >= self.range.low && price <= self.range.high;
        if is_known && mark.received.0 < self.end {
            return None;
        }
        self.extreme(mark.received, [before, held], params)
    }

    /// A price outside the range of its second, or the first of another second.
    #[inline(never)]
    fn extreme(&mut self, now: Nanos, before: [i64; 2], params: &BreakerParams) -> Option<Trigger> {
        let trigger = if now.0 >= self.end { self.roll(now, before, params) } else { None };
        let (price, own) = (self.price, Range::of(self.price));
        (self.range, self.minute, self.five) =
            (self.range.with(own), self.minute.with(own), self.five.with(own));
        let (short, long) = (self.minute.moved(price), self.five.moved(price));
        let gauge = &mut self.gauge;
        gauge.move_1min_ppm = gauge.move_1min_ppm.max(short);
        gauge.move_5min_ppm = gauge.move_5min_ppm.max(long);
        if short >= params.move_1min_ppm {
            return Some(Trigger::RapidPriceMove1Min);
        }
        if long >= params.move_5min_ppm {
            return Some(Trigger::RapidPriceMove5Min);
        }
        trigger
    }

    /// Another second begins: the one at hand and silent ones behind it, in which price and spread
    /// before held, are put away.
    fn roll(
        &mut self,
        now: Nanos,
        [before, spread]: [i64; 2],
        params: &BreakerParams,
    ) -> Option<Trigger> {
        let seconds = now.0.saturating_sub(self.end) / SECOND + 1;
        let is_first = self.end == 0;
        self.end = (now.0.div_euclid(SECOND) + 1).saturating_mul(SECOND);
        if is_first {
            self.second_end = self.price;
            return None;
        }
        let mut trigger = None;
        // What lies further back than the longer window has left it.
        for at in 0..seconds.min(1 + i64::try_from(LONG).expect("a small number")) {
            self.prices[self.next % LONG] = if at == 0 { self.range } else { Range::of(before) };
            let place = &mut self.volumes[self.next % SHORT];
            self.minute_traded += self.traded - *place;
            *place = std::mem::take(&mut self.traded);
            self.next = (self.next + 1) % (LONG * SHORT);
            trigger = self.second(before, spread, params).or(trigger);
        }
        // What is known of the new second before its first price: the price that held.
        self.range = Range::of(before);
        let window = |seconds: usize| {
            let from = self.next + LONG - seconds;
            (from..self.next + LONG).fold(self.range, |all, at| all.with(self.prices[at % LONG]))
        };
        (self.minute, self.five) = (window(SHORT), window(LONG));
        (self.gauge.move_1min_ppm, self.gauge.move_5min_ppm) = (0, 0);
        trigger
    }

    /// A second has ended: what is averaged moves.
    fn second(&mut self, price: i64, spread: i64, params: &BreakerParams) -> Option<Trigger> {
        let trigger = self.judge_spread(spread, params);
        let trigger = self.judge_volume(params).or(trigger);
        self.judge_speed(price, params).or(trigger)
    }

    fn judge_spread(&mut self, spread: i64, params: &BreakerParams) -> Option<Trigger> {
        let sample = spread.clamp(0, AVERAGE_MAX / ONE) * ONE;
        self.near_spread.take(sample, 8, 8);
        let known = &mut self.baselines.spread;
        let near = self.near_spread.average;
        let ratio = if known.samples >= SPREADS_MIN { times(near, known.average) } else { 0 };
        self.gauge.spread_ratio = ratio;
        let floor = i128::from(self.price) * i128::from(params.spread_floor_bps);
        // Price is twice the middle: spread / (price / 2) in 1/10,000, both times 2^16.
        let above = i128::from(near) * 20_000 >= floor * i128::from(ONE);
        known.take(sample, SPREADS_MIN, 1000);
        (above && ratio >= params.spread_multiplier).then_some(Trigger::SpreadWidening)
    }

    fn judge_volume(&mut self, params: &BreakerParams) -> Option<Trigger> {
        let sample = self.minute_traded.clamp(0, AVERAGE_MAX / ONE) * ONE;
        let known = &mut self.baselines.volume;
        let ratio = if known.samples >= VOLUMES_MIN { times(sample, known.average) } else { 0 };
        self.gauge.volume_ratio = ratio;
        self.since_learned += 1;
        if self.since_learned == SHORT {
            self.since_learned = 0;
            known.take(sample, VOLUMES_MIN, 200);
        }
        (ratio >= params.volume_multiplier).then_some(Trigger::VolumeSpike)
    }

    fn judge_speed(&mut self, price: i64, params: &BreakerParams) -> Option<Trigger> {
        let from = std::mem::replace(&mut self.second_end, price);
        let moved = price.saturating_sub(from).saturating_abs();
        let sample = moved.clamp(0, AVERAGE_MAX / ONE) * ONE;
        self.near_move.take(sample, 16, 16);
        let known = &mut self.baselines.moves;
        let near = self.near_move.average;
        let ratio = if known.samples >= MOVES_MIN { times(near, known.average) } else { 0 };
        let floor = i128::from(price) * i128::from(params.crisis_floor_bps);
        let above = i128::from(near) * 10_000 >= floor * i128::from(ONE);
        self.gauge.speed_ratio = ratio;
        let crisis = above && ratio >= params.crisis_multiplier;
        let volatile = above && ratio.saturating_mul(2) >= params.crisis_multiplier;
        self.gauge.regime = if crisis { 2 } else { u8::from(volatile) };
        known.take(sample, MOVES_MIN, 1000);
        crisis.then_some(Trigger::MarketCrisis)
    }

    /// What it was fed with.
    pub(super) const fn fed(&self) -> Fed {
        Fed { marks: self.marks, trades: self.trades, baselines: self.baselines }
    }

    /// Moves are counted from here on: what has tripped the breaker trips it no second time.
    pub(super) fn forget_moves(&mut self) {
        let now = Range::of(self.price);
        self.prices.fill(if self.end == 0 { Range::NONE } else { now });
        if self.end != 0 {
            (self.range, self.minute, self.five) = (now, now, now);
            self.second_end = self.price;
            self.near_move.average = self.baselines.moves.average;
        }
    }
}

/// One average in thousandths of another; the greatest number of nothing.
fn times(near: i64, known: i64) -> i64 {
    if known <= 0 {
        return if near > 0 { i64::MAX } else { 0 };
    }
    i64::try_from(i128::from(near) * 1000 / i128::from(known)).unwrap_or(i64::MAX)
}
