//! Each limit that an operator may tighten, through the running program: what it refuses, what it
//! halts, and what is told of it; the states that only an operator can bring about; and triggers
//! that need a wall's clock.

#![expect(clippy::unwrap_used, reason = "a test")]

use crate::engine_rig::{Home, text};
use crate::web_rig::{Answer, Served, TOKEN};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const REASON: &str = r#"{"reason":"a test"}"#;

/// Sets limits, or gives them back where the value is `null`.
fn tighten(served: &Served, limits: &Value) {
    let token = format!("Authorization: Bearer {TOKEN}");
    let fields = [token.as_str(), "Content-Type: application/json"];
    let body = json!({"reason": "a test", "limits": limits}).to_string();
    let said = served.ask("PATCH /api/risk/limits", &fields, &body);
    assert_eq!((said.status, &said.json()["data"]["verdict"]), (200, &"taken".into()), "{said:?}");
}

fn command(served: &Served, name: &str) -> Value {
    served.command(name, REASON).data()
}

/// Waits until an alert of that type and source is there.
fn alerted(served: &Served, kind: &str, source: &str) {
    served.wait("/api/risk/alerts", |answer| {
        let all = answer.data()["recent_alerts"].clone();
        all.as_array().unwrap().iter().any(|one| one["type"] == kind && one["source"] == source)
    });
}

fn is_ready(served: &Served) {
    served.wait("/api/ready", |answer| answer.status == 200);
}

fn halted(served: &Served, reason: &str) {
    served.wait("/api/ready", |answer| answer.body.contains(&format!("halted:{reason}")));
}

/// An amount of `/api/pnl`.
fn earned(served: &Served, key: &str) -> f64 {
    text(&served.get("/api/pnl").data()[key]).parse().unwrap()
}

fn held(answer: &Answer) -> f64 {
    text(&answer.data()[0]["quantity"]).parse().unwrap()
}

/// An engine that quotes close to the market, leans towards a position, and pays much to take: so
/// that it holds something soon, and to flatten it costs.
fn leaning(home: &Home, change: impl FnOnce(&mut Value)) -> Served {
    let served = leaning_from_the_start(home, change);
    is_ready(&served);
    served.wait("/api/positions", |answer| held(answer).abs() > 0.0);
    served
}

/// The same before anything is known of it.
fn leaning_from_the_start(home: &Home, change: impl FnOnce(&mut Value)) -> Served {
    home.config("c.json", |config| {
        for (key, value) in [
            ("targetPosition", 0.5),
            ("inventorySkewFactor", 1.0),
            ("baseSpreadBps", 1.0),
            ("minSpreadBps", 1.0),
            ("edgeBps", 0.0),
        ] {
            config["strategy"][key] = value.into();
        }
        // Refusals shall not use up what quotes may be asked for.
        config["strategy"]["requestsPerSecond"] = 70.into();
        config["strategy"]["requestsBurst"] = 140.into();
        let venue = &mut config["exchange"]["simulator"];
        venue["makerFeeBps"] = 0.into();
        venue["takerFeeBps"] = 50.into();
        venue["participants"]["taker"]["ratePerMinute"] = 600.into();
        config["risk_management"]["alerts"]["min_interval_ms"] = 100.into();
        config["risk_management"]["alerts"]["warning_threshold_pct"] = 1.into();
        config["risk_management"]["circuit_breaker"]["enabled"] = false.into();
        change(config);
    });
    Served::commanded(home, "--config c.json --duration 300s --data-dir d")
}

#[test]
fn each_limit_that_is_tightened_refuses_or_halts_by_name_and_is_told_of() {
    let home = Home::new("tightened");
    let served = leaning(&home, |_| {});
    for (limits, code, alert) in [
        (json!({"max_order_value": 10}), "ORDER_SIZE_LIMIT", None),
        (json!({"max_position_size": 0.0001}), "POSITION_LIMIT", Some("POSITION_BREACH BTC-USD")),
        (json!({"max_daily_volume": 0.0001}), "VOLUME_LIMIT", Some("VOLUME_BREACH BTC-USD")),
        (json!({"max_notional_exposure": 1}), "EXPOSURE_LIMIT", Some("EXPOSURE_BREACH BTC-USD")),
        (
            json!({"max_net_exposure": 1, "max_gross_exposure": 1}),
            "EXPOSURE_LIMIT",
            Some("EXPOSURE_BREACH account"),
        ),
        (json!({"max_orders_per_second": 3}), "RATE_LIMIT", Some("ORDER_RATE_BREACH account")),
    ] {
        tighten(&served, &limits);
        let named = format!("refused:REJECTED_{code}");
        served.wait("/api/quotes", |answer| answer.body.contains(&named));
        if let Some((kind, source)) = alert.and_then(|alert: &str| alert.split_once(' ')) {
            alerted(&served, kind, source);
        }
        let keys = limits.as_object().unwrap().keys();
        tighten(&served, &keys.map(|key| (key.clone(), Value::Null)).collect());
    }
    alerted(&served, "POSITION_WARNING", "BTC-USD");

    // Everything is sold at a price that costs: a loss that stands.
    command(&served, "flatten");
    halted(&served, "flatten");
    served.wait("/api/positions", |answer| held(answer) == 0.0);
    let loss = -earned(&served, "today");
    let drawdown = earned(&served, "drawdown");
    assert!(loss > 0.01 && drawdown > 0.01, "{loss} {drawdown}");
    // The capital is 100,000, so a thousandth of it is the tenth of a percent.
    let percent = |times: f64| format!("{:.9}", drawdown * times / 1000.0);
    let amount = |times: f64| format!("{:.9}", loss * times);
    tighten(&served, &json!({"max_drawdown_pct": percent(10.0), "daily_loss_limit": amount(10.0)}));
    alerted(&served, "DRAWDOWN_WARNING", "account");
    alerted(&served, "DAILY_LOSS_WARNING", "account");
    tighten(&served, &json!({"max_drawdown_pct": percent(0.5)}));
    let said = command(&served, "resume");
    let state = (&said["trading_state"], &said["state_reason"]);
    assert_eq!(state, (&"HALTED".into(), &"drawdown_limit".into()), "what is reached still halts");
    alerted(&served, "DRAWDOWN_BREACH", "account");
    tighten(&served, &json!({"daily_loss_limit": amount(0.5)}));
    // That resume counts the drawdown from here on; the loss of the day is the next to halt.
    assert_eq!(command(&served, "resume")["state_reason"], "daily_loss_limit");
    alerted(&served, "DAILY_LOSS_BREACH", "account");
    // And in spite of that one: nothing grows today, but the halt is over.
    assert_eq!(command(&served, "resume")["trading_state"], "ACTIVE");
    served.wait("/api/quotes", |answer| answer.body.contains("refused:REJECTED_DAILY_LOSS_LIMIT"));
    is_ready(&served);
    served.engine.signal("TERM");
    assert_eq!(served.engine.end().code, 0);
    home.check_journal("d");
}

/// REDUCING quotes one side, and only what is held; a flatten waits for a book that can be trusted.
#[test]
fn an_operator_reduces_and_a_flatten_waits_for_the_venue() {
    let home = Home::new("reduced");
    let served = leaning(&home, |config| {
        config["exchange"]["simulator"]["faults"] =
            json!([{"kind": "disconnect", "atMs": 12_000, "forMs": 3000}]);
    });
    assert_eq!(command(&served, "reduce")["trading_state"], "REDUCING");
    is_ready(&served);
    assert_eq!(served.get("/api/risk/state").data()["is_halted"], false);
    let reducing = |answer: &Answer| {
        let quote = answer.data()[0].clone();
        quote["bid"]["withheld"] == "reduce_only" && quote["bid"]["quote"].is_null()
    };
    served.wait("/api/quotes", reducing);
    let before = held(&served.get("/api/positions"));
    assert!(before > 0.0, "{before}");
    // No order is left, so nothing but the book is in the way of the flatten's own.
    command(&served, "halt");
    served.wait("/api/orders", |answer| answer.data()["open"] == 0);
    let lost = |answer: &Answer| answer.body.contains("book_stale:BTC-USD:disconnected");
    served.wait("/api/ready", lost);
    let kept = held(&served.get("/api/positions"));
    assert!(kept > 0.0 && kept <= before, "nothing grows: {kept} of {before}");
    command(&served, "flatten");
    halted(&served, "flatten");
    served.wait("/api/positions", |answer| held(answer) == 0.0);
    served.engine.signal("TERM");
    assert_eq!(served.engine.end().code, 0);
    home.check_journal("d");
    let refusals = home.dump("refusal", "d");
    assert!(refusals.iter().any(|one| one["code"] == "REJECTED_STALE_BOOK"), "{refusals:?}");
}

/// An engine that needs more than a microsecond is slow, by this config: the breaker opens.
#[test]
fn an_engine_that_is_slow_trips_the_breaker() {
    let home = Home::new("slow");
    home.config("c.json", |config| {
        config["risk_management"]["circuit_breaker"]["max_latency_us"] = 1.into();
        config["risk_management"]["limits"]["max_orders_per_second"] = 2000.into();
        for (key, value) in [
            ("requestsPerSecond", 1000),
            ("requestsBurst", 1000),
            ("requoteToleranceTicks", 0),
            ("minQuoteLifeMs", 0),
        ] {
            config["strategy"][key] = value.into();
        }
    });
    let served = Served::start(&home, "--config c.json --duration 120s --data-dir d");
    is_ready(&served);
    served.wait("/api/ready", |answer| {
        answer.body.contains("breaker_open:LATENCY_DEGRADATION")
            && answer.body.contains("unhealthy:latency_high")
    });
    alerted(&served, "LATENCY_WARNING", "latency_high");
    alerted(&served, "CIRCUIT_BREAKER_OPEN", "account");
    let breaker = served.get("/api/risk/circuit-breaker").data();
    let state = (&breaker["state"], &breaker["last_trigger"]);
    assert_eq!(state, (&"OPEN".into(), &"LATENCY_DEGRADATION".into()), "{breaker}");
    served.engine.signal("TERM");
    assert_eq!(served.engine.end().code, 0);
    home.check_journal("d");
}

/// A loss of before, and a file that has allowed less since. Where nothing is held no price changes
/// what was lost, so nothing halts; what would grow is refused by name.
#[test]
fn a_drawdown_of_before_refuses_what_grows_under_a_tighter_file() {
    let home = Home::new("drawdown_before");
    let served = leaning(&home, |_| {});
    command(&served, "flatten");
    halted(&served, "flatten");
    served.wait("/api/positions", |answer| held(answer) == 0.0);
    let drawdown = earned(&served, "drawdown");
    assert!(drawdown > 0.01, "{drawdown}");
    // Open, so that nothing is bought between the end of the halt and that of the process.
    command(&served, "risk/circuit-breaker/trip");
    assert_eq!(command(&served, "resume")["trading_state"], "ACTIVE");
    served.engine.signal("TERM");
    assert_eq!(served.engine.end().code, 0);

    let served = leaning_from_the_start(&home, |config| {
        // Half of it, in percent of 100,000.
        config["risk_management"]["limits"]["max_drawdown_pct"] = (drawdown / 2000.0).into();
    });
    served.wait("/api/startup", |answer| answer.status == 200);
    command(&served, "risk/circuit-breaker/reset");
    served.wait("/api/quotes", |answer| answer.body.contains("refused:REJECTED_DRAWDOWN_LIMIT"));
    alerted(&served, "DRAWDOWN_BREACH", "account");
    let now = served.get("/api/risk/state").data();
    assert_eq!(now["is_halted"], false, "{now}");
    served.engine.signal("TERM");
    assert_eq!(served.engine.end().code, 0);
    home.check_journal("d");
}

/// The hedge takes what the quoter, who has no message left, does not offer; what the quoter
/// proposes next would come to more than is held. It hangs on who is first: some tries are made.
#[test]
fn what_the_hedge_has_on_its_way_is_not_offered_again() {
    let home = Home::new("reduce_only");
    let served = leaning(&home, |config| {
        for (key, value) in [
            ("maxLevels", 1),
            ("requestsPerSecond", 1),
            ("requestsBurst", 1),
            ("requestsKeptForCancels", 0),
            ("requoteToleranceTicks", 0),
            ("minQuoteLifeMs", 0),
        ] {
            config["strategy"][key] = value.into();
        }
        // Orders come in at once, and what became of them is heard late.
        config["exchange"]["simulator"]["reportLatencyUs"] = 1_500_000.into();
        let hedge = json!({"enabled": true, "threshold_pct": 50, "interval_ms": 100});
        config["risk_management"]["auto_hedge"] = hedge;
    });
    for _ in 0..6 {
        served.wait("/api/positions", |answer| held(answer) > 0.0);
        command(&served, "reduce");
        tighten(&served, &json!({"max_position_size": 0.0001}));
        let begun = Instant::now();
        let mut is_seen = false;
        while !is_seen && begun.elapsed() < Duration::from_secs(5) {
            std::thread::sleep(Duration::from_millis(20));
            let quotes = served.get("/api/quotes");
            is_seen = quotes.body.contains("refused:REJECTED_REDUCE_ONLY");
        }
        if is_seen {
            break;
        }
        tighten(&served, &json!({"max_position_size": null}));
        assert_eq!(command(&served, "resume")["trading_state"], "ACTIVE");
    }
    served.engine.signal("TERM");
    assert_eq!(served.engine.end().code, 0);
    home.check_journal("d");
    let refusals = home.dump("refusal", "d");
    let of = |code: &str| refusals.iter().filter(|one| one["code"] == code).count();
    assert!(of("REJECTED_REDUCE_ONLY") > 0, "{refusals:?}");
    // The quoter never asks for what it does not have: both halves hear the same of every order.
    assert_eq!(of("REJECTED_UNKNOWN_ORDER"), 0, "{refusals:?}");
}
