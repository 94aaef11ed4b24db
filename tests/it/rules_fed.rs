//! What feeds the rules of risk, how much of each limit is used, and what is told of both, through
//! the running program and on a bad night.

use crate::engine_rig::{Home, log_lines};
use crate::web_rig::{Answer, Served};
use serde_json::{Value, json};

fn rule<'a>(rules: &'a Value, name: &str) -> &'a Value {
    let all = rules.as_array().unwrap_or_else(|| panic!("no rules: {rules}"));
    all.iter().find(|row| row["rule"] == name).unwrap_or_else(|| panic!("no {name}: {rules}"))
}

#[test]
fn a_feed_that_stands_still_starves_the_rules_by_name() {
    let home = Home::new("rules_starve");
    home.config("config.json", |config| {
        let risk = &mut config["risk_management"];
        risk["circuit_breaker"]["prices_deadline_ms"] = 400.into();
        risk["circuit_breaker"]["trades_deadline_ms"] = 60_000.into();
        risk["var"]["sample_interval_ms"] = 200.into();
        config["risk"] = json!({ "stopLossPct": 3, "takeProfitPct": 5 });
        config["exchange"]["simulator"]["faults"] =
            json!([{ "kind": "stall", "atMs": 3000, "forMs": 2000 }]);
    });
    let served = Served::start(&home, "--config config.json --duration 120s");
    served.wait("/api/ready", |answer| answer.status == 200);
    let late = served.wait("/api/ready", |answer| answer.body.contains("starved:prices:BTC-USD"));
    assert_eq!(late.status, 503, "{late:?}");
    let starved = |answer: &Answer| {
        rule(&answer.data()["rules"], "RAPID_PRICE_MOVE_1MIN")["status"] == "starved"
    };
    let rules = served.wait("/api/risk/circuit-breaker", starved).data()["rules"].clone();
    for name in ["RAPID_PRICE_MOVE_5MIN", "SPREAD_WIDENING", "MARKET_CRISIS"] {
        let row = rule(&rules, name);
        assert_eq!((&row["fed_by"], &row["status"]), (&"prices".into(), &"starved".into()));
        assert_eq!((&row["symbol"], &row["deadline_ms"]), (&"BTC-USD".into(), &400.into()));
        assert!(row["samples"].as_u64() > Some(0) && row["last_fed"].as_u64() > Some(0), "{row}");
    }
    // What has learned too little lacks data, and that is no fault.
    let volume = rule(&rules, "VOLUME_SPIKE");
    assert_eq!(
        (&volume["fed_by"], &volume["status"]),
        (&"trades".into(), &"insufficient data".into())
    );
    let all = served.get("/api/risk/state").data()["rules"].clone();
    for name in ["max_drawdown_pct", "daily_loss_limit", "stop_loss", "take_profit"] {
        assert_eq!(rule(&all, name)["fed_by"], "prices", "{name}");
    }
    for (name, by) in [
        ("max_position_size", "fills"),
        ("max_orders_per_second", "requests"),
        ("LATENCY_DEGRADATION", "latency"),
        ("CONNECTIVITY_LOSS", "inputs"),
        ("var_limit_pct", "var"),
    ] {
        assert_eq!(rule(&all, name)["fed_by"], by, "{name}");
    }
    // Value at risk is fed by time: its samples stand still with the inputs.
    let metrics = served.get("/metrics").body;
    let starved = "pinnaclemm_rule_starved{rule=\"MARKET_CRISIS\",symbol=\"BTC-USD\"} ";
    assert!(metrics.contains(starved), "{metrics}");
    served.wait("/api/ready", |answer| answer.status == 200);
    served.engine.signal("TERM");
    let ended = served.engine.end();
    let told = log_lines(&ended.err, "alert");
    let told: Vec<_> = told.iter().filter(|line| line["type"] == "INPUT_STARVED").collect();
    assert!(told.iter().any(|line| line["source"] == "prices:BTC-USD"), "{}", ended.err);
}

/// The usage of that limit, as `/api/risk/limits` has it.
fn usage(limits: &Value, key: &str, symbol: &Value) -> Value {
    let rows = limits["usage"].as_array().expect("rows");
    let found = rows.iter().find(|row| row["key"] == key && row["symbol"] == *symbol);
    found.unwrap_or_else(|| panic!("no {key}: {limits}")).clone()
}

#[test]
fn a_limit_is_told_of_before_it_is_reached() {
    let home = Home::new("rules_soft");
    home.config("config.json", |config| {
        let limits = &mut config["risk_management"]["limits"];
        for key in ["max_notional_exposure", "max_net_exposure", "max_gross_exposure"] {
            limits[key] = 1300.into();
        }
        limits["max_daily_volume"] = 0.05.into();
        limits["max_orders_per_second"] = 10.into();
        config["strategy"]["requestsPerSecond"] = 8.into();
        config["strategy"]["requestsBurst"] = 8.into();
        config["strategy"]["requestsKeptForCancels"] = 1.into();
        config["strategy"]["maxLevels"] = 1.into();
        config["risk_management"]["alerts"]["warning_threshold_pct"] = 30.into();
    });
    let served = Served::start(&home, "--config config.json --duration 120s");
    served.wait("/api/ready", |answer| answer.status == 200);
    let none = Value::Null;
    let near = |key: &'static str, symbol: Value| {
        move |answer: &Answer| {
            let row = usage(&answer.data(), key, &symbol);
            row["status"] != "ok" && row["used_pct"].as_f64() >= Some(30.0)
        }
    };
    let limits = served.wait("/api/risk/limits", near("max_gross_exposure", none.clone()));
    assert_eq!(limits.data()["soft_pct"], 30);
    served.wait("/api/risk/limits", near("max_notional_exposure", "BTC-USD".into()));
    served.wait("/api/risk/limits", near("max_net_exposure", none.clone()));
    served.wait("/api/risk/limits", near("max_daily_volume", "BTC-USD".into()));
    let limits = served.get("/api/risk/limits").data();
    for (key, symbol) in [
        ("max_position_size", "BTC-USD".into()),
        ("daily_loss_limit", "BTC-USD".into()),
        ("daily_loss_limit", none.clone()),
        ("max_drawdown_pct", none.clone()),
        ("max_orders_per_second", none),
    ] {
        let row = usage(&limits, key, &symbol);
        assert!(row["used"].is_string() && row["limit"].is_string(), "{row}");
    }
    let metrics = served.get("/metrics").body;
    assert!(
        metrics.contains("pinnaclemm_limit_used_ratio{limit=\"max_gross_exposure\",symbol=\"\"} ")
    );
    let told = |kind: &'static str, source: &'static str| {
        move |answer: &Answer| {
            let all = answer.data()["recent_alerts"].clone();
            all.as_array().unwrap().iter().any(|one| one["type"] == kind && one["source"] == source)
        }
    };
    served.wait("/api/risk/alerts", told("EXPOSURE_WARNING", "account"));
    served.wait("/api/risk/alerts", told("EXPOSURE_WARNING", "BTC-USD"));
    served.wait("/api/risk/alerts", told("VOLUME_WARNING", "BTC-USD"));
    served.wait("/api/risk/alerts", told("ORDER_RATE_WARNING", "account"));
}
