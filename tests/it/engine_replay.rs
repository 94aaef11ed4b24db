//! The engine binary in replay mode: the same books every time, a clean stop, a named refusal.

#![expect(clippy::unwrap_used, reason = "the checks of tests fail by panicking")]

use crate::{demo_tape, play};
use pinnaclemm::config::ReplayConfig;
use pinnaclemm::engine::book::BookState;
use pinnaclemm::event::{PART_LINES_MAX, Stale};
use pinnaclemm::threads::replay::{Wire, look_over};
use pinnaclemm::types::{Nanos, Venue};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// All levels of the demonstration tape's books at its end.
const DEMO_DIGEST: &str = "97fe1888c4005fbd";

fn engine(venue: Venue, inputs: &[PathBuf]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pinnaclemm"));
    command.args(["--mode", "replay", "--venue", venue.name(), "--input"]).args(inputs);
    command
}

fn demo() -> Command {
    engine(Venue::CoinbaseExchange, &[demo_tape::path()])
}

fn last_line(output: &Output) -> Value {
    let text = String::from_utf8_lossy(&output.stdout);
    let last = text.lines().last().unwrap_or_default();
    serde_json::from_str(last).unwrap_or_else(|error| panic!("{error}: {last:?}"))
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn the_demonstration_ends_fresh_and_always_alike() {
    for _ in 0..2 {
        let output = demo().args(["--speed", "max"]).output().unwrap();
        assert_eq!((output.status.code(), errors(&output)), (Some(0), String::new()));
        let line = last_line(&output);
        assert_eq!((&line["event"], &line["digest"]), (&json!("stopped"), &json!(DEMO_DIGEST)));
        assert_eq!(line["books"].as_object().unwrap().len(), 2);
        for symbol in ["BTC-USD", "ETH-USD"] {
            assert_eq!(line["books"][symbol]["state"], "fresh");
        }
        // Whatever is no note is a message here.
        assert_eq!(line["records"].as_u64().unwrap(), line["messages"].as_u64().unwrap() + 1);
    }
}

#[test]
fn a_symbol_is_shown_alone_and_an_unknown_one_is_refused() {
    let output = demo().args(["--speed", "max", "--symbol", "ETH-USD"]).output().unwrap();
    let books = &last_line(&output)["books"];
    assert_eq!(
        (books.as_object().unwrap().len(), &books["ETH-USD"]["state"]),
        (1, &json!("fresh"))
    );
    let output = demo().args(["--speed", "max", "--symbol", "DOGE-USD"]).output().unwrap();
    let wanted = "pinnaclemm: the recording holds no DOGE-USD; it holds BTC-USD ETH-USD\n";
    assert_eq!((output.status.code(), errors(&output).as_str()), (Some(2), wanted));
}

fn wire(venue: Venue, inputs: &[PathBuf], speed: &str, lane_lines: usize) -> Wire {
    let config = ReplayConfig {
        venue,
        inputs: inputs.to_vec(),
        speed: speed.parse().unwrap(),
        duration: None,
        symbols: Vec::new(),
        lane_lines,
        line_every: Nanos::from_seconds(1),
    };
    Wire::new(&config, &look_over(&config).unwrap()).unwrap()
}

/// All levels at the end, by a lane of so many lines.
fn digest_by(venue: Venue, inputs: &[PathBuf], lane_lines: usize) -> String {
    let mut wire = wire(venue, inputs, "max", lane_lines);
    while !wire.is_finished() {
        wire.turn(Nanos(0));
    }
    wire.digest()
}

#[test]
fn the_size_of_the_lane_changes_nothing() {
    for lines in [PART_LINES_MAX, PART_LINES_MAX + 1, 97, 1 << 16] {
        let digest = digest_by(Venue::CoinbaseExchange, &[demo_tape::path()], lines);
        assert_eq!(digest, DEMO_DIGEST, "{lines} lines");
    }
    // A frame of 46,000 levels goes through in many turns.
    let name = ["coinbase-advanced/ws/btcusd_ethusd_20260809_first690.jsonl.zst"];
    let Some(paths) = play::paths(&name) else { return };
    let by = |lines| digest_by(Venue::CoinbaseAdvanced, &paths, lines);
    assert_eq!(by(PART_LINES_MAX), by(1 << 16));
}

/// The binary ends with the same touch and state as the library's replay.
fn check_recording(venue: Venue, names: &[&str]) {
    let (Some(paths), Some(replay)) = (play::paths(names), play::play(venue, names)) else {
        return;
    };
    let output = engine(venue, &paths).args(["--speed", "max"]).output().unwrap();
    assert_eq!((output.status.code(), errors(&output)), (Some(0), String::new()), "{names:?}");
    let books = &last_line(&output)["books"];
    assert_eq!(books.as_object().unwrap().len(), replay.table().len());
    for (symbol, expected) in play::told(&replay)["books"].as_object().unwrap() {
        let got = &books[symbol];
        assert_eq!(got["state"], expected["state"], "{symbol}");
        assert_eq!(got["reason"], expected["reason"], "{symbol}");
        for (side, all) in [("bid", "bids"), ("ask", "asks")] {
            assert_eq!(got[side], expected[all][0], "{symbol} {side}");
            assert!(got[side].is_array(), "{symbol} {side}");
        }
    }
}

#[test]
fn recordings_end_as_in_the_library() {
    check_recording(
        Venue::BinanceSpot,
        &["binance/spot/btcusdt_20240808.gz", "binance/spot/btcusdt_20240809.gz"],
    );
    check_recording(Venue::Kraken, &["kraken/v1/book1000_20210405_10pairs.txt.zst"]);
    let name = ["coinbase-advanced/ws/btcusd_ethusd_20260809_first690.jsonl.zst"];
    check_recording(Venue::CoinbaseAdvanced, &name);
}

#[test]
fn silence_is_named_when_it_is_due_at_any_speed() {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("engine_silence.txt");
    let text = concat!(
        r#"100.0: {"type":"snapshot","product_id":"A-B","bids":[["1","1"]],"asks":[["2","1"]]}"#,
        "\n",
        r#"130.0: {"type":"heartbeat","sequence":1,"last_trade_id":1,"product_id":"A-B","time":"#,
        r#""1970-01-01T00:02:10.0Z"}"#,
        "\n",
    );
    std::fs::write(&path, text).unwrap();
    // The venue may be silent for ten seconds of the recording's time.
    let silent = BookState::Stale(Stale::SilentFeed);
    let check = |speed: &str, steps: &[(i64, BookState, bool)]| {
        let inputs = [path.clone()];
        let mut wire = wire(Venue::CoinbaseExchange, &inputs, speed, PART_LINES_MAX);
        for (millis, state, finished) in steps {
            (0..8).for_each(|_| wire.turn(Nanos::from_millis(*millis)));
            let got = wire.books().books().iter().next().unwrap().state();
            assert_eq!((got, wire.is_finished()), (*state, *finished), "{speed} at {millis}");
        }
    };
    let fresh = BookState::Fresh;
    check("1", &[(0, fresh, false), (9_900, fresh, false), (10_100, silent, false)]);
    check("1", &[(0, fresh, false), (29_900, silent, false), (30_000, silent, true)]);
    check("2.5", &[(0, fresh, false), (3_900, fresh, false), (4_100, silent, false)]);
    check("2.5", &[(0, fresh, false), (12_000, silent, true)]);
    check("max", &[(0, silent, true)]);
}

/// Starts the demonstration in real time, ends it with a signal, and says what came.
fn check_signal(signal: &str) {
    let mut engine = demo().stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(engine.stdout.take().unwrap()).lines();
    // The first line comes after a second: by then both stages turn.
    let first: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    assert_eq!(first["event"], "books");
    let asked = Instant::now();
    let kill = Command::new("kill").args([signal, &engine.id().to_string()]).status().unwrap();
    assert!(kill.success());
    let code = engine.wait().unwrap().code();
    let took = asked.elapsed();
    assert!(took < Duration::from_secs(1), "{took:?}");
    let last: Value = serde_json::from_str(&lines.last().unwrap().unwrap()).unwrap();
    assert_eq!((code, &last["event"]), (Some(0), &json!("stopped")));
    // Real time: a second or two of the minute.
    let messages = last["messages"].as_u64().unwrap();
    assert!((4..200).contains(&messages), "{messages}");
}

#[test]
fn a_signal_ends_it_within_a_second() {
    check_signal("-TERM");
    check_signal("-INT");
}

#[test]
fn a_duration_ends_it() {
    let begun = Instant::now();
    let output = demo().args(["--duration", "1s"]).output().unwrap();
    assert_eq!((output.status.code(), &last_line(&output)["event"]), (Some(0), &json!("stopped")));
    assert!((1000..2000).contains(&begun.elapsed().as_millis()));
}

#[test]
fn bad_input_is_refused_by_name() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("engine_replay");
    std::fs::create_dir_all(&folder).unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let demo = std::fs::read(demo_tape::path()).unwrap();
    let check = |venue: &str, path: &Path, code: i32, words: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_pinnaclemm"))
            .args(["--mode", "replay", "--speed", "max", "--venue", venue, "--input"])
            .arg(path)
            .output()
            .unwrap();
        let errors = errors(&output);
        assert_eq!(output.status.code(), Some(code), "{}: {errors}", path.display());
        assert!(errors.contains(words), "{}: {errors}", path.display());
        // A recording that was played has its last line, one that was refused has none.
        assert_eq!(output.stdout.is_empty(), code != 1, "{}", path.display());
    };
    let own = "coinbase-exchange";
    check(own, &folder.join("absent"), 3, "cannot open");
    check(own, &folder, 3, "is no plain file");
    check(own, &write("empty", b""), 3, "there is nothing in the recording");
    check(own, &write("blank", b"\n\n"), 3, "there is nothing in the recording");
    check(own, &write("garbage", &[0x9b; 4096]), 3, "no framing of a recording");
    check("kraken", &demo_tape::path(), 2, "check --venue");
    check("nyse", &demo_tape::path(), 2, "coinbase-exchange");
    check(own, &write("torn", &demo[..demo.len() - 40]), 1, "stops inside a record");
    let mut bad = demo.clone();
    bad.extend_from_slice(b"1767614500.0: {\"type\":\"l2update\"}\nnothing\n");
    check(own, &write("bad", &bad), 1, "1 lines are no records");
    check(own, &write("bad", &bad), 1, "1 messages cannot be read");
    let recording = b"pinnaclemm-recording 1 venue=kraken\n";
    check(own, &write("other", recording), 2, "--venue kraken");
}
