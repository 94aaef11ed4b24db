//! A start that is refused before there is a run is held with probes that say so; and what a running
//! engine shows of its config tells no secret.

#![expect(clippy::unwrap_used, reason = "a test")]

use crate::engine_rig::{Home, log_lines};
use crate::web_rig::{Served, TOKEN};
use serde_json::Value;
use std::fs;

/// Held for that reason, alive to every probe, with a line in the log that has those words.
fn is_held(served: &Served, reason: &str, words: &str) {
    let ready = served.wait("/api/ready", |answer| answer.body.contains("held:"));
    assert_eq!(
        (ready.status, &ready.json()["reasons"][0]),
        (503, &format!("held:{reason}").into())
    );
    for path in ["/api/health", "/api/startup"] {
        assert_eq!(served.get(path).status, 200, "{path}");
    }
    assert_eq!(served.get("/api/startup").json()["phase"], "held");
    assert_eq!(served.get("/api/positions").status, 503, "there is no run");
    let lines = log_lines(&served.engine.err(), "held");
    let text = lines[0]["text"].as_str().unwrap();
    assert!(lines[0]["reason"] == reason && text.contains(words), "{text}");
}

#[test]
fn a_config_with_faults_is_held_and_answers_probes() {
    let home = Home::new("held_config");
    home.config("wrong.json", |config| {
        config["risk_management"]["limits"]["max_order_size"] = (-1).into();
    });
    fs::write(home.path("torn.json"), "{\"mode\": ").unwrap();
    for (file, words) in [
        ("wrong.json", "risk_management.limits.max_order_size = -1"),
        ("torn.json", "torn.json is no JSON"),
    ] {
        let held = Served::start(&home, &format!("--config {file} --hold"));
        is_held(&held, "refused", words);
        held.engine.signal("TERM");
        let ended = held.engine.end();
        assert!(ended.code == 2 && ended.err.contains(words), "{}", ended.err);
        // What starts nothing ends, also where it is told to hold.
        for asked in
            ["--check-config", "--print-config", "--mode backtest --venue kraken --input x"]
        {
            assert_eq!(home.run(&format!("--config {file} --hold {asked}")).code, 2, "{asked}");
        }
    }
    let absent = Served::start(&home, "--config absent.json --hold");
    is_held(&absent, "storage", "cannot read the config absent.json");
}

#[test]
fn a_log_that_cannot_be_written_is_held() {
    let home = Home::new("held_log");
    fs::write(home.path("file"), "").unwrap();
    let held = Served::start(&home, "--log-dir file/log --hold");
    is_held(&held, "storage", "file/log");
    assert_eq!(home.run("--log-dir file/log").code, 3);
}

#[test]
fn no_secret_stands_in_what_is_shown_or_logged() {
    let home = Home::new("secrets");
    let secret = "hook-secret-0123456789";
    crate::web_rig::write_token(&home, "hook", secret);
    home.config("c.json", |config| {
        let alerts = &mut config["risk_management"]["alerts"];
        alerts["webhook_url"] =
            format!("http://ann:{secret}@127.0.0.1:1/{secret}?k={secret}").into();
        alerts["webhook_secret_file"] = "hook".into();
        alerts["webhook_retry_ms"] = 1.into();
    });
    let line = "--config c.json --data-dir d --log-dir l";
    shows_none(&home, Served::commanded(&home, line), secret);
    let given = Served::start_in(&home, line, &[("PINNACLE_API_TOKEN", TOKEN)]);
    shows_none(&home, given, secret);
}

/// An engine that knows this secret and the token tells neither to anybody.
fn shows_none(home: &Home, served: Served, secret: &str) {
    served.wait("/api/ready", |answer| answer.status == 200);
    let shown = served.get("/api/config").data();
    let hook = &shown["config"]["risk_management"]["alerts"]["webhook_url"];
    assert_eq!(hook, &Value::from("http://127.0.0.1:1/..."));
    // Alerts that cannot be delivered, a wrong token, and every page that is read without a part.
    let asked = r#"{"reason": "a test", "who": "test"}"#;
    for word in ["trip", "reset"] {
        let answer = served.command(&format!("risk/circuit-breaker/{word}"), asked);
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    let wrong = ["Authorization: Bearer wrong-token-wrong-token"];
    assert_eq!(served.ask("POST /api/halt", &wrong, "{}").status, 401);
    let mut pages = String::new();
    let paths = served.get("/api/openapi.json").json()["paths"].as_object().unwrap().clone();
    for path in paths.keys().filter(|path| !path.contains('{')) {
        pages.push_str(&served.get(path).body);
    }
    served.engine.signal("TERM");
    let ended = served.engine.end();
    let log = fs::read_to_string(home.path("l/pinnaclemm.log")).unwrap();
    for text in [&pages, &ended.err, &ended.out, &log] {
        assert!(!text.contains(secret) && !text.contains(TOKEN), "a secret is told");
    }
    assert!(pages.len() > 10_000 && log.contains("\"event\":\"web\""), "{log}");
}
