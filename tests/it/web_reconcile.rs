//! `reconcile` over the API and the command line: the venue is asked about every order, and says so.

#![expect(clippy::unwrap_used, reason = "a test")]

use crate::engine_rig::{Home, ended};
use crate::web_rig::{Answer, Served};

#[test]
fn the_venue_is_asked_about_every_order_and_the_answers_are_counted() {
    let home = Home::new("web_reconcile");
    let served = Served::commanded(&home, "--duration 120s --data-dir data");
    served.wait("/api/ready", |answer| answer.status == 200);
    served.wait("/api/orders", |answer| answer.data()["open"].as_u64() > Some(0));
    assert_eq!(served.ask("POST /api/reconcile", &[], "").status, 401);
    assert_eq!(served.get("/api/reconcile").status, 405);
    let said = served.command("reconcile", r#"{"reason":"a test","who":"me"}"#).data();
    assert_eq!((&said["command"], &said["verdict"]), (&"reconcile".into(), &"taken".into()));
    assert_eq!(said["trading_state"], "ACTIVE", "it changes no state");
    let done = |answer: &Answer| {
        let one = answer.data()["reconcile"].clone();
        one["count"] == 1 && one["asked"].as_u64() > Some(0) && one["pending"] == 0
    };
    let state = served.wait("/api/risk/state", done).data()["reconcile"].clone();
    let count = |key: &str| state[key].as_u64().unwrap();
    assert_eq!((count("positions_told"), count("positions_differ")), (1, 0), "{state}");
    assert_eq!(count("open") + count("absent"), count("asked"), "{state}");
    assert!(state["time"].as_u64() > Some(0), "{state}");
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_pinnaclemm"));
    let line = format!("reconcile --reason test --api {}", served.api);
    command.current_dir(home.path("")).args(line.split_whitespace());
    command.env("PINNACLE_TOKEN_FILE", "token").env_remove("PINNACLE_CONFIG_PATH");
    let twice = ended(&mut command);
    assert!(twice.code == 0 && twice.out.contains("reconcile: taken"), "{}", twice.out);
    served.wait("/api/risk/state", |answer| answer.data()["reconcile"]["count"] == 2);
    let metrics = served.get("/metrics").body;
    assert!(metrics.contains("pinnaclemm_reconciles_total 2"), "{metrics}");
    served.engine.signal("TERM");
    assert_eq!(served.engine.end().code, 0);

    // Who and why are written down; each question is an output, and an input whose answer follows.
    home.check_journal("data");
    let inputs = home.dump("input", "data");
    let asked = inputs.iter().find(|line| line["who"] == "me").unwrap();
    assert_eq!((&asked["input"], &asked["command"]), (&said["sequence"], &"reconcile".into()));
    let questions: Vec<_> = home
        .dump("query", "data")
        .into_iter()
        .filter(|one| one["input"] == asked["input"] && one["position"] != true)
        .collect();
    assert_eq!(questions.len() as u64, count("asked"));
    for question in &questions {
        let of = |line: &&serde_json::Value, event: &str| {
            line["order"] == question["order"] && line["event"] == event
        };
        assert!(inputs.iter().any(|line| of(&line, "query")), "{question}");
        let answered = |line: &serde_json::Value| of(&line, "open") || of(&line, "absent");
        assert!(inputs.iter().any(answered), "{question}");
    }
}

/// What a venue would hold if somebody had traded on the account by hand.
fn trade_by_hand(home: &Home, lots: i64) {
    let path = home.path("data/venue-truth.jsonl");
    let mut text = std::fs::read_to_string(&path).unwrap();
    let held = text.lines().rev().find(|line| line.starts_with("{\"holding\"")).unwrap();
    let mut line: serde_json::Value = serde_json::from_str(held).unwrap();
    let holding = &mut line["holding"]["holding"]["position"];
    *holding = (holding.as_i64().unwrap() + lots).into();
    text.push_str(&format!("{line}\n"));
    std::fs::write(path, text).unwrap();
}

#[test]
fn a_position_that_is_not_the_venues_stops_quoting_by_name_until_it_is() {
    let home = Home::new("web_positions");
    let line = "--duration 120s --data-dir data";
    let served = Served::commanded(&home, line);
    served.wait("/api/ready", |answer| answer.status == 200);
    let traded = |answer: &Answer| answer.data()["total"].as_u64() > Some(0);
    served.wait("/api/fills", traded);
    served.engine.signal("TERM");
    assert_eq!(served.engine.end().code, 0);

    // A start asks too, as it takes over what is held.
    trade_by_hand(&home, 12_345);
    let served = Served::commanded(&home, line);
    let named = |answer: &Answer| answer.body.contains("unhealthy:position_differs");
    let ready = served.wait("/api/ready", named);
    assert_eq!(ready.status, 503, "{ready:?}");
    let held = served.get("/api/positions").data()[0].clone();
    assert_eq!((&held["venue_apart"], &held["venue_differs"]), (&"0.12345".into(), &true.into()));
    assert!(held["venue_quantity"].is_string(), "{held}");
    let told = |answer: &Answer| answer.body.contains("POSITION_MISMATCH");
    let alerts = served.wait("/api/risk/alerts", told).data()["recent_alerts"].clone();
    let found = alerts.as_array().unwrap().iter().find(|one| one["type"] == "POSITION_MISMATCH");
    let message = found.unwrap()["message"].as_str().unwrap().to_owned();
    assert!(message.contains("the venue holds") && message.contains("for us"), "{message}");
    served.wait("/api/orders", |answer| answer.data()["open"] == 0);
    let withheld = |answer: &Answer| answer.body.contains("\"withheld\":\"unhealthy\"");
    served.wait("/api/quotes", withheld);
    let metrics = served.get("/metrics").body;
    assert!(metrics.contains("pinnaclemm_position_differs{symbol=\"BTC-USD\"} 1"), "{metrics}");
    let reason = r#"{"reason":"a test"}"#;
    served.command("reconcile", reason).data();
    let differs = |answer: &Answer| answer.data()["reconcile"]["positions_differ"] == 1;
    served.wait("/api/risk/state", differs);
    served.engine.signal("TERM");
    assert_eq!(served.engine.end().code, 0);
    home.check_journal("data");

    // The difference is traded away by hand, and quotes come back.
    trade_by_hand(&home, -12_345);
    let served = Served::commanded(&home, line);
    served.wait("/api/ready", |answer| answer.status == 200);
    served.wait("/api/positions", |answer| {
        let held = answer.data()[0].clone();
        held["venue_quantity"].is_string() && held["venue_apart"] == "0.00000"
    });
    served.wait("/api/orders", |answer| answer.data()["open"].as_u64() > Some(0));
}
