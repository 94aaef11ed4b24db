//! Disks that fail: what the running binary does when a sync, a store of a mark or the making of a
//! segment goes wrong, and when a real file system is full.
//!
//! System calls are made to fail by `strace`; file systems are mounted. Where either cannot be done
//! the test says so and proves nothing. Stores into the mapping are no system calls: what they could
//! meet is excluded by allocation, which `fallocate` failing shows.

#![expect(clippy::unwrap_used, reason = "the checks of tests fail by panicking")]

use crate::engine_rig::{Ended, Home, ended};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Whether a program is there and answers.
pub(crate) fn has(program: &str, word: &str) -> bool {
    let mut asked = Command::new(program);
    asked.arg(word).stdout(Stdio::null()).stderr(Stdio::null());
    let found = asked.status().is_ok_and(|status| status.success());
    if !found {
        println!("SKIPPED: {program} is not there");
    }
    found
}

/// The engine under `strace` with those injections, to its end.
pub(crate) fn injected(home: &Home, inject: &[&str], line: &str) -> Ended {
    let engine = home.engine(line);
    let mut command = Command::new("strace");
    command.current_dir(home.path("")).args(["-f", "-qq", "-o", "trace"]);
    for one in inject {
        // Only those calls are looked at, so that the others keep their pace.
        let call = one.split(':').next().unwrap();
        command.args(["--seccomp-bpf", "-e", &format!("trace={call}")]);
        command.args(["-e", &format!("inject={one}")]);
    }
    command.arg(engine.get_program()).args(engine.get_args());
    ended(&mut command)
}

/// The one line of the emergency file.
fn emergency(home: &Home) -> Value {
    let text = fs::read_to_string(home.path("data/emergency.jsonl")).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    serde_json::from_str(&text).unwrap()
}

/// The orders of ours that rest at the venue, as its own memory tells.
pub(crate) fn resting(home: &Home) -> BTreeSet<u64> {
    let truth = fs::read_to_string(home.path("data/venue-truth.jsonl")).unwrap();
    let mut ids = BTreeSet::new();
    for line in truth.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        ids.extend(line["order"]["id"].as_u64());
        if let Some(gone) = line["gone"].as_u64() {
            ids.remove(&gone);
        }
    }
    ids
}

fn small_segments(home: &Home, change: impl FnOnce(&mut Value)) {
    home.config("c.json", |config| {
        config["persistence"]["segmentBytes"] = (1 << 20).into();
        change(config);
    });
}

/// After one sync, mark or cut that fails the journal is dead: everything is cancelled at the venue
/// although no request can be written any more, the reason is named, and what is written is whole.
#[test]
fn a_disk_that_fails_once_ends_the_journal_for_good() {
    if !has("strace", "-V") {
        return;
    }
    for (threads, inject) in [
        ("shared", "msync:error=EIO:when=60"),
        ("dedicated", "msync:error=EIO:when=60"),
        ("shared", "pwrite64:error=EIO:when=70"),
    ] {
        let home = Home::new(&format!("fails_{threads}_{}", &inject[..5]));
        let line = format!("--duration 60s --threads {threads}");
        let begun = Instant::now();
        let ended = injected(&home, &[inject], &line);
        assert!(begun.elapsed() < Duration::from_secs(45), "{inject}: {:?}", begun.elapsed());
        assert_eq!(ended.code, 6, "{inject}: {}", ended.err);
        assert!(ended.err.contains("EMERGENCY SAVE (journal_failed)"), "{}", ended.err);
        assert!(ended.err.contains("Input/output error"), "{}", ended.err);
        let saved = emergency(&home);
        assert_eq!(saved["cancelAll"], "sent", "{saved}");
        assert_eq!(saved["reason"], "journal_failed", "{saved}");
        assert_eq!(resting(&home), BTreeSet::new(), "{inject}");
        let verified = home.journal("verify", "data");
        assert_eq!(verified.code, 0, "{}", verified.err);
        // The venue has cancelled what the journal takes to stand: the next start finds that out.
        let last = home.done("--duration 2s").last();
        assert_eq!(last["open_orders"], 0, "{last}");
        home.check_positions("data", &last);
    }
}

/// A write that the system cuts short is gone on with, and one that lies damages one slot of two.
#[test]
fn a_short_write_loses_nothing() {
    if !has("strace", "-V") {
        return;
    }
    let home = Home::new("short");
    let ended = injected(&home, &["pwrite64:retval=7:when=5+9"], "--duration 2s");
    assert_eq!(ended.code, 0, "{}", ended.err);
    home.check_journal("data");
    home.done("--duration 1s");
    home.check_journal("data");
}

/// The system has no place for the next segment: trading is halted while the segment at hand has
/// room, every order is cancelled by what is written there, and the halt outlives the process.
#[test]
fn no_place_for_a_segment_halts_while_there_is_room() {
    if !has("strace", "-V") {
        return;
    }
    let home = Home::new("no_place");
    small_segments(&home, |_| {});
    // Calls are counted by thread: the first segment and the second one are made, no more.
    let line = "--config c.json --speed 10 --duration 60s";
    let ended = injected(&home, &["fallocate:error=ENOSPC:when=2+"], line);
    assert!(ended.code == 0 || ended.code == 6, "{}: {}", ended.code, ended.err);
    let states = home.dump("state", "data");
    let first = states.first().expect("a change of state");
    assert_eq!((&first["state"], &first["reason"]), (&"HALTED".into(), &"disk_full".into()));
    assert_eq!(home.journal("verify", "data").code, 0);
    assert_eq!(resting(&home), BTreeSet::new());
    let again = home.start("--config c.json --duration 20s");
    again.wait_for("the halt of before", |line| line["state"] == "HALTED");
}

/// A file system of its own, unmounted at the end.
struct Mounted(PathBuf);

impl Drop for Mounted {
    fn drop(&mut self) {
        Command::new("umount").arg("-l").arg(&self.0).status().ok();
    }
}

/// Mounts with those words; nothing where this process may not.
fn mounted(at: &Path, words: &[&str]) -> Option<Mounted> {
    fs::create_dir_all(at).unwrap();
    let done = Command::new("mount").args(words).arg(at).stderr(Stdio::null()).status();
    if done.is_ok_and(|status| status.success()) {
        return Some(Mounted(at.to_path_buf()));
    }
    println!("SKIPPED: this process may not mount ({})", words.join(" "));
    None
}

/// Fills a file system but for so many bytes.
fn fill(folder: &Path, but: u64) {
    let free = || {
        let out = Command::new("stat").args(["-f", "-c", "%a %S"]).arg(folder).output().unwrap();
        let text = String::from_utf8(out.stdout).unwrap();
        let numbers: Vec<u64> = text.split_whitespace().map(|n| n.parse().unwrap()).collect();
        numbers[0] * numbers[1]
    };
    let mut bytes = free().saturating_sub(but);
    let path = folder.join("filler");
    let file = fs::File::create(path).unwrap();
    use std::io::Write as _;
    let zeros = vec![7; 1 << 16];
    while bytes > 0 {
        let part = usize::try_from(bytes.min(1 << 16)).unwrap();
        if (&file).write_all(&zeros[..part]).is_err() {
            break;
        }
        bytes -= part as u64;
    }
    file.sync_all().ok();
}

/// On a real file system that becomes full: halted by name, cancelled, ended well, whole, and gone
/// on with when there is room again.
fn becomes_full(home: &Home, volume: &Path) {
    let data = volume.join("data");
    let config = home.path("c.json");
    let line = format!("--config {} --data-dir {}", config.display(), data.display());
    // So many requests that what the venue has to keep does not fit into a page begun before.
    small_segments(home, |config| {
        let strategy = &mut config["strategy"];
        strategy["requoteToleranceTicks"] = json!(0);
        strategy["minQuoteLifeMs"] = json!(1);
        strategy["requestsPerSecond"] = json!(80);
    });
    let engine = home.start(&format!("{line} --duration 60s"));
    engine.wait_for("a request", |line| line["requests"].as_u64() > Some(0));
    assert!(data.join("reserve").exists());
    // At once and to the last byte: what is still to be written has its place already.
    fill(volume, 0);
    let halted = engine.wait_for("the halt", |line| line["state"] == "HALTED");
    assert_ne!(halted["reason"], "start", "{halted}");
    engine.wait_for("every cancel", |line| line["open_orders"] == 0);
    engine.signal("TERM");
    let ended = engine.end();
    assert_eq!(ended.code, 0, "{}", ended.err);
    let levels: Vec<_> = ended.lines("disk").iter().map(|line| line["level"].clone()).collect();
    assert!(levels.contains(&json!("halt")), "{levels:?}");
    let verify = || {
        let tool = env!("CARGO_BIN_EXE_pinnaclemm-journal");
        let done = self::ended(Command::new(tool).arg("verify").arg(&data));
        assert_eq!(done.code, 0, "{}", done.err);
    };
    verify();
    // Full to the last byte: what can be begun is begun in the room of the reserve, halted.
    fill(volume, 0);
    let full = home.run(&format!("{line} --duration 2s"));
    assert!([0, 3, 6].contains(&full.code), "{}: {}", full.code, full.err);
    verify();
    for entry in fs::read_dir(volume).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().is_some_and(|name| name == "filler") {
            fs::remove_file(path).unwrap();
        }
    }
    let again = home.start(&format!("{line} --duration 60s"));
    again.wait_for("the halt of before", |line| line["state"] == "HALTED");
    again.signal("TERM");
    assert_eq!(again.end().code, 0);
    verify();
}

#[test]
fn a_full_tmpfs_halts_and_recovers() {
    let home = Home::new("tmpfs");
    let at = home.path("volume");
    if let Some(_mounted) = mounted(&at, &["-t", "tmpfs", "-o", "size=48m", "tmpfs"]) {
        becomes_full(&home, &at);
    }
}

#[test]
fn a_full_ext4_halts_and_recovers() {
    let home = Home::new("ext4");
    let (image, at) = (home.path("image"), home.path("volume"));
    fs::File::create(&image).unwrap().set_len(64 << 20).unwrap();
    let made = Command::new("mkfs.ext4").args(["-q", "-m", "0"]).arg(&image).status();
    if !made.is_ok_and(|status| status.success()) {
        println!("SKIPPED: mkfs.ext4 is not there");
        return;
    }
    if let Some(_mounted) = mounted(&at, &["-o", "loop", image.to_str().unwrap()]) {
        becomes_full(&home, &at);
    }
}

/// In steady state the thread that appends calls the system only to wait.
#[test]
fn the_thread_that_appends_calls_the_system_only_to_wait() {
    if !has("strace", "-V") {
        return;
    }
    let home = Home::new("calls");
    let ended = injected(&home, &[], "--duration 3s --threads dedicated");
    assert_eq!(ended.code, 0, "{}", ended.err);
    let trace = fs::read_to_string(home.path("trace")).unwrap();
    let thread = trace.lines().find(|line| line.contains(r#"PR_SET_NAME, "journal""#));
    let thread = thread.unwrap().split_whitespace().next().unwrap();
    let calls: Vec<&str> = trace
        .lines()
        .filter_map(|line| line.split_once(' '))
        .filter(|(id, _)| *id == thread)
        .map(|(_, call)| call.trim_start().trim_start_matches("<... "))
        .map(|call| call.split(['(', ' ']).next().unwrap())
        .collect();
    let waits = |call: &&str| ["clock_nanosleep", "sched_yield"].contains(call);
    let first = calls.iter().position(waits).unwrap();
    let last = calls.iter().rposition(waits).unwrap();
    let other: Vec<_> = calls[first..=last].iter().filter(|call| !waits(call)).collect();
    assert!(last - first > 100, "{} calls", last - first);
    assert!(other.is_empty(), "{other:?}");
    let written = home.dump("all", "data").len();
    assert!(written > 1000, "{written} records");
}

/// Starts after kills cost no more than what they write: no segment is left at its full length.
#[test]
fn restarts_add_no_more_than_their_records() {
    use std::os::unix::fs::MetadataExt as _;
    let home = Home::new("restarts");
    let rounds = if std::env::var_os("PINNACLE_LONG").is_some() { 1000 } else { 6 };
    home.config("c.json", |config| config["persistence"]["compress"] = false.into());
    for round in 0..rounds {
        if round % 2 == 0 {
            home.done("--config c.json --speed 10 --duration 1s");
        } else {
            let engine = home.start("--config c.json --duration 60s");
            std::thread::sleep(Duration::from_millis(150));
            engine.signal("KILL");
            engine.end();
        }
    }
    home.done("--config c.json --speed 10 --duration 1s");
    let mut taken = 0;
    for folder in ["data", "data/journal"] {
        for entry in fs::read_dir(home.path(folder)).unwrap() {
            let facts = entry.unwrap().metadata().unwrap();
            taken += if facts.is_file() { 512 * facts.blocks() } else { 0 };
        }
    }
    let truth = fs::metadata(home.path("data/venue-truth.jsonl")).unwrap();
    let stats = home.journal("stats --json", "data");
    let stats: Value = serde_json::from_str(&stats.out).unwrap();
    let records = stats["bytes"].as_u64().unwrap();
    let beyond = taken - 512 * truth.blocks() - records - (8 << 20);
    assert!(beyond < (rounds + 10) * 10_000, "{beyond} bytes beyond {records} in {rounds} rounds");
}
