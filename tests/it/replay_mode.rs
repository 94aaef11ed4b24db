//! `--mode replay` with the real binary: every recording that has trades is played, quoted and
//! journaled alike each time; what cannot be read is told, and what cannot be played leaves nothing.

use crate::engine_rig::{Ended, Home};
use crate::fills::RECORDINGS;
use crate::{demo_tape, play};
use pinnaclemm::types::Venue;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

fn replay(home: &Home, venue: &str, inputs: &[PathBuf], line: &str) -> Ended {
    let line = format!("--mode replay --speed max --venue {venue} {line}");
    crate::engine_rig::ended(home.engine(&line).arg("--input").args(inputs))
}

/// Plays a recording in both thread modes; the last line.
fn check(name: &str, venue: Venue, inputs: &[PathBuf]) -> Value {
    let home = Home::new(name);
    let played = |threads: &str| {
        let line = format!("--threads {threads} --data-dir {threads}");
        let ended = replay(&home, venue.name(), inputs, &line);
        assert_eq!(ended.code, 0, "{inputs:?}: {}", ended.err);
        ended.last()
    };
    let last = played("shared");
    assert_eq!(played("dedicated"), last, "{inputs:?}");
    assert_eq!(last["open_orders"], 0, "{inputs:?}");
    home.check_journal("shared");
    home.check_positions("shared", &last);
    assert!(home.segments("shared") == home.segments("dedicated"), "{inputs:?}");
    last
}

#[test]
fn the_demonstration_is_played_alike_each_time() {
    let demo = [demo_tape::path()];
    let last = check("demo", Venue::CoinbaseExchange, &demo);
    // Inputs and what came of them.
    assert!(last["records"].as_u64() > Some(7000), "{last}");
    // Without a data directory nothing is kept, and nothing else is decided.
    let home = Home::new("demo_unkept");
    let ended = replay(&home, "coinbase-exchange", &demo, "");
    assert_eq!((ended.code, ended.last()), (0, last));
    assert_eq!(fs::read_dir(home.path("")).unwrap().count(), 0);
}

/// A minute at a pace: what stands in front of the first stamp must not set the clock.
#[test]
fn the_demonstration_is_played_at_a_pace() {
    let home = Home::new("demo_paced");
    let mut engine = home.engine("--mode replay --speed 60 --venue coinbase-exchange");
    let begun = Instant::now();
    let ended = crate::engine_rig::ended(engine.arg("--input").arg(demo_tape::path()));
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert!(ended.last()["records"].as_u64() > Some(5000), "{}", ended.last());
    assert!(begun.elapsed() >= Duration::from_millis(900), "{:?}", begun.elapsed());
}

#[test]
fn every_recording_with_trades_is_played() {
    for (at, (venue, names)) in RECORDINGS.iter().enumerate() {
        let Some(paths) = play::paths(names) else { continue };
        let last = check(&format!("recording_{at}"), *venue, &paths);
        assert!(last["records"].as_u64() > Some(100), "{names:?}: {last}");
    }
}

#[test]
fn one_symbol_is_played_alone() {
    let home = Home::new("one_symbol");
    let line = "--symbol ETH-USD --data-dir kept";
    let ended = replay(&home, "coinbase-exchange", &[demo_tape::path()], line);
    assert_eq!(ended.code, 0, "{}", ended.err);
    let requests = home.dump("request", "kept");
    assert!(!requests.is_empty());
    assert!(requests.iter().all(|request| request["symbol"] == "ETH-USD"));
}

#[test]
fn damage_is_told_and_the_run_is_kept() {
    let home = Home::new("damage");
    let demo = fs::read(demo_tape::path()).unwrap();
    let check = |name: &str, bytes: &[u8], words: &[&str]| {
        let path = home.path(name);
        fs::write(&path, bytes).unwrap();
        let data = format!("data-{name}");
        let ended = replay(&home, "coinbase-exchange", &[path], &format!("--data-dir {data}"));
        assert_eq!(ended.code, 1, "{name}: {}", ended.err);
        for words in words.iter().chain(&["played, but the recording is damaged"]) {
            assert!(ended.err.contains(words), "{name}: {}", ended.err);
        }
        let last = ended.last();
        assert_eq!(last["event"], json!("stopped"), "{name}");
        assert!(last["records"].as_u64() > Some(100), "{name}: {last}");
        home.check_journal(&data);
        home.check_positions(&data, &last);
    };
    check("torn", &demo[..demo.len() - 40], &["torn stops inside a record; ", " bytes are left"]);
    let mut bad = demo.clone();
    bad.extend_from_slice(b"1767614500.0: {\"type\":\"l2update\"}\nnothing\n");
    let words =
        ["bad: 1 lines are no records, first ", "1 messages cannot be read, the last one: "];
    check("bad", &bad, &words);
}

#[test]
fn what_cannot_be_played_leaves_nothing() {
    let home = Home::new("refused");
    let write = |name: &str, bytes: &[u8]| {
        let path = home.path(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    fs::create_dir(home.path("folder")).unwrap();
    let inputs = [
        write("empty", b""),
        write("blank", b"\n\n"),
        write("garbage", &[0x9b; 4096]),
        write("other", b"pinnaclemm-recording 1 venue=kraken\n"),
    ];
    let [empty, blank, garbage, other] = &inputs;
    let before = fs::read_dir(home.path("")).unwrap().count();
    let check = |venue: &str, path: &Path, line: &str, code: i32, words: &str| {
        let line = format!("{line} --data-dir kept");
        let ended = replay(&home, venue, &[path.to_owned()], &line);
        assert_eq!(ended.code, code, "{}: {}", path.display(), ended.err);
        assert!(ended.err.contains(words), "{}: {}", path.display(), ended.err);
        assert_eq!(ended.out, "", "{}", path.display());
        assert_eq!(fs::read_dir(home.path("")).unwrap().count(), before, "{}", path.display());
    };
    let own = "coinbase-exchange";
    check(own, &home.path("absent"), "", 3, "cannot open");
    check(own, &home.path("folder"), "", 3, "is no plain file");
    check(own, empty, "", 3, "there is nothing in the recording");
    check(own, blank, "", 3, "there is nothing in the recording");
    check(own, garbage, "", 3, "no framing of a recording");
    check(own, other, "", 2, "--venue kraken");
    let demo = demo_tape::path();
    check("kraken", &demo, "", 3, "check --venue");
    check("nyse", &demo, "", 2, "coinbase-exchange");
    let wanted = "pinnaclemm: the recording holds no DOGE-USD; it holds BTC-USD ETH-USD\n";
    check(own, &demo, "--symbol DOGE-USD", 2, wanted);
    check(own, &demo, "--symbol ../BTC", 2, "two points");
}

#[test]
fn a_recording_is_not_played_into_a_journal() {
    let home = Home::new("into_journal");
    let demo = [demo_tape::path()];
    let line = "--data-dir kept";
    assert_eq!(replay(&home, "coinbase-exchange", &demo, line).code, 0);
    let before = home.segments("kept");
    let again = replay(&home, "coinbase-exchange", &demo, line);
    assert_eq!(again.code, 5, "{}", again.err);
    assert!(again.err.contains("holds a journal already"), "{}", again.err);
    assert!(home.segments("kept") == before);
}
