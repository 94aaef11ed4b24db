//! `--mode paper` as people run it: the real binary on a live feed of the tests' own.
//!
//! Quotes are placed, trades of the feed fill them, the journal verifies and replays; a feed that
//! is lost takes the quotes away; the end awaits the cancels; what cannot be started says why.

#![expect(clippy::unwrap_used, reason = "a test")]

use crate::paper_venue::{Engine, Market, PRODUCTS, Venue, folder, is_quoting};
use crate::tls_server::{Server, Welcome, frame, kraken_answer};
use pinnaclemm::config::ExitCode;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};
use tungstenite::protocol::CloseFrame;

/// What the journal tool says, and whether it was content.
fn journal(folder: &Path, arguments: &[&str]) -> (bool, String) {
    let mut tool = Command::new(env!("CARGO_BIN_EXE_pinnaclemm-journal"));
    let output = tool.args(arguments).arg(folder.join("data")).output().unwrap();
    (output.status.success(), String::from_utf8(output.stdout).unwrap())
}

fn check_journal(folder: &Path) {
    for command in ["verify", "replay"] {
        let (is_good, said) = journal(folder, &[command]);
        assert!(is_good, "{command}: {said}");
    }
}

fn position(status: &Value) -> &str {
    status["instruments"]["BTC-USD"]["position"].as_str().unwrap()
}

/// A venue whose list is in a file, and an engine that quotes there.
fn quoting(name: &str, more: impl Fn(&mut Value)) -> (Venue, std::path::PathBuf, Engine, Market) {
    let venue = Venue::new([]);
    let (folder, mut config) = venue.config(name);
    fs::write(folder.join("products.json"), PRODUCTS).unwrap();
    config["exchange"]["live"]["productsFile"] = json!("products.json");
    more(&mut config);
    let mut engine = Engine::start(&folder, &config);
    let mut market = Market::open(&venue.feed);
    engine.until("quotes", Some(&mut market), is_quoting);
    (venue, folder, engine, market)
}

#[test]
fn quotes_are_placed_filled_journaled_and_carried_over() {
    let venue = Venue::new([Welcome::Request]);
    let (folder, mut config) = venue.config("whole");
    let mut engine = Engine::start(&folder, &config);
    let asked = loop {
        match venue.rest.request() {
            Some(asked) => break asked,
            None => std::thread::sleep(Duration::from_millis(5)),
        }
    };
    assert!(asked.head.starts_with("GET /products HTTP/1.1\r\n"), "{}", asked.head);
    asked.answer("200 OK", "", PRODUCTS.as_bytes());
    let mut market = Market::open(&venue.feed);
    engine.until("quotes", Some(&mut market), is_quoting);
    assert_eq!(engine.status["instruments"]["BTC-USD"]["book"], "fresh");
    // Above our bids nothing trades with us; through all of them everything does.
    market.sold("60000.00", "0.5");
    engine.until("the next status", Some(&mut market), |_| true);
    assert_eq!(
        (engine.status["fills"].as_u64(), position(&engine.status)),
        (Some(0), "0.00000000")
    );
    market.sold("59000.00", "5");
    engine.until("fills", Some(&mut market), |status| status["fills"].as_u64() > Some(0));
    engine.until("quotes again", Some(&mut market), is_quoting);
    let held = position(&engine.status).to_owned();
    assert!(held != "0.00000000" && !held.starts_with('-'), "{held}");
    let asked_at = Instant::now();
    engine.signal("-TERM");
    let ended = engine.end();
    assert!(asked_at.elapsed() < Duration::from_secs(1), "{:?}", asked_at.elapsed());
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert_eq!(ended.last["position"], held);
    let unscaled = "strategy.referencePrice is not used in paper";
    assert!(ended.stderr.contains(unscaled), "{}", ended.stderr);
    assert_eq!(ended.last["open_orders"], 0);
    assert!(ended.last.get("open_order_ids").is_none());
    check_journal(&folder);
    let (_, fills) = journal(&folder, &["dump", "--type", "fill"]);
    assert_eq!(Some(fills.lines().count() as u64), ended.last["fills"].as_u64());

    // The next process goes on with what this one has left.
    fs::write(folder.join("products.json"), PRODUCTS).unwrap();
    config["exchange"]["live"]["productsFile"] = json!("products.json");
    let mut engine = Engine::start(&folder, &config);
    let mut market = Market::open(&venue.feed);
    engine.until("quotes", Some(&mut market), is_quoting);
    assert_eq!(position(&engine.status), held);
    engine.signal("-INT");
    let ended = engine.end();
    assert_eq!((ended.code, &ended.last["position"]), (0, &json!(held)), "{}", ended.stderr);
    check_journal(&folder);

    // The directory is paper's, and this venue's.
    config["mode"] = json!("simulation");
    config.as_object_mut().unwrap().remove("venue");
    let ended = Engine::start(&folder, &config).end();
    assert_eq!(ended.code, i32::from(ExitCode::ForeignData.code()), "{}", ended.stderr);
}

#[test]
fn a_lost_feed_takes_the_quotes_away_until_it_is_back() {
    let (venue, folder, mut engine, market) = quoting("lost", |config| {
        config["threads"]["mode"] = json!("dedicated");
    });
    let is_lost = |reason: &'static str| {
        move |status: &Value| {
            let shown = &status["instruments"]["BTC-USD"];
            shown["book"] == reason && shown["quotes"] == json!([null, null])
        }
    };
    market.peer.cut();
    engine.until("no quotes", None, is_lost("disconnected"));
    let mut market = Market::open(&venue.feed);
    engine.until("quotes again", Some(&mut market), is_quoting);
    // Its socket lives, and it says nothing.
    let begun = Instant::now();
    let alive = frame(0x8a, b"");
    while begun.elapsed() < Duration::from_secs(9) {
        market.peer.send_raw(&alive);
        std::thread::sleep(Duration::from_millis(500));
    }
    engine.until("silence", None, is_lost("silent_feed"));
    let mut market = Market::open(&venue.feed);
    engine.until("quotes once more", Some(&mut market), is_quoting);
    engine.signal("-TERM");
    let ended = engine.end();
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let lines = ended.stderr.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let told = lines.filter_map(|line| match line["event"].as_str()? {
        "venue_down" => Some(line["reason"].as_str()?.to_string()),
        "venue_up" => Some("up".to_string()),
        _ => None,
    });
    assert_eq!(told.collect::<Vec<_>>(), ["cut", "up", "asked", "up"], "{}", ended.stderr);
    check_journal(&folder);
}

#[test]
fn cancels_that_nobody_confirms_are_named_and_have_a_code_of_their_own() {
    const WAIT: Duration = Duration::from_millis(700);
    let (_venue, folder, engine, _market) = quoting("unconfirmed", |config| {
        // Longer than the wait.
        config["exchange"]["fills"]["reportLatencyUs"] = json!(1_000_000);
        config["shutdown"]["cancelTimeoutMs"] = json!(WAIT.as_millis());
    });
    let asked_at = Instant::now();
    engine.signal("-TERM");
    std::thread::sleep(Duration::from_millis(100));
    engine.signal("-TERM");
    engine.signal("-INT");
    let ended = engine.end();
    assert!(asked_at.elapsed() >= WAIT, "{:?}", asked_at.elapsed());
    assert_eq!(ended.code, i32::from(ExitCode::CancelsOpen.code()), "{}", ended.stderr);
    let ids = ended.last["open_order_ids"].as_array().unwrap();
    assert_eq!(json!(ids.len()), ended.last["open_orders"]);
    assert!(!ids.is_empty() && ended.stderr.contains("not confirmed within 700 ms:"));
    let (_, inputs) = journal(&folder, &["dump", "--type", "input"]);
    for id in ids.iter().map(|id| id.as_str().unwrap()) {
        assert!(ended.stderr.contains(&format!("\n  {id}")), "{}", ended.stderr);
        let is_given_up = |line: &str| line.contains(id) && line.contains("timed_out");
        assert!(inputs.lines().any(is_given_up), "{id}");
    }
    check_journal(&folder);
}

#[test]
fn a_venue_that_ends_it_for_good_ends_the_run() {
    let (feed, folder) = (Server::start([]), folder("terminal"));
    let venue = Venue { feed, rest: Server::start([]) };
    let (_, mut config) = venue.config("terminal");
    let pair =
        r#"{"wsname":"XBT/USD","base":"XXBT","quote":"ZUSD","pair_decimals":1,"lot_decimals":8}"#;
    let list = format!(r#"{{"error":[],"result":{{"XXBTZUSD":{pair}}}}}"#);
    fs::write(folder.join("products.json"), list).unwrap();
    config["venue"] = json!("kraken");
    config["symbols"] = json!(["BTC/USD"]);
    config["exchange"]["live"]["productsFile"] = json!("products.json");
    let engine = Engine::start(&folder, &config);
    let mut peer = venue.feed.peer();
    ["book", "ticker", "trade"].iter().for_each(|name| peer.send(&kraken_answer(name, true)));
    peer.web.close(Some(CloseFrame { code: 1008.into(), reason: "policy".into() })).unwrap();
    while peer.web.read().is_ok() {}
    let ended = engine.end();
    assert_eq!(ended.code, i32::from(ExitCode::Venue.code()), "{}", ended.stderr);
    let said = "kraken has ended the feed for good: the server closed with code 1008";
    assert!(ended.stderr.contains(said), "{}", ended.stderr);
    assert_eq!(ended.last["event"], "stopped");
}

#[test]
fn what_cannot_be_started_says_why_and_leaves_no_epoch() {
    let check = |name: &str, change: &dyn Fn(&mut Value, &Path), code: ExitCode, said: &str| {
        let venue = Venue::new([]);
        let (folder, mut config) = venue.config(name);
        fs::write(folder.join("products.json"), PRODUCTS).unwrap();
        config["exchange"]["live"]["productsFile"] = json!("products.json");
        change(&mut config, &folder);
        let ended = Engine::start(&folder, &config).end();
        assert_eq!(ended.code, i32::from(code.code()), "{name}: {}", ended.stderr);
        assert!(ended.stderr.contains(said), "{name}: {}", ended.stderr);
        assert!(ended.last.is_null(), "{name}");
        let (_, starts) = journal(&folder, &["dump", "--type", "start"]);
        assert_eq!(starts, "", "{name}");
    };
    // Nobody listens at a port that was just given back.
    let dead = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let live =
        |config: &mut Value, key: &str, value: Value| config["exchange"]["live"][key] = value;
    check(
        "symbol",
        &|config, _| config["symbols"] = json!(["BTX-USD"]),
        ExitCode::Refused,
        "coinbase-exchange lists no BTX-USD among its 1 products",
    );
    check(
        "bitstamp",
        &|config, _| config["venue"] = json!("bitstamp"),
        ExitCode::Refused,
        "venue = bitstamp: must be a venue with books and trades on one live feed in mode paper",
    );
    check(
        "list",
        &|_, folder| fs::write(folder.join("products.json"), "{}").unwrap(),
        ExitCode::Storage,
        "products.json holds no product list of coinbase-exchange",
    );
    check(
        "no_list",
        &|config, _| live(config, "productsFile", json!("absent.json")),
        ExitCode::Storage,
        "cannot read absent.json",
    );
    check(
        "no_ca",
        &|config, _| live(config, "caFile", json!("products.json")),
        ExitCode::Storage,
        "no certificates in products.json (PEM is expected): the file holds none",
    );
    check(
        "dead_rest",
        &|config, _| {
            live(config, "productsFile", Value::Null);
            live(config, "restUrl", json!(format!("https://{dead}")));
        },
        ExitCode::Venue,
        &format!(
            "the product list of coinbase-exchange cannot be fetched from https://{dead}/products: "
        ),
    );
    check(
        "dead_feed",
        &|config, _| live(config, "feedUrl", json!(format!("wss://{dead}"))),
        ExitCode::Venue,
        &format!("there is no connection to wss://{dead}/: no TCP connection: connection refused"),
    );
    let foreign = Server::start([]);
    let own = crate::live_record::pem(&foreign.certificate);
    check(
        "certificate",
        &|_, folder| fs::write(folder.join("ca.pem"), &own).unwrap(),
        ExitCode::Venue,
        "the server's certificate is not believed",
    );
}

#[test]
fn a_signal_does_not_wait_for_a_venue_that_does_not_answer() {
    let venue = Venue::new([Welcome::Stall]);
    let (folder, config) = venue.config("stalled");
    let engine = Engine::start(&folder, &config);
    std::thread::sleep(Duration::from_secs(1));
    let asked_at = Instant::now();
    engine.signal("-TERM");
    let ended = engine.end();
    assert!(asked_at.elapsed() < Duration::from_secs(1), "{:?}", asked_at.elapsed());
    assert_eq!((ended.code, ended.last.is_null()), (0, true), "{}", ended.stderr);
}
