//! The section `strategy`: its defaults, every key, every fault.

use super::{Faults, StrategyConfig};
use crate::engine::quote::{Fees, QuoteParams};
use crate::types::{Currency, Instrument, InstrumentId, Qty, Scale, Symbol, Venue};

fn instrument() -> Instrument {
    Instrument {
        id: InstrumentId(0),
        venue: Venue::Kraken,
        symbol: Symbol::new(b"BTC-USD").unwrap(),
        base: Currency::new(b"BTC").unwrap(),
        quote: Currency::new(b"USD").unwrap(),
        tick: Scale::power_of_ten(2),
        lot: Scale::power_of_ten(8),
        order_step: Scale::power_of_ten(5),
    }
}

fn checked(json: &str, maker_bps: f64) -> (QuoteParams, Vec<String>) {
    let config: StrategyConfig = serde_json::from_str(json).unwrap();
    let mut faults = Faults::default();
    let fees = Fees { maker_bps, taker_bps: 5.0 };
    let params = config.check("strategy", &mut faults, &instrument(), fees);
    (params, faults.list().iter().map(ToString::to_string).collect())
}

#[test]
fn the_defaults_are_taken_and_a_file_says_the_same_when_written_and_read() {
    let (params, faults) = checked("{}", 1.0);
    assert_eq!(faults, [""; 0]);
    assert_eq!((params.size.order, params.size.step), (Qty(1_000_000), Qty(1_000)));
    assert!(params.can_replace && (params.spread.fees_bps - 3.0).abs() < 1e-12);
    let written = serde_json::to_string(&StrategyConfig::default()).unwrap();
    let read: StrategyConfig = serde_json::from_str(&written).unwrap();
    assert_eq!(read, StrategyConfig::default());
    let written = serde_json::to_string(&params).unwrap();
    assert_eq!(serde_json::from_str::<QuoteParams>(&written).unwrap(), params);
}

#[test]
fn every_key_does_something() {
    let (usual, _) = checked(r#"{"name":"AvellanedaStoikov"}"#, 1.0);
    let (basic, _) = checked("{}", 1.0);
    let values = [
        r#""enabled":false"#,
        r#""name":"GLFT""#,
        r#""fairValue":"mid""#,
        r#""baseSpreadBps":11"#,
        r#""minSpreadBps":6"#,
        r#""maxSpreadBps":51"#,
        r#""edgeBps":0.7"#,
        r#""volatilityFactor":2"#,
        r#""imbalanceFactor":0.6"#,
        r#""imbalanceThreshold":0.4"#,
        r#""imbalanceLevels":5"#,
        r#""orderQuantity":0.02"#,
        r#""minOrderQuantity":0.002"#,
        r#""maxOrderQuantity":2"#,
        r#""targetPosition":-1"#,
        r#""maxPosition":"11""#,
        r#""inventorySkewFactor":0.6"#,
        r#""maxLevels":4"#,
        r#""priceLevelSpacing":0.2"#,
        r#""requoteToleranceTicks":3"#,
        r#""minQuoteLifeMs":7"#,
        r#""useReplace":false"#,
        r#""volatilityHalfLifeMs":500"#,
        r#""volatilitySampleMs":50"#,
        r#""volatilityWarmupMs":5"#,
        r#""gamma":0.02"#,
        r#""horizonMs":50"#,
        r#""arrivalRate":2"#,
        r#""arrivalDecay":0.6"#,
        r#""arrivalHalfLifeMs":5000"#,
        r#""requestsPerSecond":21"#,
        r#""requestsBurst":41"#,
        r#""requestsKeptForCancels":11"#,
    ];
    for value in values {
        let (a, faults) = checked(&format!("{{{value}}}"), 1.0);
        let named = if value.contains("name") { value } else { r#""name":"AvellanedaStoikov""# };
        let both = if named == value { value.into() } else { format!("{named},{value}") };
        let (b, more) = checked(&format!("{{{both}}}"), 1.0);
        assert!(faults.is_empty() && more.is_empty(), "{value} {faults:?} {more:?}");
        assert!(a != basic || b != usual, "{value} does nothing");
    }
    let keys = serde_json::to_value(StrategyConfig::default()).unwrap();
    assert_eq!(keys.as_object().unwrap().len(), values.len());
    assert!(serde_json::from_str::<StrategyConfig>(r#"{"unknown":1}"#).is_err());
}

#[test]
fn what_cannot_be_taken_is_named_with_its_path() {
    let check = |json: &str, expected: &str| {
        let (_, faults) = checked(json, 2.0);
        assert_eq!(faults.join("\n"), expected, "{json}");
    };
    check(r#"{"minSpreadBps":20}"#, "strategy.minSpreadBps = 20: must be at most baseSpreadBps");
    check(
        r#"{"baseSpreadBps":-3,"minSpreadBps":-4}"#,
        "strategy.baseSpreadBps = -3: must be from 0.01 to 5000\n\
         strategy.minSpreadBps = -4: must be from 0 to 5000",
    );
    check(
        r#"{"edgeBps":30}"#,
        "strategy.maxSpreadBps = 50: must be at least 64: maker fee and edge of both sides",
    );
    check(
        r#"{"orderQuantity":0.000001,"minOrderQuantity":0}"#,
        "strategy.orderQuantity = 0.000001: must be a multiple of 0.00001000, the step of \
         BTC-USD\nstrategy.minOrderQuantity = 0: must be above zero",
    );
    check(
        r#"{"targetPosition":-10.1,"maxLevels":9,"requestsBurst":5}"#,
        "strategy.targetPosition = -10.1: must be at most maxPosition either way\n\
         strategy.maxLevels = 9: must be from 1 to 8\n\
         strategy.requestsKeptForCancels = 10: must be below requestsBurst",
    );
    assert!(serde_json::from_str::<StrategyConfig>(r#"{"orderQuantity":-1}"#).is_err());
    assert!(serde_json::from_str::<StrategyConfig>(r#"{"gamma":NaN}"#).is_err());
}
