//! The hedge: when it sends what, and when it does not.

use super::hedge::HedgeParams;
use super::rig::{self, Rig};
use super::{Risk, RiskParams};
use crate::types::Nanos;

/// Half of a limit of 100 lots is left alone; a try every five seconds.
fn params() -> RiskParams {
    let hedge = HedgeParams { threshold_ppm: 500_000, interval: Nanos::from_millis(5000) };
    RiskParams { hedge: Some(hedge), ..rig::params() }
}

fn check(script: &str) -> Risk {
    let mut rig = Rig::new(&params(), &rig::limits());
    rig.play(script);
    rig.risk
}

/// Sixty lots are held, ten of them beyond the half.
const SIXTY: &str = "mark A 99 101
     bid A 50 @ 99
     > place 1 bid A 50 @ 99
     fill 1 50 @ 99 t1
     ? due
     > never
     bid A 10 @ 99
     > place 2 bid A 10 @ 99
     fill 2 10 @ 99 t2
     > place !1 ask A 10 @ 98";

#[test]
fn what_lies_beyond_its_part_is_taken_off_at_once_and_then_once_an_interval() {
    check(&format!(
        "{SIXTY}
         ? due
         > 5000
         fill !1 4 @ 99 t3
         canceled !1
         wait 4999
         timer
         wait 1
         timer
         > place !2 ask A 6 @ 98
         fill !2 6 @ 99 t4
         wait 5000
         timer
         ? due
         > never
         ? position A
         > 50 $4950 0 $50 0 70"
    ));
}

#[test]
fn a_position_that_grows_within_the_interval_waits_for_its_end() {
    check(&format!(
        "{SIXTY}
         fill !1 10 @ 99 t3
         wait 5000
         timer
         bid A 20 @ 99
         > place 3 bid A 20 @ 99
         fill 3 5 @ 99 t4
         > place !2 ask A 5 @ 100
         fill !2 5 @ 100 t5
         wait 1000
         fill 3 5 @ 99 t6
         ? due
         > 4000
         wait 4000
         timer
         > place !3 ask A 5 @ 100"
    ));
}

#[test]
fn a_short_position_is_bought_back_and_a_small_one_left_alone() {
    check(
        "mark A 99 101
         ask A 48 @ 101
         > place 1 ask A 48 @ 101
         fill 1 48 @ 101 t1
         ask A 20 @ 101
         > place 2 ask A 20 @ 101
         fill 2 2 @ 101 t2
         ? due
         > never
         fill 2 4 @ 101 t3
         > place !1 bid A 4 @ 100",
    );
}

#[test]
fn it_stops_short_of_our_own_quote_and_leaves_room_for_what_works() {
    check(&format!(
        "{SIXTY}
         canceled !1
         bid A 5 @ 98
         > place 3 bid A 5 @ 98
         ask A 45 @ 101
         > place 4 ask A 45 @ 101
         wait 5000
         timer
         > place !2 ask A 10 @ 99
         canceled !2
         ask A 11 @ 102
         > place 5 ask A 11 @ 102
         wait 5000
         timer
         > place !3 ask A 4 @ 99"
    ));
}

#[test]
fn a_halt_ends_it_and_a_stale_book_holds_it_back() {
    check(&format!(
        "{SIXTY}
         canceled !1
         halt
         > HALTED operator
         wait 5000
         timer
         resume
         > ACTIVE operator
         mark A 99 101 stale
         wait 5000
         timer
         mark A 99 101
         wait 5000
         timer
         > place !2 ask A 10 @ 98"
    ));
}

#[test]
fn the_next_process_goes_on_with_what_lies_beyond() {
    let opening = check(&format!("{SIXTY}\ncanceled !1")).closing();
    let mut rig = Rig::new(&params(), &rig::limits());
    rig.risk.open(&opening);
    rig.play(
        "mark A 99 101
         timer
         wait 5000
         timer
         > place !1 ask A 10 @ 98",
    );
}
