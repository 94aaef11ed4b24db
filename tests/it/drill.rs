//! A short crash drill: the real engine, killed again and again on a venue that lives on, with and
//! without a loss of power.

#![expect(clippy::unwrap_used, reason = "the checks of tests fail by panicking")]

use crate::engine_rig::{Ended, Home, ended};
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

fn drill(home: &Home, words: &[&str]) -> Ended {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pinnaclemm-drill"));
    command.current_dir(home.path("")).args(words);
    ended(&mut command)
}

#[test]
fn kills_on_a_venue_that_lives_on_lose_nothing() {
    let home = Home::new("drill");
    let done = drill(&home, &["run", "--kills", "12", "--seed", "3", "--verbose", "drill"]);
    assert_eq!(done.code, 0, "{}{}", done.out, done.err);
    let last = done.last();
    let findings = &last["findings"];
    assert_eq!(last["kills"], 12, "{last}");
    for point in ["unsent", "unanswered"] {
        let met = &last["points"][point];
        assert!(met["kills"].as_u64() > Some(0) && met["met"] == met["kills"], "{last}");
    }
    // A line for each kill, and a table for whoever reads it.
    assert_eq!(done.out.lines().count(), 13, "{}", done.out);
    assert!(done.err.contains("written, not sent"), "{}", done.err);
    assert!(findings["orders"].as_u64() > Some(20), "{last}");
    assert!(findings["epochs"].as_u64() > Some(3), "{last}");
    // It would see what was lost: an order that only the venue knows, and a fill.
    let judge = || drill(&home, &["judge", "drill/data", "drill/venue"]);
    assert_eq!(judge().code, 0);
    let truth = home.path("drill/venue/venue-truth.jsonl");
    let mut file = fs::File::options().append(true).open(truth).unwrap();
    writeln!(file, "{{\"gone\":12345}}").unwrap();
    let seen = judge();
    assert_eq!((seen.code, &seen.last()["ordersUnknown"]), (1, &1.into()), "{}", seen.out);
    let fill = r#"{"order":12345,"market":0,"side":"bid","price":1,"qty":1,"trade_id":9,"fee":0}"#;
    writeln!(file, "{{\"fill\":{fill}}}").unwrap();
    let seen = judge();
    assert_eq!((seen.code, &seen.last()["fillsLost"]), (1, &1.into()), "{}", seen.out);
    // An id that came twice, in two lives, and an epoch that the journal does not have.
    let seen = home.path("drill/venue/venue-seen.jsonl");
    let mut file = fs::File::options().append(true).open(seen).unwrap();
    writeln!(file, "{{\"life\":1}}\n{{\"order\":7}}\n{{\"life\":2}}\n{{\"order\":7}}").unwrap();
    let seen = judge().last();
    assert_eq!((&seen["idsReused"], &seen["epochsWrong"]), (&1.into(), &1.into()), "{seen}");
    // A folder that is there already is not written over.
    assert_eq!(drill(&home, &["run", "drill"]).code, 2);
}

/// Whether a drill can lose power here.
fn loses_power(home: &Home) -> bool {
    let tried = drill(home, &["run", "--kills", "0", "--power-loss", "tried"]);
    if tried.code == 2 && tried.err.contains("--power-loss mounts images by loop") {
        println!("SKIPPED: {}", tried.err);
        return false;
    }
    assert_eq!(tried.code, 0, "{}", tried.err);
    true
}

/// The loop devices whose image lies in that folder.
fn loops(folder: &Path) -> usize {
    let devices = fs::read_dir("/sys/block").unwrap().flatten();
    let backing = |path: &Path| fs::read_to_string(path.join("loop/backing_file"));
    let names = devices.filter_map(|device| backing(&device.path()).ok());
    names.filter(|name| name.starts_with(folder.to_str().unwrap())).count()
}

#[test]
fn a_loss_of_power_takes_nothing_that_was_promised() {
    let home = Home::new("drill_power");
    if !loses_power(&home) {
        return;
    }
    for (sync, seed) in [("each", "2"), ("batch", "3")] {
        let words = ["run", "--power-loss", "--kills", "8", "--sync", sync, "--seed", seed, sync];
        let done = drill(&home, &words);
        assert_eq!(done.code, 0, "{sync}: {}{}", done.out, done.err);
        let last = done.last();
        assert_eq!((&last["powerLoss"], &last["sync"]), (&true.into(), &sync.into()), "{last}");
        assert!(last["findings"]["orders"].as_u64() > Some(20), "{last}");
        // What is left can be looked at, and nothing is mounted any more.
        let judged = ["judge", "--lost-unsynced"].map(String::from);
        let folders = ["data", "venue"].map(|name| format!("{sync}/{name}"));
        let words: Vec<_> = judged.iter().chain(&folders).map(String::as_str).collect();
        assert_eq!(drill(&home, &words).code, 0);
    }
    assert_eq!(loops(&home.path("")), 0);
}

/// However the drill ends, its engine, its venue and its mounts go with it.
#[test]
fn a_drill_that_is_killed_leaves_no_mount() {
    let home = Home::new("drill_killed");
    if !loses_power(&home) {
        return;
    }
    for (signal, code) in [("TERM", Some(2)), ("INT", Some(2)), ("KILL", None)] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pinnaclemm-drill"));
        command.current_dir(home.path("")).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.args(["run", "--power-loss", signal]).spawn().unwrap();
        let begun = Instant::now();
        while !home.path(signal).join("engine.log").exists() {
            assert!(begun.elapsed() < Duration::from_secs(30), "no engine was started");
            std::thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(loops(&home.path(signal)), 1);
        let id = child.id().to_string();
        assert!(Command::new("kill").args(["-s", signal, &id]).status().unwrap().success());
        assert_eq!(child.wait().unwrap().code(), code, "{signal}");
        let begun = Instant::now();
        while loops(&home.path(signal)) > 0 {
            assert!(begun.elapsed() < Duration::from_secs(10), "{signal}: it is still mounted");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
