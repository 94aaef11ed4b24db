//! What the API says of an engine that runs: every page, live, and as the other pages have it.

use crate::engine_rig::Home;
use crate::web_rig::Served;
use serde_json::Value;
use std::time::{Duration, Instant};

#[test]
fn a_fresh_simulation_is_ready_within_seconds_and_every_page_is_live() {
    let home = Home::new("web_pages");
    let begun = Instant::now();
    let served = Served::start(&home, "--duration 120s");
    served.wait("/api/ready", |answer| answer.status == 200);
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    let startup = served.get("/api/startup");
    assert_eq!((startup.status, &startup.json()["status"]), (200, &"started".into()));
    let health = served.get("/api/health");
    assert_eq!((health.status, &health.json()["status"]), (200, &"healthy".into()));
    let vital = health.json()["threads"].as_array().unwrap().clone();
    assert!(vital.iter().any(|thread| thread["vital"] == true), "{vital:?}");

    let fills = served.wait("/api/fills", |answer| answer.data()["total"].as_u64() > Some(0));
    let fill = fills.data()["fills"][0].clone();
    assert_eq!((&fill["symbol"], &fill["fee_currency"]), (&"BTC-USD".into(), &"USD".into()));
    let one = served.get("/api/fills?limit=1").data();
    assert_eq!(one["fills"].as_array().unwrap().len(), 1);

    let book = served.get("/api/book").data()[0].clone();
    assert_eq!((&book["state"], book["bids"].as_array().unwrap().len()), (&"fresh".into(), 10));
    let quote = served.get("/api/quotes").data()[0].clone();
    let price = |value: &Value| value.as_str().unwrap().parse::<f64>().unwrap();
    assert!(price(&quote["bid"]["market"]["price"]) < price(&quote["ask"]["market"]["price"]));
    let orders = served.wait("/api/orders", |answer| answer.data()["open"].as_u64() > Some(0));
    let order = orders.data()["orders"][0].clone();
    assert_eq!(order["symbol"], "BTC-USD", "{order}");
    assert_eq!(order["id"].as_str().unwrap().len(), 36, "{order}");

    let state = served.get("/api/risk/state").data();
    assert_eq!((&state["trading_state"], &state["is_halted"]), (&"ACTIVE".into(), &false.into()));
    let breaker = served.get("/api/risk/circuit-breaker").data();
    assert_eq!((&breaker["state"], &breaker["trading_allowed"]), (&"CLOSED".into(), &true.into()));
    assert!(breaker["instruments"][0]["prices"]["samples"].as_u64() > Some(0), "{breaker}");
    let limits = served.get("/api/risk/limits").data();
    assert_eq!(limits["max_position_size"].as_f64(), Some(1.0), "{limits}");
    let list = served.get("/api/v1/strategies").data();
    assert_eq!((&list[0]["id"], &list[0]["symbol"]), (&"BTC-USD".into(), &"BTC-USD".into()));
    let performance = served.get("/api/v1/strategies/primary_strategy/performance").data();
    assert!(performance["total_trades"].as_u64() > Some(0), "{performance}");
    served.wait("/api/v1/strategies/BTC-USD/charts/mid?time_range=60000000000", |answer| {
        answer.data()["points"].as_array().unwrap().len() > 1
    });
    let config = served.get("/api/config").data();
    assert_eq!(
        (&config["source"], &config["config"]["mode"]),
        (&Value::Null, &"simulation".into())
    );
    let version = served.get("/api/version").data();
    assert_eq!(version["websocket_port"], served.socket.port());

    // Three pages say the same of what is held, as far as nothing has traded meanwhile.
    let agree = |_: &crate::web_rig::Answer| {
        let held = served.get("/api/positions").data()[0]["quantity"].clone();
        let state = served.get("/api/risk/state").data()["position"].clone();
        price(&held) == state.as_f64().unwrap()
    };
    served.wait("/api/health", agree);
    served.engine.signal("TERM");
    let ended = served.engine.end();
    assert_eq!(ended.code, 0, "{}", ended.err);
    let ready = crate::engine_rig::log_lines(&ended.err, "readiness");
    assert!(ready.iter().any(|line| line["ready"] == true), "{ready:?}");
}

/// Each path of the document that is read, of a run that has traded.
#[test]
fn every_page_of_the_document_answers() {
    let home = Home::new("web_every");
    let served = Served::start(&home, "--duration 60s");
    served.wait("/api/ready", |answer| answer.status == 200);
    served.wait("/api/fills", |answer| answer.data()["total"].as_u64() > Some(0));
    let document = served.get("/api/openapi.json").json();
    let read =
        document["paths"].as_object().unwrap().iter().filter(|(_, of)| of["get"].is_object());
    let paths: Vec<_> = read.map(|(path, _)| path.clone()).collect();
    assert!(paths.len() > 20, "{paths:?}");
    for path in &paths {
        let path = path.replace("{id}", "BTC-USD").replace("{metric}", "mid");
        let answer = served.get(&path);
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
    }
    let stages = served.get("/api/latency").data()["stages"].clone();
    let whole = stages.as_array().unwrap().iter().find(|one| one["stage"] == "input_to_request");
    let quantile = |name: &str| whole.unwrap()["quantiles"][name].as_f64().unwrap();
    assert!(quantile("p50") > 0.0 && quantile("p50") <= quantile("p99"), "{stages}");
    // A run of seconds has no returns yet: that is information, and no number.
    let var = served.get("/api/risk/var").data();
    assert_eq!(var["status"], "insufficient data", "{var}");
}

#[test]
fn metrics_are_in_base_units_with_help_and_type() {
    let home = Home::new("web_metrics");
    let served = Served::start(&home, "--duration 60s");
    served.wait("/api/ready", |answer| answer.status == 200);
    let answer = served.get("/metrics");
    assert!(answer.field("content-type").unwrap().starts_with("text/plain"), "{}", answer.head);
    let mut known = std::collections::BTreeMap::new();
    for line in answer.body.lines() {
        let words: Vec<_> = line.splitn(4, ' ').collect();
        match words[..] {
            ["#", "HELP", name, help] => assert!(help.len() > 5 && name.starts_with("pinnaclemm_")),
            ["#", "TYPE", name, kind] => {
                assert!(known.insert(name.to_owned(), kind.to_owned()).is_none(), "{name} twice");
            }
            _ => {
                let (series, value) = line.rsplit_once(' ').unwrap();
                assert!(value.parse::<f64>().unwrap().is_finite(), "{line}");
                let name = series.split('{').next().unwrap();
                let ends = ["_bucket", "_count", "_sum"];
                let base = ends.iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
                assert!(known.contains_key(base) || known.contains_key(name), "{line}");
            }
        }
    }
    for (name, kind) in &known {
        assert_eq!(name.ends_with("_total"), kind == "counter", "{name} is a {kind}");
    }
    let spread = "pinnaclemm_stage_seconds_bucket{stage=\"input_to_request\",le=";
    let wait = |answer: &crate::web_rig::Answer| answer.body.contains(spread);
    let histogram = served.wait("/metrics", wait).body;
    let number = |line: &str| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap();
    let counts: Vec<_> =
        histogram.lines().filter(|line| line.starts_with(spread)).map(number).collect();
    assert!(counts.len() > 10 && counts.is_sorted() && counts[counts.len() - 1] > 0.0);
    let of = |name: &str| {
        let series = format!("pinnaclemm_stage_seconds_{name}{{stage=\"input_to_request\"}}");
        number(histogram.lines().find(|line| line.starts_with(&series)).unwrap())
    };
    assert_eq!(of("count"), counts[counts.len() - 1], "the last bucket has all");
    assert!(of("sum") > 0.0 && of("sum") < of("count"), "seconds");
    let has = |text: &str| answer.body.lines().any(|line| line.starts_with(text));
    for text in [
        "pinnaclemm_trading_state{state=\"ACTIVE\"} 1",
        "pinnaclemm_position{symbol=\"BTC-USD\"} ",
        "pinnaclemm_pnl{currency=\"USD\"} ",
        "pinnaclemm_thread_turns_total{thread=",
        "pinnaclemm_ready 1",
    ] {
        assert!(has(text), "{text} is missing:\n{}", answer.body);
    }
    assert_eq!(served.get("/api/metrics").status, 200);
}

#[test]
fn a_port_in_use_is_said_and_nothing_is_started() {
    let home = Home::new("web_port");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let ended = home.run(&format!("--api-port {port} --ws-port 0 --duration 5s"));
    assert_eq!(ended.code, 8, "{}", ended.err);
    let expected = format!("the API cannot have 127.0.0.1:{port}: the port is in use");
    assert!(ended.err.contains(&expected), "{}", ended.err);
    assert!(!home.path("data").exists(), "nothing was started");
}

#[test]
fn the_page_and_the_document_are_served_and_nothing_else_is() {
    let home = Home::new("web_files");
    let served = Served::start(&home, "--duration 60s");
    served.wait("/api/ready", |answer| answer.status == 200);
    let page = served.get("/");
    assert_eq!(page.status, 200);
    assert!(page.body.contains("<html") && page.body.ends_with("</html>\n"), "whole");
    assert!(!page.body.contains("https://") && !page.body.contains("src=\"http"), "no network");
    for (name, value) in [
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "DENY"),
        ("Cache-Control", "no-store"),
    ] {
        assert_eq!(page.field(name), Some(value), "{}", page.head);
    }
    assert!(page.field("Content-Security-Policy").unwrap().contains("default-src 'none'"));
    let document = served.get("/api/openapi.json").json();
    assert_eq!(document["openapi"], "3.1.0");
    for path in [
        "/../../../../etc/passwd",
        "/..%2f..%2fetc/passwd",
        "//etc/passwd",
        "/api",
        "/api/",
        "/api/ready/",
        "/api/risk/circuit-breaker/unbuilt",
        "/api/v1/strategies/nobody/performance",
        "/api/v1/strategies/BTC-USD/charts/sharpe",
        "/static/index.html",
    ] {
        let answer = served.get(path);
        assert_eq!((answer.status, &answer.json()["code"]), (404, &"NOT_FOUND".into()), "{path}");
    }
    for query in ["limit=0", "limit=1001", "limit=x", "limit=1&limit=2", "limit=-1"] {
        assert_eq!(served.get(&format!("/api/fills?{query}")).status, 400, "{query}");
    }
}
