//! The default mode as a new user runs it: it quotes, trades and stops; a seed decides everything;
//! a second start goes on where the first one ended.

use crate::engine_rig::{Home, digits, text};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const BTC: &str = "BTC-USD";

/// Whether both sides of that instrument are quoted.
fn quotes(line: &Value, symbol: &str) -> bool {
    let quotes = &line["instruments"][symbol]["quotes"];
    quotes[0].is_string() && quotes[1].is_string()
}

#[test]
fn it_quotes_trades_and_ends_at_a_signal() {
    for (signal, again) in [("TERM", "INT"), ("INT", "TERM")] {
        let home = Home::new(&format!("signal_{signal}"));
        let engine = home.start("");
        let first = engine.wait_for("quotes", |line| quotes(line, BTC));
        assert_eq!((&first["state"], &first["reason"]), (&json!("ACTIVE"), &json!("start")));
        let market = &first["instruments"][BTC]["market"];
        assert!(digits(&market[0]) < digits(&market[1]), "{first}");
        let traded =
            engine.wait_for("a fill", |line| line["fills"].as_u64() > Some(0) && quotes(line, BTC));
        assert_ne!(text(&traded["pnl"]), "0", "{traded}");
        assert!(traded["latency_p99_ns"].as_u64() >= traded["latency_p50_ns"].as_u64());
        assert!(traded["latency_p50_ns"].as_u64() > Some(100), "{traded}");
        let asked = Instant::now();
        engine.signal(signal);
        engine.signal(again);
        let ended = engine.end();
        // Twenty to forty milliseconds where nothing else runs; other tests sync to the same disk.
        assert!(asked.elapsed() < Duration::from_secs(3), "{:?}", asked.elapsed());
        assert_eq!(ended.code, 0, "{}", ended.err);
        let last = ended.last();
        assert_eq!((&last["event"], &last["open_orders"]), (&json!("stopped"), &json!(0)));
        assert!(last["fills"].as_u64() > Some(0), "{last}");
        home.check_journal("data");
        home.check_positions("data", &last);
        // The venue knows no order of ours either, and holds for us what we hold.
        let requests = home.dump("request", "data");
        assert!(requests.iter().any(|request| request["request"] == "cancel"));
        let log = std::fs::read_to_string(home.path("logs/pinnaclemm.log")).unwrap();
        assert!(log.contains(r#""event":"status""#), "{log}");
    }
}

#[test]
fn a_seed_gives_one_journal_in_every_thread_mode() {
    let home = Home::new("seed");
    let run = |seed: u32, threads: &str, folder: &str| {
        let line = format!(
            "--mode simulation --speed max --seed {seed} --duration 20s --threads {threads} \
             --data-dir {folder} --log-dir logs"
        );
        home.done(&line).last()
    };
    let shared = run(7, "shared", "shared");
    let again = run(7, "shared", "again");
    let dedicated = run(7, "dedicated", "dedicated");
    assert!(shared["fills"].as_u64() > Some(0) && text(&shared["digest"]).len() == 16, "{shared}");
    assert_eq!([&again, &dedicated], [&shared, &shared]);
    let segments = home.segments("shared");
    assert!(home.segments("again") == segments, "a second run writes another journal");
    assert!(home.segments("dedicated") == segments, "another thread mode, another journal");
    home.check_journal("shared");
    home.check_positions("shared", &shared);
    let other = run(8, "shared", "other");
    assert_ne!(other["digest"], shared["digest"]);
    assert!(home.segments("other") != segments, "another seed writes the same journal");
}

#[test]
fn several_symbols_are_quoted_with_what_is_worth_the_same() {
    let home = Home::new("symbols");
    let ended = home.done("--symbols BTC-USD,ETH-USD --speed max --duration 20s");
    let last = ended.last();
    let positions = last["positions"].as_object().unwrap();
    assert_eq!(positions.keys().collect::<Vec<_>>(), ["BTC-USD", "ETH-USD"]);
    let requests = home.dump("request", "data");
    let quantity = |symbol: &str| {
        let of = |request: &&Value| request["symbol"] == symbol && request["request"] == "place";
        let places: Vec<_> = requests.iter().filter(of).collect();
        assert!(places.len() >= 6, "{symbol}: {places:?}");
        places.iter().map(|place| digits(&place["qty"])).max().unwrap()
    };
    // 60,000 to 3,000.
    assert_eq!(quantity("ETH-USD"), 20 * quantity("BTC-USD"));
    home.check_positions("data", &last);
    home.check_journal("data");
}

#[test]
fn a_duration_ends_it_in_its_own_time() {
    let home = Home::new("duration");
    let begun = Instant::now();
    home.done("--duration 2s --data-dir real");
    let took = begun.elapsed();
    assert!((2.0..6.0).contains(&took.as_secs_f64()), "{took:?}");
    // A minute of virtual time, and what stands in the journal is a minute long.
    home.done("--duration 1m --speed max --data-dir max");
    let inputs = home.dump("input", "max");
    let seconds = |at: usize| text(&inputs[at]["time"])[14..19].to_owned();
    assert_eq!([seconds(0), seconds(inputs.len() - 1)], ["00:00", "01:00"]);
}

#[test]
fn a_second_start_goes_on() {
    let home = Home::new("second");
    let mut before: Option<(u64, Value, usize)> = None;
    for _ in 0..3 {
        let last = home.done("--speed max --duration 20s").last();
        home.check_journal("data");
        home.check_positions("data", &last);
        let starts = home.dump("start", "data");
        let epoch = starts.last().unwrap()["epoch"].as_u64().unwrap();
        let fills = home.dump("fill", "data").len();
        if let Some((epoch_before, pnl, fills_before)) = before {
            assert!(epoch > epoch_before, "{starts:?}");
            assert!(fills > fills_before);
            assert_ne!(pnl, last["pnl"]);
        }
        before = Some((epoch, last["pnl"].clone(), fills));
    }
}
