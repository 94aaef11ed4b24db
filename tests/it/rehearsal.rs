//! A rehearsal: each performance goes the whole way of a decision, for as long as a process lives.

use crate::core_rig::core_params;
use pinnaclemm::engine::{Core, CoreParams};
use pinnaclemm::threads::rehearsal::{EVERY, Rehearsal};
use pinnaclemm::types::{InstrumentId, Nanos};
use serde_json::{Value, json};
use std::ops::RangeInclusive;

const BEGUN: Nanos = Nanos::from_seconds(1_800_000_000);

/// Performances of a day in a few: half of them behind pauses.
fn check(params: &CoreParams, requests: RangeInclusive<usize>) {
    let mut rehearsal = Rehearsal::new(params).expect("an instrument is quoted");
    let (mut now, mut looked) = (BEGUN, 5);
    for n in 0..20_000_u64 {
        let found = rehearsal.perform(now, looked);
        assert!(found.is_some_and(|found| requests.contains(&found)), "performance {n}: {found:?}");
        assert_eq!(rehearsal.perform(now, looked + EVERY - 1), None, "not yet");
        looked += EVERY;
        now.0 += if n % 2 == 0 { 50_000 } else { 7_000_000_000 };
    }
}

#[test]
fn every_performance_brings_the_requests_of_all_levels() {
    for strategy in ["BasicMarketMaker", "AvellanedaStoikov", "GLFT"] {
        for levels in [1, 3] {
            let over = json!({ "strategy": { "name": strategy, "maxLevels": levels } });
            check(&core_params(&over), 2 * levels..=2 * levels);
        }
    }
}

/// What would keep the engine itself from quoting is no matter to it.
#[test]
fn it_goes_on_whatever_the_limits_are() {
    let tight: [Value; 3] = [
        json!({ "strategy": { "volatilityWarmupMs": 600_000, "minQuoteLifeMs": 60_000 } }),
        json!({ "strategy": { "requoteToleranceTicks": 100 } }),
        json!({ "risk_management": { "circuit_breaker": { "price_move_1min_pct": 0.01 } } }),
    ];
    for over in tight {
        let params = core_params(&over);
        check(&params, 1..=2 * params.instruments[0].quote.levels as usize);
    }
}

#[test]
fn nothing_is_rehearsed_where_nothing_is_quoted() {
    let mut params = core_params(&json!({}));
    params.instruments.iter_mut().for_each(|one| one.quote.enabled = false);
    assert!(Rehearsal::new(&params).is_none());
}

/// Instruments are looked at in turn, and each can be from the first moment on.
#[test]
fn each_instrument_is_looked_at_in_turn() {
    let mut params = core_params(&json!({}));
    let mut second = params.instruments[0].clone();
    second.instrument.id = InstrumentId(1);
    params.instruments.push(second);
    let mut rehearsal = Rehearsal::new(&params).expect("an instrument is quoted");
    let core = Core::new(&params);
    let turns: Vec<_> = (0..4).map(|_| rehearsal.look_at()).collect();
    assert_eq!(turns, [1, 0, 1, 0].map(InstrumentId));
    turns
        .into_iter()
        .for_each(|instrument| assert_eq!(core.glance(instrument), core.glance(instrument)));
}
