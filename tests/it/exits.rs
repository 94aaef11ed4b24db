//! Stop-loss and take-profit through the running program: a position is closed by orders that only
//! reduce, nothing is quoted meanwhile, alerts tell of it, and the journal of it replays.

use crate::engine_rig::{Ended, Home, log_lines};
use crate::web_rig::Served;
use serde_json::{Value, json};

/// A run at most speed with that section, on a market that moves.
fn run(home: &Home, name: &str, risk: &Value) -> Ended {
    home.config("config.json", |config| {
        config["risk"] = risk.clone();
        config["exchange"]["simulator"]["volatility"] = 1.into();
    });
    let line = format!(
        "--config config.json --speed max --duration 120s --data-dir {name} --log-dir {name}_log"
    );
    home.done(&line)
}

/// Every exit of a journal comes to its end, and while one runs only what reduces is asked for.
fn check(home: &Home, folder: &str, reason: &str) {
    home.check_journal(folder);
    let outputs = home.dump("output", folder);
    let (mut running, mut begun, mut takes) = (false, 0, 0);
    for output in &outputs {
        match output["type"].as_str().expect("a type") {
            "exit" => {
                assert_eq!(
                    (&output["reason"], &output["symbol"]),
                    (&reason.into(), &"BTC-USD".into())
                );
                let is_over = output["over"] == true;
                assert_eq!(is_over, running, "{output}");
                running = !is_over;
                begun += u32::from(running);
            }
            "request" if running && output["request"] != "cancel" => {
                let expected = (&"ioc".into(), &true.into());
                assert_eq!((&output["timeInForce"], &output["reduceOnly"]), expected, "{output}");
                takes += 1;
            }
            _ => {}
        }
    }
    assert!(begun > 0 && takes >= begun, "{begun} begun, {takes} orders");
}

#[test]
fn a_position_is_closed_once_it_has_lost_or_earned_enough() {
    let home = Home::new("exits");
    let off = json!({ "stopLossPct": 0, "takeProfitPct": 0 });
    run(&home, "off", &off);
    assert_eq!(home.dump("exit", "off"), Vec::<Value>::new());
    let lost = run(&home, "lost", &json!({ "stopLossPct": 0.01 }));
    check(&home, "lost", "stop_loss");
    let texts = alerts(&lost);
    assert!(texts.contains("[ALERT] [STOP_LOSS] [CRITICAL] BTC-USD: stop_loss: "), "{texts}");
    let earned = run(&home, "earned", &json!({ "takeProfitPct": 0.03 }));
    check(&home, "earned", "take_profit");
    let texts = alerts(&earned);
    assert!(texts.contains("[ALERT] [TAKE_PROFIT] [INFO] BTC-USD: take_profit: "), "{texts}");
}

fn alerts(ended: &Ended) -> String {
    let lines = log_lines(&ended.err, "alert").into_iter();
    lines.map(|line| line["text"].to_string() + "\n").collect()
}

#[test]
fn the_api_shows_where_what_is_held_would_be_closed() {
    let home = Home::new("exits_held");
    home.config("config.json", |config| {
        config["risk"] = json!({ "stopLossPct": 50, "takeProfitPct": 50 });
    });
    let served = Served::start(&home, "--config config.json --speed 10 --duration 1200s");
    served.wait("/api/ready", |answer| answer.status == 200);
    served.wait("/api/positions", |answer| {
        let one = answer.data()[0].clone();
        let amount = |key: &str| one[key].as_str().and_then(|text| text.parse::<f64>().ok());
        amount("stop_loss_at").is_some_and(|at| at < 0.0) && amount("take_profit_at") > Some(0.0)
    });
}

#[test]
fn the_api_shows_what_closes_a_position_and_how_often_it_did() {
    let home = Home::new("exits_web");
    home.config("config.json", |config| {
        config["risk"] = json!({ "stopLossPct": 50, "takeProfitPct": 0.03 });
        config["risk_management"]["auto_hedge"] =
            json!({ "enabled": true, "threshold_pct": 0.5, "interval_ms": 200 });
    });
    // Ten times as fast as the clock: what the market brings in half a minute is chance.
    let served = Served::start(&home, "--config config.json --speed 10 --duration 1200s");
    served.wait("/api/ready", |answer| answer.status == 200);
    let state = served.wait("/api/risk/state", |answer| {
        answer.status == 200 && answer.data()["exits"]["take_profits"].as_u64() > Some(0)
    });
    let exits = &state.data()["exits"];
    assert_eq!((&exits["stop_loss_pct"], &exits["take_profit_pct"]), (&50.0.into(), &0.03.into()));
    let hedge = state.data()["hedge"].clone();
    assert_eq!((&hedge["enabled"], &hedge["threshold_pct"]), (&true.into(), &0.5.into()));
    served.wait("/api/risk/state", |answer| answer.data()["hedge"]["orders"].as_u64() > Some(0));
    let metrics = served.get("/metrics").body;
    let value = |series: &str| {
        let line = metrics.lines().find(|line| line.starts_with(series));
        line.and_then(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
    };
    assert!(value("pinnaclemm_hedge_orders_total ") > Some(0.0), "{metrics}");
    let series = "pinnaclemm_exits_total{symbol=\"BTC-USD\",reason=\"take_profit\"} ";
    assert!(value(series) > Some(0.0), "{metrics}");
    assert_eq!(
        value("pinnaclemm_exit_running{symbol=\"BTC-USD\"} ").map(|it| it <= 1.0),
        Some(true)
    );
}
