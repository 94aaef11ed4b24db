//! A whole section becomes limits in lots and 10⁻¹²; each fault is named where it stands.

use super::super::account::RawAccount;
use super::*;
use crate::types::{Currency, InstrumentId, Product, Symbol, Venue};

const ACCOUNT: &str = r#"{"currency": "USD", "capital": 100000,
    "conversions": [{"currency": "EUR", "instrument": "EUR-USD"},
                    {"currency": "USDT", "rate": "0.999"}]}"#;
const RISK: &str = r#"{"limits": {
    "max_position_size": 10.0, "max_notional_exposure": 1000000, "max_net_exposure": 500000,
    "max_gross_exposure": 2000000, "max_drawdown_pct": 5.0, "daily_loss_limit": 10000,
    "min_order_size": 0.00015, "max_order_size": 1.0, "max_order_value": 50000,
    "max_daily_volume": 100.0, "max_orders_per_second": 100, "cancel_reserve_pct": 25,
    "price_collar_bps": 50, "orders_max": 64, "conversion_age_max_ms": 5000}}"#;

fn table() -> InstrumentTable {
    let mut table = InstrumentTable::new(4);
    let scale = |text: &str| Scale::parse(text.as_bytes()).unwrap();
    for (symbol, tick, lot, step) in [
        ("BTC-USD", "0.01", "0.00000001", "0.0001"),
        ("EUR-USD", "0.0001", "0.01", "0.01"),
        ("BTC-EUR", "0.01", "0.00000001", "0.00000001"),
    ] {
        let (base, quote) = symbol.split_once('-').unwrap();
        let name = |text: &str| Currency::new(text.as_bytes()).unwrap();
        let product = Product {
            symbol: Symbol::new(symbol.as_bytes()).unwrap(),
            base: name(base),
            quote: name(quote),
            tick: scale(tick),
            lot: scale(lot),
            order_step: scale(step),
            trading: true,
        };
        table.add(Venue::CoinbaseExchange, &product).unwrap();
    }
    table
}

/// The sections with one text in place of another, checked: the parameters and the faults.
fn read(from: &str, to: &str) -> (Option<(RiskParams, Vec<InstrumentLimits>)>, String) {
    assert!(from.is_empty() || ACCOUNT.contains(from) || RISK.contains(from), "{from}");
    let text =
        |section: &str| if from.is_empty() { section.into() } else { section.replace(from, to) };
    let account: RawAccount = match serde_json::from_str(&text(ACCOUNT)) {
        Ok(account) => account,
        Err(error) => return (None, error.to_string()),
    };
    let risk: RawRisk = match serde_json::from_str(&text(RISK)) {
        Ok(risk) => risk,
        Err(error) => return (None, error.to_string()),
    };
    let mut faults = Faults::default();
    let account = account.check("account", &table(), &mut faults);
    let params =
        account.map(|account| risk.check("risk_management", &account, &table(), &mut faults));
    let faults: Vec<_> = faults.list().iter().map(ToString::to_string).collect();
    (params, faults.join("\n"))
}

#[test]
fn a_whole_section_becomes_numbers() {
    let (params, faults) = read("", "");
    assert_eq!(faults, "");
    let (params, limits) = params.unwrap();
    let trillion = 1_000_000_000_000_i128;
    assert_eq!(params.capital, 100_000 * trillion);
    assert_eq!(params.drawdown_max, 5_000 * trillion);
    assert_eq!(params.net_exposure_max, 500_000 * trillion);
    assert_eq!(params.rate, RateParams { per_second: 100, reserve: 25 });
    assert_eq!(params.conversion_age_max, Nanos::from_millis(5000));
    assert_eq!(params.conversions.len(), 2);
    let btc = &limits[InstrumentId(0).index()];
    assert_eq!((btc.qty_min, btc.qty_max, btc.qty_step), (15_000, 100_000_000, 10_000));
    assert_eq!((btc.position_max, btc.volume_max), (1_000_000_000, 10_000_000_000));
    assert_eq!((btc.value_max, btc.collar_bps), (50_000 * trillion, 50));
    assert_eq!(limits[1].qty_min, 1, "a least size is rounded up to lots");
    // What the journal's `Start` keeps comes back as it was.
    let text = serde_json::to_string(&(&params, &limits)).unwrap();
    let back: (RiskParams, Vec<InstrumentLimits>) = serde_json::from_str(&text).unwrap();
    assert_eq!(back, (params, limits));
}

#[test]
fn one_symbol_may_differ_in_every_key() {
    let own = r#""per_symbol_limits": [{"symbol": "BTC-EUR", "max_position_size": 2,
        "max_notional_exposure": 7, "daily_loss_limit": 8, "min_order_size": 0.5,
        "max_order_size": 0.75, "max_daily_volume": 3, "price_collar_bps": 9}], "limits": {"#;
    let (params, faults) = read("\"limits\": {", own);
    assert_eq!(faults, "");
    let (_, limits) = params.unwrap();
    let (global, own) = (&limits[0], &limits[2]);
    let trillion = 1_000_000_000_000_i128;
    assert_eq!((own.position_max, own.volume_max), (200_000_000, 300_000_000));
    assert_eq!((own.qty_min, own.qty_max), (50_000_000, 75_000_000));
    assert_eq!((own.notional_max, own.daily_loss_max), (7 * trillion, 8 * trillion));
    assert_eq!((own.collar_bps, own.value_max), (9, global.value_max));
    assert_eq!(global.position_max, 1_000_000_000);
}

#[test]
fn every_limit_must_be_given() {
    let keys = RISK.split('"').filter(|word| word.contains('_'));
    let mut count = 0;
    for key in keys {
        // The key is taken out with its number.
        let begin = RISK.find(&format!("\"{key}\"")).unwrap();
        let end = begin + RISK[begin..].find([',', '}']).unwrap();
        let raw = format!("{}{}", &RISK[..begin], RISK[end..].trim_start_matches(','));
        let raw = raw.replace(", }", "}");
        let risk: RawRisk = serde_json::from_str(&raw).unwrap();
        let mut faults = Faults::default();
        let account: RawAccount = serde_json::from_str(ACCOUNT).unwrap();
        let account = account.check("account", &table(), &mut faults).unwrap();
        let _ = risk.check("risk_management", &account, &table(), &mut faults);
        let path = format!("risk_management.limits.{key}");
        let named = faults.list().iter().any(|f| f.path == path && f.value == "nothing");
        assert!(named, "{key}: {faults:?}");
        count += 1;
    }
    assert_eq!(count, 15);
}

#[test]
fn what_cannot_be_taken_is_named_with_its_place() {
    let check = |from: &str, to: &str, expected: &str| {
        let (_, faults) = read(from, to);
        assert!(faults.contains(expected), "{from} → {to}: {faults}");
    };
    let limits = "risk_management.limits.";
    check("10000,", "0,", &format!("{limits}daily_loss_limit = 0: must be"));
    check("10000,", "-1,", "a sign is not allowed");
    check("10000,", "NaN,", "expected value");
    check("10000,", "\"nan\",", "is no number");
    check("5.0,", "100.1,", &format!("{limits}max_drawdown_pct = 100.1: must be above 0 and"));
    check("500000,", "2000001,", "max_net_exposure = 2000001: must be at most max_gross_exposure");
    check("0.00015", "1.5", &format!("{limits}min_order_size = 1.5: must be at most"));
    check(": 25,", ": 91,", "cancel_reserve_pct = 91: must be from 0 to 90");
    check(": 100,", ": 1,", "cancel_reserve_pct = 25: must be such that");
    check(": 50,", ": 0,", "price_collar_bps = 0: must be from 1 to 5000");
    check(": 64,", ": 16385,", "orders_max = 16385: must be from 1 to 16384");
    check("max_order_value", "max_value", "unknown field `max_value`");
    check(
        "1.0,",
        "0.000000001,",
        "max_order_size = 0.000000001: must be at least a lot of BTC-USD",
    );
    let other = r#""per_symbol_limits": [{"symbol": "X-Y"}], "limits": {"#;
    check("\"limits\": {", other, "per_symbol_limits[0].symbol = X-Y: must be the symbol");
    let twice = r#""per_symbol_limits": [{"symbol": "BTC-USD"}, {"symbol": "BTC-USD",
        "max_order_size": 0}], "limits": {"#;
    check("\"limits\": {", twice, "per_symbol_limits[1].symbol = BTC-USD");
    let own = r#""per_symbol_limits": [{"symbol": "BTC-USD", "max_order_size": 0}], "limits": {"#;
    check("\"limits\": {", own, "risk_management.per_symbol_limits[0].max_order_size = 0");
    check("\"currency\": \"USD\", ", "", "account.currency = nothing");
    check("100000,", "0,", "account.capital = 0: must be an amount above 0");
    check(
        "EUR-USD",
        "BTC-USD",
        "conversions[0].instrument = BTC-USD: must be an instrument of EUR",
    );
    check("\"EUR\"", "\"USD\"", "conversions[0].currency = USD: must be a currency that is not");
    check("\"0.999\"", "0", "conversions[1].rate = 0: must be above 0");
    check("\"rate\": \"0.999\"", "\"instrument\": \"x\", \"rate\": 1", "conversions[1] = both");
    check(", \"rate\": \"0.999\"", "", "conversions[1] = neither");
    let none = r#"{"currency": "EUR", "instrument": "EUR-USD"},"#;
    check(none, "", "account.conversions = without it: must be such that BTC-EUR's EUR");
}
