//! Orders and faults as scripts.

use super::*;

/// Plays it on a venue with those faults, after the words of welcome.
fn check(faults: &[FaultParams], script: &str) {
    let welcome = "4 end
        < 3ms subscribed
        < 3ms status Trading
        < 3ms snapshot 0 []
        ";
    let params = SimulatorParams { faults: faults.to_vec(), ..quiet() };
    play(&mut venue(&params, 1, None), &format!("{welcome}{script}"));
}

fn fault(kind: FaultKind, at: i64, lasts: i64, amount: i64) -> FaultParams {
    let millis = Nanos::from_millis;
    let (at, lasts, amount) = (millis(at), millis(lasts), millis(amount));
    FaultParams { kind, at, every: None, lasts, amount }
}

#[test]
fn an_order_rests_trades_in_parts_and_is_gone() {
    check(
        &[],
        "10 place 1 bid 99 5
        20 them ask 99 2
        30 them ask 98 4
        40 cancel 1
        50 end
        < 13ms update 1 [bid 99:5]
        < 15ms accepted 1 bid 99:5
        < 21ms trade #1 ask takes 2 at 99
        < 21ms update 2 [bid 99:3]
        < 23ms fill 1 bid 99:2 #1 maker fee 198e-4
        < 31ms trade #2 ask takes 3 at 99
        < 31ms update 3 [bid 99:0 ask 98:1]
        < 33ms fill 1 bid 99:3 #2 maker fee 297e-4
        < 45ms cancel_rejected 1 bid 1:1 unknown_order",
    );
}

#[test]
fn an_order_that_takes_pays_as_a_taker_and_its_rest_stands() {
    check(
        &[],
        "10 them ask 101 2
        11 them ask 102 2
        12 them ask 104 2
        20 place 1 bid 103 5
        40 end
        < 11ms update 1 [ask 101:2]
        < 12ms update 2 [ask 102:2]
        < 13ms update 3 [ask 104:2]
        < 23ms trade #1 bid takes 2 at 101
        < 23ms trade #2 bid takes 2 at 102
        < 23ms update 4 [ask 101:0 ask 102:0 bid 103:1]
        < 25ms accepted 1 bid 103:5
        < 25ms fill 1 bid 101:2 #1 taker fee 101e-3
        < 25ms fill 1 bid 102:2 #2 taker fee 102e-3",
    );
}

#[test]
fn times_in_force_and_post_only_keep_their_word() {
    check(
        &[],
        "10 them ask 101 2
        11 them bid 99 2
        20 place 1 bid 101 1 post
        22 place 2 bid 101 3 fok
        24 place 3 bid 101 1 fok
        26 place 4 bid 101 3 ioc
        28 place 5 bid 101 3 ioc
        30 place 6 ask 100 1 post
        40 end
        < 11ms update 1 [ask 101:2]
        < 12ms update 2 [bid 99:2]
        < 25ms rejected 1 bid 101:1 post_only
        < 27ms rejected 2 bid 101:3 unfilled
        < 27ms trade #1 bid takes 1 at 101
        < 27ms update 3 [ask 101:1]
        < 29ms accepted 3 bid 101:1
        < 29ms fill 3 bid 101:1 #1 taker fee 505e-4
        < 29ms trade #2 bid takes 1 at 101
        < 29ms update 4 [ask 101:0]
        < 31ms accepted 4 bid 101:3
        < 31ms fill 4 bid 101:1 #2 taker fee 505e-4
        < 31ms canceled 4 bid 101:2 unfilled
        < 33ms rejected 5 bid 101:3 unfilled
        < 33ms update 5 [ask 100:1]
        < 35ms accepted 6 ask 100:1",
    );
}

#[test]
fn a_replace_keeps_its_place_only_where_it_shrinks_and_never_oversells() {
    check(
        &[],
        "10 place 1 ask 101 5
        12 them ask 101 5
        14 replace 1 ask 101 3
        20 them bid 101 2
        22 replace 1 ask 101 4
        30 them bid 101 6
        32 replace 1 ask 102 4
        34 replace 1 ask 102 3
        44 end
        < 13ms update 1 [ask 101:5]
        < 13ms update 2 [ask 101:10]
        < 15ms accepted 1 ask 101:5
        < 17ms update 3 [ask 101:8]
        < 19ms replaced 1 ask 101:3
        < 21ms trade #1 bid takes 2 at 101
        < 21ms update 4 [ask 101:6]
        < 23ms fill 1 ask 101:2 #1 maker fee 202e-4
        < 25ms update 5 [ask 101:7]
        < 27ms replaced 1 ask 101:4
        < 31ms trade #2 bid takes 5 at 101
        < 31ms trade #3 bid takes 1 at 101
        < 31ms update 6 [ask 101:1]
        < 33ms fill 1 ask 101:1 #3 maker fee 101e-4
        < 35ms update 7 [ask 101:0 ask 102:1]
        < 37ms replaced 1 ask 102:4
        < 37ms update 8 [ask 102:0]
        < 39ms canceled 1 ask 102:1",
    );
}

#[test]
fn what_the_venue_does_not_take_is_rejected_by_name() {
    check(
        &[],
        "10 place 1 bid 99 2
        12 place 1 bid 99 2
        14 place 2 bid 0 2
        16 place 3 bid 100001 2
        18 place 4 bid 99 0
        20 place 5 bid 99 1000000001
        22 place 6 ask 99 1
        24 place 7 ask 98 3 fok
        26 replace 1 ask 99 2
        28 replace 1 bid 99 2 ioc
        30 replace 9 bid 99 2
        32 cancel 9
        34 replace 1 bid 99 0
        50 end
        < 13ms update 1 [bid 99:2]
        < 15ms accepted 1 bid 99:2
        < 17ms rejected 1 bid 99:2 duplicate_id
        < 19ms rejected 2 bid 0:2 price
        < 21ms rejected 3 bid 100001:2 price
        < 23ms rejected 4 bid 99:0 quantity
        < 25ms rejected 5 bid 99:1000000001 quantity
        < 27ms rejected 6 ask 99:1 self_trade
        < 29ms rejected 7 ask 98:3 self_trade
        < 31ms replace_rejected 1 ask 99:2 other
        < 33ms replace_rejected 1 bid 99:2 other
        < 35ms replace_rejected 9 bid 99:2 unknown_order
        < 37ms cancel_rejected 9 bid 1:1 unknown_order
        < 39ms replace_rejected 1 bid 99:0 quantity",
    );
}

#[test]
fn a_query_tells_the_fills_again_and_what_rests() {
    check(
        &[],
        "10 place 1 bid 99 5
        12 place 2 bid 98 5
        20 them ask 99 2
        30 query 1
        32 query all 0
        34 them ask 99 3
        40 query 1
        42 query 3
        44 resync
        60 end
        < 13ms update 1 [bid 99:5]
        < 15ms accepted 1 bid 99:5
        < 15ms update 2 [bid 98:5]
        < 17ms accepted 2 bid 98:5
        < 21ms trade #1 ask takes 2 at 99
        < 21ms update 3 [bid 99:3]
        < 23ms fill 1 bid 99:2 #1 maker fee 198e-4
        < 35ms fill 1 bid 99:2 #1 maker fee 198e-4
        < 35ms open 1 bid 99:3
        < 35ms trade #2 ask takes 3 at 99
        < 35ms update 4 [bid 99:0]
        < 37ms fill 1 bid 99:2 #1 maker fee 198e-4
        < 37ms open 1 bid 99:3
        < 37ms open 2 bid 98:5
        < 37ms absent 0 bid 0:0
        < 37ms fill 1 bid 99:3 #2 maker fee 297e-4
        < 45ms fill 1 bid 99:2 #1 maker fee 198e-4
        < 45ms fill 1 bid 99:3 #2 maker fee 297e-4
        < 45ms absent 1 bid 0:0
        < 47ms absent 3 bid 0:0
        < 47ms snapshot 4 [bid 98:5]",
    );
}

#[test]
fn a_disconnect_loses_answers_but_no_fills_and_comes_back() {
    let faults = [fault(FaultKind::Disconnect, 20, 30, 0)];
    check(
        &faults,
        "10 place 1 bid 99 5
        17 place 2 bid 98 1
        19 place 3 bid 97 1
        25 place 4 bid 96 1
        30 them ask 99 2
        40 reconnect refused
        60 reconnect
        70 query all 0
        71 query 3
        90 end
        < 13ms update 1 [bid 99:5]
        < 15ms accepted 1 bid 99:5
        < 20ms update 2 [bid 98:1]
        < 20ms fault disconnected
        < 63ms subscribed
        < 63ms status Trading
        < 63ms snapshot 3 [bid 99:3 bid 98:1]
        < 65ms fill 1 bid 99:2 #1 maker fee 198e-4
        < 75ms fill 1 bid 99:2 #1 maker fee 198e-4
        < 75ms open 1 bid 99:3
        < 75ms open 2 bid 98:1
        < 75ms absent 0 bid 0:0
        < 76ms absent 3 bid 0:0",
    );
}

#[test]
fn a_stall_is_silence_while_requests_go_on() {
    let faults = [fault(FaultKind::Stall, 20, 30, 0)];
    check(
        &faults,
        "10 place 1 bid 99 5
        30 them ask 99 2
        32 cancel 1
        60 them bid 90 1
        70 resync
        90 end
        < 13ms update 1 [bid 99:5]
        < 15ms accepted 1 bid 99:5
        < 50ms fill 1 bid 99:2 #1 maker fee 198e-4
        < 50ms canceled 1 bid 99:3
        < 61ms update 4 [bid 90:1]
        < 73ms snapshot 4 [bid 90:1]",
    );
    check(
        &faults,
        "10 place 1 bid 99 5
        30 them ask 99 2
        32 cancel 1
        40 reconnect
        60 them bid 90 1
        90 end
        < 13ms update 1 [bid 99:5]
        < 15ms accepted 1 bid 99:5
        < 40ms fault disconnected
        < 43ms subscribed
        < 43ms status Trading
        < 43ms snapshot 3 []
        < 45ms fill 1 bid 99:2 #1 maker fee 198e-4
        < 61ms update 4 [bid 90:1]",
    );
}

#[test]
fn rejects_come_for_orders_and_not_for_cancels() {
    let faults = [fault(FaultKind::RejectAll, 20, 10, 0), fault(FaultKind::RateLimited, 40, 10, 0)];
    check(
        &faults,
        "10 place 1 bid 99 5
        22 place 2 bid 98 1
        23 replace 1 bid 98 5
        30 place 3 bid 97 1
        42 place 4 bid 96 1
        43 cancel 1
        52 place 4 bid 96 1
        70 end
        < 13ms update 1 [bid 99:5]
        < 15ms accepted 1 bid 99:5
        < 27ms rejected 2 bid 98:1 other
        < 28ms replace_rejected 1 bid 98:5 other
        < 33ms update 2 [bid 97:1]
        < 35ms accepted 3 bid 97:1
        < 46ms update 3 [bid 99:0]
        < 47ms rejected 4 bid 96:1 rate_limited
        < 48ms canceled 1 bid 99:5
        < 55ms update 4 [bid 96:1]
        < 57ms accepted 4 bid 96:1",
    );
}

#[test]
fn a_lost_answer_is_found_by_a_query() {
    let faults = [fault(FaultKind::LostAck, 10, 10, 0)];
    check(
        &faults,
        "10 place 1 bid 99 5
        14 them ask 99 1
        16 query 1
        24 cancel 1
        40 end
        < 13ms update 1 [bid 99:5]
        < 15ms trade #1 ask takes 1 at 99
        < 15ms update 2 [bid 99:4]
        < 17ms fill 1 bid 99:1 #1 maker fee 99e-4
        < 21ms fill 1 bid 99:1 #1 maker fee 99e-4
        < 21ms open 1 bid 99:4
        < 27ms update 3 [bid 99:0]
        < 29ms canceled 1 bid 99:4",
    );
}

#[test]
fn a_late_fill_comes_after_the_cancel_and_before_the_answer_to_a_query() {
    let faults = [fault(FaultKind::LateFill, 20, 10, 40)];
    check(
        &faults,
        "10 place 1 bid 99 5
        20 them ask 99 2
        22 cancel 1
        30 query 1
        35 place 2 bid 99 1
        40 them ask 99 1
        90 end
        < 13ms update 1 [bid 99:5]
        < 15ms accepted 1 bid 99:5
        < 21ms trade #1 ask takes 2 at 99
        < 21ms update 2 [bid 99:3]
        < 25ms update 3 [bid 99:0]
        < 27ms canceled 1 bid 99:3
        < 35ms fill 1 bid 99:2 #1 maker fee 198e-4
        < 35ms absent 1 bid 0:0
        < 38ms update 4 [bid 99:1]
        < 40ms accepted 2 bid 99:1
        < 41ms trade #2 ask takes 1 at 99
        < 41ms update 5 [bid 99:0]
        < 43ms fill 2 bid 99:1 #2 maker fee 99e-4
        < 63ms fill 1 bid 99:2 #1 maker fee 198e-4",
    );
}

#[test]
fn the_venues_clock_may_be_wrong_for_a_while() {
    let faults = [fault(FaultKind::ClockOffset, 20, 10, -50)];
    let mut venue = venue(&SimulatorParams { faults: faults.to_vec(), ..quiet() }, 1, None);
    let mut offsets = vec![];
    let mut part = Part::empty();
    for at in [10, 25, 40] {
        let at = Nanos::from_millis(at);
        act(&mut venue, at, &["them", "bid", "90", "1"]);
        while venue.hear(Nanos(at.0 + MILLI), &mut part) {
            if matches!(part.event.body, Body::Levels(head) if head.shape == Shape::Update) {
                offsets.push(part.event.clock_offset().unwrap().0 / MILLI);
            }
        }
    }
    assert_eq!(offsets, [-1, -51, -1]);
}

#[test]
fn a_fault_comes_again_and_orders_may_end_with_the_connection() {
    let again = FaultParams {
        every: Some(Nanos::from_millis(40)),
        ..fault(FaultKind::Disconnect, 20, 10, 0)
    };
    let params = SimulatorParams { faults: vec![again], cancel_on_disconnect: true, ..quiet() };
    play(
        &mut venue(&params, 1, None),
        "10 place 1 bid 99 5
        30 reconnect
        34 query 1
        70 reconnect
        80 end
        < 3ms subscribed
        < 3ms status Trading
        < 3ms snapshot 0 []
        < 13ms update 1 [bid 99:5]
        < 15ms accepted 1 bid 99:5
        < 20ms fault disconnected
        < 33ms subscribed
        < 33ms status Trading
        < 33ms snapshot 2 []
        < 39ms absent 1 bid 0:0
        < 60ms fault disconnected
        < 73ms subscribed
        < 73ms status Trading
        < 73ms snapshot 2 []",
    );
}
