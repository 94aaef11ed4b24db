//! The last hour of each instrument, a point a second: what charts begin with.
//!
//! It is kept in memory only; what must be kept longer is collected by Prometheus.

use super::state::{State, amount_text, strategy_id};
use crate::types::{Instrument, Nanos};
use std::collections::VecDeque;
use std::fmt::Write as _;

/// Points of an instrument: an hour.
const POINTS_MAX: usize = 3600;
/// Instruments that have a history.
const INSTRUMENTS_MAX: usize = 64;
const EVERY: Nanos = Nanos::from_seconds(1);

/// Metrics of an instrument.
pub const METRICS: [&str; 7] = ["pnl", "position", "drawdown", "mid", "bid", "ask", "spread"];

#[derive(Clone, Copy, Debug)]
struct Point {
    time: Nanos,
    pnl: i128,
    drawdown: i128,
    lots: i64,
    mid_twice: Option<i64>,
    own: [Option<i64>; 2],
}

/// What was.
#[derive(Debug, Default)]
pub struct History {
    instruments: Vec<(Instrument, VecDeque<Point>)>,
    currency: Option<crate::types::Currency>,
    latest: Option<Nanos>,
}

impl History {
    /// Takes note of how it is now, if a second has passed.
    pub fn take(&mut self, state: &State, now: Nanos) {
        if self.latest.is_some_and(|latest| now.0 < latest.0.saturating_add(EVERY.0)) {
            return;
        }
        (self.latest, self.currency) = (Some(now), Some(state.account.currency));
        for (at, one) in state.instruments.iter().take(INSTRUMENTS_MAX).enumerate() {
            if self.instruments.len() <= at {
                self.instruments.push((one.instrument, VecDeque::new()));
            }
            let points = &mut self.instruments[at].1;
            if points.len() >= POINTS_MAX {
                points.pop_front();
            }
            points.push_back(Point {
                time: now,
                pnl: one.realised + one.unrealised - one.fees,
                drawdown: state.account.drawdown,
                lots: one.lots,
                mid_twice: one.mid_ticks_twice(),
                own: [0, 1].map(|side: usize| {
                    let side = &one.sides[side];
                    (side.own_qty.0 > 0).then_some(side.own.0)
                }),
            });
        }
    }

    /// The points of a metric as a JSON list of `{"t": ns, "v": "text"}`, over the last `range_ns`;
    /// nothing if there is no such instrument or metric.
    #[must_use]
    pub fn points(&self, strategy: &str, metric: &str, range_ns: i64) -> Option<String> {
        if !METRICS.contains(&metric) {
            return None;
        }
        let named = |(instrument, _): &&(Instrument, _)| strategy_id(instrument) == strategy;
        let found = match strategy {
            "primary_strategy" => self.instruments.first(),
            _ => self.instruments.iter().find(named),
        };
        let Some((instrument, points)) = found else {
            // Nothing was seen yet, but the first strategy is always there.
            return (strategy == "primary_strategy").then(|| "[]".to_owned());
        };
        let since = self.latest.unwrap_or_default().0.saturating_sub(range_ns.max(0));
        let mut text = String::from("[");
        for point in points.iter().filter(|point| point.time.0 >= since) {
            let Some(value) = self.value(instrument, point, metric) else { continue };
            let comma = if text.len() > 1 { "," } else { "" };
            write!(text, r#"{comma}{{"t":{},"v":"{value}"}}"#, point.time.0)
                .expect("a string takes all");
        }
        text.push(']');
        Some(text)
    }

    fn value(&self, instrument: &Instrument, point: &Point, metric: &str) -> Option<String> {
        let price = |ticks: i64| instrument.tick.text(ticks).to_string();
        Some(match metric {
            "pnl" => amount_text(instrument.quote, point.pnl),
            "drawdown" => amount_text(self.currency?, point.drawdown),
            "position" => instrument.lot.text(point.lots).to_string(),
            "bid" => price(point.own[0]?),
            "ask" => price(point.own[1]?),
            "spread" => price(point.own[1]? - point.own[0]?),
            _ => half(&price(point.mid_twice?)),
        })
    }
}

/// Half of a decimal text: one digit more behind the point.
#[must_use]
pub fn half(text: &str) -> String {
    let decimals = text.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    let digits: i128 = text.replace('.', "").parse().unwrap_or(0);
    let digits = digits * 5;
    let (sign, digits) = (if digits < 0 { "-" } else { "" }, digits.unsigned_abs().to_string());
    let width = decimals + 2;
    let digits = format!("{digits:0>width$}");
    let at = digits.len() - decimals - 1;
    format!("{sign}{}.{}", &digits[..at], &digits[at..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_a_number_is_exact() {
        let check = |text, expected: &str| assert_eq!(half(text), expected);
        check("120000.01", "60000.005");
        check("3", "1.5");
        check("0.01", "0.005");
        check("-0.01", "-0.005");
        check("2", "1.0");
        check("0", "0.0");
    }

    #[test]
    fn there_is_always_a_first_strategy_and_no_unknown_metric() {
        let history = History::default();
        assert_eq!(history.points("primary_strategy", "pnl", 1).as_deref(), Some("[]"));
        assert_eq!(history.points("primary_strategy", "sharpe", 1), None);
        assert_eq!(history.points("nobody", "pnl", 1), None);
    }
}
