//! One instrument of a report: its mid, its trades, its position.

use super::markouts::{HORIZONS, Marked, MarkoutSum, Markouts, Traded};
use super::quoting::{Quoting, Touch};
use super::series::{Series, Thinned};
use super::summary::{FillSums, HourSums, InstrumentSummary, Inventory};
use crate::event::{FeeIn, Level, Mark, Report, ReportKind};
use crate::types::{Instrument, Nanos, Price, Scale, Side, decimal::pow10};

const HOUR: i64 = 3_600_000_000_000;

/// A trade of ours as a plot shows it.
#[derive(Clone, Copy, Debug)]
pub(super) struct FillMark {
    pub(super) time: Nanos,
    pub(super) price: f64,
    pub(super) side: Side,
}

/// Trades of ours, added up.
#[derive(Clone, Debug, Default)]
struct Tally {
    fills: u64,
    lots: i128,
    /// Ticks times lots, and those of orders that rested.
    notional: [i128; 2],
    fees: f64,
    markouts: [MarkoutSum; HORIZONS.len()],
}

/// See the module's head.
#[derive(Clone, Debug)]
pub(super) struct Market {
    pub(super) instrument: Instrument,
    /// A tick, a lot, and a tick times a lot, in units of their currencies.
    tick: f64,
    lot: f64,
    unit: f64,
    touch: Touch,
    /// The last mid there was, in half ticks.
    mid2: Option<i64>,
    pub(super) quoting: Quoting,
    markouts: Markouts,
    position: i64,
    /// Ticks times lots.
    cash: i128,
    bounds: (i64, i64),
    /// Size of the position times time.
    held: f64,
    since: Option<Nanos>,
    time: i64,
    total: Tally,
    sides: [Tally; 2],
    levels: Vec<Tally>,
    hours: Vec<(i64, Tally)>,
    pub(super) mid: Series,
    pub(super) inventory: Series,
    pub(super) fills: Thinned<FillMark>,
}

#[expect(clippy::cast_precision_loss, reason = "a report shows fewer digits")]
fn worth(scale: Scale) -> f64 {
    scale.increment() as f64 / pow10(scale.decimals()) as f64
}

#[expect(clippy::cast_precision_loss, reason = "a report shows fewer digits")]
const fn float(number: i128) -> f64 {
    number as f64
}

impl Market {
    pub(super) fn new(instrument: &Instrument) -> Self {
        let (tick, lot) = (worth(instrument.tick), worth(instrument.lot));
        Self {
            instrument: *instrument,
            tick,
            lot,
            unit: tick * lot,
            touch: None,
            mid2: None,
            quoting: Quoting::default(),
            markouts: Markouts::new(),
            position: 0,
            cash: 0,
            bounds: (0, 0),
            held: 0.0,
            since: None,
            time: 0,
            total: Tally::default(),
            sides: [Tally::default(), Tally::default()],
            levels: Vec::new(),
            hours: Vec::new(),
            mid: Series::new(),
            inventory: Series::new(),
            fills: Thinned::new(),
        }
    }

    /// Whether anything is to be told of it.
    pub(super) fn is_seen(&self) -> bool {
        self.mid2.is_some() || self.total.fills > 0 || self.quoting.counts().placed > 0
    }

    pub(super) const fn has_traded(&self) -> bool {
        self.total.fills > 0
    }

    /// Until `now` everything was as it is.
    pub(super) fn pass(&mut self, now: Nanos) {
        let span = now.0.saturating_sub(self.since.unwrap_or(now).0).max(0);
        self.since = Some(now);
        self.time += span;
        self.held += float(span.into()) * float(self.position.unsigned_abs().into());
        self.quoting.pass(now, self.touch);
        self.judge_markouts(now);
    }

    /// Marks the trades whose horizon lies before `now`.
    fn judge_markouts(&mut self, now: Nanos) {
        let mid2 = self.touch.map(|(bid, ask)| bid.0 + ask.0);
        let Self { markouts, total, sides, levels, hours, .. } = self;
        markouts.pass(now, mid2, |marked| {
            let Marked { traded, horizon, .. } = marked;
            let hour = hours.iter_mut().rev().find(|(hour, _)| *hour == traded.hour);
            let tallies = [
                Some(&mut *total),
                Some(&mut sides[traded.side.index()]),
                levels.get_mut(traded.level),
                hour.map(|(_, tally)| tally),
            ];
            for tally in tallies.into_iter().flatten() {
                tally.markouts[horizon].add(&marked);
            }
        });
    }

    pub(super) fn mark(&mut self, mark: &Mark) {
        self.pass(mark.received);
        let is_whole = mark.stale.is_none() && mark.bid_qty.0 > 0 && mark.ask_qty.0 > 0;
        self.touch = is_whole.then_some((mark.bid, mark.ask));
        if is_whole {
            let mid2 = mark.bid.0 + mark.ask.0;
            self.mid2 = Some(mid2);
            self.mid.push(mark.received, float(mid2.into()) * 0.5 * self.tick);
        }
    }

    pub(super) fn told(&mut self, now: Nanos, report: &Report, level: &Level) {
        self.pass(now);
        let (id, price, qty) = (report.order, level.price(), level.qty());
        if report.kind == ReportKind::Filled {
            self.filled(now, report, level);
        }
        self.quoting.told(report.kind, id, price, qty);
    }

    fn filled(&mut self, now: Nanos, report: &Report, level: &Level) {
        let (side, price, qty) = (level.side(), level.price(), level.qty());
        let rank = self.quoting.before(side, price);
        let hour = now.0.div_euclid(HOUR);
        self.position += qty.0 * side.sign();
        let notional = i128::from(price.0) * i128::from(qty.0);
        self.cash -= notional * i128::from(side.sign());
        self.bounds.0 = self.bounds.0.min(self.position);
        self.bounds.1 = self.bounds.1.max(self.position);
        self.inventory.push(now, float(self.position.into()) * self.lot);
        let fee = self.fee(report, price);
        if self.levels.len() <= rank {
            self.levels.resize_with(rank + 1, Tally::default);
        }
        if self.hours.last().is_none_or(|(last, _)| *last < hour) {
            self.hours.push((hour, Tally::default()));
        }
        let (_, of_hour) = self.hours.last_mut().expect("just seen to be there");
        let sums =
            [&mut self.total, &mut self.sides[side.index()], &mut self.levels[rank], of_hour];
        for tally in sums {
            tally.fills += 1;
            tally.lots += i128::from(qty.0);
            tally.notional[0] += notional;
            tally.notional[1] += if report.maker { notional } else { 0 };
            tally.fees += fee;
        }
        self.markouts.push(Traded { time: now, side, price, qty, level: rank, hour });
        let price = float(price.0.into()) * self.tick;
        self.fills.push(FillMark { time: now, price, side });
    }

    /// The fee of a trade in the quote currency.
    fn fee(&self, report: &Report, price: Price) -> f64 {
        let fee = float(report.fee.into()) / float(pow10(report.fee_decimals).into());
        match report.fee_in {
            FeeIn::Quote => fee,
            FeeIn::Base => {
                let mid2 = self.mid2.unwrap_or(2 * price.0);
                fee * float(mid2.into()) * 0.5 * self.tick
            }
        }
    }

    /// The end of the run: what has not come to its horizon never will.
    pub(super) fn end(&mut self, end: Nanos) {
        self.pass(end);
        // A horizon at the very end is marked; all later ones are not.
        self.judge_markouts(Nanos(end.0.saturating_add(1)));
        self.touch = None;
        self.judge_markouts(Nanos(i64::MAX));
        if let Some(mid2) = self.mid2 {
            self.mid.push(end, float(mid2.into()) * 0.5 * self.tick);
        }
        self.inventory.push(end, float(self.position.into()) * self.lot);
    }

    pub(super) fn summary(&self) -> InstrumentSummary {
        let lots = |lots: i64| float(lots.into()) * self.lot;
        let gross = self.mid2.map(|mid2| {
            let held = i128::from(self.position) * i128::from(mid2);
            float(2 * self.cash + held) * 0.5 * self.unit
        });
        InstrumentSummary {
            venue: self.instrument.venue.name().to_string(),
            symbol: self.instrument.symbol.to_string(),
            base: self.instrument.base.to_string(),
            quote: self.instrument.quote.to_string(),
            gross,
            fees: self.total.fees,
            net: gross.map(|gross| gross - self.total.fees),
            turnover: float(self.total.notional[0]) * self.unit,
            inventory: Inventory {
                last: lots(self.position),
                min: lots(self.bounds.0),
                max: lots(self.bounds.1),
                mean_abs: (self.time > 0).then(|| self.held / float(self.time.into()) * self.lot),
            },
            orders: self.quoting.counts(),
            quoting: self.quoting.shares(),
            total: self.sums(&self.total),
            bid: self.sums(&self.sides[0]),
            ask: self.sums(&self.sides[1]),
            levels: self.levels.iter().map(|tally| self.sums(tally)).collect(),
            hours: self
                .hours
                .iter()
                .map(|(hour, tally)| HourSums {
                    hour: Nanos(hour * HOUR).to_string(),
                    sums: self.sums(tally),
                })
                .collect(),
        }
    }

    fn sums(&self, tally: &Tally) -> FillSums {
        let [all, maker] = tally.notional;
        let told = |(horizon, sum): (usize, &MarkoutSum)| sum.told(horizon, self.unit);
        FillSums {
            fills: tally.fills,
            quantity: float(tally.lots) * self.lot,
            turnover: float(all) * self.unit,
            fees: tally.fees,
            maker_share: (all > 0).then(|| float(maker) / float(all)),
            markouts: tally.markouts.iter().enumerate().map(told).collect(),
        }
    }
}
