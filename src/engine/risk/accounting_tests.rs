//! Seeded trades, marks and fees against books kept in the simplest way there is.

use super::position::Position;
use super::rig::{Rig, limits, params};
use super::unit::{Rate, Unit};
use super::*;
use crate::event::{FeeIn, ReportKind};
use crate::types::{OrderId, Price, Qty, Scale, Side};

struct Random(u64);

impl Random {
    fn below(&mut self, bound: i64) -> i64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        i64::try_from(self.0 >> 33).unwrap() % bound
    }
}

#[test]
fn cash_is_exact_and_average_cost_is_the_average() {
    // Scales with and without digits below 10⁻¹².
    for (seed, (tick, lot)) in
        [("0.01", "0.00000001"), ("0.05", "1"), ("0.0000001", "0.00000001")].into_iter().enumerate()
    {
        let scale = |text: &str| Scale::parse(text.as_bytes()).unwrap();
        let unit = Unit::of(scale(tick), scale(lot)).unwrap();
        let mut random = Random(seed as u64);
        let mut position = Position::default();
        let (mut cash, mut lots) = (0_i128, 0_i64);
        let (mut average, mut earned) = (0.0_f64, 0.0_f64);
        let one = unit.value(1_000_000, 1_000_000) as f64 / 1e12;
        for step in 0..20_000 {
            let side = Side::BOTH[usize::try_from(random.below(2)).unwrap()];
            let (price, qty) = (1_000_000 + random.below(1000), 1 + random.below(5000));
            let change = side.sign() * qty;
            position.fill(unit, side, Price(price), Qty(qty));
            cash -= i128::from(side.sign()) * unit.value(price, qty);
            if lots.signum() == -change.signum() && lots != 0 {
                let closed = lots.abs().min(qty) * lots.signum();
                earned += (price as f64 - average) * closed as f64 * one;
                if (lots + change).signum() == change.signum() {
                    average = price as f64;
                }
            } else {
                let sum = average * lots as f64 + price as f64 * change as f64;
                average = sum / (lots + change) as f64;
            }
            lots += change;
            assert_eq!(position.lots, lots);
            // What came in and went out: exact, whatever was rounded on the way.
            assert_eq!(position.realised - position.cost, cash, "step {step} of {tick}");
            assert!(lots != 0 || position.cost == 0, "nothing held costs nothing");
            let cost = average * lots as f64 * one;
            let close = |got: i128, expected: f64| {
                (got as f64 - expected).abs() <= expected.abs() * 1e-9 + 3e4 + 1e-6 * one * 1e6
            };
            assert!(close(position.cost, cost), "step {step}: {} {cost}", position.cost);
            assert!(close(position.realised, earned), "{step}: {} {earned}", position.realised);
            position.mark_twice = 2_000_001 + random.below(1000);
            let worth = unit.value_at_half(position.mark_twice, lots);
            assert_eq!(position.profit(unit), cash + worth, "step {step}");
        }
    }
}

#[test]
fn profit_of_all_is_the_sum_of_cash_and_worth_in_every_currency() {
    let (mut params, limits) = (params(), limits());
    (params.daily_loss_max, params.drawdown_max) = (i128::MAX, i128::MAX);
    let mut risk = Risk::new(&params, &limits);
    let mut out = Buffer::new(Risk::outputs_max(&params, 4, 1));
    let mut random = Random(11);
    let (mut cash, mut lots, mut marks) = ([0_i128; 4], [0_i64; 4], [0_i64; 4]);
    for trade in 1..20_000_u64 {
        out.clear();
        let place = usize::try_from(random.below(4)).unwrap();
        let instrument = InstrumentId(u16::try_from(place).unwrap());
        let event = |body| Event {
            sequence: trade,
            received: Nanos::from_seconds(trade.cast_signed()),
            venue_time: Nanos::UNKNOWN,
            instrument,
            body,
        };
        if random.below(3) == 0 {
            let bid = 90 + random.below(20);
            risk.input(&event(Body::Ignored), &[], &mut out);
            let mark = Mark {
                sequence: trade,
                received: Nanos(0),
                bid: Price(bid),
                bid_qty: Qty(1),
                ask: Price(bid + 1),
                ask_qty: Qty(1),
                traded: Qty(0),
                instrument,
                stale: None,
            };
            risk.draft(&Draft::Mark(mark), &mut out);
            marks[place] = 2 * bid + 1;
        } else {
            let side = Side::BOTH[usize::try_from(random.below(2)).unwrap()];
            let (price, qty) = (90 + random.below(20), 1 + random.below(9));
            let mut report = Report::new(OrderId(trade), ReportKind::Filled);
            (report.trade_id, report.fee, report.fee_decimals) = (trade, random.below(100) - 20, 3);
            report.fee_in = if random.below(2) == 0 { FeeIn::Quote } else { FeeIn::Base };
            let level = Level::new(side, Price(price), Qty(qty));
            risk.input(&event(Body::Report(report)), &[level], &mut out);
            let fee = i128::from(report.fee) * 1_000_000_000;
            let tick = i128::from(limits[place].tick.increment())
                * 10_i128.pow(12 - u32::from(limits[place].tick.decimals()));
            let at_price = fee * i128::from(price) * tick / 1_000_000_000_000;
            let fee = if report.fee_in == FeeIn::Base { at_price } else { fee };
            cash[place] -= i128::from(side.sign() * price * qty) * tick + fee;
            lots[place] += side.sign() * qty;
        }
        if marks.contains(&0) {
            continue;
        }
        let rate = Rate::of_middle(marks[3], limits[3].tick);
        let worth = |place: usize| {
            let unit = limits[place].unit;
            cash[place] + unit.value_at_half(marks[place], lots[place])
        };
        let expected = worth(0) + worth(1) + worth(3) + rate.convert(worth(2));
        assert_eq!(risk.profit(), expected, "after {trade}");
        let gross =
            |place: usize| limits[place].unit.value_at_half(marks[place], lots[place]).abs();
        let expected = gross(0) + gross(1) + gross(3) + rate.convert(gross(2));
        assert_eq!(risk.exposure().0, expected, "after {trade}");
    }
}

#[test]
fn fees_are_in_what_was_earned() {
    Rig::new(&params(), &limits()).play(
        "mark A 99 101
         bid A 10 @ 100
         > place 1 bid A 10 @ 100
         fill 1 4 @ 100 t1 fee 25/1
         ? position A
         > 4 $400 0 0 $2.5 4
         fill 1 4 @ 100 t2 fee -1/3 base
         ? position A
         > 8 $800 0 0 $2.4 8
         ? profit
         > -$2.4",
    );
}
