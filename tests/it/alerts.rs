//! Alerts of the real program on a bad night: in the log, in the file that outlives a restart, and
//! at a receiver elsewhere.

#![expect(clippy::unwrap_used, reason = "a test")]

use crate::engine_rig::{Home, log_lines};
use serde_json::{Value, json};
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// A receiver that takes everything; the bodies that came.
fn receiver() -> (String, Receiver<Value>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let (to, from) = channel();
    std::thread::spawn(move || {
        for socket in listener.incoming() {
            let (mut socket, mut text, mut bytes) = (socket.unwrap(), String::new(), [0; 4096]);
            while !text.ends_with('}') {
                let count = socket.read(&mut bytes).unwrap();
                text.push_str(std::str::from_utf8(&bytes[..count]).unwrap());
            }
            let answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            socket.write_all(answer.as_bytes()).unwrap();
            let body = text.split_once("\r\n\r\n").unwrap().1;
            if to.send(serde_json::from_str(body).unwrap()).is_err() {
                return;
            }
        }
    });
    (url, from)
}

#[test]
fn a_lost_venue_trips_the_breaker_and_is_told_everywhere() {
    let home = Home::new("alerts");
    let (url, came) = receiver();
    home.config("config.json", |config| {
        let risk = &mut config["risk_management"];
        risk["circuit_breaker"]["max_disconnect_ms"] = 200.into();
        risk["circuit_breaker"]["half_open_test_duration_ms"] = 500.into();
        risk["alerts"]["webhook_url"] = url.into();
        config["exchange"]["simulator"]["faults"] =
            json!([{ "kind": "disconnect", "atMs": 1000, "forMs": 1000 }]);
    });
    let run = "--config config.json --mode simulation --data-dir d --log-dir l --duration 4s";
    let ended = home.done(run);
    let texts = |event: &str| -> Vec<String> {
        let lines = log_lines(&ended.err, event).into_iter();
        lines.map(|line| line["text"].as_str().unwrap().to_owned()).collect()
    };
    let moves = texts("circuit_breaker");
    let expected = ["CLOSED -> OPEN", "OPEN -> HALF_OPEN", "HALF_OPEN -> CLOSED"];
    assert_eq!(moves.len(), expected.len(), "{moves:?}");
    for (text, expected) in moves.iter().zip(expected) {
        assert!(text.contains(expected) && text.contains("CONNECTIVITY_LOSS"), "{moves:?}");
    }
    let alerts = texts("alert").join("\n");
    for named in [
        "[ALERT] [CONNECTIVITY_ISSUE] [CRITICAL] BTC-USD",
        "[ALERT] [CIRCUIT_BREAKER_OPEN] [EMERGENCY] account",
        "[ALERT] [CIRCUIT_BREAKER_HALF_OPEN] [WARNING] account",
        "[ALERT] [CIRCUIT_BREAKER_CLOSED] [INFO] account",
    ] {
        assert!(alerts.contains(named), "{named}: {alerts}");
    }
    let body = came.recv_timeout(Duration::from_secs(5)).unwrap();
    assert!(body["text"].as_str().unwrap().starts_with('['), "{body}");
    let kept: Value =
        serde_json::from_slice(&fs::read(home.path("d/alerts.json")).unwrap()).unwrap();
    let first = kept.as_array().unwrap().len();
    assert!(first >= 4, "{kept}");
    assert_eq!(home.dump("breaker", "d").len(), 3);
    home.check_journal("d");
    // Another process goes on with the numbers.
    home.done("--config config.json --mode simulation --data-dir d --log-dir l --duration 3s");
    let kept: Value =
        serde_json::from_slice(&fs::read(home.path("d/alerts.json")).unwrap()).unwrap();
    let ids: Vec<_> = kept.as_array().unwrap().iter().map(|alert| alert["id"].as_u64()).collect();
    let dense: Vec<_> = (1..=ids.len() as u64).map(Some).collect();
    assert!(ids == dense && ids.len() > first, "{kept}");
    assert_eq!(log_lines(&ended.err, "risk_proved").len(), 1);
}
