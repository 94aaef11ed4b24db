//! Every key of the section works, and each fault is named.

use super::*;
use crate::types::Nanos;

fn symbols() -> [Symbol; 2] {
    ["BTC-USD", "ETH-USD"].map(|name| Symbol::new(name.as_bytes()).unwrap())
}

fn read(text: &str) -> (SimulatorParams, Vec<String>) {
    let raw: RawSimulator = serde_json::from_str(text).unwrap();
    let mut faults = Faults::default();
    let params = raw.check("s", &symbols(), &mut faults);
    (params, faults.list().iter().map(ToString::to_string).collect())
}

#[test]
fn the_usual_section_has_no_fault_and_survives_its_text() {
    let (params, faults) = read("{}");
    assert_eq!(faults, [""; 0]);
    let prices: Vec<_> = params.markets.iter().map(|m| m.start_price.0).collect();
    assert_eq!(prices, [6_000_000, 300_000]);
    assert_eq!(params.markets[0].step_lots(), 1);
    let text = serde_json::to_string(&RawSimulator::default()).unwrap();
    assert_eq!(read(&text).0, params);
    let text = serde_json::to_string(&params).unwrap();
    assert_eq!(serde_json::from_str::<SimulatorParams>(&text).unwrap(), params);
}

/// Sets a key (`a.b.c` nests) and tells whether something comes out that is not the usual.
#[test]
fn every_key_works() {
    let usual = read("{}").0;
    for (key, value) in [
        ("volatility", "0.2"),
        ("drift", "0.1"),
        ("jumpsPerHour", "1"),
        ("jumpBps", "1"),
        ("tickSize", "0.05"),
        ("lotSize", "\"0.0001\""),
        ("orderStep", "0.001"),
        ("startPrice", "10000"),
        ("markets.BTC-USD.volatility", "0.2"),
        ("markets.BTC-USD.drift", "0.1"),
        ("markets.BTC-USD.tickSize", "0.5"),
        ("markets.BTC-USD.lotSize", "0.001"),
        ("markets.ETH-USD.orderStep", "0.1"),
        ("markets.ETH-USD.startPrice", "2000"),
        ("participants.taker.count", "1"),
        ("participants.taker.ratePerMinute", "1"),
        ("participants.taker.notional", "1"),
        ("participants.maker.count", "1"),
        ("participants.maker.ratePerMinute", "1"),
        ("participants.maker.notional", "1"),
        ("participants.maker.spreadBps", "1"),
        ("participants.maker.lagMs", "1"),
        ("participants.noise.count", "1"),
        ("participants.noise.ratePerMinute", "1"),
        ("participants.noise.notional", "1"),
        ("participants.noise.depthBps", "1"),
        ("participants.arbitrageur.count", "1"),
        ("participants.arbitrageur.ratePerMinute", "1"),
        ("participants.arbitrageur.notional", "1"),
        ("participants.arbitrageur.edgeBps", "2"),
        ("feedLatencyUs", "1"),
        ("feedJitterUs", "1"),
        ("orderLatencyUs", "1"),
        ("orderJitterUs", "1"),
        ("reportLatencyUs", "1"),
        ("reportJitterUs", "1"),
        ("makerFeeBps", "-0.5"),
        ("takerFeeBps", "6.25"),
        ("cancelOnDisconnect", "true"),
        ("faults", r#"[{"kind": "stall", "atMs": 5, "forMs": 5}]"#),
    ] {
        let text = key
            .rsplit('.')
            .fold(value.to_string(), |inner, name| format!("{{\"{name}\": {inner}}}"));
        let (params, faults) = read(&text);
        assert_eq!(faults, [""; 0], "{key}");
        assert_ne!(params, usual, "{key} does nothing");
    }
    for unknown in [r#"{"enabled": true}"#, r#"{"participants": {"taker": {"size": 1}}}"#] {
        assert!(serde_json::from_str::<RawSimulator>(unknown).is_err(), "{unknown}");
    }
}

#[test]
fn every_fault_is_named() {
    let check = |text: &str, expected: &[&str]| assert_eq!(read(text).1, expected, "{text}");
    check(r#"{"volatility": -1}"#, &["s.volatility = -1: must be from 0 to 10"; 2]);
    check(
        r#"{"markets": {"ETH-USD": {"drift": 11}}}"#,
        &["s.markets.ETH-USD.drift = 11: must be from -10 to 10"],
    );
    check(
        r#"{"markets": {"../x y": {}}}"#,
        &["s.markets = ../x y: must be the symbol of an instrument"],
    );
    check(
        r#"{"jumpsPerHour": -1, "jumpBps": -1}"#,
        &[
            "s.jumpsPerHour = -1: must be from 0 to 1000000",
            "s.jumpBps = -1: must be from 0 to 1000",
        ],
    );
    check(r#"{"tickSize": 0}"#, &["s.tickSize = 0: must be a step above zero"; 2]);
    check(
        r#"{"lotSize": 0.00000000001}"#,
        &["s.lotSize = 0.00000000001: must be at most twelve decimals together with tickSize"; 2],
    );
    check(
        r#"{"orderStep": 0.000015}"#,
        &["s.orderStep = 0.000015: must be a whole number of lots"; 2],
    );
    check(
        r#"{"startPrice": 0.005}"#,
        &["s.startPrice = 0.005: must be a whole number of ticks from 100 to 1000000000000"; 2],
    );
    check(
        r#"{"participants": {"taker": {"count": 1001, "ratePerMinute": -1, "notional": 0}}}"#,
        &[
            "s.participants.taker.count = 1001: must be from 0 to 1000",
            "s.participants.taker.ratePerMinute = -1: must be from 0 to 1000000",
            "s.participants.taker.notional = 0: must be from 0.01 to 1000000000",
        ],
    );
    check(
        r#"{"feedJitterUs": 10000001}"#,
        &["s.feedJitterUs = 10000001: must be from 0 to 10000000"],
    );
    check(
        r#"{"makerFeeBps": 0.005}"#,
        &["s.makerFeeBps = 0.005: must be a number with at most two decimals"],
    );
    check(r#"{"takerFeeBps": 101}"#, &["s.takerFeeBps = 101: must be from -100 to 100"]);
    check(
        r#"{"faults": [{"kind": "flood", "forMs": 1}, {"kind": "stall", "forMs": 0},
            {"kind": "late_fill", "atMs": 1, "forMs": 5, "everyMs": 5, "offsetMs": 3}]}"#,
        &[
            "s.faults[0].kind = flood: must be one of disconnect, stall, reject_all, rate_limited, \
             lost_ack, late_fill, clock_offset",
            "s.faults[1].forMs = 0: must be from 1 to 604800000",
            "s.faults[1].atMs = nothing: must be given, or everyMs",
            "s.faults[2].everyMs = 5: must be longer than forMs",
            "s.faults[2].delayMs = nothing: must be given with this kind",
            "s.faults[2].offsetMs = 3: must be left out but with clock_offset",
        ],
    );
    let mut faults = Faults::default();
    let odd = [Symbol::new(b"BTCUSD").unwrap()];
    let _ = RawSimulator::default().check("s", &odd, &mut faults);
    assert_eq!(
        faults.list()[0].to_string(),
        "s symbol = BTCUSD: must be two currencies, such as BTC-USD"
    );
    let at = read(r#"{"faults": [{"kind": "stall", "everyMs": 20, "forMs": 5}]}"#).0.faults[0];
    assert_eq!((at.at, at.every), (Nanos(20_000_000), Some(Nanos(20_000_000))));
}
