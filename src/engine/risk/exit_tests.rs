//! Stop-loss and take-profit: when a position is closed by itself, how, and what does not end it.

use super::hedge::HedgeParams;
use super::rig::{self, Rig};
use super::{ExitParams, Risk, RiskParams};
use crate::types::Nanos;

/// Three percent of the cost may be lost, and five are enough.
fn params() -> RiskParams {
    let exit = ExitParams { stop_ppm: 30_000, take_ppm: 50_000 };
    RiskParams { exit: Some(exit), ..rig::params() }
}

fn played(params: &RiskParams, script: &str) -> Risk {
    let mut rig = Rig::new(params, &rig::limits());
    rig.play(script);
    rig.risk
}

fn check(script: &str) -> Risk {
    played(&params(), script)
}

/// Fifty lots are held that have cost 4950, and a bid of ten more works.
const FIFTY: &str = "mark A 99 101
     bid A 50 @ 99
     > place 1 bid A 50 @ 99
     fill 1 50 @ 99 t1
     bid A 10 @ 95
     > place 2 bid A 10 @ 95
     accepted 2";

/// The same, and the stop-loss has begun.
const STOPPED: &str = "mark A 96 97
     mark A 95 97
     > stop_loss A begun -$150 -$148.5
     > cancel 2";

#[test]
fn a_loss_of_its_part_closes_the_position_whatever_the_price_does_then() {
    let risk = check(&format!(
        "{FIFTY}
         {STOPPED}
         and bid A 10 @ 94
         > 3 REJECTED_CLOSING 1 0
         ask A 5 @ 98
         > 4 REJECTED_CLOSING 1 0
         mark A 105 107
         canceled 2
         > place !1 ask A 48 @ 104
         fill !1 30 @ 104 t2
         canceled !1
         > place !2 ask A 20 @ 104
         fill !2 20 @ 104 t3
         > stop_loss A over 0 0
         ? due
         > never
         bid A 10 @ 105
         > place 5 bid A 10 @ 105"
    ));
    assert_eq!(risk.exit_of(crate::types::InstrumentId(0)), None);
}

#[test]
fn a_short_that_has_earned_its_part_is_bought_back() {
    check(
        "mark A 99 101
         ask A 50 @ 100
         > place 1 ask A 50 @ 100
         fill 1 50 @ 100 t1
         mark A 95 96
         mark A 94 96
         > take_profit A begun $250 $250
         > place !1 bid A 50 @ 96
         fill !1 50 @ 96 t2
         > take_profit A over 0 0",
    );
}

#[test]
fn what_nobody_takes_is_tried_again_after_a_span_that_doubles() {
    check(&format!(
        "{FIFTY}
         {STOPPED}
         canceled 2
         > place !1 ask A 50 @ 95
         canceled !1
         ? due
         > 200
         wait 200
         timer
         > place !2 ask A 50 @ 95
         canceled !2
         ? due
         > 400"
    ));
}

#[test]
fn a_halt_and_a_stale_book_hold_it_back_and_do_not_end_it() {
    check(&format!(
        "{FIFTY}
         {STOPPED}
         halt
         > HALTED operator
         canceled 2
         wait 5000
         timer
         resume
         > ACTIVE operator
         mark A 95 97 stale
         wait 5000
         timer
         mark A 95 97
         wait 5000
         timer
         > place !1 ask A 50 @ 95"
    ));
}

#[test]
fn neither_a_stale_book_nor_half_of_one_nor_a_halt_begins_it() {
    check(&format!(
        "{FIFTY}
         mark A 90 92 stale
         halt
         > HALTED operator
         > cancel 2
         canceled 2
         mark A 89 91
         resume
         > ACTIVE operator
         mark A 90 92
         > stop_loss A begun -$400 -$148.5
         > place !1 ask A 50 @ 90"
    ));
}

#[test]
fn what_cannot_be_sold_is_left_alone() {
    check(
        "mark A 99 101
         bid A 2 @ 99
         > place 1 bid A 2 @ 99
         fill 1 1 @ 99 t1
         canceled 1
         mark A 89 91",
    );
}

#[test]
fn each_instrument_is_judged_by_itself_and_a_hedge_waits() {
    let hedge = HedgeParams { threshold_ppm: 100_000, interval: Nanos::from_millis(100) };
    played(
        &RiskParams { hedge: Some(hedge), ..params() },
        "mark A 99 101
         mark B 99 101
         bid B 10 @ 99
         > place 1 bid B 10 @ 99
         bid A 10 @ 99
         > place 2 bid A 10 @ 99
         fill 1 10 @ 99 t1
         fill 2 10 @ 99 t2
         bid A 20 @ 95
         > place 3 bid A 20 @ 95
         mark A 95 97
         > stop_loss A begun -$30 -$29.7
         > cancel 3
         fill 3 20 @ 95 t3
         > place !1 ask A 30 @ 95
         bid B 10 @ 98
         > place 4 bid B 10 @ 98",
    );
}

#[test]
fn the_next_process_goes_on_with_it() {
    let opening = check(&format!("{FIFTY}\n{STOPPED}\ncanceled 2\n> place !1 ask A 50 @ 95"));
    let mut opening = opening.closing();
    opening.orders.clear();
    // Also where the config does not want it any more: what has begun comes to its end.
    let mut rig = Rig::new(&rig::params(), &rig::limits());
    rig.risk.open(&opening);
    rig.play(
        "timer
         mark A 99 101
         bid A 10 @ 98
         > 1 REJECTED_CLOSING 1 0
         wait 100
         timer
         > place !1 ask A 50 @ 98
         fill !1 50 @ 99 t9
         > stop_loss A over 0 0",
    );
}

#[test]
fn switched_off_nothing_is_closed() {
    let script = format!("{FIFTY}\nmark A 10 12\n? position A\n> 50 $4950 0 -$4400 0 50");
    let far = RiskParams { drawdown_max: i128::MAX, daily_loss_max: i128::MAX, ..rig::params() };
    played(&far, &script);
}

#[test]
fn a_reconcile_asks_about_what_works_and_counts_the_answers() {
    let risk = check(
        "mark A 99 101
         bid A 5 @ 99
         > place 1 bid A 5 @ 99
         accepted 1
         ask A 5 @ 101
         > place 2 ask A 5 @ 101
         accepted 2
         bid A 5 @ 98
         > place 3 bid A 5 @ 98
         timed_out 3
         bid A 5 @ 97
         > place 4 bid A 5 @ 97
         reconcile
         > query 3
         > query 1
         > query 2
         > query A
         > query B
         > query C
         > query R
         open 1 5 @ 99
         absent 2
         absent 3
         accepted 4
         ? status 1
         > working 5
         ? status 2
         > lost 0
         ? status 3
         > lost 0
         kill
         > HALTED kill
         > cancel 4
         > cancel 1
         reconcile
         > query A
         > query B
         > query C
         > query R",
    );
    let seen = risk.reconciled();
    assert_eq!((seen.count, seen.asked, seen.open, seen.absent), (2, 0, 0, 0));
}

/// Positions are compared, never changed; what differs twice is a finding, and is asked about again
/// until it is the same.
#[test]
fn a_position_that_is_not_the_venues_is_asked_about_until_it_is() {
    check(
        "mark A 99 101
         bid A 5 @ 99
         > place 1 bid A 5 @ 99
         accepted 1
         fill 1 3 @ 99 t1
         ? there A
         > unknown 0 false
         open A 3 @ 0
         ? there A
         > 3 0 false
         ? due
         > never
         open A 5 @ 0
         ? there A
         > 5 2 false
         ? due
         > 1000
         wait 1000
         timer
         > query A
         open A -5 @ 0
         ? there A
         > -5 -8 true
         ? position A
         > 3 $297 0 $3 0 3
         ? due
         > 2000
         wait 2000
         timer
         > query A
         fill 1 2 @ 99 t2
         open A 5 @ 0
         ? there A
         > 5 0 false
         open A 6 @ 0
         ? due
         > 1000
         absent A
         ? there A
         > unknown 0 false
         timed_out A
         ? there A
         > unknown 0 false
         open B -1 @ 0
         ? there B
         > -1 -1 false",
    );
}
