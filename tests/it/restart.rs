//! Starts of the real binary after whatever ended the run before, and the tools beside it: what is
//! taken over, what is cut, what stops, and what an operator can do about it.

#![expect(clippy::unwrap_used, reason = "the checks of tests fail by panicking")]

use crate::engine_rig::{Ended, Home, Running, ended, text};
use crate::web_rig::Served;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

const LINE: &str = "--config c.json --speed 5 --duration 600s";

/// A folder with a config of small segments and a snapshot every 0.6 s.
fn home(name: &str) -> Home {
    let home = Home::new(&format!("restart_{name}"));
    home.config("c.json", |config| {
        config["persistence"]["segmentBytes"] = (1 << 20).into();
        config["persistence"]["snapshotIntervalMin"] = 0.01.into();
        config["persistence"]["keepSnapshots"] = 2.into();
    });
    home
}

/// The records that have a snapshot, newest first.
fn snapshots(home: &Home) -> Vec<u64> {
    let Ok(entries) = fs::read_dir(home.path("data/snapshots")) else { return Vec::new() };
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut records: Vec<u64> =
        names.filter_map(|name| name.strip_suffix(".snap")?.parse().ok()).collect();
    records.sort_unstable_by(|a, b| b.cmp(a));
    records
}

/// Waits until something is so.
fn wait(what: &str, so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !so() {
        assert!(begun.elapsed() < Duration::from_secs(30), "{what} within 30 s");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Ends it by a signal.
fn stop(engine: Running, signal: &str) -> Ended {
    engine.signal(signal);
    engine.end()
}

/// What a run has said of its recovery.
fn recovered(err: &str) -> Value {
    let lines = crate::engine_rig::log_lines(err, "recovered");
    assert_eq!(lines.len(), 1, "{err}");
    lines[0].clone()
}

/// A tool on the data directory.
fn tool(home: &Home, line: &str, more: &[PathBuf]) -> Ended {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pinnaclemm-journal"));
    ended(command.args(line.split_whitespace()).arg(home.path("data")).args(more))
}

#[test]
fn a_start_takes_the_newest_snapshot_and_the_journal_after_it() {
    let home = home("snapshot");
    let engine = home.start(LINE);
    wait("a snapshot", || !snapshots(&home).is_empty());
    let first = snapshots(&home)[0];
    wait("another one", || snapshots(&home)[0] > first);
    engine.wait_for("an open order", |line| line["open_orders"].as_u64() > Some(0));
    stop(engine, "KILL");
    let newest = snapshots(&home)[0];
    let engine = home.start(LINE);
    engine.wait_for("a request", |line| line["requests"].as_u64() > Some(0));
    let left = recovered(&engine.err());
    assert_eq!(left["snapshot"], newest, "{left}");
    assert!(left["record"].as_u64() > Some(newest), "{left}");
    assert_eq!((&left["differences"], &left["contradictions"]), (&0.into(), &0.into()), "{left}");
    // A clean stop writes the whole down once more, so that nothing is left to be read.
    let ended = stop(engine, "TERM");
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert!(snapshots(&home).len() <= 2, "{:?}", snapshots(&home));
    let again = home.run("--config c.json --speed 5 --duration 2s");
    let left = recovered(&again.err);
    assert_eq!((&left["case"], &left["inputs"]), (&"clean_end".into(), &0.into()), "{left}");
    assert_eq!(left["snapshot"], left["record"], "{left}");
    home.check_positions("data", &again.last());
    home.check_journal("data");
}

/// Whatever was at the venue when the process was killed is cancelled there by the next one.
#[test]
fn orders_that_a_kill_has_left_are_cancelled() {
    let home = home("left");
    let engine = home.start(LINE);
    engine.wait_for("open orders", |line| line["open_orders"].as_u64() > Some(2));
    stop(engine, "KILL");
    let before = crate::disk_faults::resting(&home);
    assert!(!before.is_empty());
    let engine = home.start(LINE);
    engine.wait_for("a request", |line| line["requests"].as_u64() > Some(0));
    wait("the cancels", || crate::disk_faults::resting(&home).is_disjoint(&before));
    let left = recovered(&engine.err());
    assert!(left["open_orders"].as_u64() >= Some(before.len() as u64), "{left}");
    let ended = stop(engine, "TERM");
    assert_eq!((ended.code, &ended.last()["open_orders"]), (0, &0.into()), "{}", ended.err);
    home.check_positions("data", &ended.last());
    home.check_journal("data");
}

/// An input that has made the core panic: the next start comes up halted and says which, and so
/// does every one after it until an operator resumes.
#[test]
fn a_poison_input_halts_the_next_start_by_name() {
    let home = home("poison");
    let engine = home.start(LINE);
    engine.wait_for("a request", |line| line["requests"].as_u64() > Some(0));
    stop(engine, "KILL");
    let inputs = home.dump("input", "data");
    let record = inputs[inputs.len() / 2]["record"].as_u64().unwrap();
    let line = format!("{{\"epoch\":1,\"record\":{record},\"said\":\"a test\"}}\n");
    fs::write(home.path("data/poison.jsonl"), line).unwrap();
    for round in 0..2 {
        let engine = home.start(LINE);
        let line = engine.wait_for("the halt", |line| line["state"] == "HALTED");
        assert_eq!(line["reason"], "poison_input", "{line}");
        let said = crate::engine_rig::log_lines(&engine.err(), "halted");
        let is_named = said.iter().any(|line| text(&line["text"]).contains("poison_input seq="));
        assert_eq!(is_named, round == 0, "{said:?}");
        assert_eq!(stop(engine, "TERM").code, 0);
    }
}

/// Damage of what was synced stops the start with its own code and the choices. Held, the process
/// answers its probes and leaves the lock to the tools.
#[test]
fn damage_holds_the_start_until_it_is_repaired() {
    let home = home("held");
    let engine = home.start(LINE);
    engine.wait_for("a request", |line| line["requests"].as_u64() > Some(0));
    wait("synced records", || tool(&home, "verify", &[]).out.contains("segments"));
    stop(engine, "KILL");
    fs::remove_dir_all(home.path("data/snapshots")).ok();
    let segment = home.path("data/journal/00000000000000000001.seg");
    let mut bytes = fs::read(&segment).unwrap();
    bytes[60_000] ^= 1;
    fs::write(&segment, &bytes).unwrap();
    let refused = home.run(LINE);
    assert_eq!(refused.code, 10, "{}", refused.err);
    for word in ["00001.seg", "offset ", "(damage)", "restore", "repair"] {
        assert!(refused.err.contains(word), "{word}: {}", refused.err);
    }
    assert_eq!(fs::read(&segment).unwrap(), bytes, "nothing was changed");

    let held = Served::start(&home, &format!("{LINE} --hold"));
    let ready = held.wait("/api/ready", |answer| answer.body.contains("held:damage"));
    assert_eq!(ready.status, 503, "{ready:?}");
    assert_eq!(held.get("/api/health").status, 200);
    assert_eq!(held.get("/api/startup").status, 200);
    let plan = tool(&home, "repair", &[]);
    assert!(plan.code == 0 && plan.out.contains("nothing was changed"), "{}", plan.out);
    assert_eq!(fs::read(&segment).unwrap(), bytes);
    let done = tool(&home, "repair --yes", &[]);
    assert!(done.code == 0 && done.out.contains("kept: "), "{}{}", done.out, done.err);
    assert_eq!(tool(&home, "verify", &[]).code, 0);
    let ended = stop(held.engine, "TERM");
    assert_eq!(ended.code, 10, "{}", ended.err);
    // What stands before the damage is gone on with; what was put aside is kept.
    let folder = fs::read_dir(home.path("data/journal")).unwrap();
    let names = folder.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert!(names.into_iter().any(|name| name.ends_with(".torn")));
    let again = home.done("--config c.json --duration 1s");
    assert_eq!(recovered(&again.err)["contradictions"], 0, "{}", again.err);
    home.check_journal("data");
}

#[test]
fn a_backup_of_a_running_engine_is_whole_and_can_be_gone_on_with() {
    let home = home("backup");
    let engine = home.start(LINE);
    wait("a snapshot", || !snapshots(&home).is_empty());
    let copied = tool(&home, "backup", &[home.path("backups/one")]);
    assert_eq!(copied.code, 0, "{}", copied.err);
    assert_eq!(tool(&home, "backup", &[home.path("backups/one")]).code, 2, "it is there already");
    assert_eq!(stop(engine, "TERM").code, 0);
    let listed = home.journal("backups", "backups");
    assert!(listed.out.contains("one\twhole: record "), "{}", listed.out);
    let restored = home.path("restored");
    let mut command = Command::new(env!("CARGO_BIN_EXE_pinnaclemm-journal"));
    let done = ended(command.arg("restore").arg(home.path("backups/one")).arg(&restored));
    assert_eq!(done.code, 0, "{}", done.err);
    let line = format!("--config c.json --data-dir {} --duration 1s", restored.display());
    let again = home.done(&line);
    assert_eq!(recovered(&again.err)["differences"], 0, "{}", again.err);
    home.check_positions("restored", &again.last());
    home.check_journal("restored");
}

#[test]
fn tools_tell_the_story_of_a_run() {
    let home = home("tools");
    let last = home.done("--config c.json --speed max --seed 7 --duration 120s").last();
    let found = tool(&home, "recover", &[]);
    let found: Value = serde_json::from_str(&found.out).unwrap();
    assert_eq!((&found["case"], &found["differences"]), (&"clean_end".into(), &0.into()));
    let fills = home.dump("fill", "data");
    assert!(!fills.is_empty() && last["fills"] == fills.len(), "{last}");
    let csv = tool(&home, "export", &[]);
    // What was told twice stands there once.
    let trades: BTreeSet<_> =
        fills.iter().map(|fill| (text(&fill["order"]), fill["tradeId"].as_u64())).collect();
    assert_eq!(csv.out.lines().count(), trades.len() + 1, "{}", csv.out);
    let lines = tool(&home, "export --format jsonl", &[]).out;
    assert_eq!(lines, tool(&home, "dump", &[]).out);
    let order = text(&fills[0]["order"]);
    let story = tool(&home, &format!("explain {order}"), &[]);
    assert_eq!(story.code, 0, "{}", story.err);
    for word in ["\"type\":\"request\"", "\"type\":\"explanation\"", "\"type\":\"fill\""] {
        assert!(story.out.contains(word), "{word}: {}", story.out);
    }
    assert_eq!(tool(&home, "explain no-such-order", &[]).code, 2);
    let tail = tool(&home, "tail -n 3", &[]).out;
    let all = tool(&home, "dump", &[]).out;
    let expected: Vec<_> = all.lines().skip(all.lines().count() - 3).collect();
    assert_eq!(tail.lines().collect::<Vec<_>>(), expected);
    let one = tool(&home, &format!("dump --order {order}"), &[]).out;
    assert!(one.lines().count() > 1 && one.lines().all(|line| line.contains(&order)), "{one}");
    let some = tool(&home, "dump --from-record 10 --to-record 19", &[]).out;
    assert_eq!(some.lines().count(), 10);
}
