//! Trading states, halts, flatten, and what a start takes over: inputs, and what must come out.

use super::*;

#[test]
fn each_state_allows_what_the_design_says() {
    check(
        "mark A 99 101
         bid A 10 @ 99
         > place 1 bid A 10 @ 99
         fill 1 10 @ 99 t1
         bid A 5 @ 98
         > place 2 bid A 5 @ 98
         ask A 6 @ 101
         > place 3 ask A 6 @ 101
         ask A 6 @ 102
         > place 4 ask A 6 @ 102
         reduce
         > REDUCING operator
         > cancel 2
         > cancel 3
         canceled 3
         bid A 5 @ 97
         > 5 REJECTED_REDUCE_ONLY 10 0
         ask A 5 @ 103
         > 6 REJECTED_REDUCE_ONLY 11 10
         ask A 4 @ 103
         > place 7 ask A 4 @ 103
         end 7
         > cancel 7
         mark A 99 101 stale
         ask A 4 @ 104
         > 8 REJECTED_REDUCE_ONLY 14 10
         canceled 7
         ask A 4 @ 104
         > 9 REJECTED_STALE_BOOK 2 0
         end 4
         > cancel 4
         mark A 99 101
         halt
         > HALTED operator
         canceled 4
         ask A 4 @ 104 reduce
         > 10 REJECTED_HALTED 2 1
         end 4
         > cancel 4
         resume
         > ACTIVE operator
         bid A 5 @ 97
         > place 11 bid A 5 @ 97
         mark A 99 101 stale
         bid A 5 @ 96
         > 12 REJECTED_STALE_BOOK 2 0",
    );
}

#[test]
fn reduce_only_skips_the_limits_of_growth_but_not_the_others() {
    let mut limits = limits();
    (limits[0].position_max, limits[0].volume_max) = (10, 10);
    Rig::new(&params(), &limits).play(
        "mark A 99 101
         bid A 10 @ 99
         > place 1 bid A 10 @ 99
         fill 1 10 @ 99 t1
         ask A 2 @ 101
         > 2 REJECTED_VOLUME_LIMIT 12 10
         ask A 2 @ 101 reduce
         > place 3 ask A 2 @ 101
         ask A 9 @ 102 reduce
         > 4 REJECTED_REDUCE_ONLY 11 10
         ask A 1 @ 102 reduce
         > 5 REJECTED_ORDER_SIZE_LIMIT 1 2
         ask A 8 @ 97 reduce
         > 6 REJECTED_PRICE_COLLAR 97 98
         ask A 8 @ 102 reduce
         > place 7 ask A 8 @ 102
         fill 50 4 @ 99 t2
         ? position A
         > 14 $1386 0 $14 0 14",
    );
}

#[test]
fn what_reduces_never_exceeds_what_is_held() {
    check(
        "mark A 99 101
         bid A 10 @ 99
         > place 1 bid A 10 @ 99
         fill 1 10 @ 99 t1
         ask A 4 @ 101 reduce
         > place 2 ask A 4 @ 101
         ask A 6 @ 102 reduce
         > place 3 ask A 6 @ 102
         ask A 5 @ 103
         > place 4 ask A 5 @ 103
         fill 4 5 @ 103 t2
         > cancel 3
         ? position A
         > 5 $495 $20 $5 0 15",
    );
}

#[test]
fn a_refused_replace_ends_its_original() {
    check(
        "mark A 99 101
         bid A 10 @ 99
         > place 1 bid A 10 @ 99
         accepted 1
         explain A
         and replace 1 60 @ 99
         > explain A
         > cancel 1
         > 1 REJECTED_ORDER_SIZE_LIMIT 60 50
         replace 1 10 @ 98
         > 1 REJECTED_DUPLICATE 5 2
         canceled 1
         replace 1 10 @ 98
         > 1 REJECTED_UNKNOWN_ORDER 8 2
         replace 9 10 @ 98
         > 1000 REJECTED_UNKNOWN_ORDER -1 2",
    );
}

#[test]
fn cancels_always_pass() {
    let mut params = params();
    params.rate = RateParams { per_second: 4, reserve: 2 };
    Rig::new(&params, &limits()).play(
        "mark A 99 101
         bid A 10 @ 99
         > place 1 bid A 10 @ 99
         bid A 10 @ 98
         > place 2 bid A 10 @ 98
         bid A 10 @ 97
         > 3 REJECTED_RATE_LIMIT 3 2
         end 1
         > cancel 1
         end 2
         > cancel 2
         end 2
         end 76
         > cancel 1000
         end 77
         > cancel 1000
         kill
         > HALTED kill
         end 1
         end 78
         > cancel 1000
         resume_confirmed
         > ACTIVE operator
         wait 1499
         bid A 10 @ 96
         > 4 REJECTED_RATE_LIMIT 3 2
         wait 1
         bid A 10 @ 96
         > place 5 bid A 10 @ 96",
    );
}

#[test]
fn a_halt_cancels_everything_and_asks_again() {
    check(
        "mark A 99 101
         mark B 99 101
         bid A 10 @ 99
         > place 1 bid A 10 @ 99
         ask B 10 @ 101
         > place 2 ask B 10 @ 101
         accepted 2
         halt
         > HALTED operator
         > cancel 1
         > cancel 2
         ? due
         > 1000
         cancel_rejected 2
         timed_out 1
         wait 999
         timer
         wait 1
         timer
         > cancel 1
         > cancel 2
         ? due
         > 1000
         canceled 2
         absent 1
         ? due
         > never
         halt",
    );
}

#[test]
fn after_a_kill_only_a_confirmed_resume_is_taken() {
    check(
        "kill
         > HALTED kill
         resume
         reduce
         flatten
         halt
         resume_confirmed
         > ACTIVE operator
         kill
         > HALTED kill",
    );
}

#[test]
fn flatten_takes_inside_the_collar_until_nothing_is_held() {
    let mut limits = limits();
    (limits[0].qty_max, limits[0].qty_step) = (6, 2);
    Rig::new(&params(), &limits).play(
        "mark A 99 101
         mark B 99 101
         bid A 6 @ 99
         > place 1 bid A 6 @ 99
         fill 1 6 @ 99 t1
         bid A 6 @ 98
         > place 2 bid A 6 @ 98
         fill 2 5 @ 98 t2
         ask B 10 @ 101
         > place 3 ask B 10 @ 101
         fill 3 10 @ 101 t3
         flatten
         > HALTED flatten
         > cancel 2
         > place !1 bid B 10 @ 102
         ask A 4 @ 101 reduce
         > 4 REJECTED_HALTED 2 1
         canceled 2
         > place !2 ask A 6 @ 98
         fill !1 10 @ 101 t4
         fill !2 4 @ 98 t5
         canceled !2
         > place !3 ask A 6 @ 98
         canceled !3
         ? due
         > 100
         wait 100
         timer
         > place !4 ask A 6 @ 98
         fill !4 6 @ 98 t6
         > HALTED flatten
         ? position A
         > 1 $98.545454545455 -$5.454545454545 $1.454545454545 0 21
         ? due
         > never",
    );
}

#[test]
fn a_halt_ends_flatten() {
    check(
        "mark A 99 101
         bid A 6 @ 99
         > place 1 bid A 6 @ 99
         fill 1 6 @ 99 t1
         flatten
         > HALTED flatten
         > place !1 ask A 6 @ 98
         halt
         > HALTED operator
         > cancel !1
         canceled !1
         wait 10000
         timer",
    );
}

#[test]
fn a_stale_conversion_refuses_growth_only() {
    check(
        "mark C 99 101
         bid C 5 @ 99
         > 1 REJECTED_STALE_CONVERSION 9223372036854775807 5000000000
         mark R 119 121
         bid C 5 @ 99
         > place 2 bid C 5 @ 99
         ? exposure
         > $600 $600
         fill 2 5 @ 99 t1
         wait 5000
         bid C 5 @ 98
         > place 3 bid C 5 @ 98
         wait 1
         bid C 5 @ 97
         > 4 REJECTED_STALE_CONVERSION 5001000000 5000000000
         ask C 5 @ 101 reduce
         > place 5 ask C 5 @ 101
         mark R 119 121 stale
         bid C 5 @ 97
         > 6 REJECTED_STALE_CONVERSION 9223372036854775807 5000000000
         mark R 139 141
         ? profit
         > $7",
    );
}

#[test]
fn a_full_table_refuses() {
    let mut params = params();
    params.orders_max = 2;
    Rig::new(&params, &limits()).play(
        "mark A 99 101
         bid A 5 @ 99
         > place 1 bid A 5 @ 99
         bid A 5 @ 98
         > place 2 bid A 5 @ 98
         bid A 5 @ 97
         > 3 REJECTED_CAPACITY 3 2
         canceled 1
         bid A 5 @ 97
         > place 4 bid A 5 @ 97
         canceled 2
         canceled 4
         bid A 5 @ 96
         > place 5 bid A 5 @ 96
         ? status 1
         > canceled 0
         bid A 5 @ 95
         > place 6 bid A 5 @ 95
         ? status 1
         > none 0",
    );
}

#[test]
fn what_is_left_at_the_end_is_what_the_next_start_begins_with() {
    let mut first = Rig::new(&params(), &limits());
    first.play(
        "mark R 119 121
         mark C 99 101
         bid C 5 @ 99
         > place 1 bid C 5 @ 99
         fill 1 5 @ 99 t1 fee 100/2
         mark C 109 111
         ? profit
         > $64.8
         halt
         > HALTED operator
         shutdown
         > HALTED shutdown",
    );
    let opening = first.risk.closing().carried();
    let text = serde_json::to_string(&opening).unwrap();
    let read: Opening = serde_json::from_str(&text).unwrap();
    assert_eq!(read, opening);
    let mut second = Rig::new(&params(), &limits());
    second.risk.open(&read);
    assert_eq!(second.risk.trading(), (TradingState::Halted, StateReason::Operator));
    second.play(
        "? profit
         > $64.8
         ? position C
         > 5 $495 0 $55 $1 5
         resume
         > ACTIVE operator
         mark C 109 111
         bid C 5 @ 99
         > 1 REJECTED_STALE_CONVERSION 9223372036854775807 5000000000",
    );
}

#[test]
fn the_end_of_the_process_cancels_and_does_not_last() {
    let mut rig = Rig::new(&params(), &limits());
    rig.play(
        "mark A 99 101
         bid A 5 @ 99
         > place 1 bid A 5 @ 99
         shutdown
         > HALTED shutdown
         > cancel 1
         bid A 5 @ 98
         > 2 REJECTED_HALTED 2 1
         resume",
    );
    let lasting = rig.risk.closing().trading;
    assert_eq!((lasting.state, lasting.reason), (TradingState::Active, StateReason::Operator));
}
