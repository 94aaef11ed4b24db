//! What a path of profit is worth: Sharpe, Sortino, drawdown.
//!
//! Returns are changes of net profit in money over equal periods, as a market maker has no capital
//! that they could be divided by; the ratios do not depend on it. They are annualised by the root
//! of the periods of a year of 365 days, since these markets never close.

use crate::types::Nanos;
use serde::Serialize;

const YEAR_SECONDS: f64 = 365.0 * 86_400.0;

/// The ratios of a run.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct Ratios {
    /// The length of a period, in seconds.
    pub period_s: f64,
    /// How many whole periods there were.
    pub periods: u64,
    /// What a period's ratio is multiplied by for that of a year.
    pub annualisation: f64,
    /// Mean of the returns over their standard deviation (of a sample), annualised; nothing with
    /// fewer than two periods, or where all returns are equal (Sharpe, 1994, without a free rate).
    pub sharpe: Option<f64>,
    /// Mean of the returns over the root of the mean square of those below zero, annualised;
    /// nothing where none is (Sortino and Price, 1994, target zero).
    pub sortino: Option<f64>,
    /// Part of the periods with a profit.
    pub winning_periods: Option<f64>,
    /// Sum of the gains of periods over the sum of their losses; nothing without a loss.
    pub profit_factor: Option<f64>,
}

/// Returns of equal periods, as sums.
#[derive(Clone, Debug)]
pub(super) struct Returns {
    period: Nanos,
    /// The end of the period that runs, and the profit at its beginning.
    running: Option<(Nanos, f64)>,
    last: f64,
    count: u64,
    wins: u64,
    mean: f64,
    /// Sum of squares around the mean (Welford, 1962).
    spread: f64,
    gains: f64,
    losses: f64,
    losses_squared: f64,
}

#[expect(clippy::cast_precision_loss, reason = "counts of a report")]
const fn float(count: u64) -> f64 {
    count as f64
}

impl Returns {
    pub(super) const fn new(period: Nanos) -> Self {
        assert!(period.0 > 0);
        Self {
            period,
            running: None,
            last: 0.0,
            count: 0,
            wins: 0,
            mean: 0.0,
            spread: 0.0,
            gains: 0.0,
            losses: 0.0,
            losses_squared: 0.0,
        }
    }

    /// The net profit from that time on.
    pub(super) fn push(&mut self, time: Nanos, profit: f64) {
        self.pass(time);
        self.running.get_or_insert((Nanos(time.0.saturating_add(self.period.0)), profit));
        self.last = profit;
    }

    /// Ends all periods that are over by then.
    pub(super) fn pass(&mut self, time: Nanos) {
        while let Some((end, begin)) = self.running
            && end <= time
        {
            self.add(self.last - begin);
            // What is over without a change is many periods of no return.
            self.running = Some((Nanos(end.0.saturating_add(self.period.0)), self.last));
            if begin.to_bits() == self.last.to_bits() {
                self.skip(time);
            }
        }
    }

    /// All whole periods until then that have no return, at once.
    fn skip(&mut self, time: Nanos) {
        let Some((end, begin)) = self.running else { return };
        let whole = time.0.saturating_sub(end.0) / self.period.0;
        if whole <= 0 {
            return;
        }
        let more = whole.unsigned_abs();
        let (old, new) = (float(self.count), float(self.count + more));
        // Chan et al., 1979: a group of equal values joins.
        self.spread += self.mean * self.mean * old * float(more) / new;
        self.mean *= old / new;
        self.count += more;
        self.running = Some((Nanos(end.0 + whole * self.period.0), begin));
    }

    fn add(&mut self, change: f64) {
        self.count += 1;
        let off = change - self.mean;
        self.mean += off / float(self.count);
        self.spread += off * (change - self.mean);
        if change > 0.0 {
            self.wins += 1;
            self.gains += change;
        } else {
            self.losses -= change;
            self.losses_squared += change * change;
        }
    }

    pub(super) fn ratios(&self) -> Ratios {
        #[expect(clippy::cast_precision_loss, reason = "a period is short")]
        let period_s = self.period.0 as f64 / 1e9;
        let annualisation = (YEAR_SECONDS / period_s).sqrt();
        let count = float(self.count);
        let over = |a: f64, b: f64| (b > 0.0).then(|| a / b).filter(|ratio| ratio.is_finite());
        let deviation = if self.count > 1 { (self.spread / (count - 1.0)).sqrt() } else { 0.0 };
        let downside = if self.count > 0 { (self.losses_squared / count).sqrt() } else { 0.0 };
        Ratios {
            period_s,
            periods: self.count,
            annualisation,
            sharpe: over(self.mean * annualisation, deviation),
            sortino: over(self.mean * annualisation, downside),
            winning_periods: over(float(self.wins), count),
            profit_factor: over(self.gains, self.losses),
        }
    }
}

/// The deepest fall of a path from its highest point before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Drawdown {
    peak: Option<(i128, Nanos)>,
    /// How deep, from when to when.
    pub(super) deepest: (i128, Nanos, Nanos),
}

impl Drawdown {
    pub(super) const fn new() -> Self {
        Self { peak: None, deepest: (0, Nanos::UNKNOWN, Nanos::UNKNOWN) }
    }

    /// The value from that time on; gives how far it is below its highest point.
    pub(super) fn push(&mut self, time: Nanos, value: i128) -> i128 {
        let (peak, since) = match self.peak {
            Some(peak) if peak.0 >= value => peak,
            _ => (value, time),
        };
        self.peak = Some((peak, since));
        let fall = peak - value;
        if fall > self.deepest.0 {
            self.deepest = (fall, since, time);
        }
        fall
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Profits half a second before the named ones, the period one second.
    fn ratios(path: &[(i64, f64)], end: i64) -> Ratios {
        let mut returns = Returns::new(Nanos::from_seconds(1));
        for (second, profit) in path {
            returns.push(Nanos::from_millis((second * 1000 - 500).max(0)), *profit);
        }
        returns.pass(Nanos::from_seconds(end));
        returns.ratios()
    }

    fn near(value: Option<f64>, expected: Option<f64>) {
        let same = match (value, expected) {
            (Some(a), Some(b)) => (a - b).abs() < 1e-9 * b.abs().max(1.0),
            (a, b) => a == b,
        };
        assert!(same, "{value:?} {expected:?}");
    }

    #[test]
    fn the_ratios_are_those_of_the_textbook() {
        // Returns 2, −1, 3, −2: mean 0.5, sample deviation √(17/3), downside √(5/4).
        let told = ratios(&[(0, 0.0), (1, 2.0), (2, 1.0), (3, 4.0), (4, 2.0)], 4);
        let year = (365.0_f64 * 86_400.0).sqrt();
        assert_eq!(told.periods, 4);
        near(told.sharpe, Some(0.5 / (17.0_f64 / 3.0).sqrt() * year));
        near(told.sortino, Some(0.5 / 1.25_f64.sqrt() * year));
        near(told.winning_periods, Some(0.5));
        near(told.profit_factor, Some(5.0 / 3.0));
        // Nothing that is not finite is ever told.
        for (path, end) in [(vec![], 9), (vec![(0, 1.0)], 0), (vec![(0, 1.0)], 7)] {
            let told = ratios(&path, end);
            assert_eq!((told.sharpe, told.sortino, told.profit_factor), (None, None, None));
        }
        let told = ratios(&[(0, 0.0), (1, 1.0), (2, 2.0)], 2);
        assert_eq!((told.sharpe, told.sortino, told.profit_factor), (None, None, None));
        assert_eq!(told.winning_periods, Some(1.0));
    }

    #[test]
    fn quiet_periods_count_each_and_cost_nothing() {
        // 1, then a million seconds of nothing, then −1.
        let far = 1_000_000;
        let told = ratios(&[(0, 0.0), (1, 1.0), (far, 0.0)], far + 1);
        assert_eq!(told.periods, far.unsigned_abs() + 1);
        let naive: Vec<(i64, f64)> =
            (0..=1000).map(|s| (s, f64::from(s == 1 || s % 7 == 3))).collect();
        let slow = ratios(&naive, 1000);
        let changes: Vec<_> = naive
            .windows(2)
            .enumerate()
            .filter(|(_, w)| w[0].1.to_bits() != w[1].1.to_bits())
            .map(|(_, w)| w[1])
            .collect();
        let quick = ratios(&[&[(0, 0.0)], &changes[..]].concat(), 1000);
        assert_eq!(slow.periods, quick.periods);
        near(slow.sharpe, quick.sharpe);
        near(slow.sortino, quick.sortino);
    }

    #[test]
    fn the_deepest_fall_is_found() {
        let check = |path: &[i128], (depth, from, to)| {
            let mut drawdown = Drawdown::new();
            for (at, value) in path.iter().enumerate() {
                drawdown.push(Nanos(i64::try_from(at).unwrap()), *value);
            }
            assert_eq!(drawdown.deepest, (depth, from, to), "{path:?}");
        };
        check(&[0, 5, 3, 4, 9, 2, 8, 1, 9], (8, Nanos(4), Nanos(7)));
        check(&[1, 2, 3], (0, Nanos::UNKNOWN, Nanos::UNKNOWN));
        check(&[], (0, Nanos::UNKNOWN, Nanos::UNKNOWN));
        check(&[-5, -9], (4, Nanos(0), Nanos(1)));
    }
}
