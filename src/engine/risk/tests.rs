//! What the design says of risk, sentence by sentence: inputs, and what must come out.

use super::rig::{Rig, check, limits, params};
use super::*;

mod states;

#[test]
fn a_proposal_becomes_a_request_with_its_explanation_once() {
    check(
        "mark A 99 101
         explain A
         and bid A 5 @ 99
         > explain A
         > place 1 bid A 5 @ 99
         and ask A 5 @ 101
         > place 2 ask A 5 @ 101
         explain A
         and bid A 1 @ 98
         > 3 REJECTED_ORDER_SIZE_LIMIT 1 2
         and bid A 2 @ 98
         > explain A
         > place 4 bid A 2 @ 98
         explain B
         and end 4
         > cancel 4
         end 2
         > cancel 2
         ? status 2
         > recalling 5",
    );
}

#[test]
fn an_explanation_does_not_outlive_its_input() {
    check(
        "mark A 99 101
         explain A
         bid A 5 @ 99
         > place 1 bid A 5 @ 99",
    );
}

#[test]
fn orders_live_through_all_that_can_happen_to_them() {
    check(
        "mark A 99 101
         bid A 10 @ 99
         > place 1 bid A 10 @ 99
         sent 1
         fill 1 4 @ 99 t1
         ? odd fill_before_ack
         > 1
         ? status 1
         > working 6
         accepted 1
         ? odd repeated_report
         > 1
         fill 1 4 @ 99 t1
         ? odd repeated_trade
         > 1
         ? position A
         > 4 $396 0 $4 0 4
         replace 1 12 @ 100
         > replace 1 bid A 12 @ 100
         ? status 1
         > replacing 8
         replace_rejected 1
         ? status 1
         > working 6
         replace 1 6 @ 98
         > replace 1 bid A 6 @ 98
         ? status 1
         > replacing 6
         replaced 1 6 @ 98
         ? status 1
         > working 2
         end 1
         > cancel 1
         canceled 1
         ? status 1
         > canceled 0
         fill 1 2 @ 98 t2
         ? odd late_fill
         > 1
         ? position A
         > 6 $592 0 $8 0 6
         accepted 50
         ? odd unknown_order
         > 1
         fill 50 3 @ 98 t3
         ? odd unknown_order
         > 2
         ? position A
         > 9 $886 0 $14 0 9",
    );
}

#[test]
fn doubt_ends_by_a_query_or_the_last_fill() {
    check(
        "mark A 99 101
         bid A 10 @ 99
         > place 1 bid A 10 @ 99
         timed_out 1
         accepted 1
         ? status 1
         > unknown 10
         open 1 7 @ 99
         ? status 1
         > working 7
         bid A 10 @ 98
         > place 2 bid A 10 @ 98
         timed_out 2
         fill 2 4 @ 98 t1
         ? status 2
         > unknown 6
         fill 2 6 @ 98 t2
         ? status 2
         > filled 0
         bid A 10 @ 97
         > place 3 bid A 10 @ 97
         timed_out 3
         absent 3
         ? status 3
         > lost 0
         accepted 3
         ? status 3
         > working 10
         ? odd revived
         > 1
         end 3
         > cancel 3
         cancel_rejected 3 unknown
         ? status 3
         > unknown 10
         absent 3
         ? live
         > 1",
    );
}

/// What was written of it was lost with the power: the venue tells of it, and its trades count.
#[test]
fn an_order_that_only_the_venue_knows_counts_and_is_cancelled() {
    check(
        "mark A 99 101
         fill 5 3 @ 99 t1
         ? position A
         > 3 $297 0 $3 0 3
         absent 5
         ? live
         > 0
         open 5 7 @ 99
         ? live
         > 1
         timer
         > cancel 99
         canceled 5 7 @ 99
         ? live
         > 0",
    );
}

#[test]
fn checks_come_in_their_order_and_carry_both_numbers() {
    // Each next line mends what the one before is refused for.
    check(
        "bid A 60 @ 200
         > 1 REJECTED_ORDER_SIZE_LIMIT 60 50
         bid A 50 @ 101
         > 2 REJECTED_ORDER_SIZE_LIMIT $5050 $5000
         bid A 50 @ 100
         > 3 REJECTED_STALE_BOOK 1 0
         mark A 99 101
         bid A 50 @ 103
         > 4 REJECTED_ORDER_SIZE_LIMIT $5150 $5000
         bid A 40 @ 103
         > 5 REJECTED_PRICE_COLLAR 103 102
         bid A 40 @ 102
         > place 6 bid A 40 @ 102
         ask A 40 @ 102
         > 7 REJECTED_SELF_TRADE 102 102
         ask A 40 @ 97
         > 8 REJECTED_PRICE_COLLAR 97 98
         ask A 40 @ 103
         > place 9 ask A 40 @ 103
         bid A 40 @ 102
         > 10 REJECTED_DUPLICATE 30064771082 30064771078
         bid A 41 @ 102 as 9
         > 9 REJECTED_DUPLICATE 30064771081 30064771081
         bid A 50 @ 0
         > 12 REJECTED_PRICE_COLLAR 0 1
         halt
         > HALTED operator
         > cancel 6
         > cancel 9
         bid A 60 @ 200
         > 13 REJECTED_HALTED 2 1",
    );
}

#[test]
fn the_position_counts_working_orders_on_either_side() {
    check(
        "mark A 49 51
         bid A 50 @ 49
         > place 1 bid A 50 @ 49
         bid A 50 @ 48
         > place 2 bid A 50 @ 48
         bid A 2 @ 47
         > 3 REJECTED_POSITION_LIMIT 102 100
         ask A 50 @ 51
         > place 4 ask A 50 @ 51
         replace 2 51 @ 48
         > cancel 2
         > 2 REJECTED_DUPLICATE 0 2
         canceled 2
         accepted 1
         fill 1 50 @ 49 t1
         bid A 50 @ 48
         > place 5 bid A 50 @ 48
         bid A 2 @ 47
         > 6 REJECTED_POSITION_LIMIT 102 100
         ask A 50 @ 52
         > place 7 ask A 50 @ 52
         ask A 50 @ 53
         > place 8 ask A 50 @ 53
         ask A 2 @ 54
         > 9 REJECTED_POSITION_LIMIT 102 100",
    );
}

#[test]
fn the_days_volume_counts_working_orders_and_ends_at_midnight() {
    let mut limits = limits();
    limits[0].volume_max = 20;
    // 1,000,000 s is 13:46:40 of a day: it ends in 36,800 s.
    Rig::new(&params(), &limits).play(
        "mark A 49 51
         bid A 10 @ 49
         > place 1 bid A 10 @ 49
         ask A 8 @ 51
         > place 2 ask A 8 @ 51
         bid A 3 @ 48
         > 3 REJECTED_VOLUME_LIMIT 21 20
         bid A 2 @ 48
         > place 4 bid A 2 @ 48
         fill 1 10 @ 49 t1
         canceled 2
         canceled 4
         bid A 11 @ 48
         > 5 REJECTED_VOLUME_LIMIT 21 20
         wait 36799999
         bid A 11 @ 48
         > 6 REJECTED_VOLUME_LIMIT 21 20
         ? day
         > $10
         wait 1
         bid A 11 @ 48
         > place 7 bid A 11 @ 48
         ? day
         > 0
         ? profit
         > $10",
    );
}

#[test]
fn exposure_is_position_and_working_orders_at_the_mark() {
    let (mut params, mut limits) = (params(), limits());
    params.gross_exposure_max = 6_000_000_000_000_000;
    params.net_exposure_max = 4_500_000_000_000_000;
    limits[0].notional_max = 3_000_000_000_000_000;
    Rig::new(&params, &limits).play(
        "mark A 99 101
         mark B 199 201
         bid A 30 @ 99
         > place 1 bid A 30 @ 99
         bid A 2 @ 98
         > 2 REJECTED_EXPOSURE_LIMIT $3200 $3000
         ? exposure
         > $3000 $3000
         ask A 30 @ 101
         > place 3 ask A 30 @ 101
         ? exposure
         > $3000 $3000
         bid B 8 @ 199
         > 4 REJECTED_EXPOSURE_LIMIT $4600 $4500
         bid B 7 @ 199
         > place 5 bid B 7 @ 199
         ask B 15 @ 201
         > 6 REJECTED_EXPOSURE_LIMIT $6000 $4500
         ask B 7 @ 201
         > place 7 ask B 7 @ 201
         ask B 2 @ 202
         > 8 REJECTED_EXPOSURE_LIMIT $4800 $4500
         ? exposure
         > $4400 $4400",
    );
}

#[test]
fn net_and_gross_bind_by_themselves() {
    let (mut params, limits) = (params(), limits());
    params.gross_exposure_max = 6_000_000_000_000_000;
    params.net_exposure_max = 5_000_000_000_000_000;
    Rig::new(&params, &limits).play(
        "mark A 99 101
         mark B 99 101
         bid A 30 @ 99
         > place 1 bid A 30 @ 99
         ask B 30 @ 101
         > place 2 ask B 30 @ 101
         ask B 2 @ 102
         > 3 REJECTED_EXPOSURE_LIMIT $6200 $6000
         canceled 2
         bid B 20 @ 99
         > place 4 bid B 20 @ 99
         bid B 2 @ 98
         > 5 REJECTED_EXPOSURE_LIMIT $5200 $5000",
    );
}

#[test]
fn the_loss_of_a_day_halts_and_an_operator_may_go_on() {
    check(
        "mark A 99 101
         bid A 50 @ 99
         > place 1 bid A 50 @ 99
         bid A 30 @ 98
         > place 2 bid A 30 @ 98
         fill 1 50 @ 99 t1
         mark A 79 81
         ? day
         > -$950
         bid A 2 @ 79
         > 3 REJECTED_DAILY_LOSS_LIMIT $950 $800
         bid B 2 @ 79
         > 4 REJECTED_STALE_BOOK 1 0
         mark A 78 80
         > HALTED daily_loss_limit
         > cancel 2
         mark A 77 79
         canceled 2
         resume
         > ACTIVE operator
         mark A 77 79
         bid A 2 @ 78
         > 5 REJECTED_DAILY_LOSS_LIMIT $1050 $1000
         ask A 50 @ 78 reduce
         > place 6 ask A 50 @ 78
         mark A 90 92
         mark A 76 78
         > HALTED daily_loss_limit
         > cancel 6
         canceled 6
         resume
         > ACTIVE operator
         wait 36800000
         bid A 2 @ 76
         > place 7 bid A 2 @ 76",
    );
}

#[test]
fn a_drawdown_is_counted_from_the_high_water_mark() {
    let mut params = params();
    params.daily_loss_max = i128::MAX;
    let mut limits = limits();
    limits[0].daily_loss_max = i128::MAX;
    Rig::new(&params, &limits).play(
        "mark A 99 101
         bid A 50 @ 100
         > place 1 bid A 50 @ 100
         fill 1 50 @ 100 t1
         mark A 119 121
         ? drawdown
         > 0
         mark A 80 81
         ? drawdown
         > $1975
         mark A 79 81
         > HALTED drawdown_limit
         ? profit
         > -$1000
         resume
         > ACTIVE operator
         ? drawdown
         > 0
         mark A 79 80
         bid A 2 @ 79
         > place 2 bid A 2 @ 79",
    );
}
