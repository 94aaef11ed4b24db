//! The table by itself: places, ids, and what a report does to quantities.

use super::*;
use crate::event::{Level, Proposal, Report, ReportKind, RequestKind};
use crate::types::{InstrumentId, OrderId, Origin, Price, Qty, Side, TimeInForce};

fn id(counter: u32) -> OrderId {
    OrderId::new(1, Origin::Quoter, counter)
}

fn proposal(counter: u32, side: Side, price: i64) -> Proposal {
    Proposal {
        order: id(counter),
        price: Price(price),
        qty: Qty(10),
        instrument: InstrumentId(0),
        kind: RequestKind::Place,
        side,
        time_in_force: TimeInForce::GoodTillCancel,
        post_only: false,
        reduce_only: false,
    }
}

fn report(table: &mut OrderTable, counter: u32, kind: ReportKind, qty: i64) -> Reported {
    let mut report = Report::new(id(counter), kind);
    report.trade_id = u64::from(counter);
    table.report(InstrumentId(0), &report, Level::new(Side::Bid, Price(5), Qty(qty)))
}

#[test]
fn the_best_price_is_that_of_the_live_orders_of_a_side() {
    let mut table = OrderTable::new(8, 1);
    let best = |table: &OrderTable, side| table.open(InstrumentId(0), side).best;
    assert_eq!(best(&table, Side::Bid), OpenSide::NO_PRICE);
    for (counter, price) in [(1, 5), (2, 9), (3, 7)] {
        table.place(&proposal(counter, Side::Bid, price), false);
    }
    table.place(&proposal(4, Side::Ask, 12), false);
    table.place(&proposal(5, Side::Ask, 11), false);
    assert_eq!((best(&table, Side::Bid), best(&table, Side::Ask)), (9, -11));
    report(&mut table, 2, ReportKind::Canceled, 0);
    report(&mut table, 5, ReportKind::Rejected, 0);
    assert_eq!((best(&table, Side::Bid), best(&table, Side::Ask)), (7, -12));
    // While a replace is on its way both prices may stand.
    report(&mut table, 3, ReportKind::Accepted, 10);
    table.replace(&proposal(3, Side::Bid, 8), false);
    assert_eq!(best(&table, Side::Bid), 8);
    report(&mut table, 3, ReportKind::ReplaceRejected, 0);
    assert_eq!(best(&table, Side::Bid), 7);
}

#[test]
fn done_orders_make_room_for_new_ones_the_oldest_first() {
    let mut table = OrderTable::new(2, 1);
    for counter in 1..=6 {
        table.place(&proposal(counter, Side::Bid, 5), false);
        assert!(report(&mut table, counter, ReportKind::Canceled, 0).ended);
        assert!(!report(&mut table, counter, ReportKind::Canceled, 0).ended);
    }
    let kept: Vec<_> = (1..=6).filter(|counter| table.get(id(*counter)).is_some()).collect();
    assert_eq!(kept, [3, 4, 5, 6]);
    assert_eq!(table.live(), 0);
    assert_eq!(table.odd_counts().of(Odd::Repeated), 6);
}

#[test]
fn a_trade_of_nothing_or_nowhere_is_no_trade() {
    let mut table = OrderTable::new(2, 1);
    table.place(&proposal(1, Side::Bid, 5), false);
    assert_eq!(report(&mut table, 1, ReportKind::Filled, 0).fill, None);
    assert_eq!(report(&mut table, 1, ReportKind::Filled, -3).fill, None);
    let fill = Report::new(id(1), ReportKind::Filled);
    let level = Level::new(Side::Bid, Price(5), Qty(3));
    assert_eq!(table.report(InstrumentId::ALL, &fill, level).fill, None);
    assert_eq!(table.odd_counts().of(Odd::Nonsense), 3);
    assert_eq!(table.get(OrderId(0)), None);
}

#[test]
fn more_than_was_ordered_is_counted_and_ends_the_order() {
    let mut table = OrderTable::new(2, 1);
    table.place(&proposal(1, Side::Bid, 5), false);
    let reported = report(&mut table, 1, ReportKind::Filled, 11);
    assert!(reported.ended && reported.fill.is_some_and(|fill| fill.qty == Qty(11)));
    assert_eq!(table.odd_counts().of(Odd::Overfill), 1);
    assert_eq!(table.open(InstrumentId(0), Side::Bid).leaves, 0);
}
