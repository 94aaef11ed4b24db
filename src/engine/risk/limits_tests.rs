//! Limits that are set: what holds then, what is refused, and what the next process begins with.

use super::*;
use crate::engine::risk::rig::{self, Rig, amount};
use crate::engine::risk::{Opening, Risk};
use crate::event::Note;

/// The same with limits that can be set, as a config has them.
fn settable() -> RiskParams {
    let all = [100, 9_000, 15_000, 20_000, 2, 1_000, 50, 5_000, 400, 20, 200];
    let limit =
        |(key, value): (LimitKey, i128)| FileLimit { key, instrument: ALL, value: value * ONE };
    let mut file: Vec<_> = LimitKey::ALL.into_iter().zip(all).map(limit).collect();
    let (key, instrument) = (LimitKey::DailyLossLimit, InstrumentId(0));
    file.push(FileLimit { key, instrument, value: 800 * ONE });
    RiskParams { file, ..rig::params() }
}

/// Plays the script with limits that can be set.
fn check(script: &str) -> Risk {
    let mut rig = Rig::new(&settable(), &rig::limits());
    rig.play(script);
    rig.risk
}

#[test]
fn what_is_set_holds_at_once_and_for_what_works() {
    check(
        "mark A 99 101
         bid A 40 @ 100
         > place 1 bid A 40 @ 100
         set max_order_size=30
         > cancel 1
         > limits taken
         canceled 1
         bid A 40 @ 100
         > 2 REJECTED_ORDER_SIZE_LIMIT 40 30
         bid A 30 @ 100
         > place 3 bid A 30 @ 100
         set max_order_size=40
         > limits taken
         ? live
         > 1
         bid A 40 @ 99
         > place 4 bid A 40 @ 99
         set A:max_position_size=60 max_order_size=file
         > cancel 4
         > cancel 3
         > limits taken
         ? set
         > A max_position_size $60 by me@9",
    );
}

#[test]
fn each_limit_that_is_set_refuses_by_its_own_check() {
    let refused = |set: &str, expected: &str| {
        check(&format!(
            "mark A 99 101
             set {set}
             > limits taken
             bid A 20 @ 100
             > 1 {expected}"
        ));
    };
    refused("max_position_size=19", "REJECTED_POSITION_LIMIT 20 19");
    refused("A:max_position_size=19", "REJECTED_POSITION_LIMIT 20 19");
    refused("max_notional_exposure=1999", "REJECTED_EXPOSURE_LIMIT $2000 $1999");
    refused("max_net_exposure=1999", "REJECTED_EXPOSURE_LIMIT $2000 $1999");
    refused("max_gross_exposure=1999 max_net_exposure=1999", "REJECTED_EXPOSURE_LIMIT $2000 $1999");
    refused("max_order_size=19", "REJECTED_ORDER_SIZE_LIMIT 20 19");
    refused("max_order_value=1999", "REJECTED_ORDER_SIZE_LIMIT $2000 $1999");
    refused("max_daily_volume=19", "REJECTED_VOLUME_LIMIT 20 19");
    let collar = "mark A 99 101
         set price_collar_bps=100
         > limits taken
         bid A 20 @ 102
         > 1 REJECTED_PRICE_COLLAR 102 101";
    check(collar);
    // Of eight messages a second a quarter is kept for cancels, as of twenty; five can be sent.
    check(
        "mark A 99 101
         set max_orders_per_second=3
         > limits taken
         bid A 2 @ 90
         > place 1 bid A 2 @ 90
         bid A 2 @ 91
         > place 2 bid A 2 @ 91
         bid A 2 @ 92
         > 3 REJECTED_RATE_LIMIT 3 2",
    );
}

#[test]
fn a_loss_that_a_tighter_limit_does_not_allow_halts_at_once() {
    let lost = "mark A 99 101
         bid A 20 @ 100
         > place 1 bid A 20 @ 100
         fill 1 20 @ 100 t1
         mark A 89 91
         ? profit
         > -$200";
    for (set, reason) in [
        ("daily_loss_limit=200", "daily_loss_limit"),
        ("max_drawdown_pct=1", "none"),
        ("daily_loss_limit=201", "none"),
    ] {
        let end = if reason == "none" { String::new() } else { format!("> HALTED {reason}\n") };
        check(&format!("{lost}\nset {set}\n{end}> limits taken"));
    }
}

#[test]
fn what_cannot_be_is_refused_whole_and_named() {
    let refused = |set: &str, key: &str| {
        check(&format!(
            "set {set}
             > limits limit_refused {key}
             ? set
             > none"
        ));
    };
    // More than the config has.
    refused("max_order_size=51", "max_order_size");
    refused("A:daily_loss_limit=801", "daily_loss_limit");
    refused("max_position_size=5 max_order_value=5001", "max_order_value");
    // What leaves another limit no room.
    refused("max_gross_exposure=100", "max_gross_exposure");
    refused("max_order_size=1", "max_order_size");
    refused("max_orders_per_second=1", "max_orders_per_second");
    // No limit of an instrument, or no instrument.
    refused("A:max_net_exposure=5", "max_net_exposure");
    // Together they may be.
    check(
        "set max_gross_exposure=100 max_net_exposure=100
         > limits taken
         set max_net_exposure=file
         > limits limit_refused max_gross_exposure
         ? set
         > all max_gross_exposure $100 by me@1, all max_net_exposure $100 by me@1",
    );
}

#[test]
fn no_value_loosens_a_limit_and_no_more_are_set_than_there_is_room_for() {
    let hard = HardLimits::new(&settable(), &rig::limits());
    let who = Who::from(&Note::new("me", "x").unwrap());
    let mut set = LimitsSet::default();
    let mut random = 7_u64;
    let mut taken = 0;
    for sequence in 1..4000 {
        random =
            random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let key = LimitKey::ALL[(random >> 33) as usize % LimitKey::ALL.len()];
        let places = [ALL, InstrumentId(0), InstrumentId(1), InstrumentId(2), InstrumentId(9)];
        let instrument = places[(random >> 40) as usize % places.len()];
        let value = i128::from(random >> 50) * ONE / 3;
        let change = LimitChange { key, instrument, value };
        let by = (sequence, Nanos(0), who);
        if let Ok(next) = hard.judge(&set, [change].into_iter(), by) {
            (set, taken) = (next, taken + 1);
        }
        let account = hard.account(&set);
        assert!(account.net_exposure_max <= account.gross_exposure_max);
        assert!(account.gross_exposure_max <= hard.account.gross_exposure_max);
        assert!(account.drawdown_max <= hard.account.drawdown_max);
        for (id, own) in (0..).map(InstrumentId).zip(&hard.instruments) {
            let held = hard.instrument(&set, id);
            assert!(held.qty_min <= held.qty_max && held.qty_max <= own.qty_max);
            assert!(held.position_max <= own.position_max && held.value_max <= own.value_max);
            assert!(held.daily_loss_max <= own.daily_loss_max);
        }
        assert!(set.iter().all(|one| Some(one.value) <= hard.file(one.key, one.instrument)));
    }
    assert!(taken > 500 && set.iter().count() > 10, "{taken} {}", set.iter().count());
    // Five instruments are more than there is room for.
    let many = vec![rig::limits()[0]; 40];
    let hard = HardLimits::new(&settable(), &many);
    let changes = (0..33).map(|id| LimitChange {
        key: LimitKey::MaxPositionSize,
        instrument: InstrumentId(id),
        value: ONE,
    });
    let fault = hard.judge(&LimitsSet::default(), changes, (1, Nanos(0), who)).unwrap_err();
    assert!(matches!(fault, LimitFault::NoRoom { change } if change.instrument.0 == 32));
}

#[test]
fn the_next_process_begins_with_them_but_for_what_the_config_has_changed() {
    let risk = check(
        "set max_order_size=30 A:daily_loss_limit=700 max_position_size=90
         > limits taken",
    );
    let text = serde_json::to_string(&risk.closing()).unwrap();
    let mut opening: Opening = serde_json::from_str(&text).unwrap();
    assert_eq!(opening.limits.len(), 3);
    let mut next = Risk::new(&settable(), &rig::limits());
    next.open(&opening);
    assert_eq!(next.limits_set(), risk.limits_set());
    let held = next.limits_of(InstrumentId(0));
    assert_eq!((held.qty_max, held.position_max), (30, 90));
    assert_eq!(amount(held.daily_loss_max), "$700");
    // Also a looser value of the config counts as one that was changed.
    let mut now = settable().file;
    let changed = [LimitKey::MaxPositionSize as usize, LimitKey::ALL.len()];
    now[changed[0]].value = 120 * ONE;
    now[changed[1]].value = 600 * ONE;
    let dropped = drop_changed(&mut opening.limits, &settable().file, &now);
    let keys = |all: &[LimitSet]| all.iter().map(|one| one.key.name()).collect::<Vec<_>>();
    assert_eq!(keys(&dropped), ["daily_loss_limit", "max_position_size"]);
    assert_eq!(keys(&opening.limits), ["max_order_size"]);
}

#[test]
fn lots_and_sizes_agree_whatever_the_lot_is() {
    for lot in ["1", "0.1", "0.05", "0.00000001", "0.000000000000000001", "1000"] {
        let lot = Scale::parse(lot.as_bytes()).unwrap();
        for lots in [1, 7, 1_000_000] {
            let size = size_of(lots, lot);
            assert!(lots_within(size, lot) >= lots, "{lot:?} {lots}");
            assert!(size == 1 || lots_within(size - 1, lot) < lots, "{lot:?} {lots}");
        }
    }
    assert_eq!(lots_within(ONE / 2, Scale::parse(b"0.3").unwrap()), 1);
}
