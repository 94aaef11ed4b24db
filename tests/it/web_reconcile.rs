//! `reconcile` over the API and the command line: the venue is asked about every order, and says so.

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
        .filter(|one| one["input"] == asked["input"])
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
