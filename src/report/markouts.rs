//! Mark-outs: what a trade of ours is worth some time after it, at the mid of that time.
//!
//! A mark-out is positive where the price has moved our way; what is negative was lost to those who
//! knew better (adverse selection). Fees are not in it.

use super::summary::Markout;
use crate::types::{Nanos, Price, Qty, Side};
use std::collections::VecDeque;

/// At the trade itself (half the spread, that is), and after 1, 5 and 30 seconds.
pub(super) const HORIZONS: [Nanos; 4] =
    [Nanos(0), Nanos::from_seconds(1), Nanos::from_seconds(5), Nanos::from_seconds(30)];

/// A trade of ours that waits for its mids.
#[derive(Clone, Copy, Debug)]
pub(super) struct Traded {
    pub(super) time: Nanos,
    pub(super) side: Side,
    pub(super) price: Price,
    pub(super) qty: Qty,
    /// How many orders of ours stood before it, 0 for the one next to the touch.
    pub(super) level: usize,
    /// The hour of its time since 1970.
    pub(super) hour: i64,
}

/// A trade has come to a horizon.
#[derive(Clone, Copy, Debug)]
pub(super) struct Marked {
    pub(super) traded: Traded,
    /// Which of [`HORIZONS`].
    pub(super) horizon: usize,
    /// Half ticks times lots that it is better than its price; nothing where there was no mid.
    pub(super) gain: Option<i128>,
}

/// Trades on their way to their horizons.
#[derive(Clone, Debug)]
pub(super) struct Markouts {
    waiting: [VecDeque<Traded>; HORIZONS.len()],
}

impl Markouts {
    pub(super) const fn new() -> Self {
        Self { waiting: [const { VecDeque::new() }; HORIZONS.len()] }
    }

    pub(super) fn push(&mut self, traded: Traded) {
        self.waiting.iter_mut().for_each(|queue| queue.push_back(traded));
    }

    /// Until `now` (not counted) the mid was `mid2` half ticks: marks what came due by then.
    pub(super) fn pass(&mut self, now: Nanos, mid2: Option<i64>, mut mark: impl FnMut(Marked)) {
        for (horizon, queue) in self.waiting.iter_mut().enumerate() {
            let span = HORIZONS[horizon].0;
            while let Some(traded) = queue.front().copied()
                && traded.time.0.saturating_add(span) < now.0
            {
                queue.pop_front();
                let gain = mid2.map(|mid2| {
                    let moved = i128::from(mid2) - 2 * i128::from(traded.price.0);
                    moved * i128::from(traded.qty.0 * traded.side.sign())
                });
                mark(Marked { traded, horizon, gain });
            }
        }
    }
}

/// Mark-outs added up over one horizon.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct MarkoutSum {
    count: u64,
    /// Trades that came due without a mid.
    unmarked: u64,
    half_ticks: i128,
    /// Ticks times lots of the trades that were marked.
    notional: i128,
}

impl MarkoutSum {
    pub(super) fn add(&mut self, marked: &Marked) {
        let Some(gain) = marked.gain else {
            self.unmarked += 1;
            return;
        };
        self.count += 1;
        self.half_ticks += gain;
        self.notional += i128::from(marked.traded.price.0) * i128::from(marked.traded.qty.0);
    }

    pub(super) fn told(&self, horizon: usize, unit: f64) -> Markout {
        #[expect(clippy::cast_precision_loss, reason = "a report's sums")]
        let (half_ticks, notional) = (self.half_ticks as f64, self.notional as f64);
        Markout {
            seconds: HORIZONS[horizon].0 / 1_000_000_000,
            fills: self.count,
            unmarked: self.unmarked,
            money: half_ticks * 0.5 * unit,
            bps: (notional > 0.0).then(|| half_ticks * 0.5 / notional * 1e4),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trade_is_marked_by_the_mid_that_held_at_its_horizon() {
        let second = |s: i64| Nanos::from_seconds(s);
        let mut markouts = Markouts::new();
        let mut told = Vec::new();
        let traded = |time, side, price| Traded {
            time,
            side,
            price: Price(price),
            qty: Qty(2),
            level: 0,
            hour: 0,
        };
        markouts.push(traded(second(10), Side::Bid, 100));
        markouts.push(traded(second(11), Side::Ask, 103));
        // The mid is 101 until 11 s, then 102, then unknown from 16 s on.
        for (until, mid2) in [(11, Some(202)), (16, Some(204)), (41, None), (50, Some(300))] {
            markouts.pass(second(until), mid2, |m| {
                told.push((m.traded.side, m.horizon, m.gain));
            });
        }
        let (bid, ask) = (Side::Bid, Side::Ask);
        assert_eq!(
            told,
            [
                (bid, 0, Some(4)),
                (ask, 0, Some(4)),
                (bid, 1, Some(8)),
                (ask, 1, Some(4)),
                (bid, 2, Some(8)),
                (ask, 2, None),
                (bid, 3, None),
                (ask, 3, Some(-188)),
            ]
        );
    }
}
