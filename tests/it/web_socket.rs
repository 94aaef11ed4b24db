//! The WebSocket of an engine that runs: channels with their snapshots and numbers, the original's
//! messages, and clients that do not take what they asked for.

use crate::engine_rig::Home;
use crate::web_rig::{Served, hear, say};
use serde_json::Value;
use std::time::{Duration, Instant};

const CHANNELS: [&str; 6] = ["quotes", "book", "fills", "risk", "latency", "health"];

#[test]
fn channels_begin_with_a_snapshot_and_count_their_updates() {
    let home = Home::new("web_channels");
    let served = Served::start(&home, "--duration 120s");
    served.wait("/api/fills", |answer| answer.status == 200 && answer.data()["total"] != 0);
    let mut client = served.client();
    for channel in CHANNELS {
        say(&mut client, &format!(r#"{{"type":"subscribe","channel":"{channel}"}}"#));
    }
    let mut last = std::collections::BTreeMap::new();
    let mut updates = std::collections::BTreeMap::new();
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(4) || !updates.contains_key("fills") {
        assert!(begun.elapsed() < Duration::from_secs(30), "{updates:?}");
        let message = hear(&mut client);
        if message["type"] == "subscribe_ack" {
            assert_eq!(message["status"], "subscribed");
            continue;
        }
        let channel = message["channel"].as_str().unwrap().to_owned();
        let number = message["sequence"].as_u64().unwrap();
        match message["type"].as_str().unwrap() {
            "snapshot" => assert!(last.insert(channel, number).is_none(), "{message}"),
            "update" => {
                assert_eq!(last.insert(channel.clone(), number), Some(number - 1), "{message}");
                *updates.entry(channel).or_insert(0) += 1;
            }
            other => panic!("{other}"),
        }
    }
    assert_eq!(last.len(), CHANNELS.len(), "{last:?}");
    let seconds = begun.elapsed().as_secs_f64();
    for (channel, count) in &updates {
        assert!(f64::from(*count) <= seconds * 10.0 + 12.0, "{channel}: {count} in {seconds} s");
    }
    assert!(updates["quotes"] > 5, "{updates:?}");
    // What the socket says is what the page says.
    let mut other = served.client();
    say(&mut other, r#"{"type":"subscribe","channel":"risk"}"#);
    assert_eq!(hear(&mut other)["type"], "subscribe_ack");
    let limits = hear(&mut other)["data"]["limits"].clone();
    assert_eq!(limits, served.get("/api/risk/limits").data());
}

#[test]
fn the_messages_of_the_original_are_answered() {
    let home = Home::new("web_original");
    let served = Served::start(&home, "--duration 60s");
    served.wait("/api/ready", |answer| answer.status == 200);
    let mut client = served.client();
    say(&mut client, r#"{"type":"get_strategies"}"#);
    let list = hear(&mut client);
    assert_eq!((&list["type"], &list["count"]), (&"strategies_list".into(), &1.into()), "{list}");
    say(&mut client, r#"{"type":"get_history","strategy_id":"primary_strategy","metric":"pnl"}"#);
    let history = hear(&mut client);
    assert_eq!(history["type"], "history_data", "{history}");
    assert!(history["data"].is_array() && history["metric"] == "pnl", "{history}");
    say(&mut client, r#"{"type":"subscribe","strategy_id":"primary_strategy"}"#);
    let ack = hear(&mut client);
    assert_eq!((&ack["data_type"], &ack["status"]), (&"performance".into(), &"subscribed".into()));
    for _ in 0..2 {
        let update = hear(&mut client);
        assert_eq!(update["type"], "performance_update", "{update}");
        assert!(update["strategies"]["BTC-USD"]["pnl"].is_number(), "{update}");
    }
    for (text, expected) in [
        ("nonsense", "no JSON"),
        (r#"{"type":"shout"}"#, "a type is wanted"),
        (r#"{"type":"subscribe","channel":"secrets"}"#, "no channel"),
        (r#"{"type":"get_history","metric":"sharpe"}"#, "no such strategy or metric"),
    ] {
        say(&mut client, text);
        let error = loop {
            let message: Value = hear(&mut client);
            if message["type"] == "error" {
                break message;
            }
        };
        assert!(error["message"].as_str().unwrap().contains(expected), "{text}: {error}");
    }
}

#[test]
fn who_breaks_the_rules_or_does_not_listen_is_dropped_and_others_go_on() {
    let home = Home::new("web_slow_client");
    let served = Served::start(&home, "--duration 120s");
    served.wait("/api/ready", |answer| answer.status == 200);
    let mut good = served.client();
    say(&mut good, r#"{"type":"subscribe","channel":"quotes"}"#);
    // A message that is too long, and one that is no text.
    let mut long = served.client();
    say(&mut long, &"x".repeat(5000));
    assert!((0..20).any(|_| long.read().is_err()));
    let mut binary = served.client();
    binary.send(tungstenite::Message::Binary(vec![1, 2, 3].into())).unwrap();
    assert!((0..20).any(|_| binary.read().is_err()));
    // One that asks again and again and never reads.
    let mut deaf = served.client();
    deaf.get_ref().set_write_timeout(Some(Duration::from_millis(200))).unwrap();
    let ask = r#"{"type":"subscribe","channel":"book"}"#;
    let begun = Instant::now();
    let dropped = loop {
        let sent = deaf.send(tungstenite::Message::Text(ask.into()));
        let page = served.get("/metrics").body;
        let count =
            page.lines().find_map(|line| line.strip_prefix("pinnaclemm_websocket_slow_total "));
        if count.unwrap() != "0" {
            break true;
        }
        if sent.is_ok() {
            for _ in 0..2000 {
                if deaf.send(tungstenite::Message::Text(ask.into())).is_err() {
                    break;
                }
            }
        }
        if begun.elapsed() > Duration::from_secs(40) {
            break false;
        }
    };
    assert!(dropped, "the deaf one is still there");
    let heard = (0..20).filter(|_| hear(&mut good)["type"] == "update").count();
    assert!(heard > 5, "the good one hears on: {heard}");
}
